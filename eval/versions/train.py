"""Trains the matrix of the version vectors, and writes src/params/section_matrix_1.bin.

    python3 eval/versions/train.py WORK [OUT]

It learns what differs between versions from every other family of the tuning half; the other families fit the probability
and give the figures in docs/decisions/versions.md. Prints what the rounding of the matrix costs.
"""
import argparse
from pathlib import Path

import numpy as np

from candidates import SEVENTEEN, Windowed, eight_bits
from chroma import Set, report

DIMS, KEEP = 128, 15


def learned(vectors, pairs):
    """Mean and matrix: what differs between versions of a place is shrunk, then what differs between places is kept."""
    mean = vectors.mean(0)
    difference = pairs[0] - pairs[1]
    within = difference.T @ difference / len(difference) / 2
    within += np.eye(len(within)) * np.trace(within) / len(within) * .1
    values, axes = np.linalg.eigh(within)
    whiten = axes / np.sqrt(values)
    return mean, whiten @ np.linalg.eigh(np.cov(((vectors - mean) @ whiten).T))[1][:, ::-1][:, :DIMS]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("work", type=Path)
    parser.add_argument("out", type=Path, nargs="?", default=Path("src/params/section_matrix_1.bin"))
    args = parser.parse_args()
    data = Set(args.work)
    space = Windowed(data, band="+melody", dims=DIMS, keep=KEEP, ratios=SEVENTEEN, asked=8.0)
    stack = np.concatenate([space.make(n) for n in data.library])
    mean, matrix = learned(stack, space.pairs(4.0))
    scale = np.abs(matrix).max(0) / 127
    rounded = np.round(matrix / scale).astype(np.int8)
    bias = (mean @ (rounded * scale)).astype(np.float32)
    rows = [np.float32(scale[i]).tobytes() + bias[i].tobytes() + rounded[:, i].tobytes() for i in range(DIMS)]
    args.out.write_bytes(b"".join(rows))
    queries = data.held()
    for name, project in (("floats", lambda v: eight_bits((v - mean) @ matrix)),
                          ("eight bits", lambda v: eight_bits(v @ (rounded * scale) - bias))):
        space.metric, space.vectors = project, project(stack)
        report(name, data, space.scores(queries), queries)
