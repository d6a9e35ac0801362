#!/usr/bin/env python3
"""Compare the speed of two programs: a change of the code must slow nothing down.

usage: old_new.py OLD NEW WORK [--pairs 11] [--own] [--only CASE]... [--json FILE]
       old_new.py OLD NEW WORK --callgrind [--own] [--only CASE]... [--json FILE]

OLD and NEW are two builds of refrain. WORK is the folder of same_answers.py: corpus, clips, large.refrain. The files that
are measured on are made in WORK/speed with ffmpeg and OLD, and kept. Both programs are asked in the same index files. With
--own, NEW is asked in copies with the format and the pages that it gives to a new file.

Without --callgrind each case runs OLD, NEW and OLD again, one process after the other, in an order that rotates from round
to round; the rounds go through all cases, so that a machine that gets slower is slow for all. CPU is user plus system time
of the process as the kernel counts it (wait4). The table has the median of the ratios NEW/OLD of each round, and of
OLD again/OLD, which is the noise. A case passes if the median is at most 1.03. Where the noise, its median or a quartile, is
further than .03 from 1, the ratio says nothing, and instructions decide ("count").

With --callgrind each case counts the instructions of one small input, by valgrind, of OLD, NEW and OLD again. A case passes
if NEW takes at most 1.01 times as many. Valgrind knows no AVX-512, so the AVX2 code is counted.

Exit status 1 if a case does not pass.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable

from bars import run
from same_answers import Work, ffmpeg

MOST_CPU, MOST_INSTRUCTIONS = 1.03, 1.01
NO_MATCH = 1  # exit status of a query that found nothing
DB = "FILE.refrain"  # stands for an index that is new for each run


@dataclasses.dataclass(frozen=True)
class Case:
    """A command without the program's name."""

    name: str
    command: list[str]
    times: int = 1  # processes, where one is too quick to be timed


def asked(db: pathlib.Path, clips: list[str], *options: str) -> list[str]:
    """A query by one thread."""
    return ["query", "--json", "-j1", "--db", str(db), *options, *clips]


def clips_of(work: Work, seed: str) -> tuple[list[str], list[str], list[str]]:
    """10 s as they are, 10 s at another pitch, tempo or speed, 10 s of what is not in the library."""
    rows = [row for row in work.truth(seed) if row["len"] == 10]
    path = lambda row: str(work.root / seed / row["q"])
    plain = [path(r) for r in rows if r["path"] and r["dist"] in ("clean", "mp3_48k")]
    moved = [path(r) for r in rows if r["path"] and r["dist"].startswith(("pitch_", "tempo_", "speed_"))]
    strange = [path(r) for r in rows if not r["path"] and r["dist"] == "clean"]
    return plain, moved, strange


def small_index(old: pathlib.Path, work: Work, seed: str, folder: pathlib.Path) -> pathlib.Path:
    """The index of the library of the seed, made by OLD."""
    db = folder / f"{seed}.refrain"
    if not db.exists():
        run([old, "index", "build", "--quiet", "--db", db, *work.library(seed)])
    return db


def cut(track: str, seconds: int, target: pathlib.Path) -> str:
    """The beginning of a track."""
    return ffmpeg(target, "-t", seconds, "-i", track, "-ac", "2", "-ar", "44100", "-map_metadata", "-1", "-vn")


def cases(old: pathlib.Path, work: Work, folder: pathlib.Path) -> list[Case]:
    """What is timed: about half a second of CPU or more each."""
    seed = work.seeds()[0]
    library = work.library(seed)
    small, large = small_index(old, work, seed, folder), work.root / "large.refrain"
    plain, moved, strange = clips_of(work, seed)
    silence = ffmpeg(folder / "silence.wav", "-f", "lavfi", "-i", "anullsrc=r=22050:cl=mono:d=1")
    build = ["index", "build", "--quiet", "--db", DB]
    found = [
        Case("index 12 tracks, 1 thread", [*build, "-j1", *library[:12]]),
        Case("index 12 tracks, 2 threads", [*build, "-j2", *library[:12]]),
    ]
    for name, db in (("62 tracks", small), ("10,000 tracks", large)):
        few = 1 if db == small else 2
        found += [
            Case(f"query as it is, {name}", asked(db, plain[: 48 // few], "--fast")),
            Case(f"query found, {name}", asked(db, plain[: 48 // few])),
            Case(f"query moved, {name}", asked(db, moved[:: max(1, len(moved) // (24 // few))])),
            Case(f"query not there, {name}", asked(db, strange[: 12 // few])),
            Case(f"query not there, explained, 2 threads, {name}", ["query", "--json", "--explain", "-j2", "--db", str(db), *strange[: 12 // few]]),
        ]
    return [
        *found,
        Case("query exact, 10,000 tracks", asked(large, plain[:1], "--exact")),
        Case("opening 10,000 tracks, silence", asked(large, [silence]), times=40),
        Case("analyze 8 tracks, 1 thread", ["analyze", "--json", "--quiet", "-j1", *library[:8]]),
        Case("analyze 8 tracks, 2 threads", ["analyze", "--json", "--quiet", "-j2", *library[:8]]),
        Case("fingerprint 8 tracks", ["fingerprint", "-length", "0", *library[:8]]),
        Case("update, nothing new", ["index", "update", "--quiet", "--db", str(kept_index(old, work, folder))]),
        Case("verify 62 tracks", ["index", "verify", "--db", str(small)]),
    ]


def kept_index(old: pathlib.Path, work: Work, folder: pathlib.Path) -> pathlib.Path:
    """An index of a folder of 3,000 small files that are no audio, and some that are."""
    db, names = folder / "names.refrain", folder / "names"
    if not db.exists():
        shutil.rmtree(names, ignore_errors=True)
        for number in range(3000):
            file = names / f"{number // 100}" / f"{number}.mp3"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"no audio {number}")
        cut(work.library(work.seeds()[0])[0], 10, names / "ten.wav")
        run([old, "index", "build", "--quiet", "--db", db, names], fail=(2,))
    return db


def small_cases(old: pathlib.Path, work: Work, folder: pathlib.Path) -> list[Case]:
    """What is counted."""
    seed = work.seeds()[0]
    track = work.library(seed)[0]
    small, large = small_index(old, work, seed, folder), work.root / "large.refrain"
    plain, moved, strange = clips_of(work, seed)
    build = ["index", "build", "--quiet", "-j1", "--db", DB]
    found = [
        Case("index 30 s of wav", [*build, cut(track, 30, folder / "30s.wav")]),
        Case("index 30 s of mp3", [*build, cut(track, 30, folder / "30s.mp3")]),
    ]
    for name, db in (("62 tracks", small), ("10,000 tracks", large)):
        found += [
            Case(f"query as it is, {name}", asked(db, plain[:1], "--fast")),
            Case(f"query found, {name}", asked(db, plain[:1])),
            Case(f"query moved, {name}", asked(db, moved[:1])),
            Case(f"query not there, {name}", asked(db, strange[:1])),
        ]
    return [
        *found,
        Case("analyze 20 s", ["analyze", "--json", "--quiet", "-j1", cut(track, 20, folder / "20s.wav")]),
        Case("fingerprint 30 s", ["fingerprint", cut(track, 30, folder / "30s.wav")]),
        Case("verify 62 tracks", ["index", "verify", "--db", str(small)]),
    ]


@dataclasses.dataclass(frozen=True)
class Program:
    """A build of refrain, and the index files that it is asked in instead of others."""

    path: pathlib.Path
    instead: dict[str, str] = dataclasses.field(default_factory=dict)

    def measure(self, command: list[str], measure: Callable[[list[str]], float]) -> float:
        """Measure a command, with an index of its own where it makes one."""
        with tempfile.TemporaryDirectory() as folder:
            own = [self.instead.get(part, part).replace(DB, f"{folder}/{DB}") for part in command]
            return measure([str(self.path), *own])


def own_copy(new: pathlib.Path, db: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """A copy of an index, with the format and the pages that NEW gives to a new file."""
    copy, scratch = folder / f"{db.stem}.own.refrain", folder / "scratch.refrain"
    copy.unlink(missing_ok=True)
    shutil.copy(db, scratch)
    # The update brings the file to the present format, the export gives it the present pages.
    run([new, "index", "update", "--quiet", "--db", scratch], fail=(2,))
    run([new, "index", "export", "--db", scratch, "--file", copy])
    scratch.unlink()
    return copy


def cpu(program: Program, case: Case) -> float:
    """CPU seconds of a case."""
    once = lambda command: run(command, fail=(NO_MATCH,)).cpu_s
    return sum(program.measure(case.command, once) for _ in range(case.times))


def instructions(program: Program, case: Case) -> float:
    """Instructions of one process, all threads."""

    def count(command: list[str]) -> float:
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "callgrind"
            valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command]
            done = subprocess.run(valgrind, stdin=subprocess.DEVNULL, capture_output=True)
            if done.returncode not in (0, NO_MATCH):
                sys.exit(f"{' '.join(valgrind)}: exit {done.returncode}\n{done.stderr.decode(errors='replace')[-2000:]}")
            totals = re.findall(r"^(?:summary|totals): (\d+)", out.read_text(errors="replace"), re.M)
            return float(totals[-1])

    return program.measure(case.command, count)


def timed(old: Program, new: Program, found: list[Case], pairs: int) -> list[dict]:
    """CPU of OLD, NEW and OLD again, by turns."""
    programs = [old, new, old]
    for case in found:
        cpu(old, case)
        cpu(new, case)
    taken: dict[str, list[list[float]]] = {case.name: [[], [], []] for case in found}
    for turn in range(pairs):
        for case in found:
            for place in range(3):
                which = (turn + place) % 3 if turn % 2 else (turn - place) % 3
                taken[case.name][which].append(cpu(programs[which], case))
        print(f"{turn + 1} of {pairs} rounds", file=sys.stderr, flush=True)
    return [result(name, *columns) for name, columns in taken.items()]


def result(name: str, old: list[float], new: list[float], again: list[float]) -> dict:
    """The ratios of a case."""
    ratios = sorted(n / o for o, n in zip(old, new))
    noise = sorted(a / o for o, a in zip(old, again))
    median = statistics.median
    return {
        "case": name,
        "old_s": median(old),
        "ratio": median(ratios),
        "quartiles": statistics.quantiles(ratios, n=4)[::2] if len(ratios) > 1 else ratios * 2,
        "noise": median(noise),
        "noise_quartiles": statistics.quantiles(noise, n=4)[::2] if len(noise) > 1 else noise * 2,
        "least": min(new) / min(old),
        "raw": {"old": old, "new": new, "again": again},
    }


def verdict(row: dict) -> str:
    """Whether a case passes by CPU, fails, or has to be decided by counting."""
    if row["ratio"] <= MOST_CPU:
        return "pass"
    low, high = row["noise_quartiles"]
    noise = max(abs(row["noise"] - 1), high - 1, 1 - low)
    return "count" if noise > MOST_CPU - 1 else "SLOWER"


def print_timed(rows: list[dict]) -> bool:
    """The table of ratios; whether no case is slower."""
    print("| | old, CPU ms | new / old, median (quartiles) | old / old | least new / least old | |\n|---|---|---|---|---|---|")
    for row in rows:
        low, high = row["quartiles"]
        few, many = row["noise_quartiles"]
        print(
            f"| {row['case']} | {1000 * row['old_s']:.0f} | {row['ratio']:.3f} ({low:.3f} to {high:.3f}) "
            f"| {row['noise']:.3f} ({few:.3f} to {many:.3f}) | {row['least']:.3f} | {verdict(row)} |"
        )
    return all(verdict(row) == "pass" for row in rows)


def counted(old: Program, new: Program, found: list[Case]) -> list[dict]:
    """Instructions of OLD, NEW and OLD again."""
    rows = []
    for case in found:
        first, second, again = (instructions(program, case) for program in (old, new, old))
        rows.append({"case": case.name, "old": first, "new": second, "again": again})
        print(f"{case.name}: {second / first:.5f}, old again {again / first:.5f}", file=sys.stderr, flush=True)
    return rows


def print_counted(rows: list[dict]) -> bool:
    """The table of instructions; whether no case takes more."""
    print("| | old, million instructions | new / old | old / old | |\n|---|---|---|---|---|")
    for row in rows:
        ratio = row["new"] / row["old"]
        said = "pass" if ratio <= MOST_INSTRUCTIONS else "MORE"
        print(f"| {row['case']} | {row['old'] / 1e6:,.1f} | {ratio:.4f} | {row['again'] / row['old']:.4f} | {said} |")
    return all(row["new"] / row["old"] <= MOST_INSTRUCTIONS for row in rows)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("old", type=pathlib.Path)
    p.add_argument("new", type=pathlib.Path)
    p.add_argument("work", type=pathlib.Path)
    p.add_argument("--pairs", type=int, default=11)
    p.add_argument("--callgrind", action="store_true", help="count instructions of small inputs")
    p.add_argument("--own", action="store_true", help="ask NEW in copies as it would make them")
    p.add_argument("--only", action="append", metavar="CASE", help="cases whose name begins so; can be given several times")
    p.add_argument("--json", type=pathlib.Path, help="write every figure to this file")
    a = p.parse_args()
    old, new, work = a.old.resolve(), a.new.resolve(), Work(a.work.resolve())
    folder = work.root / "speed"
    folder.mkdir(exist_ok=True)
    for name in [name for name in os.environ if name.startswith("REFRAIN")]:
        del os.environ[name]
    found = (small_cases if a.callgrind else cases)(old, work, folder)
    found = [case for case in found if case.name.startswith(tuple(a.only or [""]))]
    instead = {}
    if a.own:
        shared = [small_index(old, work, work.seeds()[0], folder), work.root / "large.refrain"]
        shared += [] if a.callgrind else [kept_index(old, work, folder)]
        instead = {str(db): str(own_copy(new, db, folder)) for db in shared}
    if a.callgrind:
        rows = counted(Program(old), Program(new, instead), found)
        good = print_counted(rows)
    else:
        rows = timed(Program(old), Program(new, instead), found, a.pairs)
        good = print_timed(rows)
    if a.json:
        a.json.write_text(json.dumps(rows, indent=1) + "\n")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
