"""The index: fingerprints of recordings in one SQLite file.

The examples begin with ``index = refrain.Index("music.refrain")``, an index of the ten songs in the folder ``music``.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Callable, Iterable, List, NamedTuple, Optional, Tuple, Type, Union

import numpy as np
import numpy.typing as npt

from . import _checks, _refrain
from .analysis import Audio
from .errors import NotInIndexError, ParameterError
from .records import (
    Added,
    Answer,
    BuildEvent,
    BuildSummary,
    DuplicateGroup,
    Failure,
    Info,
    Match,
    MergeSummary,
    Play,
    Relocated,
    Similar,
    Timeline,
    Track,
    Versions,
)

__all__ = ["Index", "Listener"]

Callback = Callable[[BuildEvent], object]


class _Take(NamedTuple):
    threads: Optional[int]
    follow_links: bool
    hidden: bool
    max_depth: Optional[int]
    ffmpeg: Optional[str]


class _Ask(NamedTuple):
    top: int
    min_score: float
    explain: bool
    exact: bool
    semitones: float
    slowest: float
    fastest: float
    ffmpeg: Optional[str]


class _Alike(NamedTuple):
    relations: Optional[List[str]]
    keep: Optional[List[str]]
    prefer: List[str]
    only: List[str]
    below: List[str]
    min_free: int
    measure: bool


class _Wanted(NamedTuple):
    top: int
    min_score: float
    copies: bool
    ffmpeg: Optional[str]


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
    """An open index file.

    Any number of threads may use one handle at once. Calls run without the interpreter's lock; calls that read run beside
    each other, calls that write take turns.

    Every call that takes long can be ended by Ctrl-C, which raises :class:`KeyboardInterrupt`, and by an exception in a
    callback. The index stays valid. What a build had added stays, and the same call goes on from there.

    Callbacks, and ``read()`` of file objects, run on the thread that called. They may use the index, but not close it, and
    a callback of a call that writes may not write: these raise :class:`IndexBusyError`.

    Parameters
    ----------
    path : str, bytes, os.PathLike or list of these
        The file. ``~`` is expanded, as in every path that refrain takes. A list of files is read as one index with the tracks
        of all: one file for each disk, or the shards of a large library. A match says in ``shard`` which file has its track.
        Queries and timelines read several files; other calls raise :class:`IndexFileError`.
    mode : {"r", "r+", "a"}
        ``r`` reads, ``r+`` also writes, ``a`` also makes the file if there is none. Several files can only be read.

    Raises
    ------
    IndexNotFoundError
        If there is no index. It is a :class:`FileNotFoundError`.
    IndexFileError
        If this version cannot read the file, or if a call needs a single file and there are several.
    ParameterError
        If the list is empty, or if several files are to be written.

    Examples
    --------
    >>> with refrain.Index("new.refrain", "a") as new:
    ...     summary = new.build("music")
    ...     new.query("clip.wav").best.title
    'Second Orbit'
    """

    def __init__(self, path: Union[_checks.Path, List[_checks.Path], Tuple[_checks.Path, ...]], mode: str = "r") -> None:
        self._mode = mode
        if not isinstance(path, (list, tuple)):
            self._path = _checks.path(path)
            self._index = _refrain.Index(self._path, mode)
            return
        paths = [_checks.path(each) for each in path]
        if not paths:
            raise ParameterError("an index needs a file, and the list is empty")
        if mode != "r" and len(paths) > 1:
            raise ParameterError(f"several files can only be read, so mode must be 'r', not '{mode}'")
        self._path = paths[0]
        self._index = _refrain.Index.of_several(paths) if len(paths) > 1 else _refrain.Index(self._path, mode)

    @classmethod
    def open(cls, path: _checks.Path, mode: str = "r") -> Index:
        """Opens an existing index, for reading by default.

        Parameters
        ----------
        path : str, bytes or os.PathLike
        mode : {"r", "r+", "a"}

        Returns
        -------
        Index

        Examples
        --------
        >>> with refrain.Index.open("music.refrain") as music:
        ...     len(music)
        10
        """
        return cls(path, mode)

    @classmethod
    def open_or_create(cls, path: _checks.Path) -> Index:
        """Opens an index for reading and writing, and makes it if there is none.

        Parameters
        ----------
        path : str, bytes or os.PathLike

        Returns
        -------
        Index

        Examples
        --------
        >>> with refrain.Index.open_or_create("new.refrain") as new:
        ...     len(new), new.mode
        (0, 'a')
        """
        return cls(path, "a")

    @property
    def path(self) -> str:
        """The file, as it was named. The first one, if there are several.

        Returns
        -------
        str

        Examples
        --------
        >>> index.path
        'music.refrain'
        """
        return self._path

    @property
    def mode(self) -> str:
        """The mode in which it was opened.

        Returns
        -------
        str

        Examples
        --------
        >>> index.mode
        'r'
        """
        return self._mode

    @property
    def closed(self) -> bool:
        """Whether it is closed.

        Returns
        -------
        bool

        Examples
        --------
        >>> index.closed
        False
        """
        return not self._index.is_open()

    def close(self) -> None:
        """Closes the file and leaves nothing beside it. Waits for calls that other threads have begun, and ends listeners.
        Closing a second time does nothing.

        Raises
        ------
        IndexBusyError
            If a callback, a file object's ``read()`` or a signal handler calls it during a call on the same index.

        Examples
        --------
        >>> index.close()
        >>> index.query("clip.wav")
        Traceback (most recent call last):
        ValueError: the index is closed
        """
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
        paths: _checks.Paths,
        *,
        threads: Optional[int] = None,
        follow_links: bool = True,
        hidden: bool = False,
        max_depth: Optional[int] = None,
        ffmpeg: Optional[_checks.Path] = None,
        callback: Optional[Callback] = None,
    ) -> BuildSummary:
        """Brings the index up to date with folders and files, on all cores. Adds new and changed files, recognises moved
        ones, and marks missing ones. :meth:`update` remembers the folders.

        A file that is damaged or is not audio does not end the build. It is in ``failed``.

        Parameters
        ----------
        paths : str, bytes or os.PathLike, or an iterable of these
            Folders and files.
        threads : int, optional
            How many files are analyzed at a time; one a core by default.
        follow_links : bool
            Whether links to files and folders are followed.
        hidden : bool
            Whether files and folders are taken whose names begin with a dot.
        max_depth : int, optional
            How many folders deep to go; 1 takes the files of the folder only.
        ffmpeg : str, bytes or os.PathLike, optional
            Lets an installed ffmpeg decode files that refrain cannot, such as WMA: ``"auto"`` for the one in ``PATH`` if there
            is one, or the path of the program. By default such files are in ``failed``.
        callback : callable, optional
            Gets each :class:`BuildEvent`. An exception in it ends the build, which keeps what was added.

        Returns
        -------
        BuildSummary

        Examples
        --------
        >>> with refrain.Index("new.refrain", "a") as new:
        ...     summary = new.build(["music", "song.wav"])
        >>> summary.added, len(summary.failed)
        (11, 0)
        """
        roots = _checks.paths(paths)
        take = _take(threads, follow_links, hidden, max_depth, ffmpeg)
        return BuildSummary._of(self._index.build(roots, take, _told(callback)))

    def update(
        self,
        *,
        threads: Optional[int] = None,
        follow_links: bool = True,
        hidden: bool = False,
        max_depth: Optional[int] = None,
        ffmpeg: Optional[_checks.Path] = None,
        callback: Optional[Callback] = None,
    ) -> BuildSummary:
        """Builds again from the folders that the index was built from, and from every other file that it knows.

        Parameters
        ----------
        threads : int, optional
        follow_links, hidden : bool
        max_depth : int, optional
        ffmpeg : str, bytes or os.PathLike, optional
        callback : callable, optional
            As in :meth:`build`.

        Returns
        -------
        BuildSummary

        Examples
        --------
        >>> with refrain.Index("music.refrain", "r+") as music:
        ...     music.update().unchanged
        10
        """
        take = _take(threads, follow_links, hidden, max_depth, ffmpeg)
        return BuildSummary._of(self._index.update(take, _told(callback)))

    def retry(
        self,
        *,
        threads: Optional[int] = None,
        ffmpeg: Optional[_checks.Path] = None,
        callback: Optional[Callback] = None,
    ) -> BuildSummary:
        """Tries the files again that gave no fingerprint. Forgets those that no longer exist.

        Parameters
        ----------
        threads : int, optional
        ffmpeg : str, bytes or os.PathLike, optional
        callback : callable, optional
            As in :meth:`build`.

        Returns
        -------
        BuildSummary

        Examples
        --------
        >>> with refrain.Index("music.refrain", "r+") as music:
        ...     music.retry().failed
        ()
        """
        take = _take(threads, True, False, None, ffmpeg)
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
    ) -> Added:
        """Adds one file, or other audio under a name. Replaces what was added under the same name before.

        Parameters
        ----------
        source : str, os.PathLike, bytes, binary file object or numpy.ndarray
            A path, the content of an audio file, a stream of one, or samples of shape (n,) or (channels, n). Samples are
            floats with a full scale of 1, or uint8, int16 or int32, which are scaled as a WAV file's are. refrain reads
            contiguous float32 samples without a copy while other threads run: do not change the array meanwhile.
        sr : float, optional
            The rate of samples.
        name : str, bytes or os.PathLike, optional
            What the index knows the audio by, if it is no file.
        title, artist, album, recording_mbid, release_mbid, acoustid : str, optional
            Tags for audio that is no file. They go before those that the audio has itself.
        track_number, disc_number : int, optional
            Likewise.

        Returns
        -------
        Added
            The id of the track, and whether it is new.

        Raises
        ------
        OSError, AudioError
            If the audio cannot be used.

        Examples
        --------
        >>> y, sr = refrain.load("song.wav")
        >>> with refrain.Index("new.refrain", "a") as new:
        ...     new.add(y, sr, name="archive:17", title="Quiet Engines")
        Added(track=1, new=True)
        """
        kind, audio, rate = _checks.audio(source, sr)
        tags = _Names(
            title, artist, album, track_number, disc_number, recording_mbid, release_mbid, acoustid
        )
        if kind == "path":
            if name is not None or tags != _Names():
                raise ParameterError("a file has its own name and tags; give its bytes to have others")
            assert isinstance(audio, str)
            return Added(*self._index.add(audio))
        if name is None:
            raise ParameterError("audio that is no file needs a name")
        return Added(*self._index.add_audio(kind, audio, rate, _checks.name(name), tags))

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
        ffmpeg: Optional[_checks.Path] = None,
        callback: Optional[Callable[[float], object]] = None,
    ) -> Answer:
        """Identifies the recordings that a clip comes from.

        Parameters
        ----------
        source : str, os.PathLike, bytes, binary file object or numpy.ndarray
            A path, the content of an audio file, a stream of one, or samples, as in :meth:`add`. refrain reads contiguous
            float32 samples without a copy while other threads run: do not change the array meanwhile.
        sr : float, optional
            The rate of samples.
        name : str, bytes or os.PathLike, optional
            What the answer and errors call a clip that is no file.
        top : int
            How many matches to return at most, 1 or more.
        min_score : float
            The least score that counts as a match, 0 to 1.
        pitch : float
            By how many semitones the clip may differ, 0 to 6.
        tempo : float
            By what ratio of speeds the clip may differ, 1 to 2.
        fast : bool
            Look for the clip at its own pitch and speed only.
        exact : bool
            Compare with every window instead of using the neighbour index.
        explain : bool
            Also return the best places that were looked at.
        ffmpeg : str, bytes or os.PathLike, optional
            Lets an installed ffmpeg decode a file that refrain cannot, as in :meth:`build`.
        callback : callable, optional
            Gets how many seconds of the clip were looked up, about once a minute of audio. An exception in it ends the
            query.

        Returns
        -------
        Answer

        Raises
        ------
        OSError, AudioError
            If the clip cannot be read. Silence is no error: it matches nothing.

        Examples
        --------
        >>> index.query("clip.wav").best.title
        'Second Orbit'
        >>> y, sr = refrain.load("clip.wav", sr=None)
        >>> [match.title for match in index.query(y, sr)]
        ['Second Orbit']
        """
        kind, audio, rate = _checks.audio(source, sr)
        ask = _asked(top, min_score, pitch, tempo, fast, exact, explain, ffmpeg)
        called = None if name is None else _checks.name(name)
        return Answer._of(self._index.query(kind, audio, rate, called, ask, callback))

    def query_many(
        self,
        paths: _checks.Paths,
        *,
        threads: Optional[int] = None,
        top: int = 10,
        min_score: float = 0.9,
        pitch: float = 6.0,
        tempo: float = 4 / 3,
        fast: bool = False,
        exact: bool = False,
        explain: bool = False,
        ffmpeg: Optional[_checks.Path] = None,
        callback: Optional[Callable[[Union[Answer, Failure]], object]] = None,
    ) -> Tuple[List[Answer], List[Failure]]:
        """Identifies many clips, on all cores. A clip that cannot be read does not end the call.

        Parameters
        ----------
        paths : str, bytes or os.PathLike, or an iterable of these
            The clips.
        threads : int, optional
            How many clips are looked up at a time; one a core by default.
        top : int
        min_score, pitch, tempo : float
        fast, exact, explain : bool
        ffmpeg : str, bytes or os.PathLike, optional
            As in :meth:`query`.
        callback : callable, optional
            Gets the :class:`Answer` or :class:`Failure` of each clip, in order, as soon as there is one. An exception in it
            ends the call.

        Returns
        -------
        answers : list of Answer
            In the order of the clips.
        failures : list of Failure
            Clips that could not be read.

        Examples
        --------
        >>> answers, failures = index.query_many(["clip.wav", "hum.flac", "none.wav"], callback=print)
        <refrain.Answer 'clip.wav': 1 match, Second Orbit at 0:12.1>
        <refrain.Answer 'hum.flac': no match>
        Failure(path='none.wav', reason='No such file or directory')
        >>> len(answers), len(failures)
        (2, 1)
        """
        ask = _asked(top, min_score, pitch, tempo, fast, exact, explain, ffmpeg)
        answers: List[Answer] = []
        failures: List[Failure] = []

        def done(path: str, answer: Optional[_refrain.AnswerDict], reason: Optional[str]) -> None:
            if answer is not None:
                answers.append(Answer._of(answer))
            else:
                failures.append(Failure(path, reason or ""))
            if callback is not None:
                callback(failures[-1] if answer is None else answers[-1])

        self._index.query_many(_checks.paths(paths), _threads(threads), ask, done)
        return answers, failures

    def timeline(
        self,
        source: Audio,
        sr: Optional[float] = None,
        *,
        name: Optional[_checks.Path] = None,
        min_length: float = 3.0,
        min_score: float = 0.99,
        ffmpeg: Optional[_checks.Path] = None,
        done: Optional[Callable[[Play], object]] = None,
        callback: Optional[Callable[[float], object]] = None,
    ) -> Timeline:
        """Tells what was played when in a recording of any length.

        Parameters
        ----------
        source : str, os.PathLike, bytes, binary file object or numpy.ndarray
        sr : float, optional
        name : str, bytes or os.PathLike, optional
            As in :meth:`query`.
        min_length : float
            Leave out plays that are shorter, in seconds.
        min_score : float
            The least score of a play, 0 to 1.
        ffmpeg : str, bytes or os.PathLike, optional
            Lets an installed ffmpeg decode a file that refrain cannot, as in :meth:`build`.
        done : callable, optional
            Gets each :class:`Play` as soon as nothing later can change it. An exception in it ends the call.
        callback : callable, optional
            Gets how many seconds were looked up. An exception in it ends the call.

        Returns
        -------
        Timeline

        Raises
        ------
        OSError, AudioError
            If the recording cannot be read.

        Examples
        --------
        >>> index.timeline("clip.wav", done=lambda play: print(play.title))
        Second Orbit
        <refrain.Timeline 'clip.wav': 1 play>
        """
        kind, audio, rate = _checks.audio(source, sr)
        if not 0 <= min_length < float("inf"):
            raise ParameterError(f"min_length is {min_length}, must be 0 or more")
        if not 0 <= min_score <= 1:
            raise ParameterError(f"min_score is {min_score}, must be 0 to 1")
        called = None if name is None else _checks.name(name)
        final = None if done is None else lambda told: done(Play._of(told))
        limits = (float(min_length), float(min_score))
        program = None if ffmpeg is None else _checks.path(ffmpeg)
        return Timeline._of(self._index.timeline(kind, audio, rate, called, limits, program, final, callback))

    def query_track(
        self,
        track: int,
        *,
        top: int = 10,
        min_score: float = 0.9,
        exact: bool = False,
        explain: bool = False,
    ) -> Answer:
        """Finds other tracks of the index that sound like one of them, and where: copies, edits, tracks that sample it. Reads
        no audio. The track is looked up at its own pitch and speed.

        Parameters
        ----------
        track : int
            The id of the track, as in :attr:`Track.id`, :attr:`Match.id` and :attr:`Added.track`.
        top : int
        min_score : float
        exact, explain : bool
            As in :meth:`query`.

        Returns
        -------
        Answer

        Raises
        ------
        NotInIndexError
            If there is no track of this id.

        Examples
        --------
        >>> index.query_track(index.tracks()[0].id).matches
        ()
        """
        ask = _asked(top, min_score, 0.0, 1.0, True, exact, explain)
        number = _checks.whole("track", track)
        told = self._index.query_track(number, ask) if number < 2**32 else None
        if told is None:
            raise self._no_track(number)
        return Answer._of(told)

    def versions(
        self,
        source: Audio,
        sr: Optional[float] = None,
        *,
        name: Optional[_checks.Path] = None,
        top: int = 10,
        min_score: float = 0.8,
        copies: bool = False,
        ffmpeg: Optional[_checks.Path] = None,
    ) -> Versions:
        """Finds other performances of the piece that a recording holds: live, covers, in other keys, at other tempi, with other
        instruments. Looks at no more than ten minutes. Leaves out tracks that an older refrain added, until :meth:`rebuild`.

        Parameters
        ----------
        source : str, os.PathLike, bytes, binary file object or numpy.ndarray
        sr : float, optional
        name : str, bytes or os.PathLike, optional
            As in :meth:`query`.
        top : int
            How many versions to return at most, 1 or more.
        min_score : float
            The least score that counts as a version, 0 to 1.
        copies : bool
            Also return tracks that hold the same recording.
        ffmpeg : str, bytes or os.PathLike, optional
            Lets an installed ffmpeg decode a file that refrain cannot, as in :meth:`build`.

        Returns
        -------
        Versions

        Raises
        ------
        OSError, AudioError
            If the recording cannot be read. Silence is no error: it has no versions.
        NoFingerprintError
            If the recording is shorter than 20 s.

        Examples
        --------
        >>> index.versions("music/quiet-engines.wav")
        <refrain.Versions 'music/quiet-engines.wav': no version>
        >>> index.versions("clip.wav")
        Traceback (most recent call last):
        refrain.errors.NoFingerprintError: clip.wav: too short: 8000 ms of audio; at least 20000 ms are needed
        """
        kind, audio, rate = _checks.audio(source, sr)
        called = None if name is None else _checks.name(name)
        wanted = _wanted(top, min_score, copies, ffmpeg)
        return Versions._of(self._index.versions(kind, audio, rate, called, wanted))

    def versions_of_track(
        self, track: int, *, top: int = 10, min_score: float = 0.8, copies: bool = False
    ) -> Versions:
        """Finds other performances of the piece that a track of the index holds. Reads no audio.

        Parameters
        ----------
        track : int
            The id of the track, as in :meth:`query_track`.
        top : int
        min_score : float
        copies : bool
            As in :meth:`versions`.

        Returns
        -------
        Versions

        Raises
        ------
        NotInIndexError
            If there is no track of this id.
        NoFingerprintError
            If the track is shorter than 20 s.

        Examples
        --------
        >>> index.versions_of_track(index.tracks()[0].id).versions
        ()
        """
        number = _checks.whole("track", track)
        wanted = _wanted(top, min_score, copies, None)
        told = self._index.versions_of_track(number, wanted) if number < 2**32 else None
        if told is None:
            raise self._no_track(number)
        return Versions._of(told)

    def similar(self, track: int, *, top: int = 10) -> Similar:
        """Finds tracks whose harmony moves like that of a track of the index, in any key. Leaves out the recording itself. The
        tracks need not be the same piece. Reads no audio.

        Parameters
        ----------
        track : int
            The id of the track, as in :meth:`query_track`.
        top : int
            How many tracks to return at most, 1 or more.

        Returns
        -------
        Similar

        Raises
        ------
        NotInIndexError
            If there is no track of this id.
        NoFingerprintError
            If the track is shorter than 20 s.

        Examples
        --------
        >>> similar = index.similar(index.tracks()[0].id, top=3)
        >>> len(similar), similar[0].score >= similar[1].score
        (3, True)
        """
        number = _checks.whole("track", track)
        many = _checks.whole("top", top, 1)
        told = self._index.similar(number, many) if number < 2**32 else None
        if told is None:
            raise self._no_track(number)
        return Similar._of(told)

    def _no_track(self, number: int) -> NotInIndexError:
        return NotInIndexError(f"{self._path}: the index has no track {number}")

    def duplicates(
        self,
        *,
        relations: Union[str, Iterable[str], None] = None,
        keep: Union[str, Iterable[str], None] = None,
        prefer: _checks.Paths = (),
        only: Union[str, Iterable[str], None] = None,
        below: _checks.Paths = (),
        min_free: int = 0,
        measure: bool = False,
        callback: Optional[Callable[[int, int], object]] = None,
    ) -> List[DuplicateGroup]:
        """Finds the files that hold the same recording: in other formats, remastered, at another speed, cut or in part. Says
        which of them to keep. Looks at the index alone, unless `measure` is true, and changes no music file. Missing files are
        left out. An index that was opened for writing remembers what was compared.

        Parameters
        ----------
        relations : str or iterable of str, optional
            The relations for which one file is enough: ``same_bytes``, ``same_audio``, ``remaster``, ``other_speed``, ``edit``
            and ``excerpt``. The first two by default. A text may hold several names, separated by commas.
        keep : str or iterable of str, optional
            The rules that choose the file to keep: ``lossless``, ``quality``, ``rate``, ``bitrate``, ``longest``, ``tags``,
            ``oldest``, ``newest`` and ``path``. The first rule that finds a difference decides. All but ``newest`` by default, in
            this order.
        prefer : str, bytes or os.PathLike, or an iterable of these
            Folders whose files are always kept.
        only : str or iterable of str, optional
            Lists only files with these relations to the first one of their group, and groups that have one.
            ``shared_backing`` may be among them.
        below : str, bytes or os.PathLike, or an iterable of these
            Lists only groups with a file in one of these folders.
        min_free : int
            Lists only groups that free at least so many bytes.
        measure : bool
            Decodes the files that it must choose between, and measures how good they sound: `DuplicateFile.quality`. An index
            that was opened for writing remembers the figures. The rule ``quality`` needs them.
        callback : callable, optional
            Gets how many tracks were compared, and how many there are to compare. An exception in it ends the call.

        Returns
        -------
        list of DuplicateGroup
            In order of the paths of their first files. Empty if the library holds every recording once.

        Raises
        ------
        ParameterError
            For a relation or a rule that there is not.

        Examples
        --------
        >>> with refrain.Index("new.refrain", "a") as new:
        ...     y, sr = refrain.load("song.wav")
        ...     added = new.add(y, sr, name="loud"), new.add(y * 0.5, sr, name="quiet")
        ...     [[file.relation for file in group] for group in new.duplicates()]
        [['reference', 'same_audio']]
        """
        alike = _Alike(
            None if relations is None else _checks.names(relations),
            None if keep is None else _checks.names(keep),
            _checks.paths(prefer),
            [] if only is None else _checks.names(only),
            _checks.paths(below),
            _checks.whole("min_free", min_free),
            bool(measure),
        )
        return [DuplicateGroup._of(each) for each in self._index.duplicates(alike, callback)]

    def listen(
        self,
        *,
        min_score: float = 0.9,
        pitch: float = 6.0,
        tempo: float = 4 / 3,
        fast: bool = False,
        exact: bool = False,
    ) -> Listener:
        """Begins to listen: push samples in as they come, get matches out as they end.

        Parameters
        ----------
        min_score, pitch, tempo : float
        fast, exact : bool
            As in :meth:`query`.

        Returns
        -------
        Listener

        Examples
        --------
        >>> y, sr = refrain.load("clip.wav", sr=None)
        >>> with index.listen() as listener:
        ...     for start in range(0, len(y), sr):
        ...         for match in listener.push(y[start : start + sr], sr):
        ...             print("heard", match.title)
        ...     [match.title for match in listener.finish()]
        ['Second Orbit']
        """
        ask = _asked(1, min_score, pitch, tempo, fast, exact, False)
        return Listener(self._index.listen(ask))

    def info(self) -> Info:
        """Returns counts, sizes, parameters and versions.

        Returns
        -------
        Info

        Examples
        --------
        >>> index.info().tracks
        10
        """
        return Info._of(self._index.info())

    def tracks(self) -> List[Track]:
        """Lists all tracks.

        Returns
        -------
        list of Track
            In the order of their ids.

        Examples
        --------
        >>> [track.title for track in index.tracks()][:2]
        ['Copper Rain', 'Embers at Four']
        """
        return [Track._of(each) for each in self._index.tracks()]

    def failures(self) -> List[Failure]:
        """Lists files that gave no fingerprint.

        Returns
        -------
        list of Failure

        Examples
        --------
        >>> index.failures()
        []
        """
        return [Failure(*each) for each in self._index.failures()]

    def select(self, chosen: Union[_checks.Path, int]) -> List[str]:
        """Lists files of the index.

        Parameters
        ----------
        chosen : str, bytes, os.PathLike or int
            A file, a folder (everything in it), a pattern (``*``, ``?`` and ``**``), a track's id, or ``missing``.

        Returns
        -------
        list of str
            Paths as the index has them, in order.

        Examples
        --------
        >>> import os
        >>> [os.path.basename(path) for path in index.select("second*")]
        ['second-orbit.flac']
        """
        return self._index.select(_chosen(chosen))

    def remove(self, *chosen: Union[_checks.Path, int], dry_run: bool = False) -> List[str]:
        """Removes files from the index. The files themselves stay. :meth:`update` no longer scans removed folders.

        Parameters
        ----------
        *chosen : str, bytes, os.PathLike or int
            As in :meth:`select`.
        dry_run : bool
            Only list the files.

        Returns
        -------
        list of str
            The paths of the files.

        Raises
        ------
        NotInIndexError
            If the index has no file for one of the arguments. Nothing is removed.

        Examples
        --------
        >>> with refrain.Index("music.refrain", "r+") as music:
        ...     len(music.remove("*.mp3", dry_run=True))
        2
        """
        removed, unknown = self._index.remove([_chosen(each) for each in chosen], dry_run)
        if unknown:
            raise NotInIndexError(f"{self._path}: nothing in the index is meant by {', '.join(unknown)}")
        return removed

    def prune(self, *, dry_run: bool = False) -> List[str]:
        """Removes missing files from the index. Keeps files under a folder that is itself gone, such as an unplugged disk.

        Parameters
        ----------
        dry_run : bool
            Only list the files.

        Returns
        -------
        list of str
            The paths of the files.

        Examples
        --------
        >>> index.prune(dry_run=True)
        []
        """
        return self._index.prune(dry_run)

    def relocate(self, old: _checks.Path, new: _checks.Path) -> Relocated:
        """Changes where the index expects files, after a folder was renamed or a disk was mounted elsewhere.

        Parameters
        ----------
        old, new : str, bytes or os.PathLike
            A folder or a file.

        Returns
        -------
        Relocated

        Examples
        --------
        >>> with refrain.Index("music.refrain", "r+") as music:
        ...     music.relocate("/nowhere", "/elsewhere")
        Relocated(files=0, roots=0)
        """
        return Relocated(*self._index.relocate(_checks.path(old), _checks.path(new)))

    def merge(self, other: Index, *, callback: Optional[Callable[[int, int], object]] = None) -> MergeSummary:
        """Takes in the tracks of another index. Content that both have becomes one track.

        Parameters
        ----------
        other : Index
        callback : callable, optional
            Gets how many tracks are done, and how many there are. An exception in it ends the call; what was merged stays.

        Returns
        -------
        MergeSummary

        Examples
        --------
        >>> with refrain.Index("new.refrain", "a") as new:
        ...     new.merge(index)
        MergeSummary(added=10, known=0, skipped=0)
        """
        return MergeSummary(*self._index.merge(other._index, callback))

    @property
    def centroids(self) -> Optional[str]:
        """The checksum of the centroids of the neighbour index, in hexadecimal. None if there is no neighbour index, as in a
        small library. Shards of one library have the same centroids.

        Returns
        -------
        str or None

        Examples
        --------
        >>> print(index.centroids)
        None
        """
        checksum = _refrain.centroids(self._index)
        return None if checksum is None else bytes(checksum).hex()

    def set_centroids(self, other: Index) -> None:
        """Gives the index the centroids of another, as a part of one library. The index keeps them from then on, however many
        tracks it has: builds, :meth:`rebuild` and :meth:`refresh` train no others.

        Parameters
        ----------
        other : Index

        Raises
        ------
        ParameterError
            If the other index has no centroids.

        Examples
        --------
        >>> with refrain.Index("new.refrain", "a") as new:
        ...     new.set_centroids(index)
        Traceback (most recent call last):
        refrain.errors.ParameterError: music.refrain has no centroids, because its library is small
        """
        if not _refrain.set_centroids(self._index, other._index):
            raise ParameterError(f"{other.path} has no centroids, because its library is small")

    def verify(self, *, callback: Optional[Callable[[int, int], object]] = None) -> None:
        """Reads and checks everything.

        Parameters
        ----------
        callback : callable, optional
            Gets how many tracks are done, and how many there are. An exception in it ends the call.

        Raises
        ------
        IndexDamagedError
            With the first thing that is wrong.

        Examples
        --------
        >>> index.verify()
        """
        self._index.verify(callback)

    def rebuild(self) -> None:
        """Makes the neighbour index again from the fingerprints.

        Examples
        --------
        >>> with refrain.Index("music.refrain", "r+") as music:
        ...     music.rebuild()
        """
        self._index.rebuild()

    def refresh(self) -> None:
        """Brings the neighbour index up to date if it has fallen behind, as after many single additions.

        Examples
        --------
        >>> with refrain.Index("music.refrain", "r+") as music:
        ...     music.refresh()
        """
        self._index.refresh()

    def compact(self) -> int:
        """Gives the space of removed tracks back to the disk.

        Needs twice the size of the index in free space meanwhile.

        Returns
        -------
        int
            How many bytes.

        Examples
        --------
        >>> with refrain.Index("music.refrain", "r+") as music:
        ...     music.compact() >= 0
        True
        """
        return self._index.compact()

    def export(self, path: _checks.Path) -> None:
        """Copies the index to a new file without gaps. The index may be written meanwhile.

        Parameters
        ----------
        path : str, bytes or os.PathLike
            The new file.

        Raises
        ------
        FileExistsError
            If there is a file already.

        Examples
        --------
        >>> index.export("copy.refrain")
        >>> with refrain.Index("copy.refrain") as copy:
        ...     len(copy)
        10
        """
        self._index.export(_checks.path(path))


class Listener:
    """A query whose samples come bit by bit, made by :meth:`Index.listen`: live sound, or a recording of hours.

    The index is looked at about once a minute of sound. A match comes out once the sound has gone on for 6 s without it.

    Examples
    --------
    >>> y, sr = refrain.load("clip.wav", sr=None)
    >>> listener = index.listen()
    >>> listener.push(y, sr)
    []
    >>> [match.title for match in listener.finish()]
    ['Second Orbit']
    >>> listener.closed
    True
    """

    def __init__(self, listener: _refrain.Listener) -> None:
        self._listener = listener

    def push(self, samples: npt.NDArray[Any], sr: float) -> List[Match]:
        """Takes the next samples.

        Parameters
        ----------
        samples : numpy.ndarray, shape (n,) or (channels, n)
            Floats with a full scale of 1, or uint8, int16 or int32. refrain reads contiguous float32 samples without a copy
            while other threads run: do not change the array before the call returns.
        sr : float
            Their rate.

        Returns
        -------
        list of Match
            The matches that no later sound can change, in the order in which they were heard. Times count from the first
            sample.

        Examples
        --------
        >>> with index.listen() as listener:
        ...     listener.push(np.zeros(16_000, np.int16), 16_000)
        []
        """
        if not isinstance(samples, np.ndarray):
            raise ParameterError(f"samples must be a NumPy array, not {type(samples).__name__}")
        told = self._listener.push(_checks.samples(samples), _checks.whole("sr", sr, 1))
        return [Match._of(each) for each in told]

    def finish(self) -> List[Match]:
        """Ends the sound. The listener is closed then.

        Returns
        -------
        list of Match
            The matches that were not returned yet.

        Examples
        --------
        >>> index.listen().finish()
        []
        """
        return [Match._of(each) for each in self._listener.finish()]

    def close(self) -> None:
        """Ends the listener without the rest of its matches. Closing a second time does nothing.

        Examples
        --------
        >>> listener = index.listen()
        >>> listener.close()
        >>> listener.push(np.zeros(16_000, np.float32), 16_000)
        Traceback (most recent call last):
        ValueError: the listener has ended
        """
        self._listener.end()

    @property
    def closed(self) -> bool:
        """Whether it has ended, or its index was closed.

        Returns
        -------
        bool

        Examples
        --------
        >>> index.listen().closed
        False
        """
        return not self._listener.is_open()

    def __enter__(self) -> Listener:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()


def _threads(threads: Optional[int]) -> Optional[int]:
    return None if threads is None else _checks.whole("threads", threads, 1)


def _take(
    threads: Optional[int],
    follow_links: bool,
    hidden: bool,
    max_depth: Optional[int],
    ffmpeg: Optional[_checks.Path],
) -> _Take:
    max_depth = None if max_depth is None else _checks.whole("max_depth", max_depth, 1)
    program = None if ffmpeg is None else _checks.path(ffmpeg)
    return _Take(_threads(threads), follow_links, hidden, max_depth, program)


def _asked(
    top: int,
    min_score: float,
    pitch: float,
    tempo: float,
    fast: bool,
    exact: bool,
    explain: bool,
    ffmpeg: Optional[_checks.Path] = None,
) -> _Ask:
    if not 0 <= pitch <= 6:
        raise ParameterError(f"pitch is {pitch}, must be 0 to 6 semitones")
    if not 1 <= tempo <= 2:
        raise ParameterError(f"tempo is {tempo}, must be 1 to 2")
    if not 0 <= min_score <= 1:
        raise ParameterError(f"min_score is {min_score}, must be 0 to 1")
    if fast:
        pitch, tempo = 0.0, 1.0
    program = None if ffmpeg is None else _checks.path(ffmpeg)
    return _Ask(_checks.whole("top", top, 1), min_score, explain, exact, pitch, 1 / tempo, tempo, program)


def _wanted(top: int, min_score: float, copies: bool, ffmpeg: Optional[_checks.Path]) -> _Wanted:
    if not 0 <= min_score <= 1:
        raise ParameterError(f"min_score is {min_score}, must be 0 to 1")
    program = None if ffmpeg is None else _checks.path(ffmpeg)
    return _Wanted(_checks.whole("top", top, 1), float(min_score), bool(copies), program)


def _told(callback: Optional[Callback]) -> Optional[Callable[[_refrain.EventDict], object]]:
    return None if callback is None else lambda told: callback(BuildEvent._of(told))


def _chosen(chosen: Union[_checks.Path, int]) -> str:
    return str(chosen) if isinstance(chosen, int) else _checks.path(chosen)
