//! `refrain index remove`
use std::{
    collections::BTreeSet,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use refrain::{Index, Selector};

use crate::{args::RemoveArgs, db, messages, screen::near::near, wording};

/// Removes the selected files. Exit 1, and nothing removed, if something selected is not in the index.
pub fn run(args: &RemoveArgs) -> anyhow::Result<ExitCode> {
    let path = db::path()?;
    let index = Index::open(&path)?;
    let selectors: Vec<Selector> = args.chosen.iter().map(|text| Selector::from(text.as_os_str())).collect();
    let mut chosen = BTreeSet::new();
    let mut nothing = false;
    for (selector, text) in selectors.iter().zip(&args.chosen) {
        let paths = index.select(selector)?;
        // An indexed folder may have no files, because it was empty or they are already removed.
        let roots = folder(selector).map_or(Ok(Vec::new()), |path| index.roots_below(path))?;
        if paths.is_empty() && roots.is_empty() {
            let text = wording::shown(text);
            messages::problem(&format!(
                "no file for {text} in {}; {} lists all tracks",
                wording::shown(&path),
                db::hint("index list")
            ));
            nothing = true;
        }
        chosen.extend(paths);
    }
    drop(index);
    if nothing {
        return Ok(ExitCode::from(1));
    }
    let chosen: Vec<PathBuf> = chosen.into_iter().collect();
    take_out(&path, &chosen, args.dry_run, selectors.iter().filter_map(folder))?;
    Ok(ExitCode::SUCCESS)
}

/// The folder that a selector may name. A pattern counts only if it is the exact path of a folder.
fn folder(selector: &Selector) -> Option<&Path> {
    match selector {
        Selector::Path(path) | Selector::Pattern(path) => Some(path),
        _ => None,
    }
}

/// Removes files and folders from the index and prints the files; or only prints them.
pub fn take_out<'a>(
    db: &Path,
    chosen: &[PathBuf],
    dry_run: bool,
    roots: impl Iterator<Item = &'a Path>,
) -> anyhow::Result<()> {
    if !dry_run {
        let index = Index::open_to_write(db)?;
        index.remove(chosen)?;
        // Folders come last: if this is interrupted, updates still look after the files that stayed.
        for root in roots {
            index.forget_roots(root)?;
        }
        index.close()?;
    }
    let mut out = io::stdout().lock();
    for path in chosen {
        writeln!(out, "{}", near(path)).context("cannot write the list")?;
    }
    drop(out);
    let files = wording::count(chosen.len() as u64, "file");
    messages::say(&format!("{files} {}", if dry_run { "would be removed" } else { "removed" }));
    Ok(())
}
