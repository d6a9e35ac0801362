//! Converts mono samples of any rate to the rate of the analysis.
//!
//! If the ratio of the two rates has small whole numbers, as all common ones do, `rubato` filters and decimates blocks by
//! FFT: overlap-add with a squared Blackman-Harris window. For other ratios it interpolates a windowed sinc. Rates far
//! above the target are first halved by short filters. All filters are linear-phase, and their delay is removed: output
//! sample `n` lies at input sample `n * from / to`.
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Async, Fft, FixedAsync, FixedSync, Indexing, Resampler as _, SincInterpolationParameters,
    SincInterpolationType, WindowFunction,
};

use self::halve::Halver;
use crate::units::SampleRate;

mod halve;

/// The smallest filter length, in samples of the lower rate. With 512 the spectrum is flat up to 94 % of half the lower
/// rate (5.2 kHz of 11,025 Hz), and below -90 dB from half the lower rate on.
const TAPS: usize = 512;

/// If an FFT block would have more input samples, the sinc is used instead.
const MAX_BLOCK: usize = 1 << 18;

/// Input samples per call of the sinc.
const SINC_CHUNK: usize = 4_096;

/// Converts a stream of mono samples from one rate to another, without delay. The output begins with the input and has
/// `round(input * to / from)` samples.
///
/// ```
/// # #[cfg(feature = "unstable")] {
/// use refrain::{resample::Resampler, units::SampleRate};
///
/// let mut resampler = Resampler::new(SampleRate(44_100), SampleRate(11_025));
/// let mut output = Vec::new();
/// for block in vec![0.5; 44_100].chunks(1_152) {
///     resampler.push(block, &mut output);
/// }
/// resampler.finish(&mut output);
/// assert_eq!(output.len(), 11_025);
/// assert!((output[5_000] - 0.5).abs() < 1e-4);
/// # }
/// ```
pub struct Resampler {
    from: SampleRate,
    to: SampleRate,
    /// Stages that halve the rate first, each with a buffer for its output.
    halvers: Vec<(Halver, Vec<f32>)>,
    engine: Option<Engine>,
    /// Input for the engine that does not fill a chunk yet.
    pending: Vec<f32>,
    /// Output samples that are still to be dropped, because of the filter's delay.
    skip: usize,
    input: u64,
    output: u64,
}

/// A resampler that takes input in chunks of a fixed size. Its `process_into_buffer` allocates nothing.
struct Engine {
    inner: Box<dyn rubato::Resampler<f32>>,
    chunk: usize,
}

impl Resampler {
    /// Plans the conversion from one rate to another. Planning takes about a millisecond, so keep the resampler for the
    /// whole stream, and [`reset`](Resampler::reset) it for the next one.
    ///
    /// # Panics
    /// If a rate is 0, or if one is more than a million times the other.
    pub fn new(from: SampleRate, to: SampleRate) -> Resampler {
        // Halve while the result stays at least 1.8 times the target, so that the halvers are flat where it is analysed.
        let enough = u64::from(to.0) * 18;
        let halvings = (1..16).take_while(|&n| u64::from(from.0) * 10 >= (enough << n)).count();
        let halvers = (0..halvings).map(|_| (Halver::new(), Vec::new())).collect();
        let engine = (from != to).then(|| Engine::new(from, to, halvings as u32));
        let skip = engine.as_ref().map_or(0, |e| e.inner.output_delay());
        let pending = Vec::with_capacity(engine.as_ref().map_or(0, |e| e.chunk));
        Resampler { from, to, halvers, engine, pending, skip, input: 0, output: 0 }
    }

    /// Takes the next samples, which must be finite, and appends the output that is now complete. The output is the same to
    /// the bit however the stream is split into calls.
    pub fn push(&mut self, input: &[f32], output: &mut Vec<f32>) {
        self.input += input.len() as u64;
        self.halve(input, 0, false, output);
    }

    /// Runs the halvers from number `stage` on, then the engine. If `last` is set, it also empties the halvers.
    fn halve(&mut self, input: &[f32], stage: usize, last: bool, output: &mut Vec<f32>) {
        let Some((halver, room)) = self.halvers.get_mut(stage) else {
            return self.feed(input, output);
        };
        let mut halved = std::mem::take(room);
        halved.clear();
        halver.push(input, &mut halved);
        if last {
            halver.finish(&mut halved);
        }
        self.halve(&halved, stage + 1, last, output);
        self.halvers[stage].1 = halved;
    }

    /// Passes input to the engine in whole chunks.
    fn feed(&mut self, mut input: &[f32], output: &mut Vec<f32>) {
        let Some(chunk) = self.engine.as_ref().map(|e| e.chunk) else {
            output.extend_from_slice(input);
            return;
        };
        if !self.pending.is_empty() {
            let (head, rest) = input.split_at(input.len().min(chunk - self.pending.len()));
            self.pending.extend_from_slice(head);
            input = rest;
            if self.pending.len() == chunk {
                let mut pending = std::mem::take(&mut self.pending);
                self.chunk(&pending, output);
                pending.clear();
                self.pending = pending;
            }
        }
        let chunks = input.chunks_exact(chunk);
        self.pending.extend_from_slice(chunks.remainder());
        for whole in chunks {
            self.chunk(whole, output);
        }
    }

    /// Ends the stream: appends the rest of the output. Afterwards the resampler is ready for another stream.
    pub fn finish(&mut self, output: &mut Vec<f32>) {
        let rates = (u128::from(self.from.0), u128::from(self.to.0));
        let total = ((u128::from(self.input) * rates.1 + rates.0 / 2) / rates.0) as u64;
        self.halve(&[], 0, true, output);
        while self.engine.is_some() && self.output < total {
            let rest = std::mem::take(&mut self.pending);
            self.chunk(&rest, output);
        }
        let excess = if self.engine.is_some() { self.output.saturating_sub(total) as usize } else { 0 };
        output.truncate(output.len() - excess);
        self.reset();
    }

    /// Forgets the stream so far.
    pub fn reset(&mut self) {
        self.pending.clear();
        (self.input, self.output, self.skip) = (0, 0, 0);
        for (halver, _) in &mut self.halvers {
            halver.reset();
        }
        if let Some(engine) = &mut self.engine {
            engine.inner.reset();
            self.skip = engine.inner.output_delay();
        }
    }

    /// Runs one chunk and appends its output. Input shorter than a chunk is filled up with silence.
    fn chunk(&mut self, input: &[f32], output: &mut Vec<f32>) {
        let Some(engine) = &mut self.engine else { return };
        let start = output.len();
        let room = engine.inner.output_frames_next();
        output.resize(start + room, 0.0);
        let partial = (input.len() < engine.chunk).then(|| Indexing::new().partial_len(input.len()));
        let made = InterleavedSlice::new(input, 1, input.len())
            .and_then(|from| Ok((from, InterleavedSlice::new_mut(&mut output[start..], 1, room)?)))
            .ok()
            .and_then(|(from, mut to)| {
                engine.inner.process_into_buffer(&from, &mut to, partial.as_ref()).ok()
            });
        let (_, made) = made.expect("the buffers have the lengths that the resampler asked for");
        output.truncate(start + made);
        let dropped = made.min(self.skip);
        output.drain(start..start + dropped);
        self.skip -= dropped;
        self.output += (made - dropped) as u64;
    }
}

impl Engine {
    /// Plans the conversion to `to` from `from` halved `halvings` times. The halved rate need not be a whole number.
    fn new(from: SampleRate, to: SampleRate, halvings: u32) -> Engine {
        let (from, to) = (from.0 as usize, (to.0 as usize) << halvings);
        assert!(from > 0 && to > 0, "a sample rate is at least 1 Hz, not {from} -> {to}");
        let common = gcd(from, to);
        // An even number of the smallest blocks, so that the delay is a whole number of samples on both sides.
        let blocks = 2 * TAPS.div_ceil(2 * from.min(to) / common);
        let (block, taps) = (blocks * (from / common), TAPS * from.div_ceil(to));
        if block <= MAX_BLOCK {
            let window = WindowFunction::BlackmanHarris2;
            let fft = Fft::new_custom(from, to, block, 1, 1, window, FixedSync::Both);
            let fft = fft.expect("the rates and the block are not 0");
            return Engine { chunk: fft.input_frames_next(), inner: Box::new(fft) };
        }
        let parameters = SincInterpolationParameters::new(taps, WindowFunction::BlackmanHarris2)
            .oversampling_factor(128)
            .interpolation(SincInterpolationType::Linear);
        let ratio = to as f64 / from as f64;
        let sinc = Async::new_sinc(ratio, 1.0, &parameters, SINC_CHUNK, 1, FixedAsync::Input);
        let sinc = sinc.expect("the ratio is finite and more than 0");
        Engine { chunk: sinc.input_frames_next(), inner: Box::new(sinc) }
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl std::fmt::Debug for Resampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resampler").field("from", &self.from).field("to", &self.to).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::f64::consts::PI;

    const TO: SampleRate = SampleRate(11_025);

    fn resampled(from: u32, input: &[f32], split: impl Fn(usize) -> usize) -> Vec<f32> {
        let mut resampler = Resampler::new(SampleRate(from), TO);
        let (mut output, mut rest, mut calls) = (Vec::new(), input, 0);
        while !rest.is_empty() {
            let (head, tail) = rest.split_at(split(calls).clamp(1, rest.len()));
            resampler.push(head, &mut output);
            (rest, calls) = (tail, calls + 1);
        }
        resampler.finish(&mut output);
        output
    }

    /// A tone of amplitude 1 that fades in and out over its whole length.
    fn tone(rate: u32, hertz: f64, samples: usize) -> Vec<f32> {
        let phase = |i: usize, f: f64| 2.0 * PI * f * i as f64 / f64::from(rate);
        let fade = |i: usize| 0.5 - 0.5 * (2.0 * PI * i as f64 / samples as f64).cos();
        (0..samples).map(|i| (fade(i) * phase(i, hertz).sin()) as f32).collect()
    }

    fn loudest(samples: &[f32]) -> f32 {
        samples.iter().fold(0.0, |most, x| most.max(x.abs()))
    }

    fn power(samples: &[f32]) -> f64 {
        samples.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / samples.len() as f64
    }

    /// The slow twin: for every output sample, a sum over the input weighted by a windowed sinc around its place.
    fn plain(from: u32, input: &[f32]) -> Vec<f32> {
        let (from, to) = (f64::from(from), f64::from(TO.0));
        let cutoff = 0.96 * (to / from).min(1.0);
        let half = 160.0 / cutoff;
        let weight = |t: f64| {
            let x = PI * t * cutoff;
            let sinc = if x == 0.0 { 1.0 } else { x.sin() / x };
            let w = PI * t / half;
            cutoff * sinc * (0.42 + 0.5 * w.cos() + 0.08 * (2.0 * w).cos())
        };
        let total = (input.len() as f64 * to / from).round() as usize;
        let sample = |n: usize| {
            let place = n as f64 * from / to;
            let first = (place - half).ceil().max(0.0) as usize;
            let last = ((place + half).floor() as usize).min(input.len() - 1);
            (first..=last).map(|k| f64::from(input[k]) * weight(place - k as f64)).sum::<f64>() as f32
        };
        (0..total).map(sample).collect()
    }

    /// Common rates, and two that share no factor with the target.
    const RATES: [u32; 12] =
        [8_000, 11_025, 12_000, 16_000, 22_050, 32_000, 44_100, 44_101, 48_000, 64_007, 96_000, 192_000];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

        #[test]
        fn agrees_with_the_plain_sum(rate in 0..RATES.len(), hertz in 20.0..3_700.0, length in 500_usize..20_000) {
            let input = tone(RATES[rate], hertz, length);
            let (ours, twin) = (resampled(RATES[rate], &input, |_| 1_152), plain(RATES[rate], &input));
            prop_assert_eq!(ours.len(), twin.len());
            for (n, (a, b)) in ours.iter().zip(&twin).enumerate() {
                prop_assert!((a - b).abs() < 2e-3, "{} Hz, sample {}: {} or {}", RATES[rate], n, a, b);
            }
        }

        #[test]
        fn any_split_gives_the_same(rate in 0..RATES.len(), length in 0_usize..30_000, step in 1_usize..9_000) {
            let input = tone(RATES[rate], 440.0, length);
            let whole = resampled(RATES[rate], &input, |_| length);
            prop_assert_eq!(&resampled(RATES[rate], &input, |_| step), &whole);
            prop_assert_eq!(&resampled(RATES[rate], &input, |call| call * 37 % step), &whole);
            let exact = length as f64 * f64::from(TO.0) / f64::from(RATES[rate]);
            prop_assert!((whole.len() as f64 - exact).abs() <= 0.5);
        }
    }

    #[test]
    fn passes_what_is_analysed_and_stops_what_would_alias() {
        for rate in RATES.into_iter().filter(|&rate| rate > 12_000) {
            let through = |hertz| {
                let input = tone(rate, hertz, rate as usize);
                power(&resampled(rate, &input, |_| 4_096)) / power(&input)
            };
            for hertz in [30.0, 1_000.0, 4_000.0, 4_900.0] {
                let gain = through(hertz);
                assert!((gain - 1.0).abs() < 1e-2, "{hertz} Hz of {rate}: {gain}");
            }
            for hertz in [5_600.0, 6_000.0, 7_900.0, f64::from(rate) * 0.45] {
                let gain =
                    if (5_600.0..f64::from(rate) / 2.0).contains(&hertz) { through(hertz) } else { 0.0 };
                assert!(gain < 1e-8, "{hertz} Hz of {rate}: {gain}");
            }
        }
    }

    #[test]
    fn a_click_stays_in_its_place() {
        for rate in RATES {
            let place = rate as usize / 2;
            let mut input = vec![0.0; rate as usize];
            input[place] = 1.0;
            let output = resampled(rate, &input, |_| 1_000);
            let found =
                (0..output.len()).max_by(|&a, &b| output[a].total_cmp(&output[b])).expect("not empty");
            let expected = place as f64 * f64::from(TO.0) / f64::from(rate);
            assert!((found as f64 - expected).abs() <= 1.0, "{rate} Hz: {found}, expected {expected}");
        }
    }

    /// Where the middle of a smooth bump is: its centre of mass. A delay of a tenth of an output sample shows.
    #[test]
    fn no_filter_delays() {
        for rate in RATES.into_iter().chain([9_999, 88_200, 176_400, 352_800, 384_000]) {
            let (middle, width) = (0.37 * f64::from(rate), 0.004 * f64::from(rate));
            let bump = |n: usize| (-((n as f64 - middle) / width).powi(2)).exp() as f32;
            let input: Vec<f32> = (0..rate as usize).map(bump).collect();
            let output = resampled(rate, &input, |_| 1_152);
            let mass = |f: &dyn Fn(usize) -> f64| -> f64 {
                output.iter().enumerate().map(|(n, &x)| f(n) * f64::from(x)).sum()
            };
            let found = mass(&|n| n as f64 - 0.37 * 11_025.0) / mass(&|_| 1.0);
            assert!(found.abs() < 0.1, "{rate} Hz: {found} samples late");
        }
    }

    /// What is left in the filter at the end comes out, and not a sample more.
    #[test]
    fn the_end_is_complete() {
        for rate in RATES {
            let input = vec![0.5; rate as usize / 2 + 1];
            let output = resampled(rate, &input, |_| 700);
            let expected = (input.len() as f64 * 11_025.0 / f64::from(rate)).round() as usize;
            assert_eq!(output.len(), expected, "{rate} Hz");
            // Away from the very end, where the filter also sees the silence after it.
            assert!(output[600..expected - 600].iter().all(|x| (x - 0.5).abs() < 1e-3), "{rate} Hz");
            assert!(output[expected - 1] > 0.1, "{rate} Hz: {}", output[expected - 1]);
        }
    }

    /// Halving is what makes high rates cheap. What is left has to be 1.8 times the target, so that the band stays flat.
    #[test]
    fn rates_far_above_the_target_are_halved_first() {
        for (rate, halvings) in
            [(11_025, 0), (22_050, 0), (39_689, 0), (39_690, 1), (48_000, 1), (96_000, 2), (192_000, 3)]
        {
            assert_eq!(Resampler::new(SampleRate(rate), TO).halvers.len(), halvings, "{rate} Hz");
        }
    }

    #[test]
    fn a_reset_forgets_the_stream() {
        for rate in [11_025, 44_100, 44_101, 96_000] {
            let input = tone(rate, 500.0, 9_000);
            let mut resampler = Resampler::new(SampleRate(rate), TO);
            let mut dropped = Vec::new();
            resampler.push(&input[..5_555], &mut dropped);
            resampler.reset();
            let mut output = Vec::new();
            resampler.push(&input, &mut output);
            resampler.finish(&mut output);
            assert_eq!(output, resampled(rate, &input, |_| 9_000), "{rate} Hz");
        }
    }

    #[test]
    fn is_ready_for_another_stream_after_the_end() {
        for rate in RATES {
            let input = tone(rate, 1_000.0, 5_000);
            let mut resampler = Resampler::new(SampleRate(rate), TO);
            let (mut first, mut second) = (Vec::new(), vec![7.0]);
            resampler.push(&input, &mut first);
            resampler.finish(&mut first);
            resampler.push(&input, &mut second);
            resampler.finish(&mut second);
            assert_eq!(second[0], 7.0);
            assert_eq!(second[1..], first, "{rate} Hz");
        }
    }

    #[test]
    fn the_lowest_and_the_highest_rate_work() {
        for rate in [1_000, 1_009, 767_989, 768_000] {
            let output = resampled(rate, &tone(rate, 300.0, rate as usize), |_| 10_000);
            assert_eq!(output.len(), 11_025, "{rate} Hz");
            assert!((loudest(&output) - 1.0).abs() < 5e-3, "{rate} Hz");
        }
    }
}
