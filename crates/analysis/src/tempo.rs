//! The tempo of a piece, from the periods of its onset strength.
//!
//! Windows of the onset strength are transformed, and their power spectra are added up. So memory does not grow with the
//! length. The inverse transform of the sum is the mean autocorrelation of all windows, a tempogram without the axis of time
//! (Grosche, Müller and Kurth, "Cyclic tempogram", 2010). A tempo is as salient as the autocorrelation after one, two and four
//! beats, on average. The most salient tempo is chosen, where those near 105 beats a minute are preferred, because listeners
//! prefer them (Moelants, "Preferred tempo reconsidered", 2002).
use std::ops::Range;

use refrain_fft::num_complex::Complex32;

use crate::{
    error::AnalysisError,
    fft::FftPlan,
    onset::{BANDS, MelBands, Onsets},
    signal::{Signal, check},
    stft::{Stft, StftScratch, hann},
};

/// Frames of a window: 12 s at the usual rate, as every second one begins in the middle of the one before.
const WINDOW: usize = 512;

/// The length of the transform. Twice the window would do for the autocorrelation; this also interpolates the spectrum.
const FFT: usize = 2048;

/// The least number of frames with a tempo: 4 s at the usual rate.
const LEAST_FRAMES: u64 = 172;

/// Slower changes than this, in beats a minute, do not count: a sound that swells has no beat.
const SLOWEST_CHANGE: f64 = 30.0;

/// The tempi that can be found, in beats a minute.
const RANGE: Range<f64> = 35.0..260.0;

/// The ratio of one tempo that is tried to the next.
const STEP: f64 = 1.004;

/// After how many beats the onset strength is compared with itself.
const BEATS: [f64; 3] = [1.0, 2.0, 4.0];

/// If the onset strength is less similar to itself one beat later, that is no beat, however similar it is after two: slow
/// clicks would be taken for twice as many.
const LEAST_AFTER_ONE: f64 = 0.05;

/// The preferred tempo, and the standard deviation of the preference in octaves.
const PREFERRED: (f64, f64) = (105.0, 0.8);

/// Less salient tempi are none. Of white noise and speech the salience is below 0.15; of most music it is 0.4 to 0.9.
const LEAST_SALIENCE: f64 = 0.2;

/// The least standard deviation of the onset strength, in decibels. Noise has 0.2; music with a beat has 1 or more.
const LEAST_STRENGTH: f64 = 0.3;

/// Frames of about a second.
const SECOND: u64 = 43;

/// The most that a single second may contribute to the sum of squares of the onset strength. A sound that fades in and stays
/// has nearly all in one second.
const MOST_OF_A_SECOND: f64 = 0.5;

/// A tempo.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct TempoEstimate {
    /// Beats a minute, 35 to 260. Half or double of it may be what a listener would tap.
    pub bpm: f64,
    /// How regular the beat is: the autocorrelation of the onset strength after one, two and four beats, 0.2 to 1.
    pub salience: f64,
}

/// An estimator of tempo.
#[derive(Clone)]
pub struct Tempo {
    stft: Stft,
    bands: MelBands,
    frame_rate: f64,
}

/// Working memory of [`Tempo`].
#[derive(Clone, Debug, Default)]
pub struct TempoScratch {
    stft: StftScratch,
}

impl Tempo {
    /// Plans an estimator for signals of `rate` hertz. A frame is about 93 ms long (2,048 samples at 22,050 Hz), and frames
    /// begin every quarter of that.
    ///
    /// # Errors
    /// [`AnalysisError::Parameter`] unless `rate` is 4,000 to 1,000,000.
    pub fn new(rate: f64) -> Result<Self, AnalysisError> {
        AnalysisError::ensure((4e3..=1e6).contains(&rate), "rate", rate, "4,000 to 1,000,000 Hz")?;
        let frame = (2048.0 * rate / 22_050.0).log2().round().exp2() as usize;
        let stft = Stft::new(frame, frame / 4)?;
        Ok(Self { bands: MelBands::new(rate, stft.bins()), frame_rate: rate / stft.hop() as f64, stft })
    }

    /// Returns the tempo; `None` if there is no regular beat, or less than 4 s of sound.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for a sample that is not finite or too large.
    pub fn estimate(
        &self,
        samples: &[f32],
        scratch: &mut TempoScratch,
    ) -> Result<Option<TempoEstimate>, AnalysisError> {
        check(samples, 0)?;
        let mut sum = TempoAccumulator::new(self);
        let mut levels = Vec::with_capacity(BANDS);
        let frames = 0..self.stft.frames(samples.len());
        self.stft.part_magnitudes(Signal::whole(samples), frames, &mut scratch.stft, |_, magnitudes| {
            levels.clear();
            self.levels(magnitudes, &mut levels);
            sum.add(&levels);
        });
        Ok(sum.tempo())
    }

    /// Appends the levels of the bands of a frame.
    #[doc(hidden)]
    pub fn levels(&self, magnitudes: &[f32], levels: &mut Vec<f32>) {
        self.bands.levels(magnitudes, levels);
    }
}

/// Finds the tempo of frames that come one after the other, in constant memory.
#[doc(hidden)]
pub struct TempoAccumulator {
    frame_rate: f64,
    onsets: Onsets,
    /// The onset strengths of the window that is being filled.
    window: Vec<f32>,
    transform: FftPlan,
    padded: Vec<Complex32>,
    scratch: Vec<Complex32>,
    /// The sum of the windows' power spectra, up to half the transform's length.
    power: Vec<f64>,
    windows: u64,
    frames: u64,
    /// The sums of the strengths and of their squares.
    sums: [f64; 2],
    /// The sum of squares of the current second, and the largest one so far.
    second: f64,
    most: f64,
}

impl TempoAccumulator {
    /// Without frames.
    pub fn new(plan: &Tempo) -> Self {
        Self {
            frame_rate: plan.frame_rate,
            onsets: Onsets::default(),
            window: Vec::with_capacity(WINDOW),
            transform: FftPlan::forward(FFT),
            padded: vec![Complex32::default(); FFT],
            scratch: Vec::new(),
            power: vec![0.0; FFT / 2 + 1],
            windows: 0,
            frames: 0,
            sums: [0.0; 2],
            second: 0.0,
            most: 0.0,
        }
    }

    /// Adds the levels of the next frames.
    pub fn add(&mut self, levels: &[f32]) {
        for frame in levels.chunks_exact(BANDS) {
            let Some(strength) = self.onsets.next(frame) else { continue };
            if self.frames.is_multiple_of(SECOND) {
                self.second = 0.0;
            }
            self.frames += 1;
            self.second += f64::from(strength).powi(2);
            self.most = self.most.max(self.second);
            self.sums[0] += f64::from(strength);
            self.sums[1] += f64::from(strength).powi(2);
            self.window.push(strength);
            if self.window.len() == WINDOW {
                self.add_window();
                self.window.drain(..WINDOW / 2);
            }
        }
    }

    fn add_window(&mut self) {
        let weights = || hann(self.window.len());
        let weighted: f64 = self.window.iter().zip(weights()).map(|(x, w)| f64::from(*x) * w).sum();
        let mean = weighted / weights().sum::<f64>();
        self.padded.fill(Complex32::default());
        for ((to, x), w) in self.padded.iter_mut().zip(&self.window).zip(weights()) {
            to.re = ((f64::from(*x) - mean) * w) as f32;
        }
        self.transform.run(&mut self.padded, &mut self.scratch);
        for (sum, bin) in self.power.iter_mut().zip(&self.padded) {
            *sum += f64::from(bin.norm_sqr());
        }
        self.windows += 1;
    }

    /// The tempo of all frames.
    pub fn tempo(mut self) -> Option<TempoEstimate> {
        let frames = self.frames as f64;
        let deviation = (self.sums[1] / frames - (self.sums[0] / frames).powi(2)).max(0.0).sqrt();
        let uneven = self.most > MOST_OF_A_SECOND * self.sums[1];
        if self.frames < LEAST_FRAMES || deviation < LEAST_STRENGTH || uneven {
            return None;
        }
        let window = if self.windows == 0 { self.window.len() } else { WINDOW };
        if self.windows == 0 {
            self.add_window();
        }
        let slow = SLOWEST_CHANGE / 60.0 / self.frame_rate * FFT as f64;
        self.power[..slow.ceil() as usize].fill(0.0);
        let similarity = self.autocorrelation(window);
        strongest(&similarity, self.frame_rate)
    }

    /// The similarity of the strength to itself after each number of frames: 1 after none, 0 on average.
    fn autocorrelation(&mut self, window: usize) -> Vec<f64> {
        let mut inverse = |power: &dyn Fn(usize) -> f64| -> Vec<f64> {
            // A power spectrum is real and even, so that the forward transform is the inverse one but for its scale.
            for (k, to) in self.padded.iter_mut().enumerate() {
                *to = Complex32::new(power(k.min(FFT - k)) as f32, 0.0);
            }
            self.transform.run(&mut self.padded, &mut self.scratch);
            self.padded.iter().map(|z| f64::from(z.re)).collect()
        };
        let total = self.power.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let of_sound = inverse(&|k| self.power[k] / total);
        // What is left of a constant after so many frames: the window's own autocorrelation.
        let weights: Vec<f64> = hann(window).collect();
        let of_window = |lag: usize| weights.iter().zip(&weights[lag..]).map(|(a, b)| a * b).sum::<f64>();
        let lags = window * 4 / 5;
        (0..lags).map(|lag| of_sound[lag] / of_sound[0] / (of_window(lag) / of_window(0))).collect()
    }
}

/// The value between two samples of a curve; `None` beyond its end.
fn between(curve: &[f64], at: f64) -> Option<f64> {
    let n = at.floor() as usize;
    let part = at - at.floor();
    Some(curve.get(n)? * (1.0 - part) + curve.get(n + 1)? * part)
}

/// The tempo that is salient and preferred.
fn strongest(similarity: &[f64], frame_rate: f64) -> Option<TempoEstimate> {
    let frames_of_beat = |bpm: f64| 60.0 * frame_rate / bpm;
    let salience = |bpm: f64| {
        let after = BEATS.map(|beats| between(similarity, beats * frames_of_beat(bpm)));
        if after[0].is_none_or(|one| one < LEAST_AFTER_ONE) {
            return 0.0;
        }
        let known = after.iter().flatten().count().max(1);
        after.iter().flatten().sum::<f64>() / known as f64
    };
    let preference = |bpm: f64| (-0.5 * ((bpm / PREFERRED.0).log2() / PREFERRED.1).powi(2)).exp();
    let tempi =
        std::iter::successors(Some(RANGE.start), |bpm| Some(bpm * STEP)).take_while(|bpm| *bpm < RANGE.end);
    let score = |bpm: f64| salience(bpm).max(0.0) * preference(bpm);
    let (_, bpm) = tempi.map(|bpm| (score(bpm), bpm)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    let salience = salience(bpm).min(1.0);
    if salience < LEAST_SALIENCE || !salience.is_finite() {
        return None;
    }
    // The longest lag tells the tempo best.
    let lag = |beats: f64| beats * frames_of_beat(bpm);
    let beats = BEATS.into_iter().rfind(|beats| lag(*beats) * 1.03 + 2.0 < similarity.len() as f64)?;
    Some(TempoEstimate { bpm: 60.0 * frame_rate * beats / peak_near(similarity, lag(beats)), salience })
}

/// The place of the peak within 3 % of `lag`, between samples by a parabola; `lag` if there is none.
fn peak_near(curve: &[f64], lag: f64) -> f64 {
    let near = (lag * 0.97).round().max(1.0) as usize..=(lag * 1.03).round() as usize;
    let Some(top) = near.max_by(|a, b| curve[*a].total_cmp(&curve[*b])) else { return lag };
    let (before, at, after) = (curve[top - 1], curve[top], curve[top + 1]);
    let bend = before + after - 2.0 * at;
    let shift = (before - after) / 2.0 / bend;
    if at < before || at < after || bend >= 0.0 { lag } else { top as f64 + shift }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 22_050.0;

    fn tempo(samples: &[f32], rate: f64) -> Option<TempoEstimate> {
        Tempo::new(rate).unwrap().estimate(samples, &mut TempoScratch::default()).unwrap()
    }

    /// Short bursts of noise every beat.
    fn clicks(bpm: f64, seconds: f64, rate: f64) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(1);
        let sample = |n: usize| {
            let since = (n as f64 / rate).rem_euclid(60.0 / bpm);
            (random.f64() - 0.5) * (-since / 0.01).exp()
        };
        (0..(seconds * rate) as usize).map(sample).map(|x| x as f32).collect()
    }

    #[test]
    fn clicks_have_their_tempo_at_any_rate_length_and_level() {
        for bpm in [60.0, 72.5, 97.3, 120.0, 133.0] {
            for (seconds, rate) in [(30.0, RATE), (8.0, RATE), (20.0, 8000.0), (20.0, 48_000.0)] {
                let samples = clicks(bpm, seconds, rate);
                let got = tempo(&samples, rate).unwrap();
                assert!((got.bpm / bpm - 1.0).abs() < 0.01, "{bpm}, {seconds} s at {rate}: {got:?}");
                assert!((0.3..=1.0).contains(&got.salience), "{got:?}");
                let quiet: Vec<f32> = samples.iter().map(|x| x / 256.0).collect();
                let quiet = tempo(&quiet, rate).unwrap();
                assert!((quiet.bpm / got.bpm - 1.0).abs() < 0.001, "{quiet:?}");
            }
        }
    }

    #[test]
    fn sounds_without_a_beat_have_no_tempo() {
        let mut random = fastrand::Rng::with_seed(2);
        let len = 30 * 22_050;
        let tones = |n: usize| {
            let t = n as f64 / RATE;
            [98.0, 147.0, 196.0, 392.0]
                .map(|f| 0.2 * (std::f64::consts::TAU * f * t).sin())
                .iter()
                .sum::<f64>()
        };
        let swelling = |n: usize| tones(n) * (n as f64 / RATE / 6.0).sin();
        let fading = |n: usize| (tones(n) * (n as f64 / RATE / 2.0).min(1.0)) as f32;
        // Clicks at random times, as in rain, and ones whose distances are between 0.2 and 1.2 s.
        let mut rain = vec![0.0f32; len];
        let mut drops = vec![0.0f32; len];
        (0..3000).for_each(|_| rain[random.usize(..len)] = 0.5);
        let mut at = 0;
        while at < len {
            drops[at] = 0.5;
            at += 4_410 + random.usize(..22_050);
        }
        let noise: Vec<f32> = (0..len).map(|_| random.f32() - 0.5).collect();
        for (name, samples) in [
            ("silence", vec![0.0; len]),
            ("constant", vec![0.7; len]),
            ("nothing", vec![]),
            ("noise", noise),
            ("drone", (0..len).map(|n| tones(n) as f32).collect()),
            ("a drone that swells", (0..len).map(|n| swelling(n) as f32).collect()),
            ("a drone that fades in", (0..len / 3).map(fading).collect()),
            ("rain", rain),
            ("drops", drops),
            ("3 s of clicks", clicks(120.0, 3.0, RATE)),
        ] {
            assert_eq!(tempo(&samples, RATE), None, "{name}");
        }
    }

    #[test]
    fn the_tempo_that_lasts_longest_wins() {
        let mut samples = clicks(90.0, 15.0, RATE);
        samples.extend(clicks(128.0, 45.0, RATE));
        let got = tempo(&samples, RATE).unwrap();
        assert!((got.bpm / 128.0 - 1.0).abs() < 0.01, "{got:?}");
    }

    #[test]
    fn frames_in_pieces_give_the_same_tempo() {
        let samples = clicks(111.0, 25.0, RATE);
        let plan = Tempo::new(RATE).unwrap();
        let whole = tempo(&samples, RATE).unwrap();
        for piece in [1, 7, 512] {
            let mut levels = Vec::new();
            let frames = 0..plan.stft.frames(samples.len());
            plan.stft.part_magnitudes(
                Signal::whole(&samples),
                frames,
                &mut StftScratch::default(),
                |_, m| {
                    plan.levels(m, &mut levels);
                },
            );
            let mut sum = TempoAccumulator::new(&plan);
            levels.chunks(piece * BANDS).for_each(|part| sum.add(part));
            assert_eq!(sum.tempo(), Some(whole));
        }
    }

    #[test]
    fn bad_samples_and_rates_are_refused() {
        assert!(Tempo::new(3999.0).is_err() && Tempo::new(f64::NAN).is_err() && Tempo::new(1e6).is_ok());
        let plan = Tempo::new(RATE).unwrap();
        assert!(plan.estimate(&[0.0, f32::NAN], &mut TempoScratch::default()).is_err());
    }
}
