//! Bad input of every kind. The program names the file and the reason, goes on with all other files, and does not
//! panic.
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Command, Stdio},
};

use insta::assert_snapshot;
use rusqlite::Connection;

use super::run::{Place, Run, clip, dump, finish, fixture, noise, tune, wav};

/// A place with one good file, `m/good.wav`.
fn place() -> Place {
    let place = Place::new();
    place.write("m/good.wav", &wav(11_025, 1, &tune(11_025, 5.0, 7)));
    place
}

/// Builds from `m`, asserts that the good file is in the index, and returns the messages.
fn build(place: &Place) -> String {
    let built = place.line("index build --db i.refrain m").code(0);
    place.line("query --db i.refrain m/good.wav").code(0);
    place.told(&built.err)
}

/// The messages of a query with this clip.
fn asked(place: &Place, clip: &str, code: i32) -> String {
    place.told(&place.line(&format!("query --db i.refrain {clip}")).code(code).err)
}

/// The beginning of a song.
fn cut(song: &str, bytes: usize) -> Vec<u8> {
    fs::read(fixture("audio/songs").join(song)).unwrap()[..bytes].to_vec()
}

#[test]
fn empty_files_and_files_that_are_no_audio() {
    let place = place();
    place.write("m/empty.mp3", b"");
    place.write("m/text.mp3", b"Dear diary, this is no music at all.\n");
    place.write("m/noise.ogg", &noise(100_000, 1));
    assert_snapshot!(build(&place), @r"
    refrain: cannot read m/empty.mp3: the file is empty
    refrain: cannot read m/noise.ogg: not an audio file of a known format
    refrain: cannot read m/text.mp3: not an audio file of a known format
    1 file added (5 s of audio in TIME), 3 errors
    i.refrain: 1 track, 5 s
    ");
    assert_snapshot!(asked(&place, "m/empty.mp3 m/text.mp3", 2), @r"
    refrain: cannot read m/empty.mp3: the file is empty
    refrain: cannot read m/text.mp3: not an audio file of a known format
    0 of 2 clips found, 2 errors
    ");
}

#[test]
fn codecs_that_are_not_known() {
    let place = place();
    place.write("m/ac3.mka", &fs::read(fixture("formats").join("ac3.mka")).unwrap());
    assert_snapshot!(build(&place), @r"
    refrain: cannot read m/ac3.mka: AC-3 is not supported; allow ffmpeg to use it
    1 file needs ffmpeg: 1 AC-3; allow ffmpeg with --ffmpeg auto to use it
    1 file added (5 s of audio in TIME), 1 error
    i.refrain: 1 track, 5 s
    ");
}

#[test]
fn truncated_files_are_used_as_far_as_they_go() {
    let place = place();
    place.write("m/cut.flac", &cut("second-orbit.flac", 400_000));
    place.write("m/cut.m4a", &cut("copper-rain.m4a", 100_000));
    place.write("m/cut.mp3", &cut("paper-lanterns.mp3", 100_000));
    place.write("m/cut.ogg", &cut("harbour-lights.ogg", 100_000));
    place.write("m/cut.wav", &cut("quiet-engines.wav", 200_000));
    assert_snapshot!(build(&place), @r"
    m/cut.flac: truncated: used 0:10.2 of the announced 0:30.8
    m/cut.mp3: truncated: used 0:09.9 of the announced 0:35.6
    m/cut.ogg: truncated: used the first 0:10.1
    m/cut.wav: truncated: used 0:04.5 of the announced 0:31.9
    refrain: cannot read m/cut.m4a: damaged: its table of contents (moov) is missing, it may have been cut off
    5 files added (40 s of audio in TIME), 1 error
    i.refrain: 5 tracks, 40 s
    ");
    let quiet = place.line("index build --quiet --db quiet.refrain m").code(0);
    assert_eq!(quiet.err.lines().count(), 1, "only what could not be used at all: {quiet:#?}");
}

#[test]
fn a_damaged_middle_is_skipped() {
    let place = place();
    let mut song = fs::read(fixture("audio/songs/paper-lanterns.mp3")).unwrap();
    let third = song.len() / 3;
    song[third..][..20_000].copy_from_slice(&noise(20_000, 3));
    place.write("m/middle.mp3", &song);
    let said = build(&place);
    assert!(said.starts_with("m/middle.mp3: "), "{said}");
    assert!(said.contains("damaged packet"), "{said}");
    assert!(said.contains("2 files added"), "{said}");
    place.song("paper-lanterns.mp3", "whole.mp3");
    let found = place.line("query --json --db i.refrain whole.mp3").code(0).json().remove(0);
    assert!(found["matches"][0]["path"].as_str().unwrap().ends_with("/m/middle.mp3"), "{found}");
}

#[test]
fn sounds_without_a_fingerprint_are_refused() {
    let place = place();
    place.write("m/blip.wav", &wav(11_025, 1, &tune(11_025, 0.2, 1)));
    place.write("m/silence.wav", &wav(44_100, 1, &vec![0; 600 * 44_100]));
    place.write(
        "m/tone.wav",
        &wav(8_000, 1, &(0..80_000).map(|i| i16::MAX * (i / 4 % 2) as i16).collect::<Vec<_>>()),
    );
    place.write("m/nothing.wav", &wav(11_025, 1, &[]));
    assert_snapshot!(build(&place), @r"
    refrain: cannot read m/blip.wav: too short: 200 ms of audio; at least 500 ms are needed
    refrain: cannot read m/nothing.wav: too short: 0 ms of audio; at least 500 ms are needed
    refrain: cannot read m/silence.wav: nothing to fingerprint: the sound is silent, too steady or too short
    refrain: cannot read m/tone.wav: nothing to fingerprint: the sound is silent, too steady or too short
    1 file added (5 s of audio in TIME), 4 errors
    i.refrain: 1 track, 5 s
    ");
    assert_snapshot!(asked(&place, "m/blip.wav", 2), @"refrain: cannot read m/blip.wav: too short: 200 ms of audio; at least 500 ms are needed");
    assert_eq!(place.line("query --db i.refrain m/silence.wav").code(1).out, "m/silence.wav\n  no match\n");
}

#[test]
fn odd_rates_and_many_channels_are_found_again() {
    let place = place();
    let channels = |samples: &[i16], n: usize| samples.iter().flat_map(|s| vec![*s; n]).collect::<Vec<_>>();
    place.write("m/eight.wav", &wav(16_000, 8, &channels(&tune(16_000, 8.0, 21), 8)));
    place.write("m/low.wav", &wav(8_000, 1, &tune(8_000, 8.0, 22)));
    place.write("m/high.wav", &wav(192_000, 2, &channels(&tune(192_000, 8.0, 23), 2)));
    assert_snapshot!(build(&place), @r"
    4 files added (29 s of audio in TIME)
    i.refrain: 4 tracks, 29 s
    ");
    for (name, seed) in [("eight", 21), ("low", 22), ("high", 23)] {
        place.write("clip.wav", &wav(22_050, 1, &tune(22_050, 8.0, seed)[3 * 22_050..]));
        let found = place.line("query --json --db i.refrain clip.wav").code(0).json().remove(0);
        let best = &found["matches"][0];
        assert!(best["path"].as_str().unwrap().ends_with(&format!("/m/{name}.wav")), "{found}");
        assert!((best["ref_start"].as_f64().unwrap() - 3.0).abs() < 0.5, "{found}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_utf_8() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let place = place();
    place.song("copper-rain.m4a", OsStr::from_bytes(b"m/caf\xe9.m4a"));
    place.write(OsStr::from_bytes(b"m/\xff.mp3"), b"text");
    assert_snapshot!(build(&place), @r"
    refrain: cannot read m/�.mp3: not an audio file of a known format
    2 files added (37 s of audio in TIME), 1 error
    i.refrain: 2 tracks, 37 s
    ");
    let mut command = place.command();
    let found = finish(
        command.args(["query", "--json", "--db", "i.refrain"]).arg(OsStr::from_bytes(b"m/caf\xe9.m4a")),
    );
    let found = found.code(0).json().remove(0);
    assert_eq!(found["query"], "m/caf\u{fffd}.m4a");
    assert!(found["matches"][0]["path"].as_str().unwrap().ends_with("/m/caf\u{fffd}.m4a"));
    assert_snapshot!(build(&place), @r"
    0 files added, 2 unchanged, 1 earlier error (`refrain index errors --db i.refrain` lists it)
    i.refrain: 2 tracks, 37 s
    ");
}

#[cfg(unix)]
#[test]
fn files_without_permission_to_read_are_skipped() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    let mode =
        |name: &str, mode| fs::set_permissions(place.at(name), fs::Permissions::from_mode(mode)).unwrap();
    place.write("m/closed.wav", b"anything");
    place.write("m/folder/a.wav", b"anything");
    fs::create_dir(place.at("out")).unwrap();
    for (name, bits) in [("", 0o755), ("out", 0o777), ("m/closed.wav", 0), ("m/folder", 0)] {
        mode(name, bits);
    }
    let root = fs::File::open(place.at("m/closed.wav")).is_ok();
    let mut command = if root {
        // Permissions mean nothing to root, so this runs as nobody if possible.
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", env!("CARGO_BIN_EXE_refrain")]);
        command.current_dir(place.path()).env_remove("REFRAIN_DB");
        let works = Command::new("setpriv")
            .args([
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                env!("CARGO_BIN_EXE_refrain"),
                "--version",
            ])
            .output();
        if !works.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: this is root, and cannot be anybody else");
            return;
        }
        command
    } else {
        place.command()
    };
    let run = finish(command.args(["index", "build", "--db", "out/i.refrain", "m"])).code(0);
    let verbose = finish(command.arg("--verbose")).code(0);
    mode("m/folder", 0o755);
    assert_snapshot!(place.told(&run.err), @r"
    refrain: cannot read m/folder: Permission denied
    refrain: cannot read m/closed.wav: Permission denied
    1 file added (5 s of audio in TIME), 2 errors
    out/i.refrain: 1 track, 5 s
    ");
    // A file that could not be read is tried again.
    assert_snapshot!(place.told(&verbose.err), @r"
    refrain: cannot read m/folder: Permission denied
    refrain: cannot read m/closed.wav: Permission denied
    0 files added, 1 unchanged, 2 errors
    out/i.refrain: 1 track, 5 s
    ");
}

#[cfg(unix)]
#[test]
fn links_to_nowhere_and_round_in_circles() {
    use std::os::unix::fs::symlink;
    let place = place();
    symlink("nowhere", place.at("m/dangling.mp3")).unwrap();
    symlink(".", place.at("m/round")).unwrap();
    let said = build(&place);
    let mut lines: Vec<&str> = said.lines().collect();
    lines[..2].sort();
    assert_snapshot!(lines.join("\n"), @r"
    refrain: cannot read m/dangling.mp3: No such file or directory
    refrain: cannot read m/round: File system loop found: DIR/m/round points to an ancestor DIR/m
    1 file added (5 s of audio in TIME), 2 errors
    i.refrain: 1 track, 5 s
    ");
}

#[test]
fn a_folder_that_vanishes_during_the_run() {
    let place = place();
    for n in 0..30 {
        place.write(format!("m/n{n:02}.wav"), &wav(11_025, 1, &tune(11_025, 10.0, n)));
    }
    for name in ["m/z/gone.wav", "m/z/too.wav"] {
        place.write(name, &wav(11_025, 1, &tune(11_025, 5.0, 99)));
    }
    let mut command = place.command();
    command.args(["index", "build", "--verbose", "--threads", "1", "--db", "i.refrain", "m"]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut err = String::new();
    lines.read_line(&mut err).unwrap();
    fs::remove_dir_all(place.at("m/z")).unwrap();
    lines.read_to_string(&mut err).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{err}");
    let last: Vec<&str> = err.lines().rev().take(4).collect();
    assert_snapshot!(place.told(&last.into_iter().rev().collect::<Vec<_>>().join("\n")), @r"
    refrain: cannot read m/z/gone.wav: No such file or directory
    refrain: cannot read m/z/too.wav: No such file or directory
    31 files added (5 min 05 s of audio in TIME), 2 errors
    i.refrain: 31 tracks, 5 min 05 s
    ");
}

#[test]
fn missing_clips_and_folders_are_reported() {
    let place = place();
    build(&place);
    assert_snapshot!(asked(&place, "m gone.wav", 2), @r"
    refrain: cannot read gone.wav: No such file or directory
    1 of 2 clips found, 1 error
    ");
    // A mistyped folder does not stop the rest, but the exit status tells of it.
    let built = place.line("index build --db new.refrain m gone").code(2);
    assert_snapshot!(place.told(&built.err), @r"
    refrain: cannot read gone: No such file or directory
    1 file added (5 s of audio in TIME)
    new.refrain: 1 track, 5 s
    ");
    // If there is nothing else, no index is made.
    let built = place.line("index build --db nothing/new.refrain gone away").code(2);
    assert_snapshot!(place.told(&built.err), @r"
    refrain: cannot read gone: No such file or directory
    refrain: cannot read away: No such file or directory
    ");
    assert!(!place.at("nothing").exists());
    // The folder of the index is made, as that of any output is.
    place.line("index build --quiet --db other/new.refrain m").code(0);
    assert!(place.at("other/new.refrain").exists());
    place.write("only/text.mp3", b"text");
    let built = place.line("index build --db none.refrain only").code(2);
    assert_snapshot!(place.told(&built.err), @r"
    refrain: cannot read only/text.mp3: not an audio file of a known format
    0 files added, 1 error
    none.refrain: 0 tracks, 0 s
    refrain: no music was indexed; check the folder
    ");
    // A file was named, so there is no folder to check.
    let built = place.line("index build --db alone.refrain only/text.mp3").code(2);
    assert_snapshot!(place.told(&built.err), @r"
    refrain: cannot read only/text.mp3: not an audio file of a known format
    0 files added, 1 error
    alone.refrain: 0 tracks, 0 s
    refrain: no music was indexed
    ");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    struct Mounted<'a>(&'a Path);
    impl Drop for Mounted<'_> {
        fn drop(&mut self) {
            let _ = Command::new("umount").arg(self.0).output();
        }
    }
    let mount = |options: &str, folder: &Path| {
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder).output();
        done.is_ok_and(|output| output.status.success())
    };
    let place = place();
    for n in 0..100 {
        place.write(format!("m/{n:02}.wav"), &wav(8_000, 1, &tune(8_000, 8.0, n)));
    }
    let small = place.at("small");
    fs::create_dir(&small).unwrap();
    if !mount("size=700k", &small) {
        eprintln!("skipped: no file system may be mounted here");
        return;
    }
    let mounted = Mounted(&small);
    let full = place.line("index build --db small/i.refrain m").code(2);
    assert!(
        full.err.ends_with(
            "refrain: small/i.refrain: the disk is full; the index keeps the data that was saved before; free some space and run the same \
             command again\n"
        ),
        "{full:#?}"
    );
    place.line("index info --db small/i.refrain").code(0);
    assert!(mount("remount,size=20M", &small));
    place.line("index build -q --db small/i.refrain m").code(0);
    place.line("index build -q --db roomy.refrain m").code(0);
    assert!(dump(&small.join("i.refrain")) == dump(&place.at("roomy.refrain")));
    drop(mounted);
}

/// Runs all three commands on an index file that none of them can use. Returns their message, which must be the same.
#[track_caller]
fn refused(place: &Place, db: &str) -> String {
    let before = fs::read(place.at(db)).ok();
    let mut said: Vec<String> = ["query m/good.wav", "index info", "index build m"]
        .map(|command| {
            let run: Run = place.line(&format!("{command} --db {db}")).code(2);
            assert_eq!(run.out, "");
            place.told(&run.err)
        })
        .into();
    said.dedup();
    assert!(fs::read(place.at(db)).ok() == before, "{db} was changed");
    said.join("\n")
}

#[test]
fn damaged_and_foreign_index_files_are_refused_and_left_alone() {
    let place = place();
    build(&place);
    let sql = |db: &str, sql: &str| {
        Connection::open(place.at(db)).unwrap().execute_batch(sql).unwrap();
    };
    fs::create_dir(place.at("folder")).unwrap();
    assert_snapshot!(refused(&place, "folder"), @"refrain: folder: this is a folder; give a file with --db");
    place.write("picture.jpg", &[b"\xff\xd8\xff\xe0\0\x10JFIF\0".as_slice(), &[7; 9000]].concat());
    assert_snapshot!(refused(&place, "picture.jpg"), @"refrain: picture.jpg: this is not an SQLite file; choose another file with --db");
    place.write("notes.txt", b"short");
    assert_snapshot!(refused(&place, "notes.txt"), @"refrain: notes.txt: this is not an SQLite file; choose another file with --db");
    sql("photos.db", "CREATE TABLE photo (id)");
    assert_snapshot!(refused(&place, "photos.db"), @"refrain: photos.db: this is an SQLite file of another program; choose another file with --db (its application_id is 0x00000000; files of refrain have 0x5246524e)");
    fs::copy(place.at("i.refrain"), place.at("newer.refrain")).unwrap();
    sql("newer.refrain", "PRAGMA user_version = 99");
    assert_snapshot!(refused(&place, "newer.refrain"), @"refrain: newer.refrain: a newer version of refrain made this index; update refrain, or choose another file with --db (the index has format 99; this refrain reads formats up to 5)");
    fs::copy(place.at("i.refrain"), place.at("other.refrain")).unwrap();
    sql("other.refrain", "UPDATE meta SET value = 9 WHERE key = 'parameter_set'");
    assert_snapshot!(refused(&place, "other.refrain"), @"refrain: other.refrain: the settings of this index differ from the settings that refrain uses; to build a new index, give a new file with --db (the index has parameter set 9; this refrain uses set 1)");
    let whole = fs::read(place.at("i.refrain")).unwrap();
    for (db, bytes) in [("half.refrain", whole.len() / 8192 * 4096), ("odd.refrain", whole.len() - 100)] {
        place.write(db, &whole[..bytes]);
        let said = refused(&place, db);
        let remedy = "restore a copy of the index, or delete the index and build a new index";
        let start = format!("refrain: {db}: the index is damaged; {remedy} (problem: ");
        assert!(said.starts_with(&start) && said.ends_with(')'), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn a_missing_index_says_how_to_make_one() {
    let place = place();
    for command in ["query m/good.wav", "index info"] {
        let run = place.line(&format!("{command} --db none.refrain")).code(2);
        assert_eq!(
            place.told(&run.err),
            "refrain: none.refrain: no index here; make one with `refrain index build DIR --db none.refrain`"
        );
    }
    assert!(!place.at("none.refrain").exists());
}

#[test]
fn a_hostile_index_gives_an_answer_or_an_error() {
    let place = place();
    place.song("second-orbit.flac", "m/song.flac");
    build(&place);
    let whole = fs::read(place.at("i.refrain")).unwrap();
    let clean = clip("clean.wav");
    for round in 0..60 {
        let mut bytes = whole.clone();
        let mut random = fastrand::Rng::with_seed(round).fork();
        for _ in 0..random.u8(1..=20) {
            let at = random.usize(..bytes.len());
            // Half of the changes hit the structures of SQLite itself.
            let at = if round % 2 == 0 { at } else { at / 4096 * 4096 + at % 120 };
            bytes[at] = random.u8(..);
        }
        let db = place.write("hostile.refrain", &bytes);
        for args in [
            vec!["index", "info", "--failures"],
            vec!["query", "--explain", "--top", "100"],
            vec!["query", "--exact"],
        ] {
            let mut command = place.command();
            command.args(&args).arg("--db").arg(&db);
            if args[0] == "query" {
                command.arg(&clean);
            }
            let run = finish(&mut command);
            assert!(matches!(run.code, Some(0..=2)), "round {round}: {run:#?}");
            assert!(!run.err.contains("a fault of refrain"), "round {round}: {run:#?}");
        }
    }
}

#[test]
fn numbers_that_no_build_writes_give_an_answer_or_an_error() {
    let place = place();
    build(&place);
    let db = place.at("i.refrain");
    for sql in [
        "UPDATE track SET duration = -5",
        "UPDATE track SET duration = 9e999",
        "UPDATE window_block SET data = CAST(substr(data, 1, 8) || x'FFFFFF7F' || substr(data, 13) AS BLOB)",
        "UPDATE window_block SET data = CAST(substr(data, 1, 8) || x'00000040' || substr(data, 13) AS BLOB)",
        "UPDATE window_block SET id = id + (1 << 20)",
        "UPDATE track SET frame_count = 4294967295",
    ] {
        fs::copy(&db, place.at("odd.refrain")).unwrap();
        Connection::open(place.at("odd.refrain")).unwrap().execute_batch(sql).unwrap();
        let run = place.line("query --json --explain --db odd.refrain m/good.wav");
        assert!(matches!(run.code, Some(0..=2)), "{sql}: {run:#?}");
        assert!(!run.err.contains("a fault of refrain"), "{sql}: {run:#?}");
    }
}
