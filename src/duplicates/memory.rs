//! What is remembered of earlier searches, so that a new track costs only itself.
use std::collections::{BTreeSet, HashMap, HashSet};

use super::{
    candidates,
    link::Link,
    relation::{Measures, Relation},
    seed::{Pair, Seed},
};
use crate::{
    cancel::CancelToken,
    error::Result,
    store::{Batch, ComparedPair, DuplicateRow, Store, TrackId},
    units::Seconds,
};

/// The number of the rules by which tracks are compared. What was found by other rules is forgotten.
const RULES: u32 = 3;

/// If more tracks are new than this, or than this share, all are compared with all again.
const MAX_NEW: usize = 50;
const MAX_NEW_SHARE: usize = 20;

/// Comparisons of earlier searches, and those of this one.
#[derive(Debug, Default)]
pub struct Memory {
    known: HashMap<(TrackId, TrackId), Option<Link>>,
    /// Pairs that the user called no duplicates, the lower id first.
    apart: HashSet<(TrackId, TrackId)>,
    changes: Changes,
}

/// What has to be stored.
#[derive(Debug, Default)]
struct Changes {
    /// Whether pairs of other rules are stored.
    other_rules: bool,
    /// Whether the near pairs replace those that are stored.
    all: bool,
    near: Vec<Pair>,
    compared: Vec<(TrackId, TrackId)>,
    last: Option<TrackId>,
}

impl Memory {
    /// Reads what is stored.
    ///
    /// # Errors
    /// Those of the index.
    pub fn read(store: &Store) -> Result<Self> {
        let mut memory = Self { apart: store.not_duplicates()?.into_iter().collect(), ..Self::default() };
        match store.duplicate_search()? {
            Some((RULES, _)) => store.compared_pairs(|one, two, pair| {
                memory.known.insert((one, two), link(one, two, &pair));
                Ok(())
            })?,
            other => memory.changes.other_rules = other.is_some(),
        }
        Ok(memory)
    }

    /// The pairs of tracks that are worth a comparison: what is stored and what is new.
    ///
    /// # Errors
    /// Those of [`candidates::candidates`].
    pub(super) fn candidates(&mut self, store: &Store, cancel: &CancelToken) -> Result<Vec<Pair>> {
        let mut tracks: BTreeSet<TrackId> = BTreeSet::new();
        store.window_counts(|track, _| {
            tracks.insert(track);
            Ok(())
        })?;
        let stored = store.duplicate_search()?.filter(|&(rules, _)| rules == RULES);
        let (mut pairs, found) = match stored {
            Some((_, last)) if !is_new_again(&tracks, last) => {
                let mut pairs = Vec::new();
                store.near_pairs(|one, two, seeds| {
                    if tracks.contains(&one) && tracks.contains(&two) {
                        let seeds = seeds.into_iter().map(seed).collect();
                        pairs.push(Pair { one, two, seeds });
                    }
                    Ok(())
                })?;
                let new: Vec<TrackId> = after(&tracks, last).copied().collect();
                (pairs, candidates::of_tracks(store, &new, cancel)?)
            }
            _ => {
                self.changes.all = true;
                (Vec::new(), candidates::candidates(store, cancel)?)
            }
        };
        self.changes.near.clone_from(&found);
        self.changes.last = tracks.last().copied();
        pairs.extend(found);
        pairs.retain(|pair| !self.are_apart(pair.one, pair.two));
        pairs.sort_unstable_by_key(|pair| (pair.one, pair.two));
        Ok(pairs)
    }

    /// Whether the user called two tracks no duplicates.
    pub(super) fn are_apart(&self, one: TrackId, two: TrackId) -> bool {
        self.apart.contains(&(one.min(two), one.max(two)))
    }

    /// What a comparison found, if the tracks were compared: perhaps nothing.
    pub(super) fn compared(&self, one: TrackId, two: TrackId) -> Option<&Option<Link>> {
        self.known.get(&(one, two))
    }

    /// Remembers a comparison.
    pub(super) fn remember(&mut self, one: TrackId, two: TrackId, link: Option<Link>) {
        self.known.insert((one, two), link);
        self.changes.compared.push((one, two));
    }

    /// Whether there is anything to be stored, of pairs or of the links of the groups.
    ///
    /// # Errors
    /// Those of the index.
    pub fn has_changed(&self, store: &Store, links: &[&Link]) -> Result<bool> {
        let Changes { other_rules, all, near, compared, last } = &self.changes;
        let same_last = store.duplicate_search()?.map(|(_, last)| last) == *last;
        if *other_rules || *all || !near.is_empty() || !compared.is_empty() || !same_last {
            return Ok(true);
        }
        Ok(store.duplicates()? != rows(links))
    }

    /// Stores what is new, and the links of the groups that were found.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn store(&self, batch: &Batch<'_>, links: &[&Link]) -> Result<()> {
        let Some(last) = self.changes.last else { return Ok(()) };
        batch.forget_pairs(self.changes.other_rules)?;
        if self.changes.all {
            batch.forget_near_pairs()?;
        }
        for Pair { one, two, seeds } in &self.changes.near {
            let seeds = seeds.iter().map(|seed| (seed.one, seed.two, seed.semitones, seed.weight));
            batch.put_near_pair(*one, *two, seeds)?;
        }
        for &(one, two) in &self.changes.compared {
            let link = self.known.get(&(one, two)).and_then(Option::as_ref);
            batch.put_compared_pair(one, two, &link.map(stored).unwrap_or_default())?;
        }
        batch.set_duplicate_search(RULES, last)?;
        batch.set_duplicates(&rows(links))
    }
}

fn after(tracks: &BTreeSet<TrackId>, last: TrackId) -> impl Iterator<Item = &TrackId> {
    tracks.iter().rev().take_while(move |track| **track > last)
}

/// Whether so many tracks are new that comparing all takes no longer.
fn is_new_again(tracks: &BTreeSet<TrackId>, last: TrackId) -> bool {
    after(tracks, last).count() > MAX_NEW.max(tracks.len() / MAX_NEW_SHARE)
}

fn seed((one, two, semitones, weight): (u32, u32, i8, f32)) -> Seed {
    Seed { one, two, semitones, weight }
}

fn link(one: TrackId, two: TrackId, pair: &ComparedPair) -> Option<Link> {
    let relation = Relation::named(pair.relation.as_deref()?)?;
    let measures = Measures { similarity: pair.similarity, tempo: pair.tempo, ..Measures::default() };
    let parts = pair.parts.iter().map(|part| part.map(Seconds)).collect();
    Some(Link { one, two, relation, measures, parts })
}

fn stored(link: &Link) -> ComparedPair {
    ComparedPair {
        relation: Some(link.relation.name().to_owned()),
        similarity: link.measures.similarity,
        tempo: link.measures.tempo,
        parts: link.parts.iter().map(|part| part.map(|seconds| seconds.0)).collect(),
    }
}

/// The links of all groups, in order.
fn rows(links: &[&Link]) -> Vec<DuplicateRow> {
    let mut rows: Vec<DuplicateRow> = links.iter().map(|link| row(link)).collect();
    rows.sort_by_key(|row| (row.reference, row.track));
    rows
}

fn row(link: &Link) -> DuplicateRow {
    DuplicateRow {
        reference: link.one,
        track: link.two,
        relation: link.relation.name().to_owned(),
        similarity: link.measures.similarity,
        speed: 1.0 / link.measures.tempo,
    }
}

#[cfg(test)]
mod tests;
