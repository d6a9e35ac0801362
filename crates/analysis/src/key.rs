//! The key of a piece: the major or minor key whose profile correlates best with the piece's pitch classes. Krumhansl,
//! "Cognitive foundations of musical pitch", 1990, chapter 4, with the profiles of Krumhansl and Kessler, 1982.
use crate::chroma::CLASSES;

/// Listeners' ratings of how well each pitch class fits into C major.
const MAJOR: [f64; CLASSES] = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88];

/// The ratings for C minor.
const MINOR: [f64; CLASSES] = [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17];

/// Names of the pitch classes, C first, in the usual spelling of keys.
pub const NAMES: [&str; CLASSES] = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];

/// Major or minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Major.
    Major,
    /// Minor.
    Minor,
}

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The pitch class of the tonic, 0 for C to 11 for B.
    pub tonic: u8,
    /// Major or minor.
    pub mode: Mode,
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mode = if self.mode == Mode::Major { "major" } else { "minor" };
        write!(f, "{} {mode}", NAMES[usize::from(self.tonic) % CLASSES])
    }
}

/// The most probable key.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct KeyEstimate {
    /// The key whose profile correlates best.
    pub key: Key,
    /// Its correlation, -1 to 1. Tonal music usually has 0.6 or more.
    pub correlation: f64,
    /// The key in second place.
    pub second: Key,
    /// The lead over the second key, as a share of the best correlation: 0 if both fit equally, 1 if nothing else fits.
    /// Related keys score similarly, so 0.1 is much.
    pub confidence: f64,
}

/// Returns the key that fits the energy of the twelve pitch classes best, C first. `None` if all classes are equal, as for
/// silence, or if one is not finite.
pub fn estimate_key(classes: &[f32; CLASSES]) -> Option<KeyEstimate> {
    let classes = classes.map(f64::from);
    let mut all = Vec::with_capacity(2 * CLASSES);
    for tonic in 0..CLASSES {
        for (mode, profile) in [(Mode::Major, &MAJOR), (Mode::Minor, &MINOR)] {
            let rotated: [f64; CLASSES] = std::array::from_fn(|c| profile[(c + CLASSES - tonic) % CLASSES]);
            all.push((correlation(&classes, &rotated)?, Key { tonic: tonic as u8, mode }));
        }
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let [(best, key), (next, second), ..] = all[..] else { return None };
    let confidence = if best > 0.0 { ((best - next) / best).clamp(0.0, 1.0) } else { 0.0 };
    Some(KeyEstimate { key, correlation: best, second, confidence })
}

/// Pearson's correlation. `None` if `a` or `b` is constant.
fn correlation(a: &[f64; CLASSES], b: &[f64; CLASSES]) -> Option<f64> {
    let mean = |x: &[f64; CLASSES]| x.iter().sum::<f64>() / CLASSES as f64;
    let (ma, mb) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        ab += (a - ma) * (b - mb);
        aa += (a - ma).powi(2);
        bb += (b - mb).powi(2);
    }
    let r = ab / (aa * bb).sqrt();
    (aa > 1e-12 * ma * ma && r.is_finite()).then_some(r)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_and_triads_have_their_key() {
        for tonic in 0..CLASSES {
            for (mode, notes) in
                [(Mode::Major, [0, 2, 4, 5, 7, 9, 11]), (Mode::Minor, [0, 2, 3, 5, 7, 8, 11])]
            {
                let mut classes = [0.05f32; CLASSES];
                for note in notes {
                    classes[(tonic + note) % CLASSES] += 0.4;
                }
                for note in [0, notes[2], 7] {
                    classes[(tonic + note) % CLASSES] += 0.6;
                }
                let got = estimate_key(&classes).unwrap();
                assert_eq!(got.key, Key { tonic: tonic as u8, mode });
                assert!(got.correlation > 0.7 && (0.0..=1.0).contains(&got.confidence));
                assert_ne!(got.second, got.key);
                // Loudness does not matter.
                let loud = estimate_key(&classes.map(|c| 1e4 * c)).unwrap();
                assert!(loud.key == got.key && (loud.confidence - got.confidence).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn flat_or_broken_classes_have_no_key() {
        assert_eq!(estimate_key(&[0.0; CLASSES]), None);
        assert_eq!(estimate_key(&[0.7; CLASSES]), None);
        let mut classes = [0.0; CLASSES];
        classes[3] = f32::NAN;
        assert_eq!(estimate_key(&classes), None);
    }

    #[test]
    fn keys_have_names() {
        assert_eq!(Key { tonic: 9, mode: Mode::Minor }.to_string(), "A minor");
        assert_eq!(Key { tonic: 6, mode: Mode::Major }.to_string(), "F# major");
    }
}
