#!/usr/bin/env python3
"""Hold refrain's Opus decoder against libopus: how far the error lies below the signal, and what it costs.

usage: compare_opus.py MUSIC... --work DIR [--json FILE] [--skip-time]

MUSIC is a few files of at least 20 s, music and speech. `opus_files.py` makes some 280 files out of them, kept in DIR.
The tool `opus_beside_libopus` decodes each with both; a fifth of the files once more with every tenth packet lost, which
both conceal. CPU is that of decoding packets in memory, on files of the usual kinds: the median ratio of
the user time in seven alternating pairs of runs, and instructions as callgrind counts them. Prints Markdown tables.
"""

import argparse
import ctypes
import json
import pathlib
import re
import resource
import statistics
import subprocess
import sys

import numpy as np

import opus_files

ROOT = pathlib.Path(__file__).parent.parent
TOOL = ROOT / "target/release/examples/opus_beside_libopus"


def compare(files, *options) -> list[dict]:
    done = subprocess.run([TOOL, "compare", *options, *files], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def versions(files: list[pathlib.Path]) -> tuple[list[float], list[float]]:
    """How far the library that ctypes finds is off the tool's libopus, and refrain off the nearer of both, in decibels."""
    apart, ours = [], []
    for file in files:
        packets, channels, mapping = opus_files.read(file)
        other = np.array(opus_files.decoded(packets, channels, mapping))
        mine, theirs = (np.frombuffer(subprocess.run([TOOL, "samples", which, file], check=True, capture_output=True).stdout, "<f4")
                        for which in ["ours", "libopus"])
        decibels = lambda a, b: 10 * np.log10((b.astype(float) ** 2).sum() / max(1e-30, ((a.astype(float) - b) ** 2).sum()))
        apart.append(decibels(other, theirs))
        ours.append(max(decibels(mine, theirs), decibels(mine, other)))
    return apart, ours


def instructions(which: str, file: pathlib.Path) -> int:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", TOOL, "time", which, "1", file]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    return int(re.search(r"Collected : (\d+)", report)[1])


def seconds(which: str, file: pathlib.Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run([TOOL, "time", which, "40", file], check=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def row(name: str, rows: list[dict]) -> str:
    decibels = sorted(r["decibels"] for r in rows)
    near = sum(d >= 90 for d in decibels)
    chroma = [r["chroma"] for r in rows]
    return (f"| {name} | {len(rows)} | {decibels[0]:.0f} | {decibels[len(decibels) // 2]:.0f} | {near} | {max(chroma):.1e} "
            f"| {sum(c <= 1e-3 for c in chroma)} | {sum(r['refused_by_one'] for r in rows)} |")


def document(whole: list[dict], lost: list[dict], costs: dict) -> str:
    """A line for each file."""
    lines = []
    for result in whole + lost:
        result = {**result, "file": pathlib.Path(result["file"]).name}
        del result["kinds"]
        lines.append(json.dumps(result))
    return '{"files": [\n' + ",\n".join(lines) + '\n], "cost": ' + json.dumps(costs, indent=1) + "}\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("music", nargs="+", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--skip-time", action="store_true")
    args = parser.parse_args()
    if not TOOL.exists():
        sys.exit("first: cargo build --release --features libopus --example opus_beside_libopus")
    files = opus_files.make(args.work, args.music)
    whole, lost = compare(files), compare(files[::5], "--lose", "10")
    print("| files | number | least dB | median dB | 90 dB or more | chroma off by at most | chroma within 1e-3 | packets refused by one |")
    print("|---|---|---|---|---|---|---|---|")
    kinds = {}
    for result in whole:
        kinds.setdefault(pathlib.Path(result["file"]).name.split("-")[0], []).append(result)
    for kind, rows in kinds.items():
        print(row(kind, rows))
    print(row("all", whole))
    print(row("a tenth of the packets lost", lost))
    version = opus_files.library.opus_get_version_string
    version.restype = ctypes.c_char_p
    print(f"\n{version().decode()} beside the tool's libopus:\n")
    print("| files | number | the two within 90 dB | refrain within 90 dB of one of them |\n|---|---|---|---|")
    for kind in [kind for kind in kinds if kind != "gain"]:
        chosen = [f for f in files if f.name.startswith(kind) and f.suffix == ".opus"]
        apart, ours = versions(chosen)
        print(f"| {kind} | {len(chosen)} | {sum(d >= 90 for d in apart)} | {sum(d >= 90 for d in ours)} |")
    costs = {}
    if not args.skip_time:
        # What decodes to the commonest kinds: the first file of each, and all that is surround.
        for file in [f for f in files if re.match(r"(forced-(silk-wide|hybrid-full|celt-full)-960|surround-6-20|ffmpeg-(audio|voip)-20)-", f.name)]:
            nothing = instructions("nothing", file)
            ours, theirs = instructions("ours", file) - nothing, instructions("libopus", file) - nothing
            pairs = [(seconds("ours", file), seconds("libopus", file)) for _ in range(7)]
            ratio = statistics.median(a / b for a, b in pairs)
            costs[file.name] = {"instructions": ours / theirs, "cpu": ratio, "ours_s": min(pairs)[0], "libopus_s": min(b for _, b in pairs)}
        print("\n| file | CPU over libopus's | instructions over libopus's |\n|---|---|---|")
        for name, cost in costs.items():
            print(f"| {name} | {cost['cpu']:.2f} | {cost['instructions']:.2f} |")
        ours, theirs = (sum(cost[which] for cost in costs.values()) for which in ["ours_s", "libopus_s"])
        print(f"| all, the best run of each | {ours / theirs:.2f} | |")
    if args.json:
        args.json.write_text(document(whole, lost, costs))


if __name__ == "__main__":
    main()
