//! `refrain index info`
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use refrain::{Index, Info};
use serde_json::json;

use crate::{
    args::InfoArgs,
    db,
    screen::{facts, near::near, size},
    wording,
};

/// Prints what the index holds, or each of several indexes.
pub fn run(args: &InfoArgs) -> anyhow::Result<ExitCode> {
    for (number, path) in db::paths()?.into_iter().enumerate() {
        if number > 0 && !args.json {
            writeln!(io::stdout()).context(CANNOT_WRITE)?;
        }
        describe(args, &path)?;
    }
    Ok(ExitCode::SUCCESS)
}

const CANNOT_WRITE: &str = "cannot print what the index holds";

fn describe(args: &InfoArgs, path: &Path) -> anyhow::Result<()> {
    let index = Index::open(path)?;
    let info = index.info()?;
    let mut failures = Vec::new();
    if args.errors {
        index.failures(|path, reason| {
            failures.push((path, reason));
            Ok(())
        })?;
    }
    print(args, &info, failures).context(CANNOT_WRITE)
}

fn print(args: &InfoArgs, info: &Info, failures: Vec<(PathBuf, String)>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if args.json {
        let mut document = document(info);
        if args.errors {
            document["failed"] = failures
                .iter()
                .map(|(path, reason)| json!({"path": path.to_string_lossy(), "reason": reason}))
                .collect();
        }
        return writeln!(out, "{document}");
    }
    let rows = [
        ("file", near(&info.path)),
        ("tracks", info.tracks.to_string()),
        ("audio", wording::hours(info.duration.0)),
        ("size", format!("{:.2} MB, {:.2} MB per hour of audio", info.bytes as f64 / 1e6, per_hour(info))),
        ("windows", info.windows.to_string()),
        (
            "neighbour index",
            info.neighbours.map_or_else(
                || "none; refrain compares each clip with the whole library".into(),
                |(lists, windows)| format!("{lists} lists of {windows} windows"),
            ),
        ),
        ("files", format!("{}, {} missing", info.files, info.missing)),
        ("folders", folders(&info.roots)),
        ("errors", errors(args, info)),
        ("parameters", format!("set {}: {}", info.parameter_set, info.parameters)),
        ("format", format!("{}, refrain {}, SQLite {}", info.format, env!("CARGO_PKG_VERSION"), info.sqlite)),
    ];
    let through_ffmpeg = ("through ffmpeg", wording::count(info.through_ffmpeg, "track"));
    let more = (info.through_ffmpeg > 0).then_some(through_ffmpeg);
    let rows: Vec<_> = rows.into_iter().chain(more).collect();
    facts::lines(&rows, 0, size::of_stdout()).iter().try_for_each(|line| writeln!(out, "{line}"))?;
    for (path, reason) in failures {
        writeln!(out, "{}: {}", near(&path), wording::shown(&reason))?;
    }
    Ok(())
}

/// What `build` was given, of many only the first. A file may be among them.
fn folders(roots: &[PathBuf]) -> String {
    const MOST: usize = 5;
    let mut named: Vec<String> = roots.iter().take(MOST).map(|root| near(root)).collect();
    match roots.len() {
        0 => return "none".to_owned(),
        n if n > MOST => named.push(format!("{} more", n - MOST)),
        _ => {}
    }
    named.join(", ")
}

/// How many files could not be read, and how to see them.
fn errors(args: &InfoArgs, info: &Info) -> String {
    match info.failures {
        0 => "none".to_owned(),
        n if args.errors => n.to_string(),
        n => format!("{n}; {} lists them", db::hint_of(&info.path, "index errors")),
    }
}

fn per_hour(info: &Info) -> f64 {
    let hours = info.duration.0 / 3600.0;
    if hours > 0.0 { info.bytes as f64 / 1e6 / hours } else { 0.0 }
}

pub(crate) fn document(info: &Info) -> serde_json::Value {
    json!({
        "file": info.path.to_string_lossy(),
        "tracks": info.tracks,
        "seconds": info.duration.0,
        "bytes": info.bytes,
        "frames": info.frames,
        "windows": info.windows,
        "failures": info.failures,
        "through_ffmpeg": info.through_ffmpeg,
        "files": info.files,
        "missing": info.missing,
        "roots": info.roots.iter().map(|root| root.to_string_lossy()).collect::<Vec<_>>(),
        "neighbour_index": info.neighbours.map(|(lists, windows)| json!({"lists": lists, "windows": windows})),
        "parameter_set": info.parameter_set,
        "format": info.format,
        "version": env!("CARGO_PKG_VERSION"),
        "sqlite": info.sqlite,
    })
}
