//! The C interface of refrain. What each call does stands in `include/refrain.h`, which is made of these comments; run
//! `cargo run -p refrain-header` after a change.
//!
//! Three things hold everywhere: no panic passes into C ([`guard`]), what C gives is looked at before it is used
//! ([`input`]), and structs may grow ([`sized`]).
#![deny(missing_docs)]
// What a caller must hold is told once for all calls at the top of the header, and for handles where they are made.
#![allow(clippy::missing_safety_doc)]

mod add;
mod analyze;
mod answer;
mod build;
mod cancel;
mod code;
mod cqt;
mod guard;
mod hpss;
mod index;
mod input;
mod query;
mod sized;
mod strings;
mod tracks;
mod upkeep;
mod yin;
