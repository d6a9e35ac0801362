//! Texts of RIFF's INFO lists.
use crate::decode::bytes::u32_at;
use crate::decode::code_page::text_of;
use crate::decode::read_tags::clean;
use crate::tags::Tags;

/// Fills empty fields from an INFO list: its kind, then pairs of a name and a text.
pub(super) fn take(list: &[u8], big: bool, tags: &mut Tags) {
    let Some(mut rest) = list.strip_prefix(b"INFO") else { return };
    while let (Some(name), Some(size)) = (rest.first_chunk::<4>(), u32_at(rest, 4, big)) {
        let after = &rest[8..];
        let size = (size as usize).min(after.len());
        match name {
            b"INAM" => set(&mut tags.title, &after[..size]),
            b"IART" => set(&mut tags.artist, &after[..size]),
            b"IPRD" => set(&mut tags.album, &after[..size]),
            b"ITRK" | b"IPRT" => {
                let number = text_of(&after[..size]);
                let number = number.split('/').next().and_then(|n| n.trim_matches(['\0', ' ']).parse().ok());
                tags.track_number = tags.track_number.or(number.filter(|&n| n > 0));
            }
            _ => {}
        }
        rest = &after[size..];
        // An odd length is followed by a byte that counts to no text; some programs forget it.
        if size % 2 == 1 && rest.first().is_some_and(|byte| !byte.is_ascii_uppercase()) {
            rest = &rest[1..];
        }
    }
}

/// Fills an empty field.
pub(super) fn set(field: &mut Option<String>, text: &[u8]) {
    if field.is_none() {
        *field = clean(&text_of(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_is_read() {
        let mut tags = Tags::default();
        take(
            b"INFOINAM\x04\0\0\0abc\0IPRD\x03\0\0\0xyz\0ISFT\x01\0\0\0q\0IART\xff\0\0\0cut",
            false,
            &mut tags,
        );
        assert_eq!(tags.title.as_deref(), Some("abc"));
        assert_eq!(tags.album.as_deref(), Some("xyz"));
        assert_eq!(tags.artist.as_deref(), Some("cut"));
        let before = tags.clone();
        take(b"INFOINAM\x04\0\0\0", false, &mut tags);
        take(b"adtl", false, &mut tags);
        assert_eq!(tags, before);
    }

    #[test]
    fn a_forgotten_padding_costs_no_text() {
        for gap in [&b""[..], b"\0"] {
            let list =
                [b"INFOINAM\x05\0\0\0Title", gap, b"IART\x03\0\0\0abc", gap, b"ITRK\x03\0\0\x003/9"].concat();
            let mut tags = Tags::default();
            take(&list, false, &mut tags);
            assert_eq!(tags.title.as_deref(), Some("Title"));
            assert_eq!(tags.artist.as_deref(), Some("abc"));
            assert_eq!(tags.track_number, Some(3));
        }
    }

    #[test]
    fn texts_of_a_code_page_are_read_as_such() {
        let mut tags = Tags::default();
        take(b"INFOINAM\x04\0\0\0caf\xe9IPRD\x06\0\0\0caf\xc3\xa9\0IART\x02\0\0\0\x80\x9c", false, &mut tags);
        assert_eq!(tags.title.as_deref(), Some("café"));
        assert_eq!(tags.album.as_deref(), Some("café"));
        assert_eq!(tags.artist.as_deref(), Some("€œ"));
    }
}
