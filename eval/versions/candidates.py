"""Measures ways to find candidates on a rendered set: which vectors, of what, and how they are compared.

    python3 eval/versions/candidates.py WORK [--only NAME...] [--queries 60]

Columns for each level: recall at 1, 10, 100 and mean average precision among all tracks of the library. Metrics are trained
on every other family; queries are of the others.
"""
import argparse
import time
from pathlib import Path

import numpy as np

from chroma import FRAME, Set, report

RATIOS = tuple(np.exp(np.linspace(np.log(.75), np.log(1.33), 9)))


def bands(frames, how):
    """Frames of pitch classes, one column block a band: all octaves, or bass (110-440 Hz) and melody (440-3520 Hz). A plus
    drops what is negative."""
    x = frames.astype(np.float32).reshape(len(frames), 5, 12)
    if how.startswith("+"):
        x, how = np.maximum(x, 0), how[1:]
    if how == "line":  # the pitch class that stands out most, and what comes near it
        p = np.maximum(x[:, 2:], 0).sum(1)
        return np.maximum(p - .5 * p.max(1, keepdims=True), 0)[:, None]
    parts = {"all": [x], "melody": [x[:, 2:]], "middle": [x[:, 2:4]], "high": [x[:, 3:]], "two": [x[:, :2], x[:, 2:]],
             "three": [x[:, :2], x[:, 2:3], x[:, 3:]]}[how]
    return np.stack([p.sum(1) for p in parts], 1)


def windows(x, seconds, hop, points, ratio=1.0):
    """Windows of `seconds` * ratio, each resampled to `points` means: (windows, points, bands, 12)."""
    count = seconds * ratio / FRAME
    sums = np.concatenate([np.zeros((1, *x.shape[1:]), np.float32), np.cumsum(x, 0)])
    starts = np.arange(0, max(len(x) - count, 0) + 1e-6, hop / FRAME)
    edges = np.clip(starts[:, None] + np.linspace(0, count, points + 1), 0, len(x))
    low = np.minimum(edges.astype(int), len(x) - 1)
    return np.diff(sums[low] + (edges - low)[..., None, None] * x[low], axis=1) / (count / points)


def dft(w, keep, power=.5):
    """Magnitudes of the 2D DFT over time and pitch class: neither the start nor the key counts."""
    points = w.shape[1]
    rows = np.r_[0:keep + 1, points - keep:points]  # low frequencies over time, of both signs
    spectrum = np.fft.fft2(w, axes=(1, 3))[:, rows, :, :7]  # the other pitch frequencies are a mirror image
    return (np.abs(spectrum) ** power).reshape(len(w), -1)


def eight_bits(v):
    v = v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)
    return np.clip(np.round(v * 254), -127, 127).astype(np.float32)


def metric(vectors, dims, pairs=None):
    """PCA, or LDA: what differs between versions of a place is shrunk, then what differs between places is kept."""
    mean = vectors.mean(0)
    centred = vectors - mean
    if pairs is None:
        matrix = np.linalg.eigh(np.cov(centred.T))[1][:, ::-1][:, :dims]
    else:
        difference = pairs[0] - pairs[1]
        within = difference.T @ difference / len(difference) / 2
        within += np.eye(len(within)) * np.trace(within) / len(within) * .1
        values, axes = np.linalg.eigh(within)
        whiten = axes / np.sqrt(values)
        matrix = whiten @ np.linalg.eigh(np.cov((centred @ whiten).T))[1][:, ::-1][:, :dims]
    return lambda v: eight_bits((v - mean) @ matrix)


class Windowed:
    """Scores of tracks: for each window of a query the best window of the track, averaged; the best of the tempo ratios."""

    def __init__(self, data, source="stored", band="two", seconds=12.0, hop=4.0, asked=None, points=None, keep=10, dims=64, lda=True,
                 power=.5, ratios=RATIOS, mine=False, excess=False):
        self.data, self.ratios, self.excess, self.asked = data, ratios, excess, asked or hop
        frames = getattr(data, source)
        points = points or round(seconds * 2.7)
        self.x = x = [bands(f, band) for f in frames]
        self.make = lambda n, ratio=1.0, hop=hop: dft(windows(x[n], seconds, hop, points, ratio), keep, power)
        library = [self.make(n) for n in data.library]
        self.starts = np.concatenate([[0], np.cumsum([len(v) for v in library])[:-1]])
        stack = np.concatenate(library)
        pairs = self.pairs(hop) if lda else None
        self.metric = metric(stack, dims, pairs)
        self.vectors = self.metric(stack)
        if mine:
            more = self.mined(library)
            self.metric = metric(stack, dims, [np.concatenate(p) for p in zip(pairs, more)])
            self.vectors = self.metric(stack)

    def pairs(self, hop):
        """Windows of the same place in a track and in its v1 and v2."""
        first, second = [], []
        for q in self.data.queries:
            row, track = self.data.rows[q], self.data.library[self.data.truth[q]]
            if row["level"] in ("v1", "v2") and self.data.trains(q):
                tempo = row["tempo"]
                a, b = self.make(track), self.make(q, 1 / tempo, hop / tempo)
                count = min(len(a), len(b))
                first.append(a[:count])
                second.append(b[:count])
        return np.concatenate(first), np.concatenate(second)

    def mined(self, library):
        """Windows of v3 and v4 with the window of the right track that is nearest so far."""
        first, second = [], []
        for q in self.data.queries:
            if self.data.rows[q]["level"] in ("v3", "v4") and self.data.trains(q):
                right = library[self.data.truth[q]]
                made = [self.make(q, ratio) for ratio in self.ratios]
                near = [self.metric(m) @ self.metric(right).T for m in made]
                best = int(np.argmax([n.max(1).mean() for n in near]))
                good = near[best].max(1) > .5 * 254 ** 2
                first.append(right[near[best].argmax(1)[good]])
                second.append(made[best][good])
        return np.concatenate(first), np.concatenate(second)

    def scores(self, queries, ratio_too=False):
        out, at = np.zeros((len(queries), len(self.data.library)), np.float32), []
        for i, q in enumerate(queries):
            made = [self.make(q, ratio, self.asked) for ratio in self.ratios]
            ends = np.cumsum([len(m) for m in made])
            products = self.metric(np.concatenate(made)) @ self.vectors.T / 254 ** 2
            best = np.maximum.reduceat(products, self.starts, axis=1)
            if self.excess:  # less what the hundredth best track has for this window
                best = np.maximum(best - np.partition(best, -100, axis=1)[:, -100:-99], 0)
            of = np.stack([part.mean(0) for part in np.split(best, ends[:-1])])
            out[i] = of.max(0)
            at.append(of.argmax(0))
        return (out, np.array(at)) if ratio_too else out


class Together:
    """The sum of the scores in several spaces."""

    def __init__(self, data, *spaces):
        self.spaces = [Windowed(data, **space) for space in spaces]
        self.vectors = np.concatenate([s.vectors[:, :1] for s in self.spaces])

    def scores(self, queries):
        return sum(s.scores(queries) for s in self.spaces)


def method(data, case):
    return Windowed(data, **case) if isinstance(case, dict) else Together(data, *case)


SEVENTEEN = tuple(np.exp(np.linspace(np.log(.75), np.log(1.33), 17)))
CASES = {"all, pca": dict(band="all", lda=False), "two, pca": dict(lda=False)}
for _band in ("all", "+all", "melody", "+melody", "middle", "+middle", "high", "line", "two", "+two", "three"):
    CASES[_band] = dict(band=_band)
for _band in ("all", "melody", "+melody"):
    CASES[f"plain {_band}"] = dict(source="plain", band=_band)
for _band in ("two", "melody", "+melody"):
    CASES[f"{_band}, 128 values"] = dict(band=_band, dims=128)
    CASES[f"{_band}, mined"] = dict(band=_band, mine=True)
    CASES[f"{_band}, excess"] = dict(band=_band, excess=True)
    CASES[f"{_band}, one tempo"] = dict(band=_band, ratios=(1.0,))
    CASES[f"{_band}, 5 tempi"] = dict(band=_band, ratios=RATIOS[::2])
    CASES[f"{_band}, 17 tempi"] = dict(band=_band, ratios=SEVENTEEN)
    CASES[f"{_band}, keep 15"] = dict(band=_band, keep=15)
    CASES[f"{_band}, power 1"] = dict(band=_band, power=1.0)
    for _seconds, _hop in ((8, 4), (12, 2), (12, 6), (16, 4), (20, 4), (20, 10)):
        CASES[f"{_band}, {_seconds} s every {_hop} s"] = dict(band=_band, seconds=float(_seconds), hop=float(_hop))
CASES["+melody, 192 values, keep 15"] = dict(band="+melody", dims=192, keep=15)
CASES["+melody, 128 values, keep 15"] = dict(band="+melody", dims=128, keep=15)
CASES["+melody, 128 values, keep 15, 17 tempi"] = dict(band="+melody", dims=128, keep=15, ratios=SEVENTEEN)
CASES["+melody, 128 values, keep 15, asked every 8 s"] = dict(band="+melody", dims=128, keep=15, asked=8.0)
CASES["+melody, 128 values, keep 15, asked every 12 s"] = dict(band="+melody", dims=128, keep=15, asked=12.0)
CASES["+all, 128 values"] = dict(band="+all", dims=128)
CASES["+melody and +all, 64 values"] = (dict(band="+melody"), dict(band="+all"))
CASES["+melody and +all, 128 values"] = (dict(band="+melody", dims=128), dict(band="+all", dims=128))
CASES["+melody, 12 s and 20 s, 128 values"] = (dict(band="+melody", dims=128), dict(band="+melody", dims=128, seconds=20.0))
CASES["+melody, 8 s and 12 s, 128 values"] = (dict(band="+melody", dims=128), dict(band="+melody", dims=128, seconds=8.0))


def some(data, count):
    """The first held queries of each level."""
    held = data.held()
    return [q for level in ("v1", "v2", "v3", "v4") for q in [q for q in held if data.rows[q]["level"] == level][:count]]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("work", type=Path)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--queries", type=int, default=60, help="queries a level")
    args = parser.parse_args()
    data = Set(args.work)
    queries = some(data, args.queries)
    print(len(data.library), "tracks,", len(queries), "queries")
    for name, case in CASES.items():
        if name in (args.only or CASES) and (data.plain or "plain" not in name):
            space = method(data, case)
            start = time.process_time()
            scores = space.scores(queries)
            cost = (time.process_time() - start) / len(queries) * 1000
            report(name, data, scores, queries, f"| {cost:.0f} ms, {len(space.vectors)} vectors")
