//! `refrain index rebuild`
use std::process::ExitCode;

use refrain::{Built, Index, MaintainOptions};

use crate::{bar::Steps, db, messages, stop, wording};

/// Builds the neighbour index again.
pub fn run() -> anyhow::Result<ExitCode> {
    let stop = stop::token();
    let path = db::path()?;
    let index = Index::open_to_write(&path)?;
    let mut steps = Steps::new("track");
    let options = MaintainOptions::default().cancel(&stop).on_progress(|at| {
        steps.at(at.done, at.total);
        if at.done == at.total {
            steps.say("making the neighbour index");
        }
    });
    let built = index.rebuild_with(options);
    steps.end();
    let built = built?;
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
    messages::say(&format!("{}: made the data for `refrain versions`", wording::shown(&path)));
    Ok(ExitCode::SUCCESS)
}
