//! Tags as they are found in the places of a file, before they are put together.
use crate::tags::Tags;

/// The tags of one place, or of several. The artist of an album stands in only if no place names another artist.
#[derive(Clone, Debug, Default)]
pub(crate) struct FoundTags {
    pub tags: Tags,
    pub of_album: Vec<String>,
}

impl FoundTags {
    /// Fills the fields that are empty from `other`.
    pub fn or(self, other: Self) -> Self {
        let of_album = if self.of_album.is_empty() { other.of_album } else { self.of_album };
        Self { tags: self.tags.or(other.tags), of_album }
    }

    /// The tags of the file.
    pub fn into_tags(self) -> Tags {
        let mut artists = self.of_album.into_iter();
        self.tags.or(Tags { artist: artists.next(), other_artists: artists.collect(), ..Tags::default() })
    }
}

impl From<Tags> for FoundTags {
    fn from(tags: Tags) -> Self {
        Self { tags, of_album: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_artist_of_the_album_comes_after_every_other() {
        let album = FoundTags { of_album: vec!["Various".into(), "More".into()], ..FoundTags::default() };
        let artist = FoundTags::from(Tags { artist: Some("Alone".into()), ..Tags::default() });
        for both in [album.clone().or(artist.clone()), artist.or(album.clone())] {
            let tags = both.into_tags();
            assert_eq!((tags.artist.as_deref(), tags.other_artists.len()), (Some("Alone"), 0));
        }
        let tags = FoundTags::default().or(album).into_tags();
        assert_eq!(
            (tags.artist.as_deref(), &*tags.other_artists),
            (Some("Various"), &["More".to_owned()][..])
        );
    }
}
