//! Power spectra of overlapping frames: two real frames share one complex FFT.
use std::sync::Arc;

use refrain_fft::{Fft, num_complex::Complex32};

/// A streaming short-time Fourier transform that returns `|X|^2` of frames under a periodic Hann window.
///
/// The power is scaled so that a full-scale sine at a bin's centre reads 1 there. Each spectrum has
/// `frame_length / 2 + 1` values, from 0 Hz to half the sample rate.
pub struct PowerStft {
    hop: usize,
    window: Vec<f32>,
    fft: Arc<dyn Fft<f32>>,
    /// Samples of frames that are not transformed yet.
    pending: Vec<f32>,
    /// Whether this stream has had a frame.
    any: bool,
    packed: Vec<Complex32>,
    scratch: Vec<Complex32>,
    power: Vec<f32>,
}

impl PowerStft {
    /// Makes frames of `frame_length` samples every `hop` samples.
    ///
    /// # Panics
    /// Unless `1 <= hop <= frame_length` and `frame_length >= 2`.
    pub fn new(frame_length: usize, hop: usize) -> Self {
        assert!((1..=frame_length).contains(&hop) && frame_length >= 2, "hop {hop} of {frame_length}");
        let fft = refrain_fft::forward(frame_length);
        let step = std::f64::consts::TAU / frame_length as f64;
        // A Hann window's mean is 1/2, so a sine of amplitude 1 peaks at frame_length / 4.
        let scale = 4.0 / frame_length as f64;
        Self {
            hop,
            window: (0..frame_length)
                .map(|n| ((0.5 - 0.5 * (step * n as f64).cos()) * scale) as f32)
                .collect(),
            scratch: vec![Complex32::default(); fft.get_inplace_scratch_len()],
            fft,
            pending: Vec::new(),
            any: false,
            packed: vec![Complex32::default(); frame_length],
            power: vec![0.0; frame_length / 2 + 1],
        }
    }

    /// Takes samples in pieces of any size. Calls `frame` with the power of each frame; frames come in twos.
    pub fn push(&mut self, samples: &[f32], mut frame: impl FnMut(&[f32])) {
        self.pending.extend_from_slice(samples);
        let (length, hop) = (self.window.len(), self.hop);
        let mut at = 0;
        while self.pending.len() >= at + hop + length {
            self.transform(at, Some(at + hop), &mut frame);
            at += 2 * hop;
        }
        self.pending.drain(..at);
    }

    /// Calls `frame` with the last frame, if one is left. Afterwards this is ready for another stream. A stream shorter than
    /// one frame is padded with zeros to one. An empty stream has no frame.
    pub fn finish(&mut self, mut frame: impl FnMut(&[f32])) {
        if !self.any && !self.pending.is_empty() && self.pending.len() < self.window.len() {
            self.pending.resize(self.window.len(), 0.0);
        }
        if self.pending.len() >= self.window.len() {
            self.transform(0, None, &mut frame);
        }
        self.pending.clear();
        self.any = false;
    }

    /// Transforms two frames at once: the one at `first` as the real part and the one at `second` as the imaginary part.
    /// The symmetry of a real signal's spectrum separates them.
    fn transform(&mut self, first: usize, second: Option<usize>, frame: &mut impl FnMut(&[f32])) {
        let length = self.window.len();
        let a = &self.pending[first..first + length];
        match second {
            Some(second) => {
                let b = &self.pending[second..second + length];
                for (((z, &w), &a), &b) in self.packed.iter_mut().zip(&self.window).zip(a).zip(b) {
                    *z = Complex32::new(a * w, b * w);
                }
            }
            None => {
                for ((z, &w), &a) in self.packed.iter_mut().zip(&self.window).zip(a) {
                    *z = Complex32::new(a * w, 0.0);
                }
            }
        }
        self.fft.process_with_scratch(&mut self.packed, &mut self.scratch);
        // X[length - k] mirrors X[k]; X[0] and X[length / 2] mirror themselves.
        let (low, mirrored) = (&self.packed[..=length / 2], &self.packed[length - length / 2..]);
        let pairs = || low[1..].iter().zip(mirrored.iter().rev());
        self.power[0] = low[0].re * low[0].re;
        for (power, (z, m)) in self.power[1..].iter_mut().zip(pairs()) {
            let (re, im) = (z.re + m.re, z.im - m.im);
            *power = 0.25 * (re * re + im * im);
        }
        frame(&self.power);
        if second.is_some() {
            self.power[0] = low[0].im * low[0].im;
            for (power, (z, m)) in self.power[1..].iter_mut().zip(pairs()) {
                let (re, im) = (z.re - m.re, z.im + m.im);
                *power = 0.25 * (re * re + im * im);
            }
            frame(&self.power);
        }
        self.any = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(1);
        (0..len).map(|_| 2.0 * random.f32() - 1.0).collect()
    }

    /// The definition, in double precision.
    fn plain(samples: &[f32], length: usize, hop: usize) -> Vec<Vec<f64>> {
        let tau = std::f64::consts::TAU;
        let frames = if samples.len() < length { 0 } else { (samples.len() - length) / hop + 1 };
        (0..frames)
            .map(|t| {
                (0..=length / 2)
                    .map(|k| {
                        let (mut re, mut im) = (0.0, 0.0);
                        for n in 0..length {
                            let w =
                                (0.5 - 0.5 * (tau * n as f64 / length as f64).cos()) * 4.0 / length as f64;
                            let x = f64::from(samples[t * hop + n]) * w;
                            let angle = -tau * (k * n) as f64 / length as f64;
                            re += x * angle.cos();
                            im += x * angle.sin();
                        }
                        re * re + im * im
                    })
                    .collect()
            })
            .collect()
    }

    fn streamed(samples: &[f32], length: usize, hop: usize, piece: usize) -> Vec<Vec<f32>> {
        let mut stft = PowerStft::new(length, hop);
        let mut frames = Vec::new();
        for piece in samples.chunks(piece) {
            stft.push(piece, |p| frames.push(p.to_vec()));
        }
        stft.finish(|p| frames.push(p.to_vec()));
        frames
    }

    #[test]
    fn equals_the_plain_definition_however_the_samples_come() {
        for (length, hop) in [(64, 32), (64, 16), (60, 60), (128, 100)] {
            for len in [0, length, length + hop - 1, length + hop, 5 * length + 7] {
                let samples = noise(len);
                let expected = plain(&samples, length, hop);
                for piece in [1, 17, 1000] {
                    let got = streamed(&samples, length, hop, piece);
                    assert_eq!(got.len(), expected.len(), "{length}/{hop}, {len} samples");
                    for (g, e) in got.iter().flatten().zip(expected.iter().flatten()) {
                        assert!((f64::from(*g) - e).abs() < 1e-6, "{g} against {e}");
                    }
                }
            }
        }
    }

    /// One transform serves two frames; neither may leak into the other, whichever is the louder one.
    #[test]
    fn two_frames_of_one_transform_stay_apart() {
        for (length, hop) in [(64, 64), (63, 63), (2, 2), (96, 96)] {
            for (first, second) in [(1.0f32, 0.0f32), (0.0, 1.0), (1.0, 0.01), (0.3, 0.9)] {
                let mut samples = noise(2 * length);
                samples[..length].iter_mut().for_each(|s| *s *= first);
                samples[length..].iter_mut().for_each(|s| *s *= second);
                let (got, expected) = (streamed(&samples, length, hop, 999), plain(&samples, length, hop));
                assert_eq!(got.len(), 2);
                for (g, e) in got.iter().flatten().zip(expected.iter().flatten()) {
                    assert!((f64::from(*g) - e).abs() < 1e-5 * e.max(1e-3), "{g} against {e}, {length}");
                }
            }
        }
    }

    /// Nothing of a stream is left for the next one, not even that it had frames.
    #[test]
    fn streams_follow_each_other() {
        let mut stft = PowerStft::new(64, 32);
        for len in [500, 10, 64, 30, 0, 40, 64 + 32 + 31, 5] {
            let samples = noise(len);
            let mut frames = Vec::new();
            stft.push(&samples, |p| frames.push(p.to_vec()));
            stft.finish(|p| frames.push(p.to_vec()));
            let mut padded = samples;
            if len > 0 {
                padded.resize(len.max(64), 0.0);
            }
            let expected = plain(&padded, 64, 32);
            assert_eq!(frames.len(), expected.len(), "{len}");
            for (g, e) in frames.iter().flatten().zip(expected.iter().flatten()) {
                assert!((f64::from(*g) - e).abs() < 1e-6, "{g} against {e} of {len}");
            }
        }
    }

    #[test]
    fn hops_and_lengths_that_make_no_frames_are_refused() {
        for (length, hop) in [(64, 0), (64, 65), (1, 1), (0, 0)] {
            assert!(std::panic::catch_unwind(|| PowerStft::new(length, hop)).is_err(), "{length}/{hop}");
        }
        PowerStft::new(2, 1);
    }

    #[test]
    fn a_short_stream_is_padded_to_one_frame_and_an_empty_one_has_none() {
        assert_eq!(streamed(&noise(10), 64, 32, 3).len(), 1);
        assert_eq!(streamed(&[], 64, 32, 3).len(), 0);
    }

    #[test]
    fn a_full_scale_sine_has_power_one_at_its_bin() {
        let sine: Vec<f32> =
            (0..256).map(|n| (std::f32::consts::TAU * 8.0 * n as f32 / 64.0).sin()).collect();
        for frame in streamed(&sine, 64, 32, 64) {
            assert!((frame[8] - 1.0).abs() < 1e-4);
        }
    }
}
