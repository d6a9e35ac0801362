//! The output in README.md and docs/ is what the commands print. `eval/readme_output.py` writes it.
use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
};

use refrain::Index;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a command of a page with `demo.refrain` at `demo`, and returns both streams as they came.
fn run(command: &str, demo: &Path) -> String {
    let mut words = command.split(' ');
    assert_eq!(words.next(), Some("refrain"), "{command}");
    let demo = demo.to_str().unwrap();
    let words = words.map(|word| if word == "demo.refrain" { demo } else { word });
    let folder = tempfile::tempdir().unwrap();
    let printed = folder.path().join("printed");
    let file = File::create(&printed).unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_refrain"))
        .current_dir(root())
        .env_remove("REFRAIN_DB")
        .env_remove("REFRAIN_FFMPEG")
        .args(words)
        .stdin(Stdio::null())
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .status()
        .unwrap();
    let text = fs::read_to_string(printed).unwrap();
    assert!(done.code().is_some_and(|code| code < 2), "{command}: {text}");
    text.replace(demo, "demo.refrain").replace(root().to_str().unwrap(), "/home/you/refrain")
}

/// The lines without what differs from run to run.
fn lasting(text: &str) -> Vec<String> {
    let times = " of audio in ";
    text.lines().map(|line| line.trim_end().split(times).next().unwrap_or_default().to_owned()).collect()
}

/// The text of a picture of a terminal, line by line.
fn text_of(picture: &str) -> String {
    let mut lines = Vec::new();
    for line in picture.lines().filter(|line| line.starts_with("<text ")) {
        let mut text = String::new();
        let mut inside = false;
        for c in line.chars() {
            match c {
                '<' => inside = true,
                '>' => inside = false,
                c if !inside => text.push(c),
                _ => {}
            }
        }
        lines.push(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"));
    }
    lines.join("\n")
}

#[test]
fn the_documents_show_what_the_commands_print() {
    let folder = tempfile::tempdir().unwrap();
    let songs = folder.path().join("songs.refrain");
    let index = Index::open_or_create(&songs).unwrap();
    index.build(root().join("fixtures/audio/songs")).unwrap();
    index.close().unwrap();
    let mut pages = vec![root().join("README.md")];
    pages.extend(fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    let mut shown = 0;
    for page in pages.iter().filter(|page| page.extension().is_some_and(|e| e == "md")) {
        let text = fs::read_to_string(page).unwrap();
        for spot in text.split("<!-- output of: ").skip(1) {
            let (command, rest) = spot.split_once(" -->\n```text\n").expect("a block of text");
            let (block, _) = rest.split_once("```").expect("its end");
            // A build shows that it adds all songs, so it begins without an index.
            let demo =
                if command.contains(" build ") { folder.path().join("new.refrain") } else { songs.clone() };
            let expected = format!("$ {command}\n{}", run(command, &demo));
            assert_eq!(lasting(block), lasting(&expected), "{}: run eval/readme_output.py", page.display());
            shown += 1;
        }
        for spot in text.split("<!-- picture of: ").skip(1) {
            let (command, rest) = spot.split_once(" -->\n![").expect("a picture");
            let (name, _) =
                rest.split_once("](").and_then(|(_, rest)| rest.split_once(')')).expect("its name");
            let picture = page.with_file_name(name);
            if name.ends_with(".svg") {
                let drawn = text_of(&fs::read_to_string(&picture).unwrap());
                let expected = format!("$ {command}\n{}", run(command, &songs));
                assert_eq!(
                    lasting(&drawn),
                    lasting(&expected),
                    "{}: run eval/readme_output.py",
                    picture.display()
                );
            } else {
                assert!(
                    fs::metadata(&picture).unwrap().len() < 200_000,
                    "{} is not small",
                    picture.display()
                );
            }
            shown += 1;
        }
    }
    assert!(shown >= 5, "{shown}");
}
