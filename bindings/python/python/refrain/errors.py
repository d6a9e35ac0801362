"""What can go wrong.

A file that the system cannot read or write raises :class:`OSError`, :class:`FileNotFoundError` and so on, as everywhere in
Python; a parameter that refrain does not support raises :class:`NotImplementedError`, which names it. All else is a
:class:`RefrainError`.
"""

from __future__ import annotations

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
    """What all exceptions of refrain's own are."""


class ParameterError(RefrainError, ValueError):
    """An argument that is outside its range, or samples that cannot be worked with."""


class _FileError(RefrainError):
    path: str
    """The file."""
    reason: str
    """What is wrong with it, and the way out where there is one."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


class AudioError(_FileError):
    """Audio that cannot be decoded, or gave nothing."""


class NoFingerprintError(AudioError):
    """Audio of which there is nothing to be found again: silence, a steady sound, or too short."""


class AudioWarning(UserWarning):
    """Audio that was damaged or cut short, and was used as far as it goes."""


class IndexFileError(_FileError):
    """An index file that cannot be used."""


class IndexNotFoundError(IndexFileError):
    """There is no index at that path."""


class IndexDamagedError(IndexFileError):
    """What the index file holds contradicts itself."""


class IndexBusyError(IndexFileError):
    """Somebody else is writing to the index file, or the very call that this one was made from."""


class IndexReadOnlyError(IndexFileError):
    """The index was opened for reading only, or its file cannot be written."""


class NotInIndexError(RefrainError, LookupError):
    """Nothing in the index is what was chosen."""
