//! Tags of files, from every format that they are written in.
use std::io::Cursor;

use symphonia::core::formats::FormatReader;
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::{
    MetadataOptions, MetadataReader, MetadataRevision, RawTag, RawTagSubField, RawValue, StandardTag, Tag,
};
use symphonia::default::meta::Id3v2Reader;

use super::catch_panic::catch_panic;
use crate::tags::Tags;

/// Values are cut to so many characters.
const MAX_LENGTH: usize = 1024;

/// Reads the tags that the demuxer has found so far, and frees the cover art that came with them.
pub(super) fn of_container(reader: &mut dyn FormatReader, track: u32) -> Tags {
    let mut tags = Tags::default();
    let mut log = reader.metadata();
    // Oldest first, and the newest wins: ID3v1, which cuts at 30 characters, comes before ID3v2.
    loop {
        if let Some(revision) = log.current() {
            tags = of_revision(revision, track).or(tags);
        }
        if log.pop().is_none() {
            return tags;
        }
    }
}

/// Reads an ID3v2 tag that the demuxer passes over. `bytes` may come from any file.
pub(super) fn of_id3v2(bytes: Vec<u8>) -> Tags {
    let read = catch_panic(move || {
        let source =
            MediaSourceStream::new(Box::new(Cursor::new(bytes)), MediaSourceStreamOptions::default());
        Id3v2Reader::try_new(source, MetadataOptions::default())?.read_all()
    });
    match read {
        Ok(Ok(buffer)) => of_revision(&buffer.revision, 0),
        _ => Tags::default(),
    }
}

/// The tags about the whole file and about `track`.
fn of_revision(revision: &MetadataRevision, track: u32) -> Tags {
    let mut tags = Tags::default();
    let of_track = revision.per_track.iter().filter(|t| t.track_id == u64::from(track));
    let mut album_artist = None;
    for tag in revision.media.tags.iter().chain(of_track.flat_map(|t| &t.metadata.tags)) {
        take(&mut tags, tag);
        if let (Some(StandardTag::AlbumArtist(v)), None) = (&tag.std, &album_artist) {
            album_artist = clean(v);
        }
    }
    tags.artist = tags.artist.or(album_artist);
    tags
}

/// Takes the tag if it is one of ours and the first of its kind.
fn take(tags: &mut Tags, tag: &Tag) {
    let (field, value) = match &tag.std {
        Some(StandardTag::TrackTitle(v)) => (&mut tags.title, v.to_string()),
        Some(StandardTag::Artist(v)) => (&mut tags.artist, v.to_string()),
        Some(StandardTag::Album(v)) => (&mut tags.album, v.to_string()),
        // In Vorbis comments, APE and MP4 the recording goes by the older name "track id".
        Some(StandardTag::MusicBrainzRecordingId(v) | StandardTag::MusicBrainzTrackId(v)) => {
            (&mut tags.recording_mbid, v.to_string())
        }
        Some(StandardTag::MusicBrainzAlbumId(v)) => (&mut tags.release_mbid, v.to_string()),
        Some(StandardTag::AcoustIdId(v)) => (&mut tags.acoustid, v.to_string()),
        Some(StandardTag::TrackNumber(n)) => return number(&mut tags.track_number, *n),
        Some(StandardTag::DiscNumber(n)) => return number(&mut tags.disc_number, *n),
        Some(_) => return,
        None => return take_raw(tags, &tag.raw),
    };
    if field.is_none() {
        *field = clean(&value);
    }
}

/// Takes a tag that the demuxer gives no standard name: the recording in ID3v2, and tags of Matroska that are not marked as
/// being about the track.
fn take_raw(tags: &mut Tags, raw: &RawTag) {
    let owner = |field: &RawTagSubField| {
        field.field == "OWNER" && field.value.to_string() == "http://musicbrainz.org"
    };
    // In Matroska the name follows the thing that it is about.
    let name = raw.key.rsplit('@').next().unwrap_or_default().to_ascii_uppercase();
    let field = match (name.as_str(), &raw.value) {
        ("UFID", RawValue::Binary(id)) => {
            let of_recording = raw.sub_fields.as_deref().unwrap_or_default().iter().any(owner);
            if of_recording && tags.recording_mbid.is_none() {
                tags.recording_mbid = clean(&String::from_utf8_lossy(id));
            }
            return;
        }
        ("ALBUM", _) => &mut tags.album,
        ("MUSICBRAINZ_TRACKID" | "MUSICBRAINZ_RECORDINGID", _) => &mut tags.recording_mbid,
        ("MUSICBRAINZ_ALBUMID", _) => &mut tags.release_mbid,
        ("ACOUSTID_ID", _) => &mut tags.acoustid,
        ("DISC", value) => return number(&mut tags.disc_number, leading(value)),
        // As ffmpeg writes the track's number.
        ("PART_NUMBER", value) if raw.key == "ALBUM@PART_NUMBER" => {
            return number(&mut tags.track_number, leading(value));
        }
        _ => return,
    };
    if field.is_none() {
        *field = clean(&raw.value.to_string());
    }
}

/// Takes a number from 1 on if there is none yet.
fn number(field: &mut Option<u32>, value: u64) {
    if field.is_none() {
        *field = u32::try_from(value).ok().filter(|&n| n > 0);
    }
}

/// The number that a value such as `3/9` begins with.
fn leading(value: &RawValue) -> u64 {
    let text = value.to_string();
    text.split('/').next().and_then(|n| n.trim().parse().ok()).unwrap_or(0)
}

/// The value without control characters and without white space around it, or `None` if nothing is left.
pub(super) fn clean(value: &str) -> Option<String> {
    let printable = value.chars().map(|c| if c.is_control() { ' ' } else { c });
    let cut: String = printable.take(MAX_LENGTH).collect();
    let trimmed = cut.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cleaned() {
        assert_eq!(clean(" Song\0\0").as_deref(), Some("Song"));
        assert_eq!(clean("a\x1b[31mb").as_deref(), Some("a [31mb"));
        assert_eq!(clean("\0 \n"), None);
        assert_eq!(clean(&"é".repeat(5000)).map(|v| v.chars().count()), Some(MAX_LENGTH));
    }
}
