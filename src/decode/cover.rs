//! The picture that a file carries.
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use symphonia::core::meta::{MetadataContainer, StandardVisualKey, Visual};

use super::catch_panic::catch_panic;
use super::probe::{self, Refusal};
use super::source::Watch;
use crate::error::{Error, Result};

/// The picture of an open file: its front cover, or else the first picture that it has; `None` if it has none of at most
/// `max_bytes`. The bytes are those of an image file of whatever kind. For the command.
///
/// # Errors
/// [`Error::Io`] and [`Error::Audio`] if the file cannot be read or has no known format.
#[doc(hidden)]
pub fn cover(file: File, name: &Path, max_bytes: usize) -> Result<Option<Vec<u8>>> {
    let found = probe::container(file, &Arc::new(Watch::default()));
    let mut container = match found {
        Ok(container) => container,
        // Only ffmpeg would open it.
        Err(Refusal::Foreign(_)) => return Ok(None),
        Err(Refusal::Io(source)) => return Err(Error::Io { path: name.to_owned(), source }),
        Err(Refusal::Audio(reason)) => return Err(Error::Audio { path: name.to_owned(), reason }),
    };
    let best = catch_panic(move || {
        let mut best: Option<(bool, Vec<u8>)> = None;
        let mut log = container.reader.metadata();
        loop {
            if let Some(revision) = log.current() {
                let of_tracks = revision.per_track.iter().map(|track| &track.metadata);
                for visual in std::iter::once(&revision.media).chain(of_tracks).flat_map(visuals) {
                    let is_front = visual.usage == Some(StandardVisualKey::FrontCover);
                    let better = best.as_ref().is_none_or(|(front, _)| is_front && !front);
                    if better && (1..=max_bytes).contains(&visual.data.len()) {
                        best = Some((is_front, visual.data.to_vec()));
                    }
                }
            }
            if log.pop().is_none() {
                return best;
            }
        }
    });
    Ok(best.ok().flatten().map(|(_, bytes)| bytes))
}

fn visuals(container: &MetadataContainer) -> &[Visual] {
    &container.visuals
}
