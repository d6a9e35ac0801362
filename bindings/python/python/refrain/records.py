"""What is told of queries, builds, tracks and analyses: frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Optional, Tuple

import numpy as np
import numpy.typing as npt

from . import _refrain

__all__ = [
    "Match",
    "Answer",
    "BuildEvent",
    "BuildSummary",
    "Failure",
    "File",
    "Track",
    "Info",
    "MergeSummary",
    "Relocated",
    "Analysis",
    "Fingerprint",
]


class Failure(NamedTuple):
    """A file or folder that could not be used."""

    path: str
    reason: str


@dataclass(frozen=True)
class Match:
    """A place of the library that sounds like a part of the clip. Times are in seconds."""

    path: str
    """The track's file, absolute: the first of those that are there."""
    also_paths: Tuple[str, ...]
    """Other files of the same content that are there."""
    missing: bool
    """Whether none of its files was there when they were last looked for."""
    id: int
    """The track's id in the index."""
    score: float
    """The probability that the match is right, 0 to 1."""
    query_start: float
    """Where the part of the clip that agrees begins."""
    query_end: float
    """Where it ends."""
    ref_start: float
    """Where the part of the track that it agrees with begins."""
    ref_end: float
    """Where it ends."""
    also_at: Tuple[float, ...]
    """Where else in the track the same sound begins."""
    tempo: float
    """The clip's speed over the track's."""
    pitch: float
    """By how many semitones the clip is higher."""
    title: Optional[str] = None
    """The track's tags, as all down to ``acoustid``."""
    artist: Optional[str] = None
    album: Optional[str] = None
    track_number: Optional[int] = None
    disc_number: Optional[int] = None
    recording_mbid: Optional[str] = None
    release_mbid: Optional[str] = None
    acoustid: Optional[str] = None
    evidence: float = 0.0
    """How much more than chance frames and windows agree, summed over the part."""
    similarity: float = 0.0
    """The cosine of clip and track over the part, -1 to 1."""
    rival: float = 0.0
    """The most evidence for another track that is no copy of this one."""
    variants: int = 1
    """How many variants of the clip were compared when it was found; 1 where it was found as it is."""

    @classmethod
    def _of(cls, told: _refrain.MatchDict) -> Match:
        also = dict(also_paths=tuple(told["also_paths"]), also_at=tuple(told["also_at"]))
        return cls(**{**told, **also})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Answer:
    """The answer to a query. It is true where there is a match."""

    query: str
    """The clip, as it was named."""
    duration: float
    """Its length in seconds."""
    matches: Tuple[Match, ...]
    """The matches, the surest first."""
    candidates: Optional[Tuple[Match, ...]] = None
    """With ``explain``, the best places that were looked at, whether they count or not."""

    @property
    def best(self) -> Optional[Match]:
        """The surest match, if there is any."""
        return self.matches[0] if self.matches else None

    def __bool__(self) -> bool:
        return bool(self.matches)

    @classmethod
    def _of(cls, told: _refrain.AnswerDict) -> Answer:
        candidates = told["candidates"]
        return cls(
            query=told["query"],
            duration=told["duration"],
            matches=tuple(map(Match._of, told["matches"])),
            candidates=None if candidates is None else tuple(map(Match._of, candidates)),
        )


@dataclass(frozen=True)
class BuildEvent:
    """What a build tells while it goes on.

    Which fields mean something depends on ``kind``:

    ``found``
        The folders have been looked through: ``files`` that may be audio, ``new`` of them to be read, of ``new_bytes``.
    ``recognised``
        A file's content is known: ``path``, ``bytes``.
    ``added``
        A file was analysed: ``path``, ``bytes``, ``duration`` in seconds, ``warnings``.
    ``failed``
        A file gave no fingerprint: ``path``, ``bytes``, ``reason``.
    ``moved``
        A file that was missing lies elsewhere: ``moved_from``, ``path``.
    ``missing``, ``unavailable``
        A file, a folder that is not there: ``path``.
    ``neighbours``
        The neighbour index is being brought up to date.
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
    """What a build did."""

    found: int
    """Files that may be audio."""
    unchanged: int
    """Files that are in the index and have not changed."""
    still_bad: int
    """Files that had given no fingerprint before and have not changed."""
    added: int
    """Files that were analysed and added."""
    retagged: int
    """Of these, files whose track is the same with other tags."""
    moved: int
    """Files that were known under another path, where they are no longer."""
    copies: int
    """Files of a content that is known under another path too."""
    returned: int
    """Files that were missing and are there again."""
    missing: int
    """Files that were found to be missing."""
    still_missing: int
    """Files that are missing still."""
    added_duration: float
    """How long the added ones play, in seconds."""
    failed: Tuple[Failure, ...]
    """Files and folders that could not be used."""

    @classmethod
    def _of(cls, told: _refrain.SummaryDict) -> BuildSummary:
        failed = tuple(Failure(*each) for each in told["failed"])
        return cls(**{**told, "failed": failed})  # type: ignore[arg-type]


@dataclass(frozen=True)
class File:
    """A file of a track."""

    path: str
    size: int
    """In bytes."""
    mtime_ns: int
    """When it was last changed, in nanoseconds since 1970."""
    missing: bool
    """Whether it was not there when it was last looked for."""


@dataclass(frozen=True)
class Track:
    """A recording of the index."""

    id: int
    """Never used again, also when the track is gone."""
    path: str
    """Its first file, absolute."""
    missing: bool
    """Whether none of its files is there."""
    files: Tuple[File, ...]
    """All of them, those that are there first."""
    title: Optional[str]
    artist: Optional[str]
    album: Optional[str]
    track_number: Optional[int]
    disc_number: Optional[int]
    recording_mbid: Optional[str]
    release_mbid: Optional[str]
    acoustid: Optional[str]
    duration: float
    """In seconds."""
    sample_rate: Optional[int]
    """Of the file, in hertz."""
    channels: Optional[int]
    hash: Optional[str]
    """BLAKE3 of the file's content, in hexadecimal digits."""
    frames: int
    """Chroma frames."""
    windows: int
    """Fingerprint windows."""

    @classmethod
    def _of(cls, told: _refrain.TrackDict) -> Track:
        files = tuple(File(**each) for each in told["files"])
        return cls(**{**told, "files": files})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Info:
    """What an index holds."""

    file: str
    """The index."""
    tracks: int
    files: int
    """Files of tracks."""
    missing: int
    """Of these, files that are missing."""
    failures: int
    """Files that could not be used."""
    roots: Tuple[str, ...]
    """The folders that :meth:`refrain.Index.update` looks into."""
    seconds: float
    """Length of all tracks."""
    bytes: int
    """Size of the file."""
    frames: int
    windows: int
    neighbour_lists: Optional[int]
    """Lists of the neighbour index; none for a small library, where every window is looked at."""
    neighbour_windows: Optional[int]
    """Windows that are in them."""
    parameter_set: int
    """Of the fingerprints."""
    format: int
    """Of the file."""
    version: str
    """Of refrain."""
    sqlite: str
    """Version of the SQLite that reads the file."""

    @classmethod
    def _of(cls, told: _refrain.InfoDict) -> Info:
        return cls(**{**told, "roots": tuple(told["roots"])})  # type: ignore[arg-type]


@dataclass(frozen=True)
class MergeSummary:
    """What :meth:`refrain.Index.merge` did."""

    added: int
    """Tracks that are new."""
    known: int
    """Tracks whose content was known, and which have more files now."""
    skipped: int
    """Tracks all of whose paths were known, which stay as they were."""


@dataclass(frozen=True)
class Relocated:
    """What :meth:`refrain.Index.relocate` did."""

    files: int
    """Files that are known under another path now."""
    roots: int
    """Folders that updates look through under another path now."""


@dataclass(frozen=True)
class Analysis:
    """Figures about the harmony of a file. What cannot be told, as of silence, is None."""

    path: str
    duration: float
    """In seconds."""
    sample_rate: Optional[int]
    """Of the file, in hertz."""
    channels: Optional[int]
    frames: int
    """Frames of the analysis, one every 512 samples at 22,050 Hz."""
    tuning: Optional[float]
    """By what part of a semitone the music is higher than A4 = 440 Hz, -0.5 to 0.49."""
    key: Optional[str]
    """``A minor``."""
    mode: Optional[str]
    """``major`` or ``minor``."""
    key_correlation: Optional[float]
    """How like the key's profile the pitch classes are, -1 to 1."""
    key_confidence: Optional[float]
    """How far the second key is behind, 0 to 1."""
    key_second: Optional[str]
    harmonic_ratio: Optional[float]
    """The level of the harmonic part over that of the harmonic and the percussive one, 0 to 1."""
    voiced: Optional[float]
    """The share of frames that have a pitch."""
    pitch: Optional[float]
    """The median pitch of those, in hertz."""
    pitch_note: Optional[str]
    """The note nearest to it, ``A4``."""
    pitch_cents: Optional[float]
    """How many cents it is above that note."""
    pitch_stability: Optional[float]
    """The share of steps between neighbouring frames with a pitch that are at most 50 cents."""
    chroma: Tuple[float, ...]
    """The mean of each pitch class, C first, over frames divided by their largest value, 0 to 1."""
    chroma_energy: Tuple[float, ...]
    """The mean of each pitch class's magnitudes, which follows the loudness."""
    chroma_entropy: Optional[float]
    """How evenly the energy is spread over the pitch classes, 0 to 1."""
    warnings: Tuple[str, ...] = field(default=())
    """What was wrong with the file, and could be got over."""

    @classmethod
    def _of(cls, path: str, told: _refrain.FiguresDict) -> Analysis:
        lists = {name: tuple(told[name]) for name in ("chroma", "chroma_energy", "warnings")}
        return cls(path=path, **{**told, **lists})  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """What an index keeps of a recording. Arrays cannot be compared by ``==``; compare their bytes."""

    frames: npt.NDArray[np.uint8]
    """Chroma frames as they are stored, one every 2,048 samples at 11,025 Hz: (frames, 30), four bits a value."""
    positions: npt.NDArray[np.uint32]
    """The first frame of each window; silent and steady stretches have none."""
    windows: npt.NDArray[np.int8]
    """The windows' vectors, (windows, 96): unit vectors in eight bits, whose dot products rank like cosines."""
    duration: float
    """In seconds."""

    HOP_SECONDS = 2048 / 11025
    """Seconds from one frame to the next."""

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Where each frame begins, in seconds."""
        return np.asarray(np.arange(len(self.frames)) * self.HOP_SECONDS, np.float64)

    def chroma(self) -> npt.NDArray[np.float32]:
        """The frames as chroma, as they are read back: (60, frames), twelve for each of five octaves, the lowest first and
        from A up."""
        return _refrain.unpack_frames(self.frames)
