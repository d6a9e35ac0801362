//! What a stranger may try. The server stays alive, leaks nothing, writes nothing, and takes little memory.
use std::{
    fs,
    time::{Duration, Instant},
};

use super::{
    client::{Client, wait_for},
    server::Server,
};
use crate::run::{clip, tune, wav};

/// The most memory of the server, in bytes.
const MEMORY: u64 = 300 << 20;

/// The body is never sent whole, so the size costs nothing.
const TEN_GB: &str = "10000000000";

/// Asks whether the server is alive, some times. The best time counts: the machine may be busy with other tests.
fn lives(server: &Server) {
    let best = (0..10).map(|_| {
        let began = Instant::now();
        server.get("/livez").status(200);
        began.elapsed()
    });
    let best = best.min().unwrap();
    assert!(best < Duration::from_millis(50), "{best:?}");
}

#[test]
fn a_foreign_host_or_origin_gets_nothing() {
    let server = Server::new(&[]);
    let port = server.address.port();
    let ours = format!("http://127.0.0.1:{port}");
    let token = server.token();
    let (evil, prefixed) = (format!("evil.example:{port}"), format!("localhost.evil.example:{port}"));
    for host in [evil.as_str(), &prefixed, "127.0.0.1", "", "localhost:1"] {
        for line in
            ["GET /", "GET /livez", "GET /api/v1/tracks", "POST /api/v1/query", "DELETE /api/v1/tracks/1"]
        {
            let answer = server.ask(line, &[("Host", host), ("X-Refrain-Token", &token)], b"").status(403);
            assert!(!answer.text().contains(&token));
        }
    }
    for headers in [
        [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site")],
        [("Origin", "null"), ("Sec-Fetch-Site", "cross-site")],
        [("Origin", ours.as_str()), ("Sec-Fetch-Site", "same-site")],
        [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "same-origin")],
    ] {
        for line in ["POST /api/v1/query", "POST /api/v1/builds", "GET /api/v1/tracks"] {
            let asked = [headers[0], headers[1], ("X-Refrain-Token", &token)];
            let answer = server.ask(line, &asked, b"").status(403);
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    // A form of another page, sent by an old browser that says nothing of it: no token, no change.
    server.ask("POST /api/v1/builds", &[("Content-Type", "text/plain")], b"{}").status(401);
    assert_eq!(server.get("/api/v1/builds").json()["builds"].as_array().unwrap().len(), 0);
    let asked = [("Origin", ours.as_str()), ("Sec-Fetch-Site", "same-origin")];
    server.ask("POST /api/v1/query", &asked, &fs::read(clip("clean.wav")).unwrap()).status(200);
    assert!(server.figure("refrain_refused_total{reason=\"host\"}") >= 25.0);
    assert!(server.figure("refrain_refused_total{reason=\"origin\"}") >= 12.0);
    // No preflight of another page succeeds.
    let preflight = [("Origin", "http://evil.example"), ("Access-Control-Request-Method", "DELETE")];
    server.ask("OPTIONS /api/v1/tracks/1", &preflight, b"").status(403);
}

#[test]
fn every_answer_says_what_browsers_may_do_with_it() {
    let server = Server::new(&[]);
    for path in ["/", "/livez", "/api/v1/tracks", "/nothing", "/assets/page.js", "/metrics"] {
        let answer = server.get(path);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
    let page = server.get("/");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(!page.text().contains("http://") && !page.text().contains("https://"));
}

#[test]
fn no_path_leads_out_of_the_index() {
    let server = Server::new(&[]);
    for path in [
        "/../../../etc/passwd",
        "/assets/../../etc/passwd",
        "/assets/..%2f..%2fetc%2fpasswd",
        "/assets/%2e%2e/index.html",
        "/api/v1/tracks/../../../etc/passwd",
        "/api/v1/tracks/%2e%2e%2f%2e%2e/audio",
        "/api/v1/tracks/..%5c..%5c/audio",
        "/api/v1/tracks/1%00/audio",
        "/api/v1/tracks/-1/audio",
        "/api/v1/tracks/4294967296/audio",
        "/api/v1/tracks//etc/passwd/audio",
    ] {
        let answer = server.get(path).status(404);
        assert!(!answer.text().contains("root:"), "{path}");
    }
    let answer = server.post("/api/v1/query", b"no audio").text();
    let folder = server.place.path();
    assert!(!answer.contains("/tmp") && !answer.contains(folder.to_str().unwrap()), "{answer}");
}

#[test]
fn a_file_in_place_of_a_track_is_not_sent_as_it_is() {
    let server = Server::with(&[], |place, _| {
        place.write("m/a.wav", &wav(11_025, 1, &tune(11_025, 10.0, 3)));
        place.line("build -q m --db i.refrain").code(0);
    });
    let id = server.track("a.wav");
    server.place.write("m/a.wav", b"root:secret");
    let answer = server.get(&format!("/api/v1/tracks/{id}/audio")).status(422);
    assert!(!answer.text().contains("secret"));
    fs::remove_file(server.place.at("m/a.wav")).unwrap();
    server.get(&format!("/api/v1/tracks/{id}/audio")).status(404);
}

#[test]
fn a_huge_upload_is_refused_at_once_or_where_it_is_too_large() {
    let server = Server::new(&["--max-upload", "1M"]);
    let mut client = server.client();
    let head = format!("POST /api/v1/query HTTP/1.1\r\nHost: {}\r\n", server.address);
    client.send(format!("{head}Content-Length: {TEN_GB}\r\n\r\n").as_bytes()).unwrap();
    assert_eq!(client.answer().unwrap().status, 413);

    let mut client = server.client();
    client.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).unwrap();
    let chunk = [b"10000\r\n", &[0; 0x10000][..], b"\r\n"].concat();
    let sent = (0..160_000).take_while(|_| client.send(&chunk).is_ok()).count();
    assert!(sent < 2_000, "{sent} chunks of 64 kB were taken");
    let boundary = "POST /api/v1/query HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\n";
    let mut client = server.client();
    let form = format!("{boundary}Host: {}\r\nTransfer-Encoding: chunked\r\n\r\n", server.address);
    client.send(form.as_bytes()).unwrap();
    let sent = (0..160_000).take_while(|_| client.send(&chunk).is_ok()).count();
    assert!(sent < 2_000, "{sent} chunks of a form were taken");
    // A client that sends its body before it reads gets the answer all the same.
    server.post("/api/v1/query", &vec![0; 3 << 20]).status(413);
    lives(&server);
    wait_for("the end of the uploads", || (server.figure("refrain_upload_bytes") == 0.0).then_some(()));
    #[cfg(target_os = "linux")]
    assert!(server.peak() < MEMORY);
    server.post("/api/v1/query", &fs::read(clip("clean.wav")).unwrap()).status(200);
}

/// FLAC frames that hold the same sample 65,535 times take some 12 bytes each.
fn endless_flac(frames: u64) -> Vec<u8> {
    /// A CRC with no reflection.
    fn crc(bytes: &[u8], bits: u32, polynomial: u32) -> u32 {
        let top = 1 << (bits - 1);
        bytes.iter().fold(0, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte) << (bits - 8), |crc, _| {
                let next = crc << 1;
                (if crc & top == 0 { next } else { next ^ polynomial }) & (top << 1).wrapping_sub(1)
            })
        })
    }
    let mut info = vec![0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0];
    // 8,000 Hz, one channel, 16 bits, length unknown.
    info.extend((8_000_u64 << 44 | 15 << 36).to_be_bytes());
    info.extend([0; 16]);
    let mut file = [b"fLaC\x80\0\0\x22", &info[..]].concat();
    for number in 0..frames {
        let mut frame = vec![0xff, 0xf8, 0x70, 0x08];
        frame.extend(char::from_u32(number as u32).unwrap().to_string().as_bytes());
        frame.extend([0xff, 0xfe]);
        frame.push(crc(&frame, 8, 0x07) as u8);
        frame.extend([0, 0x12, 0x34]);
        let check = crc(&frame, 16, 0x8005) as u16;
        frame.extend(check.to_be_bytes());
        file.extend(frame);
    }
    file
}

#[test]
fn a_small_file_that_decodes_without_end_is_refused() {
    let server = Server::new(&["--max-clip", "60", "--max-recording", "120"]);
    // Four hours in 25 kB.
    let file = endless_flac(1_800);
    assert!(file.len() < 32_000);
    let whole: f64 =
        server.place.fed("fingerprint --json --length 10 -", &file).json()[0]["duration"].as_f64().unwrap();
    assert!(whole > 4.0 * 3600.0, "{whole}");
    for path in ["/api/v1/query", "/api/v1/explain", "/api/v1/analyze", "/api/v1/fingerprint?length=0"] {
        let answer = server.post(path, &file).status(422);
        assert!(answer.text().contains("more than 60 s"), "{path}: {}", answer.text());
    }
    let lines = server.post("/api/v1/timeline", &file).status(200).lines();
    assert!(lines.last().unwrap()["error"].as_str().unwrap().contains("more than 120 s"));
    let wide = wav(8_000, 40, &[1000; 40 * 8_000]);
    let answer = server.post("/api/v1/query", &wide).status(422);
    assert!(answer.text().contains("channels"), "{}", answer.text());
    lives(&server);
    #[cfg(target_os = "linux")]
    assert!(server.peak() < MEMORY);
}

#[test]
fn a_thousand_silent_connections_keep_nobody_out() {
    let server = Server::new(&["--connections", "64"]);
    let mut slow: Vec<Client> = Vec::new();
    for n in 0..1_000 {
        let mut client = server.client();
        // Some never say a word, some begin a request and never end it.
        if n % 2 == 0 {
            let _ = client.send(b"POST /api/v1/query HTTP/1.1\r\nHost: 127.");
        }
        slow.push(client);
        if n % 250 == 0 {
            lives(&server);
        }
    }
    lives(&server);
    assert!(server.figure("refrain_connections") <= 64.0);
    let open = slow.iter().filter(|client| client.is_open()).count();
    assert!(open <= 64, "{open} are open");
    server.post("/api/v1/query", &fs::read(clip("clean.wav")).unwrap()).status(200);
    #[cfg(target_os = "linux")]
    assert!(server.peak() < MEMORY);
}

#[test]
fn uploads_that_stall_do_not_hold_up_others_for_long() {
    let server = Server::new(&["--queue", "0", "--queries", "2", "--slow-queries", "1"]);
    let head =
        format!("POST /api/v1/query HTTP/1.1\r\nHost: {}\r\nContent-Length: 100000\r\n\r\n", server.address);
    let mut stalled: Vec<Client> = Vec::new();
    for _ in 0..3 {
        let mut client = server.client();
        client.send(head.as_bytes()).unwrap();
        stalled.push(client);
    }
    wait_for("three places taken", || (server.figure("refrain_queue_places") == 3.0).then_some(()));
    let refused = server.post("/api/v1/query", b"x").status(429);
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(refused.json()["error"].is_string());
    lives(&server);
    for mut client in stalled {
        assert_eq!(client.answer().unwrap().status, 408);
    }
    server.post("/api/v1/query", &fs::read(clip("clean.wav")).unwrap()).status(200);
}

#[test]
fn a_request_head_without_end_is_refused() {
    let server = Server::new(&[]);
    let mut client = server.client();
    client.send(format!("GET /livez HTTP/1.1\r\nHost: {}\r\n", server.address).as_bytes()).unwrap();
    let line = format!("X-Filler: {}\r\n", "y".repeat(1000));
    let sent = (0..100_000).take_while(|_| client.send(line.as_bytes()).is_ok()).count();
    assert!(sent < 20_000, "{sent} lines were taken");
    // What is no HTTP at all.
    for bytes in
        [&b"\x16\x03\x01\x02\0\x01\0"[..], b"\0\0\0\0\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\r\n\r\n"]
    {
        let mut client = server.client();
        let _ = client.send(bytes);
        let answered = client.answer();
        assert!(answered.is_err() || answered.unwrap().status >= 400);
    }
    // Two lengths, or a length and chunks, as in request smuggling.
    for framing in [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5\r\nTransfer-Encoding: chunked, identity",
    ] {
        let mut client = server.client();
        let head = format!("POST /api/v1/query HTTP/1.1\r\nHost: {}\r\n{framing}\r\n\r\n", server.address);
        client.send(head.as_bytes()).unwrap();
        let answered = client.answer();
        assert!(answered.is_err() || answered.unwrap().status >= 400);
    }
    lives(&server);
}
