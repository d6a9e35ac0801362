//! From nearest windows to places: votes propose (track, offset), the stored frames decide.
mod copies;
mod drift;
mod ends;
mod repeats;
mod score;
mod segment;
mod votes;
mod windows;

pub use copies::likeness;
pub use drift::{Comparison, Line};
pub use repeats::Repeats;
pub use score::{Features, LEAST_SCORE, probability};
pub use segment::{Alignment, Reference, align};
pub use votes::{Candidate, WindowHits, candidates};
pub use windows::WindowEvidence;
