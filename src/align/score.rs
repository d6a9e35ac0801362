//! How sure an alignment is: the probability that it is right.
//!
//! A logistic regression on clips of tracks that are and are not in the library, at many distortions and lengths,
//! none of them of the evaluation set (`eval/calibrate.py` fits it and says how it does). Its coefficients are part of the
//! parameter set ([`ScoreModel`]).
use crate::params::ScoreModel;

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
    /// Windows in the library, or [`ScoreModel::many_windows`] where there are more.
    pub windows: u64,
}

/// The least probability that counts as a match unless the caller says otherwise.
pub const LEAST_SCORE: f32 = 0.9;

/// The probability, 0..=1, that an alignment with these features is right, if it is as likely as not that the
/// query comes from the library.
pub fn probability(model: &ScoreModel, features: &Features) -> f32 {
    let query_pairs = features.query_pairs.max(1.0);
    let pairs = features.pairs.clamp(1.0, query_pairs.min(model.max_pairs));
    // Of what is longer no more is known than that.
    let long = ((query_pairs / model.short_pairs).ln() / (model.long_pairs / model.short_pairs).ln())
        .clamp(0.0, 1.0);
    let at = |[short, of_long]: [f64; 2]| short + long * (of_long - short);
    let evidence = f64::from(features.evidence).max(0.0);
    let chance = query_pairs.min(model.max_pairs).sqrt();
    let rival = f64::from(features.rival).max(model.chance * chance).max(model.alike * pairs);
    let logit = at(model.intercept)
        + at(model.ratio) * ((evidence + model.nothing) / (rival + model.nothing)).ln()
        + at(model.density) * (evidence - rival) / chance
        + at(model.similarity) * f64::from(features.similarity)
        + model.coverage * pairs / query_pairs.min(model.max_pairs)
        + model.variants * f64::from(features.variants.max(1)).ln()
        + model.small_library * (model.many_windows as f64 / features.windows.max(1) as f64).ln().max(0.0);
    (1.0 / (1.0 + (-logit).exp())) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::CURRENT;

    fn probability(features: &Features) -> f32 {
        super::probability(&CURRENT.score, features)
    }

    #[test]
    fn more_evidence_is_surer_and_a_stronger_rival_less_so() {
        let base = Features {
            evidence: 3.0,
            similarity: 0.4,
            pairs: 15.0,
            query_pairs: 30.0,
            variants: 1,
            rival: 1.5,
            windows: 100_000,
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
            windows: 0,
        };
        let most = Features {
            evidence: 1e9,
            similarity: 1.0,
            pairs: 1e6,
            query_pairs: 1.0,
            variants: 1,
            rival: 0.0,
            windows: u64::MAX,
        };
        for features in [least, most] {
            assert!((0.0..=1.0).contains(&probability(&features)));
        }
    }
}
