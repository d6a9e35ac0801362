//! How the server begins and ends, and who is let in from other computers.
use std::{fs, thread};

use super::{
    client::{Client, wait_for},
    server::Server,
};
use crate::run::{Place, clip, finish};

const SECRET: &str = "a-token-of-some-length";

#[test]
fn without_an_index_the_remedy_is_named() {
    let place = Place::new();
    let run = place.line("serve --db none.refrain --port 0").code(2);
    assert!(
        run.err.contains("no index here; make one with `refrain index build DIR --db none.refrain`"),
        "{run:#?}"
    );
    assert!(!place.at("none.refrain").exists());
}

#[test]
fn other_computers_need_a_token() {
    let place = Place::new();
    let run = place.line("serve --bind 0.0.0.0 --port 0").code(2);
    assert!(run.err.contains("--token-file"), "{run:#?}");
    place.write("short", b"short\n");
    assert!(place.line("serve --token-file short").code(2).err.contains("at least 16 characters"));
    assert!(
        finish(place.command().args(["serve"]).env("REFRAIN_TOKEN", "a b c d e f g h i"))
            .err
            .contains("without spaces")
    );
}

#[test]
fn a_server_with_a_token_answers_only_those_who_know_it() {
    let by_file = Server::with(&["--bind", "0.0.0.0", "--token-file", "token"], |place, _| {
        place.write("token", format!("{SECRET}\n").as_bytes());
    });
    let by_environment = Server::with(&[], |_, command| {
        command.env("REFRAIN_TOKEN", SECRET);
    });
    for server in [by_file, by_environment] {
        for line in ["GET /api/v1/tracks", "POST /api/v1/query", "GET /metrics", "DELETE /api/v1/tracks/1"] {
            server.ask(line, &[], b"").status(401);
            server.ask(line, &[("Authorization", "Bearer another-token-of-some")], b"").status(401);
        }
        let bearer = format!("Bearer {SECRET}");
        server.ask("GET /api/v1/tracks", &[("Authorization", &bearer)], b"").status(200);
        server.get("/livez").status(200);
        server.get("/readyz").status(200);
        // The page has no token before the browser has shown the secret.
        let page = server.get("/").status(200).text();
        assert!(page.contains("name=\"refrain-token\" content=\"\"") && page.contains("content=\"closed\""));
        server.post("/api/v1/session", br#"{"token":"another-token-of-some"}"#).status(401);
        let body = format!("{{\"token\":\"{SECRET}\"}}");
        let let_in = server.post("/api/v1/session", body.as_bytes()).status(204);
        let cookie = let_in.header("set-cookie").unwrap();
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains(SECRET)
        );
        let cookie = [("Cookie", cookie.split(';').next().unwrap())];
        server.ask("GET /api/v1/tracks", &cookie, b"").status(200);
        server.ask("DELETE /api/v1/tracks/1", &cookie, b"").status(401);
        let page = server.ask("GET /", &cookie, b"").status(200).text();
        let (_, rest) = page.split_once("name=\"refrain-token\" content=\"").unwrap();
        let token = rest.split_once('"').unwrap().0;
        server.ask("DELETE /api/v1/tracks/1", &[("X-Refrain-Token", token)], b"").status(200);
    }
}

#[test]
fn a_check_tells_whether_a_server_lives() {
    let mut server = Server::new(&[]);
    let line = format!("serve --check --port {}", server.address.port());
    server.place.line(&line).code(0);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    assert!(server.place.line(&line).code(2).err.contains("no server answers at"));
}

#[test]
#[cfg(unix)]
fn no_request_is_lost_at_the_end() {
    let mut server = Server::new(&["--queue", "64"]);
    let content = fs::read(clip("clean.wav")).unwrap();
    // Sixteen clients have asked, and most of them wait.
    let mut clients: Vec<Client> = (0..16).map(|_| server.client()).collect();
    for client in &mut clients {
        client.start("POST /api/v1/query", &[], &content);
    }
    wait_for("some waiting", || (server.figure("refrain_queue_places") > 4.0).then_some(()));
    server.terminate();
    // Whoever comes while it ends is answered too, or not let in at all.
    thread::scope(|scope| {
        for mut client in clients {
            scope.spawn(move || {
                let answer = client.answer().unwrap().status(200);
                assert_eq!(answer.json()["status"], "match");
            });
        }
    });
    assert_eq!(server.ended(), Some(0));
    let left: Vec<_> =
        fs::read_dir(server.place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["i.refrain"], "the index is one file again");
}

#[test]
#[cfg(unix)]
fn a_build_that_runs_at_the_end_leaves_a_sound_index() {
    use crate::run::{tune, wav};

    let mut server = Server::with(&["--allow-paths"], |place, _| {
        for seed in 0..40 {
            place.write(format!("m/{seed}.wav"), &wav(11_025, 1, &tune(11_025, 60.0, seed)));
        }
    });
    let token = server.token();
    let body = format!("{{\"paths\":[{:?}]}}", server.place.at("m"));
    server.ask("POST /api/v1/builds", &[("X-Refrain-Token", &token)], body.as_bytes()).status(202);
    server.terminate();
    assert_eq!(server.ended(), Some(0));
    server.place.line("index verify --db i.refrain").code(0);
}
