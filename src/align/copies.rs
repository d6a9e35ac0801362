//! Finds copies: two places of a library with the same sound, because a recording was indexed twice or has another version.

/// Two places of different tracks are copies if the cosine of their stored frames is at least this.
const MIN_COPY_SIMILARITY: f32 = 0.6;

/// Whether two places with this [`similarity`] hold the same sound.
pub fn are_copies(similarity: f32) -> bool {
    similarity >= MIN_COPY_SIMILARITY
}

/// The cosine of two runs of chroma frames of `values` values each, where `other` sounds `semitones` lower than `one`.
/// Compares value i of `other` with value i + `semitones` of `one`. The result is -1..=1, and 0 if one run is silent.
///
/// # Panics
/// In debug builds, if the runs differ in length.
pub fn similarity(one: &[f32], other: &[f32], values: usize, semitones: i32) -> f32 {
    debug_assert_eq!(one.len(), other.len());
    let skip = (semitones.unsigned_abs() as usize).min(values);
    let mut sums = [0.0f32; 3];
    for (a, b) in one.chunks_exact(values).zip(other.chunks_exact(values)) {
        let (a, b) = if semitones >= 0 {
            (&a[skip..], &b[..values - skip])
        } else {
            (&a[..values - skip], &b[skip..])
        };
        for (a, b) in a.iter().zip(b) {
            sums[0] += a * b;
            sums[1] += a * a;
            sums[2] += b * b;
        }
    }
    let [ab, aa, bb] = sums;
    ab / (aa * bb).sqrt().max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(seed: u32) -> Vec<f32> {
        let mut state = seed;
        (0..10 * 60)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    #[test]
    fn the_same_frames_are_alike_and_others_are_not() {
        let one = frames(1);
        assert!((similarity(&one, &one, 60, 0) - 1.0).abs() < 1e-5);
        assert!(similarity(&one, &frames(2), 60, 0).abs() < 0.2);
        assert_eq!(similarity(&one, &vec![0.0; one.len()], 60, 0), 0.0);
    }

    #[test]
    fn a_transposition_is_made_up_for() {
        let one = frames(3);
        for semitones in [-70i32, -5, 5, 70] {
            // Value i + semitones of one is value i of the other.
            let other: Vec<f32> = one
                .chunks_exact(60)
                .flat_map(|frame| {
                    (0..60).map(|i| {
                        usize::try_from(i + semitones).ok().and_then(|i| frame.get(i)).copied().unwrap_or(0.0)
                    })
                })
                .collect();
            let like = similarity(&one, &other, 60, semitones);
            assert!(if semitones.abs() < 60 { like > 0.999 } else { like == 0.0 }, "{semitones}: {like}");
            assert!(similarity(&one, &other, 60, 0) < 0.2);
        }
    }
}
