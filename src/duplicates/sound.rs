//! A track's stored frames, unpacked piece by piece.
use std::ops::Range;

use crate::{
    align::Reference,
    error::Result,
    fingerprint::FrameCode,
    params::ParameterSet,
    store::{Store, TrackId},
    units::Frames,
};

/// A frame with less energy is silent.
pub(super) const SILENT: f32 = 0.1;

/// The stored frames of a track, packed as in the index.
pub struct Sound {
    params: ParameterSet,
    code: FrameCode,
    packed: Vec<u8>,
    levels: Vec<u8>,
    /// The frames from the first that is not silent to the last one.
    sounding: Range<i64>,
    /// Sums of the energies of frames: of the first n of them.
    energies: Vec<f64>,
}

impl Sound {
    /// Reads the frames of a track.
    ///
    /// # Errors
    /// Those of [`Store::frames`] and [`Store::levels`].
    pub fn read(store: &Store, track: TrackId) -> Result<Self> {
        let mut packed = Vec::new();
        store.frames(track, Frames(0)..Frames(u32::MAX), &mut packed)?;
        Ok(Self::new(store.params(), packed).with_levels(store.levels(track)?))
    }

    /// The same, with these levels.
    pub(super) fn with_levels(self, levels: Vec<u8>) -> Self {
        Self { levels, ..self }
    }

    /// From `packed` frames of `params`.
    pub fn new(params: &ParameterSet, packed: Vec<u8>) -> Self {
        let code = FrameCode::new(params);
        let mut frame = vec![0.0; params.frame_values()];
        let mut energies = vec![0.0];
        let (mut first, mut last, mut sum) = (None, 0, 0.0f64);
        for (n, bytes) in packed.chunks_exact(params.frame_bytes()).enumerate() {
            code.unpack(bytes, &mut frame);
            let energy: f32 = frame.iter().map(|v| v * v).sum();
            if energy >= SILENT {
                first.get_or_insert(n as i64);
                last = n as i64 + 1;
            }
            sum += f64::from(energy);
            energies.push(sum);
        }
        Self {
            params: *params,
            code,
            packed,
            levels: Vec::new(),
            sounding: first.unwrap_or(0)..last,
            energies,
        }
    }

    /// The levels: a byte for each of the [`Sound::octaves`], every 8 frames. None if they are not known.
    pub fn levels(&self) -> &[u8] {
        &self.levels
    }

    /// How many octaves there are.
    pub fn octaves(&self) -> usize {
        self.params.octaves
    }

    /// How many frames there are.
    pub fn count(&self) -> i64 {
        self.energies.len() as i64 - 1
    }

    /// Values of a frame.
    pub fn values(&self) -> usize {
        self.params.frame_values()
    }

    /// Seconds from one frame to the next.
    pub fn frame_seconds(&self) -> f64 {
        self.params.frame_seconds().0
    }

    /// The frames from the first that is not silent to the last one.
    pub fn sounding(&self) -> Range<i64> {
        self.sounding.clone()
    }

    /// Frames `range`, or as many of them as exist.
    pub fn frames(&self, range: Range<i64>) -> Reference {
        let (from, to) = (range.start.clamp(0, self.count()), range.end.clamp(0, self.count()));
        let bytes = self.params.frame_bytes();
        let packed = &self.packed[from as usize * bytes..to.max(from) as usize * bytes];
        let mut reference = Reference { first: from as i32, frames: vec![0.0; 2 * packed.len()] };
        self.code.unpack(packed, &mut reference.frames);
        reference
    }

    /// The mean energy of frames `range`; 0 if there are none.
    pub fn energy(&self, range: Range<i64>) -> f32 {
        let (from, to) = (range.start.clamp(0, self.count()), range.end.clamp(0, self.count()));
        let sum = self.energies[to as usize] - self.energies[from as usize];
        (sum / (to - from).max(1) as f64) as f32
    }
}
