#!/usr/bin/env python3
"""Measure what `refrain analyze` costs: speed with one and two threads, a folder of music, memory.

usage: analyze_folder.py MUSIC --work DIR [--refrain PATH] [--tracks 60] [--runs 3] [--hours 3] [--json FILE]

MUSIC is a folder of audio files, a corpus folder or a manifest.json (corpus.py). Five minutes as wav, mp3 and flac and a
file of three hours are made of its tracks with ffmpeg and kept in DIR for the next time; they are the same that bars.py
makes. One and two threads run by turns, and the best of the runs counts. The folder is the first so many tracks, each
by its name; hours for 1,000 tracks are those for 1,000 tracks of three minutes at the measured speed. Memory is
ru_maxrss. Prints a Markdown table.
"""

import argparse
import json
import pathlib

from bars import ENCODERS, HERE, HOURS3, MINUTES5, concatenated, run, seconds_of, tracks_of

FORMATS = ["wav", "mp3", "flac"]


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("music", type=pathlib.Path)
    p.add_argument("--work", type=pathlib.Path, required=True)
    p.add_argument("--refrain", type=pathlib.Path, default=HERE.parent / "target/release/refrain")
    p.add_argument("--tracks", type=int, default=60)
    p.add_argument("--runs", type=int, default=3)
    p.add_argument("--hours", type=float, default=HOURS3 / 3600)
    p.add_argument("--json", type=pathlib.Path)
    a = p.parse_args()
    a.work.mkdir(parents=True, exist_ok=True)
    tracks = tracks_of(a.music)
    analyze = [a.refrain.resolve(), "analyze", "--json", "--quiet"]
    rows = []

    for format in FORMATS:
        file = a.work / f"min5.{format}"
        if not file.exists():
            concatenated(tracks, MINUTES5, file, ENCODERS[format])
        best = {}
        for _ in range(a.runs):
            for threads in (1, 2):
                cost = run([*analyze, "--threads", threads, file])
                before = best.get(threads)
                best[threads] = cost if before is None or cost.wall_s < before.wall_s else before
        speeds = [MINUTES5 / best[threads].wall_s for threads in (1, 2)]
        rows.append((f"5 min of {format}, x real time, one thread", speeds[0]))
        rows.append((f"5 min of {format}, x real time, two threads", speeds[1]))
        rows.append((f"5 min of {format}, speed-up by a second thread", speeds[1] / speeds[0]))
        rows.append((f"5 min of {format}, CPU s", best[1].cpu_s))

    chosen = tracks[: a.tracks]
    seconds = sum(seconds_of(track) for track in chosen)
    cost = min((run([*analyze, "--threads", 2, *chosen]) for _ in range(a.runs)), key=lambda c: c.wall_s)
    rows.append((f"folder of {len(chosen)} tracks ({seconds / 3600:.1f} h), two threads, x real time", seconds / cost.wall_s))
    rows.append(("hours for 1,000 tracks of 3 minutes", 1000 * 180 / (seconds / cost.wall_s) / 3600))
    rows.append(("peak memory of the folder, MiB", cost.peak_mib))

    long = a.work / f"{a.hours:g}h.mp3"
    if not long.exists():
        concatenated(tracks, int(a.hours * 3600), long, ENCODERS["mp3"])
    for threads in (1, 2):
        cost = run([*analyze, "--threads", threads, long])
        rows.append((f"{a.hours:g} h of mp3, x real time, {threads} threads", a.hours * 3600 / cost.wall_s))
        rows.append((f"{a.hours:g} h of mp3, peak memory, {threads} threads, MiB", cost.peak_mib))
    outputs = [("--frames", "npz"), ("--harmonic", "h.wav"), ("--percussive", "p.wav"), ("--plot", "svg")]
    named = [(flag, a.work / f"out.{ending}") for flag, ending in outputs]
    cost = run([*analyze, "--threads", 2, long, *(str(part) for pair in named for part in pair)])
    rows.append((f"{a.hours:g} h of mp3 with all outputs, peak memory, MiB", cost.peak_mib))
    rows.append(("its plot, KB", named[-1][1].stat().st_size / 1000))
    for _, path in named:
        path.unlink()

    print("| what | |\n|---|---|")
    for what, value in rows:
        print(f"| {what} | {value:.4g} |")
    if a.json:
        a.json.write_text(json.dumps(dict(rows), indent=1) + "\n")


if __name__ == "__main__":
    main()
