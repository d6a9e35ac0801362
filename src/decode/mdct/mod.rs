//! The inverse modified discrete cosine transform (IMDCT), of AAC and Vorbis alike, in full and reduced.
//!
//! A reduced transform takes the lower half, quarter or eighth of the lines only, and computes every second, fourth or eighth
//! sample. Each of its samples is exactly the one that the full transform of these lines has at that place. The cosines of a
//! transform of the reduced length lie between these places, by `shift` of a reduced sample. With
//! cos(a - b) = cos a cos b + sin a sin b they come from two such transforms: one of cosines, one of sines.
mod transform;

use std::f64::consts::PI;

use self::transform::Transform;

/// The transform of one length.
pub(super) struct Imdct {
    /// How many lines are used.
    pub lines: usize,
    transform: Transform,
    /// Cosine and sine of the shift of each line. Empty if there is no shift.
    shifts: Vec<[f32; 2]>,
    cosines: Vec<f32>,
    sines: Vec<f32>,
    values: Vec<f32>,
}

impl Imdct {
    /// For a reduction to `lines` lines and to every `step`th sample. `lines` is even.
    pub fn new(lines: usize, step: usize) -> Imdct {
        let shift = (step - 1) as f64 / (2 * step) as f64;
        let turn = |k: usize| (PI / lines as f64 * shift * (k as f64 + 0.5)).sin_cos();
        let shifts =
            (0..if step > 1 { lines } else { 0 }).map(turn).map(|(sin, cos)| [cos as f32, sin as f32]);
        Imdct {
            lines,
            transform: Transform::new(lines),
            shifts: shifts.collect(),
            cosines: vec![0.0; lines],
            sines: vec![0.0; lines],
            values: vec![0.0; 2 * lines],
        }
    }

    /// The values of the IMDCT, twice as many as there are lines, without a window.
    pub fn values(&mut self, lines: &[f32]) -> &[f32] {
        let (count, half) = (self.lines, self.lines / 2);
        let lines = &lines[..count];
        if self.shifts.is_empty() {
            self.cosines.copy_from_slice(lines);
        } else {
            for (((cosine, sine), line), shift) in
                self.cosines.iter_mut().zip(self.sines.iter_mut().rev()).zip(lines).zip(&self.shifts)
            {
                (*cosine, *sine) = (line * shift[0], line * shift[1]);
            }
        }
        self.transform.cosines(&mut self.cosines);
        // The upper half, all of it in reverse with the other sign, the lower half with the other sign.
        self.values[..half].copy_from_slice(&self.cosines[half..]);
        for (value, cosine) in self.values[half..].iter_mut().zip(self.cosines.iter().rev()) {
            *value = -cosine;
        }
        for (value, cosine) in self.values[half + count..].iter_mut().zip(&self.cosines) {
            *value = -cosine;
        }
        if !self.shifts.is_empty() {
            // Sines are the cosines of the lines in reverse, every second one with the other sign.
            self.transform.cosines(&mut self.sines);
            for pair in self.sines.chunks_exact_mut(2) {
                pair[1] = -pair[1];
            }
            // As above, but in reverse with the same sign.
            add_all(&mut self.values[..half], &self.sines[half..]);
            for (value, sine) in self.values[half..].iter_mut().zip(self.sines.iter().rev()) {
                *value += sine;
            }
            for (value, sine) in self.values[half + count..].iter_mut().zip(&self.sines) {
                *value -= sine;
            }
        }
        &self.values
    }

    /// As [`Imdct::values`] of lines that are all 0.
    #[cfg(feature = "ogg")]
    pub fn silence(&mut self) -> &[f32] {
        self.values.fill(0.0);
        &self.values
    }
}

/// Adds values to sums.
pub(super) fn add_all(sums: &mut [f32], values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_sums_at_every_reduction() {
        let mut random = fastrand::Rng::with_seed(3);
        for (full, step) in [(32, 1), (32, 8), (64, 2), (128, 4), (1024, 4), (1024, 1), (4096, 8)] {
            let count = full / step;
            let lines: Vec<f32> = (0..count).map(|_| random.f32() - 0.5).collect();
            let mut imdct = Imdct::new(count, step);
            for (n, &fast) in imdct.values(&lines).iter().enumerate() {
                let at = (n * step) as f64 + 0.5 + full as f64 / 2.0;
                let cosine = |k: usize| (PI / full as f64 * at * (k as f64 + 0.5)).cos();
                let slow: f64 = lines.iter().enumerate().map(|(k, &x)| f64::from(x) * cosine(k)).sum();
                assert!((f64::from(fast) - slow).abs() < 1e-4, "{full}, {step}: {fast} and {slow} at {n}");
            }
        }
    }
}
