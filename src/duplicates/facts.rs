//! What decides which of several copies to keep.
use std::path::{Path, PathBuf};

use crate::quality::Quality;

/// What is known of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Its path.
    pub path: PathBuf,
    /// Whether its folder is one of those to keep.
    pub preferred: bool,
    /// Whether its format keeps every sample, judged by its name.
    pub lossless: bool,
    /// Its sample rate in hertz; 0 if unknown.
    pub sample_rate: u32,
    /// Bits a second, its size by its length.
    pub bit_rate: f64,
    /// Its length in seconds.
    pub seconds: f64,
    /// How many tags it has.
    pub tags: u32,
    /// How good it sounds, if that was measured.
    pub quality: Option<Quality>,
    /// When it was changed last, in nanoseconds since 1970.
    pub modified: i64,
}

/// Whether a format keeps every sample, judged by the file's extension.
pub fn is_lossless(path: &Path) -> bool {
    const EXTENSIONS: [&str; 14] =
        ["aif", "aifc", "aiff", "alac", "ape", "au", "bwf", "caf", "flac", "rf64", "tta", "w64", "wav", "wv"];
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}
