//! Tags of a recording.
use std::ffi::c_char;

use refrain::Tags;

use crate::{
    code::Result,
    input::{optional_text, texts},
    sized::{self, Growing},
};

/// Tags of a recording. Texts are UTF-8. NULL, an empty text and 0 mean that there is no such tag.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainTags {
    /// sizeof (RefrainTags), set by the caller.
    pub size: usize,
    /// The title of the track.
    pub title: *const c_char,
    /// Who performs it.
    pub artist: *const c_char,
    /// The album it is on.
    pub album: *const c_char,
    /// Its position on the disc, from 1.
    pub track_number: u32,
    /// The disc of the album, from 1.
    pub disc_number: u32,
    /// The MusicBrainz identifier of the recording.
    pub recording_mbid: *const c_char,
    /// The MusicBrainz identifier of the release.
    pub release_mbid: *const c_char,
    /// The AcoustID of the recording.
    pub acoustid: *const c_char,
    /// Further artists, in their order.
    pub other_artists: *const *const c_char,
    /// How many.
    pub other_artist_count: usize,
}
// SAFETY: numbers and pointers throughout, the size first.
unsafe impl Growing for RefrainTags {
    const NAME: &'static str = "RefrainTags";
}

/// The tags that a caller passes; none for NULL.
///
/// # Safety
/// As [`sized::read`]; each text is NULL or ends with a NUL.
pub(crate) unsafe fn read(tags: *const RefrainTags) -> Result<Tags> {
    // SAFETY: as promised.
    let from = unsafe { sized::read(tags) }?;
    let mut tags = Tags::default();
    // SAFETY: as promised.
    unsafe {
        tags.title = optional_text(from.title, "title")?;
        tags.artist = optional_text(from.artist, "artist")?;
        tags.album = optional_text(from.album, "album")?;
        tags.recording_mbid = optional_text(from.recording_mbid, "recording_mbid")?;
        tags.release_mbid = optional_text(from.release_mbid, "release_mbid")?;
        tags.acoustid = optional_text(from.acoustid, "acoustid")?;
        tags.other_artists = texts(from.other_artists, from.other_artist_count, "other_artists")?;
    }
    tags.track_number = Some(from.track_number).filter(|&n| n > 0);
    tags.disc_number = Some(from.disc_number).filter(|&n| n > 0);
    Ok(tags)
}
