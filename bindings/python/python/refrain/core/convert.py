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
    """Converts frames to samples.

    Parameters
    ----------
    frames : int or array_like of int
    hop_length : int
        Samples from one frame to the next.
    n_fft : int, optional
        The length of a frame, if frames are not centred. Adds half of it.

    Returns
    -------
    int or numpy.ndarray of int

    Examples
    --------
    >>> refrain.frames_to_samples([0, 1, 2]).tolist()
    [0, 512, 1024]
    """
    return (np.asanyarray(frames) * hop_length + _half(n_fft)).astype(int)


def samples_to_frames(samples: npt.ArrayLike, *, hop_length: int = 512, n_fft: Optional[int] = None) -> Any:
    """Converts samples to frames, rounded down.

    Parameters
    ----------
    samples : int or array_like of int
    hop_length : int
        Samples from one frame to the next.
    n_fft : int, optional
        The length of a frame, if frames are not centred.

    Returns
    -------
    int or numpy.ndarray of int

    Examples
    --------
    >>> refrain.samples_to_frames([0, 511, 512]).tolist()
    [0, 0, 1]
    """
    return np.asarray(np.floor((np.asanyarray(samples) - _half(n_fft)) // hop_length), dtype=int)[()]


def samples_to_time(samples: npt.ArrayLike, *, sr: float = 22050) -> Any:
    """Converts samples to seconds.

    Parameters
    ----------
    samples : int or array_like of int
    sr : float
        The rate.

    Returns
    -------
    float or numpy.ndarray of float

    Examples
    --------
    >>> refrain.samples_to_time([0, 22050]).tolist()
    [0.0, 1.0]
    """
    return np.asanyarray(samples) / float(sr)


def time_to_samples(times: npt.ArrayLike, *, sr: float = 22050) -> Any:
    """Converts seconds to samples, rounded down.

    Parameters
    ----------
    times : float or array_like of float
    sr : float
        The rate.

    Returns
    -------
    int or numpy.ndarray of int

    Examples
    --------
    >>> refrain.time_to_samples([0.0, 0.5]).tolist()
    [0, 11025]
    """
    return (np.asanyarray(times) * sr).astype(int)


def frames_to_time(
    frames: npt.ArrayLike, *, sr: float = 22050, hop_length: int = 512, n_fft: Optional[int] = None
) -> Any:
    """Converts frames to seconds.

    Parameters
    ----------
    frames : int or array_like of int
    sr : float
        The rate.
    hop_length : int
        Samples from one frame to the next.
    n_fft : int, optional
        The length of a frame, if frames are not centred. Adds half of it.

    Returns
    -------
    float or numpy.ndarray of float

    Examples
    --------
    >>> refrain.frames_to_time([0, 100]).round(2).tolist()
    [0.0, 2.32]
    """
    return samples_to_time(frames_to_samples(frames, hop_length=hop_length, n_fft=n_fft), sr=sr)


def time_to_frames(
    times: npt.ArrayLike, *, sr: float = 22050, hop_length: int = 512, n_fft: Optional[int] = None
) -> Any:
    """Converts seconds to frames, rounded down.

    Parameters
    ----------
    times : float or array_like of float
    sr : float
        The rate.
    hop_length : int
        Samples from one frame to the next.
    n_fft : int, optional
        The length of a frame, if frames are not centred.

    Returns
    -------
    int or numpy.ndarray of int

    Examples
    --------
    >>> refrain.time_to_frames([0.0, 1.0]).tolist()
    [0, 43]
    """
    return samples_to_frames(time_to_samples(times, sr=sr), hop_length=hop_length, n_fft=n_fft)


def samples_like(
    X: Union[npt.NDArray[Any], float], *, hop_length: int = 512, n_fft: Optional[int] = None, axis: int = -1
) -> npt.NDArray[np.int64]:
    """Returns the sample that each frame is at.

    Parameters
    ----------
    X : numpy.ndarray or int
        An array of frames, or how many frames there are.
    hop_length : int
        Samples from one frame to the next.
    n_fft : int, optional
        The length of a frame, if frames are not centred. Adds half of it.
    axis : int
        The axis of `X` that is time.

    Returns
    -------
    numpy.ndarray of int, shape (frames,)

    Examples
    --------
    >>> refrain.samples_like(3).tolist()
    [0, 512, 1024]
    """
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
    """Returns the time of each frame in seconds.

    Parameters
    ----------
    X : numpy.ndarray or int
        An array of frames, or how many frames there are.
    sr : float
        The rate.
    hop_length : int
        Samples from one frame to the next.
    n_fft : int, optional
        The length of a frame, if frames are not centred. Adds half of it.
    axis : int
        The axis of `X` that is time.

    Returns
    -------
    numpy.ndarray of float64, shape (frames,)

    Examples
    --------
    >>> refrain.times_like(np.zeros((12, 3)), sr=512).tolist()
    [0.0, 1.0, 2.0]
    """
    samples = samples_like(X, hop_length=hop_length, n_fft=n_fft, axis=axis)
    return np.asarray(samples_to_time(samples, sr=sr))


_NOTE = re.compile(
    r"(?P<letter>[A-Ga-g])(?P<accidental>[#♯𝄪b!♭𝄫n♮]*)(?P<octave>[+-]?\d+)?(?P<cents>[+-]\d+)?"
)
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"#": 1, "♯": 1, "𝄪": 2, "b": -1, "!": -1, "♭": -1, "𝄫": -2, "n": 0, "♮": 0}


def note_to_midi(note: Union[str, Iterable[str]], *, round_midi: bool = True) -> Any:
    """Converts notes to MIDI numbers; ``A4`` is 69.

    Parameters
    ----------
    note : str or iterable of str
        A letter, accidentals, an octave (0 by default), cents: ``C#4``, ``Bb``, ``A4+25``.
    round_midi : bool
        Whether cents are rounded away.

    Returns
    -------
    int, float or numpy.ndarray

    Examples
    --------
    >>> refrain.note_to_midi("C#4"), refrain.note_to_midi(["A4", "C4"]).tolist()
    (61, [69, 60])
    """
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
    """Converts MIDI numbers to frequencies in hertz.

    Parameters
    ----------
    notes : float or array_like of float

    Returns
    -------
    float or numpy.ndarray of float

    Examples
    --------
    >>> float(refrain.midi_to_hz(69))
    440.0
    """
    return 440.0 * np.exp2((np.asanyarray(notes) - 69.0) / 12.0)


def hz_to_midi(frequencies: npt.ArrayLike) -> Any:
    """Converts frequencies in hertz to MIDI numbers, with fractions.

    Parameters
    ----------
    frequencies : float or array_like of float

    Returns
    -------
    float or numpy.ndarray of float

    Examples
    --------
    >>> float(refrain.hz_to_midi(440.0))
    69.0
    """
    return 12 * (np.log2(np.asanyarray(frequencies)) - np.log2(440.0)) + 69


def note_to_hz(note: Union[str, Iterable[str]], *, round_midi: bool = True) -> Any:
    """Converts notes to frequencies in hertz.

    Parameters
    ----------
    note : str or iterable of str
    round_midi : bool
        As in :func:`note_to_midi`.

    Returns
    -------
    float or numpy.ndarray of float

    Examples
    --------
    >>> float(refrain.note_to_hz("A4"))
    440.0
    """
    return midi_to_hz(note_to_midi(note, round_midi=round_midi))


def fft_frequencies(*, sr: float = 22050, n_fft: int = 2048) -> npt.NDArray[np.float64]:
    """Returns the frequencies of the bins of a Fourier transform.

    Parameters
    ----------
    sr : float
        The rate.
    n_fft : int
        Samples in a frame.

    Returns
    -------
    numpy.ndarray of float64, shape (1 + n_fft / 2,)

    Examples
    --------
    >>> refrain.fft_frequencies(sr=8, n_fft=4).tolist()
    [0.0, 2.0, 4.0]
    """
    return np.asarray(np.fft.rfftfreq(n=n_fft, d=1.0 / sr), np.float64)


def cqt_frequencies(
    n_bins: int, *, fmin: float, bins_per_octave: int = 12, tuning: float = 0.0
) -> npt.NDArray[np.float64]:
    """Returns the frequencies of the bins of a constant-Q transform.

    Parameters
    ----------
    n_bins : int
    fmin : float
        The lowest frequency in hertz.
    bins_per_octave : int
    tuning : float
        How many bins higher all frequencies are.

    Returns
    -------
    numpy.ndarray of float64, shape (n_bins,)

    Examples
    --------
    >>> refrain.cqt_frequencies(25, fmin=55.0)[::12].tolist()
    [55.0, 110.0, 220.0]
    """
    lowest = fmin * 2.0 ** (tuning / bins_per_octave)
    return np.asarray(lowest * 2.0 ** (np.arange(n_bins, dtype=float) / bins_per_octave))
