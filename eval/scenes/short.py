"""Short sounds within a long recording.

Recordings of 15 min, one for each length of 3, 4, 5 and 6 s and each background: music of tracks that are not indexed (45 s of
one after the other), and speech. Into each go 20 clean excerpts of indexed tracks, one every 45 s at a random place; each takes
the place of what was there, with edges of 10 ms. A quarter of the tracks is not indexed.

An excerpt is found if what the answer lists for its track covers at least half of it. A play of the answer is false if no
excerpt of its track sounds within it. Start and end errors are those of found excerpts.
"""

import pathlib

import numpy as np

from scenes.mixes import common, covered, plays_of, split
from scenes.tools import RATE, Cost, Scene, ask, excerpt, in_parallel, levelled, library_index, speech
from scenes.tools import spread, write

LENGTHS, APART = (3, 4, 5, 6), 45
EDGE = int(0.01 * RATE)


def recording(scene: Scene, seconds: int, background: str, number: int) -> dict:
    """One recording and what is where in it."""
    rng = scene.rng(seconds, background, number)
    indexed, others = split(scene)
    count = scene.size(20, 8)
    parts, rows = [], []
    for k in range(count):
        if background == "music":
            x = levelled(excerpt(others[rng.integers(len(others))], APART, rng)[1])
        else:
            x = speech(APART, rng)
        x = np.resize(x, APART * RATE).copy()
        track = indexed[rng.integers(len(indexed))]
        ref_start, y = excerpt(track, seconds, rng)
        at = round(float(rng.uniform(5, APART - 5 - seconds)), 3)
        y = levelled(y)
        ramp = np.ones(len(y), np.float32)
        ramp[:EDGE], ramp[-EDGE:] = np.linspace(0, 1, EDGE), np.linspace(1, 0, EDGE)
        first = int(at * RATE)
        x[first : first + len(y)] = y * ramp
        parts.append(x)
        start = k * APART + at
        rows.append({"path": str(track.path), "start": start, "end": start + seconds, "ref_start": ref_start})
    file = write(scene.folder / f"{background}_{seconds}s_{number}.flac", np.concatenate(parts))
    return {"file": str(file), "background": background, "seconds": seconds, "duration": count * APART, "excerpts": rows}


def make(scene: Scene) -> dict:
    """All recordings."""
    jobs = [(seconds, background, 0) for seconds in LENGTHS for background in ("music", "speech")]
    recordings = in_parallel(lambda job: recording(scene, *job), jobs)
    return {"library": [str(t.path) for t in split(scene)[0]], "recordings": recordings}


def measure(scene: Scene, truth: dict, temporary: pathlib.Path, command: str = "query") -> dict:
    """Ask each recording in a process of its own."""
    db = library_index(scene, truth["library"], temporary)
    options = ("--top", str(scene.top)) if command == "query" else ()
    figures, kin = {}, scene.kin
    for r in truth["recordings"]:
        (document,), cost = ask(scene, db, [pathlib.Path(r["file"])], *options, command=command)
        figures[f"{r['seconds']} s within {r['background']}"] = judge(r, document, kin, cost)
    return figures


def judge(r: dict, document: dict, kin: dict[str, list[str]], cost: Cost) -> dict:
    """Figures of one recording."""
    answer, found, starts, ends = plays_of(document), 0, [], []
    excerpts = [e | {"names": {e["path"], *kin.get(e["path"], [])}} for e in r["excerpts"]]
    for e in excerpts:
        mine = [a for a in answer if a["names"] & e["names"]]
        if covered(mine, e["start"], e["end"]) >= (e["end"] - e["start"]) / 2:
            best = max(mine, key=lambda a: common(a, e))
            found += 1
            starts.append(best["start"] - e["start"])
            ends.append(best["end"] - e["end"])
    false = sum(not any(a["names"] & e["names"] and common(a, e) > 0 for e in excerpts) for a in answer)
    per_hour = round(cost.cpu_s / r["duration"] * 3600, 1)
    figures = {"excerpts": len(excerpts), "found": found, "false": false, "cpu_s_per_hour": per_hour}
    return figures | {"start_error": spread(starts), "end_error": spread(ends)}


def rows(figures: dict) -> tuple[list[str], list[list[str]]]:
    """A table."""
    head = ["recording", "found", "false", "start error, s", "end error, s"]
    body = []
    for name, f in figures.items():
        start, end = (f"{f[k]['median']} / {f[k]['p95']}" for k in ("start_error", "end_error"))
        body.append([name, f"{f['found']} of {f['excerpts']}", str(f["false"]), start, end])
    return head, body
