#!/usr/bin/env python3
"""Measure an index of 1,000, 10,000 and 100,000 tracks: room, opening, queries, memory, recall, and one track more or less.

usage: scale.py SMALL.refrain QUERIES --work DIR [--tracks 1000,10000,100000] [--clips 24] [--recall 200] [--file FILE]
                [--refrain PATH] [--grow PATH] [--json FILE]

SMALL.refrain is the index of QUERIES' library (make_queries.py, library.txt); larger ones are grown from it
(tools/grow_library.rs) in DIR and kept there for the next time: 10 GB for 100,000 tracks. So is what looking at all windows
found, which takes seconds a clip. FILE is music that is not in
the library, one minute or so; without it the first clip that is not of the library.

CPU is user plus system time of whole processes as the kernel counts it (wait4), by one thread. "cold" is the time on the clock
after the system has dropped what it had read of the file (needs root). Adding and removing is what the process takes
beyond the same with an index of two tracks. Prints a Markdown table.
"""

import argparse
import datetime
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import time
import wave

from bars import HERE, processor

PLAIN = ("clean", "mp3_48k", "aac_32k", "opus_16k", "ambient", "babble", "pink", "speech", "reverb", "mic_room", "phone")


def run(*command: object) -> tuple[float, float, int, bytes]:
    """CPU ms, wall ms and peak KiB of a process, and what it printed."""
    began = time.perf_counter()
    child = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = child.stdout.read()
    _, _, usage = os.wait4(child.pid, 0)
    return 1000 * (usage.ru_utime + usage.ru_stime), 1000 * (time.perf_counter() - began), usage.ru_maxrss, out


def drop_caches() -> bool:
    """Makes the system forget what it has read of files; False where that is not allowed."""
    os.sync()
    try:
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        return False
    return True


def found(refrain: pathlib.Path, db: pathlib.Path, clips: list[tuple[str, str]], *options: str) -> list[bool]:
    """Whether each clip (path, name of its track's file) has its track as the best match."""
    right = []
    for start in range(0, len(clips), 50):
        part = clips[start : start + 50]
        out = run(refrain, "query", "--json", "--fast", "-j1", "--db", db, *options, *(clip for clip, _ in part))[3]
        for (_, name), line in zip(part, out.splitlines(), strict=True):
            matches = json.loads(line)["matches"]
            right.append(bool(matches) and pathlib.Path(matches[0]["path"]).name == name)
    return right


def found_exact(refrain: pathlib.Path, db: pathlib.Path, clips: list[tuple[str, str]], kept: pathlib.Path) -> list[bool]:
    """The same by looking at all windows; clips whose answer is kept are not asked again."""
    known = json.loads(kept.read_text()) if kept.exists() else {}
    for start in range(0, len(clips), 20):
        new = [clip for clip in clips[start : start + 20] if pathlib.Path(clip[0]).name not in known]
        answers = found(refrain, db, new, "--exact") if new else []
        known.update({pathlib.Path(clip).name: right for (clip, _), right in zip(new, answers)})
        kept.write_text(json.dumps(known))
    return [known[pathlib.Path(clip).name] for clip, _ in clips]


def best(measure, times: int = 5) -> float:
    return min(measure() for _ in range(times))


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("small", type=pathlib.Path)
    p.add_argument("queries", type=pathlib.Path)
    p.add_argument("--work", type=pathlib.Path, required=True)
    p.add_argument("--tracks", default="1000,10000,100000")
    p.add_argument("--clips", type=int, default=24)
    p.add_argument("--recall", type=int, default=200)
    p.add_argument("--file", type=pathlib.Path)
    p.add_argument("--refrain", type=pathlib.Path, default=HERE.parent / "target/release/refrain")
    p.add_argument("--grow", type=pathlib.Path, default=HERE.parent / "target/release/examples/grow_library")
    p.add_argument("--json", type=pathlib.Path)
    a = p.parse_args()
    a.work.mkdir(parents=True, exist_ok=True)
    truth = json.loads((a.queries / "truth.json").read_text())
    inside = set((a.queries / "library.txt").read_text().split("\n"))
    name = lambda t: pathlib.Path(t["path"]).name
    plain = [t for t in truth if t["path"] in inside and t["dist"].startswith(PLAIN)]
    ten = [a.queries / t["q"] for t in plain if t["dist"] == "clean" and t["len"] == 10][: a.clips]
    strange = [a.queries / t["q"] for t in truth if t["path"] not in inside and t["dist"] == "clean" and t["len"] == 10]
    strange = strange[: a.clips]
    sample = random.Random(1).sample(plain, min(a.recall, len(plain)))
    sample = [(str(a.queries / t["q"]), name(t)) for t in sample]
    extra = a.file or a.queries / next(t["q"] for t in truth if t["path"] not in inside and t["len"] == 10)
    copy = a.work / f"one more{extra.suffix}"
    shutil.copy(extra, copy)

    def one_more(base: pathlib.Path) -> tuple[float, float]:
        """CPU of adding a file, and of removing it again. The time on the clock is that of the disk."""
        tracks = lambda: json.loads(run(a.refrain, "index", "info", "--json", "--db", base)[3])["tracks"]
        before = tracks()
        added = run(a.refrain, "index", "build", "-q", "--db", base, copy)
        between = tracks()
        removed = run(a.refrain, "index", "remove", "--db", base, copy)
        if (between, tracks()) != (before + 1, before):
            raise SystemExit(f"{base}: {copy} was not added, or not removed again")
        return added[0], removed[0]

    silence = a.work / "silence.wav"
    with wave.open(str(silence), "wb") as out:
        out.setparams((1, 2, 11025, 0, "NONE", ""))
        out.writeframes(bytes(2 * 11025))
    two = a.work / "two.refrain"
    two.unlink(missing_ok=True)
    run(a.refrain, "index", "build", "-q", "--db", two, ten[0], ten[1])
    floor = [min(values) for values in zip(*(one_more(two) for _ in range(5)))]
    rows = []
    for tracks in map(int, a.tracks.split(",")):
        db = a.work / f"{tracks}.refrain"
        row: dict = {"tracks": tracks}
        if not db.exists():
            row["grow_cpu_s"] = round(run(a.grow, a.small, db, tracks)[0] / 1000, 1)
        info = json.loads(run(a.refrain, "index", "info", "--json", "--db", db)[3])
        row["windows"], row["hours"] = info["windows"], round(info["seconds"] / 3600, 1)
        row["mb"] = round(db.stat().st_size / 1e6, 1)
        row["mb_an_hour"] = round(row["mb"] / row["hours"], 2)
        row["lists"] = (info["neighbour_index"] or {}).get("lists", 0)
        row["open_cpu_ms"] = best(lambda: run(a.refrain, "query", "--db", db, silence)[0])
        row["open_ms"] = best(lambda: run(a.refrain, "query", "--db", db, silence)[1])
        run(a.refrain, "query", "--db", db, *ten)
        warm = [run(a.refrain, "query", "--json", "--db", db, clip) for clip in ten]
        row["warm_cpu_ms"] = statistics.median(w[0] for w in warm)
        row["warm_cpu_most_ms"] = max(w[0] for w in warm)
        row["peak_mib"] = max(w[2] for w in warm) / 1024
        none = [run(a.refrain, "query", "--json", "--db", db, clip) for clip in strange]
        row["none_cpu_ms"] = statistics.median(n[0] for n in none)
        row["none_cpu_most_ms"] = max(n[0] for n in none)
        row["peak_mib"] = max(row["peak_mib"], max(n[2] for n in none) / 1024)
        cold = [run(a.refrain, "query", "--json", "--db", db, clip)[1] for clip in ten[:6] if drop_caches()]
        row["cold_ms"] = statistics.median(cold) if cold else None
        indexed = found(a.refrain, db, sample)
        exact = found_exact(a.refrain, db, sample, db.with_suffix(".exact.json"))
        row["found"], row["found_exact"], row["asked"] = sum(indexed), sum(exact), len(sample)
        more = [min(values) - least for values, least in zip(zip(*(one_more(db) for _ in range(5))), floor)]
        row["add_cpu_ms"], row["remove_cpu_ms"] = more
        rows.append({k: round(v, 2) if isinstance(v, float) else v for k, v in row.items()})
        print(rows[-1], file=sys.stderr, flush=True)
    for made in (copy, silence, two):
        made.unlink()
    print(f"{datetime.date.today()}, {processor()}, by `eval/scale.py`.\n")
    print("| | " + " | ".join(f"{row['tracks']:,} tracks" for row in rows) + " |\n" + "|---" * (len(rows) + 1) + "|")
    for what, show in [
        ("hours of audio", lambda r: f"{r['hours']:,.0f}"),
        ("windows, lists", lambda r: f"{r['windows']:,}, {r['lists']:,}"),
        ("file, MB (an hour)", lambda r: f"{r['mb']:,.0f} ({r['mb_an_hour']})"),
        ("opening, and a second of silence: CPU ms (on the clock)", lambda r: f"{r['open_cpu_ms']:.0f} ({r['open_ms']:.0f})"),
        ("10 s as it is, warm, CPU ms, median (most)", lambda r: f"{r['warm_cpu_ms']:.0f} ({r['warm_cpu_most_ms']:.0f})"),
        (
            "10 s of what is not there, CPU ms, median (most)",
            lambda r: f"{r['none_cpu_ms']:.0f} ({r['none_cpu_most_ms']:.0f})",
        ),
        ("10 s as it is, cold, ms on the clock", lambda r: f"{r['cold_ms']:.0f}" if r["cold_ms"] else ""),
        ("peak memory of a query, MiB", lambda r: f"{r['peak_mib']:.0f}"),
        (f"found of {len(sample)} clips, by the neighbour index (exact)", lambda r: f"{r['found']} ({r['found_exact']})"),
        ("one track more, CPU ms", lambda r: f"{r['add_cpu_ms']:.0f}"),
        ("one track less, CPU ms", lambda r: f"{r['remove_cpu_ms']:.0f}"),
    ]:
        print(f"| {what} | " + " | ".join(show(row) for row in rows) + " |")
    if a.json:
        a.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
