//! Two channels that are coded together (ISO/IEC 14496-3, 4.6.8).
use super::bands::Bands;
use super::bits::Bits;
use super::side::{Coding, Side, Table};
use super::windows::{LINES, SHORT_LINES, Windows};
use crate::decode::damage::{Damage, Result};

/// Which bands are coded as middle and side.
#[derive(Default)]
pub(super) struct Mask {
    used: Table<bool>,
    /// Whether each band said so. Otherwise intensity is not inverted by it.
    single: bool,
}

impl Mask {
    pub fn read(&mut self, bits: &mut Bits, windows: &Windows) -> Result<()> {
        let kind = bits.take(2);
        self.single = kind == 1;
        for (group, _) in windows.groups() {
            for used in &mut self.used[group][..windows.bands] {
                *used = match kind {
                    0 => false,
                    1 => bits.flag(),
                    2 => true,
                    _ => return Err(Damage("AAC: a reserved kind of stereo")),
                };
            }
        }
        bits.check()
    }
}

/// Makes left and right of what two channels with the same windows are coded as, in bands that begin below `known`.
pub(super) fn join(
    mask: &Mask,
    bands: &Bands,
    sides: [&Side; 2],
    left: &mut [f32; LINES],
    right: &mut [f32; LINES],
    known: usize,
) {
    let windows = &sides[0].windows;
    let offsets = windows.offsets(bands);
    for (group, group_windows) in windows.groups() {
        for band in 0..windows.bands {
            let (first, end) = (usize::from(offsets[band]), usize::from(offsets[band + 1]));
            if first >= known {
                break;
            }
            let used = mask.used[group][band];
            let codings = sides.map(|side| side.codings[group][band]);
            for window in group_windows.clone() {
                let at = window * SHORT_LINES;
                let both = left[at + first..at + end].iter_mut().zip(&mut right[at + first..at + end]);
                match codings {
                    [_, Coding::Intensity { .. }] => {
                        let scale = sides[1].scales[group][band];
                        let scale = if used && mask.single { -scale } else { scale };
                        both.for_each(|(left, right)| *right = *left * scale);
                    }
                    [Coding::Noise, _] | [_, Coding::Noise] => {}
                    _ if used => {
                        both.for_each(|(left, right)| (*left, *right) = (*left + *right, *left - *right));
                    }
                    _ => {}
                }
            }
        }
    }
}
