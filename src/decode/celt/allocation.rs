//! How the bits of a frame are shared out among bands, and in each between energy and shape (RFC 6716, section 4.3.3).
use super::range::{EIGHTHS, Range};
use super::tables::{BANDS, EDGES, LOG_WIDTHS, QUALITIES, width};

/// The finest energy, in bits.
pub(super) const MOST_FINE: i32 = 8;

/// What one number of `n` costs, in eighths of a bit.
const NUMBER_COSTS: [i32; 24] =
    [0, 8, 13, 16, 19, 21, 23, 24, 26, 27, 28, 29, 30, 31, 32, 32, 33, 34, 34, 35, 36, 36, 37, 37];

/// What the frame asks for.
pub(super) struct Wishes {
    pub end: usize,
    pub channels: usize,
    pub scale: usize,
    /// Eighths of a bit beyond each band's share.
    pub boosts: [i32; BANDS],
    pub caps: [i32; BANDS],
    pub trim: i32,
}

/// What each band gets.
pub(super) struct Allocation {
    /// For its shape, in eighths of a bit.
    pub shape: [i32; BANDS],
    /// For its energy, in bits.
    pub fine: [i32; BANDS],
    /// Whether others get a bit that is left over first.
    pub is_later: [bool; BANDS],
    /// Eighths that no band took yet.
    pub balance: i32,
    /// Bands from here on have no shape.
    pub coded: usize,
    /// From this band on both channels have one shape.
    pub intensity: usize,
    /// Whether channels are told apart instead of as a sum and a difference.
    pub is_dual: bool,
}

impl Allocation {
    /// Shares out `total` eighths of a bit.
    pub fn read(range: &mut Range<'_>, wishes: &Wishes, total: i32) -> Allocation {
        let &Wishes { end, channels, .. } = wishes;
        let one = 1 << EIGHTHS;
        let mut total = total.max(0);
        let mut reserve = |wanted: i32| {
            let reserved = if total >= wanted { wanted } else { 0 };
            total -= reserved;
            reserved
        };
        let skip = reserve(one);
        let (mut intensity, mut dual) = (0, 0);
        if channels == 2 {
            intensity = reserve(NUMBER_COSTS[end]);
            if intensity > 0 {
                dual = reserve(one);
            }
        }
        let mut shares = Shares::new(wishes, total);
        let (coded, is_marked) = shares.coded(range, wishes, total, &mut intensity);
        let mut allocation = Allocation {
            shape: [0; BANDS],
            fine: [0; BANDS],
            is_later: [false; BANDS],
            balance: 0,
            coded,
            intensity: if intensity > 0 { range.number(coded as u32 + 1) as usize } else { 0 },
            is_dual: false,
        };
        let mut left = total - shares.sum + if is_marked { 0 } else { skip };
        if allocation.intensity == 0 {
            left += dual;
        } else if dual > 0 {
            allocation.is_dual = range.bit(1);
        }
        shares.spread(coded, left);
        allocation.divide(wishes, &shares.bits);
        allocation
    }

    /// Divides the bits of each band between its energy and its shape.
    fn divide(&mut self, wishes: &Wishes, bits: &[i32; BANDS]) {
        let channels = wishes.channels as i32;
        let is_stereo = i32::from(wishes.channels > 1);
        let log_scale = (wishes.scale as i32) << EIGHTHS;
        let mut balance = 0;
        for band in 0..self.coded {
            let lines = width(band, wishes.scale) as i32;
            let mut shape = bits[band] + balance;
            let most = if lines > 1 { wishes.caps[band] } else { channels << EIGHTHS };
            let mut excess = (shape - most).max(0);
            shape -= excess;
            if lines > 1 {
                // The angle between the channels is one more number.
                let has_angle = channels == 2 && lines > 2 && !self.is_dual && band < self.intensity;
                let numbers = channels * lines + i32::from(has_angle);
                let log = numbers * (LOG_WIDTHS[band] + log_scale);
                let mut offset = (log >> 1) - numbers * 21;
                if lines == 2 {
                    offset += (numbers << EIGHTHS) >> 2;
                }
                if shape + offset < (2 * numbers) << EIGHTHS {
                    offset += log >> 2;
                } else if shape + offset < (3 * numbers) << EIGHTHS {
                    offset += log >> 3;
                }
                let fine = (shape + offset + (numbers << (EIGHTHS - 1))).max(0);
                let mut fine = (fine / numbers) >> EIGHTHS;
                if channels * fine > shape >> EIGHTHS {
                    fine = shape >> is_stereo >> EIGHTHS;
                }
                let fine = fine.min(MOST_FINE);
                self.is_later[band] = fine * (numbers << EIGHTHS) >= shape + offset;
                self.fine[band] = fine;
                shape -= (channels * fine) << EIGHTHS;
            } else {
                self.is_later[band] = true;
            }
            if excess > 0 {
                let extra = (excess >> (is_stereo + EIGHTHS)).min(MOST_FINE - self.fine[band]);
                self.fine[band] += extra;
                let extra = (extra * channels) << EIGHTHS;
                self.is_later[band] = extra >= excess - balance;
                excess -= extra;
            }
            balance = excess;
            self.shape[band] = shape;
        }
        self.balance = balance;
        // Bands without a shape have a bit for the energy of each channel, or none.
        for (band, bits) in bits.iter().enumerate().take(wishes.end).skip(self.coded) {
            self.fine[band] = bits >> is_stereo >> EIGHTHS;
            self.is_later[band] = self.fine[band] < 1;
        }
    }
}

/// The bits of each band before the frame has said where it ends.
struct Shares {
    bits: [i32; BANDS],
    /// Below these a band has no shape.
    least: [i32; BANDS],
    sum: i32,
    /// The last band with a boost: all up to it have a shape.
    last_boosted: usize,
}

impl Shares {
    /// The best two neighbours of the fixed qualities, and what lies between them, that take no more than `total`.
    fn new(wishes: &Wishes, total: i32) -> Shares {
        let &Wishes { end, channels, scale, ref boosts, ref caps, trim } = wishes;
        let channels = channels as i32;
        let floor = channels << EIGHTHS;
        let wide = |band: usize| (EDGES[band + 1] - EDGES[band]) as i32;
        let least: [i32; BANDS] =
            std::array::from_fn(|band| floor.max(((3 * wide(band)) << (scale as i32 + EIGHTHS)) >> 4));
        let leaning: [i32; BANDS] = std::array::from_fn(|band| {
            let behind = end as i32 - band as i32 - 1;
            let by = (channels
                * wide(band)
                * (trim - 5 - scale as i32)
                * behind
                * (1 << (scale as i32 + EIGHTHS)))
                >> 6;
            by - if width(band, scale) == 1 { floor } else { 0 }
        });
        let at = |quality: usize, band: usize| {
            let bits = ((channels * wide(band) * QUALITIES[quality][band]) << scale) >> 2;
            if bits > 0 { (bits + leaning[band]).max(0) } else { bits }
        };
        let sum = |bits: &dyn Fn(usize) -> i32| {
            let (mut sum, mut has_shape) = (0, false);
            for band in (0..end).rev() {
                let bits = bits(band);
                has_shape |= bits >= least[band];
                if has_shape {
                    sum += bits.min(caps[band]);
                } else if bits >= floor {
                    sum += floor;
                }
            }
            sum
        };
        let (mut low, mut high) = (1, QUALITIES.len() - 1);
        while low <= high {
            let middle = low.midpoint(high);
            if sum(&|band| at(middle, band) + boosts[band]) > total {
                high = middle - 1;
            } else {
                low = middle + 1;
            }
        }
        let upper = low;
        let lower = low - 1;
        let mut last_boosted = 0;
        let (mut from, mut to) = ([0; BANDS], [0; BANDS]);
        for band in 0..end {
            from[band] = at(lower, band) + if lower > 0 { boosts[band] } else { 0 };
            let bits = match upper {
                upper if upper < QUALITIES.len() => at(upper, band),
                // Leaning moves the caps as well.
                _ if caps[band] > 0 => (caps[band] + leaning[band]).max(0),
                _ => caps[band],
            };
            to[band] = (bits + boosts[band] - from[band]).max(0);
            if boosts[band] > 0 {
                last_boosted = band;
            }
        }
        let between = |part: i32, band: usize| from[band] + ((part * to[band]) >> 6);
        let (mut low, mut high) = (0, 64);
        for _ in 0..6 {
            let middle = (low + high) >> 1;
            if sum(&|band| between(middle, band)) > total {
                high = middle;
            } else {
                low = middle;
            }
        }
        let mut shares = Shares { bits: [0; BANDS], least, sum: 0, last_boosted };
        let mut has_shape = false;
        for band in (0..end).rev() {
            let bits = between(low, band);
            has_shape |= bits >= least[band];
            let bits = match bits {
                bits if has_shape => bits,
                bits if bits >= floor => floor,
                _ => 0,
            };
            shares.bits[band] = bits.min(caps[band]);
            shares.sum += shares.bits[band];
        }
        shares
    }

    /// Reads where the bands with a shape end, and whether a mark says so: it is left out where no band may be dropped.
    fn coded(
        &mut self,
        range: &mut Range<'_>,
        wishes: &Wishes,
        total: i32,
        intensity: &mut i32,
    ) -> (usize, bool) {
        let floor = (wishes.channels as i32) << EIGHTHS;
        let mut coded = wishes.end;
        loop {
            let band = coded - 1;
            if band <= self.last_boosted {
                return (coded, false);
            }
            let left = total - self.sum;
            let lines = EDGES[coded] as i32;
            let each = left / lines;
            let rest = (left - lines * each - EDGES[band] as i32).max(0);
            let mut bits = self.bits[band] + each * (lines - EDGES[band] as i32) + rest;
            if bits >= self.least[band].max(floor + (1 << EIGHTHS)) {
                if range.bit(1) {
                    return (coded, true);
                }
                self.sum += 1 << EIGHTHS;
                bits -= 1 << EIGHTHS;
            }
            self.sum -= self.bits[band] + *intensity;
            if *intensity > 0 {
                *intensity = NUMBER_COSTS[band];
            }
            self.sum += *intensity;
            self.bits[band] = if bits >= floor { floor } else { 0 };
            self.sum += self.bits[band];
            coded -= 1;
        }
    }

    /// Gives all bands with a shape their part of what is left.
    fn spread(&mut self, coded: usize, left: i32) {
        let lines = EDGES[coded] as i32;
        let each = left / lines;
        let mut left = left - lines * each;
        for (band, bits) in self.bits.iter_mut().enumerate().take(coded) {
            *bits += each * (EDGES[band + 1] - EDGES[band]) as i32;
        }
        for (band, bits) in self.bits.iter_mut().enumerate().take(coded) {
            let more = left.min((EDGES[band + 1] - EDGES[band]) as i32);
            *bits += more;
            left -= more;
        }
    }
}
