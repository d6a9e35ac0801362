//! Versions of a track, and tracks of similar harmony.
use super::server::Server;
use crate::run::{fixture, tune, wav};

/// A melody of 64 notes of `note` seconds, `semitones` higher. Its notes fade away within about `fade` seconds.
fn performance(semitones: f64, note: f64, fade: f64) -> Vec<u8> {
    const RATE: u32 = 11_025;
    let mut random = fastrand::Rng::with_seed(7);
    let long = (note * f64::from(RATE)) as usize;
    let mut samples = Vec::new();
    for _ in 0..64 {
        let step = f64::from([0, 2, 4, 5, 7, 9, 11, 12][random.usize(..8)]);
        let hertz = 330.0 * f64::powf(2.0, (step + semitones) / 12.0);
        samples.extend((0..long).map(|n| {
            let time = n as f64 / f64::from(RATE);
            let phase = std::f64::consts::TAU * hertz * time;
            (9000.0 * (-time / fade).exp() * (0.8 * phase.sin() + 0.5 * (2.0 * phase).sin())) as i16
        }));
    }
    wav(RATE, 1, &samples)
}

/// The songs, two performances of a melody, a part of one of them, and 15 s of another tune.
fn server() -> Server {
    Server::with(&[], |place, _| {
        let first = performance(0.0, 0.5, 2.0);
        // Samples of 25 s.
        let part = wav(11_025, 1, &samples(&first)[..25 * 11_025]);
        place.write("more/first.wav", &first);
        place.write("more/part.wav", &part);
        place.write("more/second.wav", &performance(-3.0, 0.6, 0.2));
        place.write("more/short.wav", &wav(11_025, 1, &tune(11_025, 15.0, 9)));
        place.line("build -q more --db i.refrain").code(0);
    })
}

/// The samples of a WAV file that this test made.
fn samples(wav: &[u8]) -> Vec<i16> {
    wav[44..].chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect()
}

#[test]
fn versions_of_a_track_are_those_of_the_command() {
    let server = server();
    let [first, second, song] =
        ["first.wav", "second.wav", "second-orbit.flac"].map(|name| server.track(name));
    let mut counts = Vec::new();
    for (options, args) in [
        ("", ""),
        ("?copies=true", " --copies"),
        ("?top=3&min_score=0", " --top 3 --min-score 0"),
        ("?min_score=1", " --min-score 1"),
    ] {
        let answer = server.get(&format!("/api/v1/tracks/{first}/versions{options}")).status(200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let line = server.place.line(&format!("versions --json {first}{args} --db i.refrain"));
        assert_eq!(answer.text(), line.out, "{options}");
        let document = answer.json();
        let versions = document["versions"].as_array().unwrap();
        let is_copy = |name: &str| {
            let named = |path: &serde_json::Value| path.as_str().unwrap().ends_with(name);
            versions.iter().find(|one| named(&one["path"])).map(|one| one["same_recording"] == true)
        };
        counts.push((versions.len(), is_copy("second.wav"), is_copy("part.wav")));
    }
    // The other performance is a version. The part is one with `copies` only.
    assert_eq!(counts[..2], [(1, Some(false), None), (2, Some(false), Some(true))]);
    assert_eq!((counts[2].0, counts[3].0), (3, 0));
    let found = server.get(&format!("/api/v1/tracks/{second}/versions?top=1")).status(200).json();
    let version = &found["versions"][0];
    assert_eq!((&found["status"], &version["transposition"]), (&"match".into(), &(-3).into()));
    assert!((version["tempo"].as_f64().unwrap() - 0.5 / 0.6).abs() < 0.03, "{version}");
    // A song without another performance.
    let none = server.get(&format!("/api/v1/tracks/{song}/versions")).status(200).json();
    assert_eq!((&none["status"], &none["versions"]), (&"no_match".into(), &serde_json::json!([])));
}

#[test]
fn similar_tracks_are_those_of_the_command() {
    let server = server();
    let first = server.track("first.wav");
    for (options, args, count) in [("", "", 10), ("?top=2", " --top 2", 2)] {
        let answer = server.get(&format!("/api/v1/tracks/{first}/similar{options}")).status(200);
        let line = server.place.line(&format!("similar --json {first}{args} --db i.refrain"));
        assert_eq!(answer.text(), line.out, "{options}");
        let document = answer.json();
        let similar = document["similar"].as_array().unwrap();
        let paths: Vec<&str> = similar.iter().map(|track| track["path"].as_str().unwrap()).collect();
        assert_eq!(paths.len(), count, "{paths:?}");
        assert!(paths[0].ends_with("second.wav"), "{paths:?}");
        assert!(!paths.iter().any(|path| path.ends_with("part.wav")), "a part is the recording itself");
    }
    // Nothing is left to be similar.
    let alone = Server::with(&[], |place, _| {
        std::fs::remove_file(place.at("i.refrain")).unwrap();
        place.write("more/first.wav", &performance(0.0, 0.5, 2.0));
        place.line("build -q more --db i.refrain").code(0);
    });
    let none = alone.get("/api/v1/tracks/1/similar").status(200).json();
    assert_eq!(none["similar"], serde_json::json!([]));
}

#[test]
fn tracks_of_an_older_index_are_told_to_be_left_out() {
    let server = Server::with(&[], |place, _| {
        place.write("i.refrain", &std::fs::read(fixture("index/format_4.refrain")).unwrap());
    });
    for what in ["versions", "similar"] {
        let old = server.get(&format!("/api/v1/tracks/2/{what}")).status(200).json();
        assert_eq!(old["incomplete"], true, "{old}");
    }
    server.place.line("index rebuild --db i.refrain").code(0);
    for what in ["versions", "similar"] {
        let new = server.get(&format!("/api/v1/tracks/2/{what}")).status(200).json();
        assert_eq!(new["incomplete"], false, "{new}");
    }
}

#[test]
fn a_short_track_has_neither() {
    let server = server();
    let short = server.track("short.wav");
    for what in ["versions", "similar"] {
        let answer = server.get(&format!("/api/v1/tracks/{short}/{what}")).status(422);
        let problem = answer.json();
        let error = problem["error"].as_str().unwrap();
        assert!(error.contains("too short") && error.contains("20000 ms"), "{error}");
        assert!(!answer.text().contains("short.wav"), "{error}");
    }
}
