//! Gathers frames into columns, never more than a picture has room for.

/// The most columns. If there would be more, neighbours are merged in pairs.
const MOST: usize = 1024;

/// The means of values over the frames of each column.
pub struct Columns {
    values: usize,
    /// Frames in a column.
    per: usize,
    /// Frames so far.
    frames: usize,
    sums: Vec<f32>,
}

impl Default for Columns {
    fn default() -> Self {
        Self { values: 1, per: 1, frames: 0, sums: Vec::new() }
    }
}

impl Columns {
    /// Values in a column.
    pub fn values(&self) -> usize {
        self.values
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.sums.len() / self.values
    }

    /// Adds the next frame. The first frame decides how many values each has.
    pub fn add(&mut self, frame: &[f32]) {
        if self.frames == 0 {
            self.values = frame.len();
        }
        if self.frames == MOST * self.per {
            self.sums = merged(&self.sums, self.values);
            self.per *= 2;
        }
        let column = self.frames / self.per * self.values;
        self.sums.resize(self.sums.len().max(column + self.values), 0.0);
        self.sums[column..].iter_mut().zip(frame).for_each(|(sum, v)| *sum += v);
        self.frames += 1;
    }

    /// The values of column `x`.
    pub fn means(&self, x: usize) -> Vec<f32> {
        let frames = self.per.min(self.frames - x * self.per) as f32;
        self.sums[x * self.values..(x + 1) * self.values].iter().map(|sum| sum / frames).collect()
    }
}

fn merged(sums: &[f32], values: usize) -> Vec<f32> {
    let pairs = sums.chunks_exact(2 * values);
    pairs.flat_map(|pair| pair[..values].iter().zip(&pair[values..]).map(|(a, b)| a + b)).collect()
}

/// The lowest and the highest pitch of each column.
pub struct PitchColumns {
    per: usize,
    frames: usize,
    ranges: Vec<Option<(f32, f32)>>,
}

impl Default for PitchColumns {
    fn default() -> Self {
        Self { per: 1, frames: 0, ranges: Vec::new() }
    }
}

impl PitchColumns {
    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Adds the pitch of the next frame, if it has one.
    pub fn add(&mut self, pitch: Option<f32>) {
        if self.frames == MOST * self.per {
            self.ranges = self.ranges.chunks(2).map(|pair| pair.iter().copied().fold(None, joined)).collect();
            self.per *= 2;
        }
        let column = self.frames / self.per;
        self.ranges.resize(self.ranges.len().max(column + 1), None);
        self.ranges[column] = joined(self.ranges[column], pitch.map(|p| (p, p)));
        self.frames += 1;
    }

    /// The lowest and the highest pitch of each column, if any frame has one.
    pub fn ranges(&self) -> impl Iterator<Item = Option<(f32, f32)>> {
        self.ranges.iter().copied()
    }
}

fn joined(a: Option<(f32, f32)>, b: Option<(f32, f32)>) -> Option<(f32, f32)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_means_of_as_many_frames_each() {
        for frames in [1, MOST, MOST + 1, 3 * MOST + 5] {
            let mut columns = Columns::default();
            let mut pitch = PitchColumns::default();
            for t in 0..frames {
                columns.add(&[t as f32, 1.0]);
                pitch.add((t % 2 == 0).then_some(t as f32));
            }
            let per = columns.per;
            assert_eq!((columns.len(), pitch.len()), (frames.div_ceil(per), frames.div_ceil(per)));
            assert!(columns.len() <= MOST);
            for (x, range) in pitch.ranges().enumerate() {
                let of = x * per..frames.min((x + 1) * per);
                let mean = of.clone().map(|t| t as f64).sum::<f64>() / of.len() as f64;
                let got = columns.means(x);
                assert!((f64::from(got[0]) - mean).abs() < 0.01 && got[1] == 1.0);
                let even = |mut t: std::ops::Range<usize>| t.find(|t| t % 2 == 0).map(|t| t as f32);
                assert_eq!(range.map(|r| r.0), even(of));
            }
        }
    }
}
