use super::*;

const VALUES: usize = 60;

/// Smooth chroma of a tune at any time, in frames.
fn at(time: f64, tune: f64) -> Vec<f32> {
    (0..VALUES)
        .map(|v| {
            let v = v as f64 + 100.0 * tune;
            let rate = 0.6 + 0.5 * ((v * 12.9898).sin() * 43758.5453).fract();
            (time * rate + v).sin() as f32 * 0.2
        })
        .collect()
}

/// A track whose frame `n` is the tune at `by + speed * n`.
fn track(tune: f64, by: f64, speed: f64, count: usize) -> Reference {
    Reference { first: 0, frames: (0..count).flat_map(|n| at(by + speed * n as f64, tune)).collect() }
}

fn side(reference: &Reference, in_track: f64, tempo: f64) -> Side<'_> {
    Side { reference, line: Line { at: 0.0, in_track, tempo } }
}

#[test]
fn the_same_sound_is_found_at_any_fraction_of_a_frame() {
    let one = track(1.0, 0.0, 1.0, 100);
    for fraction in [0.0, 0.1, 0.25, 0.5, 0.75, 0.9] {
        // The other begins 3 frames and a fraction later.
        let two = track(1.0, 3.0 + fraction, 1.0, 100);
        let (a, b) = (side(&one, 40.0, 1.0), side(&two, 40.0 - 2.0 * (3.0 + fraction), 1.0));
        let similarity = same_sound(&a, &b, VALUES, 0..80, 0);
        assert!(similarity > 0.97, "{fraction}: {similarity}");
        assert!((same_sound(&b, &a, VALUES, 0..80, 0) - similarity).abs() < 0.01);
        assert!(is_same_sound(&a, &b, VALUES, 0..80, 0));
        // Where the place is known to half a frame only.
        let off = side(&two, 41.0 - 2.0 * (3.0 + fraction), 1.0);
        assert!(same_sound(&a, &off, VALUES, 0..80, 0) > 0.95);
    }
}

#[test]
fn another_tune_and_silence_are_not_the_same() {
    let (one, two) = (track(1.0, 0.0, 1.0, 100), track(2.0, 0.0, 1.0, 100));
    let silence = Reference { first: 0, frames: vec![0.0; 100 * VALUES] };
    for other in [&two, &silence] {
        assert!(!is_same_sound(&side(&one, 20.0, 1.0), &side(other, 20.0, 1.0), VALUES, 0..80, 0));
    }
    assert!(!is_same_sound(&side(&silence, 20.0, 1.0), &side(&silence, 20.0, 1.0), VALUES, 0..80, 0));
    assert!(!is_same_sound(&side(&one, 20.0, 1.0), &side(&one, 20.0, 1.0), VALUES, 5..5, 0));
}

/// Over three minutes such a copy drifts by five frames.
#[test]
fn a_copy_at_another_speed_is_the_same_sound() {
    let (one, two) = (track(1.0, 0.0, 1.0, 1000), track(1.0, 0.0, 1.005, 1000));
    let (a, b) = (side(&one, 0.0, 1.0), side(&two, 0.0, 1.0 / 1.005));
    assert!(same_sound(&a, &b, VALUES, 0..1900, 0) > 0.95);
    let untold = side(&two, 0.0, 1.0);
    assert!(same_sound(&a, &untold, VALUES, 0..1900, 0) < 0.65);
    // Over the first 10 s the difference is too small to matter.
    assert!(same_sound(&a, &untold, VALUES, 0..108, 0) > 0.95);
}

#[test]
fn the_best_shift_is_how_far_the_second_track_is_off() {
    let (one, two) = (track(1.0, 0.0, 1.0, 100), track(1.0, 4.0, 1.0, 100));
    for off in [-1.25, -0.5, 0.0, 0.75, 1.5] {
        let sides = [side(&one, 40.0, 1.0), side(&two, 40.0 - 2.0 * (4.0 + off), 1.0)];
        let (shift, similarity) = best_shift(&sides[0], &sides[1], VALUES, 0..54, 0, 1.5, 6);
        assert!((shift - off).abs() <= 0.25 && similarity > 0.95, "{off}: {shift}, {similarity}");
    }
    let silence = Reference { first: 0, frames: Vec::new() };
    let nothing = best_shift(&side(&one, 0.0, 1.0), &side(&silence, 0.0, 1.0), VALUES, 0..54, 0, 1.0, 4);
    assert_eq!(nothing.1, 0.0);
}

#[test]
fn transposition_is_made_up_for() {
    let one = track(3.0, 0.0, 1.0, 100);
    for semitones in [-5i32, 5] {
        // Value i + semitones of one is value i of the other.
        let frames = one.frames.chunks_exact(VALUES).flat_map(|frame| {
            (0..VALUES as i32).map(|i| {
                usize::try_from(i + semitones).ok().and_then(|i| frame.get(i)).copied().unwrap_or(0.0)
            })
        });
        let two = Reference { first: 0, frames: frames.collect() };
        let (a, b) = (side(&one, 10.0, 1.0), side(&two, 10.0, 1.0));
        assert!(same_sound(&a, &b, VALUES, 0..80, semitones) > 0.99);
        assert!(same_sound(&a, &b, VALUES, 0..80, 0) < 0.3);
    }
}

/// A version is the same sound with something else over it. As loud as the original, that leaves a cosine of .71.
#[test]
fn a_version_with_little_else_is_the_same_sound() {
    let one = track(4.0, 0.0, 1.0, 100);
    for (loud, expected) in [(0.5, true), (1.0, true), (1.5, false), (3.0, false)] {
        let other = track(5.0, 0.0, 1.0, 100);
        let mixed = one.frames.iter().zip(other.frames).map(|(a, b)| a + loud * b).collect();
        let two = Reference { first: 0, frames: mixed };
        let found = same_sound(&side(&one, 10.0, 1.0), &side(&two, 10.0, 1.0), VALUES, 0..160, 0);
        assert_eq!(found >= MIN_SAME_SOUND, expected, "{loud}: {found}");
    }
}

/// The frames of a reference need not begin with the track, and a place may reach beyond them.
#[test]
fn what_lies_outside_of_the_frames_is_silence() {
    let one = track(6.0, 0.0, 1.0, 60);
    let part = Reference { first: 20, frames: one.frames[20 * VALUES..].to_vec() };
    let (a, b) = (side(&one, 40.0, 1.0), side(&part, 40.0, 1.0));
    assert!(same_sound(&a, &b, VALUES, 0..70, 0) > 0.99);
    assert_eq!(same_sound(&a, &side(&part, 4000.0, 1.0), VALUES, 0..70, 0), 0.0);
    assert_eq!(same_sound(&a, &side(&part, -4000.0, 1.0), VALUES, 0..70, 0), 0.0);
}

#[test]
fn products_added_side_by_side_are_those_of_a_plain_loop() {
    for semitones in [-61, -60, -13, -1, 0, 1, 7, 59, 60] {
        let (a, b) = (at(3.0, 1.0), at(8.0, 2.0));
        let mut plain = Sums::default();
        for (n, b) in (0_i32..).zip(&b) {
            if let Some(a) = usize::try_from(n + semitones).ok().and_then(|met| a.get(met)) {
                plain.join(&Sums { ab: a * b, aa: a * a, bb: b * b });
            }
        }
        let mut sums = Sums::default();
        sums.add(&a, &b, semitones);
        for (found, expected) in [(sums.ab, plain.ab), (sums.aa, plain.aa), (sums.bb, plain.bb)] {
            assert!((found - expected).abs() < 1e-5, "{semitones}: {found} {expected}");
        }
    }
}
