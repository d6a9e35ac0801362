//! The cumulative mean normalised difference of a frame: equation 8 of de Cheveigné and Kawahara, "YIN, a fundamental
//! frequency estimator for speech and music", 2002.
use super::lanes::{Isa, Lanes, for_each_isa};

/// What [`normalise`] works in.
#[derive(Clone, Debug, Default)]
pub(super) struct NormaliseScratch {
    differences: Vec<f64>,
    sums: Vec<f64>,
}

/// Writes the normalised difference at lags 1 to `out.len()` of a frame whose autocorrelation at lags from 0 is `r`.
///
/// `tail` is whether the difference is of pairs of samples that are both in the frame; else each of the last samples, which
/// have no partner, counts too.
pub(super) fn normalise(
    isa: Isa,
    frame: &[f32],
    r: &[f32],
    tail: bool,
    out: &mut [f32],
    scratch: &mut NormaliseScratch,
) {
    let NormaliseScratch { differences, sums } = scratch;
    differences.resize(out.len(), 0.0);
    sums.resize(out.len(), 0.0);
    // SAFETY: the caller's `isa` is one of those that are available; so below.
    unsafe { energies(isa, frame, tail, differences) };
    // One addition a lag for each sum: they wait for each other, so that nothing else should.
    let (mut outside, mut sum) = (0.0, 0.0);
    let r0 = f64::from(r[0]);
    for ((d, out), r) in differences.iter_mut().zip(&mut *sums).zip(&r[1..]) {
        outside += *d;
        *d = 2.0 * (r0 - f64::from(*r)) - outside;
        sum += *d;
        *out = sum;
    }
    unsafe { quotients(isa, differences, sums, out) };
}

/// The energy that has a partner at a lag but not at the next one, for each lag from 0.
#[inline(always)]
fn energy<V: Lanes>(frame: &[f32], tail: bool, out: &mut [f64]) {
    let square = |x: f32| f64::from(x) * f64::from(x);
    let ends = frame.iter().zip(frame.iter().rev());
    if tail {
        out.iter_mut().zip(ends).for_each(|(e, (x, y))| *e = square(*x) + square(*y));
    } else {
        out.iter_mut().zip(frame).for_each(|(e, x)| *e = square(*x));
    }
}

for_each_isa!(energies = energy(frame: &[f32], tail: bool, out: &mut [f64]));

/// Each difference over the mean of those up to it.
#[inline(always)]
fn quotient<V: Lanes>(differences: &[f64], sums: &[f64], out: &mut [f32]) {
    for (((lag, out), d), sum) in (1..out.len() as u32 + 1).zip(out).zip(differences).zip(sums) {
        let quotient = (d * f64::from(lag) / sum) as f32;
        // Rounding may leave less than nothing where all is nearly equal.
        *out = if *sum > f64::MIN_POSITIVE { quotient } else { 0.0 };
    }
}

for_each_isa!(quotients = quotient(differences: &[f64], sums: &[f64], out: &mut [f32]));
