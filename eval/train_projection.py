#!/usr/bin/env python3
"""Train the projection of fingerprint windows and write src/params/projection_1.bin.

usage: train_projection.py FRAMES_DUMP TRACKS.json QUERIES OUT.bin [--dims 96] [--work DIR]

FRAMES_DUMP is the built tool `chroma_frames` (cargo build --release --features unstable --example chroma_frames, then
target/release/examples/chroma_frames); TRACKS.json the manifest of a corpus (corpus.py --set dev);
QUERIES a folder of make_queries.py cut from it. Clips at another tempo or pitch are left out.

A window is 16 frames of 60 values. The projection is the discriminant one: the directions in which a clip
agrees with the undistorted track most, relative to how much either varies. With T the covariance of windows
(tracks and clips) and M the cross-covariance of clips with the tracks' windows at the same place, it is the
generalised eigenvectors of M v = l T v with the largest l, each scaled by l. Both matrices are taken as
stationary (block Toeplitz: a function of the lag only), which makes few tracks go a long way, and T gets
a tenth of its mean variance on its diagonal.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

import numpy as np
import scipy.linalg

WINDOW, VALUES, HOP_SECONDS = 16, 60, 2048 / 11025
TIME_VARYING = ("tempo", "pitch", "speed")


def dump(example: pathlib.Path, rate: str, files: list[str], work: pathlib.Path) -> list[np.ndarray]:
    """Chroma frames of each file: arrays of frames x 60."""
    folder = work / rate
    folder.mkdir(parents=True, exist_ok=True)
    listing = work / f"{rate}.txt"
    listing.write_text("\n".join(files))
    subprocess.run([example, folder, rate, f"@{listing}"], check=True)
    return [np.fromfile(folder / f"{n}.f32", np.float32).reshape(-1, VALUES) for n in range(len(files))]


def lag_covariance(pairs: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """E[a b'] of windows of aligned sequences a and b, as a function of the lag alone."""
    total = {lag: np.zeros((VALUES, VALUES)) for lag in range(1 - WINDOW, WINDOW)}
    count = dict.fromkeys(total, 0)
    for a, b in pairs:
        for lag in total:
            x, y = (a[: len(a) - lag], b[lag:]) if lag >= 0 else (a[-lag:], b[: len(b) + lag])
            total[lag] += x.T.astype(np.float64) @ y
            count[lag] += len(x)
    rows = [[total[j - i] / count[j - i] for j in range(WINDOW)] for i in range(WINDOW)]
    return np.block(rows)


def aligned(clip: np.ndarray, track: np.ndarray, start: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """The clip's even and odd half frames, each with the track's frames at the same place."""
    pairs = []
    for phase in (0, 1):
        first = round(start / HOP_SECONDS + phase / 2)
        a = clip[phase::2]
        b = track[first : first + len(a)]
        pairs.append((a[: len(b)], b))
    return [(a, b) for a, b in pairs if len(a) >= WINDOW]


def train(tracks: dict[str, np.ndarray], clips: list[tuple[np.ndarray, str, float]], dims: int) -> np.ndarray:
    """The projection, dims x 960."""
    pairs = [p for clip, path, start in clips for p in aligned(clip, tracks[path], start)]
    of_tracks = lag_covariance([(t, t) for t in tracks.values() if len(t) >= WINDOW])
    of_clips = lag_covariance([(a, a) for a, _ in pairs])
    cross = lag_covariance(pairs)
    cross = (cross + cross.T) / 2
    total = (of_tracks + of_clips) / 2
    total += 0.1 * np.trace(total) / len(total) * np.eye(len(total))
    values, vectors = scipy.linalg.eigh(cross, total)
    values, vectors = values[::-1][:dims], vectors[:, ::-1][:, :dims]
    vectors *= np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(dims)])
    return (vectors * values).T


def write(matrix: np.ndarray, out: pathlib.Path) -> None:
    """Rows of a 32-bit scale and 8-bit values, little-endian."""
    scales = (np.abs(matrix).max(axis=1) / 127).astype("<f4")
    codes = np.round(matrix / scales[:, None]).astype(np.int8)
    out.write_bytes(b"".join(s.tobytes() + row.tobytes() for s, row in zip(scales, codes)))


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("example", type=pathlib.Path)
    p.add_argument("tracks", type=pathlib.Path)
    p.add_argument("queries", type=pathlib.Path)
    p.add_argument("out", type=pathlib.Path)
    p.add_argument("--dims", type=int, default=96)
    p.add_argument("--work", type=pathlib.Path)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = a.work or pathlib.Path(scratch)
        paths = [str((a.tracks.parent / t["path"]).resolve()) for t in json.loads(a.tracks.read_text())]
        tracks = dict(zip(paths, dump(a.example, "full", paths, work)))
        truth = json.loads((a.queries / "truth.json").read_text())
        used = [t for t in truth if t["path"] and t["len"] >= 5 and t["dist"].split("_")[0] not in TIME_VARYING]
        frames = dump(a.example, "half", [str(a.queries / t["q"]) for t in used], work)
        matrix = train(tracks, [(f, t["path"], t["off"]) for f, t in zip(frames, used)], a.dims)
    write(matrix, a.out)
    print(f"{matrix.shape} from {len(used)} clips of {len({t['path'] for t in used})} tracks")


if __name__ == "__main__":
    main()
