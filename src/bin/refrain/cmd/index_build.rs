//! `refrain index build`
use std::process::ExitCode;

use refrain::{BuildOptions, Error, Index};

use super::progress;
use crate::{args::BuildArgs, db, messages, stop};

/// Builds. Exit 0; 2 if there were only unusable files.
pub fn run(args: &BuildArgs) -> anyhow::Result<ExitCode> {
    let stop = stop::token();
    // A mistyped folder must not leave an empty index behind.
    for root in &args.roots {
        std::fs::metadata(root).map_err(|source| Error::Io { path: root.clone(), source })?;
    }
    let path = db::path_to_write(&args.db)?;
    let index = Index::open_or_create(&path)?;
    let options = BuildOptions::default()
        .scan((&args.find).into())
        .threads(args.work.threads.map(usize::from))
        .ffmpeg(&args.work.ffmpeg.ffmpeg)
        .cancel(&stop);
    let any = progress::tell(&args.work, &path, index, options, |index, options| {
        index.build_with(&args.roots, options)
    })?;
    if !any {
        messages::say("refrain: nothing was indexed");
    }
    Ok(if any { ExitCode::SUCCESS } else { ExitCode::from(2) })
}
