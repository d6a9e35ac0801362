//! Halves the rate by a short filter, for rates far above the target. This costs a fraction of an FFT over the same samples.
use std::f64::consts::PI;

/// Coefficients on each side, at odd distances from the middle. At even distances a half-band filter has only zeros, and 1/2
/// in the middle.
const SIDE: usize = 8;

/// The shape of the Kaiser window, for about 100 dB of attenuation. With eight coefficients on a side, the filter is flat up
/// to 0.147 of the rate. It stops everything above 0.353, which would fold back to below 0.147.
const BETA: f64 = 10.06;

/// How many samples to halve at a time.
const BLOCK: usize = 2_048;

/// A stage that halves the rate of a stream without delay: output sample `m` lies at input sample `2 m`.
#[derive(Debug)]
pub(super) struct Halver {
    coefficients: [f32; SIDE],
    /// Input at even places, from the place of the next output on.
    even: Vec<f32>,
    /// Input at odd places, from `SIDE` before the next output on.
    odd: Vec<f32>,
    /// Whether the next input sample is at an even place.
    at_even: bool,
}

impl Halver {
    pub(super) fn new() -> Halver {
        let weight = |k: usize| {
            let t = (2 * k + 1) as f64;
            let sign = if k.is_multiple_of(2) { 1.0 } else { -1.0 };
            let x = t / (2 * SIDE) as f64;
            sign / (PI * t) * bessel(BETA * (1.0 - x * x).sqrt()) / bessel(BETA)
        };
        let total: f64 = (0..SIDE).map(weight).sum();
        let coefficients = std::array::from_fn(|k| (weight(k) * 0.25 / total) as f32);
        let mut halver = Halver { coefficients, even: Vec::new(), odd: Vec::new(), at_even: true };
        halver.reset();
        halver
    }

    /// Forgets the stream so far.
    pub(super) fn reset(&mut self) {
        self.even.clear();
        self.odd.clear();
        self.odd.resize(SIDE, 0.0);
        self.at_even = true;
    }

    /// Takes the next samples and appends the output that is now complete.
    pub(super) fn push(&mut self, input: &[f32], output: &mut Vec<f32>) {
        for block in input.chunks(BLOCK) {
            self.take(block);
            self.make(output);
        }
    }

    /// Appends the rest of the output, as if silence followed the end.
    pub(super) fn finish(&mut self, output: &mut Vec<f32>) {
        self.push(&[0.0; 2 * SIDE], output);
    }

    /// Sorts input into even and odd places.
    fn take(&mut self, mut input: &[f32]) {
        if let (false, [first, rest @ ..]) = (self.at_even, input) {
            self.odd.push(*first);
            self.at_even = true;
            input = rest;
        }
        let (pairs, rest) = input.as_chunks::<2>();
        self.even.extend(pairs.iter().map(|pair| pair[0]));
        self.odd.extend(pairs.iter().map(|pair| pair[1]));
        if let [last] = rest {
            self.even.push(*last);
            self.at_even = false;
        }
    }

    fn make(&mut self, output: &mut Vec<f32>) {
        let count = self.even.len().min((self.odd.len() + 1).saturating_sub(2 * SIDE));
        if count == 0 {
            return;
        }
        let start = output.len();
        output.extend(self.even[..count].iter().map(|x| 0.5 * x));
        let sums = &mut output[start..];
        // Each coefficient goes over the whole block: plain loops that vectorise. `odd[m + SIDE]` is the input right after
        // the place of output `m`.
        for (k, &c) in self.coefficients.iter().enumerate() {
            let (before, after) = (&self.odd[SIDE - 1 - k..], &self.odd[SIDE + k..]);
            for ((sum, b), a) in sums.iter_mut().zip(before).zip(after) {
                *sum += c * (a + b);
            }
        }
        self.even.drain(..count);
        self.odd.drain(..count);
    }
}

/// The modified Bessel function of the first kind and order 0, by its series.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let terms = (1..40).scan(1.0, |term, n| {
        *term *= quarter / f64::from(n * n);
        Some(*term)
    });
    1.0 + terms.sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halved(input: &[f32], step: usize) -> Vec<f32> {
        let (mut halver, mut output) = (Halver::new(), Vec::new());
        for part in input.chunks(step) {
            halver.push(part, &mut output);
        }
        halver.finish(&mut output);
        output
    }

    #[test]
    fn any_split_gives_the_same() {
        let input: Vec<f32> = (0_u32..9_999).map(|i| (i * 7_919 % 1_000) as f32 / 500.0 - 1.0).collect();
        let whole = halved(&input, 9_999);
        assert!(whole.len() >= 5_000, "the tail is complete");
        for step in [1, 2, 3, 7, 16, 1_000, 4_097] {
            assert_eq!(halved(&input, step), whole, "{step}");
        }
    }

    /// The filter as a sum over the input around each output, with coefficients of its definition.
    #[test]
    fn equals_the_sum_over_the_input() {
        let mut random = fastrand::Rng::with_seed(1);
        let input: Vec<f32> = (0..300).map(|_| 2.0 * random.f32() - 1.0).collect();
        // The series of I0, and a sinc of half the rate under a Kaiser window of 31 samples, scaled to a gain of 1.
        let i0 = |x: f64| {
            let (mut term, mut sum) = (1.0, 1.0);
            for n in 1..60 {
                term *= (x / 2.0).powi(2) / f64::from(n * n);
                sum += term;
            }
            sum
        };
        let tap = |d: i32| {
            let t = f64::from(d);
            let window = i0(10.06 * (1.0 - (t / 16.0).powi(2)).sqrt()) / i0(10.06);
            (PI * t / 2.0).sin() / (PI * t) * window
        };
        let odd: Vec<i32> = (-15..16).step_by(2).collect();
        let total: f64 = odd.iter().map(|&d| tap(d)).sum();
        let output = halved(&input, 77);
        for (m, found) in output.iter().enumerate().take(150) {
            let at = |d: i32| input.get((2 * m as i32 + d) as usize).map_or(0.0, |&x| f64::from(x));
            let expected = 0.5 * at(0) + odd.iter().map(|&d| 0.5 * tap(d) / total * at(d)).sum::<f64>();
            assert!((f64::from(*found) - expected).abs() < 1e-6, "{found} for {expected} at {m}");
        }
    }

    #[test]
    fn samples_stay_in_place_and_level() {
        let mut click = vec![0.0; 200];
        click[100] = 1.0;
        let output = halved(&click, 33);
        assert_eq!(output[50], 0.5);
        assert!(output.iter().enumerate().all(|(i, &x)| i == 50 || x == 0.0));
        assert!(halved(&[1.0; 400], 64)[20..180].iter().all(|x| (x - 1.0).abs() < 1e-5));
    }

    #[test]
    fn the_band_is_flat_and_what_would_fold_into_it_is_gone() {
        let gain = |cycles: f64| {
            let input: Vec<f32> =
                (0..20_000).map(|i| (2.0 * PI * cycles * f64::from(i)).sin() as f32).collect();
            let power = |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum::<f64>() / x.len() as f64;
            (power(&halved(&input, 500)[100..9_900]) / power(&input[200..19_800])).sqrt()
        };
        for cycles in [0.01, 0.05, 0.1, 0.14] {
            assert!((gain(cycles) - 1.0).abs() < 2e-3, "{cycles}: {}", gain(cycles));
            assert!(gain(0.5 - cycles) < 5e-5, "{cycles}: {}", gain(0.5 - cycles));
        }
    }
}
