//! The integration tests, one binary.
mod decode;
