"""Audio files as samples."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest

import refrain

FORMATS = """
    s16.wav u8.wav f32.wav s16.flac s16.aiff alac.m4a aac.m4a lame.mp3 vorbis.ogg opus.opus
""".split()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_loaded(fixtures: Path, name: str) -> None:
    y, sr = refrain.load(fixtures / "formats" / name)
    assert y.dtype == np.float32 and y.ndim == 1 and sr == 22050
    assert 0.01 < np.abs(y).max() <= 1.1
    own, rate = refrain.load(fixtures / "formats" / name, sr=None)
    assert abs(len(y) - len(own) * 22050 / rate) <= 1


def test_parts_of_files(clip: Path) -> None:
    whole, sr = refrain.load(clip, sr=None)
    assert sr == 16000
    part, _ = refrain.load(clip, sr=None, offset=1.5, duration=2.25)
    assert np.array_equal(part, whole[24000:60000])
    assert len(refrain.load(clip, offset=100)[0]) == 0
    assert len(refrain.load(clip, duration=0)[0]) == 0
    # A length is rounded up.
    assert len(refrain.load(clip, duration=16001 / 16000)[0]) == 22052


def test_files_in_other_shapes(clip: Path) -> None:
    expected, _ = refrain.load(clip)
    with open(clip, "rb") as file:
        assert np.array_equal(refrain.load(file)[0], expected)
    for path in (str(clip), os.fsencode(clip), io.BytesIO(clip.read_bytes())):
        assert np.array_equal(refrain.load(path)[0], expected)
    assert refrain.load(clip, dtype=np.float64)[0].dtype == np.float64
    assert np.array_equal(refrain.load(clip, mono=False)[0], expected)
    assert refrain.get_duration(path=clip) == 8.0


def test_what_cannot_be_loaded(fixtures: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        refrain.load(tmp_path / "none.wav")
    assert missing.value.filename == str(tmp_path / "none.wav")
    with pytest.raises(IsADirectoryError):
        refrain.load(tmp_path)
    with pytest.raises(refrain.AudioError) as no_audio:
        refrain.load(fixtures / "README.md")
    assert no_audio.value.path == str(fixtures / "README.md") and "not an audio file" in no_audio.value.reason
    with pytest.raises(NotImplementedError, match="^mono=False"):
        refrain.load(fixtures / "audio/songs/copper-rain.m4a", mono=False, duration=1)
    for kwargs in (dict(sr=0), dict(sr=22050.5), dict(sr=768_001), dict(offset=-1), dict(duration=-1), dict(offset=float("nan"))):
        with pytest.raises(refrain.ParameterError):
            refrain.load(fixtures / "formats/s16.wav", **kwargs)
    with pytest.raises(TypeError):
        refrain.load(np.zeros(9, np.float32))  # type: ignore[arg-type]


def test_damage_is_a_warning(clip: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.wav"
    cut.write_bytes(clip.read_bytes()[:100_000])
    with pytest.warns(refrain.AudioWarning, match="cut.wav: truncated"):
        y, _ = refrain.load(cut)
    assert 3 < len(y) / 22050 < 3.2


def test_what_a_reader_raises_is_raised(clip: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: object = -1) -> bytes:
            raise RuntimeError("on purpose")

    for call in (refrain.load, refrain.fingerprint, refrain.octave_chroma, refrain.analyze):
        with pytest.raises(RuntimeError, match="on purpose"):
            call(Broken())  # type: ignore[operator]
    with pytest.raises(TypeError, match="binary mode"), open(__file__) as text:
        refrain.load(text)  # type: ignore[arg-type]
