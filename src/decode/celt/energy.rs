//! The energy of each band (RFC 6716, section 4.3.2), as a power of two relative to the usual one.
use super::range::Range;
use super::tables::{BANDS, ENERGY_STEPS, LONGEST};

/// The energies of both channels.
pub(super) type Energies = [[f32; BANDS]; 2];

/// Silence.
pub(super) const SILENT: f32 = -28.0;

/// How much of the last frame's energy is expected, by the length of the frame.
const FROM_LAST: [f32; LONGEST + 1] =
    [29_440.0 / 32_768.0, 26_112.0 / 32_768.0, 21_248.0 / 32_768.0, 16_384.0 / 32_768.0];
/// How much of a step is gone in the next band, by the length of the frame.
const FADING: [f32; LONGEST + 1] =
    [30_147.0 / 32_768.0, 22_282.0 / 32_768.0, 12_124.0 / 32_768.0, 6_554.0 / 32_768.0];
/// The same for a frame that is told without the one before.
const FADING_ALONE: f32 = 4_915.0 / 32_768.0;

/// Turns the energies of the last frame into those of this one, in steps of a factor of two.
pub(super) fn coarse(
    range: &mut Range<'_>,
    energies: &mut Energies,
    (end, channels, scale): (usize, usize, usize),
    is_alone: bool,
) {
    let steps = &ENERGY_STEPS[scale][usize::from(is_alone)];
    let (from_last, fading) = if is_alone { (0.0, FADING_ALONE) } else { (FROM_LAST[scale], FADING[scale]) };
    let mut carried = [0.0_f32; 2];
    for (band, &[zero, decay]) in steps.iter().enumerate().take(end) {
        for (energies, carried) in energies.iter_mut().zip(&mut carried).take(channels) {
            let step = match range.bits() - range.used() {
                15.. => range.laplace(zero << 7, decay << 6),
                2.. => [0, -1, 1][range.symbol(&[2, 1, 0], 2)],
                1 => -i32::from(range.bit(1)),
                _ => -1,
            } as f32;
            energies[band] = from_last * energies[band].max(-9.0) + *carried + step;
            *carried += step - fading * step;
        }
    }
}

/// Places the energies between these steps.
pub(super) fn fine(range: &mut Range<'_>, energies: &mut Energies, channels: usize, bits: &[i32]) {
    for (band, &bits) in bits.iter().enumerate().filter(|&(_, &bits)| bits > 0) {
        for energies in energies.iter_mut().take(channels) {
            let part = range.plain(bits.cast_unsigned());
            energies[band] += (part as f32 + 0.5) / (1 << bits) as f32 - 0.5;
        }
    }
}

/// Spends the bits that are left over: halves the error of a band once more. Bands that were promised this come first.
pub(super) fn last_halves(
    range: &mut Range<'_>,
    energies: &mut Energies,
    channels: usize,
    (fine, is_later): (&[i32], &[bool]),
    mut left: i32,
) {
    for round in [false, true] {
        for (band, &bits) in fine.iter().enumerate() {
            if left < channels as i32 {
                return;
            }
            if bits >= super::allocation::MOST_FINE || is_later[band] != round {
                continue;
            }
            for energies in energies.iter_mut().take(channels) {
                let half = range.plain(1) as f32 - 0.5;
                energies[band] += half / (1 << (bits + 1)) as f32;
                left -= 1;
            }
        }
    }
}
