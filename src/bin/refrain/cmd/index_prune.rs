//! `refrain index prune`
use std::{iter, process::ExitCode};

use refrain::{Index, Selector};

use super::index_remove::take_out;
use crate::{args::PruneArgs, db, messages};

/// Removes missing files. Keeps files in a folder that is itself gone.
pub fn run(args: &PruneArgs) -> anyhow::Result<ExitCode> {
    let path = db::path(&args.db)?;
    let index = Index::open(&path)?;
    let (mut marked, gone) = (index.select(&Selector::Missing)?, index.prunable()?);
    let absent = index.absent_roots()?;
    drop(index);
    take_out(&path, &gone, args.dry_run, iter::empty())?;
    for root in absent {
        let before = marked.len();
        marked.retain(|path| !path.starts_with(&root));
        if marked.len() < before {
            let (root, files) =
                (messages::shown(&root), messages::count((before - marked.len()) as u64, "file"));
            messages::say(&format!(
                "{root}: not there, {files} below it kept; `refrain index remove {root}` drops them"
            ));
        }
    }
    if marked.len() > gone.len() {
        let there = messages::count((marked.len() - gone.len()) as u64, "file");
        messages::say(&format!("{there} marked as missing and there again; `refrain index update` looks"));
    }
    Ok(ExitCode::SUCCESS)
}
