//! A recording that is in the library twice: both copies are found, and neither makes the other doubtful.
use super::run::{Place, noisy, tune, wav};

const RATE: u32 = 11_025;

#[test]
fn copies_of_a_recording_are_no_rivals() {
    let place = Place::new();
    let song = tune(RATE, 30.0, 1);
    let quieter: Vec<i16> = song.iter().map(|s| s / 3).collect();
    place.write("music/song.wav", &wav(RATE, 1, &song));
    place.write("music/copy.wav", &wav(RATE, 1, &quieter));
    for other in 2..6 {
        place.write(format!("music/other-{other}.wav"), &wav(RATE, 1, &tune(RATE, 30.0, other)));
    }
    place.line("index build -q --db i.refrain music").code(0);
    // The noise makes the match less than certain.
    place.write("clip.wav", &wav(RATE, 1, &noisy(&song[RATE as usize * 7..RATE as usize * 14], 6000)));
    let answer = place.line("query --json --db i.refrain clip.wav").code(0).json()[0].clone();
    let matches = answer["matches"].as_array().unwrap();
    assert_eq!(matches.len(), 2, "{answer}");
    for found in matches {
        let (evidence, rival) = (found["evidence"].as_f64().unwrap(), found["rival"].as_f64().unwrap());
        assert!(rival < 0.7 * evidence, "{answer}");
        assert!(
            (found["ref_start"].as_f64().unwrap() - found["query_start"].as_f64().unwrap() - 7.0).abs() < 0.1
        );
    }
}
