//! Tells a recording from another rendering of the same notes: other instruments, another player, a cover.
//!
//! A clip of the recording itself is the recording plus something: noise, a voice, an echo, a filter. What is left of the
//! clip's chroma once the track's is taken away then has nothing to do with the track's notes. Other instruments play the
//! same notes with other overtones. Then what is left lies an octave, a twelfth, two octaves, and so on, above and below
//! the notes of the track. [`Traits::timbre`] measures that. Overtones of a note lie at these intervals because their
//! frequencies are whole multiples (Fletcher and Rossing, "The Physics of Musical Instruments", chapter 5).
mod measures;

use std::ops::{Range, RangeInclusive};

use self::measures::{SOUNDS, cosine, rises, similarity_of, without_counterpart};
use super::steadiness::{is_steady, steadiness};
use crate::params::RenderingModel;

/// Intervals between a note, its overtones, and theirs, in semitones, and how much each weighs.
const INTERVALS: [(usize, f64); 6] = [(7, 1.0), (12, 2.0), (19, 1.5), (24, 1.0), (28, 1.0), (31, 0.7)];

/// Other intervals up to three octaves show what chance reaches, except a few that overtones also have.
const CHANCE: RangeInclusive<usize> = 3..=36;
const NEARLY: [usize; 6] = [5, 9, 15, 16, 34, 36];

/// An echo comes up to so many frames later: three quarters of a second.
const ECHO: usize = 4;

/// Notes count that sound in so many frames of the track, if there are so many. A mean ratio of this or less says little.
const MIN_FRAMES: usize = 3;
const MIN_NOTES: usize = 5;
const LITTLE: f64 = 0.05;

/// How much the tempo (a ratio) and the key (semitones) must differ from the track's to be the clip's own.
const OWN_TEMPO: f64 = 0.02;
const OWN_KEY: f64 = 0.5;

/// Values in an octave.
const OCTAVE: usize = 12;

/// The values from 880 to 1,760 Hz, the fourth of the five octaves from 110 Hz on: mostly overtones.
const OVERTONES: Range<usize> = 3 * OCTAVE..4 * OCTAVE;

/// What the track has of a loud value below this share of the average is nearly nothing.
const FAINT: f64 = 0.1;

/// How what a clip has besides the track is related to the track.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traits {
    /// The cosine of the two.
    pub similarity: f64,
    /// How much more it resembles the track at the intervals of overtones than at others: about .02 for the recording itself,
    /// .1 for another rendering.
    pub timbre: f64,
    /// The same of what the track has besides the clip, compared with the clip.
    pub timbre_of_track: f64,
    /// How differently loud the clip has the notes of the track: the standard deviation of the ratio over its mean. About .15
    /// for the recording itself, .45 for another rendering.
    pub unevenness: f64,
    /// How much more it resembles the track some frames before than some frames after: about 0, .4 with a loud echo.
    pub echo: f64,
    /// How far the loud parts of the clip's spectrum stand above the quiet ones: the logarithm of the ratio. About 4 for
    /// clean music; noise fills the gaps between the tones.
    pub contrast: f64,
    /// The share of the clip's loud values that the track has nothing of: other music, a voice.
    pub extra: f64,
    /// The cosine of clip and track from 880 to 1,760 Hz, where overtones lie.
    pub overtones: f64,
    /// The cosine of how the values of clip and track rise: whether notes begin alike.
    pub rises: f64,
    /// How little the notes of the clip change: see [`steadiness`]. 0 where the chroma alone shows that they do.
    pub steadiness: f64,
}

impl Traits {
    /// Those of a clip that is the track itself.
    #[cfg(test)]
    pub const SAME: Self = Self {
        similarity: 1.0,
        timbre: 0.0,
        timbre_of_track: 0.0,
        unevenness: 0.0,
        echo: 0.0,
        contrast: 3.8,
        extra: 0.0,
        overtones: 1.0,
        rises: 1.0,
        steadiness: 0.3,
    };

    /// Compares frames of a query with the frames of the track that they meet, `values` values each. `magnitudes` are
    /// constant-Q magnitudes of the same part of the query, `bins` each; none count as clean.
    pub fn new(query: &[f32], track: &[f32], values: usize, (magnitudes, bins): (Vec<f32>, usize)) -> Self {
        let rest = rest(query, track, values);
        let sum = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
        Self {
            similarity: cosine(sum(query, track), sum(query, query), sum(track, track)),
            timbre: timbre(&rest, track, values),
            timbre_of_track: timbre(&self::rest(track, query, values), query, values),
            unevenness: unevenness(query, track, values),
            echo: echo(&rest, track, values),
            steadiness: steadiness_of(query, values, &magnitudes, bins),
            contrast: contrast(magnitudes),
            extra: without_counterpart(query, track, FAINT),
            overtones: similarity_of(query, track, values, OVERTONES),
            rises: rises(query, track, values),
        }
    }

    /// The mean of two parts that weigh `a` and `b`.
    #[must_use]
    pub fn mean(&self, a: f64, other: &Self, b: f64) -> Self {
        let mean = |x: f64, y: f64| (x * a + y * b) / (a + b);
        Self {
            similarity: mean(self.similarity, other.similarity),
            timbre: mean(self.timbre, other.timbre),
            timbre_of_track: mean(self.timbre_of_track, other.timbre_of_track),
            unevenness: mean(self.unevenness, other.unevenness),
            echo: mean(self.echo, other.echo),
            contrast: mean(self.contrast, other.contrast),
            extra: mean(self.extra, other.extra),
            overtones: mean(self.overtones, other.overtones),
            rises: mean(self.rises, other.rises),
            steadiness: mean(self.steadiness, other.steadiness),
        }
    }
}

/// The probability that clip and track are two renderings of the same notes, where they agree over `pairs` pairs of frames.
/// A short range does not say, and gives 0. `has_own_key_and_tempo`: see [`has_own_key_and_tempo`].
pub fn is_other_rendering(
    model: &RenderingModel,
    traits: &Traits,
    pairs: f64,
    has_own_key_and_tempo: bool,
) -> f64 {
    if pairs < model.min_pairs {
        return 0.0;
    }
    let [least, most] = model.timbre_range;
    let logit = model.intercept
        + model.similarity * traits.similarity
        + model.timbre * traits.timbre.clamp(least, most)
        + model.timbre_of_track * traits.timbre_of_track.clamp(least, most)
        + model.unevenness * traits.unevenness.clamp(0.0, model.most_unevenness)
        + model.contrast * traits.contrast.clamp(0.0, model.most_contrast)
        + model.echo * traits.echo.clamp(0.0, model.most_echo)
        + model.extra * traits.extra
        + model.overtones * traits.overtones
        + model.rises * traits.rises
        + if has_own_key_and_tempo { model.own_key_and_tempo } else { 0.0 };
    1.0 / (1.0 + (-logit).exp())
}

/// The chroma has its mean of 2 s taken away, so that two chords by turns are one chord and its opposite. In the magnitudes they
/// are two.
fn steadiness_of(query: &[f32], values: usize, magnitudes: &[f32], bins: usize) -> f64 {
    let of_chroma = steadiness(query, values);
    if is_steady(of_chroma) { of_chroma.min(steadiness(magnitudes, bins)) } else { 0.0 }
}

/// Whether a clip of this speed over the track's, so many semitones higher, has both a key and a tempo of its own, as a cover
/// has. A recording that is played at another speed changes both by the same ratio. Programs change only the tempo or only the
/// pitch.
pub fn has_own_key_and_tempo(tempo: f64, semitones: f64) -> bool {
    let by_speed = 12.0 * tempo.log2();
    (tempo - 1.0).abs() > OWN_TEMPO && semitones.abs() > OWN_KEY && (semitones - by_speed).abs() > OWN_KEY
}

/// What is left of the query's frames if each octave of the track's is taken away as loud as it fits best.
fn rest(query: &[f32], track: &[f32], values: usize) -> Vec<f32> {
    let mut rest = query.to_vec();
    for first in (0..values).step_by(OCTAVE) {
        let octave = |rows: &[f32], n: usize| -> [f32; OCTAVE] {
            std::array::from_fn(|v| rows.get(n * values + first + v).copied().unwrap_or(0.0))
        };
        let (mut product, mut energy) = (0.0f32, 1e-6f32);
        for n in 0..track.len() / values {
            let (q, r) = (octave(query, n), octave(track, n));
            product += q.iter().zip(&r).map(|(q, r)| q * r).sum::<f32>();
            energy += r.iter().map(|r| r * r).sum::<f32>();
        }
        let gain = product / energy;
        for n in 0..track.len() / values {
            let row = n * values + first;
            for v in row..(row + OCTAVE).min((n + 1) * values) {
                rest[v] -= gain * track[v];
            }
        }
    }
    rest
}

/// How much more `rest` resembles the track shifted by the intervals of overtones than shifted by others.
fn timbre(rest: &[f32], track: &[f32], values: usize) -> f64 {
    // Each value of the one with each of the other, summed over time.
    let mut products = vec![0.0f32; values * values];
    let (mut of_rest, mut of_track) = (vec![0.0f32; values], vec![0.0f32; values]);
    for (x, r) in rest.chunks_exact(values).zip(track.chunks_exact(values)) {
        for (row, x) in products.chunks_exact_mut(values).zip(x) {
            row.iter_mut().zip(r).for_each(|(sum, r)| *sum += x * r);
        }
        of_rest.iter_mut().zip(x).for_each(|(sum, x)| *sum += x * x);
        of_track.iter_mut().zip(r).for_each(|(sum, r)| *sum += r * r);
    }
    // The cosine if the track were `by` semitones higher, and lower.
    let sum = |values: &[f32]| values.iter().map(|&v| f64::from(v)).sum::<f64>();
    let at = |by: usize| {
        let higher: f64 = (by..values).map(|v| f64::from(products[v * values + v - by])).sum();
        let lower: f64 = (by..values).map(|v| f64::from(products[(v - by) * values + v])).sum();
        let kept = values - by;
        [
            cosine(higher, sum(&of_rest[by..]), sum(&of_track[..kept])),
            cosine(lower, sum(&of_rest[..kept]), sum(&of_track[by..])),
        ]
    };
    let weight: f64 = INTERVALS.iter().map(|(_, weight)| 2.0 * weight).sum();
    let overtones: f64 = INTERVALS.iter().map(|&(by, weight)| weight * at(by).iter().sum::<f64>()).sum();
    let is_chance = |by: &usize| !NEARLY.contains(by) && INTERVALS.iter().all(|(interval, _)| interval != by);
    let chance: Vec<f64> = CHANCE.filter(is_chance).flat_map(at).collect();
    overtones / weight - chance.iter().sum::<f64>() / chance.len() as f64
}

/// How differently loud the query has the notes of the track. A note that sounds in fewer than [`MIN_FRAMES`] frames does not
/// count.
fn unevenness(query: &[f32], track: &[f32], values: usize) -> f64 {
    // Of each value: in how many frames it sounds in the track, and how loud it is then in both.
    let mut notes = vec![(0usize, 0.0f64, 0.0f64); values];
    for (q, r) in query.chunks_exact(values).zip(track.chunks_exact(values)) {
        for ((note, q), r) in notes.iter_mut().zip(q).zip(r).filter(|(_, r)| **r > SOUNDS) {
            *note = (note.0 + 1, note.1 + f64::from(*q), note.2 + f64::from(*r));
        }
    }
    let ratios: Vec<(f64, f64)> = notes
        .into_iter()
        .filter(|n| n.0 >= MIN_FRAMES)
        .map(|(frames, q, r)| (frames as f64, q / r))
        .collect();
    if ratios.len() < MIN_NOTES {
        return 0.0;
    }
    let weight: f64 = ratios.iter().map(|(frames, _)| frames).sum();
    let mean = ratios.iter().map(|(frames, ratio)| frames * ratio).sum::<f64>() / weight;
    let variance = ratios.iter().map(|(frames, ratio)| frames * (ratio - mean).powi(2)).sum::<f64>() / weight;
    variance.sqrt() / (mean.abs() + LITTLE)
}

/// How much more `rest` resembles earlier frames of the track than later ones.
fn echo(rest: &[f32], track: &[f32], values: usize) -> f64 {
    let at = |x: &[f32], r: &[f32]| {
        let (mut product, mut of_rest, mut of_track) = (0.0f64, 0.0f64, 0.0f64);
        for (x, r) in x.iter().zip(r) {
            product += f64::from(x * r);
            of_rest += f64::from(x * x);
            of_track += f64::from(r * r);
        }
        cosine(product, of_rest, of_track)
    };
    let (mut earlier, mut later) = (0.0f64, 0.0f64);
    for by in (1..=ECHO).map(|frames| frames * values).filter(|by| by + 2 * values < rest.len()) {
        earlier = earlier.max(at(&rest[by..], track));
        later = later.max(at(rest, &track[by..]));
    }
    earlier - later
}

/// The logarithm of the ratio between the 99th and the 20th percentile.
fn contrast(mut magnitudes: Vec<f32>) -> f64 {
    if magnitudes.is_empty() {
        return f64::INFINITY;
    }
    let mut at = |part: f64| {
        let n = (part * (magnitudes.len() - 1) as f64).round() as usize;
        f64::from(*magnitudes.select_nth_unstable_by(n, f32::total_cmp).1) + 1e-9
    };
    (at(0.99) / at(0.2)).ln()
}

#[cfg(test)]
mod tests;
