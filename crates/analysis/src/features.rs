//! Single figures that describe a piece.
use crate::{chroma::CLASSES, spectrogram::Spectrogram};

/// The root mean square of samples. 0 if there are none.
fn rms(samples: &[f32]) -> f64 {
    let sum: f64 = samples.iter().map(|x| f64::from(*x).powi(2)).sum();
    if samples.is_empty() { 0.0 } else { (sum / samples.len() as f64).sqrt() }
}

/// Returns the harmonic share of a piece, 0 to 1: the root mean square of its harmonic part over the sum of the root mean
/// squares of both parts. `None` for silence.
pub fn harmonic_ratio(harmonic: &[f32], percussive: &[f32]) -> Option<f64> {
    ratio_of_levels(rms(harmonic), rms(percussive))
}

/// As [`harmonic_ratio`], from the two root mean squares.
#[doc(hidden)]
pub fn ratio_of_levels(harmonic: f64, percussive: f64) -> Option<f64> {
    let ratio = harmonic / (harmonic + percussive);
    ratio.is_finite().then_some(ratio)
}

/// Returns how steady the pitch is, 0 to 1: the share of steps of at most `cents` among the steps from one voiced frame to
/// the next. At 50 cents, vibrato counts as steady and a new note does not. `None` if no two voiced frames are adjacent.
pub fn pitch_stability(frequencies: impl IntoIterator<Item = Option<f32>>, cents: f64) -> Option<f64> {
    let mut counter = StabilityCounter::new(cents);
    frequencies.into_iter().for_each(|frequency| counter.add(frequency));
    counter.stability()
}

/// [`pitch_stability`] of frames that come one by one.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct StabilityCounter {
    cents: f64,
    before: Option<f32>,
    steps: u64,
    steady: u64,
}

impl StabilityCounter {
    /// A counter without steps. Steps of at most `cents` will count as steady.
    pub fn new(cents: f64) -> Self {
        Self { cents, before: None, steps: 0, steady: 0 }
    }

    /// Counts the step to the next frame.
    pub fn add(&mut self, frequency: Option<f32>) {
        let now = frequency.filter(|f| *f > 0.0 && f.is_finite());
        if let (Some(a), Some(b)) = (self.before, now) {
            self.steps += 1;
            let interval = 1200.0 * (f64::from(b) / f64::from(a)).log2();
            self.steady += u64::from(interval.abs() <= self.cents);
        }
        self.before = now;
    }

    /// The share of steady steps. `None` if there are no steps.
    pub fn stability(&self) -> Option<f64> {
        (self.steps > 0).then(|| self.steady as f64 / self.steps as f64)
    }
}

/// Returns the mean of each pitch class over all frames. The mean of raw chroma follows the loudness; the mean of normalised
/// chroma does not. Zeros if there are no frames.
///
/// # Panics
/// Unless the frames have twelve values.
pub fn chroma_energy(chroma: &Spectrogram<f32>) -> [f32; CLASSES] {
    assert_eq!(chroma.bins(), CLASSES, "values of a frame");
    let mut sums = [0.0f64; CLASSES];
    for frame in chroma.values().chunks_exact(CLASSES) {
        sums.iter_mut().zip(frame).for_each(|(sum, v)| *sum += f64::from(*v));
    }
    let frames = chroma.frames().max(1) as f64;
    sums.map(|sum| (sum / frames) as f32)
}

/// Returns how evenly energy is spread over the pitch classes, 0 to 1: Shannon's entropy over its maximum, log 12. It is 0 if
/// one class has all the energy, and 1 if all classes have the same. `None` for silence.
pub fn chroma_entropy(energy: &[f32; CLASSES]) -> Option<f64> {
    let sum: f64 = energy.iter().map(|v| f64::from(*v)).sum();
    let term = |v: &f32| {
        let share = f64::from(*v) / sum;
        if share > 0.0 { -share * share.ln() } else { 0.0 }
    };
    let good = sum > 0.0 && sum.is_finite() && energy.iter().all(|v| *v >= 0.0);
    good.then(|| (energy.iter().map(term).sum::<f64>() / (CLASSES as f64).ln()).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_of_levels() {
        assert_eq!(harmonic_ratio(&[3.0, -3.0], &[1.0, 1.0]), Some(0.75));
        assert_eq!(harmonic_ratio(&[0.5], &[0.0]), Some(1.0));
        assert_eq!(harmonic_ratio(&[0.0], &[0.0]), None);
        assert_eq!(harmonic_ratio(&[], &[]), None);
    }

    #[test]
    fn steps_are_between_neighbouring_voiced_frames() {
        let hz = |f: f32| Some(f);
        assert_eq!(pitch_stability([hz(440.0), hz(441.0), hz(880.0), None, hz(440.0)], 50.0), Some(0.5));
        assert_eq!(pitch_stability([hz(440.0); 9], 50.0), Some(1.0));
        assert_eq!(pitch_stability([hz(440.0), None, hz(440.0), hz(f32::NAN), hz(0.0)], 50.0), None);
        assert_eq!(pitch_stability([], 50.0), None);
    }

    #[test]
    fn energy_follows_the_loudness_and_entropy_does_not() {
        let mut chroma = Spectrogram::new(2, CLASSES);
        chroma.frame_mut(0)[3] = 4.0;
        chroma.frame_mut(1)[5] = 4.0;
        let energy = chroma_energy(&chroma);
        assert_eq!((energy[3], energy[5], energy[0]), (2.0, 2.0, 0.0));
        let entropy = chroma_entropy(&energy).unwrap();
        assert!((entropy - 2f64.ln() / 12f64.ln()).abs() < 1e-12);
        assert_eq!(chroma_entropy(&energy.map(|e| 10.0 * e)).unwrap(), entropy);
        assert_eq!(chroma_entropy(&[0.3; CLASSES]), Some(1.0));
        let mut one = [0.0; CLASSES];
        one[7] = 0.1;
        assert_eq!(chroma_entropy(&one), Some(0.0));
        assert_eq!(chroma_entropy(&[0.0; CLASSES]), None);
        assert_eq!(chroma_energy(&Spectrogram::new(0, CLASSES)), [0.0; CLASSES]);
    }
}
