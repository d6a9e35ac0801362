"""Fits the probability of a version: a logistic regression on the logarithm of the evidence over chance.

    python3 eval/versions/measure.py PROGRAM WORK --held --out FEATURES.jsonl
    python3 eval/versions/unrelated.py PROGRAM REAL.refrain --out UNRELATED.jsonl
    python3 eval/versions/fit.py FEATURES.jsonl UNRELATED.jsonl

Versions are the right tracks. What is wrong is the best wrong track of each query, and the best track of each real recording in
another collection. Prints the coefficients for src/version/chance.rs, and what the limits let through.
"""
import json
import sys
from pathlib import Path

import numpy as np

# Pieces of the tuning half that are in its library twice, under other names.
TWICE = ("f0131", "f0177")


def ratio(found: dict) -> float:
    return float(np.log(max(found["evidence"] / found["chance"], 1e-2)))


def rows(name: str) -> list:
    return [json.loads(line) for line in Path(name).read_text().splitlines()]


if __name__ == "__main__":
    features, real = rows(sys.argv[1]), rows(sys.argv[2])
    right = [(ratio(f), f["level"]) for f in features if f["right"]]
    wrong: dict = {}
    for f in features:
        if not f["right"] and not f["query"].startswith(TWICE):
            wrong[f["query"]] = max(ratio(f), wrong.get(f["query"], -9))
    real = [ratio(f) for f in real]
    x = np.array([r for r, _ in right] + list(wrong.values()) + real)
    y = np.r_[np.ones(len(right)), np.zeros(len(wrong) + len(real))]
    inputs, weights = np.c_[np.ones(len(x)), x], np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-inputs @ weights))
        weights += np.linalg.solve((inputs * (p * (1 - p))[:, None]).T @ inputs + 1e-6 * np.eye(2), inputs.T @ (y - p))
    p = 1 / (1 + np.exp(-inputs @ weights))
    print(f"{len(right)} versions, {len(wrong)} queries with a wrong track, {len(real)} real recordings")
    print(f"INTERCEPT {weights[0]:.2f}, SLOPE {weights[1]:.2f}")
    print("the highest wrong ones:", np.sort(p[y == 0])[::-1][:8].round(3), "of real music:", np.sort(p[len(p) - len(real):])[::-1][:5].round(3))
    for low, high in zip(np.arange(0, 1, .2), np.arange(.2, 1.01, .2)):
        within = (p >= low) & (p <= high)
        print(f"said {low:.1f} to {high:.1f}: {within.sum()}, right {y[within].mean() if within.any() else 0:.2f}, said {p[within].mean() if within.any() else 0:.2f}")
    for limit in (.3, .5, .7, .8, .9):
        found = {level: np.mean([q >= limit for q, (_, l) in zip(p, right) if l == level]) for level in ("v1", "v2", "v3", "v4")}
        print(f"at {limit}: wrong {(p[y == 0] >= limit).sum()} of {int((y == 0).sum())}; of aligned versions", {k: round(float(v), 3) for k, v in found.items()})
