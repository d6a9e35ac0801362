//! The part of a recording that the fingerprint needs. A query looks as high as 5.2 kHz.

/// What lies above this may be left out, in Hz.
#[cfg(feature = "opus")]
pub(super) const HIGHEST: f32 = 6_000.0;

/// How many samples become one for the fingerprint, so that a rate of at least `least` remains. 11,025 Hz is enough.
pub(super) fn reduction(rate: u32, least: u32) -> usize {
    let enough = |step: usize| rate.is_multiple_of(step as u32) && rate / step as u32 >= least;
    [8, 4, 2].into_iter().find(|&step| enough(step)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reductions_leave_what_queries_need() {
        let rates =
            [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000];
        assert_eq!(rates.map(|rate| reduction(rate, 11_025)), [8, 8, 4, 4, 4, 2, 2, 2, 1, 1, 1, 1]);
        assert_eq!(rates.map(|rate| reduction(rate, 22_050)), [4, 4, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1]);
        // A rate that is no multiple is kept.
        assert_eq!(reduction(44_101, 11_025), 1);
    }
}
