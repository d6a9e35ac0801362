#!/usr/bin/env python3
"""Fit the score of src/align/score.rs: the probability that the best place of a query is right.

usage: calibrate.py REFRAIN QUERIES [--sizes 181 60 16] [--clips N] [--work DIR]

QUERIES is a folder of make_queries.py (of the development corpus, never of the test set). Libraries of several
sizes are drawn from its library.txt, so that many clips come from tracks that are not in the library, and every
clip is looked up in each with `query --explain`. The best place by evidence is right where its track is the
clip's, or a version of it. In every library right and wrong places weigh the same: how likely a clip is to come
from a library is the user's business, not the score's. A logistic regression on the features of `Features` in
score.rs is fitted; five-fold cross-validation over tracks (no track in both parts) tells how it does.
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


def pairs(seconds: float) -> float:
    """Frame pairs in a range that lasts so long."""
    return max((seconds - FRAME) / HOP + 1, 1.0)


def features(best: dict, duration: float, windows: int) -> list[float]:
    """As `logit` in score.rs."""
    n = pairs((best["query_end"] - best["query_start"]) * best["tempo"])
    s = best["similarity"]
    n_query, variants = pairs(duration), best["variants"]
    return [best["evidence"], s, s * np.sqrt(n), np.log(n), np.log(n_query), np.log(windows), np.log(variants)]


def look_up(refrain: str, queries: pathlib.Path, library: list[str], work: pathlib.Path, most: int) -> list[tuple]:
    """(right, features, track number, length, distortion) of the best place of every clip that has one."""
    db = work / f"{len(library)}.refrain"
    if not db.exists():
        subprocess.run([refrain, "index", "build", "-q", "--db", db, *library], check=True)
    info = json.loads(subprocess.run([refrain, "index", "info", "--json", "--db", db], capture_output=True, check=True).stdout)
    truth = json.loads((queries / "truth.json").read_text())
    truth = random.Random(len(library)).sample(truth, min(most, len(truth)))
    rows = []
    for start in range(0, len(truth), 1000):
        part = truth[start : start + 1000]
        clips = [queries / t["q"] for t in part]
        out = subprocess.run([refrain, "query", "--json", "--explain", "--db", db, *clips], capture_output=True).stdout
        for t, line in zip(part, out.splitlines(), strict=True):
            answer = json.loads(line)
            if not answer.get("candidates"):
                continue
            best = max(answer["candidates"], key=lambda m: m["evidence"])
            right = best["path"] == t["path"] or best["path"] in (t.get("kin") or [])
            number = int(t["q"].split("_")[1])
            rows.append((right, features(best, answer["duration"], info["windows"]), number, t["len"], t["dist"]))
    print(f"{len(library)} tracks, {info['windows']} windows: {sum(r[0] for r in rows)} of {len(rows)} right")
    return rows


def fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Logistic regression with a slight ridge; the intercept first."""
    x = np.c_[np.ones(len(x)), x]
    ridge = np.r_[0, np.full(x.shape[1] - 1, REGULARISATION)]

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ b
        error = weight * (1 / (1 + np.exp(-z)) - y)
        value = weight @ (np.logaddexp(0, z) - y * z) + (ridge * b * b).sum() / 2
        return value, x.T @ error + ridge * b

    return minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B", options=dict(maxiter=5000)).x


def balance(y: np.ndarray, library: np.ndarray) -> np.ndarray:
    """Weights that make right and wrong of every library weigh the same, 1 in all."""
    weight = np.zeros(len(y))
    for size in np.unique(library):
        for value in (0, 1):
            group = (library == size) & (y == value)
            weight[group] = 1 / max(group.sum(), 1)
    return weight / weight.sum()


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("refrain")
    p.add_argument("queries", type=pathlib.Path)
    p.add_argument("--sizes", type=int, nargs="+", default=[181, 60, 16])
    p.add_argument("--clips", type=int, default=10**6, help="clips drawn for each library (default: all)")
    p.add_argument("--work", type=pathlib.Path)
    a = p.parse_args()
    library = (a.queries / "library.txt").read_text().splitlines()
    rows, sizes = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for size in a.sizes:
            drawn = random.Random(size).sample(library, min(size, len(library)))
            new = look_up(a.refrain, a.queries, sorted(drawn), a.work or pathlib.Path(scratch), a.clips)
            rows += new
            sizes += [len(drawn)] * len(new)
    y = np.array([r[0] for r in rows], float)
    x = np.array([r[1] for r in rows])
    track = np.array([r[2] for r in rows])
    length = np.array([r[3] for r in rows])
    weight = balance(y, np.array(sizes))
    probability = np.zeros(len(y))
    for fold in range(5):
        held = track % 5 == fold
        b = fit(x[~held], y[~held], weight[~held] / weight[~held].sum())
        probability[held] = 1 / (1 + np.exp(-np.c_[np.ones(held.sum()), x[held]] @ b))
    print("\nscore bin: mean score, share right (held out, weighted)")
    off = []
    for i in range(10):
        inside = np.clip((probability * 10).astype(int), 0, 9) == i
        if inside.any():
            w = weight[inside] / weight[inside].sum()
            off.append(abs(w @ probability[inside] - w @ y[inside]))
            print(f"{i / 10:.1f}: {w @ probability[inside]:.3f} {w @ y[inside]:.3f} ({inside.sum()})")
    print(f"mean difference {np.mean(off):.3f}")
    print("\nleast score: wrong places above it (held out), right ones above it by length in s")
    for least in (0.5, 0.8, 0.9, 0.95, 0.98, 0.99):
        wrong = (probability > least) & (y == 0)
        kept = {int(s): f"{(probability[(y == 1) & (length == s)] > least).mean():.3f}" for s in np.unique(length)}
        print(f"{least}: {wrong.sum()} of {(y == 0).sum()} ({wrong.sum() / (y == 0).sum():.5f}); {kept}")
    names = ["INTERCEPT", "EVIDENCE", "SIMILARITY", "SIGNIFICANCE", "PAIRS", "QUERY_PAIRS", "WINDOWS", "VARIANTS"]
    print()
    for name, value in zip(names, fit(x, y, weight)):
        print(f"const {name}: f64 = {value:.4f};")


if __name__ == "__main__":
    main()
