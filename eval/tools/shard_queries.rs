//! Asks one index file, several files as one, and shards, and compares answers, CPU and traffic.
//!
//! `cargo run --release --features unstable --example shard_queries -- --one FILE SHARD... -- CLIP...` prints a line of
//! JSON: how many clips had the same document in all three ways (but for `id` and `shard`), how many matched, the CPU of
//! each way for a clip, that of each shard, and the bytes that travelled for a clip. Clips that last over a minute are
//! asked as timelines too. All runs in one thread, way after way for each clip, so that a busy machine harms all alike.
use std::{cell::RefCell, path::PathBuf, process::ExitCode};

use refrain::{
    Answer, Ask, Audio, Index, QueryOptions, Result, Shard, Status, Timeline, TimelineOptions, Waiting,
    report,
};

/// The CPU time of this thread, in seconds.
#[cfg(unix)]
fn cpu() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

/// The time of the clock, where threads have none of their own.
#[cfg(not(unix))]
fn cpu() -> f64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0.0, |time| time.as_secs_f64())
}

/// The other shards, and what they did.
struct Counting<'s> {
    shards: &'s [Shard],
    /// The CPU of each shard's replies.
    cpu: RefCell<Vec<f64>>,
    bytes: RefCell<u64>,
    rounds: RefCell<u64>,
}

struct Sent<'c, 's>(&'c Counting<'s>, Vec<(usize, Vec<u8>)>);

impl Ask for Counting<'_> {
    fn send(&self, requests: Vec<(usize, Vec<u8>)>) -> std::result::Result<Box<dyn Waiting + '_>, String> {
        *self.rounds.borrow_mut() += 1;
        Ok(Box::new(Sent(self, requests)))
    }
}

impl Waiting for Sent<'_, '_> {
    fn replies(self: Box<Self>) -> std::result::Result<Vec<Vec<u8>>, String> {
        let Self(counting, requests) = *self;
        let reply = |(shard, request): (usize, Vec<u8>)| {
            let began = cpu();
            let reply = counting.shards[shard].reply(&request).map_err(|error| error.to_string())?;
            counting.cpu.borrow_mut()[shard] += cpu() - began;
            *counting.bytes.borrow_mut() += (request.len() + reply.len()) as u64;
            Ok(reply)
        };
        requests.into_iter().map(reply).collect()
    }
}

fn plain(mut answer: Answer) -> String {
    for found in &mut answer.matches {
        (found.id, found.shard) = (Default::default(), None);
    }
    report::json("clip".as_ref(), &Ok(answer))
}

fn plain_timeline(mut timeline: Timeline) -> String {
    timeline.plays.iter_mut().for_each(|play| (play.id, play.shard) = (Default::default(), None));
    report::json("clip".as_ref(), &Ok(timeline))
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let files: Vec<PathBuf> = args.iter().take_while(|arg| *arg != "--").map(PathBuf::from).collect();
    let clips: Vec<PathBuf> = args.iter().skip(files.len() + 1).map(PathBuf::from).collect();
    if files.len() < 3 || files[0].as_os_str() != "--one" || clips.is_empty() {
        eprintln!("usage: shard_queries --one FILE SHARD... -- CLIP...");
        return ExitCode::from(2);
    }
    match run(&files[1], &files[2..], &clips) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn run(one: &PathBuf, files: &[PathBuf], clips: &[PathBuf]) -> Result<()> {
    let one = Index::open(one)?;
    let all = Index::open_all(files)?;
    let shards = files.iter().map(Shard::open).collect::<Result<Vec<_>>>()?;
    let facts = shards.iter().map(Shard::facts).collect::<Result<Vec<_>>>()?;
    shards.iter().enumerate().try_for_each(|(me, shard)| shard.know(&facts, me))?;
    let options = QueryOptions::default();
    let counting = Counting {
        shards: &shards,
        cpu: RefCell::new(vec![0.0; shards.len()]),
        bytes: RefCell::default(),
        rounds: RefCell::default(),
    };
    // Loads the centroids, which a process does once.
    let silence = || Audio::file(&clips[0]);
    one.query(silence())?;
    all.query(silence())?;
    shards.iter().try_for_each(|shard| shard.query(silence(), &options, &counting, &[]).map(drop))?;
    counting.cpu.borrow_mut().fill(0.0);
    (*counting.bytes.borrow_mut(), *counting.rounds.borrow_mut()) = (0, 0);

    let (mut same, mut matched, mut timelines, mut most, mut travelled, mut rounds) = (0, 0, 0, 0, 0, 0);
    let (mut cpu_one, mut cpu_all, mut cpu_sharded) = (0.0, 0.0, 0.0);
    let (mut homes, mut replies) = (vec![0.0; shards.len()], vec![0.0; shards.len()]);
    let mut different = Vec::new();
    for (n, clip) in clips.iter().enumerate() {
        let began = cpu();
        let expected = one.query(clip.as_path())?;
        cpu_one += cpu() - began;
        matched += usize::from(expected.status == Status::Match);
        let is_long = expected.duration.0 > 60.0;
        let expected = plain(expected);

        let began = cpu();
        let several = plain(all.query(clip.as_path())?);
        cpu_all += cpu() - began;

        let home = n % shards.len();
        let others = counting.cpu.borrow().iter().sum::<f64>();
        (*counting.bytes.borrow_mut(), *counting.rounds.borrow_mut()) = (0, 0);
        let replied: Vec<f64> = counting.cpu.borrow().clone();
        let began = cpu();
        let sharded = plain(shards[home].query(clip.as_path(), &options, &counting, &[])?);
        let whole = cpu() - began;
        cpu_sharded += whole;
        homes[home] += whole - (counting.cpu.borrow().iter().sum::<f64>() - others);
        let bytes = *counting.bytes.borrow();
        (most, travelled, rounds) = (most.max(bytes), travelled + bytes, rounds + *counting.rounds.borrow());
        for (total, (now, before)) in replies.iter_mut().zip(counting.cpu.borrow().iter().zip(&replied)) {
            *total += now - before;
        }

        let mut is_same = several == expected && sharded == expected;
        if is_long {
            timelines += 1;
            let expected = plain_timeline(one.timeline(clip.as_path())?);
            let options = TimelineOptions::default();
            let told = shards[home].timeline(clip.as_path(), &options, &counting, &[], |_| {})?;
            is_same &= plain_timeline(told) == expected;
            is_same &= plain_timeline(all.timeline(clip.as_path())?) == expected;
        }
        same += usize::from(is_same);
        if !is_same {
            different.push(clip.display().to_string());
        }
    }
    let count = clips.len() as f64;
    let ms = |seconds: f64| (seconds / count * 1e6).round() / 1e3;
    let of_shard: Vec<f64> = homes.iter().zip(replies.iter()).map(|(home, reply)| ms(home + reply)).collect();
    println!(
        "{}",
        serde_json::json!({
            "clips": clips.len(), "same": same, "matched": matched, "timelines": timelines, "different": different,
            "cpu_ms": {"one": ms(cpu_one), "several": ms(cpu_all), "sharded": ms(cpu_sharded), "shards": of_shard},
            "several_over_one": cpu_all / cpu_one,
            "most_of_a_shard_over_one": of_shard.iter().copied().fold(0.0, f64::max) / ms(cpu_one),
            "kilobytes": {"mean": travelled as f64 / count / 1e3, "most": most as f64 / 1e3},
            "rounds": rounds as f64 / count,
        })
    );
    Ok(())
}
