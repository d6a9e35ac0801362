use proptest::prelude::*;

use super::{super::segment::Reference, *};

const VALUES: usize = 60;

/// Frames without anything in common.
fn noise(seed: u64, frames: usize) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed).fork();
    (0..frames * VALUES).map(|_| (random.f32() - 0.5) * 0.4).collect()
}

/// Half frames. Every second one is a frame of the track.
fn halves(frames: &[f32]) -> Vec<f32> {
    frames.chunks_exact(VALUES).flat_map(|frame| frame.iter().chain(frame).copied()).collect()
}

/// The claim of a track whose frame 0 meets frame 0 of the clip.
fn claim(clip: &[f32], track: &[f32]) -> Claim {
    let reference = Reference { first: 0, frames: track.to_vec() };
    let whole = Alignment { offset: 0.0, from: 0, to: clip.len() / VALUES, evidence: 0.0, similarity: 0.0 };
    Claim { curve: Curve::new(clip, &reference, VALUES, &whole).unwrap(), scale: 1.0 }
}

/// A clip of track 1 up to frame `cut`, then of track 2, each track going on with its own sound.
fn cut(cut: usize, frames: usize) -> (Vec<f32>, [Vec<f32>; 2]) {
    let (one, two) = (noise(1, frames), noise(2, frames));
    let clip = [&one[..cut * VALUES], &two[cut * VALUES..]].concat();
    (halves(&clip), [one, two])
}

#[test]
fn each_song_keeps_its_part() {
    for at in [20, 40, 60] {
        let (clip, tracks) = cut(at, 80);
        let claims = tracks.map(|track| claim(&clip, &track));
        let found = parts(&claims, 160).unwrap();
        let [Some(first), Some(second)] = &found[..] else { panic!("{found:?}") };
        assert!(first.start == 0 && first.end.abs_diff(2 * at) <= 4, "{first:?} for a cut at {}", 2 * at);
        assert!(second.start.abs_diff(2 * at) <= 4 && second.end == 160, "{second:?}");
    }
}

#[test]
fn a_clip_of_one_song_has_no_parts() {
    let (clip, [one, two]) = cut(80, 80);
    assert_eq!(parts(&[claim(&clip, &one)], 160), None);
    assert_eq!(parts(&[claim(&clip, &one), claim(&clip, &two)], 160), None);
    // A track that explains a little of it, and worse.
    let like: Vec<f32> = one.iter().zip(&two).map(|(a, b)| a + 2.0 * b).collect();
    assert_eq!(parts(&[claim(&clip, &one), claim(&clip, &like)], 160), None);
    assert_eq!(parts(&[], 160), None);
}

/// In a transition both are heard, and both keep it.
#[test]
fn a_transition_belongs_to_both() {
    let (one, two) = (noise(3, 90), noise(4, 90));
    let mixed: Vec<f32> =
        one[30 * VALUES..60 * VALUES].iter().zip(&two[30 * VALUES..]).map(|(a, b)| 0.7 * (a + b)).collect();
    let clip = halves(&[&one[..30 * VALUES], &mixed, &two[60 * VALUES..]].concat());
    let claims = [claim(&clip, &one), claim(&clip, &two)];
    let found = parts(&claims, 180).unwrap();
    let (first, second) = (found[0].clone().unwrap(), found[1].clone().unwrap());
    assert!(first.end.abs_diff(120) <= 4 && second.start.abs_diff(60) <= 4, "{first:?} {second:?}");
}

proptest! {
    /// The maximal segment, by trying every start and end.
    #[test]
    fn the_best_segment_is_the_best_of_all(seed in any::<u64>(), cost in 0.0..0.5f32, frames in 1usize..24) {
        let mut random = fastrand::Rng::with_seed(seed);
        let clip = halves(&noise(seed, frames));
        let track: Vec<f32> = noise(seed, frames)
            .chunks_exact(VALUES)
            .flat_map(|frame| { let keep = random.f32(); frame.iter().map(move |v| v * keep + (1.0 - keep) * 0.1).collect::<Vec<_>>() })
            .collect();
        let claim = claim(&clip, &track);
        let pairs: Vec<f32> = claim.curve.evidence().map(|(_, e)| e - cost).collect();
        let mut best = f32::MIN;
        for from in 0..pairs.len() {
            for to in from + 1..=pairs.len() {
                best = best.max(pairs[from..to].iter().sum());
            }
        }
        let found = claim.curve.best(|_| cost).unwrap();
        prop_assert!((found.evidence - best).abs() < 1e-3, "{} for {best}", found.evidence);
        let over = claim.over(&(found.from..found.to));
        prop_assert_eq!((over.from, over.to), (found.from, found.to));
        prop_assert!((over.evidence - cost * (found.to - found.from).div_ceil(2) as f32 - best).abs() < 1e-2);
    }
}
