//! Like throughput.c, for the Rust library itself: `cargo run --release -p refrain-c --example throughput -- INDEX CLIP THREADS
//! SECONDS`. The difference is the cost of the C interface.
use std::{
    env, fs, process, thread,
    time::{Duration, Instant},
};

use refrain::{Audio, Index, Status};

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let [index, clip, threads, seconds] = &args[..] else {
        eprintln!("usage: throughput INDEX CLIP THREADS SECONDS");
        process::exit(2);
    };
    let (index, bytes) = (Index::open(index).expect("an index"), fs::read(clip).expect("a clip"));
    let threads: usize = threads.parse().expect("a number of threads");
    let seconds = Duration::from_secs_f64(seconds.parse().expect("seconds"));
    let ask = |until: Instant| {
        let mut answered = 0;
        while Instant::now() < until {
            let answer = index.query(Audio::reader(&bytes[..]));
            assert_eq!(answer.expect("an answer").status, Status::Match);
            answered += 1;
        }
        answered
    };
    let measure = |threads: usize| {
        let begun = Instant::now();
        let answered: u32 = thread::scope(|scope| {
            let all: Vec<_> = (0..threads).map(|_| scope.spawn(|| ask(begun + seconds))).collect();
            all.into_iter().map(|thread| thread.join().expect("it ends")).sum()
        });
        f64::from(answered) / begun.elapsed().as_secs_f64()
    };
    println!("{:>9} {:>9} {:>7}", "1 thread", "threads", "ratio");
    let mut ratios: Vec<f64> = Vec::new();
    for _ in 0..5 {
        let (one, many) = (measure(1), measure(threads));
        println!("{one:7.1}/s {many:7.1}/s {:7.2}", many / one);
        ratios.push(many / one);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "{threads} threads bring {:.2} times as much as one (median of 5; best {:.2})",
        ratios[2], ratios[4]
    );
}
