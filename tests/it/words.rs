//! Searching the index by words, sorting it, and hints that can be pasted.
use super::run::{Place, Run};

/// Four songs of the fixtures in `Music/kestrel home`, indexed by their folder.
fn place() -> Place {
    let place = Place::new();
    for (song, name) in [
        ("second-orbit.flac", "orbit.flac"),
        ("north-platform.opus", "live/platform.opus"),
        ("quiet-engines.wav", "engines.wav"),
        ("copper-rain.m4a", "rain.m4a"),
    ] {
        place.song(song, format!("kestrel home/music/{name}"));
    }
    let built = place.run(["build", "-q", "kestrel home/music", "-d", "i.refrain"]);
    built.code(0);
    place
}

/// The titles of the listed tracks, in order.
fn titles(run: &Run) -> Vec<String> {
    run.json().iter().map(|track| track["title"].as_str().unwrap().to_owned()).collect()
}

fn list(place: &Place, args: &[&str]) -> Run {
    place.run(["list", "--json", "-d", "i.refrain"].iter().chain(args))
}

#[test]
fn words_are_looked_for_in_title_artist_album_and_path() {
    let place = place();
    let found = |args: &[&str]| {
        let mut titles = titles(&list(&place, args).code(0));
        titles.sort();
        titles
    };
    // The folder above the indexed one does not count, though it is called kestrel.
    assert_eq!(found(&["kestrel"]), ["North Platform", "Second Orbit"]);
    assert_eq!(found(&["KESTREL", "orbit"]), ["Second Orbit"], "all words, in any case");
    assert_eq!(found(&["kestrel array"]), ["North Platform", "Second Orbit"], "words that belong together");
    assert_eq!(found(&["refrain fixtures"]).len(), 4, "the album");
    assert_eq!(found(&["platform.op"]), ["North Platform"], "the path");
    assert_eq!(found(&["music", "live"]), ["North Platform"], "the indexed folder counts");
    // Words narrow down what is chosen by other means.
    assert_eq!(found(&["kestrel home/music/live", "kestrel"]), ["North Platform"]);
    assert_eq!(found(&["*.flac", "*.opus", "orbit"]), ["Second Orbit"]);
}

#[test]
fn a_word_can_name_its_field() {
    let place = place();
    let found = |args: &[&str]| titles(&list(&place, args).code(0)).len();
    assert_eq!(found(&["artist:kestrel"]), 2);
    assert_eq!(found(&["artist:Kestrel Array", "title:orbit"]), 1);
    assert_eq!(found(&["path:live", "kestrel"]), 1);
    assert_eq!(found(&["path:kestrel home/music"]), 4, "also above the indexed folder");
    list(&place, &["title:kestrel"]).code(1);
    list(&place, &["artist:AC/DC"]).code(1);
}

#[test]
fn a_list_in_which_nothing_is_what_was_asked_for_exits_with_1() {
    let place = place();
    // No track has both words. Nothing is missing.
    for chosen in [&["kestrel", "engines"][..], &["missing"], &["*.flac", "engines"]] {
        for format in [&[][..], &["--json"], &["--csv"], &["--m3u"], &["--json", "--sort", "title"]] {
            let args = ["list", "-d", "i.refrain"].iter().chain(format).chain(chosen);
            let run = place.run(args).code(1);
            assert_eq!(run.err, "0 tracks\n", "{run:#?}");
            assert!(run.out.lines().count() <= 1, "a heading at most: {run:#?}");
        }
    }
    // Everything is there, also in an index without a track.
    place.line("list -d i.refrain").code(0);
    place.run(["index", "remove", "kestrel home", "-d", "i.refrain"]).code(0);
    assert_eq!(place.line("list -d i.refrain").code(0).err, "0 tracks\n");
}

#[test]
fn a_word_that_no_track_has_is_reported() {
    let place = place();
    let none = list(&place, &["nightingale"]).code(1);
    assert_eq!(
        (none.out.as_str(), none.err.as_str()),
        (
            "",
            "refrain: found no track for nightingale in i.refrain; `refrain index list --db i.refrain` lists all tracks\n"
        )
    );
    // A playlist must not have more than was asked for.
    assert_eq!(list(&place, &["orbit", "nightingale"]).code(1).out, "");
    let folder = list(&place, &["kestrel home/music/live", "gone/orbit"]).code(1);
    assert_eq!(titles(&folder), ["North Platform"]);
    // A path that is gone is no word.
    let path = list(&place, &["gone/orbit"]).code(1);
    assert_eq!(path.out, "");
    assert_eq!(list(&place, &["99"]).code(1).out, "", "an id that is not there, nor a word");
    assert_eq!(list(&place, &[""]).code(2).out, "");
}

#[test]
fn what_looks_like_a_pattern_or_a_folder_can_be_a_word() {
    let place = place();
    place.song("winter-ferry.m4a", "m/01 Who Is It?.m4a");
    place.line("build -q m -d i.refrain").code(0);
    assert_eq!(titles(&list(&place, &["who is it?"]).code(0)), ["Winter Ferry"]);
    assert_eq!(list(&place, &["whom?"]).code(1).out, "");
    // A folder in which nothing is indexed.
    place.write("Copper/notes.txt", b"none");
    assert_eq!(titles(&list(&place, &["Copper"]).code(0)), ["Copper Rain"]);
    assert_eq!(list(&place, &["./Copper"]).code(1).out, "");
}

#[test]
fn remove_never_takes_words() {
    let place = place();
    for word in ["kestrel", "Second Orbit", "orbit"] {
        let run = place.run(["index", "remove", word, "-d", "i.refrain"]).code(1);
        assert!(run.err.starts_with(&format!("refrain: no file for {word} in i.refrain; ")), "{run:#?}");
    }
    assert_eq!(titles(&list(&place, &[]).code(0)).len(), 4);
}

#[test]
fn lists_are_sorted_by_what_is_asked_for() {
    let place = place();
    let sorted = |by: &str| titles(&list(&place, &["--sort", by]).code(0));
    assert_eq!(sorted("title"), ["Copper Rain", "North Platform", "Quiet Engines", "Second Orbit"]);
    let by_artist = sorted("artist");
    assert_eq!(by_artist[2..], ["Quiet Engines", "Copper Rain"]);
    assert_eq!(sorted("path"), ["Quiet Engines", "North Platform", "Second Orbit", "Copper Rain"]);
    let lengths: Vec<f64> =
        list(&place, &["--sort", "length"]).json().iter().map(|t| t["duration"].as_f64().unwrap()).collect();
    assert!(lengths.is_sorted() && lengths.len() == 4, "{lengths:?}");
    // Other formats have the same order.
    let csv = place.line("list --csv --sort title -d i.refrain").code(0).out;
    let column = |line: &str| line.split(',').nth(7).unwrap().to_owned();
    let titles: Vec<String> = csv.lines().skip(1).map(column).collect();
    assert_eq!(titles, ["Copper Rain", "North Platform", "Quiet Engines", "Second Orbit"]);
    place.line("list --sort year -d i.refrain").code(2);
}

#[test]
fn hints_repeat_the_index_that_was_typed() {
    let place = Place::new();
    let missing = |args: &[&str]| place.run(args).code(2).err;
    assert!(missing(&["info", "--db", "my index"]).ends_with("`refrain index build DIR --db 'my index'`\n"));
    assert!(missing(&["-d", "x.refrain", "query", "a.wav"]).ends_with("build DIR --db x.refrain`\n"));
    assert!(missing(&["info"]).ends_with("make one with `refrain index build DIR`\n"));
    let mut command = place.command();
    let run = super::run::finish(command.args(["info"]).env("REFRAIN_DB", "env.refrain"));
    assert!(
        run.err.ends_with("env.refrain: no index here; make one with `refrain index build DIR`\n"),
        "{run:#?}"
    );
    // Nothing is as good as none from the environment, and a mistake on the command line.
    let run = super::run::finish(place.command().args(["info"]).env("REFRAIN_DB", ""));
    assert!(run.err.contains(".local/share/refrain/index.refrain: no index here"), "{run:#?}");
    assert!(missing(&["info", "--db", ""]).contains("--db is empty; name the index file"));
}

#[test]
fn commands_of_index_are_named_to_those_who_leave_out_index() {
    let place = Place::new();
    for command in
        ["errors", "remove", "prune", "relocate", "merge", "verify", "rebuild", "compact", "export"]
    {
        let run = place.run([command, "x"]).code(2);
        assert!(
            run.err.contains(&format!("tip: a similar subcommand exists: 'index {command}'")),
            "{run:#?}"
        );
    }
    assert!(!place.line("remote").code(2).err.contains("'index "), "no other word is one of them");
}

#[test]
fn folders_are_made_for_every_output() {
    let place = place();
    let song = "kestrel home/music/orbit.flac";
    let run = place.run([
        "analyze",
        song,
        "--frames",
        "f/new/o.npz",
        "--harmonic",
        "h/new/o.wav",
        "--percussive",
        "p/new/o.wav",
        "--plot",
        "plots/new/o.svg",
    ]);
    run.code(0);
    for made in ["f/new/o.npz", "h/new/o.wav", "p/new/o.wav", "plots/new/o.svg"] {
        assert!(place.at(made).is_file(), "{made}");
    }
    // Several files go into a folder, which is made too.
    place.run(["analyze", "kestrel home/music", "--plot", "all/plots"]).code(0);
    assert!(place.at("all/plots/live/platform.opus.svg").is_file());
    place.run(["analyze", song, "--plot", "one/"]).code(0);
    assert!(place.at("one/orbit.flac.svg").is_file());
    place.line("index export -d i.refrain --file copies/new/i.refrain").code(0);
    place.line("index merge i.refrain -d merged/new/i.refrain").code(0);
    place.line("man pages/new").code(0);
    for made in ["copies/new/i.refrain", "merged/new/i.refrain", "pages/new/refrain.1"] {
        assert!(place.at(made).is_file(), "{made}");
    }
    // A file in the way is named.
    place.write("file", b"");
    let run = place.line("index export -d i.refrain --file file/i.refrain").code(2);
    assert!(run.err.starts_with("refrain: cannot make the folder file: "), "{run:#?}");
}

#[test]
fn keys_are_spelt_as_musicians_do() {
    let place = place();
    let table = place.run(["analyze", "kestrel home/music"]).code(0);
    let json = place.run(["analyze", "--json", "kestrel home/music"]).code(0).json();
    assert_eq!(json.len(), 4);
    for figures in &json {
        let text = |name: &str| figures[name].as_str().unwrap().to_owned();
        assert!(table.out.contains(&format!("{}  {:>7}", text("key_name"), text("camelot"))), "{table:#?}");
        assert!(text("key").ends_with(figures["mode"].as_str().unwrap()));
    }
    let csv = place.run(["analyze", "--csv", "kestrel home/music"]).code(0).out;
    assert!(csv.lines().next().unwrap().ends_with(",key_name,camelot,bpm"), "new columns come last: {csv}");
}
