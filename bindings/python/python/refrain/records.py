"""Results of queries, builds and analyses, and descriptions of tracks: frozen dataclasses.

The examples begin with ``index = refrain.Index("music.refrain")``, an index of ten songs.
"""

from __future__ import annotations

import dataclasses
import html
import itertools
import os
import pathlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple, Union, overload

import numpy as np
import numpy.typing as npt

from . import _refrain
from .errors import ParameterError

if TYPE_CHECKING:
    import pandas

__all__ = [
    "Match",
    "Answer",
    "Play",
    "Quality",
    "Timeline",
    "Added",
    "BuildEvent",
    "BuildSummary",
    "DuplicateFile",
    "DuplicateGroup",
    "Failure",
    "File",
    "Track",
    "Info",
    "MergeSummary",
    "Relocated",
    "Similar",
    "SimilarTrack",
    "Version",
    "Versions",
    "Analysis",
    "Fingerprint",
    "to_dataframe",
]


def _clock(seconds: float) -> str:
    """Minutes and seconds, ``3:05.2``; with hours if there are any."""
    tenths = round(abs(seconds) * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if seconds < 0 and tenths else ""
    clock = f"{rest // 10:02}.{rest % 10}"
    return f"{sign}{hours}:{minutes:02}:{clock}" if hours else f"{sign}{minutes}:{clock}"


def _utf8(path: str) -> str:
    """A path as in JSON documents: bytes that are not UTF-8 become U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace")


def _sharded(told: Dict[str, Any]) -> Dict[str, Any]:
    """The fields of a document, in which a shard is there only if several files were asked."""
    shard = told.pop("shard")
    return told if shard is None else {**told, "shard": _utf8(shard)}


class Failure(NamedTuple):
    """A file or folder that refrain could not use.

    Attributes
    ----------
    path : str
        The file.
    reason : str
        Why.

    Examples
    --------
    >>> answers, failures = index.query_many(["clip.wav", "none.wav"])
    >>> failures[0].path, "No such file" in failures[0].reason
    ('none.wav', True)
    """

    path: str
    reason: str


@dataclass(frozen=True)
class Match:
    """A place in the library that sounds like a part of the clip. Times are in seconds.

    Attributes
    ----------
    path : pathlib.Path
        The track's file, absolute: the first one that exists. The name, if the track is no file.
    also_paths : tuple of pathlib.Path
        Other existing files with the same content.
    copies : tuple of pathlib.Path
        The files of other tracks that hold the same recording, in order of paths.
    missing : bool
        Whether none of its files existed when the index last looked for them.
    id : int
        The track's id in the index.
    score : float
        The probability that the match is right, 0 to 1.
    query_start, query_end : float
        The part of the clip that agrees.
    ref_start, ref_end : float
        The part of the track that it agrees with.
    also_at : tuple of float
        Where else in the track the same sound begins.
    tempo : float
        The clip's speed divided by the track's.
    pitch : float
        How many semitones the clip is higher than the track.
    title, artist, album, recording_mbid, release_mbid, acoustid : str or None
        The track's tags.
    track_number, disc_number : int or None
        The track's tags.
    other_artists : tuple of str
        Artists beside `artist`.
    evidence : float
        How much more frames and windows agree than by chance, summed over the part.
    similarity : float
        The cosine of clip and track over the part, -1 to 1.
    rival : float
        The most evidence for another track that is not a copy of this one.
    variants : int
        How many variants of the clip (other pitches and speeds) were compared when the match was found; 1 for a clip that
        was found as it is.
    shard : str or None
        The index file that holds the track, if several were asked. ``id`` counts in this file.
    name : str
        The path as the index has it, character by character. It differs from ``str(path)`` for names such as URLs, in which
        ``pathlib`` merges slashes.

    Examples
    --------
    >>> match = index.query("clip.wav").best
    >>> match.path.name, match.title, round(match.ref_start - match.query_start)
    ('second-orbit.flac', 'Second Orbit', 12)
    """

    path: pathlib.Path
    also_paths: Tuple[pathlib.Path, ...]
    copies: Tuple[pathlib.Path, ...]
    missing: bool
    id: int
    score: float
    query_start: float
    query_end: float
    ref_start: float
    ref_end: float
    also_at: Tuple[float, ...]
    tempo: float
    pitch: float
    title: Optional[str] = None
    artist: Optional[str] = None
    other_artists: Tuple[str, ...] = ()
    album: Optional[str] = None
    track_number: Optional[int] = None
    disc_number: Optional[int] = None
    recording_mbid: Optional[str] = None
    release_mbid: Optional[str] = None
    acoustid: Optional[str] = None
    evidence: float = 0.0
    similarity: float = 0.0
    rival: float = 0.0
    variants: int = 1
    name: str = field(default="", repr=False)
    shard: Optional[str] = None

    def to_dict(self) -> Dict[str, Any]:
        """The match as a dictionary of plain values: the fields of ``refrain query --json``.

        Returns
        -------
        dict of str to str, bool, int, float, list or None
            Paths are strings.

        Examples
        --------
        >>> match = index.query("clip.wav").best
        >>> match.to_dict()["title"], match.to_dict()["variants"]
        ('Second Orbit', 1)
        """
        told = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        told["path"] = _utf8(told.pop("name") or str(self.path))
        told["also_paths"] = [_utf8(str(path)) for path in self.also_paths]
        told["copies"] = [_utf8(str(path)) for path in self.copies]
        told["also_at"] = list(self.also_at)
        told["other_artists"] = list(self.other_artists)
        return _sharded(told)

    @classmethod
    def _of(cls, told: _refrain.MatchDict) -> Match:
        other = dict(
            path=pathlib.Path(told["path"]),
            name=told["path"],
            also_paths=tuple(map(pathlib.Path, told["also_paths"])),
            copies=tuple(map(pathlib.Path, told["copies"])),
            also_at=tuple(told["also_at"]),
            other_artists=tuple(told["other_artists"]),
        )
        return cls(**{**told, **other})  # type: ignore[arg-type]


@dataclass(frozen=True, repr=False)
class Answer:
    """The answer to a query: a sequence of its matches, best first. It is false if there is no match.

    Attributes
    ----------
    query : str
        The clip, as it was named.
    duration : float
        The clip's length in seconds.
    matches : tuple of Match
        The matches, one for each recording: those that cover most seconds of the clip first, then by score.
    candidates : tuple of Match, or None
        With ``explain``, the best places that were looked at, matches or not.
    warnings : tuple of str
        What was wrong with the clip: damage, or silence.
    partial : tuple of str
        The shards of a cluster that could not be asked. Matches in these are missing.

    Examples
    --------
    >>> answer = index.query("clip.wav")
    >>> answer
    <refrain.Answer 'clip.wav': 1 match, Second Orbit at 0:12.1>
    >>> len(answer), answer[0].title, [match.artist for match in answer]
    (1, 'Second Orbit', ['Kestrel Array'])
    >>> bool(index.query("hum.flac"))
    False
    """

    query: str
    duration: float
    matches: Tuple[Match, ...]
    candidates: Optional[Tuple[Match, ...]] = None
    warnings: Tuple[str, ...] = ()
    partial: Tuple[str, ...] = ()

    @property
    def best(self) -> Optional[Match]:
        """The best match, or None.

        Returns
        -------
        Match or None

        Examples
        --------
        >>> index.query("clip.wav").best.title
        'Second Orbit'
        """
        return self.matches[0] if self.matches else None

    def __bool__(self) -> bool:
        return bool(self.matches)

    def __len__(self) -> int:
        return len(self.matches)

    def __iter__(self) -> Iterator[Match]:
        return iter(self.matches)

    @overload
    def __getitem__(self, at: int) -> Match: ...

    @overload
    def __getitem__(self, at: slice) -> Tuple[Match, ...]: ...

    def __getitem__(self, at: Union[int, slice]) -> Union[Match, Tuple[Match, ...]]:
        return self.matches[at]

    def __repr__(self) -> str:
        found = "no match"
        if self.best is not None:
            count = "1 match" if len(self) == 1 else f"{len(self)} matches"
            found = f"{count}, {self.best.title or self.best.path.name} at {_clock(self.best.ref_start)}"
        return f"<refrain.Answer {self.query!r}: {found}>"

    def _repr_html_(self) -> str:
        """The matches as a table, for notebooks."""
        columns = ("score", "in the clip", "in the track", "track")
        rows = "".join(map(_html_row, self.matches))
        heads = "".join(f"<th>{column}</th>" for column in columns)
        count = {0: "no match", 1: "1 match"}.get(len(self), f"{len(self)} matches")
        caption = f"<caption>{html.escape(_utf8(self.query))}: {count}</caption>"
        if not self.matches:
            return f"<table>{caption}</table>"
        return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"

    def to_dict(self) -> Dict[str, Any]:
        """The answer as a dictionary of plain values: the document of ``refrain query --json``.

        Returns
        -------
        dict of str to str, float or list of dict
            Can be written by :func:`json.dumps`.

        Examples
        --------
        >>> document = index.query("clip.wav").to_dict()
        >>> document["status"], document["matches"][0]["title"]
        ('match', 'Second Orbit')
        """
        told: Dict[str, Any] = {"query": _utf8(self.query), "status": "match" if self else "no_match"}
        told["matches"] = [match.to_dict() for match in self.matches]
        if self.candidates is not None:
            told["candidates"] = [match.to_dict() for match in self.candidates]
        told["duration"] = self.duration
        told["warnings"] = list(self.warnings)
        if self.partial:
            told["partial"] = list(self.partial)
        return told

    def to_dataframe(self) -> pandas.DataFrame:
        """The matches as a pandas data frame, a row each.

        Returns
        -------
        pandas.DataFrame
            The column ``query``, and those of :class:`Match`.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> index.query("clip.wav").to_dataframe()["title"].tolist()
        ['Second Orbit']
        """
        return to_dataframe([self])

    @classmethod
    def _of(cls, told: _refrain.AnswerDict) -> Answer:
        candidates = told["candidates"]
        return cls(
            query=told["query"],
            duration=told["duration"],
            matches=tuple(map(Match._of, told["matches"])),
            candidates=None if candidates is None else tuple(map(Match._of, candidates)),
            warnings=tuple(told["warnings"]),
        )


def _html_row(match: Match) -> str:
    name = match.title or match.path.name
    if match.artist:
        name = f"{match.artist} – {name}"
    path = html.escape(_utf8(match.name or str(match.path)), quote=True)
    return (
        f"<tr><td>{match.score:.2f}</td>"
        f"<td>{_clock(match.query_start)}–{_clock(match.query_end)}</td>"
        f"<td>{_clock(match.ref_start)}–{_clock(match.ref_end)}</td>"
        f'<td title="{path}">{html.escape(_utf8(name))}</td></tr>'
    )


@dataclass(frozen=True)
class Play:
    """A track that was played in a recording. Times are in seconds.

    Attributes
    ----------
    start, end : float
        Where it is in the recording.
    path : pathlib.Path
        The track's file, absolute: the first one that exists. The name, if the track is no file.
    ref_start, ref_end : float
        The part of the track that was played.
    tempo : float
        The recording's speed divided by the track's.
    pitch : float
        How many semitones higher than the track it was played.
    score : float
        The probability that the play is right, 0 to 1.
    id : int
        The track's id in the index.
    also_paths : tuple of pathlib.Path
        Other existing files with the same content.
    copies : tuple of pathlib.Path
        Files of other tracks that hold the same recording.
    title, artist, album, recording_mbid, release_mbid, acoustid : str or None
        The track's tags.
    track_number, disc_number : int or None
        The track's tags.
    other_artists : tuple of str
        Artists beside `artist`.
    name : str
        The path as the index has it, character by character, as in :class:`Match`.
    missing : bool
        Whether none of the track's files existed when the index was last brought up to date.
    shard : str or None
        The index file that holds the track, as in :class:`Match`.

    Examples
    --------
    >>> play = index.timeline("clip.wav").plays[0]
    >>> play.path.name, play.title
    ('second-orbit.flac', 'Second Orbit')
    """

    start: float
    end: float
    path: pathlib.Path
    ref_start: float
    ref_end: float
    tempo: float
    pitch: float
    score: float
    id: int
    also_paths: Tuple[pathlib.Path, ...]
    copies: Tuple[pathlib.Path, ...] = ()
    title: Optional[str] = None
    artist: Optional[str] = None
    other_artists: Tuple[str, ...] = ()
    album: Optional[str] = None
    track_number: Optional[int] = None
    disc_number: Optional[int] = None
    recording_mbid: Optional[str] = None
    release_mbid: Optional[str] = None
    acoustid: Optional[str] = None
    name: str = field(default="", repr=False)
    missing: bool = False
    shard: Optional[str] = None

    def to_dict(self) -> Dict[str, Any]:
        """The play as a dictionary of plain values: the fields of ``refrain timeline --json``.

        Returns
        -------
        dict of str to str, int, float, list or None
            Paths are strings.

        Examples
        --------
        >>> index.timeline("clip.wav").plays[0].to_dict()["title"]
        'Second Orbit'
        """
        told = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        told["path"] = _utf8(told.pop("name") or str(self.path))
        told["also_paths"] = [_utf8(str(path)) for path in self.also_paths]
        told["copies"] = [_utf8(str(path)) for path in self.copies]
        told["other_artists"] = list(self.other_artists)
        return _sharded(told)

    @classmethod
    def _of(cls, told: _refrain.PlayDict) -> Play:
        other = dict(
            path=pathlib.Path(told["path"]),
            name=told["path"],
            also_paths=tuple(map(pathlib.Path, told["also_paths"])),
            copies=tuple(map(pathlib.Path, told["copies"])),
            other_artists=tuple(told["other_artists"]),
        )
        return cls(**{**told, **other})  # type: ignore[arg-type]


@dataclass(frozen=True, repr=False)
class Timeline:
    """What was played when in a recording. Iterating gives the plays; it is false if there are none.

    Attributes
    ----------
    file : str
        The recording, as it was named.
    duration : float
        Its length in seconds.
    plays : tuple of Play
        What was played, in order of the starts. Two plays overlap where two tracks are heard at once.
    unknown, silent, overlap : tuple of tuple of float
        Stretches, each with start and end. `unknown` ones have sound but no known track, `silent` ones have no sound, and
        in `overlap` two plays are heard at once.
    warnings : tuple of str
        What was wrong with the recording.
    partial : tuple of str
        The shards of a cluster that could not be asked. Plays of their tracks are missing.

    Examples
    --------
    >>> timeline = index.timeline("clip.wav")
    >>> timeline
    <refrain.Timeline 'clip.wav': 1 play>
    >>> [play.title for play in timeline], len(timeline)
    (['Second Orbit'], 1)
    """

    file: str
    duration: float
    plays: Tuple[Play, ...]
    unknown: Tuple[Tuple[float, float], ...] = ()
    silent: Tuple[Tuple[float, float], ...] = ()
    overlap: Tuple[Tuple[float, float], ...] = ()
    warnings: Tuple[str, ...] = ()
    partial: Tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.plays)

    def __iter__(self) -> Iterator[Play]:
        return iter(self.plays)

    def __repr__(self) -> str:
        count = {0: "no play", 1: "1 play"}.get(len(self), f"{len(self)} plays")
        return f"<refrain.Timeline {self.file!r}: {count}>"

    def to_dict(self) -> Dict[str, Any]:
        """The timeline as a dictionary of plain values: the document of ``refrain timeline --json``.

        Returns
        -------
        dict of str to str, float or list
            Can be written by :func:`json.dumps`.

        Examples
        --------
        >>> list(index.timeline("clip.wav").to_dict())
        ['file', 'duration', 'plays', 'unknown', 'silent', 'overlap', 'warnings']
        """
        told: Dict[str, Any] = {"file": _utf8(self.file), "duration": self.duration}
        told["plays"] = [play.to_dict() for play in self.plays]
        for name in ("unknown", "silent", "overlap"):
            told[name] = [list(stretch) for stretch in getattr(self, name)]
        told["warnings"] = list(self.warnings)
        if self.partial:
            told["partial"] = list(self.partial)
        return told

    def to_dataframe(self) -> pandas.DataFrame:
        """The plays as a pandas data frame, a row each.

        Returns
        -------
        pandas.DataFrame
            The columns of :class:`Play`.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> index.timeline("clip.wav").to_dataframe()["title"].tolist()
        ['Second Orbit']
        """
        return to_dataframe(self)

    @classmethod
    def _of(cls, told: _refrain.TimelineDict) -> Timeline:
        return cls(
            file=told["file"],
            duration=told["duration"],
            plays=tuple(map(Play._of, told["plays"])),
            unknown=tuple(told["unknown"]),
            silent=tuple(told["silent"]),
            overlap=tuple(told["overlap"]),
            warnings=tuple(told["warnings"]),
        )


class Quality(NamedTuple):
    """How good a file sounds, as a full decode shows it.

    Attributes
    ----------
    bandwidth : int
        The highest frequency in loud passages, in hertz, at most 24,000.
    cut : bool
        Whether the sound ends abruptly there, well below the highest frequency that the sample rate allows. Lossy encoders
        cut like this.
    peak : float
        The largest sample. Full scale is 1.
    clipped : float
        The share of the samples that are cut off at full scale, 0 to 1.

    Examples
    --------
    >>> refrain.Quality(bandwidth=16000, cut=True, peak=0.9, clipped=0.0).cut
    True
    """

    bandwidth: int
    cut: bool
    peak: float
    clipped: float


@dataclass(frozen=True)
class DuplicateFile:
    """A file of a group of duplicates.

    Attributes
    ----------
    path : pathlib.Path
        The file, absolute.
    relation : str
        What it is to the first file of the group: ``reference`` (the first file itself), ``same_bytes``, ``same_audio``,
        ``remaster``, ``other_speed``, ``edit``, ``excerpt`` or ``shared_backing``.
    same_bytes_as : pathlib.Path or None
        The file before it in the group that has the same bytes, if there is one. One of the two is enough.
    keep : bool
        Whether to keep it.
    why : str
        The reason, in words.
    score : float
        How similar both files are in the parts that agree, 0 to 1.
    agrees : tuple of tuple of float
        The parts that agree: start and end in this file, and the start in the first file.
    speed : float
        Its speed divided by the speed of the first file.
    id : int
        The id of its track. Files with the same bytes are one track.
    duration : float
        Its length in seconds.
    size : int
        Its size in bytes.
    sample_rate, channels : int or None
        Of the file.
    quality : Quality or None
        How good it sounds, if that was measured.
    title, artist, album, recording_mbid, release_mbid, acoustid : str or None
        Its tags.
    track_number, disc_number : int or None
        Its tags.
    other_artists : tuple of str
        Artists beside `artist`.
    name : str
        The path as the index has it, character by character; see :class:`Match`.

    Examples
    --------
    >>> with refrain.Index("new.refrain", "a") as new:
    ...     y, sr = refrain.load("song.wav")
    ...     added = new.add(y, sr, name="loud"), new.add(y * 0.5, sr, name="quiet")
    ...     group = new.duplicates()[0]
    >>> group.files[0].keep, group.files[1].keep, group.files[1].relation
    (True, False, 'same_audio')
    """

    path: pathlib.Path
    relation: str
    keep: bool
    why: str
    score: float
    agrees: Tuple[Tuple[float, float, float], ...]
    speed: float
    id: int
    duration: float
    size: int
    sample_rate: Optional[int] = None
    channels: Optional[int] = None
    quality: Optional[Quality] = None
    title: Optional[str] = None
    artist: Optional[str] = None
    other_artists: Tuple[str, ...] = ()
    album: Optional[str] = None
    track_number: Optional[int] = None
    disc_number: Optional[int] = None
    recording_mbid: Optional[str] = None
    release_mbid: Optional[str] = None
    acoustid: Optional[str] = None
    same_bytes_as: Optional[pathlib.Path] = None
    name: str = field(default="", repr=False)

    def to_dict(self) -> Dict[str, Any]:
        """The file as a dictionary of plain values, as in the documents of ``refrain duplicates --json``.

        Returns
        -------
        dict of str to str, int, float, bool, list or None

        Examples
        --------
        >>> with refrain.Index("new.refrain", "a") as new:
        ...     y, sr = refrain.load("song.wav")
        ...     added = new.add(y, sr, name="loud"), new.add(y * 0.5, sr, name="quiet")
        ...     new.duplicates()[0].files[1].to_dict()["relation"]
        'same_audio'
        """
        told = {each: getattr(self, each) for each in _columns(DuplicateFile)}
        told["same_bytes_as"] = None if self.same_bytes_as is None else _utf8(str(self.same_bytes_as))
        told["quality"] = None if self.quality is None else self.quality._asdict()
        told["path"] = _utf8(self.name or str(self.path))
        told["agrees"] = [list(part) for part in self.agrees]
        told["other_artists"] = list(self.other_artists)
        return told

    @classmethod
    def _of(cls, told: _refrain.DuplicateFileDict) -> DuplicateFile:
        same, quality = told["same_bytes_as"], told["quality"]
        other = dict(
            path=pathlib.Path(told["path"]),
            name=told["path"],
            same_bytes_as=None if same is None else pathlib.Path(same),
            quality=None if quality is None else Quality(**quality),
            agrees=tuple(told["agrees"]),
            other_artists=tuple(told["other_artists"]),
        )
        return cls(**{**told, **other})  # type: ignore[arg-type]


@dataclass(frozen=True, repr=False)
class DuplicateGroup:
    """Files that hold the same recording. Iterating gives the files.

    Attributes
    ----------
    files : tuple of DuplicateFile
        The files. The others are compared with the first one.
    bytes : int
        How many bytes are free if only the files to keep are left.

    Examples
    --------
    >>> with refrain.Index("new.refrain", "a") as new:
    ...     y, sr = refrain.load("song.wav")
    ...     added = new.add(y, sr, name="loud"), new.add(y * 0.5, sr, name="quiet")
    ...     new.duplicates()
    [<refrain.DuplicateGroup 'loud': 2 files, 0 bytes can be freed>]
    """

    files: Tuple[DuplicateFile, ...]
    bytes: int

    def __len__(self) -> int:
        return len(self.files)

    def __iter__(self) -> Iterator[DuplicateFile]:
        return iter(self.files)

    def __repr__(self) -> str:
        first = self.files[0].name or str(self.files[0].path) if self.files else ""
        return f"<refrain.DuplicateGroup {first!r}: {len(self)} files, {self.bytes} bytes can be freed>"

    def to_dict(self) -> Dict[str, Any]:
        """The group as a dictionary of plain values: a document of ``refrain duplicates --json``.

        Returns
        -------
        dict of str to list or int
            Can be written by :func:`json.dumps`.

        Examples
        --------
        >>> with refrain.Index("new.refrain", "a") as new:
        ...     y, sr = refrain.load("song.wav")
        ...     added = new.add(y, sr, name="loud"), new.add(y * 0.5, sr, name="quiet")
        ...     list(new.duplicates()[0].to_dict())
        ['files', 'bytes']
        """
        return {"files": [file.to_dict() for file in self.files], "bytes": self.bytes}

    def to_dataframe(self) -> pandas.DataFrame:
        """The files as a pandas data frame, a row each. :func:`refrain.to_dataframe` makes one of many groups.

        Returns
        -------
        pandas.DataFrame
            A column ``group``, and the columns of :class:`DuplicateFile`. The fields of :class:`Quality` have a column each.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> with refrain.Index("new.refrain", "a") as new:
        ...     y, sr = refrain.load("song.wav")
        ...     added = new.add(y, sr, name="loud"), new.add(y * 0.5, sr, name="quiet")
        ...     new.duplicates()[0].to_dataframe()["keep"].tolist()
        [True, False]
        """
        return to_dataframe([self])

    @classmethod
    def _of(cls, told: _refrain.DuplicateGroupDict) -> DuplicateGroup:
        return cls(files=tuple(map(DuplicateFile._of, told["files"])), bytes=told["bytes"])


@dataclass(frozen=True)
class Version:
    """A track that is another performance of a piece. Times are in seconds.

    Attributes
    ----------
    path : pathlib.Path
        The track's file, absolute: the first one that exists. The name, if the track is no file.
    also_paths : tuple of pathlib.Path
        Other existing files with the same content.
    same_recording : bool
        Whether it is the same recording rather than another performance. Only with ``copies=True``.
    missing : bool
        Whether none of its files existed when the index last looked for them.
    id : int
        The track's id in the index.
    score : float
        The probability that it is a version, 0 to 1.
    transposition : int
        How many semitones the recording is higher than the track, -5 to 6. Octaves do not count.
    tempo : float
        The recording's speed divided by the track's: 1.05 if the recording is 5 % faster.
    alignment : tuple of tuple of float
        Places that are the same in the piece, ascending: where each is in the recording, and in the track.
    evidence : float
        How much more than by chance the melodies agree, summed along the alignment.
    chance : float
        The evidence that chance reaches.
    title, artist, album, recording_mbid, release_mbid, acoustid : str or None
        The track's tags.
    track_number, disc_number : int or None
        The track's tags.
    other_artists : tuple of str
        Artists beside `artist`.
    name : str
        The path as the index has it, character by character, as in :class:`Match`.

    Examples
    --------
    >>> version = index.versions("music/second-orbit.flac", copies=True)[0]
    >>> version.title, version.same_recording, version.transposition, round(version.tempo, 2)
    ('Second Orbit', True, 0, 1.0)
    """

    path: pathlib.Path
    also_paths: Tuple[pathlib.Path, ...]
    same_recording: bool
    missing: bool
    id: int
    score: float
    transposition: int
    tempo: float
    alignment: Tuple[Tuple[float, float], ...]
    evidence: float
    chance: float
    title: Optional[str] = None
    artist: Optional[str] = None
    other_artists: Tuple[str, ...] = ()
    album: Optional[str] = None
    track_number: Optional[int] = None
    disc_number: Optional[int] = None
    recording_mbid: Optional[str] = None
    release_mbid: Optional[str] = None
    acoustid: Optional[str] = None
    name: str = field(default="", repr=False)

    def to_dict(self) -> Dict[str, Any]:
        """The version as a dictionary of plain values, as in the documents of ``refrain versions --json``.

        Returns
        -------
        dict of str to str, bool, int, float, list or None
            Paths are strings.

        Examples
        --------
        >>> index.versions("music/second-orbit.flac", copies=True)[0].to_dict()["title"]
        'Second Orbit'
        """
        told = {each: getattr(self, each) for each in _columns(Version)}
        told["path"] = _utf8(self.name or str(self.path))
        told["also_paths"] = [_utf8(str(path)) for path in self.also_paths]
        told["alignment"] = [list(place) for place in self.alignment]
        told["other_artists"] = list(self.other_artists)
        return told

    @classmethod
    def _of(cls, told: _refrain.VersionDict) -> Version:
        other = dict(
            path=pathlib.Path(told["path"]),
            name=told["path"],
            also_paths=tuple(map(pathlib.Path, told["also_paths"])),
            alignment=tuple(told["alignment"]),
            other_artists=tuple(told["other_artists"]),
        )
        return cls(**{**told, **other})  # type: ignore[arg-type]


@dataclass(frozen=True, repr=False)
class Versions:
    """Other performances of a piece: a sequence of versions, surest first. It is false if there are none.

    Attributes
    ----------
    query : str
        The recording, as it was named; the path of the track, if a track was asked about.
    duration : float
        Its length in seconds.
    versions : tuple of Version
        The versions.
    warnings : tuple of str
        What was wrong with the recording: damage, or silence.
    incomplete : bool
        Whether the index has tracks that an older refrain added. They were not compared; :meth:`Index.rebuild` includes them.

    Examples
    --------
    >>> versions = index.versions("music/second-orbit.flac", copies=True)
    >>> versions
    <refrain.Versions 'music/second-orbit.flac': 1 version, Second Orbit>
    >>> len(versions), bool(index.versions("music/second-orbit.flac"))
    (1, False)
    """

    query: str
    duration: float
    versions: Tuple[Version, ...]
    warnings: Tuple[str, ...] = ()
    incomplete: bool = False

    def __len__(self) -> int:
        return len(self.versions)

    def __iter__(self) -> Iterator[Version]:
        return iter(self.versions)

    @overload
    def __getitem__(self, at: int) -> Version: ...

    @overload
    def __getitem__(self, at: slice) -> Tuple[Version, ...]: ...

    def __getitem__(self, at: Union[int, slice]) -> Union[Version, Tuple[Version, ...]]:
        return self.versions[at]

    def __repr__(self) -> str:
        found = "no version"
        if self.versions:
            count = "1 version" if len(self) == 1 else f"{len(self)} versions"
            found = f"{count}, {self.versions[0].title or self.versions[0].path.name}"
        return f"<refrain.Versions {self.query!r}: {found}>"

    def to_dict(self) -> Dict[str, Any]:
        """The versions as a dictionary of plain values: the document of ``refrain versions --json``.

        Returns
        -------
        dict of str to str, float, list or bool
            Can be written by :func:`json.dumps`.

        Examples
        --------
        >>> document = index.versions("music/second-orbit.flac").to_dict()
        >>> document["status"], document["versions"]
        ('no_match', [])
        """
        told: Dict[str, Any] = {"query": _utf8(self.query), "status": "match" if self else "no_match"}
        told["versions"] = [version.to_dict() for version in self.versions]
        told["duration"] = self.duration
        told["warnings"] = list(self.warnings)
        told["incomplete"] = self.incomplete
        return told

    def to_dataframe(self) -> pandas.DataFrame:
        """The versions as a pandas data frame, a row each.

        Returns
        -------
        pandas.DataFrame
            The column ``query``, and those of :class:`Version`.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> index.versions("music/second-orbit.flac", copies=True).to_dataframe()["title"].tolist()
        ['Second Orbit']
        """
        return to_dataframe([self])

    @classmethod
    def _of(cls, told: _refrain.VersionsDict) -> Versions:
        return cls(
            query=told["query"],
            duration=told["duration"],
            versions=tuple(map(Version._of, told["versions"])),
            warnings=tuple(told["warnings"]),
            incomplete=told["incomplete"],
        )


@dataclass(frozen=True)
class SimilarTrack:
    """A track of similar harmony.

    Attributes
    ----------
    path : pathlib.Path
        The track's file, absolute: the first one that exists. The name, if the track is no file.
    score : float
        How similar it is, 0 to 1. This is no probability.
    id : int
        The track's id in the index.
    duration : float
        Its length in seconds.
    title, artist, album, recording_mbid, release_mbid, acoustid : str or None
        The track's tags.
    track_number, disc_number : int or None
        The track's tags.
    other_artists : tuple of str
        Artists beside `artist`.
    name : str
        The path as the index has it, character by character, as in :class:`Match`.

    Examples
    --------
    >>> track = index.similar(index.tracks()[0].id)[0]
    >>> 0 <= track.score <= 1, track.duration > 20
    (True, True)
    """

    path: pathlib.Path
    score: float
    id: int
    duration: float
    title: Optional[str] = None
    artist: Optional[str] = None
    other_artists: Tuple[str, ...] = ()
    album: Optional[str] = None
    track_number: Optional[int] = None
    disc_number: Optional[int] = None
    recording_mbid: Optional[str] = None
    release_mbid: Optional[str] = None
    acoustid: Optional[str] = None
    name: str = field(default="", repr=False)

    def to_dict(self) -> Dict[str, Any]:
        """The track as a dictionary of plain values, as in the documents of ``refrain similar --json``.

        Returns
        -------
        dict of str to str, int, float, list or None
            Paths are strings.

        Examples
        --------
        >>> list(index.similar(index.tracks()[0].id)[0].to_dict())[:4]
        ['path', 'score', 'id', 'duration']
        """
        told = {each: getattr(self, each) for each in _columns(SimilarTrack)}
        told["path"] = _utf8(self.name or str(self.path))
        told["other_artists"] = list(self.other_artists)
        return told

    @classmethod
    def _of(cls, told: _refrain.SimilarTrackDict) -> SimilarTrack:
        other = dict(
            path=pathlib.Path(told["path"]), name=told["path"], other_artists=tuple(told["other_artists"])
        )
        return cls(**{**told, **other})  # type: ignore[arg-type]


@dataclass(frozen=True, repr=False)
class Similar:
    """Tracks of similar harmony: a sequence, most similar first. It is false if there are none.

    Attributes
    ----------
    query : str
        The path of the track that was asked about.
    similar : tuple of SimilarTrack
        The tracks.
    incomplete : bool
        Whether the index has tracks that an older refrain added. They were not compared; :meth:`Index.rebuild` includes them.

    Examples
    --------
    >>> len(index.similar(index.tracks()[0].id, top=4))
    4
    """

    query: str
    similar: Tuple[SimilarTrack, ...]
    incomplete: bool = False

    def __len__(self) -> int:
        return len(self.similar)

    def __iter__(self) -> Iterator[SimilarTrack]:
        return iter(self.similar)

    @overload
    def __getitem__(self, at: int) -> SimilarTrack: ...

    @overload
    def __getitem__(self, at: slice) -> Tuple[SimilarTrack, ...]: ...

    def __getitem__(self, at: Union[int, slice]) -> Union[SimilarTrack, Tuple[SimilarTrack, ...]]:
        return self.similar[at]

    def __repr__(self) -> str:
        count = {0: "no similar track", 1: "1 similar track"}.get(len(self), f"{len(self)} similar tracks")
        return f"<refrain.Similar {self.query!r}: {count}>"

    def to_dict(self) -> Dict[str, Any]:
        """The tracks as a dictionary of plain values: the document of ``refrain similar --json``.

        Returns
        -------
        dict of str to str, list or bool
            Can be written by :func:`json.dumps`.

        Examples
        --------
        >>> list(index.similar(index.tracks()[0].id).to_dict())
        ['query', 'similar', 'incomplete']
        """
        told: Dict[str, Any] = {"query": _utf8(self.query), "similar": [track.to_dict() for track in self.similar]}
        told["incomplete"] = self.incomplete
        return told

    def to_dataframe(self) -> pandas.DataFrame:
        """The tracks as a pandas data frame, a row each.

        Returns
        -------
        pandas.DataFrame
            The column ``query``, and those of :class:`SimilarTrack`.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> len(index.similar(index.tracks()[0].id, top=4).to_dataframe())
        4
        """
        return to_dataframe([self])

    @classmethod
    def _of(cls, told: _refrain.SimilarDict) -> Similar:
        return cls(
            query=told["query"],
            similar=tuple(map(SimilarTrack._of, told["similar"])),
            incomplete=told["incomplete"],
        )


@dataclass(frozen=True)
class Added:
    """The result of :meth:`refrain.Index.add`.

    Attributes
    ----------
    track : int
        The track's id.
    new : bool
        Whether the track is new. It is not if the index knew the file's content, or has a track of the same name and sound.

    Examples
    --------
    >>> with refrain.Index("one.refrain", "a") as one:
    ...     one.add("song.wav"), one.add("song.wav")
    (Added(track=1, new=True), Added(track=1, new=False))
    """

    track: int
    new: bool


@dataclass(frozen=True)
class BuildEvent:
    """What happens during a build.

    The kind says which fields have a meaning:

    ``found``
        The folders were scanned: ``files`` that may be audio, ``new`` of them to be read, ``new_bytes`` long.
    ``recognised``
        The index knows the file's content: ``path``, ``bytes``.
    ``added``
        A file was analyzed: ``path``, ``bytes``, ``duration`` in seconds, ``warnings``.
    ``failed``
        A file gave no fingerprint: ``path``, ``bytes``, ``reason``.
    ``moved``
        A missing file was found elsewhere: ``moved_from``, ``path``.
    ``missing``, ``unavailable``
        A file, or a folder, does not exist: ``path``.
    ``neighbours``
        The build is bringing the neighbour index up to date.

    Attributes
    ----------
    kind : str
    path, moved_from, reason : str or None
    bytes, files, new, new_bytes : int
    duration : float
    warnings : tuple of str

    Examples
    --------
    >>> events = []
    >>> with refrain.Index("one.refrain", "a") as one:
    ...     summary = one.build("song.wav", callback=events.append)
    >>> [event.kind for event in events]
    ['found', 'added', 'neighbours']
    """

    kind: str
    path: Optional[str] = None
    moved_from: Optional[str] = None
    bytes: int = 0
    duration: float = 0.0
    reason: Optional[str] = None
    warnings: Tuple[str, ...] = ()
    files: int = 0
    new: int = 0
    new_bytes: int = 0

    @classmethod
    def _of(cls, told: _refrain.EventDict) -> BuildEvent:
        return cls(**{**told, "warnings": tuple(told["warnings"])})  # type: ignore[arg-type]


@dataclass(frozen=True)
class BuildSummary:
    """What a build did.

    Attributes
    ----------
    found : int
        Files that may be audio.
    unchanged : int
        Files that are in the index and have not changed.
    still_bad : int
        Files that gave no fingerprint before and have not changed.
    added : int
        Files that were analyzed and added.
    retagged : int
        How many of the added files belong to an existing track: same audio, new tags.
    moved : int
        Files that the index knew at another path, where they no longer are.
    copies : int
        Files whose content the index also knows at another path.
    returned : int
        Files that were missing and exist again.
    missing : int
        Files that were found to be missing.
    still_missing : int
        Files that were missing before and still are.
    added_duration : float
        The length of the added files in seconds.
    failed : tuple of Failure
        Files and folders that could not be used.

    Examples
    --------
    >>> with refrain.Index("one.refrain", "a") as one:
    ...     summary = one.build("song.wav")
    >>> summary.added, summary.failed
    (1, ())
    """

    found: int
    unchanged: int
    still_bad: int
    added: int
    retagged: int
    moved: int
    copies: int
    returned: int
    missing: int
    still_missing: int
    added_duration: float
    failed: Tuple[Failure, ...]

    @classmethod
    def _of(cls, told: _refrain.SummaryDict) -> BuildSummary:
        failed = tuple(Failure(*each) for each in told["failed"])
        return cls(**{**told, "failed": failed})  # type: ignore[arg-type]


@dataclass(frozen=True)
class File:
    """A file of a track.

    Attributes
    ----------
    path : pathlib.Path
        The file, absolute. The name, if the track is no file.
    size : int
        Its size in bytes.
    mtime_ns : int
        When it last changed, in nanoseconds since 1970.
    missing : bool
        Whether it did not exist when the index last looked for it.

    Examples
    --------
    >>> [file.path.name for file in index.tracks()[0].files]
    ['copper-rain.m4a']
    """

    path: pathlib.Path
    size: int
    mtime_ns: int
    missing: bool


@dataclass(frozen=True)
class Track:
    """A recording in the index.

    Attributes
    ----------
    id : int
        Its id, which is never used again, even after the track is removed.
    path : pathlib.Path
        Its first file, absolute. The name, if the track is no file.
    missing : bool
        Whether none of its files exists.
    files : tuple of File
        All its files, existing ones first.
    title, artist, album, recording_mbid, release_mbid, acoustid : str or None
        Its tags.
    track_number, disc_number : int or None
        Its tags.
    other_artists : tuple of str
        Artists beside `artist`.
    duration : float
        Its length in seconds.
    sample_rate, channels : int or None
        Of the file.
    hash : str or None
        BLAKE3 of the file's content, in hexadecimal digits.
    frames, windows : int
        How many chroma frames and fingerprint windows it has.
    name : str
        The path as the index has it, character by character; see :class:`Match`.

    Examples
    --------
    >>> track = index.tracks()[0]
    >>> track.title, track.sample_rate, track.missing
    ('Copper Rain', 44100, False)
    """

    id: int
    path: pathlib.Path
    missing: bool
    files: Tuple[File, ...]
    title: Optional[str]
    artist: Optional[str]
    other_artists: Tuple[str, ...]
    album: Optional[str]
    track_number: Optional[int]
    disc_number: Optional[int]
    recording_mbid: Optional[str]
    release_mbid: Optional[str]
    acoustid: Optional[str]
    duration: float
    sample_rate: Optional[int]
    channels: Optional[int]
    hash: Optional[str]
    frames: int
    windows: int
    name: str = field(default="", repr=False)

    @classmethod
    def _of(cls, told: _refrain.TrackDict) -> Track:
        files = tuple(
            File(pathlib.Path(each["path"]), each["size"], each["mtime_ns"], each["missing"])
            for each in told["files"]
        )
        other = dict(
            path=pathlib.Path(told["path"]),
            name=told["path"],
            files=files,
            other_artists=tuple(told["other_artists"]),
        )
        return cls(**{**told, **other})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Info:
    """What an index holds.

    Attributes
    ----------
    file : str
        The index file.
    tracks : int
        How many tracks there are.
    files, missing : int
        Files of tracks, and how many of them are missing.
    failures : int
        Files that could not be used.
    roots : tuple of str
        The folders that :meth:`refrain.Index.update` scans.
    seconds : float
        The length of all tracks.
    bytes : int
        The size of the index file.
    frames, windows : int
        Chroma frames and fingerprint windows.
    neighbour_lists, neighbour_windows : int or None
        Lists of the neighbour index and the windows in them. None for a small library, in which queries compare with every
        window.
    parameter_set : int
        The number of the parameters that fingerprints were made with.
    format : int
        The number of the file format.
    version, sqlite : str
        Versions of refrain and of SQLite.

    Examples
    --------
    >>> info = index.info()
    >>> info.tracks, info.files, round(info.seconds / 60)
    (10, 10, 5)
    """

    file: str
    tracks: int
    files: int
    missing: int
    failures: int
    roots: Tuple[str, ...]
    seconds: float
    bytes: int
    frames: int
    windows: int
    neighbour_lists: Optional[int]
    neighbour_windows: Optional[int]
    parameter_set: int
    format: int
    version: str
    sqlite: str

    @classmethod
    def _of(cls, told: _refrain.InfoDict) -> Info:
        return cls(**{**told, "roots": tuple(told["roots"])})  # type: ignore[arg-type]


@dataclass(frozen=True)
class MergeSummary:
    """The result of :meth:`refrain.Index.merge`.

    Attributes
    ----------
    added : int
        New tracks.
    known : int
        Tracks whose content the index knew, and which have more files now.
    skipped : int
        Tracks all of whose paths the index knew. They stay as they were.

    Examples
    --------
    >>> with refrain.Index("both.refrain", "a") as both:
    ...     both.merge(index)
    MergeSummary(added=10, known=0, skipped=0)
    """

    added: int
    known: int
    skipped: int


@dataclass(frozen=True)
class Relocated:
    """The result of :meth:`refrain.Index.relocate`.

    Attributes
    ----------
    files : int
        Files that have another path in the index now.
    roots : int
        Folders that updates scan at another path now.

    Examples
    --------
    >>> with refrain.Index("both.refrain", "a") as both:
    ...     both.relocate("/nowhere", "/elsewhere")
    Relocated(files=0, roots=0)
    """

    files: int
    roots: int


@dataclass(frozen=True)
class Analysis:
    """Figures about the harmony of a file. A figure that the audio does not have, such as the key of silence, is None.

    Attributes
    ----------
    path : str
        The file.
    duration : float
        Its length in seconds.
    sample_rate, channels : int or None
        Of the file; the rate in hertz.
    frames : int
        How many frames the analysis has, one every 512 samples at 22,050 Hz.
    tuning : float or None
        What part of a semitone the music is above A4 = 440 Hz, -0.5 to 0.49.
    key : str or None
        ``A minor``.
    mode : str or None
        ``major`` or ``minor``.
    key_correlation : float or None
        How similar the pitch classes are to the key's profile, -1 to 1.
    key_confidence : float or None
        How far behind the second key is, 0 to 1.
    key_second : str or None
        The second key.
    bpm : float or None
        The tempo in beats a minute; None if there is no regular beat. A listener may tap at half or twice this tempo.
    harmonic_ratio : float or None
        The level of the harmonic part divided by that of both parts, 0 to 1.
    voiced : float or None
        The share of frames that have a pitch.
    pitch : float or None
        The median pitch of these frames in hertz.
    pitch_note : str or None
        The nearest note, ``A4``.
    pitch_cents : float or None
        How many cents the pitch is above that note.
    pitch_stability : float or None
        The share of steps between neighbouring frames with a pitch that are at most 50 cents.
    chroma : tuple of float
        The mean of each pitch class, C first, over frames divided by their largest value, 0 to 1.
    chroma_energy : tuple of float
        The mean of each pitch class's magnitudes, which follows the loudness.
    chroma_entropy : float or None
        How evenly the energy is spread over the pitch classes, 0 to 1.
    warnings : tuple of str
        What is damaged in the file.
    key_name : str or None
        The key as musicians write it, ``Db major``.
    camelot : str or None
        The key's place on the Camelot wheel, ``3B``.

    Examples
    --------
    >>> figures = refrain.analyze("song.wav")
    >>> figures.key, figures.sample_rate, len(figures.chroma)
    ('F minor', 22050, 12)
    >>> figures.key_name, figures.camelot
    ('F minor', '4A')
    """

    path: str
    duration: float
    sample_rate: Optional[int]
    channels: Optional[int]
    frames: int
    tuning: Optional[float]
    key: Optional[str]
    mode: Optional[str]
    key_correlation: Optional[float]
    key_confidence: Optional[float]
    key_second: Optional[str]
    bpm: Optional[float]
    harmonic_ratio: Optional[float]
    voiced: Optional[float]
    pitch: Optional[float]
    pitch_note: Optional[str]
    pitch_cents: Optional[float]
    pitch_stability: Optional[float]
    chroma: Tuple[float, ...]
    chroma_energy: Tuple[float, ...]
    chroma_entropy: Optional[float]
    warnings: Tuple[str, ...] = field(default=())
    key_name: Optional[str] = None
    camelot: Optional[str] = None

    @classmethod
    def _of(cls, path: str, told: _refrain.FiguresDict) -> Analysis:
        lists = {name: tuple(told[name]) for name in ("chroma", "chroma_energy", "warnings")}
        return cls(path=path, **{**told, **lists})  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """What an index keeps of a recording. Arrays cannot be compared by ``==``; compare their bytes.

    Attributes
    ----------
    frames : numpy.ndarray of uint8, shape (frames, 30)
        Chroma frames as the index stores them, four bits a value, one frame every 2,048 samples at 11,025 Hz.
    positions : numpy.ndarray of uint32, shape (windows,)
        The first frame of each window. Silent and steady stretches have no windows.
    windows : numpy.ndarray of int8, shape (windows, 96)
        The windows' vectors: unit vectors in eight bits, whose dot products rank like cosines.
    duration : float
        The length in seconds.

    Examples
    --------
    >>> fingerprint = refrain.fingerprint("song.wav")
    >>> fingerprint.frames.shape[1], fingerprint.windows.shape[1]
    (30, 96)
    """

    frames: npt.NDArray[np.uint8]
    positions: npt.NDArray[np.uint32]
    windows: npt.NDArray[np.int8]
    duration: float

    HOP_SECONDS = 2048 / 11025
    """Seconds from one frame to the next."""

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Where each frame begins, in seconds.

        Returns
        -------
        numpy.ndarray of float64, shape (frames,)

        Examples
        --------
        >>> refrain.fingerprint("song.wav").times[:2].round(3).tolist()
        [0.0, 0.186]
        """
        return np.asarray(np.arange(len(self.frames)) * self.HOP_SECONDS, np.float64)

    def chroma(self) -> npt.NDArray[np.float32]:
        """The frames as chroma, as queries read them.

        Returns
        -------
        numpy.ndarray of float32, shape (60, frames)
            Twelve values for each of five octaves, the lowest first and from A up.

        Examples
        --------
        >>> refrain.fingerprint("song.wav").chroma().shape[0]
        60
        """
        return _refrain.unpack_frames(self.frames)


Record = Union[
    Answer,
    Match,
    Play,
    DuplicateGroup,
    DuplicateFile,
    Versions,
    Version,
    Similar,
    SimilarTrack,
    Track,
    Analysis,
    Failure,
    File,
]

# A record that is one row.
_Single = Union[Match, Play, DuplicateFile, Version, SimilarTrack, Track, Analysis, File]


def to_dataframe(
    records: Union[Answer, Timeline, DuplicateGroup, Versions, Similar, Iterable[Record]],
) -> pandas.DataFrame:
    """Records as a pandas data frame, a row each. Answers have a row for each match, with the clip in the column ``query``.
    Versions and similar tracks have a row for each track, with what was asked about in the column ``query``. Groups of
    duplicates have a row for each file, with the number of the group, from 1, in the column ``group``.

    Parameters
    ----------
    records : Answer, Timeline, DuplicateGroup, Versions, Similar, or iterable of records
        What :meth:`refrain.Index.query_many`, :meth:`refrain.Index.duplicates`, :meth:`refrain.Index.tracks`,
        :func:`refrain.analyze_all` and others return: Answer, Match, Play, DuplicateGroup, DuplicateFile, Versions, Version,
        Similar, SimilarTrack, Track, Analysis, Failure or File.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    ImportError
        If pandas is not installed. refrain does not depend on it.

    Examples
    --------
    >>> answers, failures = index.query_many(["clip.wav", "hum.flac"])
    >>> refrain.to_dataframe(answers)["title"].tolist()
    ['Second Orbit']
    >>> refrain.to_dataframe(index.tracks()).columns[:3].tolist()
    ['id', 'path', 'missing']
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError("to_dataframe() needs pandas, which is not installed: pip install pandas") from error
    # The iterators of an answer and of a group give records that do not know their clip or their group.
    whole = isinstance(records, (Answer, DuplicateGroup, Versions, Similar))
    given: Iterable[Any] = [records] if whole else records
    groups = itertools.count(1)
    rows: List[Dict[str, Any]] = []
    # Without a play there are columns all the same.
    columns: Optional[List[str]] = _columns(Play) if isinstance(records, Timeline) else None
    for record in given:
        if isinstance(record, Answer):
            columns = columns or ["query", *_columns(Match)]
            rows += ({"query": record.query, **_row(match)} for match in record.matches)
        elif isinstance(record, Versions):
            columns = columns or ["query", *_columns(Version)]
            rows += ({"query": record.query, **_row(version)} for version in record.versions)
        elif isinstance(record, Similar):
            columns = columns or ["query", *_columns(SimilarTrack)]
            rows += ({"query": record.query, **_row(track)} for track in record.similar)
        elif isinstance(record, DuplicateGroup):
            number = next(groups)
            rows += ({"group": number, **_row(file)} for file in record.files)
        elif isinstance(record, (Match, Play, DuplicateFile, Version, SimilarTrack, Track, Analysis, File)):
            rows.append(_row(record))
        elif isinstance(record, Failure):
            rows.append(record._asdict())
        else:
            raise ParameterError(f"no record that has rows: {type(record).__name__}")
    # Without a row there are columns all the same.
    return pandas.DataFrame(rows, columns=columns)


def _columns(kind: type) -> List[str]:
    return [each.name for each in dataclasses.fields(kind) if each.name != "name"]


def _row(record: _Single) -> Dict[str, Any]:
    row = {name: getattr(record, name) for name in _columns(type(record))}
    if isinstance(record, DuplicateFile):
        # A column for each figure.
        quality = row.pop("quality")
        row.update(dict.fromkeys(Quality._fields) if quality is None else quality._asdict())
    return row
