"""The folders of public data sets: which files are music, noise and room responses; and stand-ins of the same layout.

| name | what | layout below the folder |
|---|---|---|
| fma | Free Music Archive, fma_small to fma_full | 000/000002.mp3 |
| gtzan | GTZAN genres | genres/blues/blues.00000.wav, or genres_original/blues/… |
| jamendo | MTG-Jamendo, raw_30s or full audio | 00/7400.mp3 |
| nafp | the music of Neural Audio Fingerprint | music/test-query-db-500-30s/db/…, music/test-dummy-db-100k-full/… |
| MUSAN | noise | noise/free-sound/…, noise/sound-bible/… |
| RIRs | room responses, OpenSLR 28 | simulated_rirs/smallroom/Room001/…, real_rirs_isotropic_noises/… |
"""
import json
import os
from pathlib import Path

import numpy as np
import soundfile as sf

PATTERNS = {
    "fma": ("[0-9][0-9][0-9]/*.mp3",),
    "gtzan": ("genres/*/*.wav", "genres/*/*.au", "genres_original/*/*.wav", "*/*.au"),
    "jamendo": ("[0-9][0-9]/*.mp3",),
    "nafp": ("music/test-query-db-500-30s/db/**/*.wav", "music/test-dummy-db-100k-full/**/*.wav"),
}
NOISE = ("noise/*/*.wav",)
ROOMS = ("simulated_rirs/*/*/*.wav", "real_rirs_isotropic_noises/*.wav")
AUDIO = (".mp3", ".wav", ".au", ".ogg", ".opus", ".flac", ".m4a")


def files(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    """The files that fit, in a fixed order. A stand-in may have other endings than the set."""
    ends = [(p.rsplit(".", 1)[0] + ".*") for p in patterns]
    found = {p for pattern in ends for p in folder.glob(pattern) if p.suffix.lower() in AUDIO}
    if not found:
        raise SystemExit(f"no file in {folder} fits {' or '.join(patterns)}; is this the folder of the set?")
    return sorted(found)


def music(name: str, folder: Path) -> list[Path]:
    return files(folder, PATTERNS[name])


def rooms(folder: Path) -> list[Path]:
    """Room responses; the isotropic noises in the same folder are not responses."""
    return [p for p in files(folder, ROOMS) if "noise" not in p.name]


def place(name: str, n: int, ending: str) -> str:
    """Where the set has its track number `n`."""
    genres = "blues classical country disco hiphop jazz metal pop reggae rock".split()
    genre = genres[n % 10]
    return {
        "fma": f"{n // 1000:03}/{n:06}{ending}",
        "gtzan": f"genres/{genre}/{genre}.{n // 10:05}{ending}",
        "jamendo": f"{n % 100:02}/{n}{ending}",
        "nafp": f"music/test-query-db-500-30s/db/{n // 100:03}/{n:06}{ending}",
    }[name]


def stand_in(name: str, corpus: Path, folder: Path, noise: Path, room: Path) -> None:
    """Makes folders of the same layout: links to a corpus's tracks and sound effects, and made-up room responses."""

    def link(source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            os.symlink(source.resolve(), target)

    tracks = json.loads((corpus / "manifest.json").read_text())
    # A recording that is there at two tempi would count as a false alarm when one of them is found as the other.
    again = {path for group in json.loads((corpus / "versions.json").read_text()) for path in group[1:]}
    for n, track in enumerate(track for track in tracks if track["path"] not in again):
        source = corpus / track["path"]
        link(source, folder / place(name, n, source.suffix.lower()))
    for n, path in enumerate(json.loads((corpus / "noise.json").read_text())):
        source = corpus / path
        link(source, noise / "noise" / ("free-sound", "sound-bible")[n % 2] / f"noise-{n:04}{source.suffix}")
    rng = np.random.default_rng(1)
    for size, lowest, highest in (("smallroom", 0.2, 0.4), ("mediumroom", 0.4, 0.7), ("largeroom", 0.7, 1.2)):
        for n in range(1, 6):
            target = room / "simulated_rirs" / size / f"Room{n:03}" / f"Room{n:03}-00001.wav"
            target.parent.mkdir(parents=True, exist_ok=True)
            t = np.arange(int(16_000 * highest)) / 16_000
            # The direct sound, and reflections that fall by 60 dB in the reverberation time.
            response = 0.3 * rng.standard_normal(len(t)) * 10 ** (-3 * t / rng.uniform(lowest, highest))
            response[:40] = 0
            response[0] = 1
            sf.write(target, 0.5 * response, 16_000)
