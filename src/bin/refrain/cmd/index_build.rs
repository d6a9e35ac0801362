//! `refrain index build`
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    process::ExitCode,
};

use refrain::{BuildOptions, Error, Index};

use super::progress::{self, Names};
use crate::{args::BuildArgs, db, messages, stop};

/// Builds. Exit 0; 2 if a file or folder that was named cannot be used, or if the index has no track.
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
    let told = progress::tell((&args.work, Names::Shown), &path, index, options, |index, options| {
        index.build_with(&roots, options)
    })?;
    if !told.any {
        messages::problem("no music was indexed; check the folder");
    }
    let named: HashSet<PathBuf> = roots.iter().filter_map(|root| root.canonicalize().ok()).collect();
    let failed = told.failed.iter().any(|failed| named.contains(&failed.path));
    let whole = told.any && roots.len() == args.roots.len() && !failed && !is_any_bad(&path, &named)?;
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// Whether the index remembers one of these files as one that cannot be used. Such a file is not tried again until it changes.
fn is_any_bad(db: &Path, named: &HashSet<PathBuf>) -> refrain::Result<bool> {
    let mut any = false;
    if named.iter().any(|path| path.is_file()) {
        Index::open(db)?.failures(|path, _| {
            any |= named.contains(&path);
            Ok(())
        })?;
    }
    Ok(any)
}
