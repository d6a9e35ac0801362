//! The numbered migrations, and the check that a file has the schema that they make.
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

/// The BLAKE3 hash of what each format has besides views. Making the tables to compare with takes half of the time that
/// opening a file takes.
const DIGESTS: [&str; MIGRATIONS.len()] = [
    "dc4f251d6e656b0fb82ff0d13d266794e23c2574ea5039e5f8da7ed3933bbb9e",
    "a2d92843579f658cb858b35e4909a69eb258f2003d7a7d186eb5b101ebd73841",
    "a3c93f350bcfb45996263945cd2c2b2323859881b8b045640503aed0fc125218",
    "c69dd10f0bea9361f3f40b048757f72e03f70c4dcae827d4a3215a61edf2be1a",
    "0a2ef82337221926ef887359db6992b63158e5feb5a44fb9ed4c51f39f4d2d88",
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

/// Type, name and text of something in a schema.
type Object = (String, String, String);

/// Everything in a schema except views, SQLite's own tables and the automatic indexes.
fn objects(db: &Connection) -> rusqlite::Result<Vec<Object>> {
    let mut rows = db.prepare(
        "SELECT type, name, coalesce(sql, '') FROM sqlite_schema \
         WHERE type <> 'view' AND NOT (name LIKE 'sqlite!_%' ESCAPE '!' AND type IN ('table', 'index')) \
         ORDER BY name, type LIMIT 1000",
    )?;
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
}

/// The objects that the migrations up to `format` make.
fn expected(format: usize) -> rusqlite::Result<Vec<Object>> {
    let new = Connection::open_in_memory()?;
    apply(&new, &MIGRATIONS[..format], 0)?;
    objects(&new)
}

fn digest_of(objects: &[Object]) -> String {
    let mut hasher = blake3::Hasher::new();
    for (kind, name, sql) in objects {
        for text in [kind, name, sql] {
            // With its length: a crafted name cannot stand for two texts.
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        }
    }
    hasher.finalize().to_hex().to_string()
}

/// What is wrong with the schema of `db`, which should be that of `format`. Ignores views: the library never runs a
/// view of the file, so anyone may add some.
pub(super) fn difference(db: &Connection, format: u32) -> rusqlite::Result<Option<String>> {
    let of_format = format as usize;
    let Some(digest) = of_format.checked_sub(1).and_then(|at| DIGESTS.get(at)) else {
        return Ok(Some(format!("no format {format}")));
    };
    let found = objects(db)?;
    if digest_of(&found) == *digest {
        return Ok(None);
    }
    let expected = expected(of_format)?;
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
    fn each_digest_is_that_of_what_the_migrations_make() {
        let made = (1..=MIGRATIONS.len()).map(|format| digest_of(&expected(format).unwrap()));
        assert_eq!(made.collect::<Vec<_>>(), DIGESTS);
        let object = |kind: &str, name: &str| (kind.to_owned(), name.to_owned(), String::new());
        assert_ne!(digest_of(&[object("a", "bc")]), digest_of(&[object("ab", "c")]));
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
