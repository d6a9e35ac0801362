//! Measures how pairs of tracks of an index agree, for the limits in `src/duplicates/relation.rs`.
//!
//! `track_pairs INDEX` writes a line for each pair of tracks with near windows: both paths, the weight of their near windows,
//! each stretch: frames of the first track, offset, tempo, semitones, wander, balance; and the measures of
//! `duplicates::Measures`, with the missing parts as head, tail, inner, covered of either track.
use std::{path::Path, time::Instant};

use rayon::prelude::*;
use refrain::{
    CancelToken,
    duplicates::{Sound, agreement, candidates, measured, relation},
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
                    serde_json::json!([s.one.start, s.one.end, s.offset, s.tempo, s.semitones, s.wander.frames, s.balance])
                })
                .collect();
            let m = measured(one, two, &agreement).unwrap_or_default();
            let missing = m.missing.map(|m| [m.head, m.tail, m.inner, m.covered]);
            serde_json::json!({
                "one": tracks[&pair.one], "two": tracks[&pair.two],
                "weight": pair.seeds.iter().map(|seed| seed.weight).sum::<f32>(), "stretches": stretches,
                "similarity": m.similarity, "wander": m.wander.frames, "beyond": m.wander.beyond_noise, "relation": relation(&m), "balance": m.balance, "loudness": m.loudness.map(|l| [l.octaves, l.times]), "tempo": m.tempo,
                "perfect": m.perfect, "dip": m.dip, "missing": missing,
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
