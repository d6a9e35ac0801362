//! The frozen, numbered analysis parameters.
//!
//! A fingerprint is only comparable with one of the same number, so the values under a number never change:
//! another value is another number.
mod projection_matrix;
mod rendering_model;
mod score_model;

pub use projection_matrix::ProjectionMatrix;
pub use rendering_model::RenderingModel;
pub use score_model::{ScoreModel, Slope};

use crate::units::{SampleRate, Seconds};

/// All that a fingerprint depends on, and what judges its matches.
///
/// The fingerprint, the index and the query take these values from the set and have none of their own, so that a second set is
/// a second value. Sections and levels, which came later, belong to the set by their own frozen values: see
/// `fingerprint::sections` and `fingerprint::levels`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ParameterSet {
    /// The number under which the set is stored in an index.
    pub id: u32,
    /// Every recording is brought to this rate, mono.
    pub sample_rate: SampleRate,
    /// Samples in an analysis frame.
    pub frame_length: usize,
    /// Samples from one library frame to the next, even. A query's frames come twice as often.
    pub hop: usize,
    /// Constant-Q bins per octave: 36, because chroma is folded from three bins per semitone.
    pub bins_per_octave: usize,
    /// The centre of the lowest bin in hertz.
    pub fmin: f64,
    /// Octaves of the constant-Q spectrum and of the chroma.
    pub octaves: usize,
    /// The mean level is taken over this long, centred.
    pub level_span: Seconds,
    /// The lowest level that counts as sound, as the amplitude of a sine (full scale is 1).
    pub level_floor: f32,
    /// The gain in `ln(1 + gain * magnitude / level)`.
    pub log_gain: f32,
    /// The running mean over frequency that is subtracted spans this many bins (odd).
    pub whitening_bins: usize,
    /// The moving mean over time that is subtracted spans this long, centred.
    pub mean_span: Seconds,
    /// A chroma frame is divided by its norm, or by this if the norm is less: a frame that hardly moves stays small.
    pub norm_floor: f32,
    /// Frames in a fingerprint window.
    pub window_frames: usize,
    /// Library frames from one window to the next.
    pub window_hop: usize,
    /// Length of a window's vector.
    pub window_dims: usize,
    /// A window whose frames' mean square norm is less gets no fingerprint.
    pub min_window_energy: f32,
    /// The sixteen levels that a stored chroma value can have, ascending.
    pub levels: [f32; 16],
    /// From the frames of a window to its vector.
    pub projection: ProjectionMatrix,
    /// Constant-Q bins below and above those of the library that a query is analysed with, so that it can be transposed by
    /// as many.
    pub query_margin: usize,
    /// Constant-Q bins from one transposition of a query that is tried to the next.
    pub shift_step: usize,
    /// How sure a match is.
    pub score: ScoreModel,
    /// What tells a recording from another rendering.
    pub rendering: RenderingModel,
}

/// The set in use.
pub const CURRENT: ParameterSet = ParameterSet {
    id: 1,
    sample_rate: SampleRate(11_025),
    frame_length: 4096,
    hop: 2048,
    bins_per_octave: 36,
    fmin: 110.0,
    octaves: 5,
    level_span: Seconds(10.0),
    level_floor: 5e-4,
    log_gain: 30.0,
    whitening_bins: 25,
    mean_span: Seconds(2.0),
    norm_floor: 0.3,
    window_frames: 16,
    window_hop: 4,
    window_dims: 96,
    min_window_energy: 0.2,
    // Found by Lloyd's algorithm on 300,000 frames of music (`eval/README.md`): they lose 2 % of the energy, the best even
    // spacing 2.8 %.
    levels: [
        -0.498, -0.315, -0.209, -0.139, -0.092, -0.059, -0.036, -0.019, -0.006, 0.005, 0.039, 0.085, 0.149,
        0.240, 0.370, 0.565,
    ],
    // A unit vector of 96 dimensions seldom has a value over one half; what is over is cut.
    projection: ProjectionMatrix { rows: include_bytes!("params/projection_1.bin"), scale: 254.0 },
    query_margin: 20,
    shift_step: 2,
    score: ScoreModel {
        intercept: [-10.337, -14.946],
        ratio: [6.025, 11.717],
        density: [6.907, 2.433],
        similarity: [7.516, 0.000],
        coverage: 5.299,
        variants: -0.473,
        shorter: -3.0,
        small_library: -0.473,
        many_windows: 20_000,
        chance: 0.16,
        alike: 0.022,
        nothing: 0.3,
        short_pairs: 4.4,
        long_pairs: 53.0,
        max_pairs: 320.0,
    },
    rendering: RenderingModel {
        intercept: -1.04,
        similarity: -6.42,
        timbre: 83.91,
        timbre_of_track: 26.86,
        timbre_range: [-0.05, 0.15],
        unevenness: 11.39,
        most_unevenness: 1.0,
        contrast: 3.85,
        most_contrast: 4.0,
        echo: -10.66,
        most_echo: 0.5,
        extra: -33.24,
        overtones: -7.46,
        rises: -14.44,
        own_key_and_tempo: 4.0,
        min_pairs: 16.0,
    },
};

impl ParameterSet {
    /// Constant-Q bins a frame, with `margin` more below and above.
    pub const fn bins(&self, margin: usize) -> usize {
        self.octaves * self.bins_per_octave + 2 * margin
    }

    /// Values in a chroma frame: twelve an octave.
    pub const fn frame_values(&self) -> usize {
        self.octaves * 12
    }

    /// Bytes that a stored chroma frame takes: four bits a value.
    pub const fn frame_bytes(&self) -> usize {
        self.frame_values() / 2
    }

    /// Values in a window before its projection.
    pub const fn window_values(&self) -> usize {
        self.window_frames * self.frame_values()
    }

    /// The time from one library frame to the next.
    pub fn frame_seconds(&self) -> Seconds {
        Seconds(self.hop as f64 / f64::from(self.sample_rate.0))
    }

    /// Samples from one frame of a query to the next: half of what it is in the library.
    pub const fn query_hop(&self) -> usize {
        self.hop / 2
    }

    /// The time from one frame of a query to the next.
    pub fn half_frame_seconds(&self) -> Seconds {
        Seconds(self.frame_seconds().0 / 2.0)
    }

    /// Half frames that the moving mean over time reaches to either side.
    pub fn mean_half_frames(&self) -> usize {
        (self.mean_span.0 / self.frame_seconds().0).round() as usize
    }

    /// Constant-Q bins per semitone.
    pub const fn bins_per_semitone(&self) -> usize {
        self.bins_per_octave / 12
    }

    /// The furthest that a query can be transposed, in constant-Q bins.
    pub const fn max_shift(&self) -> i32 {
        self.query_margin as i32
    }
}
