//! `refrain timeline` on the real binary. Its outputs are read again.
use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use refrain::{Audio, TimelineOptions};
use serde_json::Value;
use tempfile::TempDir;

use super::{
    cli::library,
    run::{Place, Run, clip, finish, fixture, tune, wav},
};

pub const RATE: u32 = 11_025;

/// Samples of a song of the fixtures, at `RATE`.
pub fn song(name: &str, from: f64, to: f64) -> Vec<i16> {
    let mut source = Audio::file(fixture("audio/songs").join(name)).open().unwrap();
    let (mut mono, mut all, mut rate) = (Vec::new(), Vec::new(), 0.0);
    while let Some(now) = source.next_block(&mut mono).unwrap() {
        rate = f64::from(now.0);
        all.append(&mut mono);
    }
    let sample = |i: u32| {
        let at = (from + f64::from(i) / f64::from(RATE)) * rate;
        let (left, share) = (at as usize, at.fract() as f32);
        let x = all[left] * (1.0 - share) + all[left + 1] * share;
        (x * 20_000.0) as i16
    };
    (0..((to - from) * f64::from(RATE)) as u32).map(sample).collect()
}

/// 20 s of one song, 20 s of a tune that is not indexed, 20 s of another song; its name has a space and a quote.
fn show() -> &'static Path {
    static SHOW: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = SHOW.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("my 'show'.wav");
        let parts = [
            song("second-orbit.flac", 5.0, 25.0),
            tune(RATE, 20.0, 11),
            song("quiet-engines.wav", 0.0, 20.0),
        ];
        fs::write(&path, wav(RATE, 1, &parts.concat())).unwrap();
        (folder, path)
    });
    path
}

fn timeline(args: &[&str], files: &[&Path]) -> Run {
    let place = Place::new();
    finish(place.command().arg("timeline").arg("--db").arg(library()).args(args).args(files))
}

/// Start, end and name of each play, from the JSON.
fn truth() -> Vec<(f64, f64, String)> {
    let documents = timeline(&["--json"], &[show()]).code(0).json();
    let plays = documents[0]["plays"].as_array().unwrap();
    let of = |play: &Value| {
        let name = format!("{} - {}", play["artist"].as_str().unwrap(), play["title"].as_str().unwrap());
        (play["start"].as_f64().unwrap(), play["end"].as_f64().unwrap(), name)
    };
    plays.iter().map(of).collect()
}

/// Asserts that plays read from another format are those of the JSON, to `by` seconds.
#[track_caller]
fn same(read: &[(f64, f64, String)], by: f64) {
    let truth = truth();
    assert_eq!(read.len(), truth.len(), "{read:?}");
    for (read, truth) in read.iter().zip(&truth) {
        assert!((read.0 - truth.0).abs() <= by && (read.1 - truth.1).abs() <= by, "{read:?}, {truth:?}");
        assert_eq!(read.2, truth.2);
    }
}

#[test]
fn the_plays_of_a_recording_come_in_order() {
    let plays = truth();
    assert_eq!(plays.len(), 2, "{plays:?}");
    for (play, (start, end, name)) in plays
        .iter()
        .zip([(0.0, 20.0, "Kestrel Array - Second Orbit"), (40.0, 60.0, "Lumen and Ash - Quiet Engines")])
    {
        assert_eq!(play.2, name);
        assert!((play.0 - start).abs() < 3.0 && (play.1 - end).abs() < 3.0, "{play:?}");
    }
}

#[test]
fn the_list_is_for_people() {
    let found = timeline(&[], &[show()]).code(0);
    let lines: Vec<&str> = found.out.lines().collect();
    assert_eq!(lines[0], show().to_str().unwrap());
    assert_eq!(lines.len(), 4, "{found:#?}");
    assert!(lines[1].contains("Kestrel Array - Second Orbit (from 0:0"), "{found:#?}");
    assert!(lines[2].ends_with("  unknown"), "{found:#?}");
    assert!(lines[3].contains("Lumen and Ash - Quiet Engines"), "{found:#?}");
    assert!(lines[1..].iter().all(|line| line.chars().count() <= 80), "{found:#?}");
    assert!(found.err.starts_with("2 plays in 1 file (1 min 00 s of audio in "), "{found:#?}");
}

#[test]
fn csv_is_read_again() {
    let found = timeline(&["--csv"], &[show()]).code(0);
    let mut table = csv::Reader::from_reader(found.out.as_bytes());
    let rows: Vec<std::collections::HashMap<String, String>> =
        table.deserialize().collect::<Result<_, _>>().unwrap();
    assert!(rows.iter().all(|row| row["file"] == show().to_str().unwrap()));
    let plays = rows.iter().map(|row| {
        let number = |name: &str| row[name].parse().unwrap();
        (number("start"), number("end"), format!("{} - {}", row["artist"], row["title"]))
    });
    same(&plays.collect::<Vec<_>>(), 0.0006);
    assert_eq!(found.err, "");
}

#[test]
fn labels_are_read_again() {
    let found = timeline(&["--labels"], &[show()]).code(0);
    let plays = found.out.lines().map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [start, end, name] = fields[..] else { panic!("{line}") };
        (start.parse().unwrap(), end.parse().unwrap(), name.to_owned())
    });
    same(&plays.collect::<Vec<_>>(), 1e-6);
    let two = timeline(&["--labels"], &[show(), show()]).code(2);
    assert_eq!(two.err, "refrain: --labels takes one recording, not 2; run it once for each\n");
}

#[test]
fn rttm_is_read_again() {
    let found = timeline(&["--rttm"], &[show()]).code(0);
    let plays = found.out.lines().map(|line| {
        let fields: Vec<&str> = line.split(' ').collect();
        let ["SPEAKER", "my_'show'", "1", start, duration, "<NA>", "<NA>", name, "<NA>", "<NA>"] = fields[..]
        else {
            panic!("{line}")
        };
        let (start, duration): (f64, f64) = (start.parse().unwrap(), duration.parse().unwrap());
        (start, start + duration, name.replace('_', " "))
    });
    same(&plays.collect::<Vec<_>>(), 0.0011);
}

#[test]
fn a_cue_sheet_is_read_again() {
    let found = timeline(&["--cue"], &[show()]).code(0);
    let mut lines = found.out.lines();
    assert_eq!(lines.next().unwrap(), format!("FILE \"{}\" WAVE", show().display()));
    let mut tracks = Vec::new();
    while let Some(track) = lines.next() {
        assert_eq!(track, format!("  TRACK {:02} AUDIO", tracks.len() + 1));
        let mut value = |name: &str| lines.next().unwrap().trim().strip_prefix(name).unwrap().to_owned();
        let (title, artist, index) = (value("TITLE "), value("PERFORMER "), value("INDEX 01 "));
        let time: Vec<f64> = index.split(':').map(|n| n.parse().unwrap()).collect();
        let name = format!("{} - {}", artist.trim_matches('"'), title.trim_matches('"'));
        tracks.push((time[0] * 60.0 + time[1] + time[2] / 75.0, name));
    }
    let truth = truth();
    assert_eq!(tracks.len(), truth.len());
    for (track, truth) in tracks.iter().zip(&truth) {
        assert!((track.0 - truth.0).abs() <= 0.5 / 75.0 + 1e-9, "{track:?}, {truth:?}");
        assert_eq!(track.1, truth.2);
    }
}

#[test]
fn a_playlist_is_read_again() {
    let found = timeline(&["--m3u"], &[show()]).code(0);
    let mut lines = found.out.lines();
    assert_eq!(lines.next(), Some("#EXTM3U"));
    let mut plays = Vec::new();
    while let Some(about) = lines.next() {
        let mut time = |name: &str| {
            let option = lines.next().unwrap().strip_prefix("#EXTVLCOPT:").unwrap();
            option.strip_prefix(name).unwrap().parse::<f64>().unwrap()
        };
        let (start, end) = (time("start-time="), time("stop-time="));
        let (seconds, name) = about.strip_prefix("#EXTINF:").unwrap().split_once(',').unwrap();
        assert!((seconds.parse::<f64>().unwrap() - (end - start)).abs() <= 0.501);
        assert_eq!(Path::new(lines.next().unwrap()), show());
        plays.push((start, end, name.to_owned()));
    }
    same(&plays, 0.0006);
    let place = Place::new();
    let refused = place.fed(&format!("timeline --m3u --db {} -", library().display()), b"").code(2);
    assert_eq!(refused.err, "refrain: cannot list standard input: a playlist cannot name standard input\n");
    let refused = place.fed(&format!("timeline --cue --db {} -", library().display()), b"").code(2);
    assert_eq!(refused.out, "");
    assert_eq!(refused.err, "refrain: cannot list standard input: a CUE sheet cannot name standard input\n");
}

#[test]
fn a_tracklist_names_what_is_unknown() {
    let found = timeline(&["--text"], &[show()]).code(0);
    let names: Vec<&str> = found.out.lines().map(|line| line.split_once("] ").unwrap().1).collect();
    assert_eq!(names, ["Kestrel Array - Second Orbit", "ID - ID", "Lumen and Ash - Quiet Engines"]);
    assert!(found.out.starts_with("[00:00:00] "), "{found:#?}");
}

#[test]
fn exit_codes_of_a_timeline() {
    let (hum, gone) = (clip("hum.flac"), Path::new("gone.mp3"));
    let none = timeline(&[], &[&hum]).code(1);
    assert!(none.out.lines().nth(1).unwrap().contains("unknown"), "{none:#?}");
    let mixed = timeline(&["--text"], &[gone, show()]).code(2);
    assert_eq!(mixed.out.lines().count(), 3);
    assert_eq!(mixed.err, "refrain: cannot read gone.mp3: No such file or directory\n");
    timeline(&["--json", "--csv"], &[show()]).code(2);
    timeline(&["--min-length", "-1"], &[show()]).code(2);
    timeline(&[], &[Path::new("-"), Path::new("-")]).code(2);
}

#[test]
fn folders_and_standard_input_are_recordings_too() {
    let place = Place::new();
    let sound = fs::read(show()).unwrap();
    place.write("in/b/show.wav", &sound);
    place.write("in/a.mp3", b"no audio");
    place.write("in/notes.txt", b"notes");
    let db = library().display();
    let found = place.line(&format!("timeline --json --db {db} in")).code(2);
    let documents = found.json();
    assert_eq!(documents.len(), 2, "{found:#?}");
    assert_eq!(documents[0]["file"], "in/a.mp3");
    assert_eq!(documents[0]["status"], "error");
    assert!(found.err.starts_with("refrain: cannot read in/a.mp3: "), "{found:#?}");
    assert_eq!(documents[1]["plays"].as_array().unwrap().len(), 2);
    let piped = place.fed(&format!("timeline --json --db {db} -"), &sound).code(0).json();
    assert_eq!(piped[0]["file"], "-");
    assert_eq!(piped[0]["plays"], documents[1]["plays"]);
    fs::create_dir(place.at("empty")).unwrap();
    let empty = place.line(&format!("timeline --db {db} empty")).code(2);
    assert_eq!((empty.out.as_str(), empty.err.as_str()), ("", "refrain: no audio files in empty\n"));
    // Also if there are other recordings.
    let mixed = place.line(&format!("timeline --db {db} empty in/b")).code(2);
    assert!(mixed.err.starts_with("refrain: no audio files in empty\n2 plays in 1 file "), "{mixed:#?}");
}

#[test]
fn the_help_states_the_default_length() {
    let help = Place::new().line("timeline --help").code(0).out;
    let options = format!("{:?}", TimelineOptions::default());
    let default = help.lines().find(|line| line.contains("--min-length <SECS>")).unwrap();
    let stated: f64 = default.rsplit_once("[default: ").unwrap().1.trim_end_matches(']').parse().unwrap();
    assert!(options.contains(&format!("min_length: Seconds({stated:?})")), "{options}");
}
