#!/usr/bin/env python3
"""Fit the score of src/align/score.rs, `ScoreModel` in src/params.rs: the probability that a place of a query is right.

usage: calibrate.py REFRAIN QUERIES [--libraries 181x1 60x2 16x3 4x3] [--clips 1500] [--work DIR]

QUERIES is a folder of make_queries.py (of the development corpus, never of the test set). Libraries of several
sizes are drawn from its library.txt, a third of each from tracks that clips were cut from, and clips are looked up
in each with `query --explain`: all of them in the largest one, and in the others, as far as there are any, half of
them from tracks of the library. The best place of
the query as it is, and the best one of its variants, are an example each: right where its track is the clip's, or
a version of it. In every library right and wrong places weigh the same: how likely a clip is to come from a
library is the user's business, not the score's. A logistic regression on what `logit` in score.rs uses is fitted;
five-fold cross-validation over tracks (no track in both parts) tells how it does.
"""

import argparse
import json
import pathlib
import random
import subprocess
import tempfile

import numpy as np
from scipy.optimize import minimize

FRAME, HOP = 4096 / 11025, 2048 / 11025
REGULARISATION = 1e-6
CHANCE = 0.16  # the least rival, of a root of the query's pairs: in a library of one track there is none
ALIKE = 0.022  # the same of a pair of the range: tracks of one tempo may be a little alike for minutes
NOTHING = 0.3  # added to evidence before a ratio is taken
SHORT_PAIRS, LONG_PAIRS = 4.4, 53.0  # of 1 and of 10 s
MANY = 20_000  # windows; a library with fewer has weaker rivals
SHORT = 3  # seconds; as many clips up to this length are drawn as longer ones
TWO_ENDED = ["INTERCEPT", "RATIO", "DENSITY", "SIMILARITY"]
NAMES = [f"{name} {end}" for name in TWO_ENDED for end in ("short", "long")] + ["COVERAGE", "VARIANTS", "SMALL"]


def pairs(seconds: float) -> float:
    """Frame pairs in a range that lasts so long."""
    return max((seconds - FRAME) / HOP + 1, 1.0)


def features(place: dict, duration: float, windows: int) -> list[float]:
    """What `logit` in score.rs multiplies with, in the order of NAMES."""
    of_query = pairs(duration)
    n = min(pairs(place["query_end"] - place["query_start"]), of_query)
    evidence, chance = max(place["evidence"], 0), np.sqrt(of_query)
    rival = max(place["rival"], CHANCE * chance, ALIKE * n)
    ratio = np.log((evidence + NOTHING) / (rival + NOTHING))
    long = float(np.clip(np.log(of_query / SHORT_PAIRS) / np.log(LONG_PAIRS / SHORT_PAIRS), 0, 1))
    two_ended = [1.0, ratio, (evidence - rival) / chance, place["similarity"]]
    both = [value * share for value in two_ended for share in (1 - long, long)]
    return [*both, n / of_query, np.log(place["variants"]), max(0.0, np.log(MANY / windows))]


def draw_clips(truth: list[dict], inside: set[str], most: int, rng: random.Random) -> list[dict]:
    """`most` clips: as many short as long ones, half of each from tracks of the library if there are so many."""
    drawn = []
    for short in (False, True):
        some = [t for t in truth if (t["len"] <= SHORT) == short]
        of_library = [t for t in some if t["path"] in inside]
        others = [t for t in some if t["path"] not in inside]
        count = min(len(of_library), most // 4)
        drawn += rng.sample(of_library, count)
        drawn += rng.sample(others, min(len(others), most // 2 - count))
    return drawn


def look_up(refrain: str, queries: pathlib.Path, library: list[str], db: pathlib.Path, most: int) -> list[tuple]:
    """(right, features, track number, length, distortion) of the best places of clips."""
    subprocess.run([refrain, "index", "build", "-q", "--db", db, *library], check=True)
    info = subprocess.run([refrain, "index", "info", "--json", "--db", db], check=True, capture_output=True)
    windows = json.loads(info.stdout)["windows"]
    truth = json.loads((queries / "truth.json").read_text())
    if most:
        truth = draw_clips(truth, set(library), most, random.Random(db.name))
    rows = []
    for start in range(0, len(truth), 500):
        part = truth[start : start + 500]
        clips = [queries / t["q"] for t in part]
        command = [refrain, "query", "--json", "--explain", "--db", db, *clips]
        out = subprocess.run(command, capture_output=True).stdout
        for t, line in zip(part, out.splitlines(), strict=True):
            answer = json.loads(line)
            for wide in (False, True):
                places = [m for m in answer.get("candidates", []) if (m["variants"] > 1) == wide]
                if not places:
                    continue
                best = max(places, key=lambda m: m["evidence"])
                right = t["path"] is not None and best["path"] in [t["path"], *(t.get("kin") or [])]
                number = int(t["q"].split("_")[1])
                rows.append((right, features(best, answer["duration"], windows), number, t["len"], t["dist"]))
    print(f"{len(library)} tracks: {sum(r[0] for r in rows)} of {len(rows)} places right", flush=True)
    return rows


def fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Logistic regression with a slight ridge on features of unit variance.

    The first two are the intercepts; what speaks for a place has no slope under 0, the last two none over 0.
    """
    spread = x.std(0) + 1e-9
    z = x / spread
    weight = weight / weight.sum()
    penalty = REGULARISATION * np.r_[0, 0, np.ones(x.shape[1] - 2)]

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        logit = z @ b
        error = weight * (1 / (1 + np.exp(-logit)) - y)
        return weight @ (np.logaddexp(0, logit) - y * logit) + (penalty * b) @ b / 2, z.T @ error + penalty * b

    bounds = [(None, None)] * 2 + [(0, None)] * (x.shape[1] - 4) + [(None, 0)] * 2
    options = dict(maxiter=20000, maxfun=50000, ftol=1e-13)
    return minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds, options=options).x / spread


def balance(y: np.ndarray, library: np.ndarray) -> np.ndarray:
    """Weights that make right and wrong of every library weigh the same, 1 in all."""
    weight = np.zeros(len(y))
    for one in np.unique(library):
        for value in (0, 1):
            group = (library == one) & (y == value)
            weight[group] = 1 / max(group.sum(), 20)
    return weight / weight.sum()


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("refrain")
    p.add_argument("queries", type=pathlib.Path)
    p.add_argument("--libraries", nargs="+", default=["181x1", "60x2", "16x3", "4x3"], help="tracks x how many")
    p.add_argument("--clips", type=int, default=1500, help="clips for a library nearly as large; fewer for smaller ones")
    p.add_argument("--work", type=pathlib.Path)
    a = p.parse_args()
    library = (a.queries / "library.txt").read_text().splitlines()
    truth = json.loads((a.queries / "truth.json").read_text())
    sources = sorted({t["path"] for t in truth if t["path"]})
    rows, of_library = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for size, number in ((int(s), n) for s, _, many in (w.partition("x") for w in a.libraries) for n in range(int(many))):
            rng = random.Random(10 * size + number)
            drawn = library
            if size < len(library):
                drawn = rng.sample(sources, max(2, size // 3))
                drawn += rng.sample([p for p in library if p not in drawn], size - len(drawn))
            db = (a.work or pathlib.Path(scratch)) / f"{size}_{number}.refrain"
            most = round(a.clips * (size / len(library)) ** 0.5) if size < len(library) else 0
            new = look_up(a.refrain, a.queries, sorted(drawn), db, most)
            rows += new
            of_library += [db.name] * len(new)
    y = np.array([r[0] for r in rows], float)
    x = np.array([r[1] for r in rows])
    track = np.array([r[2] for r in rows])
    length = np.array([r[3] for r in rows])
    weight = balance(y, np.array(of_library))
    probability = np.zeros(len(y))
    for fold in range(5):
        held = track % 5 == fold
        probability[held] = 1 / (1 + np.exp(-x[held] @ fit(x[~held], y[~held], weight[~held])))
    print("\nscore bin: mean score, share right (held out, weighted)")
    off, mass = [], []
    for i in range(10):
        inside = np.clip((probability * 10).astype(int), 0, 9) == i
        if inside.any():
            w = weight[inside] / weight[inside].sum()
            off.append(abs(w @ probability[inside] - w @ y[inside]))
            mass.append(weight[inside].sum())
            print(f"{i / 10:.1f}: {w @ probability[inside]:.3f} {w @ y[inside]:.3f} ({inside.sum()})")
    print(f"mean difference over bins {np.mean(off):.3f}, over places {np.average(off, weights=mass):.4f}")
    print("\nleast score: wrong places above it (held out), right ones above it by length in s")
    for least in (0.5, 0.8, 0.85, 0.9, 0.95, 0.98):
        wrong = (probability > least) & (y == 0)
        kept = {int(s): f"{(probability[(y == 1) & (length == s)] > least).mean():.3f}" for s in np.unique(length)}
        print(f"{least}: {wrong.sum()} of {(y == 0).sum()} ({wrong.sum() / (y == 0).sum():.5f}); {kept}")
    print()
    for name, value in zip(NAMES, fit(x, y, weight), strict=True):
        print(f"{name}: {value:.4f}")


if __name__ == "__main__":
    main()
