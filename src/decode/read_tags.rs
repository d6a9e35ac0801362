//! Tags out of all the ways in which files have them.
use std::io::Cursor;

use symphonia::core::formats::FormatReader;
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::{
    MetadataOptions, MetadataReader, MetadataRevision, RawTag, RawTagSubField, RawValue, StandardTag, Tag,
};
use symphonia::default::meta::Id3v2Reader;

use super::{Tags, contain::contained};

/// The longest tag value that is kept, in characters.
const LONGEST: usize = 1024;

impl Tags {
    /// Takes in the tags read so far and lets the cover art that came with them go.
    pub(super) fn read(reader: &mut dyn FormatReader, track: u32) -> Tags {
        let mut tags = Tags::default();
        let mut log = reader.metadata();
        // Oldest first, and the newest wins: ID3v1, which cuts at 30 characters, comes before ID3v2.
        loop {
            if let Some(revision) = log.current() {
                tags = Tags::of(revision, track).or(tags);
            }
            if log.pop().is_none() {
                return tags;
            }
        }
    }

    /// What an ID3v2 tag says that a demuxer does not look into. `bytes` come from any file.
    pub(super) fn id3v2(bytes: Vec<u8>) -> Tags {
        let read = contained(move || {
            let source =
                MediaSourceStream::new(Box::new(Cursor::new(bytes)), MediaSourceStreamOptions::default());
            Id3v2Reader::try_new(source, MetadataOptions::default())?.read_all()
        });
        match read {
            Ok(Ok(buffer)) => Tags::of(&buffer.revision, 0),
            _ => Tags::default(),
        }
    }

    fn of(revision: &MetadataRevision, track: u32) -> Tags {
        let mut tags = Tags::default();
        let of_track = revision.per_track.iter().filter(|t| t.track_id == u64::from(track));
        let mut album_artist = None;
        for tag in revision.media.tags.iter().chain(of_track.flat_map(|t| &t.metadata.tags)) {
            tags.take(tag);
            if let (Some(StandardTag::AlbumArtist(v)), None) = (&tag.std, &album_artist) {
                album_artist = clean(v);
            }
        }
        tags.artist = tags.artist.or(album_artist);
        tags
    }

    /// Takes the tag where it is one of ours and the first of its kind.
    fn take(&mut self, tag: &Tag) {
        let (field, value) = match &tag.std {
            Some(StandardTag::TrackTitle(v)) => (&mut self.title, v.to_string()),
            Some(StandardTag::Artist(v)) => (&mut self.artist, v.to_string()),
            Some(StandardTag::Album(v)) => (&mut self.album, v.to_string()),
            // In Vorbis comments, APE and MP4 the recording goes by the older name "track id".
            Some(StandardTag::MusicBrainzRecordingId(v) | StandardTag::MusicBrainzTrackId(v)) => {
                (&mut self.recording_mbid, v.to_string())
            }
            Some(StandardTag::MusicBrainzAlbumId(v)) => (&mut self.release_mbid, v.to_string()),
            Some(StandardTag::AcoustIdId(v)) => (&mut self.acoustid, v.to_string()),
            Some(StandardTag::TrackNumber(n)) => return number(&mut self.track_number, *n),
            Some(StandardTag::DiscNumber(n)) => return number(&mut self.disc_number, *n),
            Some(_) => return,
            None => return self.take_raw(&tag.raw),
        };
        if field.is_none() {
            *field = clean(&value);
        }
    }

    /// Takes what has no standard form: the recording in ID3v2, and what Matroska does not say to be about the track.
    fn take_raw(&mut self, raw: &RawTag) {
        let owner = |field: &RawTagSubField| {
            field.field == "OWNER" && field.value.to_string() == "http://musicbrainz.org"
        };
        // Matroska's names follow what they are said to be about.
        let name = raw.key.rsplit('@').next().unwrap_or_default().to_ascii_uppercase();
        let field = match (name.as_str(), &raw.value) {
            ("UFID", RawValue::Binary(id)) => {
                let of_recording = raw.sub_fields.as_deref().unwrap_or_default().iter().any(owner);
                if of_recording && self.recording_mbid.is_none() {
                    self.recording_mbid = clean(&String::from_utf8_lossy(id));
                }
                return;
            }
            ("ALBUM", _) => &mut self.album,
            ("MUSICBRAINZ_TRACKID" | "MUSICBRAINZ_RECORDINGID", _) => &mut self.recording_mbid,
            ("MUSICBRAINZ_ALBUMID", _) => &mut self.release_mbid,
            ("ACOUSTID_ID", _) => &mut self.acoustid,
            ("DISC", value) => return number(&mut self.disc_number, leading(value)),
            // As ffmpeg writes the track's number.
            ("PART_NUMBER", value) if raw.key == "ALBUM@PART_NUMBER" => {
                return number(&mut self.track_number, leading(value));
            }
            _ => return,
        };
        if field.is_none() {
            *field = clean(&raw.value.to_string());
        }
    }
}

/// Takes a number from 1 where there is none yet.
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

/// The value without what surrounds it and without control characters, or none where nothing is left.
pub(super) fn clean(value: &str) -> Option<String> {
    let printable = value.chars().map(|c| if c.is_control() { ' ' } else { c });
    let cut: String = printable.take(LONGEST).collect();
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
        assert_eq!(clean(&"é".repeat(5000)).map(|v| v.chars().count()), Some(LONGEST));
    }
}
