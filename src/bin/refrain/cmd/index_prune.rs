//! `refrain index prune`
use std::{iter, process::ExitCode};

use refrain::{Index, Selector};

use super::index_remove::take_out;
use crate::{args::PruneArgs, db, messages, screen::near::near, wording};

/// Removes missing files. Keeps files in a folder that is itself gone.
pub fn run(args: &PruneArgs) -> anyhow::Result<ExitCode> {
    let path = db::path()?;
    let index = Index::open(&path)?;
    let (mut marked, gone) = (index.select(&Selector::Missing)?, index.prunable()?);
    let absent = index.absent_roots()?;
    drop(index);
    take_out(&path, &gone, args.dry_run, iter::empty())?;
    let is_none = marked.is_empty();
    for root in absent {
        let before = marked.len();
        marked.retain(|path| !path.starts_with(&root));
        if marked.len() < before {
            let command = format!("index remove {}", db::quoted(&root));
            let (root, files) = (near(&root), wording::count((before - marked.len()) as u64, "file"));
            messages::say(&format!(
                "the folder {root} is gone; kept {files} of this folder in the index; {} removes all files of the folder",
                db::hint(&command)
            ));
        }
    }
    if is_none {
        let update = db::hint("index update");
        messages::say(&format!("none is marked as missing; first run {update}"));
    }
    if marked.len() > gone.len() {
        let there = wording::count((marked.len() - gone.len()) as u64, "file");
        let update = db::hint("index update");
        messages::say(&format!("{there} marked as missing, but found again; run {update}"));
    }
    Ok(ExitCode::SUCCESS)
}
