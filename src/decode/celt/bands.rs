//! The shapes of all bands (RFC 6716, section 4.3.4): how each is split into parts, which bits they get, and what fills those
//! without any.
use super::allocation::Allocation;
use super::pulses;
use super::range::{EIGHTHS, Range};
use super::split::{self, Parts, QUARTER, Split};
use super::tables::{BANDS, EDGES, LOG_WIDTHS, LONGEST, SHORT, WIDEST, width};
use super::time_frequency::{Order, haar, join, unjoin};

/// The lines of a frame up to its last band, which no other is filled from.
const BEFORE_LAST: usize = EDGES[BANDS - 1] << LONGEST;

/// The lines of both channels.
pub(super) type Lines = [Vec<f32>; 2];

/// Room for the lines of the longest frame.
pub(super) fn no_lines() -> Lines {
    [vec![0.0; SHORT << LONGEST], vec![0.0; SHORT << LONGEST]]
}

/// What the frame says about all of its shapes.
pub(super) struct Plan<'a> {
    pub end: usize,
    /// Bands from here on are skipped: their codewords are read, and their lines stay as they are.
    pub heard: usize,
    pub channels: usize,
    /// The channels become one. The second is never turned over then, which would cancel the first (RFC 8251, section 10).
    pub is_mixed: bool,
    pub scale: usize,
    pub has_short_blocks: bool,
    pub spread: usize,
    pub changes: &'a [i32; BANDS],
    pub allocation: &'a Allocation,
    /// The bits for shapes and for all before them, in eighths.
    pub total: i32,
}

/// Reads shapes.
pub(super) struct Shapes<'a, 'data> {
    plan: &'a Plan<'a>,
    range: &'a mut Range<'data>,
    /// The last number of the noise.
    pub seed: u32,
    band: usize,
    /// Eighths of a bit that are left for this band and those above.
    left: i32,
    is_heard: bool,
}

/// The next number of the noise.
pub(super) fn next_random(seed: u32) -> u32 {
    seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)
}

/// The lower bands again, for those above that have no pulses.
pub(super) struct Fold {
    channels: [Vec<f32>; 2],
}

impl Fold {
    pub fn new() -> Fold {
        Fold { channels: [vec![0.0; BEFORE_LAST], vec![0.0; BEFORE_LAST]] }
    }
}

/// Of each band and channel, which blocks are not empty.
pub(super) type Masks = [[u8; 2]; BANDS];

impl<'a, 'data> Shapes<'a, 'data> {
    pub fn new(plan: &'a Plan<'a>, range: &'a mut Range<'data>, seed: u32) -> Self {
        Shapes { plan, range, seed, band: 0, left: 0, is_heard: true }
    }

    /// Reads the shapes of all bands into `lines`, each of length 1.
    pub fn read(&mut self, lines: &mut Lines, fold: &mut Fold) -> Masks {
        let plan = self.plan;
        let allocation = plan.allocation;
        let blocks = if plan.has_short_blocks { 1 << plan.scale } else { 1 };
        let all_blocks = (1_u32 << blocks) - 1;
        let (mut masks, mut balance) = ([[0; 2]; BANDS], allocation.balance);
        let mut is_dual = allocation.is_dual;
        // Where the lines come from that fill the next band without pulses.
        let (mut source, mut moves) = (0, true);
        let mut room = [0.0; WIDEST];
        let [left_lines, right_lines] = lines;
        for band in 0..plan.end {
            let at = EDGES[band] << plan.scale;
            let count = width(band, plan.scale);
            let used = self.range.used_eighths();
            if band > 0 {
                balance -= used;
            }
            self.band = band;
            self.left = plan.total - used - 1;
            self.is_heard = band < plan.heard;
            let bits = if band < allocation.coded {
                let share = balance / (allocation.coded - band).min(3) as i32;
                (allocation.shape[band] + share).min(self.left + 1).clamp(0, 16_383)
            } else {
                0
            };
            if self.is_heard && (at >= count || band == 1) && (moves || source == 0) {
                source = band;
            }
            let mut filled = [all_blocks; 2];
            let mut from = None;
            if self.is_heard && source > 0 && (plan.spread < 3 || blocks > 1 || plan.changes[band] < 0) {
                let first = (EDGES[source] << plan.scale).saturating_sub(count);
                from = Some(first);
                let begin = (0..source).rev().find(|&b| EDGES[b] << plan.scale <= first).unwrap_or(0);
                let end = (source..band).find(|&b| EDGES[b] << plan.scale >= first + count).unwrap_or(band);
                filled = [0; 2];
                for masks in &masks[begin..end.max(begin + 1)] {
                    filled[0] |= u32::from(masks[0]);
                    filled[1] |= u32::from(masks[plan.channels - 1]);
                }
            }
            if is_dual && band == allocation.intensity {
                is_dual = false;
                let [left, right] = &mut fold.channels;
                for (left, right) in left[..at].iter_mut().zip(right) {
                    *left = 0.5 * (*left + *right);
                }
            }
            let keeps = self.is_heard && band + 1 < plan.end;
            let left = &mut left_lines[at..at + count];
            let right = &mut right_lines[at..at + count];
            let [left_fold, right_fold] = &mut fold.channels;
            if is_dual {
                let [left_filled, right_filled] = &mut filled;
                for (lines, fold, filled) in
                    [(left, left_fold, left_filled), (right, right_fold, right_filled)]
                {
                    let low = copied(&mut room, fold, from, count);
                    *filled = self.band(lines, bits / 2, blocks, low, 1.0, *filled);
                    if keeps {
                        keep(&mut fold[at..at + count], lines);
                    }
                }
            } else if plan.channels == 2 {
                let low = copied(&mut room, left_fold, from, count);
                let kept = keeps.then(|| &mut left_fold[at..at + count]);
                let mask = self.channels((left, right), bits, blocks, low, kept, filled[0] | filled[1]);
                filled = [mask; 2];
            } else {
                let low = copied(&mut room, left_fold, from, count);
                let mask = self.band(left, bits, blocks, low, 1.0, filled[0] | filled[1]);
                if keeps {
                    keep(&mut left_fold[at..at + count], left);
                }
                filled = [mask; 2];
            }
            masks[band] = filled.map(|mask| (mask & 0xff) as u8);
            balance += allocation.shape[band] + used;
            moves = bits > (count as i32) << EIGHTHS;
        }
        masks
    }

    /// One line: its sign.
    fn sign(&mut self) -> f32 {
        if self.left < 1 << EIGHTHS {
            return 1.0;
        }
        self.left -= 1 << EIGHTHS;
        if self.range.plain(1) == 1 { -1.0 } else { 1.0 }
    }

    /// Reads the angle between two parts, and takes its cost off `bits`.
    fn split(&mut self, lines: usize, bits: &mut i32, scale: i32, parts: Parts) -> (Split, bool) {
        let steps = if parts == Parts::Channels && self.band >= self.plan.allocation.intensity {
            1
        } else {
            split::steps(lines, *bits, LOG_WIDTHS[self.band] + (scale << EIGHTHS), parts)
        };
        let before = self.range.used_eighths();
        let (mut angle, mut is_inverted) = (0, false);
        if steps > 1 {
            angle = split::angle(self.range, steps, lines, parts);
        } else if parts == Parts::Channels && *bits > 2 << EIGHTHS && self.left > 2 << EIGHTHS {
            is_inverted = self.range.bit(2) && !self.plan.is_mixed;
        }
        let cost = self.range.used_eighths() - before;
        *bits -= cost;
        self.left -= cost;
        (Split::new(angle, lines), is_inverted)
    }

    /// Reads two parts, the one with more bits first. The other gets what it leaves.
    fn both(&mut self, split: Split, bits: i32, mut part: impl FnMut(&mut Self, usize, i32) -> u32) -> u32 {
        let first = ((bits - split.more) / 2).min(bits).max(0);
        let shares = [first, bits - first];
        let ahead = usize::from(shares[0] < shares[1]);
        let before = self.left;
        let mask = part(self, ahead, shares[ahead]);
        let saved = shares[ahead] - (before - self.left);
        let is_alone = split.angle == if ahead == 0 { 0 } else { QUARTER };
        let more = if saved > 3 << EIGHTHS && !is_alone { saved - (3 << EIGHTHS) } else { 0 };
        mask | part(self, 1 - ahead, shares[1 - ahead] + more)
    }

    /// The shape of a band of two channels that are told as their sum and difference, or as one.
    fn channels(
        &mut self,
        (left, right): (&mut [f32], &mut [f32]),
        mut bits: i32,
        blocks: usize,
        mut low: Option<&mut [f32]>,
        kept: Option<&mut [f32]>,
        filled: u32,
    ) -> u32 {
        let lines = left.len();
        if lines == 1 {
            left[0] = self.sign();
            right[0] = self.sign();
            if let Some(kept) = kept {
                kept[0] = left[0];
            }
            return 1;
        }
        let (split, is_inverted) = self.split(lines, &mut bits, self.plan.scale as i32, Parts::Channels);
        let gains = split.gains.map(|gain| gain as f32 / 32_768.0);
        if lines == 2 {
            // The second is at a right angle to the first: only its direction is told.
            let has_sign = split.angle != 0 && split.angle != QUARTER;
            let mut turn = 1.0;
            if has_sign {
                bits -= 1 << EIGHTHS;
                self.left -= 1 << EIGHTHS;
                turn = if self.range.plain(1) == 1 { -1.0 } else { 1.0 };
            }
            let (told, other) = if split.angle > QUARTER / 2 { (right, left) } else { (left, right) };
            let mask = self.band(told, bits, blocks, low, 1.0, filled);
            if !self.is_heard {
                return mask;
            }
            if let Some(kept) = kept {
                keep(kept, told);
            }
            (other[0], other[1]) = (-turn * told[1], turn * told[0]);
            let (left, right) = if split.angle > QUARTER / 2 { (other, told) } else { (told, other) };
            for (left, right) in left.iter_mut().zip(right) {
                let (sum, difference) = (gains[0] * *left, gains[1] * *right);
                *left = sum - difference;
                *right = sum + difference;
                if is_inverted {
                    *right = -*right;
                }
            }
            return mask;
        }
        let every = (1_u32 << blocks) - 1;
        let filled = if split.angle == QUARTER { 0 } else { filled & every };
        let mask = self.both(split, bits, |shapes, side, bits| {
            if side == 0 {
                shapes.band(left, bits, blocks, low.as_deref_mut(), 1.0, filled)
            } else {
                // A difference without pulses is none.
                shapes.band(right, bits, blocks, None, gains[1], 0)
            }
        });
        if !self.is_heard {
            return mask;
        }
        if let Some(kept) = kept {
            keep(kept, left);
        }
        merge(left, right, gains[0]);
        if is_inverted {
            right.iter_mut().for_each(|x| *x = -*x);
        }
        mask
    }

    /// The shape of a band of one channel. `low` may be changed.
    fn band(
        &mut self,
        lines: &mut [f32],
        bits: i32,
        blocks: usize,
        low: Option<&mut [f32]>,
        gain: f32,
        mut filled: u32,
    ) -> u32 {
        if lines.len() == 1 {
            lines[0] = self.sign();
            return 1;
        }
        let (is_long, change) = (blocks == 1, self.plan.changes[self.band]);
        let joins = change.max(0) as usize;
        let (mut parts, mut size) = (blocks >> joins, (lines.len() / blocks) << joins);
        let mut halvings = 0;
        while halvings < (-change).max(0) as usize && size.is_multiple_of(2) {
            (parts, size, halvings) = (2 * parts, size / 2, halvings + 1);
        }
        let scale = self.plan.scale as i32;
        if !self.is_heard {
            return self.part(lines, bits, (parts, scale), None, gain, 0);
        }
        let order = Order { blocks: parts << joins, is_long, is_split: parts > 1 };
        let mut low = low;
        if let Some(low) = low.as_deref_mut() {
            (0..joins).for_each(|k| haar(low, 1 << k));
            (0..halvings).for_each(|k| haar(low, blocks >> joins << k));
            order.by_block(low);
        }
        for _ in 0..joins {
            filled = join(filled);
        }
        for k in 0..halvings {
            filled |= filled << (blocks >> joins << k);
        }
        let mut mask = self.part(lines, bits, (parts, scale), low.as_deref(), gain, filled);
        order.by_line(lines);
        for _ in 0..halvings {
            parts /= 2;
            mask |= mask >> parts;
            haar(lines, parts);
        }
        for k in 0..joins {
            mask = unjoin(mask);
            haar(lines, 1 << k);
        }
        mask & ((1 << (parts << joins)) - 1)
    }

    /// A part of a band: split again where it has more bits than pulses can use.
    fn part(
        &mut self,
        lines: &mut [f32],
        mut bits: i32,
        (blocks, scale): (usize, i32),
        low: Option<&[f32]>,
        gain: f32,
        filled: u32,
    ) -> u32 {
        let count = lines.len();
        let is_split =
            scale >= 0 && count > 2 && pulses::highest_cost(count).is_some_and(|cost| bits > cost + 12);
        if !is_split {
            return self.leaf(lines, bits, blocks, low, gain, filled);
        }
        let half = count / 2;
        let scale = scale - 1;
        let mut filled = if blocks == 1 { (filled & 1) | (filled << 1) } else { filled };
        let (has_blocks, blocks_before) = (blocks > 1, blocks);
        let blocks = blocks.div_ceil(2);
        let (mut split, _) = self.split(half, &mut bits, scale, Parts::Halves { has_blocks });
        let every = (1_u32 << blocks) - 1;
        match split.angle {
            0 => filled &= every,
            QUARTER => filled &= every << blocks,
            angle if has_blocks => {
                // More bits for what the louder part would mask otherwise.
                split.more = if angle > QUARTER / 2 {
                    split.more - (split.more >> (4 - scale))
                } else {
                    (split.more + (((half as i32) << EIGHTHS) >> (5 - scale))).min(0)
                };
            }
            _ => {}
        }
        let gains = split.gains.map(|part| gain * (part as f32 / 32_768.0));
        let (first, second) = lines.split_at_mut(half);
        self.both(split, bits, |shapes, side, bits| {
            let low = low.map(|low| &low[side * half..(side + 1) * half]);
            if side == 0 {
                shapes.part(first, bits, (blocks, scale), low, gains[0], filled)
            } else {
                let mask = shapes.part(second, bits, (blocks, scale), low, gains[1], filled >> blocks);
                mask << (blocks_before >> 1)
            }
        })
    }

    /// A part as pulses, or filled without any.
    fn leaf(
        &mut self,
        lines: &mut [f32],
        bits: i32,
        blocks: usize,
        low: Option<&[f32]>,
        gain: f32,
        filled: u32,
    ) -> u32 {
        let mut step = pulses::nearest_step(lines.len(), bits);
        while step > 0 && pulses::cost(lines.len(), step) > self.left {
            step -= 1;
        }
        self.left -= pulses::cost(lines.len(), step);
        match (step, self.is_heard) {
            (0, true) => self.fill(lines, blocks, low, gain, filled),
            (0, false) => 0,
            (_, true) => pulses::read(self.range, lines, step, (self.plan.spread, blocks), gain),
            (_, false) => {
                pulses::skip(self.range, lines.len(), step);
                0
            }
        }
    }

    /// Fills a part with lower lines, with noise, or with nothing where they have nothing.
    fn fill(&mut self, lines: &mut [f32], blocks: usize, low: Option<&[f32]>, gain: f32, filled: u32) -> u32 {
        let every = (1_u32 << blocks) - 1;
        let filled = filled & every;
        if filled == 0 {
            lines.fill(0.0);
            return 0;
        }
        let Some(low) = low else {
            for x in lines.iter_mut() {
                self.seed = next_random(self.seed);
                *x = (self.seed.cast_signed() >> 20) as f32;
            }
            normalise(lines, gain);
            return every;
        };
        for (x, low) in lines.iter_mut().zip(low) {
            self.seed = next_random(self.seed);
            *x = low + if self.seed & 0x8000 == 0 { -1.0 / 256.0 } else { 1.0 / 256.0 };
        }
        normalise(lines, gain);
        filled
    }
}

/// A copy of what a band is filled from.
fn copied<'room>(
    room: &'room mut [f32; WIDEST],
    fold: &[f32],
    from: Option<usize>,
    count: usize,
) -> Option<&'room mut [f32]> {
    let from = from?;
    room[..count].copy_from_slice(&fold[from..from + count]);
    Some(&mut room[..count])
}

/// Keeps a shape for those above, as loud as its band is wide.
fn keep(kept: &mut [f32], lines: &[f32]) {
    let scale = (lines.len() as f32).sqrt();
    for (kept, x) in kept.iter_mut().zip(lines) {
        *kept = scale * x;
    }
}

/// Gives a vector the length `gain`.
pub(super) fn normalise(lines: &mut [f32], gain: f32) {
    let squares: f32 = lines.iter().map(|x| x * x).sum();
    let scale = gain / (squares + 1e-15).sqrt();
    lines.iter_mut().for_each(|x| *x *= scale);
}

/// Makes two channels of their sum and their difference.
fn merge(left: &mut [f32], right: &mut [f32], gain: f32) {
    let (mut product, mut square) = (0.0, 0.0);
    for (&sum, &difference) in left.iter().zip(&*right) {
        product += difference * sum;
        square += difference * difference;
    }
    let squares = [gain * gain + square - 2.0 * gain * product, gain * gain + square + 2.0 * gain * product];
    if squares.iter().any(|&square| square < 6e-4) {
        right.copy_from_slice(left);
        return;
    }
    let scales = squares.map(|square| 1.0 / square.sqrt());
    for (left, right) in left.iter_mut().zip(right) {
        let (sum, difference) = (gain * *left, *right);
        *left = scales[0] * (sum - difference);
        *right = scales[1] * (sum + difference);
    }
}
