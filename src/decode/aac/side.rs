//! What precedes the spectrum of a channel: its windows, the codebook and the scale of each band, pulses.
use std::ops::{Index, IndexMut};
use std::sync::LazyLock;

use super::bands::Bands;
use super::bits::Bits;
use super::huffman::SCALES;
use super::shaping::Shaping;
use super::windows::{LINES, MAX_GROUPS, SHORT_LINES, Windows};
use crate::decode::damage::{Damage, Result, ensure};

/// The most bands that a window can have.
const MAX_BANDS: usize = 51;

/// How a band is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Coding {
    #[default]
    Zero,
    /// Codewords of this book, from 0 on.
    Book(u8),
    /// Noise of a given energy.
    Noise,
    /// The other channel's band times the scale, in phase or not.
    Intensity { opposite: bool },
}

/// Something of each band of each group.
pub(super) struct Table<T>([[T; MAX_BANDS]; MAX_GROUPS]);

impl<T: Copy + Default> Default for Table<T> {
    fn default() -> Table<T> {
        Table([[T::default(); MAX_BANDS]; MAX_GROUPS])
    }
}

impl<T> Index<usize> for Table<T> {
    type Output = [T; MAX_BANDS];

    fn index(&self, group: usize) -> &[T; MAX_BANDS] {
        &self.0[group]
    }
}

impl<T> IndexMut<usize> for Table<T> {
    fn index_mut(&mut self, group: usize) -> &mut [T; MAX_BANDS] {
        &mut self.0[group]
    }
}

/// What precedes the spectrum.
#[derive(Default)]
pub(super) struct Side {
    pub windows: Windows,
    pub codings: Table<Coding>,
    /// Factors of the dequantised lines; the amplitude of noise; factors of the other channel.
    pub scales: Table<f32>,
    pub pulses: Pulses,
    pub shaping: Shaping,
}

impl Side {
    /// Reads all of it; `shared` has the windows, if two channels share theirs.
    pub fn read(&mut self, bits: &mut Bits, bands: &Bands, shared: Option<Windows>) -> Result<()> {
        let gain = bits.take(8);
        self.windows = match shared {
            Some(windows) => windows,
            None => Windows::read(bits, bands)?,
        };
        self.read_sections(bits)?;
        self.read_scales(bits, gain as i32)?;
        self.pulses.count = 0;
        if bits.flag() {
            ensure(!self.windows.is_short(), "AAC: pulses in a short window")?;
            self.pulses = Pulses::read(bits, bands.long)?;
        }
        self.shaping.clear();
        if bits.flag() {
            self.shaping.read(bits, &self.windows, bands)?;
        }
        ensure(!bits.flag(), "AAC: gain control, which is no part of AAC-LC")?;
        bits.check()
    }

    fn read_sections(&mut self, bits: &mut Bits) -> Result<()> {
        let size = if self.windows.is_short() { 3 } else { 5 };
        let more = (1 << size) - 1;
        for (group, _) in self.windows.groups() {
            let codings = &mut self.codings[group];
            let mut at = 0;
            while at < self.windows.bands {
                bits.check()?;
                let coding = match bits.take(4) {
                    0 => Coding::Zero,
                    12 => return Err(Damage("AAC: a reserved codebook")),
                    13 => Coding::Noise,
                    14 => Coding::Intensity { opposite: true },
                    15 => Coding::Intensity { opposite: false },
                    book => Coding::Book(book as u8 - 1),
                };
                let mut length = 0;
                loop {
                    let part = bits.size(size);
                    length += part;
                    if part != more || length > self.windows.bands {
                        break;
                    }
                }
                ensure(at + length <= self.windows.bands, "AAC: a section is too long")?;
                codings[at..at + length].fill(coding);
                at += length;
            }
        }
        Ok(())
    }

    fn read_scales(&mut self, bits: &mut Bits, gain: i32) -> Result<()> {
        let prefixes = &*SCALES;
        let exponents = &*EXPONENTS;
        // The transform divides by the number of its lines.
        let unit = if self.windows.is_short() { (LINES / SHORT_LINES) as f32 } else { 1.0 };
        let (mut scale, mut noise, mut position) = (gain, gain - 90, 0i32);
        let mut first_noise = true;
        for (group, _) in self.windows.groups() {
            for band in 0..self.windows.bands {
                let next = |bits: &mut Bits| prefixes.read(bits) as i32 - 60;
                self.scales[group][band] = match self.codings[group][band] {
                    Coding::Zero => 0.0,
                    Coding::Book(_) => {
                        scale += next(bits);
                        ensure((0..256).contains(&scale), "AAC: a scale factor is out of range")?;
                        unit * exponents[scale as usize]
                    }
                    Coding::Noise => {
                        noise += if first_noise { bits.take(9) as i32 - 256 } else { next(bits) };
                        first_noise = false;
                        ensure((-100..156).contains(&noise), "AAC: the energy of noise is out of range")?;
                        unit * exponents[(noise + 100) as usize]
                    }
                    Coding::Intensity { opposite } => {
                        position += next(bits);
                        ensure((-155..=100).contains(&position), "AAC: an intensity is out of range")?;
                        let factor = (-0.25 * position as f32).exp2();
                        if opposite { -factor } else { factor }
                    }
                };
            }
            bits.check()?;
        }
        Ok(())
    }
}

/// By the scale factor: the factor of dequantised lines. 100 stands for 1 of 32,768, and for that divided by 1,024
/// in a long window.
static EXPONENTS: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|i| (0.25 * (i as f64 - 100.0)).exp2() as f32 / (32_768.0 * LINES as f32))
});

/// Single lines of a long window that are raised above their codewords.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pulses {
    count: usize,
    /// Line and what to add to its magnitude.
    places: [(usize, u32); 4],
}

impl Pulses {
    fn read(bits: &mut Bits, offsets: &[u16]) -> Result<Pulses> {
        let mut pulses = Pulses { count: 1 + bits.size(2), places: [(0, 0); 4] };
        let band = bits.size(6);
        let first = offsets.get(band).copied().ok_or(Damage("AAC: a pulse is out of range"))?;
        let mut line = usize::from(first);
        for place in &mut pulses.places[..pulses.count] {
            line += bits.size(5);
            ensure(line < LINES, "AAC: a pulse is out of range")?;
            *place = (line, bits.take(4));
        }
        Ok(pulses)
    }

    pub fn places(&self) -> &[(usize, u32)] {
        &self.places[..self.count]
    }
}
