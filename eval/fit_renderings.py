#!/usr/bin/env python3
"""Fit what tells a recording from another rendering of the same notes: `RenderingModel` in src/params.rs.

usage: fit_renderings.py REFRAIN MUSIC QUERIES --work DIR [--traits PATH] [--lost 0.008]

MUSIC is the development corpus, never the test set, and QUERIES a folder of make_queries.py from it; its clips of
indexed tracks are clips of recordings, and so are others that are made here: music over music, echoes, noise, speech,
flangers, other pitches and tempi. The other renderings are those of `plays.py other`, of pieces that its seeds 1 and 2
do not use, and of pieces from more packages. Places count whose evidence is at least a third more than that of other
tracks, whatever their score, because the score of other renderings is low. PATH is the example rendering_traits, by
default beside REFRAIN.

A logistic regression on the traits is fitted, clips and renderings weighing the same. The
intercept is such that a match loses a tenth of its score where `--lost` of the clips of recordings lie beyond. Five-fold
cross-validation over tracks tells how it does.
"""

import argparse
import json
import math
import pathlib
import subprocess
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from make_queries import distortions, load_tracks, mix
from scenes import notes
from scenes.tools import RATE, Scene, Track, decode, excerpt, levelled, speech, write

TIMBRE, UNEVENNESS, CONTRAST, ECHO, PAIRS = (-0.05, 0.15), 1.0, 4.0, 0.5, 16
NAMES = ("intercept", "similarity", "timbre", "timbre_of_track", "unevenness", "contrast", "echo", "extra",
         "overtones", "rises")
MORE = ("simutrans-data", "freedink-data", "mma")  # packages with other pieces
DISTORTED = ("flanger", "chorus", "reverb", "pitch_-2", "pitch_+1", "pitch_+3", "tempo_0.9", "tempo_1.1")
PIECES = 36  # of the pieces that a seed of `plays.py other` draws first
CLEAR = 1.33  # evidence over that of other tracks
REFUSED = 2.2  # a match loses a tenth of its score at this logit below 0


def unused_pieces(folder: pathlib.Path) -> list[bytes]:
    """Pieces that the measured scenes do not use."""
    found = notes.pieces(folder / "midi")
    used = set()
    for seed in (1, 2):
        scene = Scene("other", [], [], folder, seed, False, "")
        used.update(int(i) for i in scene.rng("notes").permutation(len(found))[:PIECES])
    unused = [piece for i, piece in enumerate(found) if i not in used]
    return unused + notes.pieces(folder / "more", MORE)


def renderings(folder: pathlib.Path) -> tuple[list[Track], list[dict]]:
    """First renderings, and clips and whole files of others."""
    first, asked = [], []
    for i, piece in enumerate(unused_pieces(folder)):
        file = folder / f"notes/{i:03d}_first.flac"
        seconds = notes.render(piece, notes.FONT, file)
        if seconds < notes.SHORTEST:
            continue
        first.append(Track("", file, seconds))
        for k, (font, change) in enumerate(notes.RENDERINGS.values()):
            other = folder / f"notes/{i:03d}_{k}.flac"
            seconds = notes.render(change(piece, np.random.default_rng([5, i, k])), font, other)
            if seconds < notes.SHORTEST:
                continue
            asked.append({"q": str(other), "path": str(file), "kind": "rendering, whole"})
            for n in range(2):
                _, clip = excerpt(Track("", other, seconds), 10, np.random.default_rng([6, i, k, n]))
                clip = write(folder / f"notes/{i:03d}_{k}_{n}.wav", clip)
                asked.append({"q": str(clip), "path": str(file), "kind": "rendering, clip"})
    return first, asked


def mixtures(folder: pathlib.Path, tracks: list[Track], others: list[Track], name: str) -> list[dict]:
    """Clips of tracks under other music, with an echo, in noise, under speech, and distorted in ways that notes show."""
    rng, rows = np.random.default_rng([3, len(name)]), []
    for i, track in enumerate(tracks):
        for seconds in (5, 10):
            x, *music = (levelled(excerpt(t, seconds, rng)[1]) for t in (track, others[(i + 7) % len(others)]))
            length = min(len(x), len(music[0]))
            x, y, late = x[:length], music[0][:length], int(0.35 * RATE)
            kinds = {
                "music": x + y,
                "quieter music": x + 0.56 * y,
                "echo": x + 0.7 * np.pad(x, (late, 0))[:length] + 0.49 * np.pad(x, (2 * late, 0))[:length],
                "noise": mix(x, rng.standard_normal(length).astype(np.float32), 3),
                "speech": mix(x, levelled(speech(length / RATE, rng)), 0),
                "louder speech": mix(x, levelled(speech(length / RATE, rng)), -3),
            }
            for kind, clip in kinds.items():
                file = write(folder / f"clips/{name}{i:02d}_{kind.replace(' ', '_')}_{seconds}.wav", levelled(clip))
                rows.append({"q": str(file), "path": str(track.path), "kind": f"{name}, {kind}"})
        for kind in DISTORTED:
            tempo, distorted = distortions()[kind]
            clip = levelled(distorted(excerpt(track, 10, rng)[1], rng, None))
            file = write(folder / f"clips/{name}{i:02d}_{kind}.wav", clip)
            rows.append({"q": str(file), "path": str(track.path), "kind": f"{name}, {kind}", "tempo": tempo})
    return rows


def pitch(kind: str, measured: float) -> float:
    """How many semitones higher a clip of a kind is; of another rendering as many as measured."""
    change, _, by = kind.split(", ")[-1].partition("_")
    if kind.startswith("rendering, ") and change in ("whole", "clip"):
        return measured
    return float(by) if change == "pitch" else 12 * math.log2(float(by)) if change == "speed" else 0.0


def places(refrain: str, db: pathlib.Path, rows: list[dict]) -> list[dict]:
    """The rows whose track is found, with the place."""
    found = []
    for start in range(0, len(rows), 200):
        part = rows[start : start + 200]
        command = [refrain, "query", "--json", "--min-score", "0", "--top", "50", "--db", db, *(r["q"] for r in part)]
        done = subprocess.run(command, capture_output=True)
        for row, line in zip(part, done.stdout.splitlines(), strict=True):
            matches = [m for m in json.loads(line).get("matches", []) if m["path"] == row["path"]]
            match = next((m for m in matches if m["evidence"] > CLEAR * m["rival"]), None)
            # At another tempo or pitch than the clip has, the place is wrong: drums agree, and notes do not.
            at_tempo = match and abs(match["tempo"] / row.get("tempo", match["tempo"]) - 1) <= 0.02
            if at_tempo and abs(match["pitch"] - pitch(row["kind"], match["pitch"])) <= 0.5:
                found.append(row | {"match": match})
    return found


def traits(tool: pathlib.Path, rows: list[dict]) -> np.ndarray:
    """Pairs and traits of each place, in the order of NAMES."""
    fields = ("query_start", "query_end", "ref_start", "tempo", "pitch")
    lines = ["\t".join([r["q"], r["path"], *(str(r["match"][f]) for f in fields)]) for r in rows]
    parts = [lines[k :: 2] for k in range(2)]
    run = lambda part: subprocess.run([tool], input="\n".join(part), capture_output=True, text=True, check=True).stdout
    with ThreadPoolExecutor() as pool:
        done = [[list(map(float, line.split("\t"))) for line in out.splitlines()] for out in pool.map(run, parts)]
    both = np.zeros((len(lines), len(NAMES)))
    for k in range(2):
        both[k::2] = done[k]
    return both


def features(measured: np.ndarray) -> np.ndarray:
    """What the logit multiplies with, in the order of NAMES."""
    _, similarity, timbre, of_track, unevenness, contrast, echo, *others = measured.T
    clipped = [similarity, timbre.clip(*TIMBRE), of_track.clip(*TIMBRE), unevenness.clip(0, UNEVENNESS)]
    clipped += [contrast.clip(0, CONTRAST), echo.clip(0, ECHO), *others]
    return np.stack([np.ones(len(measured)), *clipped], 1)


def fitted(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The coefficients; clips and renderings weigh the same."""
    from scipy.optimize import minimize

    weight = np.where(y, 0.5 / y.sum(), 0.5 / (~y).sum())
    spread = np.r_[1, x[:, 1:].std(0)]
    z = (x - np.r_[0, x[:, 1:].mean(0)]) / spread

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        logit = z @ b
        error = weight * (1 / (1 + np.exp(-logit)) - y)
        return weight @ (np.logaddexp(0, logit) - y * logit) + 1e-5 * (b[1:] @ b[1:]), z.T @ error + 2e-5 * np.r_[0, b[1:]]

    b = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B").x / spread
    b[0] -= b[1:] @ x[:, 1:].mean(0)
    return b


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("refrain")
    p.add_argument("music", type=pathlib.Path)
    p.add_argument("queries", type=pathlib.Path)
    p.add_argument("--work", type=pathlib.Path, required=True)
    p.add_argument("--traits", type=pathlib.Path)
    p.add_argument("--lost", type=float, default=0.008)
    a = p.parse_args()
    a.work.mkdir(parents=True, exist_ok=True)
    library = (a.queries / "library.txt").read_text().splitlines()
    truth = [t for t in json.loads((a.queries / "truth.json").read_text()) if t["path"]]
    first, asked = renderings(a.work)
    clips = [{"q": str(a.queries / t["q"]), "path": t["path"], "kind": t["dist"], "tempo": t["tempo"]} for t in truth]
    cut = {t["path"] for t in truth}
    tracks = [t for t in load_tracks(a.music) if str(t.path) in library and str(t.path) not in cut and t.dur > 40][:45]
    clips += mixtures(a.work, tracks, tracks + first, "track") + mixtures(a.work, first, tracks, "rendering")
    db = a.work / "library.refrain"
    subprocess.run([a.refrain, "index", "build", "-q", "--db", db, *library, *(str(t.path) for t in first)], check=True)
    rows = sorted(places(a.refrain, db, clips + asked), key=lambda r: r["path"])
    measured = traits(a.traits or pathlib.Path(a.refrain).parent / "examples/rendering_traits", rows)
    long = measured[:, 0] >= PAIRS
    rows, x = [r for r, keep in zip(rows, long) if keep], features(measured[long])
    y = np.array([r["kind"].startswith("rendering, whole") or r["kind"].startswith("rendering, clip") for r in rows])
    fold = np.unique([r["path"] for r in rows], return_inverse=True)[1] % 5
    logit = np.zeros(len(y))
    for k in range(5):
        logit[fold == k] = x[fold == k] @ fitted(x[fold != k], y[fold != k])
    limit = np.quantile(logit[~y], 1 - a.lost)
    print(f"{(~y).sum()} clips of recordings, {y.sum()} of other renderings")
    print(f"refused: {np.mean(logit[~y] > limit):.3%} of the clips, {np.mean(logit[y] > limit):.1%} of the renderings")
    b = fitted(x, y)
    b[0] -= limit + REFUSED
    print(dict(zip(NAMES, b.round(2))))


if __name__ == "__main__":
    main()
