//! The short-time Fourier transform of centred frames, and its inverse.
use std::ops::Range;

use refrain_fft::num_complex::Complex32;

use crate::{
    error::AnalysisError,
    fft::FftPlan,
    paired_fft::{WidePairedFft, WideScratch, pair_magnitudes, unpack},
    signal::{Signal, check},
    simd::Isa,
    spectrogram::{Spectrogram, whole_frames},
};

/// A periodic Hann window of `len` values, in double precision.
pub(crate) fn hann(len: usize) -> impl Iterator<Item = f64> {
    let step = std::f64::consts::TAU / len as f64;
    (0..len).map(move |n| 0.5 - 0.5 * (step * n as f64).cos())
}

/// The short-time Fourier transform with a Hann window: Allen and Rabiner, "A unified approach to short-time Fourier analysis
/// and synthesis", 1977. It agrees with the defaults of `librosa.stft`.
///
/// Frame `t` is centred on sample `t * hop`; the signal is zero outside of its samples. There are `1 + len / hop` frames, or
/// none if there are no samples. A frame has `frame_length / 2 + 1` bins, and bin `k` is at `k * rate / frame_length` hertz.
/// Nothing is scaled: a full-scale sine has the magnitude `frame_length / 4`.
#[derive(Clone)]
pub struct Stft {
    hop: usize,
    pub(crate) window: Vec<f32>,
    wide_window: Vec<f64>,
    forward: WidePairedFft,
    pub(crate) inverse: FftPlan,
    isa: Isa,
}

/// Working memory of [`Stft`].
#[derive(Clone, Debug, Default)]
pub struct StftScratch {
    packed: Vec<Complex32>,
    wide: WideScratch,
    fft: Vec<Complex32>,
    edges: [Vec<f32>; 2],
}

impl Stft {
    /// Plans frames of `frame_length` samples every `hop` samples.
    ///
    /// # Errors
    /// Unless `frame_length` is even, 4 to 2^20, and `hop` is 1 to `frame_length`.
    pub fn new(frame_length: usize, hop: usize) -> Result<Self, AnalysisError> {
        let even = frame_length.is_multiple_of(2) && (4..=1 << 20).contains(&frame_length);
        AnalysisError::ensure(even, "frame_length", frame_length as f64, "even, 4 to 2^20")?;
        AnalysisError::ensure(
            (1..=frame_length).contains(&hop),
            "hop",
            hop as f64,
            &format!("1 to {frame_length}, the length of a frame"),
        )?;
        Ok(Self {
            hop,
            window: hann(frame_length).map(|w| w as f32).collect(),
            wide_window: hann(frame_length).collect(),
            forward: WidePairedFft::forward(frame_length),
            inverse: FftPlan::inverse(frame_length),
            isa: Isa::best(),
        })
    }

    /// Samples in a frame.
    #[doc(hidden)]
    pub fn frame_length(&self) -> usize {
        self.window.len()
    }

    /// Samples from one frame to the next.
    #[doc(hidden)]
    pub fn hop(&self) -> usize {
        self.hop
    }

    /// The number of bins in a frame.
    #[doc(hidden)]
    pub fn bins(&self) -> usize {
        self.window.len() / 2 + 1
    }

    /// The number of frames of `len` samples.
    #[doc(hidden)]
    pub fn frames(&self, len: usize) -> usize {
        if len == 0 { 0 } else { 1 + len / self.hop }
    }

    /// Transforms frames `t` and `t + 1` together, packed as in [`crate::paired_fft`].
    pub(crate) fn pair(
        &self,
        signal: Signal<'_>,
        t: usize,
        packed: &mut [Complex32],
        edges: &mut [Vec<f32>; 2],
        wide: &mut WideScratch,
    ) {
        let length = self.window.len();
        let start = (t * self.hop) as isize - (length / 2) as isize;
        let [first, second] = edges;
        let a = signal.segment(start, length, first);
        let b = signal.segment(start + self.hop as isize, length, second);
        self.forward.run(self.isa, a, b, &self.wide_window, packed, wide);
    }

    /// Calls `each` for each pair of frames of `part`, with the number of the first frame and the packed spectrum. If `part` has
    /// an odd number of frames, the last pair's second frame lies behind it.
    fn for_each_pair(
        &self,
        signal: Signal<'_>,
        part: Range<usize>,
        scratch: &mut StftScratch,
        mut each: impl FnMut(usize, &[Complex32]),
    ) {
        let StftScratch { packed, wide, edges, .. } = scratch;
        packed.resize(self.window.len(), Complex32::default());
        for t in part.step_by(2) {
            self.pair(signal, t, packed, edges, wide);
            each(t, packed);
        }
    }

    /// Returns the spectrum of each frame of `samples`.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for a sample that is not finite or too large.
    pub fn transform(
        &self,
        samples: &[f32],
        scratch: &mut StftScratch,
    ) -> Result<Spectrogram<Complex32>, AnalysisError> {
        check(samples, 0)?;
        let (frames, bins, length) = (self.frames(samples.len()), self.bins(), self.window.len());
        let mut out = Spectrogram::new(frames, bins);
        self.for_each_pair(Signal::whole(samples), 0..frames, scratch, |t, packed| {
            for k in 0..bins {
                let (a, b) = unpack(packed[k], packed[(length - k) % length]);
                out.frame_mut(t)[k] = a;
                if t + 1 < frames {
                    out.frame_mut(t + 1)[k] = Complex32::new(b.im, -b.re);
                }
            }
        });
        Ok(out)
    }

    /// Returns the magnitudes of each frame of `samples`.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for a sample that is not finite or too large.
    pub fn magnitudes(
        &self,
        samples: &[f32],
        scratch: &mut StftScratch,
    ) -> Result<Spectrogram<f32>, AnalysisError> {
        let mut out = Spectrogram::new(self.frames(samples.len()), self.bins());
        let mut rows = out.values.chunks_exact_mut(self.bins());
        self.for_each_magnitudes(samples, scratch, |_, m| {
            if let Some(row) = rows.next() {
                row.copy_from_slice(m);
            }
        })?;
        Ok(out)
    }

    /// Calls `each` with the number and the magnitudes of each frame of `samples`.
    ///
    /// # Errors
    /// As [`Stft::magnitudes`].
    pub(crate) fn for_each_magnitudes(
        &self,
        samples: &[f32],
        scratch: &mut StftScratch,
        each: impl FnMut(usize, &[f32]),
    ) -> Result<(), AnalysisError> {
        check(samples, 0)?;
        self.part_magnitudes(Signal::whole(samples), 0..self.frames(samples.len()), scratch, each);
        Ok(())
    }

    /// As [`Stft::for_each_magnitudes`], for the frames of `part`. The first of them is even, and `signal` must hold all samples
    /// of these frames.
    pub(crate) fn part_magnitudes(
        &self,
        signal: Signal<'_>,
        part: Range<usize>,
        scratch: &mut StftScratch,
        mut each: impl FnMut(usize, &[f32]),
    ) {
        let end = part.end;
        let (mut a, mut b) = (vec![0.0; self.bins()], vec![0.0; self.bins()]);
        self.for_each_pair(signal, part, scratch, |t, packed| {
            pair_magnitudes(self.isa, packed, &mut a, &mut b);
            each(t, &a);
            if t + 1 < end {
                each(t + 1, &b);
            }
        });
    }

    /// Returns the signal of `len` samples whose frames are nearest to `spectrogram`. Frames are windowed again, added up and
    /// divided by the sum of the squared windows (Griffin and Lim, "Signal estimation from modified short-time Fourier
    /// transform", 1984, equation 6). Samples that no frame reaches are zero.
    ///
    /// # Errors
    /// [`AnalysisError::Parameter`] unless the spectrogram has the bins of [`Stft::transform`] and finite values.
    pub fn inverse(
        &self,
        spectrogram: &Spectrogram<Complex32>,
        len: usize,
        scratch: &mut StftScratch,
    ) -> Result<Vec<f32>, AnalysisError> {
        let bins = self.bins();
        AnalysisError::ensure(
            spectrogram.bins() == bins,
            "bins",
            spectrogram.bins() as f64,
            &format!("{bins}, those of a frame"),
        )?;
        self.inverse_of(&spectrogram.values, len, scratch)
    }

    /// As [`Stft::inverse`], for the values of a spectrogram, frame after frame.
    ///
    /// # Errors
    /// [`AnalysisError::Parameter`] unless they are whole frames of finite values.
    #[doc(hidden)]
    pub fn inverse_of(
        &self,
        values: &[Complex32],
        len: usize,
        scratch: &mut StftScratch,
    ) -> Result<Vec<f32>, AnalysisError> {
        let (bins, length) = (self.bins(), self.window.len());
        let frames = whole_frames(values.len(), bins)?;
        let finite = values.iter().all(|z| z.re.is_finite() && z.im.is_finite());
        AnalysisError::ensure(finite, "a value of the spectrogram", f64::NAN, "finite")?;
        let frame = |t: usize| &values[t * bins..(t + 1) * bins];
        let mut out = vec![0.0; len];
        let StftScratch { packed, fft, .. } = scratch;
        packed.resize(length, Complex32::default());
        let scale = 1.0 / length as f32;
        for t in (0..frames).step_by(2) {
            for k in 0..bins {
                let a = frame(t)[k];
                let b = if t + 1 < frames { frame(t + 1)[k] } else { Complex32::default() };
                let ib = Complex32::new(-b.im, b.re);
                if k == 0 || k == length / 2 {
                    // A real signal has no imaginary part here, so it is dropped.
                    packed[k] = Complex32::new(a.re, b.re) * scale;
                } else {
                    packed[k] = (a + ib) * scale;
                    packed[length - k] = (a - ib).conj() * scale;
                }
            }
            self.inverse.run(packed, fft);
            self.add_frame(t, packed.iter().map(|z| z.re), &mut out);
            if t + 1 < frames {
                self.add_frame(t + 1, packed.iter().map(|z| z.im), &mut out);
            }
        }
        let mut gains = vec![0.0; self.hop];
        for block in 0..(len + length / 2).div_ceil(self.hop) {
            self.gains(block, frames, &mut gains);
            let start = (block * self.hop) as isize - (length / 2) as isize;
            for (i, gain) in gains.iter().enumerate() {
                if let Some(x) = usize::try_from(start + i as isize).ok().and_then(|s| out.get_mut(s)) {
                    *x *= gain;
                }
            }
        }
        Ok(out)
    }

    /// Windows a frame and adds it to the signal.
    fn add_frame(&self, t: usize, values: impl Iterator<Item = f32>, out: &mut [f32]) {
        let start = (t * self.hop) as isize - (self.window.len() / 2) as isize;
        for ((value, w), s) in values.zip(&self.window).zip(start..) {
            if let Some(x) = usize::try_from(s).ok().and_then(|s| out.get_mut(s)) {
                *x += value * w;
            }
        }
    }

    /// Writes one over the sum of the squared windows at the `hop` places of a block, in a signal of `frames` frames. Block `b`
    /// begins where frame `b` does. The value is 1 at places that no frame reaches.
    pub(crate) fn gains(&self, block: usize, frames: usize, gains: &mut [f32]) {
        let length = self.window.len();
        for (i, gain) in gains.iter_mut().enumerate() {
            let mut sum = 0.0;
            // From the block's own frame back to the first one that reaches it.
            for back in 0..=(length - 1) / self.hop {
                let at = i + back * self.hop;
                if at < length && back <= block && block - back < frames {
                    sum += f64::from(self.window[at]).powi(2);
                }
            }
            *gain = if sum > f64::from(f32::MIN_POSITIVE) { (1.0 / sum) as f32 } else { 1.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_signals::noise;

    /// The definition, in double precision.
    fn plain(samples: &[f32], length: usize, hop: usize, t: usize, k: usize) -> (f64, f64) {
        let tau = std::f64::consts::TAU;
        (0..length).fold((0.0, 0.0), |(re, im), n| {
            let s = (t * hop + n) as isize - (length / 2) as isize;
            let x = usize::try_from(s).ok().and_then(|s| samples.get(s)).copied().unwrap_or(0.0);
            let x = f64::from(x) * (0.5 - 0.5 * (tau * n as f64 / length as f64).cos());
            let angle = -tau * ((k * n) % length) as f64 / length as f64;
            (re + x * angle.cos(), im + x * angle.sin())
        })
    }

    #[test]
    fn equals_the_plain_definition() {
        for (length, hop) in [(64, 16), (4, 1), (60, 60), (128, 50)] {
            let stft = Stft::new(length, hop).unwrap();
            for len in [0, 1, 2, hop, length - 1, 5 * length + 7] {
                let samples = noise(len, 3);
                let mut scratch = StftScratch::default();
                let spectrum = stft.transform(&samples, &mut scratch).unwrap();
                let magnitudes = stft.magnitudes(&samples, &mut scratch).unwrap();
                assert_eq!(spectrum.frames(), if len == 0 { 0 } else { 1 + len / hop });
                assert_eq!(magnitudes.frames(), spectrum.frames());
                for t in 0..spectrum.frames() {
                    for k in 0..=length / 2 {
                        let (re, im) = plain(&samples, length, hop, t, k);
                        let got = spectrum.frame(t)[k];
                        let off = (f64::from(got.re) - re).hypot(f64::from(got.im) - im);
                        assert!(off < 1e-4, "{length}/{hop}, frame {t}, bin {k}: {got} against {re} {im}");
                        assert!((f64::from(magnitudes.frame(t)[k]) - re.hypot(im)).abs() < 1e-4);
                    }
                }
            }
        }
    }

    #[test]
    fn the_inverse_gives_the_signal_back() {
        for (length, hop) in [(64, 16), (64, 32), (60, 7), (128, 50)] {
            let stft = Stft::new(length, hop).unwrap();
            for len in [0, 1, length / 2, 3 * length + 5] {
                let samples = noise(len, 3);
                let mut scratch = StftScratch::default();
                let spectrum = stft.transform(&samples, &mut scratch).unwrap();
                let back = stft.inverse(&spectrum, len, &mut scratch).unwrap();
                assert_eq!(back.len(), len);
                for (i, (x, y)) in samples.iter().zip(&back).enumerate() {
                    // A Hann window is zero at its first place, so a frame does not reach its first sample.
                    let reached = (0..spectrum.frames()).any(|t| (t * hop).abs_diff(i) < length / 2);
                    if reached {
                        assert!((x - y).abs() < 1e-4, "{length}/{hop}, {i} of {len}: {x}, {y}");
                    }
                }
            }
        }
    }

    #[test]
    fn bad_parameters_and_samples_are_refused() {
        for (length, hop) in [(0, 1), (2, 1), (63, 16), (64, 0), (64, 65), (1 << 21, 1)] {
            assert!(Stft::new(length, hop).is_err(), "{length}/{hop}");
        }
        let stft = Stft::new(64, 16).unwrap();
        let mut scratch = StftScratch::default();
        assert!(stft.transform(&[0.0, f32::NAN], &mut scratch).is_err());
        assert!(stft.inverse(&Spectrogram::new(3, 32), 10, &mut scratch).is_err());
        assert!(stft.inverse_of(&[Complex32::default(); 34], 10, &mut scratch).is_err());
        let mut spectrum = Spectrogram::<Complex32>::new(3, 33);
        spectrum.frame_mut(1)[4].re = f32::INFINITY;
        assert!(stft.inverse(&spectrum, 10, &mut scratch).is_err());
    }
}
