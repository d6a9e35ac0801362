//! Finds the index file if none is named.
use std::path::PathBuf;

use anyhow::Context;
use etcetera::BaseStrategy;

use crate::{args::DbArgs, messages};

/// The index file: the named one, or the one in the user's data folder.
pub fn path(args: &DbArgs) -> anyhow::Result<PathBuf> {
    match &args.db {
        Some(path) => Ok(path.clone()),
        None => Ok(default_folder()?.join("index.refrain")),
    }
}

/// Like [`path`], and creates the data folder if a new index will be in it.
pub fn path_to_write(args: &DbArgs) -> anyhow::Result<PathBuf> {
    if args.db.is_none() {
        let folder = default_folder()?;
        std::fs::create_dir_all(&folder).with_context(|| {
            format!("cannot make {}; name an index file with --db", messages::shown(&folder))
        })?;
    }
    path(args)
}

fn default_folder() -> anyhow::Result<PathBuf> {
    let base = etcetera::choose_base_strategy()
        .context("there is no home folder to keep the index in; name a file with --db")?;
    Ok(base.data_dir().join("refrain"))
}
