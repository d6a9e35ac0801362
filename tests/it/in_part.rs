//! What the tests of decoders share that decode in part for the fingerprint: AAC and Vorbis.
use std::{
    fs,
    path::{Path, PathBuf},
};

use refrain::decode::Decoder;

/// A file of `fixtures/formats`.
pub fn format(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats").join(name)
}

/// All samples, and the last block's rate.
pub fn decoded(mut decoder: Decoder) -> (Vec<f32>, u32) {
    let (mut all, mut block, mut rate) = (Vec::new(), Vec::new(), 0);
    while let Some(now) = decoder.next_block(&mut block).expect("it decodes") {
        all.extend_from_slice(&block);
        rate = now.0;
    }
    assert_eq!(decoder.warnings(), []);
    (all, rate)
}

/// Asserts that the samples for the fingerprint, at the second of both rates, are some of those of a full decode, and that
/// the file says the same about itself. The lengths may differ by `spare` samples of the full decode.
pub fn assert_some_of_full(name: &str, channels: u16, rates: (u32, u32), spare: usize) {
    let (full, rate) = decoded(Decoder::open(&format(name)).expect("it opens"));
    let mut decoder = Decoder::open(&format(name)).expect("it opens").for_fingerprint();
    decoder.next_block(&mut Vec::new()).expect("it decodes");
    assert_eq!(decoder.spec().map(|(rate, channels)| (rate.0, channels)), Some((rate, channels)));
    let (part, part_rate) = decoded(Decoder::open(&format(name)).expect("it opens").for_fingerprint());
    assert_eq!((rate, part_rate), rates);
    let step = (rate / part_rate) as usize;
    let length = full.len().next_multiple_of(step);
    assert!((step * part.len()).abs_diff(length) <= spare, "{name}: {} of {}", part.len(), full.len());
    // Tones of 440 to 1,540 Hz before the click.
    for n in part_rate as usize / 5..part_rate as usize * 3 / 5 {
        let (x, y) = (full[step * n], part[n]);
        assert!((x - y).abs() < 1e-3, "{name}: sample {n}, {x} and {y}");
    }
}

/// Decodes each file for the fingerprint, with more and more of its bytes changed. Asserts that it ends, with finite samples.
pub fn damage(names: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("damaged");
    for name in names {
        let good = fs::read(format(name)).expect("the fixture");
        let mut random = fastrand::Rng::with_seed(1);
        for round in 0..24 {
            let mut bytes = good.clone();
            for _ in 0..4 << (round % 5) {
                let place = random.usize(..bytes.len());
                bytes[place] = random.u8(..);
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
