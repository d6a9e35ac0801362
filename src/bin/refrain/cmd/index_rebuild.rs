//! `refrain index rebuild`
use std::process::ExitCode;

use refrain::{Built, Index, MaintainOptions};

use crate::{db, messages, stop, wording};

/// Builds the neighbour index again.
pub fn run() -> anyhow::Result<ExitCode> {
    let stop = stop::token();
    let path = db::path()?;
    let index = Index::open_to_write(&path)?;
    let built = index.rebuild_with(MaintainOptions::default().cancel(&stop))?;
    index.close()?;
    messages::say(&match built {
        Built::New { centroids, windows } => {
            format!(
                "{}: made a neighbour index of {windows} windows in {centroids} lists",
                wording::shown(&path)
            )
        }
        _ => format!("{}: the library is too small to need a neighbour index", wording::shown(&path)),
    });
    messages::say(&format!("{}: made what `refrain versions` compares", wording::shown(&path)));
    Ok(ExitCode::SUCCESS)
}
