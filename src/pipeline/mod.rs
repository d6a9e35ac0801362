//! The only module that sees all stages: it wires them for building an index, for answering a query, and for analysing
//! harmony.
pub mod analyse;
mod build;
mod content;
mod find;
mod handles;
mod harmonic;
mod index;
#[cfg(test)]
mod model;
mod query;
mod samples;
mod upkeep;
mod widen;
mod work;

pub use build::{BuildEvent, BuildOptions, BuildSummary};
pub use find::FindOptions;
pub use harmonic::{AnalyzeEvent, AnalyzeInput, AnalyzeOptions, AnalyzeSummary, analyze, analyze_all};
pub use index::{Index, Info};
pub use query::QueryOptions;
pub use upkeep::{MergeSummary, Relocated, Selector};
pub use widen::Range;
