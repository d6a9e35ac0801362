#!/usr/bin/env python3
"""Score other programs' rules for duplicates on a messy library of `plays.py duplicates`, beside refrain.

usage: duplicates_peers.py SCENE [--czkawka PATH] [--refrain PATH] [--json FILE]

SCENE is the folder that `plays.py duplicates` made, with truth.json. Each system gets all its files and names pairs or groups of
duplicates. Counted as in `scenes/duplicates.py`: a pair of a recording and a related file is found if both are named together. A
false merge is a pair of files of two recordings that are named together. The relations themselves are refrain's alone.

  refrain       `refrain duplicates`; files that only share a backing are not counted as named together
  czkawka       `czkawka_cli music --search-method CONTENT`, as it is by default
  alignment     fpcalc's words of whole files, laid over each other at every distance: the largest share of equal bits, where
                at least half of the shorter file and 10 s overlap. With three limits: .8, .9, and the lowest limit that merges
                no two recordings of music (fitted to the negatives of this very library, which flatters it)
  soundalike    its rule: the words of the first 15 s; a quarter of the words equal in their upper halves, in any order; then .95
                of the bits at the best distance, divided by the longer file; groups are everything that is connected. Also with
                the limit .8, with which it was used for a data set
  AudioMuse-AI  its second check alone: the words of the first 120 s, .95 of the bits at a distance of up to 12 words, with at
                least 40 words; lengths at most 1 s apart. Left out: the first check (a SimHash of 200 bits and a cosine of
                embeddings below .01), which needs the weights of a neural network. So the merges are an upper bound

CPU is user plus system time, of the processes that decode and compare, and of this script where it compares.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from peer_fpcalc import HOP, popcount
from scenes.duplicates import EXPECTED
from score import table

ROOT = pathlib.Path(__file__).resolve().parent.parent
AT_LEAST = round(10 / HOP)
LONG = 2048  # words; longer files get longer transforms
TOGETHER = 8  # files
SAME_LENGTH = 1.0  # seconds, AudioMuse-AI's


def cpu() -> float:
    """CPU seconds of this process and its ended children."""
    t = os.times()
    return t.user + t.system + t.children_user + t.children_system


def words(path: str, seconds: int) -> np.ndarray:
    """The words of the first seconds of a file; of all for 0. Empty where fpcalc has none."""
    out = subprocess.run(["fpcalc", "-raw", "-length", str(seconds), path], capture_output=True, text=True).stdout
    line = next((s for s in out.splitlines() if s.startswith("FINGERPRINT=")), "FINGERPRINT=")
    return np.array([int(w) for w in line.removeprefix("FINGERPRINT=").split(",") if w], np.int64).astype(np.uint32)


def fingerprints(paths: list[str], seconds: int) -> list[np.ndarray]:
    """The words of all files."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda path: words(path, seconds), paths))


def equal_shares(prints: list[np.ndarray]) -> np.ndarray:
    """For each pair the largest share of equal bits at any distance at which the files overlap enough."""
    best = np.zeros((len(prints), len(prints)), np.float32)
    lengths = np.array([len(p) for p in prints])
    long = np.flatnonzero(lengths >= LONG)
    short = np.flatnonzero(lengths < LONG)
    fill_shares(best, prints, short, short)
    fill_shares(best, prints, long, np.arange(len(prints)))
    return np.maximum(best, best.T)


def fill_shares(best: np.ndarray, prints: list[np.ndarray], some: np.ndarray, others: np.ndarray) -> None:
    """The shares of some files with others, by transforms that are long enough for all of them."""
    if not len(some):
        return
    lengths = np.array([len(p) for p in prints])
    size = 1 << int(np.ceil(np.log2(2 * max(lengths[some].max(), lengths[others].max()))))
    spectra = np.zeros((size // 2 + 1, len(others), 32), np.complex64)
    for n, other in enumerate(others):
        bits = np.zeros((size, 32), np.float32)
        values = prints[other][:, None] >> np.arange(32, dtype=np.uint32)
        bits[: lengths[other]] = 1 - 2 * (values & 1).astype(np.float32)
        spectra[:, n] = np.fft.rfft(bits, axis=0)
    place = {other: n for n, other in enumerate(others)}
    distance = np.arange(size)
    distance = np.where(distance < size // 2, distance, distance - size)
    for start in range(0, len(some), TOGETHER):
        block = some[start : start + TOGETHER]
        its = np.ascontiguousarray(spectra[:, [place[i] for i in block]].conj().transpose(0, 2, 1))
        product = spectra @ its
        for n, i in enumerate(block):
            # At distance d, word k of i lies on word k + d of the other.
            agreeing = np.fft.irfft(np.ascontiguousarray(product[:, :, n].T), size, axis=1).astype(np.float32)
            ends = np.minimum(lengths[i], lengths[others][:, None] - distance)
            overlap = ends - np.maximum(0, -distance)
            enough = np.maximum(AT_LEAST, np.minimum(lengths[i], lengths[others]) // 2)[:, None]
            share = np.where(overlap >= enough, 0.5 + agreeing / (64 * np.maximum(overlap, 1)), 0)
            best[i, others] = share.max(axis=1)
            best[i, i] = 0


def connected(paths: list[str], pairs: list[tuple[int, int]]) -> list[list[str]]:
    """Everything that is connected by pairs."""
    group = list(range(len(paths)))

    def root(n: int) -> int:
        while group[n] != n:
            group[n] = n = group[group[n]]
        return n

    for i, j in pairs:
        group[root(i)] = root(j)
    groups = collections.defaultdict(list)
    for n, path in enumerate(paths):
        groups[root(n)].append(path)
    return [g for g in groups.values() if len(g) > 1]


def soundalike(paths: list[str], prints: list[np.ndarray], limit: float) -> list[list[str]]:
    """Groups by soundalike's rule."""
    halves = [collections.Counter((p >> 16).tolist()) for p in prints]
    pairs = []
    for i, a in enumerate(prints):
        for j in range(i):
            b = prints[j]
            if not len(a) or not len(b) or sum((halves[i] & halves[j]).values()) < int(0.25 * len(a)):
                continue
            equal = 0
            for d in range(1 - len(b), len(a)):
                x, y = a[max(0, d) :], b[max(0, -d) :]
                n = min(len(x), len(y))
                equal = max(equal, 32 * n - int(popcount(np.ascontiguousarray(x[:n] ^ y[:n])).sum()))
            if equal >= limit * 32 * max(len(a), len(b)):
                pairs.append((i, j))
    return connected(paths, pairs)


def audiomuse(paths: list[str], prints: list[np.ndarray], seconds: list[float]) -> list[list[str]]:
    """Groups by AudioMuse-AI's comparison of fingerprints."""
    pairs = []
    for i, a in enumerate(prints):
        for j in range(i):
            b = prints[j]
            if abs(seconds[i] - seconds[j]) > SAME_LENGTH:
                continue
            for d in range(-12, 13):
                x, y = a[max(0, d) :], b[max(0, -d) :]
                n = min(len(x), len(y))
                if n >= 40 and int(popcount(np.ascontiguousarray(x[:n] ^ y[:n])).sum()) <= 0.05 * 32 * n:
                    pairs.append((i, j))
                    break
    return connected(paths, pairs)


def czkawka(program: pathlib.Path, folder: pathlib.Path) -> list[list[str]]:
    """Groups of czkawka's search by content."""
    with tempfile.TemporaryDirectory() as place:
        out = pathlib.Path(place, "out.json")
        # A configuration of its own: no cache of an earlier run.
        home = os.environ | {"HOME": place, "XDG_CACHE_HOME": place, "XDG_CONFIG_HOME": place}
        command = [program, "music", "--search-method", "CONTENT", "--directories", folder, "--compact-file-to-save", out]
        subprocess.run([str(c) for c in command], env=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        groups = json.loads(out.read_text()) if out.exists() else []
    # With reference folders a group is a file and those like it.
    return [[file["path"] for file in group] for group in groups]


def refrain(program: pathlib.Path, folder: pathlib.Path, paths: list[str]) -> list[list[str]]:
    """Groups of refrain, from the files to the answer."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        index = pathlib.Path(place, "i.refrain")
        build = [program, "index", "build", "--quiet", "--db", index, *paths]
        # 2: some files, such as silence, cannot be used.
        built = subprocess.run([str(c) for c in build], stderr=subprocess.DEVNULL)
        assert built.returncode in (0, 2), "the build failed"
        find = [program, "duplicates", "--no-measure", "--json", "--db", index]
        out = subprocess.run([str(c) for c in find], capture_output=True, text=True).stdout
    groups = [json.loads(line) for line in out.splitlines()]
    return [[f["path"] for f in g["files"] if f["relation"] != "shared_backing"] for g in groups]


def judged(files: dict, groups: list[list[str]]) -> dict:
    """How many pairs are found, by relation; and how many are false."""
    near = collections.defaultdict(set)
    for group in groups:
        for path in group:
            near[path].update(group)
    firsts = {row["recording"]: path for path, row in files.items() if row.get("relation") == "reference"}
    found = {relation: [0, 0] for relation in EXPECTED}
    for path, row in files.items():
        if row.get("relation") in found:
            found[row["relation"]][0] += firsts[row["recording"]] in near[path]
            found[row["relation"]][1] += 1
    false = {
        tuple(sorted((one, two)))
        for one, others in near.items()
        for two in others
        if one in files and two in files and files[one]["recording"] != files[two]["recording"]
    }
    forms = collections.Counter(" / ".join(sorted(files[p]["form"].split(":")[0] for p in pair)) for pair in false)
    return {"found": found, "false": len(false), "false_forms": forms.most_common(6)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scene", type=pathlib.Path)
    parser.add_argument("--czkawka", type=pathlib.Path)
    parser.add_argument("--refrain", type=pathlib.Path, default=ROOT / "target/release/refrain")
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    files = {row["path"]: row for row in json.loads((args.scene / "truth.json").read_text())["files"]}
    paths = sorted(files)
    results: dict = {}

    def take(name: str, ask, before: float = 0.0) -> None:
        since = cpu()
        groups = ask()
        results[name] = judged(files, groups) | {"cpu_s": cpu() - since + before}
        print(name, results[name], flush=True)

    take("refrain", lambda: refrain(args.refrain, args.scene, paths))
    if args.czkawka:
        with tempfile.TemporaryDirectory(dir=args.scene.parent) as place:
            # The same files, and no others.
            real = {}
            for n, path in enumerate(paths):
                link = pathlib.Path(place, f"{n:04d}{pathlib.Path(path).suffix}")
                os.link(path, link)
                real[str(link)] = path
            take("czkawka", lambda: [[real.get(p, p) for p in g] for g in czkawka(args.czkawka, pathlib.Path(place))])
    since = cpu()
    prints = fingerprints(paths, 0)
    whole = cpu() - since
    since = cpu()
    shares = equal_shares(prints)
    aligned = cpu() - since
    pairs = np.argwhere(np.triu(shares, 1) > 0.5)
    music = np.array([files[p]["form"] != "no music, or short" for p in paths])
    recordings = np.array([files[p]["recording"] for p in paths])
    other = recordings[:, None] != recordings[None, :]
    fitted = float(shares[other & music[:, None] & music[None, :]].max())
    for name, limit in (("alignment, .8", 0.8), ("alignment, .9", 0.9), (f"alignment, fitted: {fitted:.3f}", fitted)):
        named = lambda: [[paths[i], paths[j]] for i, j in pairs if shares[i, j] > limit]
        take(name, named, whole + aligned)
    since = cpu()
    prints = fingerprints(paths, 15)
    taken = cpu() - since
    take("soundalike, .95", lambda: soundalike(paths, prints, 0.95), taken)
    take("soundalike, .8", lambda: soundalike(paths, prints, 0.8), taken)
    since = cpu()
    first = fingerprints(paths, 120)
    taken = cpu() - since
    lengths = [float(subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", p], capture_output=True, text=True
    ).stdout or 0) for p in paths]
    take("AudioMuse-AI, second check", lambda: audiomuse(paths, first, lengths), taken)

    head = ["system", "false merges", *(name.replace("_", " ") for name in EXPECTED), "CPU s"]
    body = [
        [name, str(r["false"]), *(f"{a} of {b}" for a, b in r["found"].values()), f"{r['cpu_s']:.0f}"]
        for name, r in results.items()
    ]
    print(table(head, body))
    if args.json:
        args.json.write_text(json.dumps({"scene": str(args.scene), "files": len(files), "systems": results}, indent=1))


if __name__ == "__main__":
    main()
