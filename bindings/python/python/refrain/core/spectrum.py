"""The short-time Fourier transform and its inverse."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
import numpy.typing as npt

from .. import _checks, _refrain
from ..errors import ParameterError

__all__ = ["stft", "istft"]


def stft(
    y: npt.NDArray[Any],
    *,
    n_fft: int = 2048,
    hop_length: Optional[int] = None,
    win_length: Optional[int] = None,
    window: object = "hann",
    center: bool = True,
    dtype: Optional[npt.DTypeLike] = None,
    pad_mode: object = "constant",
    out: None = None,
) -> npt.NDArray[Any]:
    """Computes the short-time Fourier transform of centred, Hann-windowed frames, as ``librosa.stft``.

    Parameters
    ----------
    y : numpy.ndarray, shape (..., n)
        Samples, floating-point. refrain reads contiguous float32 samples without a copy while other threads run: do not change
        the array meanwhile.
    n_fft : int
        Samples in a frame, even.
    hop_length : int, optional
        Samples from one frame to the next, at most a frame; a quarter of one by default.
    dtype : numpy.dtype, optional
        Of the result; as precise as `y` by default.
    win_length, window, center, pad_mode, out : object
        As by default only.

    Returns
    -------
    numpy.ndarray, complex, shape (..., 1 + n_fft / 2, frames)

    Examples
    --------
    >>> y, sr = refrain.load("song.wav")
    >>> refrain.stft(y).shape
    (1025, 216)
    """
    only_hop = _checks.framing(n_fft, hop_length, win_length, window, center, pad_mode)
    _checks.only_default("out", out, None)
    y = _checks.signal(y)
    done = _checks.per_channel(y, lambda one: _refrain.stft(one, n_fft, only_hop))
    return done.astype(_checks.complex_type(y.dtype) if dtype is None else dtype, copy=False)


def istft(
    stft_matrix: npt.NDArray[Any],
    *,
    hop_length: Optional[int] = None,
    win_length: Optional[int] = None,
    n_fft: Optional[int] = None,
    window: object = "hann",
    center: bool = True,
    dtype: Optional[npt.DTypeLike] = None,
    length: Optional[int] = None,
    out: None = None,
) -> npt.NDArray[Any]:
    """Computes the signal of a short-time Fourier transform, as ``librosa.istft``.

    Parameters
    ----------
    stft_matrix : numpy.ndarray, complex, shape (..., 1 + n_fft / 2, frames)
    hop_length : int, optional
        Samples from one frame to the next; a quarter of a frame by default.
    n_fft : int, optional
        Samples in a frame; by default those that go with the bins.
    length : int, optional
        Samples of the result; by default from the first frame's middle to the last one's.
    dtype : numpy.dtype, optional
        Of the result; as precise as `stft_matrix` by default.
    win_length, window, center, out : object
        As by default only.

    Returns
    -------
    numpy.ndarray, shape (..., length)

    Examples
    --------
    >>> y, sr = refrain.load("song.wav")
    >>> bool(np.allclose(refrain.istft(refrain.stft(y), length=len(y)), y, atol=1e-5))
    True
    """
    if not np.iscomplexobj(stft_matrix) or np.ndim(stft_matrix) < 2:
        raise ParameterError("stft_matrix must be complex and have bins and frames")
    frame = 2 * (stft_matrix.shape[-2] - 1) if n_fft is None else n_fft
    if stft_matrix.shape[-2] != frame // 2 + 1:
        raise ParameterError(f"stft_matrix has {stft_matrix.shape[-2]} bins, n_fft={frame} has {frame // 2 + 1}")
    hop = _checks.framing(frame, hop_length, win_length, window, center)
    _checks.only_default("out", out, None)
    samples = hop * max(stft_matrix.shape[-1] - 1, 0) if length is None else _checks.whole("length", length)
    done = _checks.per_plane(stft_matrix, np.complex64, lambda s: _refrain.istft(s, frame, hop, samples))
    return done.astype(_checks.real_type(stft_matrix.dtype) if dtype is None else dtype, copy=False)
