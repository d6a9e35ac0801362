use super::*;
use crate::align::segment::Reference;

const BINS: usize = 180;
const VALUES: usize = BINS / 3;
const OCTAVE: usize = 36;

/// A tune: each note's place in bins, when it sounds (in half frames), and how loud. Notes lie `tuning` bins off.
fn tune(tuning: f64) -> Vec<(f64, f64, f64)> {
    let mut random = fastrand::Rng::with_seed(11);
    let note = |random: &mut fastrand::Rng| (3.0 * f64::from(random.u32(4..56)) + tuning, random.f64());
    (0..900)
        .map(|n| {
            let (bin, loud) = note(&mut random);
            (bin, f64::from(n) * 0.4, 0.3 + loud)
        })
        .collect()
}

/// The frame at `at` half frames of a tune that is `higher` bins higher, read `shift` bins higher: lines a bin wide, folded
/// to semitones, less what they are on average.
fn frame(tune: &[(f64, f64, f64)], at: f64, higher: f64, shift: i32) -> Vec<f32> {
    let mut bins = vec![0.0; BINS + 2];
    for &(bin, time, loud) in tune.iter().filter(|note| (note.1 - at).abs() < 8.0) {
        let place = bin + higher - f64::from(shift) + 1.0;
        let when = (-(time - at).powi(2) / 8.0).exp();
        for (b, bin) in bins[..=BINS].iter_mut().enumerate().filter(|(b, _)| (*b as f64 - place).abs() <= 3.0)
        {
            *bin += loud * when * (-(b as f64 - place).powi(2)).exp();
        }
    }
    let mut row: Vec<f32> =
        (0..VALUES).map(|s| (bins[3 * s] + bins[3 * s + 1] + bins[3 * s + 2]) as f32).collect();
    let mean = row.iter().sum::<f32>() / VALUES as f32;
    row.iter_mut().for_each(|v| *v -= mean);
    let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-3);
    row.iter().map(|v| v / norm).collect()
}

/// Tempo and pitch that are found of `half_frames` half frames of a tune at another tempo and pitch, with noise, read at
/// `shift` first.
fn found(tuning: f64, (tempo, higher): (f64, f64), half_frames: usize, noise: f32, shift: i32) -> (f64, f64) {
    let tune = tune(tuning);
    let from = 60.3;
    let reference = Reference {
        first: 0,
        frames: (0..160).flat_map(|n| frame(&tune, 2.0 * f64::from(n), 0.0, 0)).collect(),
    };
    let read = |shift: i32| -> Cow<'static, [f32]> {
        let mut random = fastrand::Rng::with_seed(3);
        let rows = (0..half_frames).flat_map(|h| frame(&tune, from + tempo * h as f64, higher, shift));
        rows.map(|v| v + noise * (random.f32() - 0.5)).collect()
    };
    let middle = half_frames as f64 / 2.0;
    let start = Line { at: middle, in_track: from + middle * tempo, tempo: 1.0 };
    let level = read(shift);
    let comparison = Comparison::new(&level, &reference, VALUES, &Line { tempo, ..start }, 0..half_frames);
    let (line, bins) = comparison.tempo_and_pitch(start, (shift, OCTAVE), read);
    (line.tempo, bins)
}

/// Wherever the notes lie between the semitones.
#[test]
fn what_is_unchanged_has_tempo_1_and_pitch_0() {
    for tuning in [-1.5, -1.0, -0.4, 0.0, 0.7, 1.2] {
        for (half_frames, noise) in [(32, 0.0), (32, 0.1), (54, 0.0), (107, 0.1)] {
            assert_eq!(
                found(tuning, (1.0, 0.0), half_frames, noise, 0),
                (1.0, 0.0),
                "{tuning} {half_frames} {noise}"
            );
        }
    }
}

#[test]
fn a_pitch_alone_is_found_and_the_tempo_stays_1() {
    for (higher, shift) in [(0.75, 1), (-0.75, 0), (1.5, 0), (-3.0, -2), (7.2, 6), (-9.4, -8)] {
        for tuning in [-1.2, 0.0, 0.6] {
            let (tempo, bins) = found(tuning, (1.0, higher), 107, 0.1, shift);
            assert_eq!(tempo, 1.0, "{higher}");
            // A tenth of a semitone is .3 bins.
            assert!((bins - higher).abs() < 0.35, "{bins} for {higher} at {tuning}");
        }
    }
}

#[test]
fn the_tempo_near_the_first_one_has_the_peak_of_the_terms() {
    for peak in [0.992, 1.0003, 1.006] {
        let terms = |tempo: f64| vec![1.0 - (tempo - peak).powi(2), 0.5];
        let (tempo, found) = best_near(1.0, terms);
        assert!((tempo - peak).abs() < 1e-4, "{tempo} in place of {peak}");
        assert_eq!(found, terms(tempo));
    }
}

#[test]
fn a_pitch_below_a_twentieth_of_a_semitone_is_none() {
    for tuning in [-1.2, 0.0, 0.6] {
        assert_eq!(found(tuning, (1.0, 0.12), 107, 0.0, 0).1, 0.0, "at {tuning}");
        assert_ne!(found(tuning, (1.0, 0.5), 107, 0.0, 0).1, 0.0, "at {tuning}");
    }
}

#[test]
fn a_tempo_alone_is_found_and_the_pitch_stays_0() {
    for tempo in [0.97, 1.02, 1.05] {
        for tuning in [-1.2, 0.0, 0.6] {
            let (found, bins) = found(tuning, (tempo, 0.0), 107, 0.1, 0);
            assert_eq!(bins, 0.0, "{tempo}");
            assert!((found / tempo - 1.0).abs() < 1.5e-3, "{found} for {tempo}");
        }
    }
}

/// Music that is played faster is higher by as much: both have the same sign and say the same, to a tenth of a
/// semitone.
#[test]
fn of_a_speed_tempo_and_pitch_go_together() {
    for tempo in [0.96, 0.97, 1.03, 1.05f64] {
        for tuning in [-1.2, 0.0, 0.6] {
            let higher = 36.0 * tempo.log2();
            let (found, bins) = found(tuning, (tempo, higher), 107, 0.1, higher.round() as i32);
            assert!((found / tempo - 1.0).abs() < 6e-3, "{found} for {tempo}");
            assert!((bins - 36.0 * found.log2()).abs() < 0.35, "{bins} at {found}");
        }
    }
}

#[test]
fn weights_interpolate_lines_exactly_and_readings_at_whole_bins() {
    for step in -10..=10 {
        let at = f64::from(step) / 10.0;
        let weights = weights(at);
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let place: f64 = weights.iter().enumerate().map(|(n, w)| w * (n as f64 - 2.0)).sum();
        assert!((place - at).abs() < 1e-12, "{place} for {at}");
    }
    assert_eq!(weights(0.0), [0.0, 0.0, 1.0, 0.0, 0.0]);
    assert_eq!(weights(1.0), [0.0, 0.0, 0.0, 1.0, 0.0]);
}
