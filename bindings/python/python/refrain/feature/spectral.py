"""Chroma."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
import numpy.typing as npt

from .. import _checks, _refrain
from ..core.constantq import C1
from ..core.pitch import estimate_tuning
from ..errors import ParameterError

__all__ = ["chroma_cqt", "chroma_stft"]


def _normalised(chroma: npt.NDArray[Any], norm: Optional[float]) -> npt.NDArray[Any]:
    """Divides each frame by its norm, where that is no less than the smallest normal number."""
    if norm is None:
        return chroma
    magnitude = np.abs(chroma)
    if norm == np.inf:
        length = magnitude.max(axis=-2, keepdims=True)
    elif norm == -np.inf:
        length = magnitude.min(axis=-2, keepdims=True)
    elif norm == 0:
        length = np.sum(magnitude > 0, axis=-2, keepdims=True, dtype=magnitude.dtype)
    elif norm > 0:
        length = np.sum(magnitude**norm, axis=-2, keepdims=True) ** (1.0 / norm)
    else:
        raise ParameterError(f"norm is {norm}, must be None, 0 or more, or infinite")
    return np.asarray(chroma / np.where(length < np.finfo(chroma.dtype).tiny, 1.0, length), dtype=chroma.dtype)


def _folded(C: npt.NDArray[Any], bins_per_octave: int, fmin: float) -> npt.NDArray[Any]:
    """The sums of the bins of each pitch class."""
    if bins_per_octave % 12:
        raise ParameterError(f"bins_per_octave is {bins_per_octave}, must be a multiple of twelve")
    merged = bins_per_octave // 12
    lowest = round(12 * np.log2(fmin / C1))
    classes = ((np.arange(C.shape[-2]) + merged // 2) // merged + lowest) % 12
    weights = (classes == np.arange(12)[:, np.newaxis]).astype(_checks.real_type(C.dtype))
    return np.asarray(weights @ np.abs(C))


def chroma_cqt(
    *,
    y: Optional[npt.NDArray[Any]] = None,
    sr: float = 22050,
    C: Optional[npt.NDArray[Any]] = None,
    hop_length: int = 512,
    fmin: Optional[float] = None,
    norm: Optional[float] = np.inf,
    threshold: Optional[float] = 0.0,
    tuning: Optional[float] = None,
    n_chroma: int = 12,
    n_octaves: int = 7,
    window: None = None,
    bins_per_octave: Optional[int] = 36,
    cqt_mode: str = "full",
) -> npt.NDArray[Any]:
    """Computes chroma from a constant-Q transform, as ``librosa.feature.chroma_cqt``.

    Parameters
    ----------
    y : numpy.ndarray, shape (..., n), optional
        Samples, floating-point. refrain reads contiguous float32 samples without a copy while other threads run: do not change
        the array meanwhile.
    sr : float
        Their rate.
    C : numpy.ndarray, shape (..., bins, frames), optional
        Magnitudes of a constant-Q transform, in place of `y`. Of complex values the magnitudes are taken; librosa adds the
        values themselves.
    hop_length : int
        Samples from one frame to the next.
    fmin : float, optional
        The frequency of the lowest bin in hertz; C1 by default.
    norm : float, optional
        Each frame is divided by its norm of this order; None leaves frames as they are.
    threshold : float, optional
        Smaller values count as 0, before frames are divided.
    tuning : float, optional
        What part of a bin the music is higher; None to estimate it.
    n_octaves : int
        Octaves of the transform.
    bins_per_octave : int, optional
        A multiple of twelve; None for twelve.
    n_chroma, window, cqt_mode : object
        As by default only.

    Returns
    -------
    numpy.ndarray, shape (..., 12, frames)
        C first.

    Examples
    --------
    >>> y, sr = refrain.load("song.wav")
    >>> refrain.feature.chroma_cqt(y=y, sr=sr).shape
    (12, 216)
    """
    _checks.only_default("n_chroma", n_chroma, 12)
    _checks.only_default("window", window, None)
    _checks.only_default("cqt_mode", cqt_mode, "full")
    per_octave = 12 if bins_per_octave is None else bins_per_octave
    lowest = C1 if fmin is None else float(fmin)
    # Magnitudes are not negative, so that nothing is below a threshold of 0.
    cut = 0.0 if threshold is None else threshold
    at_once = norm == np.inf and cut <= 0 and C is None
    if C is not None:
        chroma = _folded(C, per_octave, lowest)
    elif y is not None:
        y = _checks.signal(y)
        offset = estimate_tuning(y=y, sr=sr, bins_per_octave=per_octave) if tuning is None else tuning
        chroma = _checks.per_channel(
            y,
            lambda one: _refrain.chroma_cqt(
                one, sr, hop_length, lowest, n_octaves, per_octave, offset, at_once
            ),
        ).astype(_checks.real_type(y.dtype), copy=False)
    else:
        raise ParameterError("one of y and C is needed")
    if at_once:
        return chroma
    if cut > 0:
        chroma[chroma < cut] = 0.0
    return _normalised(chroma, norm)


def chroma_stft(
    *,
    y: Optional[npt.NDArray[Any]] = None,
    sr: float = 22050,
    S: Optional[npt.NDArray[Any]] = None,
    norm: Optional[float] = np.inf,
    n_fft: int = 2048,
    hop_length: int = 512,
    win_length: Optional[int] = None,
    window: object = "hann",
    center: bool = True,
    pad_mode: object = "constant",
    tuning: Optional[float] = None,
    n_chroma: int = 12,
    **kwargs: object,
) -> npt.NDArray[Any]:
    """Computes chroma from a short-time Fourier transform, as ``librosa.feature.chroma_stft``.

    Parameters
    ----------
    y : numpy.ndarray, shape (..., n), optional
        Samples, floating-point. refrain reads contiguous float32 samples without a copy while other threads run: do not change
        the array meanwhile.
    sr : float
        Their rate.
    S : numpy.ndarray, shape (..., bins, frames), optional
        Powers, in place of `y`.
    norm : float, optional
        Each frame is divided by its norm of this order; None leaves frames as they are.
    n_fft : int
        Samples in a frame, even.
    hop_length : int
        Samples from one frame to the next.
    tuning : float, optional
        What part of a semitone the music is higher; None to estimate it.
    win_length, window, center, pad_mode, n_chroma : object
        As by default only.
    **kwargs
        None.

    Returns
    -------
    numpy.ndarray, shape (..., 12, frames)
        C first.

    Examples
    --------
    >>> y, sr = refrain.load("song.wav")
    >>> refrain.feature.chroma_stft(y=y, sr=sr).shape
    (12, 216)
    """
    _checks.only_default("n_chroma", n_chroma, 12)
    for name, value in kwargs.items():
        raise _checks.unsupported(name, value, "what librosa.filters.chroma has by default")
    hop = _checks.framing(n_fft, hop_length, win_length, window, center, pad_mode)
    at_once = norm == np.inf
    if S is None:
        if y is None:
            raise ParameterError("one of y and S is needed")
        y = _checks.signal(y)
        dtype = _checks.real_type(y.dtype)
        if tuning is None:
            S = _checks.per_channel(y, lambda one: _refrain.magnitudes(one, n_fft, hop, 2))
    else:
        dtype = _checks.real_type(S.dtype)
        n_fft = 2 * (S.shape[-2] - 1) if S.ndim > 1 else n_fft
    if S is not None:
        offset = estimate_tuning(S=S, sr=sr) if tuning is None else tuning
        chroma = _checks.per_plane(
            S, np.float32, lambda s: _refrain.chroma_stft_of(s, sr, n_fft, offset, at_once)
        )
    else:
        assert y is not None and tuning is not None
        offset = tuning
        chroma = _checks.per_channel(
            y, lambda one: _refrain.chroma_stft(one, sr, n_fft, hop, offset, at_once)
        )
    chroma = chroma.astype(dtype, copy=False)
    return chroma if at_once else _normalised(chroma, norm)
