//! Opening an index file: every check before anything in it is trusted.
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig, ffi, limits::Limit};

use super::{BUSY_SECONDS, Layout, Store, fault, log, schema, steps::Steps};
use crate::{
    error::{Error, IndexError, Result},
    failpoint,
    params::{self, ParameterSet},
};

/// Nothing longer is read from a row, so that a hostile length cannot take the memory.
const LONGEST_VALUE: i32 = 1 << 20;
/// No SQLite file is shorter.
const LEAST_BYTES: u64 = 512;
/// For how long a writer keeps readers out that would come, and lets them in again.
const TRY: Duration = Duration::from_millis(50);
/// SQLite's page cache, in KiB.
const CACHE_KIB: i32 = 8 * 1024;

/// What the first look at a file shows.
enum Content {
    /// No tables, of no program.
    Nothing,
    /// An index of this format.
    Index(u32),
}

impl Store {
    /// Opens the index at `path` for reading, also from a folder that cannot be written and beside a writer. An older
    /// format is read as it is.
    ///
    /// # Errors
    /// [`Error::Index`] with what is wrong with the file; [`Error::Io`] where it cannot be read at all.
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
            return Err(fault::index(path, IndexError::Missing));
        }
        let mut immutable = false;
        let (db, content) = match connect_read(path, false) {
            Err(Refusal::CannotOpen(_)) if log::unfinished(path) == 0 => {
                immutable = true;
                connect_read(path, true)
            }
            // A reader may not undo what a writer left half done; whoever may write may.
            Err(Refusal::CannotOpen(_)) if recover(path) => connect_read(path, false),
            other => other,
        }
        .map_err(|refusal| refusal.reading(path))?;
        let Content::Index(format) = content else { return Err(fault::index(path, IndexError::Missing)) };
        let mut store = Self::checked(db, path, params, format, false)?;
        store.immutable = immutable;
        schema::read_as_newest(&store.db, format).map_err(|error| fault::of(path, error))?;
        Ok(store)
    }

    /// Opens the index at `path` for writing; makes it where there is none, and brings an older format up to date.
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
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | create | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let (mut db, content) = absolute(path)
            .map_err(Refusal::Io)
            .and_then(|file| look(Connection::open_with_flags(file, flags)))
            .map_err(|refusal| refusal.writing(path))?;
        let of = |error| fault::of(path, error);
        if db.is_readonly("main").map_err(of)? {
            return Err(fault::index(path, IndexError::ReadOnly("the file is write-protected".to_owned())));
        }
        match content {
            Content::Nothing => db.pragma_update(None, "page_size", 4096).map_err(of)?,
            // What is refused is left as it was, its journal mode too.
            Content::Index(format) => Self::check(&db, path, params, format)?,
        }
        begin_log(&db).map_err(|error| Refusal::from(error).writing(path))?;
        db.pragma_update(None, "synchronous", "normal").map_err(of)?;
        failpoint::reach("open");
        schema::migrate(&mut db, |new| describe(new, params)).map_err(of)?;
        Self::checked(db, path, params, schema::FORMAT, true)
    }

    /// Folds the log into the file, so that one file is left, and closes it. Where readers have the file open the log stays
    /// beside it until the next writer, empty unless one of them has been looking at an older state for longer than a
    /// moment.
    ///
    /// # Errors
    /// [`IndexError::DiskFull`] and whatever else keeps the last pages from the file.
    pub fn close(mut self) -> Result<()> {
        self.fold()
    }

    fn checked(
        db: Connection,
        path: &Path,
        params: &ParameterSet,
        format: u32,
        writes: bool,
    ) -> Result<Self> {
        Self::check(&db, path, params, format)?;
        let steps = Steps::watch(&db, path).map_err(|error| fault::of(path, error))?;
        let layout = Layout::of(params);
        Ok(Self {
            db,
            path: path.to_path_buf(),
            params: *params,
            layout,
            format,
            writes,
            immutable: false,
            steps,
        })
    }

    /// Whether the file holds what it should: its length, its schema, its parameters.
    fn check(db: &Connection, path: &Path, params: &ParameterSet, format: u32) -> Result<()> {
        // SQLite tells a file that lacks whole pages, not one that lacks a part of its last one. Pages are counted
        // before the log is looked at: had it been folded in between, the file would have grown to the count.
        let pages = page_bytes(db).map_err(|error| fault::of(path, error))?;
        if log::unfinished(path) == 0 && fs::metadata(path).is_ok_and(|meta| meta.len() < pages) {
            return Err(fault::damaged(path, "cut short"));
        }
        match schema::difference(db, format) {
            Ok(None) => {}
            Ok(Some(what)) => return Err(fault::damaged(path, what)),
            Err(error) => return Err(fault::of(path, error)),
        }
        let expected = description(params);
        for (i, (key, value)) in expected.iter().enumerate() {
            let found: Option<f64> = db
                .query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
                .map(Some)
                .or_else(
                    |error| if error == rusqlite::Error::QueryReturnedNoRows { Ok(None) } else { Err(error) },
                )
                .map_err(|error| fault::of(path, error))?;
            match found {
                Some(found) if found == *value => {}
                // The first one, `parameter_set`.
                Some(found) if i == 0 && found >= 0.0 && found.fract() == 0.0 => {
                    let reason = IndexError::Parameters { found: found as u32, expected: params.id };
                    return Err(fault::index(path, reason));
                }
                _ => return Err(fault::damaged(path, format!("meta holds no right {key:?}"))),
            }
        }
        Ok(())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Nothing is lost where this fails: the log is folded by the next writer.
        let _ = self.fold();
    }
}

/// Turns to the log. Readers that are at work may stand in its way; the writer then works without it, only slower. While
/// SQLite waits for them no other reader gets in, so it waits for a moment at a time.
fn begin_log(db: &Connection) -> rusqlite::Result<()> {
    let began = Instant::now();
    db.busy_timeout(TRY)?;
    let done = loop {
        match db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())) {
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
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

/// Bytes of all pages, also those that are still in the log.
pub(super) fn page_bytes(db: &Connection) -> rusqlite::Result<u64> {
    let number = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    Ok(number("page_count")?.saturating_mul(number("page_size")?).max(0) as u64)
}

/// What `meta` holds for `params`.
fn description(params: &ParameterSet) -> [(&'static str, f64); 9] {
    let layout = Layout::of(params);
    [
        ("parameter_set", f64::from(params.id)),
        ("frame_seconds", params.frame_seconds().0),
        ("frame_values", params.frame_values() as f64),
        ("frame_bytes", params.frame_bytes() as f64),
        ("window_hop", params.window_hop as f64),
        ("window_dims", params.window_dims as f64),
        ("frames_per_block", layout.frames_per_block as f64),
        ("windows_per_block", layout.windows_per_block as f64),
        ("windows_per_posting", layout.windows_per_posting as f64),
    ]
}

fn describe(new: &Connection, params: &ParameterSet) -> rusqlite::Result<()> {
    for (key, value) in description(params) {
        let mut insert = new.prepare_cached("INSERT INTO meta (key, value) VALUES (?1, ?2)")?;
        // A whole number as an integer, so that the blocks' places come out whole in the views.
        if value.fract() == 0.0 {
            insert.execute((key, value as i64))?
        } else {
            insert.execute((key, value))?
        };
    }
    Ok(())
}

/// Why a connection could not be made.
enum Refusal {
    Io(io::Error),
    NotSqlite,
    Foreign(u32),
    /// refrain's, and of no format.
    Unversioned,
    Newer(u32),
    CannotOpen(String),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error().map(|e| e.extended_code & 0xFF) {
            Some(ffi::SQLITE_NOTADB) => Self::NotSqlite,
            Some(ffi::SQLITE_CANTOPEN | ffi::SQLITE_READONLY) => Self::CannotOpen(error.to_string()),
            _ => Self::Sqlite(error),
        }
    }
}

impl Refusal {
    fn reading(self, path: &Path) -> Error {
        match self {
            Self::CannotOpen(_) if log::unfinished(path) > 0 => {
                let what = "its last writer did not finish; copy it together with its -wal or -journal file \
                            into a folder that can be written, and open it there";
                fault::index(path, IndexError::ReadOnly(what.to_owned()))
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
                    Some(folder) if !folder.exists() => format!("there is no folder {}", folder.display()),
                    Some(folder) if !path.exists() => format!("no file can be made in {}", folder.display()),
                    _ => message,
                };
                fault::index(path, IndexError::ReadOnly(reason))
            }
            other => other.either(path),
        }
    }

    fn either(self, path: &Path) -> Error {
        let reason = match self {
            Self::Io(source) => return Error::Io { path: path.to_path_buf(), source },
            Self::Sqlite(error) => return fault::of(path, error),
            Self::CannotOpen(message) => IndexError::Sqlite(message),
            Self::NotSqlite => IndexError::NotSqlite,
            Self::Foreign(found) => IndexError::Foreign { found, expected: schema::APPLICATION_ID },
            Self::Unversioned => IndexError::Damaged("it has no format version".to_owned()),
            Self::Newer(found) => IndexError::Newer { found, newest: schema::FORMAT },
        };
        fault::index(path, reason)
    }
}

/// Whether a file stands at `path`, without opening it: a pipe would hang, and closing a second handle to a database
/// drops SQLite's locks. An empty file counts as none.
fn present(path: &Path) -> Result<bool> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Err(fault::index(path, IndexError::IsFolder)),
        // SQLite takes a file that is shorter than any page for a new one, and would write over it.
        Ok(meta) if !meta.is_file() || (1..LEAST_BYTES).contains(&meta.len()) => {
            Err(fault::index(path, IndexError::NotSqlite))
        }
        Ok(meta) => Ok(meta.len() > 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(Error::Io { path: path.to_path_buf(), source }),
    }
}

/// The path from the root, so that no name means something special to SQLite (`:memory:`).
fn absolute(path: &Path) -> io::Result<PathBuf> {
    std::path::absolute(path)
}

/// A reader's connection. `immutable` reads without locks and log: for a folder that cannot be written, where a
/// database whose writer left it in log mode, with an empty log, can be opened in no other way.
fn connect_read(path: &Path, immutable: bool) -> Result<(Connection, Content), Refusal> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let file = absolute(path).map_err(Refusal::Io)?;
    look(if immutable {
        Connection::open_with_flags(immutable_uri(&file), flags | OpenFlags::SQLITE_OPEN_URI)
    } else {
        Connection::open_with_flags(file, flags)
    })
}

/// Lets SQLite undo the transaction of a writer that was killed; false where that cannot be done here.
fn recover(path: &Path) -> bool {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // Looking at the header is a transaction, before which a journal that is left is played back.
    absolute(path).is_ok_and(|file| look(Connection::open_with_flags(file, flags)).is_ok())
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

/// Makes a new connection safe against what the file may hold, then reads its header.
fn look(db: rusqlite::Result<Connection>) -> Result<(Connection, Content), Refusal> {
    let db = db?;
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE)?;
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
    // One state of it: another process may be making the file.
    let state = db.unchecked_transaction()?;
    let number = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i32>(0)).map(|n| n as u32);
    let (program, format) = (number("application_id")?, number("user_version")?);
    let content = match (program, format) {
        (schema::APPLICATION_ID, 0) => return Err(Refusal::Unversioned),
        (schema::APPLICATION_ID, format) if format > schema::FORMAT => return Err(Refusal::Newer(format)),
        (schema::APPLICATION_ID, format) => Content::Index(format),
        (0, 0) if !db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1")?.exists([])? => Content::Nothing,
        _ => return Err(Refusal::Foreign(program)),
    };
    drop(state);
    Ok((db, content))
}
