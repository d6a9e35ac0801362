from typing import Callable, Optional, Protocol, TypedDict, final

import numpy as np
import numpy.typing as npt

__all__ = [
    "analyze",
    "analyze_audio",
    "chroma_frames",
    "fingerprint",
    "unpack_frames",
    "Index",
    "Listener",
    "load",
    "Shard",
    "centroids",
    "contents",
    "extensions",
    "merge_as",
    "sample_windows",
    "scan",
    "set_centroids",
    "train_centroids",
    "chroma_cqt",
    "chroma_stft",
    "chroma_stft_of",
    "cqt",
    "estimate_tuning",
    "estimate_tuning_of",
    "hpss",
    "hpss_masks",
    "istft",
    "magnitudes",
    "pyin",
    "stft",
    "yin",
    "__version__",
]

__version__: str

_F32 = npt.NDArray[np.float32]

class MatchDict(TypedDict):
    path: str
    also_paths: list[str]
    copies: list[str]
    missing: bool
    id: int
    shard: Optional[str]
    score: float
    query_start: float
    query_end: float
    ref_start: float
    ref_end: float
    also_at: list[float]
    tempo: float
    pitch: float
    title: Optional[str]
    artist: Optional[str]
    other_artists: list[str]
    album: Optional[str]
    track_number: Optional[int]
    disc_number: Optional[int]
    recording_mbid: Optional[str]
    release_mbid: Optional[str]
    acoustid: Optional[str]
    evidence: float
    similarity: float
    rival: float
    variants: int

class AnswerDict(TypedDict):
    query: str
    duration: float
    matches: list[MatchDict]
    candidates: Optional[list[MatchDict]]
    warnings: list[str]

class PlayDict(TypedDict):
    start: float
    end: float
    path: str
    ref_start: float
    ref_end: float
    tempo: float
    pitch: float
    score: float
    id: int
    shard: Optional[str]
    also_paths: list[str]
    copies: list[str]
    missing: bool
    title: Optional[str]
    artist: Optional[str]
    other_artists: list[str]
    album: Optional[str]
    track_number: Optional[int]
    disc_number: Optional[int]
    recording_mbid: Optional[str]
    release_mbid: Optional[str]
    acoustid: Optional[str]

class TimelineDict(TypedDict):
    file: str
    duration: float
    plays: list[PlayDict]
    unknown: list[tuple[float, float]]
    silent: list[tuple[float, float]]
    overlap: list[tuple[float, float]]
    warnings: list[str]

class QualityDict(TypedDict):
    bandwidth: int
    cut: bool
    peak: float
    clipped: float

class DuplicateFileDict(TypedDict):
    path: str
    relation: str
    same_bytes_as: Optional[str]
    keep: bool
    why: str
    score: float
    agrees: list[tuple[float, float, float]]
    speed: float
    id: int
    duration: float
    size: int
    sample_rate: Optional[int]
    channels: Optional[int]
    quality: Optional[QualityDict]
    title: Optional[str]
    artist: Optional[str]
    other_artists: list[str]
    album: Optional[str]
    track_number: Optional[int]
    disc_number: Optional[int]
    recording_mbid: Optional[str]
    release_mbid: Optional[str]
    acoustid: Optional[str]

class DuplicateGroupDict(TypedDict):
    files: list[DuplicateFileDict]
    bytes: int

class VersionDict(TypedDict):
    path: str
    also_paths: list[str]
    same_recording: bool
    missing: bool
    id: int
    score: float
    transposition: int
    tempo: float
    alignment: list[tuple[float, float]]
    evidence: float
    chance: float
    title: Optional[str]
    artist: Optional[str]
    other_artists: list[str]
    album: Optional[str]
    track_number: Optional[int]
    disc_number: Optional[int]
    recording_mbid: Optional[str]
    release_mbid: Optional[str]
    acoustid: Optional[str]

class VersionsDict(TypedDict):
    query: str
    duration: float
    versions: list[VersionDict]
    warnings: list[str]
    incomplete: bool

class SimilarTrackDict(TypedDict):
    path: str
    score: float
    id: int
    duration: float
    title: Optional[str]
    artist: Optional[str]
    other_artists: list[str]
    album: Optional[str]
    track_number: Optional[int]
    disc_number: Optional[int]
    recording_mbid: Optional[str]
    release_mbid: Optional[str]
    acoustid: Optional[str]

class SimilarDict(TypedDict):
    query: str
    similar: list[SimilarTrackDict]
    incomplete: bool

class EventDict(TypedDict):
    kind: str
    path: Optional[str]
    moved_from: Optional[str]
    bytes: int
    duration: float
    reason: Optional[str]
    warnings: list[str]
    files: int
    new: int
    new_bytes: int

class SummaryDict(TypedDict):
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
    failed: list[tuple[str, str]]

class InfoDict(TypedDict):
    file: str
    tracks: int
    files: int
    missing: int
    failures: int
    roots: list[str]
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

class FileDict(TypedDict):
    path: str
    size: int
    mtime_ns: int
    missing: bool

class TrackDict(TypedDict):
    id: int
    path: str
    missing: bool
    files: list[FileDict]
    title: Optional[str]
    artist: Optional[str]
    other_artists: list[str]
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

class FiguresDict(TypedDict):
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
    key_name: Optional[str]
    camelot: Optional[str]
    bpm: Optional[float]
    harmonic_ratio: Optional[float]
    voiced: Optional[float]
    pitch: Optional[float]
    pitch_note: Optional[str]
    pitch_cents: Optional[float]
    pitch_stability: Optional[float]
    chroma: list[float]
    chroma_energy: list[float]
    chroma_entropy: Optional[float]
    warnings: list[str]

class _Take(Protocol):
    @property
    def threads(self) -> Optional[int]: ...
    @property
    def follow_links(self) -> bool: ...
    @property
    def hidden(self) -> bool: ...
    @property
    def max_depth(self) -> Optional[int]: ...
    @property
    def ffmpeg(self) -> Optional[str]: ...

class _Waiting(Protocol):
    def replies(self) -> list[bytes]: ...

class _Ask(Protocol):
    @property
    def top(self) -> int: ...
    @property
    def min_score(self) -> float: ...
    @property
    def explain(self) -> bool: ...
    @property
    def exact(self) -> bool: ...
    @property
    def semitones(self) -> float: ...
    @property
    def slowest(self) -> float: ...
    @property
    def fastest(self) -> float: ...
    @property
    def ffmpeg(self) -> Optional[str]: ...

class _Alike(Protocol):
    @property
    def relations(self) -> Optional[list[str]]: ...
    @property
    def keep(self) -> Optional[list[str]]: ...
    @property
    def prefer(self) -> list[str]: ...
    @property
    def only(self) -> list[str]: ...
    @property
    def below(self) -> list[str]: ...
    @property
    def min_free(self) -> int: ...
    @property
    def measure(self) -> bool: ...

class _Wanted(Protocol):
    @property
    def top(self) -> int: ...
    @property
    def min_score(self) -> float: ...
    @property
    def copies(self) -> bool: ...
    @property
    def ffmpeg(self) -> Optional[str]: ...

class _Names(Protocol):
    @property
    def title(self) -> Optional[str]: ...
    @property
    def artist(self) -> Optional[str]: ...
    @property
    def album(self) -> Optional[str]: ...
    @property
    def track_number(self) -> Optional[int]: ...
    @property
    def disc_number(self) -> Optional[int]: ...
    @property
    def recording_mbid(self) -> Optional[str]: ...
    @property
    def release_mbid(self) -> Optional[str]: ...
    @property
    def acoustid(self) -> Optional[str]: ...

class _Sought(Protocol):
    @property
    def sr(self) -> float: ...
    @property
    def fmin(self) -> float: ...
    @property
    def fmax(self) -> float: ...
    @property
    def frame_length(self) -> int: ...
    @property
    def hop_length(self) -> int: ...
    @property
    def trough_threshold(self) -> float: ...
    @property
    def textbook(self) -> bool: ...

class _Outputs(Protocol):
    @property
    def frames(self) -> Optional[str]: ...
    @property
    def harmonic(self) -> Optional[str]: ...
    @property
    def percussive(self) -> Optional[str]: ...
    @property
    def plot(self) -> Optional[str]: ...

_Callback = Callable[[EventDict], object]
_Done = Callable[[str, Optional[FiguresDict], Optional[str]], object]
_Answered = Callable[[str, Optional[AnswerDict], Optional[str]], object]
_Progress = Callable[[int, int], object]

@final
class Index:
    def __new__(cls, path: str, mode: str) -> Index: ...
    @staticmethod
    def of_several(paths: list[str]) -> Index: ...
    def is_open(self) -> bool: ...
    def build(self, roots: list[str], take: _Take, callback: Optional[_Callback]) -> SummaryDict: ...
    def update(self, take: _Take, callback: Optional[_Callback]) -> SummaryDict: ...
    def retry(self, take: _Take, callback: Optional[_Callback]) -> SummaryDict: ...
    def add(self, path: str) -> tuple[int, bool]: ...
    def add_audio(
        self, kind: str, source: object, sr: int, name: str, tags: _Names
    ) -> tuple[int, bool]: ...
    def query(
        self,
        kind: str,
        source: object,
        sr: int,
        name: Optional[str],
        ask: _Ask,
        callback: Optional[Callable[[float], object]],
    ) -> AnswerDict: ...
    def query_many(
        self, paths: list[str], threads: Optional[int], ask: _Ask, done: _Answered
    ) -> None: ...
    def timeline(
        self,
        kind: str,
        source: object,
        sr: int,
        name: Optional[str],
        limits: tuple[float, float],
        ffmpeg: Optional[str],
        done: Optional[Callable[[PlayDict], object]],
        callback: Optional[Callable[[float], object]],
    ) -> TimelineDict: ...
    def query_track(self, id: int, ask: _Ask) -> Optional[AnswerDict]: ...
    def versions(
        self, kind: str, source: object, sr: int, name: Optional[str], wanted: _Wanted
    ) -> VersionsDict: ...
    def versions_of_track(self, id: int, wanted: _Wanted) -> Optional[VersionsDict]: ...
    def similar(self, id: int, top: int) -> Optional[SimilarDict]: ...
    def duplicates(self, alike: _Alike, callback: Optional[_Progress]) -> list[DuplicateGroupDict]: ...
    def listen(self, ask: _Ask) -> Listener: ...
    def info(self) -> InfoDict: ...
    def tracks(self) -> list[TrackDict]: ...
    def failures(self) -> list[tuple[str, str]]: ...
    def select(self, chosen: str) -> list[str]: ...
    def remove(self, chosen: list[str], dry_run: bool) -> tuple[list[str], list[str]]: ...
    def prune(self, dry_run: bool) -> list[str]: ...
    def relocate(self, old: str, new: str) -> tuple[int, int]: ...
    def merge(self, other: Index, callback: Optional[_Progress]) -> tuple[int, int, int]: ...
    def verify(self, callback: Optional[_Progress]) -> None: ...
    def rebuild(self) -> None: ...
    def refresh(self) -> None: ...
    def compact(self) -> int: ...
    def export(self, path: str) -> None: ...
    def close(self) -> None: ...

@final
class Listener:
    def push(self, samples: _F32, sr: int) -> list[MatchDict]: ...
    def finish(self) -> list[MatchDict]: ...
    def is_open(self) -> bool: ...
    def end(self) -> None: ...

@final
class Shard:
    def __new__(cls, path: str) -> Shard: ...
    def facts(self) -> bytes: ...
    def know(self, facts: list[bytes], me: int) -> None: ...
    def reply(self, request: bytes) -> bytes: ...
    def query(
        self,
        kind: str,
        source: object,
        sr: int,
        name: Optional[str],
        asked: _Ask,
        send: Callable[[list[tuple[int, bytes]]], _Waiting],
        left_out: list[int],
    ) -> AnswerDict: ...
    def timeline(
        self,
        kind: str,
        source: object,
        sr: int,
        name: Optional[str],
        limits: tuple[float, float],
        ffmpeg: Optional[str],
        send: Callable[[list[tuple[int, bytes]]], _Waiting],
        left_out: list[int],
    ) -> TimelineDict: ...

def load(
    kind: str, source: object, sr: Optional[int], offset: float, duration: Optional[float]
) -> tuple[_F32, int, int, list[str]]: ...
def stft(y: _F32, n_fft: int, hop_length: int) -> npt.NDArray[np.complex64]: ...
def magnitudes(y: _F32, n_fft: int, hop_length: int, power: int) -> _F32: ...
def istft(s: npt.NDArray[np.complex64], n_fft: int, hop_length: int, length: int) -> _F32: ...
def cqt(
    y: _F32, sr: float, hop_length: int, fmin: float, n_bins: int, bins_per_octave: int, tuning: float
) -> npt.NDArray[np.complex64]: ...
def chroma_cqt(
    y: _F32,
    sr: float,
    hop_length: int,
    fmin: float,
    n_octaves: int,
    bins_per_octave: int,
    tuning: float,
    normalised: bool,
) -> _F32: ...
def chroma_stft(
    y: _F32, sr: float, n_fft: int, hop_length: int, tuning: float, normalised: bool
) -> _F32: ...
def chroma_stft_of(powers: _F32, sr: float, n_fft: int, tuning: float, normalised: bool) -> _F32: ...
def estimate_tuning(y: _F32, sr: float, bins_per_octave: int) -> float: ...
def estimate_tuning_of(s: _F32, sr: float, bins_per_octave: int) -> float: ...
def hpss(
    y: _F32,
    n_fft: int,
    hop_length: int,
    kernels: tuple[int, int],
    power: float,
    margins: tuple[float, float],
) -> tuple[_F32, _F32]: ...
def hpss_masks(
    magnitudes: _F32, kernels: tuple[int, int], power: float, margins: tuple[float, float]
) -> tuple[_F32, _F32]: ...
def yin(y: _F32, sought: _Sought) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...
def pyin(
    y: _F32, sought: _Sought, fill: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.float64]]: ...
def fingerprint(
    kind: str, source: object, sr: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32], npt.NDArray[np.int8], float]: ...
def chroma_frames(kind: str, source: object, sr: int) -> _F32: ...
def unpack_frames(packed: npt.NDArray[np.uint8]) -> _F32: ...
def analyze(
    paths: list[str],
    threads: Optional[int],
    outputs: _Outputs,
    done: _Done,
) -> None: ...
def analyze_audio(
    kind: str,
    source: object,
    sr: int,
    name: Optional[str],
    threads: Optional[int],
    outputs: _Outputs,
) -> tuple[str, FiguresDict]: ...

def centroids(index: Index) -> Optional[bytes]: ...
def contents(index: Index) -> list[tuple[str, Optional[bytes]]]: ...
def extensions() -> list[str]: ...
def merge_as(index: Index, other: Index, names: dict[str, str]) -> None: ...
def sample_windows(index: Index, before: int, total: int) -> npt.NDArray[np.int8]: ...
def scan(roots: list[str], take: _Take) -> tuple[list[tuple[str, int, int]], list[tuple[str, str]]]: ...
def set_centroids(index: Index, other: Index) -> bool: ...
def train_centroids(index: Index, sample: npt.NDArray[np.int8], total: int) -> None: ...
