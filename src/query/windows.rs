//! The windows of a query that are looked up.
use super::engine::Query;
use crate::{align::WindowHits, ann::Hit};

/// The most windows of a chunk. A chunk with more uses every second one.
const MAX_WINDOWS: usize = 256;

/// The fewest windows of a chunk, if taking every third half frame gives as many.
const MIN_WINDOWS: usize = 8;

/// How many windows are projected at a time.
const TOGETHER: usize = 16;

/// The windows of a query that are looked up: their vectors and first half frames.
pub(crate) struct Windows {
    pub vectors: Vec<i8>,
    pub starts: Vec<i32>,
}

impl Windows {
    pub fn with(&self, hits: Vec<Vec<Hit>>) -> Vec<WindowHits> {
        self.starts.iter().zip(hits).map(|(&start, hits)| WindowHits { start, hits }).collect()
    }
}

impl Query<'_> {
    /// Projects every `step`th window of the query, and more of a short one; `step` is odd. Windows may reach
    /// beyond either end of the query by half their length, with silence for the missing frames.
    pub(crate) fn windows(&mut self, frames: &[f32], step: usize) -> Windows {
        let (values, window) = (self.params.frame_values(), self.params.window_frames);
        let count = (frames.len() / values) as i32;
        let beyond = window as i32;
        let last = count - 2 * (window as i32 - 1) + beyond;
        let starts = -beyond..last.max(1);
        // The step is odd because the library's is even.
        let step = (starts.len() / MIN_WINDOWS).clamp(step.min(3), step) | 1;
        let step = if starts.len() > MAX_WINDOWS { 2 * step } else { step };
        self.windows_at(frames, starts.step_by(step))
    }

    /// Projects the windows of a query that begin at half frames `starts`.
    pub(crate) fn windows_at(&mut self, frames: &[f32], starts: impl Iterator<Item = i32>) -> Windows {
        let (values, window) = (self.params.frame_values(), self.params.window_frames);
        let count = (frames.len() / values) as i32;
        let least = self.params.min_window_energy * window as f32 / 2.0;
        let frame = |at: i32| at as usize * values..(at as usize + 1) * values;
        let energies: Vec<f32> =
            frames.chunks_exact(values).map(|f| f.iter().map(|v| v * v).sum::<f32>()).collect();
        let mut windows = Windows { vectors: Vec::new(), starts: Vec::new() };
        let mut inputs = Vec::with_capacity(TOGETHER * self.params.window_values());
        for start in starts {
            let at = (start..start + 2 * window as i32).step_by(2);
            let within = |at: &i32| (0..count).contains(at);
            if at.clone().filter(within).map(|at| energies[at as usize]).sum::<f32>() < least {
                continue;
            }
            let from = inputs.len();
            inputs.resize(from + self.params.window_values(), 0.0);
            for (at, input) in at.zip(inputs[from..].chunks_exact_mut(values)).filter(|(at, _)| within(at)) {
                input.copy_from_slice(&frames[frame(at)]);
            }
            windows.starts.push(start);
            if inputs.len() == inputs.capacity() {
                self.projection.project(&inputs, &mut windows.vectors);
                inputs.clear();
            }
        }
        self.projection.project(&inputs, &mut windows.vectors);
        windows
    }
}
