//! The cumulative mean normalised difference (CMND) of a frame: equation 8 of de Cheveigné and Kawahara, "YIN, a
//! fundamental frequency estimator for speech and music", 2002.
use crate::simd::{Isa, Simd, for_each_isa};

/// Working memory of [`cmnd`].
#[derive(Clone, Debug, Default)]
pub(crate) struct CmndScratch {
    differences: Vec<f64>,
    sums: Vec<f64>,
}

/// Writes the CMND of a frame at lags 1 to `out.len()`. `r` is the frame's autocorrelation at lags from 0 on.
///
/// With `taper` the difference sums over pairs of samples that both lie in the frame. Without it, the last samples of the
/// frame, which have no partner, count with their whole energy.
pub(crate) fn cmnd(
    isa: Isa,
    frame: &[f32],
    r: &[f32],
    taper: bool,
    out: &mut [f32],
    scratch: &mut CmndScratch,
) {
    let CmndScratch { differences, sums } = scratch;
    differences.resize(out.len(), 0.0);
    sums.resize(out.len(), 0.0);
    lost_energies(isa, frame, taper, differences);
    // Each sum waits for the one before it, so this loop holds nothing else that could wait.
    let (mut outside, mut sum) = (0.0, 0.0);
    let r0 = f64::from(r[0]);
    for ((d, out), r) in differences.iter_mut().zip(&mut *sums).zip(&r[1..]) {
        outside += *d;
        *d = 2.0 * (r0 - f64::from(*r)) - outside;
        sum += *d;
        *out = sum;
    }
    quotients(isa, differences, sums, out);
}

/// For each lag from 0 on, the energy of the samples that have a partner at this lag but not at the next one.
#[inline(always)]
fn lost_energy<V: Simd>(frame: &[f32], taper: bool, out: &mut [f64]) {
    let square = |x: f32| f64::from(x) * f64::from(x);
    let ends = frame.iter().zip(frame.iter().rev());
    if taper {
        out.iter_mut().zip(ends).for_each(|(e, (x, y))| *e = square(*x) + square(*y));
    } else {
        out.iter_mut().zip(frame).for_each(|(e, x)| *e = square(*x));
    }
}

for_each_isa!(fn lost_energies = lost_energy(frame: &[f32], taper: bool, out: &mut [f64]));

/// Divides each difference by the mean of the differences up to its lag.
#[inline(always)]
fn quotient<V: Simd>(differences: &[f64], sums: &[f64], out: &mut [f32]) {
    for (((lag, out), d), sum) in (1..out.len() as u32 + 1).zip(out).zip(differences).zip(sums) {
        let quotient = (d * f64::from(lag) / sum) as f32;
        // Rounding may leave a negative sum if all samples are nearly equal.
        *out = if *sum > f64::MIN_POSITIVE { quotient } else { 0.0 };
    }
}

for_each_isa!(fn quotients = quotient(differences: &[f64], sums: &[f64], out: &mut [f32]));
