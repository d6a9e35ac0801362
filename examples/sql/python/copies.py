"""Finds tracks that hold the same recording, as pairs, one JSON document a line: python3 copies.py INDEX"""
import json
import sqlite3
import sys
from math import sqrt

from refrain_index import chroma, open_index, unpack_windows

KEY_BITS = 16
LEAST_LIKENESS = 0.6
# Pairs of tracks, and by how many frames the windows that they share are apart. A key of very many windows tells nothing.
SHARED = """
    SELECT one.track, other.track, one.frame - other.frame AS apart, count(*) AS windows
    FROM sound AS one JOIN sound AS other ON other.key = one.key AND other.track > one.track
    WHERE one.key IN (SELECT key FROM sound GROUP BY key HAVING count(*) <= 64)
    GROUP BY one.track, other.track, apart HAVING windows >= 3 ORDER BY windows, apart"""


def keys(db, dims):
    """The signs of 16 values of a window's vector are a key. Windows that sound alike share some of their six keys."""
    for track, data in db.execute("SELECT id >> 20, data FROM window_block ORDER BY id"):
        for frame, vector in unpack_windows(data, dims):
            signs = sum((value > 0) << bit for bit, value in enumerate(vector))
            for part in range(0, dims, KEY_BITS):
                yield part << KEY_BITS | signs >> part & (1 << KEY_BITS) - 1, track, frame


def candidates(db, dims):
    """Pairs of tracks that share windows, with by how many frames most of these are apart."""
    # Temporary tables are in a file of SQLite's own, never in the index.
    db.execute("CREATE TEMP TABLE sound (key, track, frame, PRIMARY KEY (key, track, frame)) WITHOUT ROWID")
    db.executemany("INSERT INTO sound VALUES (?, ?, ?)", keys(db, dims))
    # The last row of a pair has most windows.
    best = {(one, other): apart for one, other, apart, _ in db.execute(SHARED)}
    return sorted(best.items())


def likeness(one, other, apart):
    """The cosine of two tracks' chroma where they overlap, the second `apart` frames later; 0 if that is under 3 s."""
    pairs = list(zip(one[max(apart, 0):], other[max(-apart, 0):]))
    dot = sum(a * b for x, y in pairs for a, b in zip(x, y))
    squares = [sum(v * v for pair in pairs for v in pair[side]) for side in (0, 1)]
    return dot / max(sqrt(squares[0] * squares[1]), 1e-9) if len(pairs) >= 16 else 0.0


def main(index):
    db, meta = open_index(index)
    for (one, other), apart in candidates(db, meta["window_dims"]):
        sounds = [list(chroma(db, track)) for track in (one, other)]
        # Windows begin at every fourth frame, so the offset is right within two.
        like, apart = max((likeness(*sounds, at), at) for at in range(apart - 2, apart + 3))
        if like >= LEAST_LIKENESS:
            offset = apart * meta["frame_seconds"]
            print(json.dumps({"one": one, "other": other, "offset": round(offset, 2), "likeness": round(like, 3)}))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (OSError, ValueError, TypeError, sqlite3.Error) as error:
        sys.exit(f"{sys.argv[0]}: {error}")
