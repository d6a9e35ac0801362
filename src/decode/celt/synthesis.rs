//! From the lines of a frame to samples (RFC 6716, sections 4.3.6 and 4.3.7).
use std::f64::consts::FRAC_PI_2;

use super::bands::Lines;
use super::comb::{self, REACH};
use super::energy::Energies;
use super::side::Tone;
use super::tables::{EDGES, LONGEST, MEAN_ENERGIES, SHORT, width};
use crate::decode::mdct::Imdct;

/// There is room for so many of the longest frames. When it is full, what is still needed moves to the front.
const FRAMES: usize = 8;

/// The encoder takes so much of each sample off the next one.
const EMPHASIS: f32 = 0.850_006_1;

/// The samples of one channel.
struct Channel {
    /// What the filter looks back at, frames, and the slope that the next frame is added to.
    samples: Vec<f32>,
    /// The last sample that went out.
    last: f32,
}

/// Makes samples.
pub(super) struct Synthesis {
    channels: Vec<Channel>,
    /// Where in `samples` the next frame begins.
    at: usize,
    /// The transforms of 120, 240, 480 and 960 lines.
    transforms: [Imdct; LONGEST + 1],
    /// The rising slope of every window.
    slope: [f32; SHORT],
    block: Vec<f32>,
    /// The filters between which the next frame begins to fade: from the first to the second, for 2.5 ms.
    tones: [Tone; 2],
}

impl Synthesis {
    pub fn new(channels: usize) -> Synthesis {
        let channel =
            |_| Channel { samples: vec![0.0; REACH + FRAMES * (SHORT << LONGEST) + SHORT], last: 0.0 };
        Synthesis {
            channels: (0..channels).map(channel).collect(),
            at: REACH,
            transforms: std::array::from_fn(|scale| Imdct::new(SHORT << scale, 1)),
            slope: slope(),
            block: Vec::new(),
            tones: [Tone::NONE; 2],
        }
    }

    /// Adds the frame of one channel, whose `lines` are of `1 << scale` short blocks or of a long one.
    pub fn add(&mut self, channel: usize, lines: &[f32], scale: usize, has_short_blocks: bool) {
        let samples = &mut self.channels[channel].samples;
        let (blocks, scale) = if has_short_blocks { (1 << scale, 0) } else { (1, scale) };
        let size = SHORT << scale;
        for block in 0..blocks {
            let values = if blocks == 1 {
                self.transforms[scale].values(lines)
            } else {
                self.block.clear();
                self.block.extend(lines.iter().skip(block).step_by(blocks));
                self.transforms[scale].values(&self.block)
            };
            // The window is 0, rises, is 1, falls, and is 0 again.
            let values = &values[(size - SHORT) / 2..][..size + SHORT];
            let to = &mut samples[self.at + block * size..][..size + SHORT];
            let (rising, rest) = to.split_at_mut(SHORT);
            for ((to, value), slope) in rising.iter_mut().zip(values).zip(&self.slope) {
                *to += slope * value;
            }
            let (flat, falling) = rest.split_at_mut(size - SHORT);
            flat.copy_from_slice(&values[SHORT..size]);
            for ((to, value), slope) in falling.iter_mut().zip(&values[size..]).zip(self.slope.iter().rev()) {
                *to = slope * value;
            }
        }
    }

    /// Ends a frame of all channels: filters it, and writes it to `out`, frame by frame of all channels.
    pub fn finish(&mut self, tone: Tone, scale: usize, loudness: f32, out: &mut [f32]) {
        let size = SHORT << scale;
        let (begin, end) = (self.at, self.at + size);
        let width = self.channels.len();
        for (side, channel) in self.channels.iter_mut().enumerate() {
            let samples = &mut channel.samples;
            let [last, before] = self.tones;
            comb::filter(samples, (begin, begin + SHORT), [before, last], &self.slope);
            if scale > 0 {
                comb::filter(samples, (begin + SHORT, end), [last, tone], &self.slope);
            }
            channel.last =
                spread_again(&samples[begin..end], channel.last, |i, x| out[i * width + side] = loudness * x);
        }
        self.tones = if scale > 0 { [tone; 2] } else { [tone, self.tones[0]] };
        self.at = end;
        if self.at + (SHORT << LONGEST) + SHORT > REACH + FRAMES * (SHORT << LONGEST) + SHORT {
            for channel in &mut self.channels {
                channel.samples.copy_within(self.at - REACH..self.at + SHORT, 0);
            }
            self.at = REACH;
        }
    }
}

/// Undoes the encoder's emphasis of high frequencies: each sample gets part of the one before, which was `last`. Returns the
/// last one.
fn spread_again(samples: &[f32], mut last: f32, mut put: impl FnMut(usize, f32)) -> f32 {
    const POWERS: [f32; 4] = [
        EMPHASIS,
        EMPHASIS * EMPHASIS,
        EMPHASIS * EMPHASIS * EMPHASIS,
        EMPHASIS * EMPHASIS * EMPHASIS * EMPHASIS,
    ];
    // Four at a time, so that only every fourth sum waits for the one before. All frames are multiples of four.
    for (i, four) in samples.as_chunks::<4>().0.iter().enumerate() {
        let mut sums = *four;
        for k in 1..4 {
            sums[k] += EMPHASIS * sums[k - 1];
        }
        let sums: [f32; 4] = std::array::from_fn(|k| sums[k] + POWERS[k] * last);
        last = sums[3];
        for (k, sum) in sums.into_iter().enumerate() {
            put(4 * i + k, sum);
        }
    }
    last
}

/// Gives the shapes of bands below `heard` their energy. What is above is silent.
pub(super) fn scale_lines(
    lines: &mut Lines,
    energies: &Energies,
    (heard, channels, scale): (usize, usize, usize),
) {
    for (lines, energies) in lines.iter_mut().zip(energies).take(channels) {
        for band in 0..heard {
            let at = EDGES[band] << scale;
            let gain = (energies[band] + MEAN_ENERGIES[band]).min(32.0).exp2();
            lines[at..at + width(band, scale)].iter_mut().for_each(|x| *x *= gain);
        }
        lines[EDGES[heard] << scale..SHORT << scale].fill(0.0);
    }
}

/// A slope whose square and that of its mirror image add up to 1.
fn slope() -> [f32; SHORT] {
    std::array::from_fn(|i| {
        let sine = (FRAC_PI_2 * (i as f64 + 0.5) / SHORT as f64).sin();
        (FRAC_PI_2 * sine * sine).sin() as f32
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emphasis_is_undone_as_one_by_one() {
        let mut random = fastrand::Rng::with_seed(5);
        let samples: Vec<f32> = (0..120).map(|_| random.f32() - 0.5).collect();
        let (mut fast, mut last) = (vec![0.0; 120], 0.25);
        let end = spread_again(&samples, last, |i, x| fast[i] = x);
        for (x, fast) in samples.iter().zip(&fast) {
            last = x + EMPHASIS * last;
            assert!((last - fast).abs() < 1e-6);
        }
        assert_eq!(end, fast[119]);
    }
}
