//! Compares `refrain fingerprint`, and the program under the name fpcalc, with fpcalc's output.
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
};

use serde_json::{Value, json};

use super::run::{Place, Run, finish, fixture, tune, wav};

/// The output of fpcalc, saved by `fixtures/make_fpcalc.py`.
static THEIRS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_slice(&fs::read(fixture("fpcalc.json")).unwrap()).unwrap());

const SONG: &str = "audio/songs/quiet-engines.wav";

/// The program under the name of fpcalc, as packages would install it.
fn fpcalc_at(place: &Place, name: &str) -> PathBuf {
    let link = place.at(name);
    #[cfg(unix)]
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_refrain"), &link).unwrap();
    #[cfg(not(unix))]
    fs::copy(env!("CARGO_BIN_EXE_refrain"), &link).map(drop).unwrap();
    link
}

fn command(place: &Place, args: &[&str]) -> Command {
    let name = if cfg!(windows) { "fpcalc.exe" } else { "fpcalc" };
    let link = place.at(name);
    let link = if link.exists() { link } else { fpcalc_at(place, name) };
    let mut command = Command::new(link);
    command.current_dir(place.path()).args(args).stdin(Stdio::null());
    command
}

fn fpcalc(place: &Place, args: &[&str]) -> Run {
    finish(&mut command(place, args))
}

fn words(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|word| word.as_u64().unwrap() as u32).collect()
}

/// Bits in which two fingerprints of one length differ.
#[track_caller]
fn differing(a: &Value, b: &Value) -> u32 {
    let (a, b) = (words(a), words(b));
    assert_eq!(a.len(), b.len());
    a.iter().zip(&b).map(|(a, b)| (a ^ b).count_ones()).sum()
}

fn song() -> String {
    fixture(SONG).to_str().unwrap().to_owned()
}

#[test]
fn words_are_those_of_fpcalc() {
    let place = Place::new();
    for (name, theirs) in THEIRS["files"].as_object().unwrap() {
        let path = fixture(name);
        let run = fpcalc(&place, &["-raw", "-json", path.to_str().unwrap()]).code(0);
        assert_eq!(run.err, "");
        let ours = &run.json()[0];
        let words = theirs["words"].as_array().unwrap().len() as u32;
        // Decoders that return floats differ in the last bit of some samples.
        let most = match path.extension().unwrap().to_str().unwrap() {
            "wav" | "flac" => 0,
            _ => words * 32 / 1_000,
        };
        let differ = differing(&ours["fingerprint"], &theirs["words"]);
        assert!(differ <= most, "{name}: {differ} of {} bits differ", words * 32);
        let off = ours["duration"].as_f64().unwrap() - theirs["duration"].as_f64().unwrap();
        assert!(off.abs() < 0.06, "{name}: {ours} s, {theirs} s");
        if differ == 0 {
            let text = fpcalc(&place, &[path.to_str().unwrap()]).code(0).out;
            let seconds = theirs["duration"].as_f64().unwrap() as u64;
            assert_eq!(
                text,
                format!("DURATION={seconds}\nFINGERPRINT={}\n", theirs["packed"].as_str().unwrap())
            );
        }
    }
}

#[test]
fn every_algorithm_is_that_of_fpcalc() {
    let place = Place::new();
    for (number, theirs) in THEIRS["algorithms"].as_object().unwrap() {
        let run = fpcalc(&place, &["-plain", "-length", "15", "-algorithm", number, &song()]).code(0);
        assert_eq!(run.out.trim_end(), theirs.as_str().unwrap(), "algorithm {number}");
    }
    let run = fpcalc(&place, &["-algorithm", "3", &song()]).code(2);
    assert_eq!(run.err, "ERROR: Algorithm 3 is not supported\n");
}

#[test]
fn chunks_are_those_of_fpcalc() {
    let place = Place::new();
    for (kind, options) in [("plain", &[][..]), ("overlap", &["-overlap"])] {
        let song = song();
        let args = [&["-json", "-raw", "-chunk", "10"], options, &[&song]].concat();
        let ours = fpcalc(&place, &args).code(0).json();
        assert_eq!(json!(ours), THEIRS["chunks"][kind], "{kind}");
    }
    let text = fpcalc(&place, &["-chunk", "10", "-raw", &song()]).code(0).out;
    let parts: Vec<&str> = text.split("\n\n").collect();
    assert_eq!(parts.len(), THEIRS["chunks"]["plain"].as_array().unwrap().len());
    assert!(parts.iter().all(|part| part.starts_with("DURATION=") && part.lines().count() == 2), "{text}");
}

#[test]
fn forms_of_output() {
    let place = Place::new();
    let theirs = &THEIRS["files"][SONG];
    let (packed, seconds) = (theirs["packed"].as_str().unwrap(), theirs["duration"].as_f64().unwrap());
    let (song, all) = (song(), words(&theirs["words"]));
    let join = |words: Vec<String>| words.join(",");
    let unsigned = join(all.iter().map(u32::to_string).collect());
    let signed = join(all.iter().map(|word| word.cast_signed().to_string()).collect());
    let out = |options: &[&str]| fpcalc(&place, &[options, &[&song]].concat()).code(0).out;
    assert_eq!(out(&["-plain"]), format!("{packed}\n"));
    assert_eq!(out(&["-json"]), format!("{{\"duration\": {seconds:.2}, \"fingerprint\": \"{packed}\"}}\n"));
    assert_eq!(out(&["-plain", "-raw"]), format!("{unsigned}\n"));
    assert_eq!(out(&["-raw", "-signed", "-plain"]), format!("{signed}\n"));
    assert_eq!(
        out(&["-json", "-raw"]),
        format!("{{\"duration\": {seconds:.2}, \"fingerprint\": [{unsigned}]}}\n")
    );
    assert_eq!(
        out(&["-json", "-text", "-signed"]),
        format!("DURATION={}\nFINGERPRINT={packed}\n", seconds as u64)
    );
    assert_eq!(out(&["-length", "0", "-plain"]), format!("{packed}\n"));
    let stamped = out(&["-ts"]);
    let (time, rest) = stamped.split_once('\n').unwrap();
    assert!(time.strip_prefix("TIMESTAMP=").unwrap().parse::<f64>().unwrap() > 1.6e9, "{time}");
    assert!(rest.starts_with("DURATION="));
    // Two files, one after the other and without a name.
    let twice = fpcalc(&place, &["-plain", &song, &song]).code(0).out;
    assert_eq!(twice, format!("{packed}\n{packed}\n"));
    // Only the beginning is fingerprinted, but the duration is that of the file.
    let short = fpcalc(&place, &["-json", "-raw", "-length", "8", &song]).code(0).json();
    assert_eq!(short[0]["duration"], theirs["duration"]);
    let count = short[0]["fingerprint"].as_array().unwrap().len();
    assert_eq!(words(&short[0]["fingerprint"]), all[..count]);
    assert_eq!(count, (8 * 11_025 - 4_096) / 1_365 + 1 - 4 - 15);
}

#[test]
fn version_and_help_are_what_callers_look_for() {
    let place = Place::new();
    for option in ["-version", "-v"] {
        let run = fpcalc(&place, &[option]).code(0);
        assert_eq!(run.out, format!("fpcalc version 1.5.1 (refrain {})\n", env!("CARGO_PKG_VERSION")));
    }
    for option in ["-help", "-h", "--help"] {
        assert!(
            fpcalc(&place, &[option]).code(0).out.starts_with("Usage: fpcalc [OPTIONS] FILE [FILE...]\n")
        );
    }
}

#[test]
fn only_the_name_makes_it_fpcalc() {
    let place = Place::new();
    for name in ["fpcalc.exe", "FPCALC"] {
        let run = finish(Command::new(fpcalc_at(&place, name)).arg("-v"));
        assert!(run.code(0).out.starts_with("fpcalc version "));
    }
    let run = finish(Command::new(fpcalc_at(&place, "fpcalc2")).arg("--version"));
    assert!(run.code(0).out.starts_with("refrain "));
}

#[test]
fn an_unusable_file_ends_fpcalc() {
    let place = Place::new();
    place.write("bad.mp3", b"not audio");
    place.write("empty.wav", b"");
    place.write("short.wav", &wav(11_025, 1, &tune(11_025, 2.5, 1)));
    let song = song();
    for (file, message) in [
        ("gone.mp3", "Could not open the input file (No such file or directory)"),
        (".", "Could not open the input file (is a directory)"),
        ("bad.mp3", "Could not open the input file (not an audio file of a known format)"),
        ("empty.wav", "Could not open the input file (the file is empty)"),
        ("short.wav", "Empty fingerprint"),
    ] {
        let run = fpcalc(&place, &["-plain", file, &song]).code(2);
        assert_eq!((run.out.as_str(), run.err.as_str()), ("", format!("ERROR: {message}\n").as_str()));
    }
    // The fingerprints before it were printed.
    let run = fpcalc(&place, &["-plain", &song, "gone.mp3"]).code(2);
    assert_eq!(run.out.lines().count(), 1);
    for (args, message) in [
        (&[][..], "No input files"),
        (&["--json", "a"], "Unknown option --json"),
        (&["a", "-length"], "Unknown option -length"),
    ] {
        assert_eq!(fpcalc(&place, args).code(2).err, format!("ERROR: {message}\n"));
    }
}

#[test]
fn damage_is_status_3_and_the_fingerprint_is_printed() {
    let place = Place::new();
    let mut bytes = fs::read(fixture("audio/songs/paper-lanterns.mp3")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 400].fill(0x55);
    place.write("damaged.mp3", &bytes);
    let run = fpcalc(&place, &["-json", "damaged.mp3"]).code(3);
    assert!(run.err.starts_with("ERROR: Error decoding audio frame ("), "{run:#?}");
    assert!(run.json()[0]["fingerprint"].as_str().unwrap().len() > 100);
    fpcalc(&place, &["-json", "-ignore-errors", "damaged.mp3"]).code(0);
    // refrain itself only warns.
    let run = place.line("fingerprint damaged.mp3").code(0);
    assert!(run.err.starts_with("damaged.mp3: ") && run.out.contains("FINGERPRINT="), "{run:#?}");
}

#[test]
fn standard_input_is_a_file_too() {
    let place = Place::new();
    let bytes = fs::read(fixture("audio/songs/second-orbit.flac")).unwrap();
    let theirs = &THEIRS["files"]["audio/songs/second-orbit.flac"];
    let mut child = command(&place, &["-raw", "-json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    let run = Run::of("fpcalc -".to_owned(), child.wait_with_output().unwrap()).code(0);
    assert_eq!(run.json()[0]["fingerprint"], theirs["words"]);
    let run = place.fed("fingerprint --raw --json -", &bytes).code(0);
    assert_eq!(run.json()[0]["fingerprint"], theirs["words"]);
    assert_eq!(place.line("fingerprint - -").code(2).out, "");
}

#[test]
fn raw_samples_are_fingerprinted_as_they_come() {
    let place = Place::new();
    let samples = tune(11_025, 25.0, 7);
    let bytes: Vec<u8> = samples.iter().flat_map(|x| x.to_be_bytes()).collect();
    place.write("tune.raw", &bytes);
    place.write("tune.wav", &wav(11_025, 1, &samples));
    let args = ["-format", "s16be", "-rate", "11025", "-channels", "1"];
    let file = fpcalc(&place, &[&args[..], &["tune.raw"]].concat()).code(0);
    assert_eq!(file.out, fpcalc(&place, &["tune.wav"]).code(0).out);
    assert!(file.out.starts_with("DURATION=25\n"));

    // A stream that does not end: the first chunk is printed while it runs.
    let args = [&args[..], &["-chunk", "10", "-json", "-"]].concat();
    let mut child = command(&place, &args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    input.write_all(&bytes).unwrap();
    let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!((&first["timestamp"], &first["duration"]), (&json!(0.0), &json!(10.0)));
    drop(input);
    assert_eq!(lines.map(Result::unwrap).count(), 2);
    assert!(child.wait().unwrap().success());
}

#[test]
fn raw_samples_of_an_odd_rate_are_refused() {
    let place = Place::new();
    place.write("tune.raw", &[0; 1_000]);
    for rate in ["1", "4000000000"] {
        let run = fpcalc(&place, &["-format", "u8", "-rate", rate, "tune.raw"]).code(2);
        assert!(run.err.contains("is outside 1000 to 768000 Hz"), "{run:#?}");
    }
}

#[test]
fn fingerprint_takes_one_dash_or_two() {
    let place = Place::new();
    let expected = &THEIRS["files"][SONG];
    let song = song();
    for options in [
        &["--json", "--raw", "--length", "120"][..],
        &["-json", "-raw", "-length", "120"],
        &["-json", "--raw", "-t", "120"],
    ] {
        let run = place.run([&["fingerprint"], options, &[&song]].concat()).code(0);
        assert_eq!(run.json()[0]["fingerprint"], expected["words"]);
    }
    assert!(place.line("fingerprint -help").code(0).out.contains("--algorithm"));
    for wrong in [
        "--length -1",
        "--length x",
        "--algorithm 3",
        "--format foo",
        "--json --plain",
        "--rate 1",
        "-abs",
        "",
    ] {
        let run = place.line(&format!("fingerprint {wrong} a.mp3 {wrong}"));
        assert_eq!(run.code, Some(2), "{wrong}: {run:#?}");
    }
    // After two dashes everything is a file.
    place.write("-json", &fs::read(fixture(SONG)).unwrap());
    let run = place.line("fingerprint -plain -- -json").code(0);
    assert_eq!(run.out.trim_end(), expected["packed"].as_str().unwrap());
}

#[test]
fn several_files_are_named_and_a_bad_one_does_not_end_the_run() {
    let place = Place::new();
    place.write("bad.mp3", b"not audio");
    place.song("second-orbit.flac", "a \"song\".flac");
    place.song("quiet-engines.wav", "b.wav");
    let run = place.run(["fingerprint", "--json", "a \"song\".flac", "bad.mp3", "gone", "b.wav"]).code(2);
    let names: Vec<_> = run.json().iter().map(|answer| answer["file"].clone()).collect();
    assert_eq!(names, ["a \"song\".flac", "b.wav"]);
    let errors: Vec<&str> = run.err.lines().collect();
    assert_eq!(errors.len(), 2, "{run:#?}");
    assert!(
        errors[0].starts_with("refrain: cannot read bad.mp3: ")
            && errors[1].starts_with("refrain: cannot read gone: ")
    );
    let run = place.line("fingerprint b.wav b.wav").code(0);
    assert_eq!(run.out.matches("FILE=b.wav\nDURATION=").count(), 2);
    let run = place.line("fingerprint b.wav").code(0);
    assert!(run.out.starts_with("DURATION="));
    place.write("short.wav", &wav(11_025, 1, &tune(11_025, 2.0, 1)));
    let run = place.line("fingerprint short.wav").code(2);
    assert_eq!(run.err, "refrain: cannot read short.wav: too short for a fingerprint\n");
}

/// The song 60 times over, as a long file.
fn long(place: &Place, name: &str) -> PathBuf {
    let bytes = fs::read(fixture(SONG)).unwrap();
    let samples: Vec<i16> =
        bytes[44..].as_chunks::<2>().0.iter().map(|&b| i16::from_le_bytes(b)).collect::<Vec<_>>().repeat(60);
    place.write(name, &wav(22_050, 1, &samples))
}

#[test]
fn nothing_is_decoded_after_the_length() {
    let place = Place::new();
    let path = long(&place, "long.wav");
    let whole = fs::read(&path).unwrap();
    let whole_length = (whole.len() - 44) as f64 / 44_100.0;
    // The file may end after the length.
    let cut = place.write("cut.wav", &whole[..44 + 44_100 * 130]);
    let told = |path: &Path| fpcalc(&place, &["-json", path.to_str().unwrap()]).code(0).json().remove(0);
    let (long, cut) = (told(&path), told(&cut));
    assert_eq!(long["fingerprint"], cut["fingerprint"]);
    let stated = (whole_length * 100.0).floor() / 100.0;
    assert!((long["duration"].as_f64().unwrap() - stated).abs() < 0.02, "{} s, {stated} s", long["duration"]);
}

/// The call in Picard's picard/acoustid/__init__.py.
#[test]
fn the_call_of_picard_works() {
    let place = Place::new();
    let song = song();
    let run = fpcalc(&place, &["-json", "-length", "120", &song]).code(0);
    let answer: Value = serde_json::from_str(&run.out).unwrap();
    assert!(answer["duration"].as_f64().unwrap() as u32 > 0);
    assert_eq!(answer["fingerprint"], THEIRS["files"][SONG]["packed"]);
}
