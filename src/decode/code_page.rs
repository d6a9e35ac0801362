//! Texts in tags that do not say how they are written.
//!
//! INFO lists and ID3v1 hold bytes without an encoding. Newer programs write UTF-8 there, older ones the code page of
//! Windows. Text in other code pages is hardly ever UTF-8 by chance, so that UTF-8 is taken for what it is. All other
//! text is read as Windows-1252, which most of it is and which contains Latin-1.

/// What Windows-1252 has in place of the control characters 0x80..=0x9f. Five are not in use.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The text of bytes without an encoding, up to the first zero.
pub(super) fn text_of(bytes: &[u8]) -> String {
    let bytes = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        // A field of fixed length may end in the middle of a character.
        Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 && is_wide(bytes, &error) => {
            String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned()
        }
        Err(_) => bytes.iter().map(|&byte| windows(byte)).collect(),
    }
}

/// Whether there are characters of several bytes before the one that is cut off.
fn is_wide(bytes: &[u8], error: &std::str::Utf8Error) -> bool {
    !bytes[..error.valid_up_to()].is_ascii()
}

fn windows(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS[usize::from(byte - 0x80)],
        other => char::from(other),
    }
}

/// The same for text that was read as Latin-1, a character for each byte. Text with other characters stays.
pub(super) fn reread(text: &str) -> String {
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
    bytes.map_or_else(|| text.to_owned(), |bytes| text_of(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_8_is_recognised_and_all_else_is_windows() {
        assert_eq!(text_of(b"plain\0junk"), "plain");
        assert_eq!(text_of("Sigur Rós".as_bytes()), "Sigur Rós");
        assert_eq!(text_of(b"Sigur R\xf3s"), "Sigur Rós");
        assert_eq!(text_of(b"Don\x92t \x80"), "Don’t €");
        assert_eq!(text_of(b"M\xc3\xb6tley Cr\xc3"), "Mötley Cr", "cut within a character");
        assert_eq!(text_of(b"A\xc3"), "AÃ", "nothing else says that it is UTF-8");
        assert_eq!(text_of(b""), "");
    }

    #[test]
    fn text_that_was_read_as_latin_1_is_read_again() {
        assert_eq!(reread("Sigur RÃ³s"), "Sigur Rós");
        assert_eq!(reread("Sigur Rós"), "Sigur Rós");
        assert_eq!(reread("Don\u{92}t"), "Don’t");
        assert_eq!(reread("Кино"), "Кино");
    }
}
