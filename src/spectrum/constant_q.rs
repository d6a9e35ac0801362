//! Constant-Q magnitudes out of one power spectrum.
//!
//! Each bin is a Hann-shaped band in frequency, as wide as the distance to the next bin (but never narrower
//! than the spectrum resolves), after the idea of Brown and Puckette, "An efficient algorithm for the
//! calculation of a constant Q transform", 1992, section II, with magnitudes only: all bins look at the
//! same stretch of time, so that none misses what falls between two hops.
use crate::params::ParameterSet;

/// The narrowest half band, in bins of the power spectrum: about a Hann window's own half main lobe.
const LEAST_HALF_BAND: f64 = 1.5;

struct Band {
    first: usize,
    weights: Vec<f32>,
}

/// A bank of constant-Q bands over a power spectrum.
pub struct ConstantQ {
    bands: Vec<Band>,
}

impl ConstantQ {
    /// The bands of `params`, with `margin` more below and above.
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
                let half = (centre * ratio / resolution).max(LEAST_HALF_BAND);
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

    /// How many bins there are.
    pub fn bins(&self) -> usize {
        self.bands.len()
    }

    /// Writes the magnitude of each bin of `power` (`frame_length / 2 + 1` values) into `magnitudes`
    /// (`bins()` values): the root of the band's weighted mean power.
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
    use crate::{params::CURRENT, spectrum::Spectrum};

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
