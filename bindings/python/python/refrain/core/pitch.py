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
    """The fundamental frequency of each frame by YIN, as ``librosa.yin``.

    Parameters
    ----------
    y : samples of shape (..., n)
    fmin, fmax : the lowest and the highest frequency in hertz
    sr : the rate of the samples
    frame_length : samples in a frame
    hop_length : samples from one frame to the next; a quarter of a frame unless told
    trough_threshold : the aperiodicity below which the first dip is taken
    win_length, center, pad_mode : as by default only
    difference : ``textbook`` for the difference function of the paper; that of librosa lacks a term, which puts 440 Hz 1.4
        cents sharp and 65 Hz 10 cents. librosa has no such parameter.

    Returns
    -------
    f0 : hertz, of shape (..., frames)
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
    """The fundamental frequency of each frame, and whether it has one, by pYIN, as ``librosa.pyin``.

    Parameters
    ----------
    y : samples of shape (..., n)
    fmin, fmax : the lowest and the highest frequency in hertz
    sr : the rate of the samples
    frame_length : samples in a frame
    hop_length : samples from one frame to the next; a quarter of a frame unless told
    fill_na : what frames without a pitch have; a number
    win_length, n_thresholds, beta_parameters, boltzmann_parameter, resolution, max_transition_rate, switch_prob,
    no_trough_prob, center, pad_mode : as by default only
    difference : as of :func:`yin`

    Returns
    -------
    f0 : hertz, of shape (..., frames)
    voiced_flag : whether a frame has a pitch
    voiced_probability : how probably it has
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
    """By what part of a bin music is higher than A4 = 440 Hz, as ``librosa.estimate_tuning``: -0.5 to 0.49.

    Parameters
    ----------
    y : samples of shape (..., n)
    sr : their rate
    S : magnitudes or powers of shape (..., bins, frames), in place of `y`
    n_fft : samples in a frame
    bins_per_octave : bins in an octave
    resolution : as by default only
    **kwargs : none
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
