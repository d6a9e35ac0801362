//! Finds the files in folders that may be audio.
use std::{
    fs::{File, Metadata},
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use walkdir::{DirEntry, WalkDir};

use crate::{
    cancel::CancelToken,
    decode::{HEAD, begins_with_frames, sniff},
    error::{Error, Result},
};

/// Which files in a folder to index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScanOptions {
    pub(crate) follow_links: bool,
    pub(crate) hidden: bool,
    pub(crate) max_depth: Option<usize>,
}

impl ScanOptions {
    /// Follows symbolic links to files and folders.
    #[must_use]
    pub fn follow_links(mut self, follow_links: bool) -> Self {
        self.follow_links = follow_links;
        self
    }

    /// Includes hidden files and folders (names that begin with a dot).
    #[must_use]
    pub fn hidden(mut self, hidden: bool) -> Self {
        self.hidden = hidden;
        self
    }

    /// How many levels of folders to enter; 1 takes only the files of the folder itself, `None` has no limit.
    #[must_use]
    pub fn max_depth(mut self, max_depth: impl Into<Option<usize>>) -> Self {
        self.max_depth = max_depth.into();
        self
    }

    /// The audio files in a folder, in order of paths, and what could not be read there. Paths begin with `folder` as it
    /// is given.
    ///
    /// # Errors
    /// [`Error::Io`] if there is no such folder.
    pub fn audio_files(&self, folder: impl AsRef<Path>) -> Result<(Vec<PathBuf>, Vec<Error>)> {
        self.audio_files_with(folder, &CancelToken::new())
    }

    /// Like [`ScanOptions::audio_files`], until `cancel` ends it.
    ///
    /// # Errors
    /// Those of [`ScanOptions::audio_files`]; [`Error::Interrupted`].
    pub fn audio_files_with(
        &self,
        folder: impl AsRef<Path>,
        cancel: &CancelToken,
    ) -> Result<(Vec<PathBuf>, Vec<Error>)> {
        let folder = folder.as_ref();
        let found = find(&[folder.to_owned()], self, cancel)?;
        let real =
            std::fs::canonicalize(folder).map_err(|source| Error::Io { path: folder.to_owned(), source })?;
        let named = |file: FoundFile| match file.path.strip_prefix(&real) {
            Ok(inside) if !inside.as_os_str().is_empty() => folder.join(inside),
            _ => file.path,
        };
        let unreadable = found.unreadable.into_iter().map(|(_, error)| error).collect();
        Ok((found.files.into_iter().map(named).collect(), unreadable))
    }
}

/// A path, its size in bytes and its date in nanoseconds since 1970.
type Dated = (PathBuf, u64, i64);

impl ScanOptions {
    /// The files that a build of `roots` finds, in its order, with their sizes and dates; and what could not be read. For the
    /// bindings, which hand files out to several processes.
    ///
    /// # Errors
    /// [`Error::Io`] for a root that does not exist; [`Error::Interrupted`].
    #[doc(hidden)]
    pub fn found(&self, roots: &[PathBuf], cancel: &CancelToken) -> Result<(Vec<Dated>, Vec<Error>)> {
        let found = find(roots, self, cancel)?;
        let files = found.files.into_iter().map(|file| (file.path, file.size, file.mtime_ns)).collect();
        Ok((files, found.unreadable.into_iter().map(|(_, error)| error).collect()))
    }

    /// The extensions of files that a scan takes for audio by their names, in lower case.
    #[doc(hidden)]
    pub fn extensions() -> impl Iterator<Item = &'static str> {
        EXTENSIONS.iter().chain(FOREIGN_EXTENSIONS).copied()
    }
}

impl Default for ScanOptions {
    /// Follows links, skips hidden files, and enters folders of any depth.
    fn default() -> Self {
        Self { follow_links: true, hidden: false, max_depth: None }
    }
}

/// A file that may be audio.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundFile {
    /// Its absolute path.
    pub path: PathBuf,
    /// Its length in bytes.
    pub size: u64,
    /// When it was last changed, in nanoseconds since 1970; negative before.
    pub mtime_ns: i64,
}

/// The result of a scan.
#[derive(Debug, Default)]
pub struct Found {
    /// The files, sorted by path, each once.
    pub files: Vec<FoundFile>,
    /// How many files were skipped, because neither name nor content looks like audio.
    pub other: u64,
    /// Files and folders that could not be read, with the reason.
    pub unreadable: Vec<(PathBuf, Error)>,
}

/// Extensions of audio files. A file with another name counts as audio if its first bytes do.
const EXTENSIONS: &[&str] = &[
    "wav", "wave", "bwf", "rf64", "w64", "au", "snd", "aif", "aiff", "aifc", "caf", "flac", "mp3", "mp2",
    "mp1", "mpga", "m4a", "m4b", "m4r", "mp4", "m4v", "mov", "aac", "adts", "ogg", "oga", "ogv", "opus",
    "mka", "mkv", "webm", "alac",
];

/// Extensions of audio that refrain has no decoder for. Each such file is named, at least. Extensions that others use, such
/// as `ts` for programs, are not here: the first bytes tell.
const FOREIGN_EXTENSIONS: &[&str] = &[
    "wv", "ape", "apl", "tta", "mpc", "mpp", "mp+", "wma", "asf", "wmv", "ac3", "eac3", "ec3", "dts",
    "dtshd", "dsf", "dff", "spx", "amr", "awb", "3gp", "3g2", "3ga", "avi", "m2ts", "mts", "vob", "mpg",
    "mpeg", "rmvb", "flv", "tak", "shn", "oma", "voc", "loas", "latm", "mxf", "ofr", "ofs", "m4p", "aax",
    "aaxc",
];

/// First bytes of audio files: offset and bytes.
const MAGIC: &[(usize, &[u8])] = &[
    (8, b"WAVE"),
    (8, b"AIFF"),
    (8, b"AIFC"),
    (0, b"caff"),
    (0, b"fLaC"),
    (0, b"OggS"),
    (0, b".snd"),
    (0, b"dns."),
    (0, b"riff\x2e\x91\xcf\x11"),
    (0, b"ID3"),
    (4, b"ftyp"),
    (4, b"moov"),
    (4, b"mdat"),
    (4, b"wide"),
    (0, b"\x1a\x45\xdf\xa3"),
];

/// Scans `roots`. A root that is a file is always included.
///
/// # Errors
/// [`Error::Io`] for a root that does not exist, or is neither a folder nor a file; [`Error::Interrupted`] once
/// `cancel` is cancelled. Unreadable files and folders within a root are listed in the result.
pub fn find(roots: &[PathBuf], options: &ScanOptions, cancel: &CancelToken) -> Result<Found> {
    let mut found = Found::default();
    for root in roots {
        let real = std::fs::canonicalize(root).map_err(|source| Error::Io { path: root.clone(), source })?;
        if real.is_dir() {
            walk(&real, options, cancel, &mut found)?;
        } else {
            found.files.push(one(root)?);
        }
    }
    found.files.sort_unstable();
    found.files.dedup_by(|a, b| a.path == b.path);
    Ok(found)
}

/// Describes one file, whatever its name and its first bytes.
///
/// # Errors
/// [`Error::Io`] if it does not exist or is not a file.
pub(crate) fn one(path: &Path) -> Result<FoundFile> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let real = std::fs::canonicalize(path).map_err(io)?;
    let metadata = std::fs::metadata(&real).map_err(io)?;
    if metadata.is_dir() {
        return Err(io(ErrorKind::IsADirectory.into()));
    }
    if !metadata.is_file() {
        // A pipe can be read only once.
        return Err(io(std::io::Error::new(ErrorKind::InvalidInput, "neither a folder nor a file")));
    }
    Ok(describe(real, &metadata))
}

fn walk(root: &Path, options: &ScanOptions, cancel: &CancelToken, found: &mut Found) -> Result<()> {
    let hidden =
        |entry: &DirEntry| entry.depth() > 0 && entry.file_name().as_encoded_bytes().first() == Some(&b'.');
    let walk = WalkDir::new(root)
        .follow_links(options.follow_links)
        .max_depth(options.max_depth.unwrap_or(usize::MAX))
        .into_iter()
        .filter_entry(|entry| options.hidden || !hidden(entry));
    for entry in walk {
        cancel.check()?;
        let looked = entry.and_then(|entry| Ok((entry.metadata()?, entry)));
        match looked {
            Ok((metadata, entry)) if metadata.is_file() => {
                if is_audio(entry.path()) {
                    found.files.push(describe(entry.into_path(), &metadata));
                } else {
                    found.other += 1;
                }
            }
            Ok(_) => {}
            Err(error) => {
                let path = error.path().unwrap_or(root).to_owned();
                let text = error.to_string();
                let source = error.into_io_error().unwrap_or_else(|| std::io::Error::other(text));
                found.unreadable.push((path.clone(), Error::Io { path, source }));
            }
        }
    }
    Ok(())
}

/// Decides by the name, then by the first bytes.
fn is_audio(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    if extension.is_some_and(|e| [EXTENSIONS, FOREIGN_EXTENSIONS].iter().any(|all| all.contains(&&*e))) {
        return true;
    }
    let mut head = Vec::with_capacity(HEAD.max(sniff::FIRST));
    let most = head.capacity() as u64;
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut head));
    let is_marked = || MAGIC.iter().any(|(at, bytes)| head.get(*at..at + bytes.len()) == Some(bytes));
    read.is_ok() && (is_marked() || begins_with_frames(&head) || sniff::sniff(&head).is_some())
}

/// Describes the file at `path`; keeps the path as given.
pub(crate) fn describe(path: PathBuf, metadata: &Metadata) -> FoundFile {
    let mtime_ns = metadata.modified().map_or(0, nanoseconds);
    FoundFile { path, size: metadata.len(), mtime_ns }
}

/// Nanoseconds since 1970, negative before. Times so far off that they do not fit are the first or the last that does.
fn nanoseconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |ns| -ns),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(roots: &[PathBuf], options: &ScanOptions) -> Result<Found> {
        super::find(roots, options, &CancelToken::new())
    }

    fn names(options: &ScanOptions, root: &Path) -> Vec<String> {
        let found = find(&[root.to_owned()], options).unwrap();
        let root = std::fs::canonicalize(root).unwrap();
        found
            .files
            .iter()
            .map(|f| f.path.strip_prefix(&root).unwrap().to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn names_and_first_bytes_decide_and_options_are_respected() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        };
        write("a.MP3", b"");
        write("b/c/d.ogg", b"x");
        write("cover.jpg", b"\xff\xd8\xff\xe0");
        write("notes.txt", b"hi");
        write("no-extension", b"fLaC....");
        write(".hidden.mp3", b"");
        write(".dir/e.mp3", b"");
        let options = ScanOptions::default();
        assert_eq!(names(&options, folder.path()), ["a.MP3", "b/c/d.ogg", "no-extension"]);
        assert_eq!(
            names(&ScanOptions { max_depth: Some(1), ..options }, folder.path()),
            ["a.MP3", "no-extension"]
        );
        assert_eq!(names(&ScanOptions { hidden: true, ..options }, folder.path()).len(), 5);
        let twice = [folder.path().to_owned(), folder.path().join("b")];
        assert_eq!(find(&twice, &options).unwrap().files.len(), 3);
        assert_eq!(find(&[folder.path().join("cover.jpg")], &options).unwrap().files.len(), 1);
        assert!(matches!(find(&[folder.path().join("gone")], &options), Err(Error::Io { .. })));
        assert_eq!(one(&folder.path().join("cover.jpg")).unwrap().size, 4);
        assert!(matches!(one(folder.path()), Err(Error::Io { .. })));
        assert_eq!(options.audio_files(folder.path()).unwrap().0.len(), 3);
        let cancelled = CancelToken::new();
        cancelled.cancel();
        assert!(matches!(options.audio_files_with(folder.path(), &cancelled), Err(Error::Interrupted)));
    }

    #[cfg(unix)]
    #[test]
    fn a_circular_link_is_reported_once_and_does_not_hang() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("a/up")).unwrap();
        let found = find(&[folder.path().to_owned()], &ScanOptions::default()).unwrap();
        assert_eq!((found.files.len(), found.unreadable.len()), (0, 1));
        let options = ScanOptions { follow_links: false, ..ScanOptions::default() };
        let found = find(&[folder.path().to_owned()], &options).unwrap();
        assert_eq!((found.files.len(), found.unreadable.len()), (0, 0));
    }
}
