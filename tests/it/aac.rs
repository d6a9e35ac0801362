//! AAC in full and for the fingerprint alone, and AAC of more than two channels.
use std::f64::consts::PI;
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

/// The amplitude of a tone.
fn amplitude(samples: &[f32], frequency: f64, rate: u32) -> f64 {
    let angle = |n: usize| 2.0 * PI * frequency * n as f64 / f64::from(rate);
    let sums = samples.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, &x)| {
        (re + f64::from(x) * angle(n).cos(), im + f64::from(x) * angle(n).sin())
    });
    2.0 * f64::hypot(sums.0, sums.1) / samples.len() as f64
}

#[test]
fn every_channel_of_surround_sound_is_where_wav_has_it() {
    let decoder = Decoder::open(&fixture("surround.m4a")).expect("it opens").with_all_channels();
    let (samples, rate) = decoded(decoder);
    assert_eq!(rate, 22_050);
    assert_eq!(samples.len(), 6 * 33_075);
    for channel in 0..6 {
        let plane: Vec<f32> =
            samples.chunks_exact(6).skip(4_410).take(8_820).map(|frame| frame[channel]).collect();
        for other in 0..6 {
            // The encoder takes all but the bass out of the channel for low frequencies, the fourth.
            let expected = if other == channel && channel != 3 { 0.25 } else { 0.0 };
            let found = amplitude(&plane, 220.0 * (other as f64 + 2.0), rate);
            assert!((found - expected).abs() < 0.01, "channel {channel} has {found} of tone {other}");
        }
    }
}

#[test]
fn the_fingerprints_samples_are_every_second_one_of_a_full_decode() {
    for (name, channels) in [("aac.m4a", 2), ("adts.aac", 2), ("fragmented.m4a", 2), ("surround.m4a", 6)] {
        let (full, rate) = decoded(Decoder::open(&fixture(name)).expect("it opens"));
        let mut decoder = Decoder::open(&fixture(name)).expect("it opens").for_fingerprint();
        decoder.next_block(&mut Vec::new()).expect("it decodes");
        assert_eq!(decoder.spec().map(|(rate, channels)| (rate.0, channels)), Some((rate, channels)));
        let (half, half_rate) = decoded(Decoder::open(&fixture(name)).expect("it opens").for_fingerprint());
        assert_eq!((rate, half_rate), (22_050, 11_025));
        assert!((2 * half.len()).abs_diff(full.len()) <= 2, "{name}");
        // Tones of 440 to 1,540 Hz before the click.
        for n in 2_000..7_000 {
            let (x, y) = (full[2 * n], half[n]);
            assert!((x - y).abs() < 1e-3, "{name}: sample {n}, {x} and {y}");
        }
    }
}

#[test]
fn damaged_aac_neither_panics_nor_lasts() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("damaged");
    for name in ["aac.m4a", "adts.aac", "surround.m4a"] {
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
