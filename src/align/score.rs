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
    /// Variants of the query, transposed and stretched, that were looked for; 1 for the query as it is.
    pub variants: u32,
    /// The evidence of the best place of another track: what likeness and chance reach.
    pub rival: f32,
}

const INTERCEPT: f64 = -8.7954;
const EVIDENCE: f64 = 0.0694;
/// Of the evidence less that of the rival.
const MARGIN: f64 = 0.1526;
/// Of the logarithm of the ratio of the two.
const RATIO: f64 = 4.7659;
/// Of the margin over the root of the query's pairs, which is how far chance makes it vary.
const DENSITY: f64 = 1.0720;
/// Of the same, compressed.
const LOG_DENSITY: f64 = 2.8833;
const SIMILARITY: f64 = 8.7778;
/// Of the similarity times the root of the number of pairs: how many standard deviations it is from chance.
const SIGNIFICANCE: f64 = -0.1277;
/// Of the share of the query that the range covers.
const COVERAGE: f64 = 5.0117;
const QUERY_PAIRS: f64 = -1.4997;
const VARIANTS: f64 = -0.5102;

/// The least rival, for each root of the query's pairs: in a library of one track there is none, and chance is
/// no less.
const CHANCE: f64 = 0.12;

/// Frame pairs of a minute.
const MINUTE: f64 = 320.0;

/// The least probability that counts as a match unless the caller says otherwise.
pub const LEAST_SCORE: f32 = 0.95;

/// The probability, 0..=1, that an alignment with these features is right, if it is as likely as not that the
/// query comes from the library.
pub fn probability(features: &Features) -> f32 {
    let (similarity, pairs) = (f64::from(features.similarity), features.pairs.max(1.0));
    let query_pairs = features.query_pairs.clamp(1.0, MINUTE);
    let pairs = pairs.min(query_pairs);
    let evidence = f64::from(features.evidence).max(0.0);
    let rival = f64::from(features.rival).max(CHANCE * query_pairs.sqrt());
    let margin = evidence - rival;
    let density = margin / query_pairs.sqrt();
    let logit = INTERCEPT
        + EVIDENCE * evidence
        + MARGIN * margin
        + RATIO * ((evidence + 0.3) / (rival + 0.3)).ln()
        + DENSITY * density
        + LOG_DENSITY * density.signum() * (3.0 * density.abs()).ln_1p()
        + SIMILARITY * similarity
        + SIGNIFICANCE * similarity * pairs.sqrt()
        + COVERAGE * pairs / query_pairs
        + QUERY_PAIRS * query_pairs.ln()
        + VARIANTS * f64::from(features.variants.max(1)).ln();
    (1.0 / (1.0 + (-logit).exp())) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_evidence_is_surer_and_a_stronger_rival_less_so() {
        let base = Features {
            evidence: 3.0,
            similarity: 0.4,
            pairs: 15.0,
            query_pairs: 30.0,
            variants: 1,
            rival: 1.5,
        };
        let p = probability(&base);
        assert!((0.01..=0.99).contains(&p), "{p}");
        assert!(probability(&Features { evidence: 6.0, ..base }) > p);
        assert!(probability(&Features { similarity: 0.6, ..base }) > p);
        assert!(probability(&Features { rival: 0.5, ..base }) > p);
        assert!(probability(&Features { pairs: 25.0, ..base }) > p);
        assert!(probability(&Features { query_pairs: 300.0, ..base }) < p);
    }

    #[test]
    fn it_is_a_probability_at_the_extremes() {
        let least = Features {
            evidence: 0.0,
            similarity: -1.0,
            pairs: 0.0,
            query_pairs: 1e6,
            variants: 0,
            rival: 1e9,
        };
        let most = Features {
            evidence: 1e9,
            similarity: 1.0,
            pairs: 1e6,
            query_pairs: 1.0,
            variants: 1,
            rival: 0.0,
        };
        for features in [least, most] {
            assert!((0.0..=1.0).contains(&probability(&features)));
        }
    }
}
