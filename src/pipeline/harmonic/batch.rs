//! Many files at a time, told in order.
use std::{
    collections::{BTreeMap, HashSet},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use super::{
    AnalyzeEvent, AnalyzeOptions, AnalyzeSummary,
    outputs::Targets,
    plans::Plans,
    single::{Job, fault},
    staged::io_error,
};
use crate::cancel::CancelToken;
use crate::{
    Error, Result,
    decode::Audio,
    pipeline::find::{self, FoundFile},
    report::{HarmonicAnalysis, HarmonicFigures},
    units::Seconds,
};

/// Samples of all files under way that are kept for the second pass, and those of one file at the least and at the most:
/// 12.7 minutes.
const HELD: usize = 1 << 25;
const HELD_OF_A_FILE: std::ops::RangeInclusive<usize> = 1 << 22..=1 << 24;

/// How often it is told how far a file has come.
const TELL_EVERY: Duration = Duration::from_millis(50);

/// How often it is looked whether to stop.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A file to be analysed, or what is to be said of one that cannot be.
struct Task<'a> {
    name: PathBuf,
    size: u64,
    /// Taken by the thread that does the task.
    audio: Result<Mutex<Option<Audio<'a>>>, Unreadable>,
    targets: Targets,
}

/// Why a file is not even tried.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Unreadable(String);

enum Message {
    Step(u64),
    Done { number: usize, told: u64, outcome: Box<Result<HarmonicFigures>> },
}

/// See [`super::analyze`].
pub(super) fn one(
    audio: Audio<'_>,
    options: &AnalyzeOptions,
    cancel: &CancelToken,
) -> Result<HarmonicFigures> {
    let io = |name: &Path, kind: io::ErrorKind| Err(io_error(name)(kind.into()));
    if is_folder(&audio) {
        return io(audio.name(), io::ErrorKind::IsADirectory);
    }
    let mut figures = io(audio.name(), io::ErrorKind::NotFound);
    let tasks = tasks(vec![audio], options, cancel)?;
    on_threads(&tasks, options, cancel, &mut |_, outcome| figures = outcome, &mut |_, _| {})?;
    figures
}

/// See [`super::analyze_all`].
pub(super) fn run(
    inputs: Vec<Audio<'_>>,
    options: &AnalyzeOptions,
    cancel: &CancelToken,
    on: &mut dyn FnMut(AnalyzeEvent),
) -> Result<AnalyzeSummary> {
    let tasks = tasks(inputs, options, cancel)?;
    on(AnalyzeEvent::Found { files: tasks.len(), bytes: tasks.iter().map(|t| t.size).sum() });
    let mut summary = AnalyzeSummary::default();
    let on = std::cell::RefCell::new(on);
    let mut done = |task: &Task<'_>, outcome: Result<HarmonicFigures>| {
        (on.borrow_mut())(AnalyzeEvent::Done(Box::new(match outcome {
            Ok(figures) => {
                summary.analysed += 1;
                summary.duration.0 += figures.duration;
                HarmonicAnalysis::of(&task.name, figures)
            }
            Err(error) => {
                summary.failed += 1;
                HarmonicAnalysis::error(&task.name, &error)
            }
        })));
    };
    let mut step = |bytes, duration| (on.borrow_mut())(AnalyzeEvent::Step { bytes, duration });
    on_threads(&tasks, options, cancel, &mut done, &mut step)?;
    Ok(summary)
}

/// Calls `done` with each task's outcome, in order, and `step` with bytes that were gone through and how long the files play
/// that were completed by it.
fn on_threads(
    tasks: &[Task<'_>],
    options: &AnalyzeOptions,
    cancel: &CancelToken,
    done: &mut dyn FnMut(&Task<'_>, Result<HarmonicFigures>),
    step: &mut dyn FnMut(u64, Seconds),
) -> Result<()> {
    if tasks.is_empty() {
        return Ok(());
    }
    let threads = options.threads.unwrap_or_else(rayon::current_num_threads).max(1);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|n| format!("analyze-{n}"))
        .build()
        .map_err(|e| Error::Io { path: PathBuf::from("threads"), source: io::Error::other(e) })?;
    let at_a_time = threads.min(tasks.len());
    let held = (HELD / at_a_time).clamp(*HELD_OF_A_FILE.start(), *HELD_OF_A_FILE.end());
    let plans = Plans::new();
    let next = AtomicUsize::new(0);
    let stop = CancelToken::new();
    // Threads that have a file of their own; the others help with the blocks of these.
    let busy = AtomicUsize::new(at_a_time);
    let (sender, receiver) = mpsc::sync_channel::<Message>(4 * threads);
    pool.in_place_scope(|scope| {
        for _ in 0..at_a_time {
            let (sender, tasks, plans, next, stop, busy) =
                (sender.clone(), &tasks, &plans, &next, &stop, &busy);
            scope.spawn(move |_| {
                let under_way = || threads.div_ceil(busy.load(Ordering::Relaxed).max(1)) + 1;
                while !stop.is_cancelled() {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(task) = tasks.get(number) else { break };
                    let (mut told, mut untold, mut last) = (0, 0, Instant::now());
                    let mut step = |bytes| {
                        untold += bytes;
                        // Waking the other side for each packet would cost more than decoding some.
                        if last.elapsed() >= TELL_EVERY && sender.try_send(Message::Step(untold)).is_ok() {
                            told += std::mem::take(&mut untold);
                            last = Instant::now();
                        }
                    };
                    let outcome = Box::new(outcome(task, plans, held, &under_way, stop, &mut step));
                    if sender.send(Message::Done { number, told, outcome }).is_err() {
                        break;
                    }
                }
                busy.fetch_sub(1, Ordering::Relaxed);
            });
        }
        drop(sender);
        let result = collect(tasks, receiver, cancel, done, step);
        // Who is in the middle of a file of hours then drops it.
        stop.cancel();
        result
    })
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
    let analysed = catch_unwind(AssertUnwindSafe(|| {
        let audio = match &task.audio {
            Err(Unreadable(reason)) => return Err(io_error(name)(io::Error::other(reason.clone()))),
            Ok(audio) => audio.lock().unwrap_or_else(PoisonError::into_inner).take(),
        };
        let audio = &mut audio.expect("one thread does the task, once");
        Job { name, audio, targets: &task.targets, plans, held, under_way, cancel }.run(step)
    }));
    analysed.unwrap_or_else(|_| Err(fault(name)))
}

/// Tells the outcomes in the order of the tasks.
fn collect(
    tasks: &[Task<'_>],
    receiver: mpsc::Receiver<Message>,
    cancel: &CancelToken,
    done: &mut dyn FnMut(&Task<'_>, Result<HarmonicFigures>),
    step: &mut dyn FnMut(u64, Seconds),
) -> Result<()> {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    while next < tasks.len() {
        cancel.check()?;
        match receiver.recv_timeout(LOOK_EVERY) {
            Ok(Message::Step(bytes)) => step(bytes, Seconds(0.0)),
            Ok(Message::Done { number, told, outcome }) => {
                let duration = Seconds((*outcome).as_ref().map_or(0.0, |figures| figures.duration));
                step(tasks[number].size.saturating_sub(told), duration);
                waiting.insert(number, outcome);
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
        while let Some(outcome) = waiting.remove(&next) {
            done(&tasks[next], *outcome);
            next += 1;
        }
    }
    Ok(())
}

/// All files, in the order of the inputs and of their paths below each, with the names of their outputs.
fn tasks<'a>(
    inputs: Vec<Audio<'a>>,
    options: &AnalyzeOptions,
    cancel: &CancelToken,
) -> Result<Vec<Task<'a>>> {
    let many = inputs.len() > 1 || inputs.iter().any(is_folder);
    let outputs = options.outputs();
    if let Some(out) = outputs.iter().flatten().find(|out| many && !out.is_dir()) {
        let reason = "several files have outputs of their own: an existing folder is needed";
        return Err(io_error(out)(io::Error::new(io::ErrorKind::NotADirectory, reason)));
    }
    let mut tasks = Vec::new();
    // Names below the folder of an output are those below the folder that was given.
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
        let audio = audio.map(|audio| Mutex::new(Some(audio)));
        tasks.push(Task { name, size, audio, targets });
    };
    for audio in inputs {
        let (name, size) = (audio.name().to_owned(), audio.size());
        let file_name = name.file_name();
        if is_folder(&audio) {
            let found = find::find(std::slice::from_ref(&name), &options.find, cancel)?;
            let real = std::fs::canonicalize(&name).map_err(io_error(&name))?;
            let file = |f: FoundFile| (f.path, Ok(f.size));
            let bad = |(path, reason): (PathBuf, String)| (path, Err(Unreadable(reason)));
            let mut all: Vec<_> =
                found.files.into_iter().map(file).chain(found.unreadable.into_iter().map(bad)).collect();
            all.sort();
            for (path, size) in all {
                let below = path.strip_prefix(&real).unwrap_or(&path).to_owned();
                let audio = size.clone().map(|_| Audio::file(&path));
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

/// One name for all spellings of a path, also of a file that is yet to be made.
fn real(path: &Path) -> PathBuf {
    let in_folder = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(folder.canonicalize().ok()?.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(in_folder).unwrap_or_else(|| path.to_owned())
}

/// A file whose outputs would take the place of another's, or of an input, is not analysed.
fn refuse_clashes(tasks: &mut [Task<'_>]) {
    if tasks.iter().all(|task| task.targets.each().next().is_none()) {
        return;
    }
    let mut taken: HashSet<PathBuf> = tasks.iter().map(|task| real(&task.name)).collect();
    for task in tasks {
        let clash = task.targets.each().find(|target| !taken.insert(real(target))).map(Path::to_owned);
        if let (Some(clash), Ok(_)) = (clash, &task.audio) {
            let clash = clash.display();
            task.audio = Err(Unreadable(format!("{clash} is an input, or the output of another file too")));
        }
    }
}
