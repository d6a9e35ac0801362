//! How probable it is that two melodies belong to one piece.

/// Music in which every passage comes up more often than this is a loop: loops of many pieces are alike.
const MOST_REPEATS: f64 = 10.0;

/// A logistic regression on the logarithm of how far the evidence is above chance. `eval/versions/fit.py` fits it to versions and to
/// unrelated music.
const INTERCEPT: f64 = -8.61;
const SLOPE: f64 = 6.21;

/// What speaks for a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// The sum of the odds along the path.
    pub path: f64,
    /// The same if each passage counts once, however often it comes up.
    pub distinct: f64,
    /// The best path through the track when it is played backwards.
    pub backwards: f64,
    /// The median of the paths of all tracks that were aligned, if these are many; else 0.
    pub median: f64,
    /// How many pairs of places the two melodies have.
    pub places: f64,
}

/// The least that chance reaches: the best path through two melodies of a minute has about 10, through two of four minutes 22. It
/// grows with the logarithm of the number of pairs of places. A little less counts, so that it decides in small libraries only.
fn least_chance(places: f64) -> f64 {
    0.8 * (10.0 + 4.4 * (places.max(1.0).ln() - 10.2))
}

impl Evidence {
    /// The sum along the path, less for a loop.
    pub fn counted(&self) -> f64 {
        self.path.min(MOST_REPEATS * self.distinct)
    }

    /// What chance reaches.
    pub fn chance(&self) -> f64 {
        self.backwards.max(self.median).max(least_chance(self.places)).max(1.0)
    }

    /// The probability that it is no chance, 0 to 1.
    pub fn probability(&self) -> f64 {
        let x = INTERCEPT + SLOPE * (self.counted() / self.chance()).max(1e-9).ln();
        1.0 / (1.0 + (-x).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SURE: Evidence =
        Evidence { path: 100.0, distinct: 30.0, backwards: 15.0, median: 12.0, places: 26_000.0 };

    #[test]
    fn what_speaks_for_a_version_never_lowers_its_probability() {
        let of = |change: fn(&mut Evidence)| {
            let mut evidence = SURE;
            change(&mut evidence);
            evidence.probability()
        };
        let sure = SURE.probability();
        assert!((0.95..1.0).contains(&sure), "{sure}");
        assert!(of(|e| e.path = 120.0) > sure);
        assert_eq!(of(|e| e.distinct = 40.0), sure);
        assert!(of(|e| e.distinct = 6.0) > of(|e| e.distinct = 5.0));
        assert!(of(|e| e.places = 1e7) < sure);
        assert!(of(|e| e.backwards = 20.0) < sure);
        assert!(of(|e| e.median = 20.0) < sure);
        // A loop: each passage comes up thirty times.
        assert!(of(|e| e.distinct = 3.3) < 0.2);
        assert!(of(|e| e.path = 30.0) < 0.5);
        let nothing = Evidence { path: 0.0, distinct: 0.0, backwards: 0.0, median: 0.0, places: 0.0 };
        assert!(nothing.probability() < 1e-6);
    }
}
