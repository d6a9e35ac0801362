//! A small indexed library for tests, and the commands that keep its index up to date.
use serde_json::Value;

use super::run::{Place, Run, tune, wav};

/// A place with three tunes and a file that is not audio in the folder `m`. All are indexed.
pub fn place() -> Place {
    let place = Place::new();
    for (name, seed) in [("m/a.wav", 1), ("m/b.wav", 2), ("m/deep/c.wav", 3)] {
        place.write(name, &wav(8_000, 1, &tune(8_000, 4.0, seed)));
    }
    place.write("m/text.mp3", b"text");
    index(&place, "build --quiet m").code(0);
    place
}

/// Runs a subcommand of `index`.
pub fn index(place: &Place, args: &str) -> Run {
    place.line(&format!("index {args} --db i.refrain"))
}

/// The messages of `index update`.
pub fn update(place: &Place, args: &str) -> String {
    place.told(&index(place, &format!("update {args}")).code(0).err)
}

/// A line for each track: its id and its paths below the place. A `?` follows a path that is missing.
pub fn listed(place: &Place) -> Vec<String> {
    let folder = format!("{}/", place.path().display());
    let of = |track: &Value| {
        let files = track["files"].as_array().unwrap().iter().map(|file| {
            let path = file["path"].as_str().unwrap().replace(&folder, "");
            format!(" {path}{}", if file["missing"] == true { "?" } else { "" })
        });
        format!("{}{}", track["id"], files.collect::<String>())
    };
    index(place, "list --json").code(0).json().iter().map(of).collect()
}
