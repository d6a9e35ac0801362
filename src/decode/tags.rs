//! What a file states about itself: names, numbers and the ids that other catalogues know it by.
use serde::Serialize;

/// What a file says about itself. A text is trimmed, never empty, and at most 1,024 characters long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tags {
    /// The title of the track.
    pub title: Option<String>,
    /// Who performs it.
    pub artist: Option<String>,
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
    /// These, and the others where these have none.
    pub(crate) fn or(self, other: Tags) -> Tags {
        Tags {
            title: self.title.or(other.title),
            artist: self.artist.or(other.artist),
            album: self.album.or(other.album),
            track_number: self.track_number.or(other.track_number),
            disc_number: self.disc_number.or(other.disc_number),
            recording_mbid: self.recording_mbid.or(other.recording_mbid),
            release_mbid: self.release_mbid.or(other.release_mbid),
            acoustid: self.acoustid.or(other.acoustid),
        }
    }
}
