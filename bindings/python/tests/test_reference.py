"""The transforms against what librosa 0.11 gave, which is kept in fixtures/reference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Tuple

import numpy as np
import numpy.typing as npt
import pytest

import refrain

NAMES = ["chirp", "hpmix", "song"]
RANGE = dict(fmin=refrain.note_to_hz("C2"), fmax=refrain.note_to_hz("C7"))


@pytest.fixture(params=NAMES)
def case(request: pytest.FixtureRequest, fixtures: Path) -> Tuple[str, npt.NDArray[np.float32]]:
    name = request.param
    if name == "song":
        y, sr = refrain.load(fixtures / "audio/songs/quiet-engines.wav", duration=5)
        assert sr == 22050 and len(y) == 5 * 22050
        return name, y
    return name, np.load(fixtures / "reference" / f"{name}.y.npy")


def kept(fixtures: Path, case: Tuple[str, Any], what: str) -> npt.NDArray[np.float64]:
    return np.load(fixtures / "reference" / f"{case[0]}.{what}.npy").astype(np.float64).T


def relative(got: npt.NDArray[Any], expected: npt.NDArray[Any]) -> float:
    assert got.shape == expected.shape
    return float(np.linalg.norm(got - expected) / np.linalg.norm(expected))


def figures(fixtures: Path, name: str) -> Dict[str, float]:
    told: Dict[str, float] = json.loads((fixtures / "reference/reference.json").read_text())["signals"][name]
    return told


def test_cqt(fixtures: Path, case: Tuple[str, npt.NDArray[np.float32]]) -> None:
    got = refrain.cqt(case[1], n_bins=252, bins_per_octave=36)
    assert got.dtype == np.complex64
    assert relative(np.abs(got), kept(fixtures, case, "cqt252")) < 2e-6
    if case[0] == "hpmix":
        # Real and imaginary parts in turn, frame after frame: phases agree as well.
        parts = np.load(fixtures / "reference/hpmix.cqt84.npy").astype(np.float64)
        assert relative(refrain.cqt(case[1]), np.ascontiguousarray(parts).view(np.complex128).T) < 2e-6


def test_chroma(fixtures: Path, case: Tuple[str, npt.NDArray[np.float32]]) -> None:
    name, y = case
    level = np.sum(kept(fixtures, case, "cqt252") ** 2, axis=0)
    loud = level > 1e-4 * level.max()
    plain = refrain.feature.chroma_cqt(y=y, tuning=0.0)
    assert plain.dtype == np.float32 and plain.shape[0] == 12
    assert np.abs(plain - kept(fixtures, case, "chroma"))[:, loud].max() < 5e-6
    tuned = refrain.feature.chroma_cqt(y=y)
    assert np.abs(tuned - kept(fixtures, case, "chroma_tuned"))[:, loud].max() < 5e-6
    of_stft = refrain.feature.chroma_stft(y=y, tuning=0.0)
    assert np.abs(of_stft - kept(fixtures, case, "chroma_stft"))[:, loud].max() < 5e-6


def test_chroma_of_a_transform_is_that_of_its_signal(case: Tuple[str, npt.NDArray[np.float32]]) -> None:
    y = case[1]
    bins = np.abs(refrain.cqt(y, n_bins=252, bins_per_octave=36))
    given = refrain.feature.chroma_cqt(C=bins)
    assert np.abs(given - refrain.feature.chroma_cqt(y=y, tuning=0.0)).max() < 1e-5
    powers = np.abs(refrain.stft(y)) ** 2
    for tuning in (0.0, None):
        given = refrain.feature.chroma_stft(S=powers, tuning=tuning)
        assert np.abs(given - refrain.feature.chroma_stft(y=y, tuning=tuning)).max() < 1e-4


def test_hpss(fixtures: Path, case: Tuple[str, npt.NDArray[np.float32]]) -> None:
    name, y = case
    harmonic, percussive = refrain.effects.hpss(y)
    assert harmonic.dtype == percussive.dtype == np.float32
    assert relative(harmonic, kept(fixtures, case, "harmonic")) < 1e-6
    if name == "hpmix":
        assert relative(percussive, kept(fixtures, case, "percussive")) < 1e-6
    else:
        norm = float(kept(fixtures, case, "percussive_norm")[0])
        assert np.linalg.norm(percussive) == pytest.approx(norm, rel=1e-5)
    assert np.array_equal(refrain.effects.harmonic(y), harmonic)
    assert np.array_equal(refrain.effects.percussive(y), percussive)
    spectrum = refrain.stft(y)
    of_spectrum, rest = refrain.decompose.hpss(spectrum)
    assert relative(refrain.istft(of_spectrum, length=len(y)), harmonic) < 1e-6
    mask, other = refrain.decompose.hpss(np.abs(spectrum), mask=True)
    assert mask.dtype == np.float32
    assert np.allclose(spectrum * mask, of_spectrum) and np.allclose(mask + other, 1, atol=1e-6)
    assert np.allclose(of_spectrum + rest, spectrum, atol=1e-4)


def test_pitch(fixtures: Path, case: Tuple[str, npt.NDArray[np.float32]]) -> None:
    y = case[1]
    f0 = refrain.yin(y, **RANGE)
    expected = kept(fixtures, case, "yin")
    cents = 1200 * np.abs(np.log2(f0 / expected))
    assert f0.dtype == np.float64 and f0.shape == expected.shape
    assert np.mean(cents > 50) <= 0.001 and cents[cents < 50].max() < 0.05
    f0, voiced, probability = refrain.pyin(y, **RANGE)
    expected_f0 = kept(fixtures, case, "pyin")
    expected_voiced = expected_f0 > 0
    assert voiced.dtype == np.bool_ and np.mean(voiced != expected_voiced) <= 0.005
    assert np.array_equal(np.isnan(f0), ~voiced)
    both = voiced & expected_voiced
    if both.any():
        assert np.abs(120 * np.log2(f0[both] / expected_f0[both])).max() < 1.01
    assert np.abs(probability - kept(fixtures, case, "pyin_voiced")).max() < 0.01
    filled = refrain.pyin(y, fill_na=0.0, **RANGE)[0]
    assert np.array_equal(filled == 0.0, ~voiced)


def test_tuning(fixtures: Path, case: Tuple[str, npt.NDArray[np.float32]]) -> None:
    name, y = case
    told = figures(fixtures, name)
    for bins in (12, 36):
        got = refrain.estimate_tuning(y=y, bins_per_octave=bins)
        assert abs(got - told[f"tuning{bins}"]) < 0.0101
        assert refrain.estimate_tuning(S=np.abs(refrain.stft(y)), bins_per_octave=bins) == got


def test_the_inverse_gives_the_signal_back(case: Tuple[str, npt.NDArray[np.float32]]) -> None:
    y = case[1]
    spectrum = refrain.stft(y, n_fft=1024, hop_length=256)
    assert spectrum.shape == (513, 1 + len(y) // 256) and spectrum.dtype == np.complex64
    assert np.abs(refrain.istft(spectrum, hop_length=256, length=len(y)) - y).max() < 1e-5
    assert len(refrain.istft(spectrum)) == 256 * (spectrum.shape[1] - 1)


def test_the_textbook_difference_is_not_sharp() -> None:
    low = np.sin(2 * np.pi * 98 * np.arange(22050) / 22050).astype(np.float32)
    textbook = refrain.yin(low, fmin=60, fmax=1000, difference="textbook")
    assert 1200 * abs(np.log2(textbook[20] / 98)) < 0.5
    assert 1200 * np.log2(refrain.yin(low, fmin=60, fmax=1000)[20] / 98) > 2
