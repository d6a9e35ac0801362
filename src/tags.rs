//! What a recording says about itself: names, numbers, and its ids in other catalogues.
use serde::Serialize;

/// The tags of a recording. Tags that were read from a file are trimmed, never empty, and have at most 1,024 characters.
///
/// ```
/// use refrain::Tags;
///
/// let tags = Tags::default().title("Second Orbit").artist("Refrain").track_number(3);
/// assert_eq!(tags.title.as_deref(), Some("Second Orbit"));
/// assert_eq!(tags.album, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
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
    /// Sets the [`title`](Self::title).
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets the [`artist`](Self::artist).
    #[must_use]
    pub fn artist(mut self, artist: impl Into<String>) -> Self {
        self.artist = Some(artist.into());
        self
    }

    /// Sets the [`album`](Self::album).
    #[must_use]
    pub fn album(mut self, album: impl Into<String>) -> Self {
        self.album = Some(album.into());
        self
    }

    /// Sets the [`track_number`](Self::track_number).
    #[must_use]
    pub fn track_number(mut self, number: u32) -> Self {
        self.track_number = Some(number);
        self
    }

    /// Sets the [`disc_number`](Self::disc_number).
    #[must_use]
    pub fn disc_number(mut self, number: u32) -> Self {
        self.disc_number = Some(number);
        self
    }

    /// Sets the [`recording_mbid`](Self::recording_mbid).
    #[must_use]
    pub fn recording_mbid(mut self, id: impl Into<String>) -> Self {
        self.recording_mbid = Some(id.into());
        self
    }

    /// Sets the [`release_mbid`](Self::release_mbid).
    #[must_use]
    pub fn release_mbid(mut self, id: impl Into<String>) -> Self {
        self.release_mbid = Some(id.into());
        self
    }

    /// Sets the [`acoustid`](Self::acoustid).
    #[must_use]
    pub fn acoustid(mut self, id: impl Into<String>) -> Self {
        self.acoustid = Some(id.into());
        self
    }

    /// Fills the fields that are empty from `other`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setter_sets_its_own_field_and_each_field_is_filled_from_its_own() {
        let one = Tags {
            title: Some("1".into()),
            artist: None,
            album: Some("3".into()),
            track_number: None,
            disc_number: Some(5),
            recording_mbid: None,
            release_mbid: Some("7".into()),
            acoustid: None,
        };
        let built = Tags::default().title("1").album("3").disc_number(5).release_mbid("7");
        assert_eq!(built, one);
        let other = Tags::default().artist("b").track_number(4).recording_mbid("f").acoustid("h");
        let all = one.clone().or(other.clone());
        assert_eq!(all, other.clone().or(one.clone()));
        assert_eq!(
            all,
            one.artist("b").track_number(4).recording_mbid("f").acoustid("h"),
            "nothing of the first is lost"
        );
        assert_eq!(all.clone().or(Tags::default().title("x").artist("x").track_number(9)), all);
    }
}
