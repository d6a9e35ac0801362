#!/usr/bin/env python3
"""Measures tempo and key of `refrain analyze` on music of known tempo and key, and on sounds without a beat.

usage: tempo_key.py PIECES [--noise CORPUS/noise.json] [--json FILE] [--librosa] [--refrain PATH]

PIECES is a folder made by known_music.py. Prints three tables:

  tempo   the share of pieces whose tempo is within 4 % of the true one ("right"); within 4 % of half, double, a third
          or three times it ("octave", counted apart); another tempo ("wrong"); no tempo ("none").
          With --librosa the same for librosa.feature.tempo, which has to be installed
  key     the share with the right key, and with the usual mistakes: a fifth away in the same mode, the relative key,
          the parallel key. The weighted score is MIREX's: 1, 0.5, 0.3 and 0.2 for these
  beatless  sounds without a beat by kind, and how many of them got a tempo: none should. With --noise also a corpus's
          sound effects; some are rhythmic

Needs numpy and soundfile; espeak-ng, sox and ffmpeg for speech and sound effects.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import tempfile

import numpy as np

import nonmusic

ROOT = pathlib.Path(__file__).resolve().parents[1]
NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
BEATLESS = tuple("silence,constant,dither,white noise,pink noise,brown noise,hum,applause,rain,fire".split(","))
WEIGHTS = {"right": 1.0, "fifth": 0.5, "relative": 0.3, "parallel": 0.2}


def analysed(refrain: str, paths: list[pathlib.Path]) -> list[dict]:
    """The documents of all files, in order."""
    with tempfile.TemporaryFile("w+") as out:
        command = [refrain, "analyze", "--quiet", "--json", *map(str, paths)]
        subprocess.run(command, stdout=out, stderr=subprocess.DEVNULL, check=False)
        out.seek(0)
        return [json.loads(line) for line in out]


def librosa_tempi(paths: list[pathlib.Path]) -> list[float]:
    import librosa

    tempi = []
    for path in paths:
        y, rate = librosa.load(path, sr=22_050)
        tempi.append(float(librosa.feature.tempo(y=y, sr=rate)[0]))
    return tempi


def of_tempo(found: float | None, true: float) -> str:
    if found is None:
        return "none"
    near = lambda factor: abs(found / (true * factor) - 1) <= 0.04
    if near(1):
        return "right"
    return "octave" if any(map(near, (0.5, 2, 1 / 3, 3))) else "wrong"


def of_key(found: str | None, true: str) -> str:
    if found is None:
        return "none"
    (tonic, mode), (true_tonic, true_mode) = found.split(), true.split()
    apart = (NAMES.index(tonic) - NAMES.index(true_tonic)) % 12
    if mode == true_mode:
        return {0: "right", 5: "fifth", 7: "fifth"}.get(apart, "other")
    relative = 9 if true_mode == "major" else 3
    return {0: "parallel", relative: "relative"}.get(apart, "other")


def table(title: str, kinds: tuple[str, ...], rows: dict[str, collections.Counter], weighted: bool) -> None:
    print(f"| {title} | pieces | " + " | ".join(kinds) + (" | weighted |" if weighted else " |"))
    print("|---" * (len(kinds) + 2 + weighted) + "|")
    rows = dict(rows)
    rows["all"] = sum(rows.values(), collections.Counter())
    for source, counts in rows.items():
        total = max(counts.total(), 1)
        cells = [f"{100 * counts[kind] / total:.1f} %" for kind in kinds]
        if weighted:
            cells.append(f"{sum(WEIGHTS.get(kind, 0) * n for kind, n in counts.items()) / total:.3f}")
        print(f"| {source} | {counts.total()} | " + " | ".join(cells) + " |")
    print()


def drone(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A chord that fades in and stays."""
    tones = (rng.uniform(0, 1) / k * np.sin(2 * np.pi * 55 * k * t + rng.uniform(0, 6)) for k in range(1, 12))
    return sum(tones) * np.minimum(1, t / 2)


def beatless(work: pathlib.Path, noise: pathlib.Path | None) -> dict[str, list[pathlib.Path]]:
    sounds = {kind: nonmusic.SOUNDS[kind] for kind in BEATLESS} | {"drone": drone}
    clips = collections.defaultdict(list)
    for kind, sound in sounds.items():
        for seed in range(3):
            for seconds in (10, 30):
                rng = np.random.default_rng([seed, seconds])
                samples = sound(np.arange(seconds * nonmusic.RATE) / nonmusic.RATE, rng)
                clips[kind].append(nonmusic.write(work / f"{kind}_{seed}_{seconds}.wav", samples, nonmusic.RATE))
    voices = nonmusic.make_queries.VOICES.split(",")
    clips["speech"] = nonmusic.speech(work, voices, [10, 30])
    if noise:
        clips["sound effects"] = nonmusic.effects(work, noise, [10, 30])
    return clips


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pieces", type=pathlib.Path)
    parser.add_argument("--noise", type=pathlib.Path, help="a corpus's noise.json")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--librosa", action="store_true")
    parser.add_argument("--refrain", default=str(ROOT / "target/release/refrain"))
    args = parser.parse_args()
    truth = json.loads((args.pieces / "truth.json").read_text())
    found = analysed(args.refrain, [args.pieces / piece["path"] for piece in truth])
    tempo, key = collections.defaultdict(collections.Counter), collections.defaultdict(collections.Counter)
    rows = []
    for piece, document in zip(truth, found, strict=True):
        row = dict(piece, found_bpm=document.get("bpm"), found_key=document.get("key"))
        if piece["bpm"]:
            row["tempo"] = of_tempo(document.get("bpm"), piece["bpm"])
            tempo[piece["source"]][row["tempo"]] += 1
        if piece["key"]:
            row["key_is"] = of_key(document.get("key"), piece["key"])
            key[piece["source"]][row["key_is"]] += 1
        rows.append(row)
    table("tempo", ("right", "octave", "wrong", "none"), tempo, False)
    if args.librosa:
        theirs = collections.defaultdict(collections.Counter)
        timed = [piece for piece in truth if piece["bpm"]]
        tempi = librosa_tempi([args.pieces / piece["path"] for piece in timed])
        for piece, bpm in zip(timed, tempi, strict=True):
            theirs[piece["source"]][of_tempo(bpm, piece["bpm"])] += 1
        table("tempo, librosa", ("right", "octave", "wrong", "none"), theirs, False)
    table("key", ("right", "fifth", "relative", "parallel", "other", "none"), key, True)
    with tempfile.TemporaryDirectory() as folder:
        print("| beatless | clips | with a tempo |\n|---|---|---|")
        for kind, paths in beatless(pathlib.Path(folder), args.noise).items():
            given = [(p.name, d.get("bpm")) for p, d in zip(paths, analysed(args.refrain, paths), strict=True)]
            given = [(name, bpm) for name, bpm in given if bpm is not None]
            rows += [{"beatless": kind, "path": name, "found_bpm": bpm} for name, bpm in given]
            print(f"| {kind} | {len(paths)} | {len(given)} |")
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
