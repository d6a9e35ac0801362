//! Measures what tells a recording from another rendering of the same notes, for `eval/fit_renderings.py`.
//!
//! `rendering_traits < PLACES` reads lines of a clip, a track, query_start, query_end, ref_start, tempo and pitch, as
//! `refrain query --json` tells them, with tabs between them. Writes a line for each: the pairs of frames and the
//! traits, in the order of `NAMES` there.
use std::{io::BufRead, path::Path};

use anyhow::Context;
use refrain::{
    CancelToken,
    align::{Comparison, Line, Reference, Traits},
    decode::Decoder,
    extract::chunks::{Chunk, chunks},
    params::CURRENT,
};

/// A whole file as one chunk.
fn read(file: &Path) -> anyhow::Result<Chunk> {
    let mut whole = Chunk::default();
    chunks(&mut Decoder::open(file)?, &CURRENT, usize::MAX / 1000, &CancelToken::new(), |chunk| {
        whole.chroma.extend_from_slice(&chunk.chroma);
        whole.magnitudes.extend_from_slice(&chunk.magnitudes);
        Ok(())
    })?;
    Ok(whole)
}

fn main() -> anyhow::Result<()> {
    let values = CURRENT.frame_values();
    let half = CURRENT.half_frame_seconds().0;
    let middle = CURRENT.frame_length as f64 / f64::from(CURRENT.sample_rate.0) / 2.0;
    let mut last: Option<(String, Reference)> = None;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let [clip, track, numbers @ ..] = &line.split('\t').collect::<Vec<_>>()[..] else {
            anyhow::bail!("not a place: {line}")
        };
        let numbers: Vec<f64> = numbers.iter().map(|n| n.parse()).collect::<Result<_, _>>()?;
        let [start, end, in_track, tempo, pitch] = numbers[..] else { anyhow::bail!("not a place: {line}") };
        // Neighbouring lines often have the same track.
        let reference = match last.take() {
            Some((path, reference)) if path == *track => reference,
            _ => {
                let chroma = read(Path::new(track)).with_context(|| (*track).to_owned())?.chroma;
                let frames = chroma.chunks_exact(values).step_by(2).flatten().copied().collect();
                Reference { first: 0, frames }
            }
        };
        let clip = read(Path::new(clip)).with_context(|| (*clip).to_owned())?;
        let bins = (pitch * CURRENT.bins_per_semitone() as f64).round() as i32;
        let heard = if bins == 0 { clip.chroma.clone() } else { clip.transposed(&CURRENT, bins) };
        let from = (start / half).round() as usize;
        let to = (((end - 2.0 * middle) / half).round() as usize + 1).min(heard.len() / values).max(from);
        let line = Line { at: (start - middle) / half, in_track: (in_track - middle) / half, tempo };
        let comparison = Comparison::new(&heard, &reference, values, &line, from..to);
        let line = comparison.climb(line, false);
        let (margin, bins) = (CURRENT.query_margin, CURRENT.bins(CURRENT.query_margin));
        let rows = clip.magnitudes.chunks_exact(bins).skip(from).take(to - from).step_by(2);
        let magnitudes = rows.flat_map(|row| row[margin..bins - margin].iter().copied()).collect();
        let heard = (magnitudes, bins - 2 * margin);
        let traits = Traits::new(&comparison.on(&line), comparison.stored(), values, heard);
        let Traits {
            similarity,
            timbre,
            timbre_of_track,
            unevenness,
            contrast,
            echo,
            extra,
            overtones,
            rises,
            ..
        } = traits;
        let pairs = (to - from).div_ceil(2);
        println!(
            "{pairs}\t{similarity}\t{timbre}\t{timbre_of_track}\t{unevenness}\t{contrast}\t{echo}\t{extra}\t\
             {overtones}\t{rises}"
        );
        last = Some(((*track).to_owned(), reference));
    }
    Ok(())
}
