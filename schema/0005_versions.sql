-- Format 5: vectors of sections of each track, which are alike for the versions of a piece.

-- The vectors of each track; id = track << 20 | block.
CREATE TABLE section_block (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;
