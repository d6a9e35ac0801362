//! Tags of files, from every format that they are written in.
use std::fs::File;
use std::io::Cursor;

use symphonia::core::formats::FormatReader;
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::well_known::METADATA_ID_ID3V1;
use symphonia::core::meta::{
    MetadataOptions, MetadataReader, MetadataRevision, RawTag, RawTagSubField, RawValue, StandardTag, Tag,
};
use symphonia::default::meta::Id3v2Reader;

use super::bytes::Bytes;
use super::catch_panic::catch_panic;
use super::code_page::reread;
use super::found_tags::FoundTags;
use super::id3_text;
use super::source::id3v2_len;
use crate::tags::Tags;

/// The most bytes of an ID3v2 tag that are read.
const MAX_ID3V2: u64 = 64 << 20;

/// Values are cut to so many characters.
const MAX_LENGTH: usize = 1024;

/// Further values of a tag are left out.
const MAX_VALUES: usize = 32;

/// Reads the tags that the demuxer has found so far, and what it has left out of the ID3v2 tag that `file` begins with.
pub(super) fn of_file(reader: &mut dyn FormatReader, track: u32, file: &mut File) -> FoundTags {
    let found = catch_panic(|| of_container(reader, track)).unwrap_or_default();
    let tags = &found.tags;
    let texts = [&tags.title, &tags.artist, &tags.album]
        .into_iter()
        .flatten()
        .chain(tags.other_artists.iter().chain(&found.of_album));
    if !texts.into_iter().any(|text| text.contains(char::REPLACEMENT_CHARACTER)) {
        return found;
    }
    let tag = id3v2_len(file).and_then(|len| Bytes::new(file, 0)?.up_to(0, len.min(MAX_ID3V2)));
    tag.map_or(FoundTags::default(), of_id3v2).or(found)
}

/// Reads the tags that the demuxer has found so far, and frees the cover art that came with them.
fn of_container(reader: &mut dyn FormatReader, track: u32) -> FoundTags {
    let mut tags = FoundTags::default();
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

/// Reads the tags of the stream that the demuxer is in, and forgets those of streams before.
pub(super) fn of_stream(reader: &mut dyn FormatReader, track: u32) -> Tags {
    let found = catch_panic(|| {
        reader.metadata().skip_to_latest();
        of_container(reader, track)
    });
    found.unwrap_or_default().into_tags()
}

/// Reads an ID3v2 tag that the demuxer passes over. `bytes` may come from any file.
pub(super) fn of_id3v2(bytes: Vec<u8>) -> FoundTags {
    let bytes = id3_text::recoded(&bytes).unwrap_or(bytes);
    let read = catch_panic(move || {
        let source =
            MediaSourceStream::new(Box::new(Cursor::new(bytes)), MediaSourceStreamOptions::default());
        Id3v2Reader::try_new(source, MetadataOptions::default())?.read_all()
    });
    match read {
        Ok(Ok(buffer)) => of_revision(&buffer.revision, 0),
        _ => FoundTags::default(),
    }
}

/// The tags about the whole file and about `track`.
fn of_revision(revision: &MetadataRevision, track: u32) -> FoundTags {
    let mut found = Found { coded: revision.info.metadata != METADATA_ID_ID3V1, ..Found::default() };
    let of_track = revision.per_track.iter().filter(|t| t.track_id == u64::from(track));
    for tag in revision.media.tags.iter().chain(of_track.flat_map(|t| &t.metadata.tags)) {
        found.take(tag);
    }
    found.tags()
}

/// The values of one tag, from all places with the same key as the first.
#[derive(Default)]
struct Values {
    key: String,
    values: Vec<String>,
}

impl Values {
    /// Adds a value if it is none that is there already.
    fn add(&mut self, key: &str, value: &str) {
        let Some(value) = clean(value) else { return };
        if self.values.is_empty() {
            key.clone_into(&mut self.key);
        }
        if self.key.eq_ignore_ascii_case(key)
            && self.values.len() < MAX_VALUES
            && !self.values.contains(&value)
        {
            self.values.push(value);
        }
    }

    /// All of them in one text.
    fn joined(self) -> Option<String> {
        clean(&self.values.join("; "))
    }
}

/// What was found in a revision.
#[derive(Default)]
struct Found {
    title: Values,
    artist: Values,
    album: Values,
    album_artist: Values,
    /// The other tags, of which the first value counts.
    others: Tags,
    /// Whether texts say how they are encoded.
    coded: bool,
}

impl Found {
    fn tags(self) -> FoundTags {
        let mut artists = self.artist.values.into_iter();
        let tags = Tags {
            title: self.title.joined(),
            artist: artists.next(),
            other_artists: artists.collect(),
            album: self.album.joined(),
            ..self.others
        };
        FoundTags { tags, of_album: self.album_artist.values }
    }

    fn take(&mut self, tag: &Tag) {
        let key = tag.raw.key.as_str();
        // Several values in one tag have no standard name.
        if let (None, RawValue::StringList(values)) = (&tag.std, &tag.raw.value) {
            for value in values.iter() {
                self.take_listed(key, value);
            }
            return;
        }
        let (values, value) = match &tag.std {
            Some(StandardTag::TrackTitle(v)) => (&mut self.title, v),
            Some(StandardTag::Artist(v)) => (&mut self.artist, v),
            Some(StandardTag::Album(v)) => (&mut self.album, v),
            Some(StandardTag::AlbumArtist(v)) => (&mut self.album_artist, v),
            _ => return take(&mut self.others, &mut self.album, tag),
        };
        if self.coded { values.add(key, value) } else { values.add(key, &reread(value)) }
    }

    /// Takes one of several values, by the name of the tag in ID3v2 or APE.
    fn take_listed(&mut self, key: &str, value: &str) {
        let leading = || value.split('/').next().and_then(|n| n.trim().parse().ok()).unwrap_or(0);
        let name = key.to_ascii_uppercase();
        let field = match name.as_str() {
            "TIT2" | "TT2" | "TITLE" => return self.title.add(key, value),
            "TPE1" | "TP1" | "ARTIST" => return self.artist.add(key, value),
            "TALB" | "TAL" | "ALBUM" => return self.album.add(key, value),
            "TPE2" | "TP2" | "ALBUM ARTIST" | "ALBUMARTIST" => return self.album_artist.add(key, value),
            "TRCK" | "TRK" | "TRACK" => return number(&mut self.others.track_number, leading()),
            "TPOS" | "TPA" | "DISC" => return number(&mut self.others.disc_number, leading()),
            "TXXX:MUSICBRAINZ ALBUM ID" | "MUSICBRAINZ_ALBUMID" => &mut self.others.release_mbid,
            "TXXX:ACOUSTID ID" | "ACOUSTID_ID" => &mut self.others.acoustid,
            "MUSICBRAINZ_TRACKID" => &mut self.others.recording_mbid,
            _ => return,
        };
        if field.is_none() {
            *field = clean(value);
        }
    }
}

/// Takes the tag if it is one of ours and the first of its kind.
fn take(tags: &mut Tags, album: &mut Values, tag: &Tag) {
    let (field, value) = match &tag.std {
        // In Vorbis comments, APE and MP4 the recording goes by the older name "track id".
        Some(StandardTag::MusicBrainzRecordingId(v) | StandardTag::MusicBrainzTrackId(v)) => {
            (&mut tags.recording_mbid, v.to_string())
        }
        Some(StandardTag::MusicBrainzAlbumId(v)) => (&mut tags.release_mbid, v.to_string()),
        Some(StandardTag::AcoustIdId(v)) => (&mut tags.acoustid, v.to_string()),
        Some(StandardTag::TrackNumber(n)) => return number(&mut tags.track_number, *n),
        Some(StandardTag::DiscNumber(n)) => return number(&mut tags.disc_number, *n),
        Some(_) => return,
        None => return take_raw(tags, album, &tag.raw),
    };
    if field.is_none() {
        *field = clean(&value);
    }
}

/// Takes a tag that the demuxer gives no standard name: the recording in ID3v2, and tags of Matroska that are not marked as
/// being about the track.
fn take_raw(tags: &mut Tags, album: &mut Values, raw: &RawTag) {
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
        ("ALBUM", value) => return album.add(&raw.key, &value.to_string()),
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
