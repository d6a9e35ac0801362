//! Tables and playlists of indexed tracks and of matches.
use std::{fs, path::Path};

use serde_json::Value;

use super::run::{Place, Run, clip, finish, tune, wav};

/// A place with three tunes in the folder `m`, one of them twice, and two files that are not audio. All are indexed.
fn place() -> Place {
    let place = Place::new();
    for (name, seed) in
        [("m/a, \"b\".wav", 1), ("m/#b.wav", 2), ("m/deep/ü.wav", 3), ("m/deep/z copy.wav", 2)]
    {
        place.write(name, &wav(8_000, 1, &tune(8_000, 6.0, seed)));
    }
    place.write("m/bad, worse.mp3", b"text");
    place.song("second-orbit.flac", "m/song.flac");
    place.line("index build --quiet m --db i.refrain").code(0);
    place
}

fn rows(run: &Run) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(run.out.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn a_playlist_of_the_index_has_each_track_once() {
    let place = place();
    let list = |args: &str| place.line(&format!("index list --m3u --db i.refrain {args}"));
    let told = |run: Run| place.told(&run.out);
    assert_eq!(
        told(list("").code(0)),
        "#EXTM3U\n#EXTINF:6,#b\nDIR/m/#b.wav\n#EXTINF:6,a, \"b\"\nDIR/m/a, \"b\".wav\n#EXTINF:6,ü\nDIR/m/deep/ü.wav\n\
         #EXTINF:31,Kestrel Array - Second Orbit\nDIR/m/song.flac"
    );
    // If a track has two files, the list has the one that was chosen.
    assert_eq!(
        told(list("m/deep").code(0)),
        "#EXTM3U\n#EXTINF:6,z copy\nDIR/m/deep/z copy.wav\n#EXTINF:6,ü\nDIR/m/deep/ü.wav"
    );
    assert_eq!(told(list("missing").code(1)), "#EXTM3U");
    fs::remove_file(place.at("m/#b.wav")).unwrap();
    place.line("index update --quiet --db i.refrain").code(0);
    assert_eq!(told(list("missing").code(0)), "#EXTM3U\n#EXTINF:6,#b\nDIR/m/#b.wav");
    assert!(told(list("").code(0)).contains("\nDIR/m/deep/z copy.wav"), "one that is there comes first");
    assert_eq!(list("no-such").code(1).out, "#EXTM3U\n");
    place.line("index list --m3u --csv --db i.refrain").code(2);
}

#[cfg(unix)]
#[test]
fn a_playlist_has_the_bytes_of_a_path_or_reports_it() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let place = Place::new();
    let song = |name: &[u8], seed| {
        place.write(Path::new(OsStr::from_bytes(name)), &wav(8_000, 1, &tune(8_000, 6.0, seed)))
    };
    let odd = song(b"m/\xff\xfe.wav", 1);
    let broken = song(b"m/two\nlines.wav", 2);
    place.line("index build --quiet m --db i.refrain").code(0);
    let mut list = place.command();
    let output = list.args(["index", "list", "--m3u", "--db", "i.refrain"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let expected =
        [b"#EXTM3U\n#EXTINF:6,\xef\xbf\xbd\xef\xbf\xbd\n", odd.as_os_str().as_bytes(), b"\n"].concat();
    assert_eq!(output.stdout, expected);
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains(r"two\nlines.wav") && err.lines().count() == 1, "{err}");
    // The other clip gets its answer.
    let mut query = place.command();
    query.args(["query", "-j1", "--m3u", "--db", "i.refrain"]).args([&broken, &odd]);
    let output = query.output().unwrap();
    assert_eq!((output.status.code(), &output.stdout), (Some(2), &expected), "{output:?}");
    assert!(String::from_utf8(output.stderr).unwrap().contains(r"two\nlines.wav"));
}

#[test]
fn a_playlist_of_a_query_has_the_best_match_of_each_clip() {
    let place = place();
    let silence = place.write("silence.wav", &wav(8_000, 1, &[0; 16_000]));
    let ask = |clips: &[&Path], code| {
        let mut command = place.command();
        finish(command.args(["query", "--m3u", "--db", "i.refrain"]).args(clips)).code(code)
    };
    let (clean, tune) = (clip("clean.wav"), place.at("m/deep/ü.wav"));
    let heard = ask(&[&clean, &silence, &tune, &clean], 0);
    let song = "#EXTINF:31,Kestrel Array - Second Orbit\nDIR/m/song.flac";
    assert_eq!(place.told(&heard.out), format!("#EXTM3U\n{song}\n#EXTINF:6,ü\nDIR/m/deep/ü.wav\n{song}"));
    assert_eq!(
        place.told(&heard.err),
        "DIR/silence.wav: the clip is silent\nDIR/silence.wav: no match\n3 of 4 clips found"
    );
    assert_eq!(ask(&[&silence], 1).out, "#EXTM3U\n");
    let some = ask(&[&place.at("none.wav"), &clean], 2);
    assert_eq!(place.told(&some.out), format!("#EXTM3U\n{song}"));
    assert!(some.err.contains("none.wav"));
}

#[test]
fn the_csv_of_a_query_has_the_fields_of_its_json() {
    let place = place();
    let silence = place.write("silence.wav", &wav(8_000, 1, &[0; 16_000]));
    let ask = |how: &str| {
        let mut command = place.command();
        command.args(["query", how, "--db", "i.refrain"]).arg(clip("clean.wav")).arg(&silence);
        finish(command.arg("none, no.wav")).code(2)
    };
    let (table, documents) = (rows(&ask("--csv")), ask("--json").json());
    let (names, lines) = table.split_first().unwrap();
    // Numbers are compared by value, text is compared as it is.
    let same = |cell: &str, value: &Value| match value {
        Value::Null => cell.is_empty(),
        Value::String(text) => cell == text,
        Value::Array(numbers) => {
            let read = cell.split_whitespace().map(|number| serde_json::from_str::<Value>(number).unwrap());
            read.collect::<Vec<_>>() == *numbers
        }
        other => serde_json::from_str::<Value>(cell).ok().as_ref() == Some(other),
    };
    let mut left = lines.iter();
    for document in &documents {
        let found = document["matches"].as_array().unwrap().clone();
        let none = found.is_empty().then_some(Value::Null);
        for found in found.into_iter().chain(none) {
            for (name, cell) in names.iter().zip(left.next().expect("a line for each match")) {
                let value = if found.get(name).is_some() { &found[name] } else { &document[name] };
                assert!(same(cell, value), "{name}: {cell}, {value}");
            }
        }
    }
    assert_eq!(lines.iter().map(|line| line[1].as_str()).collect::<Vec<_>>(), ["match", "no_match", "error"]);
    // Every field of the documents is a column, except lists of other things.
    let fields = documents.iter().flat_map(|d| d.as_object().unwrap().keys());
    let fields = fields.chain(documents[0]["matches"][0].as_object().unwrap().keys());
    for field in fields.filter(|field| {
        !["matches", "also_paths", "copies", "other_artists", "warnings"].contains(&field.as_str())
    }) {
        assert!(names.contains(field), "{field}");
    }
    assert!(names.iter().all(|name| documents.iter().any(|d| d.get(name).is_some())
        || documents[0]["matches"][0].get(name).is_some()));
    place.line("query --csv --explain --db i.refrain none").code(2);
}

#[test]
fn the_csv_of_errors_has_path_and_reason() {
    let place = place();
    let table = rows(&place.line("index errors --csv --db i.refrain").code(0));
    let told = place.line("index errors --json --db i.refrain").code(0).json();
    assert_eq!(table[0], ["path", "reason"]);
    assert_eq!(table[1..], [[told[0]["path"].as_str().unwrap(), told[0]["reason"].as_str().unwrap()]]);
    assert!(table[1][0].ends_with("/m/bad, worse.mp3"));
    fs::remove_file(place.at("m/bad, worse.mp3")).unwrap();
    place.line("index update --quiet --db i.refrain").code(0);
    assert_eq!(place.line("index errors --csv --db i.refrain").code(0).out, "path,reason\n");
}
