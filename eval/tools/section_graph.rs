//! Would a graph over the vectors of sections find versions sooner than looking at all of them?
//!
//! `cargo run --release --features unstable --example section_graph -- INDEX HOP [QUERIES]` makes vectors of 12 s of the
//! stored tracks, one every HOP seconds, puts them into a graph (HNSW, by hnsw_rs) and prints what that takes, and for
//! several `ef` how many of the nearest 100 are found and how long a search takes in memory. It compares that with the time
//! to look at every vector. Queries are sections of 13.2 s, of other places than the vectors.
use std::time::Instant;

use hnsw_rs::{anndists::dist::Distance, hnsw::Hnsw};
use refrain::{
    fingerprint::{SECTION_DIMS, SECTION_SECONDS, Sections, Sums, melody},
    params::CURRENT,
    store::{Store, TrackId},
    units::Frames,
};

const NEAREST: usize = 100;
const CONNECTIONS: usize = 16;
const EF_CONSTRUCTION: usize = 200;
const LEVELS: usize = 16;
/// Vectors of a query that are compared with each stored one, as the program does: eight sections at six tempi.
const TOGETHER: usize = 48;

#[derive(Clone, Copy, Default)]
struct Below;

impl Distance<i8> for Below {
    fn eval(&self, a: &[i8], b: &[i8]) -> f32 {
        (128 * 128 * a.len() as i32 - dot(a, b)) as f32
    }
}

fn dot(a: &[i8], b: &[i8]) -> i32 {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { dot_avx2(a, b) };
    }
    dot_of(a, b)
}

/// # Safety
/// The processor must have AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn dot_avx2(a: &[i8], b: &[i8]) -> i32 {
    dot_of(a, b)
}

#[inline(always)]
fn dot_of(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(&x, &y)| i32::from(i16::from(x) * i16::from(y))).sum()
}

/// CPU seconds of this process.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    [11, 12].iter().filter_map(|&n| fields.get(n)?.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(index), Some(hop)) = (args.next(), args.next()) else {
        anyhow::bail!("usage: section_graph INDEX HOP [QUERIES]");
    };
    let hop: f64 = hop.parse()?;
    let wanted: usize = args.next().map_or(Ok(200), |n| n.parse())?;
    let store = Store::open_read(&index)?;
    let mut tracks: Vec<TrackId> = Vec::new();
    store.window_counts(|track, _| {
        tracks.push(track);
        Ok(())
    })?;
    let every = (tracks.len() / wanted).max(1);
    let (mut vectors, mut queries) = (Vec::new(), Vec::new());
    for (n, &track) in tracks.iter().enumerate() {
        let mut packed = Vec::new();
        store.frames(track, Frames(0)..Frames(u32::MAX), &mut packed)?;
        let sums = Sums::of(&melody(&packed, &CURRENT));
        let sections = Sections::new(&sums, &CURRENT);
        for at in 0..sections.count(SECTION_SECONDS, hop) {
            vectors.extend(sections.vector(at as f64 * hop, SECTION_SECONDS));
        }
        if n.is_multiple_of(every) && sections.count(SECTION_SECONDS * 1.1, 4.0) > 9 {
            queries.push(sections.vector(31.3, SECTION_SECONDS * 1.1));
        }
    }
    let count = vectors.len() / SECTION_DIMS;
    println!("{count} vectors, {} queries, {:.0} MB", queries.len(), resident_mb());

    let began = cpu();
    let mut best = [i32::MIN; TOGETHER];
    for vector in vectors.chunks_exact(SECTION_DIMS) {
        for (best, query) in best.iter_mut().zip(queries.iter().cycle().take(TOGETHER)) {
            *best = (*best).max(dot(query, vector));
        }
    }
    println!("looking at all with {TOGETHER} vectors: {:.2} s of CPU ({})", cpu() - began, best[0]);

    let exact: Vec<Vec<u32>> = queries
        .iter()
        .map(|query| {
            let mut all: Vec<(i32, u32)> =
                vectors.chunks_exact(SECTION_DIMS).zip(0..).map(|(v, n)| (-dot(query, v), n)).collect();
            all.select_nth_unstable(NEAREST);
            all.truncate(NEAREST);
            all.into_iter().map(|(_, n)| n).collect()
        })
        .collect();

    let (began, before) = (cpu(), resident_mb());
    let hnsw = Hnsw::<i8, Below>::new(CONNECTIONS, count, LEVELS, EF_CONSTRUCTION, Below);
    for (n, vector) in vectors.chunks_exact(SECTION_DIMS).enumerate() {
        hnsw.insert_slice((vector, n));
    }
    println!(
        "graph: {:.0} s of CPU, {:.2} ms a vector, {:.0} MB, {:.0} bytes a vector",
        cpu() - began,
        (cpu() - began) * 1e3 / count as f64,
        resident_mb() - before,
        (resident_mb() - before) * 1e6 / count as f64
    );
    for ef in [100, 200, 400, 800, 1600] {
        let began = Instant::now();
        let mut found = 0;
        for (query, exact) in queries.iter().zip(&exact) {
            let nearest = hnsw.search(query, NEAREST, ef);
            found += nearest.iter().filter(|one| exact.contains(&(one.d_id as u32))).count();
        }
        println!(
            "ef {ef}: {:.4} of the nearest {NEAREST}, {:.2} ms a search",
            found as f64 / (NEAREST * queries.len()) as f64,
            began.elapsed().as_secs_f64() * 1e3 / queries.len() as f64
        );
    }
    Ok(())
}
