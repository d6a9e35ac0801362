//! `refrain versions` and `refrain similar` on performances that are made up here: the same tune in other keys, at other tempi, with
//! other instruments and chords.
use std::{f64::consts::TAU, fs};

use super::run::{Place, clip, fixture, wav};

const RATE: u32 = 16_000;

/// How a tune is played.
#[derive(Clone, Copy)]
pub struct Played {
    semitones: f64,
    /// Seconds of a note.
    note: f64,
    /// How loud the harmonics of the lead are.
    harmonics: [f64; 3],
    /// Which chords it has.
    chords: u64,
}

pub const FIRST: Played = Played { semitones: 0.0, note: 0.5, harmonics: [1.0, 0.1, 0.05], chords: 1 };
pub const COVER: Played = Played { semitones: 3.0, note: 0.43, harmonics: [0.6, 0.5, 0.3], chords: 2 };

/// A tune of 96 notes from 523 Hz up, over chords an octave and a half below it.
pub fn performance(tune: u64, played: Played) -> Vec<u8> {
    const SCALE: [f64; 8] = [0.0, 2.0, 4.0, 5.0, 7.0, 9.0, 11.0, 12.0];
    let mut random = fastrand::Rng::with_seed(tune);
    let notes: Vec<f64> = (0..96).map(|_| SCALE[random.usize(..8)]).collect();
    let mut random = fastrand::Rng::with_seed(played.chords);
    let chords: Vec<f64> = (0..48).map(|_| SCALE[random.usize(..7)] - 17.0).collect();
    let samples = (96.0 * played.note * f64::from(RATE)) as usize;
    let sample = |i: usize| {
        let time = i as f64 / f64::from(RATE);
        let n = (time / played.note) as usize;
        let wave = |semitones: f64, times: f64| {
            (TAU * time * times * 523.25 * f64::powf(2.0, (semitones + played.semitones) / 12.0)).sin()
        };
        // A note fades, so that its repetition is heard.
        let fade = (-3.0 * (time / played.note).fract()).exp();
        let lead: f64 =
            (1..).zip(played.harmonics).map(|(h, level)| level * wave(notes[n], f64::from(h))).sum();
        let chord: f64 = [0.0, 4.0, 7.0].iter().map(|third| wave(chords[n / 2] + third, 1.0)).sum();
        (9000.0 * fade * lead + 1500.0 * chord) as i16
    };
    wav(RATE, 1, &(0..samples).map(sample).collect::<Vec<_>>())
}

/// Twelve tunes, a copy of the first one, and a cover of the second.
fn library() -> Place {
    let place = Place::new();
    for tune in 1..=12 {
        place.write(format!("m/tune {tune:02}.wav"), &performance(tune, Played { chords: tune, ..FIRST }));
    }
    let mut copy = performance(1, FIRST);
    copy.extend([0; 64]);
    place.write("m/copy.wav", &copy);
    place.write("m/cover.wav", &performance(2, COVER));
    place.line("index build --db i.refrain m").code(0);
    place
}

#[test]
fn a_cover_is_found_by_track_and_by_clip() {
    let place = library();
    let found =
        place.run(["versions", "--db", "i.refrain", "--json", "m/tune 02.wav"]).code(0).json().remove(0);
    let m = place.path().join("m");
    let path = |name: &str| serde_json::json!(m.join(name).to_str().unwrap());
    assert_eq!((&found["status"], &found["query"]), (&"match".into(), &path("tune 02.wav")));
    let versions = found["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 1, "{versions:?}");
    let cover = &versions[0];
    assert_eq!((&cover["path"], &cover["transposition"]), (&path("cover.wav"), &serde_json::json!(-3)));
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    // A note of the track takes .5 s, one of the cover .43 s.
    assert!((number(&cover["tempo"]) - 0.86).abs() < 0.02, "{cover}");
    assert!(number(&cover["score"]) > 0.95, "{cover}");
    assert!(number(&cover["evidence"]) > 3.0 * number(&cover["chance"]));
    for place in cover["alignment"].as_array().unwrap() {
        assert!((number(&place[0]) * 0.86 - number(&place[1])).abs() < 1.0, "{place}");
    }
    // A file that the index does not have, and standard input.
    let clip = performance(2, Played { chords: 5, note: 0.55, semitones: -1.0, ..COVER });
    place.write("clip.wav", &clip);
    let found = place.line("versions --db i.refrain --json clip.wav").code(0).json().remove(0);
    let paths: Vec<_> = found["versions"].as_array().unwrap().iter().map(|v| v["path"].clone()).collect();
    assert!(paths.contains(&path("cover.wav")) && paths.contains(&path("tune 02.wav")), "{paths:?}");
    let piped = place.fed("versions --db i.refrain --json -", &clip).code(0).json().remove(0);
    assert_eq!((&piped["query"], &piped["versions"]), (&"-".into(), &found["versions"]));
    // A table.
    let table = place.run(["versions", "--db", "i.refrain", "m/tune 02.wav"]).code(0).out;
    assert!(table.contains("cover.wav") && table.contains("0.86") && table.contains("-3"), "{table}");
    let csv =
        place.run(["versions", "--db", "i.refrain", "--csv", "m/tune 02.wav", "m/tune 03.wav"]).code(0).out;
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("query,status,error,duration,path,same_recording"), "{csv}");
    assert!(lines.len() == 3 && lines[1].contains("cover.wav") && lines[2].contains("no_match"), "{csv}");
}

#[test]
fn a_copy_is_no_version_unless_copies_are_wanted() {
    let place = library();
    let alone = place.run(["versions", "--db", "i.refrain", "m/tune 01.wav"]).code(1).out;
    assert!(alone.ends_with("m/tune 01.wav\n  no version\n"), "{alone}");
    let args = ["versions", "--db", "i.refrain", "--copies", "--json", "m/tune 01.wav"];
    let with = place.run(args).code(0).json().remove(0);
    let copy = &with["versions"][0];
    assert!(copy["path"].as_str().unwrap().ends_with("copy.wav"), "{with}");
    assert_eq!(copy["same_recording"], true);
    // `duplicates` names a cover, and does not merge it.
    let why =
        |args: &[&str]| place.run(["duplicates", "--db", "i.refrain", "--why"].iter().chain(args)).code(1);
    let cover = why(&["m/tune 02.wav", "m/cover.wav"]).out;
    assert!(cover.contains("not the same recording") && cover.contains("another performance"), "{cover}");
    let document = why(&["m/tune 02.wav", "m/cover.wav", "--json"]).json().remove(0);
    assert_eq!(
        (&document["relation"], &document["version"]["transposition"]),
        (&serde_json::Value::Null, &(-3).into())
    );
    assert_eq!(
        why(&["m/tune 02.wav", "m/tune 03.wav", "--json"]).json()[0]["version"],
        serde_json::Value::Null
    );
    let groups = place.line("duplicates --db i.refrain --no-measure --json").code(0).out;
    assert!(groups.contains("copy.wav") && !groups.contains("cover.wav"), "{groups}");
    // The recording as a clip, quieter: a query knows it.
    let bytes = performance(1, FIRST);
    let quieter: Vec<i16> =
        bytes[44..].chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]]) / 3).collect();
    place.write("clip.wav", &wav(RATE, 1, &quieter));
    place.line("versions --db i.refrain clip.wav").code(1);
}

#[test]
fn the_path_through_a_version_is_explained_and_drawn() {
    let place = library();
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    // A cover that the index does not have, of the second tune.
    place.write("clip.wav", &performance(2, Played { chords: 5, note: 0.55, semitones: -2.0, ..COVER }));
    for track in ["", "m/tune*02.wav"] {
        let line = format!("explain --db i.refrain --json --out e.svg clip.wav {track}");
        let explained = place.line(&line).code(1).json().remove(0);
        let version = &explained["version"];
        let path = version["path"].as_str().unwrap();
        let note = if path.ends_with("tune 02.wav") { FIRST.note } else { COVER.note };
        assert!(path.ends_with("tune 02.wav") || track.is_empty() && path.ends_with("cover.wav"), "{path}");
        assert!(number(&version["score"]) > 0.9, "{version}");
        // The map is brightest where the path goes.
        let map = &explained["version_similarity"];
        let at = |start: &str, step: &str, time: f64| {
            ((time - number(&map[start])) / number(&map[step])).floor().max(0.0) as usize
        };
        let (mut along, mut beside) = (Vec::new(), Vec::new());
        for place in version["alignment"].as_array().unwrap() {
            let [clip, time] = [number(&place[0]), number(&place[1])];
            assert!((clip * note / 0.55 - time).abs() < 1.5, "{place}");
            let row = &map["values"][at("clip_start", "clip_step", clip)];
            along.push(number(&row[at("track_start", "track_step", time)]));
            beside.push(number(
                &row[at("track_start", "track_step", if time > 20.0 { time - 7.0 } else { time + 7.0 })],
            ));
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        assert!(mean(&along) > mean(&beside) + 0.2, "{} {}", mean(&along), mean(&beside));
        let svg = fs::read_to_string(place.path().join("e.svg")).unwrap();
        assert!(svg.contains("Another performance: ") && svg.len() < 300_000, "{}", svg.len());
    }
    let told = place.line("explain --db i.refrain clip.wav").code(1).out;
    assert!(told.contains("another performance of the same piece: ") && told.contains("speed"), "{told}");
    // A match is no other performance, nor is a clip of an unknown tune, nor one that is too short.
    place.write("other.wav", &performance(77, Played { chords: 50, ..FIRST }));
    let samples: Vec<i16> = performance(2, Played { chords: 5, note: 0.55, semitones: -2.0, ..COVER })[44..]
        [..15 * 2 * RATE as usize]
        .chunks_exact(2)
        .map(|two| i16::from_le_bytes([two[0], two[1]]))
        .collect();
    place.write("short.wav", &wav(RATE, 1, &samples));
    for (line, code) in [("m/copy.wav", 0), ("other.wav", 1), ("short.wav", 1), ("other.wav m/cover.wav", 1)]
    {
        let explained =
            place.line(&format!("explain --db i.refrain --json {line}")).code(code).json().remove(0);
        assert_eq!(explained["version"], serde_json::Value::Null, "{line}");
        assert_eq!(explained["version_similarity"], serde_json::Value::Null);
    }
}

#[test]
fn what_is_no_piece_of_20_s_is_told() {
    let place = library();
    let short = clip("clean.wav");
    let run = place
        .run(["versions", "--db", "i.refrain", "--json", short.to_str().unwrap(), "m/tune 02.wav"])
        .code(2);
    let documents = run.json();
    assert_eq!((&documents[0]["status"], &documents[1]["status"]), (&"error".into(), &"match".into()));
    assert!(run.err.contains("too short") && run.err.contains("20000 ms"), "{}", run.err);
    // Silence is no error.
    place.write("silence.wav", &wav(RATE, 1, &vec![0; 30 * RATE as usize]));
    let silent = place.line("versions --db i.refrain --json silence.wav").code(1).json().remove(0);
    assert_eq!(silent["status"], "no_match");
    assert!((silent["duration"].as_f64().unwrap() - 30.0).abs() < 1e-6, "{}", silent["duration"]);
    assert!(!silent["warnings"].as_array().unwrap().is_empty());
    let gone = place.line("versions --db i.refrain nowhere.wav").code(2);
    assert!(gone.err.contains("nowhere.wav"), "{}", gone.err);
    let two = place.line("versions --db i.refrain - -").code(2);
    assert!(two.err.contains("only once"), "{}", two.err);
    let several = place.run(["versions", "--db", "i.refrain", "m/*"]).code(2);
    assert!(several.err.contains("fits 14 tracks"), "{}", several.err);
}

#[test]
fn a_name_that_is_no_track_is_an_error_of_its_piece_alone() {
    let place = library();
    let pieces = ["m/*", "nowhere.wav", "9999", "m/tune 02.wav"];
    let run = place.run(["versions", "--db", "i.refrain", "--json"].iter().chain(&pieces)).code(2);
    let documents = run.json();
    assert_eq!(documents.len(), pieces.len(), "{}", run.out);
    for (document, piece) in documents.iter().zip(pieces).take(3) {
        assert_eq!((&document["query"], &document["status"]), (&piece.into(), &"error".into()));
        assert!(document["error"].as_str().unwrap().starts_with(&format!("{piece}: ")), "{document}");
    }
    assert_eq!(documents[3]["versions"].as_array().unwrap().len(), 1);
    assert!(run.err.contains("1 of 4 pieces have versions, 3 errors"), "{}", run.err);
    let csv = place.run(["versions", "--db", "i.refrain", "--csv", "m/*", "m/tune 02.wav"]).code(2).out;
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines.len() == 3 && lines[1].starts_with("m/*,error,"), "{csv}");
    assert!(lines[2].contains("cover.wav"), "{csv}");
}

#[test]
fn similar_tracks_are_listed_and_make_a_playlist() {
    let place = library();
    let args = ["similar", "--db", "i.refrain", "-n", "3"];
    let with = |more: &[&str]| place.run(args.iter().chain(more)).code(0);
    let similar = with(&["--json", "m/tune 02.wav"]).json().remove(0);
    let tracks = similar["similar"].as_array().unwrap();
    assert_eq!(tracks.len(), 3);
    assert!(tracks[0]["path"].as_str().unwrap().ends_with("cover.wav"), "{similar}");
    let scores: Vec<f64> = tracks.iter().map(|track| track["score"].as_f64().unwrap()).collect();
    assert!(
        scores.windows(2).all(|two| two[0] >= two[1]) && scores[0] <= 1.0 && scores[2] >= 0.0,
        "{scores:?}"
    );
    // Neither the track nor its copy.
    let of_first = with(&["--json", "m/tune 01.wav"]).json().remove(0);
    let paths: Vec<_> =
        of_first["similar"].as_array().unwrap().iter().map(|t| t["path"].to_string()).collect();
    assert!(!paths.iter().any(|path| path.contains("tune 01") || path.contains("copy")), "{paths:?}");
    let playlist = with(&["--m3u", "m/tune 02.wav"]).out;
    let files: Vec<&str> = playlist.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(files.len(), 4);
    assert!(files[0].ends_with("tune 02.wav") && files[1].ends_with("cover.wav"), "{playlist}");
    let csv = with(&["--csv", "m/tune 02.wav"]).out;
    assert!(csv.starts_with("query,path,score,id,duration,title") && csv.lines().count() == 4, "{csv}");
    assert!(with(&["m/tune 02.wav"]).out.contains("cover.wav"));
    let unknown = place.line("similar --db i.refrain nowhere.wav").code(2);
    assert!(unknown.err.contains("is not in the index"), "{}", unknown.err);
    // A library of one track.
    place.run(["index", "build", "--db", "one.refrain", "m/tune 02.wav"]).code(0);
    place.run(["similar", "--db", "one.refrain", "m/tune 02.wav"]).code(1);
    place.run(["versions", "--db", "one.refrain", "m/tune 02.wav"]).code(1);
}

#[test]
fn an_older_index_is_filled_by_a_rebuild() {
    let place = Place::new();
    place.write("i.refrain", &fs::read(fixture("index/format_4.refrain")).unwrap());
    let song = fixture("audio/songs/second-orbit.flac");
    let before = place.run(["versions", "--db", "i.refrain", song.to_str().unwrap()]).code(1);
    assert!(before.err.contains("index rebuild"), "{}", before.err);
    let documents = |code| {
        let one = |args: &str| place.line(args).code(code).json().remove(0)["incomplete"].clone();
        ["versions --db i.refrain --json --copies 3", "similar --db i.refrain --json 3"].map(one)
    };
    assert_eq!(documents(1), [true, true]);
    assert_eq!(place.run(["similar", "--db", "i.refrain", "3"]).code(1).out.lines().count(), 2);
    place.line("index rebuild --db i.refrain").code(0);
    place.line("index verify --db i.refrain").code(0);
    let after = place.run(["similar", "--db", "i.refrain", "3"]).code(0);
    assert!(after.out.contains("paper-lanterns.mp3") && !after.err.contains("rebuild"), "{after:?}");
    let similar = place.line("similar --db i.refrain --json 3").code(0).json().remove(0);
    assert_eq!(similar["incomplete"], false);
    // Merging an older index takes in its tracks, too.
    place.write("old.refrain", &fs::read(fixture("index/format_4.refrain")).unwrap());
    place.line("index merge --db new.refrain old.refrain").code(0);
    assert!(!place.line("similar --db new.refrain 1").code(0).err.contains("rebuild"));
}
