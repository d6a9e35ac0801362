//! How alike two melodies are, for a picture.
use super::{
    similarity::Rows,
    voice::{STACK, Voice},
};

/// Rows and columns at most: more would make a picture large and show no more. Neighbours are merged if there would be more.
const CELLS: usize = 100;

/// How alike two melodies are at each pair of places. Times are in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// When the first row begins in the query, and the first column in the track.
    pub start: [f64; 2],
    /// From one row to the next, and from one column to the next.
    pub step: [f64; 2],
    /// A list for each row, with the greatest cosine in each column, -1 to 1.
    pub values: Vec<Vec<f32>>,
}

impl Map {
    /// Of a query and a track, in frames of so many seconds.
    pub(super) fn of(query: &Voice, track: &Voice, frame: f64) -> Self {
        let per = [query, track].map(|voice| voice.stacks().div_ceil(CELLS).max(1));
        let step = [query.step * frame, track.step * frame];
        let mut values: Vec<Vec<f32>> = Vec::new();
        let mut rows = Rows::new(query, track, 0..track.stacks());
        let mut n = 0;
        while let Some(row) = rows.next() {
            let greatest = row.chunks(per[1]).map(|some| some.iter().copied().fold(-1.0, f32::max));
            if n % per[0] == 0 {
                values.push(greatest.collect());
            } else if let Some(last) = values.last_mut() {
                last.iter_mut().zip(greatest).for_each(|(value, other)| *value = value.max(other));
            }
            n += 1;
        }
        for value in values.iter_mut().flatten() {
            *value = (*value * 1e3).round() / 1e3;
        }
        // A stack belongs to the moment in its middle.
        let start = step.map(|step| (STACK as f64 - 1.0) / 2.0 * step);
        Self { start, step: [step[0] * per[0] as f64, step[1] * per[1] as f64], values }
    }
}
