//! `refrain index prune`
use std::{iter, process::ExitCode};

use refrain::{Index, Selector};

use super::index_remove::take_out;
use crate::{args::PruneArgs, db, messages};

/// Removes what is missing.
pub fn run(args: &PruneArgs) -> anyhow::Result<ExitCode> {
    let path = db::path(&args.db)?;
    let index = Index::open(&path)?;
    let (marked, gone) = (index.select(&Selector::Missing)?.len(), index.prunable()?);
    drop(index);
    take_out(&path, &gone, args.dry_run, iter::empty())?;
    if marked > gone.len() {
        let there = messages::count((marked - gone.len()) as u64, "file");
        messages::say(&format!("{there} marked as missing and there again; `refrain index update` looks"));
    }
    Ok(ExitCode::SUCCESS)
}
