"""Many tracks begin with the same sound.

A jingle of 12 s is put before 6, 16, 18, 64 and 500 episodes, each 30 s of music of its own (18 s where 500 are made); all are
MP3 of 64 kbit/s, and only they are indexed. Three jingles for 6, 16 and 18 episodes, two for 64, one for 500.

  alone     the jingle as it is, 10 s of it, and as Vorbis: how many of the N episodes are listed with --top 1000
  episode   the last 6 s of the jingle and the first 10 s of an episode, up to 24 episodes a library: is that episode first, does
            any match; another episode cut from the same track counts as "same track", as music repeats itself
"""

import pathlib

import numpy as np

from scenes.tools import RATE, Scene, ask, build, decode, encode, excerpt, in_parallel, levelled, listed, names, of
from scenes.tools import audible, share

JINGLE, OWN = 12, 30
SIZES = {6: 3, 16: 3, 18: 3, 64: 2, 500: 1}


def own_parts(scene: Scene, jingle_track: str, seconds: float, count: int) -> list[tuple[str, float]]:
    """Places of the corpus that do not overlap, each track's first before any track's second."""
    order = [t for t in scene.shuffled(40) if str(t.path) != jingle_track]
    places = []
    for turn in range(200):
        for track in order:
            start = 3 + turn * seconds
            if start + seconds + 2 <= track.dur and len(places) < count:
                places.append((str(track.path), start))
    if len(places) < count:
        raise SystemExit(f"jingle: the corpus has {len(places)} parts of {seconds} s, {count} are wanted")
    return places


def library(scene: Scene, count: int, number: int) -> dict:
    """One library: its episodes, the clips of the jingle, the clips of episodes."""
    rng = scene.rng(count, number)
    tracks = scene.shuffled(60)
    source = tracks[-1 - rng.integers(len(tracks) // 4)]
    _, jingle = excerpt(source, JINGLE, rng)
    jingle, folder = levelled(jingle), scene.folder / f"{count}_{number}"
    seconds = 18 if count >= 500 else OWN

    def episode(job: tuple[int, tuple[str, float]]) -> dict:
        index, (path, start) = job
        own = levelled(decode(pathlib.Path(path), start, seconds))
        file = folder / f"episode{index:03d}.mp3"
        encode(file, np.concatenate([jingle, own]), "-b:a", "64k")
        return {"path": str(file), "source": path, "audible": audible(own[: 10 * RATE])}

    episodes = in_parallel(episode, enumerate(own_parts(scene, str(source.path), seconds, count)))
    alone = {
        "as it is": encode(folder / "jingle.mp3", jingle, "-b:a", "128k"),
        "10 s": encode(folder / "jingle10.mp3", jingle[RATE : 11 * RATE], "-b:a", "128k"),
        "vorbis": encode(folder / "jingle.ogg", jingle, "-b:a", "80k"),
    }
    clips = []
    for index in [i for i, e in enumerate(episodes) if e["audible"]][: scene.size(24, 8)]:
        whole = decode(pathlib.Path(episodes[index]["path"]), 6, 16)
        file = encode(folder / f"clip{index:03d}.mp3", whole, "-b:a", "96k")
        clips.append({"q": str(file.relative_to(scene.folder)), "episode": index})
    jingles = {k: str(v.relative_to(scene.folder)) for k, v in alone.items()}
    return {"count": count, "number": number, "episodes": episodes, "alone": jingles, "clips": clips}


def make(scene: Scene) -> dict:
    """All libraries; a few small ones where it has to be quick."""
    sizes = {6: 1, 16: 1, 18: 1, 64: 1} if scene.quick else SIZES
    return {"libraries": [library(scene, n, k) for n, times in sizes.items() for k in range(times)]}


def measure(scene: Scene, truth: dict, temporary: pathlib.Path) -> dict:
    """Build each library and ask its clips."""
    figures = {}
    for lib in truth["libraries"]:
        count, paths = lib["count"], {e["path"]: i for i, e in enumerate(lib["episodes"])}
        f = figures.setdefault(f"{count} tracks", new_figures(count))
        db = temporary / f"{count}_{lib['number']}.refrain"
        build(scene, db, paths)
        answers, _ = ask(scene, db, [scene.folder / q for q in lib["alone"].values()], "--top", "1000")
        for answer in answers:
            f["jingle_clips"] += 1
            f["jingle_matched"] += answer.get("status") == "match"
            f["listed"] += len(set(listed(answer)) & set(paths))
            f["to_list"] += count
        answers, _ = ask(scene, db, [scene.folder / c["q"] for c in lib["clips"]], "--top", "1000")
        for clip, answer in zip(lib["clips"], answers):
            right, matches = lib["episodes"][clip["episode"]], answer.get("matches", [])
            f["episode_clips"] += 1
            f["episode_matched"] += bool(matches)
            f["episode_listed"] += right["path"] in listed(answer)
            if matches:
                first = names(matches[0])
                f["episode_first"] += right["path"] in first
                same = any(lib["episodes"][paths[p]]["source"] == right["source"] for p in first if p in paths)
                f["same_track_first"] += same and right["path"] not in first
    return figures


def new_figures(count: int) -> dict:
    """Figures of a size of library before anything is asked."""
    keys = "jingle_clips jingle_matched listed to_list episode_clips episode_matched episode_listed episode_first same_track_first"
    return {"tracks": count} | dict.fromkeys(keys.split(), 0)


def rows(figures: dict) -> tuple[list[str], list[list[str]]]:
    """A table."""
    head = ["library", "jingle matched", "episodes listed", "episode clips matched", "episode listed", "episode first"]
    body = []
    for name, f in figures.items():
        parts = f"{100 * (share(f['listed'], f['to_list']) or 0):.1f} %"
        first = of(f["episode_first"], f["episode_clips"])
        if f["same_track_first"]:
            first += f" (and {f['same_track_first']} of the same track)"
        matched, shown = (of(f[k], f["episode_clips"]) for k in ("episode_matched", "episode_listed"))
        body.append([name, of(f["jingle_matched"], f["jingle_clips"]), parts, matched, shown, first])
    return head, body
