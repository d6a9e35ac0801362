//! The index file of this run, and command lines that repeat it.
use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use anyhow::Context;
use etcetera::BaseStrategy;

use crate::{folders, wording};

/// Which file was named, if any.
#[derive(Debug, Default)]
struct Chosen {
    path: Option<PathBuf>,
    /// Whether the path is from the command line, not from the environment.
    typed: bool,
}

static CHOSEN: OnceLock<Chosen> = OnceLock::new();

/// Names the index file. `typed` tells that it was on the command line. The first call counts.
pub fn choose(path: Option<PathBuf>, typed: bool) {
    let _ = CHOSEN.set(Chosen { path, typed });
}

/// The index file: the named one, or the one in the user's data folder.
pub fn path() -> anyhow::Result<PathBuf> {
    match CHOSEN.get().and_then(|chosen| chosen.path.clone()) {
        Some(path) => Ok(path),
        None => Ok(default_folder()?.join("index.refrain")),
    }
}

/// Like [`path`], and makes its folder if that does not exist.
pub fn path_to_write() -> anyhow::Result<PathBuf> {
    let path = path()?;
    folders::for_file(&path)
        .map_err(|error| anyhow::anyhow!("{}; name another index file with --db", wording::whole(&error)))?;
    Ok(path)
}

fn default_folder() -> anyhow::Result<PathBuf> {
    let base = etcetera::choose_base_strategy()
        .context("cannot find your home folder, where the index would be; name an index file with --db")?;
    Ok(base.data_dir().join("refrain"))
}

/// A command line to try next, in backticks. It repeats the `--db` that was typed.
pub fn hint(command: &str) -> String {
    match CHOSEN.get() {
        Some(Chosen { path: Some(path), typed: true }) => hint_for(command, path),
        _ => format!("`refrain {command}`"),
    }
}

/// Like [`hint`], for this index file.
pub fn hint_for(command: &str, path: &Path) -> String {
    format!("`refrain {command} --db {}`", quoted(path))
}

/// A path as a shell reads it.
pub fn quoted(path: &Path) -> String {
    let text = wording::shown(path);
    let plain = |c: char| c.is_alphanumeric() || "_-./+,:@%=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_path_as_one_word() {
        for (path, word) in [("a/b.refrain", "a/b.refrain"), ("ü é", "'ü é'"), ("it's", r"'it'\''s'")] {
            assert_eq!(quoted(Path::new(path)), word);
        }
    }
}
