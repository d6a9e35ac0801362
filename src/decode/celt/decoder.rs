//! Decodes frame after frame of one stream.
use super::allocation::{Allocation, Wishes};
use super::bands::{Fold, Lines, Plan, Shapes, no_lines};
use super::range::{EIGHTHS, Range};
use super::synthesis::{Synthesis, scale_lines};
use super::tables::{BANDS, EDGES, LONGEST, SHORT};
use super::{collapse, energy, side, time_frequency};
use energy::{Energies, SILENT};

/// Decodes the CELT frames of a stream of one or two channels.
pub struct Celt {
    channels: usize,
    /// Bands from here on are left out.
    heard: usize,
    /// By how much the output is louder.
    loudness: f32,
    energies: Energies,
    /// Those of the last two frames with one long block. Where frames of short blocks came since, the quietest of all these
    /// count as the last.
    before: [Energies; 2],
    seed: u32,
    lines: Lines,
    fold: Fold,
    synthesis: Synthesis,
}

impl Celt {
    /// A decoder of what lies below `highest`, in Hz, and of little more. Samples are `loudness` times as large as the
    /// stream's.
    pub fn new(channels: usize, highest: f32, loudness: f32) -> Celt {
        Celt {
            channels,
            heard: EDGES[..BANDS].iter().filter(|&&edge| 200.0 * (edge as f32) < highest).count(),
            loudness: loudness / 32_768.0,
            energies: [[0.0; BANDS]; 2],
            before: [[[SILENT; BANDS]; 2]; 2],
            seed: 0,
            lines: no_lines(),
            fold: Fold::new(),
            synthesis: Synthesis::new(channels),
        }
    }

    /// Decodes a frame of a packet of this kind, its first byte, into `out`: all channels of one sample after the other.
    /// Returns `None` if the frame is not CELT, is lost, or is shorter than what it says. The decoder is of no use then.
    pub fn decode(&mut self, kind: u8, frame: &[u8], out: &mut [f32]) -> Option<()> {
        let scale = usize::from((kind >> 3) & 3);
        let out = out.get_mut(..self.channels * (SHORT << scale))?;
        if kind & 0x80 == 0 || frame.len() < 2 {
            return None;
        }
        let end = [13, 17, 19, BANDS][usize::from((kind >> 5) & 3)];
        let channels = 1 + usize::from(kind & 4 != 0);
        let range = &mut Range::new(frame);
        if channels == 1 {
            let [left, right] = &mut self.energies;
            for (left, right) in left.iter_mut().zip(right) {
                *left = left.max(*right);
            }
        }
        let is_silent = side::is_silent(range);
        let tone = side::tone(range);
        let has_short_blocks = scale > 0 && side::mark(range);
        let is_alone = side::mark(range);
        energy::coarse(range, &mut self.energies, (end, channels, scale), is_alone);
        let changes = time_frequency::changes(range, end, has_short_blocks, scale);
        let spread = side::spread(range);
        let caps = side::caps(channels, scale);
        let (boosts, left) = side::boosts(range, &caps, (end, channels, scale));
        let trim = side::trim(range, left);
        let left = (range.bits() << EIGHTHS) - range.used_eighths() - 1;
        let may_collapse = has_short_blocks && scale > 1 && left >= (scale as i32 + 2) << EIGHTHS;
        let reserved = i32::from(may_collapse) << EIGHTHS;
        let wishes = Wishes { end, channels, scale, boosts, caps, trim };
        let allocation = Allocation::read(range, &wishes, left - reserved);
        energy::fine(range, &mut self.energies, channels, &allocation.fine);
        let plan = Plan {
            end,
            // The noise that fills collapsed blocks depends on all that was filled before.
            heard: if may_collapse { end } else { self.heard.min(end) },
            channels,
            is_mixed: self.channels < channels,
            scale,
            has_short_blocks,
            spread,
            changes: &changes,
            allocation: &allocation,
            total: (range.bits() << EIGHTHS) - reserved,
        };
        let mut shapes = Shapes::new(&plan, range, self.seed);
        let masks = shapes.read(&mut self.lines, &mut self.fold);
        let seed = shapes.seed;
        let fills = may_collapse && range.plain(1) == 1;
        let (fine, left) = (&allocation.fine[..end], range.bits() - range.used());
        energy::last_halves(range, &mut self.energies, channels, (fine, &allocation.is_later), left);
        if fills {
            let shape = (&allocation.shape[..], seed);
            collapse::fill(
                &mut self.lines,
                &masks,
                (end, channels, scale),
                &self.energies,
                &self.before,
                shape,
            );
        }
        if range.used() > range.bits() {
            return None;
        }
        self.seed = range.state();
        self.synthesise((end, channels, scale), has_short_blocks, is_silent);
        self.synthesis.finish(tone, scale, self.loudness, out);
        self.remember(end, channels, has_short_blocks);
        Some(())
    }

    /// Makes samples of the lines.
    fn synthesise(
        &mut self,
        (end, channels, scale): (usize, usize, usize),
        has_short_blocks: bool,
        is_silent: bool,
    ) {
        if is_silent {
            self.energies[..channels].fill([SILENT; BANDS]);
            self.lines.iter_mut().for_each(|lines| lines.fill(0.0));
        } else {
            scale_lines(&mut self.lines, &self.energies, (self.heard.min(end), channels, scale));
        }
        let [left, right] = &mut self.lines;
        if channels == 2 && self.channels == 1 {
            for (left, right) in left.iter_mut().zip(&*right) {
                *left = 0.5 * (*left + right);
            }
        }
        self.synthesis.add(0, &left[..SHORT << scale], scale, has_short_blocks);
        if self.channels == 2 {
            let lines = if channels == 2 { right } else { left };
            self.synthesis.add(1, &lines[..SHORT << scale], scale, has_short_blocks);
        }
    }

    /// Keeps the energies for the next frame.
    fn remember(&mut self, end: usize, channels: usize, has_short_blocks: bool) {
        if channels == 1 {
            self.energies[1] = self.energies[0];
        }
        if has_short_blocks {
            let last = self.before[0].iter_mut().flatten();
            for (last, energy) in last.zip(self.energies.iter().flatten()) {
                *last = last.min(*energy);
            }
        } else {
            self.before = [self.energies, self.before[0]];
        }
        for channel in 0..2 {
            self.energies[channel][end..].fill(0.0);
            self.before[0][channel][end..].fill(SILENT);
            self.before[1][channel][end..].fill(SILENT);
        }
    }
}

const _: () = assert!(SHORT << LONGEST == 960);
