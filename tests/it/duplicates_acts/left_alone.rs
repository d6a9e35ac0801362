//! Files that no action touches.
use std::{
    fs::{self, File},
    time::{Duration, SystemTime},
};

use super::library::*;
use crate::run::{Place, tune, wav};

/// Replaces a file by one of the same size and date.
fn forge(library: &Library, name: &str) {
    let path = library.place.at(name);
    let date = fs::metadata(&path).unwrap().modified().unwrap();
    let mut content = library.content(name).to_vec();
    *content.last_mut().unwrap() ^= 1;
    fs::write(&path, content).unwrap();
    File::options().write(true).open(path).unwrap().set_modified(date).unwrap();
}

#[test]
fn a_file_that_changed_since_is_left_alone_and_the_others_go_on() {
    let library = Library::new();
    forge(&library, COPY);
    for (args, gone) in [("--hardlink", false), ("--delete", true)] {
        let run = library.run(&format!("{args} --yes")).code(2);
        assert!(
            run.err.contains(
                "left alone m/b/copy.wav: the file has changed since refrain indexed it; run `refrain update`"
            ),
            "{run:#?}"
        );
        assert_eq!((library.has(COPY), library.has(QUIETER)), (true, !gone));
    }
}

#[test]
fn nothing_is_done_if_the_kept_file_changed_or_is_gone() {
    let library = Library::new();
    forge(&library, KEPT);
    for args in ["--trash", "--delete", "--move out", "--hardlink"] {
        let run = library.run(&format!("{args} --yes")).code(2);
        assert!(run.err.contains("the kept file m/a/song.wav: the file has changed since"), "{run:#?}");
        assert_eq!(run.out, "");
    }
    fs::remove_file(library.place.at(KEPT)).unwrap();
    let run = library.run("--delete --yes").code(2);
    assert!(run.err.contains("the kept file m/a/song.wav: the file is gone"), "{run:#?}");
    assert!(library.has(COPY) && library.has(QUIETER));
    // Another date is a change, too.
    library.place.write(KEPT, library.content(KEPT));
    library.run("--delete --yes").code(2);
    assert!(library.has(COPY) && library.has(QUIETER));
}

#[cfg(unix)]
#[test]
fn what_is_preferred_or_another_name_of_a_kept_file_is_never_touched() {
    use std::os::unix::fs::symlink;
    let library = Library::new();
    // The folder is named through a link, as a home folder may be.
    symlink(library.place.at("m/b"), library.place.at("liked")).unwrap();
    library.run("--delete --yes --prefer liked --keep path").code(0);
    assert!(
        library.has(COPY) && library.has(QUIETER) && !library.has(KEPT),
        "one is kept in the preferred folder"
    );

    // Another name of a spare file: to remove one of both frees nothing.
    let library = Library::new();
    fs::hard_link(library.place.at(QUIETER), library.place.at("elsewhere.wav")).unwrap();
    let run = library.run("--trash --yes --relation same_audio").code(1);
    assert!(run.err.contains("nothing to do: refrain keeps all files"), "{run:#?}");
    let list = library.run("--relation same_audio").code(0);
    assert!(list.out.contains("keep: the file has several names (hard links)"), "{list:#?}");
    library.is_as_before("a hard link");

    // A link to a file, and a folder that has two names.
    let library = Library::new();
    fs::rename(library.place.at(QUIETER), library.place.at("quieter.wav")).unwrap();
    symlink(library.place.at("quieter.wav"), library.place.at(QUIETER)).unwrap();
    symlink(library.place.at("m/a"), library.place.at("m/z")).unwrap();
    library.place.line("update -q -d i.refrain").code(0);
    let run = library.run("--delete --yes").code(0);
    assert!(!run.out.contains("quieter.wav"), "{run:#?}");
    assert!(library.has(KEPT) && library.has(QUIETER) && library.has("m/z/song.wav") && !library.has(COPY));
}

#[test]
fn a_part_does_not_replace_the_whole() {
    let place = Place::new();
    let song = tune(RATE, 60.0, 3);
    place.write("m/song.wav", &wav(RATE, 1, &song));
    let at = |seconds: u32| (seconds * RATE) as usize;
    place.write("m/part.wav", &wav(RATE, 1, &song[at(20)..at(45)]));
    // Six seconds are left out.
    place.write("m/edit.wav", &wav(RATE, 1, &[&song[..at(30)], &song[at(36)..]].concat()));
    for (name, seconds) in [("m/part.wav", 200), ("m/edit.wav", 100)] {
        let date = SystemTime::now() + Duration::from_secs(seconds);
        File::options().write(true).open(place.at(name)).unwrap().set_modified(date).unwrap();
    }
    place.line("build -q m -d i.refrain").code(0);
    let cut = |relations: &str| {
        let options = "--keep newest --yes -d i.refrain";
        place.line(&format!("duplicates --delete --relation same_bytes,same_audio,{relations} {options}"))
    };
    let run = cut("edit").code(1);
    assert!(run.err.contains("left alone m/song.wav: the file is longer than the kept file"), "{run:#?}");
    cut("excerpt").code(0);
    assert!(place.at("m/song.wav").exists() && !place.at("m/part.wav").exists());
}

#[test]
fn a_library_where_nothing_is_double_has_nothing_to_do() {
    let place = Place::new();
    for seed in 6..8 {
        place.write(format!("m/{seed}.wav"), &wav(RATE, 1, &tune(RATE, 20.0, seed)));
    }
    place.line("build -q m -d i.refrain").code(0);
    let run = place.line("duplicates --trash --yes -d i.refrain").code(1);
    assert!(run.err.contains("no recording is in the library more than once"), "{run:#?}");
    assert!(place.line("duplicates undo -d i.refrain").code(1).err.contains("nothing to undo"));
    place.line("duplicates --trash --yes -d nowhere.refrain").code(2);
}
