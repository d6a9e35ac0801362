"""How many of the versions that nobody planted are versions all the same? Compares the melodies of both pieces by their scores.

    python3 eval/versions/measure.py PROGRAM WORK --alone 1000 --out FEATURES.jsonl
    python3 eval/versions/variants.py FEATURES.jsonl WORK --tunes TUNES.json --scores SCORES.json [--limit .8]

Collections of folk songs have the same tune under several names. This aligns the first 80 notes of both melodies at each
transposition (local alignment: 1 for the same pitch class, -1 for another one, -.7 for a note left out), and divides by the notes
of the shorter one. Pairs drawn by lot say what chance gives. Prints each pair that is above the limit, and how many pieces
have none that is more alike than 99 % of the pairs drawn by lot.
"""
import argparse
import json
import random
from pathlib import Path

import numpy as np

NOTES = 80
BY_LOT = 300


def likeness(one: list, other: list) -> float:
    """The best local alignment at any transposition, over the notes of the shorter melody."""
    best = 0.0
    for shift in range(12):
        sums = np.zeros((len(one) + 1, len(other) + 1))
        for i, a in enumerate(one, 1):
            for j, b in enumerate(other, 1):
                same = 1 if (a + shift - b) % 12 == 0 else -1
                sums[i, j] = max(0, sums[i - 1, j - 1] + same, sums[i - 1, j] - .7, sums[i, j - 1] - .7)
        best = max(best, sums.max())
    return best / min(len(one), len(other))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("features", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--tunes", type=Path, required=True)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--limit", type=float, default=.8)
    args = parser.parse_args()
    melodies = {tune["name"]: [note[2] for note in tune["notes"]][:NOTES] for tune in json.loads(args.tunes.read_text())}
    for score in json.loads(args.scores.read_text()):
        lead = next((part for part in score["parts"] if part["role"] == "lead"), None)
        if lead:
            melodies[score["name"]] = [note[2] for note in lead["notes"]][:NOTES]
    of = {row["name"]: row.get("of") for row in map(json.loads, (args.work / "manifest.jsonl").read_text().splitlines())}
    rows = [json.loads(line) for line in args.features.read_text().splitlines()]
    found = [row for row in rows if row["level"] is None and row["score"] >= args.limit]
    pieces = {row["query"] for row in rows if row["level"] is None}
    drawn = random.Random(1)
    names = [name for name, notes in melodies.items() if len(notes) >= 20]
    chance = sorted(likeness(*(melodies[name] for name in drawn.sample(names, 2))) for _ in range(BY_LOT))
    high = chance[int(.99 * BY_LOT)]
    print(f"{BY_LOT} pairs by lot: median {chance[BY_LOT // 2]:.2f}, 99 % below {high:.2f}, greatest {chance[-1]:.2f}")
    strange, same = set(), set()
    for row in found:
        pair = row["of"], of.get(row["found"])
        like = likeness(*(melodies[name] for name in pair)) if all(name in melodies for name in pair) else 0.0
        print(f"{row['score']:.2f}  {pair[0]} and {pair[1]}: {like:.2f}")
        (same if like > high else strange).add(row["query"])
    print(f"{len(strange | same)} of {len(pieces)} pieces have a version at {args.limit}; {len(strange - same)} of them one whose melody is "
          "no more like theirs than one in a hundred by lot")
