//! Looks at files, copies them, and waits until the disk has them.
use std::{
    fs::{self, File, FileTimes, Metadata, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How many bytes are read at a time.
const CHUNK: usize = 256 << 10;

/// What a look at a file shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Bytes.
    pub size: u64,
    /// When it was changed last, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// What all names of the file have in common: disk and number of the file, where the system tells.
    pub identity: Option<(u64, u64)>,
    /// How many names it has.
    pub names: u64,
    /// Its permissions, on Unix.
    pub mode: Option<u32>,
}

impl Seen {
    /// Whether the file has not changed since. Other names may have come and gone.
    pub fn is_still(&self, now: &Self) -> bool {
        (self.size, self.mtime_ns, self.identity) == (now.size, now.mtime_ns, now.identity)
    }
}

/// Looks at the file that a path leads to.
pub fn look(path: &Path) -> io::Result<Seen> {
    fs::metadata(path).map(|about| seen(&about))
}

fn seen(about: &Metadata) -> Seen {
    let (identity, names, mode) = inode(about);
    Seen { size: about.len(), mtime_ns: about.modified().map_or(0, nanoseconds), identity, names, mode }
}

#[cfg(unix)]
fn inode(about: &Metadata) -> (Option<(u64, u64)>, u64, Option<u32>) {
    use std::os::unix::fs::MetadataExt;
    (Some((about.dev(), about.ino())), about.nlink(), Some(about.mode() & 0o7777))
}

#[cfg(not(unix))]
fn inode(_about: &Metadata) -> (Option<(u64, u64)>, u64, Option<u32>) {
    (None, 1, None)
}

/// As the index counts: nanoseconds since 1970, negative before.
fn nanoseconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |ns| -ns),
    }
}

fn time_of(mtime_ns: i64) -> SystemTime {
    let distance = Duration::from_nanos(mtime_ns.unsigned_abs());
    let time = if mtime_ns < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
    time.unwrap_or(UNIX_EPOCH)
}

/// Whether something has this name, be it a link to nothing. What cannot be looked at counts as there.
pub fn is_there(path: &Path) -> bool {
    !fs::symlink_metadata(path)
        .is_err_and(|error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory))
}

/// Whether this is a plain file without content.
pub fn is_empty_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|about| about.is_file() && about.len() == 0)
}

/// Whether two paths lead to one file.
pub fn is_same_file(one: &Path, two: &Path) -> bool {
    match (look(one), look(two)) {
        (Ok(one), Ok(two)) if one.identity.is_some() => one.identity == two.identity,
        (Ok(_), Ok(_)) => matches!((one.canonicalize(), two.canonicalize()), (Ok(a), Ok(b)) if a == b),
        _ => false,
    }
}

/// The path with all links in its folder resolved. The path itself if its folder is gone.
pub fn real(path: &Path) -> PathBuf {
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    match (folder, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// A name in the folder of `path` for a file that exists only during act `act` of run `run`.
pub fn temporary(path: &Path, run: u64, act: u64) -> PathBuf {
    path.with_file_name(format!(".refrain-{run}-{act}.tmp"))
}

/// Waits until the disk has the entries of the folder that `path` is in. A system that cannot do that is left alone.
pub fn sync_folder(path: &Path) {
    if cfg!(unix)
        && let Some(folder) = path.parent()
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
}

/// Copies the content of a file into a new file, and waits until the disk has it. Shares no blocks, whatever the disk can do.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mut target = OpenOptions::new().write(true).create_new(true).open(to)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        match source.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => target.write_all(&chunk[..n])?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    target.sync_all()
}

/// Gives a file permissions and a date, as far as the disk keeps them, and waits until it has them.
pub fn dress(path: &Path, mode: Option<u32>, mtime_ns: i64) -> io::Result<()> {
    // Unix lets the owner do that with any open file, also if it may not be written.
    let file = OpenOptions::new().read(true).write(cfg!(not(unix))).open(path)?;
    // Some disks have no dates or no permissions. The content counts.
    let _ = file.set_times(FileTimes::new().set_modified(time_of(mtime_ns)));
    #[cfg(unix)]
    if let Some(mode) = mode {
        use std::os::unix::fs::PermissionsExt;
        let _ = file.set_permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = mode;
    file.sync_all()
}

/// Whether two files have the same bytes, by looking at all of them.
pub fn has_same_bytes(one: &Path, two: &Path) -> io::Result<bool> {
    let (mut one, mut two) = (File::open(one)?, File::open(two)?);
    let (mut a, mut b) = (vec![0; CHUNK], vec![0; CHUNK]);
    loop {
        let (n, m) = (fill(&mut one, &mut a)?, fill(&mut two, &mut b)?);
        if a[..n] != b[..m] {
            return Ok(false);
        }
        if n == 0 {
            return Ok(true);
        }
    }
}

/// Reads until `buffer` is full or the file ends.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_compared_to_the_last_one() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let long = vec![7; CHUNK + 5];
        fs::write(at("a"), &long).unwrap();
        fs::write(at("b"), &long).unwrap();
        fs::write(at("shorter"), &long[1..]).unwrap();
        fs::write(at("other"), [&long[1..], b"x"].concat()).unwrap();
        for (name, is_same) in [("b", true), ("shorter", false), ("other", false)] {
            assert_eq!(has_same_bytes(&at("a"), &at(name)).unwrap(), is_same, "{name}");
        }
        assert!(has_same_bytes(&at("a"), &at("gone")).is_err());
    }

    #[test]
    fn a_copy_has_content_date_and_permissions_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a"), vec![3; CHUNK + 1]).unwrap();
        copy(&at("a"), &at("b")).unwrap();
        for mtime_ns in [1_000_000_007_000_000_001, -2_000_000_000] {
            dress(&at("b"), Some(0o640), mtime_ns).unwrap();
            let seen = look(&at("b")).unwrap();
            assert_eq!((seen.size, seen.mtime_ns, seen.names), (CHUNK as u64 + 1, mtime_ns, 1));
            assert!(!cfg!(unix) || seen.mode == Some(0o640));
        }
        assert_eq!(copy(&at("a"), &at("b")).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert!(is_same_file(&at("a"), &at("a")) && !is_same_file(&at("a"), &at("b")));
    }
}
