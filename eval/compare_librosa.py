#!/usr/bin/env python3
"""Compares refrain's harmonic analysis with librosa and essentia: speed and agreement, on the same music in one run.

    cargo build --release --features unstable --example analysis_speed
    python3 -m venv ENV && ENV/bin/pip install librosa==0.11.0 essentia
    ENV/bin/python eval/compare_librosa.py MUSIC --work DIR [--seconds 1,10,60,300] [--threads 1,2] [--agree 6] [--json FILE]

The installed librosa is the one that is compared: 0.11.0, whose numbers the tests keep, or 1.0.0, which needs Python 3.12.

MUSIC is a folder of music in any format; ffmpeg makes it mono at 22,050 Hz. The first stretches of so many seconds are
analysed by each program, with everything warm and the decoding left out. CPU is user and system time of all threads,
wall is what a clock shows; each figure is the best of several passes, and refrain builds its plans anew in each pass.
"all" is chroma with estimated tuning, separation and YIN. Runs with two threads tell librosa's libraries to use two.

The agreement is measured on as many other files as --agree says, 30 s of each: librosa computes in double precision, and
YIN is compared in the mode that follows librosa's difference function.
"""
import argparse
import json
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

RATE = 22050
ROOT = Path(__file__).resolve().parent.parent
KINDS = {".ogg", ".oga", ".mp3", ".flac", ".wav", ".opus", ".m4a"}


def decoded(path, begin, seconds, out):
    """Mono floats of a part of a file; True where there are so many seconds."""
    command = ["ffmpeg", "-v", "error", "-y", "-ss", str(begin), "-t", str(seconds), "-i", str(path), "-ac", "1"]
    subprocess.run(command + ["-ar", str(RATE), "-f", "f32le", str(out)], check=False)
    return out.exists() and out.stat().st_size >= 4 * RATE * seconds


def best(run, least=0.5, rounds=3, enough=10.0):
    """CPU and wall-clock seconds of a pass, after one that warms up; no further rounds once they took `enough`."""
    run()
    found = []
    begun = time.perf_counter()
    while len(found) < rounds and (not found or time.perf_counter() - begun < enough):
        passes, cpu, wall = 0, time.process_time(), time.perf_counter()
        while time.perf_counter() - wall < least or passes == 0:
            run()
            passes += 1
        found.append(((time.process_time() - cpu) / passes, (time.perf_counter() - wall) / passes))
    return min(c for c, _ in found), min(w for _, w in found)


def peers(file, threads):
    """Runs in a process of its own, so that the number of threads can be set for all libraries."""
    import numpy as np
    import librosa

    warnings.simplefilter("ignore")
    y = np.fromfile(file, "<f4")
    notes = dict(fmin=librosa.note_to_hz("C2"), fmax=librosa.note_to_hz("C7"), sr=RATE)

    def every():
        librosa.feature.chroma_cqt(y=y, sr=RATE)
        librosa.effects.hpss(y)
        librosa.yin(y, **notes)

    runs = {
        "chroma_cqt": lambda: librosa.feature.chroma_cqt(y=y, sr=RATE, tuning=0.0),
        "hpss": lambda: librosa.effects.hpss(y),
        "yin": lambda: librosa.yin(y, **notes),
        "tuning": lambda: librosa.estimate_tuning(y=y, sr=RATE, bins_per_octave=36),
        "all": every,
    }
    if threads == 1 and len(y) <= 10 * RATE:
        runs["pyin"] = lambda: librosa.pyin(y, **notes)
    for what, run in runs.items():
        cpu, wall = best(run)
        print(json.dumps({"who": "librosa", "what": what, "threads": threads, "cpu": cpu, "wall": wall}), flush=True)
    if threads > 1:
        return
    try:
        import essentia
        import essentia.standard as es
    except ImportError:
        return
    essentia.log.infoActive = essentia.log.warningActive = False
    window, spectrum = es.Windowing(type="hann"), es.Spectrum(size=2048)
    pitch = es.PitchYinFFT(frameSize=2048, sampleRate=RATE)

    def yin():
        for frame in es.FrameGenerator(y, frameSize=2048, hopSize=512):
            pitch(spectrum(window(frame)))

    even = y[: len(y) // 2 * 2]
    constant_q = es.NSGConstantQ(
        sampleRate=RATE, inputSize=len(even), minFrequency=32.7, maxFrequency=4180, binsPerOctave=36
    )
    for what, run in {"yin": yin, "cqt": lambda: constant_q(even)}.items():
        try:
            cpu, wall = best(run)
        except RuntimeError as e:
            print(f"essentia, {what}: {e}", file=sys.stderr)
            continue
        print(json.dumps({"who": "essentia", "what": what, "threads": 1, "cpu": cpu, "wall": wall}), flush=True)


def lines(command, **options):
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def agreement(tool, files, work):
    import numpy as np
    import librosa

    warnings.simplefilter("ignore")
    subprocess.run([tool, "dump", str(work)] + [str(f) for f in files], check=True)
    rows = []
    for file in files:
        y = np.fromfile(file, "<f4").astype(np.float64)
        ours = lambda kind: np.fromfile(work / f"{file.stem}.{kind}", "<f4").astype(np.float64)
        relative = lambda a, b: float(np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-30))
        notes = dict(fmin=librosa.note_to_hz("C2"), fmax=librosa.note_to_hz("C7"), sr=RATE)
        cqt = np.abs(librosa.cqt(y, sr=RATE, n_bins=252, bins_per_octave=36, tuning=0.0))
        level = (cqt**2).sum(axis=0)
        loud = level > 1e-4 * level.max()
        chroma = librosa.feature.chroma_cqt(y=y, sr=RATE, tuning=0.0)
        harmonic, percussive = librosa.effects.hpss(y)
        cents = 1200 * np.abs(np.log2(ours("yin") / librosa.yin(y, **notes)))
        rows.append({
            "file": file.stem,
            "cqt": relative(ours("cqt252").reshape(-1, 252).T, cqt),
            "chroma": float(np.abs(ours("chroma").reshape(-1, 12).T - chroma)[:, loud].max()),
            "harmonic": relative(ours("harmonic"), harmonic),
            "percussive": relative(ours("percussive"), percussive),
            "yin_cents": float(cents[cents < 50].max()),
            "yin_flips": float((cents >= 50).mean()),
            "tuning": abs(float(ours("tuning36")[0]) - librosa.estimate_tuning(y=y, sr=RATE, bins_per_octave=36)),
        })
        if file.stem == "agree0":
            f0, theirs, _ = librosa.pyin(y, **notes)
            own = ours("pyin")
            both = theirs & (own > 0)
            rows[-1]["pyin_flips"] = float((theirs != (own > 0)).mean())
            rows[-1]["pyin_bins"] = float(np.abs(120 * np.log2(own[both] / f0[both])).max()) if both.any() else 0.0
    return rows


def main():
    if sys.argv[1:2] == ["--peers"]:
        peers(sys.argv[2], int(sys.argv[3]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("music", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seconds", default="1,10,60,300")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--agree", type=int, default=6)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--tool", default=str(ROOT / "target/release/examples/analysis_speed"))
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    music = sorted(p for p in args.music.rglob("*") if p.suffix.lower() in KINDS and p.stat().st_size > 200_000)
    if not music:
        parser.error(f"no music in {args.music}")

    longest = max(map(int, args.seconds.split(",")))
    samples = b""
    for path in music:
        if len(samples) >= 4 * RATE * longest:
            break
        part = args.work / "part.f32"
        part.unlink(missing_ok=True)
        decoded(path, 0, longest, part)
        samples += part.read_bytes() if part.exists() else b""
    import librosa

    rows = []
    print(f"librosa {librosa.__version__}, Python {sys.version.split()[0]}\n")
    print("| what | s of audio | threads | refrain CPU | wall | librosa CPU | wall | CPU ratio | wall ratio |")
    print("|---|---|---|---|---|---|---|---|---|")
    for seconds in map(int, args.seconds.split(",")):
        file = args.work / f"speed{seconds}.f32"
        file.write_bytes(samples[: 4 * RATE * seconds])
        for threads in map(int, args.threads.split(",")):
            names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
            env = dict(os.environ, **{name: str(threads) for name in names})
            own = {row["what"]: row for row in lines([args.tool, "speed", str(threads), str(file)])}
            others = lines([sys.executable, __file__, "--peers", str(file), str(threads)], env=env)
            for other in others:
                mine = own.get("chroma_cqt" if other["what"] == "cqt" else other["what"])
                row = dict(other, seconds=seconds, refrain_cpu=mine["cpu"], refrain_wall=mine["wall"])
                rows.append(row)
                name = row["what"] if row["who"] == "librosa" else f"{row['what']} (essentia)"
                figures = [mine["cpu"], mine["wall"], row["cpu"], row["wall"]]
                print(
                    f"| {name} | {seconds} | {threads} | " + " | ".join(f"{1e3 * f:.1f} ms" for f in figures)
                    + f" | {row['cpu'] / mine['cpu']:.1f} | {row['wall'] / mine['wall']:.1f} |",
                    flush=True,
                )
    print("\n| file | cqt | chroma | harmonic | percussive | yin, cents | flips | tuning |")
    print("|---|---|---|---|---|---|---|---|")
    files = []
    for path in music[:: max(1, len(music) // max(args.agree, 1))][: args.agree]:
        file = args.work / f"agree{len(files)}.f32"
        file.unlink(missing_ok=True)
        if decoded(path, 10, 30, file):
            files.append(file)
    agreed = agreement(args.tool, files, args.work) if files else []
    for row in agreed:
        print(
            f"| {row['file']} | {row['cqt']:.1e} | {row['chroma']:.1e} | {row['harmonic']:.1e} | {row['percussive']:.1e} | "
            f"{row['yin_cents']:.4f} | {row['yin_flips']:.4f} | {row['tuning']:.2f} |"
        )
        if "pyin_flips" in row:
            print(f"pyin on it: {row['pyin_flips']:.4f} voiced otherwise, {row['pyin_bins']:.2f} bins apart at most")
    if args.json:
        args.json.write_text(json.dumps({"librosa": librosa.__version__, "speed": rows, "agreement": agreed}, indent=1) + "\n")


if __name__ == "__main__":
    main()
