//! `refrain index build`
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    process::ExitCode,
};

use refrain::{BuildOptions, Error, Index};

use super::progress::{self, Names};
use crate::{args::BuildArgs, db, messages, screen::near::near, stop, wording};

/// Builds. Exit 0; 2 if a file or folder that was named cannot be used, or if there is nothing to index.
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
    let is_nothing = told.found == 0 && told.failed.is_empty();
    if is_nothing && told.any {
        let folders: Vec<String> = roots.iter().map(|root| near(root)).collect();
        messages::problem(&format!("found no audio files in {}; check the folder", folders.join(", ")));
    } else if !told.any {
        let hint = if roots.iter().any(|root| root.is_dir()) { "; check the folder" } else { "" };
        messages::problem(&format!("no music was indexed{hint}"));
    }
    let named: HashSet<PathBuf> = roots.iter().filter_map(|root| root.canonicalize().ok()).collect();
    let failed: HashSet<&PathBuf> = told.failed.iter().map(|failed| &failed.path).collect();
    let is_bad = tell_bad(&path, &named, &failed)? || named.iter().any(|path| failed.contains(path));
    let whole = told.any && !is_nothing && roots.len() == args.roots.len() && !is_bad;
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// Names those of these files that the index remembers as files that cannot be used, unless they are among `told`. Such a file is
/// not tried again until it changes. Returns whether there are any.
fn tell_bad(db: &Path, named: &HashSet<PathBuf>, told: &HashSet<&PathBuf>) -> refrain::Result<bool> {
    let mut any = false;
    if named.iter().any(|path| path.is_file()) {
        Index::open(db)?.failures(|path, reason| {
            if named.contains(&path) && !told.contains(&path) {
                any = true;
                let reason = wording::shown(&reason);
                messages::problem(&format!(
                    "cannot read {}: {reason} (the file has not changed)",
                    near(&path)
                ));
            }
            Ok(())
        })?;
    }
    Ok(any)
}
