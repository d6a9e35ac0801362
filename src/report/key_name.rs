//! Keys as musicians write them, and as DJs number them.
use refrain_analysis::{Key, Mode, blocks::NAMES};

/// Major keys by their tonic, C first. Of the two spellings, the one with fewer sharps or flats. F# and Gb have six each;
/// F# is the more usual one.
const MAJOR: [&str; 12] = ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];

/// Minor keys, likewise. D# and Eb have six each; Eb is the more usual one.
const MINOR: [&str; 12] = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"];

/// The usual spelling of a key: `Db major`, `G# minor`.
pub(crate) fn key_name(key: Key) -> String {
    match key.mode {
        Mode::Major => format!("{} major", MAJOR[usize::from(key.tonic) % 12]),
        Mode::Minor => format!("{} minor", MINOR[usize::from(key.tonic) % 12]),
    }
}

/// The usual spelling of a key that is spelt as in [`HarmonicFigures::key`](super::HarmonicFigures::key). Other text stays as it is. For the command.
#[doc(hidden)]
pub fn respelt(key: &str) -> String {
    let mode = |mode| match mode {
        "major" => Some(Mode::Major),
        "minor" => Some(Mode::Minor),
        _ => None,
    };
    let read = || {
        let (tonic, rest) = key.split_once(' ')?;
        Some(Key { tonic: NAMES.iter().position(|name| *name == tonic)? as u8, mode: mode(rest)? })
    };
    read().map_or_else(|| key.to_owned(), key_name)
}

/// The place of a key on the Camelot wheel: `8B` is C major, `8A` its relative A minor. A fifth up is one more.
pub(crate) fn camelot(key: Key) -> String {
    let (major, letter) = match key.mode {
        Mode::Major => (key.tonic, 'B'),
        Mode::Minor => (key.tonic + 3, 'A'),
    };
    // Seven semitones are a fifth, and seven times seven is one, modulo twelve.
    format!("{}{letter}", (u32::from(major) * 7 + 7) % 12 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_spelt_and_numbered_as_on_the_wheel() {
        // The Camelot wheel, from 1 to 12.
        let wheel = [
            ("B", "G#"),
            ("F#", "Eb"),
            ("Db", "Bb"),
            ("Ab", "F"),
            ("Eb", "C"),
            ("Bb", "G"),
            ("F", "D"),
            ("C", "A"),
            ("G", "E"),
            ("D", "B"),
            ("A", "F#"),
            ("E", "C#"),
        ];
        for (n, (major, minor)) in wheel.into_iter().enumerate() {
            let of = |names: [&str; 12], name| names.iter().position(|other| *other == name).unwrap() as u8;
            let major_key = Key { tonic: of(MAJOR, major), mode: Mode::Major };
            let minor_key = Key { tonic: of(MINOR, minor), mode: Mode::Minor };
            assert_eq!(
                (key_name(major_key), camelot(major_key)),
                (format!("{major} major"), format!("{}B", n + 1))
            );
            assert_eq!(respelt(&major_key.to_string()), key_name(major_key));
            assert_eq!(respelt(&minor_key.to_string()), key_name(minor_key));
            assert_eq!(
                (key_name(minor_key), camelot(minor_key)),
                (format!("{minor} minor"), format!("{}A", n + 1))
            );
        }
    }
}
