"""A messy library: some recordings many times, in every form that collections hold, and much that only resembles them.

Related to a recording (24 of them, the first 150 s of a track as FLAC), with the relation that `refrain duplicates` should tell:

  same_bytes   a copy of the file
  same_audio   MP3 of 64, 128 and 320 kbit/s, AAC, Opus of 24 kbit/s, Vorbis, FLAC of 22,050 and 48,000 Hz, two channels,
               quieter, cut by up to 4 s at both ends, faded in and out, silence before it
  remaster     equaliser, compressor and limiter; two of them
  other_speed  .99, 1.01 and 1.06 of the speed
  excerpt      30 s out of the middle
  edit         20 s in the middle left out (radio); 20 s played twice (extended)

Not related, whatever they share: renderings of the same notes (the first one; another soundfont; other instruments and 3 %
slower; the same instruments with a tempo that drifts by up to 3 %; live, which drifts otherwise, with a hall and a crowd), the
same backing with and without a voice, remixes over one
loop, tracks that begin with one intro, silence, hiss, tones, jingles, sounds of half a second, other tracks.

Counted by pairs of a recording and a related file: found if both are in one group, right if the relation is the right one
as well. A false merge is a pair of files in one group, related by anything but `shared_backing`, of two recordings.
"""

import json
import pathlib
import shutil
import struct

import numpy as np

from make_queries import decode, sox
from scenes import notes
from scenes.tools import RATE, Scene, build, encode, filtered, in_parallel, levelled, measured, of, share, write

RECORDINGS, LONGEST, SHORTEST = 24, 150, 75
PIECES, BACKINGS, LOOPS, INTROS, OTHERS = 24, 12, 6, 20, 60
EXPECTED = {"same_bytes": 1, "same_audio": 0.99, "remaster": 0.97, "other_speed": 0.95, "excerpt": 0.95, "edit": 0.95}


def changed(rng: np.random.Generator) -> dict:
    """What becomes of the samples of a recording, by relation and name: samples, extension, options of the encoder."""
    flac = ("flac",)
    seconds = lambda low, high: int(rng.uniform(low, high) * RATE)

    def faded(x: np.ndarray) -> np.ndarray:
        ramp = np.linspace(0, 1, 5 * RATE, dtype=np.float32)
        x = x.copy()
        x[: len(ramp)] *= ramp
        x[-len(ramp) :] *= ramp[::-1]
        return x

    def mastered(x: np.ndarray) -> np.ndarray:
        low, high, threshold = rng.uniform(-5, 6), rng.uniform(-3, 6), rng.uniform(-30, -18)
        return filtered(
            x,
            f"bass=g={low:.2f}:f=120,treble=g={high:.2f}:f=5000,equalizer=f=1200:t=q:w=1:g={rng.uniform(-3, 3):.2f},"
            f"acompressor=threshold={threshold:.1f}dB:ratio=4:attack=10:release=150:makeup=3,"
            "alimiter=limit=0.7:level=false",
        )

    def excerpt(x: np.ndarray) -> np.ndarray:
        start = int(rng.uniform(5 * RATE, len(x) - 36 * RATE))
        return x[start : start + 30 * RATE]

    def inner(x: np.ndarray) -> tuple[int, int]:
        start = int(rng.uniform(20 * RATE, len(x) - 42 * RATE))
        return start, start + 20 * RATE

    def radio(x: np.ndarray) -> np.ndarray:
        start, end = inner(x)
        return np.concatenate([x[:start], x[end:]])

    def extended(x: np.ndarray) -> np.ndarray:
        _, end = inner(x)
        return np.concatenate([x[:end], x[end - 20 * RATE :]])

    same = lambda x: x
    return {
        ("same_audio", "mp3_64"): (same, "mp3", "-b:a", "64k"),
        ("same_audio", "mp3_128"): (same, "mp3", "-b:a", "128k"),
        ("same_audio", "mp3_320"): (same, "mp3", "-b:a", "320k"),
        ("same_audio", "aac"): (same, "m4a", "-b:a", "96k"),
        ("same_audio", "opus"): (same, "opus", "-b:a", "24k"),
        ("same_audio", "vorbis"): (same, "ogg", "-q:a", "1"),
        ("same_audio", "22050"): (same, "flac", "-ar", "22050"),
        ("same_audio", "48000"): (same, "flac", "-ar", "48000"),
        ("same_audio", "two_channels"): (same, "mp3", "-ac", "2", "-b:a", "160k"),
        ("same_audio", "quieter"): (lambda x: x * 10 ** (-rng.uniform(6, 20) / 20), *flac),
        ("same_audio", "cut"): (lambda x: x[seconds(0.2, 4) : -seconds(0.2, 4)], *flac),
        ("same_audio", "faded"): (faded, *flac),
        ("same_audio", "silence"): (lambda x: np.concatenate([np.zeros(seconds(1, 6), np.float32), x]), *flac),
        ("remaster", "one"): (mastered, *flac),
        ("remaster", "two"): (mastered, "mp3", "-b:a", "192k"),
        ("other_speed", "099"): (lambda x: sox(x, "speed", "0.99"), *flac),
        ("other_speed", "101"): (lambda x: sox(x, "speed", "1.01"), *flac),
        ("other_speed", "106"): (lambda x: sox(x, "speed", "1.06"), *flac),
        ("excerpt", "30s"): (excerpt, *flac),
        ("edit", "radio"): (radio, *flac),
        ("edit", "extended"): (extended, *flac),
    }


def recording(scene: Scene, number: int, path: pathlib.Path) -> list[dict]:
    """A recording and all that is related to it."""
    rng, folder = scene.rng("recording", number), scene.folder / f"recordings/{number:02d}"
    x = decode(path, 0, LONGEST)
    about = {"recording": f"r{number}"}
    first = write(folder / "first.flac", x)
    shutil.copyfile(first, folder / "bytes.flac")
    rows = [about | {"path": str(first), "relation": "reference", "form": "first"}]
    rows.append(about | {"path": str(folder / "bytes.flac"), "relation": "same_bytes", "form": "bytes"})
    for (relation, form), (change, extension, *options) in changed(rng).items():
        file = encode(folder / f"{relation}_{form}.{extension}", change(x), *options)
        rows.append(about | {"path": str(file), "relation": relation, "form": form})
    return rows


# Beats: what is nowhere so early or late is no other performance.
LEAST_DRIFT = 0.05


def drifting(midi: bytes, rng: np.random.Generator) -> bytes:
    """The same notes with a tempo that drifts by 1 to 3 % over 32 to 96 beats: a tenth of a second early or late."""
    header, tracks = notes.parse(midi)
    beat = struct.unpack_from(">H", header, 4)[0]
    ticks = np.array([tick for track in tracks for tick, _ in track])
    while True:
        waves = [(float(rng.uniform(32, 96)) * beat, float(rng.uniform(0, 6.28))) for _ in range(2)]

        def late(tick: int | np.ndarray) -> float | np.ndarray:
            return sum(0.015 * length / 6.28 * (np.sin(6.28 * tick / length + p) - np.sin(p)) for length, p in waves)

        # Two waves may cancel each other, and then nothing drifts.
        if np.abs(late(ticks)).max() >= LEAST_DRIFT * beat:
            break

    def moved(tick: int) -> int:
        return round(tick + late(tick))

    return notes.written(header, [[(max(0, moved(tick)), e) for tick, e in track] for track in tracks])


FORMS = {
    "first": (notes.FONT, lambda midi, rng: midi),
    "soundfont": (notes.OTHER_FONT, lambda midi, rng: midi),
    "instruments": (notes.FONT, notes.other_instruments),
    "drifting": (notes.FONT, drifting),
}


def renderings(scene: Scene, number: int, piece: bytes) -> list[dict]:
    """Performances of the same notes: each is a recording of its own."""
    rng, folder = scene.rng("piece", number), scene.folder / f"pieces/{number:02d}"
    rows = []
    for name, (font, change) in FORMS.items():
        file = folder / f"{name}.flac"
        if notes.render(change(piece, rng), font, file) >= notes.SHORTEST:
            rows.append({"path": str(file), "recording": f"p{number} {name}", "form": f"rendering: {name}"})
    source = folder / "live_source.flac"
    if notes.render(drifting(piece, rng), notes.FONT, source) >= notes.SHORTEST:
        x = decode(source, 0, notes.LONGEST)
        crowd = np.resize(filtered(rng.standard_normal(len(x)).astype(np.float32), "bandpass=f=1500:w=1200"), len(x))
        live = levelled(sox(x, "reverb", "60"))[: len(x)] + 0.15 * levelled(crowd)[: len(x)]
        file = write(folder / "live.flac", live)
        rows.append({"path": str(file), "recording": f"p{number} live", "form": "rendering: live"})
    source.unlink(missing_ok=True)
    return rows


def voice(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """A line that a voice could sing: tones with overtones and vibrato, and pauses."""
    out, at = np.zeros(int(seconds * RATE), np.float32), 0
    scale = 220 * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12) * 2 ** (int(rng.integers(12)) / 12)
    while at < len(out):
        length = int(rng.uniform(0.25, 1.2) * RATE)
        if rng.uniform() < 0.75:
            t = np.arange(min(length, len(out) - at)) / RATE
            pitch = scale[rng.integers(len(scale))]
            phase = 2 * np.pi * (pitch * t + 0.8 * np.sin(2 * np.pi * 5.5 * t))
            tone = sum(np.sin(n * phase) / n for n in range(1, 7))
            out[at : at + len(t)] = tone * np.minimum(1, np.minimum(t, t[::-1]) * 20)
        at += length
    return out


def backing(scene: Scene, number: int, path: pathlib.Path) -> list[dict]:
    """The same backing alone and under two voices."""
    rng, folder = scene.rng("backing", number), scene.folder / f"backings/{number:02d}"
    x = levelled(decode(path, 5, 60))
    over = lambda: x + np.resize(levelled(voice(60, rng)), len(x))
    rows = []
    for name, y in (("instrumental", x), ("sung", over()), ("other", over())):
        file = write(folder / f"{name}.flac", y)
        rows.append({"path": str(file), "recording": f"b{number} {name}", "backing": f"b{number}", "form": f"backing: {name}"})
    return rows


def remixes(scene: Scene, number: int, path: pathlib.Path) -> list[dict]:
    """Three tracks over one loop of 8 s."""
    rng, folder = scene.rng("loop", number), scene.folder / f"loops/{number:02d}"
    x = np.resize(levelled(decode(path, 20, 8)), 60 * RATE)
    rows = []
    for k in range(3):
        file = write(folder / f"{k}.flac", x + levelled(voice(60, rng)))
        rows.append({"path": str(file), "recording": f"l{number} {k}", "backing": f"l{number}", "form": "remix over a loop"})
    return rows


def signals(scene: Scene, tracks: list) -> list[dict]:
    """What is no music, and what is too short."""
    rng, folder = scene.rng("signals"), scene.folder / "signals"
    t = np.arange(30 * RATE) / RATE
    sounds = {f"silence_{s}": np.zeros(s * RATE, np.float32) for s in (5, 30, 90)}
    sounds |= {f"hiss_{k}": 0.05 * rng.standard_normal(30 * RATE).astype(np.float32) for k in range(3)}
    sounds |= {f"tone_{hz}": (0.2 * np.sin(2 * np.pi * hz * t)).astype(np.float32) for hz in (50, 440, 441, 1000)}
    sounds |= {f"half_{k}": decode(track.path, 30 + k, 0.5) for k, track in enumerate(tracks[:12])}
    sounds |= {f"jingle_{k}": decode(track.path, 25, 3) for k, track in enumerate(tracks[12:20])}
    return [
        {"path": str(write(folder / f"{name}.flac", x)), "recording": f"s {name}", "form": "no music, or short"}
        for name, x in sounds.items()
    ]


def make(scene: Scene) -> dict:
    """All files."""
    order = scene.shuffled(40)
    long = [t for t in order if t.dur >= SHORTEST]
    count = scene.size(RECORDINGS, 6)
    chosen = [t.path for t in long[:count]]
    rest = [t for t in order if t.path not in chosen]
    jingle = levelled(decode(rest[0].path, 10, 10))

    def intro(k: int) -> dict:
        file = scene.folder / f"intros/{k:02d}.flac"
        write(file, np.concatenate([jingle, levelled(decode(rest[k].path, 12, 50))]))
        return {"path": str(file), "recording": f"i{k}", "form": "one intro"}

    rest = rest[1:]
    introduced = scene.size(INTROS, 6)
    after = rest[introduced:]
    backings, loops = scene.size(BACKINGS, 3), scene.size(LOOPS, 2)
    midi = notes.pieces(scene.folder / "midi")
    pieces = [midi[i] for i in scene.rng("notes").permutation(len(midi))][: scene.size(PIECES, 4)]
    rows = in_parallel(lambda k: recording(scene, k, chosen[k]), range(count))
    rows += in_parallel(lambda k: renderings(scene, k, pieces[k]), range(len(pieces)))
    rows += in_parallel(lambda k: backing(scene, k, after[k].path), range(backings))
    rows += in_parallel(lambda k: remixes(scene, k, after[backings + k].path), range(loops))
    rows.append(in_parallel(intro, range(introduced)))
    others = after[backings + loops :]
    # Sounds of tracks that are not in the library.
    rows.append(signals(scene, others[-20:]))
    others = others[: min(scene.size(OTHERS, 10), len(others) - 20)]
    rows.append([{"path": str(t.path), "recording": f"o{k}", "form": "another track"} for k, t in enumerate(others)])
    return {"files": [row for some in rows for row in some]}


def measure(scene: Scene, truth: dict, temporary: pathlib.Path) -> dict:
    """Index all files, ask for duplicates, count pairs."""
    files = {row["path"]: row for row in truth["files"]}
    db = temporary / "library.refrain"
    build(scene, db, files)
    out = db.with_suffix(".groups")
    cost = measured([scene.refrain, "duplicates", "--json", "--db", str(db)], out)
    groups = [json.loads(line) for line in out.read_text().splitlines() if line.strip()]
    (scene.folder / "groups.json").write_text(json.dumps(groups, indent=1))
    return {"files": len(files), "cpu_s": cost.cpu_s, "peak_mib": cost.peak_mib} | judged(files, groups)


def judged(files: dict, groups: list[dict]) -> dict:
    """Pairs that are found, right and wrong."""
    group_of, told, track = {}, {}, {}
    false, backing_told = [], 0
    for number, group in enumerate(groups):
        for file in group["files"]:
            group_of.setdefault(file["path"], set()).add(number)
            told[number, file["path"]] = file["relation"]
            track[file["path"]] = file["id"]
    figures: dict = {relation: {"pairs": 0, "found": 0, "right": 0} for relation in EXPECTED}
    firsts = {row["recording"]: path for path, row in files.items() if row.get("relation") == "reference"}
    missed = []
    for path, row in files.items():
        relation = row.get("relation")
        if relation in (None, "reference"):
            continue
        figure = figures[relation]
        figure["pairs"] += 1
        first = firsts[row["recording"]]
        both = group_of.get(path, set()) & group_of.get(first, set())
        figure["found"] += bool(both)
        # A relation is to the group's reference. The reference may be another file than the first.
        same = track.get(path) == track.get(first)
        said = ["same_bytes" if same else relation_of(told[g, first], told[g, path]) for g in both]
        figure["right"] += relation in said
        if relation not in said:
            missed.append({"path": path, "form": row["form"], "expected": relation, "told": said})
    for number, group in enumerate(groups):
        merged = [f["path"] for f in group["files"] if f["relation"] != "shared_backing"]
        backing_told += sum(f["relation"] == "shared_backing" for f in group["files"])
        for i, one in enumerate(merged):
            for two in merged[i + 1 :]:
                if files[one]["recording"] != files[two]["recording"]:
                    false.append({"one": one, "two": two, "told": [told[number, one], told[number, two]]})
    hard = sum("relation" not in row for row in files.values())
    return {"relations": figures, "false": false, "missed": missed, "shared_backing": backing_told, "negatives": hard}


# How near two files are to each other, nearest first.
ORDER = ("reference", "same_bytes", "same_audio", "remaster", "other_speed", "edit", "excerpt", "shared_backing")


def relation_of(one: str, two: str) -> str:
    """The relation of two files by their relations to a third: the one that is further away."""
    return max(one, two, key=ORDER.index)


def rows(figures: dict) -> tuple[list[str], list[list[str]]]:
    """A table."""
    head = ["relation", "pairs found", "with the right relation"]
    body = []
    for name, f in figures["relations"].items():
        body.append([name, f"{of(f['found'], f['pairs'])} ({share(f['found'], f['pairs'])})", of(f["right"], f["pairs"])])
    body.append(["false merges", str(len(figures["false"])), ""])
    return head, body
