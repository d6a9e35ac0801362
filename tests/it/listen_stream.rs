//! `refrain listen` on a server that the tests make: streams as they should be, and as they should not.
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    cli::library,
    run::{Place, Run, fixture, noise},
};

type Serve = Box<dyn FnOnce(TcpStream, &str) + Send>;

/// A server that answers one connection after the other, each in its own way, and then no more.
struct Station {
    port: u16,
    thread: JoinHandle<Vec<String>>,
}

impl Station {
    fn new(answers: Vec<Serve>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = thread::spawn(move || {
            let mut requests = Vec::new();
            for answer in answers {
                let (connection, _) = listener.accept().unwrap();
                let mut request = String::new();
                let mut reader = BufReader::new(connection.try_clone().unwrap());
                while !request.ends_with("\r\n\r\n") && reader.read_line(&mut request).unwrap() > 0 {}
                answer(connection, &request);
                requests.push(request);
            }
            requests
        });
        Self { port, thread }
    }

    /// Listens to it. Returns the outcome and the requests.
    fn heard(self, path: &str, args: &str) -> (Run, Vec<String>) {
        let line =
            format!("listen http://127.0.0.1:{}{path} --json --db {} {args}", self.port, library().display());
        let run = Place::new().line(&line);
        (run, self.thread.join().unwrap())
    }
}

fn song(name: &str) -> Vec<u8> {
    fs::read(fixture("audio/songs").join(name)).unwrap()
}

/// An answer with a body. A failed write means that the client has had enough.
fn sends(head: String, body: Vec<u8>) -> Serve {
    Box::new(move |mut connection, _| {
        let _ = connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(&body));
    })
}

fn head(fields: &str) -> String {
    format!("HTTP/1.0 200 OK\r\n{fields}\r\n")
}

/// A whole file, after which the command ends.
fn file(kind: &str, body: Vec<u8>) -> Serve {
    sends(head(&format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len())), body)
}

/// A stream with a text after every `every` bytes.
fn with_titles(sound: &[u8], every: usize, text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for block in sound.chunks(every) {
        out.extend(block);
        if block.len() == every {
            let blocks = text.len().div_ceil(16);
            out.push(blocks as u8);
            out.extend(text);
            out.resize(out.len() + blocks * 16 - text.len(), 0);
        }
    }
    out
}

/// Event and title of each document.
fn told(run: &Run) -> Vec<String> {
    let word = |event: &Value| {
        let title =
            event["title"].as_str().or(event["stream_title"].as_str().filter(|_| event["event"] == "title"));
        format!("{} {}", event["event"].as_str().unwrap(), title.unwrap_or_default()).trim().to_owned()
    };
    run.json().iter().map(word).collect()
}

#[test]
fn a_station_that_dies_and_returns_is_followed() {
    let sound = song("paper-lanterns.mp3");
    let middle = sound.len() * 6 / 10;
    let text = b"StreamTitle='A station - It's playing';StreamUrl='';";
    let fields = "Content-Type: audio/mpeg\r\nicy-name: Test\x1b[2J FM\r\nicy-metaint: 8192\r\n";
    let first = with_titles(&sound[..middle], 8192, text);
    let rest = with_titles(&sound[middle..], 8192, text);
    // Some servers are called ICY.
    let icy = format!("ICY 200 OK\r\n{fields}\r\n");
    let last = head(&format!("{fields}Content-Length: {}\r\n", rest.len()));
    let station = Station::new(vec![sends(icy, first), sends(last, rest)]);
    let (run, requests) = station.heard("/live?x=1", "");
    let run = run.code(0);
    assert!(requests.iter().all(|request| request.starts_with("GET /live?x=1 HTTP/1.1\r\n")), "{requests:?}");
    assert!(requests[0].contains("\r\nIcy-MetaData: 1\r\n"), "{requests:?}");
    let expected = [
        "connected",
        "title A station - It's playing",
        "start Paper Lanterns",
        "lost",
        "connected",
        "title A station - It's playing",
        "end Paper Lanterns",
    ];
    assert_eq!(told(&run), expected, "{run:#?}");
    let events = run.json();
    assert_eq!(events[0]["source"].as_str().unwrap().split(" (").next(), Some("Test [2J FM"));
    assert_eq!(events[2]["stream_title"], "A station - It's playing");
    assert!(events[3]["reason"].as_str().unwrap().contains("the server ended the stream"), "{run:#?}");
    assert!(events[6]["end"].as_f64().unwrap() > 28.0, "{run:#?}");
}

#[test]
fn redirects_playlists_and_parts_are_followed() {
    let sound = song("marigold-street.mp3");
    let mut parts = Vec::new();
    for part in sound.chunks(7777) {
        parts.extend(format!("{:x};x=y\r\n", part.len()).bytes());
        parts.extend(part);
        parts.extend(b"\r\n");
    }
    parts.extend(b"0\r\n\r\n");
    let station = Station::new(vec![
        sends("HTTP/1.1 302 Found\r\nLocation: list.pls\r\n\r\n".into(), Vec::new()),
        sends(head("Content-Type: audio/x-scpls\r\n"), b"[playlist]\nFile1=/deep/list\n".to_vec()),
        sends(head("Content-Type: audio/x-mpegurl\r\n"), b"#EXTM3U\nstream?a=b c\n".to_vec()),
        sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".into(), parts),
    ]);
    let (run, requests) = station.heard("/here", "");
    let run = run.code(0);
    assert_eq!(
        told(&run)[1..],
        ["title The Tidewater Set - Marigold Street", "start Marigold Street", "end Marigold Street"],
        "{run:#?}"
    );
    let paths: Vec<&str> = requests.iter().map(|request| request.split(' ').nth(1).unwrap()).collect();
    assert_eq!(paths, ["/here", "/list.pls", "/deep/list", "/deep/stream?a=b%20c"]);
}

/// Each song of an Ogg stream is a stream of its own, with its own tags.
#[test]
fn ogg_streams_may_follow_one_another() {
    let both = [song("glass-meridian.ogg"), song("harbour-lights.ogg")].concat();
    let (run, _) = Station::new(vec![file("application/ogg", both)]).heard("/a.ogg", "");
    let run = run.code(0);
    let told = told(&run);
    let plays: Vec<&String> = told.iter().filter(|event| !event.starts_with("title")).collect();
    assert_eq!(
        plays,
        [
            "connected",
            "start Glass Meridian",
            "start Harbour Lights",
            "end Glass Meridian",
            "end Harbour Lights"
        ],
        "{run:#?}"
    );
    let titles: Vec<&String> = told.iter().filter(|event| event.starts_with("title")).collect();
    assert!(
        titles.len() == 2 && titles[0].ends_with("Glass Meridian") && titles[1].ends_with("Harbour Lights"),
        "{run:#?}"
    );
}

#[test]
fn other_kinds_of_streams_are_heard() {
    for (name, kind, title) in [
        ("quiet-engines.wav", "audio/wav", "Quiet Engines"),
        ("second-orbit.flac", "audio/flac", "Second Orbit"),
        ("north-platform.opus", "audio/ogg", "North Platform"),
    ] {
        let (run, _) = Station::new(vec![file(kind, song(name))]).heard("/", "");
        let told = told(&run.code(0));
        assert!(told.contains(&format!("start {title}")), "{name}: {told:?}");
    }
    // An ADTS stream that begins within a frame.
    let sound = fs::read(fixture("formats/adts.aac")).unwrap();
    let (run, _) = Station::new(vec![file("audio/aac", sound[100..].to_vec())]).heard("/", "");
    assert_eq!(told(&run.code(0)), ["connected"]);
}

/// Waits until the client has closed the connection.
fn until_closed(connection: &mut TcpStream) {
    let _ = connection.set_read_timeout(Some(Duration::from_secs(60)));
    let _ = connection.read(&mut [0; 16]);
}

#[test]
fn a_stream_that_stalls_is_connected_again() {
    let sound = song("paper-lanterns.mp3");
    let (first, rest) = (sound[..sound.len() / 2].to_vec(), sound[sound.len() / 2..].to_vec());
    let stalls: Serve = Box::new(move |mut connection, _| {
        connection.write_all(head("Content-Type: audio/mpeg\r\n").as_bytes()).unwrap();
        connection.write_all(&first).unwrap();
        until_closed(&mut connection);
    });
    let (run, _) = Station::new(vec![stalls, file("audio/mpeg", rest)]).heard("/", "--timeout 0.4");
    let run = run.code(0);
    let plays: Vec<String> = told(&run).into_iter().filter(|event| !event.starts_with("title")).collect();
    assert_eq!(
        plays,
        ["connected", "start Paper Lanterns", "lost", "connected", "end Paper Lanterns"],
        "{run:#?}"
    );
    let lost = run.json().into_iter().find(|event| event["event"] == "lost").unwrap();
    assert!(lost["reason"].as_str().unwrap().contains("sends nothing any more"), "{run:#?}");
    assert_eq!(lost["retry"], 0.25);
}

/// Whatever a server does, the command ends with a message in time, and in little memory.
#[test]
fn hostile_servers_are_left() {
    let endless = |line: &'static [u8]| -> Serve {
        Box::new(move |mut connection, _| {
            let _ = connection.write_all(b"HTTP/1.0 200 OK\r\n");
            while connection.write_all(line).is_ok() {}
        })
    };
    let silent = || -> Serve { Box::new(|mut connection, _| until_closed(&mut connection)) };
    let drips: Serve = Box::new(|mut connection, _| {
        let _ = connection.write_all(b"HTTP/1.0 200 OK\r\n");
        while connection.write_all(b"a").is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
    });
    let loops =
        || (0..6).map(|_| sends("HTTP/1.0 301 x\r\nLocation: /again\r\n\r\n".into(), Vec::new())).collect();
    let garbage = |seed| sends(head("Content-Type: audio/mpeg\r\n"), noise(3 << 20, seed));
    let sluggish: Serve = Box::new(|mut connection, _| {
        let _ = connection.write_all(head("").as_bytes());
        while connection.write_all(b"\0").is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
    });
    let cases: Vec<(&str, Vec<Serve>)> = vec![
        ("the server's head is longer than 32768 bytes", vec![endless(b"X: y\r\n")]),
        ("the server's head is longer than 32768 bytes", vec![endless(b"endless")]),
        ("", vec![silent()]),
        ("the server's head takes too long", vec![drips]),
        ("no sound for", vec![sluggish]),
        ("more than 6 redirects", loops()),
        ("", vec![sends("HTTP/1.0 302 x\r\nLocation: file:///etc/passwd\r\n\r\n".into(), Vec::new())]),
        ("a redirect without an address", vec![sends("HTTP/1.0 302 x\r\n\r\n".into(), Vec::new())]),
        ("there is no such stream (HTTP 404)", vec![sends("HTTP/1.0 404 x\r\n\r\n".into(), Vec::new())]),
        ("HTTP 500", vec![sends("HTTP/1.0 500 x\r\n\r\n".into(), Vec::new())]),
        ("this is no HTTP server", vec![sends("SSH-2.0-x\r\n".into(), Vec::new())]),
        ("without an answer", vec![sends(String::new(), Vec::new())]),
        ("", vec![garbage(1)]),
        (
            "HLS",
            vec![sends(
                head("Content-Type: application/vnd.apple.mpegurl\r\n"),
                b"#EXTM3U\n#EXT-X-VERSION:3\n".to_vec(),
            )],
        ),
        ("contains no stream", vec![sends(head("Content-Type: audio/x-mpegurl\r\n"), vec![b'#'; 1 << 20])]),
    ];
    for (n, (what, answers)) in cases.into_iter().enumerate() {
        let began = Instant::now();
        let (run, _) = Station::new(answers).heard("/", "--timeout 0.4");
        let run = run.code(2);
        assert!(run.err.starts_with("refrain: cannot listen to http://127.0.0.1:"), "{n}: {run:#?}");
        assert!(run.err.contains(what) && run.err.lines().count() == 1, "{n}: {run:#?}");
        assert!(began.elapsed() < Duration::from_secs(30), "{n}: {:?}", began.elapsed());
    }
}

/// The most that texts can be, and more of them than of the sound.
#[test]
fn large_texts_between_the_sound_do_no_harm() {
    let sound = song("paper-lanterns.mp3");
    let text = [b"StreamTitle='\x1b[2J".to_vec(), vec![b'x'; 4000], b"';".to_vec()].concat();
    let body = with_titles(&sound, 512, &text);
    let fields = format!("icy-metaint: 512\r\nContent-Length: {}\r\n", body.len());
    let (run, _) = Station::new(vec![sends(head(&fields), body)]).heard("/", "");
    let run = run.code(0);
    let titles: Vec<Value> = run.json().into_iter().filter(|event| event["event"] == "title").collect();
    assert!(titles.len() <= 2, "{run:#?}");
    assert!(titles[0]["stream_title"].as_str().unwrap().chars().count() <= 500, "{run:#?}");
    assert!(told(&run).contains(&"start Paper Lanterns".to_owned()), "{run:#?}");
    assert!(!run.out.contains("\\u001b"), "{run:#?}");
}
