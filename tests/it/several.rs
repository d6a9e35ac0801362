//! `--db` more than once: several indexes that are read as one.
use insta::assert_snapshot;
use serde_json::Value;

use super::run::{Place, fixture, tune, wav};

/// Ten songs in one index, and in two. The second of the two also has a file with the content of a song of the first.
fn place() -> Place {
    let place = Place::new();
    let mut songs: Vec<_> =
        std::fs::read_dir(fixture("audio/songs")).unwrap().map(|e| e.unwrap().path()).collect();
    songs.sort();
    for (n, song) in songs.iter().enumerate() {
        let name = song.file_name().unwrap().to_str().unwrap();
        let folder = if n < songs.len() / 2 { "a" } else { "b" };
        place.write(format!("m/{folder}/{name}"), &std::fs::read(song).unwrap());
    }
    place.write("m/b/z copy.m4a", &std::fs::read(&songs[0]).unwrap());
    place.line("index build -q --db one.refrain m").code(0);
    place.line("index build -q --db a.refrain m/a").code(0);
    place.line("index build -q --db b.refrain m/b").code(0);
    place
}

/// Takes out of a document what is a file's own. Returns which indexes had the tracks.
fn without_shards(document: &mut Value) -> Vec<String> {
    let mut shards = Vec::new();
    for list in ["matches", "candidates", "plays"] {
        for found in document[list].as_array_mut().into_iter().flatten() {
            let found = found.as_object_mut().unwrap();
            found.remove("id");
            shards.extend(found.remove("shard").map(|shard| shard.as_str().unwrap().to_owned()));
        }
        if document[list].is_null() {
            document.as_object_mut().unwrap().remove(list);
        }
    }
    shards
}

#[test]
fn two_indexes_answer_as_one_with_all_tracks() {
    let place = place();
    let clips: Vec<String> = ["clean.wav", "noisy.mp3", "stranger.ogg", "hum.flac"]
        .map(|clip| fixture("audio/clips").join(clip).to_str().unwrap().to_owned())
        .into();
    let ask = |db: &[&str]| {
        let mut args = vec!["query", "--json", "--explain"];
        db.iter().for_each(|db| args.extend(["--db", db]));
        args.extend(clips.iter().map(String::as_str));
        place.run(args).code(0).json()
    };
    let (mut one, mut two) = (ask(&["one.refrain"]), ask(&["a.refrain", "b.refrain"]));
    let shards: Vec<String> = two.iter_mut().flat_map(without_shards).collect();
    assert!(one.iter_mut().all(|document| without_shards(document).is_empty()));
    assert_eq!(one, two);
    assert!(
        shards.contains(&"a.refrain".to_owned()) && shards.contains(&"b.refrain".to_owned()),
        "{shards:?}"
    );
    // A query of a whole song that both have names both files once.
    let song = place.at("m/a/copper-rain.m4a");
    let run = |db: &[&str]| {
        let mut args = vec!["query", "--json"];
        db.iter().for_each(|db| args.extend(["-d", db]));
        args.push(song.to_str().unwrap());
        let mut document = place.run(args).code(0).json().remove(0);
        without_shards(&mut document);
        document
    };
    let document = run(&["a.refrain", "b.refrain"]);
    assert_eq!(document, run(&["one.refrain"]));
    assert_eq!(document["matches"][0]["also_paths"][0], place.at("m/b/z copy.m4a").to_str().unwrap());
    assert_eq!(
        run(&["a.refrain", "a.refrain"])["matches"].as_array().unwrap().len(),
        1,
        "the same index twice"
    );

    let timeline = |db: &str| {
        let mut document =
            place.line(&format!("timeline --json {db} m/b/quiet-engines.wav")).code(0).json().remove(0);
        without_shards(&mut document);
        document
    };
    assert_eq!(timeline("-d one.refrain"), timeline("-d a.refrain -d b.refrain"));
    // A playlist needs the length of the track, which only its own index has.
    let m3u = place.run(["query", "--m3u", "-d", "a.refrain", "-d", "b.refrain", &clips[0]]).code(0);
    assert_eq!(m3u.out, place.run(["query", "--m3u", "-d", "one.refrain", &clips[0]]).code(0).out);
}

#[test]
fn lists_facts_and_duplicates_are_those_of_all_indexes() {
    let place = place();
    let both = "-d a.refrain -d b.refrain";
    let listed = place.line(&format!("list --json --sort path {both}")).code(0).json();
    assert_eq!(listed.len(), 11);
    assert_eq!(listed.iter().filter(|track| track["shard"] == "b.refrain").count(), 6);
    place.line(&format!("list {both} quiet")).code(0);
    assert_snapshot!(place.line(&format!("list {both} nightingale")).code(1).err, @"refrain: found no track for nightingale in a.refrain, b.refrain; `refrain index list --db a.refrain --db b.refrain` lists all tracks");
    let infos = place.line(&format!("info --json {both}")).code(0).json();
    assert_eq!(infos.iter().map(|info| info["tracks"].as_u64().unwrap()).collect::<Vec<_>>(), [5, 6]);
    assert_eq!(place.line(&format!("info {both}")).code(0).out.matches("tracks").count(), 2);

    let groups = |db: &str| place.line(&format!("duplicates --json --no-measure {db}")).code(0).json();
    let found = groups(both);
    assert_eq!(found, groups("-d one.refrain"));
    assert_eq!(found[0]["files"].as_array().unwrap().len(), 2);
}

#[test]
fn what_takes_one_index_refuses_two() {
    let place = Place::new();
    place.write("m/a.wav", &wav(8_000, 1, &tune(8_000, 4.0, 1)));
    place.line("build -q -d a.refrain m").code(0);
    place.line("build -q -d b.refrain m").code(0);
    let both = "-d a.refrain -d b.refrain";
    let before = std::fs::read(place.at("a.refrain")).unwrap();
    for command in [
        "build m",
        "update",
        "index verify",
        "index rebuild",
        "index errors",
        "duplicates --trash --yes",
        "duplicates --why m/a.wav m/a.wav",
    ] {
        let run = place.line(&format!("{command} {both}")).code(2);
        assert_eq!(run.err, "refrain: this command takes one index; --db names 2\n", "{command}");
    }
    assert_eq!(std::fs::read(place.at("a.refrain")).unwrap(), before);
    assert_snapshot!(place.line("query -d a.refrain -d gone.refrain m/a.wav").code(2).err, @"refrain: gone.refrain: no index here; make one with `refrain index build DIR --db gone.refrain`");
    place.line("query -d a.refrain -d= m/a.wav").code(2);
}
