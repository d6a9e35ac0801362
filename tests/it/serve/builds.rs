//! Builds: one at a time, with progress, and cancelled on demand.
use super::server::Server;
use crate::run::{tune, wav};

#[test]
fn a_build_adds_what_is_new_and_tells_how_it_goes_on() {
    let server = Server::with(&[], |place, _| {
        place.write("m/0.wav", &wav(11_025, 1, &tune(11_025, 10.0, 1)));
        place.line("build -q m --db i.refrain").code(0);
        for seed in 1..4 {
            place.write(format!("m/{seed}.wav"), &wav(11_025, 1, &tune(11_025, 10.0, 1 + seed)));
        }
        place.write("m/bad.mp3", b"no audio");
    });
    let before = server.get("/api/v1/tracks").json()["total"].as_u64().unwrap();
    let token = server.token();
    let key = [("Authorization", format!("Bearer {token}"))];
    let key = [(key[0].0, key[0].1.as_str())];
    server.ask("POST /api/v1/builds", &[], b"").status(401);
    assert_eq!(server.get("/api/v1/builds").json()["builds"].as_array().unwrap().len(), 0);
    let begun = server.ask("POST /api/v1/builds", &key, b"{}").status(202);
    assert_eq!(begun.header("location"), Some("/api/v1/builds/1"));
    // The events end with the build.
    let events = server.get("/api/v1/builds/1/events").status(200);
    assert_eq!(events.header("content-type"), Some("text/event-stream"));
    let text = events.text();
    let (_, last) = text.rsplit_once("event: end\ndata: ").unwrap();
    let last: serde_json::Value = serde_json::from_str(last.trim()).unwrap();
    assert_eq!((&last["state"], &last["added"], &last["errors"]), (&"done".into(), &3.into(), &1.into()));
    assert!(last["failed"][0]["path"].as_str().unwrap().ends_with("bad.mp3"));
    assert_eq!(server.get("/api/v1/builds/1").json(), last);
    assert_eq!(server.get("/api/v1/tracks").json()["total"].as_u64().unwrap(), before + 3);
    server.ask("POST /api/v1/builds", &key, br#"{"paths":["/tmp"]}"#).status(403);
    server.ask("POST /api/v1/builds", &key, br#"{"path":["/tmp"]}"#).status(400);
    server.ask("POST /api/v1/builds", &key, b"not JSON").status(400);
}

#[test]
fn a_build_is_cancelled_and_the_next_one_goes_on() {
    let server = Server::with(&["--allow-paths"], |place, _| {
        for seed in 0..40 {
            place.write(format!("m/{seed}.wav"), &wav(11_025, 1, &tune(11_025, 60.0, seed)));
        }
    });
    let token = server.token();
    let key = [("X-Refrain-Token", token.as_str())];
    let body = format!("{{\"paths\":[{:?}]}}", server.place.at("m"));
    server.ask("POST /api/v1/builds", &key, body.as_bytes()).status(202);
    server.ask("POST /api/v1/builds", &key, body.as_bytes()).status(409);
    server.ask("DELETE /api/v1/builds/1", &[], b"").status(401);
    let ended = server.ask("DELETE /api/v1/builds/1", &key, b"").status(200).json();
    assert_eq!(ended["state"], "cancelled", "{ended}");
    server.get("/api/v1/builds/1").status(404);
    server.ask("POST /api/v1/builds", &key, body.as_bytes()).status(202);
    let text = server.get("/api/v1/builds/2/events").status(200).text();
    assert!(text.contains("\"state\":\"done\""), "{text}");
    assert_eq!(server.get("/api/v1/tracks").json()["total"], 50);
    server.ask("DELETE /api/v1/builds/7", &key, b"").status(404);
}
