//! The samples and rates that the library works with.
use std::ops::RangeInclusive;

/// The supported sample rates, in hertz.
pub(crate) const RATES: RangeInclusive<u32> = 1_000..=768_000;

/// Larger magnitudes in floating-point samples are damage, and would overflow the analysis. Files whose samples run to
/// 32768 rather than 1 stay well below.
const MAX_MAGNITUDE: f32 = 1e6;

/// Returns the sample, or 0 if it is not a number, infinite or absurdly large.
pub(crate) fn sane(x: f32) -> f32 {
    // A comparison with a NaN is false, so that one test does for all.
    if x.abs() <= MAX_MAGNITUDE { x } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_magnitude_is_kept_and_the_next_one_is_not() {
        for x in [0.0, -0.5, 1.0, 32_768.0, 1e6, -1e6] {
            assert_eq!(sane(x), x);
        }
        for x in [1e6_f32.next_up(), (-1e6_f32).next_down(), f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
            assert_eq!(sane(x), 0.0, "{x}");
        }
    }
}
