//! How differently loud two tracks are where they agree: octave against octave, and over time. Lossy coding changes neither, even
//! at low bit rates. Processing does: an equaliser the one, a compressor the other.
use super::{sound::Sound, stretch::Stretch};
use crate::fingerprint::{LEVEL_FRAMES, energy};

/// Frames that are compared at a time, to either side of the middle, which weighs most; and from one time to the next: 3 s.
const AROUND: f64 = 32.0;
const HOP: usize = 16;

/// Of an octave, what is this much quieter than the loudest octave in its loudest part, or quieter than this, says nothing.
const LEAST_SHARE: f64 = 1e-3;
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

/// Energies of a track by octave over time.
struct Energies {
    octaves: Vec<Vec<f64>>,
    /// What is quieter says nothing.
    least: f64,
}

impl Energies {
    fn new(sound: &Sound) -> Self {
        let mut octaves = vec![Vec::new(); sound.octaves()];
        for level in sound.levels().chunks_exact(sound.octaves()) {
            for (octave, &code) in octaves.iter_mut().zip(level) {
                octave.push(f64::from(energy(code)));
            }
        }
        let loudest = octaves.iter().flatten().copied().fold(0.0, f64::max);
        Self { octaves, least: LEAST.max(LEAST_SHARE * loudest) }
    }

    /// The mean energy of an octave around a frame, with less and less weight to either side, unless it is too quiet to say
    /// anything. Weights without edges make it matter little how the levels of two tracks lie against each other.
    fn mean(&self, octave: usize, middle: f64, around: f64) -> Option<f64> {
        let energies = &self.octaves[octave];
        let level = LEVEL_FRAMES as f64;
        let (from, to) = ((middle - around) / level - 0.5, (middle + around) / level - 0.5);
        let levels = from.ceil().max(0.0) as usize..(to.floor() as usize + 1).min(energies.len());
        let (mut sum, mut weights) = (0.0, 0.0);
        for n in levels {
            let off = (level * (n as f64 + 0.5) - middle) / around;
            let weight = 1.0 + (std::f64::consts::PI * off).cos();
            sum += weight * energies[n];
            weights += weight;
        }
        let mean = sum / weights;
        (mean >= self.least).then_some(mean)
    }
}

/// How differently loud both are along the stretches. Nothing if the levels of one are not known, or too little is loud.
pub(super) fn loudness(one: &Sound, two: &Sound, stretches: &[Stretch]) -> Option<Loudness> {
    if one.levels().is_empty() || two.levels().is_empty() {
        return None;
    }
    let (a, b) = (Energies::new(one), Energies::new(two));
    let mut octaves: Vec<Vec<f64>> = Vec::new();
    for octave in 0..one.octaves() {
        let mut differences = Vec::new();
        for stretch in stretches.iter().filter(|stretch| stretch.semitones == 0) {
            let (from, to) = (stretch.one.start + AROUND as i64, stretch.one.end - AROUND as i64);
            for middle in (from..=to).step_by(HOP) {
                let middle = middle as f64;
                let first = a.mean(octave, middle, AROUND);
                let second = b.mean(octave, stretch.in_two(middle), AROUND * stretch.tempo);
                if let (Some(x), Some(y)) = (first, second) {
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
