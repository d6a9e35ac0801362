//! What a person sees: the program in a terminal of its own, 40, 80 and 160 columns wide.
use std::{
    fs::{self, File},
    io::Read,
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use unicode_width::UnicodeWidthStr;

use super::run::{Place, send, tune, wav};

const TITLE: &str = "交響曲第九番ニ短調作品百二十五「合唱付き」終楽章 歓喜の歌";

/// A library with long names, with wide characters and with combining marks, and clips.
fn place() -> &'static Place {
    static PLACE: OnceLock<Place> = OnceLock::new();
    PLACE.get_or_init(|| {
        let place = Place::new();
        place.song(
            "paper-lanterns.mp3",
            "m/A name without end that goes on and on until nobody can read it any more.mp3",
        );
        place.song("copper-rain.m4a", "m/cafe\u{301} Привет.m4a");
        place.song("quiet-engines.wav", format!("m/{}.wav", "歌".repeat(40)));
        place.write(format!("m/{TITLE}.wav"), &wav(11_025, 1, &tune(11_025, 9.0, 7)));
        place.write("m/bad.mp3", b"text");
        // A song that is played faster.
        let song = fs::read(super::run::fixture("audio/songs/quiet-engines.wav")).unwrap();
        let data = song.windows(4).position(|w| w == b"data").unwrap() + 8;
        let from = data + 2 * 22_050 * 8;
        let samples = song[from..from + 2 * 22_050 * 10].as_chunks::<2>().0;
        let samples: Vec<i16> = samples.iter().map(|b| i16::from_le_bytes(*b)).collect();
        place.write("fast.wav", &wav(24_255, 1, &samples));
        place.line("build -q m --db i.refrain").code(0);
        place
    })
}

/// Starts a command whose output is a terminal of this width. Returns it, and the other end of the terminal.
fn start(command: &mut Command, columns: u16) -> (Child, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    tcsetwinsize(&slave, Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let end = || Stdio::from(slave.try_clone().unwrap());
    command.env("TERM", "xterm").env_remove("NO_COLOR").stdout(end()).stderr(end());
    let child = command.spawn().unwrap();
    // The command keeps its own copies. Only when they are closed does the other end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    (child, File::from(master))
}

/// Reads until the terminal is closed, which Linux reports as an error.
fn read_all(mut master: File) -> String {
    let (mut all, mut some) = (Vec::new(), [0; 4096]);
    while let Ok(n @ 1..) = master.read(&mut some) {
        all.extend(&some[..n]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// What a terminal shows at the end: escape sequences are obeyed, as far as the program sends them.
fn shown(output: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut chars = output.chars();
    while let Some(c) = chars.next() {
        match c {
            '\n' => lines.push(String::new()),
            // What follows overwrites the line. The program clears it first.
            '\r' => {}
            '\u{1b}' => {
                assert_eq!(chars.next(), Some('['), "{output:?}");
                let mut code = String::new();
                for c in chars.by_ref() {
                    if c.is_ascii_alphabetic() {
                        match c {
                            'K' => lines.last_mut().unwrap().clear(),
                            'm' | 'h' | 'l' => {}
                            'A' if code.is_empty() || code == "0" || code == "1" => {}
                            _ => panic!("{code}{c} in {output:?}"),
                        }
                        break;
                    }
                    code.push(c);
                }
            }
            c => lines.last_mut().unwrap().push(c),
        }
    }
    lines
}

/// Runs a command in a terminal. Returns what it sent and what is shown at the end.
fn run(args: &str, columns: u16) -> (String, Vec<String>) {
    run_in(place(), args, columns)
}

/// What a terminal shows after a command that runs in this place.
pub fn lines(place: &Place, args: &str, columns: u16) -> Vec<String> {
    run_in(place, args, columns).1
}

fn run_in(place: &Place, args: &str, columns: u16) -> (String, Vec<String>) {
    let mut command = place.command();
    command.args(args.split_whitespace());
    let (mut child, master) = start(&mut command, columns);
    let sent = read_all(master);
    child.wait().unwrap();
    let lines = shown(&sent);
    (sent, lines)
}

#[test]
fn every_line_of_every_table_fits_the_terminal() {
    for columns in [40, 80, 160] {
        for args in [
            "query m fast.wav -d i.refrain",
            "list -d i.refrain",
            "analyze m",
            "analyze fast.wav",
            "timeline m fast.wav -d i.refrain",
            "info -d i.refrain",
        ] {
            let (_, lines) = run(args, columns);
            assert!(lines.len() > 5, "{args}: {lines:#?}");
            // Messages are sentences, which the terminal may break.
            let message = |line: &str| {
                ["refrain: ", " of audio in ", "some names are cut"].iter().any(|text| line.contains(text))
            };
            for line in lines.iter().filter(|line| !message(line)) {
                assert!(line.width() <= usize::from(columns), "{columns}, {args}: {line:?}");
            }
        }
    }
}

#[test]
fn a_narrow_timeline_has_every_name_and_note() {
    let (_, lines) = run("timeline fast.wav -d i.refrain", 40);
    let at = lines.iter().position(|line| line.starts_with("   0:0")).unwrap_or_else(|| panic!("{lines:#?}"));
    assert_eq!(lines[at + 1], "    Lumen and Ash - Quiet Engines", "{lines:#?}");
    assert!(lines[at + 2].starts_with("    from 0:0") && lines[at + 2].contains("speed 1."), "{lines:#?}");
    let notes = lines[at + 2..at + 4].join("");
    assert!(notes.contains("pitch +1."), "{lines:#?}");
}

#[test]
fn the_environment_gives_the_width_of_a_terminal_that_has_none() {
    for (size, variable, width) in [(0, "40", 40), (0, "", 80), (0, "x", 80), (0, "0", 80), (100, "40", 100)]
    {
        let mut command = place().command();
        command.args(["list", "-d", "i.refrain"]).env("COLUMNS", variable);
        let (mut child, master) = start(&mut command, size);
        let lines = shown(&read_all(master));
        child.wait().unwrap();
        let widest =
            lines.iter().filter(|line| !line.contains("names are cut")).map(|line| line.width()).max();
        assert!(
            widest.is_some_and(|widest| widest <= width && widest + 3 > width),
            "{size}, {variable:?}: {lines:#?}"
        );
    }
}

#[test]
fn names_come_first_and_are_cut_in_the_middle_on_a_terminal_only() {
    let (_, lines) = run("list -d i.refrain", 80);
    let of = |start: &str| {
        lines.iter().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{lines:#?}"))
    };
    assert!(of("track ").contains(" length  id  file"));
    assert!(
        of("m/交響曲").contains('…') && of("m/交響曲").contains(".wav"),
        "both ends are there: {lines:#?}"
    );
    // The columns line up, whatever the characters.
    let at = |line: &String, what: &str| line.split(what).next().unwrap().width();
    assert_eq!(at(of("Mira Holloway"), "0:35.6"), at(of("m/交響曲"), "0:09.0"));
    assert_eq!(at(of("Mira Holloway"), "0:35.6"), at(of("Otis"), "0:32.0"));
    assert!(lines.contains(&"4 tracks".to_owned()));
    assert!(lines.iter().any(|line| line.starts_with("some names are cut") && line.contains("--json")));
    let piped = place().line("list -d i.refrain").code(0);
    assert!(piped.out.contains(&format!("m/{TITLE}.wav  ")) && !piped.out.contains('…'), "{piped:#?}");
    assert_eq!(piped.err, "4 tracks\n");
}

#[test]
fn tempo_and_pitch_have_columns_only_if_a_match_needs_them() {
    let (_, plain) = run("query m -d i.refrain", 80);
    let headers = |lines: &[String]| lines.iter().filter(|line| line.starts_with("  track ")).count();
    assert_eq!(headers(&plain), 1, "one header for all clips: {plain:#?}");
    assert!(!plain.join("\n").contains("tempo"), "{plain:#?}");
    let (_, fast) = run("query fast.wav -d i.refrain", 80);
    assert!(fast.iter().any(|line| line.contains("tempo   pitch")), "{fast:#?}");
    assert!(fast.iter().any(|line| line.contains("  1.10") && line.contains("  +1.6")), "{fast:#?}");
    // There, numbers have labels.
    let (_, narrow) = run("query fast.wav -d i.refrain", 40);
    assert!(narrow.iter().any(|line| line.trim_start().starts_with("score 0.9")), "{narrow:#?}");
    assert!(narrow.iter().any(|line| line.contains("pitch +1.6")), "{narrow:#?}");
}

#[test]
fn colour_is_for_the_match_and_the_error_on_a_terminal() {
    let green = "\u{1b}[1;32mLumen and Ash - Quiet Engines\u{1b}[0m";
    let red = "\u{1b}[1;31mrefrain:\u{1b}[0m cannot read gone.wav: No such file or directory";
    let (sent, _) = run("query fast.wav gone.wav -d i.refrain", 100);
    assert!(sent.contains(green) && sent.contains(red), "{sent}");
    let (timeline, _) = run("timeline m -d i.refrain", 100);
    assert!(timeline.contains("  \u{1b}[1;32m"), "{timeline}");
    let plain = |sent: &str| !sent.contains("[1;3");
    assert!(plain(&run("query fast.wav gone.wav -d i.refrain --color never", 100).0));
    let mut command = place().command();
    command.args(["query", "fast.wav", "gone.wav", "-d", "i.refrain"]);
    let (mut child, master) = start(&mut command, 100);
    child.wait().unwrap();
    assert!(!plain(&read_all(master)));
    // NO_COLOR counts if it is not empty, and --color is stronger. A pipe has none.
    for (variable, option, is_plain) in
        [("1", "auto", true), ("", "auto", false), ("1", "always", false), ("1", "never", true)]
    {
        let mut command = place().command();
        command.args(["query", "fast.wav", "-d", "i.refrain", "--color", option]);
        let master = {
            let (mut child, master) = start_with(&mut command, variable);
            child.wait().unwrap();
            master
        };
        assert_eq!(plain(&read_all(master)), is_plain, "NO_COLOR={variable} --color {option}");
    }
    assert!(plain(&place().line("query fast.wav -d i.refrain").out));
    assert!(place().line("query fast.wav -d i.refrain --color=always").out.contains(green));
    assert!(place().line("query --color always --no-such").err.contains('\u{1b}'), "also in mistakes");
}

fn start_with(command: &mut Command, no_color: &str) -> (Child, File) {
    // `start` removes the variable for all other tests.
    let mut shell = Command::new("env");
    shell.current_dir(command.get_current_dir().unwrap());
    shell.arg(format!("NO_COLOR={no_color}")).arg(command.get_program()).args(command.get_args());
    shell.stdin(Stdio::null());
    start(&mut shell, 100)
}

/// A recording of most of a day, with a song at its beginning.
#[test]
fn control_c_prints_the_songs_so_far_in_every_format() {
    let place = Place::new();
    let song = fs::read(super::run::fixture("audio/songs/quiet-engines.wav")).unwrap();
    let data = song.windows(4).position(|w| w == b"data").unwrap() + 8;
    let samples: Vec<i16> = song[data..].as_chunks::<2>().0.iter().map(|b| i16::from_le_bytes(*b)).collect();
    let song = wav(22_050, 1, &samples);
    place.write("m/a.wav", &song);
    place.line("build -q m -d i.refrain").code(0);
    let bytes = 22_050 * 2 * 3600 * 20_u32;
    let mut day = song;
    day[4..8].copy_from_slice(&(36 + bytes).to_le_bytes());
    day[40..44].copy_from_slice(&bytes.to_le_bytes());
    place.write("day.wav", &day);
    // The rest is silence, which takes no room on the disk.
    File::options().write(true).open(place.at("day.wav")).unwrap().set_len(44 + u64::from(bytes)).unwrap();
    for format in ["", "--csv", "--text", "--json"] {
        let mut shell = Command::new("sh");
        let binary = env!("CARGO_BIN_EXE_refrain");
        shell.args(["-c", &format!("exec '{binary}' timeline day.wav -d i.refrain {format} > out")]);
        shell.current_dir(place.path()).stdin(Stdio::null());
        let (mut child, mut master) = start(&mut shell, 80);
        // By then the song has long ended.
        let (mut sent, mut some) = (String::new(), [0; 4096]);
        while ![" 1%", " 2%", " 3%"].iter().any(|share| sent.contains(share)) {
            let n = master.read(&mut some).unwrap_or(0);
            assert!(n > 0, "{format}: {sent:?}");
            sent += &String::from_utf8_lossy(&some[..n]);
        }
        send("-INT", &child);
        sent += &read_all(master);
        assert_eq!(child.wait().unwrap().code(), Some(2), "{format}: {sent:?}");
        let said = "refrain:\u{1b}[0m interrupted; refrain printed the songs found so far";
        assert!(sent.contains(said), "{format}: {sent:?}");
        let out = fs::read_to_string(place.at("out")).unwrap();
        if format == "--json" {
            let document: serde_json::Value = serde_json::from_str(&out).unwrap();
            assert_eq!((&document["status"], &document["error"]), (&"error".into(), &"interrupted".into()));
            let plays = document["plays"].as_array().unwrap();
            assert!(plays.len() == 1 && plays[0]["path"].as_str().unwrap().ends_with("/m/a.wav"), "{out}");
        } else {
            let plays = out.lines().filter(|line| line.contains("/m/a.wav") || line.ends_with(" a"));
            assert_eq!(plays.count(), 1, "{format}: {out}");
        }
    }
}

/// A build, an analysis and a query that would take long: progress is drawn, and Ctrl-C leaves nothing of it.
#[test]
fn progress_leaves_nothing_after_control_c() {
    let place = Place::new();
    for n in 0..300 {
        place.write(format!("m/{n:03}.wav"), &wav(11_025, 1, &tune(11_025, 60.0, n)));
    }
    let hour: Vec<i16> = (0..3600).flat_map(|n| tune(8_000, 1.0, n)).collect();
    place.write("hour.wav", &wav(8_000, 1, &hour));
    place.write("one/a.wav", &wav(11_025, 1, &tune(11_025, 60.0, 1)));
    place.line("build -q one -d i.refrain").code(0);
    for columns in [40, 80] {
        for (args, counts) in [
            (&*format!("build m -d new{columns}.refrain"), " of 300 files"),
            ("analyze m", " of 300 files"),
            ("query hour.wav -d i.refrain", "looking up"),
            ("timeline hour.wav -d i.refrain", "%"),
        ] {
            let mut command = place.command();
            command.args(args.split_whitespace());
            let (mut child, mut master) = start(&mut command, columns);
            let (began, mut sent, mut some) = (Instant::now(), String::new(), [0; 4096]);
            while !sent.contains(counts) {
                let n = master.read(&mut some).unwrap_or(0);
                assert!(n > 0 && began.elapsed() < Duration::from_secs(120), "{args}: {sent:?}");
                sent += &String::from_utf8_lossy(&some[..n]);
            }
            send("-INT", &child);
            sent += &read_all(master);
            assert_eq!(child.wait().unwrap().code(), Some(2), "{args}: {sent:?}");
            let parts = sent.split(['\r', '\n']).map(|part| part.split("\u{1b}[2K").last().unwrap());
            for part in parts.filter(|part| part.contains('%')) {
                assert!(part.width() + 3 <= columns.into(), "{columns}, {args}: {part:?}");
                assert!(!part.contains(" 0 s left"), "{part:?}");
            }
            let lines = shown(&sent);
            assert!(lines.iter().all(|line| !line.contains('%')), "{args}: {lines:#?}");
            assert!(lines.iter().any(|line| line.contains("refrain: interrupted; ")), "{args}: {lines:#?}");
        }
    }
}
