//! Opens an index file, and checks it before anything in it is trusted.
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, TransactionBehavior, config::DbConfig, ffi, limits::Limit};

use super::{
    beside,
    check::{self, Content, Unfit},
    database::{BUSY_SECONDS, Stamp, Store, TRY, is_busy, is_damage},
    error, schema,
    step_limit::StepLimit,
};
use crate::{
    error::{Error, IndexError, Result, Shown},
    failpoint,
    params::{self, ParameterSet},
};

/// The longest value that is read from a row, so that a hostile length cannot exhaust the memory.
const MAX_VALUE_BYTES: i32 = 1 << 20;
/// No SQLite file is shorter.
const MIN_FILE_BYTES: u64 = 512;
/// The bytes of a page in new files. A search reads lists of a few pages each: with SQLite's 4,096, a third of a query's time
/// among 10,000 tracks went into asking the system for pages. With more than this, a small change writes too much.
pub(super) const PAGE_BYTES: u32 = 16 * 1024;
/// SQLite's page cache, in KiB.
const CACHE_KIB: i32 = 8 * 1024;
/// How often a reader without locks tries again before it gives way to a writer.
const MAX_TRIES: usize = 5;

impl Store {
    /// Opens the index at `path` for reading. Works beside a writer, and in a folder that cannot be written. Reads an
    /// older format as it is.
    ///
    /// # Errors
    /// [`Error::Index`] with what is wrong with the file; [`Error::Io`] if it cannot be read at all.
    pub fn open_read(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_read_with(path, &params::CURRENT)
    }

    /// Opens the index at `path` for reading fingerprints of `params`; see [`Store::open_read`].
    ///
    /// # Errors
    /// As [`Store::open_read`].
    pub fn open_read_with(path: impl AsRef<Path>, params: &ParameterSet) -> Result<Self> {
        let path = path.as_ref();
        if !present(path)? {
            return Err(error::index(path, IndexError::Missing));
        }
        let (mut immutable, mut tries) = (None, 0);
        let (connection, content) = loop {
            let opened = match read(path, false, params) {
                Err(Refusal::CannotOpen(_)) if beside::unfinished(path) == 0 => {
                    immutable = Some(Stamp::of(path));
                    read(path, true, params)
                }
                // A reader may not roll back what a killed writer left. A program that may write can.
                Err(Refusal::CannotOpen(_)) if recover(path, params) => read(path, false, params),
                other => other,
            }
            .map_err(|refusal| refusal.reading(path));
            // Without locks, a file that is written to may look damaged.
            let changed = |stamp| stamp != Stamp::of(path);
            match opened {
                Err(error) if is_damage(&error) && immutable.is_some_and(changed) => {
                    tries += 1;
                    if tries == MAX_TRIES {
                        return Err(error::index(path, IndexError::Busy { holder: None }));
                    }
                    immutable = None;
                }
                other => break other?,
            }
        };
        let Content::Index(format) = content else { return Err(error::index(path, IndexError::Missing)) };
        Self::new(connection, path, params, format, false, immutable)
    }

    /// Opens the index at `path` for writing. Creates it if there is none, and migrates an older format.
    ///
    /// # Errors
    /// [`Error::Index`] with what is wrong with the file, or why it cannot be written.
    pub fn open_write(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_write_with(path, &params::CURRENT)
    }

    /// Opens the index at `path` for writing fingerprints of `params`; see [`Store::open_write`].
    ///
    /// # Errors
    /// As [`Store::open_write`].
    pub fn open_write_with(path: impl AsRef<Path>, params: &ParameterSet) -> Result<Self> {
        let path = path.as_ref();
        let create = if present(path)? { OpenFlags::empty() } else { OpenFlags::SQLITE_OPEN_CREATE };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | create;
        let connection = absolute(path)
            .map_err(Refusal::Io)
            .and_then(|file| connect(&file, flags, path))
            .and_then(|(db, limit)| begin(&db, path, params).map(|()| (db, limit)))
            .map_err(|refusal| refusal.writing(path))?;
        Self::new(connection, path, params, schema::FORMAT, true, None)
    }
}

/// Makes a connection ready for writing. Its file is an index of the newest format afterwards.
fn begin(db: &Connection, path: &Path, params: &ParameterSet) -> Result<(), Refusal> {
    if db.is_readonly("main")? {
        return Err(Refusal::WriteProtected);
    }
    // A refused file stays as it was, including its journal mode.
    if examine(db, path, params)? == Content::Nothing {
        db.pragma_update(None, "page_size", PAGE_BYTES)?;
    }
    begin_log(db)?;
    db.pragma_update(None, "synchronous", "normal")?;
    failpoint::reach("open");
    // One transaction makes a file an index of the newest format: other processes see all of it or nothing.
    let transaction = rusqlite::Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let found = match check::examine(db, path, params)? {
        Content::Nothing => 0,
        Content::Index(schema::FORMAT) => return Ok(()),
        Content::Index(older) => older,
    };
    schema::migrate(db, found)?;
    if found == 0 {
        check::describe(db, params)?;
    }
    failpoint::pass("made");
    failpoint::reach("migrate");
    transaction.commit()?;
    failpoint::reach("migrated");
    Ok(())
}

/// Switches to the write-ahead log. If readers prevent that, the writer works without a log, only slower. While SQLite
/// waits for readers no other reader gets in, so each wait is short.
fn begin_log(db: &Connection) -> rusqlite::Result<()> {
    let began = Instant::now();
    db.busy_timeout(TRY)?;
    let done = loop {
        match db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())) {
            Err(error) if is_busy(&error) => {
                if began.elapsed().as_secs() >= BUSY_SECONDS.into() {
                    break Ok(());
                }
                std::thread::sleep(TRY);
            }
            other => break other,
        }
    };
    db.busy_timeout(Duration::from_secs(BUSY_SECONDS.into()))?;
    done
}

/// Why a connection could not be made.
enum Refusal {
    Io(io::Error),
    NotSqlite,
    WriteProtected,
    CannotOpen(String),
    Unfit(Unfit),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error().map(|e| e.extended_code & 0xFF) {
            Some(ffi::SQLITE_NOTADB) => Self::NotSqlite,
            Some(ffi::SQLITE_CANTOPEN | ffi::SQLITE_READONLY) => Self::CannotOpen(error.to_string()),
            _ => Self::Unfit(Unfit::Sqlite(error)),
        }
    }
}

impl From<Unfit> for Refusal {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Sqlite(error) => error.into(),
            other => Self::Unfit(other),
        }
    }
}

impl Refusal {
    fn reading(self, path: &Path) -> Error {
        match self {
            Self::CannotOpen(_) if beside::unfinished(path) > 0 => {
                let what = "its last writer did not finish; copy it together with its -wal or -journal file \
                            into a folder that can be written, and open it there";
                error::index(path, IndexError::ReadOnly(what.to_owned()))
            }
            Self::CannotOpen(message) => {
                let source = io::Error::new(io::ErrorKind::PermissionDenied, message);
                Error::Io { path: path.to_path_buf(), source }
            }
            other => other.either(path),
        }
    }

    fn writing(self, path: &Path) -> Error {
        match self {
            Self::CannotOpen(message) => {
                let folder = absolute(path).ok().and_then(|file| file.parent().map(Path::to_path_buf));
                let reason = match folder {
                    Some(folder) if !folder.exists() => format!("there is no folder {}", Shown(folder)),
                    Some(folder) if !path.exists() => format!("no file can be made in {}", Shown(folder)),
                    _ => message,
                };
                error::index(path, IndexError::ReadOnly(reason))
            }
            other => other.either(path),
        }
    }

    fn either(self, path: &Path) -> Error {
        match self {
            Self::Io(source) => Error::Io { path: path.to_path_buf(), source },
            Self::NotSqlite => error::index(path, IndexError::NotSqlite),
            Self::WriteProtected => {
                error::index(path, IndexError::ReadOnly("the file is write-protected".to_owned()))
            }
            Self::CannotOpen(message) => error::index(path, IndexError::Sqlite(message)),
            Self::Unfit(unfit) => unfit.of(path),
        }
    }
}

/// Whether there is a file at `path`. Does not open it: a pipe would hang, and closing a second handle to a database
/// drops SQLite's locks. An empty file counts as none.
fn present(path: &Path) -> Result<bool> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Err(error::index(path, IndexError::IsFolder)),
        // SQLite takes a file that is shorter than any page for a new one, and would overwrite it.
        Ok(meta) if !meta.is_file() || (1..MIN_FILE_BYTES).contains(&meta.len()) => {
            Err(error::index(path, IndexError::NotSqlite))
        }
        Ok(meta) => Ok(meta.len() > 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(Error::Io { path: path.to_path_buf(), source }),
    }
}

/// The absolute path, so that no name means something special to SQLite, such as `:memory:`.
fn absolute(path: &Path) -> io::Result<PathBuf> {
    std::path::absolute(path)
}

/// A reader's connection, and what its file holds. `immutable` reads without locks and log. A database in log mode with
/// an empty log, in a folder that cannot be written, can be opened in no other way.
fn read(
    path: &Path,
    immutable: bool,
    params: &ParameterSet,
) -> Result<((Connection, StepLimit), Content), Refusal> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let file = absolute(path).map_err(Refusal::Io)?;
    let connection = if immutable {
        connect(Path::new(&immutable_uri(&file)), flags | OpenFlags::SQLITE_OPEN_URI, path)?
    } else {
        connect(&file, flags, path)?
    };
    let content = examine(&connection.0, path, params)?;
    Ok((connection, content))
}

/// Lets SQLite roll back the transaction of a writer that was killed. Returns false if that is impossible here.
fn recover(path: &Path, params: &ParameterSet) -> bool {
    // Any transaction will do: SQLite plays back a leftover journal before it.
    let played = |file: PathBuf| {
        let (db, _limit) = connect(&file, OpenFlags::SQLITE_OPEN_READ_WRITE, path)?;
        examine(&db, path, params)
    };
    match absolute(path).map_err(Refusal::Io).and_then(played) {
        Err(Refusal::Io(_) | Refusal::CannotOpen(_) | Refusal::Unfit(Unfit::Sqlite(_))) => false,
        // The reader reports whatever else is wrong.
        Ok(_) | Err(_) => true,
    }
}

fn immutable_uri(file: &Path) -> String {
    let mut uri = String::from(if cfg!(windows) { "file:///" } else { "file:" });
    for &byte in file.as_os_str().as_encoded_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                uri.push(char::from(byte))
            }
            b'\\' if cfg!(windows) => uri.push('/'),
            b':' if cfg!(windows) => uri.push(':'),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "?immutable=1"
}

/// Checks the file of `db` in one transaction.
fn examine(db: &Connection, path: &Path, params: &ParameterSet) -> Result<Content, Refusal> {
    let _state = db.unchecked_transaction()?;
    Ok(check::examine(db, path, params)?)
}

/// A new connection to `file`, safe against anything that the file may hold. Errors name it as `path`.
fn connect(file: &Path, flags: OpenFlags, path: &Path) -> Result<(Connection, StepLimit), Refusal> {
    let db = Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // The limit comes first: even the first statement may read the schema, which may have no end.
    let limit = StepLimit::install(&db, path)?;
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)?;
    db.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    db.busy_timeout(Duration::from_secs(BUSY_SECONDS.into()))?;
    db.set_prepared_statement_cache_capacity(48);
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    ] {
        db.set_db_config(setting, on)?;
    }
    db.pragma_update(None, "cell_size_check", true)?;
    db.pragma_update(None, "temp_store", "memory")?;
    db.pragma_update(None, "cache_size", -CACHE_KIB)?;
    db.pragma_update(None, "mmap_size", 0).or_else(|error| match error {
        rusqlite::Error::ExecuteReturnedResults => Ok(()),
        other => Err(other),
    })?;
    Ok((db, limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_opened_is_the_readers_to_repair_only_after_a_writer_that_did_not_finish() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("i.refrain");
        let refused = || Refusal::CannotOpen("no".to_owned()).reading(&file);
        let is_denied = |error: &Error| matches!(error, Error::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied);
        assert!(is_denied(&refused()));
        for suffix in ["-wal", "-journal"] {
            let beside = beside::name(&file, suffix);
            fs::write(&beside, "").unwrap();
            assert!(is_denied(&refused()), "an empty {suffix} holds nothing");
            fs::write(&beside, "unfinished").unwrap();
            assert!(matches!(refused(), Error::Index { reason: IndexError::ReadOnly(_), .. }), "{suffix}");
            fs::remove_file(&beside).unwrap();
        }
    }
}
