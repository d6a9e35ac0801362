//! What an index keeps of a recording: packed chroma frames, and vectors of windows of them.
mod frame_code;
mod projection;

pub use frame_code::{LEVELS, pack, unpack};
pub use projection::{Projection, cosine};

use crate::params::Params;

/// The fingerprint of one recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Chroma frames every [`Params::hop`] samples, each [`Params::frame_bytes`] bytes ([`pack`]).
    pub frames: Vec<u8>,
    /// The first frame of each window, ascending. Silent or steady stretches have no window.
    pub positions: Vec<u32>,
    /// The windows' vectors, [`Params::window_dims`] values each: unit vectors in eight bits, so that the
    /// dot product of two ranks like their cosine ([`cosine`]).
    pub windows: Vec<i8>,
}

/// Collects chroma frames into a [`Fingerprint`], in memory that grows only by what is kept.
pub struct Fingerprinter {
    params: Params,
    projection: Projection,
    fingerprint: Fingerprint,
    /// The frames of the next window, as they will be read back, and their energies.
    recent: Vec<f32>,
    frame_count: usize,
}

impl Fingerprinter {
    /// For frames of `params`.
    pub fn new(params: &Params) -> Self {
        Self {
            params: *params,
            projection: Projection::new(params),
            fingerprint: Fingerprint::default(),
            recent: Vec::with_capacity(params.window_values()),
            frame_count: 0,
        }
    }

    /// Takes the next chroma frame ([`Params::frame_values`] values).
    pub fn push(&mut self, frame: &[f32]) {
        pack(frame, &mut self.fingerprint.frames);
        self.packed();
    }

    /// Takes the next frame as it is kept ([`Params::frame_bytes`] bytes).
    pub fn push_packed(&mut self, frame: &[u8]) {
        self.fingerprint.frames.extend_from_slice(frame);
        self.packed();
    }

    /// Goes on with the frame that was packed last.
    fn packed(&mut self) {
        let values = self.params.frame_values();
        self.frame_count += 1;
        // Windows are made of the frames as stored, so that they can be made again from the index alone.
        let packed = &self.fingerprint.frames[self.fingerprint.frames.len() - self.params.frame_bytes()..];
        let from = self.recent.len();
        self.recent.resize(from + values, 0.0);
        unpack(packed, &mut self.recent[from..]);
        if self.recent.len() == self.params.window_values() {
            self.window();
            self.recent.drain(..self.params.window_hop * values);
        }
    }

    /// The fingerprint, and this collector is as new. A recording shorter than one window gets one window
    /// that is filled up with zeros.
    pub fn finish(&mut self) -> Fingerprint {
        if self.frame_count > 0 && self.frame_count < self.params.window_frames {
            self.recent.resize(self.params.window_values(), 0.0);
            self.frame_count = self.params.window_frames;
            self.window();
        }
        self.recent.clear();
        self.frame_count = 0;
        std::mem::take(&mut self.fingerprint)
    }

    fn window(&mut self) {
        let energy: f32 = self.recent.iter().map(|v| v * v).sum();
        if energy < self.params.window_least_energy * self.params.window_frames as f32 {
            return;
        }
        self.fingerprint.positions.push((self.frame_count - self.params.window_frames) as u32);
        self.projection.project(&self.recent, &mut self.fingerprint.windows);
    }
}

impl Fingerprint {
    /// Whether there is nothing in it that could be found again.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// How many frames there are.
    pub fn frame_count(&self, params: &Params) -> usize {
        self.frames.len() / params.frame_bytes()
    }
}
