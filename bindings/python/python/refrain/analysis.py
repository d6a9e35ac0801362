"""Fingerprints, and figures about the harmony of files."""

from __future__ import annotations

import os
from typing import Any, BinaryIO, Callable, List, NamedTuple, Optional, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _checks, _refrain
from .records import Analysis, Failure, Fingerprint

__all__ = ["fingerprint", "octave_chroma", "analyze", "analyze_all"]

Audio = Union[str, "os.PathLike[str]", "os.PathLike[bytes]", bytes, BinaryIO, npt.NDArray[Any]]
"""A path; the content of an audio file; an object to read it from; or samples."""


def fingerprint(source: Audio, sr: Optional[float] = None) -> Fingerprint:
    """Computes what an index keeps of a recording.

    Parameters
    ----------
    source : str, os.PathLike, bytes, binary file object or numpy.ndarray
        A path, the content of an audio file, a stream of one, or samples of shape (n,) or (channels, n). Samples are floats
        with a full scale of 1, or uint8, int16 or int32, which are scaled as a WAV file's are. refrain reads contiguous
        float32 samples without a copy while other threads run: do not change the array meanwhile.
    sr : float, optional
        The rate of samples.

    Returns
    -------
    Fingerprint

    Raises
    ------
    NoFingerprintError
        If there is nothing to recognise: silence, a steady sound, less than half a second.

    Examples
    --------
    >>> refrain.fingerprint("song.wav").frames.dtype
    dtype('uint8')
    """
    frames, positions, windows, duration = _refrain.fingerprint(*_checks.audio(source, sr))
    return Fingerprint(frames, positions, windows, duration)


def octave_chroma(source: Audio, sr: Optional[float] = None) -> npt.NDArray[np.float32]:
    """Computes the chroma that a fingerprint is made of, before it is packed: what has just changed, in twelve pitch classes
    for each of five octaves.

    Parameters
    ----------
    source : str, os.PathLike, bytes, binary file object or numpy.ndarray
    sr : float, optional
        As in :func:`fingerprint`.

    Returns
    -------
    numpy.ndarray of float32, shape (60, frames)
        A frame every 2,048 samples at 11,025 Hz. The lowest octave comes first, from A2 up.

    Examples
    --------
    >>> refrain.octave_chroma("song.wav").shape[0]
    60
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
    """Computes key, tuning, pitch, chroma and harmonic share of audio of any length, in constant memory.

    Parameters
    ----------
    source : str, os.PathLike, bytes, binary file object or numpy.ndarray
    sr : float, optional
        As in :func:`fingerprint`.
    name : str, bytes or os.PathLike, optional
        What audio that is no file is called.
    frames : str, bytes or os.PathLike, optional
        The file to write all frames to, as NumPy arrays, ``.npz``.
    harmonic, percussive : str, bytes or os.PathLike, optional
        The files to write the parts to, ``.wav``.
    plot : str, bytes or os.PathLike, optional
        The file to write a picture to, ``.svg`` or ``.png``.
    threads : int, optional
        How many threads to use; one a core by default.

    Returns
    -------
    Analysis

    Raises
    ------
    OSError
        If the file cannot be read, or an output cannot be written.
    AudioError
        If the audio cannot be decoded.

    Examples
    --------
    >>> refrain.analyze("song.wav").key
    'F minor'
    """
    kind, audio, rate = _checks.audio(source, sr)
    if kind == "path" and os.path.isdir(str(audio)):
        raise IsADirectoryError(f"{audio}: a folder; analyze_all() takes those")
    called = None if name is None else _checks.name(name)
    outputs = _outputs(frames, harmonic, percussive, plot)
    path, figures = _refrain.analyze_audio(kind, audio, rate, called, _threads(threads), outputs)
    return Analysis._of(path, figures)


def analyze_all(
    paths: _checks.Paths,
    *,
    frames: Optional[_checks.Path] = None,
    harmonic: Optional[_checks.Path] = None,
    percussive: Optional[_checks.Path] = None,
    plot: Optional[_checks.Path] = None,
    threads: Optional[int] = None,
    callback: Optional[Callable[[Union[Analysis, Failure]], object]] = None,
) -> Tuple[List[Analysis], List[Failure]]:
    """Analyzes many files, and all audio files below folders, on all cores. A bad file does not end the call.

    Parameters
    ----------
    paths : str, bytes or os.PathLike, or an iterable of these
        Files and folders.
    frames, harmonic, percussive, plot : str, bytes or os.PathLike, optional
        Folders to write the outputs to, named after the files.
    threads : int, optional
        How many threads to use; one a core by default.
    callback : callable, optional
        Gets the :class:`Analysis` or :class:`Failure` of each file, in order, as soon as there is one. An exception in it ends
        the call.

    Returns
    -------
    analyses : list of Analysis
        In the order of the files.
    failures : list of Failure
        Files that could not be analyzed.

    Examples
    --------
    >>> analyses, failures = refrain.analyze_all(["song.wav", "none.wav"])
    >>> [figures.key for figures in analyses], len(failures)
    (['F minor'], 1)
    """
    analyses: List[Analysis] = []
    failures: List[Failure] = []

    def done(path: str, figures: Optional[_refrain.FiguresDict], reason: Optional[str]) -> None:
        if figures is not None:
            analyses.append(Analysis._of(path, figures))
        else:
            failures.append(Failure(path, reason or ""))
        if callback is not None:
            callback(failures[-1] if figures is None else analyses[-1])

    outputs = _outputs(frames, harmonic, percussive, plot)
    _refrain.analyze(_checks.paths(paths), _threads(threads), outputs, done)
    return analyses, failures


def _threads(threads: Optional[int]) -> Optional[int]:
    return None if threads is None else _checks.whole("threads", threads, 1)
