//! `refrain index export`
use std::{
    io::{self, BufWriter, Write},
    process::ExitCode,
};

use anyhow::Context;
use refrain::{Index, MaintainOptions};
use serde_json::{Value, json};

use super::index_list;
use crate::{args::ExportArgs, db, folders, messages, stop, wording};

/// Prints everything except the fingerprints, or copies the index.
pub fn run(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let index = Index::open(db::path()?)?;
    match &args.file {
        Some(to) => {
            if to.exists() {
                anyhow::bail!("cannot write {}: it exists already; name a new file", wording::shown(to));
            }
            folders::for_file(to)?;
            index.export_with(to, MaintainOptions::default().cancel(&stop::token()))?;
            let tracks = index.info()?.tracks;
            messages::say(&format!("copied {} to {}", wording::count(tracks, "track"), wording::shown(to)));
        }
        None => print(&index).context("cannot write the export")?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print(index: &Index) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for root in index.info()?.roots {
        writeln!(out, "{}", json!({"kind": "root", "path": root.to_string_lossy()}))?;
    }
    // An error of the output, which ends the export.
    let mut failed = Ok(());
    let mut line = |document: Value| {
        writeln!(out, "{document}").map_err(|error| {
            failed = Err(error);
            refrain::Error::Interrupted
        })
    };
    let told = index
        .tracks(|track, files| {
            let mut document = index_list::document(&track, &files);
            document["kind"] = "track".into();
            line(document)
        })
        .and_then(|()| {
            index.failures(|path, reason| {
                line(json!({"kind": "failure", "path": path.to_string_lossy(), "reason": reason}))
            })
        });
    failed?;
    told?;
    Ok(out.flush()?)
}
