#!/usr/bin/env python3
"""What a transform costs when it is called from Python, over the same call from Rust, and over librosa's.

    cargo build --release --features unstable --example analysis_speed
    pip install ./bindings/python
    python3 bindings/python/bench/transforms.py [--seconds 60] [--rounds 5] [--markdown bindings/python/bench/transforms.md]

Both programs have made-up music of so many seconds at 22,050 Hz and take turns, so that what else the machine does meets
both; each figure is the least CPU time of a pass over all rounds. A pass from Rust makes its plan anew, as a call from
Python does, and keeps its work space and the room for its results. librosa is measured where it is installed.
"""
import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import refrain

ROOT = Path(__file__).resolve().parents[3]
RATE = 22050


def music(seconds):
    """A melody over a bass, with noise on every beat."""
    n = np.arange(seconds * RATE)
    pitch = 220.0 * 2.0 ** ((n // 5512 * 7 % 12) / 12)
    phase = 2 * np.pi * n / RATE
    tone = sum(np.sin(phase * pitch * h) / h for h in range(1, 6))
    noise = np.random.default_rng(1).uniform(-1, 1, len(n)) * np.exp(-(n % 11025) / 800.0)
    return (0.2 * tone + 0.2 * np.sin(phase * 55) + 0.3 * noise).astype(np.float32)


def cpu(call, least=0.15):
    """CPU seconds of a call, out of as many as take a while."""
    passes = 1
    while True:
        begun = time.process_time()
        for _ in range(passes):
            call()
        spent = time.process_time() - begun
        if spent >= least:
            return spent / passes
        passes *= 2


def calls(module, y):
    notes = dict(fmin=65.40639132514966, fmax=2093.004522404789)
    textbook = {"difference": "textbook"} if module is refrain else {}
    return {
        "chroma_cqt": lambda: module.feature.chroma_cqt(y=y, tuning=0.0),
        "hpss": lambda: module.effects.hpss(y),
        "yin": lambda: module.yin(y, **notes, **textbook),
        "tuning": lambda: module.estimate_tuning(y=y, bins_per_octave=36),
        "pyin": lambda: module.pyin(y, **notes, **textbook),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--tool", default=str(ROOT / "target/release/examples/analysis_speed"))
    args = parser.parse_args()
    y = music(args.seconds)
    ours = calls(refrain, y)
    rust, python = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "music.f32"
        y.tofile(file)
        for call in ours.values():
            call()
        for _ in range(args.rounds):
            done = subprocess.run([args.tool, "speed", "1", str(file)], check=True, stdout=subprocess.PIPE, text=True)
            for row in map(json.loads, done.stdout.splitlines()):
                rust[row["what"]] = min(rust.get(row["what"], 1e9), row["cpu"])
            for name, call in ours.items():
                python[name] = min(python.get(name, 1e9), cpu(call))
    others = {}
    try:
        import librosa
    except ImportError:
        pass
    else:
        for name, call in calls(librosa, y).items():
            call()
            others[name] = min(cpu(call) for _ in range(2))
    lines = ["| | from Rust | from Python | Python over Rust | librosa over Python |", "|---|---|---|---|---|"]
    for name, spent in python.items():
        other = f"{others[name] / spent:.1f}" if name in others else ""
        lines.append(f"| {name} | {1e3 * rust[name]:.1f} ms | {1e3 * spent:.1f} ms | {spent / rust[name]:.3f} | {other} |")
    print("\n".join(lines))
    if args.markdown:
        about = f"CPU of one pass over {args.seconds} s of made-up music at 22,050 Hz, on one thread; Python {sys.version.split()[0]}."
        command = "`python3 bindings/python/bench/transforms.py --markdown bindings/python/bench/transforms.md`"
        args.markdown.write_text("\n".join(["# What a call costs", "", f"{about} Measured by {command}.", "", *lines]) + "\n")


if __name__ == "__main__":
    main()
