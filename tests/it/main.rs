//! The integration tests, one binary.
#![allow(missing_docs)]
mod aac;
mod analysis;
mod analyze;
mod ann;
mod beside;
mod chosen;
mod cli;
mod containers;
mod contents;
mod copies;
#[cfg(target_os = "linux")]
mod corrupt;
mod crash;
mod decode;
mod docs;
mod docs_links;
mod docs_output;
#[cfg(unix)]
mod docs_recipes;
mod duplicates;
mod duplicates_acts;
mod duplicates_memory;
#[cfg(unix)]
mod duplicates_shown;
mod embed;
mod exact;
mod explain;
#[cfg(unix)]
mod ffmpeg;
mod format_1;
mod fpcalc;
mod fuzz;
mod help;
mod hostile;
mod in_part;
#[cfg(unix)]
mod interrupted;
mod inverse;
mod layering;
#[cfg(feature = "listen")]
mod listen;
#[cfg(feature = "listen")]
mod listen_stream;
mod lists;
mod merge;
mod nonmusic;
mod older_formats;
mod quality;
mod repaired;
mod repeats;
mod run;
mod serve;
mod several;
mod shell;
mod small_library;
mod store;
#[cfg(unix)]
mod terminal;
mod timeline;
mod upkeep;
mod verify;
mod versions;
mod vorbis;
mod words;
