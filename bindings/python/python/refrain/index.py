"""The index: fingerprints of recordings in one SQLite file."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Callable, Iterable, List, NamedTuple, Optional, Type, Union

from . import _checks, _refrain
from .analysis import Audio
from .errors import NotInIndexError, ParameterError
from .records import (
    Answer,
    BuildEvent,
    BuildSummary,
    Failure,
    Info,
    MergeSummary,
    Relocated,
    Track,
)

__all__ = ["Index"]

Callback = Callable[[BuildEvent], object]
Paths = Union[_checks.Path, Iterable[_checks.Path]]


class _Take(NamedTuple):
    threads: Optional[int]
    follow_links: bool
    hidden: bool
    max_depth: Optional[int]


class _Ask(NamedTuple):
    top: int
    min_score: float
    explain: bool
    exact: bool
    semitones: float
    slowest: float
    fastest: float


class _Names(NamedTuple):
    title: Optional[str] = None
    artist: Optional[str] = None
    album: Optional[str] = None
    track_number: Optional[int] = None
    disc_number: Optional[int] = None
    recording_mbid: Optional[str] = None
    release_mbid: Optional[str] = None
    acoustid: Optional[str] = None


class Index:
    """An index file that is open. ::

        with refrain.Index("music.refrain", "a") as index:
            index.build("~/Music")
            answer = index.query("clip.wav")

    Any number of threads may use one handle at once: what they ask runs beside each other, without the interpreter's lock;
    of what writes, one runs at a time. Ctrl-C ends a build or a query in order, with :class:`KeyboardInterrupt`; what a
    build had added stays, and the same call goes on from there.

    Parameters
    ----------
    path : the file
    mode : ``r`` to read, ``r+`` to write as well, ``a`` to make it where there is none

    Raises
    ------
    IndexNotFoundError
        Where there is none.
    IndexFileError
        Where the file is not an index that this version can read.
    """

    def __init__(self, path: _checks.Path, mode: str = "r") -> None:
        self._path = _checks.path(path)
        self._mode = mode
        self._index = _refrain.Index(self._path, mode)

    @classmethod
    def open(cls, path: _checks.Path, mode: str = "r") -> Index:
        """Opens an index that is there, for reading unless told."""
        return cls(path, mode)

    @classmethod
    def open_or_create(cls, path: _checks.Path) -> Index:
        """Opens an index for reading and writing, and makes it where there is none."""
        return cls(path, "a")

    @property
    def path(self) -> str:
        """The file, as it was named."""
        return self._path

    @property
    def mode(self) -> str:
        """How it was opened."""
        return self._mode

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return not self._index.is_open()

    def close(self) -> None:
        """Closes the file and leaves nothing beside it, once the calls of other threads are done. A second time does
        nothing."""
        self._index.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        closed = ", closed" if self.closed else ""
        return f"<refrain.Index {self._path!r}, mode {self._mode!r}{closed}>"

    def __len__(self) -> int:
        """How many tracks there are."""
        return self.info().tracks

    def __bool__(self) -> bool:
        return True

    def build(
        self,
        paths: Paths,
        *,
        threads: Optional[int] = None,
        follow_links: bool = True,
        hidden: bool = False,
        max_depth: Optional[int] = None,
        callback: Optional[Callback] = None,
    ) -> BuildSummary:
        """Brings the index up to date with folders and files, on all cores: what is new or changed is added, what has moved
        is recognised, what is gone is marked as missing. Folders are remembered for :meth:`update`.

        A file that is no audio or damaged is no error, it is among ``failed``.

        Parameters
        ----------
        paths : a folder or file, or several
        threads : files analysed at a time; one a core unless told
        follow_links : whether links to files and folders are followed
        hidden : whether files and folders whose names begin with a dot are taken
        max_depth : how many folders deep to go; 1 takes the files of the folder alone
        callback : is called with a :class:`BuildEvent` now and then, on the thread that called; what it raises ends the
            build, which keeps what was done
        """
        single = isinstance(paths, (str, bytes, os.PathLike))
        given: Iterable[_checks.Path] = [paths] if single else paths  # type: ignore[list-item, assignment]
        roots = [_checks.path(path) for path in given]
        take = _take(threads, follow_links, hidden, max_depth)
        return BuildSummary._of(self._index.build(roots, take, _told(callback)))

    def update(
        self,
        *,
        threads: Optional[int] = None,
        follow_links: bool = True,
        hidden: bool = False,
        max_depth: Optional[int] = None,
        callback: Optional[Callback] = None,
    ) -> BuildSummary:
        """Does what :meth:`build` does for the folders that were built from before and for every other file it knows."""
        take = _take(threads, follow_links, hidden, max_depth)
        return BuildSummary._of(self._index.update(take, _told(callback)))

    def retry(
        self, *, threads: Optional[int] = None, callback: Optional[Callback] = None
    ) -> BuildSummary:
        """Tries the files again that gave no fingerprint; those that are gone are forgotten."""
        take = _take(threads, True, False, None)
        return BuildSummary._of(self._index.retry(take, _told(callback)))

    def add(
        self,
        source: Audio,
        sr: Optional[float] = None,
        *,
        name: Optional[_checks.Path] = None,
        title: Optional[str] = None,
        artist: Optional[str] = None,
        album: Optional[str] = None,
        track_number: Optional[int] = None,
        disc_number: Optional[int] = None,
        recording_mbid: Optional[str] = None,
        release_mbid: Optional[str] = None,
        acoustid: Optional[str] = None,
    ) -> None:
        """Adds one file, whether it is known or not; or audio that is no file here, under a name.

        What was added under the same name before is replaced. Tags are for audio that is no file; they go before those
        that it has itself.

        Parameters
        ----------
        source : a path, the bytes of an audio file, a file object, or samples of shape (n,) or (channels, n)
        sr : the rate of samples
        name : what the audio is known by in place of a path

        Raises
        ------
        OSError, AudioError
            Where the audio cannot be used.
        """
        kind, audio, rate = _checks.audio(source, sr)
        tags = _Names(
            title, artist, album, track_number, disc_number, recording_mbid, release_mbid, acoustid
        )
        if kind == "path":
            if name is not None or tags != _Names():
                raise ParameterError("a file has its own name and tags; give its bytes to have others")
            assert isinstance(audio, str)
            self._index.add(audio)
        elif name is None:
            raise ParameterError("audio that is no file needs a name")
        else:
            self._index.add_audio(kind, audio, rate, _checks.path(name), tags)

    def query(
        self,
        source: Audio,
        sr: Optional[float] = None,
        *,
        name: Optional[_checks.Path] = None,
        top: int = 10,
        min_score: float = 0.9,
        pitch: float = 6.0,
        tempo: float = 4 / 3,
        fast: bool = False,
        exact: bool = False,
        explain: bool = False,
    ) -> Answer:
        """Tells which recordings a clip comes from.

        Parameters
        ----------
        source : a path, the bytes of an audio file, a file object, or samples of shape (n,) or (channels, n)
        sr : the rate of samples
        name : what a clip that is no file is called in the answer and in errors
        top : the most matches to give
        min_score : the least score that counts as a match
        pitch : how many semitones the clip may be off, 0 to 6
        tempo : by what ratio of speeds it may be off, 1 to 2
        fast : looks for the clip as it is only
        exact : compares with every window instead of using the neighbour index
        explain : also gives the best places that were looked at

        Raises
        ------
        OSError, AudioError
            Where the clip cannot be read. Silence is no error: it matches nothing.
        """
        kind, audio, rate = _checks.audio(source, sr)
        if not 0 <= pitch <= 6:
            raise ParameterError(f"pitch is {pitch}, must be 0 to 6 semitones")
        if not 1 <= tempo <= 2:
            raise ParameterError(f"tempo is {tempo}, must be 1 to 2")
        if not 0 <= min_score <= 1:
            raise ParameterError(f"min_score is {min_score}, must be 0 to 1")
        if fast:
            pitch, tempo = 0.0, 1.0
        ask = _Ask(_checks.whole("top", top), min_score, explain, exact, pitch, 1 / tempo, tempo)
        called = None if name is None else _checks.path(name)
        return Answer._of(self._index.query(kind, audio, rate, called, ask))

    def info(self) -> Info:
        """Counts, sizes, parameters and versions."""
        return Info._of(self._index.info())

    def tracks(self) -> List[Track]:
        """All tracks, in order of ids."""
        return [Track._of(each) for each in self._index.tracks()]

    def failures(self) -> List[Failure]:
        """Files that gave no fingerprint, with the reason."""
        return [Failure(*each) for each in self._index.failures()]

    def select(self, chosen: Union[_checks.Path, int]) -> List[str]:
        """The files that are meant, in order.

        `chosen` is a file, a folder for all below it, a pattern (``*``, ``?`` and ``**``), a track's id, or ``missing``.
        """
        return self._index.select(_chosen(chosen))

    def remove(self, *chosen: Union[_checks.Path, int], dry_run: bool = False) -> List[str]:
        """Takes files out of the index, chosen as by :meth:`select`, and gives their paths; with `dry_run` it gives them
        only. The files themselves are not touched. Folders are forgotten as ones to be updated, too.

        Raises
        ------
        NotInIndexError
            Where nothing is meant by one of the chosen; nothing is removed then.
        """
        removed, unknown = self._index.remove([_chosen(each) for each in chosen], dry_run)
        if unknown:
            raise NotInIndexError(f"{self._path}: nothing in the index is meant by {', '.join(unknown)}")
        return removed

    def prune(self, *, dry_run: bool = False) -> List[str]:
        """Takes files out of the index that are missing, but none below a folder that is not there; gives their paths."""
        return self._index.prune(dry_run)

    def relocate(self, old: _checks.Path, new: _checks.Path) -> Relocated:
        """Changes where files are, after a folder was renamed or a disk mounted elsewhere."""
        return Relocated(*self._index.relocate(_checks.path(old), _checks.path(new)))

    def merge(self, other: Index) -> MergeSummary:
        """Takes in the tracks of another index. What both have is one track, by its content."""
        return MergeSummary(*self._index.merge(other._index))

    def verify(self) -> None:
        """Reads and checks everything.

        Raises
        ------
        IndexDamagedError
            With the first thing that is wrong.
        """
        self._index.verify()

    def rebuild(self) -> None:
        """Makes the neighbour index again, out of the fingerprints."""
        self._index.rebuild()

    def refresh(self) -> None:
        """Brings the neighbour index up to date where it has fallen behind, as after many additions one by one."""
        self._index.refresh()

    def compact(self) -> int:
        """Gives the room of what was removed back to the disk; gives how many bytes."""
        return self._index.compact()

    def export(self, path: _checks.Path) -> None:
        """Copies the index to a new file, without gaps; also while it is being written."""
        self._index.export(_checks.path(path))


def _take(threads: Optional[int], follow_links: bool, hidden: bool, max_depth: Optional[int]) -> _Take:
    threads = None if threads is None else _checks.whole("threads", threads, 1)
    max_depth = None if max_depth is None else _checks.whole("max_depth", max_depth, 1)
    return _Take(threads, follow_links, hidden, max_depth)


def _told(callback: Optional[Callback]) -> Optional[Callable[[_refrain.EventDict], object]]:
    return None if callback is None else lambda told: callback(BuildEvent._of(told))


def _chosen(chosen: Union[_checks.Path, int]) -> str:
    return str(chosen) if isinstance(chosen, int) else _checks.path(chosen)
