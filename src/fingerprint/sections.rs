//! Vectors of sections of a track that are alike for the versions of a piece: neither the key nor the exact start of a section
//! changes them. `docs/decisions/versions.md` says how they were chosen.
//!
//! A section is 12 s of melody, resampled to 32 points. The magnitudes of its two-dimensional Fourier transform, over time and
//! over pitch classes, are the same for every shift in both. A matrix that was trained on versions keeps what they share.
use std::{f64::consts::TAU, sync::OnceLock};

use super::melody::{MelodyFrame, PITCHES, Sums, melody};
use crate::params::ParameterSet;

/// Values of a section's vector: a unit vector in eight bits.
pub const SECTION_DIMS: usize = 128;
/// The length of a section, and the time from one to the next within a track, in seconds.
pub const SECTION_SECONDS: f64 = 12.0;
/// See [`SECTION_SECONDS`].
pub const SECTION_HOP: f64 = 4.0;

/// A section is resampled to so many points.
const POINTS: usize = 32;
/// Frequencies over time that are kept, 0 and of both signs; and over pitch classes, the others being their mirror image.
const KEPT: usize = 15;
const PITCH_FREQUENCIES: usize = PITCHES / 2 + 1;
/// Real and imaginary parts of a point.
const PARTS: usize = 2 * PITCH_FREQUENCIES;
/// Magnitudes of a section.
const INPUTS: usize = (2 * KEPT + 1) * PITCH_FREQUENCIES;
/// Unit vectors are multiplied by this before they are rounded.
const SCALE: f32 = 254.0;
/// The mean energy of the points of a section that is too quiet or too steady to be told from another.
const MIN_ENERGY: f32 = 0.01;

/// For each value of a vector a scale, what is subtracted, and a weight for each magnitude; `eval/versions/train.py` makes it.
static MATRIX: &[u8] = include_bytes!("../params/section_matrix_1.bin");

/// The vectors of sections of a melody.
pub struct Sections<'a> {
    sums: &'a Sums,
    /// Seconds of a frame.
    frame: f64,
    tables: &'static Tables,
}

impl<'a> Sections<'a> {
    /// Of the melody whose sums are given, in frames of `params`.
    pub fn new(sums: &'a Sums, params: &ParameterSet) -> Self {
        static TABLES: OnceLock<Tables> = OnceLock::new();
        Self { sums, frame: params.frame_seconds().0, tables: TABLES.get_or_init(Tables::new) }
    }

    /// How many sections of `seconds` fit, one every `hop` seconds. Nothing if not even one does.
    pub fn count(&self, seconds: f64, hop: f64) -> usize {
        let room = self.sums.frames() as f64 - seconds / self.frame;
        // The last one may reach over the end by what rounding makes of a frame.
        if room < -1e-6 { 0 } else { ((room + 1e-6) / (hop / self.frame)) as usize + 1 }
    }

    /// The vector of the section of `seconds` that begins at `start`, in seconds. All values of a section that is too quiet are 0.
    pub fn vector(&self, start: f64, seconds: f64) -> [i8; SECTION_DIMS] {
        let step = seconds / self.frame / POINTS as f64;
        let mut points = [[0.0; PITCHES]; POINTS];
        for (point, mean) in points.iter_mut().zip(self.sums.means(start / self.frame, step, POINTS)) {
            *point = mean;
        }
        let energy: f32 = points.iter().flatten().map(|v| v * v).sum();
        if energy < MIN_ENERGY * POINTS as f32 {
            return [0; SECTION_DIMS];
        }
        self.tables.project(&self.tables.magnitudes(&points))
    }

    /// The vectors of a track, [`SECTION_DIMS`] values each, one every [`SECTION_HOP`] seconds.
    pub fn all(&self) -> Vec<i8> {
        let count = self.count(SECTION_SECONDS, SECTION_HOP);
        (0..count).flat_map(|n| self.vector(n as f64 * SECTION_HOP, SECTION_SECONDS)).collect()
    }
}

/// The vectors of the sections of a track's packed frames.
pub fn sections_of(packed: &[u8], params: &ParameterSet) -> Vec<i8> {
    #[cfg(test)]
    COMPUTED.with(|count| count.set(count.get() + 1));
    Sections::new(&Sums::of(&melody(packed, params)), params).all()
}

/// The frames of the shortest track that has a section.
pub fn frames_of_a_section(params: &ParameterSet) -> usize {
    (SECTION_SECONDS / params.frame_seconds().0).ceil() as usize
}

#[cfg(test)]
thread_local!(static COMPUTED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) });

/// Of how many tracks this thread has computed the sections.
#[cfg(test)]
pub(crate) fn computed_here() -> usize {
    COMPUTED.get()
}

/// The cosine that a dot product of two vectors stands for.
pub fn section_cosine(dot: i32) -> f32 {
    dot as f32 / (SCALE * SCALE)
}

/// Sines, cosines and the matrix.
struct Tables {
    /// Of the transform over pitch classes: for each of them, real and imaginary parts of all frequencies.
    pitch: [[f32; PARTS]; PITCHES],
    /// Of that over time, for frequency 0 to [`KEPT`] and point 1 to `POINTS / 2 - 1`.
    time: Vec<[[f32; 2]; POINTS / 2 - 1]>,
    /// For each value of a vector its weights and what is subtracted.
    rows: Vec<([f32; INPUTS], f32)>,
}

impl Tables {
    fn new() -> Self {
        let angle = |a: usize, b: usize, of: usize| TAU * ((a * b) % of) as f64 / of as f64;
        let mut pitch = [[0.0; PARTS]; PITCHES];
        for (p, row) in pitch.iter_mut().enumerate() {
            for f in 0..PITCH_FREQUENCIES {
                let angle = angle(p, f, PITCHES);
                (row[2 * f], row[2 * f + 1]) = (angle.cos() as f32, -angle.sin() as f32);
            }
        }
        let parts = |k, t| {
            let angle = angle(k, t, POINTS);
            [angle.cos() as f32, angle.sin() as f32]
        };
        let time = (0..=KEPT).map(|k| std::array::from_fn(|t| parts(k, t + 1))).collect();
        let number = |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let row = |bytes: &[u8]| {
            let (scale, bias) = (number(bytes), number(&bytes[4..]));
            (std::array::from_fn(|i| f32::from(bytes[8 + i] as i8) * scale), bias)
        };
        let rows: Vec<_> = MATRIX.chunks_exact(8 + INPUTS).map(row).collect();
        assert_eq!(rows.len(), SECTION_DIMS, "the matrix has the vectors' shape");
        Self { pitch, time, rows }
    }

    /// The square roots of the magnitudes of the transform: frequencies over time 0 to 15 and -15 to -1, and for each of them
    /// those over pitch classes.
    fn magnitudes(&self, points: &[MelodyFrame; POINTS]) -> [f32; INPUTS] {
        let over_pitch = |point: &MelodyFrame| {
            let mut out = [0.0; PARTS];
            for (value, row) in point.iter().zip(&self.pitch) {
                for (out, part) in out.iter_mut().zip(row) {
                    *out += value * part;
                }
            }
            out
        };
        let columns: Vec<[f32; PARTS]> = points.iter().map(over_pitch).collect();
        // Points as far before the start as after it, added and subtracted, belong to cosines and sines.
        let both = |t: usize, sign: f32| -> [f32; PARTS] {
            std::array::from_fn(|i| columns[t][i] + sign * columns[POINTS - t][i])
        };
        let even: [_; POINTS / 2 - 1] = std::array::from_fn(|t| both(t + 1, 1.0));
        let odd: [_; POINTS / 2 - 1] = std::array::from_fn(|t| both(t + 1, -1.0));
        let mut out = [0.0; INPUTS];
        for (k, table) in self.time.iter().enumerate() {
            let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
            let mut e: [f32; PARTS] = std::array::from_fn(|i| columns[0][i] + sign * columns[POINTS / 2][i]);
            let mut o = [0.0; PARTS];
            for (([cosine, sine], even), odd) in table.iter().zip(&even).zip(&odd) {
                for i in 0..PARTS {
                    e[i] += cosine * even[i];
                    o[i] += sine * odd[i];
                }
            }
            // Frequency k is e - i o, and frequency -k is e + i o.
            for f in 0..PITCH_FREQUENCIES {
                let (a, b, c, d) = (e[2 * f], e[2 * f + 1], o[2 * f], o[2 * f + 1]);
                let root = |x: f32, y: f32| (x * x + y * y).sqrt().sqrt();
                out[k * PITCH_FREQUENCIES + f] = root(a + d, b - c);
                if k > 0 {
                    out[(2 * KEPT + 1 - k) * PITCH_FREQUENCIES + f] = root(a - d, b + c);
                }
            }
        }
        out
    }

    fn project(&self, magnitudes: &[f32; INPUTS]) -> [i8; SECTION_DIMS] {
        let mut vector = [0.0; SECTION_DIMS];
        for (value, (weights, bias)) in vector.iter_mut().zip(&self.rows) {
            // Lanes are always added in the same order, so that every machine gets the same vector.
            let (weights, rest) = weights.as_chunks::<8>();
            let (inputs, last) = magnitudes.as_chunks::<8>();
            let mut lanes = [0.0; 8];
            for (weights, inputs) in weights.iter().zip(inputs) {
                for i in 0..8 {
                    lanes[i] += weights[i] * inputs[i];
                }
            }
            let rest: f32 = rest.iter().zip(last).map(|(weight, input)| weight * input).sum();
            *value = lanes.iter().sum::<f32>() + rest - bias;
        }
        let norm = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
        let scale = if norm > 1e-6 { SCALE / norm } else { 0.0 };
        vector.map(|v| (v * scale).round().clamp(-127.0, 127.0) as i8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::CURRENT;

    /// A tune of notes of a third of a second, `semitones` higher.
    fn tune(seed: u64, frames: usize, semitones: usize) -> Vec<MelodyFrame> {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut frame = [0.0; PITCHES];
        (0..frames)
            .map(|n| {
                if n % 2 == 0 {
                    frame = [0.0; PITCHES];
                    frame[(random.usize(..PITCHES) + semitones) % PITCHES] = 1.0;
                }
                frame
            })
            .collect()
    }

    fn vectors(frames: &[MelodyFrame]) -> Vec<Vec<i8>> {
        let all = Sections::new(&Sums::of(frames), &CURRENT).all();
        all.chunks(SECTION_DIMS).map(<[i8]>::to_vec).collect()
    }

    fn cosine(a: &[i8], b: &[i8]) -> f32 {
        section_cosine(a.iter().zip(b).map(|(&x, &y)| i32::from(x) * i32::from(y)).sum())
    }

    #[test]
    fn a_section_is_twelve_seconds_every_four() {
        // 64.6 frames are 12 s, 21.5 are 4 s.
        for (frames, expected) in [(0, 0), (64, 0), (65, 1), (86, 1), (87, 2), (130, 4), (1292, 58)] {
            assert_eq!(vectors(&tune(1, frames, 0)).len(), expected, "{frames} frames");
        }
    }

    #[test]
    fn another_key_changes_nothing_and_another_tune_much() {
        let own = vectors(&tune(1, 300, 0));
        let higher = vectors(&tune(1, 300, 5));
        let other = vectors(&tune(2, 300, 0));
        for ((own, higher), other) in own.iter().zip(&higher).zip(&other) {
            assert!(cosine(own, own) > 0.97, "a unit vector but for what is cut");
            assert!(cosine(own, higher) > 0.97);
            assert!(cosine(own, other) < 0.7);
        }
        // So does a start of half a second later, nearly.
        let later = vectors(&tune(1, 300, 0)[3..]);
        assert!(cosine(&own[0], &later[0]) > 0.8);
    }

    #[test]
    fn a_stretched_section_is_the_same_at_its_own_length() {
        let slow: Vec<MelodyFrame> = tune(3, 200, 0).into_iter().flat_map(|frame| [frame, frame]).collect();
        let (fast, slow) = (Sums::of(&tune(3, 200, 0)), Sums::of(&slow));
        let (fast, slow) = (Sections::new(&fast, &CURRENT), Sections::new(&slow, &CURRENT));
        assert!(cosine(&fast.vector(4.0, 12.0), &slow.vector(8.0, 24.0)) > 0.97);
        assert_eq!((fast.count(12.0, 4.0), slow.count(24.0, 8.0)), (7, 7));
    }

    #[test]
    fn quiet_sections_have_no_direction() {
        let mut frames = tune(1, 300, 0);
        frames.iter_mut().flatten().for_each(|value| *value *= 0.01);
        assert!(vectors(&frames).iter().flatten().all(|&value| value == 0));
    }

    /// The transform as its definition says.
    #[test]
    fn magnitudes_are_those_of_the_plain_transform() {
        let points: [MelodyFrame; POINTS] = tune(5, POINTS, 0).try_into().unwrap();
        let fast = Tables::new().magnitudes(&points);
        let times = (0..=KEPT as i32).chain(-(KEPT as i32)..0);
        let frequencies = times.flat_map(|k| (0..PITCH_FREQUENCIES).map(move |f| (k, f)));
        for (fast, (k, f)) in fast.iter().zip(frequencies) {
            let (mut re, mut im) = (0.0, 0.0);
            for (t, point) in points.iter().enumerate() {
                for (p, value) in point.iter().enumerate() {
                    let angle =
                        TAU * (f64::from(k) * t as f64 / POINTS as f64 + (f * p) as f64 / PITCHES as f64);
                    (re, im) = (re + f64::from(*value) * angle.cos(), im - f64::from(*value) * angle.sin());
                }
            }
            let plain = re.hypot(im).sqrt();
            assert!((f64::from(*fast) - plain).abs() < 2e-3, "{fast} for {plain} at {k}, {f}");
        }
    }
}
