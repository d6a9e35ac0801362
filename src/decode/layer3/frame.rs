//! Decodes frame after frame with `B` of the 32 subbands.
use super::bands::BandsOfRate;
use super::bits::Bits;
use super::block::LINES;
use super::huffman::{self, TABLES};
use super::hybrid::{self, SLOTS, Slot};
use super::polyphase::Polyphase;
use super::reservoir::Reservoir;
use super::scales;
use super::side_info::{Header, SideInfo};
use super::stereo;

/// The rates that are known, as the tables of bands have them. Those from the fourth on are MPEG-2.
const RATES: [u32; 5] = [44_100, 48_000, 32_000, 22_050, 24_000];

/// What goes on from one frame to the next.
pub(super) struct Frames<const B: usize> {
    rate: usize,
    bands: BandsOfRate,
    reservoir: Reservoir,
    channels: [Channel<B>; 2],
    /// By granule and channel.
    lines: Box<[[[f32; LINES]; 2]; 2]>,
}

struct Channel<const B: usize> {
    overlap: [Slot<B>; SLOTS],
    polyphase: Polyphase<B>,
}

impl<const B: usize> Frames<B> {
    /// For frames of the rate with this index.
    pub(super) fn new(rate: usize) -> Self {
        Frames {
            rate,
            bands: BandsOfRate::new(rate, B),
            reservoir: Reservoir::default(),
            channels: [(); 2].map(|()| Channel { overlap: [[0.0; B]; SLOTS], polyphase: Polyphase::new() }),
            lines: Box::new([[[0.0; LINES]; 2]; 2]),
        }
    }

    /// The samples of a frame at the full rate.
    pub(super) fn samples(&self) -> usize {
        if self.rate < 3 { 2 * LINES } else { LINES }
    }

    /// Appends the audio of a frame to the channels. The samples that are computed begin with number `phase`; as before if
    /// there is none.
    pub(super) fn decode(
        &mut self,
        frame: &[u8],
        channels: usize,
        phase: Option<usize>,
        audio: &mut [Vec<f32>; 2],
    ) -> Result<(), &'static str> {
        let header = Header::of(frame).ok_or("no frame of layer 3")?;
        if header.rate != RATES[self.rate] || header.channels != channels {
            return Err("a frame of another kind");
        }
        let data_begin = header.len + header.side_info();
        let info = match frame.get(header.len..data_begin) {
            Some(side_info) => SideInfo::read(&header, &self.bands, side_info),
            None => Err("a frame is too short"),
        };
        let info = info.and_then(|mut info| {
            let missing = self.reservoir.add(&frame[data_begin..], info.back);
            self.lines(&header, &mut info, 8 * missing).map(|()| info)
        });
        // What follows would be taken for the wrong data.
        let info = info.inspect_err(|_| self.reservoir.clear())?;
        for (parts, lines) in info.parts.iter().zip(self.lines.iter_mut()).take(header.granules()) {
            if channels == 2 {
                // The blocks of both channels are of one kind where they have lines in common.
                if header.intensity && parts[0].block.is_short() != parts[1].block.is_short() {
                    return Err("the blocks of common lines differ");
                }
                let needed = parts.iter().map(|part| self.bands.of(part.block).needed).max();
                stereo::split(&header, self.bands.of(parts[1].block), parts, needed.unwrap_or(0), lines);
            }
            for (((part, lines), channel), audio) in
                parts.iter().zip(lines).zip(&mut self.channels).zip(&mut *audio).take(channels)
            {
                let Channel { overlap, polyphase } = channel;
                if let Some(phase) = phase {
                    polyphase.set_phase(phase);
                }
                hybrid::samples(part.block, self.bands.of(part.block), lines, overlap, polyphase.granule());
                let start = audio.len();
                audio.resize(start + SLOTS * B, 0.0);
                polyphase.make(audio[start..].as_chunks_mut::<B>().0);
            }
        }
        Ok(())
    }

    /// Reads the lines of all granules, of which the first `missing` bits are not there.
    fn lines(&mut self, header: &Header, info: &mut SideInfo, missing: usize) -> Result<(), &'static str> {
        let tables = &*TABLES;
        let (data, len) = self.reservoir.data();
        let mut bits = Bits::new(data);
        // Where the next granule begins, and how much of what is missing lies before it.
        let (mut begin, mut skipped) = (0, 0);
        for granule in 0..header.granules() {
            let parts = info.parts[granule][..header.channels].iter();
            if skipped < missing {
                skipped += parts.map(|part| part.bits).sum::<usize>();
                begin = skipped.saturating_sub(missing);
                for lines in &mut self.lines[granule] {
                    lines.fill(0.0);
                }
                continue;
            }
            for channel in 0..header.channels {
                let [first, second] = &mut info.parts;
                let (part, before) = match granule {
                    0 => (&mut first[channel], None),
                    _ => (&mut second[channel], Some((&first[channel], &info.same_scales[channel]))),
                };
                let end = begin + part.bits;
                bits.at = begin;
                if header.first {
                    scales::read_first(&mut bits, part, before);
                } else {
                    scales::read_second(&mut bits, part, channel == 1 && header.intensity);
                }
                if bits.at > end || end > 8 * len {
                    return Err("a granule has too few bits");
                }
                let bands = self.bands.of(part.block);
                // The position of a common line depends on whether anything is above it in the other channel.
                let needed = if header.intensity { LINES } else { bands.needed };
                let lines = &mut self.lines[granule][channel];
                part.lines = huffman::lines(tables, &mut bits, end, part, needed, lines);
                scales::apply(part, bands, lines);
                begin = end;
            }
        }
        Ok(())
    }
}
