//! A quick look at a pair of tracks with few near windows: whether they agree around them, or share a sound of some seconds.
use rayon::prelude::*;

use super::{
    seed::{Pair, Seed},
    sound::Sound,
};
use crate::{
    cancel::CancelToken,
    error::Result,
    store::{Store, TrackId},
};

/// How many seeds of a pair are looked at.
const SEEDS: usize = 6;

/// Places to either side of a seed, and the frames from one to the next: half a minute, every six seconds.
const PLACES: i32 = 6;
const STEP: f64 = 32.0;

/// Frames that are compared at a place, to either side of it.
const AROUND: i64 = 8;

/// The least similarity of two places that agree, and the share of all places that must.
const MIN_SIMILARITY: f32 = 0.4;
const MIN_AGREEING: f64 = 0.5;

/// Pairs whose sound is read in one go. Bounds the memory.
const TOGETHER: usize = 256;

/// Of these pairs, those that agree around their near windows.
///
/// # Errors
/// Those of [`Sound::read`]; [`Error::Interrupted`](crate::error::Error::Interrupted).
pub(super) fn agreeing(store: &Store, pairs: Vec<Pair>, cancel: &CancelToken) -> Result<Vec<Pair>> {
    let mut left = Vec::new();
    let mut first: Option<(TrackId, Sound)> = None;
    let mut pairs = pairs.into_iter().peekable();
    while pairs.peek().is_some() {
        let some: Vec<Pair> = pairs.by_ref().take(TOGETHER).collect();
        let mut ones = Vec::new();
        let mut twos = Vec::new();
        for pair in &some {
            cancel.check()?;
            if first.as_ref().is_none_or(|(track, _)| *track != pair.one) {
                ones.extend(first.take());
                first = Some((pair.one, Sound::read(store, pair.one)?));
            }
            twos.push(Sound::read(store, pair.two)?);
        }
        ones.extend(first.take());
        let agrees = |(pair, two): &(&Pair, &Sound)| {
            cancel.check()?;
            let one = ones.binary_search_by_key(&pair.one, |(track, _)| *track);
            let any =
                |n: usize| pair.seeds.iter().take(SEEDS).any(|seed| agree_around(&ones[n].1, two, seed));
            Ok(one.is_ok_and(any))
        };
        let of_both: Vec<(&Pair, &Sound)> = some.iter().zip(&twos).collect();
        let agree: Vec<bool> = of_both.par_iter().map(agrees).collect::<Result<_>>()?;
        left.extend(some.into_iter().zip(agree).filter(|(_, agree)| *agree).map(|(pair, _)| pair));
    }
    Ok(left)
}

/// Whether two tracks agree at half of the places around a seed.
fn agree_around(one: &Sound, two: &Sound, seed: &Seed) -> bool {
    let tempo = (f64::from(-seed.semitones) / 12.0).exp2();
    let (mut places, mut agreeing) = (0u32, 0u32);
    for n in -PLACES..=PLACES {
        let at = f64::from(n) * STEP;
        // A window is as long as 16 frames; its middle is compared.
        let (a, b) = (f64::from(seed.one) + 8.0 + at, f64::from(seed.two) + 8.0 + at * tempo);
        let inside = |at: f64, sound: &Sound| at >= AROUND as f64 && at < (sound.count() - AROUND) as f64;
        if !inside(a, one) || !inside(b, two) {
            continue;
        }
        if let Some(similarity) = similarity(one, two, a, b, tempo, seed.semitones) {
            places += 1;
            agreeing += u32::from(similarity >= MIN_SIMILARITY);
        }
    }
    f64::from(agreeing) >= MIN_AGREEING * f64::from(places)
}

/// The cosine of the frames around two places. Nothing if both are silent.
fn similarity(one: &Sound, two: &Sound, a: f64, b: f64, tempo: f64, semitones: i8) -> Option<f32> {
    let values = one.values();
    let a = a.round() as i64;
    let first = one.frames(a - AROUND..a + AROUND + 1);
    let room = (AROUND as f64 * tempo).ceil() as i64 + 1;
    let b = b.round() as i64;
    let second = two.frames(b - room..b + room + 1);
    let mut sums = [0.0f32; 3];
    for (n, x) in (-AROUND..=AROUND).zip(first.frames.chunks_exact(values)) {
        let at = b + (n as f64 * tempo).round() as i64 - i64::from(second.first);
        let Some(y) = usize::try_from(at).ok().and_then(|at| second.frames.chunks_exact(values).nth(at))
        else {
            continue;
        };
        for (i, x) in (0..).zip(x) {
            let y =
                usize::try_from(i + i32::from(semitones)).ok().and_then(|i| y.get(i)).copied().unwrap_or(0.0);
            sums[0] += x * y;
            sums[1] += x * x;
            sums[2] += y * y;
        }
    }
    (sums[1] + sums[2] > 0.0).then(|| sums[0] / (sums[1] * sums[2]).sqrt().max(1e-6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duplicates::fixture::{Music, higher, seed, sound};

    #[test]
    fn tracks_that_agree_along_a_line_agree_and_those_that_share_seconds_do_not() {
        let one = Music(1).frames(0.0, 1.0, 600);
        let later = sound(&Music(1).frames(50.4, 1.0, 500));
        let whole = sound(&one);
        assert!(agree_around(&whole, &later, &seed(200, 150)));
        assert!(agree_around(&whole, &later, &seed(50, 0)), "at the start");
        assert!(!agree_around(&whole, &later, &seed(200, 120)), "at another distance");
        let raised = sound(&higher(&Music(1).frames(0.0, (1.0f64 / 12.0).exp2(), 500)));
        let place = (200.0 / (1.0f64 / 12.0).exp2()) as u32;
        assert!(agree_around(&whole, &raised, &Seed { semitones: 1, ..seed(200, place) }));
        assert!(!agree_around(&whole, &raised, &seed(200, place)));
        // Eight seconds in common, in the middle of other music.
        let mut other = Music(2).frames(0.0, 1.0, 600);
        other[280..323].copy_from_slice(&one[280..323]);
        assert!(!agree_around(&whole, &sound(&other), &seed(290, 290)));
        other[200..400].copy_from_slice(&one[200..400]);
        assert!(agree_around(&whole, &sound(&other), &seed(290, 290)));
    }
}
