//! The hash of a file's content, which identifies the content under any path.
use std::{
    fs::File,
    io::{ErrorKind, Read},
    path::Path,
};

use crate::{
    cancel::CancelToken,
    error::{Error, Result},
    store::ContentHash,
};

/// How many bytes are read at a time: enough for the hash to use all lanes.
const CHUNK: usize = 256 << 10;

/// Hashes the whole file: BLAKE3, by which an index recognises a file's content.
///
/// # Errors
/// [`Error::Io`] if it cannot be read; [`Error::Interrupted`] once `cancel` is cancelled.
pub fn hash(path: &Path, cancel: &CancelToken) -> Result<ContentHash> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    let mut hasher = blake3::Hasher::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        cancel.check()?;
        match file.read(&mut chunk) {
            Ok(0) => return Ok(ContentHash(*hasher.finalize().as_bytes())),
            Ok(n) => hasher.update(&chunk[..n]),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(io(error)),
        };
    }
}
