//! What the library holds more than once: candidates out of the window lists, stretches of two tracks that agree, what
//! one track is to another, groups.
//!
//! | file | |
//! |---|---|
//! | `candidates` | pairs of tracks with near windows |
//! | `sound` | a track's stored frames |
//! | `follow` | follows one line from a place where two tracks agree |
//! | `stretch`, `agreement` | the stretches of two tracks that agree, in order |
//! | `relation` | what that makes one track to the other |
//! | `group` | groups around a reference |
mod agreement;
mod candidates;
mod follow;
mod relation;
mod sound;
mod stretch;

pub use agreement::{Agreement, agreement};
pub use candidates::{Pair, Seed, candidates};
pub use relation::{Relation, relation};
pub use sound::Sound;
pub use stretch::Stretch;
