//! Indexes of formats 2 to 4: readers read them as they are, and a writer migrates them.
use std::fs;

use super::{
    run::{Place, clip, dump, fixture},
    small_library::{index, listed},
};

/// A file of an old format, as the refrain before the next format wrote it.
fn old(place: &Place, format: u32) -> Vec<u8> {
    let bytes = fs::read(fixture(&format!("index/format_{format}.refrain"))).unwrap();
    place.write("i.refrain", &bytes);
    bytes
}

#[test]
fn an_index_of_an_old_format_is_read_as_it_is() {
    for format in [2, 3, 4] {
        let place = Place::new();
        let bytes = old(&place, format);
        let clean = clip("clean.wav");
        let query = ["query", "--json", "--db", "i.refrain", clean.to_str().unwrap()];
        let found = place.run(query).code(0).json().remove(0);
        assert_eq!(found["matches"][0]["path"], "/music/second-orbit.flac");
        let info = index(&place, "info --json").code(0).json().remove(0);
        assert_eq!((&info["format"], &info["through_ffmpeg"]), (&format.into(), &0.into()));
        assert_eq!(listed(&place), ["2 /music/paper-lanterns.mp3", "3 /music/second-orbit.flac"]);
        assert_eq!(
            index(&place, "errors").code(0).out,
            "/music/broken.mp3: not an audio file of a known format\n"
        );
        index(&place, "verify").code(0);
        index(&place, "export --file copy.refrain").code(0);
        assert_eq!(place.line("index list --json --db copy.refrain").code(0).json().len(), 2);
        place.line("index merge --db new.refrain i.refrain").code(0);
        assert_eq!(place.line("index info --json --db new.refrain").json()[0]["format"], 5);
        assert_eq!(fs::read(place.at("i.refrain")).unwrap(), bytes, "readers change nothing");
    }
}

#[test]
fn a_writer_migrates_an_index_of_an_old_format() {
    for format in [2, 3, 4] {
        let place = Place::new();
        old(&place, format);
        let rows = || {
            let tables = ["frame_block", "window_block", "root", "meta"];
            let rows = dump(&place.at("i.refrain")).into_iter();
            rows.filter(|row| tables.iter().any(|table| row.starts_with(table))).collect::<Vec<_>>()
        };
        let before = rows();
        // The folder is not there.
        let updated = index(&place, "update").code(0);
        assert!(updated.err.contains("2 missing"), "{updated:?}");
        let info = index(&place, "info --json").json().remove(0);
        assert_eq!(
            (&info["format"], &info["tracks"], &info["through_ffmpeg"]),
            (&5.into(), &2.into(), &0.into())
        );
        index(&place, "verify").code(0);
        assert_eq!(rows(), before);
        // Both have the schema of a new file, apart from the texts of views.
        index(&place, "export --file copy.refrain").code(0);
        place.line("index verify --db copy.refrain").code(0);
    }
}
