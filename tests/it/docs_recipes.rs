//! The recipes of README.md and docs/recipes.md work, in a home folder with a little music.
use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::versions::{COVER, FIRST, performance};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn fixture(name: &str) -> PathBuf {
    root().join("fixtures/audio").join(name)
}

/// A user's computer as the recipes assume it. Everything is below one folder, `/media/disk2` and `/srv` as well.
struct Computer(TempDir);

impl Computer {
    fn new() -> Self {
        let computer = Self(tempfile::tempdir().unwrap());
        for (song, place) in [
            ("songs/second-orbit.flac", "home/Music/Kestrel Array/second-orbit.flac"),
            ("songs/second-orbit.flac", "home/here/Music/second-orbit.flac"),
            ("songs/quiet-engines.wav", "home/Music/live/quiet-engines.wav"),
            ("songs/marigold-street.mp3", "home/Music/song.mp3"),
            ("songs/marigold-street.mp3", "home/Music/copied.mp3"),
            ("songs/paper-lanterns.mp3", "media/disk2/Music/paper-lanterns.mp3"),
            ("songs/winter-ferry.m4a", "media/disk2/Music/winter-ferry.m4a"),
            ("clips/clean.wav", "home/here/clip.wav"),
            ("clips/clean.wav", "home/here/radio.mp3"),
            ("clips/clean.wav", "home/here/show.mp3"),
            ("clips/clean.wav", "home/here/recorded/one.wav"),
            ("clips/clean.wav", "home/here/unnamed/one.wav"),
            ("clips/clean.wav", "home/Downloads/unnamed/one.wav"),
        ] {
            computer.make(place);
            fs::copy(fixture(song), computer.at(place)).unwrap();
        }
        for (place, played) in [
            ("home/Music/live/orbit.flac", COVER),
            ("home/Music/another orbit.flac", FIRST),
            ("home/here/song.mp3", FIRST),
        ] {
            fs::write(computer.at(place), performance(2, played)).unwrap();
        }
        fs::write(computer.at("home/Music/broken.mp3"), "no audio").unwrap();
        for folder in ["home/.local/bin/x", "srv/x", "bin/x"] {
            computer.make(folder);
        }
        symlink(env!("CARGO_BIN_EXE_refrain"), computer.at("bin/refrain")).unwrap();
        computer
    }

    fn at(&self, place: &str) -> PathBuf {
        self.0.path().join(place)
    }

    /// Makes the folder of a file.
    fn make(&self, file: &str) {
        fs::create_dir_all(self.at(file).parent().unwrap()).unwrap();
    }

    /// Runs a line in a shell, and returns what it prints.
    #[track_caller]
    fn run(&self, line: &str) -> String {
        let mut line = line.to_owned();
        for folder in ["/media", "/srv"] {
            line = line.replace(folder, self.at(&folder[1..]).to_str().unwrap());
        }
        let path = std::env::join_paths(
            [self.at("bin")].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        let done = Command::new("sh")
            .args(["-c", &line])
            .current_dir(self.at("home/here"))
            .env("HOME", self.at("home"))
            .env("PATH", path.unwrap())
            .env("REFRAIN_FFMPEG", "never")
            .env_remove("REFRAIN_DB")
            .env_remove("XDG_DATA_HOME")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert_eq!(done.status.code(), Some(0), "{line}\n{out}\n{err}");
        out.into_owned()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at("home/here").join(name)).unwrap()
    }
}

/// The lines of a section's shell blocks, as far as this computer has what they call.
fn lines(section: &str) -> Vec<String> {
    let blocks = section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap_or_default());
    let lines =
        blocks.flat_map(str::lines).map(|line| line.strip_prefix("ssh server ").unwrap_or(line).to_owned());
    lines.filter(|line| ["refrain ", "mv ", "ln "].iter().any(|name| line.starts_with(name))).collect()
}

#[test]
fn every_recipe_of_the_manual_works() {
    let computer = Computer::new();
    let page = fs::read_to_string(root().join("docs/recipes.md")).unwrap();
    let mut ran = Vec::new();
    for section in page.split("\n## ").skip(1) {
        let name = section.lines().next().unwrap_or_default();
        if name.starts_with("Forget files") {
            fs::remove_file(computer.at("media/disk2/Music/winter-ferry.m4a")).unwrap();
        }
        let printed: Vec<String> = lines(section).iter().map(|line| computer.run(line)).collect();
        let last = printed.last().map_or("", String::as_str);
        match name {
            "Name the song in a clip" | "Look up clips on another machine" => {
                assert!(last.contains("Second Orbit"), "{last}")
            }
            "Identify a folder of unnamed files" => {
                assert!(computer.read("names.csv").contains("Second Orbit"))
            }
            "List the songs of an hour of radio" => {
                assert!(printed[0].contains("Second Orbit") && last.contains("Second Orbit"), "{printed:?}");
                assert!(computer.read("radio.cue").contains("Second Orbit"));
            }
            "Index a second disk" => assert!(computer.run("refrain index list").contains("winter-ferry")),
            "Forget files that are gone" => {
                let list = computer.run("refrain index list");
                assert!(!list.contains("winter-ferry") && !list.contains("paper-lanterns"), "{list}");
            }
            "Move the library to another folder" => {
                computer.run("refrain query clip.wav");
                assert!(computer.run("refrain index list").contains("/srv/music/"));
                computer.run("mv /srv/music ~/Music");
                computer.run("refrain index relocate /srv/music ~/Music");
            }
            "See which files could not be read, and why" => {
                assert!(computer.read("errors.csv").contains("broken.mp3"))
            }
            "Make a playlist" => {
                assert!(computer.read("heard.m3u8").contains("second-orbit.flac"));
                assert!(computer.read("live.m3u8").contains("quiet-engines.wav"));
                assert!(computer.read("kestrel.m3u8").contains("second-orbit.flac"));
            }
            "Find covers and live versions" => {
                assert!(printed[0].contains("another orbit.flac"), "{printed:?}");
                assert!(computer.read("alike.m3u8").contains("another orbit.flac"));
            }
            "Find copies" => assert!(computer.read("rest.sh").contains("copied.mp3")),
            "Use refrain as fpcalc in beets and Picard" => {
                assert!(computer.run("~/.local/bin/fpcalc clip.wav").contains("FINGERPRINT="));
            }
            _ => panic!("nothing checks the recipe {name:?}"),
        }
        ran.push(name);
    }
    assert!(ran.len() >= 10, "{ran:?}");
}

#[test]
fn every_recipe_of_the_readme_works() {
    let computer = Computer::new();
    let page = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, recipes) = page.split_once("\n## Recipes\n").expect("recipes");
    let table = recipes.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let mut ran = 0;
    for row in table.take_while(|line| line.starts_with('|')) {
        let command = row.split('`').rev().nth(1).expect("a command");
        // A server runs until it is asked to end, and there is no such station. Other tests start servers and stations.
        if command != "refrain serve" && !command.starts_with("refrain listen http") {
            computer.run(command);
        }
        ran += 1;
    }
    assert!(ran >= 8, "{ran}");
    for (file, content) in [
        ("names.csv", "Second Orbit"),
        ("heard.m3u8", "second-orbit.flac"),
        ("keys.csv", "second-orbit.flac"),
    ] {
        assert!(computer.read(file).contains(content), "{file}");
    }
}
