//! `refrain index verify`
use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::Context;
use refrain::{Error, Index, MaintainOptions, error::IndexError};
use serde_json::json;

use crate::{args::VerifyArgs, db, remedies, stop, wording};

/// Checks everything. Exit 0 if the file is sound, 2 if not.
pub fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let stop = stop::token();
    let path = db::path()?;
    let checked = Index::open(&path).and_then(|index| {
        index.verify_with(MaintainOptions::default().cancel(&stop))?;
        index.info()
    });
    let (problem, repair) = match &checked {
        Ok(_) => (None, None),
        Err(Error::Index { reason: IndexError::Damaged(what), .. }) => (Some(what.clone()), Some("restore")),
        Err(Error::Index { reason: IndexError::Neighbours(what), .. }) => {
            (Some(what.clone()), Some("rebuild"))
        }
        Err(error) => (Some(remedies::with(error)), None),
    };
    if args.json {
        let document = json!({"file": path.to_string_lossy(), "ok": checked.is_ok(), "problem": problem, "repair": repair});
        writeln!(io::stdout(), "{document}").context("cannot write the verdict")?;
        return Ok(if checked.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(2) });
    }
    let info = checked?;
    let tracks = wording::count(info.tracks, "track");
    writeln!(io::stdout(), "{}: no damage; {tracks}, {} windows", wording::shown(&path), info.windows)
        .context("cannot write the verdict")?;
    Ok(ExitCode::SUCCESS)
}
