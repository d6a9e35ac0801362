//! The artists of a track, which share one column: each on a line of its own, the first first.
use crate::tags::Tags;

/// What the column holds. Names have no line breaks; one in a name that a program gave becomes a space.
pub(super) fn stored(tags: &Tags) -> Option<String> {
    let line = |name: &String| name.replace(['\n', '\r'], " ");
    let lines: Vec<String> = tags.artist.iter().chain(&tags.other_artists).map(line).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The first artist and the others.
pub(super) fn read(column: Option<String>) -> (Option<String>, Vec<String>) {
    let Some(column) = column else { return (None, Vec::new()) };
    let mut lines = column.split('\n').map(str::to_owned);
    (lines.next(), lines.filter(|name| !name.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read() {
        for names in [&[][..], &["a"], &["a", "b; c", "d"]] {
            let mut names = names.iter().map(|&name| name.to_owned());
            let tags = Tags { artist: names.next(), other_artists: names.collect(), ..Tags::default() };
            assert_eq!(read(stored(&tags)), (tags.artist, tags.other_artists));
        }
        let tags = Tags { artist: Some("two\nlines".to_owned()), ..Tags::default() };
        assert_eq!(read(stored(&tags)), (Some("two lines".to_owned()), vec![]));
        assert_eq!(read(Some(String::new())), (Some(String::new()), vec![]));
    }
}
