//! `refrain analyze`
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use refrain::{AnalyzeEvent, AnalyzeOptions, Audio, Error, HarmonicFigures, Seconds, analyze_all, report};

use super::{NAMES_CUT, analysis_text};
use crate::{
    args::AnalyzeArgs, bar::Bar, folders, messages, needs::Needs, screen::table::Table, stop, wording,
};

/// Analyses every file. Exit 0; 2 if a file could not be analysed or there was none.
pub fn run(args: &AnalyzeArgs) -> anyhow::Result<ExitCode> {
    let stop = stop::token();
    if args.files.iter().filter(|file| is_stdin(file)).count() > 1 {
        anyhow::bail!(super::STDIN_TWICE);
    }
    let input = |file: &PathBuf| {
        if is_stdin(file) {
            Audio::reader(io::stdin())
        } else {
            Audio::file(file).ffmpeg(&args.ffmpeg.ffmpeg)
        }
    };
    make_folders(args)?;
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
            anyhow::bail!("interrupted; refrain did not analyse all files")
        }
        other => other?,
    };
    told.finish(summary.analysed, summary.failed, summary.duration)?;
    let whole = summary.analysed > 0 && summary.failed == 0 && told.empty.is_empty();
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// Several files write into a folder, which is made if it does not exist. A name with the extension of a file is a mistake,
/// which the library refuses.
fn make_folders(args: &AnalyzeArgs) -> anyhow::Result<()> {
    let several = args.files.len() > 1 || args.files.iter().any(|file| file.is_dir());
    for out in [&args.frames, &args.harmonic, &args.percussive, &args.plot].into_iter().flatten() {
        let is_file =
            out.extension().is_some_and(|e| ["npz", "wav", "svg", "png"].iter().any(|name| e == *name));
        let is_folder = out.to_string_lossy().ends_with(std::path::is_separator);
        if (several && !is_file || is_folder) && !out.exists() {
            folders::made(out)?;
        }
    }
    Ok(())
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
    /// The folders in which no file was found so far: as they were typed, and whole.
    empty: Vec<(&'a Path, PathBuf)>,
    /// For people, if there are several files.
    table: Option<Table>,
}

impl<'a> Told<'a> {
    fn new(args: &'a AnalyzeArgs) -> Self {
        let folders = args.files.iter().filter(|file| file.is_dir());
        let empty =
            folders.filter_map(|folder| Some((folder.as_path(), folder.canonicalize().ok()?))).collect();
        Self { args, bar: Bar::new(args.quiet), files: 0, needs: Needs::default(), empty, table: None }
    }

    fn on(&mut self, event: AnalyzeEvent) -> io::Result<()> {
        match event {
            AnalyzeEvent::Found { files, bytes, .. } => {
                self.files = files;
                self.table = (files > 1).then(|| analysis_text::table(&self.args.files));
                // The length of standard input is not known.
                let bytes = Some(bytes).filter(|_| !self.args.files.iter().any(|file| is_stdin(file)));
                self.bar.start(bytes, files);
                if self.args.csv {
                    return print(&row(&report::csv_header())?);
                }
            }
            AnalyzeEvent::Step { bytes, duration, .. } => self.bar.step(bytes, duration),
            AnalyzeEvent::Done { path, outcome, .. } => {
                self.empty.retain(|(_, folder)| !path.starts_with(folder));
                outcome.as_ref().err().into_iter().for_each(|error| self.needs.note(error));
                self.bar.file();
                let (args, table) = (self.args, &mut self.table);
                return self.bar.suspend(|| tell(args, table, &path, outcome.map(|figures| *figures)));
            }
            _ => {}
        }
        Ok(())
    }

    /// Prints the totals of several files.
    fn finish(&self, analysed: usize, failed: usize, duration: Seconds) -> io::Result<()> {
        self.empty.iter().for_each(|(folder, _)| messages::no_audio_in(folder));
        if self.files > 1 && !self.args.quiet {
            self.needs.tell();
            let took = self.bar.seconds();
            let speed = duration.0 / took.max(1e-3);
            let errors = wording::errors(failed as u64);
            messages::say(&format!(
                "{} analysed ({} of audio in {took:.1} s, {speed:.0} x){errors}",
                wording::count(analysed as u64, "file"),
                wording::hours(duration.0),
            ));
        }
        if self.table.as_ref().is_some_and(Table::was_cut) && !self.args.quiet {
            messages::say(NAMES_CUT);
        }
        Ok(())
    }
}

/// Prints the figures of a file.
fn tell(
    args: &AnalyzeArgs,
    table: &mut Option<Table>,
    path: &Path,
    outcome: refrain::Result<HarmonicFigures>,
) -> io::Result<()> {
    if let Err(error) = &outcome {
        failed(path, error);
    }
    let figures = outcome.as_ref().ok();
    for warning in figures.iter().flat_map(|f| &f.warnings).filter(|_| !args.quiet) {
        messages::say(&format!("{}: {warning}", wording::shown(path)));
    }
    if args.json {
        return print(&format!("{}\n", report::json(path, &outcome)));
    }
    if args.csv {
        return print(&row(&report::csv_row(path, &outcome))?);
    }
    let Some(figures) = figures else { return Ok(()) };
    let Some(table) = table else { return print(&analysis_text::details(path, figures)) };
    let (header, lines) = table.lay(&[analysis_text::row(path, figures)]);
    header.iter().chain(&lines).try_for_each(|line| print(&format!("{line}\n")))
}

/// Prints why a file has no figures: it could not be read, or an output could not be written.
fn failed(path: &Path, error: &Error) {
    match error {
        Error::Io { path: other, .. } if other != path => {
            let (other, reason) = (messages::name(other), error.reason());
            messages::problem(&format!("cannot write {other}: {reason}"));
        }
        _ => messages::unreadable(error),
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
