"""What must not match, and what must be told apart. A quarter of the tracks is not indexed.

  reversed   85 clips of 5 s of indexed tracks, played backwards: none may match its own track
  tiny       360 clips of .6, .8 and 1 s of tracks that are not indexed: none may match
  inverse    24 clips of 10 s of indexed tracks in stereo whose right channel is the negative of the left: each should match;
             12 tracks whose files are like that, in an index of their own, and a mono clip of each: each should match
  gap        24 clips: 5 s of a track, 10 s of silence, 10 s of the same track from 20 s or more further on
  songs      24 clips: 8 s of a track, 3 s of silence, 8 s of another one
  notes      34 pieces of game music as notes; one rendering of each is indexed. Three other renderings (another soundfont; other
             instruments and 3 % slower; another soundfont and uneven timing), whole and as clips of 10 s: none should match

A passage of `gap` and `songs` is found if a match of its track covers its middle and puts it within a second of the right
place (ref_start or also_at). Its range is right if start and end are within 1.5 s.
"""

import pathlib

import numpy as np
import soundfile as sf

from scenes import notes
from scenes.mixes import place_error, plays_of, split
from scenes.tools import RATE, Scene, Track, ask, audible, build, decode, excerpt, in_parallel, levelled, listed, names, of
from scenes.tools import share, spread, write

NEAR = 1.5


def stereo(path: pathlib.Path, x: np.ndarray) -> pathlib.Path:
    """Two channels, the second the negative of the first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, np.stack([x, -x], 1) * min(1, 0.98 / (np.max(np.abs(x)) + 1e-9)), RATE, subtype="PCM_16")
    return path


def two_places(track: Track, rng: np.random.Generator) -> tuple[float, float]:
    """Two audible places of a track, the second 20 s or more after the first."""
    for _ in range(50):
        a = round(float(rng.uniform(1, track.dur - 45)), 3)
        b = round(float(rng.uniform(a + 25, track.dur - 12)), 3)
        if audible(decode(track.path, a, 5)) and audible(decode(track.path, b, 10)):
            break
    return a, b


def with_gaps(scene: Scene, tracks: list[Track], kind: str, number: int) -> dict:
    """A clip of two passages with silence between them."""
    rng = scene.rng(kind, number)
    if kind == "gap":
        track = [t for t in tracks if t.dur > 60][number]
        a, b = two_places(track, rng)
        parts, gap = [(track, a, 5), (track, b, 10)], 10
    else:
        parts, gap = [(t, excerpt(t, 8, rng)[0], 8) for t in tracks[2 * number : 2 * number + 2]], 3
    sounds = [levelled(decode(track.path, start, seconds)) for track, start, seconds in parts]
    x = np.concatenate([sounds[0], np.zeros(gap * RATE, np.float32), sounds[1]])
    file = write(scene.folder / f"{kind}/{number:02d}.flac", x)
    later = parts[0][2] + gap
    passages = [
        {"path": str(t.path), "start": at, "end": at + seconds, "ref_start": start, "tempo": 1.0}
        for (t, start, seconds), at in zip(parts, (0, later))
    ]
    return {"q": str(file), "kind": kind, "passages": passages}


def renderings(scene: Scene) -> dict:
    """Renderings to index, and other ones to ask."""
    found = notes.pieces(scene.folder / "midi")
    order = [found[i] for i in scene.rng("notes").permutation(len(found))]
    wanted, indexed, asked = scene.size(34, 6), [], []
    for piece in order:
        if len(indexed) == wanted:
            break
        k = len(indexed)
        first = scene.folder / f"notes/{k:02d}_first.flac"
        if notes.render(piece, notes.FONT, first) < notes.SHORTEST:
            continue
        for index, (name, (font, change)) in enumerate(notes.RENDERINGS.items()):
            rng, file = scene.rng("rendering", k, name), scene.folder / f"notes/{k:02d}_{index}.flac"
            seconds = notes.render(change(piece, rng), font, file)
            if seconds < notes.SHORTEST:
                continue
            about = {"path": str(first), "rendering": name}
            asked.append(about | {"q": str(file), "whole": True})
            _, clip = excerpt(Track("", file, seconds), 10, rng)
            asked.append(about | {"q": str(write(file.with_suffix(".clip.wav"), clip)), "whole": False})
        indexed.append(str(first))
    return {"indexed": indexed, "asked": asked}


def make(scene: Scene) -> dict:
    """All clips."""
    indexed, others = split(scene)
    folder = scene.folder

    def backwards(k: int) -> dict:
        track, seconds = indexed[k % len(indexed)], 5
        _, x = excerpt(track, seconds, scene.rng("reversed", k))
        return {"q": str(write(folder / f"reversed/{k:02d}.wav", x[::-1])), "path": str(track.path), "seconds": seconds}

    def tiny(k: int) -> dict:
        seconds = (0.6, 0.8, 1.0)[k % 3]
        _, x = excerpt(others[k % len(others)], seconds, scene.rng("tiny", k))
        return {"q": str(write(folder / f"tiny/{k:03d}.wav", x)), "seconds": seconds}

    def inverse(k: int) -> dict:
        track = indexed[-1 - k]
        _, x = excerpt(track, 10, scene.rng("inverse", k))
        return {"q": str(stereo(folder / f"inverse/{k:02d}.flac", x)), "path": str(track.path)}

    def inverse_file(k: int) -> dict:
        x = decode(indexed[k].path, 0, 60)
        file = stereo(folder / f"inverse/file{k:02d}.flac", x)
        clip = write(folder / f"inverse/clip{k:02d}.wav", x[15 * RATE : 25 * RATE])
        return {"q": str(clip), "path": str(file)}

    gaps = [(kind, k) for kind in ("gap", "songs") for k in range(scene.size(24, 6))]
    return {
        "library": [str(t.path) for t in indexed],
        "reversed": in_parallel(backwards, range(scene.size(85, 20))),
        "tiny": in_parallel(tiny, range(scene.size(360, 60))),
        "inverse": in_parallel(inverse, range(scene.size(24, 6))),
        "inverse_files": in_parallel(inverse_file, range(scene.size(12, 4))),
        "gaps": in_parallel(lambda job: with_gaps(scene, indexed, *job), gaps),
        "notes": renderings(scene),
    }


def matched(scene: Scene, db: pathlib.Path, clips: list[dict]) -> dict:
    """How many clips match anything, their own track, and how sure the answers are."""
    answers, _ = ask(scene, db, [pathlib.Path(c["q"]) for c in clips], "--top", "100")
    kin = scene.kin
    any_match = [a.get("status") == "match" for a in answers]
    own = [bool({c.get("path"), *kin.get(c.get("path"), [])} & set(listed(a))) for c, a in zip(clips, answers)]
    sure = sum(bool(a.get("matches")) and max(m["score"] for m in a["matches"]) >= 0.995 for a in answers)
    errors = sum(a.get("status") == "error" for a in answers)
    return {"clips": len(clips), "matched": sum(any_match), "own": sum(own), "score_near_1": sure, "errors": errors}


def passages(answers: list[dict], clips: list[dict], kin: dict[str, list[str]]) -> dict:
    """How many passages are found, and their ranges."""
    found, starts, ends, total = 0, [], [], 0
    for clip, answer in zip(clips, answers):
        plays = plays_of(answer)
        for p in clip["passages"]:
            middle, right = (p["start"] + p["end"]) / 2, {p["path"], *kin.get(p["path"], [])}
            total += 1
            mine = [a for a in plays if a["names"] & right and a["start"] <= middle <= a["end"]]
            mine = [a for a in mine if abs(place_error(a, p)) <= 1]
            if mine:
                best = min(mine, key=lambda a: abs(a["start"] - p["start"]) + abs(a["end"] - p["end"]))
                found += 1
                starts.append(best["start"] - p["start"])
                ends.append(best["end"] - p["end"])
    near = sum(max(abs(a), abs(b)) <= NEAR for a, b in zip(starts, ends))
    errors = {"start_error": spread(starts), "end_error": spread(ends)}
    return {"clips": len(clips), "passages": total, "found": found, "near": share(near, found)} | errors


def measure(scene: Scene, truth: dict, temporary: pathlib.Path) -> dict:
    """Ask everything."""
    db, inverse_db, notes_db = (temporary / f"{name}.refrain" for name in ("library", "inverse", "notes"))
    build(scene, db, truth["library"])
    build(scene, inverse_db, [c["path"] for c in truth["inverse_files"]])
    build(scene, notes_db, [*truth["notes"]["indexed"], *truth["library"]])
    figures = {
        "reversed": matched(scene, db, truth["reversed"]),
        "tiny": matched(scene, db, truth["tiny"]),
        "inverse clips": matched(scene, db, truth["inverse"]),
        "inverse files": matched(scene, inverse_db, truth["inverse_files"]),
    }
    for kind in ("gap", "songs"):
        clips = [c for c in truth["gaps"] if c["kind"] == kind]
        answers, _ = ask(scene, db, [pathlib.Path(c["q"]) for c in clips], "--top", "100")
        figures[kind] = passages(answers, clips, scene.kin)
    asked = truth["notes"]["asked"]
    for whole, name in ((True, "whole"), (False, "10 s")):
        for rendering in notes.RENDERINGS:
            some = [c for c in asked if c["whole"] == whole and c["rendering"] == rendering]
            figures[f"notes, {rendering}, {name}"] = matched(scene, notes_db, some)
        figures[f"notes, {name}"] = matched(scene, notes_db, [c for c in asked if c["whole"] == whole])
    return figures


def rows(figures: dict) -> tuple[list[str], list[list[str]]]:
    """A table."""
    head = ["clips", "matched", "own track", "score .995 and more", "errors", "passages found", "within 1.5 s", "start / end error"]
    body = []
    for name, f in figures.items():
        if "passages" in f:
            near = "-" if f["near"] is None else f"{100 * f['near']:.0f} %"
            error = f"{f['start_error']['median']} / {f['end_error']['median']} s"
            body.append([name, str(f["clips"]), "", "", "", of(f["found"], f["passages"]), near, error])
        else:
            some = [of(f[k], f["clips"]) for k in ("matched", "own", "score_near_1")]
            body.append([name, *some, str(f["errors"]), "", "", ""])
    return head, body
