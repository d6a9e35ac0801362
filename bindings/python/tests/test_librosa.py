"""The transforms beside librosa, where it is installed: the same calls with the two modules."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path
from typing import Any, Callable, List, Tuple

import numpy as np
import pytest

import refrain

librosa = pytest.importorskip("librosa", minversion="0.11")

NOTES = dict(fmin=65.4, fmax=2093.0)
CALLS: List[Tuple[Callable[[Any, Any], Any], float]] = [
    (lambda m, y: m.stft(y), 1e-6),
    (lambda m, y: m.stft(y, n_fft=1024, hop_length=200), 1e-6),
    (lambda m, y: m.istft(librosa.stft(y)), 1e-6),
    (lambda m, y: m.istft(librosa.stft(y), length=y.shape[-1]), 1e-6),
    (lambda m, y: m.cqt(y), 2e-6),
    (lambda m, y: m.cqt(y, tuning=0.7), 2e-6),
    (lambda m, y: m.cqt(y, sr=44100), 2e-6),
    (lambda m, y: m.feature.chroma_cqt(y=y), 2e-6),
    (lambda m, y: m.feature.chroma_cqt(y=y, norm=2, threshold=0.5, tuning=0.1, bins_per_octave=None), 2e-6),
    (lambda m, y: m.feature.chroma_cqt(y=y, fmin=55, n_octaves=5, norm=None), 2e-6),
    (lambda m, y: m.feature.chroma_cqt(C=np.abs(librosa.cqt(y, n_bins=72, fmin=55)), fmin=55, bins_per_octave=12), 1e-6),
    (lambda m, y: m.feature.chroma_stft(y=y), 2e-6),
    (lambda m, y: m.feature.chroma_stft(y=y, tuning=0.1, norm=1), 2e-6),
    (lambda m, y: m.feature.chroma_stft(S=np.abs(librosa.stft(y, n_fft=4096)) ** 2, norm=None), 2e-6),
    (lambda m, y: m.effects.hpss(y), 1e-6),
    (lambda m, y: m.effects.hpss(y, margin=(2, 3), kernel_size=(17, 31), power=1), 1e-6),
    (lambda m, y: m.effects.harmonic(y, margin=2), 1e-6),
    (lambda m, y: m.effects.percussive(y, hop_length=256), 1e-6),
    (lambda m, y: m.decompose.hpss(librosa.stft(y)), 1e-6),
    (lambda m, y: m.decompose.hpss(np.abs(librosa.stft(y)), mask=True, margin=2.0), 1e-6),
    (lambda m, y: m.yin(y, **NOTES), 1e-6),
    (lambda m, y: m.yin(y, fmin=100, fmax=800, frame_length=1024, trough_threshold=0.3), 1e-6),
    (lambda m, y: m.to_mono(y), 1e-7),
    (lambda m, y: m.get_duration(y=y), 1e-12),
]


def nearly(got: Any, expected: Any, most: float) -> None:
    if isinstance(expected, tuple):
        for one, other in zip(got, expected):
            nearly(one, other, most)
        return
    assert np.shape(got) == np.shape(expected)
    assert np.asarray(got).dtype == np.asarray(expected).dtype
    if np.asarray(expected).dtype == np.bool_:
        assert np.mean(got != expected) <= 0.005
        return
    assert np.linalg.norm(np.asarray(got) - expected) <= most * max(np.linalg.norm(expected), 1e-20)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("channels", [(), (2,), (1, 2)])
def test_the_same_calls_give_the_same(fixtures: Path, dtype: Any, channels: Tuple[int, ...]) -> None:
    y = np.load(fixtures / "reference/hpmix.y.npy").astype(dtype)
    if channels:
        y = np.stack([y, y[::-1] / 2]).reshape(channels + (-1,))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for call, most in CALLS:
            nearly(call(refrain, y), call(librosa, y), most)
        for bins in (12, 36):
            got = refrain.estimate_tuning(y=y, bins_per_octave=bins)
            assert abs(got - librosa.estimate_tuning(y=y, bins_per_octave=bins)) < 0.0101
        short = np.ascontiguousarray(y[..., :30_000])
        nearly(refrain.pyin(short, fill_na=0.0, **NOTES), librosa.pyin(short, fill_na=0.0, **NOTES), 1e-6)


def test_conversions() -> None:
    for call in [
        lambda m: m.frames_to_time(10),
        lambda m: m.frames_to_time([1, 2], n_fft=2048),
        lambda m: m.time_to_frames([0.1, 2.3]),
        lambda m: m.time_to_frames(1.0, n_fft=1024),
        lambda m: m.times_like(7),
        lambda m: m.times_like(np.zeros((3, 5))),
        lambda m: m.samples_like(4),
        lambda m: m.samples_to_frames([5000, 12]),
        lambda m: m.samples_to_time(100, sr=50),
        lambda m: m.frames_to_samples(3),
        lambda m: m.time_to_samples(1.5),
        lambda m: m.note_to_hz(["A4", "Bb3", "C#5", "Db-1", "E", "c♯2", "B##3"]),
        lambda m: m.note_to_midi("C4+25", round_midi=False),
        lambda m: m.note_to_midi("C4+65"),
        lambda m: m.hz_to_midi([440, 30]),
        lambda m: m.midi_to_hz(60),
        lambda m: m.fft_frequencies(n_fft=64),
        lambda m: m.cqt_frequencies(5, fmin=33, tuning=0.2),
    ]:
        assert np.allclose(call(refrain), call(librosa))


def test_parameters_have_the_same_names_and_defaults() -> None:
    for name in [
        "load", "stft", "istft", "cqt", "yin", "pyin", "estimate_tuning", "feature.chroma_cqt", "feature.chroma_stft",
        "effects.hpss", "effects.harmonic", "effects.percussive", "decompose.hpss", "times_like", "samples_like",
        "frames_to_time", "frames_to_samples", "time_to_frames", "time_to_samples", "samples_to_time",
        "samples_to_frames", "fft_frequencies", "cqt_frequencies",
    ]:
        ours, theirs = refrain, librosa
        for part in name.split("."):
            ours, theirs = getattr(ours, part), getattr(theirs, part)
        own = inspect.signature(ours).parameters
        for parameter in inspect.signature(theirs).parameters.values():
            assert parameter.name in own, f"{name}: {parameter.name}"
            assert own[parameter.name].kind == parameter.kind, f"{name}: {parameter.name}"
            if parameter.name == "win_length":
                continue
            if isinstance(parameter.default, float) and np.isnan(parameter.default):
                assert np.isnan(own[parameter.name].default)
            else:
                assert own[parameter.name].default == parameter.default, f"{name}: {parameter.name}"


def test_files_are_loaded_alike(songs: Path) -> None:
    # Lossless, at its own rate, there is nothing to differ.
    song = songs / "second-orbit.flac"
    for kwargs in [dict(sr=None), dict(sr=None, offset=1.3, duration=2.7)]:
        got, expected = refrain.load(song, **kwargs), librosa.load(song, **kwargs)
        assert got[1] == expected[1] and np.array_equal(got[0], expected[0])
    nearly(refrain.load(song)[0], librosa.load(song)[0], 0.01)
