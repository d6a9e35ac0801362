-- refrain index, format 1. Every column and blob is described in FORMAT.md.

-- Numbers that a reader needs before anything else.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY NOT NULL,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- One row for each recording.
CREATE TABLE track (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    path         ANY NOT NULL UNIQUE CHECK (typeof(path) IN ('text', 'blob')),
    size         INTEGER NOT NULL,
    mtime_ns     INTEGER NOT NULL,
    duration     REAL NOT NULL,
    title        TEXT,
    artist       TEXT,
    album        TEXT,
    sample_rate  INTEGER,
    channels     INTEGER,
    frame_count  INTEGER NOT NULL,
    window_count INTEGER NOT NULL
) STRICT;

-- The chroma frames of each track; id = track << 20 | block.
CREATE TABLE frame_block (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- The fingerprint windows of each track; id = track << 20 | block.
CREATE TABLE window_block (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- Files that gave no fingerprint.
CREATE TABLE failure (
    path     ANY PRIMARY KEY NOT NULL CHECK (typeof(path) IN ('text', 'blob')),
    size     INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    reason   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The neighbour index, derived from window_block: what it was built from. No row, or one.
CREATE TABLE neighbour_index (
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    generation     INTEGER NOT NULL,
    parameter_set  INTEGER NOT NULL,
    track_count    INTEGER NOT NULL,
    last_track     INTEGER NOT NULL,
    window_count   INTEGER NOT NULL,
    stamp          INTEGER NOT NULL,
    centroid_count INTEGER NOT NULL,
    entry          INTEGER NOT NULL,
    entry_level    INTEGER NOT NULL,
    graph_complete INTEGER NOT NULL
) STRICT;

-- The centroids' vectors, many to a row; id counts from 0.
CREATE TABLE centroid_block (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- The centroids' neighbours in the graph; id = centroid.
CREATE TABLE centroid_link (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- The windows nearest to each centroid; id = centroid << 20 | row.
CREATE TABLE posting (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- Tracks that were removed since the neighbour index was built and still stand in its postings.
CREATE TABLE removed (
    track INTEGER PRIMARY KEY
) STRICT;

-- For people and other programs. A path that is not UTF-8 reads as a blob literal, X'2F6D...'.
CREATE VIEW tracks AS
SELECT id, CASE typeof(path) WHEN 'text' THEN path ELSE quote(path) END AS path, title, artist, album,
       duration, size, window_count AS windows
FROM track;

CREATE VIEW failures AS
SELECT CASE typeof(path) WHEN 'text' THEN path ELSE quote(path) END AS path, reason, size
FROM failure;

CREATE VIEW frame_blocks AS
SELECT f.id >> 20 AS track_id, CASE typeof(t.path) WHEN 'text' THEN t.path ELSE quote(t.path) END AS path,
       f.id & 0xFFFFF AS block,
       (f.id & 0xFFFFF) * (SELECT value FROM meta WHERE key = 'frames_per_block') AS start_frame,
       (f.id & 0xFFFFF) * (SELECT value FROM meta WHERE key = 'frames_per_block')
           * (SELECT value FROM meta WHERE key = 'frame_seconds') AS start_seconds,
       f.data AS data
FROM frame_block AS f JOIN track AS t ON t.id = f.id >> 20;

CREATE VIEW window_blocks AS
SELECT w.id >> 20 AS track_id, CASE typeof(t.path) WHEN 'text' THEN t.path ELSE quote(t.path) END AS path,
       w.id & 0xFFFFF AS block,
       w.data AS data
FROM window_block AS w JOIN track AS t ON t.id = w.id >> 20;
