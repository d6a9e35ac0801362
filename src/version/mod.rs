//! Other performances of a piece, and tracks of similar harmony: sections that are alike, then an alignment of the melodies.
//!
//! | file | |
//! |---|---|
//! | `asked` | the piece that is looked for, at several tempi |
//! | `candidates` | the tracks with the most similar sections |
//! | `voice` | the melody of one recording, ready to be aligned |
//! | `similarity` | how alike two melodies are, row by row |
//! | `alignment` | the best path through two melodies, and where it goes |
//! | `chance` | how probable it is that such a path is more than chance |
//! | `map` | how alike two melodies are, for a picture |
//! | `search` | all of it: the versions of a piece in a library |
//! | `fill` | sections of tracks that have none yet |
//!
//! `docs/decisions/versions.md` has the evidence.
mod alignment;
mod asked;
mod candidates;
mod chance;
mod fill;
#[cfg(test)]
mod fixture;
#[cfg(feature = "explain")]
mod map;
mod search;
mod similarity;
#[cfg(test)]
mod tests;
mod voice;

pub use asked::{Asked, MAX_SECONDS, MIN_SECONDS};
pub use candidates::candidates;
pub use fill::fill;
#[cfg(feature = "explain")]
pub use search::drawn;
pub use search::{Found, version, versions};
