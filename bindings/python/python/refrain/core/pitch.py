"""Fundamental frequency and tuning."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional, Tuple

import numpy as np
import numpy.typing as npt

from .. import _checks, _refrain
from ..errors import ParameterError

__all__ = ["yin", "pyin", "estimate_tuning"]


class _Sought(NamedTuple):
    sr: float
    fmin: float
    fmax: float
    frame_length: int
    hop_length: int
    trough_threshold: float
    textbook: bool


def _is_textbook(difference: str) -> bool:
    if difference not in ("librosa", "textbook"):
        raise ParameterError(f"difference is {difference!r}, must be 'librosa' or 'textbook'")
    return difference == "textbook"


def yin(
    y: npt.NDArray[Any],
    *,
    fmin: float,
    fmax: float,
    sr: float = 22050,
    frame_length: int = 2048,
    win_length: None = None,
    hop_length: Optional[int] = None,
    trough_threshold: float = 0.1,
    center: bool = True,
    pad_mode: object = "constant",
    difference: str = "librosa",
) -> npt.NDArray[np.float64]:
    """Computes the fundamental frequency of each frame by YIN, as ``librosa.yin``.

    Parameters
    ----------
    y : numpy.ndarray, shape (..., n)
        Samples, floating-point. refrain reads contiguous float32 samples without a copy while other threads run: do not change
        the array meanwhile.
    fmin, fmax : float
        The lowest and the highest frequency in hertz.
    sr : float
        The rate of the samples.
    frame_length : int
        Samples in a frame.
    hop_length : int, optional
        Samples from one frame to the next; a quarter of a frame by default.
    trough_threshold : float
        The first dip is taken whose aperiodicity is below this.
    win_length, center, pad_mode : object
        As by default only.
    difference : {"librosa", "textbook"}
        ``textbook`` takes the difference function of the paper. librosa's lacks a term, which puts 440 Hz 1.4 cents sharp and
        65 Hz 10 cents. librosa has no such parameter.

    Returns
    -------
    numpy.ndarray of float64, shape (..., frames)
        Hertz.

    Examples
    --------
    >>> y = np.sin(2 * np.pi * 220 * np.arange(22050) / 22050).astype(np.float32)
    >>> int(round(np.median(refrain.yin(y, fmin=100, fmax=1000))))
    220
    """
    _checks.only_default("win_length", win_length, None)
    hop = _checks.framing(frame_length, hop_length, None, "hann", center, pad_mode)
    sought = _Sought(sr, fmin, fmax, frame_length, hop, trough_threshold, _is_textbook(difference))
    return _checks.per_channel(_checks.signal(y), lambda one: _refrain.yin(one, sought)[0])


def pyin(
    y: npt.NDArray[Any],
    *,
    fmin: float,
    fmax: float,
    sr: float = 22050,
    frame_length: int = 2048,
    win_length: None = None,
    hop_length: Optional[int] = None,
    n_thresholds: int = 100,
    beta_parameters: Tuple[float, float] = (2, 18),
    boltzmann_parameter: float = 2,
    resolution: float = 0.1,
    max_transition_rate: float = 35.92,
    switch_prob: float = 0.01,
    no_trough_prob: float = 0.01,
    fill_na: Optional[float] = np.nan,
    center: bool = True,
    pad_mode: object = "constant",
    difference: str = "librosa",
) -> Tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Computes the fundamental frequency of each frame, and whether it has one, by pYIN, as ``librosa.pyin``.

    Parameters
    ----------
    y : numpy.ndarray, shape (..., n)
        Samples, floating-point. refrain reads contiguous float32 samples without a copy while other threads run: do not change
        the array meanwhile.
    fmin, fmax : float
        The lowest and the highest frequency in hertz.
    sr : float
        The rate of the samples.
    frame_length : int
        Samples in a frame.
    hop_length : int, optional
        Samples from one frame to the next; a quarter of a frame by default.
    fill_na : float
        The frequency of frames without a pitch.
    win_length, n_thresholds, beta_parameters, boltzmann_parameter, resolution, max_transition_rate : object
        As by default only.
    switch_prob, no_trough_prob, center, pad_mode : object
        As by default only.
    difference : {"librosa", "textbook"}
        As in :func:`yin`.

    Returns
    -------
    f0 : numpy.ndarray of float64, shape (..., frames)
        Hertz.
    voiced_flag : numpy.ndarray of bool, shape (..., frames)
        Whether a frame has a pitch.
    voiced_probability : numpy.ndarray of float64, shape (..., frames)
        The probability that it has.

    Examples
    --------
    >>> y = np.sin(2 * np.pi * 220 * np.arange(22050) / 22050).astype(np.float32)
    >>> f0, voiced, probability = refrain.pyin(y, fmin=100, fmax=1000)
    >>> bool(abs(np.median(f0[voiced]) - 220) < 1)
    True
    """
    for name, value, default in (
        ("win_length", win_length, None),
        ("n_thresholds", n_thresholds, 100),
        ("beta_parameters", tuple(beta_parameters), (2, 18)),
        ("boltzmann_parameter", boltzmann_parameter, 2),
        ("resolution", resolution, 0.1),
        ("max_transition_rate", max_transition_rate, 35.92),
        ("switch_prob", switch_prob, 0.01),
        ("no_trough_prob", no_trough_prob, 0.01),
    ):
        _checks.only_default(name, value, default)
    if fill_na is None:
        raise _checks.unsupported("fill_na", fill_na, "a number")
    hop = _checks.framing(frame_length, hop_length, None, "hann", center, pad_mode)
    sought = _Sought(sr, fmin, fmax, frame_length, hop, 0.1, _is_textbook(difference))
    y = _checks.signal(y)
    if y.ndim == 1:
        return _refrain.pyin(_checks.singles(y), sought, float(fill_na))
    fill = float(fill_na)
    done = [_refrain.pyin(_checks.singles(y[index]), sought, fill) for index in np.ndindex(y.shape[:-1])]
    if not done:
        raise ParameterError("audio has no channel")
    shape = y.shape[:-1] + done[0][0].shape
    return (
        np.stack([f0 for f0, _, _ in done]).reshape(shape),
        np.stack([voiced for _, voiced, _ in done]).reshape(shape),
        np.stack([probability for _, _, probability in done]).reshape(shape),
    )


def estimate_tuning(
    *,
    y: Optional[npt.NDArray[Any]] = None,
    sr: float = 22050,
    S: Optional[npt.NDArray[Any]] = None,
    n_fft: Optional[int] = 2048,
    resolution: float = 0.01,
    bins_per_octave: int = 12,
    **kwargs: object,
) -> float:
    """Estimates what part of a bin music is above A4 = 440 Hz, as ``librosa.estimate_tuning``.

    Parameters
    ----------
    y : numpy.ndarray, shape (..., n), optional
        Samples, floating-point.
    sr : float
        Their rate.
    S : numpy.ndarray, shape (..., bins, frames), optional
        Magnitudes or powers, in place of `y`.
    n_fft : int
        Samples in a frame.
    bins_per_octave : int
    resolution : float
        As by default only.
    **kwargs
        None.

    Returns
    -------
    float
        -0.5 to 0.49.

    Examples
    --------
    >>> y, sr = refrain.load("song.wav")
    >>> -0.5 <= refrain.estimate_tuning(y=y, sr=sr) < 0.5
    True
    """
    _checks.only_default("resolution", resolution, 0.01)
    for name, value in kwargs.items():
        raise _checks.unsupported(name, value, "what librosa.piptrack has by default")
    if S is None:
        if y is None:
            raise ParameterError("one of y and S is needed")
        y = _checks.signal(y)
        frame = 2048 if n_fft is None else n_fft
        if y.ndim == 1 and frame == 2048:
            return _refrain.estimate_tuning(_checks.singles(y), sr, bins_per_octave)
        S = _checks.per_channel(y, lambda one: _refrain.magnitudes(one, frame, frame // 4, 1))
    frames = np.require(np.swapaxes(np.abs(S), -1, -2), np.float32, ("C", "A"))
    if frames.ndim < 2:
        raise ParameterError("S must have bins and frames")
    return _refrain.estimate_tuning_of(frames.reshape(-1, frames.shape[-1]), sr, bins_per_octave)
