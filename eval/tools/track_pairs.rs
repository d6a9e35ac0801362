//! Measures how pairs of tracks of an index agree, for the limits in `src/duplicates/relation.rs`.
//!
//! `track_pairs INDEX` writes a line for each pair of tracks with near windows: both paths, how many windows are near, and
//! each stretch: frames of the first track, offset, tempo, semitones, similarities (mean, tenth percentile), how unsteady it
//! is, and the longest run that does not agree.
use std::{path::Path, time::Instant};

use rayon::prelude::*;
use refrain::{
    CancelToken,
    duplicates::{Sound, agreement, candidates},
    store::Store,
};

fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_default();
    let store = Store::open_read(Path::new(&path))?;
    let start = Instant::now();
    let pairs = candidates(&store, &CancelToken::new())?;
    eprintln!("{} pairs after {:.2?}", pairs.len(), start.elapsed());
    let mut tracks = std::collections::BTreeMap::new();
    store.tracks(|track| {
        tracks.insert(track.id, track.record.path);
        Ok(())
    })?;
    let sounds: std::collections::BTreeMap<_, _> =
        tracks.keys().map(|&id| Ok((id, Sound::read(&store, id)?))).collect::<refrain::Result<_>>()?;
    let lines: Vec<String> = pairs
        .par_iter()
        .map(|pair| {
            let (one, two) = (&sounds[&pair.one], &sounds[&pair.two]);
            let agreement = agreement(one, two, &pair.seeds);
            let stretches: Vec<_> = agreement
                .stretches
                .iter()
                .map(|s| {
                    let mut sims: Vec<f32> = s.similarity.iter().copied().filter(|s| !s.is_nan()).collect();
                    let mean = sims.iter().sum::<f32>() / sims.len().max(1) as f32;
                    let (mut run, mut longest) = (0, 0);
                    for s in &s.similarity {
                        run = if *s < 0.5 { run + 1 } else { 0 };
                        longest = longest.max(run);
                    }
                    sims.sort_by(f32::total_cmp);
                    let low = sims.get(sims.len() / 10).copied().unwrap_or(0.0);
                    serde_json::json!([s.one.start, s.one.end, s.offset, s.tempo, s.semitones, mean, low, s.unsteady, longest, s.balance])
                })
                .collect();
            serde_json::json!({
                "one": tracks[&pair.one], "two": tracks[&pair.two], "windows": pair.seeds.iter().map(|s| s.weight).sum::<f32>(),
                "sounding": [one.sounding().start, one.sounding().end, two.sounding().start, two.sounding().end],
                "dot": pair.seeds[0].weight, "stretches": stretches,
            })
            .to_string()
        })
        .collect();
    eprintln!("aligned after {:.2?}", start.elapsed());
    for line in lines {
        println!("{line}");
    }
    Ok(())
}
