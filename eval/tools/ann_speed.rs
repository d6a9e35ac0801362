//! Fills an index with made-up windows and measures its size, building and searching. CPU times are those of the
//! process.
//!
//! `cargo run --release --features unstable --example ann_speed -- FILE TRACKS DIMS [cold]`; `cold` runs one search only,
//! for a file that was just dropped from the system's cache.
use std::time::Instant;

use refrain::CancelToken;
use refrain::{
    ann::{self, Options, Route, Searcher},
    fingerprint::Fingerprint,
    params,
    store::{Store, TrackRecord},
    units::Seconds,
};

/// CPU milliseconds of this process, from the kernel's counters.
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e6
}

/// A linear congruential generator. It is written out here so that figures of different versions are about the same windows.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }

    /// A roughly normal number.
    fn normal(&mut self) -> f32 {
        (0..4).map(|_| self.unit()).sum::<f32>() - 2.0
    }
}

fn quantised(v: &[f32]) -> impl Iterator<Item = i8> {
    let length = v.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-9);
    v.iter().map(move |x| (x / length * 254.0).round().clamp(-127.0, 127.0) as i8)
}

/// Windows of a track: a walk between a few of the library's themes, so that neighbours in time are similar. Later
/// values spread less than the first ones, as after a principal component analysis.
fn track(random: &mut Random, dims: usize, windows: usize, themes: &[f32]) -> Vec<i8> {
    let spread: Vec<f32> = (0..dims).map(|d| 1.0 / (1.0 + d as f32 / 12.0)).collect();
    let n = themes.len() / dims;
    let mut out = Vec::with_capacity(windows * dims);
    let mut state = vec![0.0f32; dims];
    for w in 0..windows {
        if w % 9 == 0 {
            let theme = &themes[(random.unit() * n as f32) as usize % n * dims..][..dims];
            for d in 0..dims {
                state[d] = theme[d] + 0.9 * random.normal() * spread[d];
            }
        }
        for d in 0..dims {
            state[d] = 0.8 * state[d] + 0.6 * random.normal() * spread[d];
        }
        out.extend(quantised(&state));
    }
    out
}

fn main() -> refrain::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let (file, tracks, dims) =
        (&args[1], args[2].parse::<u32>().expect("TRACKS"), args[3].parse().expect("DIMS"));
    let mut params = params::CURRENT;
    params.window_dims = dims;
    let mut random = Random(7);
    let windows = 283;
    let frames = 1130;
    let themes: Vec<f32> = {
        let spread = |i: usize| 1.0 / (1.0 + (i % dims) as f32 / 12.0);
        (0..4000 * dims).map(|i| 1.6 * random.normal() * spread(i)).collect()
    };
    let (mut queries, mut wall) = (Vec::new(), Instant::now());
    if !std::path::Path::new(file).exists() {
        let mut store = Store::open_write_with(file, &params)?;
        for first in (0..tracks).step_by(100) {
            store.write(|batch| {
                for t in first..(first + 100).min(tracks) {
                    let fingerprint = Fingerprint {
                        frames: (0..frames * params.frame_bytes())
                            .map(|_| (random.unit() * 256.0) as u8)
                            .collect(),
                        positions: (0..windows).map(|w| 4 * w).collect(),
                        windows: track(&mut random, dims, windows as usize, &themes),
                        ..Fingerprint::default()
                    };
                    let mut record = TrackRecord::new(format!("/music/artist/album/{t:06} some name.flac"));
                    record.duration = Seconds(210.0);
                    batch.add_track(&record, &fingerprint)?;
                }
                Ok(())
            })?;
        }
        store.close()?;
        println!("filled: {:.1} s wall", wall.elapsed().as_secs_f64());
    }
    let report = |store: &Store, what: &str| -> refrain::Result<()> {
        let t = store.totals()?;
        let hours = t.frames as f64 * 2048.0 / 11025.0 / 3600.0;
        println!(
            "{what}: {} windows, {:.1} h, {:.1} MB, {:.3} MB/h",
            t.windows,
            hours,
            t.bytes as f64 / 1e6,
            t.bytes as f64 / 1e6 / hours
        );
        Ok(())
    };
    let mut cpu = cpu_ms();
    let mut store = Store::open_write_with(file, &params)?;
    report(&store, "before")?;
    wall = Instant::now();
    let built = ann::maintain(&mut store, &Options::default().min_windows(1), &CancelToken::new())?;
    println!(
        "{built:?}: {:.1} s wall, {:.1} s main thread",
        wall.elapsed().as_secs_f64(),
        (cpu_ms() - cpu) / 1e3
    );
    store.close()?;

    let store = Store::open_read_with(file, &params)?;
    report(&store, "after")?;
    // 75 windows of clips: stored windows, blurred.
    let total = store.totals()?.tracks as u32;
    let id = refrain::store::TrackId(total / 2);
    let mut clip = Vec::new();
    store.windows(id..=id, |_, block| {
        clip.extend_from_slice(block.vectors());
        Ok(())
    })?;
    for v in clip.chunks_exact(dims).take(75) {
        let blurred: Vec<f32> = v.iter().map(|&x| f32::from(x) + 14.0 * random.normal()).collect();
        queries.extend(quantised(&blurred));
    }
    if args.get(4).is_some_and(|arg| arg == "cold") {
        (wall, cpu) = (Instant::now(), cpu_ms());
        Searcher::new(&store).nearest(&queries, 20)?;
        println!("cold: {:.1} ms CPU, {:.1} ms wall", cpu_ms() - cpu, wall.elapsed().as_secs_f64() * 1e3);
        return Ok(());
    }
    let mut exact = Vec::new();
    for _ in 0..3 {
        cpu = cpu_ms();
        exact = ann::nearest_exact(&store, &queries, 20)?;
        println!("exact: {:.1} ms CPU", cpu_ms() - cpu);
    }
    for route in [Route::Flat, Route::Graph] {
        for probes in [16, 32, 48, 64, 96] {
            cpu = cpu_ms();
            let mut searcher = Searcher::new(&store).nprobe(probes).route(route);
            let found = searcher.nearest(&queries, 20)?;
            let first = cpu_ms() - cpu;
            cpu = cpu_ms();
            searcher.nearest(&queries, 20)?;
            let second = cpu_ms() - cpu;
            let same: usize =
                exact.iter().zip(&found).map(|(e, f)| e.iter().filter(|h| f.contains(h)).count()).sum();
            let nearest = exact.iter().zip(&found).filter(|(e, f)| e.first() == f.first()).count();
            let recall = same as f64 / exact.iter().map(Vec::len).sum::<usize>() as f64;
            println!(
                "{route:?} {probes} lists: first {first:.1}, again {second:.1} ms CPU, recall@20 {recall:.3}, the nearest one {nearest} of {}",
                exact.len()
            );
        }
    }
    Ok(())
}
