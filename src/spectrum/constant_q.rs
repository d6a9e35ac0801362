//! Computes constant-Q magnitudes from one power spectrum.
//!
//! Each bin is a Hann-shaped band in frequency. Its half width is the distance to the next bin, but never less than the
//! spectrum resolves. The idea is from Brown and Puckette, "An efficient algorithm for the calculation of a constant Q
//! transform", 1992, section II, with magnitudes only. All bins look at the same stretch of time, so no bin misses a sound
//! between two hops.
use crate::params::ParameterSet;

/// The smallest half width of a band, in bins of the power spectrum: about half the main lobe of a Hann window.
const MIN_HALF_BAND: f64 = 1.5;

struct Band {
    first: usize,
    weights: Vec<f32>,
}

/// A bank of constant-Q bands over a power spectrum.
pub struct ConstantQ {
    bands: Vec<Band>,
}

impl ConstantQ {
    /// Makes the bands of `params`, with `margin` more below and above.
    ///
    /// # Panics
    /// If the highest band would end above half the sample rate.
    pub fn new(params: &ParameterSet, margin: usize) -> Self {
        let resolution = f64::from(params.sample_rate.0) / params.frame_length as f64;
        let per_octave = params.bins_per_octave as f64;
        let ratio = (1.0 / per_octave).exp2() - 1.0;
        let bins = params.bins(margin);
        let bands = (0..bins)
            .map(|bin| {
                let centre = params.fmin * ((bin as f64 - margin as f64) / per_octave).exp2();
                let half = (centre * ratio / resolution).max(MIN_HALF_BAND);
                let centre = centre / resolution;
                let first = (centre - half).ceil().max(0.0) as usize;
                let last = (centre + half).floor() as usize;
                assert!(last <= params.frame_length / 2, "bin {bin} reaches above half the sample rate");
                let weights: Vec<f64> = (first..=last)
                    .map(|k| {
                        let x = (k as f64 - centre) / half;
                        0.5 + 0.5 * (std::f64::consts::PI * x).cos()
                    })
                    .collect();
                let sum: f64 = weights.iter().sum();
                Band { first, weights: weights.iter().map(|w| (w / sum) as f32).collect() }
            })
            .collect();
        Self { bands }
    }

    /// The number of bins.
    pub fn bins(&self) -> usize {
        self.bands.len()
    }

    /// Writes the magnitude of each bin into `magnitudes` (`bins()` values). `power` has `frame_length / 2 + 1` values. A
    /// magnitude is the root of the band's weighted mean power.
    pub fn magnitudes(&self, power: &[f32], magnitudes: &mut [f32]) {
        for (band, magnitude) in self.bands.iter().zip(magnitudes) {
            let values = &power[band.first..band.first + band.weights.len()];
            let mean: f32 = band.weights.iter().zip(values).map(|(w, p)| w * p).sum();
            *magnitude = mean.sqrt();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Spectrum, ConstantQ};
    use crate::params::CURRENT;

    /// The definition over the whole power spectrum, in double precision.
    fn plain(power: &[f32], bin: i32) -> f64 {
        let hertz = |k: usize| k as f64 * 11_025.0 / 4_096.0;
        let centre = 110.0 * f64::powf(2.0, f64::from(bin) / 36.0);
        let half = (centre * (f64::powf(2.0, 1.0 / 36.0) - 1.0)).max(1.5 * hertz(1));
        let (mut sum, mut total) = (0.0, 0.0);
        for (k, &p) in power.iter().enumerate() {
            let x = (hertz(k) - centre) / half;
            if x.abs() <= 1.0 {
                let weight = (1.0 + (std::f64::consts::PI * x).cos()) / 2.0;
                sum += weight * f64::from(p);
                total += weight;
            }
        }
        (sum / total).sqrt()
    }

    #[test]
    fn magnitudes_are_those_of_the_definition() {
        let mut random = fastrand::Rng::with_seed(1);
        let power: Vec<f32> = (0..=CURRENT.frame_length / 2).map(|_| random.f32()).collect();
        for margin in [0, 20] {
            let bank = ConstantQ::new(&CURRENT, margin);
            assert_eq!(bank.bins(), 180 + 2 * margin);
            let mut magnitudes = vec![0.0; bank.bins()];
            bank.magnitudes(&power, &mut magnitudes);
            for (bin, magnitude) in magnitudes.iter().enumerate() {
                let expected = plain(&power, bin as i32 - margin as i32);
                assert!(
                    (f64::from(*magnitude) - expected).abs() < 1e-5,
                    "{magnitude} for {expected} in {bin}"
                );
            }
        }
    }

    #[test]
    #[should_panic(expected = "reaches above half the sample rate")]
    fn a_band_above_half_the_rate_is_refused() {
        ConstantQ::new(&CURRENT, 60);
    }

    #[test]
    fn a_tone_peaks_at_its_own_bin() {
        let margin = 18;
        for bin in [0usize, 40, 100, 179, 200] {
            let frequency =
                CURRENT.fmin * ((bin as f64 - margin as f64) / CURRENT.bins_per_octave as f64).exp2();
            let rate = f64::from(CURRENT.sample_rate.0);
            let tone: Vec<f32> = (0..3 * CURRENT.frame_length)
                .map(|n| (std::f64::consts::TAU * frequency * n as f64 / rate).sin() as f32)
                .collect();
            let mut spectrum = Spectrum::new(&CURRENT, CURRENT.hop, margin);
            let mut frames = 0;
            let mut check = |m: &[f32]| {
                let peak = (0..m.len()).max_by(|&a, &b| m[a].total_cmp(&m[b]));
                assert_eq!(peak, Some(bin), "{frequency} Hz");
                assert!(m[bin] > 0.1 && m[bin] < 1.1, "{} at {frequency} Hz", m[bin]);
                frames += 1;
            };
            spectrum.push(&tone, &mut check);
            spectrum.finish(&mut check);
            assert_eq!(frames, 5);
        }
    }
}
