-- Format 4: how loud each track is over time, so that a remaster is told from a copy of a low bit rate; what is known about
-- duplicates, so that a new track costs only itself; how good files sound; and which tracks are no duplicates for the user.

-- The levels of each track; id = track << 20 | block.
CREATE TABLE level_block (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- Up to which track windows were compared, and by which rules. No row, or one.
CREATE TABLE duplicate_search (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    rules      INTEGER NOT NULL,
    last_track INTEGER NOT NULL
) STRICT;

-- Pairs of tracks with near windows, one < two, and where they are.
CREATE TABLE near_pair (
    one  INTEGER NOT NULL,
    two  INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (one, two)
) STRICT, WITHOUT ROWID;

-- Pairs that were compared: what the second is to the first, and where they agree. No relation: nothing.
CREATE TABLE compared_pair (
    one        INTEGER NOT NULL,
    two        INTEGER NOT NULL,
    relation   TEXT,
    similarity REAL NOT NULL,
    tempo      REAL NOT NULL,
    data       BLOB NOT NULL,
    PRIMARY KEY (one, two)
) STRICT, WITHOUT ROWID;

-- What the last search found: for each track in a group, what it is to the group's reference.
CREATE TABLE duplicate (
    reference  INTEGER NOT NULL,
    track      INTEGER NOT NULL,
    relation   TEXT NOT NULL,
    similarity REAL NOT NULL,
    speed      REAL NOT NULL,
    PRIMARY KEY (reference, track)
) STRICT, WITHOUT ROWID;

-- Pairs that the user called no duplicates, one < two.
CREATE TABLE not_duplicate (
    one INTEGER NOT NULL,
    two INTEGER NOT NULL,
    PRIMARY KEY (one, two)
) STRICT, WITHOUT ROWID;

-- How good the files of a track sound, from a full decode.
CREATE TABLE quality (
    track     INTEGER PRIMARY KEY,
    bandwidth INTEGER NOT NULL,
    cut       INTEGER NOT NULL CHECK (cut IN (0, 1)),
    peak      REAL NOT NULL,
    clipped   REAL NOT NULL
) STRICT;

-- For people and other programs. A path that is not UTF-8 reads as a blob literal, X'2F6D...'.
CREATE VIEW duplicates AS
SELECT d.reference AS reference_id, r.path AS reference_path, d.track AS track_id,
       CASE typeof(f.path) WHEN 'text' THEN f.path ELSE quote(f.path) END AS path,
       d.relation AS relation, d.similarity AS similarity, d.speed AS speed, f.size AS size, f.missing AS missing
FROM duplicate AS d
JOIN tracks AS r ON r.id = d.reference
JOIN file AS f ON f.track = d.track
UNION ALL
SELECT t.id, t.path, t.id, CASE typeof(f.path) WHEN 'text' THEN f.path ELSE quote(f.path) END,
       'same_bytes', 1.0, 1.0, f.size, f.missing
FROM tracks AS t JOIN file AS f ON f.track = t.id
WHERE CASE typeof(f.path) WHEN 'text' THEN f.path ELSE quote(f.path) END <> t.path;
