#!/usr/bin/env python3
"""How many queries a second one handle answers, asked by one thread and by several.

    pip install ./bindings/python
    python3 bindings/python/bench/threads.py [--threads 8] [--queries 160] [--rounds 5]

In the root of the repository. Each query is a clip of 8 s that is found as it is; rounds of one thread and of several take
turns, and the best of each counts.
"""
import argparse
import tempfile
import threading
import time
from pathlib import Path

import refrain

ROOT = Path(__file__).resolve().parents[3]
CLIP = ROOT / "fixtures/audio/clips/clean.wav"


def rate(index, threads, queries):
    """Queries a second."""
    wrong = []

    def ask():
        for _ in range(queries // threads):
            best = index.query(CLIP).best
            if best is None or best.title != "Second Orbit":
                wrong.append(best)

    asking = [threading.Thread(target=ask) for _ in range(threads)]
    begun = time.perf_counter()
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert not wrong
    return queries // threads * threads / (time.perf_counter() - begun)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--queries", type=int, default=160)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, refrain.Index(Path(folder) / "i.refrain", "a") as index:
        index.build(ROOT / "fixtures/audio/songs")
        rate(index, 1, 8)
        one, many = 0.0, 0.0
        for _ in range(args.rounds):
            one, many = max(one, rate(index, 1, args.queries)), max(many, rate(index, args.threads, args.queries))
    print(f"1 thread {one:.1f}, {args.threads} threads {many:.1f} queries/s: {many / one:.2f} times")


if __name__ == "__main__":
    main()
