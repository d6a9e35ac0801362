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

    fn frames(seed: u64) -> Vec<f32> {
        // Neighbouring seeds give similar numbers; those of a fork are unrelated.
        let mut random = fastrand::Rng::with_seed(seed).fork();
        (0..10 * 60).map(|_| 2.0 * random.f32() - 1.0).collect()
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

    /// Over the frames together, in double precision: a loud frame counts more than a quiet one.
    #[test]
    fn similarity_is_the_cosine_of_all_values() {
        for semitones in [-13i32, -1, 0, 2, 59] {
            let (one, other) =
                (frames(4), frames(4).iter().zip(frames(5)).map(|(a, b)| a + b).collect::<Vec<_>>());
            let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
            for frame in 0..10 {
                for i in (0..60).filter(|i| (0..60).contains(&(i + semitones))) {
                    let a = f64::from(one[(60 * frame + i + semitones) as usize]);
                    let b = f64::from(other[(60 * frame + i) as usize]);
                    (ab, aa, bb) = (ab + a * b, aa + a * a, bb + b * b);
                }
            }
            let (found, expected) = (similarity(&one, &other, 60, semitones), ab / (aa * bb).sqrt());
            assert!((f64::from(found) - expected).abs() < 1e-5, "{found} for {expected} at {semitones}");
        }
        let opposed: Vec<f32> = frames(6).iter().map(|v| -2.0 * v).collect();
        assert!((similarity(&frames(6), &opposed, 60, 0) + 1.0).abs() < 1e-5);
    }

    /// A version is its original plus something else. With as much of something else as there is of the original, the
    /// cosine is .71; with 1.2 times as much it is .64, with 1.5 times .55.
    #[test]
    fn a_version_with_little_else_is_a_copy() {
        let one = frames(7);
        for (else_, expected) in [(0.0, true), (1.0, true), (1.2, true), (1.5, false), (3.0, false)] {
            let version: Vec<f32> = one.iter().zip(frames(8)).map(|(a, b)| a + else_ * b).collect();
            let similarity = similarity(&one, &version, 60, 0);
            assert_eq!(are_copies(similarity), expected, "{else_}: {similarity}");
        }
    }
}
