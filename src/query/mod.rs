//! From a clip to its answer.
//!
//! Audio comes in [chunks](crate::extract::chunks) of a minute. [`search`] finds the places of a chunk: the
//! index proposes places ([`windows`], [`wide`] for other pitches and speeds), the stored frames decide ([`alignments`]), and
//! other tracks show what chance reaches ([`runner_up`]). Then places of neighbouring chunks are joined ([`place`]). Places
//! in copies of one recording become one match ([`recordings`], [`same_recording`]), and the matches are ranked ([`rank`]).
//! [`answer`] runs these steps for audio that can be read, [`listen`] for audio that is pushed in, and [`stored_track`] for a
//! track of the index itself. [`explain`] shows what an answer rests on.
mod alignments;
mod answer;
mod backwards;
mod engine;
#[cfg(feature = "explain")]
mod explain;
pub(crate) mod found;
pub(crate) mod listen;
pub(crate) mod options;
#[cfg(test)]
mod other_parameters;
pub(crate) mod place;
mod rank;
mod recordings;
mod repeats;
mod runner_up;
pub(crate) mod same_recording;
mod search;
mod stored_track;
#[cfg(test)]
mod tests;
mod variant_frames;
pub(crate) mod variant_places;
pub(crate) mod variants;
mod windows;

pub(crate) use engine::{Effort, Query};
#[cfg(feature = "explain")]
pub(crate) use explain::Explained;
