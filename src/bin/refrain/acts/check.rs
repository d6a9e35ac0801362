//! Checks that a file is what the index says.
use std::{io::ErrorKind, path::Path};

use refrain::{CancelToken, ContentHash, Error, content_hash};

use super::{
    disk::{Seen, look},
    why::{Outcome, Why},
};

/// What the index says of a file.
#[derive(Clone, Debug)]
pub struct Indexed {
    /// Bytes.
    pub size: u64,
    /// When it was changed last, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// The hash of its content, if known.
    pub hash: Option<ContentHash>,
}

const UPDATE: &str = "run `refrain update`";

/// Reads the whole file. It must be what the index says, before and after.
pub fn as_indexed(path: &Path, indexed: &Indexed, cancel: &CancelToken) -> Outcome<Seen> {
    let look = || {
        look(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => {
                Why::Problem(format!("the file is gone; {UPDATE}"))
            }
            _ => Why::system("cannot read the file", &error),
        })
    };
    let changed = || Why::Problem(format!("the file has changed since refrain indexed it; {UPDATE}"));
    let seen = look()?;
    if (seen.size, seen.mtime_ns) != (indexed.size, indexed.mtime_ns) {
        return Err(changed());
    }
    let Some(expected) = indexed.hash else {
        return Err(Why::Problem(format!("the index does not know the content of the file yet; {UPDATE}")));
    };
    if hash(path, cancel)? != expected || !seen.is_still(&look()?) {
        return Err(changed());
    }
    Ok(seen)
}

/// The hash of a file's content.
pub fn hash(path: &Path, cancel: &CancelToken) -> Outcome<ContentHash> {
    content_hash(path, cancel).map_err(|error| match error {
        Error::Interrupted => Why::Interrupted,
        other => Why::Problem(format!("cannot read the file: {}", other.reason())),
    })
}

/// Whether a file can be read and has this content.
pub fn has_content(path: &Path, hash: &str) -> bool {
    content_hash(path, &CancelToken::new()).is_ok_and(|found| found.to_string() == hash)
}
