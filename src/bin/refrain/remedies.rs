//! Says what to do about an error, in the words of the command line. The library only says what happened, because
//! other programs have other remedies.
use refrain::{Error, error::IndexError};

/// The remedy for an error, if there is one.
pub fn of(error: &Error) -> Option<&'static str> {
    let Error::Index { reason, .. } = error else { return None };
    Some(match reason {
        IndexError::Missing => "make one with `refrain index build DIR`",
        IndexError::IsFolder => "name a file with --db",
        IndexError::NotSqlite | IndexError::Foreign { .. } => "name another with --db",
        IndexError::Newer { .. } => "update refrain, or name another file with --db",
        IndexError::Parameters { .. } => "build it again into a new file with --db",
        IndexError::Damaged(_) => "restore a copy, or delete it and build it again",
        IndexError::Neighbours(_) => "`refrain index rebuild` makes it again",
        IndexError::Occupied(_) => "`refrain index remove` takes it out",
        IndexError::Busy { .. } => "try again when it is done",
        IndexError::DiskFull => "make room and run the same command again",
        _ => return None,
    })
}

/// The error and its remedy, in one line.
pub fn with(error: &Error) -> String {
    match of(error) {
        Some(remedy) => format!("{error}; {remedy}"),
        None => error.to_string(),
    }
}
