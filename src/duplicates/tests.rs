//! Two tracks side by side, from frames to what one is to the other.
use super::{
    agreement::{Agreement, agreement},
    fixture::{Frame, Music, VALUES, at_speed, higher, mixed, seed, sound},
    link::Compared,
    offsets,
    relation::{Measures, Relation},
    seed::Seed,
    sound::Sound,
};

const SILENCE: Frame = [0.0; VALUES];

/// Two minutes of music.
fn song() -> Vec<Frame> {
    Music(1).frames(0.0, 1.0, 640)
}

struct Pair {
    agreement: Agreement,
    relation: Option<Relation>,
    measures: Option<Measures>,
}

fn pair(one: &[Frame], two: &[Frame], seeds: &[Seed]) -> Pair {
    let (one, two) = (sound(one), sound(two));
    let compared = Compared::new(&one, &two, seeds);
    let turned: Vec<Seed> = seeds.iter().map(Seed::turned).collect();
    let other = Compared::new(&two, &one, &turned);
    assert_eq!(compared.relation, other.relation, "{compared:#?} and turned {other:#?}");
    let Compared { relation, measures, parts } = compared;
    let agreement = agreement(&one, &two, seeds);
    assert_eq!(parts.len(), agreement.stretches.len());
    Pair { agreement, relation, measures }
}

impl Pair {
    /// One stretch for each of these: first and last frame of the first track, the frame of the second at the first one, and
    /// the tempo.
    fn expect(&self, relation: Relation, stretches: &[(f64, f64, f64, f64)]) {
        let Self { agreement, measures, .. } = self;
        assert_eq!(self.relation, Some(relation), "{measures:#?}");
        assert_eq!(agreement.stretches.len(), stretches.len(), "{agreement:#?}");
        for (found, &(start, end, two, tempo)) in agreement.stretches.iter().zip(stretches) {
            let told = format!(
                "{:?}, offset {}, tempo {}, not {start}..{end}",
                found.one, found.offset, found.tempo
            );
            assert!((found.one.start as f64 - start).abs() <= 3.0, "{told}");
            assert!((found.one.end as f64 - end).abs() <= 3.0, "{told}");
            assert!((found.tempo - tempo).abs() < 0.2 / (end - start), "{told}");
            for at in [start, end] {
                let off = found.in_two(at) - (two + tempo * (at - start));
                assert!(off.abs() <= 0.2, "{told}: {off} at {at}");
            }
            assert!(found.mean() > 0.9, "{told}: {}", found.mean());
            assert_eq!(found.similarity.len() as i64, found.one.end - found.one.start);
        }
    }
}

#[test]
fn a_copy_is_the_same_audio() {
    for at in [0, 5, 320, 620] {
        let copy = pair(&song(), &song(), &[seed(at, at)]);
        copy.expect(Relation::SameAudio, &[(0.0, 640.0, 0.0, 1.0)]);
        let measures = copy.measures.unwrap();
        assert!(measures.similarity > 0.999 && measures.perfect > 0.999 && measures.dip == 0.0);
        assert!(measures.balance < 1e-3 && measures.wander.frames < 1e-3);
        for missing in measures.missing {
            assert!(missing.covered > 0.99 && missing.head + missing.tail + missing.inner < 0.6);
        }
    }
}

/// The windows of a seed lie on a grid of frames and of four frames.
#[test]
fn a_copy_at_any_fraction_of_a_frame_is_the_same_audio() {
    for later in [0.5, 0.25, 0.75, 3.5, 9.1] {
        let two = Music(1).frames(later, 1.0, 640);
        for off in [-2, 0, 2] {
            let two_at = (300 - later.round() as i64 + off) as u32;
            let copy = pair(&song(), &two, &[seed(300, two_at)]);
            copy.expect(Relation::SameAudio, &[(later, 640.0, 0.0, 1.0)]);
            let apart = (later - later.round()).abs();
            assert!((copy.measures.unwrap().apart - apart).abs() < 0.15);
        }
    }
}

#[test]
fn another_level_and_noise_are_the_same_audio() {
    let noise = Music(77).frames(0.0, 7.3, 640);
    let noisy = pair(&song(), &mixed(&song(), &noise, 0.15), &[seed(100, 100)]);
    noisy.expect(Relation::SameAudio, &[(0.0, 640.0, 0.0, 1.0)]);
}

#[test]
fn a_track_with_other_energies_is_a_remaster() {
    let bright: Vec<Frame> = song()
        .iter()
        .map(|frame| std::array::from_fn(|i| frame[i] * (0.75 + 0.5 * (i / 12) as f32 / 4.0)))
        .collect();
    pair(&song(), &bright, &[seed(100, 100)]).expect(Relation::Remaster, &[(0.0, 640.0, 0.0, 1.0)]);
}

#[test]
fn a_part_is_an_excerpt() {
    for (from, to, by) in [(200, 420, 0.0), (0, 300, 0.0), (400, 640, 0.0), (150, 260, 0.4)] {
        let two = Music(1).frames(from as f64 + by, 1.0, to - from);
        let part = pair(&song(), &two, &[seed(from as u32 + 60, 60)]);
        part.expect(Relation::Excerpt, &[(from as f64 + by, to as f64, 0.0, 1.0)]);
        let [one, two] = part.measures.unwrap().missing;
        let hop = Sound::new(&crate::params::CURRENT, Vec::new()).frame_seconds();
        assert!((one.head - from as f64 * hop).abs() < 0.8, "{one:?}");
        assert!((one.tail - (640 - to) as f64 * hop).abs() < 0.8, "{one:?}");
        assert!(two.covered > 0.97, "{two:?}");
    }
}

#[test]
fn a_part_that_is_too_short_says_nothing() {
    let one = [Music(1).frames(0.0, 1.0, 40), Music(2).frames(0.0, 1.0, 600)].concat();
    let two = [Music(3).frames(0.0, 1.0, 300), Music(1).frames(0.0, 1.0, 40), Music(4).frames(0.0, 1.0, 300)];
    let short = pair(&one, &two.concat(), &[seed(10, 310)]);
    assert_eq!(short.relation, None);
    assert_eq!(short.agreement.stretches.len(), 1);
}

#[test]
fn a_part_left_out_makes_an_edit() {
    let two = [&song()[..250], &song()[330..]].concat();
    for seeds in [[seed(100, 100), seed(450, 370)], [seed(450, 370), seed(100, 100)]] {
        pair(&song(), &two, &seeds)
            .expect(Relation::Edit, &[(0.0, 250.0, 0.0, 1.0), (330.0, 640.0, 250.0, 1.0)]);
    }
}

#[test]
fn a_part_twice_makes_an_edit() {
    let two = [&song()[..300], &song()[200..]].concat();
    let edit = pair(&song(), &two, &[seed(100, 100), seed(450, 550)]);
    edit.expect(Relation::Edit, &[(0.0, 200.0, 0.0, 1.0), (200.0, 640.0, 300.0, 1.0)]);
}

/// Nothing is taken twice, and what is in the other order is left out.
#[test]
fn stretches_are_in_order_in_both_tracks() {
    let two = [&song()[400..], &song()[..400]].concat();
    let swapped = pair(&song(), &two, &[seed(450, 50), seed(100, 340), seed(101, 341)]);
    assert_eq!(swapped.agreement.stretches.len(), 1);
    assert!((swapped.agreement.stretches[0].offset - 240.0).abs() < 0.2);
}

#[test]
fn another_speed_is_told_with_its_tempo() {
    for speed in [1.02, 0.98, 1.005, 0.975] {
        let two = at_speed(Music(1), speed, (640.0 / speed) as usize);
        let at = (300.0 / speed).round() as u32;
        let faster = pair(&song(), &two, &[seed(300, at)]);
        assert_eq!(faster.relation, Some(Relation::OtherSpeed), "{speed}: {:#?}", faster.measures);
        let measures = faster.measures.unwrap();
        assert!((measures.tempo * speed - 1.0).abs() < 5e-4, "{measures:?}");
        // It sounds higher if it is faster.
        assert!(measures.pitch * (speed - 1.0) > 0.0, "{measures:?}");
    }
}

#[test]
fn what_keeps_its_pitch_at_another_tempo_is_another_performance() {
    for (tempo, relation) in [(1.02, None), (0.98, None), (1.04, None), (1.004, Some(Relation::OtherSpeed))] {
        let two = Music(1).frames(0.0, tempo, (640.0 / tempo) as usize);
        let stretched = pair(&song(), &two, &[seed(300, (300.0 / tempo).round() as u32)]);
        // It is not called the same recording; less than a tenth of a semitone cannot be told.
        let found = stretched.relation.filter(|relation| *relation != Relation::SharedBacking);
        assert_eq!(found, relation, "{tempo}: {:#?}", stretched.measures);
        assert!(stretched.measures.unwrap().pitch.abs() < 0.02);
    }
}

#[test]
fn a_semitone_higher_and_as_much_faster_is_another_speed() {
    let speed = (1.0f64 / 12.0).exp2();
    let two = higher(&Music(1).frames(0.0, speed, (640.0 / speed) as usize));
    let at = Seed { semitones: 1, ..seed(300, (300.0 / speed).round() as u32) };
    let found = pair(&song(), &two, &[at]);
    found.expect(Relation::OtherSpeed, &[(0.0, 640.0, 0.0, 1.0 / speed)]);
    assert_eq!(found.agreement.stretches[0].semitones, 1);
    let wrong = Seed { semitones: -1, ..at };
    assert_eq!(pair(&song(), &two, &[wrong]).relation, None);
}

#[test]
fn other_music_and_silence_are_nothing() {
    let other = Music(2).frames(0.0, 1.0, 640);
    let silence = vec![SILENCE; 640];
    let seeds: Vec<Seed> = (0..20).map(|n| seed(30 * n, 31 * n)).collect();
    for (one, two) in [(&song(), &other), (&song(), &silence), (&silence, &silence)] {
        let nothing = pair(one, two, &seeds);
        assert!(nothing.agreement.stretches.is_empty() && nothing.measures.is_none());
        assert_eq!(nothing.relation, None);
    }
    let none = pair(&song(), &song(), &[]);
    assert!(none.relation.is_none() && none.agreement.stretches.is_empty());
    // A seed beyond the ends, as in a damaged file.
    for (one, two) in [(&song(), Vec::new()), (&Vec::new(), song())] {
        assert_eq!(pair(one, &two, &[seed(20, 20), seed(900, 3)]).relation, None);
    }
}

#[test]
fn silence_in_both_does_not_end_a_stretch() {
    let one = [&song()[..200], &[SILENCE; 150], &song()[200..]].concat();
    pair(&one, &one, &[seed(50, 50)]).expect(Relation::SameAudio, &[(0.0, 790.0, 0.0, 1.0)]);
    // Silence at an end is no sound that is missing.
    let two = [song(), vec![SILENCE; 100]].concat();
    pair(&song(), &two, &[seed(50, 50)]).expect(Relation::SameAudio, &[(0.0, 640.0, 0.0, 1.0)]);
    let two = [vec![SILENCE; 100], song()].concat();
    pair(&song(), &two, &[seed(50, 150)]).expect(Relation::SameAudio, &[(0.0, 640.0, 100.0, 1.0)]);
}

#[test]
fn a_performance_whose_time_wanders_is_nothing() {
    for (amount, period) in [(1.0, 150.0), (0.7, 200.0), (1.5, 400.0)] {
        let time = |n: usize| n as f64 + amount * (std::f64::consts::TAU * n as f64 / period).sin();
        let two: Vec<Frame> = (0..640).map(|n| Music(1).at(time(n))).collect();
        let found = pair(&song(), &two, &[seed(300, 300), seed(100, 100), seed(500, 501)]);
        assert_eq!(found.relation, None, "{amount} in {period}: {:#?}", found.measures);
        let measures = found.measures.expect("it agrees");
        assert!(!measures.is_steady() && measures.similarity > 0.5, "{measures:#?}");
    }
}

#[test]
fn a_common_backing_is_told_as_such() {
    let voice = Music(9).frames(0.0, 1.0, 640);
    // Without the voice for the first quarter, then under it.
    let two = [song()[..160].to_vec(), mixed(&song()[160..], &voice[160..], 0.5)].concat();
    let found = pair(&song(), &two, &[seed(80, 80)]);
    assert_eq!(found.relation, Some(Relation::SharedBacking), "{:#?}", found.measures);
}

#[test]
fn the_best_distance_of_two_tracks_is_found_without_seeds() {
    let song = sound(&song());
    assert_eq!(offsets::best(&song, &song), Some(0));
    for later in [7, 150, 400] {
        let two = sound(&Music(1).frames(f64::from(later), 1.0, 500));
        assert_eq!(offsets::best(&song, &two), Some(i64::from(later)));
        assert_eq!(offsets::best(&two, &song), Some(-i64::from(later)));
    }
    let half = sound(&Music(1).frames(100.5, 1.0, 300));
    assert!(matches!(offsets::best(&song, &half), Some(100 | 101)));
    let long = sound(&vec![SILENCE; 6_501]);
    assert_eq!(offsets::best(&song, &long), None, "it is too long");
    assert_eq!(offsets::best(&sound(&[]), &sound(&[])), None);
    assert_eq!(offsets::best(&song, &sound(&[])), None);
}

/// A loop agrees with itself well at its period, and best at the right distance.
#[test]
fn a_seed_at_a_wrong_repeat_is_made_good() {
    let verse = Music(3).frames(0.0, 1.0, 96);
    let looped: Vec<Frame> = verse.iter().copied().cycle().take(640).collect();
    let one = mixed(&looped, &Music(4).frames(0.0, 1.0, 640), 0.3);
    let found = pair(&one, &one, &[seed(200, 296), seed(300, 204)]);
    found.expect(Relation::SameAudio, &[(0.0, 640.0, 0.0, 1.0)]);
}

#[test]
fn a_sound_knows_where_it_sounds() {
    let all = [vec![SILENCE; 7], Music(1).frames(0.0, 1.0, 20), vec![SILENCE; 5]].concat();
    let sound = sound(&all);
    assert_eq!((sound.count(), sound.sounding(), sound.values()), (32, 7..27, VALUES));
    let (loud, quiet) = (sound.energy(7..27), sound.energy(0..7));
    assert!(loud > 1.0 && quiet < 0.1);
    assert!((sound.energy(5..9) - (loud_of(&sound, 5..9))).abs() < 1e-4);
    assert_eq!(sound.energy(40..50), 0.0);
    let piece = sound.frames(-3..2);
    assert_eq!((piece.first, piece.frames.len()), (0, 2 * VALUES));
    let piece = sound.frames(30..90);
    assert_eq!((piece.first, piece.frames.len()), (30, 2 * VALUES));
    assert!(
        sound.frames(50..60).frames.is_empty()
            && sound.frames(std::ops::Range { start: 9, end: 3 }).frames.is_empty()
    );
}

fn loud_of(sound: &Sound, range: std::ops::Range<i64>) -> f32 {
    let frames = sound.frames(range.clone()).frames;
    frames.iter().map(|v| v * v).sum::<f32>() / (range.end - range.start) as f32
}
