//! Tracks: lists, their sound, their pictures, adding and removing.
use std::fs;

use super::server::{Server, form};
use crate::run::{fixture, tune, wav};

#[test]
fn tracks_are_listed_page_by_page() {
    let server = Server::new(&[]);
    let all = server.get("/api/v1/tracks").status(200).json();
    assert_eq!((&all["total"], &all["offset"]), (&10.into(), &0.into()));
    let whole = server.place.line("list --json --db i.refrain").json();
    assert_eq!(all["tracks"].as_array().unwrap(), &whole);
    let page = server.get("/api/v1/tracks?offset=3&limit=2").status(200).json();
    assert_eq!(page["tracks"].as_array().unwrap(), &whole[3..5]);
    assert_eq!(page["total"], 10);
    let by_title = server.get("/api/v1/tracks?sort=title").status(200).json();
    assert_eq!(
        by_title["tracks"].as_array().unwrap(),
        &server.place.line("list --json --sort title --db i.refrain").json()
    );
    let found = server.get("/api/v1/tracks?q=songs%20ORBIT").status(200).json();
    assert_eq!(found["total"], 1);
    assert!(found["tracks"][0]["path"].as_str().unwrap().ends_with("second-orbit.flac"));
    assert_eq!(server.get("/api/v1/tracks?q=nosuchword").status(200).json()["total"], 0);
    let huge = server.get("/api/v1/tracks?offset=4294967295").status(200).json();
    assert_eq!(huge["tracks"].as_array().unwrap().len(), 0);
    let id = whole[2]["id"].as_u64().unwrap();
    assert_eq!(server.get(&format!("/api/v1/tracks/{id}")).status(200).json(), whole[2]);
    let with_copies = server.get(&format!("/api/v1/tracks/{id}?copies=true")).status(200).json();
    assert!(with_copies["copies"].is_array());
}

#[test]
fn a_file_that_browsers_play_is_sent_as_it_is_or_in_part() {
    let server = Server::new(&[]);
    let (id, content) = (server.track("marigold-street.mp3"), fixture("audio/songs/marigold-street.mp3"));
    let (path, content) = (format!("GET /api/v1/tracks/{id}/audio"), fs::read(content).unwrap());
    let answer = server.ask(&path, &[], b"").status(200);
    assert_eq!(answer.header("content-type"), Some("audio/mpeg"));
    assert_eq!(answer.header("accept-ranges"), Some("bytes"));
    assert!(answer.body == content);
    let tag = answer.header("etag").unwrap().to_owned();
    let len = content.len();
    for (range, from, to) in [
        ("bytes=0-99", 0, 100),
        ("bytes=1000-", 1000, len),
        ("bytes=-500", len - 500, len),
        ("bytes=5-99999999999999999999", 5, len),
    ] {
        let answer = server.ask(&path, &[("Range", range), ("If-Range", &tag)], b"").status(206);
        assert!(answer.body == content[from..to], "{range}");
        assert_eq!(answer.header("content-range").unwrap(), format!("bytes {from}-{}/{len}", to - 1));
    }
    for range in [
        "bytes=99999999999999999999-",
        "bytes=18446744073709551615-18446744073709551615",
        "bytes=-0",
        "bytes=9-1",
    ] {
        let answer = server.ask(&path, &[("Range", range)], b"").status(416);
        assert_eq!(answer.header("content-range").unwrap(), format!("bytes */{len}"), "{range}");
    }
    for range in ["bytes=0-1,4-5", "lines=1-2", "bytes=x-"] {
        server.ask(&path, &[("Range", range)], b"").status(200);
    }
    let other = [("Range", "bytes=0-99"), ("If-Range", "\"other\"")];
    assert_eq!(server.ask(&path, &other, b"").status(200).body.len(), len);
    server.ask("GET /api/v1/tracks/99999/audio", &[], b"").status(404);
    // Ranges are for GET.
    let mut client = server.client();
    client.start(&path.replace("GET", "HEAD"), &[("Range", "bytes=0-99"), ("Connection", "close")], b"");
    let head = String::from_utf8(client.rest()).unwrap().to_lowercase();
    assert!(
        head.starts_with("http/1.1 200 ") && head.contains(&format!("\r\ncontent-length: {len}\r\n")),
        "{head}"
    );
}

#[test]
fn other_files_are_decoded_to_wav_of_which_parts_can_be_had() {
    let server = Server::with(&[], |place, _| {
        place.write("more/a.aiff", &aiff(&tune(11_025, 20.0, 9)));
        place.line("build -q more --db i.refrain").code(0);
    });
    let id = server.track("a.aiff");
    for path in [format!("GET /api/v1/tracks/{id}/audio"), format!("GET /api/v1/tracks/{id}/audio?as=wav")] {
        let whole = server.ask(&path, &[], b"").status(200);
        assert_eq!(whole.header("content-type"), Some("audio/wav"));
        // The very samples of the file.
        assert!(whole.body == wav(11_025, 1, &tune(11_025, 20.0, 9)), "{path}");
        let part = server.ask(&path, &[("Range", "bytes=44-143")], b"").status(206);
        assert!(part.body == whole.body[44..144]);
    }
    let flac = server.track("second-orbit.flac");
    let decoded = server.get(&format!("/api/v1/tracks/{flac}/audio?as=wav")).status(200);
    assert!(decoded.body.len() > 100_000);
    server.get(&format!("/api/v1/tracks/{flac}/audio?as=mp3")).status(400);
}

/// An AIFF file of one channel with 16 bits at 11,025 Hz.
fn aiff(samples: &[i16]) -> Vec<u8> {
    let sound: Vec<u8> = samples.iter().flat_map(|sample| sample.to_be_bytes()).collect();
    let rate = [0x40, 0x0c, 0xac, 0x44, 0, 0, 0, 0, 0, 0];
    let about =
        [&1_u16.to_be_bytes()[..], &(samples.len() as u32).to_be_bytes(), &16_u16.to_be_bytes(), &rate]
            .concat();
    let chunk = |id: &[u8], content: &[u8]| [id, &(content.len() as u32).to_be_bytes(), content].concat();
    let chunks = [chunk(b"COMM", &about), chunk(b"SSND", &[&[0; 8], &sound[..]].concat())].concat();
    chunk(b"FORM", &[b"AIFF", &chunks[..]].concat())
}

/// An MP3 file without the tag at its beginning.
fn untagged(song: &[u8]) -> &[u8] {
    let size = song[6..10].iter().fold(0, |size, byte| size << 7 | usize::from(*byte));
    if song.starts_with(b"ID3") { &song[10 + size..] } else { song }
}

/// An ID3v2.3 tag with a picture and a title, before an MP3 file.
fn with_tag(song: &[u8], title: &str, picture: &[u8]) -> Vec<u8> {
    let frame =
        |id: &[u8], content: &[u8]| [id, &(content.len() as u32).to_be_bytes(), b"\0\0", content].concat();
    let picture = [&b"\0image/png\0\x03\0"[..], picture].concat();
    let frames = [frame(b"TIT2", &[b"\0", title.as_bytes()].concat()), frame(b"APIC", &picture)].concat();
    let size = frames.len() as u32;
    let size = [21, 14, 7, 0].map(|shift| (size >> shift & 0x7f) as u8);
    [b"ID3\x03\0\0", &size[..], &frames, song].concat()
}

#[test]
fn a_picture_is_what_its_bytes_say() {
    const SCRIPT: &str = "<script>alert(1)</script>";
    let song = fs::read(fixture("audio/songs/marigold-street.mp3")).unwrap();
    let png = [b"\x89PNG\r\n\x1a\n", &[7; 100][..]].concat();
    let evil = format!("<svg xmlns='http://www.w3.org/2000/svg'>{SCRIPT}</svg>");
    let server = Server::with(&[], |place, _| {
        place.write("more/good.mp3", &with_tag(untagged(&song), SCRIPT, &png));
        let other = fs::read(fixture("audio/songs/paper-lanterns.mp3")).unwrap();
        place.write("more/evil.mp3", &with_tag(untagged(&other), "Evil", evil.as_bytes()));
        place.line("build -q more --db i.refrain").code(0);
    });
    let good = server.track("good.mp3");
    let answer = server.get(&format!("/api/v1/tracks/{good}/cover")).status(200);
    assert_eq!(answer.header("content-type"), Some("image/png"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(answer.body == png);
    // A title is data in JSON, and never part of a page.
    let shown = server.get(&format!("/api/v1/tracks/{good}")).status(200);
    assert_eq!(shown.json()["title"], SCRIPT);
    assert_eq!(shown.header("content-type"), Some("application/json"));
    server.get(&format!("/api/v1/tracks/{}/cover", server.track("evil.mp3"))).status(404);
    server.get(&format!("/api/v1/tracks/{}/cover", server.track("second-orbit.flac"))).status(404);
}

#[test]
fn a_track_is_added_and_removed_and_its_file_stays() {
    let server = Server::with(&["--allow-paths"], |place, _| {
        place.song("second-orbit.flac", "mine/second-orbit.flac");
    });
    let token = server.token();
    let key = [("X-Refrain-Token", token.as_str())];
    let song = wav(11_025, 1, &tune(11_025, 20.0, 7));
    server.ask("POST /api/v1/tracks?name=new.wav", &[], &song).status(401);
    server.ask("POST /api/v1/tracks", &key, &song).status(400);
    let (kind, body) = form("/etc/new.wav", &song);
    let added =
        server.ask("POST /api/v1/tracks", &[key[0], ("Content-Type", &kind)], &body).status(201).json();
    assert_eq!(added["new"], true);
    let id = added["id"].as_u64().unwrap();
    assert_eq!(server.get(&format!("/api/v1/tracks/{id}")).status(200).json()["path"], "new.wav");
    let found = server.post("/api/v1/query", &song).status(200).json();
    assert_eq!(found["matches"][0]["id"], id);
    assert_eq!(server.figure("refrain_tracks"), 11.0);
    // It has no file, whatever lies in the server's folder.
    server.place.write("new.wav", &song);
    server.get(&format!("/api/v1/tracks/{id}/audio")).status(404);
    server.ask(&format!("DELETE /api/v1/tracks/{id}"), &[], b"").status(401);
    let removed = server.ask(&format!("DELETE /api/v1/tracks/{id}"), &key, b"").status(200).json();
    assert_eq!(removed["removed"], 1);
    server.ask(&format!("DELETE /api/v1/tracks/{id}"), &key, b"").status(404);
    server.get(&format!("/api/v1/tracks/{id}")).status(404);

    let mine = server.place.at("mine/second-orbit.flac");
    let line = format!("POST /api/v1/tracks?path={}", mine.display());
    let known = server.ask(&line, &key, b"").status(200).json();
    let id = known["id"].as_u64().unwrap();
    let removed = server.ask(&format!("DELETE /api/v1/tracks/{id}"), &key, b"").status(200).json();
    // The fixtures' file has the same bytes.
    assert_eq!(removed["removed"], 2);
    assert!(mine.is_file());
}
