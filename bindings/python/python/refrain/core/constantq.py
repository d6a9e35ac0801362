"""The constant-Q transform."""

from __future__ import annotations

from typing import Any, Optional

import numpy.typing as npt

from .. import _checks, _refrain
from .pitch import estimate_tuning

__all__ = ["cqt"]

C1 = 32.70319566257483
"""The lowest bin unless told, in hertz."""


def cqt(
    y: npt.NDArray[Any],
    *,
    sr: float = 22050,
    hop_length: int = 512,
    fmin: Optional[float] = None,
    n_bins: int = 84,
    bins_per_octave: int = 12,
    tuning: Optional[float] = 0.0,
    filter_scale: float = 1,
    norm: Optional[float] = 1,
    sparsity: float = 0.01,
    window: object = "hann",
    scale: bool = True,
    pad_mode: object = "constant",
    res_type: Optional[str] = "soxr_hq",
    dtype: Optional[npt.DTypeLike] = None,
) -> npt.NDArray[Any]:
    """Computes the constant-Q transform, as ``librosa.cqt``: complex, with phases.

    Parameters
    ----------
    y : numpy.ndarray, shape (..., n)
        Samples, floating-point. refrain reads contiguous float32 samples without a copy while other threads run: do not change
        the array meanwhile.
    sr : float
        Their rate.
    hop_length : int
        Samples from one frame to the next.
    fmin : float, optional
        The frequency of the lowest bin in hertz; C1 by default.
    n_bins : int
        How many bins there are. The highest must lie below half the rate.
    bins_per_octave : int
    tuning : float, optional
        How many bins higher all frequencies are; None to estimate it.
    dtype : numpy.dtype, optional
        Of the result; as precise as `y` by default.
    filter_scale, norm, sparsity, window, scale, pad_mode, res_type : object
        As by default only. ``soxr_hq`` stands for a filter with the same coefficients.

    Returns
    -------
    numpy.ndarray, complex, shape (..., n_bins, frames)

    Examples
    --------
    >>> y, sr = refrain.load("song.wav")
    >>> refrain.cqt(y, sr=sr).shape
    (84, 216)
    """
    for name, value, default in (
        ("filter_scale", filter_scale, 1),
        ("norm", norm, 1),
        ("sparsity", sparsity, 0.01),
        ("window", window, "hann"),
        ("scale", scale, True),
        ("pad_mode", pad_mode, "constant"),
        ("res_type", res_type, "soxr_hq"),
    ):
        _checks.only_default(name, value, default)
    y = _checks.signal(y)
    if tuning is None:
        tuning = estimate_tuning(y=y, sr=sr, bins_per_octave=bins_per_octave)
    lowest = C1 if fmin is None else float(fmin)
    # More than half a bin is another lowest bin.
    lowest, tuning = (lowest, tuning) if abs(tuning) <= 0.5 else (lowest * 2 ** (tuning / bins_per_octave), 0.0)
    done = _checks.per_channel(
        y, lambda one: _refrain.cqt(one, sr, hop_length, lowest, n_bins, bins_per_octave, tuning)
    )
    return done.astype(_checks.complex_type(y.dtype) if dtype is None else dtype, copy=False)
