//! The tracks that `refrain index list` prints: chosen, found by words, sorted.
use std::{
    cmp::Ordering,
    collections::HashSet,
    ffi::OsString,
    path::{MAIN_SEPARATOR, PathBuf},
};

use refrain::{FileEntry, Index, Selector, Track};

use super::list_words::{Searched, Word};
use crate::args::SortBy;

/// A track, its files, and the index that holds it if there are several.
pub type Listed = (Track, Vec<FileEntry>, Option<PathBuf>);

/// What was asked for.
#[derive(Default)]
pub struct Wanted {
    /// The chosen files; `None` for all.
    pub files: Option<HashSet<PathBuf>>,
    /// Words that a track must have.
    words: Vec<Word>,
    /// The indexed folders, without their last name: what is above them says nothing about a track.
    above: Vec<PathBuf>,
    /// What was asked for and is not in the index.
    pub unknown: Vec<OsString>,
    /// Whether a word is unknown. Then no track has all words.
    is_word_unknown: bool,
}

impl Wanted {
    /// Reads what was asked for. A text that chooses no file is a word.
    pub fn of(indexes: &[Index], chosen: &[OsString]) -> anyhow::Result<Self> {
        let mut wanted = Self::default();
        let mut words: Vec<(Word, &OsString)> = Vec::new();
        for text in chosen {
            let selector = Selector::from(text.as_os_str());
            let mut files = Vec::new();
            for index in indexes {
                files.append(&mut index.select(&selector)?);
            }
            // A song may be called "Who Is It?", and a folder like an artist.
            let is_word = files.is_empty() && selector != Selector::Missing;
            // A path that is gone is no word.
            let is_name =
                |word: &Word| word.names_field() || !text.to_string_lossy().contains(MAIN_SEPARATOR);
            let word = text.to_str().filter(|_| is_word).map(Word::from).filter(is_name);
            match word {
                Some(word) => words.push((word, text)),
                None if is_word => wanted.unknown.push(text.clone()),
                None => wanted.files.get_or_insert_default().extend(files),
            }
        }
        if words.is_empty() {
            return Ok(wanted);
        }
        for index in indexes {
            let roots = index.info()?.roots;
            wanted.above.extend(roots.iter().filter_map(|root| root.parent().map(PathBuf::from)));
        }
        // A word that no track has is reported.
        let mut known = vec![false; words.len()];
        for index in indexes {
            index.tracks(|track, files| {
                let text = Searched::of(&track, &files, &wanted.above);
                let both = known.iter_mut().zip(&words);
                both.for_each(|(known, (word, _))| *known |= text.has(word));
                Ok(())
            })?;
        }
        for (known, (word, text)) in known.into_iter().zip(words) {
            if known {
                wanted.words.push(word);
            } else {
                wanted.unknown.push(text.clone());
                wanted.is_word_unknown = true;
            }
        }
        Ok(wanted)
    }

    /// What has all of the words in `text`. For the server.
    #[cfg(feature = "serve")]
    pub fn words(index: &Index, text: &str) -> refrain::Result<Self> {
        let words = text.split_whitespace().map(|word| Word::from(word).below()).collect();
        let roots = index.roots_below("/".as_ref())?;
        let above = roots.iter().filter_map(|root| root.parent().map(PathBuf::from)).collect();
        Ok(Self { words, above, ..Self::default() })
    }

    /// Whether everything is listed.
    pub fn is_all(&self) -> bool {
        self.unknown.is_empty() && self.files.is_none() && self.words.is_empty()
    }

    /// Whether nothing is listed, because what was asked for is not in the index.
    pub fn is_nothing(&self) -> bool {
        let is_empty = self.files.is_none() && self.words.is_empty();
        self.is_word_unknown || !self.unknown.is_empty() && is_empty
    }

    /// The first chosen file of a track; `None` if the track is not wanted.
    pub fn first<'f>(&self, track: &Track, files: &'f [FileEntry]) -> Option<&'f FileEntry> {
        let chosen = |file: &&FileEntry| self.files.as_ref().is_none_or(|chosen| chosen.contains(&file.path));
        let first = files.iter().find(chosen)?;
        if self.words.is_empty() {
            return Some(first);
        }
        let text = Searched::of(track, files, &self.above);
        self.words.iter().all(|word| text.has(word)).then_some(first)
    }
}

/// Calls `each` with every wanted track and its first chosen file, in the order asked for. Returns how many there were.
pub fn each(
    indexes: &[Index],
    wanted: &Wanted,
    sort: Option<SortBy>,
    mut each: impl FnMut(&Listed, &FileEntry) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    if wanted.is_nothing() {
        return Ok(0);
    }
    let mut count = 0;
    let mut kept: Vec<(Listed, FileEntry)> = Vec::new();
    // An error of the output, which ends the listing.
    let mut failed: anyhow::Result<()> = Ok(());
    for index in indexes {
        let shard = (indexes.len() > 1).then(|| index.path().to_owned());
        let listed = index.tracks(|track, files| {
            let Some(first) = wanted.first(&track, &files).cloned() else { return Ok(()) };
            let listed = (track, files, shard.clone());
            if sort.is_some() {
                kept.push((listed, first));
                return Ok(());
            }
            count += 1;
            each(&listed, &first).map_err(|error| {
                failed = Err(error);
                refrain::Error::Interrupted
            })
        });
        std::mem::replace(&mut failed, Ok(()))?;
        listed?;
    }
    if let Some(sort) = sort {
        kept.sort_by(|((a, ..), a_first), ((b, ..), b_first)| {
            compared(a, b, sort).then_with(|| a_first.path.cmp(&b_first.path))
        });
    }
    kept.iter().try_for_each(|(listed, first)| each(listed, first))?;
    Ok(count + kept.len() as u64)
}

fn compared(a: &Track, b: &Track, sort: SortBy) -> Ordering {
    let (one, two) = (&a.record.tags, &b.record.tags);
    let text = |a: &Option<String>, b: &Option<String>| match (a, b) {
        (Some(a), Some(b)) => a.to_lowercase().cmp(&b.to_lowercase()),
        // What has none comes last.
        _ => b.is_some().cmp(&a.is_some()),
    };
    let album = || {
        text(&one.album, &two.album)
            .then(one.disc_number.cmp(&two.disc_number))
            .then(one.track_number.cmp(&two.track_number))
    };
    match sort {
        SortBy::Title => text(&one.title, &two.title),
        SortBy::Artist => text(&one.artist, &two.artist).then_with(album),
        SortBy::Album => album(),
        SortBy::Length => a.record.duration.0.total_cmp(&b.record.duration.0),
        SortBy::Path => Ordering::Equal,
    }
}
