//! `refrain explain`, through the program.
use std::{fs, io::Cursor};

use serde_json::Value;

use super::run::{Place, Run, fixture};

/// Four songs of the fixtures, indexed.
fn place() -> Place {
    let place = Place::new();
    for song in ["second-orbit.flac", "north-platform.opus", "quiet-engines.wav", "copper-rain.m4a"] {
        place.song(song, format!("m/{song}"));
    }
    place.line("build -q m -d i.refrain").code(0);
    place
}

fn explain(place: &Place, args: &[&str]) -> Run {
    place.run(["explain", "-d", "i.refrain"].iter().chain(args))
}

fn clip(name: &str) -> String {
    fixture("audio/clips").join(name).to_str().unwrap().to_owned()
}

/// The one document that was printed.
fn document(run: &Run) -> Value {
    let [document] = <[Value; 1]>::try_from(run.json()).unwrap();
    document
}

#[test]
fn the_numbers_are_those_of_query() {
    let place = place();
    for (name, code) in [("clean.wav", 0), ("noisy.mp3", 0), ("stranger.ogg", 1), ("hum.flac", 1)] {
        let clip = clip(name);
        let asked =
            document(&place.run(["query", "--json", "--explain", "-d", "i.refrain", &clip]).code(code));
        let told = document(&explain(&place, &["--json", &clip]).code(code));
        assert_eq!((&told["status"], &told["duration"]), (&asked["status"], &asked["duration"]), "{name}");
        let best = if code == 0 { &asked["matches"][0] } else { &asked["candidates"][0] };
        assert_eq!(&told["place"], best, "{name}");
        assert_eq!(told["min_score"].to_string(), "0.9", "{name}");
        if let Some(evidence) = told["place"]["evidence"].as_f64() {
            let last = told["evidence"]["sum"].as_array().unwrap().last().unwrap()[1].as_f64().unwrap();
            assert!((last - evidence).abs() < 0.01, "{name}: {last} for {evidence}");
        }
    }
}

#[test]
fn a_picture_is_svg_png_or_a_page() {
    let place = place();
    for (name, code, begins) in [("clean.wav", 0, "match: "), ("stranger.ogg", 1, "refused: ")] {
        let clip = clip(name);
        let reason =
            document(&explain(&place, &["--json", &clip]).code(code))["reason"].as_str().unwrap().to_owned();
        assert!(reason.starts_with(begins), "{reason}");
        let run = explain(&place, &[&clip, "--out", "why/p.svg"]).code(code);
        assert!(run.out.contains(&reason), "{run:#?}");
        let svg = fs::read_to_string(place.at("why/p.svg")).unwrap();
        let tree = resvg::usvg::roxmltree::Document::parse(&svg).unwrap();
        let has_text = |text: &str| tree.descendants().any(|n| n.is_text() && n.text() == Some(text));
        assert!(has_text(&reason), "{svg}");
        for (out, theme) in [("light.png", "light"), ("dark.png", "dark")] {
            explain(&place, &["--quiet", &clip, "-o", out, "--theme", theme]).code(code);
            let png = fs::read(place.at(out)).unwrap();
            let mut decoder = png::Decoder::new(Cursor::new(&png));
            decoder.set_transformations(png::Transformations::EXPAND);
            let mut reader = decoder.read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut pixels).unwrap();
            assert_eq!(pixels[0] > 128, theme == "light");
            assert!(png.len() < 300_000 && svg.len() < 300_000, "{} {}", png.len(), svg.len());
        }
        explain(&place, &["--quiet", &clip, "-o", "p.html"]).code(code);
        let page = fs::read_to_string(place.at("p.html")).unwrap();
        assert!(page.contains("<svg") && page.contains(&reason) && !page.contains("<script"));
    }
    let refused = explain(&place, &[&clip("clean.wav"), "--out", "p.pdf"]).code(2);
    assert_eq!(
        refused.err,
        "refrain: cannot write p.pdf: the name of the picture must end in .svg, .png or .html\n"
    );
}

#[test]
fn a_track_can_be_named_by_file_pattern_and_id() {
    let place = place();
    let clip = clip("clean.wav");
    let of = |track: &str, code: i32| document(&explain(&place, &["--json", &clip, track]).code(code));
    let right = of("m/second-orbit.flac", 0);
    assert_eq!(right["rule"], "match");
    let id = right["place"]["id"].as_u64().unwrap().to_string();
    assert_eq!(of(&id, 0)["place"], right["place"]);
    let wrong = of("*.opus", 1);
    assert!(wrong["place"]["path"].as_str().unwrap().ends_with("north-platform.opus"));
    assert_eq!((&wrong["status"], &wrong["rival"]["id"]), (&"no_match".into(), &right["place"]["id"]));
    for (name, said) in [
        (
            "m/nothing.flac",
            "m/nothing.flac is not in the index; `refrain list --db i.refrain` lists all tracks",
        ),
        ("99", "99 is not in the index; `refrain list --db i.refrain` lists all tracks"),
        ("m", "m: the name fits 4 tracks; name one of them"),
    ] {
        let run = explain(&place, &[&clip, name]).code(2);
        assert_eq!(run.err, format!("refrain: {said}\n"));
    }
}

#[test]
fn silence_an_empty_index_and_what_is_no_audio_are_explained() {
    let place = place();
    let silence = super::run::wav(11_025, 1, &[0; 40_000]);
    place.write("silence.wav", &silence);
    let run = explain(&place, &["silence.wav", "--out", "s.png"]).code(1);
    assert_eq!(run.out, "silence.wav\n  no match: the clip is silent\n");
    assert!(place.at("s.png").is_file());
    let run = place.fed("explain - --json -d i.refrain", &silence).code(1);
    assert_eq!(
        (document(&run)["query"].clone(), document(&run)["rule"].clone()),
        ("-".into(), "silence".into())
    );
    fs::create_dir(place.at("none")).unwrap();
    place.run(["build", "-q", "none", "-d", "empty.refrain"]);
    let empty = place.run(["explain", "-d", "empty.refrain", &clip("clean.wav")]).code(1);
    assert!(empty.out.ends_with("  no match: the index holds no tracks\n"), "{empty:#?}");
    place.write("text.wav", b"no audio");
    let failed = explain(&place, &["--json", "text.wav", "--out", "t.svg"]).code(2);
    assert_eq!(document(&failed)["status"], "error");
    assert!(failed.err.starts_with("refrain: cannot read text.wav: "), "{failed:#?}");
    assert!(!place.at("t.svg").exists());
}
