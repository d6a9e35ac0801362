//! Checks a file before anything in it is trusted. The caller holds one transaction meanwhile, because another process
//! may bring the file to another format at any moment.
use std::{fs, path::Path};

use rusqlite::{Connection, OptionalExtension};

use super::{beside, error, layout::Layout, schema};
use crate::{
    error::{Error, IndexError},
    failpoint,
    params::ParameterSet,
};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing: there are no tables, and the header names no program.
    Nothing,
    /// An index of this format.
    Index(u32),
}

/// Why a file is not an index that can be used.
#[derive(Debug)]
pub(super) enum Unfit {
    Sqlite(rusqlite::Error),
    Foreign(u32),
    /// The header names refrain, but no format.
    Unversioned,
    Newer(u32),
    Damaged(String),
    /// The parameter set is another one.
    Parameters {
        found: u32,
        expected: u32,
    },
}

impl From<rusqlite::Error> for Unfit {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Unfit {
    /// Turns this into an error about the file at `path`.
    pub fn of(self, path: &Path) -> Error {
        let reason = match self {
            Self::Sqlite(error) => return error::of(path, error),
            Self::Foreign(found) => IndexError::Foreign { found, expected: schema::APPLICATION_ID },
            Self::Unversioned => IndexError::Damaged("it has no format version".to_owned()),
            Self::Newer(found) => IndexError::Newer { found, newest: schema::FORMAT },
            Self::Damaged(what) => IndexError::Damaged(what),
            Self::Parameters { found, expected } => IndexError::Parameters { found, expected },
        };
        error::index(path, reason)
    }
}

/// Checks the header of `db`, whose file is at `path`. If it is an index, also checks its length, schema and
/// parameters. The caller holds a transaction, so that all of them are of one state.
pub(super) fn examine(db: &Connection, path: &Path, params: &ParameterSet) -> Result<Content, Unfit> {
    let number = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i32>(0)).map(|n| n as u32);
    let format = match (number("application_id")?, number("user_version")?) {
        (schema::APPLICATION_ID, 0) => return Err(Unfit::Unversioned),
        (schema::APPLICATION_ID, format) if format > schema::FORMAT => return Err(Unfit::Newer(format)),
        (schema::APPLICATION_ID, format) => format,
        (0, 0) if !db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1")?.exists([])? => {
            return Ok(Content::Nothing);
        }
        (program, _) => return Err(Unfit::Foreign(program)),
    };
    failpoint::pass("header");
    // SQLite notices if whole pages are missing, but not if a part of the last page is. Without a log, all pages of
    // this state are in the file: while this transaction needs a log, nobody can truncate it.
    let pages = page_bytes(db)?;
    if beside::unfinished(path) == 0 && fs::metadata(path).is_ok_and(|meta| meta.len() < pages) {
        return Err(Unfit::Damaged("cut short".to_owned()));
    }
    if let Some(what) = schema::difference(db, format)? {
        return Err(Unfit::Damaged(what));
    }
    for (i, (key, value)) in description(params).iter().enumerate() {
        let found: Option<f64> =
            db.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0)).optional()?;
        match found {
            Some(found) if found == *value => {}
            // The first one, `parameter_set`.
            Some(found) if i == 0 && found >= 0.0 && found.fract() == 0.0 => {
                return Err(Unfit::Parameters { found: found as u32, expected: params.id });
            }
            _ => return Err(Unfit::Damaged(format!("meta holds no right {key:?}"))),
        }
    }
    Ok(Content::Index(format))
}

/// Bytes of all pages, including those that are still in the log.
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

/// Writes what `meta` holds for `params` into a new file.
pub(super) fn describe(new: &Connection, params: &ParameterSet) -> rusqlite::Result<()> {
    for (key, value) in description(params) {
        let mut insert = new.prepare_cached("INSERT INTO meta (key, value) VALUES (?1, ?2)")?;
        // Whole numbers are stored as integers. So the views compute the places of blocks in integers.
        if value.fract() == 0.0 {
            insert.execute((key, value as i64))?
        } else {
            insert.execute((key, value))?
        };
    }
    // No track lacks them.
    new.execute("INSERT INTO meta (key, value) VALUES ('sections', 1)", [])?;
    Ok(())
}
