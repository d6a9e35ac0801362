//! The resampler in front of Chromaprint's fingerprints: a bank of short filters, one for each place between two input
//! samples.
//!
//! It is coarse: its pass band ends at 80 % of half the rate, and [`crate::resample`] is better. But a word of a fingerprint
//! is a row of thresholds, and AcoustID's fingerprints were made by `fpcalc`. That resamples with FFmpeg's libswresample and
//! these figures: 16 zero crossings, a cutoff of 0.8, a Kaiser window of beta 9, 256 phases, and linear interpolation
//! between phases if the ratio needs more. The same figures, and the same roundings of whole numbers, give the same
//! samples.
use std::f64::consts::PI;

use crate::units::SampleRate;

/// Taps of a filter if the rate goes up. If it goes down there are more, by the ratio.
const TAPS: f64 = 16.0;
/// The end of the pass band, as a share of half the lower rate.
const CUTOFF: f64 = 0.8;
/// The shape of the Kaiser window.
const BETA: f64 = 9.0;
/// The most filters.
const PHASES: u64 = 256;
/// Bits after the point of a 16-bit coefficient.
const SHIFT: u32 = 15;
/// Rounds a sum to the nearest when added.
const HALF: i32 = 1 << (SHIFT - 1);
/// So many sums of floating-point products are added up side by side.
const LANES: usize = 16;

/// A sample, and a coefficient of the same kind.
pub(super) trait Sample: Copy + Default {
    /// The coefficient of a value, where those of a filter sum to 1.
    fn coefficient(value: f64) -> Self;

    /// The sum of products of `input` and `filter`. If `part` is not 0, `part / parts` of the way to the sum with `next`.
    fn filtered(input: &[Self], filter: &[Self], next: &[Self], part: u64, parts: u64) -> Self;
}

impl Sample for i16 {
    fn coefficient(value: f64) -> i16 {
        ((value * f64::from(1 << SHIFT)) as f32).round_ties_even() as i16
    }

    fn filtered(input: &[i16], filter: &[i16], next: &[i16], part: u64, parts: u64) -> i16 {
        let dot = |filter: &[i16]| {
            input.iter().zip(filter).fold(HALF, |sum, (&a, &b)| sum.wrapping_add(i32::from(a) * i32::from(b)))
        };
        let mut sum = dot(filter);
        if part > 0 {
            let between = i64::from(dot(next).wrapping_sub(sum)) * part as i64 / parts as i64;
            sum = sum.wrapping_add(between as i32);
        }
        (sum >> SHIFT).clamp(i16::MIN.into(), i16::MAX.into()) as i16
    }
}

impl Sample for f32 {
    fn coefficient(value: f64) -> f32 {
        value as f32
    }

    fn filtered(input: &[f32], filter: &[f32], next: &[f32], part: u64, parts: u64) -> f32 {
        let dot = |filter: &[f32]| {
            let (mut sums, mut rest) = ([0.0; LANES], 0.0);
            let (inputs, input_rest) = input.as_chunks::<LANES>();
            let (filters, filter_rest) = filter.as_chunks::<LANES>();
            for (a, b) in inputs.iter().zip(filters) {
                for i in 0..LANES {
                    sums[i] += a[i] * b[i];
                }
            }
            for (a, b) in input_rest.iter().zip(filter_rest) {
                rest += a * b;
            }
            sums.iter().sum::<f32>() + rest
        };
        let sum = dot(filter);
        if part == 0 { sum } else { sum + (dot(next) - sum) * part as f32 / parts as f32 }
    }
}

/// The filters between two rates, shared by all channels.
#[derive(Debug)]
pub(super) struct Bank<S> {
    taps: usize,
    /// `phases + 1` filters of `taps` coefficients. The last one is the first, a sample later.
    filters: Vec<S>,
    phases: u64,
    /// Phases from one output sample to the next: `step / parts`.
    step: u64,
    parts: u64,
}

impl<S: Sample> Bank<S> {
    pub(super) fn new(from: SampleRate, to: SampleRate) -> Self {
        let (from, to) = (u64::from(from.0), u64::from(to.0));
        let factor = (to as f64 * CUTOFF / from as f64).min(1.0);
        let taps = (TAPS / factor).ceil() as usize;
        // As many phases as the ratio has, unless that is too many: no output sample then lies between two.
        let exact = to / gcd(from, to);
        let phases = if exact <= PHASES { PHASES / exact * exact } else { PHASES };
        let common = gcd(to, from * phases);
        let mut filters = vec![S::default(); taps * (phases as usize + 1)];
        let (body, last) = filters.split_at_mut(taps * phases as usize);
        for (phase, filter) in body.chunks_exact_mut(taps).enumerate() {
            design(filter, phase as f64 / phases as f64, factor);
        }
        last[1..].copy_from_slice(&body[..taps - 1]);
        // The value before the first filter's taps: its last tap if they are a multiple of eight, else 0.
        last[0] = if taps.is_multiple_of(8) { body[taps - 1] } else { S::default() };
        Bank { taps, filters, phases, step: from * phases / common, parts: to / common }
    }

    fn filter(&self, phase: usize) -> &[S] {
        &self.filters[phase * self.taps..][..self.taps]
    }

    /// How many samples of input lie before the one that an output sample falls on.
    fn lead(&self) -> usize {
        (self.taps - 1) / 2
    }

    /// The output sample whose taps begin with `input`, `phase` phases and `part` parts further.
    fn sample(&self, input: &[S], phase: usize, part: u64) -> S {
        S::filtered(input, self.filter(phase), self.filter(phase + 1), part, self.parts)
    }
}

/// Fills `filter` with a windowed sinc around the place `phase` samples after the middle tap. Its sum is 1.
fn design<S: Sample>(filter: &mut [S], phase: f64, factor: f64) {
    let (taps, center) = (filter.len() as f64, ((filter.len() - 1) / 2) as f64);
    let tap = |i: usize| {
        let t = (i as f64 - center - phase) * factor;
        let sinc = if t == 0.0 { 1.0 } else { (PI * t).sin() / (PI * t) };
        let w = 2.0 * t / (factor * taps);
        sinc * bessel_i0(BETA * (1.0 - w * w).max(0.0).sqrt())
    };
    let sum: f64 = (0..filter.len()).map(tap).sum();
    for (i, coefficient) in filter.iter_mut().enumerate() {
        *coefficient = S::coefficient(tap(i) / sum);
    }
}

/// The modified Bessel function of order 0, by its series (Abramowitz and Stegun 9.6.12).
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-17 {
        term *= x * x / (4.0 * k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// One channel on its way through a [`Bank`]. Before its beginning and after its end the signal is mirrored.
#[derive(Debug, Default)]
pub(super) struct Channel<S> {
    /// Input from the first tap of the next output sample on, once `begun`. Until then all input.
    input: Vec<S>,
    begun: bool,
    phase: u64,
    part: u64,
}

impl<S: Sample> Channel<S> {
    /// Takes input and appends the output samples that it completes.
    pub(super) fn push(&mut self, bank: &Bank<S>, input: impl IntoIterator<Item = S>, output: &mut Vec<S>) {
        self.input.extend(input);
        let lead = bank.lead();
        if !self.begun && self.input.len() > lead {
            let mirrored: Vec<S> = self.input[1..=lead].iter().rev().copied().collect();
            self.input.splice(..0, mirrored);
            self.begun = true;
        }
        if self.begun {
            self.run(bank, output);
        }
    }

    /// Ends the channel: appends what is left.
    pub(super) fn finish(&mut self, bank: &Bank<S>, output: &mut Vec<S>) {
        let rest = self.input.len();
        let reach = rest.min(bank.taps).div_ceil(2);
        self.input.extend_from_within(rest - reach..);
        self.input[rest..].reverse();
        if self.begun {
            self.run(bank, output);
        }
    }

    fn run(&mut self, bank: &Bank<S>, output: &mut Vec<S>) {
        let mut at = 0;
        // A step is never longer than the filters, which have twenty taps for each sample of it.
        while let Some(taps) = self.input.get(at..at + bank.taps) {
            output.push(bank.sample(taps, self.phase as usize, self.part));
            self.part += bank.step % bank.parts;
            self.phase += bank.step / bank.parts + self.part / bank.parts;
            self.part %= bank.parts;
            at += (self.phase / bank.phases) as usize;
            self.phase %= bank.phases;
        }
        self.input.drain(..at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TO: SampleRate = SampleRate(11_025);

    fn resampled<S: Sample>(from: u32, input: &[S], piece: usize) -> Vec<S> {
        let (bank, mut channel, mut output) =
            (Bank::new(SampleRate(from), TO), Channel::default(), Vec::new());
        for piece in input.chunks(piece) {
            channel.push(&bank, piece.iter().copied(), &mut output);
        }
        channel.finish(&bank, &mut output);
        output
    }

    /// The slow twin, in floating point: each output sample a sum over the mirrored input, by the window's formula.
    fn plain(from: u32, input: &[i16], outputs: usize) -> Vec<f64> {
        let ratio = f64::from(from) / f64::from(TO.0);
        let factor = (CUTOFF / ratio).min(1.0);
        let half = (TAPS / factor).ceil() / 2.0;
        let at = |k: i64| {
            let last = input.len() as i64 - 1;
            let k = k.abs();
            f64::from(input[if k > last { (2 * last + 1 - k).max(0) } else { k } as usize])
        };
        let weight = |d: f64| {
            let t = PI * d * factor;
            let sinc = if t == 0.0 { 1.0 } else { t.sin() / t };
            sinc * bessel_i0(BETA * (1.0 - (d / half).powi(2)).max(0.0).sqrt())
        };
        let sample = |n: usize| {
            let place = n as f64 * ratio;
            let range = (place - half).ceil() as i64..=(place + half).floor() as i64;
            let weights: Vec<f64> = range.clone().map(|k| weight(k as f64 - place)).collect();
            let sum: f64 = weights.iter().sum();
            range.zip(weights).map(|(k, w)| w * at(k)).sum::<f64>() / sum
        };
        (0..outputs).map(sample).collect()
    }

    fn noise(samples: usize, seed: u64) -> Vec<i16> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..samples).map(|_| random.i16(-(1 << 13)..1 << 13)).collect()
    }

    const RATES: [u32; 10] = [8_000, 12_000, 16_000, 22_050, 32_000, 44_100, 44_101, 48_000, 96_000, 192_000];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

        #[test]
        fn agrees_with_the_plain_sum(rate in 0..RATES.len(), length in 2_000_usize..6_000, seed: u64) {
            let input = noise(length, seed);
            let output = resampled(RATES[rate], &input, 1_152);
            for (n, (&a, b)) in output.iter().zip(plain(RATES[rate], &input, output.len())).enumerate() {
                // Up to 280 coefficients, each half a unit of 2^-15 off, on noise of 13 bits.
                prop_assert!((f64::from(a) - b).abs() < 12.0, "{} Hz, sample {n}: {a} or {b}", RATES[rate]);
            }
            let input: Vec<f32> = input.iter().map(|&x| x.into()).collect();
            let floats = resampled(RATES[rate], &input, 1_152);
            prop_assert_eq!(floats.len(), output.len());
            for (n, (&a, b)) in floats.iter().zip(plain(RATES[rate], &noise(length, seed), floats.len())).enumerate() {
                prop_assert!((f64::from(a) - b).abs() < 0.5, "{} Hz, sample {n}: {a} or {b}", RATES[rate]);
            }
        }

        #[test]
        fn any_split_gives_the_same(rate in 0..RATES.len(), length in 0_usize..6_000, piece in 1_usize..4_000) {
            let input = noise(length, 1);
            prop_assert_eq!(resampled(RATES[rate], &input, piece), resampled(RATES[rate], &input, 10_000));
            let floats: Vec<f32> = input.iter().map(|&x| x.into()).collect();
            prop_assert_eq!(resampled(RATES[rate], &floats, piece), resampled(RATES[rate], &floats, 10_000));
        }
    }

    #[test]
    fn a_stream_keeps_its_length() {
        for rate in RATES {
            let output = resampled(rate, &noise(rate as usize * 2, 3), 4_096);
            assert!(output.len().abs_diff(22_050) <= 1, "{rate} Hz: {}", output.len());
        }
    }

    #[test]
    fn full_scale_is_not_exceeded() {
        let square: Vec<i16> =
            (0..9_000).map(|i| if i / 50 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
        let output = resampled(44_100, &square, 500);
        assert!(output.contains(&i16::MAX) && output.contains(&i16::MIN));
    }
}
