"""Exceptions.

- A file that the system cannot read or write raises :class:`OSError`, :class:`FileNotFoundError` and so on, as everywhere in
  Python.
- A parameter of librosa that refrain does not have raises :class:`NotImplementedError` with the parameter's name.
- Everything else is a :class:`RefrainError`.

>>> issubclass(refrain.IndexNotFoundError, FileNotFoundError)
True
"""

from __future__ import annotations

import errno
from typing import Tuple

__all__ = [
    "RefrainError",
    "ParameterError",
    "AudioError",
    "NoFingerprintError",
    "AudioWarning",
    "IndexFileError",
    "IndexNotFoundError",
    "IndexDamagedError",
    "IndexBusyError",
    "IndexReadOnlyError",
    "NotInIndexError",
]


class RefrainError(Exception):
    """The base class of refrain's own exceptions.

    >>> try:
    ...     refrain.fingerprint(np.zeros(22050, np.float32), 22050)
    ... except refrain.RefrainError as error:
    ...     print(error)
    samples: nothing to fingerprint: the sound is silent, too steady or too short
    """


class ParameterError(RefrainError, ValueError):
    """An argument is outside its range, or samples cannot be used.

    >>> refrain.note_to_hz("H4")
    Traceback (most recent call last):
    refrain.errors.ParameterError: no note: 'H4'
    """


class _FileError(RefrainError):
    path: str
    """The file."""
    reason: str
    """What is wrong with it and, where there is one, the way out."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


class AudioError(_FileError):
    """Audio cannot be decoded, or has no samples.

    Attributes
    ----------
    path : str
        The file, or the name of the audio.
    reason : str
        What is wrong with it.

    Examples
    --------
    >>> try:
    ...     refrain.fingerprint(b"text")
    ... except refrain.AudioError as error:
    ...     error.path, error.reason
    ('bytes', 'not an audio file of a known format')
    """


class NoFingerprintError(AudioError):
    """Audio has nothing to recognise: it is silent, steady or too short.

    >>> refrain.fingerprint(np.zeros(100, np.float32), 22050)
    Traceback (most recent call last):
    refrain.errors.NoFingerprintError: samples: too short: 4 ms of audio; at least 500 ms are needed
    """


class AudioWarning(UserWarning):
    """Audio is damaged or cut short; refrain used the part that it could read.

    >>> import warnings
    >>> cut = open("clip.wav", "rb").read()[:100_000]
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     y, sr = refrain.load(io.BytesIO(cut))
    >>> [warning.category.__name__ for warning in caught]
    ['AudioWarning']
    """


class IndexFileError(_FileError):
    """An index file cannot be used.

    Attributes
    ----------
    path : str
        The file.
    reason : str
        What is wrong with it and, where there is one, the way out.

    Examples
    --------
    >>> refrain.Index("clip.wav")
    Traceback (most recent call last):
    refrain.errors.IndexFileError: clip.wav: is not an SQLite file, and so no index
    """


class IndexNotFoundError(IndexFileError, FileNotFoundError):
    """There is no index at the path. It is a :class:`FileNotFoundError`, too.

    >>> try:
    ...     refrain.Index("other.refrain")
    ... except FileNotFoundError as error:
    ...     print(error)
    other.refrain: no index here; refrain.Index("other.refrain", "a") makes one
    """

    def __init__(self, path: str, reason: str) -> None:
        FileNotFoundError.__init__(self, errno.ENOENT, reason, path)
        self.path = path
        self.reason = reason

    def __reduce__(self) -> Tuple[object, ...]:
        return type(self), (self.path, self.reason)


class IndexDamagedError(IndexFileError):
    """The content of an index file contradicts itself.

    >>> try:
    ...     with refrain.Index("music.refrain") as index:
    ...         index.verify()
    ... except refrain.IndexDamagedError as error:
    ...     print("restore a copy:", error)
    """


class IndexBusyError(IndexFileError):
    """Another process is writing to the index, or a callback of a call that writes to it tries to write, too.

    >>> def write(event):
    ...     index.add("clip.wav")
    >>> with refrain.Index("music.refrain", "a") as index:
    ...     index.build("music", callback=write)
    Traceback (most recent call last):
    refrain.errors.IndexBusyError: a callback of a call that writes cannot write to the same index
    """


class IndexReadOnlyError(IndexFileError):
    """The index was opened for reading only, or its file cannot be written.

    >>> with refrain.Index("music.refrain") as index:
    ...     index.build("music")
    Traceback (most recent call last):
    refrain.errors.IndexReadOnlyError: music.refrain: cannot be written: it was opened for reading
    """


class NotInIndexError(RefrainError, LookupError):
    """The index has no such file or track.

    >>> with refrain.Index("music.refrain", "r+") as index:
    ...     index.remove("polka.mp3")
    Traceback (most recent call last):
    refrain.errors.NotInIndexError: music.refrain: nothing in the index is meant by polka.mp3
    """
