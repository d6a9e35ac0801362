//! `refrain analyze`
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use refrain::{
    AnalyzeEvent, AnalyzeOptions, Audio, Error, HarmonicFigures, Seconds, analysis::NAMES, analyze_all,
    report,
};

use crate::{args::AnalyzeArgs, bar::Bar, messages, needs::Needs, stop};

/// Analyses every file. Exit 0; 2 if a file could not be analysed or there was none.
pub fn run(args: &AnalyzeArgs) -> anyhow::Result<ExitCode> {
    let stop = stop::token();
    if args.files.iter().filter(|file| is_stdin(file)).count() > 1 {
        anyhow::bail!("standard input (-) can be read once only");
    }
    let input = |file: &PathBuf| {
        if is_stdin(file) {
            Audio::reader(io::stdin())
        } else {
            Audio::file(file).ffmpeg(&args.ffmpeg.ffmpeg)
        }
    };
    let threads = args.threads.map(usize::from);
    let mut options = AnalyzeOptions::default().scan((&args.find).into()).threads(threads).cancel(&stop);
    if let Some(frames) = &args.frames {
        options = options.frames(frames);
    }
    if let Some(harmonic) = &args.harmonic {
        options = options.harmonic(harmonic);
    }
    if let Some(percussive) = &args.percussive {
        options = options.percussive(percussive);
    }
    if let Some(plot) = &args.plot {
        options = options.plot(plot);
    }

    let mut told = Told::new(args);
    let inputs = args.files.iter().map(input);
    // If nobody reads the output any more, the analysis can stop.
    let mut failed = None;
    let options = options.on_event(|event| {
        if let Err(error) = told.on(event)
            && failed.is_none()
        {
            failed = Some(error);
            stop.cancel();
        }
    });
    let summary = analyze_all(inputs, options);
    told.bar.end();
    if let Some(error) = failed {
        return Err(error).context("cannot write the figures");
    }
    let summary = match summary {
        Err(Error::Interrupted) => {
            anyhow::bail!("interrupted; files that were not told of were not analysed")
        }
        other => other?,
    };
    told.finish(summary.analysed, summary.failed, summary.duration)?;
    Ok(if summary.analysed == 0 || summary.failed > 0 { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// Prints figures on standard output and everything else on standard error.
struct Told<'a> {
    args: &'a AnalyzeArgs,
    bar: Bar,
    files: usize,
    needs: Needs,
}

impl<'a> Told<'a> {
    fn new(args: &'a AnalyzeArgs) -> Self {
        Self { args, bar: Bar::new(args.quiet), files: 0, needs: Needs::default() }
    }

    fn on(&mut self, event: AnalyzeEvent) -> io::Result<()> {
        match event {
            AnalyzeEvent::Found { files, bytes, .. } => {
                self.files = files;
                self.bar.start(bytes, format!("{} to analyse", messages::count(files as u64, "file")));
                if self.args.csv {
                    return print(&row(&report::csv_header())?);
                }
            }
            AnalyzeEvent::Step { bytes, duration, .. } => self.bar.step(bytes, duration),
            AnalyzeEvent::Done { path, outcome, .. } => {
                outcome.as_ref().err().into_iter().for_each(|error| self.needs.note(error));
                return self.bar.suspend(|| self.tell(&path, outcome.map(|figures| *figures)));
            }
            _ => {}
        }
        Ok(())
    }

    fn tell(&self, path: &Path, outcome: refrain::Result<HarmonicFigures>) -> io::Result<()> {
        if let Err(error) = &outcome {
            messages::say(&format!("refrain: {error}"));
        }
        let figures = outcome.as_ref().ok();
        for warning in figures.iter().flat_map(|f| &f.warnings).filter(|_| !self.args.quiet) {
            messages::say(&format!("{}: {warning}", messages::shown(path)));
        }
        if self.args.json {
            print(&format!("{}\n", report::json(path, &outcome)))
        } else if self.args.csv {
            print(&row(&report::csv_row(path, &outcome))?)
        } else {
            figures.map_or(Ok(()), |figures| print(&readable(path, figures)))
        }
    }

    /// Prints the totals of several files.
    fn finish(&self, analysed: usize, failed: usize, duration: Seconds) -> io::Result<()> {
        if self.files == 0 {
            messages::say("refrain: no audio files here");
        } else if self.files > 1 && !self.args.quiet {
            self.needs.tell();
            let took = self.bar.seconds();
            let speed = duration.0 / took.max(1e-3);
            let bad = if failed > 0 { format!(", {failed} not usable") } else { String::new() };
            messages::say(&format!(
                "{} analysed ({} of audio in {took:.1} s, {speed:.0} x){bad}",
                messages::count(analysed as u64, "file"),
                messages::hours(duration.0),
            ));
        }
        Ok(())
    }
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Formats a row of comma-separated values.
fn row(cells: &[String]) -> io::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells)?;
    let line = writer.into_inner().map_err(|e| io::Error::other(e.to_string()))?;
    String::from_utf8(line).map_err(io::Error::other)
}

/// Formats the figures in words.
fn readable(path: &Path, f: &HarmonicFigures) -> String {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let layout = f.sample_rate.map_or_else(
        || "no audio".to_owned(),
        |rate| format!("{rate} Hz, {}", messages::count(f.channels.unwrap_or(1), "channel")),
    );
    let key = f.key.as_ref().zip(f.key_second.as_ref()).map(|(key, second)| {
        let (correlation, confidence) = (f.key_correlation.unwrap_or(0.0), f.key_confidence.unwrap_or(0.0));
        format!("{key} (correlation {correlation:.2}, confidence {confidence:.2}; next {second})")
    });
    let tuning =
        f.tuning.map(|t| format!("{:+.0} cents (A4 = {:.1} Hz)", 100.0 * t, 440.0 * (t / 12.0).exp2()));
    let tempo = f.bpm.map(|bpm| format!("{bpm:.1} beats a minute"));
    let harmonic = f.harmonic_ratio.map(|ratio| format!("{} of the level", percent(ratio)));
    let pitch = f.pitch.zip(f.pitch_note.as_ref()).map(|(hertz, note)| {
        let cents = f.pitch_cents.unwrap_or(0.0);
        let stable =
            f.pitch_stability.map_or_else(String::new, |s| format!(", {} of steps steady", percent(s)));
        format!(
            "median {note} {cents:+.0} cents ({hertz:.1} Hz), in {} of frames{stable}",
            percent(f.voiced.unwrap_or(0.0))
        )
    });
    let chroma: Vec<String> = NAMES.iter().zip(f.chroma).map(|(name, v)| format!("{name} {v:.2}")).collect();
    let spread = f.chroma_entropy.map(|entropy| format!("entropy {entropy:.3}"));
    let rows = [
        ("duration", Some(format!("{} ({layout})", f.duration))),
        ("key", key),
        ("tempo", tempo),
        ("tuning", tuning),
        ("harmonic", harmonic),
        ("pitch", pitch),
        ("chroma", Some(chroma.join(" "))),
        ("", spread),
    ];
    let mut text = format!("{}\n", messages::shown(path));
    for (name, value) in rows {
        let value = value.unwrap_or_else(|| if name.is_empty() { String::new() } else { "none".into() });
        if !value.is_empty() {
            text += &format!("  {name:9} {value}\n");
        }
    }
    text
}
