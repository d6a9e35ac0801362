//! What an index keeps of a recording: packed chroma frames, vectors of windows of them, levels, and vectors of sections for its
//! versions.
mod frame_code;
mod levels;
mod melody;
mod projection;
mod sections;

pub use frame_code::FrameCode;
pub use levels::{LEVEL_FRAMES, Levels, energy};
pub use melody::{MelodyFrame, PITCHES, Sums, harmony, melody};
pub use projection::Projection;
#[cfg(test)]
pub(crate) use sections::computed_here;
pub use sections::{
    SECTION_DIMS, SECTION_HOP, SECTION_SECONDS, Sections, frames_of_a_section, section_cosine, sections_of,
};

use crate::params::ParameterSet;

/// The fingerprint of one recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Chroma frames every [`ParameterSet::hop`] samples, each [`ParameterSet::frame_bytes`] bytes ([`FrameCode`]).
    pub frames: Vec<u8>,
    /// The first frame of each window, ascending. Silent or steady stretches have no window.
    pub positions: Vec<u32>,
    /// The windows' vectors, [`ParameterSet::window_dims`] values each: unit vectors in eight bits, so that the
    /// dot product of two ranks like their cosine ([`ProjectionMatrix::cosine`](crate::params::ProjectionMatrix::cosine)).
    pub windows: Vec<i8>,
    /// How loud it is over time ([`Levels`]). Empty if that is not known: tracks have levels since format 4.
    pub levels: Vec<u8>,
    /// What the versions of a piece share, [`SECTION_DIMS`] values for each section ([`Sections`]). Empty for a short recording,
    /// or if that is not known: tracks have sections since format 5.
    pub sections: Vec<i8>,
}

/// Collects chroma frames into a [`Fingerprint`], in memory that grows only by what is kept.
pub struct Fingerprinter {
    params: ParameterSet,
    frame_code: FrameCode,
    projection: Projection,
    fingerprint: Fingerprint,
    /// The frames of the next window, as they will be read back, and their energies.
    recent: Vec<f32>,
    frame_count: usize,
}

impl Fingerprinter {
    /// For frames of `params`.
    pub fn new(params: &ParameterSet) -> Self {
        Self {
            params: *params,
            frame_code: FrameCode::new(params),
            projection: Projection::new(params),
            fingerprint: Fingerprint::default(),
            recent: Vec::with_capacity(params.window_values()),
            frame_count: 0,
        }
    }

    /// Takes the next chroma frame ([`ParameterSet::frame_values`] values).
    pub fn push(&mut self, frame: &[f32]) {
        self.frame_code.pack(frame, &mut self.fingerprint.frames);
        self.packed();
    }

    /// Takes the next frame as it is kept ([`ParameterSet::frame_bytes`] bytes).
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
        self.frame_code.unpack(packed, &mut self.recent[from..]);
        if self.recent.len() == self.params.window_values() {
            self.window();
            self.recent.drain(..self.params.window_hop * values);
        }
    }

    /// The fingerprint, and this collector is as new. A recording shorter than one window gets one window
    /// that is filled up with zeros.
    pub fn finish(&mut self) -> Fingerprint {
        let sound = self.finish_sound();
        Fingerprint { sections: sections_of(&sound.frames, &self.params), ..sound }
    }

    /// Like [`finish`](Self::finish), without sections.
    pub fn finish_sound(&mut self) -> Fingerprint {
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
        if energy < self.params.min_window_energy * self.params.window_frames as f32 {
            return;
        }
        self.fingerprint.positions.push((self.frame_count - self.params.window_frames) as u32);
        self.projection.project(&self.recent, &mut self.fingerprint.windows);
    }
}

impl Fingerprint {
    /// Whether the frames and windows are the same. Levels and sections may be unknown.
    pub fn is_same_sound(&self, other: &Self) -> bool {
        (&self.frames, &self.positions, &self.windows) == (&other.frames, &other.positions, &other.windows)
    }

    /// The first frames with the windows and levels in them, and no sections. All of it if there are fewer frames.
    pub fn first(mut self, frames: usize, params: &ParameterSet) -> Self {
        if frames >= self.frame_count(params) {
            return self;
        }
        self.frames.truncate(frames * params.frame_bytes());
        let fits = |&position: &u32| position as usize + params.window_frames <= frames;
        self.positions.truncate(self.positions.partition_point(fits));
        self.windows.truncate(self.positions.len() * params.window_dims);
        self.levels.truncate(frames.div_ceil(LEVEL_FRAMES) * params.octaves);
        self.sections.clear();
        self
    }

    /// Whether there is nothing in it that could be found again.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// How many frames there are.
    pub fn frame_count(&self, params: &ParameterSet) -> usize {
        self.frames.len() / params.frame_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::CURRENT;

    const VALUES: usize = CURRENT.frame_values();

    /// Frames that differ from each other and are loud enough.
    fn frames(count: usize) -> Vec<[f32; VALUES]> {
        let mut random = fastrand::Rng::with_seed(1);
        (0..count).map(|_| std::array::from_fn(|_| random.f32() - 0.5)).collect()
    }

    fn of(params: &ParameterSet, frames: &[impl AsRef<[f32]>]) -> Fingerprint {
        let mut fingerprinter = Fingerprinter::new(params);
        frames.iter().for_each(|frame| fingerprinter.push(frame.as_ref()));
        fingerprinter.finish()
    }

    #[test]
    fn a_window_begins_at_every_fourth_frame_and_fits_whole() {
        for (count, expected) in
            [(0, &[][..]), (1, &[0]), (15, &[0]), (16, &[0]), (19, &[0]), (20, &[0, 4]), (27, &[0, 4, 8])]
        {
            let print = of(&CURRENT, &frames(count));
            assert_eq!(print.positions, expected, "{count} frames");
            assert_eq!(print.windows.len(), expected.len() * CURRENT.window_dims);
            assert_eq!(print.frame_count(&CURRENT), count);
            assert_eq!(print.is_empty(), count == 0);
        }
    }

    #[test]
    fn a_window_is_the_projection_of_its_frames_as_they_are_stored() {
        let frames = frames(24);
        let print = of(&CURRENT, &frames);
        let mut stored = vec![0.0; 24 * VALUES];
        FrameCode::new(&CURRENT).unpack(&print.frames, &mut stored);
        let mut projection = Projection::new(&CURRENT);
        for (window, &at) in print.windows.chunks(CURRENT.window_dims).zip(&print.positions) {
            let mut expected = Vec::new();
            projection.project(&stored[at as usize * VALUES..][..CURRENT.window_values()], &mut expected);
            assert_eq!(window, expected);
        }
        // What is shorter than a window ends with silence.
        let short = of(&CURRENT, &frames[..9]);
        let mut padded = stored[..9 * VALUES].to_vec();
        padded.resize(CURRENT.window_values(), 0.0);
        let mut expected = Vec::new();
        projection.project(&padded, &mut expected);
        assert_eq!(short.windows, expected);
    }

    #[test]
    fn packed_frames_give_the_same_and_a_finished_collector_is_as_new() {
        let frames = frames(40);
        let print = of(&CURRENT, &frames);
        let mut fingerprinter = Fingerprinter::new(&CURRENT);
        for _ in 0..2 {
            print.frames.chunks(CURRENT.frame_bytes()).for_each(|frame| fingerprinter.push_packed(frame));
            assert_eq!(fingerprinter.finish(), print);
        }
        assert_eq!(fingerprinter.finish(), Fingerprint::default());
    }

    #[test]
    fn the_first_frames_have_the_windows_in_them() {
        let frames = frames(100);
        let print = Fingerprint { levels: vec![7; 13 * CURRENT.octaves], ..of(&CURRENT, &frames) };
        let first = print.clone().first(50, &CURRENT);
        assert_eq!(Fingerprint { levels: Vec::new(), ..first.clone() }, of(&CURRENT, &frames[..50]));
        assert_eq!(first.levels.len(), 7 * CURRENT.octaves);
        assert_eq!(print.clone().first(100, &CURRENT), print);
        assert_eq!(print.clone().first(usize::MAX, &CURRENT), print);
    }

    /// The limit is the mean of the frames' energies; of what is stored, not of what went in.
    #[test]
    fn windows_of_too_little_energy_are_left_out() {
        let mut params = CURRENT;
        params.levels = std::array::from_fn(|i| (i as f32 - 7.0) / 8.0);
        params.min_window_energy = 0.25;
        let frame = |value: f32| {
            let mut frame = [0.0; VALUES];
            frame[7] = value;
            frame
        };
        // Levels are eighths: 0.52 is stored as 0.5, whose square is right at the limit.
        for (value, windows) in [(0.5, 1), (0.52, 1), (0.45, 1), (0.43, 0), (0.0, 0), (-0.5, 1), (-0.43, 0)] {
            assert_eq!(of(&params, &[frame(value); 16]).positions.len(), windows, "{value}");
        }
        // A quarter of the frames with four times the energy.
        let loud: Vec<_> = (0..16).map(|n| frame(if n % 4 == 0 { 1.0 } else { 0.0 })).collect();
        assert_eq!(of(&params, &loud).positions.len(), 1);
        assert_eq!(of(&params, &loud[1..]).positions.len(), 0, "what is missing is silent");
        // Silence between two sounds has no windows; where frames lie does not change.
        let sound = vec![frame(1.0); 16];
        let all = [sound.clone(), vec![frame(0.0); 40], sound].concat();
        // Windows at 12 and 44 have four frames of sound, those at 16 to 40 none.
        assert_eq!(of(&params, &all).positions, [0, 4, 8, 12, 44, 48, 52, 56]);
    }

    #[test]
    fn at_the_present_limit_a_frame_of_a_fifth_is_enough() {
        // 0.085 and 0.005 are levels. 28 values of the one have an energy of .203, 27 of .196.
        let frame = |loud: usize| -> [f32; VALUES] {
            std::array::from_fn(|i| if i < loud { CURRENT.levels[11] } else { CURRENT.levels[9] })
        };
        assert_eq!(of(&CURRENT, &[frame(28); 16]).positions, [0]);
        assert_eq!(of(&CURRENT, &[frame(27); 16]).positions, [0; 0]);
    }
}
