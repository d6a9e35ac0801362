-- Format 2: a recording is one thing and the files that hold it are another, so that a file can move, have copies or be
-- missing for a while. Roots are remembered, and tracks have more tags and the hash of their files' content.

DROP VIEW tracks;
DROP VIEW failures;
DROP VIEW frame_blocks;
DROP VIEW window_blocks;

-- Folders that were indexed, and how they are looked through.
CREATE TABLE root (
    path         ANY PRIMARY KEY NOT NULL CHECK (typeof(path) IN ('text', 'blob')),
    follow_links INTEGER NOT NULL,
    hidden       INTEGER NOT NULL,
    max_depth    INTEGER
) STRICT, WITHOUT ROWID;

-- Files that are known: of a track, or without a fingerprint and with the reason.
CREATE TABLE file (
    path     ANY PRIMARY KEY NOT NULL CHECK (typeof(path) IN ('text', 'blob')),
    size     INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    track    INTEGER,
    missing  INTEGER NOT NULL CHECK (missing IN (0, 1)),
    reason   TEXT,
    CHECK ((track IS NULL) <> (reason IS NULL))
) STRICT, WITHOUT ROWID;

INSERT INTO file SELECT path, size, mtime_ns, id, 0, NULL FROM track;
INSERT INTO file SELECT path, size, mtime_ns, NULL, 0, reason FROM failure;
DROP TABLE failure;

-- A table is made anew, not renamed, which would change the text of its definition.
CREATE TABLE old_track AS SELECT * FROM track;
CREATE TABLE old_sequence AS SELECT seq FROM sqlite_sequence WHERE name = 'track';
DROP TABLE track;

-- One row for each recording.
CREATE TABLE track (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    hash           BLOB UNIQUE,
    duration       REAL NOT NULL,
    title          TEXT,
    artist         TEXT,
    album          TEXT,
    track_number   INTEGER,
    disc_number    INTEGER,
    recording_mbid TEXT,
    release_mbid   TEXT,
    acoustid       TEXT,
    sample_rate    INTEGER,
    channels       INTEGER,
    frame_count    INTEGER NOT NULL,
    window_count   INTEGER NOT NULL
) STRICT;

INSERT INTO track (id, duration, title, artist, album, sample_rate, channels, frame_count, window_count)
SELECT id, duration, title, artist, album, sample_rate, channels, frame_count, window_count FROM old_track ORDER BY id;

-- Ids are never used again, those of tracks that are gone neither.
DELETE FROM sqlite_sequence WHERE name = 'track';
INSERT INTO sqlite_sequence (name, seq) SELECT 'track', seq FROM old_sequence;
DROP TABLE old_track;
DROP TABLE old_sequence;

CREATE INDEX file_track ON file (track) WHERE track IS NOT NULL;

-- For people and other programs. A path that is not UTF-8 reads as a blob literal, X'2F6D...'.
CREATE VIEW tracks AS
SELECT t.id AS id, CASE typeof(f.path) WHEN 'text' THEN f.path ELSE quote(f.path) END AS path,
       t.title AS title, t.artist AS artist, t.album AS album, t.track_number AS track_number,
       t.disc_number AS disc_number, t.recording_mbid AS recording_mbid, t.release_mbid AS release_mbid,
       t.acoustid AS acoustid, t.duration AS duration, t.sample_rate AS sample_rate, t.channels AS channels,
       f.size AS size, t.window_count AS windows, f.missing AS missing
FROM track AS t JOIN file AS f
    ON f.path = (SELECT path FROM file WHERE track = t.id ORDER BY missing, path LIMIT 1);

CREATE VIEW files AS
SELECT CASE typeof(path) WHEN 'text' THEN path ELSE quote(path) END AS path, track AS track_id, missing, size
FROM file WHERE track IS NOT NULL;

CREATE VIEW failures AS
SELECT CASE typeof(path) WHEN 'text' THEN path ELSE quote(path) END AS path, reason, size
FROM file WHERE track IS NULL;

CREATE VIEW frame_blocks AS
SELECT b.id >> 20 AS track_id, t.path AS path,
       b.id & 0xFFFFF AS block,
       (b.id & 0xFFFFF) * (SELECT value FROM meta WHERE key = 'frames_per_block') AS start_frame,
       (b.id & 0xFFFFF) * (SELECT value FROM meta WHERE key = 'frames_per_block')
           * (SELECT value FROM meta WHERE key = 'frame_seconds') AS start_seconds,
       b.data AS data
FROM frame_block AS b JOIN tracks AS t ON t.id = b.id >> 20;

CREATE VIEW window_blocks AS
SELECT b.id >> 20 AS track_id, t.path AS path,
       b.id & 0xFFFFF AS block,
       b.data AS data
FROM window_block AS b JOIN tracks AS t ON t.id = b.id >> 20;
