//! The integration tests, one binary.
#![allow(missing_docs)]
mod ann;
mod decode;
mod docs;
mod store;
