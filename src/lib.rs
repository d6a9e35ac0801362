//! Find which recording a piece of audio comes from, out of one SQLite file.
#![deny(missing_docs)]

pub mod align;
pub mod ann;
pub mod chroma;
pub mod decode;
pub mod error;
pub mod fingerprint;
pub mod params;
pub mod pipeline;
pub mod report;
pub mod resample;
pub mod spectrum;
pub mod store;
pub mod units;

pub use align::LEAST_SCORE;
pub use error::{Error, Result};
pub use pipeline::{BuildEvent, BuildOptions, BuildSummary, FindOptions, Index, Info, QueryOptions};
pub use report::{Answer, Match, Status};
