//! Files that only an installed ffmpeg decodes, with a script in its place: no test needs the real one, which
//! `eval/ffmpeg_formats.py` checks.
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, Instant},
};

use super::{
    run::{Place, Run, clip, finish, fixture, tune, wav},
    small_library::index,
};

/// A file that begins like WavPack; what follows does not matter to the script.
fn wavpack(text: &str) -> Vec<u8> {
    [b"wvpk\x10\0\0\0\x10\x04".as_slice(), text.as_bytes()].concat()
}

/// The output of ffmpeg for mono samples of 16 bits.
fn output(rate: u32, samples: &[i16]) -> Vec<u8> {
    let mut all = b".snd".to_vec();
    all.extend([24, u32::MAX, 6, rate, 1].iter().flat_map(|n: &u32| n.to_be_bytes()));
    all.extend(samples.iter().flat_map(|&x| (f32::from(x) / 32_768.0).to_be_bytes()));
    all
}

/// A script that writes the file `out` beside it. Says on which file it was called, and how often.
fn fake(place: &Place, then: &str) {
    let folder = place.path();
    let folder = folder.display();
    let script = format!(
        "#!/bin/sh\nfor a; do last=\"$a\"; echo \"$a\" >> {folder}/args; done\ncat {folder}/out\n{then}\n"
    );
    let program = place.write("bin/ffmpeg", script.as_bytes());
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
}

/// How often the script ran.
fn runs(place: &Place) -> usize {
    let args = fs::read_to_string(place.at("args")).unwrap_or_default();
    args.lines().filter(|line| *line == "pipe:1").count()
}

/// Runs refrain with this setting of ffmpeg.
fn with(place: &Place, ffmpeg: &str, line: &str) -> Run {
    let mut command = place.command();
    command.args(line.split_whitespace());
    if !ffmpeg.is_empty() {
        command.env("REFRAIN_FFMPEG", ffmpeg);
    }
    finish(&mut command)
}

/// Runs refrain with the script as the ffmpeg that is installed, or without any.
fn installed(place: &Place, is_installed: bool, line: &str) -> Run {
    let mut command = place.command();
    let path = if is_installed {
        format!("{}:/bin:/usr/bin", place.at("bin").display())
    } else {
        "/nowhere".to_owned()
    };
    command.env("REFRAIN_FFMPEG", "auto").env("PATH", path).args(line.split_whitespace());
    finish(&mut command)
}

#[test]
fn without_ffmpeg_each_file_is_named_and_a_folder_counts_them_by_format() {
    let place = Place::new();
    place.write("m/a.wav", &wav(8_000, 1, &tune(8_000, 4.0, 1)));
    for (name, content) in [
        ("m/b.wv", wavpack("b")),
        ("m/c.wv", wavpack("c")),
        // No name says what it is.
        ("m/deep/d", wavpack("d")),
        ("m/e.tta", b"TTA1\x01\0\x02\0".to_vec()),
        ("m/notes.txt", b"MAC addresses and #!AMR".to_vec()),
        ("m/program.ts", b"export const x = 1;".to_vec()),
    ] {
        place.write(name, &content);
    }
    let built = installed(&place, false, "index build --db i.refrain m").code(0);
    let told = place.told(&built.err);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines[..5],
        [
            "refrain: cannot read m/b.wv: WavPack is not supported; install ffmpeg to use it",
            "refrain: cannot read m/c.wv: WavPack is not supported; install ffmpeg to use it",
            "refrain: cannot read m/deep/d: WavPack is not supported; install ffmpeg to use it",
            "refrain: cannot read m/e.tta: TTA is not supported; install ffmpeg to use it",
            "4 files need ffmpeg: 3 WavPack, 1 TTA; install ffmpeg to use them",
        ],
        "{told}"
    );
    assert!(lines[5].starts_with("1 file added"), "{told}");
    let errors = place.told(&index(&place, "errors").code(0).out);
    assert!(errors.contains("m/b.wv: WavPack is not supported; install ffmpeg to use it\n"), "{errors}");
    // Where it may not be used, it need not be installed.
    let never = with(&place, "", "query --db i.refrain m/b.wv").code(2);
    assert!(never.err.contains("m/b.wv: WavPack is not supported; allow ffmpeg to use it"), "{never:?}");
    let streamed = place.fed("query --db i.refrain -", &wavpack("b")).code(2);
    assert!(streamed.err.contains("cannot read standard input: not supported: WavPack\n"), "{streamed:?}");
}

#[test]
fn with_ffmpeg_they_are_indexed_found_and_counted() {
    let place = Place::new();
    let song = tune(8_000, 12.0, 7);
    fake(&place, "");
    place.write("out", &output(8_000, &song));
    place.write("m/song.wv", &wavpack("song"));
    place.write("m/own.wav", &wav(8_000, 1, &tune(8_000, 12.0, 8)));
    place.write("clip.wav", &wav(8_000, 1, &song[16_000..72_000]));
    let built = installed(&place, true, "index build --db i.refrain m").code(0);
    assert!(built.err.contains("2 files added"), "{built:?}");
    assert_eq!(runs(&place), 1, "refrain's own decoders come first");
    let found = index_query(&place, "clip.wav");
    assert!(found.ends_with("/m/song.wv"), "{found}");
    let info = index(&place, "info --json").json().remove(0);
    assert_eq!((&info["tracks"], &info["through_ffmpeg"]), (&2.into(), &1.into()));
    assert!(index(&place, "info").out.contains("through ffmpeg   1 track\n"));
    // Every command that takes files takes these.
    let found = installed(&place, true, "query --json --db i.refrain m/song.wv").code(0).json().remove(0);
    assert!(found["matches"][0]["path"].as_str().unwrap().ends_with("/m/song.wv"), "{found}");
    let words = |file: &str| installed(&place, true, &format!("fingerprint --raw {file}")).code(0).out;
    place.write("same.wav", &wav(8_000, 1, &song));
    assert_eq!(words("m/song.wv"), words("same.wav"));
    let key = installed(&place, true, "analyze --json m").code(0).json();
    assert_eq!(key.len(), 2);
    assert!(key.iter().all(|file| file["duration"] == 12.0), "{key:?}");
    installed(&place, true, "timeline --json --db i.refrain m/song.wv").code(0);
    // Merging keeps the count.
    place.line("index merge --db other.refrain i.refrain").code(0);
    assert_eq!(place.line("index info --json --db other.refrain").json()[0]["through_ffmpeg"], 1);
}

fn index_query(place: &Place, clip: &str) -> String {
    let found = place.line(&format!("query --json --db i.refrain {clip}")).code(0).json().remove(0);
    found["matches"][0]["path"].as_str().unwrap().to_owned()
}

#[test]
fn refused_files_are_tried_again_by_another_version_and_once_there_is_ffmpeg() {
    let place = Place::new();
    place.write("m/song.wv", &wavpack("song"));
    place.write("m/text.mp3", b"text");
    place.write("m/own.wav", &wav(8_000, 1, &tune(8_000, 12.0, 8)));
    let build = |there| place.told(&installed(&place, there, "index build --db i.refrain m").code(0).err);
    assert!(build(false).contains("2 errors"));
    assert!(build(false).contains("2 earlier errors"));
    // Now there is one, which cannot help yet.
    fake(&place, "echo broken >&2; exit 1");
    place.write("out", b"");
    let failed = build(true);
    assert!(failed.contains("song.wv: ffmpeg cannot decode the file (WavPack): broken"), "{failed}");
    assert!(failed.contains("text.mp3: not an audio file of a known format"), "{failed}");
    assert!(build(true).contains("2 earlier errors"));
    assert!(build(false).contains("2 earlier errors"), "less is no reason to try again");
    assert_eq!(runs(&place), 1);
    // Another version of refrain wrote these rows.
    let rows = rusqlite::Connection::open(place.at("i.refrain")).unwrap();
    let old = "UPDATE file SET refused_by = '0.0.1 with ffmpeg' WHERE track IS NULL";
    assert_eq!(rows.execute(old, []).unwrap(), 2);
    drop(rows);
    fake(&place, "");
    place.write("out", &output(8_000, &tune(8_000, 12.0, 7)));
    let again = place.told(&installed(&place, true, "index update --db i.refrain").code(0).err);
    assert!(again.contains("1 file added") && again.contains("1 error"), "{again}");
    assert_eq!(index(&place, "info --json").json()[0]["through_ffmpeg"], 1);
}

#[test]
fn the_option_comes_before_the_variable_and_a_wrong_path_is_refused() {
    let place = Place::new();
    fake(&place, "");
    place.write("out", &output(8_000, &tune(8_000, 12.0, 7)));
    place.write("m/song.wv", &wavpack("song"));
    let program = place.at("bin/ffmpeg").display().to_string();
    with(&place, &program, "index build --db i.refrain --ffmpeg never m").code(2);
    assert_eq!(runs(&place), 0);
    let wrong = with(&place, "/no/such/program", "index build --db i.refrain m").code(2);
    assert!(wrong.err.contains("there is no program at this path"), "{wrong:?}");
    with(&place, "never", &format!("index build --db i.refrain --ffmpeg {program} m")).code(0);
    assert_eq!(runs(&place), 1);
    let empty = with(&place, "", "fingerprint --ffmpeg never m/song.wv").code(2);
    assert!(empty.err.contains("allow ffmpeg"), "{empty:?}");
}

/// None of these is what its name says, and none leads ffmpeg anywhere: it is not even started.
#[test]
fn scripts_and_playlists_under_a_false_name_never_reach_ffmpeg() {
    let place = Place::new();
    fake(&place, "");
    place.write("out", &output(8_000, &tune(8_000, 12.0, 7)));
    let secret = clip("clean.wav");
    let secret = secret.display();
    for content in [
        format!("#EXTM3U\n#EXTINF:10,\nfile://{secret}\n"),
        "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10,\nhttp://127.0.0.1:9/x.ts\n".to_owned(),
        format!("ffconcat version 1.0\nfile '{secret}'\n"),
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n".to_owned(),
        "<?xml version=\"1.0\"?><MPD><BaseURL>http://127.0.0.1:9/</BaseURL></MPD>".to_owned(),
        format!("[Reference]\nRef1=file://{secret}\n"),
        "rtsp://127.0.0.1:9/x".to_owned(),
    ] {
        let song = place.write("song.wma", content.as_bytes());
        for line in ["index build --db i.refrain", "query --db i.refrain", "fingerprint"] {
            installed(&place, true, &format!("{line} {}", song.display())).code(2);
        }
        assert_eq!(runs(&place), 0, "{content}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_build_ends_ffmpeg() {
    let place = Place::new();
    let folder = place.path();
    fake(&place, &format!("echo $$ > {}/pid; exec sleep 600", folder.display()));
    place.write("out", b"");
    place.write("m/song.wv", &wavpack("song"));
    let mut command = place.command();
    command.args(["index", "build", "--db", "i.refrain", "--ffmpeg"]).arg(place.at("bin/ffmpeg")).arg("m");
    let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    let pid = loop {
        match fs::read_to_string(place.at("pid")) {
            Ok(pid) if pid.ends_with('\n') => break pid,
            _ if began.elapsed() > Duration::from_secs(60) => panic!("it was not started"),
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    super::run::send("-INT", &child);
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert!(began.elapsed() < Duration::from_secs(60));
    assert!(!Path::new(&format!("/proc/{}", pid.trim())).exists(), "ffmpeg still runs");
    assert_eq!(index(&place, "errors").code(0).out, "", "the file is as good as before");
}

#[test]
fn protected_files_are_named_as_protected() {
    let place = Place::new();
    let boxed = |kind: &[u8; 4], content: &[u8]| {
        [&(8 + content.len() as u32).to_be_bytes()[..], kind, content].concat()
    };
    let m4a = fs::read(fixture("formats/aac.m4a")).unwrap();
    // As the shops of the past wrote it: another code for the codec.
    let at = m4a.windows(4).position(|code| code == b"mp4a").unwrap();
    let mut protected = m4a.clone();
    protected[at..at + 4].copy_from_slice(b"drms");
    place.write("m/a.m4p", &protected);
    protected[at..at + 4].copy_from_slice(b"enca");
    place.write("m/b.m4a", &protected);
    place.write("m/c.aax", &boxed(b"ftyp", b"aax \0\0\0\0"));
    let built = index(&place, "build m").code(2);
    let told = place.told(&built.err);
    for name in ["a.m4p", "b.m4a", "c.aax"] {
        assert!(told.contains(&format!("refrain: cannot read m/{name}: protected by DRM\n")), "{told}");
    }
}
