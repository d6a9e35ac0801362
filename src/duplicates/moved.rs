//! Windows of a track that are looked up besides the stored ones: moved by some semitones, or by some frames.
use crate::{
    ann::{Asked, Further},
    fingerprint::{FrameCode, Projection},
    params::ParameterSet,
    store::TrackId,
    units::Frames,
};

/// How many of them there are for each of the [`FURTHER`].
const MORE: usize = 24;

/// What they are: moved by some semitones, and by some frames. Those between two stored windows are near windows of copies
/// that begin between the stored ones. A track that sounds a semitone higher runs 6 % faster.
const FURTHER: [(i8, usize); 3] = [(0, 2), (-1, 0), (1, 0)];

/// Makes windows that are moved by some semitones or frames.
pub(super) struct Moved<'s> {
    params: &'s ParameterSet,
    code: FrameCode,
    projection: Projection,
    window: Vec<f32>,
}

impl<'s> Moved<'s> {
    /// For tracks of `params`.
    pub fn new(params: &'s ParameterSet) -> Self {
        let window = vec![0.0; params.window_values()];
        Self { params, code: FrameCode::new(params), projection: Projection::new(params), window }
    }

    /// Adds windows of a track with these `packed` frames.
    pub fn add(&mut self, track: TrackId, packed: &[u8], further: &mut Further) {
        let params = self.params;
        let count = packed.len() / params.frame_bytes();
        let Some(room) = count.checked_sub(params.window_frames) else { return };
        let room = room / params.window_hop;
        let windows = MORE.min(room + 1);
        for n in 0..windows {
            // Beside the stored windows, in the middle of equal parts.
            let position = (2 * n + 1) * room / (2 * windows) * params.window_hop;
            for (semitones, later) in FURTHER {
                let position = position + later;
                if moved(packed, position, semitones, params, &self.code, &mut self.window) {
                    self.projection.project(&self.window, &mut further.vectors);
                    further.asked.push(Asked { track, position: Frames(position as u32), semitones });
                }
            }
        }
    }
}

/// Writes the window at frame `position` as it would be if the track ran as much faster as makes it sound `semitones`
/// higher. False if it does not fit into the track or is silent.
pub(super) fn moved(
    packed: &[u8],
    position: usize,
    semitones: i8,
    params: &ParameterSet,
    code: &FrameCode,
    window: &mut [f32],
) -> bool {
    let (values, bytes, length) = (params.frame_values(), params.frame_bytes(), params.window_frames);
    let speed = (f32::from(semitones) / 12.0).exp2();
    let read = (length as f32 * speed).ceil() as usize + 1;
    let count = packed.len() / bytes;
    let to = (position + read).min(count);
    if position + length > count {
        return false;
    }
    let mut frames = vec![0.0; (to - position) * values];
    code.unpack(&packed[position * bytes..to * bytes], &mut frames);
    let mut energy = 0.0;
    for (n, out) in window.chunks_exact_mut(values).enumerate() {
        let at = n as f32 * speed;
        let row = |n: usize| &frames[n.min(to - position - 1) * values..][..values];
        let (before, after) = (row(at as usize), row(at as usize + 1));
        for (i, out) in (0..).zip(out.iter_mut()) {
            let from = usize::try_from(i - i32::from(semitones)).ok().filter(|&i| i < values);
            *out = from.map_or(0.0, |i| before[i] + at.fract() * (after[i] - before[i]));
            energy += *out * *out;
        }
    }
    energy >= params.min_window_energy * length as f32
}
