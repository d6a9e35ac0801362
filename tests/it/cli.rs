//! The command line as users and their scripts see it.
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::Stdio,
    sync::OnceLock,
};

use insta::assert_snapshot;
use refrain::{BuildOptions, Index, ann};
use serde_json::Value;

use super::run::{Place, Run, clip, dump, finish, fixture, tune, wav};

/// The index of the ten songs, built once for all tests that only read it.
pub fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let db = Path::new(env!("CARGO_TARGET_TMPDIR")).join("songs.refrain");
        let _ = fs::remove_file(&db);
        let songs = fixture("audio/songs");
        Place::new().run(["index", "build", "--db", db.to_str().unwrap(), songs.to_str().unwrap()]).code(0);
        db
    })
}

/// `refrain query` on the ten songs.
fn query(args: &[&str], clips: &[&Path]) -> Run {
    let place = Place::new();
    finish(place.command().arg("query").arg("--db").arg(library()).args(args).args(clips))
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn file_name(value: &Value) -> &str {
    Path::new(value.as_str().unwrap()).file_name().unwrap().to_str().unwrap()
}

#[track_caller]
fn near(value: &Value, expected: f64, by: f64) {
    let found = value.as_f64().unwrap();
    assert!((found - expected).abs() <= by, "{found}, expected {expected} within {by}");
}

#[test]
fn a_clip_is_found_in_its_song() {
    let found = query(&["--json"], &[&clip("clean.wav"), &clip("noisy.mp3")]).code(0);
    let answers = found.json();
    assert_eq!(found.err, "2 of 2 clips found\n");
    assert_eq!(answers.len(), 2);
    for (answer, song, start, length) in
        [(&answers[0], "second-orbit.flac", 12.0, 8.0), (&answers[1], "north-platform.opus", 9.5, 10.0)]
    {
        let best = &answer["matches"][0];
        assert_eq!(file_name(&best["path"]), song, "{found:#?}");
        assert!(best["score"].as_f64().unwrap() > 0.9, "{found:#?}");
        near(&best["query_start"], 0.0, 0.5);
        near(&best["query_end"], length, 0.5);
        near(&best["ref_start"], start, 0.5);
        near(&best["ref_end"], start + length, 0.5);
        near(&best["tempo"], 1.0, 0.02);
        near(&best["pitch"], 0.0, 0.3);
    }
}

#[test]
fn the_json_contract() {
    let (clean, hum) = (clip("clean.wav"), clip("hum.flac"));
    let found = query(&["--json", "--quiet"], &[&hum, Path::new("gone.mp3"), &clean]).code(2);
    let answers = found.json();
    // There is one line for each clip, in the order of the clips. Each has the name that the clip was given.
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0]["query"], hum.to_str().unwrap());
    assert_eq!(keys(&answers[0]), ["duration", "matches", "query", "status", "warnings"]);
    assert_eq!(answers[0]["status"], "no_match");
    assert_eq!(answers[0]["matches"], Value::Array(vec![]));
    assert_eq!(keys(&answers[1]), ["error", "matches", "query", "status"]);
    assert_eq!((&answers[1]["query"], &answers[1]["status"]), (&"gone.mp3".into(), &"error".into()));
    assert_eq!(answers[1]["error"], "gone.mp3: No such file or directory");
    // People see it too, in every format.
    assert_eq!(found.err, "refrain: cannot read gone.mp3: No such file or directory\n");
    for format in ["--csv", "--m3u"] {
        let told = query(&[format, "--quiet"], &[Path::new("gone.mp3")]).code(2);
        assert_eq!(told.err, found.err, "{format}");
    }
    assert_eq!(keys(&answers[2]), ["duration", "matches", "query", "status", "warnings"]);
    assert_eq!(answers[2]["status"], "match");
    near(&answers[2]["duration"], 8.0, 0.05);
    for found in answers[2]["matches"].as_array().unwrap() {
        assert_eq!(
            keys(found),
            [
                "acoustid",
                "album",
                "also_at",
                "also_paths",
                "artist",
                "copies",
                "disc_number",
                "evidence",
                "id",
                "missing",
                "other_artists",
                "path",
                "pitch",
                "query_end",
                "query_start",
                "recording_mbid",
                "ref_end",
                "ref_start",
                "release_mbid",
                "rival",
                "score",
                "similarity",
                "tempo",
                "title",
                "track_number",
                "variants"
            ]
        );
        assert!(Path::new(found["path"].as_str().unwrap()).is_absolute());
        for number in
            ["evidence", "pitch", "query_end", "query_start", "ref_end", "ref_start", "similarity", "tempo"]
        {
            assert!(found[number].as_f64().unwrap().is_finite());
        }
        assert!((0.0..=1.0).contains(&found["score"].as_f64().unwrap()));
        assert!(found["query_start"].as_f64() < found["query_end"].as_f64());
        assert!(found["ref_start"].as_f64() < found["ref_end"].as_f64());
    }
    let best = &answers[2]["matches"][0];
    assert_eq!((&best["title"], &best["artist"]), (&"Second Orbit".into(), &"Kestrel Array".into()));
}

#[test]
fn exit_codes_of_a_query() {
    let (clean, hum, gone) = (clip("clean.wav"), clip("hum.flac"), Path::new("gone.mp3"));
    query(&[], &[&clean]).code(0);
    query(&[], &[&hum]).code(1);
    query(&[], &[&hum, &clean]).code(0);
    query(&[], &[gone]).code(2);
    let mixed = query(&[], &[&clean, gone, &hum]).code(2);
    assert!(mixed.out.contains("second-orbit.flac") && mixed.out.contains("no match"), "{mixed:#?}");
    assert_eq!(
        mixed.err,
        "refrain: cannot read gone.mp3: No such file or directory\n1 of 3 clips found, 1 error\n"
    );
    let quiet = query(&["--quiet"], &[&clean, gone]).code(2);
    assert_eq!(quiet.err, "refrain: cannot read gone.mp3: No such file or directory\n");
}

#[test]
fn the_table() {
    let found = query(&["--top", "1"], &[&clip("clean.wav")]).code(0);
    let lines: Vec<&str> = found.out.lines().collect();
    assert_eq!(lines.len(), 4, "{found:#?}");
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    assert_eq!(words(lines[0]), "track score in clip in track");
    assert_eq!(lines[1], clip("clean.wav").to_str().unwrap());
    assert!(words(lines[2]).starts_with("Kestrel Array - Second Orbit 0.9"), "{found:#?}");
    assert!(lines[3].ends_with("fixtures/audio/songs/second-orbit.flac"), "{found:#?}");
    assert!(found.out.lines().all(|line| line == line.trim_end()), "{found:#?}");
    let two = query(&["--top", "1"], &[&clip("clean.wav"), &clip("hum.flac"), &clip("noisy.mp3")]).code(0);
    assert_eq!(two.out.matches("score").count(), 1, "one header for all clips: {two:#?}");
    let none = query(&[], &[&clip("hum.flac")]).code(1);
    assert_eq!(none.out, format!("{}\n  no match\n", clip("hum.flac").display()));
}

/// Ten seconds of a song, declared to be at another rate: faster and higher, or slower and lower.
#[test]
fn a_clip_played_at_another_speed_is_found_unless_told_to_be_fast() {
    let song = fs::read(fixture("audio/songs/quiet-engines.wav")).unwrap();
    let data = song.windows(4).position(|w| w == b"data").unwrap() + 8;
    let from = data + 2 * 22_050 * 8;
    let samples: Vec<i16> = song[from..from + 2 * 22_050 * 10]
        .chunks_exact(2)
        .map(|b| i16::from_le_bytes([b[0], b[1]]))
        .collect();
    let place = Place::new();
    for (rate, tempo) in [(24_255, 1.1), (20_286, 0.92)] {
        let clip = place.write("clip.wav", &wav(rate, 1, &samples));
        let answer = query(&["--json"], &[&clip]).code(0).json().remove(0);
        let best = &answer["matches"][0];
        assert_eq!(file_name(&best["path"]), "quiet-engines.wav");
        near(&best["tempo"], tempo, 0.01);
        near(&best["pitch"], 12.0 * tempo.log2(), 0.2);
        near(&best["ref_start"], 8.0, 0.8);
        assert!(best["variants"].as_u64().unwrap() > 1);
        query(&["--fast"], &[&clip]).code(1);
    }
}

#[test]
fn a_stranger_does_not_match() {
    query(&[], &[&clip("stranger.ogg")]).code(1);
}

#[test]
fn a_whole_song_is_found_from_its_beginning_to_its_end() {
    for (song, length) in [("copper-rain.m4a", 32.0), ("quiet-engines.wav", 31.9)] {
        let song = fixture("audio/songs").join(song);
        let answer = query(&["--json", "--top", "1"], &[&song]).code(0).json().remove(0);
        let best = &answer["matches"][0];
        assert_eq!(best["path"], fs::canonicalize(song).unwrap().to_str().unwrap());
        for (from, to) in [("query_start", "query_end"), ("ref_start", "ref_end")] {
            near(&best[from], 0.0, 0.5);
            near(&best[to], length, 0.5);
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let mut clips: Vec<PathBuf> = ["noisy.mp3", "hum.flac", "clean.wav", "stranger.ogg"].map(clip).into();
    clips.extend_from_within(..);
    clips.insert(3, "gone.mp3".into());
    let clips: Vec<&Path> = clips.iter().map(PathBuf::as_path).collect();
    let one = query(&["--json", "--threads", "1"], &clips).code(2);
    let names: Vec<Value> = one.json().iter().map(|answer| answer["query"].clone()).collect();
    assert_eq!(names, clips.iter().map(|clip| clip.to_str().unwrap()).collect::<Vec<_>>());
    for threads in ["2", "5", "64"] {
        assert_eq!(query(&["--json", "--threads", threads], &clips).code(2).out, one.out);
    }
}

#[test]
fn standard_input_is_a_clip_too() {
    let place = Place::new();
    let content = fs::read(clip("clean.wav")).unwrap();
    let line = format!("query --json --top 1 --db {} -", library().display());
    let answer = place.fed(&line, &content).code(0).json().remove(0);
    assert_eq!(answer["query"], "-");
    assert_eq!(file_name(&answer["matches"][0]["path"]), "second-orbit.flac");
    assert_eq!(place.fed(&line, b"").code(2).json()[0]["error"], "-: the file is empty");
    assert_eq!(
        place.fed(&line, b"text").code(2).json()[0]["error"],
        "-: not an audio file of a known format"
    );
    let twice = place.fed(&format!("{line} -"), &content).code(2);
    assert_eq!(twice.err, "refrain: refrain can read standard input (-) only once; name - only once\n");
    assert_eq!(twice.out, "");
}

#[test]
fn options_limit_the_matches_by_number_and_score() {
    let clean = clip("clean.wav");
    let matches = |args: &[&str], code| {
        let mut args = args.to_vec();
        args.push("--json");
        query(&args, &[&clean]).code(code).json()[0]["matches"].as_array().unwrap().clone()
    };
    let all = matches(&["--min-score", "0", "--top", "100"], 0);
    assert!(all.len() > 2, "{all:?}");
    let number = |m: &Value, name: &str| m[name].as_f64().unwrap();
    let order: Vec<(f64, f64)> =
        all.iter().map(|m| (number(m, "query_end") - number(m, "query_start"), number(m, "score"))).collect();
    // Half a second or 5 % less covers as much.
    let ordered = |(a_long, a_score): &(f64, f64), (b_long, b_score): &(f64, f64)| {
        a_long > b_long || a_score >= b_score && a_long + f64::max(0.5, 0.06 * b_long) > *b_long
    };
    assert!(order.is_sorted_by(ordered), "{order:?}");
    assert_eq!(matches(&["--min-score", "0", "-n", "2"], 0), all[..2]);
    let sure = matches(&["--min-score", "0.5"], 0);
    assert!(sure.iter().all(|m| m["score"].as_f64().unwrap() >= 0.5), "{sure:?}");
    for wrong in
        ["--top 0", "--top all", "--min-score 1.5", "--min-score NaN", "--min-score much", "--threads 0"]
    {
        let refused = query(&wrong.split(' ').collect::<Vec<_>>(), &[&clean]).code(2);
        assert!(
            refused.out.is_empty() && refused.err.contains(wrong.split(' ').next().unwrap()),
            "{refused:#?}"
        );
    }
}

#[test]
fn matches_that_top_leaves_out_are_mentioned() {
    let clean = clip("clean.wav");
    let limited =
        |args: &[&str]| query(&[&["--min-score", "0", "--top", "2"], args].concat(), &[&clean]).code(0);
    let table = limited(&[]);
    assert!(table.out.ends_with("\n  more recordings match; --top 4 lists up to 4\n"), "{table:#?}");
    assert_eq!(table.err, "");
    assert_eq!(limited(&["--json"]).err, "more recordings match 1 clip; --top 4 lists up to 4\n");
    assert_eq!(limited(&["--json", "--quiet"]).err, "");
    let all = query(&["--top", "100"], &[&clean]).code(0);
    assert!(!all.out.contains("more recordings"), "{all:#?}");
}

#[test]
fn a_folder_stands_for_its_audio_files() {
    let place = Place::new();
    let content = fs::read(clip("clean.wav")).unwrap();
    place.write("in/b.wav", &content);
    place.write("in/deep/a.wav", &content);
    place.write("in/.hidden.wav", &content);
    place.write("in/notes.txt", b"not audio");
    place.write("empty/notes.txt", b"not audio");
    let ask = |clips: &str| place.line(&format!("query --json --db {} {clips}", library().display()));
    let names =
        |run: &Run| run.json().iter().map(|a| a["query"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let found = ask("in/deep/a.wav in").code(0);
    assert_eq!(names(&found), ["in/deep/a.wav", "in/b.wav", "in/deep/a.wav"]);
    assert_eq!(found.err, "3 of 3 clips found\n");
    assert_eq!(names(&ask("in --max-depth 1").code(0)), ["in/b.wav"]);
    assert_eq!(names(&ask("in --hidden").code(0)).len(), 3);
    let none = ask("empty").code(2);
    assert_eq!((&*none.out, &*none.err), ("", "refrain: no audio files in empty\n"));
}

#[test]
fn damage_and_silence_of_a_clip_are_reported() {
    let place = Place::new();
    let content = fs::read(clip("clean.wav")).unwrap();
    place.write("cut.wav", &content[..content.len() * 3 / 4]);
    // Dither is silence too.
    let silence: Vec<i16> = (0..24_000).map(|n| n % 2).collect();
    place.write("silent.wav", &wav(8_000, 1, &silence));
    let ask = |args: &str| place.line(&format!("query --db {} {args}", library().display()));
    let found = ask("--json cut.wav silent.wav").code(0);
    let warnings: Vec<Value> = found.json().iter().map(|answer| answer["warnings"].clone()).collect();
    let cut = warnings[0][0].as_str().unwrap();
    assert!(cut.starts_with("truncated: "), "{found:#?}");
    assert_eq!(warnings[1], serde_json::json!(["the clip is silent"]));
    let told = format!("cut.wav: {cut}\nsilent.wav: the clip is silent\n1 of 2 clips found\n");
    assert_eq!(found.err, told);
    assert_eq!(ask("cut.wav silent.wav").code(0).err, told);
    assert_eq!(ask("--quiet cut.wav silent.wav").code(0).err, "");
    assert_eq!(ask("--json silent.wav").code(1).json()[0]["status"], "no_match");
}

#[test]
fn explain_shows_what_did_not_match() {
    let clean = clip("clean.wav");
    let answer = query(&["--json", "--explain", "--min-score", "1"], &[&clean]).json().remove(0);
    assert_eq!(keys(&answer), ["candidates", "duration", "matches", "query", "status", "warnings"]);
    let candidates = answer["candidates"].as_array().unwrap();
    assert!(candidates.len() > answer["matches"].as_array().unwrap().len());
    assert_eq!(file_name(&candidates[0]["path"]), "second-orbit.flac");
    let text = query(&["--explain"], &[&clean]).code(0);
    assert!(
        text.out.contains("  tracks most similar to the clip, even if they do not match:\n"),
        "{text:#?}"
    );
}

#[test]
fn exact_and_listed_search_find_the_same() {
    let place = Place::new();
    let db = place.at("listed.refrain");
    let index = Index::open_or_create(&db).unwrap();
    let neighbours = ann::Options::default().min_windows(1);
    index.build_with([fixture("audio/songs")], BuildOptions::default().neighbours(neighbours)).unwrap();
    index.close().unwrap();
    let info = place.line("index info --db listed.refrain").code(0);
    assert!(info.out.contains(" lists of "), "{info:#?}");
    let lists = place.line("index info --json --db listed.refrain").json().remove(0);
    assert_eq!(keys(&lists["neighbour_index"]), ["lists", "windows"]);
    assert_eq!(lists["neighbour_index"]["windows"], lists["windows"]);
    let best = |args: &[&str]| {
        let run = finish(place.command().args(["query", "--json", "--db", "listed.refrain"]).args(args));
        run.code(0).json()[0]["matches"][0].clone()
    };
    let clean = clip("clean.wav");
    let (listed, exact) = (best(&[clean.to_str().unwrap()]), best(&["--exact", clean.to_str().unwrap()]));
    assert_eq!(file_name(&exact["path"]), "second-orbit.flac");
    assert_eq!(listed["path"], exact["path"]);
    near(&listed["ref_start"], exact["ref_start"].as_f64().unwrap(), 0.2);
}

#[test]
fn option_variable_or_data_folder_name_the_index() {
    let place = Place::new();
    place.write("music/a.wav", &wav(11_025, 1, &tune(11_025, 5.0, 1)));
    let run = |data: Option<&str>, env: Option<&str>, args: &str| {
        let mut command = place.command();
        command.args(args.split_whitespace());
        data.map(|folder| command.env("XDG_DATA_HOME", place.at(folder)));
        env.map(|file| command.env("REFRAIN_DB", place.at(file)));
        finish(&mut command)
    };
    let missing = run(None, None, "index info").code(2);
    assert_snapshot!(place.told(&missing.err), @"refrain: DIR/.local/share/refrain/index.refrain: no index here; make one with `refrain index build DIR`");
    assert!(!place.at(".local").exists(), "looking makes no folders");
    run(None, None, "index build -q music").code(0);
    assert!(place.at(".local/share/refrain/index.refrain").is_file());
    run(Some("data"), None, "index build -q music").code(0);
    assert!(place.at("data/refrain/index.refrain").is_file());
    run(Some("data"), Some("env.refrain"), "index build -q music").code(0);
    assert!(place.at("env.refrain").is_file());
    run(Some("data"), Some("env.refrain"), "index build -q music --db named.refrain").code(0);
    assert!(place.at("named.refrain").is_file());
    for (data, env, args) in [
        (None, None, "index info"),
        (Some("data"), None, "query music/a.wav"),
        (Some("data"), Some("env.refrain"), "query music/a.wav"),
        (None, Some("gone"), "query --db named.refrain music/a.wav"),
    ] {
        run(data, env, args).code(0);
    }
    run(Some("data"), Some("gone"), "query music/a.wav").code(2);
}

#[test]
fn a_second_build_does_only_what_is_left() {
    let place = Place::new();
    place.song("paper-lanterns.mp3", "music/a.mp3");
    place.write("music/b.wav", &wav(11_025, 1, &tune(11_025, 5.0, 1)));
    place.write("music/c/notes.txt", b"not looked at");
    place.write("music/c/text.mp3", b"text");
    let build = |args: &str| place.line(&format!("index build --db i.refrain {args} music")).code(0);
    let first = build("");
    assert_eq!(first.out, "", "data goes to standard output, and a build gives none");
    assert_snapshot!(place.told(&first.err), @r"
    refrain: cannot read music/c/text.mp3: not an audio file of a known format
    2 files added (41 s of audio in TIME), 1 error
    i.refrain: 2 tracks, 41 s
    ");
    let before = dump(&place.at("i.refrain"));
    assert_snapshot!(place.told(&build("").err), @r"
    0 files added, 2 unchanged, 1 earlier error (`refrain index errors --db i.refrain` lists it)
    i.refrain: 2 tracks, 41 s
    ");
    let named = place.line("index build --db i.refrain music/c/text.mp3").code(2);
    assert!(
        named.err.ends_with(
            "refrain: cannot read music/c/text.mp3: not an audio file of a known format (the file has not changed)\n"
        ),
        "{}",
        named.err
    );
    assert_eq!(dump(&place.at("i.refrain")), before);
    // One file is changed, one is added, and the bad one is repaired.
    place.write("music/b.wav", &wav(11_025, 1, &tune(11_025, 7.0, 2)));
    place.song("marigold-street.mp3", "music/c/text.mp3");
    place.write("music/d.wav", &wav(22_050, 2, &tune(22_050, 4.0, 3)));
    assert_snapshot!(place.told(&build("--verbose").err), @r"
    added music/b.wav (0:07.0)
    added music/c/text.mp3 (0:31.5)
    added music/d.wav (0:02.0)
    3 files added (41 s of audio in TIME), 1 unchanged
    i.refrain: 4 tracks, 1 min 16 s
    ");
    assert_eq!(build("--quiet").err, "");
    let answer = place.line("query --json --db i.refrain music/b.wav").code(0).json().remove(0);
    near(&answer["matches"][0]["ref_end"], 7.0, 0.5);
    let failures = place.line("index info --json --failures --db i.refrain").code(0).json().remove(0);
    assert_eq!(failures["failed"], Value::Array(vec![]));
    // A missing file stays in the index with a mark. Nothing is left beside the index file.
    fs::remove_file(place.at("music/d.wav")).unwrap();
    assert_snapshot!(place.told(&build("").err), @r"
    0 files added, 3 unchanged, 1 missing
    i.refrain: 4 tracks, 1 min 16 s
    ");
    let beside: Vec<_> = fs::read_dir(place.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(beside.len(), 2, "{beside:?}");
}

#[test]
fn a_file_can_be_named_itself_and_folders_twice() {
    let place = Place::new();
    let tune = |seconds: u32| wav(11_025, 1, &tune(11_025, seconds.into(), seconds.into()));
    place.write("m/a.wav", &tune(5));
    place.write("m/deep/er/b.wav", &tune(6));
    place.write("m/.hidden/c.wav", &tune(7));
    place.write("unnamed", &tune(7));
    let told = |args: &str| {
        let run = place.line(&format!("index build --db {}", args)).code(0);
        place.told(&run.err).lines().next().unwrap().to_owned()
    };
    assert_snapshot!(told("1.refrain m m/deep unnamed m/a.wav"), @"3 files added (18 s of audio in TIME)");
    assert_snapshot!(told("2.refrain m --hidden"), @"3 files added (18 s of audio in TIME)");
    assert_snapshot!(told("3.refrain m --max-depth 1"), @"1 file added (5 s of audio in TIME)");
}

#[test]
fn threads_make_the_same_index() {
    let place = Place::new();
    for n in 0..70_u32 {
        place.write(format!("m/{n}.wav"), &wav(8_000, 1, &tune(8_000, 2.0 + f64::from(n % 7), n.into())));
    }
    place.write("m/33x.mp3", b"text");
    place.song("harbour-lights.ogg", "m/0.ogg");
    let mut dumps = ["1", "2", "4", "100"].map(|threads| {
        let db = format!("{threads}.refrain");
        place.line(&format!("index build --threads {threads} --db {db} m")).code(0);
        dump(&place.at(db))
    });
    assert!(dumps[0].iter().filter(|row| row.starts_with("track:")).count() == 71);
    dumps.sort();
    assert_eq!(dumps[0], dumps[3]);
}

#[test]
fn info_shows_what_the_index_holds() {
    let place = Place::new();
    place.write("m/a.wav", &wav(11_025, 1, &tune(11_025, 5.0, 1)));
    place.write("m/b.mp3", b"text");
    place.line("index build -q --db i.refrain m").code(0);
    let text = place.line("index info --errors --db i.refrain").code(0);
    assert_eq!(text.err, "");
    let names = [
        "file",
        "tracks",
        "audio",
        "size",
        "windows",
        "neighbour index",
        "files",
        "folders",
        "errors",
        "parameters",
    ];
    for (line, name) in text.out.lines().zip(names) {
        assert!(line.starts_with(&format!("{name:15}  ")), "{text:#?}");
    }
    assert_eq!(place.told(text.out.lines().last().unwrap()), "m/b.mp3: not an audio file of a known format");
    let json = place.line("index info --json --failures --db i.refrain").code(0).json().remove(0);
    assert_eq!(
        keys(&json),
        [
            "bytes",
            "failed",
            "failures",
            "file",
            "files",
            "format",
            "frames",
            "missing",
            "neighbour_index",
            "parameter_set",
            "roots",
            "seconds",
            "sqlite",
            "through_ffmpeg",
            "tracks",
            "version",
            "windows"
        ]
    );
    assert_eq!((&json["tracks"], &json["failures"]), (&1.into(), &1.into()));
    assert_eq!(json["bytes"], fs::metadata(place.at("i.refrain")).unwrap().len());
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    near(&json["seconds"], 5.0, 0.01);
    assert_eq!(keys(&json["failed"][0]), ["path", "reason"]);
    let plain = place.line("index info --json --db i.refrain").code(0).json().remove(0);
    assert!(plain.get("failed").is_none());
}

#[test]
fn a_folder_without_audio_is_named_and_a_cut_off_file_called_so() {
    let place = Place::new();
    place.write("m/a.wav", &wav(11_025, 1, &tune(11_025, 5.0, 1)));
    place.line("index build -q --db i.refrain m").code(0);
    place.write("other/notes.txt", b"none");
    let built = place.line("index build --db i.refrain other").code(2);
    assert_snapshot!(place.told(&built.err), @r"
    0 files added
    i.refrain: 1 track, 5 s
    refrain: found no audio files in other; check the folder
    ");
    place.line("index build -q --db i.refrain m other").code(0);
    place.write("m/cut.wav", &wav(11_025, 1, &tune(11_025, 5.0, 2))[..4_000]);
    let built = place.line("index build -q --db i.refrain m").code(0);
    assert_eq!(
        place.told(&built.err),
        "refrain: cannot read m/cut.wav: cut off; too short: 179 ms of audio; at least 500 ms are needed"
    );
}

#[test]
fn an_empty_index_says_so() {
    let place = Place::new();
    fs::create_dir(place.at("m")).unwrap();
    let built = place.line("index build --db i.refrain m").code(2);
    assert_snapshot!(place.told(&built.err), @r"
    0 files added
    i.refrain: 0 tracks, 0 s
    refrain: no music was indexed; check the folder
    ");
    let asked = place.run(["query", "--db", "i.refrain", clip("clean.wav").to_str().unwrap()]).code(1);
    assert_snapshot!(place.told(&asked.err), @"i.refrain: the index is empty; add music with `refrain index build DIR --db i.refrain`");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let place = Place::new();
    let mut command = place.command();
    command
        .args(["query", "--json", "--min-score", "0", "--db"])
        .arg(library())
        .args(vec![clip("clean.wav"); 40]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.ends_with("}\n"));
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error() {
    let place = Place::new();
    let full = || Stdio::from(fs::File::options().write(true).open("/dev/full").unwrap());
    let run = |args: &[&str]| {
        let mut command = place.command();
        let child = command.args(args).stdout(full()).stderr(Stdio::piped()).spawn().unwrap();
        Run::of(format!("{command:?}"), child.wait_with_output().unwrap()).code(2).err
    };
    let (db, clean) = (library().to_str().unwrap(), clip("clean.wav"));
    assert_snapshot!(run(&["query", "--db", db, clean.to_str().unwrap()]), @"refrain: cannot write the answer: No space left on device");
    assert_snapshot!(run(&["index", "info", "--db", db]), @"refrain: cannot print what the index holds: No space left on device");
}

#[test]
fn wrong_usage_is_reported() {
    let place = Place::new();
    for args in ["", "query", "index", "index build", "index build --verbose --quiet m", "sing"] {
        let run = place.line(args).code(2);
        assert!(run.out.is_empty() && run.err.contains("Usage: refrain"), "{run:#?}");
    }
    for args in ["--help", "query --help", "index build --help", "index info -h"] {
        assert!(place.line(args).code(0).out.contains("Usage: refrain"));
    }
    assert_eq!(place.line("--version").code(0).out, format!("refrain {}\n", env!("CARGO_PKG_VERSION")));
}
