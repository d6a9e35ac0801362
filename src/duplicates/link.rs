//! How two tracks have to do with each other.
use super::{
    agreement::{Agreement, agreement},
    candidates::seeds_of,
    relation::{Measures, Relation, measured, relation},
    seed::Seed,
    sound::Sound,
    stretch::Stretch,
};
use crate::{
    error::Result,
    fingerprint::Fingerprint,
    store::{Store, TrackId},
    units::Seconds,
};

/// How two tracks have to do with each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The first track.
    pub one: TrackId,
    /// The second track.
    pub two: TrackId,
    /// What the second is to the first.
    pub relation: Relation,
    /// How they agree.
    pub measures: Measures,
    /// The parts that agree: start and end in the first track, start and end in the second.
    pub parts: Vec<[Seconds; 4]>,
}

/// Two tracks side by side.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Compared {
    /// What they are to each other, if anything.
    pub relation: Option<Relation>,
    /// How they agree, unless they agree nowhere.
    pub measures: Option<Measures>,
    /// The parts that agree: start and end in the first track, start and end in the second.
    pub parts: Vec<[Seconds; 4]>,
}

impl Compared {
    /// Compares two tracks, beginning at `seeds`.
    pub(super) fn new(one: &Sound, two: &Sound, seeds: &[Seed]) -> Self {
        let agreement = agreement(one, two, seeds);
        let measures = measured(one, two, &agreement);
        let relation = measures.as_ref().and_then(relation);
        Self { relation, measures, parts: parts(one, &agreement) }
    }

    /// The link of the tracks, if they have to do with each other.
    pub(super) fn into_link(self, one: TrackId, two: TrackId) -> Option<Link> {
        let (relation, measures) = (self.relation?, self.measures?);
        Some(Link { one, two, relation, measures, parts: self.parts })
    }
}

/// Compares two tracks, window by window.
///
/// # Errors
/// Those of the index.
pub fn compared(store: &Store, one: TrackId, two: TrackId) -> Result<Compared> {
    let _snapshot = store.snapshot()?;
    compared_with(store, &store.fingerprint(one)?, two)
}

/// Compares a recording with a track, window by window.
///
/// # Errors
/// Those of the index.
pub fn compared_with(store: &Store, one: &Fingerprint, two: TrackId) -> Result<Compared> {
    let other = store.fingerprint(two)?;
    let seeds = seeds_of(store.params(), one, &other);
    let sound =
        |of: &Fingerprint| Sound::new(store.params(), of.frames.clone()).with_levels(of.levels.clone());
    Ok(Compared::new(&sound(one), &sound(&other), &seeds))
}

/// The parts that agree, in seconds.
fn parts(one: &Sound, agreement: &Agreement) -> Vec<[Seconds; 4]> {
    let at = |frame: f64| Seconds(frame.max(0.0) * one.frame_seconds());
    let part = |stretch: &Stretch| {
        let two = stretch.two();
        [at(stretch.one.start as f64), at(stretch.one.end as f64), at(two.start), at(two.end)]
    };
    agreement.stretches.iter().map(part).collect()
}
