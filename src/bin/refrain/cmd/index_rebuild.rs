//! `refrain index rebuild`
use std::process::ExitCode;

use refrain::{Built, Index, MaintainOptions};

use crate::{args::RebuildArgs, db, messages, stop};

/// Builds the neighbour index again.
pub fn run(args: &RebuildArgs) -> anyhow::Result<ExitCode> {
    let stop = stop::token();
    let path = db::path(&args.db)?;
    let index = Index::open_to_write(&path)?;
    let built = index.rebuild_with(MaintainOptions::default().cancel(&stop))?;
    index.close()?;
    messages::say(&match built {
        Built::New { centroids, windows } => {
            format!("{}: {centroids} lists of {windows} windows", messages::shown(&path))
        }
        _ => format!(
            "{}: too small to need a neighbour index; every window is compared",
            messages::shown(&path)
        ),
    });
    Ok(ExitCode::SUCCESS)
}
