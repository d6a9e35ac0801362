//! Folders for what is written. The rule is the same for every output: folders that do not exist are made.
use std::{fs, path::Path};

use anyhow::Context;

use crate::wording;

/// Makes the folder that a file will be in.
pub fn for_file(file: &Path) -> anyhow::Result<()> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => made(folder),
        _ => Ok(()),
    }
}

/// Makes a folder, and those above it.
pub fn made(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", wording::shown(folder)))
}
