//! `refrain index compact`
use std::process::ExitCode;

use refrain::Index;

use crate::{args::CompactArgs, db, messages};

/// Compacts.
pub fn run(args: &CompactArgs) -> anyhow::Result<ExitCode> {
    let path = db::path(&args.db)?;
    let index = Index::open_to_write(&path)?;
    let freed = index.compact()?;
    index.close()?;
    messages::say(&format!("{}: {:.2} MB given back", path.display(), freed as f64 / 1e6));
    Ok(ExitCode::SUCCESS)
}
