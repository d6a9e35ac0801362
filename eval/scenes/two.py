"""Two songs in one clip.

Five kinds of clip, 24 of each: hard cuts of 4+4, 6+6, 10+10 and 6+12 s, and a crossfade between 12 and 12 s, of which 4 s
overlap. Songs are at the same level; all tracks are indexed, whole.

A song is found if a match lists its file. The range of a match is scored against the part of the clip that holds the song; a
track with several matches is scored by the one that overlaps most. In a crossfade both edges of the overlap and all between
are right. "Within 1.5 s" counts ranges of found songs whose start and end are both that near.
"""

import pathlib

from scenes.tools import Scene, ask, build, encode, excerpt, in_parallel, joined, levelled, names, of, outside
from scenes.tools import share, spread

KINDS = {"4+4": (4, 4, 0), "6+6": (6, 6, 0), "10+10": (10, 10, 0), "6+12": (6, 12, 0), "12+12 crossfade": (12, 12, 4)}
NEAR = 1.5


def make(scene: Scene) -> dict:
    """Draw pairs of songs and join them; each clip is an MP3 of 192 kbit/s."""
    tracks = scene.shuffled(40)

    def clip(job: tuple[str, int]) -> dict:
        kind, number = job
        rng = scene.rng(kind, number)
        first, second = (tracks[i] for i in rng.choice(len(tracks), 2, replace=False))
        a, b, fade = KINDS[kind]
        start_a, x = excerpt(first, a, rng)
        start_b, y = excerpt(second, b, rng)
        name = f"clips/{kind.split()[0]}{'x' if fade else ''}_{number:02d}.mp3"
        encode(scene.folder / name, joined(levelled(x), levelled(y), fade), "-b:a", "192k")
        one = {"path": str(first.path), "start": [0, 0], "end": [a - fade, a], "ref_start": start_a}
        other = {"path": str(second.path), "start": [a - fade, a], "end": [a + b - fade] * 2, "ref_start": start_b}
        return {"q": name, "kind": kind, "songs": [one, other]}

    jobs = [(kind, number) for kind in KINDS for number in range(scene.size(24, 6))]
    return {"clips": in_parallel(clip, jobs), "library": [str(t.path) for t in scene.tracks]}


def overlap(match: dict, song: dict) -> float:
    """Seconds that a match and a song have in common."""
    return min(match["query_end"], song["end"][1]) - max(match["query_start"], song["start"][0])


def measure(scene: Scene, truth: dict, temporary: pathlib.Path) -> dict:
    """Ask all clips; figures of each kind and of all."""
    db = temporary / "library.refrain"
    build(scene, db, truth["library"])
    clips = truth["clips"]
    answers, _ = ask(scene, db, [scene.folder / c["q"] for c in clips], "--top", "100")
    kin = scene.kin
    verdicts = []
    for clip, answer in zip(clips, answers):
        matches, errors = answer.get("matches", []), []
        for song in clip["songs"]:
            right = {song["path"], *kin.get(song["path"], [])}
            mine = [m for m in matches if right & set(names(m))]
            if mine:
                best = max(mine, key=lambda m: overlap(m, song))
                errors.append((outside(best["query_start"], *song["start"]), outside(best["query_end"], *song["end"])))
        both = {p for song in clip["songs"] for p in (song["path"], *kin.get(song["path"], []))}
        wrong = sum(not both & set(names(m)) for m in matches)
        verdicts.append({"kind": clip["kind"], "errors": errors, "nothing": not matches, "wrong": wrong})
    figures = {kind: summary([v for v in verdicts if v["kind"] == kind]) for kind in KINDS}
    return figures | {"all": summary(verdicts)}


def summary(verdicts: list[dict]) -> dict:
    """Figures of some clips."""
    errors = [e for v in verdicts for e in v["errors"]]
    return {
        "clips": len(verdicts),
        "songs": 2 * len(verdicts),
        "found": len(errors),
        "no_match": sum(v["nothing"] for v in verdicts),
        "wrong_tracks": sum(v["wrong"] for v in verdicts),
        "start_error": spread(e[0] for e in errors),
        "end_error": spread(e[1] for e in errors),
        "near": share(sum(max(abs(a), abs(b)) <= NEAR for a, b in errors), len(errors)),
    }


def rows(figures: dict) -> tuple[list[str], list[list[str]]]:
    """A table."""
    head = ["kind", "songs found", "clips without a match", "wrong tracks", "start error, s", "end error, s", "within 1.5 s"]
    body = []
    for kind, f in figures.items():
        start, end = (f"{f[k]['median']} / {f[k]['p95']}" for k in ("start_error", "end_error"))
        near = "-" if f["near"] is None else f"{100 * f['near']:.0f} %"
        body.append([kind, of(f["found"], f["songs"]), of(f["no_match"], f["clips"]), str(f["wrong_tracks"]), start, end, near])
    return head, body
