//! One file for each command.
use std::path::Path;

use refrain::{Index, Tags};

use crate::{db, messages, screen::near::near, wording};

mod analysis_text;
pub mod analyze;
pub mod completions;
pub mod duplicates;
mod duplicates_act;
mod duplicates_csv;
mod duplicates_html;
mod duplicates_script;
mod duplicates_text;
mod duplicates_undo;
mod duplicates_words;
#[cfg(feature = "explain")]
pub mod explain;
pub mod fingerprint;
pub mod index_build;
pub mod index_compact;
pub mod index_errors;
pub mod index_export;
pub mod index_info;
pub mod index_list;
pub mod index_merge;
pub mod index_prune;
pub mod index_rebuild;
pub mod index_relocate;
pub mod index_remove;
pub mod index_update;
pub mod index_verify;
mod list_lines;
pub mod list_rows;
mod list_words;
#[cfg(feature = "listen")]
pub mod listen;
mod m3u;
pub mod man;
mod match_table;
mod one_track;
mod progress;
pub mod query;
mod query_csv;
#[cfg(feature = "serve")]
pub mod serve;
pub mod similar;
pub mod timeline;
pub mod versions;

/// A mistake that several commands refuse.
const STDIN_TWICE: &str = "refrain can read standard input (-) only once; name - only once";

/// What follows the name of a missing file.
const MISSING: &str = " (missing)";

/// Why names are not whole.
const NAMES_CUT: &str = "some names are cut to fit the terminal; --json prints the whole names";

/// What a track is called: artist and title, and its file below them; the file alone if both are unknown. The file's name stands
/// for an unknown title.
fn title(tags: &Tags, path: &Path, missing: bool) -> (String, Option<String>) {
    let file = format!("{}{}", near(path), if missing { MISSING } else { "" });
    match (&tags.artist, &tags.title) {
        (Some(artist), Some(title)) => (wording::shown(format!("{artist} - {title}")), Some(file)),
        (None, Some(title)) => (wording::shown(title), Some(file)),
        (Some(artist), None) => {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            (wording::shown(format!("{artist} - {stem}")), Some(file))
        }
        (None, None) => (file, None),
    }
}

/// Says so if nothing can be found.
fn warn_if_empty(index: &Index) -> refrain::Result<()> {
    if !index.has_tracks()? {
        let path = wording::shown(index.path());
        messages::say(&format!("{path}: the index is empty; add music with {}", db::hint("index build DIR")));
    }
    Ok(())
}
