"""What all kinds of scene share: music, rendering, asking refrain, ranges, tables."""

import dataclasses
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import soundfile as sf

from make_queries import RATE, Track, ambient_sounds, decode, load_kin, load_tracks, mix, noise_files, rms, run
from score import mean, quantile

FRAME = 8192  # samples of a library frame at RATE: 2048 at 11,025 Hz
LEVEL = 0.08  # root mean square that excerpts are brought to
BATCH = 200  # clips a process
VOICES = ("en-us+m2", "en-gb-scotland+f1", "de+f2", "fr+m4", "es+f3", "it+m6", "pt-br+f4", "nl+m1")
WORDS = (
    "now next hour station music evening morning traffic weather listen again coming later tonight friends "
    "record album singer guitar north road bridge market open until seven please call number winner welcome "
    "back stay with news sport table river garden summer winter little number eleven twenty around corner"
).split()


@dataclasses.dataclass
class Scene:
    """One run: the music, where files go, the program, and how much to make."""

    kind: str
    tracks: list[Track]
    music: list[pathlib.Path]
    folder: pathlib.Path
    seed: int
    quick: bool
    refrain: str
    db: pathlib.Path | None = None
    among: pathlib.Path | None = None
    top: int = 1000

    def rng(self, *more: object) -> np.random.Generator:
        """A generator of random numbers for this kind, seed and whatever else is named."""
        name = "/".join(map(str, (self.kind, *more)))
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    def size(self, full: int, quick: int) -> int:
        """How many of something to make."""
        return quick if self.quick else full

    def shuffled(self, least: float = 0.0) -> list[Track]:
        """Tracks of `least` seconds or more in an order of this seed, one of each group of versions."""
        order = [self.tracks[i] for i in self.rng("order").permutation(len(self.tracks))]
        taken, chosen = set(), []
        for track in order:
            path = str(track.path)
            if track.dur >= least and path not in taken:
                chosen.append(track)
                taken.update(self.kin.get(path, []))
        return chosen

    @property
    def kin(self) -> dict[str, list[str]]:
        """Path -> paths of other versions of the recording, also of those in a corpus that the library is grown from."""
        together = {}
        for music in self.music:
            together |= load_kin(music, None)
        return together

    def ambient(self) -> list[np.ndarray]:
        """Background sounds of the first corpus."""
        return ambient_sounds(noise_files(None, self.music[0]))


@dataclasses.dataclass
class Cost:
    """What child processes took, as the kernel counts it."""

    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_mib: float = 0.0

    def add(self, other: "Cost") -> None:
        self.cpu_s += other.cpu_s
        self.wall_s += other.wall_s
        self.peak_mib = max(self.peak_mib, other.peak_mib)


# ---- audio -------------------------------------------------------------------------------------------


def write(path: pathlib.Path, x: np.ndarray) -> pathlib.Path:
    """Samples as FLAC or WAV of 16 bits; peaks above full scale are scaled down, not cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    peak = np.max(np.abs(x), initial=0) + 1e-9
    sf.write(path, x * (0.98 / peak) if peak > 0.98 else x, RATE, subtype="PCM_16")
    return path


def encode(path: pathlib.Path, x: np.ndarray, *options: str) -> pathlib.Path:
    """Samples in the format of the file's name, by ffmpeg."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        plain = write(pathlib.Path(folder) / "plain.wav", x)
        run("ffmpeg", "-y", "-bitexact", "-i", str(plain), *options, "-bitexact", str(path))
    return path


def filtered(x: np.ndarray, filters: str) -> np.ndarray:
    """A chain of ffmpeg's audio filters; the length stays."""
    command = ["ffmpeg", "-v", "error", "-f", "f32le", "-ar", str(RATE), "-ac", "1", "-i", "-", "-af", filters]
    command += ["-f", "f32le", "-ar", str(RATE), "-ac", "1", "-"]
    done = subprocess.run(command, input=x.astype(np.float32).tobytes(), capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.float32).copy()


def levelled(x: np.ndarray) -> np.ndarray:
    """Samples at the common level."""
    return x * (LEVEL / max(rms(x), 1e-4))


def audible(x: np.ndarray) -> bool:
    """Whether no second of it is silent."""
    seconds = [x[i : i + RATE] for i in range(0, len(x), RATE)]
    return len(x) > 0 and min(rms(s) for s in seconds if len(s) > RATE // 4) > 0.003


def excerpt(track: Track, seconds: float, rng: np.random.Generator, first: float = 1.0) -> tuple[float, np.ndarray]:
    """An audible place of a track and its samples: the first of 30 draws, or the last one tried."""
    latest = max(first, track.dur - seconds - 2)
    for _ in range(30):
        start = round(float(rng.uniform(first, latest)), 3)
        x = decode(track.path, start, seconds)
        if audible(x) and len(x) >= int(seconds * RATE) - RATE // 10:
            break
    return start, x


def joined(a: np.ndarray, b: np.ndarray, fade: float) -> np.ndarray:
    """Two pieces one after the other; they overlap by `fade` seconds, in which one falls and the other rises."""
    n = int(fade * RATE)
    if n == 0:
        return np.concatenate([a, b])
    ramp = np.linspace(0, 1, n, dtype=np.float32)
    return np.concatenate([a[:-n], a[-n:] * np.sqrt(1 - ramp) + b[:n] * np.sqrt(ramp), b[n:]])


def speech(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """A voice that reads words in a random order."""
    voice = VOICES[rng.integers(len(VOICES))]
    text = " ".join(rng.choice(WORDS, int(seconds * 3.5) + 5))
    with tempfile.TemporaryDirectory() as folder:
        raw, out = f"{folder}/raw.wav", f"{folder}/out.wav"
        run("espeak-ng", "-v", voice, "-s", str(int(rng.integers(140, 190))), "-w", raw, text)
        run("sox", "-D", raw, "-r", str(RATE), "-c", "1", out)
        x = sf.read(out, dtype="float32")[0]
    return levelled(np.resize(x, int(seconds * RATE)))


def in_parallel(work: Callable, items: Iterable) -> list:
    """Results of `work` for each item, in order, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(work, items))


# ---- the program -------------------------------------------------------------------------------------


# A process of its own starts the command: memory that the kernel counts for a child begins with that of its parent.
STARTER = """
import json, os, subprocess, sys, time
begun = time.monotonic()
with open(sys.argv[1], "wb") as out, open(sys.argv[2], "wb") as err:
    child = subprocess.Popen(sys.argv[3:], stdout=out, stderr=err, stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
code = child.returncode = os.waitstatus_to_exitcode(status)
cpu = usage.ru_utime + usage.ru_stime
print(json.dumps([code, cpu, time.monotonic() - begun, usage.ru_maxrss / 1024]))
"""


def measured(command: list[str], out: pathlib.Path, expected: tuple[int, ...] = (0, 1)) -> Cost:
    """Run a command with standard output in a file; messages go to FILE.err."""
    err = out.with_suffix(".err")
    starter = [sys.executable, "-S", "-E", "-c", STARTER, str(out), str(err), *command]
    code, *cost = json.loads(subprocess.run(starter, capture_output=True, check=True).stdout)
    if code not in expected:
        print(f"{' '.join(command[:3])} ended with {code}: {err.read_text(errors='replace')[-1000:]}")
    return Cost(*cost)


def build(scene: Scene, db: pathlib.Path, files: Iterable[object]) -> Cost:
    """Add files to an index, which is made if it is not there."""
    names = db.with_suffix(".files")
    names.write_text("".join(f"{f}\n" for f in files))
    cost = Cost()
    paths = names.read_text().splitlines()
    for i in range(0, len(paths), 1000):
        command = [scene.refrain, "index", "build", "--quiet", "--db", str(db), *paths[i : i + 1000]]
        # 2: some files, such as silence, cannot be used.
        cost.add(measured(command, db.with_suffix(".build"), (0, 2)))
    return cost


def library_index(scene: Scene, library: list[str], temporary: pathlib.Path) -> pathlib.Path:
    """An index that holds the library: the one that was named, or a new one, or a copy of a larger one with it added."""
    if scene.db:
        return scene.db
    db = temporary / "library.refrain"
    if scene.among:
        shutil.copyfile(scene.among, db)
    build(scene, db, library)
    return db


def ask(
    scene: Scene, db: pathlib.Path, clips: list[pathlib.Path], *options: str, command: str = "query"
) -> tuple[list[dict], Cost]:
    """The documents that `refrain query --json` (or timeline) prints, in the order of the clips."""
    documents, cost = [], Cost()
    out = db.with_suffix(".answers")
    for i in range(0, len(clips), BATCH):
        some = [str(c) for c in clips[i : i + BATCH]]
        cost.add(measured([scene.refrain, command, "--json", "--db", str(db), *options, *some], out))
        lines = [json.loads(line) for line in out.read_text().splitlines() if line.strip()]
        by_name = {line.get("query", line.get("file")): line for line in lines}
        documents += [by_name.get(name, {"status": "error", "error": "no answer"}) for name in some]
    return documents, cost


def names(match: dict) -> list[str]:
    """Every path that a match or a play lists: its own, of the same content, of copies."""
    more = [*match.get("also_paths", []), *match.get("copies", [])]
    return [match["path"], *(m if isinstance(m, str) else m["path"] for m in more)]


def listed(answer: dict) -> list[str]:
    """Every path that an answer lists."""
    return [name for match in answer.get("matches", []) for name in names(match)]


# ---- figures -----------------------------------------------------------------------------------------


def outside(value: float, low: float, high: float) -> float:
    """How far a time is before (negative) or after an interval; 0 inside."""
    return min(value - low, 0.0) + max(value - high, 0.0)


def spread(values: Iterable[float], digits: int = 3) -> dict:
    """Median and 95th percentile of sizes."""
    sizes = [abs(v) for v in values]
    if not sizes:
        return {"n": 0, "median": None, "p95": None}
    return {"n": len(sizes), "median": round(quantile(sizes, 0.5), digits), "p95": round(quantile(sizes, 0.95), digits)}


def share(hits: int, total: int) -> float | None:
    """A ratio with four digits; None of nothing."""
    return round(hits / total, 4) if total else None


def of(hits: int, total: int) -> str:
    """"12 of 24"."""
    return f"{hits} of {total}"


__all__ = ["mean", "mix", "decode", "Track", "RATE"]  # what the kinds take from the other scripts by way of this one
