"""Where the project's fixtures are, and an index of its songs."""

from __future__ import annotations

import math
import random
import struct
import wave
from pathlib import Path
from typing import Callable

import pytest

import refrain

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def fixtures() -> Path:
    return ROOT / "fixtures"


@pytest.fixture(scope="session")
def songs(fixtures: Path) -> Path:
    return fixtures / "audio" / "songs"


@pytest.fixture(scope="session")
def clip(fixtures: Path) -> Path:
    """8 s of second-orbit.flac from 12 s on, at 16 kHz, one channel."""
    return fixtures / "audio" / "clips" / "clean.wav"


@pytest.fixture(scope="session")
def built(songs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the songs, which tests only read."""
    file = tmp_path_factory.mktemp("built") / "songs.refrain"
    with refrain.Index.open_or_create(file) as index:
        assert index.build(songs).added == 10
    return file


def melody(file: Path, seconds: int, seed: int, rate: int = 11_025) -> None:
    """Writes notes of a quarter of a second, at random."""
    notes = random.Random(seed)
    step = rate // 4
    with wave.open(str(file), "wb") as out:
        out.setparams((1, 2, rate, 0, "NONE", ""))
        for _ in range(4 * seconds):
            pitch = 2 * math.pi * 220 * 2 ** (notes.randrange(36) / 12) / rate
            samples = (int(9000 * math.sin(pitch * n)) for n in range(step))
            out.writeframes(struct.pack(f"<{step}h", *samples))


@pytest.fixture(scope="session")
def melodies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 24 recordings of which each takes a while."""
    folder = tmp_path_factory.mktemp("melodies")
    melody(folder / "0.wav", 60, 0)
    whole = (folder / "0.wav").read_bytes()
    head, samples = whole[:44], whole[44:]
    for n in range(1, 24):
        # Another content each time, and a long one.
        turned = samples[n * 20_000 :] + samples[: n * 20_000]
        long = turned * 8
        sizes = struct.pack("<I", 36 + len(long)), struct.pack("<I", len(long))
        (folder / f"{n}.wav").write_bytes(head[:4] + sizes[0] + head[8:40] + sizes[1] + long)
    return folder


Melody = Callable[[Path, int, int], None]
