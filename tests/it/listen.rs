//! `refrain listen` on the real binary, with raw samples on standard input. Times are counted in sound, not by the clock.
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    process::Stdio,
    sync::OnceLock,
};

use serde_json::Value;

use super::{
    cli::library,
    run::{Place, Run, tune, wav},
    timeline::{RATE, song},
};

fn silence(seconds: f64) -> Vec<i16> {
    vec![0; (seconds * f64::from(RATE)) as usize]
}

fn bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// Two songs, 20 s of each, with 15 s of a tune that is not indexed between them, and silence.
fn show() -> &'static [i16] {
    static SHOW: OnceLock<Vec<i16>> = OnceLock::new();
    SHOW.get_or_init(|| {
        let parts = [
            silence(3.0),
            song("second-orbit.flac", 5.0, 25.0),
            tune(RATE, 15.0, 11),
            song("quiet-engines.wav", 0.0, 20.0),
            silence(16.0),
        ];
        parts.concat()
    })
}

fn listen(args: &str, samples: &[i16]) -> Run {
    let line = format!("listen - --rate {RATE} --db {} {args}", library().display());
    Place::new().fed(&line, &bytes(samples))
}

/// What happens to a play: event, number, title, when it was told, start, end.
fn events(run: &Run) -> Vec<(String, u64, String, f64, f64, Option<f64>)> {
    let event = |event: &Value| {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| event[name].as_f64();
        let (play, at, start) =
            (event["play"].as_u64().unwrap(), number("at").unwrap(), number("start").unwrap());
        (text("event"), play, text("title"), at, start, number("end"))
    };
    run.json().iter().map(event).collect()
}

/// So few tracks show little of what chance reaches, so refrain is sure later than among many (`eval/listen.py`).
#[test]
fn a_start_is_told_within_11_s_and_an_end_within_15_s() {
    let run = listen("--json", show()).code(0);
    let events = events(&run);
    let titles: Vec<(&str, u64, &str)> = events.iter().map(|e| (&e.0[..], e.1, &e.2[..])).collect();
    assert_eq!(
        titles,
        [
            ("start", 1, "Second Orbit"),
            ("end", 1, "Second Orbit"),
            ("start", 2, "Quiet Engines"),
            ("end", 2, "Quiet Engines")
        ],
        "{run:#?}"
    );
    for (pair, (start, end)) in events.chunks(2).zip([(3.0, 23.0), (38.0, 58.0)]) {
        let [begin, over] = pair else { panic!("{pair:?}") };
        assert!(begin.3 > start && begin.3 < start + 11.0, "{begin:?}");
        assert!(over.3 > end && over.3 < end + 15.0, "{over:?}");
        assert!((begin.4 - start).abs() < 3.0 && begin.5.is_none(), "{begin:?}");
        assert!((over.4 - start).abs() < 3.0 && (over.5.unwrap() - end).abs() < 3.0, "{over:?}");
    }
    let first = &run.json()[0];
    assert!((first["ref_start"].as_f64().unwrap() - 5.0).abs() < 3.0, "{first}");
    assert_eq!(
        (&first["tempo"], &first["pitch"], &first["ref_end"]),
        (&1.0.into(), &0.0.into(), &Value::Null)
    );
    assert!(first["time"].as_str().unwrap().len() >= 20 && first["stream_title"].is_null(), "{first}");
}

#[test]
fn the_plays_are_those_of_a_timeline() {
    let place = Place::new();
    place.write("show.wav", &wav(RATE, 1, show()));
    let line = format!("timeline show.wav --json --db {}", library().display());
    let plays = place.line(&line).code(0).json().remove(0);
    let ends: Vec<Value> =
        listen("--json", show()).code(0).json().into_iter().filter(|event| event["event"] == "end").collect();
    let plays = plays["plays"].as_array().unwrap();
    assert_eq!(plays.len(), ends.len());
    for (play, end) in plays.iter().zip(&ends) {
        for field in ["path", "start", "end", "ref_start", "tempo", "pitch"] {
            assert_eq!(play[field], end[field], "{field}");
        }
    }
}

#[test]
fn lines_are_for_people_and_csv_is_read_again() {
    let run = listen("", show()).code(0);
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(lines.len(), 4, "{run:#?}");
    let words = |line: &str| line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ");
    assert!(
        words(lines[0]).starts_with("0:0") && lines[0].contains("  begins  Kestrel Array - Second Orbit")
    );
    assert!(words(lines[1]).contains(" ends Kestrel Array - Second Orbit, after 0:"), "{run:#?}");
    assert!(lines[2].contains("  begins  Lumen and Ash - Quiet Engines"), "{run:#?}");
    assert_eq!(run.err, "");
    let clock = lines[0].split(' ').next().unwrap();
    assert!(clock.len() == 8 && clock.matches(':').count() == 2, "{clock}");

    let run = listen("--csv", show()).code(0);
    let mut table = csv::Reader::from_reader(run.out.as_bytes());
    let rows: Vec<std::collections::HashMap<String, String>> =
        table.deserialize().collect::<Result<_, _>>().unwrap();
    let told: Vec<String> =
        rows.iter().map(|row| format!("{} {} {}", row["event"], row["play"], row["title"])).collect();
    assert_eq!(
        told,
        ["start 1 Second Orbit", "end 1 Second Orbit", "start 2 Quiet Engines", "end 2 Quiet Engines"]
    );
    assert!(rows[0]["end"].is_empty() && rows[1]["end"].parse::<f64>().unwrap() > 20.0, "{run:#?}");
}

#[test]
fn every_format_of_raw_samples_is_heard() {
    let mono = [song("quiet-engines.wav", 2.0, 14.0), silence(14.0)].concat();
    let stereo: Vec<i16> = mono.iter().flat_map(|x| [*x, *x]).collect();
    let float: Vec<u8> = stereo.iter().flat_map(|x| (f32::from(*x) / 32_768.0).to_le_bytes()).collect();
    let expected = listen("--json", &mono).code(0);
    let told = |run: &Run| events(run).into_iter().map(|e| (e.0, e.2)).collect::<Vec<_>>();
    assert_eq!(told(&expected).len(), 2, "{expected:#?}");
    assert_eq!(told(&listen("--json --channels 2", &stereo).code(0)), told(&expected));
    let line = format!("listen - -r {RATE} -c 2 -f f32le --json --db {}", library().display());
    assert_eq!(told(&Place::new().fed(&line, &float).code(0)), told(&expected));
}

/// Two seconds of silence in a song, and the song again from its beginning, are the same play.
#[test]
fn a_song_is_told_once_while_it_plays() {
    let parts = [
        song("quiet-engines.wav", 0.0, 14.0),
        silence(2.0),
        song("quiet-engines.wav", 16.0, 28.0),
        song("quiet-engines.wav", 2.0, 20.0),
        silence(16.0),
    ];
    let run = listen("--json", &parts.concat()).code(0);
    let told: Vec<(String, u64)> = events(&run).into_iter().map(|e| (e.0, e.1)).collect();
    assert_eq!(told, [("start".to_owned(), 1), ("end".to_owned(), 1)], "{run:#?}");
}

#[test]
fn the_end_of_the_input_ends_what_plays() {
    let run = listen("--json", &song("second-orbit.flac", 0.0, 15.0)).code(0);
    let events = events(&run);
    assert_eq!(events.len(), 2, "{run:#?}");
    assert!((events[1].5.unwrap() - 15.0).abs() < 0.5 && events[1].5.unwrap() <= 15.0, "{run:#?}");
    // Nothing at all is no error either.
    assert_eq!(listen("--json", &[]).code(0).out, "");
    assert_eq!(listen("--json", &tune(RATE, 30.0, 11)).code(0).out, "");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_what_plays() {
    let place = Place::new();
    let mut command = place.command();
    let line = format!("listen - --rate {RATE} --now-playing now.txt --db {}", library().display());
    command.args(line.split_whitespace());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&bytes(&song("second-orbit.flac", 0.0, 20.0))).unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains("begins  Kestrel Array - Second Orbit"), "{first}");
    // It was written before or is being written just now.
    let file = place.at("now.txt");
    while fs::read_to_string(&file).unwrap().is_empty() {}
    assert_eq!(fs::read_to_string(&file).unwrap(), "Kestrel Array - Second Orbit\n");
    super::run::send("-INT", &child);
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert!(rest[0].contains("ends    Kestrel Array - Second Orbit, after 0:"), "{rest:?}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((err.as_str(), fs::read_to_string(&file).unwrap().as_str()), ("", ""));
    drop(input);
}

#[cfg(unix)]
#[test]
fn the_program_of_exec_gets_clean_tags_and_no_shell() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let samples = tune(RATE, 20.0, 3);
    let mut file = wav(RATE, 1, &samples);
    let title = b"a\x1b[2J$(touch pwned)`touch pwned`\nb\0\0";
    let chunk = [b"INFOINAM".as_slice(), &(title.len() as u32).to_le_bytes(), title].concat();
    file.extend([b"LIST".as_slice(), &(chunk.len() as u32).to_le_bytes(), &chunk].concat());
    let size = file.len() as u32 - 8;
    file[4..8].copy_from_slice(&size.to_le_bytes());
    place.write("music/a.wav", &file);
    place.write("music/b\n;touch pwned.wav", &wav(RATE, 1, &tune(RATE, 20.0, 4)));
    place.line("build music --db i.refrain").code(0);
    let script = r#"#!/bin/sh
printf '%s|%s|%s|%s|%s\n' "$#" "$REFRAIN_EVENT" "$REFRAIN_PLAY" "$REFRAIN_TITLE" "$REFRAIN_PATH" >> log
echo noise
"#;
    let program = place.write("program", script.as_bytes());
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let sound = [samples, silence(16.0), tune(RATE, 20.0, 4), silence(16.0)].concat();
    let line = format!("listen - --rate {RATE} --json --db i.refrain --exec {}", program.display());
    let run = place.fed(&line, &bytes(&sound)).code(0);
    assert_eq!(run.json().len(), 4, "{run:#?}");
    // What the program prints is no part of the documents.
    assert_eq!(run.err.matches("noise").count(), 4, "{run:#?}");
    let log = fs::read_to_string(place.at("log")).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    let path = place.at("music/a.wav");
    let clean = "a [2J$(touch pwned)`touch pwned` b";
    assert_eq!(lines.len(), 4, "{log}");
    assert_eq!(lines[0], format!("0|start|1|{clean}|{}", path.display()));
    assert_eq!(lines[1], format!("0|end|1|{clean}|{}", path.display()));
    assert_eq!(lines[2], "0|start|2||");
    assert!(!place.at("pwned").exists());
    // Lines for people have no control characters either.
    let line = format!("listen - --rate {RATE} --db i.refrain --exec ./gone");
    let run = place.fed(&line, &bytes(&sound)).code(0);
    assert_eq!(run.out.lines().count(), 4, "{run:#?}");
    assert!(!run.out.contains('\x1b'), "{run:#?}");
    assert!(run.err.contains("refrain: --exec: cannot run ./gone: "), "{run:#?}");
}

#[test]
fn what_is_no_source_is_refused() {
    let db = library().display();
    let place = Place::new();
    let refused = |args: &str| place.line(&format!("listen {args} --db {db}")).code(2).err;
    assert!(refused("song.mp3").starts_with(
        "refrain: song.mp3 is no address of a stream; for a file, use `refrain timeline song.mp3"
    ));
    assert!(refused("http://").starts_with("refrain: the address has no host"));
    assert!(refused("- --now-playing gone/now.txt").starts_with("refrain: cannot write gone/now.txt"));
    refused("- --json --csv");
    refused("- --rate 10");
    refused("- --format mp3");
    if !cfg!(feature = "microphone") {
        assert!(refused("").contains("without the microphone"), "{}", refused(""));
        assert!(refused("--list-devices").contains("arecord"), "{}", refused(""));
    }
}
