//! Title, artist and album as the file states them.
use symphonia::core::formats::FormatReader;
use symphonia::core::meta::{MetadataRevision, StandardTag, Tag};

/// The longest tag value that is kept, in characters.
const LONGEST: usize = 1024;

/// What a file says about itself. A value is trimmed, never empty, and at most 1,024 characters long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tags {
    /// The title of the track.
    pub title: Option<String>,
    /// Who performs it.
    pub artist: Option<String>,
    /// The album it is on.
    pub album: Option<String>,
    /// The MusicBrainz identifier of the recording.
    pub recording_mbid: Option<String>,
}

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
            Some(StandardTag::TrackTitle(v)) => (&mut self.title, v),
            Some(StandardTag::Artist(v)) => (&mut self.artist, v),
            Some(StandardTag::Album(v)) => (&mut self.album, v),
            Some(StandardTag::MusicBrainzRecordingId(v)) => (&mut self.recording_mbid, v),
            // Matroska's, where it is not said to be about the track.
            None if tag.raw.key == "ALBUM@ALBUM" => (&mut self.album, &tag.raw.value.to_string().into()),
            _ => return,
        };
        if field.is_none() {
            *field = clean(value);
        }
    }

    /// These, and the others where these have none.
    pub(super) fn or(self, other: Tags) -> Tags {
        Tags {
            title: self.title.or(other.title),
            artist: self.artist.or(other.artist),
            album: self.album.or(other.album),
            recording_mbid: self.recording_mbid.or(other.recording_mbid),
        }
    }
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
