//! Vorbis for the fingerprint alone, and damaged Vorbis.
use std::fs;
use std::path::{Path, PathBuf};

use refrain::decode::Decoder;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats").join(name)
}

/// All samples, and the last block's rate.
fn decoded(mut decoder: Decoder) -> (Vec<f32>, u32) {
    let (mut all, mut block, mut rate) = (Vec::new(), Vec::new(), 0);
    while let Some(now) = decoder.next_block(&mut block).expect("it decodes") {
        all.extend_from_slice(&block);
        rate = now.0;
    }
    assert_eq!(decoder.warnings(), []);
    (all, rate)
}

#[test]
fn the_fingerprints_samples_are_some_of_those_of_a_full_decode() {
    let files = [
        ("vorbis.ogg", 2, 22_050),
        ("vorbis.mka", 2, 22_050),
        ("three.ogg", 3, 44_100),
        ("surround.ogg", 6, 44_100),
    ];
    for (name, channels, full_rate) in files {
        let (full, rate) = decoded(Decoder::open(&fixture(name)).expect("it opens"));
        let mut decoder = Decoder::open(&fixture(name)).expect("it opens").for_fingerprint();
        decoder.next_block(&mut Vec::new()).expect("it decodes");
        assert_eq!(decoder.spec().map(|(rate, channels)| (rate.0, channels)), Some((rate, channels)));
        let (part, part_rate) = decoded(Decoder::open(&fixture(name)).expect("it opens").for_fingerprint());
        assert_eq!((rate, part_rate), (full_rate, 11_025));
        let step = full_rate as usize / 11_025;
        assert_eq!(part.len(), full.len().div_ceil(step), "{name}");
        // Tones of 440 to 1,540 Hz before the click.
        for n in 2_000..7_000 {
            let (x, y) = (full[step * n], part[n]);
            assert!((x - y).abs() < 1e-3, "{name}: sample {n}, {x} and {y}");
        }
    }
}

#[test]
fn damaged_vorbis_neither_panics_nor_lasts() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("damaged");
    for name in ["vorbis.ogg", "vorbis.mka", "three.ogg", "surround.ogg"] {
        let good = fs::read(fixture(name)).expect("the fixture");
        let mut state = 1u32;
        for round in 0..24 {
            let mut bytes = good.clone();
            for _ in 0..4 << (round % 5) {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let place = (state >> 8) as usize % bytes.len();
                bytes[place] = state as u8 ^ (state >> 24) as u8;
            }
            fs::write(&path, &bytes).expect("a file");
            let Ok(mut decoder) = Decoder::open(&path).map(Decoder::for_fingerprint) else { continue };
            let (mut block, mut samples) = (Vec::new(), 0);
            while let Ok(Some(_)) = decoder.next_block(&mut block) {
                assert!(block.iter().all(|x| x.is_finite()));
                samples += block.len();
            }
            assert!(samples < 4_000_000, "{name}, round {round}: {samples} samples");
        }
    }
}
