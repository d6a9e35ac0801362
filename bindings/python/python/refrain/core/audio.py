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
    """Load an audio file as ``librosa.load`` does, with refrain's own decoders: nothing else needs to be installed.

    All formats of refrain are read: WAV, AIFF, CAF, FLAC, Ogg, MP3, AAC, ALAC, Opus, MP4, Matroska. Audio that is damaged
    or cut short is used as far as it goes, with an :class:`~refrain.AudioWarning`.

    Parameters
    ----------
    path : path or binary file object
    sr : number, whole, at most 768,000; None for the file's own rate
    mono : True, or False for a file of one channel; the mean of all channels is taken
    offset : seconds to leave out at the beginning; they are decoded all the same
    duration : seconds to load; None for all
    dtype : of the samples, which have single precision
    res_type : ``soxr_hq`` stands for refrain's own resampler, which is flat up to 94 % of half the lower rate and has no
        delay; there is no other

    Returns
    -------
    y : samples of shape (n,), full scale being -1 to 1
    sr : their rate

    Raises
    ------
    OSError
        Where the file cannot be read.
    AudioError
        Where it is no audio that can be decoded.
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
    """The mean of all channels: of shape (..., n), what has shape (n,)."""
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
    """The length in seconds of samples `y`, of a spectrogram `S`, or of the file at `path`, which is decoded for it."""
    if path is not None:
        loaded, rate = load(path, sr=None)
        return len(loaded) / rate if rate else 0.0
    if y is not None:
        return float(y.shape[-1] / sr)
    if S is None:
        raise ParameterError("one of y, S and path is needed")
    samples = (S.shape[-1] - 1) * hop_length + (0 if center else n_fft)
    return float(samples / sr)
