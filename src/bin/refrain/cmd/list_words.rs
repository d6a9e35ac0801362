//! The words that tracks are searched for: in all fields, or in one, such as `artist:kestrel`.
use std::path::PathBuf;

use refrain::{FileEntry, Track};
use unicode_normalization::UnicodeNormalization;

/// A word, or several that belong together.
#[derive(Debug, PartialEq)]
pub struct Word {
    /// Where it must be; everywhere if `None`.
    field: Option<Field>,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Field {
    Title,
    Artist,
    Album,
    /// The whole path.
    Path,
    /// What of the path says something about a track: the name of the indexed folder, and what is in it.
    Below,
}

const FIELDS: [(&str, Field); 4] =
    [("title:", Field::Title), ("artist:", Field::Artist), ("album:", Field::Album), ("path:", Field::Path)];

impl From<&str> for Word {
    /// Text before a colon is a field only if it is the name of one.
    fn from(text: &str) -> Self {
        let text = folded(text);
        let named =
            FIELDS.iter().find_map(|(name, field)| Some((*field, text.strip_prefix(name)?.trim_start())));
        match named {
            Some((field, rest)) if !rest.is_empty() => Self { field: Some(field), text: rest.to_owned() },
            _ => Self { field: None, text },
        }
    }
}

impl Word {
    /// Whether it names a field. Such a word is no path, whatever it has: `artist:AC/DC`.
    pub fn names_field(&self) -> bool {
        self.field.is_some()
    }

    /// The same word, for the server: it does not tell what lies above an indexed folder.
    #[cfg(feature = "serve")]
    pub fn below(self) -> Self {
        let below = |field| if field == Field::Path { Field::Below } else { field };
        Self { field: self.field.map(below), ..self }
    }
}

/// Everything of a track that words are looked for in.
pub struct Searched(Vec<(Field, String)>);

impl Searched {
    /// `above` are folders. Of a path, only the part below such a folder is searched, unless a word names `path:`.
    pub fn of(track: &Track, files: &[FileEntry], above: &[PathBuf]) -> Self {
        let tags = &track.record.tags;
        let all = [(Field::Title, &tags.title), (Field::Artist, &tags.artist), (Field::Album, &tags.album)];
        let first = all.into_iter().filter_map(|(field, text)| Some((field, text.as_deref()?)));
        let others = tags.other_artists.iter().map(|artist| (Field::Artist, artist.as_str()));
        let mut fields: Vec<_> = first.chain(others).map(|(field, text)| (field, folded(text))).collect();
        for file in files {
            let below = above.iter().filter_map(|above| file.path.strip_prefix(above).ok());
            let shown = below.min_by_key(|path| path.as_os_str().len()).unwrap_or(&file.path);
            fields.push((Field::Below, folded(&shown.to_string_lossy())));
            fields.push((Field::Path, folded(&file.path.to_string_lossy())));
        }
        Self(fields)
    }

    /// Whether a field has the word.
    pub fn has(&self, word: &Word) -> bool {
        let is_meant = |field: Field| word.field.map_or(field != Field::Path, |wanted| wanted == field);
        self.0.iter().any(|(field, text)| is_meant(*field) && text.contains(&word.text))
    }
}

/// The text without what writers leave out or write in several ways: capitals, accents, and the form of characters
/// (macOS splits "é" in the names of files).
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !ACCENTS.contains(c)).flat_map(char::to_lowercase) {
        match LETTERS.iter().find(|(letter, _)| *letter == c) {
            Some((_, plain)) => folded.push_str(plain),
            None => folded.push(c),
        }
    }
    folded
}

/// Latin letters with a part that is no accent, and how those write them who have no such key.
const LETTERS: [(char, &str); 8] =
    [('ß', "ss"), ('ø', "o"), ('æ', "ae"), ('œ', "oe"), ('ł', "l"), ('đ', "d"), ('ð', "d"), ('ı', "i")];

/// The block of combining accents. Marks outside of it make other letters, as in Japanese and Hindi.
const ACCENTS: std::ops::RangeInclusive<char> = '\u{300}'..='\u{36f}';

#[cfg(test)]
mod tests {
    use super::{Field, Word, folded};

    #[test]
    fn accents_and_capitals_make_no_difference() {
        assert_eq!(folded("Björk"), folded("BJORK"));
        assert_eq!(folded("e\u{301}"), folded("\u{e9}"));
        assert_eq!(folded("Beyonce\u{301} – Déjà"), "beyonce – deja");
        assert_eq!(folded("ＡＢＢＡ"), "abba", "wide letters");
        assert_ne!(folded("か"), folded("が"));
        assert_eq!(folded("İstanbul"), "istanbul");
        assert_eq!(folded("STRASSE"), folded("Straße"));
        assert_eq!(folded("Mötørhead"), "motorhead");
    }

    #[test]
    fn a_field_is_named_before_a_colon() {
        let word = |field, text: &str| Word { field, text: text.to_owned() };
        assert_eq!(Word::from("Artist: The Kestrels"), word(Some(Field::Artist), "the kestrels"));
        assert_eq!(Word::from("path:live/"), word(Some(Field::Path), "live/"));
        assert!(Word::from("artist:AC/DC").names_field());
        assert_eq!(Word::from("artist:"), word(None, "artist:"));
        assert_eq!(Word::from("mission: orbit"), word(None, "mission: orbit"));
    }
}
