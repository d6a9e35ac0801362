//! The windows of a frame, in groups that share their codings (ISO/IEC 14496-3, 4.4.2.1 and 4.5.2.3.4).
use super::bands::Bands;
use super::bits::Bits;
use crate::decode::damage::{Result, ensure};

/// The lines of a long window.
pub(super) const LINES: usize = 1024;
/// The lines of a short window.
pub(super) const SHORT_LINES: usize = 128;

/// The most groups of windows.
pub(super) const MAX_GROUPS: usize = 8;

/// How the windows of a frame follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Sequence {
    #[default]
    Long,
    Start,
    Short,
    Stop,
}

/// The windows of a frame.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Windows {
    pub sequence: Sequence,
    /// Kaiser-Bessel-derived slopes instead of sines.
    pub kaiser: bool,
    /// The bands that have a codebook.
    pub bands: usize,
    /// How many windows share their codebooks and scales, group by group.
    pub lengths: [usize; MAX_GROUPS],
    pub groups: usize,
}

impl Windows {
    pub fn read(bits: &mut Bits, bands: &Bands) -> Result<Windows> {
        let _reserved = bits.flag();
        let sequence = [Sequence::Long, Sequence::Start, Sequence::Short, Sequence::Stop][bits.size(2)];
        let kaiser = bits.flag();
        let mut windows = Windows { sequence, kaiser, bands: 0, lengths: [0; MAX_GROUPS], groups: 1 };
        windows.lengths[0] = 1;
        if windows.is_short() {
            windows.bands = bits.size(4);
            for _ in 1..8 {
                if !bits.flag() {
                    windows.groups += 1;
                }
                windows.lengths[windows.groups - 1] += 1;
            }
        } else {
            windows.bands = bits.size(6);
            ensure(!bits.flag(), "AAC: prediction, which is no part of AAC-LC")?;
        }
        ensure(windows.bands < windows.offsets(bands).len(), "AAC: too many bands")?;
        Ok(windows)
    }

    pub fn is_short(&self) -> bool {
        self.sequence == Sequence::Short
    }

    /// Where the bands of one window begin.
    pub fn offsets<'a>(&self, bands: &'a Bands) -> &'a [u16] {
        if self.is_short() { bands.short } else { bands.long }
    }

    /// The groups, each with its first window and the one after its last.
    pub fn groups(&self) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> + use<> {
        let (lengths, groups) = (self.lengths, self.groups);
        let mut next = 0;
        (0..groups).map(move |group| {
            let first = next;
            next += lengths[group];
            (group, first..next)
        })
    }

    /// How many windows there are.
    pub fn count(&self) -> usize {
        if self.is_short() { 8 } else { 1 }
    }
}
