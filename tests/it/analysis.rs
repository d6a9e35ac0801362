//! Compares the transforms of `refrain::analysis` with librosa's results in `fixtures/reference`.
use std::{fs, path::Path};

use refrain::{
    analysis::{
        ChromaCqt, ChromaOptions, ChromaStft, Cqt, CqtOptions, CqtScratch, Difference, Hpss, HpssOptions,
        HpssScratch, Pyin, PyinScratch, StftScratch, Tuning, TuningScratch, Yin, YinOptions, YinScratch,
        features,
    },
    decode::Decoder,
};

const RATE: f64 = 22_050.0;
const SIGNALS: [&str; 3] = ["hpmix", "chirp", "song"];

fn path(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/reference").join(name)
}

/// The values of an array of little-endian single floats in NumPy's format.
fn array(name: &str) -> Vec<f32> {
    let bytes = fs::read(path(&format!("{name}.npy"))).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\0", "{name}");
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let text = String::from_utf8_lossy(&bytes[10..10 + header]);
    assert!(text.contains("'<f4'") && text.contains("'fortran_order': False"), "{name}: {text}");
    bytes[10 + header..].as_chunks::<4>().0.iter().map(|c| f32::from_le_bytes(*c)).collect()
}

fn signal(name: &str) -> Vec<f32> {
    if name != "song" {
        return array(&format!("{name}.y"));
    }
    let song = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/audio/songs/quiet-engines.wav");
    let mut decoder = Decoder::open(&song).unwrap();
    let (mut block, mut samples) = (Vec::new(), Vec::new());
    while samples.len() < 5 * RATE as usize && decoder.next_block(&mut block).unwrap().is_some() {
        samples.extend_from_slice(&block);
    }
    samples.truncate(5 * RATE as usize);
    samples
}

/// The root of the summed squares of the difference, divided by that of `expected`.
fn off(got: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(got.len(), expected.len());
    let square = |x: f32| f64::from(x).powi(2);
    let apart: f64 = got.iter().zip(expected).map(|(g, e)| (f64::from(*g) - f64::from(*e)).powi(2)).sum();
    (apart / expected.iter().map(|e| square(*e)).sum::<f64>()).sqrt()
}

/// The largest difference of chroma. Counts only frames that are within 40 dB of the loudest, by the transform's
/// magnitudes.
fn chroma_off(name: &str, got: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(got.len(), expected.len());
    let levels: Vec<f32> =
        array(&format!("{name}.cqt252")).chunks(252).map(|f| f.iter().map(|v| v * v).sum()).collect();
    let loudest = levels.iter().copied().fold(0.0, f32::max);
    let frames =
        got.chunks(12).zip(expected.chunks(12)).zip(&levels).filter(|(_, level)| **level > 1e-4 * loudest);
    let values = frames.flat_map(|((g, e), _)| g.iter().zip(e).map(|(g, e)| (g - e).abs()));
    values.fold(0.0, f32::max)
}

fn librosa_pitch() -> YinOptions {
    YinOptions::default().difference(Difference::Librosa)
}

#[test]
fn constant_q_agrees_with_librosa() {
    let mut scratch = CqtScratch::default();
    for name in SIGNALS {
        let options = CqtOptions::default().bins(252).bins_per_octave(36);
        let cqt = Cqt::new(RATE, options).unwrap();
        let got = cqt.magnitudes(&signal(name), &mut scratch).unwrap();
        let off = off(got.values(), &array(&format!("{name}.cqt252")));
        assert!(off < 2e-6, "{name}: {off:e}");
    }
    let cqt = Cqt::new(RATE, CqtOptions::default()).unwrap();
    let got = cqt.transform(&signal("hpmix"), &mut scratch).unwrap();
    let got: Vec<f32> = got.values().iter().flat_map(|z| [z.re, z.im]).collect();
    let off = off(&got, &array("hpmix.cqt84"));
    assert!(off < 2e-6, "{off:e}");
}

#[test]
fn chroma_and_tuning_agree_with_librosa() {
    let figures: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(path("reference.json")).unwrap()).unwrap();
    let mut scratch = CqtScratch::default();
    let tuning = Tuning::new(RATE).unwrap();
    for name in SIGNALS {
        let samples = signal(name);
        let chroma = ChromaCqt::new(RATE, ChromaOptions::default()).unwrap();
        let got = chroma.chroma(&samples, &mut scratch).unwrap();
        let off = chroma_off(name, got.values(), &array(&format!("{name}.chroma")));
        assert!(off < 5e-6, "{name}: {off:e}");

        let mut found = [0.0; 2];
        for (found, (bins, key)) in found.iter_mut().zip([(36, "tuning36"), (12, "tuning12")]) {
            *found = tuning.estimate(&samples, bins, &mut TuningScratch::default()).unwrap();
            let expected = figures["signals"][name][key].as_f64().unwrap();
            assert!((*found - expected).abs() < 0.0101, "{name}, {key}: {found} against {expected}");
        }
        let options = ChromaOptions::default().tuning(found[0]);
        let got = ChromaCqt::new(RATE, options).unwrap().chroma(&samples, &mut scratch).unwrap();
        let off = chroma_off(name, got.values(), &array(&format!("{name}.chroma_tuned")));
        assert!(off < 5e-6, "{name}, tuned: {off:e}");

        let stft = ChromaStft::new(RATE, 2048, 512, 0.0).unwrap();
        let got = stft.chroma(&samples, &mut StftScratch::default()).unwrap();
        let off = chroma_off(name, got.values(), &array(&format!("{name}.chroma_stft")));
        assert!(off < 5e-6, "{name}, stft: {off:e}");
    }
}

#[test]
fn harmonic_and_percussive_parts_agree_with_librosa() {
    let hpss = Hpss::new(2048, 512, HpssOptions::default()).unwrap();
    let mut scratch = HpssScratch::default();
    let (mut harmonic, mut percussive) = (Vec::new(), Vec::new());
    for name in SIGNALS {
        hpss.separate(&signal(name), &mut scratch, &mut harmonic, &mut percussive).unwrap();
        let off_harmonic = off(&harmonic, &array(&format!("{name}.harmonic")));
        assert!(off_harmonic < 1e-6, "{name}: {off_harmonic:e}");
        if name == "hpmix" {
            let off_percussive = off(&percussive, &array("hpmix.percussive"));
            assert!(off_percussive < 1e-6, "{off_percussive:e}");
            let ratio = features::harmonic_ratio(&harmonic, &percussive).unwrap();
            assert!((ratio - 0.680_523).abs() < 1e-5, "{ratio}");
        } else {
            let norm = percussive.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
            let expected = f64::from(array(&format!("{name}.percussive_norm"))[0]);
            assert!((norm / expected - 1.0).abs() < 1e-5, "{name}: {norm} against {expected}");
        }
    }
}

#[test]
fn yin_in_librosas_mode_agrees_with_librosa() {
    let yin = Yin::new(RATE, librosa_pitch()).unwrap();
    for name in SIGNALS {
        let got = yin.pitch(&signal(name), &mut YinScratch::default()).unwrap();
        let expected = array(&format!("{name}.yin"));
        assert_eq!(got.len(), expected.len());
        let cents = |(g, e): (&refrain::analysis::Pitch, &f32)| {
            1200.0 * (f64::from(g.frequency) / f64::from(*e)).log2().abs()
        };
        let cents: Vec<f64> = got.iter().zip(&expected).map(cents).collect();
        // There are so few frames that 0.1 % of them is none.
        let worst = cents.iter().copied().fold(0.0, f64::max);
        assert!(worst < 0.05, "{name}: {worst} cents");
    }
}

#[test]
fn pyin_agrees_with_librosa() {
    let pyin = Pyin::new(RATE, Pyin::librosa_options()).unwrap();
    for name in SIGNALS {
        let got = pyin.pitch(&signal(name), &mut PyinScratch::default()).unwrap();
        let expected = array(&format!("{name}.pyin"));
        let voiced = array(&format!("{name}.pyin_voiced"));
        assert_eq!(got.len(), expected.len());
        let mut flips = 0;
        for (t, got) in got.iter().enumerate() {
            assert!((got.voiced - voiced[t]).abs() < 1e-3, "{name}, {t}: {} {}", got.voiced, voiced[t]);
            match got.frequency {
                Some(f) if expected[t] > 0.0 => {
                    let bins = 120.0 * (f / expected[t]).log2().abs();
                    assert!(bins < 1.01, "{name}, {t}: {f} against {}", expected[t]);
                }
                f => flips += usize::from(f.is_some() || expected[t] > 0.0),
            }
        }
        assert!(flips * 200 <= got.len(), "{name}: {flips} of {}", got.len());
    }
}
