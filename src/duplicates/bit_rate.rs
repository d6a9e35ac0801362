//! What the bit rates of two lossy files say about their sound.
//!
//! Codecs need different bit rates for the same sound. The names of the files tell the codecs apart, as far as it matters here.
use std::path::Path;

use super::facts::Facts;

/// A bit rate counts as higher from this ratio on, among codecs that need about as many bits.
const ALIKE: f64 = 1.1;

/// A bit rate counts as higher beyond this ratio, if the codec may need more bits than the other file's.
const UNLIKE: f64 = 2.0;

/// Codecs that need about as many bits for the same sound.
#[derive(Debug, PartialEq, Eq)]
enum Family {
    /// MP3 and codecs of its time.
    Older,
    /// AAC, Vorbis, Opus and others that came after MP3 and need no more bits.
    Newer,
    /// Codecs that are not known by the name of the file.
    Other(String),
}

impl Family {
    fn of(path: &Path) -> Self {
        const OLDER: [&str; 5] = ["mp1", "mp2", "mp3", "mpa", "wma"];
        const NEWER: [&str; 11] =
            ["3gp", "aac", "adts", "m4a", "m4b", "m4r", "mp4", "mpc", "oga", "ogg", "opus"];
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        match extension.unwrap_or_default() {
            older if OLDER.contains(&older.as_str()) => Self::Older,
            newer if NEWER.contains(&newer.as_str()) => Self::Newer,
            other => Self::Other(other),
        }
    }
}

/// Whether the bit rate of `a` is so much higher that `a` sounds better, whatever the codecs are.
pub fn is_higher(a: &Facts, b: &Facts) -> bool {
    let ratio = match (Family::of(&a.path), Family::of(&b.path)) {
        (a, b) if a == b => ALIKE,
        (Family::Newer, Family::Older) => ALIKE,
        _ => UNLIKE,
    };
    a.bit_rate > ratio * b.bit_rate
}

#[cfg(test)]
mod tests {
    use super::*;

    fn higher(a: (&str, f64), b: (&str, f64)) -> bool {
        let file = |(path, kbits): (&str, f64)| Facts {
            path: path.into(),
            bit_rate: 1000.0 * kbits,
            ..Facts::default()
        };
        is_higher(&file(a), &file(b))
    }

    #[test]
    fn an_mp3_needs_more_than_twice_the_bits_of_a_newer_codec() {
        for newer in ["a.ogg", "a.OPUS", "a.m4a", "a.aac"] {
            assert!(!higher(("b.mp3", 96.0), (newer, 72.0)));
            assert!(!higher(("b.mp3", 144.0), (newer, 72.0)));
            assert!(higher(("b.mp3", 160.0), (newer, 72.0)));
            assert!(higher((newer, 128.0), ("b.mp3", 96.0)));
            assert!(!higher((newer, 100.0), ("b.mp3", 96.0)));
        }
    }

    #[test]
    fn codecs_of_a_family_are_compared_directly() {
        assert!(higher(("a.mp3", 192.0), ("b.mp3", 128.0)) && !higher(("a.mp3", 135.0), ("b.mp3", 128.0)));
        assert!(higher(("a.ogg", 128.0), ("b.opus", 96.0)) && higher(("a.xyz", 128.0), ("b.XYZ", 96.0)));
    }

    #[test]
    fn of_codecs_that_are_not_known_twice_the_bits_count() {
        for (a, b) in [("a.xyz", "b.mp3"), ("a.mp3", "b"), ("a.xyz", "b.uvw"), ("a", "b.opus")] {
            assert!(higher((a, 210.0), (b, 100.0)) && !higher((a, 190.0), (b, 100.0)));
        }
    }
}
