#!/usr/bin/env python3
"""Compare two programs answer by answer and row by row: a change of the code must change nothing that they say.

usage: same_answers.py OLD NEW WORK [--only PART,...] [--resume] [--ask old|new|both|none]
       same_answers.py --self-test WORK

OLD and NEW are two builds of refrain. WORK holds what they are asked, made beforehand:

  TEST/        the corpus (corpus.py)
  seed13/ ...  sets of clips (make_queries.py); the library of each becomes an index
  nonmusic/    sounds that are no music (nonmusic.py --work)
  large.refrain, medium.refrain, more.refrain
               libraries grown from the index of seed13 (tools/grow_library.rs): 10,000 tracks, 1,500, and 500 of other paths
  fixtures/    small files of many formats, a few songs, and some files that are no audio

Each program works in a folder of its own, WORK/answers/old and WORK/answers/new, and is given the same arguments there.
What it says is kept as rows, a JSON line each, in PART.jsonl. OLD's rows are kept for the next time, and OLD is not asked
again; NEW is asked again unless --resume is given. Rows are compared as text, to the last digit of a number.

Each line of the report is one part: rows that are the same, rows that differ, rows that only one program has. The first
rows that differ are shown. Exit status 1 if anything differs.

--self-test checks this script: it changes one row of each kept part, drops one and adds one, and changes single values in a
copy of an index; each change must be reported, and nothing else.
"""

import argparse
import collections
import copy
import dataclasses
import fcntl
import hashlib
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial

BATCH = 100  # clips a process
SHOWN = 5  # differing rows that are shown of a part
ANALYZED = 30  # tracks for analyze and fingerprint
NO_AUDIO = "no audio.mp3"

Row = tuple[str, str]  # what was asked, what was said


@dataclasses.dataclass(frozen=True)
class Work:
    """What the programs are asked."""

    root: pathlib.Path

    def seeds(self) -> list[str]:
        """Names of the sets of clips."""
        return sorted(p.parent.name for p in self.root.glob("*/library.txt"))

    def library(self, seed: str) -> list[str]:
        """Paths of the tracks to index."""
        return (self.root / seed / "library.txt").read_text().splitlines()

    def outside(self, seed: str) -> list[str]:
        """Tracks of the corpus that are not in the library of `seed`."""
        return sorted(set(self.tracks()) - set(self.library(seed)))

    def truth(self, seed: str) -> list[dict]:
        """The rows of truth.json, in order; the set must be complete."""
        note = self.root / seed / "truth.json"
        if not note.exists():
            sys.exit(f"{note} is missing: make_queries.py has not finished")
        return json.loads(note.read_text())

    def clips(self, seed: str) -> list[str]:
        """Paths of the clips."""
        return [str(self.root / seed / row["q"]) for row in self.truth(seed)]

    def tracks(self) -> list[str]:
        """Every track of the corpus."""
        manifest = json.loads((self.root / "TEST/manifest.json").read_text())
        return [str((self.root / "TEST" / row["path"]).resolve()) for row in manifest]

    def nonmusic(self) -> list[str]:
        """Sounds that are no music."""
        return sorted(map(str, (self.root / "nonmusic").glob("*.wav")))

    def fixtures(self) -> list[str]:
        """Small files of many formats, copied here so that both programs read the same bytes."""
        return sorted(str(p) for p in (self.root / "fixtures").rglob("*") if p.is_file())


# ---- what a program says -------------------------------------------------------------------------------


@dataclasses.dataclass
class Side:
    """A program and the folder that it works in."""

    program: pathlib.Path
    folder: pathlib.Path

    def run(self, *arguments: object) -> subprocess.CompletedProcess[bytes]:
        """Run a command of the program in its folder, always in the same environment."""
        variables = {k: v for k, v in os.environ.items() if not k.startswith(("REFRAIN", "RAYON", "RUST"))}
        # A program is always called by the same name, because help and messages contain it.
        command = ["refrain", *map(str, arguments)]
        return subprocess.run(
            command,
            executable=self.program,
            cwd=self.folder,
            env=variables | {"LC_ALL": "C.UTF-8", "HOME": str(self.folder), "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )

    def make(self, *arguments: object) -> None:
        """Run a command that must succeed."""
        done = self.run(*arguments)
        if done.returncode != 0:
            sys.exit(f"{self.program} {' '.join(map(str, arguments))[:300]}: exit {done.returncode}\n{said(done)[1][-2000:]}")

    def index(self, name: str, files: list[str], threads: int = 1) -> pathlib.Path:
        """Build an index from nothing."""
        for rest in self.folder.glob(name + "*"):
            rest.unlink()
        self.make("index", "build", "--quiet", "--threads", threads, "--db", name, *files)
        return self.folder / name


def without_times(text: str) -> str:
    """A summary without how long it took."""
    return re.sub(r" in [\d.]+ (ms|s|min)\b[^,)]*, [\d,.]+ x", " in TIME, SPEED x", text)


def said(done: subprocess.CompletedProcess[bytes]) -> tuple[str, str]:
    """Both streams as text."""
    return done.stdout.decode(errors="backslashreplace"), done.stderr.decode(errors="backslashreplace")


def whole(key: str, side: Side, *arguments: object) -> Iterator[Row]:
    """Everything that a command says, as one row."""
    done = side.run(*arguments)
    out, err = said(done)
    yield key, json.dumps({"exit": done.returncode, "out": out, "err": without_times(err)})


def documents(key: str, side: Side, items: list[str], name: str, *arguments: object, batch: int = BATCH) -> Iterator[Row]:
    """One row for each line of JSON that a command prints of `items`; `name` is the member that says which it is of."""
    for start in range(0, len(items), batch):
        part = items[start : start + batch]
        done = side.run(*arguments, *part)
        out, err = said(done)
        seen: collections.Counter[str] = collections.Counter()
        order = []
        for line in out.splitlines():
            item = json.loads(line)[name]
            seen[item] += 1
            order.append(item)
            yield f"{key} {item}" + (f" ({seen[item]})" if seen[item] > 1 else ""), line
        yield f"{key} {start}+{len(part)} exit, order, messages", json.dumps([done.returncode, order == part, err])


def table_rows(db: pathlib.Path) -> Iterator[Row]:
    """Every row of every table, by its primary key; blobs as length and hash. Views and definitions too."""
    connection = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    connection.text_factory = lambda raw: raw.decode(errors="surrogateescape")
    try:
        for pragma in ("application_id", "user_version", "page_size", "encoding", "integrity_check"):
            yield f"pragma {pragma}", json.dumps(connection.execute(f"PRAGMA {pragma}").fetchall())
        schema = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name").fetchall()
        for row in schema:
            yield f"schema {row[0]} {row[1]}", json.dumps(row)
        for table in [row[1] for row in schema if row[0] == "table"]:
            columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
            keys = [c[1] for c in sorted(columns, key=lambda c: c[5]) if c[5]]
            order = ", ".join(f'"{k}"' for k in keys) or "rowid"
            at = [next(i for i, c in enumerate(columns) if c[1] == k) for k in keys]
            for number, row in enumerate(connection.execute(f'SELECT * FROM "{table}" ORDER BY {order}')):
                cells = [cell(value) for value in row]
                yield f"{table} {json.dumps([cells[i] for i in at] or number)}", json.dumps(cells)
    finally:
        connection.close()


def cell(value: object) -> object:
    """A value without loss: type and bits."""
    if isinstance(value, bytes):
        return f"blob {len(value)} {hashlib.sha256(value).hexdigest()}"
    if isinstance(value, float):
        return f"real {value.hex()}"
    if isinstance(value, str):
        return f"text {value!r}"
    return value


def files_in(folder: pathlib.Path) -> list[list[object]]:
    """Name, length and hash of every file."""
    found = sorted(p for p in folder.rglob("*") if p.is_file())
    return [[str(p.relative_to(folder)), p.stat().st_size, hashlib.sha256(p.read_bytes()).hexdigest()] for p in found]


# ---- the parts -----------------------------------------------------------------------------------------


def tables(side: Side, work: Work, seed: str) -> Iterator[Row]:
    """The index of each library, built by one thread and by two."""
    for threads in (1, 2):
        name = f"{seed}.refrain" if threads == 1 else f"{seed}-two.refrain"
        db = side.index(name, work.library(seed), threads)
        for key, row in table_rows(db):
            yield f"{seed} threads={threads} {key}", row


def formats(side: Side, work: Work) -> Iterator[Row]:
    """An index of small files in many formats and of things that are no audio."""
    if files := work.fixtures():
        db = side.index("formats.refrain", [str(work.root / "fixtures")])
        for key, row in table_rows(db):
            yield f"formats {key}", row
        yield from whole("formats errors", side, "index", "errors", "--db", "formats.refrain", "--json")
        for algorithm in (1, 2, 4, 5):
            for file in files:
                yield from whole(f"fingerprint -a {algorithm} {file}", side, "fingerprint", "-raw", "-a", algorithm, file)
        yield from documents("analyze", side, files, "path", "analyze", "--json", "--quiet", "--threads", 1)


def life(side: Side, work: Work) -> Iterator[Row]:
    """Tables after each step of what happens to an index: build, remove, add, merge, relocate, prune, rebuild, compact."""
    first, *others = work.seeds()
    # Not in the program's own folder: an index has whole paths, which must be the same.
    library, music = work.library(first), work.root / "music"
    shutil.rmtree(music, ignore_errors=True)
    (music / "sub").mkdir(parents=True)
    for number, path in enumerate(library[:8]):
        target = music / ("sub" if number % 2 else ".") / pathlib.Path(path).name
        shutil.copy2(path, target)
    (music / NO_AUDIO).write_bytes(b"ID3 this is no audio" * 50)
    stamped(music)
    other = side.index("other.refrain", work.library(others[0])[:20]) if others else side.index("other.refrain", library[40:])
    db = side.index("life.refrain", [str(music), *library[8:30]])

    def step(name: str, *command: object) -> Iterator[Row]:
        if command:
            yield from whole(f"life {name} says", side, *command, "--db", db.name)
        for key, row in table_rows(db):
            yield f"life {name} {key}", row

    names = sorted(p.name for p in music.iterdir() if p.suffix == ".ogg")
    yield from step("build")
    yield from step("remove", "index", "remove", *library[10:14], music / names[0])
    yield from step("add", "index", "build", "--verbose", "--threads", 1, *library[8:34])
    shutil.copy2(music / names[0], music / "a copy.ogg")
    (music / names[1]).rename(music / "sub" / "moved.ogg")
    (music / names[2]).unlink()
    shutil.copy2(library[36], music / "sub" / "new.ogg")
    shutil.copy2(library[37], music / NO_AUDIO)
    stamped(music)
    yield from step("update", "index", "update", "--verbose", "--threads", 2)
    yield from step("errors", "index", "errors", "--retry", "--json", "--threads", 1)
    yield from step("relocate", "index", "relocate", music / "sub", music / "elsewhere")
    (music / "sub").rename(music / "elsewhere")
    yield from step("update again", "index", "update", "--verbose", "--threads", 1)
    yield from step("prune", "index", "prune")
    yield from step("merge", "index", "merge", other.name)
    yield from step("rebuild", "index", "rebuild")
    yield from step("compact", "index", "compact")


def stamped(folder: pathlib.Path) -> None:
    """Give every file the same date, because an index records it."""
    for path in folder.rglob("*"):
        os.utime(path, ns=(10**18, 10**18))


def words(side: Side, work: Work, seed: str) -> Iterator[Row]:
    """What the commands that read an index print."""
    db = ["--db", f"{seed}.refrain"]
    some = pathlib.Path(work.library(seed)[0])
    for command in (
        ["info"],
        ["info", "--json"],
        ["info", "--failures"],
        ["list"],
        ["list", "--json"],
        ["list", "--csv"],
        ["list", "--m3u"],
        ["list", some.parent],
        ["list", 3],
        ["list", "*s*"],
        ["errors"],
        ["verify"],
        ["verify", "--json"],
        ["export"],
        ["remove", "--dry-run", some],
        ["prune", "--dry-run"],
    ):
        yield from whole(f"{seed} index {' '.join(map(str, command))}", side, "index", *command, *db)


def query(side: Side, key: str, db: str, clips: list[str], *options: object, batch: int = BATCH) -> Iterator[Row]:
    """Answers as JSON, a row each."""
    yield from documents(key, side, clips, "query", "query", "--json", "--db", db, *options, batch=batch)


def plain(side: Side, work: Work, seed: str) -> Iterator[Row]:
    """All clips of all sets."""
    yield from query(side, f"{seed} plain", f"{seed}.refrain", work.clips(seed), "-j1")


def explained(side: Side, work: Work, seed: str) -> Iterator[Row]:
    """Clips with every place that was looked at, by options: a twelfth of the clips each, other ones each time."""
    modes: dict[str, list[object]] = {
        "explain": ["--explain", "-j2"],
        "exact": ["--explain", "--exact", "-j1"],
        "fast": ["--explain", "--fast", "-j1"],
        "narrow": ["--explain", "--pitch", 2, "--tempo", 1.1, "--min-score", 0.5, "--top", 3, "-j1"],
    }
    for number, (mode, options) in enumerate(modes.items()):
        yield from query(side, f"{seed} {mode}", f"{seed}.refrain", work.clips(seed)[number::12], *options)


def printed(side: Side, work: Work, seed: str) -> Iterator[Row]:
    """Answers for people, as a table and as a playlist."""
    clips = work.clips(seed)[7::40]
    for form in ([], ["--explain"], ["--csv"], ["--csv", "--explain"], ["--m3u"]):
        for start in range(0, len(clips), 10):
            key = f"{seed} {' '.join(form)} {start}"
            yield from whole(key, side, "query", "--db", f"{seed}.refrain", "-j2", *form, *clips[start : start + 10])


def nonmusic(side: Side, work: Work, seed: str) -> Iterator[Row]:
    """Sounds that are no music, asked of every index."""
    yield from query(side, f"{seed} nonmusic", f"{seed}.refrain", work.nonmusic(), "--explain", "-j1")
    yield from query(side, f"{seed} nonmusic exact", f"{seed}.refrain", work.nonmusic()[::4], "--explain", "--exact", "-j1")


def long(side: Side, work: Work, seed: str) -> Iterator[Row]:
    """Queries of minutes: whole tracks, tracks in another speed, several tracks one after the other."""
    asked = work.library(seed)[::10] + work.outside(seed)[::5] + mixes(work, seed)
    yield from query(side, f"{seed} long", f"{seed}.refrain", asked, "--explain", "-j1", batch=10)


def mixes(work: Work, seed: str) -> list[str]:
    """Long recordings made of the library of a seed and of tracks outside of it."""
    folder = work.root / "long"
    folder.mkdir(exist_ok=True)
    inside, outside = work.library(seed), work.outside(seed)
    made = []
    for number in range(3):
        three = [inside[5 + number], outside[number], inside[25 + number]]
        target = folder / f"{seed}-medley-{number}.wav"
        inputs = [option for path in three for option in ("-t", "45", "-i", path)]
        pieces = "".join(f"[{i}:a]aresample=22050,aformat=channel_layouts=mono[a{i}];" for i in range(3))
        joined = pieces + "".join(f"[a{i}]" for i in range(3)) + "concat=n=3:v=0:a=1"
        made.append(ffmpeg(target, *inputs, "-filter_complex", joined))
    for name, chain in (
        ("faster", "atempo=1.07"),
        ("higher", "asetrate=46720,aresample=22050"),
        ("noisy", "aresample=22050,acrusher=bits=5:mix=0.6"),
    ):
        made.append(ffmpeg(folder / f"{seed}-{name}.wav", "-t", "100", "-i", inside[40], "-af", chain, "-ac", "1", "-ar", "22050"))
    return made


def ffmpeg(target: pathlib.Path, *arguments: object) -> str:
    """Make a file unless it is there."""
    if not target.exists():
        part = target.with_name("part-" + target.name)
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments), str(part)], check=True)
        part.rename(target)
    return str(target)


def large(side: Side, work: Work) -> Iterator[Row]:
    """Clips and sounds asked of large.refrain, where the neighbour index is used."""
    name, seed = str(work.root / "large.refrain"), work.seeds()[0]
    clips = work.clips(seed)
    yield from query(side, "large plain", name, clips[3::16], "-j1")
    yield from query(side, "large explain", name, clips[5::68], "--explain", "-j2")
    yield from query(side, "large fast", name, clips[9::68], "--explain", "--fast", "-j1")
    yield from query(side, "large exact", name, clips[11::400], "--explain", "--exact", "-j1")
    yield from query(side, "large nonmusic", name, work.nonmusic()[::2], "--explain", "-j1")
    yield from query(side, "large long", name, mixes(work, seed)[::2], "--explain", "-j1")


def medium(side: Side, work: Work) -> Iterator[Row]:
    """Tables of medium.refrain and answers from it, after each step of what happens to a neighbour index.

    `more` is enough to go into the lists at once, and what is removed then is more than a fifth.
    """
    seed = work.seeds()[0]
    db = side.folder / "medium.refrain"
    shutil.copyfile(work.root / "medium.refrain", db)
    library, outside = work.library(seed), work.outside(seed)
    for name, *command in (
        ["add", "build", "--quiet", "--threads", 1, *outside],
        ["merge", "merge", work.root / "more.refrain"],
        ["remove", "remove", "/grown/000", *library[:20], outside[0]],
        ["rebuild", "rebuild"],
        ["compact", "compact"],
    ):
        yield from whole(f"medium {name} says", side, "index", *command, "--db", db.name)
        for key, row in table_rows(db):
            yield f"medium {name} {key}", row
        yield from query(side, f"medium {name}", db.name, work.clips(seed)[13::170], "--explain", "-j1")
    yield from whole("medium verify", side, "index", "verify", "--json", "--db", db.name)


def chosen(work: Work) -> list[str]:
    """The tracks for analyze and fingerprint: spread over the corpus."""
    tracks = work.tracks()
    return tracks[:: max(1, len(tracks) // ANALYZED)][:ANALYZED]


def analyze(side: Side, work: Work) -> Iterator[Row]:
    """Key, tuning, pitch and chroma of tracks; all outputs of a few short files."""
    tracks = chosen(work)
    yield from documents("json", side, tracks, "path", "analyze", "--json", "--quiet", "--threads", 1, batch=10)
    yield from documents("json, two threads", side, tracks[:6], "path", "analyze", "--json", "--quiet", "--threads", 2)
    for track in tracks:
        yield from whole(f"csv {track}", side, "analyze", "--csv", "--quiet", "--threads", 2, track)
    yield from whole("for people", side, "analyze", "--quiet", "--threads", 1, *tracks[:3])
    for clip in [path for path in work.fixtures() if "/songs/" in path][::2]:
        out = side.folder / "outputs"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        for kind, name in (
            ("frames", "frames.npz"),
            ("harmonic", "harmonic.wav"),
            ("percussive", "percussive.wav"),
            ("plot", "plot.svg"),
            ("plot", "plot.png"),
        ):
            side.make("analyze", "--quiet", f"--{kind}", out / name, clip)
        for name, *rest in files_in(out):
            yield f"{name} {clip}", json.dumps(rest)


def fingerprint(side: Side, work: Work) -> Iterator[Row]:
    """AcoustID's fingerprints."""
    for track in chosen(work):
        for options in ([], ["-raw", "-length", 0], ["-json", "-chunk", 20, "-overlap", "-length", 70], ["-plain", "-a", 4, "-length", 30]):
            yield from whole(f"{' '.join(map(str, options))} {track}", side, "fingerprint", *options, track)


# Of each set of clips.
OF_SEED: dict[str, Callable[[Side, Work, str], Iterator[Row]]] = {
    "tables": tables,
    "words": words,
    "plain": plain,
    "explained": explained,
    "printed": printed,
    "nonmusic": nonmusic,
    "long": long,
}
OTHERS: dict[str, Callable[[Side, Work], Iterator[Row]]] = {
    "life": life,
    "formats": formats,
    "analyze": analyze,
    "fingerprint": fingerprint,
    "large": large,
    "medium": medium,
}


def parts_of(work: Work) -> dict[str, Callable[[Side], Iterator[Row]]]:
    """All parts by name; those of a set of clips have its name with them."""
    of_seeds = {f"{name}-{seed}": partial(part, work=work, seed=seed) for seed in work.seeds() for name, part in OF_SEED.items()}
    return of_seeds | {name: partial(part, work=work) for name, part in OTHERS.items()}


# ---- keeping and comparing -----------------------------------------------------------------------------


def ask(side: Side, parts: dict[str, Callable[[Side], Iterator[Row]]], keep: bool) -> None:
    """Write the rows of each part, unless they are there and `keep` says to leave them."""
    side.folder.mkdir(parents=True, exist_ok=True)
    note = side.folder / "program.txt"
    program = hashlib.sha256(side.program.read_bytes()).hexdigest()
    if keep and note.exists() and note.read_text() != program:
        sys.exit(f"{side.folder} has the answers of another program than {side.program}; remove the folder first")
    if note.exists() and note.read_text() != program:
        for stale in side.folder.glob("*.jsonl"):
            stale.unlink()
    note.write_text(program)
    for name, part in parts.items():
        target = side.folder / f"{name}.jsonl"
        if keep and target.exists():
            continue
        print(f"{side.folder.name}: {name}", file=sys.stderr, flush=True)
        unfinished = target.with_suffix(".part")
        with unfinished.open("w") as out:
            for row in part(side):
                out.write(json.dumps(row) + "\n")
                out.flush()
        unfinished.rename(target)


def rows_of(path: pathlib.Path) -> dict[str, str]:
    """The rows of a part by what was asked; a key that comes twice is an error of this script."""
    rows: dict[str, str] = {}
    with path.open() as lines:
        for line in lines:
            key, row = json.loads(line)
            if key in rows:
                sys.exit(f"{path}: {key} is there twice")
            rows[key] = row
    return rows


@dataclasses.dataclass
class Difference:
    """What two sets of rows have in common, and what not."""

    same: int
    changed: list[str]
    only_old: list[str]
    only_new: list[str]

    def any(self) -> bool:
        return bool(self.changed or self.only_old or self.only_new)


def compare(old: dict[str, str], new: dict[str, str]) -> Difference:
    """Rows compared as text."""
    changed = [key for key, row in old.items() if key in new and new[key] != row]
    only_old = [key for key in old if key not in new]
    only_new = [key for key in new if key not in old]
    return Difference(len(old) - len(changed) - len(only_old), changed, only_old, only_new)


def where(old: object, new: object, path: str = "") -> Iterator[str]:
    """The places at which two JSON values differ, with both values."""
    if isinstance(old, str) and isinstance(new, str) and old[:1] in "[{" and new[:1] in "[{":
        try:
            old, new = json.loads(old), json.loads(new)
        except ValueError:
            pass
    if isinstance(old, dict) and isinstance(new, dict):
        if list(old) != list(new) and sorted(old) == sorted(new):
            yield f"{path}: the members come in another order"
        for key in [*old, *(k for k in new if k not in old)]:
            yield from where(old.get(key, "(none)"), new.get(key, "(none)"), f"{path}.{key}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (a, b) in enumerate(zip(old, new)):
            yield from where(a, b, f"{path}[{number}]")
    elif old != new:
        yield f"{path}: {around(repr(old), repr(new))}"


def around(old: str, new: str) -> str:
    """Two texts where they first differ."""
    at = next((i for i, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
    start = max(0, at - 60)
    return f"{old[start : at + 60]} -> {new[start : at + 60]}"


def show(old: dict[str, str], new: dict[str, str], difference: Difference) -> None:
    """The first rows of each kind of difference."""
    for key in difference.changed[:SHOWN]:
        print(f"  differs: {key}")
        places = list(where(old[key], new[key])) or [f"same values, other text: {around(old[key], new[key])}"]
        for place in places[:SHOWN]:
            print(f"    {place}")
    for name, keys in (("old", difference.only_old), ("new", difference.only_new)):
        for key in keys[:SHOWN]:
            print(f"  only {name}: {key}")


def report(answers: pathlib.Path, parts: Iterable[str]) -> bool:
    """Print the comparison of every part; whether all is the same."""
    print("| part | same | differ | only old | only new |\n|---|---|---|---|---|")
    found = []
    for part in parts:
        old, new = (rows_of(answers / side / f"{part}.jsonl") for side in ("old", "new"))
        d = compare(old, new)
        print(f"| {part} | {d.same:,} | {len(d.changed):,} | {len(d.only_old):,} | {len(d.only_new):,} |")
        if d.any() or not old:
            found.append((part, old, new, d))
    for part, old, new, d in found:
        print(f"\n{part}:" + ("" if old else " no rows at all"))
        show(old, new, d)
    return not found


# ---- the script itself ---------------------------------------------------------------------------------


def self_test(answers: pathlib.Path) -> None:
    """Change what was kept, and see that exactly the change is reported."""
    kept = sorted((answers / "old").glob("*.jsonl"))
    if not kept:
        sys.exit(f"{answers}/old: no answers are kept")
    for path in kept:
        rows = rows_of(path)
        if compare(rows, copy.copy(rows)).any():
            sys.exit(f"{path}: differs from itself")
        keys = list(rows)
        touched = {keys[0], keys[len(keys) // 2], keys[-1]}
        for key in touched:
            digit = next((i for i in range(len(rows[key]) - 1, -1, -1) if rows[key][i].isdigit()), None)
            if digit is None:
                changed = rows[key] + " "
            else:
                changed = rows[key][:digit] + str(9 - int(rows[key][digit])) + rows[key][digit + 1 :]
            d = compare(rows, rows | {key: changed})
            if (d.changed, d.only_old, d.only_new, d.same) != ([key], [], [], len(rows) - 1):
                sys.exit(f"{path}: a changed digit in {key} is not reported")
            less = {k: v for k, v in rows.items() if k != key}
            if compare(rows, less).only_old != [key] or compare(less, rows).only_new != [key]:
                sys.exit(f"{path}: a dropped row {key} is not reported")
    print(f"{len(kept)} parts: changed, dropped and added rows are reported")
    db = next((answers / "old").glob("seed*.refrain"))
    before = dict(table_rows(db))
    changes = {
        "track": "UPDATE track SET duration = duration + 1e-12 WHERE id = 5",
        "file": "UPDATE file SET mtime_ns = mtime_ns + 1 WHERE track = 7",
        "frame_block": "UPDATE frame_block SET data = CAST(substr(data, 1, length(data) - 1) || x'5A' AS BLOB) WHERE id = (SELECT max(id) FROM frame_block)",
        "window_block": "DELETE FROM window_block WHERE id = (SELECT min(id) FROM window_block)",
        "meta": "UPDATE meta SET value = CAST(value AS TEXT) WHERE key = 'window_hop'",
        "sqlite_sequence": "UPDATE sqlite_sequence SET seq = seq + 1",
        "schema": "DROP VIEW files",
    }
    for table, statement in changes.items():
        with tempfile.TemporaryDirectory() as folder:
            changed = pathlib.Path(folder) / "changed.refrain"
            shutil.copyfile(db, changed)
            connection = sqlite3.connect(changed)
            connection.execute(statement)
            connection.commit()
            connection.close()
            d = compare(before, dict(table_rows(changed)))
            touched = d.changed + d.only_old + d.only_new
            if len(touched) != 1 or not touched[0].startswith(table):
                sys.exit(f"{statement}: reported as {touched}")
    print(f"{db.name}: {len(changes)} changes of single values are reported")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("old", type=pathlib.Path, nargs="?")
    p.add_argument("new", type=pathlib.Path, nargs="?")
    p.add_argument("work", type=pathlib.Path)
    p.add_argument("--only", default="", help="parts whose name begins so, separated by commas; most need the indexes of tables")
    p.add_argument("--resume", action="store_true", help="keep the parts that NEW has answered completely")
    p.add_argument("--ask", choices=["old", "new", "both", "none"], default="both", help="which program is asked")
    p.add_argument("--list", action="store_true", help="list the parts and do nothing")
    p.add_argument("--self-test", action="store_true", help="check this script on the rows that are kept")
    a = p.parse_args()
    if a.list:
        for name, part in (OF_SEED | OTHERS).items():
            print(f"{name}: {part.__doc__}")
        return
    answers = a.work.resolve() / "answers"
    if a.self_test:
        self_test(answers)
        return
    if a.old is None or a.new is None:
        p.error("OLD, NEW and WORK are needed")
    parts = parts_of(Work(a.work.resolve()))
    parts = {name: part for name, part in parts.items() if name.startswith(tuple(a.only.split(",")))}
    if not parts:
        p.error(f"--only {a.only}: no such part")
    answers.mkdir(exist_ok=True)
    lock = (answers / "lock").open("w")
    try:
        # Some parts make files in WORK, which two runs at a time would change under each other.
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"another run uses {answers}")
    if a.ask in ("old", "both"):
        ask(Side(a.old.resolve(), answers / "old"), parts, keep=True)
    if a.ask in ("new", "both"):
        ask(Side(a.new.resolve(), answers / "new"), parts, keep=a.resume)
    if a.ask in ("both", "none"):
        sys.exit(0 if report(answers, parts) else 1)


if __name__ == "__main__":
    main()
