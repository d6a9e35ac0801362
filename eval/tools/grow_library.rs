//! Grows a large library from the fingerprints of a small one, without audio, to measure searching in it.
//!
//! `cargo run --release --features unstable --example grow_library -- FROM TO TRACKS [--without] [--seed N] [--sources
//! INDEX]` writes an index of TRACKS tracks to TO: the tracks of FROM (unless `--without`), and new ones. The same
//! arguments give the same tracks. With `--sources`, the new ones are made of the tracks of INDEX that last a minute or
//! more.
//!
//! A new track is a sequence of excerpts of real ones, 4 to 25 s each, in chroma: moved by 11 to 23 semitones (the 60
//! values are rolled), stretched, every second one mixed with an excerpt of another track or with its upper octaves
//! replaced by those of another track, with a little noise. Moved so far, an excerpt is outside of what a query tries,
//! 6 semitones and the clip's own transposition, and so is as strange to a clip of its source as other music is. The tool prints how near windows of real tracks
//! come to other real tracks and to as many grown ones: the two should agree.
use std::collections::BTreeMap;

use rayon::prelude::*;
use refrain::CancelToken;
use refrain::{
    ann::{self, Options},
    fingerprint::{Fingerprint, Fingerprinter, FrameCode, sections_of},
    params::ParameterSet,
    store::{Store, TrackId, TrackRecord},
    units::{Frames, Seconds},
};

/// Tracks that are made at a time and written in one transaction.
const BATCH: usize = 64;

/// Splitmix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014. It is written out here because
/// recorded results name a library by its seed: the same seed must give the same tracks for good.
struct Random(u64);

impl Random {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to 1.
    fn unit(&mut self) -> f32 {
        (self.word() >> 40) as f32 / (1u64 << 24) as f32
    }

    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    fn below(&mut self, n: usize) -> usize {
        (self.word() % n as u64) as usize
    }

    /// A roughly normal number of variance 1.
    fn normal(&mut self) -> f32 {
        ((0..4).map(|_| self.unit()).sum::<f32>() - 2.0) * 3f32.sqrt()
    }
}

/// The chroma of a real track, frame after frame.
struct Source {
    chroma: Vec<f32>,
}

impl Source {
    fn frames(&self, params: &ParameterSet) -> usize {
        self.chroma.len() / params.frame_values()
    }
}

/// An excerpt and how to read it: from frame `at` on, `tempo` frames a frame, moved up by `shift` values.
struct Excerpt<'a> {
    source: &'a Source,
    at: f32,
    tempo: f32,
    shift: usize,
}

impl<'a> Excerpt<'a> {
    /// One of about `frames` frames of any of the sources.
    fn draw(random: &mut Random, sources: &'a [Source], frames: usize, params: &ParameterSet) -> Self {
        let source = &sources[random.below(sources.len())];
        let tempo = random.between(0.8, 1.25);
        let room = source.frames(params) as f32 - 1.0 - frames as f32 * tempo;
        let shift = 11 + random.below(13);
        let values = params.frame_values();
        let shift = if random.unit() < 0.5 { shift } else { values - shift };
        Self { source, at: random.unit() * room.max(0.0), tempo, shift }
    }

    /// Frame `n`, in between two of the source's; what would be past its end begins again.
    fn frame(&self, n: usize, params: &ParameterSet, out: &mut [f32]) {
        let (values, frames) = (params.frame_values(), self.source.frames(params));
        let at = self.at + n as f32 * self.tempo;
        let share = at.fract();
        let row = |n: usize| &self.source.chroma[n % frames * values..][..values];
        let (before, after) = (row(at as usize), row(at as usize + 1));
        for v in 0..values {
            out[(v + self.shift) % values] = before[v] + share * (after[v] - before[v]);
        }
    }
}

fn norm(frame: &[f32]) -> f32 {
    frame.iter().map(|v| v * v).sum::<f32>().sqrt()
}

/// The fingerprint of the `number`-th new track.
fn grown(number: u64, seed: u64, sources: &[Source], params: &ParameterSet) -> Fingerprint {
    let mut random = Random(seed ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93));
    let second = 1.0 / params.frame_seconds().0 as f32;
    // Two to five minutes, mostly near three and a half.
    let length = ((120.0 + 90.0 * (random.unit() + random.unit())) * second) as usize;
    let mut fingerprinter = Fingerprinter::new(params);
    let values = params.frame_values();
    let (mut frame, mut other) = (vec![0.0; values], vec![0.0; values]);
    let mut done = 0;
    while done < length {
        let frames = ((random.between(4.0, 25.0) * second) as usize).min(length - done);
        let one = Excerpt::draw(&mut random, sources, frames, params);
        let two = Excerpt::draw(&mut random, sources, frames, params);
        let mixture = random.below(4);
        let (weight, split) = (random.between(0.3, 1.0), 12 * (1 + random.below(params.octaves - 1)));
        let noise = random.between(0.005, 0.02);
        for n in 0..frames {
            one.frame(n, params, &mut frame);
            let mut loudness = norm(&frame);
            if mixture > 1 {
                two.frame(n, params, &mut other);
                loudness = loudness.max(norm(&other));
                if mixture == 2 {
                    frame.iter_mut().zip(&other).for_each(|(v, o)| *v += weight * o);
                } else {
                    frame[split..].copy_from_slice(&other[split..]);
                }
            }
            frame.iter_mut().for_each(|v| *v += noise * random.normal());
            // As loud as its sources: a frame of chroma has a norm of 1, or less if little changes.
            let scale = loudness / norm(&frame).max(1e-6);
            frame.iter_mut().for_each(|v| *v *= scale);
            fingerprinter.push(&frame);
        }
        done += frames;
    }
    fingerprinter.finish()
}

/// The best cosine of each query to any window of `tracks`, except its own.
fn nearest(
    store: &Store,
    queries: &[(TrackId, Vec<i8>)],
    tracks: std::ops::RangeInclusive<TrackId>,
    most: usize,
) -> refrain::Result<Vec<f32>> {
    let (dims, projection) = (store.params().window_dims, store.params().projection);
    let (mut blocks, mut count) = (Vec::new(), 0);
    store.windows(tracks, |track, block| {
        if count < most {
            blocks.push((track, block.vectors().to_vec()));
            count += block.len();
        }
        Ok(())
    })?;
    let mut best: Vec<f32> = queries
        .par_iter()
        .map(|(own, query)| {
            let of_others = blocks.iter().filter(|(track, _)| track != own);
            let dots = of_others.flat_map(|(_, vectors)| vectors.chunks_exact(dims)).map(|vector| {
                query.iter().zip(vector).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum::<i32>()
            });
            projection.cosine(dots.max().unwrap_or(0))
        })
        .collect();
    best.sort_by(f32::total_cmp);
    Ok(best)
}

fn main() -> anyhow::Result<()> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let without = args.iter().position(|a| a == "--without").map(|at| args.remove(at)).is_some();
    let seed = match args.iter().position(|a| a == "--seed") {
        Some(at) => args.drain(at..at + 2).nth(1).unwrap_or_default().parse()?,
        None => 1,
    };
    let elsewhere = match args.iter().position(|a| a == "--sources") {
        Some(at) => args.drain(at..at + 2).nth(1),
        None => None,
    };
    let [from, to, tracks] = &args[..] else {
        anyhow::bail!("usage: grow_library FROM TO TRACKS [--without] [--seed N] [--sources INDEX]")
    };
    let tracks: usize = tracks.parse()?;
    anyhow::ensure!(!std::path::Path::new(to).exists(), "{to} is there already");
    let from = Store::open_read(from)?;
    let params = *from.params();
    let (mut records, mut windows) = (Vec::new(), BTreeMap::<TrackId, (Vec<u32>, Vec<i8>)>::new());
    from.tracks(|track| {
        records.push(track);
        Ok(())
    })?;
    from.windows(Store::ALL_TRACKS, |track, block| {
        let (positions, vectors) = windows.entry(track).or_default();
        positions.extend((0..block.len()).map(|i| block.position(i)));
        vectors.extend_from_slice(block.vectors());
        Ok(())
    })?;
    let mut originals = Vec::new();
    let mut sources = Vec::new();
    for track in &records {
        let mut frames = Vec::new();
        from.frames(track.id, Frames(0)..Frames(track.frames), &mut frames)?;
        let mut chroma = vec![0.0; 2 * frames.len()];
        FrameCode::new(&params).unpack(&frames, &mut chroma);
        sources.push(Source { chroma });
        let (positions, windows) = windows.remove(&track.id).unwrap_or_default();
        originals.push((
            track.record.clone(),
            Fingerprint {
                sections: sections_of(&frames, &params),
                frames,
                positions,
                windows,
                levels: from.levels(track.id)?,
            },
        ));
    }
    if let Some(elsewhere) = elsewhere {
        let minute = (60.0 / params.frame_seconds().0) as u32;
        let store = Store::open_read(elsewhere)?;
        let mut ids = Vec::new();
        store.tracks(|track| {
            ids.extend((track.frames >= minute).then_some(track.id));
            Ok(())
        })?;
        sources.clear();
        for id in ids {
            let mut frames = Vec::new();
            store.frames(id, Frames(0)..Frames(u32::MAX), &mut frames)?;
            let mut chroma = vec![0.0; 2 * frames.len()];
            FrameCode::new(&params).unpack(&frames, &mut chroma);
            sources.push(Source { chroma });
        }
    }
    sources.retain(|source| source.frames(&params) > 1);
    anyhow::ensure!(!sources.is_empty(), "nothing to grow from");
    let mut store = Store::open_write(to)?;
    if !without {
        store.write(|batch| {
            originals.iter().try_for_each(|(record, print)| batch.add_track(record, print).map(|_| ()))
        })?;
    }
    let kept = if without { 0 } else { originals.len() };
    let numbers: Vec<usize> = (kept..tracks).collect();
    for part in numbers.chunks(BATCH) {
        let prints: Vec<Fingerprint> =
            part.par_iter().map(|&n| grown(n as u64, seed, &sources, &params)).collect();
        store.write(|batch| {
            for (n, print) in part.iter().zip(&prints) {
                let mut record = TrackRecord::new(format!("/grown/{:03}/track {n:06}.flac", n / 1000));
                record.duration = Seconds(print.frame_count(&params) as f64 * params.frame_seconds().0);
                record.tags.title = Some(format!("track {n:06}"));
                batch.add_track(&record, print)?;
            }
            Ok(())
        })?;
    }
    let built = ann::maintain(&mut store, &Options::default(), &CancelToken::new())?;
    let totals = store.totals()?;
    let hours = totals.frames as f64 * params.frame_seconds().0 / 3600.0;
    println!(
        "{} tracks, {hours:.1} h, {} windows, {:.3} MB/h; {built:?}",
        totals.tracks,
        totals.windows,
        totals.bytes as f64 / 1e6 / hours
    );
    let real: usize = originals.iter().map(|(_, print)| print.positions.len()).sum();
    let mut queries = Vec::new();
    for (track, (_, print)) in records.iter().zip(&originals) {
        let spread = print.windows.chunks_exact(params.window_dims).step_by((real / 2000).max(1));
        queries.extend(spread.map(|v| (track.id, v.to_vec())));
    }
    // The originals come first in the new index. No id of a grown track may be taken for a query's.
    let first = TrackId(kept as u32 + 1);
    queries.iter_mut().for_each(|(track, _)| track.0 += u32::MAX / 2);
    let to_grown = nearest(&store, &queries, first..=TrackId(u32::MAX), real)?;
    queries.iter_mut().for_each(|(track, _)| track.0 -= u32::MAX / 2);
    let to_real = nearest(&from, &queries, Store::ALL_TRACKS, usize::MAX)?;
    for (what, best) in [("other real tracks", to_real), ("as many grown windows", to_grown)] {
        let at = |share: f64| best[((best.len() - 1) as f64 * share) as usize];
        println!(
            "best cosine of {} real windows to {what}: 5 % {:.3}, 25 % {:.3}, half {:.3}, 75 % {:.3}, 95 % {:.3}, 99 % {:.3}",
            best.len(),
            at(0.05),
            at(0.25),
            at(0.5),
            at(0.75),
            at(0.95),
            at(0.99)
        );
    }
    store.close()?;
    Ok(())
}
