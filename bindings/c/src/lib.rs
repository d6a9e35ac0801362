//! The C interface of refrain. `include/refrain.h` documents each call and is generated from these comments: run
//! `cargo run -p refrain-header` after a change.
//!
//! Four rules hold everywhere: no panic reaches C ([`guard`]), arguments are checked before they are used ([`input`]),
//! memory of the caller may be uninitialised where results go ([`output`]), and structs may grow ([`sized`]).
#![deny(missing_docs)]
// The top of the header states once what callers must guarantee; the calls that make handles state the rest.
#![allow(clippy::missing_safety_doc)]

mod add;
mod analyze;
mod answer;
mod build;
mod cancel;
mod code;
mod cqt;
mod duplicates;
mod guard;
mod hpss;
mod index;
mod input;
mod listen;
mod maintain;
mod messages;
mod output;
mod performances;
mod plays;
mod query;
mod similar;
mod sized;
mod strings;
mod tags;
mod timeline;
mod tracks;
mod versions;
mod yin;
