"""Arguments that are looked at before Rust sees them."""

from __future__ import annotations

import os
from typing import Any, Callable, Optional, Tuple, Union

import numpy as np
import numpy.typing as npt

from .errors import ParameterError

FloatArray = npt.NDArray[np.floating[Any]]
Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]


def unsupported(name: str, value: object, only: str) -> NotImplementedError:
    """What a parameter raises that cannot be had."""
    return NotImplementedError(f"{name}={value!r} is not supported by refrain, only {only}")


def only_default(name: str, value: object, default: object) -> None:
    """Holds that a parameter is what it is by default, the only value there is."""
    if isinstance(value, np.ndarray) or value != default:
        raise unsupported(name, value, repr(default))


def framing(
    n_fft: int,
    hop_length: Optional[int],
    win_length: Optional[int] = None,
    window: object = "hann",
    center: bool = True,
    pad_mode: object = "constant",
) -> int:
    """Holds that frames are as they can be; gives the hop, which is a quarter of a frame unless told."""
    if win_length is not None and win_length != n_fft:
        raise unsupported("win_length", win_length, f"the length of a frame, {n_fft}")
    only_default("window", window, "hann")
    if not center:
        raise unsupported("center", center, "True")
    only_default("pad_mode", pad_mode, "constant")
    return n_fft // 4 if hop_length is None else hop_length


def whole(name: str, value: object, least: int = 0) -> int:
    """A whole number, of whatever type."""
    try:
        number: int = int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        raise ParameterError(f"{name} is {value!r}, must be a whole number") from None
    if number != value or number < least:
        raise ParameterError(f"{name} is {value!r}, must be a whole number of at least {least}")
    return number


def signal(y: object) -> FloatArray:
    """Audio as an array of floating-point numbers, time last."""
    if not isinstance(y, np.ndarray):
        raise ParameterError(f"audio must be a NumPy array, not {type(y).__name__}")
    if not np.issubdtype(y.dtype, np.floating):
        raise ParameterError(f"audio must be of floating-point numbers, not {y.dtype}; full scale is 1")
    if y.ndim == 0:
        raise ParameterError("audio must have at least one dimension")
    return y


def singles(y: FloatArray) -> npt.NDArray[np.float32]:
    """The same where it is contiguous and of single precision; a copy that is so where it is not."""
    return np.require(y, np.float32, ("C", "A"))


def real_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type of real results, as librosa has it: as precise as what goes in, and at least single."""
    wide = dtype.itemsize > (8 if dtype.kind == "c" else 4)
    return np.dtype(np.float64 if wide else np.float32)


def complex_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type of complex results."""
    return np.dtype(np.complex64 if real_type(dtype) == np.float32 else np.complex128)


def per_channel(
    y: FloatArray, one: Callable[[npt.NDArray[np.float32]], npt.NDArray[Any]]
) -> npt.NDArray[Any]:
    """What `one` makes of each channel, all dimensions but the last being channels."""
    if y.ndim == 1:
        return one(singles(y))
    done = [one(singles(y[index])) for index in np.ndindex(y.shape[:-1])]
    if not done:
        raise ParameterError("audio has no channel")
    return np.stack(done).reshape(y.shape[:-1] + done[0].shape)


def per_plane(
    s: npt.NDArray[Any],
    dtype: npt.DTypeLike,
    one: Callable[[npt.NDArray[Any]], npt.NDArray[Any]],
) -> npt.NDArray[Any]:
    """What `one` makes of each spectrogram, given as contiguous (frames, bins); of (..., bins, frames)."""
    if s.ndim < 2:
        raise ParameterError("a spectrogram must have two dimensions at least, bins and frames")
    turned = np.swapaxes(s, -1, -2)
    if s.ndim == 2:
        return one(np.require(turned, dtype, ("C", "A")))
    done = [one(np.require(turned[index], dtype, ("C", "A"))) for index in np.ndindex(s.shape[:-2])]
    if not done:
        raise ParameterError("there is no spectrogram")
    return np.stack(done).reshape(s.shape[:-2] + done[0].shape)


def path(given: Path) -> str:
    """A path as text; bytes that are not UTF-8 are kept."""
    return os.fsdecode(given)


def audio(source: object, sr: Optional[float] = None) -> Tuple[str, object, int]:
    """What kind of audio it is, the audio, and its rate where it is samples."""
    if isinstance(source, np.ndarray):
        if sr is None:
            raise ParameterError("samples need their rate: sr")
        y = signal(source)
        if y.ndim > 2:
            raise ParameterError(f"samples must be of (n,) or (channels, n), not {y.shape}")
        if y.ndim == 2:
            if not len(y):
                raise ParameterError("audio has no channel")
            y = np.mean(y, axis=0)
        return "samples", singles(y), whole("sr", sr, 1)
    if isinstance(source, (str, os.PathLike)):
        return "path", path(source), 0
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "bytes", bytes(source), 0
    if callable(getattr(source, "read", None)):
        return "reader", source, 0
    raise TypeError(
        f"audio must be a path, bytes, a file object or a NumPy array with its rate, not {type(source).__name__}"
    )
