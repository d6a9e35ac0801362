//! Fundamental frequency by YIN: de Cheveigné and Kawahara, "YIN, a fundamental frequency estimator for speech and music",
//! 2002. Step and equation numbers refer to this paper.
use std::ops::Range;

use rayon::prelude::*;

use crate::{
    autocorrelation::{Autocorrelation, AutocorrelationScratch},
    cmnd::{CmndScratch, cmnd},
    cqt::C1,
    error::AnalysisError,
    signal::{Signal, check},
    simd::{GROUP, Isa},
};

/// The difference function of a frame at a lag.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The sum of `(x[n] - x[n + lag])^2` over all pairs of samples in the frame: equation 6, tapered as in equation 2. It is
    /// zero at the period of a periodic frame.
    #[default]
    Textbook,
    /// librosa's function, for comparing results. It keeps the energy of the last `lag` samples and so never reaches zero.
    /// Its minima lie early: pitch is about 1.4 cents sharp at 440 Hz and 10 cents at 65 Hz.
    Librosa,
}

/// Options of [`Yin`] and [`crate::Pyin`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct YinOptions {
    pub(crate) fmin: f64,
    pub(crate) fmax: f64,
    pub(crate) frame_length: usize,
    pub(crate) hop: usize,
    pub(crate) threshold: f32,
    pub(crate) difference: Difference,
}

impl Default for YinOptions {
    /// C2 to C7, frames of 2,048 samples every 512, a threshold of 0.1, the textbook's difference function.
    fn default() -> Self {
        Self {
            fmin: 2.0 * C1,
            fmax: 64.0 * C1,
            frame_length: 2048,
            hop: 512,
            threshold: 0.1,
            difference: Difference::Textbook,
        }
    }
}

impl YinOptions {
    /// The lowest frequency in hertz. A frame must hold its period, better twice.
    #[must_use]
    pub fn fmin(mut self, fmin: f64) -> Self {
        self.fmin = fmin;
        self
    }

    /// The highest frequency in hertz: above `fmin`, at most half the sample rate.
    #[must_use]
    pub fn fmax(mut self, fmax: f64) -> Self {
        self.fmax = fmax;
        self
    }

    /// Samples in a frame, 16 to 2^18.
    #[must_use]
    pub fn frame_length(mut self, frame_length: usize) -> Self {
        self.frame_length = frame_length;
        self
    }

    /// Samples from one frame to the next, at most a frame.
    #[must_use]
    pub fn hop(mut self, hop: usize) -> Self {
        self.hop = hop;
        self
    }

    /// The first dip with an aperiodicity below this is the period, 0 to 1 (step 4).
    #[must_use]
    pub fn threshold(mut self, threshold: f32) -> Self {
        self.threshold = threshold;
        self
    }

    /// The difference function (step 2).
    #[doc(hidden)]
    #[must_use]
    pub fn difference(mut self, difference: Difference) -> Self {
        self.difference = difference;
        self
    }
}

/// The pitch of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pitch {
    /// The frequency in hertz. A frame without pitch has one too: the frequency of the deepest dip.
    pub frequency: f32,
    /// The normalised difference at the period: near 0 for a steady tone, near 1 for noise, 1 for silence.
    pub aperiodicity: f32,
}

/// A pitch tracker: YIN (de Cheveigné and Kawahara, "YIN, a fundamental frequency estimator for speech and music", 2002).
///
/// Frame `t` is centred on sample `t * hop`; the signal is zero outside of its samples.
///
/// Silent frames get the highest frequency and the aperiodicity 1.
#[derive(Clone)]
pub struct Yin {
    rate: f64,
    options: YinOptions,
    min_lag: usize,
    max_lag: usize,
    autocorrelation: Autocorrelation,
    isa: Isa,
}

/// Working memory of [`Yin`].
#[derive(Clone, Debug, Default)]
pub struct YinScratch {
    autocorrelation: AutocorrelationScratch,
    sums: CmndScratch,
    cmnd: Vec<f32>,
}

/// Frames that a thread takes at once. Its first frames share no blocks with earlier ones, so few would be wasteful.
const FRAMES_PER_TASK: usize = 64;

/// Frames with less energy are silent.
const SILENCE: f32 = 1e-30;

impl Yin {
    /// Plans a tracker for signals of `rate` hertz.
    ///
    /// # Errors
    /// [`AnalysisError::Parameter`] if `rate` or an option is out of range.
    pub fn new(rate: f64, options: YinOptions) -> Result<Self, AnalysisError> {
        let YinOptions { fmin, fmax, frame_length, hop, threshold, .. } = options;
        let must = AnalysisError::ensure;
        must((1.0..=1e6).contains(&rate), "rate", rate, "1 to 1,000,000 Hz")?;
        must((16..=1 << 18).contains(&frame_length), "frame_length", frame_length as f64, "16 to 2^18")?;
        must((1..=frame_length).contains(&hop), "hop", hop as f64, "1 to the length of a frame")?;
        must(fmax > 0.0 && fmax <= rate / 2.0, "fmax", fmax, "above 0, at most half the sample rate")?;
        let lowest = rate / (frame_length - 1) as f64;
        must(fmin > lowest, "fmin", fmin, &format!("above {lowest:.3} Hz, or a longer frame"))?;
        must(fmin < fmax, "fmin", fmin, "below fmax")?;
        must((0.0..=1.0).contains(&threshold), "threshold", threshold.into(), "0 to 1")?;
        let min_lag = (rate / fmax).floor() as usize;
        let max_lag = ((rate / fmin).ceil() as usize).min(frame_length - 1);
        must(max_lag >= min_lag + 2, "fmin", fmin, "so far below fmax that three lags lie between them")?;
        let autocorrelation = Autocorrelation::new(frame_length, hop, max_lag, Isa::best());
        Ok(Self { rate, options, min_lag, max_lag, autocorrelation, isa: Isa::best() })
    }

    /// The sample rate in hertz.
    #[doc(hidden)]
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// The lowest and the highest frequency in hertz.
    #[doc(hidden)]
    pub fn range(&self) -> (f64, f64) {
        (self.options.fmin, self.options.fmax)
    }

    /// The number of frames of `len` samples: `1 + len / hop`, or 0 if there are no samples.
    #[doc(hidden)]
    pub fn frames(&self, len: usize) -> usize {
        if len == 0 { 0 } else { 1 + len / self.options.hop }
    }

    /// Returns the pitch of each frame of `samples`.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for a sample that is not finite or too large.
    pub fn pitch(&self, samples: &[f32], scratch: &mut YinScratch) -> Result<Vec<Pitch>, AnalysisError> {
        check(samples, 0)?;
        let mut out = Vec::new();
        self.pitch_of(Signal::whole(samples), 0..self.frames(samples.len()), scratch, &mut out);
        Ok(out)
    }

    /// Appends the pitch of the frames of `part` to `out`. `signal` must hold all samples of these frames, and [`check`] must
    /// have passed them.
    #[doc(hidden)]
    pub fn pitch_of(
        &self,
        signal: Signal<'_>,
        part: Range<usize>,
        scratch: &mut YinScratch,
        out: &mut Vec<Pitch>,
    ) {
        out.reserve(part.len());
        self.for_each_cmnd(signal, part, scratch, |_, d| out.push(self.choose(d)));
    }

    /// As [`Yin::pitch`], on the threads of the current rayon pool. The result is the same bit for bit.
    ///
    /// # Errors
    /// As [`Yin::pitch`].
    #[doc(hidden)]
    pub fn pitch_on_threads(&self, samples: &[f32]) -> Result<Vec<Pitch>, AnalysisError> {
        check(samples, 0)?;
        let mut out = vec![Pitch::default(); self.frames(samples.len())];
        let parts = out.par_chunks_mut(FRAMES_PER_TASK).enumerate();
        parts.for_each_init(YinScratch::default, |scratch, (n, part)| {
            let first = n * FRAMES_PER_TASK;
            let frames = first..first + part.len();
            self.for_each_cmnd(Signal::whole(samples), frames, scratch, |t, d| {
                part[t - first] = self.choose(d);
            });
        });
        Ok(out)
    }

    /// The smallest lag.
    pub(crate) fn min_lag(&self) -> usize {
        self.min_lag
    }

    /// Calls `each` for each of `frames`, with its number and its cumulative mean normalised difference (equation 8) from the
    /// smallest lag to the largest.
    pub(crate) fn for_each_cmnd(
        &self,
        signal: Signal<'_>,
        frames: Range<usize>,
        scratch: &mut YinScratch,
        mut each: impl FnMut(usize, &[f32]),
    ) {
        let YinScratch { autocorrelation, sums, cmnd: differences } = scratch;
        let taper = self.options.difference == Difference::Textbook;
        differences.resize(self.max_lag, 0.0);
        self.autocorrelation.for_each_frame(signal, frames, autocorrelation, |t, frame, r| {
            if r[0] < SILENCE {
                differences.fill(0.0);
            } else {
                cmnd(self.isa, frame, r, taper, differences, sums);
            }
            each(t, &differences[self.min_lag - 1..]);
        });
    }

    /// Returns the pitch of a frame from its normalised difference.
    fn choose(&self, d: &[f32]) -> Pitch {
        let i = dip(d, self.options.threshold);
        let silent = d[i] == 0.0 && d.iter().all(|d| *d == 0.0);
        let period = (self.min_lag + i) as f64 + f64::from(parabolic_shift(d, i));
        Pitch {
            frequency: (self.rate / period) as f32,
            aperiodicity: if silent { 1.0 } else { d[i].clamp(0.0, 1.0) },
        }
    }
}

/// Whether there is a dip at `i`: less than the value before, and at most the value after. The first value must be less than
/// the second.
pub(crate) fn is_dip(d: &[f32], i: usize) -> bool {
    let after = d.get(i + 1).copied();
    if i == 0 {
        after.is_some_and(|after| d[0] < after)
    } else {
        d[i] < d[i - 1] && after.is_none_or(|a| d[i] <= a)
    }
}

/// Returns the place of the first dip below `threshold`, or of the smallest value if there is no such dip (step 4).
fn dip(d: &[f32], threshold: f32) -> usize {
    // Most groups have nothing below the threshold. A loop without an early exit finds this out quickly.
    for (n, group) in d.chunks(GROUP).enumerate() {
        if group.iter().fold(false, |any, d| any | (*d < threshold)) {
            let mut group = n * GROUP..n * GROUP + group.len();
            if let Some(i) = group.find(|&i| d[i] < threshold && is_dip(d, i)) {
                return i;
            }
        }
    }
    let less = |a: f32, b: f32| if b < a { b } else { a };
    let mut mins = [f32::INFINITY; GROUP];
    let (groups, rest) = d.as_chunks::<GROUP>();
    for group in groups {
        mins.iter_mut().zip(group).for_each(|(min, d)| *min = less(*min, *d));
    }
    let min = mins.iter().chain(rest).fold(f32::INFINITY, |a, b| less(a, *b));
    d.iter().position(|d| *d == min).unwrap_or(0)
}

/// Returns the distance from `i` to the vertex of the parabola through `i` and its neighbours (step 5). It is 0 at the ends,
/// and if the vertex lies beyond a neighbour.
pub(crate) fn parabolic_shift(x: &[f32], i: usize) -> f32 {
    if i == 0 || i + 1 >= x.len() {
        return 0.0;
    }
    let (before, at, after) = (f64::from(x[i - 1]), f64::from(x[i]), f64::from(x[i + 1]));
    let (a, b) = (after + before - 2.0 * at, (after - before) / 2.0);
    if b.abs() < a.abs() { (-b / a) as f32 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_signals::{noise, on_threads};

    fn tone(frequency: f64, len: usize) -> Vec<f32> {
        let step = std::f64::consts::TAU * frequency / 22_050.0;
        let at =
            |n: usize| (0.5 * (step * n as f64).sin() + 0.2 * (2.0 * step * n as f64 + 1.0).sin()) as f32;
        (0..len).map(at).collect()
    }

    /// The normalised difference by its definition.
    fn plain(samples: &[f32], o: &YinOptions, t: usize, min_lag: usize, max_lag: usize) -> Vec<f64> {
        let at = |n: usize| {
            let s = (t * o.hop + n) as isize - (o.frame_length / 2) as isize;
            usize::try_from(s).ok().and_then(|s| samples.get(s)).map_or(0.0, |&x| f64::from(x))
        };
        let mut sum = 0.0;
        let mut out = Vec::new();
        for lag in 1..=max_lag {
            let mut d: f64 = (0..o.frame_length - lag).map(|n| (at(n) - at(n + lag)).powi(2)).sum();
            if o.difference == Difference::Librosa {
                d += (o.frame_length - lag..o.frame_length).map(|n| at(n).powi(2)).sum::<f64>();
            }
            sum += d;
            if lag >= min_lag {
                out.push(if sum > 0.0 { d * lag as f64 / sum } else { 0.0 });
            }
        }
        out
    }

    #[test]
    fn equals_the_plain_definition() {
        let mut samples = noise(900, 21);
        samples.extend(tone(300.0, 900));
        // Loud beside quiet.
        samples.extend(noise(900, 22).iter().map(|x| x * 1e-4));
        for difference in [Difference::Textbook, Difference::Librosa] {
            for (frame_length, hop, fmin) in [(256, 64, 400.0), (512, 64, 200.0), (300, 300, 200.0)] {
                let options =
                    YinOptions { fmin, fmax: 2000.0, frame_length, hop, difference, ..YinOptions::default() };
                let mut yin = Yin::new(22_050.0, options).unwrap();
                for isa in Isa::available() {
                    yin.isa = isa;
                    let frames = 0..yin.frames(samples.len());
                    let mut scratch = YinScratch::default();
                    yin.for_each_cmnd(Signal::whole(&samples), frames, &mut scratch, |t, d| {
                        let plain = plain(&samples, &options, t, yin.min_lag, yin.max_lag);
                        assert_eq!(plain.len(), d.len());
                        for (lag, (got, plain)) in d.iter().zip(plain).enumerate() {
                            assert!((f64::from(*got) - plain).abs() < 2e-4, "{t}, {lag}: {got} {plain}");
                        }
                    });
                }
            }
        }
    }

    #[test]
    fn the_first_dip_below_the_threshold_wins_else_the_deepest() {
        let plain = |d: &[f32], threshold: f32| {
            let first = (0..d.len()).find(|&i| d[i] < threshold && is_dip(d, i));
            // Among equal values the first.
            first.or_else(|| (0..d.len()).min_by(|a, b| d[*a].total_cmp(&d[*b])))
        };
        let d: Vec<f32> = noise(3000, 23).iter().map(|x| (x.abs() * 50.0).round() / 50.0).collect();
        for len in [3, 15, 16, 17, 31, 100] {
            for d in d.windows(len).step_by(7) {
                for threshold in [0.0, 0.01, 0.03, 0.1, 1.0] {
                    assert_eq!(Some(dip(d, threshold)), plain(d, threshold), "{d:?}, {threshold}");
                }
            }
        }
    }

    #[test]
    fn tones_have_their_frequency() {
        let yin = Yin::new(22_050.0, YinOptions::default()).unwrap();
        let librosa = YinOptions { difference: Difference::Librosa, ..YinOptions::default() };
        let librosa = Yin::new(22_050.0, librosa).unwrap();
        for (frequency, sharp) in [(65.5, 9.6), (110.0, 5.5), (440.0, 1.4), (1234.5, 0.5)] {
            let samples = tone(frequency, 12_000);
            let cents = |yin: &Yin| {
                let pitch = yin.pitch(&samples, &mut YinScratch::default()).unwrap()[10];
                assert!(pitch.aperiodicity < 0.1);
                1200.0 * (f64::from(pitch.frequency) / frequency).log2()
            };
            // The dip of a period of few samples is not quite a parabola.
            assert!(cents(&yin).abs() < 3.0, "{frequency} Hz: {} cents", cents(&yin));
            assert!((cents(&librosa) - sharp).abs() < 5.0, "{frequency} Hz: {} cents", cents(&librosa));
        }
    }

    #[test]
    fn threads_give_the_same_bits() {
        let samples: Vec<f32> =
            tone(200.0, 60_000).iter().zip(noise(60_000, 24)).map(|(a, b)| a + 0.1 * b).collect();
        let yin = Yin::new(22_050.0, YinOptions::default()).unwrap();
        let one = yin.pitch(&samples, &mut YinScratch::default()).unwrap();
        // A part by itself gives the same, too.
        for part in [0..1, 3..40, 40..one.len()] {
            let (origin, end) =
                ((part.start * 512).saturating_sub(1024), samples.len().min(part.end * 512 + 512));
            let signal = Signal { samples: &samples[origin..end], origin: origin as isize };
            let mut out = Vec::new();
            yin.pitch_of(signal, part.clone(), &mut YinScratch::default(), &mut out);
            assert_eq!(out, one[part]);
        }
        for threads in [1, 2, 3] {
            assert_eq!(on_threads(threads, || yin.pitch_on_threads(&samples)).unwrap(), one);
        }
    }

    #[test]
    fn odd_signals_give_finite_pitches() {
        let yin = Yin::new(22_050.0, YinOptions::default()).unwrap();
        let clipped: Vec<f32> = tone(300.0, 9000).iter().map(|x| (x * 20.0).clamp(-1.0, 1.0)).collect();
        for samples in [
            vec![],
            vec![1.0],
            vec![0.0; 4000],
            vec![1.0; 4000],
            vec![1e-20; 4000],
            vec![-1e6; 4000],
            clipped,
        ] {
            let pitch = yin.pitch(&samples, &mut YinScratch::default()).unwrap();
            assert_eq!(pitch.len(), if samples.is_empty() { 0 } else { 1 + samples.len() / 512 });
            for p in pitch {
                assert!(p.frequency.is_finite() && p.frequency > 60.0 && p.frequency < 2500.0, "{p:?}");
                assert!((0.0..=1.0).contains(&p.aperiodicity));
            }
        }
        let silence = yin.pitch(&[0.0; 600], &mut YinScratch::default()).unwrap();
        assert!(silence.iter().all(|p| p.aperiodicity == 1.0));
        assert!(yin.pitch(&[f32::NAN], &mut YinScratch::default()).is_err());
        assert!(yin.pitch_on_threads(&[f32::INFINITY]).is_err());
    }

    #[test]
    fn bad_options_are_refused() {
        let usual = YinOptions::default();
        for options in [
            YinOptions { fmin: 0.0, ..usual },
            YinOptions { fmin: 10.0, ..usual },
            YinOptions { fmin: 3000.0, ..usual },
            YinOptions { fmax: 12_000.0, ..usual },
            YinOptions { fmin: f64::NAN, ..usual },
            YinOptions { fmin: 2090.0, ..usual },
            YinOptions { frame_length: 3, ..usual },
            YinOptions { hop: 0, ..usual },
            YinOptions { threshold: 2.0, ..usual },
        ] {
            assert!(Yin::new(22_050.0, options).is_err(), "{options:?}");
        }
        assert!(Yin::new(f64::NAN, usual).is_err());
    }
}
