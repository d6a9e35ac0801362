//! Temporal noise shaping: recursive filters along the lines of a window (ISO/IEC 14496-3, 4.6.9).
use std::f64::consts::PI;

use super::bands::Bands;
use super::bits::Bits;
use super::windows::{LINES, SHORT_LINES, Windows};
use crate::decode::damage::{Result, ensure};

/// The longest filters in a long and in a short window.
const MAX_ORDER: [usize; 2] = [12, 7];

/// One filter.
#[derive(Debug, Clone, Copy)]
struct Filter {
    /// The first line and the one after the last, of all windows' lines.
    lines: (usize, usize),
    /// Whether it runs from the last line to the first.
    down: bool,
    order: usize,
    /// What times the lines before is subtracted.
    taps: [f32; MAX_ORDER[0]],
}

/// The filters of a frame of one channel.
#[derive(Default)]
pub(super) struct Shaping {
    filters: Vec<Filter>,
    /// One more than the highest line of a window that a filter running down begins with.
    reach: usize,
}

impl Shaping {
    pub fn clear(&mut self) {
        self.filters.clear();
        self.reach = 0;
    }

    pub fn read(&mut self, bits: &mut Bits, windows: &Windows, bands: &Bands) -> Result<()> {
        let short = usize::from(windows.is_short());
        let [count_bits, length_bits, order_bits] = [[2, 6, 5], [1, 4, 3]][short];
        let offsets = windows.offsets(bands);
        let line = |band: usize| usize::from(offsets[band.min(bands.shaped[short]).min(windows.bands)]);
        for window in 0..windows.count() {
            let count = bits.size(count_bits);
            let resolution = if count > 0 { 3 + bits.take(1) } else { 0 };
            let mut top = offsets.len() - 1;
            for _ in 0..count {
                let bottom = top.saturating_sub(bits.size(length_bits));
                let order = bits.size(order_bits);
                ensure(order <= MAX_ORDER[short], "AAC: a filter is too long")?;
                if order > 0 {
                    let down = bits.flag();
                    let taps = read_taps(bits, order, resolution);
                    let first = window * if short == 1 { SHORT_LINES } else { LINES };
                    let lines = (first + line(bottom), first + line(top));
                    if lines.0 < lines.1 {
                        self.filters.push(Filter { lines, down, order, taps });
                        self.reach = self.reach.max(if down { line(top) } else { 0 });
                    }
                }
                top = bottom;
            }
        }
        Ok(())
    }

    /// How many lines of a window have to be known so that its first `wanted` are right.
    pub fn needed(&self, wanted: usize) -> usize {
        wanted.max(self.reach)
    }

    /// Filters the lines. `known` of each window are known, the first `window` lines belong to the first one, and so on.
    pub fn apply(&self, lines: &mut [f32; LINES], window: usize, known: usize) {
        for filter in &self.filters {
            let (first, end) = filter.lines;
            let end = end.min(first / window * window + known);
            if first < end {
                let taps = &filter.taps[..filter.order];
                if filter.down {
                    down(&mut lines[first..end], taps)
                } else {
                    up(&mut lines[first..end], taps)
                }
            }
        }
    }
}

fn up(lines: &mut [f32], taps: &[f32]) {
    for i in 1..lines.len() {
        let before = &lines[i.saturating_sub(taps.len())..i];
        let sum: f32 = before.iter().rev().zip(taps).map(|(line, tap)| line * tap).sum();
        lines[i] -= sum;
    }
}

fn down(lines: &mut [f32], taps: &[f32]) {
    for i in (0..lines.len().saturating_sub(1)).rev() {
        let sum: f32 = lines[i + 1..].iter().zip(taps).map(|(line, tap)| line * tap).sum();
        lines[i] -= sum;
    }
}

/// Reads reflection coefficients and makes a direct filter of them.
fn read_taps(bits: &mut Bits, order: usize, resolution: u32) -> [f32; MAX_ORDER[0]] {
    let size = resolution - u32::from(bits.flag());
    let mut taps = [0.0; MAX_ORDER[0]];
    for m in 0..order {
        let raw = bits.take(size) as i32;
        // Two's complement.
        let value = if raw >> (size - 1) == 1 { raw - (1 << size) } else { raw };
        let steps = f64::from(1u32 << (resolution - 1)) + if value < 0 { 0.5 } else { -0.5 };
        let reflection = (f64::from(value) * PI / (2.0 * steps)).sin() as f32;
        let before = taps;
        for i in 0..m {
            taps[i] = before[i] + reflection * before[m - 1 - i];
        }
        taps[m] = reflection;
    }
    taps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_up_and_down_are_mirrors() {
        let taps = [0.5, -0.25, 0.125];
        let mut forth = [1.0, 2.0, -1.0, 0.5, 3.0, 0.0];
        let mut back = forth;
        back.reverse();
        up(&mut forth, &taps);
        down(&mut back, &taps);
        back.reverse();
        assert_eq!(forth, back);
        // y[0] = 1; y[1] = 2 - 0.5; y[2] = -1 - 0.5 * 1.5 + 0.25 * 1.
        assert_eq!(forth[..3], [1.0, 1.5, -1.5]);
    }

    #[test]
    fn one_reflection_coefficient_is_the_filter_itself() {
        let mut packet = super::super::bits::Packet::default();
        // Not compressed; 4 bits: 0111.
        packet.fill(&[0b0011_1000]);
        let taps = read_taps(&mut packet.bits(), 1, 4);
        assert!((f64::from(taps[0]) - (PI * 7.0 / 15.0).sin()).abs() < 1e-6);
        // Compressed; 3 bits: 111, which is -1.
        packet.fill(&[0b1111_0000]);
        let taps = read_taps(&mut packet.bits(), 1, 4);
        assert!((f64::from(taps[0]) + (PI / 17.0).sin()).abs() < 1e-6);
    }
}
