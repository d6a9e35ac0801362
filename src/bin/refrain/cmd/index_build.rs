//! `refrain index build`
use std::process::ExitCode;

use refrain::{BuildOptions, Error, Index};

use super::progress;
use crate::{args::BuildArgs, db, messages, stop};

/// Builds. Exit 0; 2 if a root does not exist, or if there were only unusable files.
pub fn run(args: &BuildArgs) -> anyhow::Result<ExitCode> {
    let stop = stop::token();
    // A mistyped folder stops neither the rest nor leaves an empty index behind.
    let mut roots = Vec::new();
    for root in &args.roots {
        match std::fs::metadata(root) {
            Ok(_) => roots.push(root),
            Err(source) => messages::unreadable(&Error::Io { path: root.clone(), source }),
        }
    }
    if roots.is_empty() {
        return Ok(ExitCode::from(2));
    }
    let path = db::path_to_write()?;
    let index = Index::open_or_create(&path)?;
    let options = BuildOptions::default()
        .scan((&args.find).into())
        .threads(args.work.threads.map(usize::from))
        .ffmpeg(&args.work.ffmpeg.ffmpeg)
        .cancel(&stop);
    let any = progress::tell(&args.work, &path, index, options, |index, options| {
        index.build_with(&roots, options)
    })?;
    if !any {
        messages::problem("no music was indexed; check the folder");
    }
    let whole = any && roots.len() == args.roots.len();
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(2) })
}
