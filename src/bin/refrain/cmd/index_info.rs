//! `refrain index info`
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;
use refrain::{Index, Info};
use serde_json::json;

use crate::{args::InfoArgs, db, messages};

/// Prints what the index holds.
pub fn run(args: &InfoArgs) -> anyhow::Result<ExitCode> {
    let index = Index::open(db::path(&args.db)?)?;
    let info = index.info()?;
    let mut failures = Vec::new();
    if args.failures {
        index.failures(|path, reason| {
            failures.push((path, reason));
            Ok(())
        })?;
    }
    print(args, &info, failures).context("cannot write the description")?;
    Ok(ExitCode::SUCCESS)
}

fn print(args: &InfoArgs, info: &Info, failures: Vec<(PathBuf, String)>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if args.json {
        let mut document = document(info);
        if args.failures {
            document["failed"] = failures
                .iter()
                .map(|(path, reason)| json!({"path": path.to_string_lossy(), "reason": reason}))
                .collect();
        }
        return writeln!(out, "{document}");
    }
    let t = &info.totals;
    let rows = [
        ("file", info.path.display().to_string()),
        ("tracks", t.tracks.to_string()),
        ("audio", messages::hours(t.duration.0)),
        ("size", format!("{:.2} MB, {:.2} MB an hour", t.bytes as f64 / 1e6, per_hour(info))),
        ("windows", t.windows.to_string()),
        (
            "neighbour index",
            info.neighbours.map_or_else(
                || "none: every window is compared".into(),
                |(lists, windows)| format!("{lists} lists of {windows} windows"),
            ),
        ),
        ("files", format!("{}, {} of them missing", t.files, t.missing)),
        ("files not usable", t.failures.to_string()),
        ("parameters", format!("set {}: {}", info.parameter_set, info.parameters)),
        ("format", format!("{}, refrain {}, SQLite {}", info.format, env!("CARGO_PKG_VERSION"), info.sqlite)),
    ];
    for (name, value) in rows {
        writeln!(out, "{name:17} {value}")?;
    }
    for (path, reason) in failures {
        writeln!(out, "{}: {reason}", path.display())?;
    }
    Ok(())
}

fn per_hour(info: &Info) -> f64 {
    let hours = info.totals.duration.0 / 3600.0;
    if hours > 0.0 { info.totals.bytes as f64 / 1e6 / hours } else { 0.0 }
}

fn document(info: &Info) -> serde_json::Value {
    let t = &info.totals;
    json!({
        "file": info.path.to_string_lossy(),
        "tracks": t.tracks,
        "seconds": t.duration.0,
        "bytes": t.bytes,
        "frames": t.frames,
        "windows": t.windows,
        "failures": t.failures,
        "files": t.files,
        "missing": t.missing,
        "roots": info.roots.iter().map(|root| root.to_string_lossy()).collect::<Vec<_>>(),
        "neighbour_index": info.neighbours.map(|(lists, windows)| json!({"lists": lists, "windows": windows})),
        "parameter_set": info.parameter_set,
        "format": info.format,
        "version": env!("CARGO_PKG_VERSION"),
        "sqlite": info.sqlite,
    })
}
