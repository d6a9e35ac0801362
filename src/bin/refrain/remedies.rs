//! Says what to do about an error, in the words of the command line. The library only says what happened, because
//! other programs have other remedies.
use refrain::{Error, error::IndexError};

use crate::db;

/// The remedy for an error, if there is one.
fn of(error: &Error) -> Option<String> {
    let Error::Index { path, reason } = error else { return None };
    // One to merge, not the one that --db names.
    let is_other = db::paths().is_ok_and(|named| !named.contains(path));
    Some(match reason {
        IndexError::Missing if is_other => "check the path".to_owned(),
        IndexError::IsFolder
        | IndexError::NotSqlite
        | IndexError::Foreign { .. }
        | IndexError::Parameters { .. }
            if is_other =>
        {
            "choose another index to merge".to_owned()
        }
        IndexError::Newer { .. } if is_other => "update refrain, or choose another index to merge".to_owned(),
        IndexError::Neighbours(_) if is_other => {
            format!("repair the index with {}", db::hint_for("index rebuild", path))
        }
        IndexError::Missing => format!("make one with {}", db::hint_of(path, "index build DIR")),
        IndexError::IsFolder => "give a file with --db".to_owned(),
        IndexError::NotSqlite | IndexError::Foreign { .. } => "choose another file with --db".to_owned(),
        IndexError::Newer { .. } => "update refrain, or choose another file with --db".to_owned(),
        IndexError::Parameters { .. } => "to build a new index, give a new file with --db".to_owned(),
        IndexError::Damaged(_) => {
            "restore a copy of the index, or delete the index and build a new index".to_owned()
        }
        IndexError::Neighbours(_) => format!("repair the index with {}", db::hint_of(path, "index rebuild")),
        IndexError::Occupied(path) => {
            let path = format!("index remove {}", db::quoted(path));
            format!("remove it first with {}", db::hint(&path))
        }
        IndexError::Busy { .. } => "try again when the other process has finished".to_owned(),
        IndexError::DiskFull => "free some space and run the same command again".to_owned(),
        _ => return None,
    })
}

/// The details in brackets that end the text of an error. People need them last, after the remedy.
fn details(error: &Error) -> String {
    let Error::Index { reason, .. } = error else { return String::new() };
    match reason {
        IndexError::Foreign { .. }
        | IndexError::Newer { .. }
        | IndexError::Parameters { .. }
        | IndexError::Damaged(_)
        | IndexError::Neighbours(_) => {
            let text = reason.to_string();
            text.split_once(" (").map_or_else(String::new, |(_, details)| format!(" ({details}"))
        }
        _ => String::new(),
    }
}

/// Adds the remedy to a text that ends with the text of the error.
pub fn added(text: String, error: &Error) -> String {
    let Some(remedy) = of(error) else { return text };
    let details = details(error);
    match text.strip_suffix(details.as_str()) {
        Some(what) => format!("{what}; {remedy}{details}"),
        None => format!("{text}; {remedy}"),
    }
}

/// The error and its remedy, in one line.
pub fn with(error: &Error) -> String {
    added(error.to_string(), error)
}
