#!/usr/bin/env python3
"""Hold refrain's Opus decoder against libopus: how far the error lies below the signal, and what it costs.

usage: compare_opus.py MUSIC... --work DIR [--json FILE] [--skip-time]

MUSIC is a few files of at least 20 s, music and speech. `opus_files.py` makes some 280 files out of them, kept in DIR.
The tool `opus_beside_libopus` decodes each with both; a fifth of the files once more with every tenth packet lost, which
both conceal. CPU is counted in instructions by callgrind, on files of the usual kinds. Prints a Markdown table.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

import opus_files

ROOT = pathlib.Path(__file__).parent.parent
TOOL = ROOT / "target/release/examples/opus_beside_libopus"


def compare(files, *options) -> list[dict]:
    done = subprocess.run([TOOL, "compare", *options, *files], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def instructions(which: str, file: pathlib.Path) -> int:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", TOOL, "time", which, "1", file]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    return int(re.search(r"Collected : (\d+)", report)[1])


def row(name: str, rows: list[dict]) -> str:
    decibels = sorted(r["decibels"] for r in rows)
    near = sum(d >= 90 for d in decibels)
    chroma = [r["chroma"] for r in rows]
    return (f"| {name} | {len(rows)} | {decibels[0]:.0f} | {decibels[len(decibels) // 2]:.0f} | {near} | {max(chroma):.1e} "
            f"| {sum(c <= 1e-3 for c in chroma)} | {sum(r['refused_by_one'] for r in rows)} |")


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
    costs = {}
    if not args.skip_time:
        # What decodes to the commonest kinds: the first file of each, and all that is surround.
        for file in [f for f in files if re.match(r"(forced-(silk-wide|hybrid-full|celt-full)-960|surround-6-20|ffmpeg-(audio|voip)-20)-", f.name)]:
            nothing = instructions("nothing", file)
            ours, theirs = instructions("ours", file) - nothing, instructions("libopus", file) - nothing
            costs[file.name] = {"ours": ours, "libopus": theirs}
        print("\n| file | million instructions | libopus | ratio |\n|---|---|---|---|")
        for name, cost in costs.items():
            print(f"| {name} | {cost['ours'] / 1e6:.0f} | {cost['libopus'] / 1e6:.0f} | {cost['ours'] / cost['libopus']:.2f} |")
        ours, theirs = (sum(cost[which] for cost in costs.values()) for which in ["ours", "libopus"])
        print(f"| all | {ours / 1e6:.0f} | {theirs / 1e6:.0f} | {ours / theirs:.2f} |")
    if args.json:
        args.json.write_text(json.dumps({"whole": whole, "lost": lost, "instructions": costs}, indent=1) + "\n")


if __name__ == "__main__":
    main()
