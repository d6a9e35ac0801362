//! The track that a person named.
use std::ffi::OsStr;

use anyhow::bail;
use refrain::{Index, Selector, TrackId};

use crate::{db, wording};

/// The track that `name` selects.
pub fn named(index: &Index, name: &OsStr) -> anyhow::Result<TrackId> {
    match found(index, name)? {
        Some(track) => Ok(track),
        None => bail!("{} is not in the index; {} shows what is", wording::shown(name), db::hint("list")),
    }
}

/// The track that `name` selects, if there is one.
pub fn found(index: &Index, name: &OsStr) -> anyhow::Result<Option<TrackId>> {
    let tracks = index.selected_tracks(&Selector::from(name))?;
    match tracks[..] {
        [] => Ok(None),
        [track] => Ok(Some(track)),
        _ => bail!("{} names {} tracks; name one of them", wording::shown(name), tracks.len()),
    }
}
