"""The library holds some recordings more than once.

90 pieces of 30 to 60 s (fewer where the music is short) are the library; a further piece is cut from a long track only after
each track has given one. Then come copies, of one of five forms: shifted, which is cut at its start by a number of frames
and a half; quieter; encoded (MP3 of 64 to 128 kbit/s, Vorbis); mastered again (equaliser, compressor, limiter); at .995 of
the speed. Copies of the second and third kind below are all cut at their start by a random part of a second as well, as real
ones are, so that their frames lie elsewhere.

  thirty     one further copy of each of 30 pieces, six of each form; a clean and a noisy clip of 4, 6 and 10 s of each
  thirty cut the same, but all of them cut
  six        1, 4, 20 and 100 further copies of each of six pieces, of all forms in turn; the same six clips of each

Clips are cut from the piece itself. A clip is found if a match lists a file that holds its recording. Copies listed is the
mean number of files with the recording that the matches list (path, also_paths, copies) with --top 1000, over all clips;
clips that are not found count as 0. "First" is the number of clips whose first match is right.
"""

import pathlib

import numpy as np

from make_queries import codec, sox
from scenes.tools import FRAME, RATE, Scene, ask, build, decode, encode, filtered, in_parallel, listed, mean
from scenes.tools import mix, names, of, write

FORMS = ("shifted", "quieter", "encoded", "mastered", "slower")
LENGTHS = (4, 6, 10)
MORE = (1, 4, 20, 100)


def pieces(scene: Scene, count: int) -> list[dict]:
    """What the library is cut from: track, start, seconds; `alone` if no other piece comes from the track."""
    rng = scene.rng("pieces")
    order = scene.shuffled(40)
    found = []
    for again in range(4):
        for track in order:
            start = 2 + again * 75
            room = track.dur - start - 3
            if len(found) < count and room >= 30:
                seconds = round(float(rng.uniform(30, min(60, room))), 1)
                found.append({"track": str(track.path), "start": start, "seconds": seconds})
    tracks = [p["track"] for p in found]
    return [p | {"alone": tracks.count(p["track"]) == 1} for p in found]


def copy(folder: pathlib.Path, name: str, x: np.ndarray, form: str, rng: np.random.Generator, cut: bool) -> str:
    """Write a copy of a piece; return its path."""
    shift = rng.integers(FRAME * 5)
    if form == "shifted":
        shift = FRAME * rng.integers(4) + FRAME // 2
    if cut or form == "shifted":
        x = x[int(shift) :]
    if form == "encoded":
        extension, rates = (("mp3", (64, 96, 128)), ("ogg", (64, 80, 112)))[rng.integers(2)]
        return str(encode(folder / f"{name}.{extension}", x, "-b:a", f"{rates[rng.integers(3)]}k"))
    if form == "quieter":
        x = x * 10 ** (-rng.uniform(6, 20) / 20)
    if form == "mastered":
        low, high, threshold = rng.uniform(-5, 6), rng.uniform(-3, 6), rng.uniform(-30, -18)
        x = filtered(
            x,
            f"bass=g={low:.2f}:f=120,treble=g={high:.2f}:f=5000,equalizer=f=1200:t=q:w=1:g={rng.uniform(-3, 3):.2f},"
            f"acompressor=threshold={threshold:.1f}dB:ratio=4:attack=10:release=150:makeup=3,"
            "alimiter=limit=0.7:level=false",
        )
    if form == "slower":
        x = sox(x, "speed", "0.995")
    return str(write(folder / f"{name}.flac", x))


def clips_of(scene: Scene, number: int, path: str, noise: list[np.ndarray]) -> list[dict]:
    """A clean and a noisy clip of each length of a piece."""
    rng, rows = scene.rng("clips", number), []
    x = decode(pathlib.Path(path), 0, 100)
    for seconds in LENGTHS:
        for noisy in (False, True):
            start = int(rng.uniform(2, len(x) / RATE - seconds - 2) * RATE)
            clip = x[start : start + seconds * RATE]
            if noisy:
                clip = mix(clip, np.roll(noise[rng.integers(len(noise))], rng.integers(RATE * 5)), 5)
            else:
                clip = codec(clip, "mp3", "-b:a", "128k")
            name = f"clips/{number:03d}_{seconds}s_{'noisy' if noisy else 'clean'}.wav"
            write(scene.folder / name, clip)
            rows.append({"q": name, "piece": number, "start": start / RATE, "seconds": seconds, "noisy": noisy})
    return rows


def make(scene: Scene) -> dict:
    """Cut the library, copy some of it, cut clips."""
    library = pieces(scene, scene.size(90, 30))
    for number, piece in enumerate(library):
        x = decode(pathlib.Path(piece["track"]), piece["start"], piece["seconds"])
        piece["path"] = str(write(scene.folder / f"library/{number:03d}.flac", x))
    alone = [n for n, p in enumerate(library) if p["alone"]]
    thirty, six = alone[: scene.size(30, 10)], alone[: scene.size(6, 3)]
    noise = scene.ambient()

    def one(order: int, cut: bool) -> str:
        number = thirty[order]
        x = decode(pathlib.Path(library[number]["path"]), 0, 100)
        folder = scene.folder / ("cut" if cut else "thirty")
        return copy(folder, f"{number:03d}", x, FORMS[order % 5], scene.rng("thirty", number), cut)

    def several(number: int) -> list[str]:
        x = decode(pathlib.Path(library[number]["path"]), 0, 100)
        folder = scene.folder / f"more/{number:03d}"
        count = scene.size(MORE[-1], 20)
        rng = lambda k: scene.rng("more", number, k)
        return [copy(folder, f"{k:03d}", x, FORMS[(k + number) % 5], rng(k), True) for k in range(count)]

    return {
        "library": library,
        "thirty": dict(zip(map(str, thirty), in_parallel(lambda k: one(k, False), range(len(thirty))))),
        "thirty cut": dict(zip(map(str, thirty), in_parallel(lambda k: one(k, True), range(len(thirty))))),
        "more": dict(zip(map(str, six), in_parallel(several, six))),
        "clips": [row for n in thirty for row in clips_of(scene, n, library[n]["path"], noise)],
    }


def judged(scene: Scene, db: pathlib.Path, clips: list[dict], holders: dict[int, list[str]]) -> dict:
    """Figures of some clips, where `holders` has the files with the recording of each piece."""
    answers, cost = ask(scene, db, [scene.folder / c["q"] for c in clips], "--top", "1000")
    found = first = false = 0
    counts = []
    for clip, answer in zip(clips, answers):
        right = set(holders[clip["piece"]])
        counts.append(len(right & set(listed(answer))))
        found += counts[-1] > 0
        matches = answer.get("matches", [])
        first += bool(matches) and bool(right & set(names(matches[0])))
        false += sum(not right & set(names(m)) for m in matches)
    exist = mean(len(holders[c["piece"]]) for c in clips)
    return {
        "clips": len(clips),
        "found": found,
        "first": first,
        "other_tracks": false,
        "copies_listed": round(mean(counts), 3),
        "copies_exist": round(exist, 3),
        "cpu_s": round(cost.cpu_s, 2),
    }


def measure(scene: Scene, truth: dict, temporary: pathlib.Path) -> dict:
    """Ask before and after each of the additions."""
    library, clips = truth["library"], truth["clips"]
    own = {n: [p["path"]] for n, p in enumerate(library)}
    few = [c for c in clips if str(c["piece"]) in truth["more"]]
    figures = {}

    for kind in ("thirty", "thirty cut"):
        db = temporary / f"{kind.replace(' ', '_')}.refrain"
        build(scene, db, [p["path"] for p in library])
        if kind == "thirty":
            figures["thirty: before"] = judged(scene, db, clips, own)
            figures["six: before"] = judged(scene, db, few, own)
        build(scene, db, truth[kind].values())
        after = {int(n): own[int(n)] + [path] for n, path in truth[kind].items()}
        figures[f"{kind}: 1 more"] = judged(scene, db, clips, after)
        for index, form in enumerate(FORMS):
            chosen = {int(n) for i, n in enumerate(truth[kind]) if i % 5 == index}
            figures[f"{kind}: 1 more, {form}"] = judged(scene, db, [c for c in clips if c["piece"] in chosen], after)

    db = temporary / "more.refrain"
    build(scene, db, [p["path"] for p in library])
    have = 0
    for count in MORE:
        if count > len(next(iter(truth["more"].values()))):
            break
        build(scene, db, [f for files in truth["more"].values() for f in files[have:count]])
        have = count
        holders = {int(n): own[int(n)] + files[:count] for n, files in truth["more"].items()}
        figures[f"six: {count} more"] = judged(scene, db, few, holders)
    return figures


def rows(figures: dict) -> tuple[list[str], list[list[str]]]:
    """A table."""
    head = ["library", "clips found", "right one first", "copies listed", "matches of other tracks"]
    body = []
    for name, f in figures.items():
        copies = f"{f['copies_listed']:.2f} of {f['copies_exist']:.0f}"
        first = of(f["first"], f["clips"])
        body.append([name, of(f["found"], f["clips"]), first, copies, str(f["other_tracks"])])
    return head, body
