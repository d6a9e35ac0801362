//! The numbered migrations, and the check that a file has the schema that they make.
use std::sync::OnceLock;

use rusqlite::Connection;

/// The mark in the header of an index file: "RFRN".
pub const APPLICATION_ID: u32 = 0x5246_524E;

/// The migrations; the n-th brings a file to format n + 1.
const MIGRATIONS: &[&str] = &[
    include_str!("../../schema/0001_initial.sql"),
    include_str!("../../schema/0002_files.sql"),
    include_str!("../../schema/0003_ffmpeg.sql"),
    include_str!("../../schema/0004_duplicates.sql"),
    include_str!("../../schema/0005_versions.sql"),
];

/// Views that show a file of an older format as one of the newest; the n-th is for format n + 1.
const READ_AS_NEWEST: &[&str] = &[
    include_str!("../../schema/read_0001.sql"),
    include_str!("../../schema/read_0002.sql"),
    include_str!("../../schema/read_0003.sql"),
    include_str!("../../schema/read_0004.sql"),
];

/// The newest format, kept in `user_version`.
pub const FORMAT: u32 = MIGRATIONS.len() as u32;

/// Brings a file of format `found`, 0 for a new one, to the newest format. The caller holds a transaction.
pub(super) fn migrate(transaction: &Connection, found: u32) -> rusqlite::Result<()> {
    apply(transaction, MIGRATIONS, found)
}

fn apply(db: &Connection, migrations: &[&str], found: u32) -> rusqlite::Result<()> {
    for sql in migrations.get(found as usize..).unwrap_or_default() {
        db.execute_batch(sql)?;
    }
    if found == 0 {
        db.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    db.pragma_update(None, "user_version", migrations.len() as u32)
}

/// Shows a file of format `found` to this connection as one of the newest format, by temporary views. Replaces the
/// views that the connection had.
pub(super) fn read_as_newest(db: &Connection, found: u32) -> rusqlite::Result<()> {
    let mut views = db.prepare("SELECT name FROM sqlite_temp_schema WHERE type = 'view'")?;
    let views: Vec<String> = views.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for view in views {
        db.execute_batch(&format!("DROP VIEW temp.{view}"))?;
    }
    match READ_AS_NEWEST.get((found as usize).wrapping_sub(1)) {
        Some(sql) => db.execute_batch(sql),
        None => Ok(()),
    }
}

/// Type, name and text of everything in a schema except SQLite's own tables and the automatic indexes.
type Objects = Vec<(String, String, String)>;

fn objects(db: &Connection) -> rusqlite::Result<Objects> {
    let mut rows = db.prepare(
        "SELECT type, name, coalesce(sql, '') FROM sqlite_schema \
         WHERE type <> 'view' AND NOT (name LIKE 'sqlite!_%' ESCAPE '!' AND type IN ('table', 'index')) \
         ORDER BY name, type LIMIT 1000",
    )?;
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
}

/// What is wrong with the schema of `db`, which should be that of `format`. Ignores views: the library never runs a
/// view of the file, so anyone may add some.
pub(super) fn difference(db: &Connection, format: u32) -> rusqlite::Result<Option<String>> {
    static EXPECTED: [OnceLock<Objects>; MIGRATIONS.len()] = [const { OnceLock::new() }; MIGRATIONS.len()];
    let of_format = format as usize;
    let Some(expected) = of_format.checked_sub(1).and_then(|at| EXPECTED.get(at)) else {
        return Ok(Some(format!("no format {format}")));
    };
    let expected = match expected.get() {
        Some(objects) => objects,
        None => {
            let new = Connection::open_in_memory()?;
            apply(&new, &MIGRATIONS[..of_format], 0)?;
            let made = objects(&new)?;
            expected.get_or_init(|| made)
        }
    };
    let found = objects(db)?;
    let odd = found
        .iter()
        .find(|o| !expected.contains(o))
        .map(|(kind, name, _)| format!("an unexpected {kind} {name:?}"));
    let missing =
        expected.iter().find(|o| !found.contains(o)).map(|(kind, name, _)| format!("no {kind} {name:?}"));
    Ok(odd.or(missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(db: &Connection) -> u32 {
        db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn only_the_steps_that_a_file_lacks_are_taken() {
        let db = Connection::open_in_memory().unwrap();
        let steps = [
            "CREATE TABLE a (x)",
            "CREATE TABLE b (x); INSERT INTO b VALUES (7)",
            "CREATE TABLE c (x); oops",
        ];
        apply(&db, &steps[..1], 0).unwrap();
        assert_eq!(version(&db), 1);
        apply(&db, &steps[..2], 1).unwrap();
        assert_eq!(version(&db), 2);
        assert_eq!(db.query_row("SELECT x FROM b", [], |row| row.get::<_, i64>(0)).unwrap(), 7);
        assert!(apply(&db, &steps, 2).is_err());
        assert_eq!(version(&db), 2);
    }

    #[test]
    fn views_of_an_older_format_go_with_it() {
        let db = Connection::open_in_memory().unwrap();
        apply(&db, &MIGRATIONS[..1], 0).unwrap();
        read_as_newest(&db, 1).unwrap();
        let views = || {
            db.query_row("SELECT count(*) FROM sqlite_temp_schema", [], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!(views(), 11);
        read_as_newest(&db, FORMAT).unwrap();
        assert_eq!(views(), 0);
    }

    #[test]
    fn a_changed_schema_is_told() {
        let db = Connection::open_in_memory().unwrap();
        migrate(&db, 0).unwrap();
        assert_eq!(version(&db), FORMAT);
        assert_eq!(difference(&db, FORMAT).unwrap(), None);
        db.execute_batch("CREATE VIEW mine AS SELECT path FROM tracks").unwrap();
        assert_eq!(difference(&db, FORMAT).unwrap(), None);
        db.execute_batch("CREATE TRIGGER t AFTER INSERT ON track BEGIN DELETE FROM file; END").unwrap();
        assert_eq!(difference(&db, FORMAT).unwrap().as_deref(), Some("an unexpected trigger \"t\""));
        db.execute_batch("DROP TRIGGER t; DROP TABLE removed").unwrap();
        assert_eq!(difference(&db, FORMAT).unwrap().as_deref(), Some("no table \"removed\""));
        assert_eq!(difference(&db, 0).unwrap().as_deref(), Some("no format 0"));
    }
}
