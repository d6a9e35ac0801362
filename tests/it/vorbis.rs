//! Vorbis for the fingerprint alone, and damaged Vorbis.
use super::in_part::{assert_some_of_full, damage};

#[test]
fn the_fingerprints_samples_are_some_of_those_of_a_full_decode() {
    for (name, channels, full_rate) in [
        ("vorbis.ogg", 2, 22_050),
        ("vorbis.mka", 2, 22_050),
        ("three.ogg", 3, 44_100),
        ("surround.ogg", 6, 44_100),
    ] {
        assert_some_of_full(name, channels, (full_rate, 11_025), 0);
    }
}

#[test]
fn damaged_vorbis_neither_panics_nor_lasts() {
    damage(&["vorbis.ogg", "vorbis.mka", "three.ogg", "surround.ogg"]);
}
