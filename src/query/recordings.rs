//! Places in copies of one recording become one match.
use std::cmp::Ordering;

use super::{
    engine::Query,
    place::{Place, overlap},
    same_recording::Holder,
};
use crate::{error::Result, report::Match};

/// Matches whose seconds differ by less than this share of the longer one, or by less than so many seconds, cover the clip
/// equally well. The ends of a match are known no better.
const SAME_SHARE: f64 = 0.05;
const SAME_SECONDS: f64 = 0.5;

/// A place, and the match that describes it.
pub(super) struct Described {
    pub holder: Holder,
    pub found: Match,
}

/// Matches in the order of an answer, best first.
pub(super) struct Ranked {
    pub matches: Vec<Match>,
    /// Whether there are more matches.
    pub more: bool,
}

/// Orders matches by the seconds of the query that they cover, most first, then by score, then by evidence. Returns for
/// each a number that is the same if the seconds hardly differ.
fn ordered<T>(mut items: Vec<T>, found: impl Fn(&T) -> &Match) -> Vec<(usize, T)> {
    let seconds = |item: &T| found(item).query_end.0 - found(item).query_start.0;
    items.sort_by(|a, b| seconds(b).total_cmp(&seconds(a)));
    let (mut class, mut most) = (0, items.first().map_or(0.0, &seconds));
    let mut ordered: Vec<(usize, T)> = Vec::with_capacity(items.len());
    for item in items {
        let seconds = seconds(&item);
        if seconds < most - SAME_SECONDS.max(SAME_SHARE * most) {
            (class, most) = (class + 1, seconds);
        }
        ordered.push((class, item));
    }
    ordered.sort_by(|(a_class, a), (b_class, b)| {
        let (a, b) = (found(a), found(b));
        let better = b.score.total_cmp(&a.score).then(b.evidence.total_cmp(&a.evidence));
        a_class.cmp(b_class).then(better).then_with(|| a.path.cmp(&b.path))
    });
    ordered
}

/// Which of two copies stands for the recording: one whose file exists, then the one that covers more of the query, has
/// the higher score, comes first in order of paths.
fn standing((a_class, a): &(usize, Described), (b_class, b): &(usize, Described)) -> Ordering {
    let (a, b) = (&a.found, &b.found);
    let order = a.missing.cmp(&b.missing).then(a_class.cmp(b_class)).then(b.score.total_cmp(&a.score));
    order.then_with(|| a.path.cmp(&b.path))
}

impl Query<'_> {
    /// The best `max` matches among the places of different tracks: one for each recording, best first.
    pub(super) fn recordings(&self, places: Vec<Place>, max: usize, duration: f64) -> Result<Ranked> {
        let least = f64::from(self.options.min_score);
        let mut described = Vec::new();
        for place in places {
            if self.score_in(&place, duration) < least {
                continue;
            }
            // While files move, a track may have no file for a moment.
            let Some((found, frames)) = self.describe(&place, duration)? else { continue };
            described.push(Described { holder: Holder::new(place, frames), found });
        }
        // Each is compared with the best of each recording.
        let mut recordings: Vec<Vec<(usize, Described)>> = Vec::new();
        let mut more = false;
        for (class, new) in ordered(described, |described| &described.found) {
            let mut same = None;
            for (n, copies) in recordings.iter().enumerate() {
                let best = &copies[0].1.holder;
                let may_be =
                    best.place.track != new.holder.place.track && overlap(&best.place, &new.holder.place);
                if may_be && self.is_same_recording(best, &new.holder)? {
                    same = Some(n);
                    break;
                }
            }
            match same {
                Some(n) => recordings[n].push((class, new)),
                None if recordings.len() < max => recordings.push(vec![(class, new)]),
                None => more = true,
            }
        }
        let matches = recordings.into_iter().filter_map(one_match).collect();
        let matches = ordered(matches, |found| found).into_iter().map(|(_, found)| found).collect();
        Ok(Ranked { matches, more })
    }
}

/// The match of a recording, from its places in all copies.
fn one_match(mut copies: Vec<(usize, Described)>) -> Option<Match> {
    copies.sort_by(standing);
    let mut copies = copies.into_iter().map(|(_, described)| described.found);
    let mut found = copies.next()?;
    let others = copies.filter(|copy| (copy.id, &copy.shard) != (found.id, &found.shard));
    let others: Vec<_> = others.collect();
    found.copies =
        others.into_iter().flat_map(|copy| std::iter::once(copy.path).chain(copy.also_paths)).collect();
    found.copies.sort();
    // A track may have several places.
    found.copies.dedup();
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{store::TrackId, tags::Tags, units::Seconds};

    fn found(path: &str, seconds: f64, score: f64, evidence: f64) -> Match {
        Match {
            path: path.into(),
            also_paths: Vec::new(),
            copies: Vec::new(),
            missing: false,
            id: TrackId(1),
            shard: None,
            score,
            query_start: Seconds(1.0),
            query_end: Seconds(1.0 + seconds),
            ref_start: Seconds(0.0),
            ref_end: Seconds(seconds),
            also_at: Vec::new(),
            tempo: 1.0,
            pitch: 0.0,
            tags: Tags::default(),
            evidence,
            similarity: 0.9,
            runner_up: 0.0,
            variants: 1,
        }
    }

    #[test]
    fn seconds_then_score_then_evidence_then_path() {
        let matches = vec![
            found("short", 6.0, 1.0, 90.0),
            found("long, less sure", 16.0, 0.95, 50.0),
            found("long", 15.3, 0.99, 50.0),
            found("b", 15.9, 0.99, 60.0),
            found("a", 15.9, 0.99, 60.0),
            found("just too short", 15.1, 1.0, 99.0),
        ];
        let ordered = ordered(matches, |found| found);
        let names: Vec<_> = ordered.iter().map(|(class, m)| (*class, m.path.to_str().unwrap())).collect();
        assert_eq!(
            names,
            [(0, "a"), (0, "b"), (0, "long"), (0, "long, less sure"), (1, "just too short"), (2, "short")]
        );
    }

    #[test]
    fn half_a_second_never_decides() {
        let matches = vec![found("longer", 2.4, 0.91, 1.0), found("surer", 2.0, 0.99, 1.0)];
        let ordered = ordered(matches, |found| found);
        assert_eq!(ordered[0].1.path.to_str(), Some("surer"));
    }
}
