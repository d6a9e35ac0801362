//! How differently loud two tracks are where they agree: octave against octave, and over time. Lossy coding changes neither, even
//! at low bit rates. Processing does: an equaliser the one, a compressor the other.
use super::{sound::Sound, stretch::Stretch};
use crate::fingerprint::{LEVEL_FRAMES, energy};

/// Frames that are compared at a time, and from one time to the next: 6 s and 3 s.
const TOGETHER: f64 = 32.0;
const HOP: usize = 16;

/// What is this much quieter than the octave's loudest part, or quieter than this, says nothing.
const LEAST_SHARE: f64 = 1e-4;
const LEAST: f64 = 1e-8;

/// An octave counts if it is compared so many times.
const MIN_TIMES: usize = 3;

/// The share of times that differ less than what is told.
const MOST: f64 = 0.8;

/// How differently loud two tracks are, in decibels, without a difference that is the same throughout.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loudness {
    /// From octave to octave: the root mean square.
    pub octaves: f64,
    /// From time to time within an octave, in four of five times less.
    pub times: f64,
}

/// Energies of a track by octave, summed over time.
struct Sums {
    /// For each octave: sums over the first n levels.
    octaves: Vec<Vec<f64>>,
    loudest: Vec<f64>,
}

impl Sums {
    fn new(sound: &Sound) -> Self {
        let octaves = sound.octaves();
        let (mut sums, mut loudest) = (vec![vec![0.0]; octaves], vec![0.0f64; octaves]);
        for level in sound.levels().chunks_exact(octaves) {
            for (octave, &code) in level.iter().enumerate() {
                let energy = f64::from(energy(code));
                let sum = sums[octave].last().copied().unwrap_or(0.0);
                sums[octave].push(sum + energy);
                loudest[octave] = loudest[octave].max(energy);
            }
        }
        Self { octaves: sums, loudest }
    }

    /// The mean energy of an octave from one frame to another, unless it is too quiet to say anything.
    fn mean(&self, octave: usize, from: f64, to: f64) -> Option<f64> {
        let sums = &self.octaves[octave];
        let at = |frame: f64| {
            let level = frame / LEVEL_FRAMES as f64;
            let n = level as usize;
            let (before, after) = (sums.get(n)?, sums.get(n + 1)?);
            Some(before + level.fract() * (after - before))
        };
        let mean = (at(to)? - at(from)?) / (to - from) * LEVEL_FRAMES as f64;
        (mean >= LEAST.max(LEAST_SHARE * self.loudest[octave])).then_some(mean)
    }
}

/// How differently loud both are along the stretches. Nothing if the levels of one are not known, or too little is loud.
pub(super) fn loudness(one: &Sound, two: &Sound, stretches: &[Stretch]) -> Option<Loudness> {
    if one.levels().is_empty() || two.levels().is_empty() {
        return None;
    }
    let (a, b) = (Sums::new(one), Sums::new(two));
    let mut octaves: Vec<Vec<f64>> = Vec::new();
    for octave in 0..one.octaves() {
        let mut differences = Vec::new();
        for stretch in stretches.iter().filter(|stretch| stretch.semitones == 0) {
            for from in (stretch.one.start..stretch.one.end).step_by(HOP) {
                let (from, to) = (from as f64, from as f64 + TOGETHER);
                if to > stretch.one.end as f64 {
                    break;
                }
                let (second_from, second_to) = (stretch.in_two(from), stretch.in_two(to));
                if second_from < 0.0 {
                    continue;
                }
                if let (Some(x), Some(y)) = (a.mean(octave, from, to), b.mean(octave, second_from, second_to))
                {
                    differences.push(10.0 * (y / x).log10());
                }
            }
        }
        if differences.len() >= MIN_TIMES {
            octaves.push(differences);
        }
    }
    if octaves.len() < 2 {
        return None;
    }
    let medians: Vec<f64> = octaves.iter().map(|of| quantile(of.clone(), 0.5)).collect();
    let gain = medians.iter().sum::<f64>() / medians.len() as f64;
    let square = medians.iter().map(|median| (median - gain).powi(2)).sum::<f64>() / medians.len() as f64;
    let off = |(of, median): (&Vec<f64>, &f64)| {
        quantile(of.iter().map(|difference| (difference - median).abs()).collect(), MOST)
    };
    let times = octaves.iter().zip(&medians).map(off).sum::<f64>() / octaves.len() as f64;
    Some(Loudness { octaves: square.sqrt(), times })
}

fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (share * (values.len() - 1) as f64).round() as usize;
    values.get(at).copied().unwrap_or(0.0)
}
