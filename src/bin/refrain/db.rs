//! The index file of this run, and command lines that repeat it.
use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use anyhow::Context;
use etcetera::BaseStrategy;
use refrain::Index;

use crate::{folders, wording};

/// Which files were named, if any.
#[derive(Debug, Default)]
struct Chosen {
    paths: Vec<PathBuf>,
    /// Whether the paths are from the command line, not from the environment.
    typed: bool,
}

static CHOSEN: OnceLock<Chosen> = OnceLock::new();

/// Names the index files. `typed` tells that they were on the command line. The first call counts.
pub fn choose(paths: Vec<PathBuf>, typed: bool) {
    let _ = CHOSEN.set(Chosen { paths, typed });
}

/// The index file: the named one, or the one in the user's data folder. Fails if several were named.
pub fn path() -> anyhow::Result<PathBuf> {
    match <[PathBuf; 1]>::try_from(paths()?) {
        Ok([path]) => Ok(path),
        Err(paths) => anyhow::bail!("this command takes one index; --db names {}", paths.len()),
    }
}

/// The index files: the named ones, or the one in the user's data folder.
pub fn paths() -> anyhow::Result<Vec<PathBuf>> {
    match CHOSEN.get().map(|chosen| chosen.paths.clone()).filter(|paths| !paths.is_empty()) {
        Some(paths) => Ok(paths),
        None => Ok(vec![default_folder()?.join("index.refrain")]),
    }
}

/// Opens the index files to read them as one.
pub fn open() -> anyhow::Result<Index> {
    Ok(Index::open_all(paths()?)?)
}

/// Like [`path`], and makes its folder if that does not exist.
pub fn path_to_write() -> anyhow::Result<PathBuf> {
    let path = path()?;
    folders::for_file(&path)
        .map_err(|error| anyhow::anyhow!("{}; give another index file with --db", wording::whole(&error)))?;
    Ok(path)
}

fn default_folder() -> anyhow::Result<PathBuf> {
    let base = etcetera::choose_base_strategy()
        .context("cannot find your home folder, which would hold the index; give an index file with --db")?;
    Ok(base.data_dir().join("refrain"))
}

/// A command line to try next, in backticks. It repeats the `--db` that was typed.
pub fn hint(command: &str) -> String {
    match CHOSEN.get() {
        Some(Chosen { paths, typed: true }) if !paths.is_empty() => {
            let named: Vec<String> = paths.iter().map(|path| format!("--db {}", quoted(path))).collect();
            format!("`refrain {command} {}`", named.join(" "))
        }
        _ => format!("`refrain {command}`"),
    }
}

/// Like [`hint`], for one of the index files that were named.
pub fn hint_of(path: &Path, command: &str) -> String {
    match CHOSEN.get() {
        Some(Chosen { paths, typed: true }) if paths.len() > 1 => hint_for(command, path),
        _ => hint(command),
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
