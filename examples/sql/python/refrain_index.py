"""Reads an index with Python's own modules only; the layout is that of schema/FORMAT.md.

As a program it lists the tracks, one JSON document a line: python3 refrain_index.py INDEX
"""
import json
import os
import sqlite3
import struct
import sys
from pathlib import Path

LEVELS = (-0.498, -0.315, -0.209, -0.139, -0.092, -0.059, -0.036, -0.019,
          -0.006, 0.005, 0.039, 0.085, 0.149, 0.240, 0.370, 0.565)
PITCHES = ("A", "A#", "B", "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#")


def open_index(name):
    """A connection that only reads, also out of a folder that cannot be written, and what `meta` holds."""
    path = Path(name).resolve(strict=True)
    uri = path.as_uri() + "?mode=ro"
    if not os.access(path.parent, os.W_OK):
        # Without locks and log: right for a file that nobody writes to.
        if (log := Path(f"{path}-wal")).exists() and log.stat().st_size > 0:
            raise ValueError(f"{path}: its last writer did not finish; copy it with its -wal to where you can write")
        uri += "&immutable=1"
    db = sqlite3.connect(uri, uri=True)
    numbers = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    if numbers not in ([0x5246524E, 2], [0x5246524E, 3], [0x5246524E, 4], [0x5246524E, 5]):
        raise ValueError(f"{path}: not a refrain index of format 2 to 5")
    meta = dict(db.execute("SELECT key, value FROM meta"))
    if meta["parameter_set"] != 1:
        raise ValueError(f"{path}: made with parameter set {meta['parameter_set']}, this knows 1")
    return db, meta


def chroma(db, track):
    """The frames of a track, each a list of 60 values: five octaves of twelve, from A up."""
    for data, in db.execute("SELECT data FROM frame_block WHERE id BETWEEN ?1 << 20 AND ?1 << 20 | 0xFFFFF ORDER BY id", [track]):
        values = [LEVELS[level] for byte in data for level in (byte & 15, byte >> 4)]
        yield from (values[at:at + 60] for at in range(0, len(values), 60))


def unpack_windows(data, dims):
    """First frame and vector of each window of a `window_block`."""
    count, = struct.unpack_from("<Q", data)
    frames = struct.unpack_from(f"<{count}I", data, 8)
    vectors = memoryview(data)[16 + 4 * count:].cast("b")
    return ((frame, vectors[at * dims:(at + 1) * dims]) for at, frame in enumerate(frames))


def main(index):
    db, meta = open_index(index)
    for track, path, artist, title, duration, windows in db.execute(
            "SELECT id, path, artist, title, duration, windows FROM tracks ORDER BY id"):
        frames = list(chroma(db, track))
        # How much of what begins to sound is of each pitch class.
        classes = [sum(max(value, 0.0) for frame in frames for value in frame[pitch::12]) for pitch in range(12)]
        print(json.dumps({
            "id": track, "path": path, "artist": artist, "title": title, "duration": duration, "windows": windows,
            "frames": len(frames), "pitch_classes": {p: round(c, 1) for p, c in zip(PITCHES, classes)},
        }, ensure_ascii=False))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (OSError, ValueError, TypeError, sqlite3.Error) as error:
        sys.exit(f"{sys.argv[0]}: {error}")
