//! Answers equal the documents of the command.
use std::fs;

use serde_json::Value;

use super::server::{Server, form};
use crate::run::clip;

/// A clip that matches, one that matches through noise, and two that do not.
const CLIPS: [(&str, i32); 4] = [("clean.wav", 0), ("noisy.mp3", 0), ("stranger.ogg", 1), ("hum.flac", 1)];

fn bytes(name: &str) -> Vec<u8> {
    fs::read(clip(name)).unwrap()
}

/// The command's line about a clip on standard input.
fn line(server: &Server, args: &str, input: &[u8]) -> String {
    server.place.fed(&format!("{args} --db i.refrain"), input).out
}

#[test]
fn a_query_answers_like_the_command() {
    let server = Server::new(&[]);
    for (name, _) in CLIPS {
        let content = bytes(name);
        let by_stream = line(&server, "query --json -", &content);
        let answer = server.post("/api/v1/query", &content).status(200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.text(), by_stream, "{name}");
        let (kind, body) = form(name, &content);
        let answer = server.ask("POST /api/v1/query", &[("Content-Type", &kind)], &body).status(200);
        assert_eq!(answer.text(), by_stream.replace(r#""query":"-""#, &format!(r#""query":"{name}""#)));
    }
    let content = bytes("clean.wav");
    for (options, args) in [
        ("top=1&explain=true", "--top 1 --explain"),
        ("fast=true", "--fast"),
        ("exact=true&min_score=0.5", "--exact --min-score 0.5"),
        ("pitch=1&tempo=1.1", "--pitch 1 --tempo 1.1"),
    ] {
        let answer = server.post(&format!("/api/v1/query?{options}"), &content).status(200);
        assert_eq!(answer.text(), line(&server, &format!("query --json {args} -"), &content), "{options}");
    }
    assert_eq!(server.figure("refrain_query_duration_seconds_count{outcome=\"match\"}"), 8.0);
    assert_eq!(server.figure("refrain_query_duration_seconds_count{outcome=\"no_match\"}"), 4.0);
}

#[test]
fn a_clip_that_cannot_be_read_gets_the_document_of_its_error() {
    let server = Server::new(&[]);
    for content in [&b"no audio at all"[..], b""] {
        let answer = server.post("/api/v1/query", content).status(422);
        assert_eq!(answer.text(), line(&server, "query --json -", content));
        assert_eq!(answer.json()["status"], "error");
    }
    let (kind, body) = form("../../a.wma", b"no audio at all");
    let answer = server.ask("POST /api/v1/query", &[("Content-Type", &kind)], &body).status(422);
    assert_eq!(answer.json()["query"], "a.wma");
    assert!(answer.json()["error"].as_str().unwrap().starts_with("a.wma: "), "{}", answer.text());
}

#[test]
fn other_answers_are_those_of_the_command() {
    let server = Server::new(&[]);
    let content = bytes("clean.wav");
    for (path, args) in [
        ("/api/v1/explain", "explain --json -"),
        ("/api/v1/analyze", "analyze --json -"),
        ("/api/v1/fingerprint?length=7", "fingerprint --json --length 7 -"),
        ("/api/v1/fingerprint?raw=true&algorithm=1", "fingerprint --json --raw --algorithm 1 -"),
    ] {
        let answer = server.post(path, &content).status(200);
        assert_eq!(answer.text(), line(&server, args, &content), "{path}");
    }
    let id = server.track("quiet-engines.wav");
    let answer = server.post(&format!("/api/v1/explain?track={id}"), &content).status(200);
    assert_eq!(answer.text(), line(&server, &format!("explain --json - {id}"), &content));
    let whole = server.post("/api/v1/explain?format=both&theme=dark", &content).status(200).json();
    assert_eq!(whole["document"]["rule"], "match");
    let picture = server.post("/api/v1/explain?format=svg&theme=dark", &content).status(200);
    assert_eq!(picture.header("content-type"), Some("image/svg+xml"));
    assert_eq!(Value::from(picture.text()), whole["svg"]);
    assert!(picture.header("content-security-policy").unwrap().contains("sandbox"));
    server.post("/api/v1/explain?track=99999", &content).status(404);
}

#[test]
fn a_timeline_comes_line_by_line() {
    let server = Server::new(&[]);
    let content = fs::read(crate::run::fixture("audio/songs/second-orbit.flac")).unwrap();
    let answer = server.post("/api/v1/timeline", &content).status(200);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    let text = answer.text();
    let last = text.lines().last().unwrap();
    assert_eq!(format!("{last}\n"), line(&server, "timeline --json -", &content));
    let lines = answer.lines();
    let plays: Vec<&Value> = lines.iter().filter_map(|line| line.get("play")).collect();
    assert!(!plays.is_empty());
    assert_eq!(plays, lines.last().unwrap()["plays"].as_array().unwrap().iter().collect::<Vec<_>>());
    let bad = server.post("/api/v1/timeline?name=x", b"no audio at all").status(200).lines();
    assert_eq!(bad.last().unwrap()["status"], "error");
}

#[test]
fn duplicates_are_those_of_the_command() {
    let server = Server::with(&[], |place, _| {
        for song in ["paper-lanterns.mp3", "second-orbit.flac"] {
            place.song(song, format!("more/{song}"));
        }
        place.line("build -q more --db i.refrain").code(0);
    });
    for options in ["?measure=false", ""] {
        let args = if options.is_empty() { "duplicates --json" } else { "duplicates --json --no-measure" };
        let answer = server.get(&format!("/api/v1/duplicates{options}")).status(200);
        let text = answer.text();
        let groups: Vec<&str> = text.lines().filter(|line| line.starts_with("{\"files\"")).collect();
        assert_eq!(groups.len(), 2, "{text}");
        assert_eq!(groups.join("\n") + "\n", server.place.line(&format!("{args} --db i.refrain")).out);
        assert_eq!(answer.lines().last().unwrap()["groups"], 2);
    }
}

#[test]
fn a_path_is_taken_only_if_paths_are_allowed() {
    let path = clip("clean.wav");
    let (path, line) = (path.to_str().unwrap(), "POST /api/v1/query?path=");
    let closed = Server::new(&[]);
    closed.ask(&format!("{line}{path}"), &[], b"").status(403);
    closed.ask(&format!("{line}/etc/passwd"), &[], b"").status(403);
    drop(closed);
    let open = Server::new(&["--allow-paths"]);
    let answer = open.ask(&format!("{line}{path}"), &[], b"").status(200);
    assert_eq!(answer.text(), open.place.run(["query", "--json", "--db", "i.refrain", path]).out);
    open.ask(&format!("{line}no-such-file"), &[], b"").status(400);
    open.ask(&format!("{line}/no-such-file"), &[], b"").status(404);
}

#[test]
fn mistakes_are_named() {
    let server = Server::new(&[]);
    for (line, status, says) in [
        ("POST /api/v1/query?topp=1", 400, "topp"),
        ("POST /api/v1/query?top=0", 400, "top"),
        ("POST /api/v1/query?min_score=2", 400, "from 0 to 1"),
        ("POST /api/v1/query?pitch=NaN", 400, "from 0 to 6"),
        ("POST /api/v1/fingerprint?algorithm=3", 400, "1, 2, 4 or 5"),
        ("GET /api/v1/tracks?limit=0", 400, "limit"),
        ("GET /api/v1/tracks?sort=colour", 400, "sort"),
        ("GET /api/v1/tracks/99999", 404, "no track with the id 99999"),
        ("GET /api/v1/tracks/x", 404, "whole number"),
        ("GET /api/v1/tracks/99999/versions", 404, "no track with the id 99999"),
        ("GET /api/v1/tracks/99999/similar", 404, "no track with the id 99999"),
        ("GET /api/v1/tracks/1/versions?top=101", 400, "from 1 to 100"),
        ("GET /api/v1/tracks/1/versions?min_score=2", 400, "from 0 to 1"),
        ("GET /api/v1/tracks/1/versions?copies=1", 400, "copies"),
        ("GET /api/v1/tracks/1/similar?top=0", 400, "top"),
        ("GET /api/v1/tracks/1/similar?min_score=0.5", 400, "min_score"),
        ("GET /api/v1/nothing", 404, "nothing at this address"),
        ("GET /api/v1/query", 405, "does not take this HTTP method"),
        ("GET /api/v1/builds/7", 404, "no build 7"),
    ] {
        let answer = server.ask(line, &[], b"").status(status);
        let problem = answer.json();
        let error = problem["error"].as_str().unwrap();
        assert!(error.contains(says), "{line}: {error}");
        assert_eq!(problem.as_object().unwrap().len(), 1);
    }
}

#[test]
fn the_description_lists_every_address_of_the_manual() {
    let server = Server::new(&[]);
    let described = server.get("/api/v1/openapi.json").status(200).json();
    assert!(described["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut all: Vec<String> = Vec::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        let path = path.trim_start_matches("/api/v1");
        all.extend(
            methods.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())),
        );
    }
    let manual = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/serve.md")).unwrap();
    let rows = manual.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let mut told: Vec<String> = rows
        .filter(|row| ["GET /", "POST /", "DELETE /"].iter().any(|method| row.starts_with(method)))
        .filter(|row| *row != "GET /")
        .map(str::to_owned)
        .collect();
    all.sort();
    told.sort();
    assert_eq!(told, all);
}
