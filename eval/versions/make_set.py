"""Renders a set for measuring version search: a library, queries of each level, and unrelated music.

    python3 eval/versions/make_set.py tuning WORK --tunes TUNES.json --scores SCORES.json [--families 300] [--fillers 2]

WORK/wav/NAME.wav is written for each row of WORK/manifest.jsonl. Rows come family by family, with the other tracks of the
library and the negatives in between, so that the first N rows are a set, too. What exists is not rendered again.

Half of the negatives are *loop* negatives: an unrelated tune in the key of a track of the library, over its chords, with
its generator of accompaniment, at its tempo within 10 %.
"""
import argparse
import json
import zlib
from pathlib import Path

import numpy as np
import soundfile

import arrange
import perform
import synth


def rng_of(seed: int, name: str):
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


class Plan:
    """What is in the set, from the committed families and a seed."""

    def __init__(self, half, families, tunes, scores, wanted, fillers, seed):
        self.seed, self.half, self.rows = seed, half, []
        self.tunes, self.scores = tunes, scores
        self.generators = arrange.GENERATORS[half]
        rng = np.random.default_rng(seed)
        all_families = [families[half][n] for n in rng.permutation(len(families[half]))]
        game = [f for f in all_families if f["tunes"][0].startswith("midi-")]
        with_variants = [f for f in all_families if f["variants"]]
        chorales = [f for f in with_variants if any(v[0].startswith("bach-") for v in f["variants"])]
        folk = [f for f in with_variants if f not in chorales]
        single = [f for f in all_families if not f["variants"] and f not in game]
        chosen = game[:wanted // 10] + chorales[:wanted // 6] + folk[:wanted // 4]
        chosen += single[:wanted - len(chosen)]
        chosen = [chosen[n] for n in rng.permutation(len(chosen))]
        taken = {id(f) for f in chosen}
        others = [f for f in all_families if id(f) not in taken and f not in game]
        self.pool = [f["tunes"][0] for f in others]
        self.library_pieces = []
        for n, family in enumerate(chosen):
            self.family(n, family)
            for _ in range(fillers):
                if self.pool:
                    self.filler(self.pool.pop())
            if len(self.pool) > 60:
                self.negative(n)

    def tune(self, name):
        return self.scores[name]["tune"] if name in self.scores else self.tunes[name]

    def base(self, name, rng):
        if name in self.scores:
            return self.scores[name]
        return arrange.piece(self.tune(name), rng, generators=self.generators, loop=True if rng.random() < .4 else None)

    def add(self, name, make, **row):
        self.rows.append((dict(row, name=name), make))

    def library(self, name, row):
        rng = rng_of(self.seed, name)
        piece = self.base(name, rng)
        font = str(rng.choice(perform.FONTS))
        self.add(row, lambda: perform.played(piece, rng_of(self.seed, row), font), role="library", of=name, kind=piece["kind"],
                 key=list(piece["key"]), bpm=piece["bpm"])
        return piece, font

    def family(self, n, family):
        pairs = sorted(family["variants"], key=lambda v: rng_of(self.seed, v[0] + v[1]).random())
        name = pairs[0][0] if pairs else family["tunes"][0]
        piece, font = self.library(name, f"f{n:04d}-library")
        if name not in self.scores:
            self.library_pieces.append((name, piece))
        tune = self.tune(name)
        for level in ("v1", "v2", "v3") + (("v4",) if pairs else ()):
            row = f"f{n:04d}-{level}"
            other = name if level != "v4" else pairs[0][1]
            setting = self.scores[other] if level == "v4" and other in self.scores else self.tune(other)
            rng = rng_of(self.seed, row)
            events, facts = perform.performed(level, piece, rng, font, self.generators, tune if level != "v4" else setting)
            self.add(row, lambda e=events: e, role="query", level=level, library=f"f{n:04d}-library", of=other, **facts)

    def filler(self, name):
        self.library(name, f"x{len(self.rows):05d}-library")

    def negative(self, n):
        row, rng = f"n{n:04d}", rng_of(self.seed, f"negative {n}")
        font = str(rng.choice(perform.FONTS))
        if n % 2 == 0 or not self.library_pieces:
            name = self.pool.pop()
            piece, row, facts = self.base(name, rng), f"{row}-plain", {}
        else:
            of, like = self.library_pieces[int(rng.integers(max(0, len(self.library_pieces) - 20), len(self.library_pieces)))]
            chords = like["chords"]
            candidates = []
            for name in self.pool[-24:]:
                tune = self.tune(name)
                if name in self.scores or arrange.slots_of(tune["meter"]) != like["slot"]:
                    continue
                key = arrange.key_of(tune["notes"])
                if key[1] == like["key"][1]:
                    fit = arrange.fits(tune["notes"], key, like["slot"])
                    candidates.append((np.mean([fit[n, chords[n % len(chords)]] for n in range(len(fit))]), name))
            if not candidates:
                return
            name = max(candidates)[1]
            self.pool.remove(name)
            piece = arrange.piece(self.tune(name), rng, loop=chords, key=like["key"], kind=like["kind"])
            piece["bpm"] = like["bpm"] * float(rng.uniform(.9, 1.1))
            row, facts = f"{row}-loop", {"like": of}
        others, move = bool(rng.random() < .5), 0
        self.add(row, lambda: perform.played(piece, rng, font, move, 1.0, others, False, 3.0), role="negative", of=name, **facts)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("half", choices=("tuning", "test"))
    parser.add_argument("work", type=Path)
    parser.add_argument("--tunes", type=Path, required=True)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--families", type=int, default=300)
    parser.add_argument("--fillers", type=int, default=2, help="other tracks of the library for each family")
    parser.add_argument("--seed", type=int, default=20)
    args = parser.parse_args()
    families = json.loads((Path(__file__).parent / "families.json").read_text())
    tunes = {t["name"]: t for t in json.loads(args.tunes.read_text())}
    scores = {s["name"]: s for s in json.loads(args.scores.read_text())}
    plan = Plan(args.half, families, tunes, scores, args.families, args.fillers, args.seed)
    (args.work / "wav").mkdir(parents=True, exist_ok=True)
    (args.work / "manifest.jsonl").write_text("".join(json.dumps(row, default=float) + "\n" for row, _ in plan.rows))
    print(len(plan.rows), "rows", flush=True)
    player = synth.Synth()
    for row, make in plan.rows:
        path = args.work / "wav" / f"{row['name']}.wav"
        if not path.exists():
            soundfile.write(path.with_suffix(".part"), player.render(make(), 60.0), synth.RATE, format="WAV", subtype="PCM_16")
            path.with_suffix(".part").rename(path)
