#!/usr/bin/env python3
"""Fit the score of src/align/score.rs: the probability that a place of a query is right.

usage: calibrate.py REFRAIN QUERIES [--libraries 181x1 60x2 16x3 4x3] [--clips 1500] [--work DIR]

QUERIES is a folder of make_queries.py (of the development corpus, never of the test set). Libraries of several
sizes are drawn from its library.txt, a third of each from tracks that clips were cut from, and clips are looked up
in each with `query --explain`: as far as there are any, half of them from tracks of the library. The best place of
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
REGULARISATION = 1e-4
CHANCE = 0.12  # the least rival, of a root of the query's pairs: in a library of one track there is none
SHORT = 3  # seconds; as many clips up to this length are drawn as longer ones
NAMES = [
    "INTERCEPT",
    "EVIDENCE",
    "MARGIN",
    "RATIO",
    "DENSITY",
    "LOG_DENSITY",
    "SIMILARITY",
    "SIGNIFICANCE",
    "COVERAGE",
    "QUERY_PAIRS",
    "VARIANTS",
]


def pairs(seconds: float) -> float:
    """Frame pairs in a range that lasts so long."""
    return max((seconds - FRAME) / HOP + 1, 1.0)


def features(place: dict, duration: float) -> list[float]:
    """As `logit` in score.rs, without the intercept."""
    of_query = pairs(duration)
    n = min(pairs(place["query_end"] - place["query_start"]), of_query)
    evidence, similarity = max(place["evidence"], 0), place["similarity"]
    rival = max(place["rival"], CHANCE * np.sqrt(of_query))
    margin = evidence - rival
    density = margin / np.sqrt(of_query)
    return [
        evidence,
        margin,
        np.log((evidence + 0.3) / (rival + 0.3)),
        density,
        np.sign(density) * np.log1p(3 * abs(density)),
        similarity,
        similarity * np.sqrt(n),
        n / of_query,
        np.log(of_query),
        np.log(place["variants"]),
    ]


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
    truth = json.loads((queries / "truth.json").read_text())
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
                rows.append((right, features(best, answer["duration"]), number, t["len"], t["dist"]))
    print(f"{len(library)} tracks: {sum(r[0] for r in rows)} of {len(rows)} places right", flush=True)
    return rows


def fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Logistic regression with a slight ridge on features of unit variance; the intercept first."""
    mean, spread = x.mean(0), x.std(0) + 1e-9
    z = np.c_[np.ones(len(x)), (x - mean) / spread]
    weight = weight / weight.sum()

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        logit = z @ b
        error = weight * (1 / (1 + np.exp(-logit)) - y)
        ridge = REGULARISATION * np.r_[0, b[1:]]
        return weight @ (np.logaddexp(0, logit) - y * logit) + ridge @ b / 2, z.T @ error + ridge

    b = minimize(loss, np.zeros(z.shape[1]), jac=True, method="L-BFGS-B", options=dict(maxiter=5000)).x
    slope = b[1:] / spread
    return np.r_[b[0] - slope @ mean, slope]


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
    p.add_argument("--clips", type=int, default=1500, help="clips for the largest library; fewer for smaller ones")
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
            new = look_up(a.refrain, a.queries, sorted(drawn), db, round(a.clips * (size / len(library)) ** 0.5))
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
        b = fit(x[~held], y[~held], weight[~held])
        probability[held] = 1 / (1 + np.exp(-np.c_[np.ones(held.sum()), x[held]] @ b))
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
    for least in (0.5, 0.8, 0.9, 0.95, 0.98, 0.99):
        wrong = (probability > least) & (y == 0)
        kept = {int(s): f"{(probability[(y == 1) & (length == s)] > least).mean():.3f}" for s in np.unique(length)}
        print(f"{least}: {wrong.sum()} of {(y == 0).sum()} ({wrong.sum() / (y == 0).sum():.5f}); {kept}")
    print()
    for name, value in zip(NAMES, fit(x, y, weight), strict=True):
        print(f"const {name}: f64 = {value:.4f};")


if __name__ == "__main__":
    main()
