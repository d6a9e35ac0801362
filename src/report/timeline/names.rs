//! What a play is called in text formats.
use super::Play;

/// Artist and title; the title alone if the artist is unknown. The file's name stands for an unknown title.
pub(super) fn full(play: &Play) -> String {
    match &play.tags.artist {
        Some(artist) => one_line(&format!("{artist} - {}", title(play))),
        None => title(play),
    }
}

/// The title; the file's name if it is unknown.
pub(super) fn title(play: &Play) -> String {
    play.tags.title.as_deref().map_or_else(|| stem(&play.path), one_line)
}

/// The name of a file without its folder and its extension.
pub(super) fn stem(file: &std::path::Path) -> String {
    one_line(&file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy())
}

/// Text with spaces in place of tabs, line breaks and other control characters.
pub(super) fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'), " ")
}
