//! The track that a person named.
use std::{ffi::OsStr, io};

use anyhow::bail;
use refrain::{Error, Index, Selector, TrackId};

use crate::{db, wording};

/// The track that `name` selects.
pub fn named(index: &Index, name: &OsStr) -> anyhow::Result<TrackId> {
    match found(index, name)? {
        Some(track) => Ok(track),
        None => bail!("{} is not in the index; {} lists all tracks", wording::shown(name), db::hint("list")),
    }
}

/// The track that `name` selects, if there is one.
///
/// # Errors
/// [`Error::Io`] if it selects several; those of the index.
pub fn found(index: &Index, name: &OsStr) -> refrain::Result<Option<TrackId>> {
    let tracks = index.selected_tracks(&Selector::from(name))?;
    match tracks[..] {
        [] => Ok(None),
        [track] => Ok(Some(track)),
        _ => {
            let what = format!("the name fits {} tracks; name one of them", tracks.len());
            Err(Error::Io { path: name.into(), source: io::Error::new(io::ErrorKind::InvalidInput, what) })
        }
    }
}
