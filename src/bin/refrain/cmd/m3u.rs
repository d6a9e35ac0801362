//! Extended M3U playlists in UTF-8 (M3U8): a line about each file, then its path, byte by byte.
use std::{
    io::{self, Write},
    path::Path,
};

use refrain::{Seconds, Tags};

use crate::messages;

/// The first line.
pub const HEADER: &str = "#EXTM3U\n";

/// Writes the entry of a file. If its path cannot be written to a playlist, prints a message and returns false.
pub fn entry(out: &mut impl Write, path: &Path, duration: Option<Seconds>, tags: &Tags) -> io::Result<bool> {
    let bytes = path.as_os_str().as_encoded_bytes();
    // A line break in a path would end the line. On Windows, a path that is not Unicode cannot be written.
    if bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r')) || (cfg!(windows) && path.to_str().is_none()) {
        messages::problem(&format!("left out {path:?}: a playlist cannot hold this path"));
        return Ok(false);
    }
    // -1 means unknown.
    let seconds = duration.map_or(-1, |duration| duration.0.round() as i64);
    writeln!(out, "#EXTINF:{seconds},{}", one_line(&name(path, tags)))?;
    out.write_all(bytes)?;
    out.write_all(b"\n")?;
    Ok(true)
}

/// Artist and title; the title alone if the artist is unknown. The file's name stands for an unknown title.
fn name(path: &Path, tags: &Tags) -> String {
    let stem = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let title = tags.title.clone().unwrap_or_else(stem);
    match &tags.artist {
        Some(artist) => format!("{artist} - {title}"),
        None => title,
    }
}

/// Text with spaces in place of line breaks and other control characters.
fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'), " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(
        path: &str,
        duration: Option<f64>,
        artist: Option<&str>,
        title: Option<&str>,
    ) -> Option<String> {
        let mut tags = Tags::default();
        (tags.artist, tags.title) = (artist.map(str::to_owned), title.map(str::to_owned));
        let mut out = Vec::new();
        let whole = entry(&mut out, Path::new(path), duration.map(Seconds), &tags).unwrap();
        whole.then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn an_entry_is_two_lines_whatever_the_tags_hold() {
        let of = |artist, title| written("/m/a, b#.mp3", Some(61.5), artist, title).unwrap();
        assert_eq!(of(Some("A, B"), Some("T - U")), "#EXTINF:62,A, B - T - U\n/m/a, b#.mp3\n");
        assert_eq!(of(None, Some("T\nU\r\u{85}\u{2028}V")), "#EXTINF:62,T U   V\n/m/a, b#.mp3\n");
        assert_eq!(of(Some("A"), None), "#EXTINF:62,A - a, b#\n/m/a, b#.mp3\n");
        assert_eq!(written("/m/x", None, None, None).unwrap(), "#EXTINF:-1,x\n/m/x\n");
        assert_eq!(written("/m/a\nb.mp3", Some(1.0), None, None), None);
        assert_eq!(written("/m/a\rb.mp3", Some(1.0), None, None), None);
    }
}
