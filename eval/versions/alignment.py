"""Measures alignments of a query with its best candidates: Qmax on mutual neighbours, and a local alignment of log odds.

    python3 eval/versions/alignment.py WORK [--top 25] [--queries 30] [--only NAME...]

Prints by level: recall at 1, mean average precision, and the share of queries whose right track is first and above the limit:
by the score itself, and by the score over the median of all candidates' scores. The limit is what one negative in a thousand
passes, by an extreme-value law fitted to the best score of each negative. A right track that is not among the candidates counts
as missed.
"""
import argparse
import time
from pathlib import Path

import numba
import numpy as np

from candidates import CASES, Windowed, bands, some
from chroma import Set

jit = numba.njit(cache=True, fastmath=True)


def resampled(x, step):
    """Means over `step` frames (not whole) of frames x."""
    edges = np.arange(0, len(x) + 1e-9, step)
    sums = np.concatenate([np.zeros((1, *x.shape[1:]), np.float32), np.cumsum(x, 0)])
    low = np.minimum(edges.astype(int), len(x) - 1)
    return np.diff(sums[low] + (edges - low)[:, None, None] * x[low], axis=0) / step


def prepared(x, step):
    """Unit frames of `step` stored frames each: (bands, frames, 12). Frames that hardly move stay small."""
    x = resampled(x, step)
    return (x / np.maximum(np.linalg.norm(x, axis=2, keepdims=True), .05)).transpose(1, 0, 2)


def stacked(products, count):
    """Sums over `count` steps along the diagonal."""
    n, m = products.shape[0] - count + 1, products.shape[1] - count + 1
    return sum(products[s:s + n, s:s + m] for s in range(count))


def similarity(a, b, shift, stack):
    """Cosines of `stack` frames one after another, the query's pitch classes `shift` semitones up; the mean over bands."""
    out = 0
    for of_a, of_b in zip(np.roll(a, shift, 2), b):
        powers = [np.convolve((v * v).sum(1), np.ones(stack), "valid") for v in (of_a, of_b)]
        norms = np.sqrt(np.maximum(np.outer(*powers), 1e-6))
        out = out + stacked(of_a @ of_b.T, stack) / norms
    return (out / len(a)).astype(np.float32)


def mutual(s, share):
    """1 where each is among the other's nearest."""
    rows = np.quantile(s, 1 - share, axis=1, keepdims=True)
    columns = np.quantile(s, 1 - share, axis=0, keepdims=True)
    return ((s >= rows) & (s >= columns)).astype(np.uint8)


def odds(s, offset):
    """Similarities against those of their row and column: in standard deviations, less `offset`."""
    centred = s - s.mean(1, keepdims=True) - s.mean(0, keepdims=True) + s.mean()
    return (centred / max(centred.std(), 1e-6) - offset).astype(np.float32)


@jit
def qmax(r, opening, extending):
    n, m = r.shape
    q = np.zeros((n, m), np.float32)
    best = np.float32(0)
    for i in range(2, n):
        for j in range(2, m):
            if r[i, j]:
                q[i, j] = max(q[i - 1, j - 1], max(q[i - 2, j - 1], q[i - 1, j - 2])) + 1
                best = max(best, q[i, j])
            else:
                a = q[i - 1, j - 1] - (opening if r[i - 1, j - 1] else extending)
                b = q[i - 2, j - 1] - (opening if r[i - 2, j - 1] else extending)
                c = q[i - 1, j - 2] - (opening if r[i - 1, j - 2] else extending)
                q[i, j] = max(np.float32(0), max(a, max(b, c)))
    return best


@jit
def local(e, slack, floor, jump):
    """The best local path over log odds `e`, none below `floor`. Steps are (1,1), (1,2) and (2,1); `slack` is the price of the
    last two, `jump` that of going on anywhere else in the track."""
    n, m = e.shape
    before2, before = np.zeros(m, np.float32), np.zeros(m, np.float32)
    best, top = np.float32(0), np.float32(0)
    for i in range(n):
        row = np.zeros(m, np.float32)
        high = np.float32(0)
        restart = top - jump
        for j in range(m):
            p = max(np.float32(0), restart)
            if j >= 1:
                p = max(p, max(before[j - 1], before2[j - 1] - slack))
                if j >= 2:
                    p = max(p, before[j - 2] - slack)
            v = p + max(e[i, j], floor)
            if v > 0:
                row[j] = v
                high = max(high, v)
        best = max(best, high)
        top = high
        before2, before = before, row
    return best


class Aligner:
    def __init__(self, data, band="+two", merge=2, stack=6, shifts=2, kind="local", share=.1, offset=1.5, slack=.2, floor=-2.0,
                 jump=12.0, at_tempo=True):
        self.merge, self.stack, self.shifts, self.kind, self.share, self.offset = merge, stack, shifts, kind, share, offset
        self.slack, self.floor, self.jump, self.at_tempo = np.float32(slack), np.float32(floor), np.float32(jump), at_tempo
        self.x = [bands(frames, band) for frames in data.stored]
        self.tracks = {t: prepared(self.x[t], merge) for t in data.library}
        melody = [np.maximum(bands(frames, "+all")[:, 0], 0).mean(0) for frames in data.stored]
        self.profiles = [(p - p.mean()) / max(p.std(), 1e-9) for p in melody]

    def pair(self, query, track, ratio):
        """The score of the best transposition, of those that fit the pitch classes of both as a whole best."""
        a, b = prepared(self.x[query], self.merge * (ratio if self.at_tempo else 1)), self.tracks[track]
        fits = [(np.roll(self.profiles[query], k) * self.profiles[track]).sum() for k in range(12)]
        best = 0.0
        for shift in np.argsort(fits)[::-1][:self.shifts]:
            s = similarity(a, b, int(shift), self.stack)
            if self.kind == "qmax":
                score = qmax(mutual(s, self.share), np.float32(.5), np.float32(.5))
            else:
                score = local(odds(s, self.offset), self.slack, self.floor, self.jump)
            best = max(best, float(score))
        return best


ALIGNERS = {
    "qmax +all": dict(kind="qmax", band="+all", stack=9),
    "qmax +melody": dict(kind="qmax", band="+melody", stack=9),
    "qmax +melody, share .05": dict(kind="qmax", band="+melody", stack=9, share=.05),
    "+two": dict(),
    "+all": dict(band="+all"),
    "two": dict(band="two"),
    "melody": dict(band="melody"),
    "+melody": dict(band="+melody"),
    "+melody, tempo of the query": dict(band="+melody", at_tempo=False),
    "+melody, 4 shifts": dict(band="+melody", shifts=4),
    "+melody, 12 shifts": dict(band="+melody", shifts=12),
    "+melody, no jump": dict(band="+melody", jump=1e9),
    "+melody, jump 6": dict(band="+melody", jump=6.0),
    "+melody, offset 1": dict(band="+melody", offset=1.0),
    "+melody, offset 2": dict(band="+melody", offset=2.0),
    "melody, no jump, offset 2": dict(band="melody", jump=1e9, offset=2.0),
    "+melody, no jump, offset 2": dict(band="+melody", jump=1e9, offset=2.0),
    "+melody, no jump, tempo of the query": dict(band="+melody", jump=1e9, at_tempo=False),
    "+melody, no jump, offset 2, stack 9": dict(band="+melody", jump=1e9, offset=2.0, stack=9),
    "+melody, no jump, slack .5": dict(band="+melody", jump=1e9, slack=.5),
    "+melody, no jump, floor -4": dict(band="+melody", jump=1e9, floor=-4.0),
    "+melody, jump 24": dict(band="+melody", jump=24.0),
    "+melody, stack 4": dict(band="+melody", stack=4),
    "+melody, stack 9": dict(band="+melody", stack=9),
    "+melody, stack 12": dict(band="+melody", stack=12),
    "+melody, 5.4 a second, stack 12": dict(band="+melody", merge=1, stack=12),
    "+melody, slack .5": dict(band="+melody", slack=.5),
    "+melody, floor -1": dict(band="+melody", floor=-1.0),
}


def limit_of(scores, share=1e-3):
    """The score that a share of draws exceeds, by the law of extreme values fitted to moments."""
    beta = np.std(scores) * np.sqrt(6) / np.pi
    return np.mean(scores) - .5772 * beta - beta * np.log(-np.log(1 - share))


def measured(name, aligner, data, chosen, queries, negatives):
    scores, start = {}, time.process_time()
    for n in queries + negatives:
        scores[n] = np.array([aligner.pair(n, data.library[c], ratio) for c, ratio in chosen[n]])
    cost = (time.process_time() - start) / sum(len(s) for s in scores.values()) * 1000
    loops = np.array([data.rows[n]["name"].endswith("loop") for n in negatives])
    line, facts = f"{name:32}", []
    against = {n: s / max(np.median(s), 1.0) for n, s in scores.items()}
    limits = [limit_of(np.array([of[n].max() for n in negatives])) for of in (scores, against)]
    for of, limit in zip((scores, against), limits):
        best = np.array([of[n].max() for n in negatives])
        means = f"loops mean {best[loops].mean():.1f}, others {best[~loops].mean():.1f}"
        facts.append(f"limit {limit:.1f}, {means}, most {best.max():.1f}")
    for level in ("v1", "v2", "v3", "v4"):
        found = []
        for n in (n for n in queries if data.rows[n]["level"] == level):
            at = [i for i, (c, _) in enumerate(chosen[n]) if c == data.truth[n]]
            rank = (scores[n] >= scores[n][at[0]]).sum() if at else np.inf
            passed = [rank == 1 and of[n][at[0]] > limit for of, limit in zip((scores, against), limits)]
            found.append((rank == 1, 1 / rank, *passed))
        line += " | " + " ".join(f"{v:.3f}" for v in np.mean(found, 0))
    print(line, "|", "; ".join(facts), f"| {cost:.2f} ms", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("work", type=Path)
    parser.add_argument("--top", type=int, default=25)
    parser.add_argument("--queries", type=int, default=30, help="queries a level")
    parser.add_argument("--negatives", type=int, default=100)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--case", default="+melody, 128 values, keep 15")
    args = parser.parse_args()
    data = Set(args.work)
    space = Windowed(data, **CASES[args.case])
    queries, negatives = some(data, args.queries), data.negatives[:args.negatives]
    scores, ratios = space.scores(queries + negatives, ratio_too=True)
    chosen = {n: [(int(t), space.ratios[ratios[i, t]]) for t in np.argsort(-scores[i])[:args.top]]
              for i, n in enumerate(queries + negatives)}
    print(len(queries), "queries,", len(negatives), "negatives,", args.top, "candidates each")
    for name, options in ALIGNERS.items():
        if not args.only or name in args.only:
            measured(name, Aligner(data, **options), data, chosen, queries, negatives)
