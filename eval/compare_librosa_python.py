#!/usr/bin/env python3
"""Compares the functions of the Python package with those of the installed librosa: the same calls on the same music.

    python3.12 -m venv ENV && ENV/bin/pip install librosa==1.0.0 soundfile ./bindings/python
    ENV/bin/python eval/compare_librosa_python.py FILE... [--seconds 30] [--json FILE]

Prints for each function the largest relative difference over all files (L2; for yin and pyin the share of frames that are
50 cents or more apart) and the CPU of librosa over that of refrain: the median of pairs that alternate. Both get float32.
"""
import argparse
import json
import statistics
import sys
import time
import warnings

import librosa
import numpy as np

import refrain

NOTES = {"fmin": 65.4, "fmax": 2093.0}
CALLS = {
    "stft": lambda m, y: m.stft(y),
    "cqt": lambda m, y: m.cqt(y, tuning=0.0),
    "chroma_cqt": lambda m, y: m.feature.chroma_cqt(y=y),
    "chroma_stft": lambda m, y: m.feature.chroma_stft(y=y),
    "hpss": lambda m, y: np.stack(m.effects.hpss(y)),
    "estimate_tuning": lambda m, y: np.array([m.estimate_tuning(y=y)]),
    "yin": lambda m, y: m.yin(y, **NOTES),
    "pyin": lambda m, y: m.pyin(y, **NOTES)[0],
}


def apart(name: str, ours: np.ndarray, theirs: np.ndarray) -> float:
    if name in ("yin", "pyin"):
        both = np.isfinite(ours) & np.isfinite(theirs)
        cents = 1200 * np.abs(np.log2(ours[both] / theirs[both]))
        return float(((cents >= 50).sum() + (np.isfinite(ours) != np.isfinite(theirs)).sum()) / len(ours))
    if name == "estimate_tuning":
        return float(np.abs(ours - theirs).max())
    return float(np.linalg.norm(ours - theirs) / max(np.linalg.norm(theirs), 1e-20))


def cpu(call) -> float:
    begun = time.process_time()
    call()
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--json")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    signals = [refrain.load(path, sr=22_050, duration=args.seconds)[0] for path in args.files]
    rows = []
    print(f"librosa {librosa.__version__}, Python {sys.version.split()[0]}, {len(signals)} files\n")
    print("| function | difference | CPU, librosa over refrain |\n|---|---|---|")
    for name, call in CALLS.items():
        difference = max(apart(name, call(refrain, y), call(librosa, y)) for y in signals)
        y = signals[0]
        pairs = [(cpu(lambda: call(librosa, y)), cpu(lambda: call(refrain, y))) for _ in range(args.pairs)]
        ratio = statistics.median(theirs / max(ours, 1e-6) for theirs, ours in pairs)
        rows.append({"function": name, "difference": difference, "cpu_ratio": ratio})
        print(f"| {name} | {difference:.1e} | {ratio:.1f} |", flush=True)
    if args.json:
        with open(args.json, "w") as file:
            json.dump({"librosa": librosa.__version__, "rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
