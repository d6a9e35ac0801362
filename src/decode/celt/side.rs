//! What a frame says before its energies and shapes (RFC 6716, section 4.3).
use super::range::{EIGHTHS, Range};
use super::tables::{BANDS, CAPS, width};

/// A filter that makes a tone of a frame's sound stand out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tone {
    /// The period, in samples.
    pub period: usize,
    /// How much of the sound a period ago is added. 0 for no filter.
    pub gain: f32,
    /// Which of the three filters.
    pub kind: usize,
}

impl Tone {
    /// No filter.
    pub const NONE: Tone = Tone { period: 0, gain: 0.0, kind: 0 };
}

/// Reads whether the frame is silent. All of it is used up then.
pub(super) fn is_silent(range: &mut Range<'_>) -> bool {
    let is_silent = match range.used() {
        used if used >= range.bits() => true,
        1 => range.bit(15),
        _ => false,
    };
    if is_silent {
        range.use_up();
    }
    is_silent
}

/// Reads the filter that follows the synthesis.
pub(super) fn tone(range: &mut Range<'_>) -> Tone {
    if range.used() + 16 > range.bits() || !range.bit(1) {
        return Tone::NONE;
    }
    let octave = range.number(6);
    let period = (16 << octave) + range.plain(4 + octave) as usize - 1;
    let gain = 0.09375 * (range.plain(3) + 1) as f32;
    let kind = if range.used() + 2 <= range.bits() { range.symbol(&[2, 1, 0], 2) } else { 0 };
    Tone { period, gain, kind }
}

/// Reads a mark that takes three bits at most.
pub(super) fn mark(range: &mut Range<'_>) -> bool {
    range.used() + 3 <= range.bits() && range.bit(3)
}

/// Reads how far pulses are spread over their neighbours: 0 (not) to 3.
pub(super) fn spread(range: &mut Range<'_>) -> usize {
    if range.used() + 4 <= range.bits() { range.symbol(&[25, 23, 2, 0], 5) } else { 2 }
}

/// The most bits that a band has any use for, in eighths.
pub(super) fn caps(channels: usize, scale: usize) -> [i32; BANDS] {
    let caps = &CAPS[scale][channels - 1];
    std::array::from_fn(|band| ((caps[band] + 64) * (channels * width(band, scale)) as i32) >> 2)
}

/// Reads which bands have more bits than their share, in eighths.
pub(super) fn boosts(
    range: &mut Range<'_>,
    caps: &[i32; BANDS],
    (end, channels, scale): (usize, usize, usize),
) -> ([i32; BANDS], i32) {
    let mut boosts = [0; BANDS];
    let mut total = range.bits() << EIGHTHS;
    let mut rarity = 6;
    for (band, boost) in boosts.iter_mut().enumerate().take(end) {
        let lines = (channels * width(band, scale)) as i32;
        let step = (lines << EIGHTHS).min(lines.max(6 << EIGHTHS));
        let mut price = rarity;
        while range.used_eighths() + (price << EIGHTHS) < total
            && *boost < caps[band]
            && range.bit(price.cast_unsigned())
        {
            *boost += step;
            total -= step;
            price = 1;
        }
        if *boost > 0 {
            rarity = (rarity - 1).max(2);
        }
    }
    (boosts, total)
}

/// Reads how the bits lean: below 5 to the upper bands, above 5 to the lower ones. `total` is what the boosts left.
pub(super) fn trim(range: &mut Range<'_>, total: i32) -> i32 {
    const ABOVE: [u8; 11] = [126, 124, 119, 109, 87, 41, 19, 9, 4, 2, 0];
    if range.used_eighths() + (6 << EIGHTHS) <= total { range.symbol(&ABOVE, 7) as i32 } else { 5 }
}
