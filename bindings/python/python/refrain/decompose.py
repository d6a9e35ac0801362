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
    """The harmonic and the percussive part of a spectrogram, as ``librosa.decompose.hpss``.

    Parameters
    ----------
    S : complex, or magnitudes, of shape (..., bins, frames)
    kernel_size : frames and bins that the medians look at, odd, up to 255: one number, or the harmonic and the percussive
    power : how sharply the parts are told apart; infinite for one or the other
    mask : whether masks are wanted rather than parts
    margin : how many times one median must be the other, 1 or more: one number, or the harmonic and the percussive

    Returns
    -------
    harmonic, percussive : of the shape of `S`
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
