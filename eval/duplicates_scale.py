#!/usr/bin/env python3
"""Measure `refrain duplicates` in a large library: time, memory, and what it finds of the copies that were put into it.

usage: duplicates_scale.py LARGE.refrain --truth TRUTH.json… [--refrain PATH] [--newcomers PATH] [--json FILE]

LARGE.refrain holds the files of the messy libraries of `plays.py duplicates` and many grown tracks:

    refrain index build P/duplicates-1 P/duplicates-2 --db REAL.refrain
    cargo run --release --features unstable --example grow_library -- REAL.refrain LARGE.refrain 100000 --sources OTHER.refrain

TRUTH.json is the file of that name in each messy library. A copy of LARGE.refrain is searched twice: the second search finds all
comparisons in the index. A group of grown tracks is a false merge, unless only a backing is the same: they share 25 s at most.
CPU is user plus system time of the process. PATH of `--newcomers` is the example `newcomer_times`.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from scenes.duplicates import judged, rows
from score import table

ROOT = pathlib.Path(__file__).resolve().parent.parent


def search(refrain: pathlib.Path, index: pathlib.Path) -> tuple[list[dict], dict]:
    """The groups, and what the search took."""
    began = time.perf_counter()
    command = [refrain, "duplicates", "--no-measure", "--json", "--db", index]
    child = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    assert os.waitstatus_to_exitcode(status) in (0, 1), "the search failed"
    took = {
        "seconds": time.perf_counter() - began,
        "cpu": usage.ru_utime + usage.ru_stime,
        "mebibytes": usage.ru_maxrss / 1024,
    }
    return [json.loads(line) for line in out.splitlines()], took


def same_bytes(group: dict, files: dict) -> list[dict]:
    """The files of a group that are of a messy library. A grown library keeps one file of those with the same bytes: the others
    are put back."""
    own = [f for f in group["files"] if f["path"] in files]
    copies = {row["recording"]: path for path, row in files.items() if row.get("form") == "bytes"}
    first = {copies[row["recording"]]: path for path, row in files.items() if row.get("form") == "first" and row["recording"] in copies}
    return own + [{**f, "path": first[f["path"]]} for f in own if f["path"] in first]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("index", type=pathlib.Path)
    parser.add_argument("--truth", type=pathlib.Path, nargs="+", required=True)
    parser.add_argument("--refrain", type=pathlib.Path, default=ROOT / "target/release/refrain")
    parser.add_argument("--newcomers", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.index.parent) as folder:
        copy = pathlib.Path(folder, "copy.refrain")
        shutil.copy(args.index, copy)
        groups, first = search(args.refrain, copy)
        again, second = search(args.refrain, copy)
        assert [len(g["files"]) for g in again] == [len(g["files"]) for g in groups], "the second search differs"
        print(table(["search", "s", "CPU s", "MiB"], [
            [name, f"{took['seconds']:.1f}", f"{took['cpu']:.1f}", f"{took['mebibytes']:.0f}"]
            for name, took in (("first", first), ("again", second))
        ]))
        if args.newcomers:
            subprocess.run([args.newcomers, copy], check=True)
    grown = lambda file: file["path"].startswith("/grown/")
    merged = [[f for f in g["files"] if f["relation"] != "shared_backing"] for g in groups]
    wrong = [[f["path"] for f in files] for files in merged if len(files) > 1 and any(map(grown, files))]
    print(f"\n{len(groups)} groups; {len(wrong)} with a grown track")
    figures = {"first": first, "again": second, "groups": len(groups), "with_grown": wrong, "libraries": []}
    for truth in args.truth:
        files = {row["path"]: row for row in json.loads(truth.read_text())["files"]}
        own = [{"files": same_bytes(group, files)} for group in groups]
        result = judged(files, own)
        figures["libraries"].append(result)
        print(f"\n{truth.parent.name}\n\n{table(*rows(result))}")
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
