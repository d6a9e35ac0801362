//! The only module that sees all stages: it wires them for building an index, for answering a query, and for analysing
//! harmony.
mod add;
pub mod analyse;
#[cfg(feature = "decode")]
mod build;
#[cfg(feature = "acoustid")]
mod chromaprint;
#[cfg(feature = "decode")]
mod content;
#[cfg(feature = "decode")]
mod files;
#[cfg(feature = "decode")]
mod find;
#[cfg(all(test, feature = "decode"))]
mod golden;
mod handles;
#[cfg(feature = "analyze")]
mod harmonic;
mod index;
#[cfg(all(test, feature = "decode"))]
mod model;
#[cfg(test)]
mod other_parameters;
mod query;
#[cfg(all(test, feature = "decode"))]
mod rayon_tasks;
mod samples;
mod upkeep;
mod widen;
#[cfg(feature = "decode")]
mod work;

#[cfg(feature = "decode")]
pub use build::{BuildEvent, BuildOptions, BuildSummary};
#[cfg(feature = "acoustid")]
pub use chromaprint::{ChromaprintOptions, ChromaprintPart, chromaprint};
#[cfg(feature = "decode")]
pub use find::FindOptions;
#[cfg(feature = "analyze")]
pub use harmonic::{AnalyzeEvent, AnalyzeOptions, AnalyzeSummary, analyze, analyze_all};
pub use index::{Index, Info};
pub use query::QueryOptions;
pub use upkeep::{MergeSummary, Pattern, Relocated, Selector};
pub use widen::Range;
