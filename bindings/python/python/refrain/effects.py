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
    """The harmonic and the percussive part of a signal, as ``librosa.effects.hpss``.

    Parameters
    ----------
    y : samples of shape (..., n)
    kernel_size : frames and bins that the medians look at, odd, up to 255: one number, or the harmonic and the percussive
    power : how sharply the parts are told apart; infinite for one or the other
    margin : how many times one median must be the other, 1 or more: one number, or the harmonic and the percussive
    n_fft : samples in a frame, even
    hop_length : samples from one frame to the next, at most half a frame; a quarter of one unless told
    mask, win_length, window, center, pad_mode : as by default only

    Returns
    -------
    y_harmonic, y_percussive : of the shape of `y`
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
    """The harmonic part of a signal, as ``librosa.effects.harmonic``; see :func:`hpss`."""
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
    """The percussive part of a signal, as ``librosa.effects.percussive``; see :func:`hpss`."""
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
