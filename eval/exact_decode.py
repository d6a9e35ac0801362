#!/usr/bin/env python3
"""Hold refrain's decoding against ffmpeg's, sample by sample.

usage: exact_decode.py --work DIR [--tool PATH] [--only WORD] [--json FILE]

Makes short files in DIR with ffmpeg: for each container and codec at least four, with priming, trims at both ends, edit
lists and tags. Each is decoded by ffmpeg and by the example decode_frames (cargo build --release --features unstable
--example decode_frames), with all channels. A file passes if both have as many frames, the rates are equal, and

- PCM, FLAC and ALAC are equal bit for bit;
- the error of other codecs is at least 80 dB below the signal.

Where ffmpeg does not trim what a tag or an edit list says, the tag or edit list is the truth: the script then cuts
ffmpeg's samples first, as the column says. Prints a Markdown table. The exit status is 1 if a file fails.
"""

import argparse
import array
import json
import math
import pathlib
import struct
import subprocess
import sys

from exact_cases import CASES


def samples_of(path: pathlib.Path) -> array.array:
    values = array.array("f")
    values.frombytes(path.read_bytes())
    return values


def by_ffmpeg(path: pathlib.Path, out: pathlib.Path, options: list[str]) -> tuple[list[int], array.array]:
    """The form [rate, channels, frames] and the samples."""
    probe = ["ffprobe", "-v", "error", "-select_streams", "a:0", "-show_entries", "stream=sample_rate,channels", "-of", "csv=p=0"]
    rate, channels = map(int, subprocess.run([*probe, str(path)], capture_output=True, text=True, check=True).stdout.strip().split(",")[:2])
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *options, "-i", str(path), "-map", "0:a:0", "-c:a", "pcm_f32le", "-f", "f32le", str(out)]
    subprocess.run(command, check=True)
    samples = samples_of(out)
    return [rate, channels, len(samples) // channels], samples


def by_refrain(tool: pathlib.Path, path: pathlib.Path, out: pathlib.Path) -> tuple[list[list[int]], array.array, str]:
    """The forms of the stretches, the samples, and the warnings or the error."""
    done = subprocess.run([str(tool), str(path), str(out)], capture_output=True, text=True)
    forms = [list(map(int, line.split())) for line in done.stdout.splitlines()]
    # The reason alone: no path, no trace.
    said = done.stderr.strip().partition("\n")[0].replace(f"Error: {path.parent}/", "")
    return forms, samples_of(out) if done.returncode == 0 else array.array("f"), said


def decibels(ours: array.array, theirs: array.array) -> float:
    """How far the error lies below the signal."""
    error = math.fsum((a - b) ** 2 for a, b in zip(ours, theirs))
    signal = math.fsum(b * b for b in theirs)
    return math.inf if error == 0 else 10 * math.log10(signal / error) if signal else -math.inf


def shift(ours: array.array, theirs: array.array, channels: int) -> int:
    """By how many frames ours come later, as far as 6,000 frames; for a look at what failed."""
    left, right = ours[::channels], theirs[::channels]
    middle = len(right) // 2
    window = right[middle : middle + 400]
    best = (math.inf, 0)
    for late in range(-6000, 6001):
        at = middle + late
        if at >= 0 and at + len(window) <= len(left):
            best = min(best, (sum((a - b) ** 2 for a, b in zip(left[at : at + len(window)], window)), late))
    return best[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--tool", type=pathlib.Path, default=pathlib.Path(__file__).parent.parent / "target/release/examples/decode_frames")
    parser.add_argument("--only", default="")
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    rows, failed = [], 0
    for case in CASES:
        if args.only not in case.name:
            continue
        path = case.make(args.work)
        form, theirs = by_ffmpeg(path, args.work / "theirs.f32", case.read)
        first, count = case.first, case.count if case.count is not None else form[2] - case.first
        theirs = theirs[first * form[1] : (first + count) * form[1]]
        if case.first < 0:
            theirs = array.array("f", bytes(4 * -case.first * form[1])) + theirs
        form[2] = len(theirs) // form[1]
        if case.order:
            theirs = array.array("f", (theirs[at + c] for at in range(0, len(theirs), form[1]) for c in case.order))
        forms, ours, said = by_refrain(args.tool, path, args.work / "ours.f32")
        level = decibels(ours, theirs) if len(ours) == len(theirs) else -math.inf
        right = forms == [form] and (level == math.inf if case.exact else level >= 80)
        row = {"file": case.name, "frames": form[2], "off": (sum(f[2] for f in forms) - form[2]), "below_db": None if math.isinf(level) else round(level, 1)}
        row |= {"equal": level == math.inf, "truth": case.truth, "ok": right, "said": said}
        if not right:
            failed += 1
            row["late"] = shift(ours, theirs, form[1]) if ours and forms[0][1] == form[1] else None
            print(f"{case.name}: {forms} instead of {form}, {level:.1f} dB, late {row['late']}; {said}", file=sys.stderr)
        rows.append(row)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"{len(rows) - failed} of {len(rows)} files are ffmpeg's to the sample.\n")
    print("| file | frames | frames off | error below the signal | truth |\n|---|---|---|---|---|")
    for row in rows:
        level = "equal" if row["equal"] else "-" if row["below_db"] is None else f"{row['below_db']:.1f} dB"
        print(f"| {row['file']} | {row['frames']:,} | {row['off']} | {level} | {row['truth']} |")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
