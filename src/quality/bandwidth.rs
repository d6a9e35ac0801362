//! Where the spectrum of loud passages ends, and whether it ends abruptly.
use super::levels::Bands;
use crate::units::SampleRate;

/// Where a spectrum ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// In hertz.
    pub frequency: f64,
    /// Whether it ends abruptly, well below the highest frequency that the sample rate allows.
    pub cut: bool,
}

/// What is weaker is noise, in dB: that of 16 bits is at -120.
const NOISE: f32 = -115.0;

/// So much weaker than the loudest band is nothing, in dB.
const RANGE: f32 = 90.0;

/// A cliff is so high, in dB ...
const DROP: f32 = 20.0;

/// ... and not wider than so many bands.
const SLOPE: usize = 4;

/// What lies above this share of half the sample rate does not hide a cliff. Resamplers leave something there.
const TOP: f64 = 0.97;

/// So many bands below a cliff have sound, all of them. A single tone has none.
const PLATEAU: usize = 8;

/// Lower cliffs are those of telephones or of an instrument, in hertz.
const LOWEST: f64 = 5_000.0;

/// Recorders and resamplers cut, too, but only above this share of half the sample rate ...
const SHARE: f64 = 0.88;

/// ... and above this frequency, in hertz.
const HIGHEST: f64 = 19_300.0;

/// Where the spectrum ends.
pub fn edge(bands: &Bands, rate: SampleRate) -> Edge {
    let top = (TOP * f64::from(rate.0) / 2.0 / bands.width) as usize;
    if let Some(frequency) = cliff(&bands.levels[..top.min(bands.levels.len())], bands.width) {
        let limit = (SHARE * f64::from(rate.0) / 2.0).min(HIGHEST);
        return Edge { frequency, cut: frequency < limit };
    }
    let loudest = bands.levels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let least = NOISE.max(loudest - RANGE);
    let last = bands.levels.iter().rposition(|&level| level > least);
    Edge { frequency: last.map_or(0.0, |last| (last + 1) as f64 * bands.width), cut: false }
}

/// Where the spectrum falls by the most within a few bands and stays down, if it does.
fn cliff(levels: &[f32], width: f64) -> Option<f64> {
    let count = levels.len();
    // The loudest level from each band on.
    let mut from = levels.to_vec();
    for n in (0..count.saturating_sub(1)).rev() {
        from[n] = from[n].max(from[n + 1]);
    }
    let drop_after = |last: usize| {
        let below = levels[last + 1 - PLATEAU..=last].iter().copied().fold(f32::INFINITY, f32::min);
        below - from[last + SLOPE]
    };
    let lasts = PLATEAU..count.saturating_sub(SLOPE);
    let found = lasts
        .filter(|&last| (last + 1) as f64 * width >= LOWEST)
        .map(|last| (last, drop_after(last)))
        .filter(|&(_, drop)| drop >= DROP)
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some((found.0 + 1) as f64 * width)
}
