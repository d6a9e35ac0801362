//! What one track is to another.
use super::{agreement::Agreement, sound::Sound};

/// What a track is to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The same sound.
    SameAudio,
}

/// What the second track is to the first, if anything.
pub fn relation(_one: &Sound, _two: &Sound, _agreement: &Agreement) -> Option<Relation> {
    None
}
