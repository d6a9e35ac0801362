//! Noise in place of short blocks that a band has no pulses for, which would be holes in time (RFC 6716, section 4.3.5).
use super::bands::{Lines, Masks, next_random, normalise};
use super::energy::Energies;
use super::tables::{EDGES, width};

/// Fills the blocks that `masks` leaves out. Each becomes at most 2 to 2.8 times as loud as in the quieter of the last two
/// frames. The more bits the band has, the quieter.
pub(super) fn fill(
    lines: &mut Lines,
    masks: &Masks,
    (end, channels, scale): (usize, usize, usize),
    energies: &Energies,
    before: &[Energies; 2],
    (shape, mut seed): (&[i32], u32),
) {
    for (band, masks) in masks.iter().enumerate().take(end) {
        let lines_each = (EDGES[band + 1] - EDGES[band]) as i32;
        let depth = ((1 + shape[band]) / lines_each) >> scale;
        let threshold = 0.5 * (-0.125 * depth as f32).exp2();
        let all = width(band, scale);
        for channel in 0..channels {
            let last = before.map(|energies| {
                // A stereo frame may have come before.
                if channels == 1 { energies[0][band].max(energies[1][band]) } else { energies[channel][band] }
            });
            let rise = (energies[channel][band] - last[0].min(last[1])).max(0.0);
            let usual = 2.0 * (-rise).exp2() * if scale == 3 { std::f32::consts::SQRT_2 } else { 1.0 };
            let loudness = usual.min(threshold) / (all as f32).sqrt();
            let at = EDGES[band] << scale;
            let lines = &mut lines[channel][at..at + all];
            let holes = (0..1_usize << scale).filter(|block| (masks[channel] >> block) & 1 == 0);
            let mut any = false;
            for block in holes {
                any = true;
                for line in lines[block..].iter_mut().step_by(1 << scale) {
                    seed = next_random(seed);
                    *line = if seed & 0x8000 == 0 { -loudness } else { loudness };
                }
            }
            if any {
                normalise(lines, 1.0);
            }
        }
    }
}
