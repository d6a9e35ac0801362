//! Which rule decided.
use crate::{
    query::{engine::Query, place::Place},
    report::Rule,
};

/// What decided about a place.
pub(super) struct Judgement {
    pub rule: Rule,
    /// The evidence that a match needs, if all else stays and it is no other rendering.
    pub needed_evidence: Option<f64>,
    /// The probability that the track is another rendering.
    pub other_rendering: f64,
}

/// More evidence than any place has: a frame pair brings about 1, and a range counts a minute at most.
const MOST: f32 = 1e5;

impl Query<'_> {
    /// Finds the rule that decided about a place of a query of `duration` seconds. If it is refused, that is the first rule
    /// without which it would be a match.
    pub(super) fn judge(&self, place: &Place, duration: f64) -> Judgement {
        let least = f64::from(self.options.min_score);
        let score = |place: &Place| self.score_in(place, duration);
        let mut without_rival = place.clone();
        without_rival.runner_up = 0.0;
        let mut as_it_is = place.clone();
        as_it_is.variants = 1;
        let mut same_rendering = place.clone();
        same_rendering.traits = None;
        let rule = if score(place) >= least {
            Rule::Match
        } else if place.is_steady() {
            Rule::Steady
        } else if place.is_backwards {
            Rule::Backwards
        } else if score(&same_rendering) >= least {
            Rule::OtherRendering
        } else if score(&without_rival) >= least {
            Rule::Rival
        } else if score(&as_it_is) >= least {
            Rule::Variants
        } else {
            Rule::Evidence
        };
        let needed_evidence = if place.is_steady() { None } else { self.needed(place, duration) };
        Judgement { rule, needed_evidence, other_rendering: self.is_other_rendering(place) }
    }

    /// The least evidence with which a place would be a match, to a thousandth, unless it is another rendering.
    fn needed(&self, place: &Place, duration: f64) -> Option<f64> {
        let mut tried = place.clone();
        // The traits of another rendering have nothing to do with the evidence.
        tried.traits = None;
        let mut enough = |evidence: f32| {
            tried.evidence = evidence;
            self.score_in(&tried, duration) >= f64::from(self.options.min_score)
        };
        if !enough(MOST) {
            return None;
        }
        let (mut low, mut high) = (0.0, MOST);
        while high - low > 1e-3 * f32::max(1.0, low * 1e-3) {
            let middle = f32::midpoint(low, high);
            if enough(middle) { high = middle } else { low = middle }
        }
        Some(f64::from(high))
    }
}
