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

/// Frames of a query and a track in which each value is a number of its own, so that sums can be worked out.
fn random_rows(rows: usize, values: usize, seed: u64) -> Vec<f32> {
    // Neighbouring seeds give similar numbers; those of a fork are unrelated.
    let mut random = fastrand::Rng::with_seed(seed).fork();
    (0..rows * values).map(|_| 2.0 * random.f32() - 1.0).collect()
}

/// The terms, the agreement and the cosine as their definitions read, in double precision.
fn plain_terms(
    query: &[f32],
    reference: &Reference,
    values: usize,
    line: &Line,
    frames: Range<usize>,
) -> (Vec<f64>, f64) {
    let last = query.len() / values - 1;
    let (mut products, mut energy, mut stored) = (Vec::new(), 0.0, 0.0);
    for n in frames {
        let position = f64::from(2 * (reference.first + n as i32));
        let h = (line.at + (position - line.in_track) / line.tempo).max(0.0).min(last as f64);
        let (before, share) = (h.floor() as usize, h - h.floor());
        let after = (before + 1).min(last);
        let mut product = 0.0;
        for v in 0..values {
            let (a, b) = (f64::from(query[before * values + v]), f64::from(query[after * values + v]));
            let (q, r) = (a * (1.0 - share) + b * share, f64::from(reference.frames[n * values + v]));
            product += q * r;
            energy += q * q;
            stored += r * r;
        }
        products.push(product);
    }
    let terms: Vec<f64> = products.iter().map(|p| p / energy.sqrt()).collect();
    let cosine = terms.iter().sum::<f64>() / stored.sqrt();
    (terms, cosine)
}

/// A half frame that the range includes meets a frame; the end is not included.
fn plain_frames(reference: &Reference, values: usize, line: &Line, range: Range<usize>) -> Range<usize> {
    let half = |h: usize| line.in_track + (h as f64 - line.at) * line.tempo;
    let within: Vec<usize> = (0..reference.frames.len() / values)
        .filter(|&n| {
            let position = f64::from(2 * (reference.first + n as i32));
            position >= half(range.start) && position < half(range.end)
        })
        .collect();
    within.first().map_or(0..0, |&first| first..first + within.len())
}

#[test]
fn agreement_and_similarity_are_those_of_their_definitions() {
    let mut random = fastrand::Rng::with_seed(5);
    for round in 0..200 {
        let values = [4, 12][round % 2];
        let (rows, stored) = (random.usize(2..40), random.usize(1..30));
        let query = random_rows(rows, values, round as u64);
        let reference =
            Reference { first: random.i32(0..10), frames: random_rows(stored, values, 1000 + round as u64) };
        let line = Line {
            at: rows as f64 * random.f64(),
            in_track: 2.0 * f64::from(reference.first) + 2.0 * stored as f64 * random.f64(),
            tempo: 0.7 + random.f64(),
        };
        let range = random.usize(0..rows / 2)..random.usize(rows / 2 + 1..rows + 1);
        let comparison = Comparison::new(&query, &reference, values, &line, range.clone());
        let frames = plain_frames(&reference, values, &line, range);
        assert_eq!(comparison.frames.len(), frames.len(), "round {round}");
        if frames.is_empty() {
            assert_eq!(comparison.similarity(&line), 0.0);
            continue;
        }
        assert_eq!(comparison.frames, frames, "round {round}");
        // Also on a line that has moved since.
        let moved =
            Line { in_track: line.in_track + 3.0 * random.f64() - 1.5, tempo: line.tempo * 1.01, ..line };
        for line in [line, moved] {
            let (terms, cosine) = plain_terms(&query, &reference, values, &line, frames.clone());
            for (got, expected) in comparison.terms(&line).iter().zip(&terms) {
                assert!((f64::from(*got) - expected).abs() < 1e-4, "{got} for {expected}");
            }
            assert!((f64::from(comparison.agreement(&line)) - terms.iter().sum::<f64>()).abs() < 1e-4);
            assert!((f64::from(comparison.similarity(&line)) - cosine).abs() < 1e-4);
        }
        // The sum of the differences over the root of the sum of their squares about the mean.
        let [a, b] =
            [line, moved].map(|line| plain_terms(&query, &reference, values, &line, frames.clone()).0);
        let gains: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
        let mean = gains.iter().sum::<f64>() / gains.len() as f64;
        let deviation = gains.iter().map(|g| (g - mean) * (g - mean)).sum::<f64>().sqrt();
        if deviation > 0.01 {
            let expected = (gains.iter().sum::<f64>() / deviation).max(0.0);
            assert!(
                (comparison.gain(&line, &moved) - expected).abs() < 0.01 * expected.max(1.0),
                "{expected}"
            );
        }
        assert!(comparison.gain(&line, &moved) == 0.0 || comparison.gain(&moved, &line) == 0.0);
    }
}

/// Noisy clips with a tempo near 1, by how much a free tempo gains. Returns the gains at which it was taken and not.
fn gains_taken(half_frames: usize) -> (Vec<f64>, Vec<f64>) {
    let reference = track(0, 400);
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for round in 0..160 {
        // The shorter the clip is, the further off it has to be for the same gain.
        let step = 0.0007 * (60.0 / half_frames as f64).powf(1.5) * if half_frames < 40 { 2.0 } else { 1.0 };
        let tempo = 1.0 + step * f64::from(round % 16);
        let mut query = played(150.0, tempo, half_frames);
        let noise = played(1000.0 + 211.0 * f64::from(round), 1.3, half_frames);
        query.iter_mut().zip(noise).for_each(|(q, n)| *q += 0.9 * n);
        let middle = half_frames as f64 / 2.0;
        let start = Line { at: middle, in_track: 150.0 + middle * tempo, tempo: 1.0 };
        let comparison = Comparison::new(&query, &reference, VALUES, &start, 0..half_frames);
        let free = comparison.climb(start, true);
        let simple = comparison.climb(Line { tempo: 1.0, ..free }, false);
        let gain = comparison.gain(&free, &simple);
        let line = comparison.best_line(start, None);
        assert_eq!(line, if line.tempo == 1.0 { simple } else { free });
        if free.tempo != 1.0 {
            if line == free { taken.push(gain) } else { refused.push(gain) }
        }
    }
    (taken, refused)
}

/// The rule about a free tempo: 1.25 standard errors, and 2.5 below 20 frames.
#[test]
fn a_free_tempo_has_to_gain_more_in_a_short_range() {
    for (half_frames, limit) in [(60, 1.25), (40, 1.25), (38, 2.5), (20, 2.5)] {
        let (taken, refused) = gains_taken(half_frames);
        let least = taken.iter().copied().fold(f64::MAX, f64::min);
        let most = refused.iter().copied().fold(0.0, f64::max);
        assert!(least >= limit && least < limit + 0.3, "{half_frames}: {least}");
        assert!(most < limit && most > limit - 0.3, "{half_frames}: {most}");
    }
}

/// Of two simple tempi the better one is taken, whether or not a free one is close.
#[test]
fn the_tempo_that_goes_with_the_pitch_is_only_taken_if_it_agrees_better() {
    let reference = track(0, 300);
    for (tempo, other, expected) in [(1.0, 1.1, 1.0), (1.1, 1.1, 1.1), (1.1, 0.9, 1.1)] {
        let query = played(150.0, tempo, 60);
        let start = Line { at: 30.0, in_track: 150.0 + 30.0 * tempo, tempo };
        let line = Comparison::new(&query, &reference, VALUES, &start, 0..60).best_line(start, Some(other));
        assert!((line.tempo - expected).abs() < 2e-3, "{line:?} for {tempo} or {other}");
        assert_eq!(line.tempo == other, tempo == other);
    }
}

/// A third more is as far as the tempo goes.
#[test]
fn the_climb_does_not_leave_the_range_of_tempi() {
    let reference = track(0, 400);
    for tempo in [1.3, 1.45, 0.77, 0.68] {
        let query = played(200.0, tempo, 40);
        // Right in the middle, so that only the tempo has to move.
        let start = Line { at: 20.0, in_track: 200.0 + 20.0 * tempo, tempo };
        let from = |tempo: f64| Line { tempo, ..start };
        let comparison = Comparison::new(&query, &reference, VALUES, &from(1.0), 0..40);
        for by in [0.97, 1.0, 1.03] {
            let line = comparison.climb(from(tempo * by), true);
            assert!((line.tempo - tempo).abs() < 0.01, "{line:?} for {tempo}");
            assert!(comparison.climb(from(tempo * by), false).tempo == tempo * by);
        }
        // From 1 on, wherever the climb gets to, it stays within a third.
        let line = comparison.climb(from(1.0), true);
        assert!((0.75..=1.3334).contains(&line.tempo), "{line:?}");
    }
}

/// Fewer than three frames have no peak to look for.
#[test]
fn two_frames_stay_and_three_move() {
    let reference = track(0, 100);
    let query = played(50.4, 1.0, 20);
    let start = Line { at: 3.0, in_track: 53.0, tempo: 1.0 };
    for (end, moves) in [(4, false), (6, true)] {
        let comparison = Comparison::new(&query, &reference, VALUES, &start, 0..end);
        assert_eq!(comparison.frames.len(), end / 2);
        let line = comparison.climb(start, false);
        assert_eq!(line != start, moves);
        assert!(!moves || (line.in_track - 53.4).abs() < 0.2, "{line:?}");
    }
}
