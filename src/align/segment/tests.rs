use std::ops::Range;

use super::*;

const VALUES: usize = 60;

/// Unrelated frames of norm 1.
fn music(frames: usize, seed: u64) -> Vec<f32> {
    // Neighbouring seeds give similar numbers; those of a fork are unrelated.
    let mut random = fastrand::Rng::with_seed(seed).fork();
    let mut out = Vec::new();
    for _ in 0..frames {
        let row: Vec<f32> = (0..VALUES).map(|_| 2.0 * random.f32() - 1.0).collect();
        let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
        out.extend(row.iter().map(|v| v / norm));
    }
    out
}

fn row(frames: &[f32], n: usize) -> &[f32] {
    &frames[n * VALUES..(n + 1) * VALUES]
}

/// A query in half frames. Its even ones are the track's frames from `first` on, its odd ones are noise.
fn excerpt(track: &[f32], first: usize, frames: usize, odd: u64) -> Vec<f32> {
    let noise = music(frames, odd);
    let mut query = Vec::new();
    for k in 0..frames {
        query.extend_from_slice(row(track, first + k));
        query.extend_from_slice(row(&noise, k));
    }
    query
}

/// `part` of `frames` and the rest of unrelated noise.
fn under_noise(frames: &[f32], part: f32, seed: u64) -> Vec<f32> {
    let noise = music(frames.len() / VALUES, seed);
    frames.iter().zip(&noise).map(|(f, n)| part * f + (1.0 - part) * n).collect()
}

/// The evidence of a pair as ARCHITECTURE.md defines it, in double precision.
fn plain_evidence(q: &[f32], r: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let mut sum = 0.0;
    for octave in 0..5 {
        let of = |frame: &[f32]| frame[12 * octave..12 * (octave + 1)].to_vec();
        let (q, r) = (of(q), of(r));
        let (norm_q, norm_r) = (dot(&q, &q).sqrt(), dot(&r, &r).sqrt());
        let (floor_q, floor_r) = (norm_q.max(0.15), norm_r.max(0.15));
        let cosine = dot(&q, &r) / (floor_q * floor_r);
        let penalty = 0.07 * (norm_q / floor_q) * (norm_r / floor_r);
        sum += (cosine + cosine.powi(2)) / 2.0 - penalty;
    }
    sum / 5.0
}

/// Which query half frame meets which frame of the track, by trying all of them.
fn plain_pairs(queries: usize, first: i32, references: usize, offset: i32) -> Vec<(usize, usize)> {
    let frame = |n: usize| 2 * (first + n as i32);
    let all = (0..queries).flat_map(|h| (0..references).map(move |n| (h, n)));
    all.filter(|&(h, n)| offset + h as i32 == frame(n)).collect()
}

#[test]
fn an_excerpt_is_placed_whole() {
    let track = music(200, 1);
    let query = excerpt(&track, 80, 30, 9);
    for first in [0, 70, 85] {
        let reference = Reference { first, frames: track[first as usize * VALUES..].to_vec() };
        for proposed in [158, 160, 161, 162] {
            let a = align(&query, &reference, VALUES, proposed).unwrap();
            assert_eq!(a.offset.round(), 160.0);
            assert_eq!(a.from, if first == 85 { 10 } else { 0 });
            assert!(a.to >= 59 && a.similarity > 0.999, "{a:?}");
        }
    }
}

/// Two half frames either way are tried, the third is not.
#[test]
fn a_proposal_may_be_two_half_frames_off() {
    let track = music(200, 1);
    let query = excerpt(&track, 80, 30, 9);
    let reference = Reference { first: 0, frames: track };
    let at = |proposed| align(&query, &reference, VALUES, proposed).unwrap().evidence;
    for (near, far) in [(158, 157), (162, 163)] {
        assert!(at(near) > 20.0 && at(far) < 2.0, "{} {}", at(near), at(far));
    }
}

#[test]
fn only_the_range_that_agrees_counts() {
    let track = music(200, 1);
    let mut query = music(40, 5);
    query.extend(excerpt(&track, 50, 20, 9));
    query.extend(music(40, 6));
    let reference = Reference { first: 0, frames: track };
    let a = align(&query, &reference, VALUES, 60).unwrap();
    assert_eq!(a.offset.round(), 60.0);
    // Noise agrees a little by chance.
    assert!((34..=40).contains(&a.from), "{a:?}");
    assert!((79..=84).contains(&a.to), "{a:?}");
}

#[test]
fn a_query_may_begin_before_the_track_and_end_after_it() {
    let track = music(30, 1);
    let mut query = music(10, 5);
    query.extend(excerpt(&track, 0, 30, 9));
    query.extend(music(10, 6));
    let reference = Reference { first: 0, frames: track };
    let a = align(&query, &reference, VALUES, -10).unwrap();
    assert_eq!((a.offset.round(), a.from), (-10.0, 10));
    assert!(a.to >= 69, "{a:?}");
}

#[test]
fn frames_without_overlap_have_no_alignment() {
    let reference = Reference { first: 0, frames: music(10, 1) };
    assert_eq!(align(&music(10, 2), &reference, VALUES, 200), None);
    assert_eq!(align(&music(10, 2), &reference, VALUES, -200), None);
}

#[test]
fn every_half_frame_meets_its_frame() {
    let frames = music(40, 3);
    for (queries, references, first) in [(1, 1, 0), (2, 1, 3), (7, 4, 0), (8, 4, 5), (5, 9, 2), (6, 9, 2)] {
        let query = &frames[..queries * VALUES];
        let reference = Reference { first, frames: frames[20 * VALUES..(20 + references) * VALUES].to_vec() };
        for offset in -20..40 {
            let expected = plain_pairs(queries, first, references, offset);
            let Some(pairs) = Pairs::new(query, &reference, VALUES, offset) else {
                assert!(expected.is_empty(), "{queries} at {offset}");
                continue;
            };
            assert_eq!(pairs.count, expected.len(), "{queries} at {offset}");
            assert_eq!(pairs.first, expected[0].0);
            for (k, (h, n)) in expected.into_iter().enumerate() {
                assert!(pairs.get(k) == (row(query, h), row(&reference.frames, n)), "{queries} at {offset}");
            }
        }
    }
}

/// Loud, quiet and silent octaves, alike, opposed and unrelated, against the definition.
#[test]
fn the_evidence_of_a_pair_is_what_its_definition_says() {
    let mut random = fastrand::Rng::with_seed(4);
    let (mut quiet, mut above) = (0, 0);
    for _ in 0..500 {
        let same = random.f32() * 2.0 - 1.0;
        let [mut q, mut r] = [vec![0.0f32; VALUES], vec![0.0f32; VALUES]];
        for octave in 0..5 {
            let loud = [0.0, 0.01, 0.05, 0.2, 0.5, 1.0];
            let [of_q, of_r] = [0, 1].map(|_| loud[random.usize(..6)]);
            for i in 12 * octave..12 * (octave + 1) {
                let shared = random.f32() - 0.5;
                q[i] = of_q * shared;
                r[i] = of_r * (same * shared + (1.0 - same.abs()) * (random.f32() - 0.5));
            }
            quiet += usize::from(of_q > 0.0 && of_q < 0.1);
        }
        let [evidence, qr, qq, rr] = products((&q, &r));
        let expected = plain_evidence(&q, &r);
        assert!((f64::from(evidence) - expected).abs() < 2e-6, "{evidence} for {expected}");
        above += usize::from(expected > 0.1);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        for (got, expected) in [(qr, dot(&q, &r)), (qq, dot(&q, &q)), (rr, dot(&r, &r))] {
            assert!((got - expected).abs() < 1e-5, "{got} for {expected}");
        }
    }
    assert!(quiet > 300 && above > 50, "{quiet} {above}");
}

/// The evidence of a noisy query of 30 frames. It was computed once, and `plain_evidence` agrees.
#[test]
fn a_noisy_pair_has_the_evidence_that_it_had() {
    let track = music(30, 11);
    let query = excerpt(&under_noise(&track, 0.6, 12), 0, 30, 13);
    let a = align(&query, &Reference { first: 0, frames: track.clone() }, VALUES, 0).unwrap();
    assert_eq!((a.from, a.to), (0, 60));
    assert!((a.evidence - 21.0062).abs() < 1e-3, "{a:?}");
    assert!((a.similarity - 0.83955).abs() < 1e-4, "{a:?}");
    let plain: f64 = (0..30).map(|k| plain_evidence(row(&query, 2 * k), row(&track, k))).sum();
    assert!((f64::from(a.evidence) - plain).abs() < 1e-4, "{a:?} for {plain}");
}

/// An octave with a cosine of 1 and one of 0 count more than two of 1/2: (1 + 0) / 2 against (3/8 + 3/8) / 2.
#[test]
fn one_good_octave_counts_more_than_two_fair_ones() {
    let of = |cosines: [f32; 5]| {
        let [mut q, mut r] = [vec![0.0f32; VALUES], vec![0.0f32; VALUES]];
        for (octave, c) in cosines.into_iter().enumerate() {
            q[12 * octave] = 0.5;
            r[12 * octave] = 0.5 * c;
            r[12 * octave + 1] = 0.5 * (1.0 - c * c).sqrt();
        }
        products((&q, &r))[0]
    };
    let (one, two) = (of([1.0, 0.0, 0.0, 0.0, 0.0]), of([0.5, 0.5, 0.0, 0.0, 0.0]));
    assert!((one - two - (1.0 - 0.75) / 5.0).abs() < 1e-5, "{one} {two}");
}

/// The best of all ranges, by trying them.
fn plain_best(gains: &[f64]) -> (f64, Range<usize>) {
    let mut best = (f64::MIN, 0..0);
    for start in 0..gains.len() {
        for end in start + 1..=gains.len() {
            let sum = gains[start..end].iter().sum::<f64>();
            if sum > best.0 + 1e-9 {
                best = (sum, start..end);
            }
        }
    }
    best
}

#[test]
fn the_range_is_the_best_of_all_ranges() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut inner = 0;
    for round in 0..60u64 {
        let frames = random.usize(1..40);
        let track = music(frames, 100 + round);
        let noise = music(frames, 200 + round);
        let mut query = Vec::new();
        // Good, bad and silent passages by turns.
        let mut kind = 0;
        for k in 0..frames {
            if random.usize(..5) == 0 {
                kind = random.usize(..4);
            }
            let part = [0.0, 0.35, 0.6, 0.0][kind];
            let mix = row(&track, k).iter().zip(row(&noise, k)).map(|(t, n)| part * t + (1.0 - part) * n);
            query.extend(mix.map(|v| if kind == 3 { 0.0 } else { v }));
            query.extend([0.0; VALUES]);
        }
        // The last half frame of an odd query is a pair too.
        let halves = 2 * frames - random.usize(..2);
        query.truncate(halves * VALUES);
        let gains: Vec<f64> =
            (0..frames).map(|k| plain_evidence(row(&query, 2 * k), row(&track, k))).collect();
        let (sum, range) = plain_best(&gains);
        let reference = Reference { first: 5, frames: track.clone() };
        let a = best_range(&query, &reference, VALUES, 10).unwrap();
        assert!((f64::from(a.evidence) - sum).abs() < 1e-4, "{a:?} for {sum}");
        let gain: f64 = gains[a.from / 2..a.to.div_ceil(2)].iter().sum();
        assert!((gain - sum).abs() < 1e-4, "{a:?} for {range:?}");
        assert_eq!((a.from % 2, a.offset), (0, 10.0));
        assert!(a.to == halves || a.to.is_multiple_of(2), "{a:?}");
        let met = [&query, &track].map(|side: &Vec<f32>| {
            let step = side.len().div_ceil(frames * VALUES);
            (a.from / 2..a.to.div_ceil(2)).flat_map(|k| row(side, step * k).to_vec()).collect::<Vec<f32>>()
        });
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let cosine = dot(&met[0], &met[1]) / (dot(&met[0], &met[0]) * dot(&met[1], &met[1])).sqrt().max(1e-9);
        assert!((a.similarity - cosine).abs() < 1e-4, "{a:?} for {cosine}");
        inner += usize::from(range.start > 0 && range.end < frames);
    }
    assert!(inner > 10, "only {inner} ranges have both ends inside");
}

/// Silence counts nothing, so it could belong to a range or not. The range begins and ends with sound.
#[test]
fn a_range_has_no_silence_at_its_ends() {
    let track = music(30, 1);
    let mut query = vec![0.0; 20 * VALUES];
    query.extend(excerpt(&track, 10, 10, 9));
    query.extend(vec![0.0; 20 * VALUES]);
    let a = align(&query, &Reference { first: 0, frames: track }, VALUES, 0).unwrap();
    assert_eq!((a.from, a.to), (20, 40), "{a:?}");
}

/// The half frame after the last pair may not be there.
#[test]
fn the_end_is_never_after_the_query() {
    let track = music(30, 1);
    let query = excerpt(&track, 10, 10, 9);
    let reference = Reference { first: 0, frames: track };
    for (halves, to) in [(20, 20), (19, 19), (18, 18)] {
        let a = align(&query[..halves * VALUES], &reference, VALUES, 20).unwrap();
        assert_eq!((a.from, a.to), (0, to));
        assert!((a.evidence - (to as f32 / 2.0).ceil() * (1.0 - 0.07)).abs() < 1e-3, "{a:?}");
    }
}

/// Frames that change slowly agree in part half a frame further on.
fn slow(half_frames: Range<i32>, at: f64) -> Vec<f32> {
    half_frames
        .flat_map(|h| {
            let row: Vec<f32> = (0..VALUES)
                .map(|v| {
                    let rate = 0.2 + 0.3 * ((v as f64 * 12.9898).sin() * 43758.5453).fract().abs();
                    ((f64::from(h) + at) * rate + 5.0 * v as f64).sin() as f32
                })
                .collect();
            let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            row.into_iter().map(move |v| v / norm)
        })
        .collect()
}

fn slow_track() -> Reference {
    Reference { first: 0, frames: (0..100).flat_map(|n| slow(2 * n..2 * n + 1, 0.0)).collect() }
}

#[test]
fn the_offset_lies_where_the_parabola_through_the_evidence_peaks() {
    let reference = slow_track();
    for by in [-0.45, -0.3, -0.1, 0.0, 0.2, 0.35] {
        let query = slow(60..120, by);
        let [before, middle, after] =
            [59, 60, 61].map(|o| f64::from(best_range(&query, &reference, VALUES, o).unwrap().evidence));
        // The vertex of y = a x^2 + b x + c through (-1, before), (0, middle) and (1, after).
        let (a, b) = ((before + after) / 2.0 - middle, (after - before) / 2.0);
        let found = align(&query, &reference, VALUES, 60).unwrap().offset;
        assert!((found - 60.0 + b / (2.0 * a)).abs() < 1e-4, "{found} for {by}");
        assert!((found - 60.0 - by).abs() < 0.12, "{found} for {by}");
        // At the edge of what was tried there is no parabola.
        for proposed in [58, 62] {
            assert_eq!(align(&query, &reference, VALUES, proposed).unwrap().offset, 60.0);
        }
        for proposed in [59, 61] {
            assert_eq!(align(&query, &reference, VALUES, proposed).unwrap().offset, found);
        }
    }
}

#[test]
fn a_parabola_through_three_of_its_points_peaks_where_it_did() {
    for peak in [-0.5, -0.2, 0.0, 0.125, 0.4, 0.5] {
        let at = |x: f32| 7.0 - 3.0 * (x - peak) * (x - peak);
        assert!((parabola_peak(at(-1.0), at(0.0), at(1.0)) - f64::from(peak)).abs() < 1e-5, "{peak}");
    }
    // Beyond half a step, along a line, and where there is no peak.
    assert_eq!(parabola_peak(0.0, 1.0, 1.5), 0.5);
    assert_eq!(parabola_peak(1.5, 1.0, 0.0), -0.5);
    for flat in [[1.0, 1.0, 1.0], [0.0, 1.0, 2.0], [2.0, 1.0, 2.0], [3.0, 1.0, 2.0]] {
        assert_eq!(parabola_peak(flat[0], flat[1], flat[2]), 0.0);
    }
}

#[test]
fn the_frames_of_a_range_are_those_of_its_pairs() {
    let frames = music(60, 8);
    for (queries, first, references, offset) in
        [(21, 3, 12, 9), (20, 0, 30, 4), (30, 6, 9, -3), (24, 2, 9, 5)]
    {
        let query = &frames[..queries * VALUES];
        let reference = Reference { first, frames: frames[30 * VALUES..][..references * VALUES].to_vec() };
        let pairs = plain_pairs(queries, first, references, offset);
        for (from, to) in [(0, queries), (4, 11), (5, 11), (5, 12), (6, 6), (queries - 1, queries)] {
            for by in [-0.4, 0.0, 0.4] {
                let offset = f64::from(offset) + by;
                let alignment = Alignment { offset, from, to, evidence: 0.0, similarity: 0.0 };
                let [of_query, of_track] = paired_frames(query, &reference, VALUES, &alignment).unwrap();
                let within = pairs.iter().filter(|(h, _)| (from..to).contains(h));
                let expected: Vec<f32> = within.clone().flat_map(|&(h, _)| row(query, h).to_vec()).collect();
                assert!(of_query == expected, "{from}..{to} at {offset}");
                let expected: Vec<f32> =
                    within.flat_map(|&(_, n)| row(&reference.frames, n).to_vec()).collect();
                assert!(of_track == expected, "{from}..{to} at {offset}");
            }
        }
    }
    let nowhere = Alignment { offset: 500.0, from: 0, to: 9, evidence: 0.0, similarity: 0.0 };
    assert_eq!(paired_frames(&frames, &slow_track(), VALUES, &nowhere), None);
}

#[test]
fn silence_neither_helps_nor_hurts() {
    let track = music(60, 1);
    let mut silent = track.clone();
    silent[20 * VALUES..30 * VALUES].fill(0.0);
    let query = excerpt(&silent, 0, 60, 9);
    let with = align(&query, &Reference { first: 0, frames: silent }, VALUES, 0).unwrap();
    assert!((with.evidence - 50.0 * (1.0 - 0.07)).abs() < 0.01, "{with:?}");
}
