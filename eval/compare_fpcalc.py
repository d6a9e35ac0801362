#!/usr/bin/env python3
"""Hold `refrain fingerprint` against Chromaprint's fpcalc: how many bits differ, and what it costs.

usage: compare_fpcalc.py MUSIC --work DIR [--refrain PATH] [--tracks 24] [--runs 3] [--seed 5] [--json FILE]

MUSIC is a folder of audio files, a corpus folder or a manifest.json (corpus.py). Of so many tracks of at least
40 s the first 150 s are made into each form below with ffmpeg and kept in DIR for the next time. Both programs
give the raw words of the first 120 s; words are compared place by place, 32 bits each, and a track counts as the
same where it has as many words and no bit differs. Durations are compared as JSON gives them.

CPU is user plus system time of the child processes, over all tracks of a form, the programs by turns; the best
of the runs counts. fpcalc 1.5.1 with FFmpeg 5 exits with 3 where a file is shorter than 120 s; that is let pass.
Prints a Markdown table.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import random
import subprocess
import sys

from bars import ffmpeg, run, tracks_of

SECONDS = 150
FORMS = {
    "wav, 11,025 Hz mono": ("11k.wav", ["-ac", "1", "-ar", "11025", "-c:a", "pcm_s16le"]),
    "wav": ("wav", ["-c:a", "pcm_s16le"]),
    "wav, 48 kHz, 24 bit": ("48k.wav", ["-ar", "48000", "-c:a", "pcm_s24le"]),
    "wav, 32 kHz": ("32k.wav", ["-ar", "32000", "-c:a", "pcm_s16le"]),
    "flac": ("flac", ["-c:a", "flac", "-sample_fmt", "s16"]),
    "mp3": ("mp3", ["-c:a", "libmp3lame", "-b:a", "192k"]),
    "ogg (Vorbis)": ("ogg", ["-c:a", "libvorbis", "-q:a", "5"]),
    "opus": ("opus", ["-c:a", "libopus", "-b:a", "96k"]),
    "m4a (AAC)": ("m4a", ["-c:a", "aac", "-b:a", "160k"]),
}


def duration(path: pathlib.Path) -> float:
    """Seconds of a file, 0 where ffprobe does not know."""
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(path)]
    try:
        return float(subprocess.run(command, capture_output=True, text=True).stdout)
    except ValueError:
        return 0.0


def chosen(music: pathlib.Path, count: int, seed: int) -> list[pathlib.Path]:
    """So many tracks that are long enough, drawn."""
    tracks = tracks_of(music)
    random.Random(seed).shuffle(tracks)
    found = []
    for track in tracks:
        if len(found) < count and duration(track) >= 40:
            found.append(track)
    if len(found) < count:
        sys.exit(f"{music}: only {len(found)} tracks of 40 s or more")
    return found


def made(tracks: list[pathlib.Path], work: pathlib.Path) -> dict[str, list[pathlib.Path]]:
    """The files of each form. Every track goes through a wav first, so that all forms are of the same samples."""
    files: dict[str, list[pathlib.Path]] = {form: [] for form in FORMS}
    for number, track in enumerate(tracks):
        source = work / f"{number:02}.wav"
        for form, (suffix, options) in FORMS.items():
            path = work / f"{number:02}.{suffix}"
            if not path.exists():
                origin = source if source.exists() else track
                cut = [] if source.exists() else ["-t", SECONDS]
                # A name that ends as the file does, so that ffmpeg knows the container.
                part = path.with_name(f"part.{suffix}")
                if not source.exists():
                    subprocess.run(ffmpeg("-i", track, *cut, "-map_metadata", -1, "-c:a", "pcm_s16le", part.with_name("part.wav")), check=True)
                    part.with_name("part.wav").rename(source)
                    origin = source
                if path != source:
                    subprocess.run(ffmpeg("-i", origin, *options, part), check=True)
                    part.rename(path)
            files[form].append(path)
    return files


def words(command: list, path: pathlib.Path) -> tuple[list[int], float]:
    """Words and duration of a file."""
    done = subprocess.run([*map(str, command), "-raw", "-json", str(path)], capture_output=True, text=True)
    if done.returncode not in (0, 3):
        sys.exit(f"{command} {path}: exit {done.returncode}\n{done.stderr}")
    answer = json.loads(done.stdout)
    return answer["fingerprint"], answer["duration"]


def compared(refrain: list, files: list[pathlib.Path]) -> dict:
    """Differing bits of all files of a form."""
    row = {"tracks": len(files), "same": 0, "bits": 0, "differ": 0, "lengths": 0, "worst": 0.0, "duration": 0.0}
    for path in files:
        (ours, our_seconds), (theirs, their_seconds) = words(refrain, path), words(["fpcalc"], path)
        differ = sum((a ^ b).bit_count() for a, b in zip(ours, theirs))
        bits = 32 * min(len(ours), len(theirs))
        row["bits"] += bits
        row["differ"] += differ
        row["lengths"] += len(ours) != len(theirs)
        row["same"] += differ == 0 and len(ours) == len(theirs)
        row["worst"] = max(row["worst"], differ / bits)
        row["duration"] = max(row["duration"], round(abs(our_seconds - their_seconds), 2))
    return row


def cpu(command: list, files: list[pathlib.Path]) -> float:
    return sum(run([*command, "-raw", "-json", path], fail=(3,)).cpu_s for path in files)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("music", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--refrain", type=pathlib.Path, default=pathlib.Path(__file__).parent.parent / "target/release/refrain")
    parser.add_argument("--tracks", type=int, default=24)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    refrain = [args.refrain.resolve(), "fingerprint"]
    files = made(chosen(args.music, args.tracks, args.seed), args.work)
    rows = {}
    for form, paths in files.items():
        row = compared(refrain, paths)
        ours = theirs = float("inf")
        for _ in range(args.runs):
            ours, theirs = min(ours, cpu(refrain, paths)), min(theirs, cpu(["fpcalc"], paths))
        row |= {"cpu_s": round(ours, 3), "fpcalc_cpu_s": round(theirs, 3)}
        rows[form] = row
    version = subprocess.run(["fpcalc", "-version"], capture_output=True, text=True).stdout.strip()
    report = {
        "date": datetime.date.today().isoformat(),
        "fpcalc": version,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "tracks": args.tracks,
        "forms": rows,
    }
    if args.json:
        args.json.write_text(json.dumps(report, indent=1) + "\n")
    print(f"{args.tracks} tracks, {report['date']}, {version}\n")
    print("| form | equal bits | tracks without a differing bit | worst track | longest difference of durations | CPU over fpcalc's |")
    print("|---|---|---|---|---|---|")
    for form, row in rows.items():
        equal = 100 * (1 - row["differ"] / row["bits"])
        same = f"{row['same']} of {row['tracks']}"
        worst = 100 * (1 - row["worst"])
        # Rounded down, so that 100 is never claimed of what is only nearly so.
        down = lambda x: f"{int(x * 1000) / 1000:.3f} %" if x < 100 else "100 %"
        print(f"| {form} | {down(equal)} | {same} | {down(worst)} | {row['duration']:.2f} s | {row['cpu_s'] / row['fpcalc_cpu_s']:.2f} |")


if __name__ == "__main__":
    main()
