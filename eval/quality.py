#!/usr/bin/env python3
"""Whether the measured quality puts an original before its degraded copies, and calls no true original a fake.

    quality.py --work P [--recordings FOLDER] [--midi FOLDER] [--count N] [--seed S]

Originals are renderings of the MIDI files below a folder, which no encoder has seen, and those recordings below a folder that
reach 19.5 kHz by themselves. Of each, 25 s are encoded, cut, clipped and resampled, and the tool file_quality compares the
original with each copy. Needs ffmpeg, sox, fluidsynth with FluidR3_GM and TimGM6mb, and

    cargo build --release --features unstable --example file_quality
"""

import argparse
import collections
import concurrent.futures
import json
import pathlib
import random
import subprocess

TOOL = pathlib.Path(__file__).parent.parent / "target"
FONTS = [f"/usr/share/sounds/sf2/{name}.sf2" for name in ("FluidR3_GM", "TimGM6mb")]
MUSIC = {".ogg", ".mp3", ".wav", ".flac"}

# What each kind should do beside its original: "worse", or "alike" where both are as good for this rule. `fake` says whether a
# lossless file should be noted as made from a lossy one.
KINDS = {
    "mp3 64": ("worse", "mp3", ["-b:a", "64k"]),
    "mp3 128": ("worse", "mp3", ["-b:a", "128k"]),
    "mp3 192": ("worse", "mp3", ["-b:a", "192k"]),
    "mp3 320": ("alike", "mp3", ["-b:a", "320k"]),
    "aac 96": ("worse", "m4a", ["-b:a", "96k"]),
    "aac 160": ("worse", "m4a", ["-b:a", "160k"]),
    "opus 24": ("alike", "opus", ["-c:a", "libopus", "-b:a", "24k"]),
    "opus 64": ("alike", "opus", ["-c:a", "libopus", "-b:a", "64k"]),
    "opus 128": ("alike", "opus", ["-c:a", "libopus", "-b:a", "128k"]),
    "vorbis q2": ("worse", "ogg", ["-c:a", "libvorbis", "-q:a", "2"]),
    "vorbis q6": ("alike", "ogg", ["-c:a", "libvorbis", "-q:a", "6"]),
    "flac of mp3 64": ("worse", "flac", "mp3 64"),
    "flac of mp3 128": ("worse", "flac", "mp3 128"),
    "flac of mp3 192": ("worse", "flac", "mp3 192"),
    "flac of mp3 320": ("alike", "flac", "mp3 320"),
    "flac of aac 96": ("worse", "flac", "aac 96"),
    "flac of opus 64": ("alike", "flac", "opus 64"),
    "half the rate": ("worse", "wav", ["-ar", "22050"]),
    "half the rate and back": ("worse", "wav", "half the rate"),
    "48 kHz": ("alike", "flac", ["-ar", "48000"]),
    "a tenth of the level": ("alike", "wav", ["-af", "volume=0.1"]),
    "clipped by 6 dB": ("worse", "wav", "clip"),
    "clipped by 6 dB, then lower": ("worse", "wav", "lower"),
}
FAKES = {"flac of mp3 64", "flac of mp3 128", "flac of mp3 192", "flac of aac 96", "half the rate and back"}


def ffmpeg(source: pathlib.Path, out: pathlib.Path, *options: str) -> None:
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(source), "-map_metadata", "-1", *options, str(out)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def made(original: pathlib.Path, kind: str) -> pathlib.Path:
    _, suffix, how = KINDS[kind]
    out = original.parent / f"{original.stem}.{kind.replace(' ', '-').replace(',', '')}.{suffix}"
    if out.exists():
        return out
    if how == "clip":
        # Twice the level at which the loudest sample is at full scale.
        subprocess.run(["sox", "-V1", str(original), str(out), "norm", "6"], check=True)
    elif how == "lower":
        subprocess.run(["sox", "-V1", str(made(original, "clipped by 6 dB")), str(out), "vol", "0.6"], check=True)
    elif isinstance(how, str):
        options = ["-ar", "44100"] if how == "half the rate" else []
        ffmpeg(made(original, how), out, "-sample_fmt", "s16", *options)
    else:
        ffmpeg(original, out, *how)
    return out


def tool() -> pathlib.Path:
    found = [TOOL / profile / "examples" / "file_quality" for profile in ("release", "debug")]
    return next(path for path in found if path.exists())


def measured(first: pathlib.Path, others: list[pathlib.Path]) -> list[dict]:
    out = subprocess.run([tool(), first, *others], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def rendering(midi: pathlib.Path, number: int, work: pathlib.Path) -> pathlib.Path | None:
    out = work / f"m{number:02}.wav"
    if not out.exists():
        whole = work / f"whole{number}.wav"
        font = FONTS[number % len(FONTS)]
        command = ["fluidsynth", "-ni", "-q", "-r", "44100", "-g", "0.4", "-F", str(whole), font, str(midi)]
        subprocess.run(command, check=True, capture_output=True)
        ffmpeg(whole, out, "-ss", "5", "-t", "25", "-c:a", "pcm_s16le")
        whole.unlink()
    return out if out.stat().st_size > 44100 * 4 * 10 else None


def recording(path: pathlib.Path, number: int, work: pathlib.Path) -> pathlib.Path | None:
    """25 s of a recording as WAV, if it has them and reaches high enough."""
    out = work / f"r{number:03}.wav"
    try:
        if not out.exists():
            ffmpeg(path, out, "-ss", "15", "-t", "25", "-c:a", "pcm_s16le")
    except subprocess.CalledProcessError:
        return None
    if out.stat().st_size < 44100 * 4 * 20:
        return None
    quality = measured(out, [])[0]["quality"]
    return out if quality["bandwidth"] >= 19500 and not quality["cut"] else None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--recordings", type=pathlib.Path)
    parser.add_argument("--midi", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=12, help="originals of each sort with copies")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    chance = random.Random(args.seed)

    def below(folder: pathlib.Path | None, suffixes: set[str]) -> list[pathlib.Path]:
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in suffixes) if folder else []
        files = [path for path in files if path.stat().st_size > 2_000]
        chance.shuffle(files)
        return files

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        midi = below(args.midi, {".mid", ".midi"})
        renderings = pool.map(lambda item: rendering(item[1], item[0], args.work), enumerate(midi))
        renderings = [path for path in renderings if path]
        music = [path for path in below(args.recordings, MUSIC) if path.stat().st_size > 500_000][: 8 * args.count]
        recordings = pool.map(lambda item: recording(item[1], item[0], args.work), enumerate(music))
        recordings = [path for path in recordings if path]

        def copies(original: pathlib.Path) -> list[dict]:
            lines = measured(original, [made(original, kind) for kind in KINDS])
            return list(zip(KINDS, lines[1:]))

        chosen = renderings[: args.count] + recordings[: args.count]
        verdicts: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
        noted: collections.Counter = collections.Counter()
        for pairs in pool.map(copies, chosen):
            for kind, line in pairs:
                verdicts[kind][line["verdict"]] += 1
                noted[kind] += line["quality"]["cut"]
        alarms = [path.name for path in renderings if measured(path, [])[0]["quality"]["cut"]]

    print(f"{len(chosen)} originals: {min(len(renderings), args.count)} renderings, {min(len(recordings), args.count)} recordings\n")
    print("| copy | expected | worse | alike | better | right | noted as cut |")
    print("|---|---|---|---|---|---|---|")
    for kind, (expected, *_) in KINDS.items():
        found = verdicts[kind]
        right = 100 * found[expected] / max(1, sum(found.values()))
        note = f"{noted[kind]}{' of ' + str(len(chosen)) if kind in FAKES else ''}"
        print(f"| {kind} | {expected} | {found['worse']} | {found['alike']} | {found['better']} | {right:.0f} % | {note} |")
    print(f"\ntrue lossless files noted as made from lossy ones: {len(alarms)} of {len(renderings)} {' '.join(alarms)}")


if __name__ == "__main__":
    main()
