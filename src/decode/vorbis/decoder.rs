//! Packets to samples (4.3).
//!
//! A block has twice as many samples as lines. The second half of one overlaps with the first half of the next.
use super::bits::{Bits, Packet};
use super::channels;
use super::floor::Points;
use super::mapping::Submap;
use super::residue::Target;
use super::setup::Setup;
use super::slopes::Slope;
use crate::decode::damage::{Damage, Result, ensure};
use crate::decode::mdct::Imdct;

/// Decodes the packets of one track.
pub(crate) struct Decoder {
    setup: Setup,
    synthesis: Synthesis,
    packet: Packet,
    channels: Vec<Channel>,
    /// The kind of the block before, if there was one.
    before: Option<usize>,
    scratch: Scratch,
    /// The samples of each channel.
    planes: Vec<Vec<f32>>,
}

/// A channel, from one packet to the next.
#[derive(Default)]
struct Channel {
    points: Points,
    /// Whether it has a floor in this packet. Without one it is silent.
    audible: bool,
    /// Whether it has a residue: if it is audible, or coupled with one that has.
    coded: bool,
    /// As many as a long block has.
    lines: Vec<f32>,
    /// The second half of the block before, without its window.
    overlap: Vec<f32>,
}

/// What reading residues takes.
#[derive(Default)]
struct Scratch {
    vectors: Vec<Vec<f32>>,
    interleaved: Vec<Vec<f32>>,
    classes: Vec<u8>,
}

/// The transforms and slopes of short and long blocks.
struct Synthesis {
    step: usize,
    imdcts: [Imdct; 2],
    slopes: [Slope; 2],
}

impl Synthesis {
    fn new(lines: [usize; 2], step: usize) -> Synthesis {
        Synthesis {
            step,
            imdcts: lines.map(|lines| Imdct::new(lines / step, step)),
            slopes: lines.map(|lines| Slope::new(lines, step)),
        }
    }
}

impl Decoder {
    /// For a track of this description, at its full rate.
    pub(crate) fn new(description: &[u8]) -> Result<Decoder> {
        let setup = Setup::read(description)?;
        let mut scratch = Scratch::default();
        scratch.interleaved.resize_with(1, Vec::new);
        let mut channels = Vec::new();
        channels.resize_with(setup.channels, Channel::default);
        channels.iter_mut().for_each(|channel| channel.lines.resize(setup.lines[1], 0.0));
        Ok(Decoder {
            synthesis: Synthesis::new(setup.lines, 1),
            packet: Packet::default(),
            channels,
            before: None,
            scratch,
            planes: vec![Vec::new(); setup.channels],
            setup,
        })
    }

    /// From now on decodes every `step`th sample: 1, 2, 4 or 8. What lies above half of the rate that remains is left out.
    pub(crate) fn reduce(&mut self, step: usize) {
        self.synthesis = Synthesis::new(self.setup.lines, step);
        self.before = None;
    }

    /// The rate of the track.
    pub(crate) fn original(&self) -> u32 {
        self.setup.rate
    }

    /// How many samples of the track become one.
    pub(crate) fn step(&self) -> usize {
        self.synthesis.step
    }

    /// Decodes a packet. Returns the samples of each channel, in the order that WAV has, from the middle of the block before
    /// to the middle of this one: none for the first. After a packet that cannot be decoded the next one goes on as if that
    /// one had not been there.
    pub(crate) fn decode(&mut self, packet: &[u8]) -> Result<&[Vec<f32>]> {
        let mut buffer = std::mem::take(&mut self.packet);
        buffer.fill(packet);
        let result = self.block(&mut buffer.bits());
        self.packet = buffer;
        let kind = result?;
        self.synthesise(kind);
        Ok(&self.planes)
    }

    /// Reads the spectra of a block. Returns its kind: 0 is short, 1 long.
    fn block(&mut self, bits: &mut Bits) -> Result<usize> {
        ensure(!bits.flag(), "Vorbis: a header between packets of audio")?;
        let width = super::numbers::bits_of(self.setup.modes.len() as u32 - 1);
        let mode = self.setup.modes.get(bits.size(width)).ok_or(Damage("Vorbis: an unknown mode"))?;
        let kind = usize::from(mode.long);
        if mode.long {
            // The kinds of the blocks around it, which show by themselves.
            bits.take(2);
        }
        bits.check()?;
        let mapping = &self.setup.mappings[mode.mapping];
        let wanted = self.synthesis.imdcts[kind].lines;
        for (channel, &floor) in self.channels.iter_mut().zip(&mapping.floors) {
            let floor = &self.setup.floors[floor];
            channel.audible = floor.read_points(bits, &self.setup.books, &mut channel.points);
            channel.coded = channel.audible;
        }
        for &[magnitude, angle] in &mapping.couplings {
            let either = self.channels[magnitude].coded || self.channels[angle].coded;
            self.channels[magnitude].coded = either;
            self.channels[angle].coded = either;
        }
        let last = mapping.submaps.len() - 1;
        for (i, submap) in mapping.submaps.iter().enumerate() {
            let mut reader = Reader {
                setup: &self.setup,
                lines: self.setup.lines[kind],
                wanted,
                last: i == last,
                channels: &mut self.channels,
                scratch: &mut self.scratch,
            };
            reader.residue(bits, submap);
        }
        for &[magnitude, angle] in mapping.couplings.iter().rev() {
            if let Ok([magnitude, angle]) = self.channels.get_disjoint_mut([magnitude, angle]) {
                uncouple(&mut magnitude.lines[..wanted], &mut angle.lines[..wanted]);
            }
        }
        for (channel, &floor) in self.channels.iter_mut().zip(&mapping.floors) {
            if channel.audible {
                self.setup.floors[floor].apply(&channel.points, &mut channel.lines[..wanted]);
            }
        }
        Ok(kind)
    }

    /// Makes samples of the spectra of a block.
    fn synthesise(&mut self, kind: usize) {
        let imdct = &mut self.synthesis.imdcts[kind];
        let count = self.channels.len();
        for (number, channel) in self.channels.iter_mut().enumerate() {
            let plane = &mut self.planes[channels::place(count, number)];
            plane.clear();
            let lines = imdct.lines;
            let (first, second) = match channel.audible {
                true => imdct.values(&channel.lines[..lines]).split_at(lines),
                false => imdct.silence().split_at(lines),
            };
            if let Some(before) = self.before {
                let slope = &self.synthesis.slopes[before.min(kind)];
                join(&channel.overlap, first, slope, plane);
            }
            channel.overlap.clear();
            channel.overlap.extend_from_slice(second);
        }
        self.before = Some(kind);
    }
}

/// What reading the residue of a submap takes.
struct Reader<'a> {
    setup: &'a Setup,
    lines: usize,
    wanted: usize,
    last: bool,
    channels: &'a mut [Channel],
    scratch: &'a mut Scratch,
}

impl Reader<'_> {
    /// Fills the lines of the channels of a submap.
    fn residue(&mut self, bits: &mut Bits, Submap { residue, channels }: &Submap) {
        let residue = &self.setup.residues[*residue];
        let Scratch { vectors, interleaved, classes } = &mut *self.scratch;
        if residue.is_interleaved() {
            if !channels.iter().any(|&channel| self.channels[channel].coded) {
                channels.iter().for_each(|&channel| self.channels[channel].lines[..self.wanted].fill(0.0));
                return;
            }
            let (len, wanted) = (self.lines * channels.len(), self.wanted * channels.len());
            let values = &mut interleaved[0];
            values.resize(len.max(values.len()), 0.0);
            values[..residue.reach(wanted, len)].fill(0.0);
            let mut target = Target { vectors: interleaved, len, wanted, last: self.last };
            residue.fill(bits, &self.setup.books, &mut target, classes);
            for (place, &channel) in channels.iter().enumerate() {
                let values = interleaved[0][place..wanted].iter().step_by(channels.len());
                let lines = &mut self.channels[channel].lines[..self.wanted];
                lines.iter_mut().zip(values).for_each(|(line, &value)| *line = value);
            }
        } else {
            let reach = residue.reach(self.wanted, self.lines);
            vectors.clear();
            for &channel in channels {
                let Channel { coded, lines, .. } = &mut self.channels[channel];
                lines[..reach].fill(0.0);
                if *coded {
                    vectors.push(std::mem::take(lines));
                }
            }
            let mut target = Target { vectors, len: self.lines, wanted: self.wanted, last: self.last };
            residue.fill(bits, &self.setup.books, &mut target, classes);
            for &channel in channels.iter().rev() {
                let Channel { coded, lines, .. } = &mut self.channels[channel];
                if *coded {
                    *lines = vectors.pop().unwrap_or_default();
                }
            }
        }
    }
}

/// From magnitude and angle to two channels.
fn uncouple(magnitude: &mut [f32], angle: &mut [f32]) {
    for (m, a) in magnitude.iter_mut().zip(angle) {
        let turned = if *m > 0.0 { *a } else { -*a };
        (*m, *a) = if *a > 0.0 { (*m, *m - turned) } else { (*m + turned, *m) };
    }
}

/// Appends the samples from the middle of one block to the middle of the next. The slope has the length of the shorter half.
fn join(before: &[f32], now: &[f32], slope: &Slope, samples: &mut Vec<f32>) {
    let len = slope.rising.len();
    let flat_before = (before.len() - len) / 2;
    let flat_now = (now.len() - len) / 2;
    samples.extend_from_slice(&before[..flat_before]);
    let pairs = before[flat_before..flat_before + len].iter().zip(&now[flat_now..]);
    let weights = slope.falling.iter().zip(&slope.rising);
    samples.extend(pairs.zip(weights).map(|((old, new), (down, up))| old * down + new * up));
    samples.extend_from_slice(&now[flat_now + len..]);
}

#[cfg(test)]
mod tests;
