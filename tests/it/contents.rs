//! The content of an index: its tracks, and the files that could not be used.
use std::fs::{self, File};

use insta::assert_snapshot;
use rusqlite::Connection;

use super::{
    run::{Place, tune, wav},
    small_library::{index, listed, place, update},
};

#[test]
fn tracks_are_listed_for_people_and_programs() {
    let place = Place::new();
    place.song("paper-lanterns.mp3", "m/a.mp3");
    place.song("paper-lanterns.mp3", "m/b.mp3");
    place.write("m/c, d.wav", &wav(8_000, 1, &tune(8_000, 4.0, 1)));
    index(&place, "build --quiet m").code(0);
    fs::remove_file(place.at("m/a.mp3")).unwrap();
    update(&place, "");
    assert_snapshot!(place.told(&index(&place, "list").code(0).out), @r"
    track                           length  id  album             file
    Mira Holloway - Paper Lanterns  0:35.6   1  Refrain Fixtures  m/b.mp3
      also as m/a.mp3 (missing)
    m/c, d.wav                      0:04.0   2
    ");
    let tracks = index(&place, "list --json").code(0).json();
    let keys: Vec<&str> = tracks[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "acoustid",
            "album",
            "artist",
            "channels",
            "disc_number",
            "duration",
            "files",
            "frames",
            "hash",
            "id",
            "missing",
            "other_artists",
            "path",
            "recording_mbid",
            "release_mbid",
            "sample_rate",
            "title",
            "track_number",
            "windows"
        ]
    );
    assert_eq!((&tracks[0]["channels"], &tracks[0]["sample_rate"]), (&2.into(), &44100.into()));
    assert_eq!(tracks[0]["hash"].as_str().unwrap().len(), 64);
    assert_eq!(index(&place, "list --json m/a.mp3").json(), tracks[..1]);
    assert_eq!(index(&place, "list --json 2 c,*").json(), tracks[1..]);
    let csv = place.told(&index(&place, "list --csv").code(0).out);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines[0].starts_with("id,path,missing,size,"), "{csv}");
    assert!(lines[1].starts_with("1,DIR/m/b.mp3,false,356932,"), "{csv}");
    assert!(lines[2].starts_with("1,DIR/m/a.mp3,true,356932,"), "{csv}");
    assert!(lines[3].starts_with("2,\"DIR/m/c, d.wav\",false,"), "{csv}");
    let gone = index(&place, "list x.mp3").code(1);
    assert_eq!(
        (gone.out.as_str(), gone.err.as_str()),
        (
            "",
            "refrain: found no track for x.mp3 in i.refrain; `refrain index list --db i.refrain` lists all tracks\n"
        )
    );
    index(&place, "list --json --csv").code(2);
}

#[test]
fn errors_are_listed_and_tried_again() {
    let place = place();
    place.write("m/more.ogg", b"OggS and no more");
    index(&place, "build -q m").code(0);
    let errors = index(&place, "errors").code(0);
    assert_eq!(errors.err, "2 errors; `refrain index errors --retry --db i.refrain` tries again\n");
    let before = place.told(&errors.out);
    assert_eq!(before.lines().count(), 2);
    assert_eq!(before.lines().last(), Some("m/text.mp3: not an audio file of a known format"));
    let json = index(&place, "errors --json").code(0).json();
    assert_eq!(json[1]["reason"], "not an audio file of a known format");
    // The file is repaired, but keeps its length and date.
    let text = place.at("m/text.mp3");
    let date = fs::metadata(&text).unwrap().modified().unwrap();
    Connection::open(place.at("i.refrain"))
        .unwrap()
        .execute("UPDATE file SET size = 64044 WHERE track IS NULL", [])
        .unwrap();
    place.write("m/text.mp3", &wav(8_000, 1, &tune(8_000, 4.0, 8)));
    File::options().append(true).open(&text).unwrap().set_modified(date).unwrap();
    fs::remove_file(place.at("m/more.ogg")).unwrap();
    assert!(index(&place, "build m").code(0).err.contains("1 earlier error"));
    let retried = index(&place, "errors --retry").code(0);
    assert_eq!(retried.out, "");
    assert!(retried.err.starts_with("1 file added (4 s"), "{retried:#?}");
    assert_eq!(listed(&place)[3], "4 m/text.mp3");
}
