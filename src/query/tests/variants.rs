//! Clips at another pitch or tempo.
use super::*;

#[test]
fn variants_are_tried_only_for_a_query_without_a_match_that_is_long_enough() {
    let tunes: Vec<_> = (0..3).map(|seed| tune_of(seed + 140, 30)).collect();
    let has_variants = |clip: &[f32], min_score: f32| {
        let places = places_in(&tunes, clip, min_score);
        assert!(!places.is_empty());
        places.iter().any(|place| place.variants > 1)
    };
    let strange = tune_of(150, 8);
    assert!(has_variants(&strange, 1.0));
    assert!(!has_variants(part(&strange, 0.0, 1.0), 1.0), "too short");
    assert!(!has_variants(part(&tunes[1], 5.0, 13.0), 0.5), "there is a match");
}

#[test]
fn a_place_that_the_query_as_it_is_found_took_no_variants_whatever_its_tempo() {
    let tunes: Vec<_> = (0..3).map(|seed| tune_of(seed + 160, 60)).collect();
    let fast = faster(part(&tunes[1], 5.0, 45.0), 1.01);
    let places = places_in(&tunes, &fast, 0.5);
    let best = places.iter().max_by(|a, b| a.evidence.total_cmp(&b.evidence)).unwrap();
    assert!((best.tempo - 1.01).abs() < 2e-3, "{best:?}");
    assert_eq!(best.variants, 1);
}

/// Speech that is in no track reached a match in this way.
#[test]
fn a_variant_that_is_read_as_the_query_as_it_is_counts_as_one_of_many() {
    let tunes: Vec<_> = (0..3).map(|seed| tune_of(seed + 140, 30)).collect();
    let mut read_as_it_is = 0;
    for seed in 400..406 {
        for place in places_in(&tunes, &tune_of(seed, 4), 1.0) {
            let variant = place.origin.as_ref().unwrap().variant;
            assert_eq!(place.variants == 1, variant == Variant::PLAIN, "{place:?}");
            read_as_it_is += i32::from(place.variants > 1 && place.tempo == 1.0 && place.pitch == 0.0);
        }
    }
    assert!(read_as_it_is > 0);
}

#[test]
fn a_variant_is_refined_until_it_agrees_as_well_as_the_right_one() {
    let folder = tempfile::tempdir().unwrap();
    let tune = tune_of(170, 40);
    let (store, ids) = store_of(&folder, &[fingerprint_of(&tune)]);
    let library = Files::one(&store, &Arc::default());
    let mut query = Query::new(&library, &QueryOptions::default()).unwrap();
    // Half way between two of the tempi that are tried, and nearly three semitones higher.
    let speed = 1.05f64.powf(3.5);
    let clip = faster(part(&tune, 5.0, 5.0 + 12.0 * speed), speed);
    let offset = (5.0 / CURRENT.half_frame_seconds().0).round() as i32;
    chunks(
        &mut *Audio::samples(&clip, RATE).open().unwrap(),
        &CURRENT,
        CHUNK,
        &CancelToken::new(),
        |chunk| {
            let variants = VariantFrames::new(chunk, &CURRENT);
            let mut evidence = |shift, tempo| {
                let candidate = Candidate { track: ids[0], offset, votes: 1.0 };
                let (places, _) = query.best(&variants, vec![(Variant { shift, tempo }, candidate)])?;
                Result::Ok(places[0].evidence)
            };
            let right = evidence(9, speed)?;
            for (shift, steps) in [(8, 3), (8, 4), (10, 3), (10, 4)] {
                let refined = evidence(shift, 1.05f64.powi(steps))?;
                assert!(refined > 0.97 * right, "{refined} of {right} from shift {shift} and {steps} steps");
            }
            Ok(())
        },
    )
    .unwrap();
}

#[test]
fn a_variant_has_to_find_more_than_chance_adds() {
    let (plain, faster) = (place(TrackId(1), 0..60, 0.0, 33.0, 1), place(TrackId(1), 0..140, 0.0, 34.7, 246));
    let found =
        |places: &[Place]| apart(places.to_vec()).iter().map(|p| (p.variants, p.to)).collect::<Vec<_>>();
    assert_eq!(found(&[plain.clone(), faster.clone()]), [(1, 60)]);
    assert_eq!(found(&[plain, Place { evidence: 45.0, ..faster }]), [(246, 140)]);
}
