//! Any bytes as an audio file.
use std::path::Path;

use refrain::{Error, decode::Decoder};

/// A file's name tells nothing, and its end less.
const NAMES: [&str; 8] = ["-", "a.mp3", "a.wav", "a.flac", "a.ogg", "a.m4a", "a.mkv", "a.txt"];

/// More than any file of the size of an input may give, in blocks.
const MAX_BLOCKS: usize = 2_000_000;

pub fn run(data: &[u8]) {
    let name = Path::new(NAMES[data.len() % NAMES.len()]);
    if let Some(decoder) = opened(data, name) {
        drain(decoder);
    }
    if let Some(decoder) = opened(data, name) {
        drain(decoder.for_fingerprint());
    }
}

/// The decoder of these bytes, or nothing where they are refused.
pub fn opened(data: &[u8], name: &Path) -> Option<Decoder> {
    match Decoder::from_reader(data, name) {
        Ok(decoder) => Some(decoder),
        Err(error) => {
            refused(&error, name);
            None
        }
    }
}

/// Decodes to the end.
pub fn drain(mut decoder: Decoder) {
    let name = decoder.path().to_owned();
    let mut mono = Vec::new();
    for _ in 0..MAX_BLOCKS {
        match decoder.next_block(&mut mono) {
            Ok(Some(rate)) => {
                assert!((1_000..=768_000).contains(&rate.0), "a rate of {rate}");
                assert!((1..=768_000).contains(&mono.len()), "a block of {}", mono.len());
                assert!(mono.iter().all(|x| x.is_finite()));
                assert!(decoder.spec().is_some());
            }
            Ok(None) => {
                assert!(mono.is_empty());
                assert!(decoder.warnings().iter().all(|warning| !warning.to_string().is_empty()));
                return;
            }
            Err(error) => {
                assert!(mono.is_empty());
                return refused(&error, &name);
            }
        }
    }
    panic!("it does not end");
}

fn refused(error: &Error, name: &Path) {
    match error {
        Error::Audio { path, reason } => {
            assert_eq!(path, name);
            assert!(!reason.to_string().is_empty());
        }
        other => panic!("not about the file's content: {other}"),
    }
}
