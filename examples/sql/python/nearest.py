"""Finds the tracks that share most with one track, by the neighbour index: python3 nearest.py INDEX TRACK

Prints one JSON document a track, the likest first. Where an index has no neighbour index all windows are compared.
"""
import json
import sqlite3
import struct
import sys
from collections import Counter
from heapq import nlargest

from refrain_index import open_index, unpack_windows

EVERY = 4           # one window of the track in so many is looked up
LISTS = 8           # lists that are read for each
LEAST_COSINE = 0.8  # of the vectors, which are 254 long


def dot(one, other):
    return sum(map(int.__mul__, one, other))


def blocks(db, low, high, dims):
    """Track, first frame and vector of the windows of the tracks from `low` to `high`."""
    rows = db.execute("SELECT id >> 20, data FROM window_block WHERE id >= ? << 20 AND id < (? + 1) << 20", (low, high))
    return ((track, frame, vector) for track, data in rows for frame, vector in unpack_windows(data, dims))


def posting(db, centroid, dims):
    """Track, first frame and vector of the windows in the list of a centroid."""
    for data, in db.execute("SELECT data FROM posting WHERE id >= ?1 << 20 AND id < (?1 + 1) << 20", [centroid]):
        count, = struct.unpack_from("<Q", data)
        tracks = struct.unpack_from(f"<{count}I", data, 8)
        frames = struct.unpack_from(f"<{count}I", data, 16 + 4 * count)
        vectors = memoryview(data)[24 + 8 * count:].cast("b")
        yield from ((tracks[at], frames[at], vectors[at * dims:(at + 1) * dims]) for at in range(count))


def main(index, track):
    db, meta = open_index(index)
    dims, track = meta["window_dims"], int(track)
    queries = [(frame, vector.tolist()) for _, frame, vector in blocks(db, track, track, dims)][::EVERY]
    last = db.execute("SELECT last_track FROM neighbour_index WHERE parameter_set = ?", [meta["parameter_set"]]).fetchone()
    work = []           # windows, and the queries that they are compared with
    if last:
        data = b"".join(data[8:] for data, in db.execute("SELECT data FROM centroid_block ORDER BY id"))
        centroids = [memoryview(data)[at:at + dims].cast("b").tolist() for at in range(0, len(data), dims)]
        wanted = {}
        for query in queries:
            for near in nlargest(LISTS, range(len(centroids)), key=lambda at: dot(query[1], centroids[at])):
                wanted.setdefault(near, []).append(query)
        work = [(posting(db, near, dims), asked) for near, asked in sorted(wanted.items())]
    # Later tracks, or all, are in no list.
    work.append((blocks(db, last[0] + 1 if last else 0, 0xFFFFFFFF, dims), queries))
    gone, votes = {id for id, in db.execute("SELECT track FROM removed")} | {track}, Counter()
    for windows, asked in work:
        for other, at, vector in windows:
            if other not in gone:
                values = vector.tolist()
                votes.update((other, start - at) for start, query in asked if dot(query, values) >= LEAST_COSINE * 254 ** 2)
    best = {}
    for (other, apart), count in votes.items():
        best[other] = max(best.get(other, (0, 0)), (count, apart))
    for other, (count, apart) in sorted(best.items(), key=lambda item: (-item[1][0], item[0])):
        print(json.dumps({"track": other, "offset": round(apart * meta["frame_seconds"], 2),
                          "windows": count, "of": len(queries)}))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (OSError, ValueError, TypeError, sqlite3.Error) as error:
        sys.exit(f"{sys.argv[0]}: {error}")
