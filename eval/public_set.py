#!/usr/bin/env python3
"""Measures refrain on a public data set in the manner of papers on audio fingerprinting.

usage: public_set.py fma|gtzan|jamendo|nafp FOLDER --noise MUSAN --rooms RIRS_NOISES --work DIR
                     [--queries 2000] [--sizes 500,10000] [--lengths 1,2,3,5,6,10] [--snr 0,10] [--absent 20%]
                     [--seed 1] [--json FILE] [--stand-in CORPUS] [--refrain PATH]

Draws clips from random tracks and places. Each clip gets a room response and background noise at a random ratio between
--snr, as a phone in a room would record it. A share of the clips (--absent) comes from tracks that are not in the
library. Indexes the tracks of the other clips and as many more as each library size asks for; the last row takes all
tracks. Prints a table for each size:

  top-1     the best place is in the right track, whatever its score. Papers count this
  near      and its offset is right within 0.5 s
  accepted  the first match that refrain reports is the right track
  wrong     the first match that refrain reports is another track (clips of tracks in the library)
  false alarms  clips of tracks that are not in the library, and have a match

The 95 % range is Wilson's. --stand-in makes FOLDER, MUSAN and RIRS_NOISES with the layout of the sets from a corpus
(corpus.py) first. public_layouts.py says which layouts are known. Needs ffmpeg, numpy and soundfile.
"""
import argparse
import json
import random
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from math import sqrt
from pathlib import Path

import numpy as np
import soundfile as sf

import public_layouts
from corpus import duration

RATE = 22_050
BATCH = 400
ROOT = Path(__file__).resolve().parents[1]


def decode(path: Path, start: float, seconds: float) -> np.ndarray:
    command = ["ffmpeg", "-v", "error", "-ss", f"{start:.3f}", "-t", f"{seconds:.3f}", "-i", str(path)]
    out = subprocess.run([*command, "-f", "f32le", "-ac", "1", "-ar", str(RATE), "-"], capture_output=True).stdout
    return np.frombuffer(out, np.float32).copy()


def in_room(x: np.ndarray, response: np.ndarray) -> np.ndarray:
    """The clip as it sounds in a room; the direct sound comes without a delay."""
    direct = int(np.argmax(np.abs(response)))
    n = 1 << (len(x) + len(response)).bit_length()
    wet = np.fft.irfft(np.fft.rfft(x, n) * np.fft.rfft(response, n), n)[direct : direct + len(x)]
    return wet * np.sqrt(np.mean(x**2) / max(np.mean(wet**2), 1e-12))


def with_noise(x: np.ndarray, noise: np.ndarray, decibels: float) -> np.ndarray:
    """Adds noise so that music and noise have the power ratio `decibels`."""
    noise = np.resize(noise, len(x)) if len(noise) else np.zeros(len(x))
    power = np.mean(noise**2)
    gain = np.sqrt(np.mean(x**2) / power / 10 ** (decibels / 10)) if power > 1e-12 else 0
    mixed = x + gain * noise
    return mixed * (0.9 / max(np.max(np.abs(mixed), initial=0), 0.9))


def make(query: dict, work: Path, lengths: list[int]) -> bool:
    """Writes the clip at all lengths; False for a part of a track that is silent."""
    draw = random.Random(query["seed"])
    target = lambda seconds: work / f"{query['n']:05}_{seconds}s.wav"
    x = decode(Path(query["path"]), query["start"], max(lengths))
    noise_start = draw.uniform(0, max(0.0, duration(Path(query["noise"])) - max(lengths)))
    noise = decode(Path(query["noise"]), noise_start, max(lengths))
    room = decode(Path(query["room"]), 0, 5)
    if len(x) < max(lengths) * RATE * 0.95 or not len(room) or np.mean(x**2) < 1e-8:
        return False
    for seconds in lengths:
        clip = x[: seconds * RATE]
        sf.write(target(seconds), with_noise(in_room(clip, room), noise, query["snr"]), RATE, subtype="PCM_16")
    return True


def drawn(args: argparse.Namespace, tracks: list[Path]) -> tuple[list[dict], list[Path], list[Path]]:
    """The queries, the tracks of them that are in the library, and the other tracks of the library."""
    draw = random.Random(args.seed)
    noises, rooms = public_layouts.files(args.noise, public_layouts.NOISE), public_layouts.rooms(args.rooms)
    shuffled = draw.sample(tracks, len(tracks))
    share = float(args.absent.rstrip("%")) / 100
    away = shuffled[: round(share * len(shuffled))]
    present = shuffled[len(away) :]
    smallest = min(args.sizes[0], len(present))
    low, high = map(float, args.snr.split(","))
    queries = []
    for n in range(args.queries):
        absent = draw.random() < share
        # Only tracks of the smallest library are asked for, so that all sizes answer the same clips.
        path = draw.choice(away if absent else present[:smallest])
        queries.append({
            "n": n,
            "path": str(path.resolve()),
            "absent": absent,
            "at": draw.random(),
            "noise": str(draw.choice(noises)),
            "room": str(draw.choice(rooms)),
            "snr": draw.uniform(low, high),
            "seed": draw.randrange(1 << 30),
        })
    return queries, present[:smallest], present[smallest:]


def prepared(args: argparse.Namespace, queries: list[dict], clips: Path) -> list[dict]:
    """Makes all clips. The same command makes the same clips, and keeps those that exist."""
    done = clips / "queries.json"
    of = [args.name, str(args.folder), args.queries, args.lengths, args.snr, args.seed, args.sizes[0], args.absent]
    told = json.dumps(of)
    if done.exists() and (old := json.loads(done.read_text()))["of"] == told:
        return old["queries"]
    clips.mkdir(parents=True, exist_ok=True)

    def one(query: dict) -> dict | None:
        room = duration(Path(query["path"])) - max(args.lengths)
        query["start"] = query["at"] * max(room, 0)
        return query if make(query, clips, args.lengths) else None

    with ThreadPoolExecutor(2) as pool:
        kept = [query for query in pool.map(one, queries) if query]
    done.write_text(json.dumps({"of": told, "queries": kept}))
    return kept


def answers(args: argparse.Namespace, db: Path, clips: list[Path]) -> list[dict]:
    out = []
    for at in range(0, len(clips), BATCH):
        with tempfile.TemporaryFile("w+") as file:
            command = [args.refrain, "query", "--json", "--explain", "--db", str(db)]
            subprocess.run([*command, *map(str, clips[at : at + BATCH])], stdout=file, stderr=subprocess.DEVNULL)
            file.seek(0)
            out += [json.loads(line) for line in file]
    return out


def wilson(hits: int, total: int) -> str:
    """A share in per cent with its 95 % range."""
    if total == 0:
        return "-"
    z, p = 1.96, hits / total
    middle, half = p + z * z / 2 / total, z * sqrt(p * (1 - p) / total + z * z / 4 / total**2)
    low, high = (middle - half) / (1 + z * z / total), (middle + half) / (1 + z * z / total)
    return f"{100 * p:.1f} ({100 * low:.1f}–{100 * high:.1f})"


def right(match: dict, query: dict) -> bool:
    return query["path"] in [match["path"], *match.get("also_paths", []), *match.get("copies", [])]


def score(queries: list[dict], found: list[dict]) -> dict:
    counts = dict.fromkeys(("in", "top1", "near", "accepted", "wrong", "out", "alarms"), 0)
    for query, answer in zip(queries, found, strict=True):
        matches = answer.get("matches") or []
        if query["absent"]:
            counts["out"] += 1
            counts["alarms"] += bool(matches)
            continue
        counts["in"] += 1
        best = matches[0] if matches else max(answer.get("candidates") or [], key=lambda m: m["score"], default=None)
        if best and right(best, query):
            counts["top1"] += 1
            expected = query["start"] + best["query_start"]
            off = min(abs(start - expected) for start in [best["ref_start"], *best.get("also_at", [])])
            counts["near"] += off <= 0.5
        if matches:
            counts["accepted" if right(matches[0], query) else "wrong"] += 1
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=public_layouts.PATTERNS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--noise", type=Path, required=True, help="the folder of MUSAN")
    parser.add_argument("--rooms", type=Path, required=True, help="the folder RIRS_NOISES")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--sizes", default="500,10000")
    parser.add_argument("--lengths", default="1,2,3,5,6,10")
    parser.add_argument("--snr", default="0,10", help="decibels, lowest and highest")
    parser.add_argument("--absent", default="20%")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--stand-in", type=Path, metavar="CORPUS")
    parser.add_argument("--refrain", default=str(ROOT / "target/release/refrain"))
    args = parser.parse_args()
    args.sizes = sorted({int(s) for s in args.sizes.split(",")})
    args.lengths = sorted(map(int, args.lengths.split(",")))
    args.work.mkdir(parents=True, exist_ok=True)
    if args.stand_in:
        public_layouts.stand_in(args.name, args.stand_in, args.folder, args.noise, args.rooms)
    tracks = public_layouts.music(args.name, args.folder)
    queries, asked, others = drawn(args, tracks)
    queries = prepared(args, queries, args.work / "clips")
    db = args.work / "library.refrain"
    for old in args.work.glob("library.refrain*"):
        old.unlink()
    results, have = [], []
    sizes = [s for s in args.sizes if s < len(asked) + len(others)] + [len(asked) + len(others)]
    for size in sizes:
        more = [*asked, *others][len(have) : size]
        have += more
        listed = [str(path.resolve()) for path in more]
        for at in range(0, len(listed), BATCH):
            # A folder's worth of files a command: a command line has an end.
            command = [args.refrain, "index", "build", "--quiet", "--db", str(db), *listed[at : at + BATCH]]
            subprocess.run(command, stderr=subprocess.DEVNULL)
        print(f"\n{args.name}: {len(have)} tracks, {args.snr} dB, room responses, {len(queries)} clips\n")
        print("| length | clips | top-1, % | near, % | accepted, % | wrong, % | absent clips | false alarms, % |")
        print("|---|---|---|---|---|---|---|---|")
        for seconds in args.lengths:
            clips = [args.work / "clips" / f"{q['n']:05}_{seconds}s.wav" for q in queries]
            counts = score(queries, answers(args, db, clips))
            results.append({"tracks": len(have), "seconds": seconds, **counts})
            shares = [wilson(counts[what], counts["in"]) for what in ("top1", "near", "accepted", "wrong")]
            alarms = wilson(counts["alarms"], counts["out"])
            cells = [f"{seconds} s", str(counts["in"]), *shares, str(counts["out"]), alarms]
            print("| " + " | ".join(cells) + " |", flush=True)
    if args.json:
        told = {"set": args.name, "stand_in": bool(args.stand_in), "results": results}
        args.json.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
