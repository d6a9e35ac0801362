//! `refrain index relocate`
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use refrain::{Index, Selector};

use crate::{args::RelocateArgs, db, messages, screen::near::near, wording};

/// Relocates. Exit 1 if the index has nothing at the old path, 2 if the files would be mixed with others and are not there.
pub fn run(args: &RelocateArgs) -> anyhow::Result<ExitCode> {
    let path = db::path()?;
    let index = Index::open_to_write(&path)?;
    let files = index.select(&Selector::Path(args.from.clone()))?;
    let are_absent = !files.is_empty() && !any_is_there(&files, args);
    if are_absent {
        let others = index.select(&Selector::Path(args.to.clone()))?;
        // The index itself refuses to put a file in the place of another one.
        let is_file = spellings(&args.to).iter().any(|to| others.contains(to));
        let others = others.iter().filter(|other| files.binary_search(other).is_err()).count() as u64;
        if others > 0 && !is_file {
            anyhow::bail!(
                "nothing was relocated: {} already has {}, and none of the files of {} is there; move the files or mount the \
                 disk first",
                near(&args.to),
                wording::count(others, "indexed file"),
                near(&args.from),
            );
        }
    }
    let moved = index.relocate(&args.from, &args.to)?;
    index.close()?;
    if moved.files + moved.roots == 0 {
        let from = wording::shown(&args.from);
        messages::problem(&format!(
            "no file or folder {from} in {}; {} lists all tracks",
            wording::shown(&path),
            db::hint("index list")
        ));
        return Ok(ExitCode::from(1));
    }
    let what = match moved.files {
        0 => wording::count(moved.roots, "folder"),
        files => wording::count(files, "file"),
    };
    messages::say(&format!("{what} relocated; run {} to find other changes", db::hint("index update")));
    if are_absent {
        let back = format!("index relocate {} {}", db::quoted(&args.to), db::quoted(&args.from));
        let (to, back) = (near(&args.to), db::hint(&back));
        messages::say(&match args.to.exists() {
            true => format!("none of these files is in {to} yet; move them there, or undo this with {back}"),
            false => {
                format!("{to} does not exist; mount its disk before you update, or undo this with {back}")
            }
        });
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether any of these files of the old path is at the new one. Looks no further than the first.
fn any_is_there(files: &[PathBuf], args: &RelocateArgs) -> bool {
    let olds = spellings(&args.from);
    files.iter().filter_map(|file| olds.iter().find_map(|old| file.strip_prefix(old).ok())).any(|inside| {
        // Joining nothing would add a slash, and then a file would count as a folder.
        if inside.as_os_str().is_empty() { args.to.exists() } else { args.to.join(inside).exists() }
    })
}

/// The paths that the index may have for a path: with links resolved, absolute, and as it was typed.
fn spellings(path: &Path) -> Vec<PathBuf> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let of_folder = || Some(absolute.parent()?.canonicalize().ok()?.join(absolute.file_name()?));
    let real = path.canonicalize().ok().or_else(of_folder);
    real.into_iter().chain([absolute.clone(), path.to_owned()]).collect()
}
