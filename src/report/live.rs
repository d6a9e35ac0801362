//! What is heard in live sound.
use serde::Serialize;

use super::timeline::Play;
use crate::units::Seconds;

/// The beginning or the end of a play in live sound, as [`Live`](crate::Live) tells it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LivePlay {
    /// Which of the two.
    #[serde(rename = "event")]
    pub moment: Moment,
    /// The number of the play, from 1. Its beginning and its end have the same.
    #[serde(rename = "play")]
    pub number: u64,
    /// How much sound there was when this was told.
    pub at: Seconds,
    /// The play. When it begins, `end` and `ref_end` say how far it was heard until then, and all other fields may still become
    /// more exact.
    #[serde(flatten)]
    pub play: Play,
}

/// What a play does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// It has begun.
    Start,
    /// It is over.
    End,
}
