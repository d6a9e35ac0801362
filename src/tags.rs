//! What a recording says about itself: names, numbers, and its ids in other catalogues.
use serde::Serialize;

/// The tags of a recording. Tags that were read from a file are trimmed, never empty, and have at most 1,024 characters.
///
/// ```
/// use refrain::Tags;
///
/// let mut tags = Tags::default();
/// tags.title = Some("Second Orbit".into());
/// tags.track_number = Some(3);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Tags {
    /// The title of the track.
    pub title: Option<String>,
    /// Who performs it: the first artist that the file names.
    pub artist: Option<String>,
    /// The other artists, in the file's order.
    pub other_artists: Vec<String>,
    /// The album it is on.
    pub album: Option<String>,
    /// Its place on the disc, from 1.
    pub track_number: Option<u32>,
    /// The disc of the album, from 1.
    pub disc_number: Option<u32>,
    /// The MusicBrainz identifier of the recording.
    pub recording_mbid: Option<String>,
    /// The MusicBrainz identifier of the release, which is the album in one of its editions.
    pub release_mbid: Option<String>,
    /// The AcoustID of the recording.
    pub acoustid: Option<String>,
}

impl Tags {
    /// How many tags there are; several artists are one.
    pub(crate) fn count(&self) -> u32 {
        let Self {
            title,
            artist,
            other_artists: _,
            album,
            track_number,
            disc_number,
            recording_mbid,
            release_mbid,
            acoustid,
        } = self;
        let texts = [title, artist, album, recording_mbid, release_mbid, acoustid];
        let numbers = [track_number, disc_number];
        (texts.iter().filter(|tag| tag.is_some()).count()
            + numbers.iter().filter(|tag| tag.is_some()).count()) as u32
    }

    /// Fills the fields that are empty from `other`.
    pub(crate) fn or(self, other: Tags) -> Tags {
        // Artists belong together.
        let named = self.artist.is_some() || !self.other_artists.is_empty();
        let artists =
            if named { (self.artist, self.other_artists) } else { (other.artist, other.other_artists) };
        Tags {
            title: self.title.or(other.title),
            artist: artists.0,
            other_artists: artists.1,
            album: self.album.or(other.album),
            track_number: self.track_number.or(other.track_number),
            disc_number: self.disc_number.or(other.disc_number),
            recording_mbid: self.recording_mbid.or(other.recording_mbid),
            release_mbid: self.release_mbid.or(other.release_mbid),
            acoustid: self.acoustid.or(other.acoustid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_filled_from_its_own() {
        let text = |text: &str| Some(text.to_owned());
        let one = Tags {
            title: text("1"),
            album: text("3"),
            disc_number: Some(5),
            release_mbid: text("7"),
            ..Tags::default()
        };
        let other = Tags {
            artist: text("b"),
            other_artists: vec!["c".to_owned()],
            track_number: Some(4),
            recording_mbid: text("f"),
            acoustid: text("h"),
            ..Tags::default()
        };
        let all = one.clone().or(other.clone());
        assert_eq!(all, other.clone().or(one.clone()));
        let expected = Tags {
            artist: other.artist,
            other_artists: other.other_artists,
            track_number: other.track_number,
            recording_mbid: other.recording_mbid,
            acoustid: other.acoustid,
            ..one
        };
        assert_eq!(all, expected, "nothing of the first is lost");
        let late = Tags { title: text("x"), artist: text("x"), track_number: Some(9), ..Tags::default() };
        assert_eq!(all.clone().or(late), all);
        let alone = Tags { artist: text("x"), ..Tags::default() };
        assert_eq!(alone.or(all).other_artists, [""; 0], "artists belong together");
    }
}
