//! How soon does each call that can take long return once it is cancelled? Runs each call to its end, then again on a
//! fresh copy of the index for each moment of cancellation, and verifies the index at the end.
//!
//! `cargo run --release --features unstable --example cancel_times -- INDEX AUDIO WORK [CALLS [LATEST]]`; AUDIO: a long
//! file; CALLS: names with commas between them, by default all; LATEST: seconds, by default 10. WORK needs room for three
//! times INDEX. Prints a row for each call. A file or an index as large as those in use gives meaningful times. On Linux,
//! the last times are without what the call's own thread waited for a processor, so that they mean something on a busy
//! machine, too.
use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use refrain::{
    AddOptions, AnalyzeOptions, Audio, BuildOptions, CancelToken, DuplicateOptions, Error, Index,
    MaintainOptions, QueryOptions, Result, Selector, TimelineOptions, TrackId, VersionOptions,
    acoustid::{ChromaprintOptions, chromaprint},
    analyze_with,
};

/// When to cancel, in parts of the time that the whole call takes, and at the latest unless the last argument says when.
const PARTS: [f64; 5] = [0.05, 0.2, 0.5, 0.8, 0.95];
const LATEST: Duration = Duration::from_secs(10);

/// A call that takes so many times as long is cancelled to end the measurement of the whole.
const LONGEST: u32 = 6;

/// The bar: a cancelled call returns within this time.
const BAR: Duration = Duration::from_millis(200);

/// Samples per second of the made-up audio.
const RATE: u32 = 11_025;

/// What the calls work on.
struct Given {
    index: PathBuf,
    audio: PathBuf,
    /// An index of one track, to merge into.
    small: PathBuf,
    export: PathBuf,
    /// Ten minutes that are in no library.
    noise: Vec<f32>,
}

type Call = fn(&Given, &CancelToken) -> Result<()>;

struct Named {
    name: &'static str,
    /// Whether it changes the index, which is then copied anew each time.
    writes: bool,
    call: Call,
}

const CALLS: [Named; 27] = [
    reads("query a file", |given, token| query(given, Audio::file(&given.audio), false, token)),
    reads("query without a match", |given, token| {
        query(given, Audio::samples(&given.noise, RATE), false, token)
    }),
    reads("query, exact", |given, token| query(given, Audio::samples(&given.noise, RATE), true, token)),
    reads("query_all", |given, token| {
        let clips = [Audio::samples(&given.noise, RATE), Audio::file(&given.audio)];
        Index::open(&given.index)?.query_all(clips, &QueryOptions::default().cancel(token), |_, _| Ok(()))
    }),
    reads("query_track", |given, token| {
        let index = Index::open(&given.index)?;
        let options = QueryOptions::default().cancel(token);
        longest(&index)?.map_or(Ok(()), |id| index.query_track(id, &options).map(drop))
    }),
    reads("explain", |given, token| {
        let options = QueryOptions::default().cancel(token);
        let clip = Audio::samples(&given.noise[..60 * RATE as usize], RATE);
        Index::open(&given.index)?.explain(clip, None, &options).map(drop)
    }),
    reads("timeline", |given, token| {
        let options = TimelineOptions::default().cancel(token);
        Index::open(&given.index)?.timeline_with(&given.audio, &options, |_| {}).map(drop)
    }),
    reads("versions", |given, token| {
        Index::open(&given.index)?.versions_with(&given.audio, &versions(token)).map(drop)
    }),
    reads("versions_of_track", |given, token| {
        let index = Index::open(&given.index)?;
        longest(&index)?.map_or(Ok(()), |id| index.versions_of_track(id, &versions(token)).map(drop))
    }),
    reads("similar_to_track", |given, token| {
        let index = Index::open(&given.index)?;
        longest(&index)?.map_or(Ok(()), |id| index.similar_to_track(id, &versions(token)).map(drop))
    }),
    writes("duplicates", |given, token| {
        let options = DuplicateOptions::default().cancel(token);
        Index::open_to_write(&given.index)?.duplicates_with(options).map(drop)
    }),
    reads("newcomers", |given, token| Index::open(&given.index)?.newcomers(TrackId(0), token).map(drop)),
    reads("listen", |given, token| {
        let index = Index::open(&given.index)?;
        let mut listener = index.listen(&QueryOptions::default().cancel(token))?;
        listener.push(&given.noise, RATE)?;
        listener.finish().map(drop)
    }),
    reads("verify", |given, token| Index::open(&given.index)?.verify_with(maintain(token))),
    reads("export", |given, token| {
        let _ = fs::remove_file(&given.export);
        Index::open(&given.index)?.export_with(&given.export, maintain(token))
    }),
    writes("add a file", |given, token| {
        let options = AddOptions::default().cancel(token);
        Index::open_to_write(&given.index)?.add_with(&given.audio, &options).map(drop)
    }),
    writes("add samples", |given, token| {
        let options = AddOptions::default().cancel(token);
        let audio = Audio::samples(&given.noise, RATE);
        Index::open_to_write(&given.index)?.add_audio_with(audio, "noise", &options).map(drop)
    }),
    writes("add a stream", |given, token| {
        let options = AddOptions::default().cancel(token);
        let file = fs::File::open(&given.audio).map_err(|source| io(&given.audio, source))?;
        Index::open_to_write(&given.index)?.add_audio_with(Audio::reader(file), "stream", &options).map(drop)
    }),
    writes("build", |given, token| {
        let options = BuildOptions::default().cancel(token);
        Index::open_to_write(&given.index)?.build_with([&given.audio], options).map(drop)
    }),
    writes("update", |given, token| {
        let options = BuildOptions::default().cancel(token);
        Index::open_to_write(&given.index)?.update_with(options).map(drop)
    }),
    writes("rebuild", |given, token| {
        Index::open_to_write(&given.index)?.rebuild_with(maintain(token)).map(drop)
    }),
    writes("refresh", |given, token| {
        let index = Index::open_to_write(&given.index)?;
        index.add_audio(Audio::samples(&given.noise, RATE), "noise")?;
        index.refresh_with(maintain(token)).map(drop)
    }),
    writes("compact", |given, token| {
        Index::open_to_write(&given.index)?.compact_with(maintain(token)).map(drop)
    }),
    writes("merge", |given, token| {
        let (from, to) = (Index::open(&given.index)?, Index::open_or_create(&given.small)?);
        to.merge_with(&from, maintain(token)).map(drop)
    }),
    writes("remove", |given, token| {
        let index = Index::open_to_write(&given.index)?;
        let all = index.select(&Selector::Pattern("/**/*".into()))?;
        index.remove_with(&all, maintain(token)).map(drop)
    }),
    reads("analyze", |given, token| {
        analyze_with(Audio::file(&given.audio), AnalyzeOptions::default().cancel(token)).map(drop)
    }),
    reads("chromaprint", |given, token| {
        let options = ChromaprintOptions::default().length(None).cancel(token);
        chromaprint(Audio::file(&given.audio), &options, |_| Ok(())).map(drop)
    }),
];

const fn reads(name: &'static str, call: Call) -> Named {
    Named { name, writes: false, call }
}

const fn writes(name: &'static str, call: Call) -> Named {
    Named { name, writes: true, call }
}

/// The track that lasts longest, if there is one.
fn longest(index: &Index) -> Result<Option<TrackId>> {
    let mut longest = None;
    index.tracks(|track, _| {
        longest = longest.max(Some((track.record.duration.0 as u64, track.id)));
        Ok(())
    })?;
    Ok(longest.map(|(_, id)| id))
}

/// All other performances, however unsure.
fn versions(token: &CancelToken) -> VersionOptions {
    VersionOptions::default().min_score(0.0).cancel(token)
}

fn query(given: &Given, audio: Audio<'_>, exact: bool, token: &CancelToken) -> Result<()> {
    let options = QueryOptions::default().exact(exact).cancel(token);
    Index::open(&given.index)?.query_with(audio, &options).map(drop)
}

fn maintain<'a>(token: &CancelToken) -> MaintainOptions<'a> {
    MaintainOptions::default().cancel(token)
}

fn io(path: &Path, source: std::io::Error) -> Error {
    Error::Io { path: path.to_owned(), source }
}

/// How a run ended.
struct Run {
    took: Duration,
    /// From the cancellation to the return, if the call was cancelled before it ended.
    late: Option<Duration>,
    /// The same, without what the thread waited for a processor meanwhile.
    alone: Option<Duration>,
}

/// How long the thread at `task`, below `/proc`, has waited for a processor. 0 where the system does not say it.
fn waited(task: &Path) -> Duration {
    let text = fs::read_to_string(Path::new("/proc").join(task).join("schedstat")).unwrap_or_default();
    let nanoseconds = text.split_whitespace().nth(1).and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// Runs `call` and cancels it after `after`.
fn run(call: Call, given: &Given, after: Duration) -> Result<Run> {
    let token = CancelToken::new();
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        let cancelled = token.clone();
        let (named, name) = mpsc::channel();
        let begun = Instant::now();
        scope.spawn(move || {
            let task = fs::read_link("/proc/thread-self").unwrap_or_default();
            let _ = named.send(task.clone());
            sender.send((call(given, &cancelled), Instant::now(), waited(&task)))
        });
        let task = name.recv().expect("the thread begins");
        let (cancelled, (done, ended, waited_at_end)) = match receiver.recv_timeout(after) {
            Ok(done) => (None, done),
            Err(_) => {
                let before = waited(&task);
                token.cancel();
                (Some((Instant::now(), before)), receiver.recv().expect("the call returns"))
            }
        };
        match done {
            // Cancelled so late that it came to its end.
            Ok(()) | Err(Error::Interrupted) => {}
            Err(error) => return Err(error),
        }
        let late = cancelled.map(|(at, _)| ended.saturating_duration_since(at));
        let alone = late
            .zip(cancelled)
            .map(|(late, (_, before))| late.saturating_sub(waited_at_end.saturating_sub(before)));
        Ok(Run { took: ended - begun, late, alone })
    })
}

/// A fresh copy of the index without what lies beside it. It is on the disk, so that no call waits until it is.
fn copy(from: &Path, given: &Given) -> Result<()> {
    for file in [&given.index, &given.small] {
        for ending in ["", "-wal", "-shm"] {
            let mut name = file.clone().into_os_string();
            name.push(ending);
            let _ = fs::remove_file(name);
        }
    }
    fs::copy(from, &given.index).map_err(|source| io(from, source))?;
    fs::File::open(&given.index).and_then(|file| file.sync_all()).map_err(|source| io(&given.index, source))
}

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [index, audio, work, ..] = &args[..] else {
        eprintln!("usage: cancel_times INDEX AUDIO WORK [CALLS [LATEST]]");
        std::process::exit(2);
    };
    let wanted: Option<Vec<&str>> = args.get(3).map(|calls| calls.split(',').collect());
    let latest = args.get(4).and_then(|seconds| seconds.parse().ok()).map_or(LATEST, Duration::from_secs);
    let (from, work) = (Path::new(index), Path::new(work));
    fs::create_dir_all(work).map_err(|source| io(work, source))?;
    let mut state = 1_u64;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    });
    let given = Given {
        index: work.join("copy.refrain"),
        audio: PathBuf::from(audio),
        small: work.join("merged.refrain"),
        export: work.join("export.refrain"),
        noise: noise.take(600 * RATE as usize).collect(),
    };
    println!(
        "| call | whole, s | cancelled | median, s | greatest, s | without waiting: median, s | greatest, s | index |\n\
         |---|---|---|---|---|---|---|---|"
    );
    for Named { name, writes, call } in CALLS {
        if wanted.as_ref().is_some_and(|wanted| !wanted.contains(&name)) {
            continue;
        }
        copy(from, &given)?;
        let whole = run(call, &given, LONGEST * latest)?;
        let mut late: Vec<Duration> = whole.late.into_iter().collect();
        let mut alone: Vec<Duration> = whole.alone.into_iter().collect();
        for part in PARTS {
            if writes {
                copy(from, &given)?;
            }
            let part = run(call, &given, whole.took.min(latest).mul_f64(part))?;
            late.extend(part.late);
            alone.extend(part.alone);
        }
        late.sort_unstable();
        alone.sort_unstable();
        let is_whole =
            |file: &Path| !file.exists() || Index::open(file).and_then(|index| index.verify()).is_ok();
        let index =
            if !writes || is_whole(&given.index) && is_whole(&given.small) { "whole" } else { "DAMAGED" };
        let seconds =
            |time: Option<&Duration>| time.map_or("-".to_owned(), |t| format!("{:.3}", t.as_secs_f64()));
        let over = if late.last().is_some_and(|&last| last > BAR) { " (above the bar)" } else { "" };
        println!(
            "| {name} | {}{:.2} | {} | {} | {}{over} | {} | {} | {index} |",
            if whole.late.is_some() { "> " } else { "" },
            whole.took.as_secs_f64(),
            late.len(),
            seconds(late.get(late.len() / 2)),
            seconds(late.last()),
            seconds(alone.get(alone.len() / 2)),
            seconds(alone.last()),
        );
    }
    for file in [&given.index, &given.small, &given.export] {
        let _ = fs::remove_file(file);
    }
    Ok(())
}
