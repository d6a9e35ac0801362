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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duplicates::fixture::{Music, sound};

    const LEVELS: usize = 80;

    /// How loud an octave of a song is at a frame, in decibels: another level for each note of a second.
    fn song(octave: usize, frame: f64) -> f64 {
        let note = (frame / 5.4) as u64;
        let mut random = fastrand::Rng::with_seed(99 * note + octave as u64);
        -30.0 - 4.0 * octave as f64 - 12.0 * random.f64()
    }

    /// A track that is as loud as `decibels` says of its octaves and frames.
    fn track(decibels: impl Fn(usize, f64) -> f64) -> Sound {
        let mut levels = Vec::new();
        for n in 0..LEVELS {
            for octave in 0..5 {
                let frames = (0..LEVEL_FRAMES).map(|m| (LEVEL_FRAMES * n + m) as f64);
                let energy = frames.map(|at| 10f64.powf(decibels(octave, at) / 10.0)).sum::<f64>();
                let level = 200.0 + 20.0 * (energy / LEVEL_FRAMES as f64).log10();
                levels.push(level.round().max(0.0) as u8);
            }
        }
        sound(&Music(1).frames(0.0, 1.0, LEVELS * LEVEL_FRAMES)).with_levels(levels)
    }

    /// The second track begins so many frames later in the song.
    fn stretch(later: f64) -> Stretch {
        let mut stretch = Stretch::line(-later, 1.0);
        let first = later.ceil() as i64;
        stretch.one = first..(LEVELS * LEVEL_FRAMES) as i64;
        stretch
    }

    fn between(later: f64, decibels: impl Fn(usize, f64) -> f64) -> Loudness {
        let second = track(|octave, at| decibels(octave, at + later));
        loudness(&track(song), &second, &[stretch(later)]).unwrap()
    }

    #[test]
    fn a_copy_is_as_loud_wherever_its_levels_begin_and_at_any_gain() {
        for later in [0.0, 1.0, 3.7, 4.0, 12.3] {
            for gain in [0.0, -9.0] {
                let loudness = between(later, |octave, at| song(octave, at) + gain);
                assert!(loudness.octaves < 0.1 && loudness.times < 0.4, "{later}, {gain}: {loudness:?}");
            }
        }
    }

    #[test]
    fn an_equaliser_changes_octaves_and_a_compressor_times() {
        for later in [0.0, 3.7] {
            let equalised =
                between(later, |octave, at| song(octave, at) + if octave < 2 { 4.0 } else { 0.0 });
            assert!((1.5..2.5).contains(&equalised.octaves) && equalised.times < 0.4, "{equalised:?}");
            // What is loud for half a minute comes down.
            let swell = |at: f64| if at < 320.0 { 6.0 } else { 0.0 };
            let loud = track(|octave, at| song(octave, at) + swell(at));
            let compressed = track(|octave, at| song(octave, at + later) + swell(at + later) / 2.0);
            let compressed = loudness(&loud, &compressed, &[stretch(later)]).unwrap();
            assert!(compressed.octaves < 0.5 && compressed.times > 1.2, "{compressed:?}");
        }
    }

    #[test]
    fn nothing_is_said_without_levels_or_of_one_octave() {
        let whole = track(song);
        let unknown = track(song).with_levels(Vec::new());
        assert_eq!(loudness(&whole, &unknown, &[stretch(0.0)]), None);
        assert_eq!(loudness(&unknown, &whole, &[stretch(0.0)]), None);
        assert_eq!(loudness(&whole, &whole, &[]), None);
        let one_octave = |octave: usize, at: f64| if octave == 1 { song(octave, at) } else { -90.0 };
        assert_eq!(loudness(&track(one_octave), &track(one_octave), &[stretch(0.0)]), None);
        let raised = Stretch { semitones: 1, ..stretch(0.0) };
        assert_eq!(loudness(&whole, &whole, &[raised]), None, "other octaves at another pitch");
    }
}
