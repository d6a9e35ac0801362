//! Files whose channels cancel each other out in their mean.
use crate::run::{Place, fixture, wav};

/// The rate and the samples of a mono WAV file of 16 bits with a plain header.
fn mono(path: &std::path::Path) -> (u32, Vec<i16>) {
    let content = std::fs::read(path).unwrap();
    let data = content.windows(4).position(|w| w == b"data").unwrap() + 8;
    assert_eq!(content[22], 1, "one channel");
    let rate = u32::from_le_bytes(content[24..28].try_into().unwrap());
    (rate, content[data..].as_chunks::<2>().0.iter().map(|&b| i16::from_le_bytes(b)).collect())
}

/// The same, once more as its inverse beside it.
fn inverse((rate, samples): &(u32, Vec<i16>)) -> Vec<u8> {
    wav(*rate, 2, &samples.iter().flat_map(|&s| [s, s.saturating_neg()]).collect::<Vec<_>>())
}

#[test]
fn a_clip_with_inverse_channels_finds_its_song() {
    let place = Place::new();
    place.song("quiet-engines.wav", "m/quiet-engines.wav");
    place.line("index build --db i.refrain m").code(0);
    let song = mono(&fixture("audio/songs/quiet-engines.wav"));
    place.write("clip.wav", &inverse(&song));
    let found = place.line("query --json --db i.refrain clip.wav").code(0).json().remove(0);
    let best = &found["matches"][0];
    assert!(best["path"].as_str().unwrap().ends_with("/m/quiet-engines.wav"), "{found}");
    assert_eq!((best["tempo"].as_f64(), best["pitch"].as_f64()), (Some(1.0), Some(0.0)), "{found}");
}
