//! From nearest windows to places: votes propose (track, offset), the stored frames decide.
mod drift;
mod segment;
mod votes;

pub use drift::{tempo, transposition};
pub use segment::{Alignment, Reference, align};
pub use votes::{Candidate, WindowHits, candidates};
