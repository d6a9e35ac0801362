//! The header of a frame, and what the frame says about its granules.
use super::bands::BandsOfRate;
use super::bits::Bits;
use super::block::{Block, LINES};

/// The first four bytes of a frame, as far as they matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// MPEG-1. Otherwise MPEG-2.
    pub first: bool,
    pub rate: u32,
    pub channels: usize,
    pub middle_and_side: bool,
    pub intensity: bool,
    /// The bytes before the side information.
    pub len: usize,
}

impl Header {
    /// Reads the header of a frame of layer 3.
    pub(super) fn of(frame: &[u8]) -> Option<Header> {
        let &[0xff, second, third, fourth] = frame.first_chunk()? else { return None };
        let rate = *[44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))?;
        let first = match second & 0xfe {
            0xfa => true,
            0xf2 => false,
            _ => return None,
        };
        let (mode, extension) = (fourth >> 6, fourth >> 4 & 3);
        Some(Header {
            first,
            rate: if first { rate } else { rate / 2 },
            channels: if mode == 3 { 1 } else { 2 },
            middle_and_side: mode == 1 && extension & 2 != 0,
            intensity: mode == 1 && extension & 1 != 0,
            len: if second & 1 == 0 { 6 } else { 4 },
        })
    }

    pub(super) fn granules(&self) -> usize {
        if self.first { 2 } else { 1 }
    }

    /// The bytes of the side information.
    pub(super) fn side_info(&self) -> usize {
        match (self.first, self.channels) {
            (true, 2) => 32,
            (true, _) | (false, 2) => 17,
            (false, _) => 9,
        }
    }
}

/// What a frame says about one channel of a granule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// The bits of its scale factors and lines.
    pub bits: usize,
    /// The number of pairs of lines; the lines after them are 0 or 1.
    pub pairs: usize,
    pub gain: i32,
    /// How the scale factors are stored.
    pub compress: usize,
    pub block: Block,
    /// The code of each region of pairs.
    pub tables: [usize; 3],
    /// Where the second and the third region begin.
    pub starts: [usize; 2],
    pub gain_of_window: [i32; 3],
    pub emphasis: bool,
    /// A step of a scale factor, as a power of 2 of the fourth root of 2.
    pub step: u32,
    pub quads: usize,
    pub scales: [u8; 40],
    /// The lines before the first one that is 0 with all that follow.
    pub lines: usize,
}

impl Default for Part {
    fn default() -> Self {
        Part {
            bits: 0,
            pairs: 0,
            gain: 0,
            compress: 0,
            block: Block::Long,
            tables: [0; 3],
            starts: [0; 2],
            gain_of_window: [0; 3],
            emphasis: false,
            step: 1,
            quads: 0,
            scales: [0; 40],
            lines: 0,
        }
    }
}

/// What a frame says about its granules.
#[derive(Default)]
pub(super) struct SideInfo {
    /// So many bytes before this frame's data belong to it.
    pub back: usize,
    /// Whether the second granule has the scale factors of the first, by channel and group of bands.
    pub same_scales: [[bool; 4]; 2],
    /// By granule and channel.
    pub parts: [[Part; 2]; 2],
}

impl SideInfo {
    pub(super) fn read(header: &Header, bands: &BandsOfRate, bytes: &[u8]) -> Result<SideInfo, &'static str> {
        let mut bits = Bits::new(bytes);
        let mut info = SideInfo::default();
        if header.first {
            info.back = bits.read(9) as usize;
            bits.read(if header.channels == 1 { 5 } else { 3 });
            for channel in &mut info.same_scales[..header.channels] {
                *channel = std::array::from_fn(|_| bits.flag());
            }
        } else {
            info.back = bits.read(8) as usize;
            bits.read(header.channels);
        }
        for granule in &mut info.parts[..header.granules()] {
            for part in &mut granule[..header.channels] {
                *part = Part::read(header, bands, &mut bits)?;
            }
        }
        Ok(info)
    }
}

impl Part {
    fn read(header: &Header, bands: &BandsOfRate, bits: &mut Bits) -> Result<Part, &'static str> {
        let mut part = Part {
            bits: bits.read(12) as usize,
            pairs: bits.read(9) as usize,
            gain: bits.read(8) as i32,
            compress: bits.read(if header.first { 4 } else { 9 }) as usize,
            ..Part::default()
        };
        if part.pairs > LINES / 2 {
            return Err("a granule has too many values");
        }
        if bits.flag() {
            part.block = match (bits.read(2), bits.flag()) {
                (1, _) => Block::Start,
                (2, false) => Block::Short,
                (2, true) => Block::Mixed,
                (3, _) => Block::End,
                _ => return Err("a granule has no kind of block"),
            };
            part.tables = [bits.read(5) as usize, bits.read(5) as usize, 0];
            part.gain_of_window = std::array::from_fn(|_| bits.read(3) as i32);
            let [of_short, of_long] = bands.second_region;
            part.starts = [if part.block.is_short() { of_short } else { of_long }, LINES];
        } else {
            part.tables = std::array::from_fn(|_| bits.read(5) as usize);
            let second = bits.read(4) as usize + 1;
            let third = second + bits.read(3) as usize + 1;
            part.starts = [second, third].map(|band| bands.start_of_long(band));
        }
        part.emphasis = header.first && bits.flag();
        part.step = 1 + u32::from(bits.flag());
        part.quads = usize::from(bits.flag());
        Ok(part)
    }
}
