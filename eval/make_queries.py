#!/usr/bin/env python3
"""Cut clips out of music, distort them, and write down the truth about each.

usage: make_queries.py MUSIC OUT [--n 24] [--seed 1] [--lib-out 15|25%] [--neg N] [--noise DIR|FILE.json]
                       [--voices V,V,...] [--text "..."] [--jobs 2]

MUSIC is a corpus folder (with manifest.json), a manifest, or any folder of music files.
Some tracks (--lib-out, a number or a share) are kept out of the library. Clips cut from them are the
negatives: a match for one of those is a false positive, whatever distortion it went through.

OUT gets
  library.txt   absolute paths of the tracks to index, one a line
  *.wav         the clips: mono, 16 bit, 44.1 kHz, named pos|neg_NUMBER_DISTORTION_SECONDSs.wav
  truth.json    a row a clip: q (file name), track and path (null for a negative), off (start in the track,
                seconds), dist, len (nominal seconds), tempo (speed of the clip over that of the track), kin
                (paths in the library with another version of the recording, by the corpus' versions.json)
  about.json    what the set was made from
truth.json appears last, so its presence says that the set is complete. A run that was interrupted can be
repeated; clips that exist are kept. The same arguments give the same clips.

Noise comes from --noise, else from the corpus' noise.json, else it is synthesised.
Needs ffmpeg, sox, rubberband, espeak-ng, numpy and soundfile.
"""

import argparse
import dataclasses
import json
import pathlib
import random
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import soundfile as sf

from corpus import AUDIO, duration

RATE = 44_100
ALL_LENGTHS, LONG_LENGTHS = (1, 2, 3, 5, 10), (5, 10)
SHORT_CLIPS_TOO = {"clean", "mp3_48k", "ambient_5dB", "ambient_0dB"}
FOR_NEGATIVES = {
    "clean",
    "mp3_48k",
    "gsm_8k",
    "ambient_0dB",
    "babble_0dB",
    "tempo_0.9",
    "pitch_+2",
    "speed_1.04",
}
VOICES = "en-gb+m1,en-us+f2,de+m3,fr+f4,es+m7,it+f3,pt+m5,nl+f1"
TEXT = (
    "the quick brown fox jumps over a lazy dog while people at the crowded bar talk about music films "
    "weather trains and what to drink next on this long warm evening in town"
)


@dataclasses.dataclass(frozen=True)
class Track:
    """A music file: name in reports, absolute path, seconds."""

    id: str
    path: pathlib.Path
    dur: float


@dataclasses.dataclass
class Noise:
    """Background sounds at RATE: places and machines, single talkers, and rooms full of them."""

    ambient: list[np.ndarray]
    speech: list[np.ndarray]
    babble: list[np.ndarray]


@dataclasses.dataclass(frozen=True)
class Clip:
    """One clip to make: `seconds` of source from `start`, put through `distortion` under `seed`."""

    name: str
    source: pathlib.Path
    start: float
    seconds: float
    distortion: Callable
    seed: int


# ---- reading and the outside tools -------------------------------------------------------------------


def run(*command: str) -> None:
    """Run a tool quietly; its failure is an error."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def decode(path: pathlib.Path, start: float, seconds: float) -> np.ndarray:
    """`seconds` of a file from `start`, mono float32 at RATE."""
    span = ["-ss", str(start), "-t", str(seconds), "-i", str(path)]
    output = ["-f", "f32le", "-ac", "1", "-ar", str(RATE), "-"]
    done = subprocess.run(["ffmpeg", "-v", "error", *span, *output], capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.float32).copy()


def through_files(x: np.ndarray, gain: float, process: Callable[[str, str], None]) -> np.ndarray:
    """Hand `x` to `process(input.wav, output.wav)` with headroom `gain` and read back what it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = f"{folder}/before.wav", f"{folder}/after.wav"
        sf.write(before, np.clip(x * gain, -1, 1), RATE, subtype="PCM_16")
        process(before, after)
        return sf.read(after, dtype="float32")[0] / gain


def sox(x: np.ndarray, *effects: str) -> np.ndarray:
    """A chain of SoX effects; no dither, which is random and would differ from run to run."""
    return through_files(x, 0.5, lambda a, b: run("sox", "-D", a, b, *effects))


def rubberband(x: np.ndarray, *options: str) -> np.ndarray:
    """Time stretching or pitch shifting with the finer engine of Rubber Band."""
    return through_files(x, 0.7, lambda a, b: run("rubberband", "-3", *options, a, b))


def codec(x: np.ndarray, extension: str, *options: str) -> np.ndarray:
    """Encode with ffmpeg's `options` and decode again."""

    def there_and_back(a: str, b: str) -> None:
        coded = f"{a}.{extension}"
        run("ffmpeg", "-y", "-i", a, *options, coded)
        run("ffmpeg", "-y", "-i", coded, "-ac", "1", "-ar", str(RATE), b)

    return through_files(x, 1.0, there_and_back)


# ---- noise -------------------------------------------------------------------------------------------


def rms(x: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(x**2))) if len(x) else 0.0


def mix(x: np.ndarray, noise: np.ndarray, snr: float) -> np.ndarray:
    """Add `noise`, repeated or cut to length, `snr` dB below the level of `x`."""
    noise = np.resize(noise, len(x))
    level = (np.sqrt(np.mean(x**2)) + 1e-9) / (np.sqrt(np.mean(noise**2)) + 1e-9)
    return x + noise * level * 10 ** (-snr / 20)


def pink(length: int, rng: np.random.Generator) -> np.ndarray:
    """Noise with equal power in every octave."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    spectrum /= np.maximum(1, np.arange(len(spectrum))) ** 0.5
    return np.fft.irfft(spectrum, length).astype(np.float32)


def noise_files(option: pathlib.Path | None, music: pathlib.Path) -> list[pathlib.Path]:
    """Files to take background sounds from; an empty list asks for synthetic ones."""
    folder = music if music.is_dir() else music.parent
    source = option or folder / "noise.json"
    if source.is_dir():
        return sorted(p for p in source.rglob("*") if p.suffix.lower() in AUDIO and p.is_file())
    if source.is_file():
        return [source.parent / p for p in json.loads(source.read_text())]
    if option:
        raise SystemExit(f"--noise {option}: neither a folder nor a list of files")
    return []


def synthetic_ambience() -> list[np.ndarray]:
    """Stand-ins for recorded places: wind, rain, hum and a ticking machine, from fixed seeds."""
    seconds, sounds = 20, []
    t = np.arange(seconds * RATE) / RATE
    for seed in range(8):
        rng = np.random.default_rng(1000 + seed)
        base = pink(len(t), rng)
        breaths = np.arange(0, seconds + 1, 0.7)
        gusts = np.interp(t, breaths, rng.uniform(0.2, 1, len(breaths)))
        ticks = np.zeros(len(t))
        ticks[rng.integers(0, len(t), 40 * (seed % 3) * seconds)] = rng.uniform(-8, 8)
        mains = sum(np.sin(2 * np.pi * 50 * k * t) / k for k in (1, 2, 3, 5))
        sounds.append((base / rms(base) * gusts + ticks + 0.3 * (seed % 2) * mains).astype(np.float32))
    return sounds


def ambient_sounds(files: list[pathlib.Path]) -> list[np.ndarray]:
    """The first 30 s of each file that is neither very short nor near silence."""
    sounds = [decode(path, 0, 30) for path in files]
    return [y for y in sounds if len(y) > RATE // 2 and rms(y) > 1e-3]


def talkers(voices: list[str], text: str) -> list[np.ndarray]:
    """20 s of each voice, reading the words of `text` in an order of its own."""
    words, spoken = text.split(), []
    for i, voice in enumerate(voices):
        order = random.Random(i)
        sentence = " ".join(order.choice(words) for _ in range(90))
        with tempfile.TemporaryDirectory() as folder:
            raw, out = f"{folder}/raw.wav", f"{folder}/out.wav"
            run("espeak-ng", "-v", voice, "-s", str(150 + 8 * i), "-w", raw, sentence)
            run("sox", "-D", raw, "-r", str(RATE), "-c", "1", out)
            spoken.append(np.resize(sf.read(out, dtype="float32")[0], RATE * 20))
    return spoken


def crowd(speech: list[np.ndarray], first: int, rng: np.random.Generator) -> np.ndarray:
    """Six talkers at once, each starting somewhere else."""
    shifted = (np.roll(speech[(first + k) % len(speech)], rng.integers(RATE * 20)) for k in range(6))
    return sum(shifted).astype(np.float32)


def make_noise(files: list[pathlib.Path], voices: list[str], text: str, rng: np.random.Generator) -> Noise:
    """Everything that the distortions may mix in."""
    ambient = ambient_sounds(files) or synthetic_ambience()
    speech = talkers(voices, text)
    return Noise(ambient, speech, [crowd(speech, i, rng) for i in range(6)])


def excerpt(sounds: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """One of the sounds, rotated by up to five seconds."""
    chosen = sounds[rng.integers(len(sounds))]
    return np.roll(chosen, rng.integers(RATE * 5))


# ---- distortions -------------------------------------------------------------------------------------


def in_a_room(x: np.ndarray, rng: np.random.Generator, noise: Noise) -> np.ndarray:
    """A phone that records loudspeakers in a room with something going on."""
    wet = sox(
        x, "reverb", "50", "50", "60", "highpass", "180", "lowpass", "7000", "equalizer", "900", "1q", "6"
    )
    return codec(mix(wet, noise.ambient[rng.integers(len(noise.ambient))], 6), "m4a", "-b:a", "48k")


def noisy(kind: str, snr: float) -> Callable:
    """Background of a kind at `snr` dB."""
    return lambda x, rng, noise: mix(x, excerpt(getattr(noise, kind), rng), snr)


def coded(*arguments: str) -> Callable:
    """A trip through a codec: extension, then encoder options."""
    return lambda x, rng, noise: codec(x, *arguments)


def effect(*arguments: str) -> Callable:
    """A SoX effect chain."""
    return lambda x, rng, noise: sox(x, *arguments)


def stretched(*arguments: str) -> Callable:
    """A Rubber Band operation."""
    return lambda x, rng, noise: rubberband(x, *arguments)


def distortions() -> dict[str, tuple[float, Callable]]:
    """Name -> (seconds of source per second of clip, function of samples, random generator and noise)."""
    table = {
        "clean": (1, lambda x, rng, noise: x),
        "mp3_48k": (1, coded("mp3", "-b:a", "48k")),
        "opus_16k": (1, coded("opus", "-b:a", "16k")),
        "gsm_8k": (1, coded("wav", "-ar", "8000", "-c:a", "gsm_ms")),
        "aac_32k": (1, coded("m4a", "-b:a", "32k")),
    }
    for kind in ("ambient", "babble"):
        table |= {f"{kind}_{snr}dB": (1, noisy(kind, snr)) for snr in (10, 5, 0, -5)}
    for snr in (5, 0):
        table[f"pink_{snr}dB"] = (1, lambda x, rng, noise, snr=snr: mix(x, pink(len(x), rng), snr))
    table |= {
        "speech_0dB": (1, noisy("speech", 0)),
        "phone": (1, effect("highpass", "300", "highpass", "300", "lowpass", "3400", "lowpass", "3400")),
        "reverb": (1, effect("reverb", "80", "50", "90")),
        "mic_room": (1, in_a_room),
        "overdrive": (1, effect("overdrive", "18", "10")),
        "compand": (1, effect("compand", "0.02,0.2", "6:-70,-60,-20", "-5")),
        "eq_bass": (1, effect("bass", "+14", "treble", "-10")),
        "flanger": (1, effect("flanger", "2", "5", "0", "90")),
        "chorus": (1, effect("chorus", "0.7", "0.9", "55", "0.4", "0.25", "2", "-t")),
        "echo": (1, effect("echo", "0.8", "0.7", "200", "0.6")),
        "tremolo": (1, effect("tremolo", "6", "80")),
    }
    table |= {f"tempo_{t}": (t, stretched("-T", str(t))) for t in (0.8, 0.9, 0.95, 1.05, 1.1, 1.2)}
    table |= {f"pitch_{s:+d}": (1, stretched("-p", str(s))) for s in (-3, -2, -1, 1, 2, 3)}
    table |= {f"speed_{v}": (v, effect("speed", str(v))) for v in (0.9, 0.96, 0.98, 1.02, 1.04, 1.1)}
    return table


# ---- the set -----------------------------------------------------------------------------------------


def load_tracks(music: pathlib.Path) -> list[Track]:
    """Tracks of a manifest, or the readable audio files of a folder that has none."""
    manifest = music / "manifest.json" if music.is_dir() else music
    if manifest.is_file():
        rows = json.loads(manifest.read_text())
        return [Track(r["id"], (manifest.parent / r["path"]).resolve(), r["dur"]) for r in rows]
    if not music.is_dir():
        raise SystemExit(f"{music}: no such folder or manifest")
    files = sorted(p for p in music.rglob("*") if p.suffix.lower() in AUDIO and p.is_file())
    tracks = [Track(str(p.relative_to(music)), p.resolve(), duration(p)) for p in files]
    return [t for t in tracks if t.dur >= 15]


def load_kin(music: pathlib.Path, library: list[Track] | None) -> dict[str, list[str]]:
    """Path -> paths that hold other versions of the same recording, in the library if one is named."""
    note = (music if music.is_dir() else music.parent) / "versions.json"
    if not note.exists():
        return {}
    indexed = None if library is None else {str(t.path) for t in library}
    groups = [[str((note.parent / p).resolve()) for p in group] for group in json.loads(note.read_text())]
    return {p: [q for q in group if q != p and (indexed is None or q in indexed)] for group in groups for p in group}


def count_out(option: str, total: int) -> int:
    """How many tracks stay out of the library: `option` is a number or a percentage."""
    count = round(total * float(option[:-1]) / 100) if option.endswith("%") else int(option)
    if not 0 < count < total:
        raise SystemExit(f"--lib-out {option}: of {total} tracks at least one has to stay in and one out")
    return count


def pick_start(track: Track, rng: np.random.Generator) -> float:
    """A place that leaves room for the longest clip and is not silent, if one turns up in 20 draws."""
    latest = track.dur - 20 if track.dur >= 40 else max(0.0, track.dur - 12)
    for _ in range(20):
        start = float(rng.uniform(min(3, latest), latest))
        if rms(decode(track.path, start, 10)) > 0.01:
            break
    return start


def plan(
    positives: list[Track], negatives: list[Track], kin: dict[str, list[str]], rng: np.random.Generator
) -> tuple[list[Clip], list[dict]]:
    """The clips to make and the truth about them."""
    clips, truth = [], []
    sources = [(t, False) for t in positives] + [(t, True) for t in negatives]
    for number, (track, negative) in enumerate(sources):
        start = pick_start(track, rng)
        for name, (tempo, function) in distortions().items():
            if negative and name not in FOR_NEGATIVES:
                continue
            for seconds in ALL_LENGTHS if name in SHORT_CLIPS_TOO else LONG_LENGTHS:
                q = f"{'neg' if negative else 'pos'}_{number:03d}_{name}_{seconds}s.wav"
                clips.append(
                    Clip(q, track.path, start, seconds * tempo, function, int(rng.integers(1 << 31)))
                )
                row = {
                    "q": q,
                    "track": None if negative else track.id,
                    "path": None if negative else str(track.path),
                }
                row |= {"off": start, "dist": name, "len": seconds, "tempo": tempo}
                truth.append(row | {"kin": kin.get(str(track.path), [])})
    return clips, truth


def render(clip: Clip, out: pathlib.Path, noise: Noise) -> None:
    """Make one clip unless it is there; peaks above full scale are scaled down, not cut."""
    target = out / clip.name
    if target.exists():
        return
    source = decode(clip.source, clip.start, clip.seconds)
    y = clip.distortion(source, np.random.default_rng(clip.seed), noise)
    peak = np.max(np.abs(y), initial=0) + 1e-9
    part = target.with_suffix(".part")
    sf.write(part, y * (0.98 / peak) if peak > 0.98 else y, RATE, subtype="PCM_16", format="WAV")
    part.rename(target)


def render_all(clips: list[Clip], out: pathlib.Path, noise: Noise, jobs: int) -> None:
    """Make every clip, `jobs` at a time."""
    with ThreadPoolExecutor(jobs) as pool:
        for done, _ in enumerate(pool.map(lambda c: render(c, out, noise), clips)):
            if done % 500 == 0:
                print(f"{done} of {len(clips)} clips", flush=True)


def make(args: argparse.Namespace) -> None:
    """Build the whole set as the arguments say."""
    rng = np.random.default_rng(args.seed)
    tracks = load_tracks(args.music)
    order = [tracks[i] for i in rng.permutation(len(tracks))]
    left_out = count_out(args.lib_out, len(tracks))
    outside, library = order[:left_out], order[left_out:]
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "library.txt").write_text("".join(f"{t.path}\n" for t in library))

    files = noise_files(args.noise, args.music)
    voices = args.voices.split(",")
    noise = make_noise(files, voices, args.text, rng)
    positives = [library[i] for i in rng.permutation(len(library))[: args.n]]
    count = args.n // 2 if args.neg is None else args.neg
    negatives = [outside[i % len(outside)] for i in range(count)]
    clips, truth = plan(positives, negatives, load_kin(args.music, library), rng)
    render_all(clips, args.out, noise, args.jobs)

    about = dict(
        tracks=len(tracks),
        library=len(library),
        library_seconds=sum(t.dur for t in library),
        positives=len(positives),
        negatives=len(negatives),
        seed=args.seed,
        voices=voices,
        noise=[p.name for p in files] or "synthetic",
    )
    (args.out / "about.json").write_text(json.dumps(about, indent=1))
    (args.out / "truth.part").write_text(json.dumps(truth, indent=0))
    (args.out / "truth.part").rename(args.out / "truth.json")
    print(f"{len(truth)} clips; {len(library)} tracks to index")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("music", type=pathlib.Path)
    p.add_argument("out", type=pathlib.Path)
    p.add_argument("--n", type=int, default=24, help="tracks to cut positive clips from")
    p.add_argument("--neg", type=int, help="tracks to cut negative clips from (default: half of --n)")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument(
        "--lib-out", default="15", help="tracks kept out of the library, a number or a share like 25%%"
    )
    p.add_argument("--noise", type=pathlib.Path, help="folder of sounds, or a JSON list of files")
    p.add_argument("--voices", default=VOICES, help="espeak-ng voices, separated by commas")
    p.add_argument("--text", default=TEXT, help="the words that they say")
    p.add_argument("--jobs", type=int, default=2)
    return p


if __name__ == "__main__":
    make(parser().parse_args())
