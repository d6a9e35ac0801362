//! Whether a clip has notes that change. A single note that swells and fades fits any track that holds the note.

/// A clip is steady if more than this share of its energy is one chord that swells and fades. A pure tone that swells has .9996.
const STEADY: f64 = 0.95;

/// Fewer frames do not say: 2.2 s. A shorter clip of music may have one chord.
const MIN_FRAMES: usize = 12;

/// Steps of the power iteration. If one direction has nearly all of the energy, a few are enough.
const STEPS: usize = 12;

/// Whether the part of a clip with this [`steadiness`] has no notes that change.
pub fn is_steady(steadiness: f64) -> bool {
    steadiness > STEADY
}

/// The share of the energy of `frames`, of `values` values each, that is one chord at whatever volume: that of the first principal
/// component without centring, found by power iteration. 1 if only the volume changes, about .3 for music, 0 for
/// silence and for very few frames.
pub fn steadiness(frames: &[f32], values: usize) -> f64 {
    let energy: f64 = frames.iter().map(|&v| f64::from(v * v)).sum();
    let rows = || frames.chunks_exact(values.max(1));
    if rows().len() < MIN_FRAMES || energy <= f64::MIN_POSITIVE {
        return 0.0;
    }
    let of = |row: &[f32]| row.iter().map(|v| v * v).sum::<f32>();
    let Some(loudest) = rows().max_by(|a, b| of(a).total_cmp(&of(b))) else { return 0.0 };
    let mut chord: Vec<f64> = loudest.iter().map(|&v| f64::from(v)).collect();
    let mut share = 0.0;
    for _ in 0..STEPS {
        let length = chord.iter().map(|v| v * v).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        chord.iter_mut().for_each(|v| *v /= length);
        let mut next = vec![0.0; values];
        let mut along = 0.0;
        for row in rows() {
            let loud: f64 = row.iter().zip(&chord).map(|(&v, c)| f64::from(v) * c).sum();
            along += loud * loud;
            next.iter_mut().zip(row).for_each(|(sum, &v)| *sum += loud * f64::from(v));
        }
        share = along / energy;
        chord = next;
    }
    share
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_chord_that_swells_is_steady_and_two_are_not() {
        let swelling = |chord: [f32; 4]| (0..20).flat_map(move |n| chord.map(|v| v * (n as f32 / 5.0).sin()));
        let one: Vec<f32> = swelling([0.5, -0.1, 0.3, -0.2]).collect();
        assert!((steadiness(&one, 4) - 1.0).abs() < 1e-6);
        assert!(is_steady(steadiness(&one, 4)));
        let two: Vec<f32> = swelling([0.0, 0.5, 0.0, 0.0]).chain(swelling([0.0, 0.0, 0.0, 0.5])).collect();
        assert!((steadiness(&two, 4) - 0.5).abs() < 1e-6);
        assert!(!is_steady(steadiness(&two, 4)));
    }

    #[test]
    fn silence_and_few_frames_do_not_say() {
        assert_eq!(steadiness(&[], 4), 0.0);
        assert_eq!(steadiness(&[], 0), 0.0);
        assert_eq!(steadiness(&[0.0; 80], 4), 0.0);
        assert_eq!(steadiness(&[0.5; 44], 4), 0.0);
        assert!(steadiness(&[0.5; 48], 4) > 0.999);
    }

    proptest! {
        /// Jacobi's rotations find all eigenvalues.
        #[test]
        fn it_is_the_greatest_eigenvalue(
            rows in proptest::collection::vec(proptest::array::uniform3(-1.0..1.0_f32), 12..40),
            loud in 3.0..9.0_f32,
        ) {
            // One direction leads, as it does where it matters.
            let rows: Vec<[f32; 3]> = rows.iter().map(|r| [(r[0].signum() + r[0]) * loud, r[1], r[2]]).collect();
            let mut a = [[0.0f64; 3]; 3];
            for row in &rows {
                for i in 0..3 {
                    for j in 0..3 {
                        a[i][j] += f64::from(row[i]) * f64::from(row[j]);
                    }
                }
            }
            let total: f64 = (0..3).map(|i| a[i][i]).sum();
            for _ in 0..30 {
                for (p, q) in [(0, 1), (0, 2), (1, 2)] {
                    let angle = 0.5 * (2.0 * a[p][q]).atan2(a[q][q] - a[p][p]);
                    let (sin, cos) = angle.sin_cos();
                    for row in &mut a {
                        (row[p], row[q]) = (cos * row[p] - sin * row[q], sin * row[p] + cos * row[q]);
                    }
                    let (one, other) = (a[p], a[q]);
                    a[p] = std::array::from_fn(|k| cos * one[k] - sin * other[k]);
                    a[q] = std::array::from_fn(|k| sin * one[k] + cos * other[k]);
                }
            }
            let greatest = (0..3).map(|i| a[i][i]).fold(0.0, f64::max);
            prop_assume!(total > 0.1);
            let found = steadiness(&rows.concat(), 3);
            prop_assert!((found - greatest / total).abs() < 1e-3, "{found} for {}", greatest / total);
        }
    }
}
