//! The only module that sees all stages: it wires them for building an index and for answering a query.
pub mod analyse;
mod samples;
