//! From nearest windows to places: votes propose (track, offset), and the stored frames decide.
mod along;
mod copies;
mod edge_correction;
mod parts;
mod refine;
mod rendering;
mod repeats;
mod score;
mod segment;
mod steadiness;
mod votes;
mod windows;

pub use along::evidence_along;
pub use copies::{Side, best_shift, is_same_sound, same_sound};
pub use parts::{Claim, parts};
pub use refine::{Comparison, Line};
pub use rendering::{Traits, has_own_key_and_tempo, is_other_rendering};
pub use repeats::{Repeats, sounds_the_same};
pub use score::{Features, MIN_SCORE, probability};
pub use segment::{Alignment, Curve, Reference, align};
pub use steadiness::is_steady;
pub use votes::{Candidate, WindowHits, candidates};
pub use windows::WindowEvidence;
