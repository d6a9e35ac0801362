"""Audio files as samples."""

from __future__ import annotations

import warnings
from typing import Any, BinaryIO, Optional, Tuple, Union

import numpy as np
import numpy.typing as npt

from .. import _checks, _refrain
from ..errors import AudioWarning, ParameterError

__all__ = ["load", "to_mono", "get_duration"]

# The highest that a file may have; a resampler's work space grows with it.
MOST_RATE = 768_000


def load(
    path: Union[_checks.Path, BinaryIO],
    *,
    sr: Optional[float] = 22050,
    mono: bool = True,
    offset: float = 0.0,
    duration: Optional[float] = None,
    dtype: npt.DTypeLike = np.float32,
    res_type: str = "soxr_hq",
) -> Tuple[npt.NDArray[Any], Union[int, float]]:
    """Loads an audio file as ``librosa.load`` does, with refrain's own decoders: nothing else needs to be installed.

    Reads all formats of refrain: WAV, AIFF, CAF, FLAC, Ogg, MP3, AAC, ALAC, Opus, MP4, Matroska. Uses damaged or cut audio as far
    as it goes, with an :class:`~refrain.AudioWarning`.

    Parameters
    ----------
    path : str, bytes, os.PathLike or binary file object
    sr : float, optional
        The rate to resample to, a whole number of at most 768,000; None for the file's own rate.
    mono : bool
        True, or False for a file of one channel. refrain takes the mean of all channels.
    offset : float
        Seconds to leave out at the beginning. They are decoded all the same.
    duration : float, optional
        Seconds to load; None for all.
    dtype : numpy.dtype
        Of the samples, which have single precision.
    res_type : str
        ``soxr_hq`` only. It stands for refrain's own resampler, which is flat up to 94 % of half the lower rate and has no delay.

    Returns
    -------
    y : numpy.ndarray, shape (n,)
        Samples; full scale is -1 to 1.
    sr : float
        Their rate.

    Raises
    ------
    OSError
        If the file cannot be read.
    AudioError
        If it is no audio that can be decoded.

    Examples
    --------
    >>> y, sr = refrain.load("clip.wav", sr=None)
    >>> y.shape, y.dtype, sr
    ((128000,), dtype('float32'), 16000)
    """
    _checks.only_default("res_type", res_type, "soxr_hq")
    if not 0 <= offset < float("inf"):
        raise ParameterError(f"offset is {offset}, must be 0 or more seconds")
    if duration is not None and not duration >= 0:
        raise ParameterError(f"duration is {duration}, must be 0 or more seconds")
    if duration == float("inf"):
        duration = None
    wanted = None if sr is None else _checks.whole("sr", sr, 1)
    if wanted is not None and wanted > MOST_RATE:
        raise ParameterError(f"sr is {sr}, must be at most {MOST_RATE}")
    if isinstance(path, np.ndarray):
        raise TypeError("load() takes a file, not samples")
    kind, source, _ = _checks.audio(_checks.path(path) if isinstance(path, bytes) else path)
    y, rate, channels, told = _refrain.load(kind, source, wanted, offset, duration)
    if not mono and channels > 1:
        raise _checks.unsupported("mono", mono, f"True, as the file has {channels} channels")
    for warning in told:
        warnings.warn(warning, AudioWarning, stacklevel=2)
    return y.astype(dtype, copy=False), rate if sr is None else sr


def to_mono(y: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Returns the mean of all channels.

    Parameters
    ----------
    y : numpy.ndarray, shape (..., n)
        Samples, floating-point.

    Returns
    -------
    numpy.ndarray, shape (n,)

    Examples
    --------
    >>> refrain.to_mono(np.array([[0.0, 1.0], [1.0, 1.0]])).tolist()
    [0.5, 1.0]
    """
    y = _checks.signal(y)
    return np.mean(y, axis=tuple(range(y.ndim - 1))) if y.ndim > 1 else y


def get_duration(
    *,
    y: Optional[npt.NDArray[Any]] = None,
    sr: float = 22050,
    S: Optional[npt.NDArray[Any]] = None,
    n_fft: int = 2048,
    hop_length: int = 512,
    center: bool = True,
    path: Optional[_checks.Path] = None,
) -> float:
    """Returns the length of audio in seconds.

    Parameters
    ----------
    y : numpy.ndarray, shape (..., n), optional
        Samples.
    sr : float
        Their rate.
    S : numpy.ndarray, shape (..., bins, frames), optional
        A spectrogram, in place of `y`.
    n_fft, hop_length : int
        Samples in a frame of it, and from one frame to the next.
    center : bool
        Whether its frames are centred.
    path : str, bytes or os.PathLike, optional
        A file, in place of both. refrain decodes it to the end.

    Returns
    -------
    float

    Examples
    --------
    >>> refrain.get_duration(path="clip.wav")
    8.0
    """
    if path is not None:
        loaded, rate = load(path, sr=None)
        return len(loaded) / rate if rate else 0.0
    if y is not None:
        return float(y.shape[-1] / sr)
    if S is None:
        raise ParameterError("one of y, S and path is needed")
    samples = (S.shape[-1] - 1) * hop_length + (0 if center else n_fft)
    return float(samples / sr)
