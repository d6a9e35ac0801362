//! The only module that sees all stages: it wires them for building an index and for answering a query.
pub mod analyse;
mod build;
mod find;
mod index;
mod query;
mod samples;
mod widen;

pub use build::{BuildEvent, BuildOptions, BuildSummary};
pub use find::FindOptions;
pub use index::{Index, Info};
pub use query::QueryOptions;
pub use widen::Range;
