//! The coefficients of the score.

/// A coefficient for queries of [`ScoreModel::short_pairs`] and one for those of [`ScoreModel::long_pairs`]. Between them
/// it goes in a straight line over the logarithm of the length; outside it stays as it is.
///
/// How much a value means depends on how many frames it comes from: a lead that is chance in a query of 1 s is near
/// certainty in one of 10 s.
pub type Slope = [f64; 2];

/// The coefficients of a logistic regression that says how probable it is that a match is right.
///
/// `eval/calibrate.py` fits them to clips of tracks that are and are not in the library, and says how good they are. None
/// but the intercept, [`variants`](Self::variants), [`shorter`](Self::shorter) and [`small_library`](Self::small_library) may
/// be negative, so that
/// what speaks for a match never lowers its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreModel {
    /// What is added to everything.
    pub intercept: Slope,
    /// Of the logarithm of the ratio between the evidence and that of the runner-up.
    pub ratio: Slope,
    /// Of their difference over the root of the query's pairs, which is how far chance makes it vary.
    pub density: Slope,
    /// Of the similarity.
    pub similarity: Slope,
    /// Of the share of the query that the range covers.
    pub coverage: f64,
    /// Of the logarithm of the number of variants of the query that were tried: one that is good by chance is likelier.
    pub variants: f64,
    /// Of the logarithm of how many times a query is shorter than [`short_pairs`](Self::short_pairs).
    pub shorter: f64,
    /// Of the logarithm of how many times a library is smaller than one of [`many_windows`](Self::many_windows): its
    /// runners-up are weaker.
    pub small_library: f64,
    /// Windows of a library so large that it does not matter how much larger it is.
    pub many_windows: u64,
    /// The least evidence of a runner-up, times the root of the query's pairs. In a library of one track there is none, and
    /// chance is no less.
    pub chance: f64,
    /// The same, times the pairs of the range: two tracks of one tempo may be a little alike for minutes.
    pub alike: f64,
    /// Added to evidence before a ratio is taken: less evidence says nothing.
    pub nothing: f64,
    /// Frame pairs of the shortest queries that the coefficients were fitted to, 1 s.
    pub short_pairs: f64,
    /// Frame pairs of the longest queries that the coefficients were fitted to, 10 s.
    pub long_pairs: f64,
    /// Frame pairs of a minute, which is aligned at a time.
    pub max_pairs: f64,
}
