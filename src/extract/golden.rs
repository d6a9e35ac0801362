//! The fingerprint of one clip, as it was when the parameters were frozen. Any change on the way from a file to an
//! index shows in it.
use std::{fmt::Write, fs, path::Path};

use super::track;
use crate::{cancel::CancelToken, decode::Decoder, fingerprint::Fingerprint, params::CURRENT};

const CLIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audio/clips/clean.wav");
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/fingerprints/clean.txt");

/// A line for each frame, then one for each window with its position; bytes in hexadecimal.
fn text(print: &Fingerprint) -> String {
    let hex = |bytes: &mut dyn Iterator<Item = u8>| {
        bytes.fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a string takes all");
            hex
        })
    };
    let mut lines = String::new();
    for frame in print.frames.chunks(CURRENT.frame_bytes()) {
        lines += &format!("frame {}\n", hex(&mut frame.iter().copied()));
    }
    for (at, window) in print.positions.iter().zip(print.windows.chunks(CURRENT.window_dims)) {
        lines += &format!("window {at} {}\n", hex(&mut window.iter().map(|&v| v as u8)));
    }
    lines
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
}

/// `REFRAIN_GOLDEN=write cargo test --lib golden_fingerprint` writes the file again. Do this only for a new parameter
/// set.
#[test]
fn golden_fingerprint_of_a_clip() {
    let mut decoder = Decoder::open(Path::new(CLIP)).unwrap();
    let print = track::track(&mut decoder, &CURRENT, &CancelToken::new()).unwrap().fingerprint;
    if std::env::var_os("REFRAIN_GOLDEN").is_some() {
        fs::write(KEPT, text(&print)).unwrap();
    }
    let kept = fs::read_to_string(KEPT).unwrap();
    let (mut frames, mut windows) = (Vec::new(), Vec::new());
    let mut positions = Vec::new();
    for line in kept.lines() {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["frame", hex] => frames.extend(bytes(hex)),
            ["window", at, hex] => {
                positions.push(at.parse::<u32>().unwrap());
                windows.extend(bytes(hex).into_iter().map(|byte| byte as i8));
            }
            _ => panic!("{line}"),
        }
    }
    assert_eq!(print.positions, positions);
    assert_eq!(print.frames.len(), frames.len());
    // Processors with other instructions round an FFT differently: a value between two levels may become the other
    // one.
    let codes = |frames: &[u8]| frames.iter().flat_map(|b| [b & 15, b >> 4]).collect::<Vec<_>>();
    let (now, kept) = (codes(&print.frames), codes(&frames));
    let other = now.iter().zip(&kept).filter(|(now, kept)| now != kept).count();
    assert!(now.iter().zip(&kept).all(|(now, kept)| now.abs_diff(*kept) <= 1));
    assert!(other * 500 <= now.len(), "{other} of {} values differ", now.len());
    assert_eq!(print.windows.len(), windows.len());
    assert!(print.windows.iter().zip(&windows).all(|(now, kept)| now.abs_diff(*kept) <= 3));
}
