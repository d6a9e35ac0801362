//! `refrain index relocate`
use std::process::ExitCode;

use refrain::Index;

use crate::{args::RelocateArgs, db, messages};

/// Relocates; exit 1 where the index has nothing there.
pub fn run(args: &RelocateArgs) -> anyhow::Result<ExitCode> {
    let path = db::path(&args.db)?;
    let mut index = Index::open_to_write(&path)?;
    let moved = index.relocate(&args.from, &args.to)?;
    index.close()?;
    if moved == 0 {
        let from = args.from.display();
        messages::say(&format!("refrain: {}: nothing in the index is at or below {from}", path.display()));
        return Ok(ExitCode::from(1));
    }
    messages::say(&format!(
        "{} relocated; `refrain index update` looks for them",
        messages::count(moved, "file")
    ));
    Ok(ExitCode::SUCCESS)
}
