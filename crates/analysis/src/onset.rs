//! Onset strength: how much louder each frame is than the one before, in decibels, as the mean over mel bands. Rising bands
//! count, falling ones do not (Böck and Widmer, "Maximum filter vibrato suppression for onset detection", 2013, without the
//! filter; `librosa.onset.onset_strength`, with fewer bands and a floor that follows the loudest band so far).

/// Mel bands from 0 hertz to half the rate.
pub(crate) const BANDS: usize = 40;

/// A band counts as silent this many decibels below the loudest band so far.
const FLOOR: f32 = 60.0;

/// The least energy of a band, which stands for silence.
const LEAST: f32 = 1e-10;

/// Slaney's mel scale, as librosa uses it: linear up to 1,000 Hz, logarithmic above.
fn hertz(mel: f64) -> f64 {
    if mel < 15.0 { 200.0 / 3.0 * mel } else { 1000.0 * (6.4f64.ln() / 27.0 * (mel - 15.0)).exp() }
}

fn mel(hertz: f64) -> f64 {
    if hertz < 1000.0 { hertz * 3.0 / 200.0 } else { 15.0 + 27.0 / 6.4f64.ln() * (hertz / 1000.0).ln() }
}

/// Triangular mel filters of equal area.
#[derive(Clone, Debug)]
pub(crate) struct MelBands {
    /// The first bin of each filter and its weights from there.
    filters: Vec<(usize, Vec<f32>)>,
}

impl MelBands {
    /// For frames of `bins` bins from 0 hertz to half of `rate`.
    pub(crate) fn new(rate: f64, bins: usize) -> Self {
        let top = mel(rate / 2.0);
        let edge = |n: usize| hertz(top * n as f64 / (BANDS + 1) as f64);
        let width = rate / 2.0 / (bins - 1) as f64;
        let filter = |band: usize| {
            let [low, middle, high] = [band, band + 1, band + 2].map(edge);
            let weight = |k: usize| {
                let f = k as f64 * width;
                let rise_or_fall = ((f - low) / (middle - low)).min((high - f) / (high - middle));
                (rise_or_fall.max(0.0) * 2.0 / (high - low)) as f32
            };
            let first = (low / width).ceil() as usize;
            let last = ((high / width).floor() as usize).min(bins - 1);
            (first, (first..=last).map(weight).collect())
        };
        Self { filters: (0..BANDS).map(filter).collect() }
    }

    /// Appends the level of each band in decibels. `magnitudes` are those of one frame.
    pub(crate) fn levels(&self, magnitudes: &[f32], levels: &mut Vec<f32>) {
        levels.extend(self.filters.iter().map(|(first, weights)| {
            let energy: f32 = weights.iter().zip(&magnitudes[*first..]).map(|(w, m)| w * m * m).sum();
            10.0 * energy.max(LEAST).log10()
        }));
    }
}

/// Turns the levels of one frame after the other into onset strengths.
#[derive(Clone, Debug)]
pub(crate) struct Onsets {
    before: Option<[f32; BANDS]>,
    loudest: f32,
}

impl Default for Onsets {
    fn default() -> Self {
        Self { before: None, loudest: f32::MIN }
    }
}

impl Onsets {
    /// Returns the strength of the next frame; `None` for the first one, which has no frame before it.
    pub(crate) fn next(&mut self, levels: &[f32]) -> Option<f32> {
        self.loudest = levels.iter().copied().fold(self.loudest, f32::max);
        let floor = self.loudest - FLOOR;
        let now = std::array::from_fn(|band| levels[band].max(floor));
        let rise = |before: [f32; BANDS]| {
            now.iter().zip(before).map(|(now, before)| (now - before).max(0.0)).sum::<f32>()
        };
        self.before.replace(now).map(|before| rise(before) / BANDS as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mel_scale_has_an_inverse_and_slaneys_values() {
        for (f, m) in [(0.0, 0.0), (200.0, 3.0), (1000.0, 15.0), (6400.0, 42.0)] {
            assert!((mel(f) - m).abs() < 1e-9 && (hertz(m) - f).abs() < 1e-6);
        }
    }

    #[test]
    fn filters_have_equal_areas_and_no_gaps() {
        let bands = MelBands::new(22_050.0, 1025);
        for (n, (first, weights)) in bands.filters.iter().enumerate() {
            let area = weights.iter().sum::<f32>() * 22_050.0 / 2048.0;
            assert!((area - 1.0).abs() < 0.06, "band {n}: {area}");
            assert!(first + weights.len() <= 1025);
        }
        for pair in bands.filters.windows(2) {
            assert!(pair[1].0 <= pair[0].0 + pair[0].1.len());
        }
    }

    #[test]
    fn only_rises_count_and_only_above_the_floor() {
        let mut onsets = Onsets::default();
        let levels =
            |first: f32| -> Vec<f32> { (0..BANDS).map(|n| if n == 0 { first } else { 0.0 }).collect() };
        assert_eq!(onsets.next(&levels(0.0)), None);
        assert_eq!(onsets.next(&levels(20.0)), Some(0.5));
        assert_eq!(onsets.next(&levels(-90.0)), Some(0.0));
        // From the floor, 60 dB below the loudest, not from where the band was.
        assert_eq!(onsets.next(&levels(-30.0)), Some(10.0 / BANDS as f32));
    }
}
