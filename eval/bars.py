#!/usr/bin/env python3
"""Measure what refrain costs: CPU, speed-up, memory, size.

usage: bars.py MUSIC --work DIR [--refrain PATH] [--runs 5] [--files-only] [--folder-runs 2] [--json FILE]

MUSIC is a folder of audio files, a corpus folder or a manifest.json (corpus.py). Test files are made of its
tracks with ffmpeg and kept in DIR for the next time: five minutes as wav, mp3, flac, ogg, m4a and opus, three
hours as mp3, and ten clips of 10 s. The peer is fpcalc (Debian: libchromaprint-tools), which decodes and
fingerprints a file and writes nothing to disk; refrain's figure includes making the index file.

CPU is user plus system time of the child process as the kernel counts it (wait4). A ratio is the median of
those of alternating pairs of runs; of times alone the best counts. Memory is ru_maxrss, which never reads less than this script's own; that floor is given.
Prints a Markdown table.
"""

import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
AUDIO = {".wav", ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".aiff", ".aif", ".mka", ".webm"}
RATE = 44_100
MINUTES5, HOURS3 = 300, 3 * 3600
ENCODERS = {
    "wav": ["-c:a", "pcm_s16le"],
    "mp3": ["-c:a", "libmp3lame", "-b:a", "192k"],
    "flac": ["-c:a", "flac"],
    "ogg": ["-c:a", "libvorbis", "-q:a", "5"],
    "m4a": ["-c:a", "aac", "-b:a", "128k"],
    "opus": ["-c:a", "libopus", "-b:a", "128k"],
}
CLIPS, CLIP_SECONDS = 10, 10


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a child process took."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def run(command: list, fail: tuple[int, ...] = ()) -> Cost:
    """Run a command with its output thrown away; exit codes besides 0 and those in `fail` end the script."""
    command = [str(part) for part in command]
    begun = time.monotonic()
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    errors = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, *fail):
        sys.exit(f"{' '.join(command)}: exit {child.returncode}\n{errors.decode(errors='replace')[-2000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def tracks_of(music: pathlib.Path) -> list[pathlib.Path]:
    """The audio files of a corpus, or below a folder."""
    manifest = music if music.is_file() else music / "manifest.json"
    if manifest.is_file():
        found = [manifest.parent / t["path"] for t in json.loads(manifest.read_text())]
    else:
        found = sorted(p for p in music.rglob("*") if p.suffix.lower() in AUDIO)
    if not found:
        sys.exit(f"{music}: no audio files")
    return [p.resolve() for p in found]


def ffmpeg(*arguments) -> list[str]:
    return ["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)]


def concatenated(tracks: list[pathlib.Path], seconds: int, out: pathlib.Path, codec: list[str]) -> None:
    """The tracks one after the other, over again if need be, cut to a length."""
    wanted = seconds * RATE * 4
    partial = out.with_name(f"partial-{out.name}")
    raw = ["-f", "s16le", "-ar", str(RATE), "-ac", "2"]
    encoder = subprocess.Popen(
        ["ffmpeg", "-v", "error", "-y", *raw, "-i", "-", *codec, partial], stdin=subprocess.PIPE
    )
    while wanted > 0:
        before = wanted
        for track in tracks:
            decoder = subprocess.Popen(ffmpeg("-i", track, "-map", "0:a:0", *raw, "-"), stdout=subprocess.PIPE)
            while wanted > 0 and (block := decoder.stdout.read(min(wanted, 1 << 20))):
                encoder.stdin.write(block)
                wanted -= len(block)
            decoder.stdout.close()
            decoder.kill()
            decoder.wait()
            if wanted <= 0:
                break
        if wanted == before:
            sys.exit("no track could be decoded")
    encoder.stdin.close()
    if encoder.wait() != 0:
        sys.exit(f"ffmpeg could not write {out.name}")
    partial.rename(out)


def seconds_of(path: pathlib.Path) -> float:
    probe = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(path)]
    return float(subprocess.run(probe, capture_output=True, text=True, check=True).stdout)


def prepare(tracks: list[pathlib.Path], work: pathlib.Path) -> tuple[dict, pathlib.Path, list[pathlib.Path]]:
    """The files that are measured on, made where they are missing."""
    work.mkdir(parents=True, exist_ok=True)
    wav = work / "five-minutes.wav"
    if not wav.exists():
        concatenated(tracks, MINUTES5, wav, ENCODERS["wav"])
    five = {"wav": wav}
    for kind in list(ENCODERS)[1:]:
        five[kind] = wav.with_suffix(f".{kind}")
        if not five[kind].exists():
            run(ffmpeg("-i", wav, *ENCODERS[kind], five[kind]))
    three_hours = work / "three-hours.mp3"
    if not three_hours.exists():
        concatenated(tracks, HOURS3, three_hours, ["-c:a", "libmp3lame", "-b:a", "128k"])
    clips = []
    long_enough = (t for t in tracks if seconds_of(t) > 4 * CLIP_SECONDS)
    for n, track in zip(range(CLIPS), long_enough):
        clips.append(work / f"clip-{n}.wav")
        if not clips[-1].exists():
            cut = ["-ss", 2 * CLIP_SECONDS, "-t", CLIP_SECONDS, "-i", track, "-map", "0:a:0", "-ac", 1]
            run(ffmpeg(*cut, "-ar", RATE, clips[-1]))
    return five, three_hours, clips


class Bars:
    """Measurements, and the rows of the table."""

    def __init__(self, refrain: pathlib.Path, work: pathlib.Path):
        self.refrain = refrain
        self.db = work / "bars.refrain"
        self.rows: list[tuple[str, str, str]] = []
        self.raw: dict = {}

    def row(self, what: str, figure: str, how: str) -> None:
        self.rows.append((what, figure, how))
        print(f"{what}: {figure} ({how})", file=sys.stderr)

    def build(self, roots: list[pathlib.Path], *options) -> Cost:
        """A new index of some files."""
        for leftover in self.db.parent.glob(f"{self.db.name}*"):
            leftover.unlink()
        return run([self.refrain, "index", "build", "--quiet", "--db", self.db, *options, *roots])

    def info(self) -> dict:
        command = [self.refrain, "index", "info", "--json", "--db", self.db]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    def single_files(self, five: dict[str, pathlib.Path], runs: int) -> None:
        for kind, path in five.items():
            check = subprocess.run(["fpcalc", "-length", "0", path], capture_output=True, text=True)
            if f"DURATION={MINUTES5}\n" not in check.stdout.replace(f"={MINUTES5 - 1}", f"={MINUTES5}"):
                sys.exit(f"fpcalc did not read {path.name} to its end: {check.stderr}")
            ours, theirs = [], []
            for _ in range(runs):
                ours.append(self.build([path], "--threads", 1).cpu_s)
                # 3: some builds complain at the end of every file, after all of it was read.
                theirs.append(run(["fpcalc", "-length", "0", path], fail=(3,)).cpu_s)
            self.raw[f"five_minutes_{kind}"] = {"refrain_cpu_s": ours, "fpcalc_cpu_s": theirs}
            a, b = min(ours), min(theirs)
            ratio = statistics.median(x / y for x, y in zip(ours, theirs))
            self.row(
                f"CPU, 5 minutes of {kind}, against fpcalc",
                f"{ratio:.2f}",
                f"median of {runs} pairs; best {a:.2f} s ({MINUTES5 / a:.0f} x real time)"
                f" against {b:.2f} s ({MINUTES5 / b:.0f} x)",
            )

    def folder(self, tracks: list[pathlib.Path], three_hours: pathlib.Path, runs: int) -> None:
        one, two = [], []
        for _ in range(runs):
            one.append(self.build(tracks, "--threads", 1))
            two.append(self.build(tracks, "--threads", 2))
        self.raw["folder"] = {
            "one_thread": [dataclasses.asdict(c) for c in one],
            "two_threads": [dataclasses.asdict(c) for c in two],
        }
        info = self.info()
        hours = info["seconds"] / 3600
        a, b = min(c.wall_s for c in one), min(c.wall_s for c in two)
        self.row(
            "speed-up by a second thread, folder",
            f"{a / b:.2f}",
            f"wall clock {a:.1f} s against {b:.1f} s, {info['tracks']} tracks, {hours:.2f} h, best of {runs}",
        )
        cpu = min(c.cpu_s for c in one)
        self.row(
            "indexing a folder, CPU", f"{hours * 3600 / cpu:.0f} x real time", f"{cpu:.1f} s, best of {runs}"
        )
        folder_peak = max(c.peak_mib for c in two)
        longer = self.build([*tracks, three_hours], "--threads", 2)
        self.raw["folder_and_three_hours"] = dataclasses.asdict(longer)
        self.row("peak memory, folder on two threads", f"{folder_peak:.0f} MiB", "ru_maxrss")
        self.row("the same with a file of three hours", f"{longer.peak_mib:.0f} MiB", "ru_maxrss")

    def queries(self, tracks: list[pathlib.Path], clips: list[pathlib.Path]) -> None:
        self.build(tracks)
        info = self.info()
        self.raw["index"] = info
        per_hour = info["bytes"] / 1e6 / (info["seconds"] / 3600)
        self.row(
            "index, MB an hour of audio", f"{per_hour:.2f}", f"{info['bytes'] / 1e6:.2f} MB, {info['windows']} windows"
        )
        command = [self.refrain, "query", "--json", "--db", self.db]
        run([*command, clips[0]], fail=(1,))
        costs = [run([*command, clip], fail=(1,)) for clip in clips]
        self.raw["queries"] = [dataclasses.asdict(c) for c in costs]
        cpu = [1000 * c.cpu_s for c in costs]
        self.row(
            f"CPU of a query process, clip of {CLIP_SECONDS} s",
            f"{statistics.median(cpu):.0f} ms",
            f"median of {len(cpu)}, {min(cpu):.0f} to {max(cpu):.0f} ms, file in the system's cache",
        )
        peak = max(c.peak_mib for c in costs)
        self.row("peak memory of a query process, at most", f"{peak:.0f} MiB", "ru_maxrss")
        floor = run(["true"]).peak_mib
        self.row("floor of the memory figures", f"{floor:.0f} MiB", "what `true` reads: this script's own")


def processor() -> str:
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("music", type=pathlib.Path)
    p.add_argument("--work", type=pathlib.Path, required=True, help="folder for test files, kept")
    p.add_argument("--refrain", type=pathlib.Path, default=HERE.parent / "target/release/refrain")
    p.add_argument("--runs", type=int, default=5, help="alternating runs on single files")
    p.add_argument("--files-only", action="store_true", help="only measure single files against fpcalc")
    p.add_argument("--folder-runs", type=int, default=2, help="alternating runs on the folder")
    p.add_argument("--json", type=pathlib.Path, help="write every single measurement here")
    a = p.parse_args()
    if not a.refrain.is_file():
        sys.exit(f"{a.refrain}: not there; run `cargo build --release`")
    tracks = tracks_of(a.music)
    five, three_hours, clips = prepare(tracks, a.work)
    if not clips:
        sys.exit(f"no track is longer than {4 * CLIP_SECONDS} s")
    bars = Bars(a.refrain.resolve(), a.work.resolve())
    bars.single_files(five, a.runs)
    if not a.files_only:
        bars.folder(tracks, three_hours, a.folder_runs)
        bars.queries(tracks, clips)
    version = subprocess.run([a.refrain, "--version"], capture_output=True, text=True).stdout.strip()
    host = f"{os.cpu_count()} cores, {processor()}"
    print(f"{version}, {datetime.date.today()}, {host}\n\n| what | figure | how |\n|---|---|---|")
    for row in bars.rows:
        print(f"| {' | '.join(row)} |")
    if a.json:
        document = {"version": version, "date": str(datetime.date.today()), "host": host, "raw": bars.raw}
        a.json.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
