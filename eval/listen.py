#!/usr/bin/env python3
"""Measure `refrain listen`: how late starts and ends are told, what it costs, and a day of sound.

usage: listen.py WHAT MUSIC FOREIGN --db INDEX --work DIR [--plays 200] [--hours 24] [--minutes 30] [--seed 1]
       [--refrain PATH] [--json FILE]

MUSIC and FOREIGN are corpus folders (corpus.py): INDEX holds the first and not the second. Needs ffmpeg. WHAT is one of

  latency  pieces of MUSIC of 30 to 45 s, from any place, after silence, after a piece of FOREIGN, or right after each other;
           the same under background sounds of FOREIGN at 0 dB all the time. How long after its first sample a play is told,
           and how long after its last sample its end; and what is told that was not played
  cost     MINUTES of whole tracks of MUSIC, and as much of FOREIGN: CPU seconds by seconds of sound
  day      HOURS of MUSIC, FOREIGN, background sounds and silence, fed as fast as it is taken: memory over time, and the plays
           that `refrain timeline` finds in the same sound but `listen` does not tell, and the other way round

Times are positions in the sound: `at` less the truth. Sound is one channel of 16 bits. CPU is user plus system time as the kernel
counts it (wait4). An index is opened by writers too, so INDEX should be a copy.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import threading

import numpy as np

from make_queries import RATE, ambient_sounds, decode, load_kin, load_tracks, mix, noise_files, rms

HERE = pathlib.Path(__file__).resolve().parent
LOW = 11_025  # the rate of long recordings
LEVEL = 0.08  # root mean square of all pieces
SHOW = 10  # plays in a recording of `latency`
NEAR = 3.0  # seconds that starts and ends of the same play may differ, between listen and timeline


def levelled(x):
    return x * (LEVEL / max(rms(x), 1e-4))


def bytes_of(x) -> bytes:
    return (np.clip(x, -0.999, 0.999) * 32767).astype("<i2").tobytes()


class Listening:
    """A run of `refrain listen -`, fed from a file."""

    def __init__(self, args, sound: pathlib.Path, rate: int):
        command = [args.refrain, "listen", "-", "--rate", str(rate), "--json", "--db", str(args.db)]
        self.memory = []
        with sound.open("rb") as feed:
            child = subprocess.Popen(command, stdin=feed, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            watcher = threading.Thread(target=self.watch, args=(child.pid,))
            watcher.start()
            self.events = [json.loads(line) for line in child.stdout]
            errors = child.stderr.read()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            watcher.join()
        if child.returncode or errors:
            raise SystemExit(f"listen ended with {child.returncode}: {errors}")
        self.cpu = usage.ru_utime + usage.ru_stime
        self.seconds = sound.stat().st_size / 2 / rate

    def watch(self, pid: int) -> None:
        """Notes the resident set twice a second, in MiB."""
        stop = threading.Event()
        while not stop.wait(0.5):
            try:
                pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
            except (OSError, IndexError):
                return
            if pages == 0:
                return
            self.memory.append(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def names(event: dict) -> set[str]:
    return {event["path"], *event["also_paths"], *event["copies"]}


def excerpt(track, seconds, rng):
    """An audible piece of a track."""
    for _ in range(30):
        x = decode(track.path, float(rng.uniform(0, track.dur - seconds - 1)), seconds)
        parts = [x[i : i + RATE] for i in range(0, len(x) - RATE, RATE)]
        if len(parts) > seconds - 3 and min(map(rms, parts)) > 0.003:
            return levelled(x)
    return None


def shows(args, rng):
    """Recordings with their truth: (samples, [(start, end, path)])."""
    music = [t for t in load_tracks(args.music) if t.dur > 60]
    foreign = [t for t in load_tracks(args.foreign) if t.dur > 30]
    order = [music[i] for i in rng.permutation(len(music))]
    while order and args.plays > 0:
        parts, truth, at = [], [], 0
        while order and len(truth) < SHOW and args.plays > 0:
            track = order.pop()
            piece = excerpt(track, float(rng.uniform(30, 45)), rng)
            if piece is None:
                continue
            kind = rng.integers(3)
            gap = np.zeros(0, np.float32)
            if kind == 0:
                gap = np.zeros(int(rng.uniform(4, 12) * RATE), np.float32)
            elif kind == 1:
                other = excerpt(foreign[rng.integers(len(foreign))], float(rng.uniform(12, 25)), rng)
                gap = gap if other is None else other
            parts += [gap, piece]
            start = at + len(gap)
            at = start + len(piece)
            truth.append((start / RATE, at / RATE, str(track.path)))
            args.plays -= 1
        parts.append(np.zeros(20 * RATE, np.float32))
        yield np.concatenate(parts), truth


def quantiles(values, of) -> dict:
    """How many there are, quantiles, and the share within the limit, of all that there should be."""
    v = sorted(values)
    pick = lambda q: round(v[min(len(v) - 1, int(q * len(v)))], 2) if v else None
    return {"told": len(v), "of": of, "median": pick(0.5), "p90": pick(0.9), "p95": pick(0.95), "max": pick(1)}


def latency(args) -> dict:
    rng = np.random.default_rng(args.seed)
    ambient = ambient_sounds(noise_files(None, args.foreign))
    kin = load_kin(args.music, load_tracks(args.music))
    result = {k: {"start": [], "end": [], "plays": 0, "again": 0, "other": 0, "others": []} for k in ("clean", "0 dB")}
    sound = args.work / "show.raw"
    for n, (x, truth) in enumerate(shows(args, rng)):
        noise = np.concatenate([levelled(ambient[i]) for i in rng.permutation(len(ambient))])
        noise = np.resize(noise, len(x))
        for kind, y in (("clean", x), ("0 dB", x + noise)):
            sound.write_bytes(bytes_of(y))
            events = Listening(args, sound, RATE).events
            out = result[kind]
            out["plays"] += len(truth)
            used = set()
            for start, end, path in truth:
                accepted = {path, *kin.get(path, [])}
                fits = [
                    e for e in events
                    if e["event"] == "start" and names(e) & accepted and start - 2 < e["at"] < end + 20
                ]
                if not fits:
                    continue
                used.update(e["play"] for e in fits)
                out["again"] += len(fits) - 1
                out["start"].append(fits[0]["at"] - start)
                ends = [e for e in events if e["event"] == "end" and e["play"] == fits[-1]["play"]]
                out["end"].append(ends[0]["at"] - end)
            others = [e for e in events if e["event"] == "start" and e["play"] not in used]
            out["other"] += len(others)
            out["others"] += [(n, round(e["at"], 1), e["path"], round(e["score"], 4)) for e in others]
        print(f"show {n}: " + json.dumps({k: summary(v) for k, v in result.items()}), file=sys.stderr)
    return {k: summary(v) | {"others": v["others"]} for k, v in result.items()}


def summary(out: dict) -> dict:
    limit = lambda values, most: round(sum(v <= most for v in values) / max(1, out["plays"]), 3)
    return {
        "start": quantiles(out["start"], out["plays"]),
        "start within 8 s": limit(out["start"], 8),
        "start within 12 s": limit(out["start"], 12),
        "end": quantiles(out["end"], len(out["start"])),
        "end within 15 s": round(sum(v <= 15 for v in out["end"]) / max(1, len(out["end"])), 3),
        "told again": out["again"],
        "told, not played": out["other"],
    }


def low(track, seconds=None) -> bytes:
    """A track as raw samples at LOW."""
    span = [] if seconds is None else ["-t", str(seconds)]
    command = ["ffmpeg", "-v", "error", "-i", str(track.path), *span, "-f", "s16le", "-ac", "1", "-ar", str(LOW), "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def cost(args) -> dict:
    rng = np.random.default_rng(args.seed)
    result = {}
    for kind, folder in (("music plays", args.music), ("nothing matches", args.foreign)):
        tracks = [t for t in load_tracks(folder) if t.dur > 60]
        sound, have = args.work / "cost.raw", 0
        with sound.open("wb") as out:
            for i in rng.permutation(len(tracks)):
                have += out.write(low(tracks[i])) / 2 / LOW
                if have > 60 * args.minutes:
                    break
        run = Listening(args, sound, LOW)
        told = sum(e["event"] == "start" for e in run.events)
        share = round(100 * run.cpu / run.seconds, 2)
        result[kind] = {"% of a core": share, "seconds": round(run.seconds), "plays": told, "MiB": round(max(run.memory))}
    return result


def day(args) -> dict:
    """A day of sound. Whole tracks, so that ends and starts are those of the music."""
    sound, wav = args.work / "day.raw", args.work / "day.wav"
    rng = np.random.default_rng(args.seed)
    music = [t for t in load_tracks(args.music) if t.dur > 20]
    foreign = [t for t in load_tracks(args.foreign) if t.dur > 20]
    ambient = [bytes_of(levelled(x[:: RATE // LOW])) for x in ambient_sounds(noise_files(None, args.foreign))]
    need = int(args.hours * 3600 * LOW * 2)
    if not sound.exists() or sound.stat().st_size != need:
        with sound.open("wb") as out:
            while out.tell() < need:
                kind = rng.integers(10)
                if kind < 6:
                    out.write(low(music[rng.integers(len(music))], 300))
                elif kind < 8:
                    out.write(low(foreign[rng.integers(len(foreign))], 120))
                elif kind < 9:
                    out.write(ambient[rng.integers(len(ambient))])
                else:
                    out.write(bytes(2 * LOW * int(rng.integers(1, 20))))
            out.truncate(need)
    header = b"RIFF" + (36 + need).to_bytes(4, "little") + b"WAVEfmt \x10\0\0\0\x01\0\x01\0"
    header += LOW.to_bytes(4, "little") + (2 * LOW).to_bytes(4, "little") + b"\x02\0\x10\0data" + need.to_bytes(4, "little")
    if not wav.exists() or wav.stat().st_size != need + 44:
        with wav.open("wb") as out, sound.open("rb") as raw:
            out.write(header)
            while block := raw.read(1 << 24):
                out.write(block)
    run = Listening(args, sound, LOW)
    done = subprocess.run(
        [args.refrain, "timeline", str(wav), "--json", "--db", str(args.db)], capture_output=True, text=True, check=False
    )
    plays = json.loads(done.stdout)["plays"]
    told = [e for e in run.events if e["event"] == "end"]
    starts = {e["play"]: e for e in run.events if e["event"] == "start"}
    left, missed, moved = list(told), [], []
    for play in plays:
        same = [e for e in left if names(e) & names(play) and e["start"] < play["end"] and e["end"] > play["start"]]
        if not same:
            missed.append(play)
            continue
        left = [e for e in left if e is not same[0]]
        by = max(abs(same[0]["start"] - play["start"]), abs(same[0]["end"] - play["end"]))
        if by > NEAR:
            moved.append((round(by, 1), play["path"], play["start"], play["end"], same[0]["start"], same[0]["end"]))
    show = lambda e: (round(e["start"], 1), round(e["end"], 1), e["path"], round(e["score"], 4))
    late = [e["at"] - e["end"] for e in told]
    tenth = max(1, len(run.memory) // 10)
    memory = [round(max(run.memory[i : i + tenth]), 1) for i in range(0, len(run.memory), tenth)]
    return {
        "hours": args.hours,
        "plays of timeline": len(plays),
        "plays of listen": len(told),
        "without an end": len(starts) - len(told),
        "missed": [show(e) for e in missed],
        "more": [show(e) for e in left],
        f"moved by over {NEAR} s": moved,
        "end told after": quantiles(late, len(told)),
        "MiB in each tenth": memory,
        "CPU": round(run.cpu / run.seconds, 4),
    }


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=("latency", "cost", "day"))
    p.add_argument("music", type=pathlib.Path)
    p.add_argument("foreign", type=pathlib.Path)
    p.add_argument("--db", type=pathlib.Path, required=True)
    p.add_argument("--work", type=pathlib.Path, required=True)
    p.add_argument("--plays", type=int, default=200)
    p.add_argument("--hours", type=float, default=24)
    p.add_argument("--minutes", type=float, default=30, help="cost: how much of each")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--refrain", default=str(HERE.parent / "target/release/refrain"))
    p.add_argument("--json", type=pathlib.Path)
    args = p.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    result = {"latency": latency, "cost": cost, "day": day}[args.what](args)
    text = json.dumps(result, indent=1)
    print(text)
    if args.json:
        args.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
