"""Checks and conversions of arguments before Rust sees them."""

from __future__ import annotations

import os
from typing import Any, Callable, Iterable, List, Optional, Tuple, Union

import numpy as np
import numpy.typing as npt

from .errors import ParameterError

FloatArray = npt.NDArray[np.floating[Any]]
Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
Paths = Union[Path, Iterable[Path]]


def unsupported(name: str, value: object, only: str) -> NotImplementedError:
    """The error for a parameter of librosa that refrain does not have."""
    return NotImplementedError(f"{name}={value!r} is not supported by refrain, only {only}")


def only_default(name: str, value: object, default: object) -> None:
    """Refuses any value but the default."""
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
    """Refuses framing that refrain does not have. Returns the hop, a quarter of a frame by default."""
    if win_length is not None and win_length != n_fft:
        raise unsupported("win_length", win_length, f"the length of a frame, {n_fft}")
    only_default("window", window, "hann")
    if not center:
        raise unsupported("center", center, "True")
    only_default("pad_mode", pad_mode, "constant")
    return n_fft // 4 if hop_length is None else hop_length


def whole(name: str, value: object, least: int = 0) -> int:
    """The value as an ``int``, whatever type of whole number it is."""
    try:
        number: int = int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        raise ParameterError(f"{name} is {value!r}, must be a whole number") from None
    if number != value or number < least:
        raise ParameterError(f"{name} is {value!r}, must be a whole number of at least {least}")
    return number


def signal(y: object) -> FloatArray:
    """Refuses what is not an array of floating-point numbers, time last."""
    if not isinstance(y, np.ndarray):
        raise ParameterError(f"audio must be a NumPy array, not {type(y).__name__}")
    if not np.issubdtype(y.dtype, np.floating):
        raise ParameterError(f"audio must be of floating-point numbers, not {y.dtype}; full scale is 1")
    if y.ndim == 0:
        raise ParameterError("audio must have at least one dimension")
    return y


def singles(y: FloatArray) -> npt.NDArray[np.float32]:
    """The same array if it is contiguous and of single precision, else a copy that is."""
    return np.require(y, np.float32, ("C", "A"))


def real_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type of real results, as in librosa: as precise as the input, at least single precision."""
    wide = dtype.itemsize > (8 if dtype.kind == "c" else 4)
    return np.dtype(np.float64 if wide else np.float32)


def complex_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type of complex results."""
    return np.dtype(np.complex64 if real_type(dtype) == np.float32 else np.complex128)


def per_channel(
    y: FloatArray, one: Callable[[npt.NDArray[np.float32]], npt.NDArray[Any]]
) -> npt.NDArray[Any]:
    """Calls `one` for each channel. All dimensions but the last are channels."""
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
    """Calls `one` for each spectrogram of (..., bins, frames), with a contiguous array of (frames, bins)."""
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
    """A path as text, with ``~`` expanded. Bytes that are not UTF-8 are kept."""
    return os.path.expanduser(os.fsdecode(given))


def name(given: Path) -> str:
    """A name of audio that is not a file, as text. A ``~`` in it stays."""
    return os.fsdecode(given)


def paths(given: Paths) -> List[str]:
    """One path or several as text."""
    if isinstance(given, (str, bytes, os.PathLike)):
        return [path(given)]
    return [path(each) for each in given]


def names(given: Union[str, Iterable[str]]) -> List[str]:
    """One name or several; a text may hold several, separated by commas."""
    return [name.strip() for name in given.split(",")] if isinstance(given, str) else list(given)


_INTEGERS = {np.dtype(np.uint8): (128, 7), np.dtype(np.int16): (0, 15), np.dtype(np.int32): (0, 31)}
"""The integer types of samples: the value of silence, and the power of two that is full scale."""


def samples(y: object) -> npt.NDArray[np.float32]:
    """Samples of shape (n,) or (channels, n) as one channel, contiguous and of single precision. Integers are scaled so that
    full scale is 1, as a WAV decoder does."""
    if isinstance(y, np.ndarray) and y.dtype.newbyteorder("=") in _INTEGERS:
        silence, bits = _INTEGERS[y.dtype.newbyteorder("=")]
        y = (y.astype(np.float32) - np.float32(silence)) * np.float32(2.0**-bits)
    elif isinstance(y, np.ndarray) and y.dtype.kind in "iu":
        raise ParameterError(
            f"integer samples must be uint8, int16 or int32, not {y.dtype}; convert others to float, full scale is 1"
        )
    channels = signal(y)
    if channels.ndim > 2:
        raise ParameterError(f"samples must be of (n,) or (channels, n), not {channels.shape}")
    if channels.ndim == 2:
        if not len(channels):
            raise ParameterError("audio has no channel")
        if 0 < channels.shape[1] < channels.shape[0]:
            raise ParameterError(
                f"samples must be of (n,) or (channels, n), and {channels.shape} would be {channels.shape[0]} channels; "
                "pass samples.T if they are of (n, channels)"
            )
        channels = np.mean(channels, axis=0)
    return singles(channels)


def audio(source: object, sr: Optional[float] = None) -> Tuple[str, object, int]:
    """The kind of audio, the audio, and the rate if it is samples."""
    if isinstance(source, np.ndarray):
        if sr is None:
            raise ParameterError("samples need their rate: sr")
        return "samples", samples(source), whole("sr", sr, 1)
    if isinstance(source, (str, os.PathLike)):
        return "path", path(source), 0
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "bytes", bytes(source), 0
    if callable(getattr(source, "read", None)):
        return "reader", source, 0
    raise TypeError(
        f"audio must be a path, bytes, a file object or a NumPy array with its rate, not {type(source).__name__}"
    )
