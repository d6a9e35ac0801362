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
    /// Frame pairs in the aligned range.
    pub pairs: f64,
    /// Frame pairs that the whole query could have: in a long one a good range by chance is more likely.
    pub query_pairs: f64,
    /// Windows in the library: among more places, too.
    pub windows: u64,
    /// Variants of the query, transposed and stretched, that were looked for; 1 for the query as it is.
    pub variants: u32,
}

const INTERCEPT: f64 = 4.8135;
const EVIDENCE: f64 = 0.0542;
const SIMILARITY: f64 = 5.5748;
/// Of the similarity times the root of the number of pairs: how many standard deviations it is from chance.
const SIGNIFICANCE: f64 = 2.0334;
const PAIRS: f64 = 3.3923;
const QUERY_PAIRS: f64 = -3.4959;
const WINDOWS: f64 = -0.8806;
const VARIANTS: f64 = -0.7462;

/// Frame pairs of a minute.
const MINUTE: f64 = 320.0;

/// The least probability that counts as a match unless the caller says otherwise. On held-out tracks one wrong
/// place in 1,971 was over it.
pub const LEAST_SCORE: f32 = 0.98;

/// The probability, 0..=1, that an alignment with these features is right, if it is as likely as not that the
/// query comes from the library.
pub fn probability(features: &Features) -> f32 {
    let (similarity, pairs) = (f64::from(features.similarity), features.pairs.max(1.0));
    // A long query is so many queries of a minute, each with as many places to be wrong at.
    let minutes = (features.query_pairs / MINUTE).max(1.0);
    let query_pairs = features.query_pairs.min(MINUTE).max(pairs.min(MINUTE));
    let places = features.windows.max(1) as f64 * minutes;
    let logit = INTERCEPT
        + EVIDENCE * f64::from(features.evidence)
        + SIMILARITY * similarity
        + SIGNIFICANCE * similarity * pairs.sqrt()
        + PAIRS * pairs.ln()
        + QUERY_PAIRS * query_pairs.ln()
        + WINDOWS * places.ln()
        + VARIANTS * f64::from(features.variants.max(1)).ln();
    (1.0 / (1.0 + (-logit).exp())) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_evidence_is_surer_and_more_places_to_look_at_less_so() {
        let base = Features {
            evidence: 3.0,
            similarity: 0.4,
            pairs: 15.0,
            query_pairs: 30.0,
            windows: 10_000,
            variants: 1,
        };
        let p = probability(&base);
        assert!((0.01..=0.99).contains(&p), "{p}");
        assert!(probability(&Features { evidence: 6.0, ..base }) > p);
        assert!(probability(&Features { similarity: 0.6, ..base }) > p);
        assert!(probability(&Features { pairs: 25.0, ..base }) > p);
        assert!(probability(&Features { query_pairs: 300.0, ..base }) < p);
        assert!(probability(&Features { windows: 1_000_000, ..base }) < p);
    }

    #[test]
    fn it_is_a_probability_at_the_extremes() {
        let least = Features {
            evidence: 0.0,
            similarity: -1.0,
            pairs: 0.0,
            query_pairs: 1e6,
            windows: 0,
            variants: 0,
        };
        let most = Features {
            evidence: 1e9,
            similarity: 1.0,
            pairs: 1e6,
            query_pairs: 1.0,
            windows: u64::MAX,
            variants: 1,
        };
        for features in [least, most] {
            assert!((0.0..=1.0).contains(&probability(&features)));
        }
    }
}
