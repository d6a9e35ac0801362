//! How two tracks have to do with each other.
use super::{
    agreement::{Agreement, agreement_while},
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
        Self::new_while(one, two, seeds, &|| true)
    }

    /// Like [`Compared::new`]. Means nothing if `goes_on` was false.
    fn new_while(one: &Sound, two: &Sound, seeds: &[Seed], goes_on: &dyn Fn() -> bool) -> Self {
        let agreement = agreement_while(one, two, seeds, goes_on);
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
    compared_with(store, &store.fingerprint(one)?, two, usize::MAX)
}

/// Compares a recording with the first `frames` of a track, window by window. The time grows with the product of both lengths.
///
/// # Errors
/// Those of the index; [`Error::Interrupted`](crate::error::Error::Interrupted) once the token of the store is cancelled.
pub fn compared_with(store: &Store, one: &Fingerprint, two: TrackId, frames: usize) -> Result<Compared> {
    let other = store.fingerprint(two)?.first(frames, store.params());
    let seeds = seeds_of(store.params(), one, &other, &|| store.check_cancelled())?;
    let sound =
        |of: &Fingerprint| Sound::new(store.params(), of.frames.clone()).with_levels(of.levels.clone());
    let goes_on = || store.check_cancelled().is_ok();
    let compared = Compared::new_while(&sound(one), &sound(&other), &seeds, &goes_on);
    store.check_cancelled()?;
    Ok(compared)
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
