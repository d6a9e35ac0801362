"""Reads chroma frames out of an index, and computes the same chroma with the mean over time left in.

    refrain index build --db WORK/set.refrain WORK/wav
    python3 eval/versions/chroma.py WORK        # writes WORK/plain/NAME.npy, and checks itself against the index
"""
import argparse
import json
import sqlite3
from pathlib import Path

import numpy as np

LEVELS = np.array([-.498, -.315, -.209, -.139, -.092, -.059, -.036, -.019, -.006, .005, .039, .085, .149, .240, .370, .565],
                  np.float32)
RATE, LENGTH, HOP = 11_025, 4096, 2048
FRAME = HOP / RATE  # seconds


def unpacked(packed: np.ndarray) -> np.ndarray:
    """Frames of 60 values out of frames of 30 bytes."""
    packed = packed.reshape(-1, 30)
    codes = np.empty((len(packed), 60), np.uint8)
    codes[:, 0::2], codes[:, 1::2] = packed & 15, packed >> 4
    return LEVELS[codes]


def indexed(index: Path) -> dict:
    """The packed frames of every track of an index, by the name of its file."""
    database = sqlite3.connect(f"file:{index}?mode=ro", uri=True)
    frames = {}
    for path, track in database.execute("SELECT path, id FROM tracks").fetchall():
        blocks = database.execute("SELECT data FROM frame_block WHERE id >> 20 = ? ORDER BY id", (track,))
        frames[Path(path).stem] = np.frombuffer(b"".join(data for data, in blocks), np.uint8)
    return frames


def bank() -> np.ndarray:
    """Weights of the 180 constant-Q bands over a power spectrum, as `src/spectrum/constant_q.rs` defines them."""
    bins = np.arange(LENGTH // 2 + 1)[:, None]
    centre = 110 * 2 ** (np.arange(180) / 36) / (RATE / LENGTH)
    half = np.maximum(centre * (2 ** (1 / 36) - 1), 1.5)
    x = (bins - centre) / half
    weights = np.where(np.abs(x) <= 1, .5 + .5 * np.cos(np.pi * x), 0)
    return (weights / weights.sum(0)).astype(np.float32)


def magnitudes(path: Path) -> np.ndarray:
    """Constant-Q magnitudes of a mono file at twice RATE."""
    import scipy.signal
    import soundfile
    samples, rate = soundfile.read(path, dtype="float32")
    assert rate == 2 * RATE and samples.ndim == 1, path
    samples = scipy.signal.resample_poly(samples, 1, 2).astype(np.float32)
    window = np.hanning(LENGTH + 1)[:-1].astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, LENGTH)[::HOP] * window
    power = np.abs(np.fft.rfft(frames) * (2 / window.sum())) ** 2
    return np.sqrt(power.astype(np.float32) @ bank())


def centred(values: np.ndarray, half: int) -> np.ndarray:
    """The mean of the rows around each row, of those that exist."""
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, 0, dtype=np.float64)])
    low, high = np.maximum(np.arange(len(values)) - half, 0), np.minimum(np.arange(len(values)) + half + 1, len(values))
    return ((sums[high] - sums[low]) / (high - low)[:, None]).astype(np.float32)


def semitones(x: np.ndarray) -> np.ndarray:
    """What `src/chroma.rs` computes before it subtracts the mean over time."""
    level = np.maximum(centred(x.max(1, keepdims=True), round(10 / FRAME / 2)), 5e-4)
    x = np.log1p(30 * x / level)
    sums = np.concatenate([np.zeros((len(x), 1), np.float32), np.cumsum(x, 1)], 1)
    low, high = np.maximum(np.arange(180) - 12, 0), np.minimum(np.arange(180) + 13, 180)
    x = np.maximum(x - (sums[:, high] - sums[:, low]) / (high - low), 0)
    below = np.concatenate([np.zeros((len(x), 1), np.float32), x[:, 2:-1:3]], 1)
    return below + x[:, 0::3] + x[:, 1::3]


def normalised(values: np.ndarray) -> np.ndarray:
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), .3)


class Set:
    """Rows of a manifest that are in the index. `stored[n]` and `plain[n]` are frames of 60 values in float16: those of the
    index, and those with the mean over time left in, if they were written."""

    def __init__(self, work: Path):
        rows = [json.loads(line) for line in (work / "manifest.jsonl").read_text().splitlines()]
        packed = indexed(work / "set.refrain")
        self.work = work
        self.rows = [r for r in rows if r["name"] in packed]
        self.stored = [unpacked(packed[r["name"]]).astype(np.float16) for r in self.rows]
        paths = [work / "plain" / f"{r['name']}.npy" for r in self.rows]
        self.plain = [np.load(p) for p in paths] if all(p.exists() for p in paths) else None
        self.library = [n for n, r in enumerate(self.rows) if r["role"] == "library"]
        place = {self.rows[n]["name"]: at for at, n in enumerate(self.library)}
        self.queries = [n for n, r in enumerate(self.rows) if r["role"] == "query" and r["library"] in place]
        self.negatives = [n for n, r in enumerate(self.rows) if r["role"] == "negative"]
        self.truth = {n: place[self.rows[n]["library"]] for n in self.queries}

    def held(self, queries=None) -> list:
        """Queries of the families that no metric is trained on."""
        return [q for q in (self.queries if queries is None else queries) if not self.trains(q)]

    def trains(self, query: int) -> bool:
        return int(self.rows[query]["library"][1:5]) % 2 == 0


def report(name: str, data: Set, scores: np.ndarray, queries: list, extra="", truth=None) -> None:
    """Prints recall at 1, 10 and 100 and mean average precision for each level; `scores` is queries by library."""
    truth, line = truth or data.truth, f"{name:40}"
    for level in ("v1", "v2", "v3", "v4"):
        of = [(scores[i], scores[i, truth[n]]) for i, n in enumerate(queries) if data.rows[n]["level"] == level]
        if of:
            ranks = np.array([(row >= right).sum() for row, right in of])
            line += " | " + " ".join(f"{(ranks <= k).mean():.3f}" for k in (1, 10, 100)) + f" {(1 / ranks).mean():.3f}"
    print(line, extra, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("work", type=Path)
    args = parser.parse_args()
    packed = indexed(args.work / "set.refrain")
    (args.work / "plain").mkdir(exist_ok=True)
    off = []
    for n, (name, frames) in enumerate(packed.items()):
        values = semitones(magnitudes(args.work / "wav" / f"{name}.wav"))
        np.save(args.work / "plain" / f"{name}.npy", normalised(values).astype(np.float16))
        if n % 50 == 0:
            own, theirs = normalised(values - centred(values, round(2 / FRAME / 2))), unpacked(frames)
            count = min(len(own), len(theirs))
            off.append(np.sum(own[:count] * theirs[:count]) / np.sqrt(np.sum(own[:count] ** 2) * np.sum(theirs[:count] ** 2)))
    print(f"{len(packed)} tracks; cosine of computed and stored frames, lowest of {len(off)} tracks: {min(off):.4f}")
