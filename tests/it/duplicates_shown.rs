//! How groups of duplicates are shown: what differs, which groups are listed, and the page.
use std::{collections::BTreeMap, ffi::OsStr, fs, sync::OnceLock};

use rusqlite::Connection;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::{
    run::{Place, Run, tune, wav},
    terminal,
};

const RATE: u32 = 11_025;

/// Text of somebody who wants to take over the page.
const HOSTILE: &str = "</title><script>alert('x')</script> \"q\" & \u{202e}gpj\n";

/// A song in `m/albums`, a stereo copy of it with another title, the same bytes and an edit in `m/others`; a smaller song
/// twice.
fn place() -> &'static Place {
    static PLACE: OnceLock<Place> = OnceLock::new();
    PLACE.get_or_init(|| {
        let place = Place::new();
        let song = tune(RATE, 60.0, 3);
        let at = |seconds: f64| (seconds * f64::from(RATE)) as usize;
        place.write("m/albums/song.wav", &wav(RATE, 1, &song));
        place.write("m/others/same.wav", &wav(RATE, 1, &song));
        let both: Vec<i16> = song[..at(57.0)].iter().flat_map(|sample| [sample / 2; 2]).collect();
        place.write("m/others/stereo.wav", &wav(RATE, 2, &both));
        place.write("m/others/edit.wav", &wav(RATE, 1, &[&song[..at(22.0)], &song[at(37.0)..]].concat()));
        let small = wav(RATE, 1, &tune(RATE, 20.0, 4));
        place.write("m/small/a.wav", &small);
        place.write(hostile_path(), &small);
        place.line("build -q m -d i.refrain").code(0);
        let db = Connection::open(place.at("i.refrain")).unwrap();
        let changed =
            db.execute("UPDATE track SET title = ?1, artist = 'A; B' WHERE channels = 2", [HOSTILE]).unwrap();
        assert_eq!(changed, 1);
        place
    })
}

/// A name that is markup, and that is not UTF-8 where a system allows it.
fn hostile_path() -> std::path::PathBuf {
    #[cfg(target_os = "linux")]
    let name = {
        use std::os::unix::ffi::OsStrExt;
        OsStr::from_bytes(b"b <img src=x onerror='a()'> \"\xff\xe2\x80\xae&lt;#1%.wav").to_owned()
    };
    #[cfg(not(target_os = "linux"))]
    let name = OsStr::new("b 'x' &lt;#1%.wav").to_owned();
    std::path::Path::new("m/small").join(name)
}

fn run(args: &str) -> Run {
    place().line(&format!("duplicates -d i.refrain {args}"))
}

/// The files of each group, by name, with their relations.
fn listed(args: &str) -> Vec<BTreeMap<String, String>> {
    let file = |file: &Value| {
        let path = file["path"].as_str().unwrap();
        let name = path.rsplit('/').next().unwrap().split(' ').next().unwrap();
        (name.to_owned(), file["relation"].as_str().unwrap().to_owned())
    };
    let group = |group: Value| group["files"].as_array().unwrap().iter().map(file).collect();
    run(&format!("--json {args}")).json().into_iter().map(group).collect()
}

fn names(groups: &[BTreeMap<String, String>]) -> Vec<Vec<&str>> {
    groups.iter().map(|group| group.keys().map(String::as_str).collect()).collect()
}

#[test]
fn only_lists_files_with_these_relations_and_groups_that_have_one() {
    assert_eq!(
        names(&listed("")),
        [vec!["edit.wav", "same.wav", "song.wav", "stereo.wav"], vec!["a.wav", "b"]]
    );
    let edits = listed("--only edit");
    assert_eq!(edits.len(), 1);
    assert_eq!(edits[0]["edit.wav"], "edit");
    assert_eq!(edits[0].len(), 2, "the first file and the edit: {edits:?}");
    assert_eq!(edits[0].values().filter(|relation| *relation == "reference").count(), 1);
    assert_eq!(listed("--only same_bytes,edit").len(), 2);
    assert_eq!(listed("--only remaster,shared_backing").len(), 0);
    let nothing = run("--only remaster").code(1);
    assert_eq!(
        (nothing.out.as_str(), nothing.err.as_str()),
        ("", "no group of duplicates fits your options\n")
    );
    let refused = run("--only reference").code(2);
    assert!(refused.err.contains("the relations are same_bytes, same_audio"), "{}", refused.err);
}

/// What is not listed is not counted, and is no reason to delete a listed file.
#[test]
fn files_that_are_left_out_free_nothing() {
    let bytes = |args: &str| -> Vec<u64> {
        run(&format!("--json {args}")).json().iter().map(|group| group["bytes"].as_u64().unwrap()).collect()
    };
    let size = |name: &str| fs::metadata(place().at(name)).unwrap().len();
    let (song, stereo, small) =
        (size("m/albums/song.wav"), size("m/others/stereo.wav"), size("m/small/a.wav"));
    assert_eq!(bytes("--keep longest"), [song + stereo, small]);
    assert_eq!(bytes("--keep longest --only same_bytes"), [song, small]);
    assert_eq!(bytes("--keep longest --only edit"), [0]);
    let kept = run("--keep longest --json --only same_bytes").json();
    for group in kept {
        assert_eq!(group["files"].as_array().unwrap().iter().filter(|file| file["keep"] == true).count(), 1);
    }
}

#[test]
fn folders_and_the_least_room_choose_groups() {
    assert_eq!(names(&listed("m/small")), [["a.wav", "b"]]);
    assert_eq!(listed("m/albums")[0].len(), 4, "the whole group is listed");
    assert_eq!(listed("m/albums m/small").len(), 2);
    assert_eq!(listed("--min-free 1M").len(), 1);
    assert_eq!(listed("--min-free 441044 m/small").len(), 1);
    assert_eq!(listed("--min-free 441045 m/small").len(), 0);
    assert!(run("--min-free 1M m/small").code(1).err.contains("no group of duplicates fits your options"));
    assert!(run("--min-free much").code(2).err.contains("write 500k, 20M or 1.5G"));
}

#[test]
fn the_list_says_what_differs_from_the_first_file() {
    let text = run("--keep longest").code(0).out;
    let lines: Vec<&str> = text.lines().collect();
    let below = |name: &str| {
        let at = lines.iter().position(|line| line.contains(name)).unwrap_or_else(|| panic!("{text}"));
        lines[at + 1..].iter().take_while(|line| line.starts_with("  ")).copied().collect::<Vec<_>>()
    };
    let first = if text.find("m/albums/song.wav") < text.find("m/others/same.wav") { "song" } else { "same" };
    assert_eq!(below(first)[1], "  WAV, 11025 Hz, mono");
    let shorter = below("stereo.wav");
    assert!(
        shorter[1].starts_with("  differs: stereo instead of mono, 3.0 s shorter, title \"</title><script>")
    );
    assert!(
        shorter[1].ends_with("\\u{202e}gpj\\n\" (the first has none), artist \"A; B\" (the first has none)")
    );
    assert_eq!(below("edit.wav")[1], "  differs: 15.0 s shorter");
    assert!(below("edit.wav")[2].contains(" of the first, "), "{text}");
    let other = if first == "song" { "same.wav" } else { "song.wav" };
    assert!(!below(other).join("").contains("differs"), "{text}");
}

#[test]
fn no_line_of_the_list_is_wider_than_the_terminal() {
    for columns in [40, 60, 80, 160] {
        let lines = terminal::lines(place(), "duplicates -d i.refrain --keep longest", columns);
        let message = |line: &str| ["some names are cut", " are free"].iter().any(|text| line.contains(text));
        assert!(lines.iter().any(|line| line.contains("stereo instead of mono")), "{lines:#?}");
        for line in lines.iter().filter(|line| !message(line)) {
            assert!(line.width() <= usize::from(columns), "{columns}: {line:?}");
        }
        // Nothing is lost but the middle of long names.
        let all = lines.join(" ");
        for text in ["15.0 s shorter", "is 0:00.0 of the first", "keep: another version"] {
            assert!(all.contains(text), "{columns}: {text}: {lines:#?}");
        }
    }
}

fn page(args: &str, code: i32) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it's a page.html");
    let mut command = place().command();
    command.args(["duplicates", "-d", "i.refrain", "--html"]).arg(&file).args(args.split_whitespace());
    let run = super::run::finish(&mut command).code(code);
    assert!(run.err.contains("it's a page.html: open it in a browser"), "{run:#?}");
    fs::read_to_string(file).unwrap()
}

#[test]
fn the_page_has_a_table_for_each_group_and_a_drawing_for_each_file() {
    // What was measured of the copies, and not of the edit.
    assert_eq!(page("", 0).matches(", sound up to ").count(), 3);
    let page = page("--keep longest", 0);
    assert!(page.starts_with("<!doctype html>\n<html lang=\"en\">") && page.ends_with("</html>\n"));
    let count = |what: &str| page.matches(what).count();
    assert_eq!((count("<section "), count("<table "), count("<h2>"), count("<h1>")), (2, 2, 2, 1));
    assert_eq!((count("<svg "), count("role=\"img\" aria-label=\"")), (6, 6));
    assert_eq!((count("<tbody "), count("</tbody>"), count("scope=\"row\"")), (6, 6, 6));
    assert!(page.contains("<section class=\"edit reference same_audio same_bytes\">"));
    assert!(page.contains("stereo instead of mono") && page.contains("WAV, 11025 Hz, stereo"));
    assert!(page.contains("<span class=\"verdict\">spare</span>"));
    // Each element is closed, in order.
    let mut open: Vec<&str> = Vec::new();
    let markup = page.split_once("</style>").unwrap().1;
    for tag in markup.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
        let name = tag.split_whitespace().next().unwrap().trim_end_matches('/');
        match tag.strip_prefix('/') {
            Some(closed) if open.is_empty() => assert!(["head", "html"].contains(&closed), "{closed}"),
            Some(closed) => assert_eq!(open.pop(), Some(closed)),
            None if name == "input" || tag.ends_with('/') => {}
            None => open.push(name),
        }
        if tag == "/html" {
            break;
        }
    }
}

/// What lies where in the drawing of the edit: 22 s, and what follows 37 s of the first, are in it one after the other.
#[test]
fn a_drawing_has_the_parts_that_agree_at_their_times() {
    let page = page("--keep longest", 0);
    let row = page.split("<tbody ").find(|row| row.contains(">edit.wav<")).unwrap();
    let drawing = row.split("<svg ").nth(1).unwrap().split("</svg>").next().unwrap();
    let parts: Vec<&str> = drawing.split("<g class=").skip(1).collect();
    assert_eq!(parts.len(), 2, "{drawing}");
    let numbers = |part: &str, name: &str| -> Vec<f64> {
        part.split("<rect")
            .skip(1)
            .map(|rect| rect.split(&format!(" {name}=\"")).nth(1).unwrap())
            .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
            .collect()
    };
    let close = |found: &[f64], expected: [f64; 2]| {
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 12.0), "{found:?}, not {expected:?}");
    };
    // 60 s are 1000 wide.
    close(&numbers(parts[0], "x"), [0.0, 0.0]);
    close(&numbers(parts[0], "width"), [367.0, 367.0]);
    close(&numbers(parts[1], "x"), [617.0, 367.0]);
    close(&numbers(parts[1], "width"), [383.0, 383.0]);
    assert!(parts[0].contains("\"c0\"") && parts[1].contains("\"c1\""), "each part has its colour");
    assert!(parts[1].contains("<title>0:2") && parts[1].contains(" of the first</title>"), "{drawing}");
    assert!(row.contains("<summary>2 parts sound the same</summary>"), "{row}");
}

#[test]
fn nothing_in_a_path_or_a_tag_is_markup_and_nothing_is_fetched() {
    let page = page("", 0);
    let lower = page.to_lowercase();
    for bad in [
        "<script",
        "<img",
        "</title><script",
        "onerror='",
        "http:",
        "https:",
        "@import",
        "url(",
        "src=\"",
        "javascript:",
        "\u{202e}",
    ] {
        assert!(!lower.contains(bad), "{bad}");
    }
    assert_eq!(page.matches("</title>").count(), page.matches("<title>").count());
    assert!(page.contains(
        "&lt;/title&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &quot;q&quot; &amp; \\u{202e}gpj\\n"
    ));
    assert!(page.contains("default-src 'none'"));
    if cfg!(target_os = "linux") {
        assert!(
            page.contains("b &lt;img src=x onerror=&#39;a()&#39;&gt; &quot;\u{fffd}\\u{202e}&amp;lt;#1%.wav")
        );
        let address =
            "/b%20%3Cimg%20src%3Dx%20onerror%3D%27a%28%29%27%3E%20%22%FF%E2%80%AE%26lt%3B%231%25.wav\"";
        assert!(page.contains(address), "{page}");
    }
}

#[test]
fn the_page_offers_the_relations_that_it_has_and_takes_the_filters() {
    let everything = page("", 0);
    for relation in ["all", "same_bytes", "same_audio", "edit"] {
        assert!(everything.contains(&format!("id=\"show-{relation}\"")), "{relation}");
    }
    assert!(!everything.contains("show-remaster"));
    let edits = page("--only edit", 0);
    assert_eq!((edits.matches("<svg ").count(), edits.matches("<fieldset").count()), (2, 0));
    let none = page("--only remaster", 1);
    assert!(none.contains("<p>No group of duplicates fits your options.</p>") && !none.contains("<section"));
    let missing = run("--html no/such/folder/p.html").code(2);
    assert!(missing.err.contains("cannot write no/such/folder/p.html"), "{}", missing.err);
}
