//! Fundamental frequency with a probability of being voiced: Mauch and Dixon, "pYIN: A fundamental frequency estimator using
//! probabilistic threshold distributions", 2014. The details are those of the authors' program and of `librosa.pyin`.
//!
//! Each frame is tried with a hundred thresholds. This gives each dip of the normalised difference a probability: the share
//! of thresholds that choose it. A hidden Markov model then finds the most probable sequence of pitches.
use crate::{
    error::AnalysisError,
    signal::{Signal, check},
    yin::{Difference, Yin, YinOptions, YinScratch, is_dip, parabolic_shift},
};

/// The number of thresholds between 0 and 1.
const THRESHOLDS: usize = 100;

/// The thresholds have the distribution beta(2, 18): most are near 0.1 (section 2.1).
const BETA: (u32, u32) = (2, 18);

/// The probability of a dip falls by the factor `exp(-BOLTZMANN)` with each dip before it.
const BOLTZMANN: f64 = 2.0;

/// Pitches in a semitone.
const PER_SEMITONE: usize = 10;

/// The probability of the deepest dip if no dip is below the threshold.
const NO_TROUGH: f64 = 0.01;

/// The probability that the next frame changes between voiced and unvoiced (section 2.2).
const SWITCH: f64 = 0.01;

/// The fastest change of pitch, in octaves a second.
const MAX_TRANSITION_RATE: f64 = 35.92;

/// The smallest normal number. It stands for a probability of 0, which has no logarithm.
const TINY: f64 = f64::MIN_POSITIVE;

/// The pitch of a frame, if the frame is voiced.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ProbablePitch {
    /// The frequency in hertz, on a grid of a tenth of a semitone from `fmin` up. `None` if the frame is unvoiced.
    pub frequency: Option<f32>,
    /// The probability that the frame is voiced, 0 to 1.
    pub voiced: f32,
}

/// A pitch tracker that finds the most probable sequence of pitches: pYIN (Mauch and Dixon, "pYIN: A fundamental frequency
/// estimator using probabilistic threshold distributions", 2014). It agrees with `librosa.pyin`, given
/// [`Pyin::librosa_options`].
///
/// Its memory grows with the signal: two bytes for each state and frame, which is 2.4 KB a frame for five octaves.
pub struct Pyin {
    yin: Yin,
    /// The number of pitches on the grid.
    pitches: usize,
    /// The probability of each threshold.
    beta: Vec<f64>,
    /// Log probabilities of the transition to pitch `to` from pitch `to + d - width / 2`, as `[d][to]`, without a change
    /// between voiced and unvoiced.
    stay: Vec<Vec<f64>>,
    /// The same with a change.
    change: Vec<Vec<f64>>,
}

/// Working memory of [`Pyin`].
#[derive(Clone, Debug, Default)]
pub struct PyinScratch {
    yin: YinScratch,
    dips: Vec<usize>,
    probabilities: Vec<f64>,
    /// The probability of each pitch in one frame.
    observed: Vec<f64>,
    /// The log probability of the best sequence to each state: voiced, then unvoiced. Padded before and after the pitches.
    values: [Vec<f64>; 2],
    next: [Vec<f64>; 2],
    came_from: [Vec<u16>; 2],
    /// `came_from` of all frames but the first.
    trace: Vec<u16>,
}

impl Pyin {
    /// Plans a tracker for signals of `rate` hertz. Ignores the threshold of `options`.
    ///
    /// # Errors
    /// As [`Yin::new`], and if `fmin` to `fmax` is more than twenty octaves.
    pub fn new(rate: f64, options: YinOptions) -> Result<Self, AnalysisError> {
        let yin = Yin::new(rate, options)?;
        let YinOptions { fmin, fmax, hop, .. } = options;
        let octaves = (fmax / fmin).log2();
        AnalysisError::ensure(octaves <= 20.0, "fmax", fmax, "at most twenty octaves above fmin")?;
        let pitches = (12.0 * PER_SEMITONE as f64 * octaves).floor() as usize + 1;
        let semitones =
            (MAX_TRANSITION_RATE * 12.0 * hop as f64 / rate).round_ties_even().min(12.0 * 20.0) as usize;
        let width = semitones * PER_SEMITONE + 1;
        let half = width / 2;
        // A triangle over the pitches within reach. The probabilities from each pitch sum to one.
        let triangle = |d: usize| (half + 1 - d.abs_diff(half)) as f64;
        let sums: Vec<f64> = (0..pitches)
            .map(|from| {
                (0..width).filter(|d| (half..half + pitches).contains(&(from + d))).map(triangle).sum()
            })
            .collect();
        let table = |share: f64| {
            let row = |d: usize| {
                // From pitch `to + d - half`, which is `half - d` lower.
                let at = |to: usize| {
                    let from = (to + d).checked_sub(half).filter(|from| *from < pitches);
                    from.map_or(f64::NEG_INFINITY, |from| (share * triangle(d) / sums[from] + TINY).ln())
                };
                (0..pitches).map(at).collect()
            };
            (0..width).map(row).collect()
        };
        let cdf = |n: usize| beta_cdf(n as f64 / THRESHOLDS as f64);
        let beta = (0..THRESHOLDS).map(|n| cdf(n + 1) - cdf(n)).collect();
        Ok(Self { yin, pitches, beta, stay: table(1.0 - SWITCH), change: table(SWITCH) })
    }

    /// The default options with librosa's difference function, for comparing results.
    #[doc(hidden)]
    pub fn librosa_options() -> YinOptions {
        YinOptions { difference: Difference::Librosa, ..YinOptions::default() }
    }

    /// Returns the pitch of each frame of `samples`. There are as many frames as [`Yin::pitch`] returns.
    ///
    /// # Errors
    /// [`AnalysisError::Sample`] for a sample that is not finite or too large.
    pub fn pitch(
        &self,
        samples: &[f32],
        scratch: &mut PyinScratch,
    ) -> Result<Vec<ProbablePitch>, AnalysisError> {
        check(samples, 0)?;
        let frames = self.yin.frames(samples.len());
        let mut out = vec![ProbablePitch::default(); frames];
        let PyinScratch { yin, dips, probabilities, observed, values, next, came_from, trace } = scratch;
        let (pitches, half) = (self.pitches, self.stay.len() / 2);
        for side in values.iter_mut().chain(next.iter_mut()) {
            side.clear();
            side.resize(pitches + 2 * half, f64::NEG_INFINITY);
        }
        came_from.iter_mut().for_each(|side| side.resize(pitches, 0));
        trace.clear();
        self.yin.for_each_cmnd(Signal::whole(samples), 0..frames, yin, |t, d| {
            let voiced = self.observe(d, dips, probabilities, observed);
            out[t].voiced = voiced as f32;
            let unvoiced = ((1.0 - voiced) / pitches as f64 + TINY).ln();
            let observed = observed.iter().map(|p| (p + TINY).ln());
            if t == 0 {
                let begin = (0.5 / pitches as f64 + TINY).ln();
                let [of_voiced, of_unvoiced] = &mut *values;
                of_voiced[half..].iter_mut().zip(observed).for_each(|(v, p)| *v = begin + p);
                of_unvoiced[half..half + pitches].fill(begin + unvoiced);
                return;
            }
            self.advance(values, next, came_from);
            let [of_voiced, of_unvoiced] = &mut *next;
            of_voiced[half..].iter_mut().zip(observed).for_each(|(v, p)| *v += p);
            of_unvoiced[half..half + pitches].iter_mut().for_each(|v| *v += unvoiced);
            std::mem::swap(values, next);
            came_from.iter().for_each(|side| trace.extend_from_slice(side));
        });
        if frames > 0 {
            let all = || values.iter().flat_map(|side| &side[half..half + pitches]);
            let mut state = largest(all()).0;
            for t in (0..frames).rev() {
                if state < pitches {
                    let octaves = state as f64 / (12 * PER_SEMITONE) as f64;
                    out[t].frequency = Some((self.yin.range().0 * octaves.exp2()) as f32);
                }
                if t > 0 {
                    state = usize::from(trace[(t - 1) * 2 * pitches + state]);
                }
            }
        }
        Ok(out)
    }

    /// Writes the probability of each pitch in one frame into `observed`. Returns their sum.
    fn observe(
        &self,
        d: &[f32],
        dips: &mut Vec<usize>,
        probabilities: &mut Vec<f64>,
        observed: &mut Vec<f64>,
    ) -> f64 {
        observed.clear();
        observed.resize(self.pitches, 0.0);
        dips.clear();
        dips.extend((0..d.len()).filter(|&i| is_dip(d, i)));
        let Some(deepest) = dips.iter().enumerate().min_by(|a, b| d[*a.1].total_cmp(&d[*b.1])) else {
            return 0.0;
        };
        let deepest = deepest.0;
        probabilities.clear();
        probabilities.resize(dips.len(), 0.0);
        for (n, beta) in self.beta.iter().enumerate() {
            let threshold = (n + 1) as f64 / THRESHOLDS as f64;
            let below = |i: &usize| f64::from(d[*i]) < threshold;
            let count = dips.iter().filter(|i| below(i)).count();
            if count == 0 {
                probabilities[deepest] += NO_TROUGH * beta;
                continue;
            }
            let norm = (1.0 - (-BOLTZMANN).exp()) / (1.0 - (-BOLTZMANN * count as f64).exp());
            let mut prior = norm * beta;
            for (p, _) in probabilities.iter_mut().zip(&*dips).filter(|(_, i)| below(i)) {
                *p += prior;
                prior *= (-BOLTZMANN).exp();
            }
        }
        let fmin = self.yin.range().0;
        for (&i, &p) in dips.iter().zip(&*probabilities) {
            let period = (self.yin.min_lag() + i) as f64 + f64::from(parabolic_shift(d, i));
            let pitch = (12 * PER_SEMITONE) as f64 * (self.yin.rate() / period / fmin).log2();
            // If two dips have the same pitch, the later one counts. A dip above the grid is no pitch.
            if p > 0.0
                && let Some(o) = observed.get_mut(pitch.round_ties_even().max(0.0) as usize)
            {
                *o = p;
            }
        }
        observed.iter().sum::<f64>().clamp(0.0, 1.0)
    }

    /// One step of the Viterbi algorithm: for each state, the best sequence that ends there and the state before.
    fn advance(&self, values: &[Vec<f64>; 2], next: &mut [Vec<f64>; 2], came_from: &mut [Vec<u16>; 2]) {
        let (pitches, half) = (self.pitches, self.stay.len() / 2);
        // A jump out of reach has next to no probability. From the best state of all it may still be the best choice.
        let all = || values.iter().flat_map(|side| &side[half..half + pitches]);
        let (best, value) = largest(all());
        for (to, (next, from)) in next.iter_mut().zip(came_from).enumerate() {
            let next = &mut next[half..half + pitches];
            next.fill(value + TINY.ln());
            from.fill(best as u16);
            for (side, values) in values.iter().enumerate() {
                let table = if side == to { &self.stay } else { &self.change };
                for (d, logs) in table.iter().enumerate() {
                    // From pitch `to + d - half`. The padding of `half` values before the pitches cancels `- half`.
                    let base = (side * pitches + d) as isize - half as isize;
                    let sources = &values[d..d + pitches];
                    for (((n, f), (v, w)), to) in
                        next.iter_mut().zip(from.iter_mut()).zip(sources.iter().zip(logs)).zip(0u16..)
                    {
                        let way = v + w;
                        let better = way > *n;
                        *n = if better { way } else { *n };
                        *f = if better { (base as u16).wrapping_add(to) } else { *f };
                    }
                }
            }
        }
    }
}

/// Returns the place of the first largest value, and the value.
fn largest<'a>(values: impl Iterator<Item = &'a f64>) -> (usize, f64) {
    let first = (0, f64::NEG_INFINITY);
    values.enumerate().fold(first, |best, (i, v)| if *v > best.1 { (i, *v) } else { best })
}

/// The cumulative distribution of [`BETA`]. For whole parameters `a` and `b` it is the probability of at least `a` successes
/// in `a + b - 1` tries.
fn beta_cdf(x: f64) -> f64 {
    let (a, b) = BETA;
    let tries = a + b - 1;
    let mut fewer = 0.0;
    let mut choose = 1.0;
    for k in 0..a {
        fewer += choose * x.powi(k as i32) * (1.0 - x).powi((tries - k) as i32);
        choose *= f64::from(tries - k) / f64::from(k + 1);
    }
    1.0 - fewer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_signals::noise;

    #[test]
    fn a_glide_between_silences_is_followed() {
        let mut noise = noise(44_100, 3).into_iter();
        let mut phase = 0.0f64;
        let samples: Vec<f32> = (0..44_100)
            .map(|n| {
                let noise = noise.next().unwrap_or_default();
                phase += std::f64::consts::TAU * 220.0 * (f64::from(n) / 44_100.0).exp2() / 22_050.0;
                if (11_000..33_000).contains(&n) { (0.5 * phase.sin()) as f32 + 0.01 * noise } else { 0.0 }
            })
            .collect();
        let pyin = Pyin::new(22_050.0, Pyin::librosa_options()).unwrap();
        let pitch = pyin.pitch(&samples, &mut PyinScratch::default()).unwrap();
        assert_eq!(pitch.len(), 1 + 44_100 / 512);
        for (t, p) in pitch.iter().enumerate() {
            let n = t * 512;
            assert!((0.0..=1.0).contains(&p.voiced));
            if (13_000..31_000).contains(&n) {
                let expected = 220.0 * (n as f64 / 44_100.0).exp2();
                let f = f64::from(p.frequency.expect("voiced"));
                assert!((12.0 * (f / expected).log2()).abs() < 0.15, "{t}: {f} against {expected}");
            } else if !(9000..35_000).contains(&n) {
                assert_eq!(p.frequency, None, "{t}");
            }
        }
    }

    #[test]
    fn a_step_of_viterbi_finds_the_best_of_all_transitions() {
        let options = YinOptions { fmin: 400.0, fmax: 900.0, hop: 64, ..YinOptions::default() };
        let pyin = Pyin::new(22_050.0, options).unwrap();
        let (pitches, half) = (pyin.pitches, pyin.stay.len() / 2);
        assert!(half > 3 && pitches > 4 * half, "{pitches}, {half}");
        // The transition from each state to each, by its definition.
        let sum = |from: usize| -> f64 {
            (0..pitches)
                .filter(|j| j.abs_diff(from) <= half)
                .map(|j| (half + 1 - j.abs_diff(from)) as f64)
                .sum()
        };
        let way = |from: usize, to: usize| {
            let stay = if (from < pitches) == (to < pitches) { 1.0 - SWITCH } else { SWITCH };
            let (from, to) = (from % pitches, to % pitches);
            let near = (half + 1).saturating_sub(from.abs_diff(to)) as f64 / sum(from);
            (stay * near + TINY).ln()
        };
        let mut rng = fastrand::Rng::with_seed(1);
        for scale in [1.0, 2000.0] {
            let mut values: [Vec<f64>; 2] =
                std::array::from_fn(|_| vec![f64::NEG_INFINITY; pitches + 2 * half]);
            for side in &mut values {
                for v in &mut side[half..half + pitches] {
                    *v = -scale * rng.f64();
                }
            }
            let mut next = values.clone();
            let mut from = [vec![0; pitches], vec![0; pitches]];
            pyin.advance(&values, &mut next, &mut from);
            let flat: Vec<f64> = values.iter().flat_map(|s| s[half..half + pitches].to_vec()).collect();
            for to in 0..2 * pitches {
                let ways: Vec<f64> = (0..2 * pitches).map(|f| flat[f] + way(f, to)).collect();
                let best = largest(ways.iter()).0;
                assert_eq!(usize::from(from[to / pitches][to % pitches]), best, "{to}");
                assert!((next[to / pitches][half + to % pitches] - ways[best]).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn thresholds_are_beta_distributed() {
        // The integral of the density, x (1 - x)^17 / B(2, 18) with B(2, 18) = 1 / 342, as a sum of small steps.
        let steps = 20_000;
        let density = |x: f64| 342.0 * x * (1.0 - x).powi(17);
        let sum: f64 = (0..steps / 10).map(|n| density((f64::from(n) + 0.5) / f64::from(steps))).sum();
        assert!((beta_cdf(0.1) - sum / f64::from(steps)).abs() < 1e-7);
        assert!(beta_cdf(0.0).abs() < 1e-12 && (beta_cdf(1.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn odd_signals_have_no_pitch_or_a_finite_one() {
        let pyin = Pyin::new(22_050.0, YinOptions::default()).unwrap();
        for samples in [vec![], vec![1.0], vec![0.0; 5000], vec![1.0; 5000], vec![1e6; 5000]] {
            let pitch = pyin.pitch(&samples, &mut PyinScratch::default()).unwrap();
            assert_eq!(pitch.len(), if samples.is_empty() { 0 } else { 1 + samples.len() / 512 });
            let silent = samples.iter().all(|x| *x == 0.0);
            for p in pitch {
                assert!(p.frequency.is_none_or(f32::is_finite) && (0.0..=1.0).contains(&p.voiced));
                assert!(!silent || p == ProbablePitch::default());
            }
        }
        assert!(pyin.pitch(&[f32::NAN], &mut PyinScratch::default()).is_err());
        assert!(Pyin::new(22_050.0, YinOptions { fmin: 1.0, ..YinOptions::default() }).is_err());
    }
}
