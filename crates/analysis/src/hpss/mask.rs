//! Masks from medians.
use super::options::HpssOptions;
use crate::simd::{Simd, for_each_isa};

/// Returns the soft mask of `x` against `reference`, and the mask of `reference` against `x` (Fitzgerald, equation 5, scaled so
/// that nothing overflows). Each mask is a quotient of its own, because 1 minus the larger one would lose digits.
#[inline(always)]
fn soft(x: f32, reference: f32, split: f32, raised: impl Fn(f32) -> f32) -> (f32, f32) {
    let z = if x > reference { x } else { reference };
    let (a, b) = (raised(x / z), raised(reference / z));
    let sum = a + b;
    if z < f32::MIN_POSITIVE { (split, split) } else { (a / sum, b / sum) }
}

/// Turns harmonic and percussive medians into masks.
#[inline(always)]
fn masks<V: Simd>(harmonic: &mut [f32], percussive: &mut [f32], options: &HpssOptions) {
    let &HpssOptions { power, harmonic_margin, percussive_margin, .. } = options;
    let pairs = harmonic.iter_mut().zip(percussive);
    if power.is_infinite() {
        pairs
            .for_each(|(h, p)| (*h, *p) = (hard(*h, *p * harmonic_margin), hard(*p, *h * percussive_margin)));
    } else if harmonic_margin != 1.0 || percussive_margin != 1.0 {
        pairs.for_each(|(h, p)| {
            let raised = |v: f32| v.powf(power);
            let harmonic = soft(*h, *p * harmonic_margin, 0.0, raised).0;
            (*h, *p) = (harmonic, soft(*p, *h * percussive_margin, 0.0, raised).0);
        });
    } else if power == 2.0 {
        pairs.for_each(|(h, p)| (*h, *p) = soft(*h, *p, 0.5, |v| v * v));
    } else {
        pairs.for_each(|(h, p)| (*h, *p) = soft(*h, *p, 0.5, |v| v.powf(power)));
    }
}

for_each_isa!(fn medians_to_masks = masks(harmonic: &mut [f32], percussive: &mut [f32], options: &HpssOptions));

/// Returns 1 if `x` is above `reference`, else 0.
fn hard(x: f32, reference: f32) -> f32 {
    f32::from(u8::from(x > reference))
}
