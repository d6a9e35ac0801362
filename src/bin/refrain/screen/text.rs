//! The width of text on a terminal, and text that is cut to a width.
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What stands for the part that was cut out.
const CUT: &str = "…";

/// How many columns a text takes: two for a Chinese character, none for a combining mark.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most `most` columns. Of a longer text the middle is cut out, because names differ at both ends.
pub fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let Some(room) = most.checked_sub(width(CUT)) else { return String::new() };
    let clusters = clusters(text);
    let mut head = String::new();
    for cluster in &clusters {
        if width(&head) + width(cluster) > room.div_ceil(2) {
            break;
        }
        head += cluster;
    }
    let rest = room - width(&head);
    let mut tail = "";
    for cluster in clusters.iter().rev() {
        // Clusters lie side by side in `text`, so this is the tail with one more.
        let longer = &text[text.len() - tail.len() - cluster.len()..];
        if width(longer) > rest {
            break;
        }
        tail = longer;
    }
    format!("{head}{CUT}{tail}")
}

/// The characters of a text, each with the marks that combine with it.
fn clusters(text: &str) -> Vec<&str> {
    let joins = |c: char| c.width().unwrap_or(0) == 0;
    let starts: Vec<usize> =
        text.char_indices().filter(|&(at, c)| at == 0 || !joins(c)).map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(&from, to)| &text[from..to]).collect()
}

/// `text`, filled with spaces up to `columns`.
pub fn left(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// `text` after so many spaces that it ends at `columns`.
pub fn right(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(width(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_cut_out_and_both_ends_stay() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("0123456789", 7), "012…789");
        assert_eq!(cut("0123456789", 8), "0123…789");
        assert_eq!(cut("0123456789", 1), "…");
        assert_eq!(cut("0123456789", 0), "");
        assert_eq!(cut("", 0), "");
    }

    #[test]
    fn wide_characters_and_marks_count_as_terminals_show_them() {
        assert_eq!(width("日本"), 4);
        assert_eq!(width("e\u{301}"), 1);
        // A character of two columns that does not fit leaves one empty.
        assert_eq!(cut("日本語の歌", 7), "日…の歌");
        assert_eq!(cut("日本語の歌", 6), "日…歌");
        // A mark stays with its letter.
        assert_eq!(cut("e\u{301}e\u{301}abcde\u{301}", 4), "e\u{301}e\u{301}…e\u{301}");
        for most in 0..12 {
            assert!(width(&cut("日本e\u{301}語の歌 🎵 한국", most)) <= most, "{most}");
        }
        assert_eq!(left("日", 4) + "|", "日  |");
        assert_eq!(right("日", 4), "  日");
    }
}
