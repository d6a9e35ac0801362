use super::*;

const VALUES: usize = 60;

/// A stream of chroma that changes smoothly, sampled at half frame `at` of the track.
fn sampled(at: f64) -> Vec<f32> {
    let row: Vec<f32> = (0..VALUES)
        .map(|v| {
            let v = v as f64;
            let phase = |k: f64| at * (0.31 + 0.13 * ((v * 12.9898 + k).sin() * 43758.5453).fract());
            (phase(0.0) + v).sin() as f32 + (phase(7.0) * 1.7 + 2.0 * v).sin() as f32
        })
        .collect();
    let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
    row.iter().map(|v| v / norm).collect()
}

fn track(first: i32, frames: i32) -> Reference {
    let frames = (first..first + frames).flat_map(|n| sampled(2.0 * f64::from(n))).collect();
    Reference { first, frames }
}

fn played(from: f64, tempo: f64, half_frames: usize) -> Vec<f32> {
    (0..half_frames).flat_map(|h| sampled(from + tempo * h as f64)).collect()
}

#[test]
fn offset_and_tempo_of_a_query_are_found_together() {
    let reference = track(40, 260);
    for tempo in [0.8, 0.97, 0.99, 1.0, 1.005, 1.02, 1.2] {
        for from in [150.0, 150.3, 150.5, 151.7] {
            let query = played(from, tempo, 100);
            let start = Line { at: 50.0, in_track: 150.0 + 50.0 * tempo, tempo: tempo * 1.003 };
            let comparison = Comparison::new(&query, &reference, VALUES, &start, 0..100);
            let line = comparison.best_line(start, None);
            assert!((line.tempo - tempo).abs() < 0.0015, "{line:?} for {tempo}");
            assert!((line.in_track(0.0) - from).abs() < 0.1, "{line:?} for {from} at {tempo}");
        }
    }
}

/// The same as trying every line of a fine grid.
#[test]
fn the_climb_ends_where_a_grid_has_its_best() {
    let reference = track(0, 200);
    let query = played(80.4, 1.013, 90);
    let start = Line { at: 45.0, in_track: 126.0, tempo: 1.0 };
    let comparison = Comparison::new(&query, &reference, VALUES, &start, 0..90);
    let climbed = comparison.climb(start, true);
    let mut best = (f32::MIN, start);
    for a in -20..=20 {
        for b in -20..=20 {
            let line = Line {
                in_track: start.in_track + 0.1 * f64::from(a),
                tempo: 1.0 + 0.001 * f64::from(b),
                ..start
            };
            let agreement = comparison.agreement(&line);
            if agreement > best.0 {
                best = (agreement, line);
            }
        }
    }
    assert!(comparison.agreement(&climbed) >= best.0, "{climbed:?} and {best:?}");
    assert!((climbed.in_track - best.1.in_track).abs() < 0.1, "{climbed:?} and {best:?}");
    assert!((climbed.tempo - best.1.tempo).abs() < 0.001, "{climbed:?} and {best:?}");
}

#[test]
fn a_tempo_that_says_little_more_is_not_made_up() {
    let reference = track(0, 300);
    for (from, other) in [(150.0, 3000.0), (150.3, 4000.0), (151.5, 5000.0), (149.7, 6000.0)] {
        let mut query = played(from, 1.0, 50);
        for (q, noise) in query.iter_mut().zip(played(other, 1.0, 50)) {
            *q += noise;
        }
        let start = Line { at: 25.0, in_track: 175.0, tempo: 1.0 };
        let line = Comparison::new(&query, &reference, VALUES, &start, 0..50).best_line(start, None);
        assert_eq!(line.tempo, 1.0);
        assert!((line.in_track(0.0) - from).abs() < 0.2, "{line:?} for {from}");
    }
}

#[test]
fn another_likely_tempo_is_taken_where_it_fits_better() {
    let reference = track(0, 300);
    let query = played(150.0, 1.02, 60);
    let start = Line { at: 30.0, in_track: 180.6, tempo: 1.0 };
    let comparison = Comparison::new(&query, &reference, VALUES, &start, 0..60);
    assert_eq!(comparison.best_line(start, Some(1.02)).tempo, 1.02);
    let query = played(150.0, 1.0, 60);
    assert_eq!(comparison.with_query(&query).best_line(start, Some(1.02)).tempo, 1.0);
}

#[test]
fn a_range_outside_the_frames_stays_where_it_is() {
    let reference = track(0, 10);
    let query = played(0.0, 1.0, 20);
    let start = Line { at: 10.0, in_track: 500.0, tempo: 1.0 };
    for query in [query, Vec::new()] {
        let comparison = Comparison::new(&query, &reference, VALUES, &start, 0..20);
        assert_eq!(comparison.best_line(start, Some(1.1)).in_track, 500.0);
    }
}

#[test]
fn the_transposition_is_where_the_agreement_peaks() {
    let reference = track(0, 100);
    let line = Line { at: 30.0, in_track: 30.0, tempo: 1.0 };
    let (query, other) = (played(0.0, 1.0, 60), played(1000.0, 3.0, 60));
    let comparison = Comparison::new(&query, &reference, VALUES, &line, 0..60);
    // Bins next to the right one agree in part.
    let read = |right: i32| {
        let (query, other) = (&query, &other);
        move |shift: i32| -> Cow<'static, [f32]> {
            let share = (1.0 - 0.2 * (shift - right).abs() as f32).max(0.0);
            query.iter().zip(other).map(|(q, o)| share * q + (1.0 - share) * o).collect()
        }
    };
    assert_eq!(comparison.transposition(&line, 0, read(0)), 0.0);
    for right in [-3, -1, 2] {
        let bins = comparison.transposition(&line, 0, read(right));
        assert!((bins - f64::from(right)).abs() < 0.2, "{bins} for {right}");
    }
    let bins = comparison.transposition(&line, 7, read(6));
    assert!((bins - 6.0).abs() < 0.2, "{bins}");
}
