//! `refrain timeline`
use std::{
    cell::RefCell,
    fs,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context;
use refrain::{
    Audio, CancelToken, Error, Ffmpeg, Index, Play, ScanOptions, Seconds, Timeline, TimelineOptions,
    report::{self, TimelineFormat, TimelineWriter},
};
use serde_json::Value;

use super::list_lines::ListLines;
use crate::{args::TimelineArgs, bar::Bar, db, messages, stop, wording};

/// Prints what was played when in every recording, in the order given. Exit 0 if there is a play, 2 if a recording could
/// not be used, else 1.
pub fn run(args: &TimelineArgs) -> anyhow::Result<ExitCode> {
    let index = db::open()?;
    super::warn_if_empty(&index)?;
    if args.files.iter().filter(|file| is_stdin(file)).count() > 1 {
        anyhow::bail!(super::STDIN_TWICE);
    }
    let stop = stop::token();
    let mut told = Told::new(args, &stop)?;
    let files = told.files(args);
    if stop.is_cancelled() {
        anyhow::bail!("interrupted; refrain looked through no recording");
    }
    if args.format.labels && files.len() > 1 {
        anyhow::bail!("--labels takes one recording, not {}; run it once for each", files.len());
    }
    told.start(&files);
    for file in &files {
        if let Err(error) = told.recording(&index, file) {
            told.bar().end();
            return Err(error);
        }
    }
    told.finish();
    Ok(match (told.any_error, told.plays > 0) {
        (true, _) => ExitCode::from(2),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::from(1),
    })
}

fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// A recording, and how many bytes it has; 0 if that is unknown.
struct Recording {
    path: PathBuf,
    bytes: u64,
}

/// Prints plays on standard output and everything else on standard error.
struct Told<'a> {
    stop: &'a CancelToken,
    ffmpeg: Ffmpeg,
    /// The options without progress.
    options: TimelineOptions,
    format: Option<TimelineFormat>,
    /// Writes plays one by one; `None` for JSON.
    writer: Option<TimelineWriter<ListLines<io::Stdout>>>,
    /// For JSON: the plays of the recording at hand, in case it is never finished.
    so_far: Vec<Play>,
    /// Progress comes on any thread.
    bar: Arc<Mutex<Bar>>,
    any_error: bool,
    plays: u64,
    used: u64,
    duration: f64,
    errors: u64,
}

impl<'a> Told<'a> {
    fn new(args: &TimelineArgs, stop: &'a CancelToken) -> anyhow::Result<Self> {
        let mut options = TimelineOptions::default().min_score(args.min_score).cancel(stop);
        if let Some(least) = args.min_length {
            options = options.min_length(least);
        }
        let format = args.format.chosen();
        let writer = format.map(|format| {
            let for_people = format == TimelineFormat::List;
            TimelineWriter::new(ListLines::new(io::stdout(), for_people), format)
        });
        let writer = writer.transpose();
        Ok(Self {
            stop,
            ffmpeg: args.ffmpeg.ffmpeg.clone(),
            options,
            format,
            writer: writer.context(CANNOT_WRITE)?,
            so_far: Vec::new(),
            bar: Arc::new(Mutex::new(Bar::new(false))),
            any_error: false,
            plays: 0,
            used: 0,
            duration: 0.0,
            errors: 0,
        })
    }

    fn bar(&self) -> std::sync::MutexGuard<'_, Bar> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lists the recordings, with those in folders. Names what cannot be read.
    fn files(&mut self, args: &TimelineArgs) -> Vec<Recording> {
        let mut files = Vec::new();
        let mut add = |path: PathBuf| {
            let bytes = fs::metadata(&path).map_or(0, |file| if file.is_file() { file.len() } else { 0 });
            files.push(Recording { path, bytes });
        };
        let scan = ScanOptions::from(&args.find);
        for file in &args.files {
            if is_stdin(file) || !file.is_dir() {
                add(file.clone());
                continue;
            }
            match scan.audio_files_with(file, self.stop) {
                Ok((found, unreadable)) => {
                    if found.is_empty() && unreadable.is_empty() {
                        self.any_error = true;
                        messages::no_audio_in(file);
                    }
                    found.into_iter().for_each(&mut add);
                    unreadable.iter().for_each(|error| self.failed(error));
                }
                Err(Error::Interrupted) => break,
                Err(error) => self.failed(&error),
            }
        }
        files
    }

    /// Starts the progress.
    fn start(&self, files: &[Recording]) {
        // Without every size, the time left would be wrong.
        let known = files.iter().all(|file| file.bytes > 0);
        self.bar().start(known.then(|| files.iter().map(|file| file.bytes).sum()), files.len());
    }

    fn failed(&mut self, error: &Error) {
        self.any_error = true;
        self.errors += 1;
        self.bar().suspend(|| messages::unreadable(error));
    }

    /// Makes the timeline of a recording and prints it. A recording that cannot be used is named; an error is one of the
    /// index or the output.
    fn recording(&mut self, index: &Index, file: &Recording) -> anyhow::Result<()> {
        let path = &file.path;
        match self.writer.as_mut().map_or(Ok(()), |writer| writer.begin(path)) {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                self.any_error = true;
                self.errors += 1;
                self.bar()
                    .suspend(|| messages::problem(&format!("cannot list {}: {error}", messages::name(path))));
                return Ok(());
            }
            other => other.context(CANNOT_WRITE)?,
        }
        self.so_far.clear();
        let steps = Arc::new(Mutex::new(Steps::new(file)));
        let options = {
            let (steps, bar) = (Arc::clone(&steps), Arc::clone(&self.bar));
            self.options.clone().on_progress(move |done| {
                let (bytes, audio) = steps.lock().unwrap_or_else(PoisonError::into_inner).to(done);
                bar.lock().unwrap_or_else(PoisonError::into_inner).step(bytes, audio);
            })
        };
        let audio =
            if is_stdin(path) { Audio::reader(io::stdin()) } else { Audio::file(path).ffmpeg(&self.ffmpeg) };
        // If nobody reads the output any more, the search can stop.
        let failed = RefCell::new(Ok(()));
        let done = index.timeline_with(audio, &options, |play| {
            if failed.borrow().is_ok()
                && let Err(error) = self.play(play)
            {
                *failed.borrow_mut() = Err(error);
                self.stop.cancel();
            }
        });
        failed.into_inner().context(CANNOT_WRITE)?;
        match &done {
            Err(Error::Interrupted) => {
                if self.writer.is_none() {
                    self.line(&unfinished(path, &self.so_far)?)?;
                }
                anyhow::bail!("interrupted; refrain printed the songs found so far")
            }
            Err(Error::Index { .. }) => {}
            Err(error) => self.failed(error),
            Ok(timeline) => self.found(path, timeline)?,
        }
        let done = match done {
            Err(error @ Error::Index { .. }) => return Err(error.into()),
            other => other,
        };
        if self.writer.is_none() {
            self.line(&report::json(path, &done))?;
        }
        let (bytes, audio) = {
            let mut steps = steps.lock().unwrap_or_else(PoisonError::into_inner);
            let duration = done.as_ref().map_or(steps.audio, |timeline| timeline.duration.0);
            steps.end(duration)
        };
        let mut bar = self.bar();
        bar.step(bytes, audio);
        bar.file();
        Ok(())
    }

    /// Prints a line of JSON.
    fn line(&self, line: &str) -> anyhow::Result<()> {
        let write = || writeln!(io::stdout(), "{line}").and_then(|()| io::stdout().flush());
        self.bar().suspend(write).context(CANNOT_WRITE)
    }

    fn play(&mut self, play: &Play) -> io::Result<()> {
        let bar = Arc::clone(&self.bar);
        let bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut self.writer {
            Some(writer) => bar.suspend(|| writer.play(play)),
            None => {
                self.so_far.push(play.clone());
                Ok(())
            }
        }
    }

    fn found(&mut self, path: &Path, timeline: &Timeline) -> anyhow::Result<()> {
        self.plays += timeline.plays.len() as u64;
        self.used += 1;
        self.duration += timeline.duration.0;
        let bar = Arc::clone(&self.bar);
        if let Some(writer) = &mut self.writer {
            let bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
            let left_out = bar.suspend(|| writer.end(timeline)).context(CANNOT_WRITE)?;
            for note in timeline.warnings.iter().chain(&left_out) {
                bar.suspend(|| messages::say(&format!("{}: {note}", wording::shown(path))));
            }
        }
        Ok(())
    }

    /// Ends the progress. For people, prints the totals.
    fn finish(&self) {
        let bar = self.bar();
        bar.end();
        if self.format == Some(TimelineFormat::List) && self.used > 0 {
            let took = bar.seconds();
            messages::say(&format!(
                "{} in {} ({} of audio in {took:.1} s, {:.0} x){}",
                wording::count(self.plays, "play"),
                wording::count(self.used, "file"),
                wording::hours(self.duration),
                self.duration / took.max(1e-3),
                wording::errors(self.errors),
            ));
        }
    }
}

/// The document of a recording that was interrupted: that of an error, with the plays that were found.
fn unfinished(path: &Path, plays: &[Play]) -> anyhow::Result<String> {
    let outcome: refrain::Result<Timeline> = Err(Error::Interrupted);
    let mut document: Value = serde_json::from_str(&report::json(path, &outcome))?;
    document["plays"] = serde_json::to_value(plays)?;
    Ok(document.to_string())
}

const CANNOT_WRITE: &str = "cannot write the timeline";

/// Turns how much audio of a recording was looked up into bytes of its file, in which the bar counts.
struct Steps {
    bytes: u64,
    about: Option<Seconds>,
    done: u64,
    audio: f64,
}

impl Steps {
    fn new(file: &Recording) -> Self {
        // Only who sees the bar needs to know.
        let seen = file.bytes > 0 && io::stderr().is_terminal();
        let about = if seen { Audio::about_duration(&file.path) } else { None };
        Self { bytes: file.bytes, about: about.filter(|about| about.0 > 0.0), done: 0, audio: 0.0 }
    }

    /// The bytes and the audio since the last step.
    fn to(&mut self, audio: Seconds) -> (u64, Seconds) {
        let share = self.about.map_or(0.0, |about| (audio.0 / about.0).clamp(0.0, 1.0));
        self.step((share * self.bytes as f64) as u64, audio.0)
    }

    /// The rest.
    fn end(&mut self, audio: f64) -> (u64, Seconds) {
        self.step(self.bytes, audio)
    }

    fn step(&mut self, bytes: u64, audio: f64) -> (u64, Seconds) {
        let step = (bytes.saturating_sub(self.done), Seconds((audio - self.audio).max(0.0)));
        (self.done, self.audio) = (self.done.max(bytes), self.audio.max(audio));
        step
    }
}
