//! `refrain index compact`
use std::process::ExitCode;

use refrain::{Index, MaintainOptions};

use crate::{db, messages, stop, wording};

/// Compacts.
pub fn run() -> anyhow::Result<ExitCode> {
    let stop = stop::token();
    let path = db::path()?;
    let index = Index::open_to_write(&path)?;
    let freed = index.compact_with(MaintainOptions::default().cancel(&stop))?;
    index.close()?;
    messages::say(&format!("{}: {:.2} MB freed", wording::shown(&path), freed as f64 / 1e6));
    Ok(ExitCode::SUCCESS)
}
