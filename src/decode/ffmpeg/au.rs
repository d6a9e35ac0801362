//! The header of ffmpeg's output: Sun's AU, which states rate and channels before the samples and needs no length.
use crate::tags::Tags;

/// The most bytes of a header: it holds a few tags.
const MAX_HEADER: usize = 1 << 20;

/// Samples are floating-point numbers of four bytes, most significant first.
const F32: u32 = 6;

/// What the header says.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    pub rate: u32,
    pub channels: u32,
    pub tags: Tags,
    /// How long the header is.
    pub len: usize,
}

/// Reads the header, if `bytes` has all of it.
///
/// # Errors
/// What is wrong with it.
pub(super) fn header(bytes: &[u8]) -> Result<Option<Header>, &'static str> {
    if !b".snd".starts_with(&bytes[..bytes.len().min(4)]) {
        return Err("the output of ffmpeg has no header");
    }
    let Some((fixed, _)) = bytes.split_at_checked(24) else { return Ok(None) };
    let field =
        |n: usize| u32::from_be_bytes([fixed[4 * n], fixed[4 * n + 1], fixed[4 * n + 2], fixed[4 * n + 3]]);
    let [len, encoding, rate, channels] = [field(1), field(3), field(4), field(5)];
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if encoding != F32 || channels == 0 || channels > 256 || !(24..=MAX_HEADER).contains(&len) {
        return Err("the output of ffmpeg has another format");
    }
    let Some(text) = bytes.get(24..len) else { return Ok(None) };
    Ok(Some(Header { rate, channels, tags: tags(text), len }))
}

/// The tags, one `name=value` a line.
fn tags(text: &[u8]) -> Tags {
    let text = String::from_utf8_lossy(text);
    let value = |wanted: &str| {
        let lines = text.split(['\n', '\0']).filter_map(|line| line.split_once('='));
        let mut values =
            lines.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim());
        values.find(|value| !value.is_empty()).map(str::to_owned)
    };
    let mut tags = Tags::default();
    (tags.title, tags.artist, tags.album) = (value("title"), value("artist"), value("album"));
    // `3/12` is the third of twelve.
    let number = value("track").and_then(|track| track.split('/').next()?.trim().parse().ok());
    tags.track_number = number.filter(|&number: &u32| number > 0);
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(fields: [u32; 5], text: &[u8]) -> Vec<u8> {
        let fields: Vec<u8> = fields.iter().flat_map(|n| n.to_be_bytes()).collect();
        [b".snd", &fields[..], text].concat()
    }

    #[test]
    fn a_header_is_read_once_all_of_it_is_there() {
        let whole = bytes([60, u32::MAX, F32, 48_000, 2], b"title=A = b\nartist=C\ntrack=3/12\n\0\0\0\0\0\0");
        for len in 0..60 {
            assert_eq!(header(&whole[..len]), Ok(None), "{len}");
        }
        let read = header(&whole).unwrap().unwrap();
        assert_eq!((read.rate, read.channels, read.len), (48_000, 2, 60));
        assert_eq!(read.tags.title.as_deref(), Some("A = b"));
        assert_eq!((read.tags.artist.as_deref(), read.tags.album), (Some("C"), None));
        assert_eq!(read.tags.track_number, Some(3));
    }

    #[test]
    fn another_output_is_refused() {
        for wrong in [
            b"RIFF".to_vec(),
            bytes([24, 0, 3, 48_000, 2], b""),
            bytes([24, 0, F32, 48_000, 0], b""),
            bytes([24, 0, F32, 48_000, 257], b""),
            bytes([23, 0, F32, 48_000, 2], b""),
            bytes([u32::MAX, 0, F32, 48_000, 2], b""),
        ] {
            header(&wrong).unwrap_err();
        }
    }
}
