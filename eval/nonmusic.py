#!/usr/bin/env python3
"""Ask an index for sounds that are no music, and count what matches: nothing should.

usage: nonmusic.py INDEX [--work DIR] [--refrain PATH] [--seeds 3] [--lengths 1,3,10,30] [--voices V,V,...]
                   [--noise CORPUS/noise.json] [--args "--fast"]

Makes every synthetic sound below for each seed and length, each voice of espeak-ng reading words in an order of its
own, and excerpts of the sound effects that a corpus lists. Clips are kept in DIR and not made again. Prints a table:
clips, answers by status, and the greatest score of any place that was looked at. Exit status 1 if anything matched or
failed. Needs numpy and soundfile; espeak-ng, sox and ffmpeg for speech and sound effects.
"""

import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import soundfile as sf

import make_queries

RATE = 22_050
BATCH = 200  # clips a process
LOW_TONE = np.array([697.0, 770, 852, 941])
HIGH_TONE = np.array([1209.0, 1336, 1477, 1633])


def noise(t: np.ndarray, rng: np.random.Generator, slope: float) -> np.ndarray:
    """Noise whose amplitude falls with frequency to the power of `slope`."""
    spectrum = np.fft.rfft(rng.standard_normal(len(t)))
    return np.fft.irfft(spectrum / np.maximum(1, np.arange(len(spectrum))) ** slope, len(t))


def hum(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mains hum of either frequency with harmonics of random strength, and a little hiss."""
    base = rng.choice([50, 60])
    tones = sum(rng.uniform(0, 1) / k * np.sin(2 * np.pi * base * k * t) for k in range(1, 20))
    return tones + 0.02 * rng.standard_normal(len(t))


def bursts(t: np.ndarray, rng: np.random.Generator, at: np.ndarray, decay: float) -> np.ndarray:
    """Noise that begins at each time and decays."""
    out = np.zeros(len(t) + RATE)
    for start in at:
        n = int(start * RATE)
        length = int(8 * decay * RATE) + 1
        burst = rng.standard_normal(length) * np.exp(-np.arange(length) / RATE / decay)
        out[n : n + length] += rng.uniform(0.3, 1) * burst
    return out[: len(t)]


def clicks(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A metronome."""
    return bursts(t, rng, np.arange(0, t[-1], 60 / rng.uniform(50, 200)), 0.004)


def many(rate: float, decay: float):
    """Bursts at random times, so many a second: applause, rain, a fire."""
    return lambda t, rng: bursts(t, rng, rng.uniform(0, t[-1], int(rate * t[-1])), decay)


def sweep(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A chirp between two random frequencies."""
    low, high = rng.uniform(50, 400), rng.uniform(800, 4000)
    return np.sin(2 * np.pi * (low * t + (high - low) * t**2 / 2 / t[-1]))


def siren(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A tone that wanders up and down."""
    rate = rng.uniform(0.2, 2)
    return np.sin(2 * np.pi * rng.uniform(500, 900) * t + 200 / rate * np.sin(2 * np.pi * rate * t))


def dial(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pairs of tones of a telephone's keys."""
    key = (t * rng.uniform(2, 6)).astype(int)
    keys = rng.integers(0, 4, (key[-1] + 1, 2))
    low, high = LOW_TONE[keys[key, 0]], HIGH_TONE[keys[key, 1]]
    return (np.sin(2 * np.pi * low * t) + np.sin(2 * np.pi * high * t)) * ((t * 8) % 2 < 1.3)


def engine(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Explosions whose rate wanders, through a muffler."""
    rate = rng.uniform(20, 60) * (1 + 0.3 * np.sin(2 * np.pi * rng.uniform(0.05, 0.5) * t))
    phase = np.cumsum(rate) / RATE % 1
    return np.exp(-6 * phase) * (1 + 0.3 * rng.standard_normal(len(t)))


def square(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A square wave of a random frequency, on and off."""
    return np.sign(np.sin(2 * np.pi * rng.uniform(80, 1000) * t)) * (t * rng.uniform(0.5, 4) % 1 < 0.6)


def tone(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A sine that swells and fades."""
    swell = 1 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.1, 3) * t)
    return np.sin(2 * np.pi * rng.uniform(80, 3000) * t) * swell


SOUNDS = {
    "silence": lambda t, rng: np.zeros(len(t)),
    "constant": lambda t, rng: np.full(len(t), rng.uniform(-1, 1)),
    "dither": lambda t, rng: rng.integers(-1, 2, len(t)) / 32768,
    "white noise": lambda t, rng: noise(t, rng, 0),
    "pink noise": lambda t, rng: noise(t, rng, 0.5),
    "brown noise": lambda t, rng: noise(t, rng, 1),
    "hum": hum,
    "tone": tone,
    "square wave": square,
    "chirp": sweep,
    "siren": siren,
    "metronome": clicks,
    "applause": many(90, 0.01),
    "rain": many(600, 0.002),
    "fire": many(12, 0.004),
    "engine": engine,
    "dial tones": dial,
}


def write(path: pathlib.Path, x: np.ndarray, rate: int) -> pathlib.Path:
    """Write a clip unless it is there; what is louder than full scale is turned down."""
    if not path.exists():
        peak = np.max(np.abs(x), initial=0)
        sf.write(path, x * (0.9 / peak) if peak > 0.9 else x, rate, subtype="PCM_16")
    return path


def synthetic(work: pathlib.Path, seeds: int, lengths: list[float]) -> dict[str, list[pathlib.Path]]:
    """Every synthetic sound, by kind."""
    clips = collections.defaultdict(list)
    for kind, sound in SOUNDS.items():
        for seed in range(seeds):
            for seconds in lengths:
                rng = np.random.default_rng([seed, int(1000 * seconds)])
                path = work / f"{kind}_{seed}_{seconds:g}s.wav"
                x = np.zeros(0) if path.exists() else sound(np.arange(int(seconds * RATE)) / RATE, rng)
                clips[kind].append(write(path, x, RATE))
    return clips


def cut(x: np.ndarray, rate: int, stem: pathlib.Path, lengths: list[float]) -> list[pathlib.Path]:
    """The beginning of a recording at every length that it has."""
    fit = [s for s in lengths if s * rate <= len(x)]
    return [write(stem.with_name(f"{stem.name}_{s:g}s.wav"), x[: int(s * rate)], rate) for s in fit]


def speech(work: pathlib.Path, voices: list[str], lengths: list[float]) -> list[pathlib.Path]:
    """Each voice at every length."""
    talk = make_queries.talkers(voices, make_queries.TEXT)
    clips = []
    for voice, x in zip(voices, talk, strict=True):
        clips += cut(x, make_queries.RATE, work / f"speech_{voice}", lengths)
    return clips


def effects(work: pathlib.Path, listed: pathlib.Path, lengths: list[float]) -> list[pathlib.Path]:
    """The sound effects that a corpus lists, at every length that they have."""
    clips = []
    for n, path in enumerate(make_queries.noise_files(listed, listed)):
        x = make_queries.decode(path, 0, max(lengths))
        clips += cut(x, make_queries.RATE, work / f"effect_{n}_{path.stem}", lengths)
    return clips


def ask(refrain: str, index: pathlib.Path, clips: list[pathlib.Path], more: list[str]) -> list[dict]:
    """The answers, candidates with them."""
    answers = []
    for i in range(0, len(clips), BATCH):
        with tempfile.TemporaryFile("w+") as out:
            command = [refrain, "query", "--json", "--explain", "--db", str(index), *more]
            subprocess.run([*command, *map(str, clips[i : i + BATCH])], stdout=out, check=False)
            out.seek(0)
            answers += map(json.loads, out)
    return answers


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("index", type=pathlib.Path)
    p.add_argument("--work", type=pathlib.Path, help="where clips are kept (default: a temporary folder)")
    p.add_argument("--refrain", default=str(pathlib.Path(__file__).parents[1] / "target/release/refrain"))
    p.add_argument("--seeds", type=int, default=3)
    p.add_argument("--lengths", default="1,3,10,30", help="seconds")
    p.add_argument("--voices", default=make_queries.VOICES, help="espeak-ng voices; empty for none")
    p.add_argument("--noise", type=pathlib.Path, help="a corpus' noise.json")
    p.add_argument("--args", default="", help="more options of refrain query, in one argument")
    return p


def main() -> None:
    """Make the clips, ask, and print a row a kind."""
    args = parser().parse_args()
    lengths = [float(s) for s in args.lengths.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        work = args.work or pathlib.Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        kinds = synthetic(work, args.seeds, lengths)
        if args.voices:
            kinds["speech"] = speech(work, args.voices.split(","), lengths)
        if args.noise:
            kinds["sound effects"] = effects(work, args.noise, lengths)
        kind_of = {str(clip): kind for kind, clips in kinds.items() for clip in clips}
        answers = ask(args.refrain, args.index, [c for clips in kinds.values() for c in clips], args.args.split())
    rows = collections.defaultdict(list)
    for answer in answers:
        rows[kind_of[answer["query"]]].append(answer)
    bad = len(kind_of) - len(answers)
    print("| | clips | match | no match | error | greatest score |\n|---|---|---|---|---|---|")
    for kind, clips in kinds.items():
        status = collections.Counter(a["status"] for a in rows[kind])
        bad += status["match"] + status["error"]
        greatest = max((c["score"] for a in rows[kind] for c in a.get("candidates") or []), default=0)
        counts = " | ".join(str(status[s]) for s in ("match", "no_match", "error"))
        print(f"| {kind} | {len(clips)} | {counts} | {greatest:.3f} |")
    for answer in answers:
        for m in answer["matches"]:
            print(f"{answer['query']}: {m['path']}, {m['score']:.4f}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
