//! `refrain index relocate`
use std::process::ExitCode;

use refrain::Index;

use crate::{args::RelocateArgs, db, messages, wording};

/// Relocates. Exit 1 if the index has nothing at the old path.
pub fn run(args: &RelocateArgs) -> anyhow::Result<ExitCode> {
    let path = db::path()?;
    let index = Index::open_to_write(&path)?;
    let moved = index.relocate(&args.from, &args.to)?;
    index.close()?;
    if moved.files + moved.roots == 0 {
        let from = wording::shown(&args.from);
        messages::problem(&format!(
            "no file or folder {from} in {}; {} lists all",
            wording::shown(&path),
            db::hint("index list")
        ));
        return Ok(ExitCode::from(1));
    }
    let what = match moved.files {
        0 => wording::count(moved.roots, "folder"),
        files => wording::count(files, "file"),
    };
    messages::say(&format!("{what} relocated; run {} to find other changes", db::hint("index update")));
    Ok(ExitCode::SUCCESS)
}
