//! What `refrain duplicates` does about duplicates, so that nothing is lost.
//!
//! | file | |
//! |---|---|
//! | `action` | what can be done with a file |
//! | `plan` | which files it is done with, and which file stays for each |
//! | `check` | a file is what the index says |
//! | `perform` | one file: checked, written to the journal, done |
//! | `journal`, `stored_path` | what was begun and what was done, in a file beside the index |
//! | `trash`, `relocate`, `link` | the single actions |
//! | `disk` | looks at files, copies them, and waits for the disk |
//! | `settle` | what became of steps that a kill interrupted |
//! | `undo` | puts files back |
//! | `playlists` | playlists and CUE sheets that name a file |
//! | `why` | why a file was left alone |
pub mod action;
mod check;
mod disk;
pub mod journal;
mod link;
pub mod perform;
pub mod plan;
pub mod playlists;
mod relocate;
pub mod settle;
mod stored_path;
pub mod trash;
pub mod undo;
pub mod why;
