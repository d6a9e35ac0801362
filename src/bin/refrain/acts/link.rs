//! Lets two files of the same bytes share their room on the disk.
use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
};

use super::{
    check, disk,
    disk::Seen,
    why::{Outcome, Why},
};

/// Replaces `path` by another name of `kept`. At each moment `path` is a whole file.
pub fn hard(kept: &Path, path: &Path, temporary: &Path) -> Outcome<()> {
    fs::hard_link(kept, temporary).map_err(|error| match error.kind() {
        ErrorKind::CrossesDevices => {
            Why::Problem("the kept file is on another file system, so a hard link is not possible".to_owned())
        }
        _ => Why::system("the file system cannot make a hard link of the file", &error),
    })?;
    replace(temporary, path)
}

/// Replaces `path` by a file that shares its blocks with `kept`, with the date and the permissions that `path` has.
pub fn shared(kept: &Path, path: &Path, temporary: &Path, hash: &str, seen: &Seen) -> Outcome<()> {
    let made = reflink_copy::reflink(kept, temporary)
        .map_err(|error| match error.kind() {
            ErrorKind::CrossesDevices => Why::Problem(
                "the kept file is on another file system, so the two files cannot share disk space"
                    .to_owned(),
            ),
            _ => Why::system("the file system cannot make a reflink (a copy that shares disk space)", &error),
        })
        .and_then(|()| finished(temporary, hash, seen.mode, seen.mtime_ns));
    made.and_then(|()| replace(temporary, path)).inspect_err(|_| drop(fs::remove_file(temporary)))
}

/// Replaces `path` by a copy of its own, which shares nothing.
pub fn separate(path: &Path, temporary: &Path, hash: &str, mode: Option<u32>, mtime_ns: i64) -> Outcome<()> {
    let made = disk::copy(path, temporary)
        .map_err(|error| Why::system("cannot copy the file", &error))
        .and_then(|()| finished(temporary, hash, mode, mtime_ns));
    made.and_then(|()| replace(temporary, path)).inspect_err(|_| drop(fs::remove_file(temporary)))
}

/// A new file gets its date and its permissions, if it has the right content.
fn finished(temporary: &Path, hash: &str, mode: Option<u32>, mtime_ns: i64) -> Outcome<()> {
    disk::dress(temporary, mode, mtime_ns)
        .map_err(|error| Why::system("cannot write the copy of the file", &error))?;
    if check::has_content(temporary, hash) {
        Ok(())
    } else {
        Err(Why::Problem("the copy of the file differs from the original file".to_owned()))
    }
}

fn replace(temporary: &Path, path: &Path) -> Outcome<()> {
    refrain::failpoint("link-made");
    let replaced = fs::rename(temporary, path);
    if let Err(error) = replaced {
        let _ = fs::remove_file(temporary);
        return Err(Why::system("cannot replace the file", &error));
    }
    refrain::failpoint("link-replaced");
    disk::sync_folder(path);
    Ok(())
}

/// Removes what an interrupted link left, if the file that it stands for is there.
pub fn tidy(path: &Path, temporary: &Path) -> io::Result<()> {
    if disk::is_there(temporary) && path.is_file() { fs::remove_file(temporary) } else { Ok(()) }
}
