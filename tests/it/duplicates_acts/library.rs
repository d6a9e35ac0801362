//! A library with spare files, and what must be true of it whatever happens.
use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use refrain::{CancelToken, store::Store};
use serde_json::Value;

use crate::run::{Place, Run, dump, tune, wav};

pub const RATE: u32 = 11_025;

/// The files of the library that are no copies of each other in the end, and what is spare.
pub const KEPT: &str = "m/a/song.wav";
pub const COPY: &str = "m/b/copy.wav";
pub const QUIETER: &str = "m/b/quieter.wav";
pub const OTHER: &str = "m/other.wav";

/// A song with a copy of its bytes and a quieter one, another song, and their index.
pub struct Library {
    pub place: Place,
    /// What each file has in it.
    pub files: Vec<(PathBuf, Vec<u8>)>,
    /// The rows of the index.
    pub rows: Vec<String>,
}

impl Library {
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// With more copies of the song.
    pub fn with(more: &[&Path]) -> Self {
        let place = Place::new();
        let song = tune(RATE, 20.0, 3);
        let quieter: Vec<i16> = song.iter().map(|sample| sample / 3).collect();
        let (song, quieter) = (wav(RATE, 1, &song), wav(RATE, 1, &quieter));
        let mut files = vec![
            (KEPT.into(), song.clone()),
            (COPY.into(), song.clone()),
            (QUIETER.into(), quieter),
            (OTHER.into(), wav(RATE, 1, &tune(RATE, 20.0, 4))),
        ];
        files.extend(more.iter().map(|path| (path.to_path_buf(), song.clone())));
        for (n, (path, content)) in files.iter().enumerate() {
            let path = place.write(path, content);
            // The first one is the oldest.
            let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000 + n as u64);
            File::options().write(true).open(path).unwrap().set_modified(date).unwrap();
        }
        place.line("build -q m -d i.refrain").code(0);
        let rows = rows(&place);
        Self { place, files, rows }
    }

    pub fn run(&self, args: &str) -> Run {
        self.place.line(&format!("duplicates {args} -d i.refrain"))
    }

    pub fn has(&self, name: impl AsRef<Path>) -> bool {
        self.place.at(name).exists()
    }

    pub fn content(&self, name: impl AsRef<Path>) -> &[u8] {
        let name = name.as_ref();
        self.files.iter().find(|(path, _)| path == name).map(|(_, content)| content.as_slice()).unwrap()
    }

    /// Asserts that every file is at its place with its content, and that the index says the same as in the beginning.
    #[track_caller]
    pub fn is_as_before(&self, what: &str) {
        for (path, content) in &self.files {
            assert!(
                fs::read(self.place.at(path)).unwrap_or_default() == *content,
                "{what}: {}",
                path.display()
            );
        }
        assert_eq!(rows(&self.place), self.rows, "{what}");
        let left: Vec<PathBuf> =
            walk(&self.place.path()).into_iter().filter(|path| is_temporary(path)).collect();
        assert_eq!(left, Vec::<PathBuf>::new(), "{what}: what should be there for a moment only");
    }

    /// Asserts that no content is lost, that what is not spare is where it was, and that the index is valid.
    #[track_caller]
    pub fn nothing_is_lost(&self, beside: &[&Path], what: &str) {
        let there: Vec<PathBuf> = [&self.place.path()]
            .into_iter()
            .map(PathBuf::as_path)
            .chain(beside.iter().copied())
            .flat_map(walk)
            .filter(|path| !is_temporary(path))
            .collect();
        for (path, content) in &self.files {
            let has_it = |path: &PathBuf| fs::read(path).is_ok_and(|found| found == *content);
            assert!(there.iter().any(has_it), "{what}: {} is lost", path.display());
        }
        for kept in [KEPT, OTHER] {
            assert!(fs::read(self.place.at(kept)).unwrap() == self.content(kept), "{what}: {kept}");
        }
        Store::open_read(self.place.at("i.refrain")).unwrap().verify(&CancelToken::new()).unwrap();
    }
}

/// What the index knows of files and their sound. What it remembers of comparisons is another matter.
pub fn rows(place: &Place) -> Vec<String> {
    let mut rows = dump(&place.at("i.refrain"));
    let tables = ["file: ", "track: ", "root: ", "frame_block: ", "window_block: "];
    rows.retain(|row| tables.iter().any(|table| row.starts_with(table)));
    assert!(rows.len() > 10);
    rows
}

pub fn is_temporary(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".refrain-"))
}

/// All files in a folder.
pub fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(walk(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// Where a file is that was moved to `out`.
pub fn moved(library: &Library, name: impl AsRef<Path>) -> PathBuf {
    let path = library.place.at(name);
    library.place.at("out").join(path.strip_prefix("/").unwrap_or(&path))
}

pub fn names(library: &Library, documents: &[Value]) -> BTreeSet<String> {
    let short = |document: &Value| {
        let path = Path::new(document["path"].as_str().unwrap()).to_owned();
        path.strip_prefix(library.place.path()).unwrap().to_str().unwrap().to_owned()
    };
    documents.iter().map(short).collect()
}

/// The number of the file that a name leads to.
#[cfg(unix)]
pub fn inode(library: &Library, name: &str) -> u64 {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(library.place.at(name)).unwrap().ino()
}

#[cfg(all(target_os = "linux", debug_assertions))]
impl Library {
    /// Runs a command that dies.
    #[track_caller]
    pub fn dies(&self, args: &str, failpoint: &str) {
        let mut command = self.place.command();
        command.arg("duplicates").args(args.split(' ')).args(["--yes", "-d", "i.refrain"]);
        let run = crate::run::finish(command.env("REFRAIN_FAILPOINT", failpoint));
        let told = format!("died at {}\n", failpoint.split('=').next().unwrap());
        assert!(run.code.is_none() && run.err.ends_with(&told), "{args} at {failpoint}: {run:#?}");
    }
}
