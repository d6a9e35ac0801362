//! What the library holds more than once: candidates out of the window lists, stretches of two tracks that agree, what
//! one track is to another, groups.
//!
//! | file | |
//! |---|---|
//! | `candidates`, `moved` | windows near each other, with further ones that are moved in pitch or time |
//! | `near_pairs`, `seed` | which pairs of tracks they make worth a comparison, and where |
//! | `probe` | looks at pairs with few near windows |
//! | `sound` | a track's stored frames |
//! | `follow` | follows one line from a place where two tracks agree |
//! | `offsets` | tries every distance of two tracks |
//! | `loudness` | how differently loud they are |
//! | `stretch`, `wander` | how well they agree along the line, and whether they keep the same time |
//! | `agreement` | the stretches that agree, in order |
//! | `relation`, `relation_name` | what that makes one track to the other, and what it is called |
//! | `link` | what two tracks are to each other |
//! | `group` | groups around a reference |
//! | `newcomers` | which new tracks are in the library already |
//! | `memory` | what is remembered of earlier searches |
//! | `keep`, `facts`, `bit_rate`, `sound_quality` | which file of a group to keep, and why |
mod agreement;
mod bit_rate;
mod candidates;
mod chain;
mod facts;
#[cfg(test)]
mod fixture;
mod follow;
mod group;
mod keep;
mod link;
mod loudness;
mod memory;
mod moved;
mod near_pairs;
mod newcomers;
mod offsets;
mod probe;
mod relation;
mod relation_name;
mod seed;
mod sound;
mod sound_quality;
mod stretch;
#[cfg(test)]
mod tests;
mod wander;

pub use agreement::{Agreement, agreement};
pub use candidates::candidates;
pub use facts::{Facts, is_lossless};
pub use group::{Group, groups};
pub use keep::{Rule, best, compare};
pub use link::{Compared, Link, compared, compared_with};
pub use loudness::Loudness;
pub use memory::Memory;
pub use newcomers::newcomers;
pub use relation::{Measures, Missing, Relation, measured, relation};
pub use seed::{Pair, Seed};
pub use sound::Sound;
pub use sound_quality::{limit, was_lossy};
pub use stretch::Stretch;
pub use wander::Wander;
