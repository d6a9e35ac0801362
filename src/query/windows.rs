//! The windows of a query that are looked up.
use super::engine::Query;
use crate::{align::WindowHits, ann::Hit};

/// Query windows of a chunk; of a longer one every second is taken.
const MAX_WINDOWS: usize = 256;

/// Query windows of a chunk, at least, if every third half frame has as many.
const MIN_WINDOWS: usize = 8;

/// Windows that are projected together.
const TOGETHER: usize = 16;

/// Windows of a query as they are looked up, and their first half frames.
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
    /// Every `step`th window of the query, more of a short one; `step` is odd. Windows may reach beyond its ends by half
    /// their length: what is missing counts as silence.
    pub(crate) fn windows(&mut self, frames: &[f32], step: usize) -> Windows {
        let (values, window) = (self.params.frame_values(), self.params.window_frames);
        let count = (frames.len() / values) as i32;
        let beyond = window as i32;
        let last = count - 2 * (window as i32 - 1) + beyond;
        let starts = -beyond..last.max(1);
        // Odd, as the library's step is even.
        let step = (starts.len() / MIN_WINDOWS).clamp(step.min(3), step) | 1;
        let step = if starts.len() > MAX_WINDOWS { 2 * step } else { step };
        let least = self.params.min_window_energy * window as f32 / 2.0;
        let frame = |at: i32| at as usize * values..(at as usize + 1) * values;
        let energies: Vec<f32> =
            frames.chunks_exact(values).map(|f| f.iter().map(|v| v * v).sum::<f32>()).collect();
        let mut windows = Windows { vectors: Vec::new(), starts: Vec::new() };
        let mut inputs = Vec::with_capacity(TOGETHER * self.params.window_values());
        for start in starts.step_by(step) {
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
