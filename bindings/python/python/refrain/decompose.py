"""Harmonic and percussive parts of spectrograms, as ``librosa.decompose`` has them."""

from __future__ import annotations

from typing import Any, Callable, Sequence, Tuple, TypeVar, Union

import numpy as np
import numpy.typing as npt

from . import _checks, _refrain
from .errors import ParameterError

__all__ = ["hpss"]

_T = TypeVar("_T", int, float)


def _pair(name: str, value: Union[_T, Sequence[_T]], kind: Callable[[Any], _T]) -> Tuple[_T, _T]:
    """One number for both parts, or one for each."""
    if np.ndim(value) == 0:
        return kind(value), kind(value)
    numbers = [kind(each) for each in value]  # type: ignore[union-attr]
    if len(numbers) != 2:
        raise ParameterError(f"{name} must be one number or two, not {len(numbers)}")
    return numbers[0], numbers[1]


def hpss(
    S: npt.NDArray[Any],
    *,
    kernel_size: Union[int, Sequence[int]] = 31,
    power: float = 2.0,
    mask: bool = False,
    margin: Union[float, Sequence[float]] = 1.0,
) -> Tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Separates the harmonic and the percussive part of a spectrogram, as ``librosa.decompose.hpss``.

    Parameters
    ----------
    S : numpy.ndarray, shape (..., bins, frames)
        Complex, or magnitudes.
    kernel_size : int or pair of int
        How many frames and bins the medians look at, odd, up to 255: one number, or the harmonic and the percussive one.
    power : float
        How sharply the parts are separated; infinite for one or the other.
    mask : bool
        Whether to return masks rather than parts.
    margin : float or pair of float
        How many times larger one median must be than the other, 1 or more: one number, or the harmonic and the percussive one.

    Returns
    -------
    harmonic, percussive : numpy.ndarray
        Of the shape of `S`.

    Examples
    --------
    >>> y, sr = refrain.load("song.wav")
    >>> S = refrain.stft(y)
    >>> harmonic, percussive = refrain.decompose.hpss(S)
    >>> bool(np.allclose(harmonic + percussive, S, atol=1e-3))
    True
    """
    kernels = _pair("kernel_size", kernel_size, int)
    margins = _pair("margin", margin, float)
    if not isinstance(S, np.ndarray) or S.dtype.kind not in "fc":
        raise ParameterError("S must be a NumPy array of floating-point numbers")
    dtype = _checks.real_type(S.dtype)
    masks = _checks.per_plane(
        np.abs(S), np.float32, lambda s: np.stack(_refrain.hpss_masks(s, kernels, power, margins))
    ).astype(dtype, copy=False)
    # Beside each other in the third dimension from the end.
    of_harmonic, of_percussive = masks[..., 0, :, :], masks[..., 1, :, :]
    if mask:
        return of_harmonic, of_percussive
    return S * of_harmonic, S * of_percussive
