//! The probability that an alignment is right.
//!
//! This is a logistic regression. `eval/calibrate.py` fits it on clips of tracks that are and are not in the library, with
//! many distortions and lengths. None of them belongs to the evaluation set.
//! Its coefficients are part of the parameter set ([`ScoreModel`]).
use crate::params::ScoreModel;

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
    /// Windows in the library; above [`ScoreModel::many_windows`] the number does not matter.
    pub windows: u64,
}

/// An alignment counts as a match from this probability on, unless the caller sets another one.
pub const MIN_SCORE: f32 = 0.9;

/// The probability, 0..=1, that an alignment with these features is right. It assumes that half of all queries come from
/// the library.
pub fn probability(model: &ScoreModel, features: &Features) -> f32 {
    let query_pairs = features.query_pairs.max(1.0);
    let pairs = features.pairs.clamp(1.0, query_pairs.min(model.max_pairs));
    // 0 for 1 s, 1 for 10 s. Coefficients are not extrapolated, because nothing was fitted beyond; a shorter query is less
    // sure.
    let long = ((query_pairs / model.short_pairs).ln() / (model.long_pairs / model.short_pairs).ln())
        .clamp(0.0, 1.0);
    let at = |[short, of_long]: [f64; 2]| short + long * (of_long - short);
    let evidence = f64::from(features.evidence).max(0.0);
    let chance = query_pairs.min(model.max_pairs).sqrt();
    let runner_up = f64::from(features.runner_up).max(model.chance * chance).max(model.alike * pairs);
    let logit = at(model.intercept)
        + at(model.ratio) * ((evidence + model.nothing) / (runner_up + model.nothing)).ln()
        + at(model.density) * (evidence - runner_up) / chance
        + at(model.similarity) * f64::from(features.similarity)
        + model.coverage * pairs / query_pairs.min(model.max_pairs)
        + model.variants * f64::from(features.variants.max(1)).ln()
        + model.shorter * (model.short_pairs / query_pairs).ln().max(0.0)
        + model.small_library * (model.many_windows as f64 / features.windows.max(1) as f64).ln().max(0.0);
    (1.0 / (1.0 + (-logit).exp())) as f32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::params::CURRENT;

    fn probability(features: &Features) -> f32 {
        super::probability(&CURRENT.score, features)
    }

    /// Evidence, similarity, pairs, query pairs, variants, runner-up, windows.
    type Row = (f32, f32, f64, f64, u32, f32, u64);

    /// Computed by `eval/score_golden.py`, which has the formula in other words.
    #[rustfmt::skip]
    const GOLDEN: &[(&str, Row, f64)] = &[
        ("1 s", (2.2, 0.5, 4.0, 4.4, 1, 1.5, 100_000), 0.9257013),
        ("shorter than 1 s", (1.5, 0.4, 2.0, 2.0, 1, 1.2, 100_000), 0.1378470),
        ("3 s", (5.0, 0.5, 12.0, 15.0, 1, 2.2, 100_000), 0.9726524),
        ("3 s, less similar", (5.0, 0.35, 12.0, 15.0, 1, 2.2, 100_000), 0.9525555),
        ("10 s", (9.0, 0.4, 40.0, 53.0, 1, 4.0, 100_000), 0.4409575),
        ("30 s, not extrapolated", (16.0, 0.4, 100.0, 160.0, 1, 7.5, 100_000), 0.2037087),
        ("a minute", (20.0, 0.4, 250.0, 320.0, 1, 9.0, 100_000), 0.4591679),
        ("ten minutes count as one", (20.0, 0.4, 250.0, 3200.0, 1, 9.0, 100_000), 0.4591679),
        ("246 variants", (10.0, 0.4, 40.0, 53.0, 246, 4.0, 100_000), 0.2124117),
        ("no variant counts as one", (9.0, 0.4, 40.0, 53.0, 0, 4.0, 100_000), 0.4409575),
        ("a library of 15 minutes", (9.0, 0.4, 40.0, 53.0, 1, 4.0, 1_250), 0.1752725),
        ("a library of one window", (10.0, 0.4, 40.0, 53.0, 1, 4.0, 1), 0.0325850),
        ("no window counts as one", (10.0, 0.4, 40.0, 53.0, 1, 4.0, 0), 0.0325850),
        ("exactly four hours", (9.0, 0.4, 40.0, 53.0, 1, 4.0, 20_000), 0.4409575),
        ("no runner-up: chance", (3.2, 0.4, 20.0, 53.0, 1, 0.0, 100_000), 0.1130119),
        ("a runner-up below chance", (3.2, 0.4, 20.0, 53.0, 1, 1.0, 100_000), 0.1130119),
        ("a long range, tracks alike", (12.0, 0.2, 250.0, 320.0, 1, 0.0, 100_000), 0.2471361),
        ("a range longer than the query", (4.0, 0.8, 90.0, 15.0, 1, 1.9, 100_000), 0.9853337),
        ("a range without a pair", (4.0, 0.6, 0.0, 15.0, 1, 1.3, 100_000), 0.8849036),
        ("a query without a pair", (0.6, 0.4, 1.0, 0.3, 1, 0.5, 100_000), 0.0062056),
        ("negative evidence is none", (-3.0, 0.9, 4.0, 4.4, 1, 0.0, 100_000), 0.0123202),
        ("no evidence", (0.0, 0.9, 4.0, 4.4, 1, 0.0, 100_000), 0.0123202),
        ("a negative cosine", (2.2, -0.1, 4.0, 4.4, 1, 0.9, 100_000), 0.9191947),
    ];

    #[test]
    fn probabilities_are_those_of_the_formula() {
        for &(name, (evidence, similarity, pairs, query_pairs, variants, runner_up, windows), expected) in
            GOLDEN
        {
            let features =
                Features { evidence, similarity, pairs, query_pairs, variants, runner_up, windows };
            let p = f64::from(probability(&features));
            assert!((p - expected).abs() < 2e-6, "{name}: {p} in place of {expected}");
        }
    }

    /// What programs are told counts as a match: 9 of 10 are right.
    #[test]
    fn the_default_limit_lies_between_a_good_and_a_fair_match() {
        let golden = |name| GOLDEN.iter().find(|row| row.0 == name).unwrap().2 as f32;
        assert!(golden("3 s") > MIN_SCORE && golden("a range without a pair") < MIN_SCORE);
    }

    fn any_features() -> impl Strategy<Value = Features> {
        let (pairs, query_pairs) = (0.0..400.0f64, 0.5..2000.0f64);
        (0.0..300.0f32, -1.0..=1.0f32, pairs, query_pairs, 0u32..300, 0.0..300.0f32, 0u64..40_000).prop_map(
            |(evidence, similarity, pairs, query_pairs, variants, runner_up, windows)| Features {
                evidence,
                similarity,
                pairs,
                query_pairs,
                variants,
                runner_up,
                windows,
            },
        )
    }

    /// Features near the limit, where a change shows: a small lead over the runner-up.
    fn close_features() -> impl Strategy<Value = Features> {
        (any_features(), 0.5..2.0f32)
            .prop_map(|(features, ratio)| Features { runner_up: ratio * features.evidence, ..features })
    }

    proptest! {
        #[test]
        fn it_is_a_probability_whatever_the_features(
            evidence in any::<f32>(), similarity in any::<f32>(), pairs in any::<f64>(), query_pairs in any::<f64>(),
            variants in any::<u32>(), runner_up in any::<f32>(), windows in any::<u64>(),
        ) {
            let normal = [f64::from(evidence), f64::from(similarity), pairs, query_pairs, f64::from(runner_up)];
            prop_assume!(normal.iter().all(|x| x.is_finite()));
            let p = probability(&Features { evidence, similarity, pairs, query_pairs, variants, runner_up, windows });
            prop_assert!((0.0..=1.0).contains(&p), "{p}");
        }

        /// What speaks for an alignment never lowers its score, and what speaks against it never raises it.
        #[test]
        fn it_is_monotone(f in prop_oneof![any_features(), close_features()], more in 0.0..30.0f32, times in 1u32..20) {
            let p = probability(&f);
            let with = |change: &dyn Fn(&mut Features)| {
                let mut changed = f;
                change(&mut changed);
                probability(&changed)
            };
            prop_assert!(with(&|f| f.evidence += more) >= p);
            prop_assert!(with(&|f| f.similarity += more / 10.0) >= p);
            prop_assert!(with(&|f| f.runner_up += more) <= p);
            prop_assert!(with(&|f| f.variants = f.variants.max(1) * times) <= p);
            prop_assert!(with(&|f| f.windows *= u64::from(times)) >= p);
        }

        /// Beyond four hours, no windows count.
        #[test]
        fn a_large_library_is_like_any_larger_one(f in close_features(), windows in CURRENT.score.many_windows..u64::MAX) {
            let at = |windows| probability(&Features { windows, ..f });
            prop_assert_eq!(at(windows), at(CURRENT.score.many_windows));
        }
    }

    #[test]
    fn each_feature_counts() {
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
        assert!(probability(&Features { variants: 246, ..base }) < p);
        assert!(probability(&Features { windows: 1_000, ..base }) < p);
    }
}
