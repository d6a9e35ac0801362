//! The piece that is looked for.
use crate::{
    fingerprint::{PITCHES, SECTION_DIMS, SECTION_SECONDS, Sections, Sums, harmony, melody},
    params::ParameterSet,
};

/// The shortest piece of music that has versions, in seconds: two sections and a half.
pub const MIN_SECONDS: f64 = 20.0;

/// What is looked at of a longer one. The alignment takes time with the square of the length.
pub const MAX_SECONDS: f64 = 600.0;

/// Seconds from one section of the query to the next.
const HOP: f64 = 8.0;

/// The slowest and the fastest version, by how many times as long as the track's sections the query's are.
const RATIOS: (f64, f64) = (0.75, 1.33);

/// A piece of music whose versions are looked for.
pub struct Asked {
    params: ParameterSet,
    melody: Sums,
    profile: [f32; PITCHES],
}

/// Sections of a query at several tempi.
pub(super) struct Sought {
    /// [`SECTION_DIMS`] values for each section.
    pub vectors: Vec<i8>,
    /// How many times as long as those of a track the query's sections are, and how many sections there are.
    pub tempi: Vec<(f64, usize)>,
}

impl Asked {
    /// Of packed frames. Nothing if they are shorter than [`MIN_SECONDS`].
    pub fn of(packed: &[u8], params: &ParameterSet) -> Option<Self> {
        let frame = params.frame_seconds().0;
        let count = packed.len() / params.frame_bytes();
        // The last frames of a clip of 20 s begin before its end.
        if ((count + 2) as f64) < MIN_SECONDS / frame {
            return None;
        }
        let packed = &packed[..count.min((MAX_SECONDS / frame) as usize) * params.frame_bytes()];
        let melody = Sums::of(&melody(packed, params));
        Some(Self { params: *params, melody, profile: profile(packed, params) })
    }

    pub(super) fn params(&self) -> &ParameterSet {
        &self.params
    }

    pub(super) fn melody(&self) -> &Sums {
        &self.melody
    }

    pub(super) fn profile(&self) -> &[f32; PITCHES] {
        &self.profile
    }

    /// At most `most` sections, spread over the piece, at each of `tempi` tempi.
    pub(super) fn sought(&self, tempi: usize, most: usize) -> Sought {
        let sections = Sections::new(&self.melody, &self.params);
        let mut sought = Sought { vectors: Vec::new(), tempi: Vec::new() };
        for n in 0..tempi {
            let part = n as f64 / (tempi - 1).max(1) as f64;
            let ratio = RATIOS.0 * (RATIOS.1 / RATIOS.0).powf(part);
            let seconds = SECTION_SECONDS * ratio;
            let count = sections.count(seconds, HOP);
            let before = sought.vectors.len();
            for k in 0..count.min(most) {
                let at = if count > most { k * (count - 1) / (most - 1).max(1) } else { k };
                let vector = sections.vector(at as f64 * HOP, seconds);
                // Silence is like nothing.
                if vector.iter().any(|&value| value != 0) {
                    sought.vectors.extend(vector);
                }
            }
            let found = (sought.vectors.len() - before) / SECTION_DIMS;
            if found > 0 {
                sought.tempi.push((ratio, found));
            }
        }
        sought
    }
}

/// How strong each pitch class is in the whole piece, less the mean and over the deviation.
pub(super) fn profile(packed: &[u8], params: &ParameterSet) -> [f32; PITCHES] {
    let mut sums = [0.0f64; PITCHES];
    for frame in harmony(packed, params) {
        for (sum, value) in sums.iter_mut().zip(frame) {
            *sum += f64::from(value);
        }
    }
    let mean = sums.iter().sum::<f64>() / PITCHES as f64;
    let deviation = (sums.iter().map(|sum| (sum - mean).powi(2)).sum::<f64>() / PITCHES as f64).sqrt();
    sums.map(|sum| ((sum - mean) / deviation.max(1e-9)) as f32)
}
