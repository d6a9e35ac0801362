"""Tempo and pitch of clips whose tempo and pitch are known.

  exact   copies of samples out of an indexed file, at its own rate and with its own channels, 3, 5, 10 and 20 s, 25 of each:
          is the tempo exactly 1, the pitch exactly 0
  changed clips of 10 s, 12 tracks for each factor: sox speed; Rubber Band tempo alone and pitch alone. Errors of right matches:
          tempo in % of the true one, pitch in semitones

All tracks are indexed, whole. The best match of the right track counts.
"""

import math
import pathlib

from make_queries import decode, rubberband, run, sox
from scenes.tools import Scene, ask, audible, build, excerpt, in_parallel, mean, names, share, spread, write

LENGTHS = (3, 5, 10, 20)
FACTORS = (0.82, 0.9, 0.95, 0.98, 0.995, 1.005, 1.02, 1.05, 1.1, 1.15, 1.22)
SEMITONES = (-3, -2, -1, -0.5, -0.25, 0.25, 0.5, 1, 2, 3)


def exact_clip(scene: Scene, track, seconds: int, number: int) -> dict:
    """Samples of a file as they are."""
    rng = scene.rng("exact", seconds, number)
    with_rate = scene.folder / f"exact/{number:03d}_{seconds}s.wav"
    with_rate.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(20):
        start = round(float(rng.uniform(1, track.dur - seconds - 2)), 4)
        if audible(decode(track.path, start, seconds)):
            break
    # atrim counts samples of the decoded file, so what is cut is what a decoder of the whole file gives.
    cut = f"atrim=start={start}:duration={seconds}"
    run("ffmpeg", "-y", "-bitexact", "-i", str(track.path), "-map", "0:a:0", "-af", cut, "-c:a", "pcm_s16le", str(with_rate))
    about = {"q": f"exact/{with_rate.name}", "path": str(track.path), "kind": "exact", "seconds": seconds}
    return about | {"tempo": 1.0, "pitch": 0.0, "start": start}


def changed_clip(scene: Scene, track, kind: str, amount: float, number: int) -> dict:
    """10 s at another speed, tempo or pitch."""
    rng = scene.rng(kind, amount, number)
    tempo = 1.0 if kind == "pitch" else amount
    pitch = amount if kind == "pitch" else 12 * math.log2(amount) if kind == "speed" else 0.0
    start, x = excerpt(track, 10 * tempo, rng)
    y = sox(x, "speed", str(amount)) if kind == "speed" else rubberband(x, "-T" if kind == "tempo" else "-p", str(amount))
    name = f"changed/{kind}_{amount}_{number:02d}.flac"
    write(scene.folder / name, y)
    about = {"q": name, "path": str(track.path), "kind": kind, "seconds": 10}
    return about | {"amount": amount, "tempo": tempo, "pitch": pitch, "start": start}


def make(scene: Scene) -> dict:
    """All clips."""
    tracks = scene.shuffled(25)
    amounts = [("speed", a) for a in FACTORS] + [("tempo", a) for a in FACTORS] + [("pitch", a) for a in SEMITONES]
    exact = [(n, k) for n in LENGTHS for k in range(scene.size(25, 12))]
    changed = [(kind, a, k) for kind, a in amounts for k in range(scene.size(12, 2))]
    pick = lambda index: tracks[index % len(tracks)]
    clips = in_parallel(lambda job: exact_clip(scene, pick(job[1] * 4 + job[0]), *job), exact)
    order = list(enumerate(changed))
    clips += in_parallel(lambda job: changed_clip(scene, pick(job[0]), *job[1]), order)
    return {"library": [str(t.path) for t in scene.tracks], "clips": clips}


def measure(scene: Scene, truth: dict, temporary: pathlib.Path) -> dict:
    """Ask all clips; figures of each kind."""
    db = temporary / "library.refrain"
    build(scene, db, truth["library"])
    clips = truth["clips"]
    answers, _ = ask(scene, db, [scene.folder / c["q"] for c in clips])
    rows = []
    for clip, answer in zip(clips, answers):
        mine = [m for m in answer.get("matches", []) if clip["path"] in names(m)]
        best = max(mine, key=lambda m: m["score"], default=None)
        tempo, pitch = (best["tempo"], best["pitch"]) if best else (None, None)
        rows.append(clip | {"found": best is not None, "got_tempo": tempo, "got_pitch": pitch})
    figures = {f"exact, {n} s": unchanged([r for r in rows if r["kind"] == "exact" and r["seconds"] == n]) for n in LENGTHS}
    figures["exact, all"] = unchanged([r for r in rows if r["kind"] == "exact"])
    for kind in ("speed", "tempo", "pitch"):
        mine = [r for r in rows if r["kind"] == kind]
        figures |= {f"{kind} {a}": errors([r for r in mine if r["amount"] == a]) for a in sorted({r["amount"] for r in mine})}
        figures[f"{kind}, all"] = errors(mine)
    return figures | {"all that is changed": errors([r for r in rows if r["kind"] != "exact"])}


def unchanged(rows: list[dict]) -> dict:
    """How often nothing is said to be changed."""
    found = [r for r in rows if r["found"]]
    return {
        "clips": len(rows),
        "found": len(found),
        "tempo_is_1": share(sum(r["got_tempo"] == 1 for r in found), len(found)),
        "pitch_is_0": share(sum(r["got_pitch"] == 0 for r in found), len(found)),
        **errors(rows),
    }


def errors(rows: list[dict]) -> dict:
    """Errors of tempo and pitch, and their means with sign."""
    found = [r for r in rows if r["found"]]
    tempo = [100 * (r["got_tempo"] / r["tempo"] - 1) for r in found]
    pitch = [r["got_pitch"] - r["pitch"] for r in found]
    rounded = lambda value: None if value is None else round(value, 4)
    bias = {"tempo_bias_percent": rounded(mean(tempo)), "pitch_bias": rounded(mean(pitch))}
    sizes = {"tempo_error_percent": spread(tempo, 4), "pitch_error": spread(pitch, 4)}
    return {"clips": len(rows), "found": len(found)} | sizes | bias


def rows(figures: dict) -> tuple[list[str], list[list[str]]]:
    """A table."""
    head = ["clips", "found", "tempo is 1, %", "pitch is 0, %", "tempo error, %", "pitch error, semitones", "pitch bias"]
    body = []
    for name, f in figures.items():
        exactly = ["-" if f.get(k) is None else f"{100 * f[k]:.0f}" for k in ("tempo_is_1", "pitch_is_0")]
        sizes = [f"{f[k]['median']} / {f[k]['p95']}" for k in ("tempo_error_percent", "pitch_error")]
        body.append([name, f"{f['found']} of {f['clips']}", *exactly, *sizes, str(f["pitch_bias"])])
    return head, body
