//! The integration tests, one binary.
#![allow(missing_docs)]
mod analysis;
mod analyze;
mod ann;
mod beside;
mod cli;
mod copies;
#[cfg(target_os = "linux")]
mod corrupt;
mod crash;
mod decode;
mod docs;
mod embed;
mod fpcalc;
mod fuzz;
mod hostile;
#[cfg(unix)]
mod interrupted;
mod layering;
mod lists;
mod nonmusic;
mod repeats;
mod run;
mod shell;
mod store;
mod upkeep;
