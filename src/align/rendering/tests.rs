use super::*;
use crate::params::CURRENT;

const VALUES: usize = CURRENT.frame_values();

/// Frames with some notes that last a few frames each, of mean about 0.
fn notes(frames: usize, seed: u64) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut rows = vec![-0.05; frames * VALUES];
    for _ in 0..frames * 3 {
        let (start, note, length) = (random.usize(0..frames), random.usize(0..VALUES), random.usize(1..6));
        for row in rows.chunks_exact_mut(VALUES).skip(start).take(length) {
            row[note] = 0.5;
        }
    }
    rows
}

fn noise(frames: usize, seed: u64) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..frames * VALUES).map(|_| 0.6 * (random.f32() - 0.5)).collect()
}

/// `rows` with each value `by` semitones higher.
fn higher(rows: &[f32], by: usize) -> Vec<f32> {
    let shifted = |row: &[f32]| [&vec![0.0; by][..], &row[..VALUES - by]].concat();
    rows.chunks_exact(VALUES).flat_map(shifted).collect()
}

fn sum(a: &[f32], b: &[f32], gain: f32) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + gain * b).collect()
}

fn traits(query: &[f32], track: &[f32]) -> Traits {
    Traits::new(query, track, VALUES, (Vec::new(), VALUES))
}

#[test]
fn other_overtones_show_and_noise_does_not() {
    let track = notes(60, 1);
    let noisy = traits(&sum(&track, &noise(60, 2), 1.0), &track);
    let quieter = traits(&track.iter().map(|v| 0.3 * v).collect::<Vec<_>>(), &track);
    let other_music = traits(&sum(&track, &notes(60, 3), 1.0), &track);
    for (name, same) in [("noise", noisy), ("quieter", quieter), ("other music", other_music)] {
        assert!(same.timbre.abs() < 0.05, "{name}: {same:?}");
    }
    for interval in [12, 19, 24] {
        let other = traits(&sum(&track, &higher(&track, interval), 0.8), &track);
        assert!(other.timbre > 0.05, "{interval}: {other:?}");
    }
    let sixth = traits(&sum(&track, &higher(&track, 8), 0.8), &track);
    assert!(sixth.timbre < 0.02, "{sixth:?}");
}

#[test]
fn notes_that_are_louder_by_turns_are_uneven() {
    let track = notes(60, 6);
    let louder = |gain: fn(usize) -> f32| -> Vec<f32> {
        track.iter().enumerate().map(|(n, v)| v * gain(n % VALUES)).collect()
    };
    let even = traits(&louder(|_| 0.5), &track).unevenness;
    assert!(even < 1e-3, "{even}");
    // Half of the notes twice as loud as the others: 1/3, but for the frames that each has.
    let uneven = traits(&louder(|note| if note % 2 == 0 { 2.0 } else { 1.0 }), &track).unevenness;
    assert!((uneven - 1.0 / 3.0).abs() < 0.03, "{uneven}");
    let short = &track[..2 * VALUES];
    assert_eq!(traits(&louder(|note| note as f32)[..2 * VALUES], short).unevenness, 0.0);
}

#[test]
fn an_echo_comes_later() {
    let track = notes(60, 4);
    let late =
        |frames: usize| [vec![0.0; frames * VALUES], track[..(60 - frames) * VALUES].to_vec()].concat();
    let echo = traits(&sum(&track, &late(2), 0.7), &track).echo;
    assert!(echo > 0.3, "{echo}");
    let before = [&track[2 * VALUES..], &vec![0.0; 2 * VALUES]].concat();
    assert!(traits(&sum(&track, &before, 0.7), &track).echo < -0.3);
    assert!(traits(&sum(&track, &noise(60, 5), 1.0), &track).echo.abs() < 0.1);
}

#[test]
fn contrast_is_the_logarithm_of_loud_over_quiet() {
    let magnitudes: Vec<f32> = (1..=1000).rev().map(|n| n as f32).collect();
    let found = contrast(magnitudes);
    assert!((found - (990.0f64 / 201.0).ln()).abs() < 0.01, "{found}");
    assert_eq!(contrast(Vec::new()), f64::INFINITY);
}

/// The same by shifting whole frames.
#[test]
fn timbre_is_that_of_the_slow_way() {
    for seed in 0..20 {
        let (track, rest) = (notes(9, seed), noise(9, seed + 100));
        let at = |by: i32| {
            let (mut product, mut of_rest, mut of_track) = (0.0f64, 0.0f64, 0.0f64);
            for (x, r) in rest.chunks_exact(VALUES).zip(track.chunks_exact(VALUES)) {
                for v in 0..VALUES as i32 {
                    if (0..VALUES as i32).contains(&(v - by)) {
                        let (x, r) = (f64::from(x[v as usize]), f64::from(r[(v - by) as usize]));
                        (product, of_rest, of_track) = (product + x * r, of_rest + x * x, of_track + r * r);
                    }
                }
            }
            product / (of_rest * of_track).sqrt()
        };
        let weights = [(7, 1.0), (12, 2.0), (19, 1.5), (24, 1.0), (28, 1.0), (31, 0.7)];
        let overtones: f64 = weights.iter().map(|&(by, w)| w * (at(by) + at(-by))).sum::<f64>() / 14.4;
        let others: Vec<i32> =
            vec![3, 4, 6, 8, 10, 11, 13, 14, 17, 18, 20, 21, 22, 23, 25, 26, 27, 29, 30, 32, 33, 35];
        let chance = others.iter().map(|&by| at(by) + at(-by)).sum::<f64>() / (2.0 * others.len() as f64);
        let found = timbre(&rest, &track, VALUES);
        assert!((found - (overtones - chance)).abs() < 1e-5, "{found} for {}", overtones - chance);
    }
}

#[test]
fn a_clean_clip_that_is_not_similar_is_another_rendering_and_a_noisy_one_is_not() {
    let model = &CURRENT.rendering;
    // Typical of the development corpus.
    let other = Traits {
        similarity: 0.6,
        timbre: 0.09,
        timbre_of_track: 0.08,
        unevenness: 0.5,
        contrast: 4.3,
        extra: 0.2,
        overtones: 0.45,
        rises: 0.6,
        ..Traits::SAME
    };
    let probability = |traits: Traits| is_other_rendering(model, &traits, 50.0, false);
    assert!(probability(other) > 0.9);
    let same = Traits { timbre: 0.01, timbre_of_track: 0.02, ..other };
    for same in [
        Traits { similarity: 0.95, unevenness: 0.1, extra: 0.0, overtones: 0.96, rises: 0.98, ..same },
        // Under speech.
        Traits {
            similarity: 0.52,
            unevenness: 0.38,
            contrast: 3.66,
            extra: 0.46,
            overtones: 0.49,
            rises: 0.56,
            ..same
        },
        // With an echo.
        Traits {
            similarity: 0.67,
            unevenness: 0.28,
            echo: 0.37,
            extra: 0.15,
            overtones: 0.73,
            rises: 0.76,
            ..same
        },
        // Under other music as loud as the track.
        Traits {
            similarity: 0.72,
            unevenness: 0.25,
            contrast: 3.7,
            extra: 0.25,
            overtones: 0.82,
            rises: 0.73,
            ..same
        },
    ] {
        assert!(probability(same) < 0.05, "{same:?}: {}", probability(same));
    }
    assert_eq!(is_other_rendering(model, &other, 10.0, true), 0.0);
    let clean = Traits { contrast: f64::INFINITY, ..other };
    assert!(probability(clean) > 0.9);
    assert_eq!(probability(clean.mean(1.0, &clean, 3.0)), probability(clean));
}

#[test]
fn nothing_at_all_is_no_rendering() {
    let nothing = traits(&[], &[]);
    assert_eq!((nothing.similarity, nothing.timbre, nothing.echo), (0.0, 0.0, 0.0));
    let silent = traits(&[0.0; VALUES], &[0.0; VALUES]);
    assert_eq!((silent.similarity, silent.timbre, silent.echo), (0.0, 0.0, 0.0));
}

#[test]
fn a_voice_is_extra_and_notes_that_are_left_out_are_not() {
    let track = notes(60, 7);
    let same = traits(&track, &track);
    assert_eq!(same.extra, 0.0);
    assert!(same.overtones > 0.999 && same.rises > 0.999, "{same:?}");
    let with_voice = traits(&sum(&track, &notes(60, 8), 1.0), &track);
    assert!(with_voice.extra > 0.3, "{with_voice:?}");
    let half: Vec<f32> = track
        .iter()
        .enumerate()
        .map(|(n, &v)| if (n % VALUES).is_multiple_of(2) { -0.05 } else { v })
        .collect();
    assert!(traits(&half, &track).extra < 0.01);
    assert_eq!(traits(&[-0.1; 5 * VALUES], &track[..5 * VALUES]).extra, 0.0, "nothing is loud");
}

#[test]
fn notes_that_begin_at_other_times_do_not_rise_alike() {
    let track = notes(60, 9);
    let later = [vec![-0.05; VALUES], track[..59 * VALUES].to_vec()].concat();
    assert!(traits(&later, &track).rises < 0.3);
    // Each note fades for some frames more.
    let mut fading = track.clone();
    for n in VALUES..fading.len() {
        fading[n] = fading[n].max(0.8 * fading[n - VALUES]);
    }
    let slow = traits(&fading, &track);
    assert!(slow.rises > 0.9 && slow.similarity < 0.9, "{slow:?}");
}

#[test]
fn only_the_octave_of_overtones_counts_there() {
    let track = notes(60, 10);
    let other = notes(60, 11);
    let mixed = |replaced: fn(usize) -> bool| -> Vec<f32> {
        (0..track.len()).map(|n| if replaced(n % VALUES) { other[n] } else { track[n] }).collect()
    };
    let below = traits(&mixed(|v| !(36..48).contains(&v)), &track);
    assert!(below.overtones > 0.999 && below.similarity < 0.5, "{below:?}");
    let within = traits(&mixed(|v| (36..48).contains(&v)), &track);
    assert!(within.overtones < 0.4 && within.similarity > 0.7, "{within:?}");
}

#[test]
fn a_cover_has_a_key_and_a_tempo_of_its_own() {
    for (tempo, semitones) in [(0.8, -5.0), (1.1, -1.0), (1.05, 3.0), (0.9, 1.0)] {
        assert!(has_own_key_and_tempo(tempo, semitones), "{tempo} {semitones}");
    }
    // As it is; the speed, the tempo or the pitch alone.
    for (tempo, semitones) in
        [(1.0, 0.0), (1.1, 1.65), (0.8, -3.86), (1.2, 0.0), (0.8, 0.3), (1.0, -3.0), (1.01, 2.0)]
    {
        assert!(!has_own_key_and_tempo(tempo, semitones), "{tempo} {semitones}");
    }
    // A chord accompaniment of its own under the same lead.
    let cover = Traits {
        similarity: 0.46,
        timbre: 0.014,
        timbre_of_track: 0.022,
        unevenness: 0.95,
        contrast: 10.7,
        extra: 0.33,
        overtones: 0.86,
        rises: 0.67,
        ..Traits::SAME
    };
    assert!(is_other_rendering(&CURRENT.rendering, &cover, 282.0, true) > 0.1);
    assert!(is_other_rendering(&CURRENT.rendering, &Traits::SAME, 282.0, true) < 1e-3);
}
