//! `refrain index errors`
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;
use refrain::{BuildOptions, Index};
use serde_json::json;

use super::progress::{self, Names};
use crate::{args::ErrorsArgs, db, messages, screen::near::near, stop, wording};

/// Lists the files that could not be used, after trying them again if asked.
pub fn run(args: &ErrorsArgs) -> anyhow::Result<ExitCode> {
    let path = db::path()?;
    if args.retry {
        let stop = stop::token();
        let options = BuildOptions::default()
            .threads(args.work.threads.map(usize::from))
            .ffmpeg(&args.work.ffmpeg.ffmpeg)
            .cancel(&stop);
        let index = Index::open_to_write(&path)?;
        // What is still bad is listed below.
        progress::tell((&args.work, Names::Elsewhere), &path, index, options, Index::retry_with)?;
    }
    let mut failures = Vec::new();
    Index::open(&path)?.failures(|path, reason| {
        failures.push((path, reason));
        Ok(())
    })?;
    let (mut out, number) = (io::stdout().lock(), failures.len() as u64);
    if args.csv {
        return table(out, &failures).context("cannot write the list");
    }
    for (path, reason) in failures {
        if args.json {
            writeln!(out, "{}", json!({"path": path.to_string_lossy(), "reason": reason}))
        } else {
            writeln!(out, "{}: {}", near(&path), wording::shown(&reason))
        }
        .context("cannot write the list")?;
    }
    if !args.json {
        out.flush().context("cannot write the list")?;
        let retry = db::hint("index errors --retry");
        // After a retry, this hint would say nothing new.
        let next = if number > 0 && !args.retry { format!("; {retry} tries again") } else { String::new() };
        messages::say(&format!("{}{next}", wording::count(number, "error")));
    }
    Ok(ExitCode::SUCCESS)
}

fn table(out: impl Write, failures: &[(PathBuf, String)]) -> io::Result<ExitCode> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(["path", "reason"])?;
    for (path, reason) in failures {
        table.write_record([path.to_string_lossy().as_ref(), reason])?;
    }
    table.flush()?;
    Ok(ExitCode::SUCCESS)
}
