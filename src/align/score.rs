//! The probability that an alignment is right.
//!
//! This is a logistic regression. `eval/calibrate.py` fits it on clips of tracks that are and are not in the library, with
//! many distortions and lengths. None of them belongs to the evaluation set.

/// The inputs of the score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Features {
    /// `Alignment::evidence`.
    pub evidence: f32,
    /// `Alignment::similarity`.
    pub similarity: f32,
    /// Frame pairs in the aligned range.
    pub pairs: f64,
    /// Frame pairs that the whole query could have. In a long query, a good range is likelier by chance.
    pub query_pairs: f64,
    /// How many variants of the query (transposed and stretched) were searched for; 1 for the query as it is.
    pub variants: u32,
    /// The evidence of the best place of another track: what similar music, or chance, reaches.
    pub runner_up: f32,
    /// Windows in the library; above [`MANY_WINDOWS`] the number does not matter.
    pub windows: u64,
}

/// Frame pairs of queries of 1 and 10 s, between which the score was fitted.
const SHORT: f64 = 4.4;
const LONG: f64 = 53.0;

/// A coefficient of a query of 1 s and of one of 10 s. What a value says depends on how many frames it comes from: of a
/// query of 10 s a fair margin is as good as certain. None but the first may be negative, so that what speaks for a place
/// never lowers its score.
type Slope = [f64; 2];

const INTERCEPT: Slope = [-10.337, -14.946];
/// Of the logarithm of the ratio between the evidence and that of the rival.
const RATIO: Slope = [6.025, 11.717];
/// Of their difference over the root of the query's pairs, which is how far chance makes it vary.
const DENSITY: Slope = [6.907, 2.433];
const SIMILARITY: Slope = [7.516, 0.000];
/// Of the share of the query that the range covers.
const COVERAGE: f64 = 5.299;
const VARIANTS: f64 = -0.473;
/// Of the logarithm of how many times a library is smaller than one of [`MANY_WINDOWS`]: it has weaker rivals.
const SMALL: f64 = -0.473;

/// Windows of four hours of music; it does not matter how many more there are.
pub const MANY_WINDOWS: u64 = 20_000;

/// The least rival, for each root of the query's pairs: in a library of one track there is none, and chance is
/// no less.
const CHANCE: f64 = 0.16;

/// The same for each pair of the range: two tracks of one tempo may have hardly anything in common, but that for minutes.
const ALIKE: f64 = 0.022;

/// Frame pairs of a minute, which is aligned at a time.
const MINUTE: f64 = 320.0;

/// Added to evidence before a ratio is taken: what is less says nothing.
const NOTHING: f64 = 0.3;

/// An alignment counts as a match from this probability on, unless the caller sets another one.
pub const MIN_SCORE: f32 = 0.9;

/// The probability, 0..=1, that an alignment with these features is right. It assumes that half of all queries come from
/// the library.
pub fn probability(features: &Features) -> f32 {
    let query_pairs = features.query_pairs.max(1.0);
    let pairs = features.pairs.clamp(1.0, query_pairs.min(MINUTE));
    // 0 for 1 s, 1 for 10 s. Coefficients are not extrapolated, because nothing was fitted beyond.
    let long = ((query_pairs / SHORT).ln() / (LONG / SHORT).ln()).clamp(0.0, 1.0);
    let at = |[short, of_long]: Slope| short + long * (of_long - short);
    let evidence = f64::from(features.evidence).max(0.0);
    let chance = query_pairs.min(MINUTE).sqrt();
    let runner_up = f64::from(features.runner_up).max(CHANCE * chance).max(ALIKE * pairs);
    let logit = at(INTERCEPT)
        + at(RATIO) * ((evidence + NOTHING) / (runner_up + NOTHING)).ln()
        + at(DENSITY) * (evidence - runner_up) / chance
        + at(SIMILARITY) * f64::from(features.similarity)
        + COVERAGE * pairs / query_pairs.min(MINUTE)
        + VARIANTS * f64::from(features.variants.max(1)).ln()
        + SMALL * (MANY_WINDOWS as f64 / features.windows.max(1) as f64).ln().max(0.0);
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
            runner_up: 1.5,
            windows: 100_000,
        };
        let p = probability(&base);
        assert!((0.01..=0.99).contains(&p), "{p}");
        assert!(probability(&Features { evidence: 6.0, ..base }) > p);
        assert!(probability(&Features { similarity: 0.6, ..base }) > p);
        assert!(probability(&Features { runner_up: 0.5, ..base }) > p);
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
            runner_up: 1e9,
            windows: 0,
        };
        let most = Features {
            evidence: 1e9,
            similarity: 1.0,
            pairs: 1e6,
            query_pairs: 1.0,
            variants: 1,
            runner_up: 0.0,
            windows: u64::MAX,
        };
        for features in [least, most] {
            assert!((0.0..=1.0).contains(&probability(&features)));
        }
    }
}
