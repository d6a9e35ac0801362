"""Frames, samples and seconds; notes and frequencies."""

from __future__ import annotations

import re
from typing import Any, Iterable, Optional, Union

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError

__all__ = [
    "frames_to_samples",
    "frames_to_time",
    "samples_to_frames",
    "samples_to_time",
    "time_to_frames",
    "time_to_samples",
    "times_like",
    "samples_like",
    "note_to_hz",
    "note_to_midi",
    "midi_to_hz",
    "hz_to_midi",
    "fft_frequencies",
    "cqt_frequencies",
]


def _half(n_fft: Optional[int]) -> int:
    return 0 if n_fft is None else n_fft // 2


def frames_to_samples(frames: npt.ArrayLike, *, hop_length: int = 512, n_fft: Optional[int] = None) -> Any:
    """The sample that each frame is at; with `n_fft` half a frame later, for frames that are not centred."""
    return (np.asanyarray(frames) * hop_length + _half(n_fft)).astype(int)


def samples_to_frames(samples: npt.ArrayLike, *, hop_length: int = 512, n_fft: Optional[int] = None) -> Any:
    """The frame that each sample is at, rounded down."""
    return np.asarray(np.floor((np.asanyarray(samples) - _half(n_fft)) // hop_length), dtype=int)[()]


def samples_to_time(samples: npt.ArrayLike, *, sr: float = 22050) -> Any:
    """Samples in seconds."""
    return np.asanyarray(samples) / float(sr)


def time_to_samples(times: npt.ArrayLike, *, sr: float = 22050) -> Any:
    """Seconds in samples, rounded down."""
    return (np.asanyarray(times) * sr).astype(int)


def frames_to_time(
    frames: npt.ArrayLike, *, sr: float = 22050, hop_length: int = 512, n_fft: Optional[int] = None
) -> Any:
    """Frames in seconds."""
    return samples_to_time(frames_to_samples(frames, hop_length=hop_length, n_fft=n_fft), sr=sr)


def time_to_frames(
    times: npt.ArrayLike, *, sr: float = 22050, hop_length: int = 512, n_fft: Optional[int] = None
) -> Any:
    """Seconds in frames, rounded down."""
    return samples_to_frames(time_to_samples(times, sr=sr), hop_length=hop_length, n_fft=n_fft)


def samples_like(
    X: Union[npt.NDArray[Any], float], *, hop_length: int = 512, n_fft: Optional[int] = None, axis: int = -1
) -> npt.NDArray[np.int64]:
    """The sample of each frame of `X`, an array whose `axis` is time, or how many frames there are."""
    count = int(X) if np.isscalar(X) else np.shape(X)[axis]  # type: ignore[arg-type]
    samples: npt.NDArray[np.int64] = frames_to_samples(np.arange(count), hop_length=hop_length, n_fft=n_fft)
    return samples


def times_like(
    X: Union[npt.NDArray[Any], float],
    *,
    sr: float = 22050,
    hop_length: int = 512,
    n_fft: Optional[int] = None,
    axis: int = -1,
) -> npt.NDArray[np.float64]:
    """The time of each frame of `X` in seconds."""
    samples = samples_like(X, hop_length=hop_length, n_fft=n_fft, axis=axis)
    return np.asarray(samples_to_time(samples, sr=sr))


_NOTE = re.compile(
    r"(?P<letter>[A-Ga-g])(?P<accidental>[#♯𝄪b!♭𝄫n♮]*)(?P<octave>[+-]?\d+)?(?P<cents>[+-]\d+)?"
)
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"#": 1, "♯": 1, "𝄪": 2, "b": -1, "!": -1, "♭": -1, "𝄫": -2, "n": 0, "♮": 0}


def note_to_midi(note: Union[str, Iterable[str]], *, round_midi: bool = True) -> Any:
    """The MIDI number of a note, ``A4`` being 69: a letter, accidentals, an octave (0 unless told), cents."""
    if not isinstance(note, str):
        return np.array([note_to_midi(each, round_midi=round_midi) for each in note])
    match = _NOTE.fullmatch(note)
    if match is None:
        raise ParameterError(f"no note: {note!r}")
    accidental = sum(_ACCIDENTALS[sign] for sign in match["accidental"])
    whole = 12 * (int(match["octave"] or 0) + 1) + _LETTERS[match["letter"].upper()] + accidental
    exact = whole + int(match["cents"] or 0) / 100
    return round(exact) if round_midi else exact


def midi_to_hz(notes: npt.ArrayLike) -> Any:
    """The frequency of MIDI numbers in hertz."""
    return 440.0 * np.exp2((np.asanyarray(notes) - 69.0) / 12.0)


def hz_to_midi(frequencies: npt.ArrayLike) -> Any:
    """The MIDI numbers of frequencies, with fractions."""
    return 12 * (np.log2(np.asanyarray(frequencies)) - np.log2(440.0)) + 69


def note_to_hz(note: Union[str, Iterable[str]], *, round_midi: bool = True) -> Any:
    """The frequency of a note in hertz; see :func:`note_to_midi`."""
    return midi_to_hz(note_to_midi(note, round_midi=round_midi))


def fft_frequencies(*, sr: float = 22050, n_fft: int = 2048) -> npt.NDArray[np.float64]:
    """The frequencies of the bins of a Fourier transform."""
    return np.asarray(np.fft.rfftfreq(n=n_fft, d=1.0 / sr), np.float64)


def cqt_frequencies(
    n_bins: int, *, fmin: float, bins_per_octave: int = 12, tuning: float = 0.0
) -> npt.NDArray[np.float64]:
    """The frequencies of the bins of a constant-Q transform."""
    lowest = fmin * 2.0 ** (tuning / bins_per_octave)
    return np.asarray(lowest * 2.0 ** (np.arange(n_bins, dtype=float) / bins_per_octave))
