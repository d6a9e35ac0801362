"""Fingerprints, and figures about the harmony of files."""

from __future__ import annotations

import os
from typing import BinaryIO, Iterable, List, NamedTuple, Optional, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _checks, _refrain
from .errors import AudioError
from .records import Analysis, Failure, Fingerprint

__all__ = ["fingerprint", "octave_chroma", "analyze", "analyze_all"]

Audio = Union[str, "os.PathLike[str]", "os.PathLike[bytes]", bytes, BinaryIO, npt.NDArray[np.floating]]
"""A path; the content of an audio file; an object to read it from; or samples."""


def fingerprint(source: Audio, sr: Optional[float] = None) -> Fingerprint:
    """What an index keeps of a recording.

    Parameters
    ----------
    source : a path, the bytes of an audio file, a file object, or samples of shape (n,) or (channels, n)
    sr : the rate of samples

    Raises
    ------
    NoFingerprintError
        Where nothing could be found again: silence, a steady sound, less than half a second.
    """
    frames, positions, windows, duration = _refrain.fingerprint(*_checks.audio(source, sr))
    return Fingerprint(frames, positions, windows, duration)


def octave_chroma(source: Audio, sr: Optional[float] = None) -> npt.NDArray[np.float32]:
    """The chroma that a fingerprint is made of, before it is packed: what has just changed, in twelve pitch classes for each
    of five octaves.

    Parameters
    ----------
    source, sr : as of :func:`fingerprint`

    Returns
    -------
    chroma : of shape (60, frames), a frame every 2,048 samples at 11,025 Hz; the lowest octave first, from A2 up
    """
    return _refrain.chroma_frames(*_checks.audio(source, sr))


class _Outputs(NamedTuple):
    frames: Optional[str]
    harmonic: Optional[str]
    percussive: Optional[str]
    plot: Optional[str]


def _outputs(*paths: Optional[_checks.Path]) -> _Outputs:
    return _Outputs(*(None if path is None else _checks.path(path) for path in paths))


def analyze(
    source: Audio,
    sr: Optional[float] = None,
    *,
    name: Optional[_checks.Path] = None,
    frames: Optional[_checks.Path] = None,
    harmonic: Optional[_checks.Path] = None,
    percussive: Optional[_checks.Path] = None,
    plot: Optional[_checks.Path] = None,
    threads: Optional[int] = None,
) -> Analysis:
    """Key, tuning, pitch, chroma and harmonic share of audio of any length, in constant memory.

    Parameters
    ----------
    source, sr : as of :func:`fingerprint`
    name : what audio that is no file is called
    frames : where all frames are written as NumPy arrays, ``.npz``
    harmonic, percussive : where the parts are written, ``.wav``
    plot : where a picture is written, ``.svg`` or ``.png``
    threads : how many work on it; one a core unless told

    Raises
    ------
    OSError
        Where the file cannot be read or an output not be written.
    AudioError
        Where it is no audio that can be decoded.
    """
    kind, audio, rate = _checks.audio(source, sr)
    if kind == "path":
        assert isinstance(audio, str)
        if os.path.isdir(audio):
            raise IsADirectoryError(f"{audio}: a folder; analyze_all() takes those")
        os.stat(audio)
    told = _Told()
    called = None if name is None else _checks.path(name)
    outputs = _outputs(frames, harmonic, percussive, plot)
    _refrain.analyze_audio(kind, audio, rate, called, _threads(threads), outputs, told.done)
    for failure in told.failures:
        raise AudioError(failure.path, failure.reason)
    return told.analyses[0]


def analyze_all(
    paths: Union[_checks.Path, Iterable[_checks.Path]],
    *,
    frames: Optional[_checks.Path] = None,
    harmonic: Optional[_checks.Path] = None,
    percussive: Optional[_checks.Path] = None,
    plot: Optional[_checks.Path] = None,
    threads: Optional[int] = None,
) -> Tuple[List[Analysis], List[Failure]]:
    """The same of many files, and of all audio files below folders, on all cores. A bad file does not end it.

    Parameters
    ----------
    paths : files and folders
    frames, harmonic, percussive, plot : folders where outputs are written, named after the files
    threads : how many work on it; one a core unless told

    Returns
    -------
    analyses : in the order of the files
    failures : files that could not be analysed, with the reason
    """
    single = isinstance(paths, (str, bytes, os.PathLike))
    given: Iterable[_checks.Path] = [paths] if single else paths  # type: ignore[list-item, assignment]
    told = _Told()
    outputs = _outputs(frames, harmonic, percussive, plot)
    _refrain.analyze([_checks.path(path) for path in given], _threads(threads), outputs, told.done)
    return told.analyses, told.failures


class _Told:
    """What came out so far."""

    def __init__(self) -> None:
        self.analyses: List[Analysis] = []
        self.failures: List[Failure] = []

    def done(self, path: str, figures: Optional[_refrain.FiguresDict], error: Optional[str]) -> None:
        if figures is not None:
            self.analyses.append(Analysis._of(path, figures))
        else:
            self.failures.append(Failure(path, (error or "").removeprefix(f"{path}: ")))


def _threads(threads: Optional[int]) -> Optional[int]:
    return None if threads is None else _checks.whole("threads", threads, 1)
