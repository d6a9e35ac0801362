#!/usr/bin/env python3
"""Measure what a library costs that lives: readers beside a build, six hours in one file, 200,000 names, 100,000 tracks.

usage: upkeep.py MUSIC --work DIR [--refrain PATH] [--runs 3] [--only beside,hours,names,tracks] [--json FILE]

MUSIC is a folder of audio files, a corpus folder or a manifest.json (corpus.py). Test files are made in DIR, with ffmpeg
where they are music, and kept for the next time: 3 GB in 500,000 files.

beside   a build of MUSIC into an index that has a fifth of it, alone and beside four processes that query in a loop, by
         turns; every answer must be the right track
hours    six hours of MUSIC in one mp3 file
names    200,000 empty files called .mp3 and as many texts called .txt, new and then known
tracks   100,000 files of a second of tones, each another track: indexed, then nothing has changed

CPU is user plus system time of the child process as the kernel counts it (wait4). Memory is ru_maxrss, which never reads
less than this script's own; that floor is given. Prints a Markdown table.
"""

import argparse
import array
import dataclasses
import datetime
import json
import math
import os
import pathlib
import random
import shutil
import subprocess
import sys
import threading
import wave

from bars import HERE, RATE, Cost, concatenated, ffmpeg, processor, run, seconds_of, tracks_of

READERS = 4
HOURS = 6
NAMES = 200_000
TRACKS = 100_000
ENCODERS = {
    "mp3": ["-c:a", "libmp3lame", "-b:a", "96k", "-compression_level", "9", "-ac", "1"],
}


class Upkeep:
    """Measurements, and the rows of the table."""

    def __init__(self, refrain: pathlib.Path, work: pathlib.Path):
        self.refrain = refrain
        self.work = work
        self.rows: list[tuple[str, str, str]] = []
        self.raw: dict = {}

    def row(self, what: str, figure: str, how: str) -> None:
        self.rows.append((what, figure, how))
        print(f"{what}: {figure} ({how})", file=sys.stderr)

    def index(self, name: str) -> pathlib.Path:
        """The path of a new index."""
        for leftover in self.work.glob(f"{name}.refrain*"):
            leftover.unlink()
        return self.work / f"{name}.refrain"

    def build(self, db: pathlib.Path, *roots, fail: tuple[int, ...] = ()) -> Cost:
        return run([self.refrain, "index", "build", "--quiet", "--db", db, *roots], fail)

    def update(self, db: pathlib.Path) -> Cost:
        return run([self.refrain, "index", "update", "--quiet", "--db", db])

    def info(self, db: pathlib.Path) -> dict:
        command = [self.refrain, "index", "info", "--json", "--db", db]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    def beside(self, tracks: list[pathlib.Path], runs: int) -> None:
        first = tracks[: max(1, len(tracks) // 5)]
        asked = next((t for t in first if seconds_of(t) > 40), None)
        if asked is None:
            sys.exit("no track is longer than 40 s")
        clip = self.work / "beside.wav"
        run(ffmpeg("-ss", 20, "-t", 10, "-i", asked, "-map", "0:a:0", "-ac", 1, "-ar", RATE, clip))
        before = self.index("before")
        self.build(before, *first)
        alone, beside, answers, log = [], [], 0, []
        for _ in range(runs):
            for readers in (0, READERS):
                db = self.index("beside")
                shutil.copy(before, db)
                asking = Readers([self.refrain, "query", "--json", "--db", db, clip], asked, readers)
                cost = self.build(db, *tracks)
                if readers:
                    wal = db.with_name(f"{db.name}-wal")
                    log.append(wal.stat().st_size if wal.exists() else 0)
                answers += asking.end()
                (beside if readers else alone).append(cost)
        self.raw["beside"] = {
            "alone": [dataclasses.asdict(c) for c in alone],
            "beside": [dataclasses.asdict(c) for c in beside],
            "answers": answers,
            "log_bytes": log,
        }
        a, b = min(c.cpu_s for c in alone), min(c.cpu_s for c in beside)
        self.row(
            f"CPU of a build beside {READERS} readers, against one alone",
            f"{b / a:.2f}",
            f"{b:.1f} s against {a:.1f} s, best of {runs}; {len(tracks) - len(first)} tracks; {answers} answers, all right;"
            f" log after it at most {max(log)} bytes",
        )

    def hours(self, tracks: list[pathlib.Path]) -> None:
        for kind, codec in ENCODERS.items():
            path = self.work / f"six-hours.{kind}"
            if not path.exists():
                concatenated(tracks, HOURS * 3600, path, codec)
            cost = self.build(self.index("hours"), path)
            self.raw[f"hours_{kind}"] = dataclasses.asdict(cost)
            self.row(
                f"peak memory, {HOURS} h of {kind} in one file",
                f"{cost.peak_mib:.0f} MiB",
                f"{path.stat().st_size / 1e6:.0f} MB, CPU {cost.cpu_s:.0f} s",
            )

    def names(self) -> None:
        folder = self.work / "names"
        if not folder.exists():
            for n in range(NAMES):
                part = folder / f"some folder {n // 1000:03}"
                part.mkdir(parents=True, exist_ok=True)
                (part / f"{n:06} a name of usual length.mp3").touch()
                (part / f"{n:06} notes.txt").write_text("text")
        db = self.index("names")
        # 2: none of them is audio.
        new = self.build(db, folder, fail=(2,))
        failed = self.info(db)["failures"]
        assert failed == NAMES, failed
        known = self.update(db)
        self.raw["names"] = {"new": dataclasses.asdict(new), "known": dataclasses.asdict(known)}
        for what, cost in (("new", new), ("known", known)):
            self.row(
                f"peak memory, {NAMES:,} {what} names and as many texts",
                f"{cost.peak_mib:.0f} MiB",
                f"CPU {cost.cpu_s:.1f} s, wall {cost.wall_s:.1f} s",
            )

    def tracks(self, runs: int) -> None:
        folder = self.work / "tracks"
        if not folder.exists():
            tones = Tones()
            for n in range(TRACKS):
                part = folder / f"{n // 1000:03}"
                part.mkdir(parents=True, exist_ok=True)
                tones.write(part / f"{n:06}.wav")
        db = self.work / "tracks.refrain"
        if not db.exists():
            new = self.build(self.index("tracks"), folder)
            self.raw["tracks_new"] = dataclasses.asdict(new)
            self.row(f"peak memory, {TRACKS:,} new files of a second", f"{new.peak_mib:.0f} MiB", f"CPU {new.cpu_s:.0f} s")
        info = self.info(db)
        # A few of them repeat themselves too evenly to be told from anything.
        assert info["files"] + info["failures"] == TRACKS and info["tracks"] > 0.99 * TRACKS, info
        costs = [self.update(db) for _ in range(runs)]
        self.raw["tracks_known"] = [dataclasses.asdict(c) for c in costs]
        self.row(
            f"update of {TRACKS:,} files, {info['tracks']:,} of them tracks, where nothing has changed",
            f"wall {min(c.wall_s for c in costs):.1f} s, CPU {min(c.cpu_s for c in costs):.1f} s",
            f"best of {runs}, at most {max(c.wall_s for c in costs):.1f} s; {max(c.peak_mib for c in costs):.0f} MiB",
        )


class Readers:
    """Processes that ask the same again and again, and must be answered rightly each time."""

    def __init__(self, command: list, asked: pathlib.Path, count: int):
        self.command = [str(part) for part in command]
        self.asked = asked
        self.ended = threading.Event()
        self.answers = [0] * count
        self.wrong: list[str] = []
        self.threads = [threading.Thread(target=self.ask, args=(n,)) for n in range(count)]
        for thread in self.threads:
            thread.start()

    def ask(self, n: int) -> None:
        while not self.ended.is_set():
            done = subprocess.run(self.command, capture_output=True, text=True)
            found = json.loads(done.stdout)["matches"] if done.returncode == 0 else []
            if not found or pathlib.Path(found[0]["path"]) != self.asked:
                self.wrong.append(f"exit {done.returncode}: {done.stdout[:500]}{done.stderr[:500]}")
                return
            self.answers[n] += 1

    def end(self) -> int:
        """How many answers there were."""
        self.ended.set()
        for thread in self.threads:
            thread.join()
        if self.wrong:
            sys.exit(f"a reader beside the build: {self.wrong[0]}")
        return sum(self.answers)


class Tones:
    """Short files of some tones, none like another."""

    RATE, PARTS, PART = 8_000, 8, 1_000

    def __init__(self):
        self.random = random.Random(1)
        steps = [220 * 2 ** (n / 12) for n in range(36)]
        self.parts = [
            array.array("h", (int(9000 * math.sin(math.tau * f * i / self.RATE)) for i in range(self.PART)))
            for f in steps
        ]

    def write(self, path: pathlib.Path) -> None:
        with wave.open(str(path), "wb") as out:
            out.setparams((1, 2, self.RATE, 0, "NONE", ""))
            # None of them twice: a steady sound has no fingerprint.
            for part in self.random.sample(self.parts, self.PARTS):
                out.writeframesraw(part.tobytes())


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("music", type=pathlib.Path)
    p.add_argument("--work", type=pathlib.Path, required=True, help="folder for test files, kept")
    p.add_argument("--refrain", type=pathlib.Path, default=HERE.parent / "target/release/refrain")
    p.add_argument("--runs", type=int, default=3, help="alternating runs")
    p.add_argument("--only", default="beside,hours,names,tracks", help="what to measure")
    p.add_argument("--json", type=pathlib.Path, help="write every single measurement here")
    a = p.parse_args()
    if not a.refrain.is_file():
        sys.exit(f"{a.refrain}: not there; run `cargo build --release`")
    only = a.only.split(",")
    a.work.mkdir(parents=True, exist_ok=True)
    music = tracks_of(a.music)
    upkeep = Upkeep(a.refrain.resolve(), a.work.resolve())
    if "beside" in only:
        upkeep.beside(music, a.runs)
    if "hours" in only:
        upkeep.hours(music)
    if "names" in only:
        upkeep.names()
    if "tracks" in only:
        upkeep.tracks(a.runs)
    upkeep.row("floor of the memory figures", f"{run(['true']).peak_mib:.0f} MiB", "what `true` reads")
    version = subprocess.run([a.refrain, "--version"], capture_output=True, text=True).stdout.strip()
    host = f"{os.cpu_count()} cores, {processor()}"
    print(f"{version}, {datetime.date.today()}, {host}\n\n| what | figure | how |\n|---|---|---|")
    for row in upkeep.rows:
        print(f"| {' | '.join(row)} |")
    if a.json:
        document = {"version": version, "date": str(datetime.date.today()), "host": host, "raw": upkeep.raw}
        a.json.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
