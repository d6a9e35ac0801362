//! Fundamental frequency by YIN: de Cheveigné and Kawahara, "YIN, a fundamental frequency estimator for speech and music",
//! 2002. Section and equation numbers are theirs.
use std::ops::Range;

use rayon::prelude::*;

use super::{
    AnalysisError, Complex32,
    lanes::{GROUP, Isa, Lanes, for_each_isa},
    pair::{Plan, pack, quick_len},
    signal::{Signal, check},
};

/// The difference function of a frame of N samples at a lag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Difference {
    /// The sum of `(x[n] - x[n + lag])^2` over all pairs of samples in the frame: equation 6, with the sum tapering as in
    /// equation 2. Zero at the period of a periodic frame.
    #[default]
    Textbook,
    /// What librosa computes: the same without taking off the energy of the last `lag` samples, so that it does not reach
    /// zero. Its minima lie early: pitch comes out about 1.4 cents sharp at 440 Hz and 10 at 65 Hz. For comparing figures.
    Librosa,
}

/// What [`Yin`] looks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct YinOptions {
    /// The lowest frequency in hertz; its period must fit into a frame, and twice is better.
    pub fmin: f64,
    /// The highest frequency in hertz, above `fmin` and at most half the sample rate.
    pub fmax: f64,
    /// Samples in a frame.
    pub frame_length: usize,
    /// Samples from one frame to the next.
    pub hop: usize,
    /// The aperiodicity below which the first dip is taken, 0 to 1 (step 4).
    pub threshold: f32,
    /// The difference function (step 2).
    pub difference: Difference,
}

impl Default for YinOptions {
    /// C2 to C7, 2,048 samples every 512, a threshold of 0.1.
    fn default() -> Self {
        Self {
            fmin: 2.0 * super::cqt::C1,
            fmax: 64.0 * super::cqt::C1,
            frame_length: 2048,
            hop: 512,
            threshold: 0.1,
            difference: Difference::Textbook,
        }
    }
}

/// The pitch of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pitch {
    /// In hertz. Every frame has one, also where there is no pitch: then it is that of the deepest dip.
    pub frequency: f32,
    /// The normalised difference at its period: near 0 for a steady tone, near 1 for noise; 1 for silence.
    pub aperiodicity: f32,
}

/// A pitch tracker. Frame `t` is centred on sample `t * hop`, with zeros outside of the signal.
///
/// Silence has the highest frequency that is looked for and the aperiodicity 1.
#[derive(Clone)]
pub struct Yin {
    rate: f64,
    options: YinOptions,
    /// Lags that are looked at.
    least: usize,
    most: usize,
    plan: Plan,
    fft_length: usize,
    isa: Isa,
}

/// What [`Yin`] works in.
#[derive(Clone, Debug, Default)]
pub struct YinScratch {
    packed: Vec<Complex32>,
    fft: Vec<Complex32>,
    edges: [Vec<f32>; 2],
    correlation: [Vec<f32>; 2],
    normalised: Vec<f32>,
}

/// The sum of squares, as sixteen sums.
#[inline(always)]
fn squares(x: &[f32]) -> f32 {
    let mut sums = [0.0f32; GROUP];
    let (groups, rest) = x.as_chunks::<GROUP>();
    for group in groups {
        sums.iter_mut().zip(group).for_each(|(s, x)| *s += x * x);
    }
    sums.iter().sum::<f32>() + rest.iter().map(|x| x * x).sum::<f32>()
}

/// A power of two that brings a frame to about unit energy, so that a loud frame's rounding does not drown the quiet one
/// that it is transformed with; 0 for silence, also for what is as good as silent.
fn unit_scale(energy: f32) -> f32 {
    if energy < 1e-30 { 0.0 } else { (-0.5 * energy.log2()).round().exp2() }
}

/// Packs two frames, each times its scale.
#[inline(always)]
fn pack_to_unit<V: Lanes>(a: &[f32], b: &[f32], packed: &mut [Complex32], scales: &mut [f32; 2]) {
    *scales = [unit_scale(squares(a)), unit_scale(squares(b))];
    if *scales == [1.0; 2] {
        return pack(a, b, packed);
    }
    let [scale_a, scale_b] = *scales;
    for ((z, a), b) in packed.iter_mut().zip(a).zip(b) {
        *z = Complex32::new(a * scale_a, b * scale_b);
    }
}

for_each_isa!(
    pack_scaled = pack_to_unit(a: &[f32], b: &[f32], packed: &mut [Complex32], scales: &mut [f32; 2])
);

/// Turns the spectrum of two packed frames into their power spectra, packed likewise.
#[inline(always)]
fn to_powers<V: Lanes>(packed: &mut [Complex32]) {
    let half = packed.len() / 2;
    for k in [0, half] {
        packed[k] = Complex32::new(packed[k].re * packed[k].re, packed[k].im * packed[k].im);
    }
    let (low, high) = packed.split_at_mut(half);
    for (z, m) in low[1..].iter_mut().zip(high[1..].iter_mut().rev()) {
        let (s_re, s_im) = (z.re + m.re, z.im - m.im);
        let (d_re, d_im) = (z.re - m.re, z.im + m.im);
        let power = Complex32::new(0.25 * (s_re * s_re + s_im * s_im), 0.25 * (d_re * d_re + d_im * d_im));
        (*z, *m) = (power, power);
    }
}

for_each_isa!(power_spectra = to_powers(packed: &mut [Complex32]));

impl Yin {
    /// A tracker for signals of `rate` hertz.
    ///
    /// # Errors
    /// Where an option is outside its range.
    pub fn new(rate: f64, options: YinOptions) -> Result<Self, AnalysisError> {
        let YinOptions { fmin, fmax, frame_length, hop, threshold, .. } = options;
        let must = AnalysisError::unless;
        must((1.0..=1e6).contains(&rate), "rate", rate, "1 to 1,000,000 Hz")?;
        must((16..=1 << 18).contains(&frame_length), "frame_length", frame_length as f64, "16 to 2^18")?;
        must((1..=frame_length).contains(&hop), "hop", hop as f64, "1 to the length of a frame")?;
        must(fmax > 0.0 && fmax <= rate / 2.0, "fmax", fmax, "above 0, at most half the sample rate")?;
        let lowest = rate / (frame_length - 1) as f64;
        must(fmin > lowest, "fmin", fmin, &format!("above {lowest:.3} Hz, or a longer frame"))?;
        must(fmin < fmax, "fmin", fmin, "below fmax")?;
        must((0.0..=1.0).contains(&threshold), "threshold", threshold.into(), "0 to 1")?;
        let least = (rate / fmax).floor() as usize;
        let most = ((rate / fmin).ceil() as usize).min(frame_length - 1);
        must(most >= least + 2, "fmin", fmin, "so far below fmax that three lags lie between them")?;
        let fft_length = quick_len(frame_length + most + 1);
        Ok(Self { rate, options, least, most, plan: Plan::forward(fft_length), fft_length, isa: Isa::best() })
    }

    /// The sample rate that it is made for.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// What it looks for.
    pub fn options(&self) -> &YinOptions {
        &self.options
    }

    /// Frames of a signal of `len` samples: `1 + len / hop`, none of an empty one.
    pub fn frames(&self, len: usize) -> usize {
        if len == 0 { 0 } else { 1 + len / self.options.hop }
    }

    /// The pitch of each frame of `samples`.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for samples that cannot be worked with.
    pub fn pitch(&self, samples: &[f32], scratch: &mut YinScratch) -> Result<Vec<Pitch>, AnalysisError> {
        check(samples, 0)?;
        let mut out = Vec::new();
        self.pitch_of(Signal::whole(samples), 0..self.frames(samples.len()), scratch, &mut out);
        Ok(out)
    }

    /// Appends the pitch of the frames of `part`, which begins with an even one, to `out`; `signal` has all samples that
    /// they reach, and all can be worked with.
    pub(crate) fn pitch_of(
        &self,
        signal: Signal<'_>,
        part: Range<usize>,
        scratch: &mut YinScratch,
        out: &mut Vec<Pitch>,
    ) {
        let before = out.len();
        out.resize(before + part.len(), Pitch::default());
        for (n, pair) in out[before..].chunks_mut(2).enumerate() {
            self.pair(signal, part.start + 2 * n, scratch, pair);
        }
    }

    /// As [`Yin::pitch`], on the threads of the current rayon pool; the same bit for bit.
    ///
    /// # Errors
    /// As [`Yin::pitch`].
    pub fn pitch_on_threads(&self, samples: &[f32]) -> Result<Vec<Pitch>, AnalysisError> {
        check(samples, 0)?;
        let mut out = vec![Pitch::default(); self.frames(samples.len())];
        let pairs = out.par_chunks_mut(2).enumerate().with_min_len(32);
        pairs.for_each_init(YinScratch::default, |scratch, (n, pair)| {
            self.pair(Signal::whole(samples), 2 * n, scratch, pair);
        });
        Ok(out)
    }

    /// The smallest lag that [`Yin::each_normalised`] gives.
    pub(super) fn least_lag(&self) -> usize {
        self.least
    }

    /// Calls `each` with the cumulative mean normalised difference (equation 8) of frames `first` and `first + 1`, from
    /// the smallest lag to the largest.
    pub(super) fn each_normalised(
        &self,
        signal: Signal<'_>,
        first: usize,
        scratch: &mut YinScratch,
        mut each: impl FnMut(usize, &[f32]),
    ) {
        let YinScratch { packed, fft, edges: [edge_a, edge_b], correlation, normalised } = scratch;
        let YinOptions { frame_length, hop, difference, .. } = self.options;
        let start = (first * hop) as isize - (frame_length / 2) as isize;
        let a = signal.segment(start, frame_length, edge_a);
        let b = signal.segment(start + hop as isize, frame_length, edge_b);
        packed.resize(self.fft_length, Complex32::default());
        packed[frame_length..].fill(Complex32::default());
        let mut scales = [0.0; 2];
        // SAFETY: `best` is one of those that are available.
        unsafe { pack_scaled(self.isa, a, b, &mut packed[..frame_length], &mut scales) };
        self.plan.run(packed, fft);
        // SAFETY: as above.
        unsafe { power_spectra(self.isa, packed) };
        // Of an even sequence the forward transform is the inverse one, scale aside.
        self.plan.run(packed, fft);
        let scale = 1.0 / self.fft_length as f32;
        let [of_a, of_b] = correlation;
        of_a.clear();
        of_b.clear();
        of_a.extend(packed[..=self.most].iter().map(|z| z.re * scale));
        of_b.extend(packed[..=self.most].iter().map(|z| z.im * scale));
        for (i, (frame, r)) in [(a, of_a), (b, of_b)].into_iter().enumerate() {
            normalised.clear();
            if scales[i] == 0.0 {
                normalised.resize(self.most + 1 - self.least, 0.0);
            } else {
                self.normalise(frame, r, scales[i], difference, normalised);
            }
            each(first + i, normalised);
        }
    }

    /// The normalised difference out of the autocorrelation of the scaled frame.
    fn normalise(&self, frame: &[f32], r: &[f32], scale: f32, difference: Difference, out: &mut Vec<f32>) {
        let square = |x: f32| f64::from(x * scale) * f64::from(x * scale);
        let tail = if difference == Difference::Textbook { 1.0 } else { 0.0 };
        let (mut outside, mut sum) = (0.0, 0.0);
        let ends = frame.iter().zip(frame.iter().rev());
        for ((lag, (&x, &y)), &r_lag) in (1..=self.most).zip(ends).zip(&r[1..]) {
            // The energy of what has no partner at this lag. One addition a lag: they wait for each other.
            outside += square(x) + tail * square(y);
            let d = 2.0 * (f64::from(r[0]) - f64::from(r_lag)) - outside;
            sum += d;
            if lag >= self.least {
                // Rounding may leave less than nothing where all is nearly equal.
                out.push(if sum > f64::MIN_POSITIVE { (d * lag as f64 / sum) as f32 } else { 0.0 });
            }
        }
    }

    fn pair(&self, signal: Signal<'_>, first: usize, scratch: &mut YinScratch, out: &mut [Pitch]) {
        self.each_normalised(signal, first, scratch, |t, d| {
            if let Some(pitch) = out.get_mut(t - first) {
                let i = dip(d, self.options.threshold);
                let silent = d.iter().all(|d| *d == 0.0);
                *pitch = Pitch {
                    frequency: (self.rate / ((self.least + i) as f64 + f64::from(parabolic_shift(d, i))))
                        as f32,
                    aperiodicity: if silent { 1.0 } else { d[i].clamp(0.0, 1.0) },
                };
            }
        });
    }
}

/// Whether there is a dip at `i`: less than before and no more than after; at the very first place less than after.
pub(super) fn is_dip(d: &[f32], i: usize) -> bool {
    let after = d.get(i + 1).copied();
    if i == 0 {
        after.is_some_and(|after| d[0] < after)
    } else {
        d[i] < d[i - 1] && after.is_none_or(|a| d[i] <= a)
    }
}

/// The first dip below `threshold`, else the least value (step 4).
fn dip(d: &[f32], threshold: f32) -> usize {
    if let Some(i) = (0..d.len()).find(|&i| d[i] < threshold && is_dip(d, i)) {
        return i;
    }
    let mut least = 0;
    for (i, v) in d.iter().enumerate() {
        if *v < d[least] {
            least = i;
        }
    }
    least
}

/// How far from `i` the parabola through it and its neighbours has its turning point (step 5); 0 at the ends, and where that
/// is further away than a neighbour.
pub(super) fn parabolic_shift(x: &[f32], i: usize) -> f32 {
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

    fn tone(frequency: f64, len: usize) -> Vec<f32> {
        let step = std::f64::consts::TAU * frequency / 22_050.0;
        let at =
            |n: usize| (0.5 * (step * n as f64).sin() + 0.2 * (2.0 * step * n as f64 + 1.0).sin()) as f32;
        (0..len).map(at).collect()
    }

    fn noise(len: usize) -> Vec<f32> {
        let mut state = 21u32;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..len).map(next).collect()
    }

    /// The normalised difference by its definition.
    fn plain(samples: &[f32], o: &YinOptions, t: usize, least: usize, most: usize) -> Vec<f64> {
        let at = |n: usize| {
            let s = (t * o.hop + n) as isize - (o.frame_length / 2) as isize;
            usize::try_from(s).ok().and_then(|s| samples.get(s)).map_or(0.0, |&x| f64::from(x))
        };
        let mut sum = 0.0;
        let mut out = Vec::new();
        for lag in 1..=most {
            let mut d: f64 = (0..o.frame_length - lag).map(|n| (at(n) - at(n + lag)).powi(2)).sum();
            if o.difference == Difference::Librosa {
                d += (o.frame_length - lag..o.frame_length).map(|n| at(n).powi(2)).sum::<f64>();
            }
            sum += d;
            if lag >= least {
                out.push(if sum > 0.0 { d * lag as f64 / sum } else { 0.0 });
            }
        }
        out
    }

    #[test]
    fn equals_the_plain_definition() {
        let mut samples = noise(900);
        samples.extend(tone(300.0, 900));
        // Loud beside quiet.
        samples.extend(noise(900).iter().map(|x| x * 1e-4));
        for difference in [Difference::Textbook, Difference::Librosa] {
            for (frame_length, hop) in [(256, 64), (300, 300)] {
                let options = YinOptions {
                    fmin: 200.0,
                    fmax: 2000.0,
                    frame_length,
                    hop,
                    difference,
                    ..YinOptions::default()
                };
                let mut yin = Yin::new(22_050.0, options).unwrap();
                for isa in Isa::available() {
                    yin.isa = isa;
                    for first in (0..yin.frames(samples.len())).step_by(2) {
                        yin.each_normalised(
                            Signal::whole(&samples),
                            first,
                            &mut YinScratch::default(),
                            |t, d| {
                                let plain = plain(&samples, &options, t, yin.least, yin.most);
                                assert_eq!(plain.len(), d.len());
                                for (lag, (got, plain)) in d.iter().zip(plain).enumerate() {
                                    assert!(
                                        (f64::from(*got) - plain).abs() < 2e-4,
                                        "{t}, {lag}: {got} {plain}"
                                    );
                                }
                            },
                        );
                    }
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
            // A period of few samples has a dip that is not quite a parabola.
            assert!(cents(&yin).abs() < 3.0, "{frequency} Hz: {} cents", cents(&yin));
            assert!((cents(&librosa) - sharp).abs() < 5.0, "{frequency} Hz: {} cents", cents(&librosa));
        }
    }

    #[test]
    fn threads_give_the_same_bits() {
        let samples: Vec<f32> =
            tone(200.0, 60_000).iter().zip(noise(60_000)).map(|(a, b)| a + 0.1 * b).collect();
        let yin = Yin::new(22_050.0, YinOptions::default()).unwrap();
        let one = yin.pitch(&samples, &mut YinScratch::default()).unwrap();
        for threads in [1, 2, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| yin.pitch_on_threads(&samples)).unwrap(), one);
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
