"""Groups tunes into families by their melodies, and splits the families into tuning and test.

    python3 eval/versions/families.py TUNES.json SCORES.json eval/versions/families.json [--seed 20] [--look]

Two tunes are compared note by note: intervals in semitones and ratios of lengths, so neither key nor tempo counts. The
score of the best local alignment is divided by the shorter tune's count of intervals. How high unrelated tunes get is
measured on the same tunes read backwards: they have the same intervals and rhythms, but are no tune of the collection.
Two limits follow. Above SAME two tunes are variants of one tune. Above LOOSE they are not sure to be unrelated: such
tunes stay on one side of the split, and neither is a negative for the other.
"""
import argparse
import hashlib
import json
from collections import defaultdict
from pathlib import Path

import numba
import numpy as np

SAME, LOOSE = 0.55, 0.38
GRAM, COMMON = 5, 150


@numba.njit(cache=True)
def aligned(a, ra, b, rb):
    """The score of the best local alignment of intervals `a` with log ratios of lengths `ra`, and `b`, `rb`."""
    before, best = np.zeros(len(b) + 1, np.float32), np.float32(0)
    for i in range(len(a)):
        row = np.zeros(len(b) + 1, np.float32)
        for j in range(len(b)):
            off = abs(a[i] - b[j])
            same = np.float32(0.6) if off == 0 else (np.float32(0.1) if off == 1 else np.float32(-0.7))
            same += np.float32(0.4) * (np.float32(1) - min(abs(ra[i] - rb[j]), np.float32(2)))
            score = max(before[j] + same, before[j + 1] - np.float32(0.7), row[j] - np.float32(0.7), np.float32(0))
            row[j + 1] = score
            best = max(best, score)
        before = row
    return best


def shape(notes):
    """Intervals and the log ratios of times from note to note; repeated notes count as one long note."""
    merged = []
    for onset, _, pitch in notes:
        if not merged or merged[-1][1] != pitch:
            merged.append((onset, pitch))
    onsets = np.array([o for o, _ in merged] + [notes[-1][0] + notes[-1][1]])
    pitches = np.array([p for _, p in merged])
    lengths = np.maximum(np.diff(onsets), 1e-3)
    return np.diff(pitches).astype(np.int32), np.diff(np.log2(lengths)).astype(np.float32)


def grams(intervals):
    return {tuple(intervals[n:n + GRAM]) for n in range(len(intervals) - GRAM + 1)}


def pairs(shapes, others=None):
    """Pairs that share at least two runs of five intervals, with their scores."""
    others, self_join = (shapes, True) if others is None else (others, False)
    where = defaultdict(list)
    for n, (intervals, _) in enumerate(others):
        for gram in grams(intervals):
            where[gram].append(n)
    found = []
    for n, (a, ra) in enumerate(shapes):
        shared = defaultdict(int)
        for gram in grams(a):
            if len(where[gram]) <= COMMON:
                for m in where[gram]:
                    if not self_join or m > n:
                        shared[m] += 1
        for m, count in shared.items():
            if count >= 2:
                b, rb = others[m]
                if min(len(a), len(b)) >= 15:
                    found.append((n, m, float(aligned(a, ra, b, rb)) / min(len(a), len(b))))
    return found


def components(count, links):
    parent = list(range(count))

    def root(n):
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n
    for a, b in links:
        parent[root(a)] = root(b)
    groups = defaultdict(list)
    for n in range(count):
        groups[root(n)].append(n)
    return list(groups.values())


def side(name: str, seed: int) -> str:
    return "tuning" if hashlib.sha1(f"{seed}/{name}".encode()).digest()[0] % 2 else "test"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("tunes", type=Path)
    parser.add_argument("scores", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--look", action="store_true", help="print pairs of every score, to judge the limits")
    args = parser.parse_args()
    tunes = json.loads(args.tunes.read_text())
    for piece in json.loads(args.scores.read_text()):
        # A game's tune is only a guess at which part is the tune, so it joins no family.
        tunes.append({"name": piece["name"], "title": piece["name"], "notes": piece["tune"]["notes"]})
    shapes = [shape(t["notes"]) for t in tunes]
    found = pairs(shapes)
    backwards = [(a[::-1].copy(), -r[::-1].copy()) for a, r in shapes]
    null = np.array([s for _, _, s in pairs(shapes, backwards)])
    scores = np.array([s for _, _, s in found])
    for limit in np.arange(0.25, 0.95, 0.05):
        print(f"score >= {limit:.2f}: {(scores >= limit).sum():6d} pairs, {(null >= limit).sum():6d} with tunes read backwards")
    if args.look:
        rng = np.random.default_rng(1)
        for low in (0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8):
            within = [p for p in found if low <= p[2] < low + 0.05]
            for n in rng.permutation(len(within))[:6]:
                a, b, s = within[n]
                left, right = (f"{tunes[n]['name']:>12} {tunes[n]['title'][:38]:38}" for n in (a, b))
                print(f"{s:.2f} {left} | {right}")
    loose = components(len(tunes), [(a, b) for a, b, s in found if s >= LOOSE])
    same = defaultdict(list)
    for a, b, s in found:
        if s >= SAME:
            same[a].append(b)
            same[b].append(a)
    out = {"seed": args.seed, "same": SAME, "loose": LOOSE, "tuning": [], "test": []}
    for group in loose:
        names = sorted(tunes[n]["name"] for n in group)
        variants = sorted(sorted([tunes[n]["name"], tunes[m]["name"]]) for n in group for m in same[n] if n < m)
        out[side(names[0], args.seed)].append({"tunes": names, "variants": variants})
    for half in ("tuning", "test"):
        out[half].sort(key=lambda f: f["tunes"])
        sizes = [len(f["tunes"]) for f in out[half]]
        varied = sum(bool(f["variants"]) for f in out[half])
        print(f"{half}: {len(sizes)} families, {sum(sizes)} tunes, {varied} with variants, largest {max(sizes)}")
    lines = json.dumps(out, separators=(",", ":")).replace('{"tunes"', '\n{"tunes"')
    args.out.write_text(lines + "\n")
