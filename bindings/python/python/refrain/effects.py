"""Harmonic and percussive parts of signals, as ``librosa.effects`` has them."""

from __future__ import annotations

from typing import Any, Optional, Sequence, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _checks, _refrain
from .decompose import _pair
from .errors import ParameterError

__all__ = ["hpss", "harmonic", "percussive"]


def hpss(
    y: npt.NDArray[Any],
    *,
    kernel_size: Union[int, Sequence[int]] = 31,
    power: float = 2.0,
    mask: bool = False,
    margin: Union[float, Sequence[float]] = 1.0,
    n_fft: int = 2048,
    hop_length: Optional[int] = None,
    win_length: Optional[int] = None,
    window: object = "hann",
    center: bool = True,
    pad_mode: object = "constant",
) -> Tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Separates the harmonic and the percussive part of a signal, as ``librosa.effects.hpss``.

    Parameters
    ----------
    y : numpy.ndarray, shape (..., n)
        Samples, floating-point. refrain reads contiguous float32 samples without a copy while other threads run: do not change
        the array meanwhile.
    kernel_size : int or pair of int
        How many frames and bins the medians look at, odd, up to 255: one number, or the harmonic and the percussive one.
    power : float
        How sharply the parts are separated; infinite for one or the other.
    margin : float or pair of float
        How many times larger one median must be than the other, 1 or more: one number, or the harmonic and the percussive one.
    n_fft : int
        Samples in a frame, even.
    hop_length : int, optional
        Samples from one frame to the next, at most half a frame; a quarter of one by default.
    mask, win_length, window, center, pad_mode : object
        As by default only.

    Returns
    -------
    y_harmonic, y_percussive : numpy.ndarray
        Of the shape of `y`.

    Examples
    --------
    >>> y, sr = refrain.load("song.wav")
    >>> harmonic, percussive = refrain.effects.hpss(y)
    >>> harmonic.shape == percussive.shape == y.shape
    True
    """
    _checks.only_default("mask", mask, False)
    hop = _checks.framing(n_fft, hop_length, win_length, window, center, pad_mode)
    kernels = _pair("kernel_size", kernel_size, int)
    margins = _pair("margin", margin, float)
    y = _checks.signal(y)
    dtype = _checks.real_type(y.dtype)

    def one(channel: npt.NDArray[Any]) -> Tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        harmonic, percussive = _refrain.hpss(_checks.singles(channel), n_fft, hop, kernels, power, margins)
        return harmonic.astype(dtype, copy=False), percussive.astype(dtype, copy=False)

    if y.ndim == 1:
        return one(y)
    done = [one(y[index]) for index in np.ndindex(y.shape[:-1])]
    if not done:
        raise ParameterError("audio has no channel")
    return np.stack([h for h, _ in done]).reshape(y.shape), np.stack([p for _, p in done]).reshape(y.shape)


def harmonic(
    y: npt.NDArray[Any],
    *,
    kernel_size: Union[int, Sequence[int]] = 31,
    power: float = 2.0,
    mask: bool = False,
    margin: Union[float, Sequence[float]] = 1.0,
    n_fft: int = 2048,
    hop_length: Optional[int] = None,
    win_length: Optional[int] = None,
    window: object = "hann",
    center: bool = True,
    pad_mode: object = "constant",
) -> npt.NDArray[Any]:
    """Computes the harmonic part of a signal, as ``librosa.effects.harmonic``.

    Parameters
    ----------
    y : numpy.ndarray, shape (..., n)
        Samples, floating-point. refrain reads contiguous float32 samples without a copy while other threads run: do not change
        the array meanwhile.
    kernel_size : int or pair of int
        How many frames and bins the medians look at, odd, up to 255: one number, or the harmonic and the percussive one.
    power : float
        How sharply the parts are separated; infinite for one or the other.
    margin : float or pair of float
        How many times larger one median must be than the other, 1 or more: one number, or the harmonic and the percussive one.
    n_fft : int
        Samples in a frame, even.
    hop_length : int, optional
        Samples from one frame to the next, at most half a frame; a quarter of one by default.
    mask, win_length, window, center, pad_mode : object
        As by default only.

    Returns
    -------
    numpy.ndarray
        Of the shape of `y`.

    Examples
    --------
    >>> y, sr = refrain.load("song.wav")
    >>> refrain.effects.harmonic(y).shape == y.shape
    True
    """
    return hpss(
        y,
        kernel_size=kernel_size,
        power=power,
        mask=mask,
        margin=margin,
        n_fft=n_fft,
        hop_length=hop_length,
        win_length=win_length,
        window=window,
        center=center,
        pad_mode=pad_mode,
    )[0]


def percussive(
    y: npt.NDArray[Any],
    *,
    kernel_size: Union[int, Sequence[int]] = 31,
    power: float = 2.0,
    mask: bool = False,
    margin: Union[float, Sequence[float]] = 1.0,
    n_fft: int = 2048,
    hop_length: Optional[int] = None,
    win_length: Optional[int] = None,
    window: object = "hann",
    center: bool = True,
    pad_mode: object = "constant",
) -> npt.NDArray[Any]:
    """Computes the percussive part of a signal, as ``librosa.effects.percussive``.

    Parameters
    ----------
    y : numpy.ndarray, shape (..., n)
        Samples, floating-point. refrain reads contiguous float32 samples without a copy while other threads run: do not change
        the array meanwhile.
    kernel_size : int or pair of int
        How many frames and bins the medians look at, odd, up to 255: one number, or the harmonic and the percussive one.
    power : float
        How sharply the parts are separated; infinite for one or the other.
    margin : float or pair of float
        How many times larger one median must be than the other, 1 or more: one number, or the harmonic and the percussive one.
    n_fft : int
        Samples in a frame, even.
    hop_length : int, optional
        Samples from one frame to the next, at most half a frame; a quarter of one by default.
    mask, win_length, window, center, pad_mode : object
        As by default only.

    Returns
    -------
    numpy.ndarray
        Of the shape of `y`.

    Examples
    --------
    >>> y, sr = refrain.load("song.wav")
    >>> refrain.effects.percussive(y).shape == y.shape
    True
    """
    return hpss(
        y,
        kernel_size=kernel_size,
        power=power,
        mask=mask,
        margin=margin,
        n_fft=n_fft,
        hop_length=hop_length,
        win_length=win_length,
        window=window,
        center=center,
        pad_mode=pad_mode,
    )[1]
