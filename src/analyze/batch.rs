//! Analyses many files at a time and reports them in order.
use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use super::{
    atomic_file::io_error,
    options::{AnalyzeEvent, AnalyzeOptions, AnalyzeSummary},
    outputs::Targets,
    plans::Plans,
    two_passes::Job,
};
use crate::{
    cancel::CancelToken,
    decode::Audio,
    error::{Error, Result, Shown},
    extract::track::contained,
    ordered::{Sink, in_order},
    report::HarmonicFigures,
    scan::files::{self, FoundFile},
    units::Seconds,
};

/// How many samples of all current files are kept for the second pass; and the fewest and most of one file: 12.7
/// minutes.
const HELD: usize = 1 << 25;
const HELD_OF_A_FILE: std::ops::RangeInclusive<usize> = 1 << 22..=1 << 24;

/// How often progress is reported.
const TELL_EVERY: Duration = Duration::from_millis(50);

/// How many files may be analysed ahead of the one that is reported next.
const AHEAD: usize = 64;

/// A file to analyse, or one that cannot be tried.
struct Task<'a> {
    name: PathBuf,
    size: u64,
    /// Taken by the thread that runs the task.
    audio: Result<Mutex<Option<Audio<'a>>>, Unreadable>,
    targets: Targets,
}

/// Why a file is not tried.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Unreadable(String);

/// Analyses one file, stream, or samples in memory, of any length.
///
/// Figures that silence, or less than a frame, does not have are `None`. An audio file without samples has the
/// duration 0.
///
/// ```
/// # fn main() -> refrain::Result<()> {
/// let figures = refrain::analyze("fixtures/audio/songs/second-orbit.flac")?;
/// println!("{:?}, {:.0} % harmonic", figures.key, 100.0 * figures.harmonic_ratio.unwrap_or(0.0));
/// assert!(figures.duration.0 > 30.0 && figures.key.is_some());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Those of [`analyze_with`].
pub fn analyze<'a>(audio: impl Into<Audio<'a>>) -> Result<HarmonicFigures> {
    analyze_with(audio, AnalyzeOptions::default())
}

/// Like [`analyze`], with options.
///
/// # Errors
/// [`Error::Io`] and [`Error::Audio`] if the file cannot be decoded or has samples more than 1,000,000 times full
/// scale; [`Error::Io`] if an output cannot be written; [`Error::Interrupted`].
pub fn analyze_with<'a>(
    audio: impl Into<Audio<'a>>,
    mut options: AnalyzeOptions<'_>,
) -> Result<HarmonicFigures> {
    let audio = audio.into();
    let io = |name: &Path, kind: io::ErrorKind| Err(io_error(name)(kind.into()));
    if is_folder(&audio) {
        return io(audio.name(), io::ErrorKind::IsADirectory);
    }
    let mut figures = io(audio.name(), io::ErrorKind::NotFound);
    let tasks = tasks(vec![audio], &options)?;
    on_threads(&tasks, &mut options, &mut |_, outcome, _| figures = outcome)?;
    figures
}

/// Analyses files, folders (each an [`Audio::file`]), streams and samples in parallel: several files at a time, and
/// with the remaining threads parts of one file. Reports each outcome to [`AnalyzeOptions::on_event`].
///
/// Outcomes do not depend on the number of threads. A bad file is an outcome too.
///
/// # Errors
/// [`Error::Io`] if there are several files and an output is not a folder; [`Error::Interrupted`].
pub fn analyze_all<'a>(
    inputs: impl IntoIterator<Item = impl Into<Audio<'a>>>,
    mut options: AnalyzeOptions<'_>,
) -> Result<AnalyzeSummary> {
    let tasks = tasks(inputs.into_iter().map(Into::into).collect(), &options)?;
    let bytes = tasks.iter().map(|t| t.size).sum();
    options.on_event.call(AnalyzeEvent::Found { files: tasks.len(), bytes });
    let mut summary = AnalyzeSummary::default();
    let mut done = |task: &Task<'_>, outcome: Result<HarmonicFigures>, options: &mut AnalyzeOptions<'_>| {
        match &outcome {
            Ok(figures) => {
                summary.analysed += 1;
                summary.duration.0 += figures.duration.0;
            }
            Err(_) => summary.failed += 1,
        }
        options.on_event.call(AnalyzeEvent::Done { path: task.name.clone(), outcome: outcome.map(Box::new) });
    };
    on_threads(&tasks, &mut options, &mut done)?;
    Ok(summary)
}

/// Receives the outcome of a task.
type Done<'d> = &'d mut dyn FnMut(&Task<'_>, Result<HarmonicFigures>, &mut AnalyzeOptions<'_>);

/// Calls `done` with the outcome of each task, in order.
fn on_threads(tasks: &[Task<'_>], options: &mut AnalyzeOptions<'_>, done: Done<'_>) -> Result<()> {
    if tasks.is_empty() {
        return Ok(());
    }
    let threads = options.threads.unwrap_or_else(rayon::current_num_threads).max(1);
    let at_a_time = threads.min(tasks.len());
    let held = (HELD / at_a_time).clamp(*HELD_OF_A_FILE.start(), *HELD_OF_A_FILE.end());
    let plans = Plans::new();
    // A thread without a file of its own helps with the blocks of others.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|n| format!("blocks-{n}"))
        .build()
        .map_err(|e| Error::Io { path: PathBuf::from("threads"), source: io::Error::other(e) })?;
    // The number of files that have not ended. Threads without a file help with the blocks of these.
    let unfinished = AtomicUsize::new(tasks.len());
    let (steps, step_receiver) = mpsc::sync_channel::<Step>(4 * threads);
    let work = |number: usize, stop: &CancelToken| {
        let task = &tasks[number];
        let under_way = || {
            let busy = unfinished.load(Ordering::Relaxed).clamp(1, at_a_time);
            threads.div_ceil(busy) + 1
        };
        let (mut told, mut untold, mut last) = (0, 0, Instant::now());
        let mut step = |bytes| {
            untold += bytes;
            // Waking the caller's thread for each packet would cost more than decoding some.
            if last.elapsed() >= TELL_EVERY
                && steps.try_send(Step { bytes: untold, duration: Seconds(0.0) }).is_ok()
            {
                told += std::mem::take(&mut untold);
                last = Instant::now();
            }
        };
        let outcome = pool.install(|| outcome(task, &plans, held, &under_way, stop, &mut step));
        unfinished.fetch_sub(1, Ordering::Relaxed);
        Box::new((told, outcome))
    };
    let mut teller = Teller { tasks, options, steps: step_receiver, done };
    in_order((at_a_time, "analyze"), tasks.len(), at_a_time + AHEAD, work, &mut teller)
}

/// Progress: a part of a file that was read.
struct Step {
    bytes: u64,
    duration: Seconds,
}

/// Passes progress and outcomes on.
struct Teller<'a, 't, 'o, 'd> {
    tasks: &'a [Task<'t>],
    options: &'a mut AnalyzeOptions<'o>,
    steps: mpsc::Receiver<Step>,
    done: Done<'d>,
}

impl Teller<'_, '_, '_, '_> {
    fn step(&mut self, Step { bytes, duration }: Step) {
        self.options.on_event.call(AnalyzeEvent::Step { bytes, duration });
    }
}

impl Sink<Box<(u64, Result<HarmonicFigures>)>> for Teller<'_, '_, '_, '_> {
    fn take(&mut self, number: usize, result: Box<(u64, Result<HarmonicFigures>)>) -> Result<()> {
        let (told, outcome) = *result;
        let task = &self.tasks[number];
        let duration = outcome.as_ref().map_or(Seconds(0.0), |figures| figures.duration);
        self.step(Step { bytes: task.size.saturating_sub(told), duration });
        (self.done)(task, outcome, self.options);
        Ok(())
    }

    fn tick(&mut self) -> Result<()> {
        while let Ok(step) = self.steps.try_recv() {
            self.step(step);
        }
        self.options.cancel.check()
    }
}

fn outcome(
    task: &Task<'_>,
    plans: &Plans,
    held: usize,
    under_way: &dyn Fn() -> usize,
    cancel: &CancelToken,
    step: &mut dyn FnMut(u64),
) -> Result<HarmonicFigures> {
    let name = &*task.name;
    contained(name, || {
        let audio = match &task.audio {
            Err(Unreadable(reason)) => return Err(io_error(name)(io::Error::other(reason.clone()))),
            Ok(audio) => audio.lock().unwrap_or_else(PoisonError::into_inner).take(),
        };
        let audio = &mut audio.expect("one thread does the task, once");
        Job { name, audio, targets: &task.targets, plans, held, under_way, cancel }.run(step)
    })
}

/// Lists all files in the order of the inputs, and by path within a folder, with the names of their outputs.
fn tasks<'a>(inputs: Vec<Audio<'a>>, options: &AnalyzeOptions<'_>) -> Result<Vec<Task<'a>>> {
    let many = inputs.len() > 1 || inputs.iter().any(is_folder);
    let outputs = options.outputs();
    if let Some(out) = outputs.iter().flatten().find(|out| many && !out.is_dir()) {
        let reason = "several files need a folder for their outputs";
        return Err(io_error(out)(io::Error::new(io::ErrorKind::NotADirectory, reason)));
    }
    let mut tasks = Vec::new();
    // In an output folder, a file is named after its path within the input folder.
    let mut add = |name: PathBuf, size, audio: Result<Audio<'a>, Unreadable>, below: &Path| {
        let target = |out: &Option<PathBuf>, ending: &str| {
            out.as_ref()
                .map(|out| if out.is_dir() { with_ending(&out.join(below), ending) } else { out.clone() })
        };
        let [frames, harmonic, percussive, plot] = &outputs;
        let targets = Targets {
            frames: target(frames, ".npz"),
            harmonic: target(harmonic, ".harmonic.wav"),
            percussive: target(percussive, ".percussive.wav"),
            plot: target(plot, ".svg"),
        };
        let audio = audio.map(|audio| Mutex::new(Some(audio.cancelled_by(&options.cancel))));
        tasks.push(Task { name, size, audio, targets });
    };
    for audio in inputs {
        let (name, size) = (audio.name().to_owned(), audio.size());
        let file_name = name.file_name();
        if is_folder(&audio) {
            let found = files::find(std::slice::from_ref(&name), &options.scan, &options.cancel)?;
            let real = std::fs::canonicalize(&name).map_err(io_error(&name))?;
            let file = |f: FoundFile| (f.path, Ok(f.size));
            let bad = |(path, error): (PathBuf, Error)| (path, Err(Unreadable(error.reason())));
            let mut all: Vec<_> =
                found.files.into_iter().map(file).chain(found.unreadable.into_iter().map(bad)).collect();
            all.sort();
            for (path, size) in all {
                let below = path.strip_prefix(&real).unwrap_or(&path).to_owned();
                let audio = size.clone().map(|_| audio.beside(&path));
                add(path, size.unwrap_or(0), audio, &below);
            }
        } else if audio.is_file() {
            let below = PathBuf::from(file_name.unwrap_or(name.as_os_str()));
            add(name, size, Ok(audio), &below);
        } else {
            let below = file_name.filter(|_| name != Path::new("-")).unwrap_or("stdin".as_ref());
            let below = PathBuf::from(below);
            add(name, size, Ok(audio), &below);
        }
    }
    refuse_clashes(&mut tasks);
    Ok(tasks)
}

fn is_folder(audio: &Audio<'_>) -> bool {
    audio.is_file() && audio.name().is_dir()
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// One name for all spellings of a path, even of a file that does not exist yet.
fn real(path: &Path) -> PathBuf {
    let in_folder = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(folder.canonicalize().ok()?.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(in_folder).unwrap_or_else(|| path.to_owned())
}

/// Refuses to analyse a file whose outputs would replace another file's outputs or an input.
fn refuse_clashes(tasks: &mut [Task<'_>]) {
    if tasks.iter().all(|task| task.targets.each().next().is_none()) {
        return;
    }
    let mut taken: HashSet<PathBuf> = tasks.iter().map(|task| real(&task.name)).collect();
    for task in tasks {
        let clash = task.targets.each().find(|target| !taken.insert(real(target))).map(Path::to_owned);
        if let (Some(clash), Ok(_)) = (clash, &task.audio) {
            let clash = Shown(clash);
            task.audio = Err(Unreadable(format!(
                "its output {clash} is an input, or also the output of another file"
            )));
        }
    }
}
