"""Compares `refrain versions` with Essentia's Qmax and with 2DFTM and PCA on a rendered set, by a paired bootstrap.

    python3 eval/versions/beat.py scores WORK [--queries 50] [--tracks 1000] [--merge 4]   # Essentia's scores, which take an hour
    python3 eval/versions/beat.py compare PROGRAM WORK                                     # what they and refrain reach

Queries are spread over the levels. The tracks are those that they are versions of, and others of the library. WORK/peers.npz keeps
the scores of both peers. refrain searches an index of the same tracks; a track that it does not name comes last.
"""
import argparse
import json
import os
import resource
import subprocess
import time
from pathlib import Path

import numpy as np

from chroma import Set
from peers import dft_pca, essentia_scores, hpcp


def chosen(data: Set, queries: int, tracks: int):
    """Queries and the places of tracks in the library."""
    levels = {level: [q for q in data.queries if data.rows[q]["level"] == level] for level in ("v1", "v2", "v3", "v4")}
    picked = [levels[level][n] for n in range(queries) for level in levels if n < len(levels[level])][:queries]
    right = list(dict.fromkeys(data.truth[q] for q in picked))
    return picked, right + [p for p in range(len(data.library)) if p not in right][:tracks - len(right)]


def precision(scores: np.ndarray, truth: list) -> np.ndarray:
    """The average precision of each query; one track is right."""
    return np.array([1 / (row >= row[right]).sum() for row, right in zip(scores, truth)])


def asked(program: str, index: Path, files: list) -> tuple:
    """The documents of the files, and the CPU of each."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [program, "versions", "--quiet", "--json", "--copies", "--min-score", "0", "--top", "100", "--db", index, *files]
    out = subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return out, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / len(files)


def ours(program: str, work: Path, data: Set, queries: list, places: list) -> tuple:
    """refrain's scores, the CPU of a query, and that of a query of one track: what decoding takes."""
    folder, index = work / "peers", work / "peers.refrain"
    folder.mkdir(exist_ok=True)
    names = [data.rows[data.library[p]]["name"] for p in places]
    for name in names:
        if not (folder / f"{name}.wav").exists():
            os.link(work / "wav" / f"{name}.wav", folder / f"{name}.wav")
    if not index.exists():
        subprocess.run([program, "index", "build", "--quiet", "--db", index, folder], check=True)
    files = [work / "wav" / f"{data.rows[q]['name']}.wav" for q in queries]
    single = work / "peers-one.refrain"
    if not single.exists():
        subprocess.run([program, "index", "build", "--quiet", "--db", single, folder / f"{names[0]}.wav"], check=True)
    _, decoding = asked(program, single, files)
    out, cost = asked(program, index, files)
    scores = np.full((len(queries), len(names)), -1.0)
    for row, line in zip(scores, out):
        for version in json.loads(line)["versions"]:
            row[names.index(Path(version["path"]).stem)] = version["evidence"] / version["chance"]
    return scores, cost, decoding


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("act", choices=("scores", "compare"))
    parser.add_argument("rest", nargs="+")
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--tracks", type=int, default=1000)
    parser.add_argument("--merge", type=int, default=4, help="frames of HPCP that become one")
    args = parser.parse_args()
    work = Path(args.rest[-1])
    data = Set(work)
    queries, places = chosen(data, args.queries, args.tracks)
    truth = [places.index(data.truth[q]) for q in queries]
    tracks = [data.library[p] for p in places]
    if args.act == "scores":
        start = time.process_time()
        made = {n: hpcp(work / "wav" / f"{data.rows[n]['name']}.wav") for n in [*queries, *tracks]}
        print(f"HPCP: {(time.process_time() - start) / len(made):.2f} s a track", flush=True)
        scores, cost = essentia_scores(made, queries, tracks, args.merge)
        print(f"Qmax: {cost:.1f} ms of CPU a pair, average precision {precision(scores, truth).mean():.3f}")
        np.savez(work / "peers.npz", qmax=scores, dft=dft_pca(data, queries)[:, places], cost=cost)
        raise SystemExit
    peers = np.load(work / "peers.npz")
    scores, cost, decoding = ours(args.rest[0], work, data, queries, places)
    own = precision(scores, truth)
    # Qmax's time is without its own chroma, so that refrain's is without decoding.
    pair = (cost - decoding) / len(places) * 1e3
    print(f"refrain: average precision {own.mean():.3f}, {cost * 1e3:.0f} ms of CPU a query of {len(places)} tracks, {decoding * 1e3:.0f} ms "
          f"of them for decoding, {pair:.3f} ms a pair; Qmax {float(peers['cost']):.1f} ms a pair, {float(peers['cost']) / pair:.0f} times as much")
    rng = np.random.default_rng(1)
    draws = rng.integers(0, len(own), (10_000, len(own)))
    for name in ("qmax", "dft"):
        other = precision(peers[name], truth)
        difference = (own - other)[draws].mean(1)
        print(f"{name}: average precision {other.mean():.3f}; refrain is {np.mean(own - other):.3f} above it, "
              f"95 % between {np.quantile(difference, .025):.3f} and {np.quantile(difference, .975):.3f}")
    for level in ("v1", "v2", "v3", "v4"):
        of = [i for i, q in enumerate(queries) if data.rows[q]["level"] == level]
        print(level, len(of), "queries: refrain", round(own[of].mean(), 3),
              *(f"{n} {precision(peers[n], truth)[of].mean():.3f}" for n in ("qmax", "dft")))
