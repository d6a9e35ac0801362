"""Chromaprint as a peer: the same clips, compared with every place of every track.

`fpcalc` turns audio into one 32-bit word about every 0.124 s. A clip is laid over the library at every
position and the share of differing bits is counted; the position with the fewest is the candidate. This is
exhaustive, so it shows what the fingerprint can tell, not what an index may lose; and it is slow.

When is a candidate accepted? Chromaprint has no rule for short clips. Here the limit is, for each clip
length, the lowest bit error that any negative of the very same query set reaches, and only clips below it
count: the most that can be accepted without a false positive on these negatives. The limit is thus fitted
to the test, which no real user could do; that flatters this peer, unless a single odd negative sets the limit.
A fixed limit can be given instead.
"""

import json
import pathlib
import resource
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

HOP = 1365 / 11_025  # seconds from word to word
MIN_WORDS = 2  # fpcalc gives fewer for clips under about 3 s; those are not searched for


def popcount(x: np.ndarray) -> np.ndarray:
    """Bits set in each uint32."""
    if hasattr(np, "bitwise_count"):
        return np.bitwise_count(x)
    halves = x.view(np.uint16).reshape(-1, 2)
    return BITS[halves[:, 0]] + BITS[halves[:, 1]]


BITS = np.array([bin(i).count("1") for i in range(1 << 16)], dtype=np.uint8)


def words(path: str) -> np.ndarray:
    """The fingerprint of a whole file (uint32), empty where fpcalc has none."""
    command = ["fpcalc", "-raw", "-length", "0", path]
    out = subprocess.run(command, capture_output=True, text=True).stdout
    line = next((s for s in out.splitlines() if s.startswith("FINGERPRINT=")), "FINGERPRINT=")
    values = [int(w) for w in line.removeprefix("FINGERPRINT=").split(",") if w]
    return np.array(values, dtype=np.int64).astype(np.uint32)


class Library:
    """All fingerprints end to end, with the place where each track begins."""

    def __init__(self, paths: list[str]):
        with ThreadPoolExecutor(2) as pool:
            prints = list(pool.map(words, paths))
        self.paths = paths
        self.words = np.concatenate(prints)
        self.starts = np.concatenate([[0], np.cumsum([len(p) for p in prints])])

    def best(self, clip: np.ndarray) -> tuple[float, str, float] | None:
        """Lowest bit error, its track and the offset in seconds; None where nothing can be compared."""
        places = len(self.words) - len(clip) + 1
        if len(clip) < MIN_WORDS or places <= 0:
            return None
        errors = np.zeros(places, np.uint16)
        for i, word in enumerate(clip):
            errors += popcount(self.words[i : i + places] ^ word)
        for end in self.starts[1:-1]:  # positions that would run over the end of a track
            errors[max(0, end - len(clip) + 1) : end] = np.iinfo(np.uint16).max
        at = int(np.argmin(errors))
        track = int(np.searchsorted(self.starts, at, side="right")) - 1
        return errors[at] / (32 * len(clip)), self.paths[track], (at - self.starts[track]) * HOP


def children_cpu() -> float:
    """CPU seconds of finished child processes."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def limits_from_negatives(truth: list[dict], found: dict) -> dict[int, float]:
    """Per clip length the lowest bit error of a negative; 0 accepts nothing where there are none."""
    limits = {}
    for n in sorted({t["len"] for t in truth}):
        negatives = (t for t in truth if t["len"] == n and t["path"] is None and found[t["q"]])
        errors = [found[t["q"]][0] for t in negatives if found[t["q"]][1] not in t.get("kin", [])]
        limits[n] = float(min(errors, default=0.0))
    return limits


def run(queries: pathlib.Path, rows_file: pathlib.Path, fixed: float | None = None) -> dict:
    """Write result rows for a query set; return cost and method."""
    truth = json.loads((queries / "truth.json").read_text())
    begun, before = time.monotonic(), children_cpu()
    library = Library((queries / "library.txt").read_text().splitlines())
    index_cost = {"cpu_s": children_cpu() - before, "wall_s": time.monotonic() - begun}
    index_cost["bytes"] = library.words.nbytes

    before = children_cpu()
    with ThreadPoolExecutor(2) as pool:
        prints = dict(
            zip((t["q"] for t in truth), pool.map(lambda t: words(str(queries / t["q"])), truth), strict=True)
        )
    fingerprint_cpu = children_cpu() - before
    begun = time.process_time()
    found = {q: library.best(p) for q, p in prints.items()}
    compare_cpu = time.process_time() - begun

    limits = limits_from_negatives(truth, found) if fixed is None else {t["len"]: fixed for t in truth}
    with rows_file.open("w") as f:
        for t in truth:
            hit = found[t["q"]]
            row = {"q": t["q"], "track": None}
            if hit:
                error, path, offset = hit
                row |= {
                    "cand": path,
                    "cscore": 1 - float(error),
                    "score": 1 - float(error),
                    "off": float(offset),
                }
                row["track"] = path if error < limits[t["len"]] else None
            f.write(json.dumps(row) + "\n")
    return {
        "method": "fpcalc -raw, aligned bit errors at every position, "
        + (
            "limit per clip length fitted to the negatives of this set"
            if fixed is None
            else f"limit {fixed} given beforehand"
        ),
        "limits": limits,
        "index": index_cost,
        "query": {
            "n": len(truth),
            "cpu_ms": 1000 * (fingerprint_cpu + compare_cpu) / len(truth),
            "fingerprint_cpu_ms": 1000 * fingerprint_cpu / len(truth),
        },
    }
