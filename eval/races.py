#!/usr/bin/env python3
"""Counts wrong errors of processes that use one index at the same time.

usage: races.py REFRAIN [--infos N] [--builds N] [--seed N] [--json FILE]

Two races, each on a healthy index, so that every error is a wrong one:

- `index info` beside `index rebuild`, which brings a file of format 1 to the newest one (and changes its journal mode twice);
- two `index build` of one folder into one new file.

Prints each kind of error with how often it came; exit 1 if there was one.
"""
import argparse
import collections
import json
import math
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

FIXTURE = pathlib.Path(__file__).parent.parent / "fixtures" / "index" / "format_1.refrain"
TOGETHER = 6
"""Readers beside one migration."""
LATEST = 0.06
"""Seconds within which they start."""


def wav(seed, seconds=3, rate=8000):
    """A tune that another seed has otherwise, as a WAV file."""
    numbers = random.Random(seed)
    notes = [220 * 2 ** (numbers.randrange(24) / 12) for _ in range(4 * seconds)]
    samples = [int(8000 * math.sin(2 * math.pi * notes[4 * i // rate] * i / rate)) for i in range(seconds * rate)]
    data = struct.pack(f"<{len(samples)}h", *samples)
    head = b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16)
    return head + b"data" + struct.pack("<I", len(data)) + data


def start(*command):
    return subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def error(process, folder):
    """What a process says that failed, without what differs from run to run."""
    out, err = process.communicate()
    return None if process.returncode == 0 else err.strip().replace(str(folder), "DIR") or f"exit {process.returncode}"


def infos(refrain, count, folder, numbers):
    errors, done = collections.Counter(), 0
    db = folder / "i.refrain"
    while done < count:
        for old in folder.glob("i.refrain*"):
            old.unlink()
        shutil.copy(FIXTURE, db)
        delays = sorted(numbers.uniform(0, LATEST) for _ in range(min(TOGETHER, count - done)))
        writer, readers, began = start(refrain, "index", "rebuild", "--db", db), [], time.monotonic()
        for delay in delays:
            time.sleep(max(0, delay - (time.monotonic() - began)))
            readers.append(start(refrain, "index", "info", "--json", "--db", db))
        for process in readers:
            errors.update(filter(None, [error(process, folder)]))
        said = error(writer, folder)
        errors.update([f"the writer: {said}"] if said else [])
        done += len(readers)
    return errors


def builds(refrain, count, folder):
    errors = collections.Counter()
    music, db = folder / "music", folder / "b.refrain"
    music.mkdir()
    for n in range(4):
        (music / f"{n}.wav").write_bytes(wav(n))
    for _ in range(count):
        for old in folder.glob("b.refrain*"):
            old.unlink()
        for process in [start(refrain, "index", "build", "-q", "--db", db, music) for _ in range(2)]:
            errors.update(filter(None, [error(process, folder)]))
        info = start(refrain, "index", "info", "--json", "--db", db)
        tracks = json.loads(info.communicate()[0] or '{"tracks": "no"}')["tracks"]
        errors.update([f"{tracks} tracks"] if tracks != 4 else [])
    return errors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("refrain", type=pathlib.Path)
    parser.add_argument("--infos", type=int, default=2000)
    parser.add_argument("--builds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    refrain = args.refrain.resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        found = {
            "index info beside a migration": (args.infos, infos(refrain, args.infos, folder, random.Random(args.seed))),
            "two builds at once": (args.builds, builds(refrain, args.builds, folder)),
        }
    for what, (count, errors) in found.items():
        print(f"{what}: {errors.total()} wrong errors in {count}")
        for text, times in errors.most_common():
            print(f"  {times} x {text}")
    if args.json:
        args.json.write_text(json.dumps({what: {"runs": count, "errors": errors} for what, (count, errors) in found.items()}, indent=1))
    return int(any(errors for _, errors in found.values()))


if __name__ == "__main__":
    sys.exit(main())
