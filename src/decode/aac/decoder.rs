//! Packets to samples.
use super::bands::{self, Bands};
use super::bits::{Bits, Packet};
use super::config::Config;
use super::layout::{Kind, Layout, MAX_CHANNELS};
use super::noise::Noise;
use super::side::Side;
use super::spectrum;
use super::stereo::{self, Mask};
use super::synthesis::{Overlap, Synthesis};
use super::windows::{LINES, SHORT_LINES, Windows};
use crate::decode::damage::{Damage, Result, ensure};

/// Decodes the packets of one track.
pub(crate) struct Decoder {
    rate: u32,
    bands: &'static Bands,
    layout: Option<Layout>,
    /// Whether frames say what channels there are.
    told: bool,
    /// Whether a packet had more than the core.
    upper: bool,
    step: usize,
    synthesis: Synthesis,
    noise: Noise,
    packet: Packet,
    channels: Vec<Box<Channel>>,
    mask: Mask,
    /// The samples of each channel.
    planes: Vec<Vec<f32>>,
}

/// A channel, from one frame to the next.
struct Channel {
    side: Side,
    lines: [f32; LINES],
    overlap: Overlap,
    /// How many lines of each window are right in this frame.
    known: usize,
}

impl Default for Channel {
    fn default() -> Channel {
        Channel { side: Side::default(), lines: [0.0; LINES], overlap: Overlap::default(), known: 0 }
    }
}

impl Decoder {
    /// Decodes every `step`th sample: 1, 2, 4 or 8. What lies above half of the rate that remains is left out.
    pub(crate) fn new(config: Config, step: usize) -> Decoder {
        Decoder {
            rate: config.rate,
            bands: bands::of_rate(config.rate),
            told: config.layout.is_none(),
            upper: false,
            layout: config.layout,
            step,
            synthesis: Synthesis::new(step),
            noise: Noise::default(),
            packet: Packet::default(),
            channels: Vec::new(),
            mask: Mask::default(),
            planes: Vec::new(),
        }
    }

    /// Whether the packets so far had an upper half of the spectrum, which is passed over.
    pub(crate) fn has_upper_half(&self) -> bool {
        self.upper
    }

    /// The rate of the samples.
    pub(crate) fn rate(&self) -> u32 {
        self.rate / self.step as u32
    }

    /// Decodes a packet. Returns the samples of each channel, in the order that WAV has. After a packet that cannot be
    /// decoded the next one goes on as if that one had not been there.
    pub(crate) fn decode(&mut self, packet: &[u8]) -> Result<&[Vec<f32>]> {
        let mut buffer = std::mem::take(&mut self.packet);
        buffer.fill(packet);
        let noise = self.noise;
        let result = self.frame(buffer.bits());
        self.packet = buffer;
        match result {
            Ok(slots) => {
                self.synthesise(&slots);
                Ok(&self.planes)
            }
            Err(damage) => {
                self.noise = noise;
                Err(damage)
            }
        }
    }

    /// Reads a frame. Returns which elements it had.
    fn frame(&mut self, mut bits: Bits) -> Result<[bool; MAX_CHANNELS]> {
        let mut used = [false; MAX_CHANNELS];
        loop {
            bits.check()?;
            // Some encoders leave out the end.
            if bits.left() < 3 {
                break;
            }
            match bits.take(3) {
                0 => self.element(Kind::Single, &mut bits, &mut used)?,
                1 => self.element(Kind::Pair, &mut bits, &mut used)?,
                2 => return Err(Damage("AAC: coupled channels, which are not supported")),
                3 => self.element(Kind::Low, &mut bits, &mut used)?,
                4 => pass_data(&mut bits),
                5 => self.program(&mut bits, &used)?,
                6 => self.upper |= pass_fill(&mut bits),
                _ => break,
            }
        }
        bits.check()?;
        ensure(used.contains(&true), "AAC: a packet without audio")?;
        Ok(used)
    }

    /// Takes a program configuration, which counts if nothing else says what channels there are.
    fn program(&mut self, bits: &mut Bits, used: &[bool]) -> Result<()> {
        let layout = Layout::read(bits)?;
        if self.told && self.layout.as_ref() != Some(&layout) {
            ensure(!used.contains(&true), "AAC: channels change within a packet")?;
            self.layout = Some(layout);
            self.channels.clear();
        }
        Ok(())
    }

    fn element(&mut self, kind: Kind, bits: &mut Bits, used: &mut [bool; MAX_CHANNELS]) -> Result<()> {
        let tag = bits.take(4);
        let layout = self.layout.as_ref().ok_or(Damage("AAC: nothing says what channels there are"))?;
        let index = layout.slot(kind, tag, used)?;
        used[index] = true;
        let [first, second] = layout.slots[index].channels;
        self.channels.resize_with(layout.channels, Box::default);
        let mut reader = Reader { bands: self.bands, synthesis: &self.synthesis, noise: &mut self.noise };
        if kind == Kind::Pair {
            let [one, two] = two_of(&mut self.channels, first, second);
            reader.pair(bits, one, two, &mut self.mask)
        } else {
            reader.single(bits, &mut self.channels[first])
        }
    }

    /// Makes samples of the lines of a frame. Channels whose element was missing are silent.
    fn synthesise(&mut self, used: &[bool; MAX_CHANNELS]) {
        let Some(layout) = &self.layout else { return };
        self.channels.resize_with(layout.channels, Box::default);
        self.planes.resize_with(layout.channels, Vec::new);
        for (slot, used) in layout.slots.iter().zip(used) {
            for (side, &channel) in slot.channels.iter().enumerate() {
                if side == 1 && slot.kind != Kind::Pair {
                    continue;
                }
                let Channel { side, lines, overlap, known } = &mut *self.channels[channel];
                if *used {
                    let window = if side.windows.is_short() { SHORT_LINES } else { LINES };
                    side.shaping.apply(lines, window, *known);
                } else {
                    lines.fill(0.0);
                }
                self.planes[channel].clear();
                self.synthesis.run(&side.windows, lines, overlap, &mut self.planes[channel]);
            }
        }
    }
}

/// Two different channels.
fn two_of(channels: &mut [Box<Channel>], first: usize, second: usize) -> [&mut Channel; 2] {
    match channels.get_disjoint_mut([first, second]) {
        Ok([one, two]) => [one, two],
        Err(_) => unreachable!("the channels of a pair have different places"),
    }
}

/// What reading a channel takes.
struct Reader<'a> {
    bands: &'static Bands,
    synthesis: &'a Synthesis,
    noise: &'a mut Noise,
}

impl Reader<'_> {
    fn single(&mut self, bits: &mut Bits, channel: &mut Channel) -> Result<()> {
        channel.side.read(bits, self.bands, None)?;
        channel.known = self.wanted(channel);
        self.lines(bits, channel)
    }

    fn pair(
        &mut self,
        bits: &mut Bits,
        first: &mut Channel,
        second: &mut Channel,
        mask: &mut Mask,
    ) -> Result<()> {
        if !bits.flag() {
            self.single(bits, first)?;
            return self.single(bits, second);
        }
        let windows = Windows::read(bits, self.bands)?;
        mask.read(bits, &windows)?;
        first.side.read(bits, self.bands, Some(windows))?;
        first.known = self.wanted(first);
        let (bits_of_lines, noise) = (*bits, *self.noise);
        self.lines(bits, first)?;
        second.side.read(bits, self.bands, Some(windows))?;
        let known = self.wanted(second);
        if known > first.known {
            // The second channel needs lines of the first that were left out.
            first.known = known;
            *self.noise = noise;
            self.lines(&mut bits_of_lines.clone(), first)?;
        }
        second.known = first.known;
        self.lines(bits, second)?;
        stereo::join(
            mask,
            self.bands,
            [&first.side, &second.side],
            &mut first.lines,
            &mut second.lines,
            first.known,
        );
        Ok(())
    }

    /// How many lines of each window have to be read.
    fn wanted(&self, channel: &Channel) -> usize {
        channel.side.shaping.needed(self.synthesis.lines_of(&channel.side.windows))
    }

    fn lines(&mut self, bits: &mut Bits, channel: &mut Channel) -> Result<()> {
        let Channel { side, lines, known, .. } = channel;
        spectrum::read(bits, side, self.bands, *known, self.noise, lines)
    }
}

/// Passes over a data stream element.
fn pass_data(bits: &mut Bits) {
    bits.skip(4);
    let aligned = bits.flag();
    let mut count = bits.take(8);
    if count == 255 {
        count += bits.take(8);
    }
    if aligned {
        bits.align();
    }
    bits.skip(8 * count);
}

/// Passes over a fill element. Returns whether it holds what HE-AAC adds to its core.
fn pass_fill(bits: &mut Bits) -> bool {
    let mut count = bits.take(4);
    if count == 15 {
        count += bits.take(8);
        count -= 1;
    }
    // The kinds of extension: SBR, and SBR with a checksum.
    let upper = count > 0 && matches!(bits.clone().take(4), 13 | 14);
    bits.skip(8 * count);
    upper
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_packets_neither_panic_nor_last() {
        let mut random = fastrand::Rng::with_seed(3);
        for configuration in [0, 1, 2, 6, 7] {
            let config = Config { rate: 44_100, layout: Layout::of_configuration(configuration) };
            let mut decoder = Decoder::new(config, if configuration == 6 { 4 } else { 1 });
            for element in [0x00, 0x20, 0x60, 0x80, 0xa0, 0xc0] {
                for _ in 0..200 {
                    let mut packet: Vec<u8> = (0..400).map(|_| random.u8(..)).collect();
                    packet[0] = element | packet[0] & 0x1f;
                    if let Ok(planes) = decoder.decode(&packet) {
                        assert!(
                            planes.len() <= MAX_CHANNELS && planes.iter().all(|plane| plane.len() <= LINES)
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn silence_of_six_channels_and_a_program_of_four() {
        // An element with no bands: a gain, a long window without bands, no pulses, no shaping, no gain control.
        let channel = "00000000 0 00 0 000000 0 0 0 0";
        let pair = format!("1 0 00 0 000000 0 00 00000000 0 0 0 {} 0 0 0", "00000000");
        let six = format!("000 0000 {channel} 001 0000 {pair} 001 0001 {pair} 011 0000 {channel} 111");
        let config = Config { rate: 44_100, layout: Layout::of_configuration(6) };
        let mut decoder = Decoder::new(config, 4);
        let planes = decoder.decode(&packed(&six)).expect("six channels");
        assert_eq!(planes.len(), 6);
        assert!(planes.iter().all(|plane| plane.len() == 256 && plane.iter().all(|&x| x == 0.0)));
        // Twice the same single channel; an element that was not announced; none at all.
        for bad in [format!("000 0000 {channel} 000 0001 {channel} 111"), "111".into(), String::new()] {
            assert!(decoder.decode(&packed(&bad)).is_err(), "{bad}");
        }
        // A pair in front and one behind; then the two pairs.
        let program = "101 0000 01 0100 0001 0000 0001 00 000 0000 0 0 0 1 0000 1 0001";
        let padding =
            "0".repeat(program.replace(' ', "").len().next_multiple_of(8) - program.replace(' ', "").len());
        let four = format!("{program} {padding} 00000000 001 0000 {pair} 001 0001 {pair} 111");
        let mut decoder = Decoder::new(Config { rate: 44_100, layout: None }, 1);
        assert_eq!(decoder.decode(&packed(&four)).expect("four channels").len(), 4);
    }

    /// Bytes of binary digits.
    fn packed(digits: &str) -> Vec<u8> {
        let digits: Vec<u8> = digits.bytes().filter(|&d| d != b' ').map(|d| d - b'0').collect();
        digits.chunks(8).map(|byte| (0..8).fold(0, |sum, i| sum << 1 | byte.get(i).unwrap_or(&0))).collect()
    }
}
