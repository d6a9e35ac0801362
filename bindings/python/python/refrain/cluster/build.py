"""Builds the shards of a library on all workers of a Ray cluster."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

from .. import _checks, _refrain
from ..errors import ParameterError
from ..index import Index, _take
from ..records import Failure
from . import files, shards, sources, versions
from .analyse import Analysed, analyse
from .manifest import NAME, Manifest, Shard
from .sources import Source
from .workers import Workers

#: The most that one task analyses.
MOST_BYTES, MOST_FILES = 256 << 20, 64
#: A library makes about so many tasks at least, so that all workers end at the same time.
TASKS = 64


@dataclass(frozen=True)
class BuildResult:
    """What :func:`build` did.

    Attributes
    ----------
    manifest : Manifest
    found : int
        Files that were found.
    analysed : int
        Files that were read in this run. The others were known from an earlier run.
    tracks : int
        Tracks in all shards.
    failed : tuple of Failure
        Files that gave no fingerprint.

    Examples
    --------
    >>> refrain.cluster.build("music", "library", workers=2).tracks  # doctest: +SKIP
    10
    """

    manifest: Manifest
    found: int
    analysed: int
    tracks: int
    failed: Tuple[Failure, ...]


def build(
    paths: _checks.Paths,
    out: _checks.Path,
    *,
    shards: int = 1,
    workers: Optional[int] = None,
    address: Optional[str] = None,
    follow_links: bool = True,
    hidden: bool = False,
    max_depth: Optional[int] = None,
    ffmpeg: Optional[_checks.Path] = None,
    storage_options: Optional[Dict[str, Any]] = None,
    callback: Optional[Callable[[int, int], object]] = None,
) -> BuildResult:
    """Builds a library as several index files with common centroids.

    The files are sorted by path and cut into as many stretches as there are shards. So the tracks of all shards, one after
    another, are the tracks of one index of all files.

    Call it again after an interruption: it does only what is missing. Ray repeats a task whose worker dies. A file that is
    damaged or is not audio does not end the build. It is in ``failed``.

    Parameters
    ----------
    paths : str, bytes or os.PathLike, or an iterable of these
        Folders and files, which every worker must see under the same path; or URLs for fsspec, such as
        ``s3://bucket/folder``.
    out : str, bytes or os.PathLike
        The folder for the shards and their manifest, on the machine of the caller.
    shards : int
        How many index files to write.
    workers : int, optional
        How many files to analyse at a time; one a core by default.
    address : str, optional
        The address of a Ray cluster. By default, the cluster that the program is connected to; if there is none, Ray is
        started on this machine for the time of the call.
    follow_links, hidden : bool
    max_depth : int, optional
    ffmpeg : str, bytes or os.PathLike, optional
        As in :meth:`refrain.Index.build`.
    storage_options : dict, optional
        For fsspec, as in pandas: keys, the address of the server and others.
    callback : callable, optional
        Gets how many files are analysed, and how many there are. An exception in it ends the build, which keeps what was
        analysed.

    Returns
    -------
    BuildResult

    Raises
    ------
    OSError
        If a folder or a file in ``paths`` does not exist.
    MixedShardsError
        If a worker has another version of refrain.

    Examples
    --------
    >>> result = refrain.cluster.build("music", "library", shards=3, workers=2)  # doctest: +SKIP
    >>> result.tracks, result.failed  # doctest: +SKIP
    (10, ())
    """
    if shards < 1:
        raise ParameterError(f"shards is {shards}, must be 1 or more")
    take = _take(1, follow_links, hidden, max_depth, ffmpeg)
    storage = dict(storage_options or {})
    found, unreadable = sources.find(paths, take, storage)
    # Workers have another working folder.
    folder = Path(_checks.path(out)).absolute()
    run = _Run(folder, versions.here(), take.ffmpeg, storage, found, _checks.whole("shards", shards, 1))
    return run.run(unreadable, lambda: Workers(workers, address), callback)


class _Run:
    """One call of :func:`build`."""

    def __init__(
        self,
        out: Path,
        version: versions.Version,
        ffmpeg: Optional[str],
        storage: Dict[str, Any],
        found: List[Source],
        count: int,
    ) -> None:
        self.out, self.work = out, out / "work"
        self.version, self.ffmpeg, self.storage, self.found = version, ffmpeg, storage, found
        self.salt = [list(version), ffmpeg]
        self.stretches = sources.stretches(found, count)
        most = min(MOST_BYTES, sum(source.size for source in found) // TASKS)
        self.chunks = [sources.chunks(stretch, most, MOST_FILES) for stretch in self.stretches]
        self.stamp = sources.stamp(found, [*self.salt, count])
        self.unread: Dict[str, str] = {}

    def run(
        self,
        unreadable: List[Failure],
        workers: Callable[[], Workers],
        callback: Optional[Callable[[int, int], object]],
    ) -> BuildResult:
        self.work.mkdir(parents=True, exist_ok=True)
        finished = self._finished()
        if finished is not None:
            self.work.rmdir()
            return self._result(finished, 0)
        files.remove_parts(self.out)
        files.remove_parts(self.work)
        with workers() as at_work:
            analysed = self._analyse(at_work, callback)
            manifest = self._write(at_work, unreadable, fresh=analysed > 0)
        manifest.save()
        files.write(self.out / ".built", self.stamp.encode("ascii"))
        if not self.unread:
            shutil.rmtree(self.work)
        return self._result(manifest, analysed)

    def _result(self, manifest: Manifest, analysed: int) -> BuildResult:
        tracks = sum(shard.tracks for shard in manifest.shards)
        return BuildResult(manifest, len(self.found), analysed, tracks, manifest.failures)

    def _finished(self) -> Optional[Manifest]:
        """The manifest, if an earlier run has done all of this."""
        try:
            if (self.out / ".built").read_text("ascii") != self.stamp or any(self.work.iterdir()):
                return None
            manifest = Manifest.load(self.out / NAME)
            manifest.check()
            return manifest
        except (OSError, versions.MixedShardsError):
            return None

    # Analysis.

    def _index_of(self, chunk: List[Source]) -> Path:
        return self.work / (sources.stamp(chunk, self.salt) + ".refrain")

    def _analyse(self, workers: Workers, callback: Optional[Callable[[int, int], object]]) -> int:
        """Analyses what no earlier run has analysed. Returns how many files that were."""
        self._split_again()
        todo = [
            chunk
            for of_shard in self.chunks
            for chunk in of_shard
            if not self._index_of(chunk).exists() or self._unread_of(chunk).exists()
        ]
        known = len(self.found) - sum(map(len, todo))
        analysed = 0
        while todo:
            halves: List[List[Source]] = []
            calls = [(chunk, self.ffmpeg, self.storage, self.version) for chunk in todo]
            for number, result, died in workers.each(analyse, calls):
                chunk = todo[number]
                if died is None:
                    self._keep(chunk, result)
                elif len(chunk) == 1:
                    self._keep(chunk, Analysed(b"", [(chunk[0].path, f"the worker died on it: {died}")]))
                else:
                    # One of these files kills its worker. The others are analysed.
                    halves += [chunk[: len(chunk) // 2], chunk[len(chunk) // 2 :]]
                    self._split(chunk)
                    continue
                analysed += len(chunk)
                if callback is not None:
                    callback(known + analysed, len(self.found))
            todo = halves
        return analysed

    def _split_again(self) -> None:
        """Cuts the chunks that an earlier run has cut."""
        todo = [chunk for of_shard in self.chunks for chunk in of_shard]
        while todo:
            chunk = todo.pop()
            if len(chunk) > 1 and self._split_of(chunk).exists():
                self._split(chunk)
                todo += [chunk[: len(chunk) // 2], chunk[len(chunk) // 2 :]]

    def _split_of(self, chunk: List[Source]) -> Path:
        return self._index_of(chunk).with_suffix(".split")

    def _split(self, chunk: List[Source]) -> None:
        """Puts the halves of a chunk in its place."""
        files.write(self._split_of(chunk), b"")
        half = len(chunk) // 2
        for of_shard in self.chunks:
            if chunk in of_shard:
                at = of_shard.index(chunk)
                of_shard[at : at + 1] = [chunk[:half], chunk[half:]]

    def _unread_of(self, chunk: List[Source]) -> Path:
        return self._index_of(chunk).with_suffix(".unread")

    def _keep(self, chunk: List[Source], result: Analysed) -> None:
        marker = self._unread_of(chunk)
        if result.unread:
            # Before the index: a run that is killed in between tries these files again.
            files.write(marker, json.dumps(result.unread).encode("ascii"))
            self.unread.update(dict(result.unread))
        files.write(self._index_of(chunk), result.content)
        if not result.unread:
            marker.unlink(missing_ok=True)

    # Shards.

    def _write(self, workers: Workers, unreadable: List[Failure], *, fresh: bool) -> Manifest:
        """Writes the shards."""
        (self.out / ".built").unlink(missing_ok=True)
        indexes = [
            [path for path in map(self._index_of, of_shard) if path.stat().st_size > 0] for of_shard in self.chunks
        ]
        raw = [self.work / f"raw-{number:03}-{self.stamp}.refrain" for number in range(len(indexes))]
        places = [self.out / f"shard-{number:03}.refrain" for number in range(len(indexes))]
        centroids = self.work / f"centroids-{self.stamp}.refrain"
        whole = all(path.exists() or place.exists() for path, place in zip(raw, places))
        if fresh or not centroids.exists() or not whole:
            for old in [*self.work.glob("raw-*"), *self.work.glob("centroids-*")]:
                old.unlink()
            planned = shards.plan(indexes)
            counts = workers.results(
                [workers.here(shards.assemble, parts, str(to), self.version) for parts, to in zip(planned, raw)]
            )
            total, before, samples = sum(windows for _, _, windows in counts), 0, []
            for path, (_, _, windows) in zip(raw, counts):
                samples.append(workers.here(shards.sample, str(path), before, total))
                before += windows
            # The old library ends here, before its first shard is replaced.
            for old in [self.out / NAME, *self.out.glob("shard-*.refrain")]:
                old.unlink(missing_ok=True)
            if total:
                workers.results([workers.here(shards.train, str(centroids), total, *samples)])
        common = str(centroids) if centroids.exists() else None
        counts = workers.results(
            [workers.here(shards.finish, str(path), common, str(to)) for path, to in zip(raw, places)]
        )
        return self._manifest(places, counts, common, unreadable)

    def _manifest(
        self,
        places: List[Path],
        counts: List[Tuple[int, int, int]],
        centroids: Optional[str],
        unreadable: List[Failure],
    ) -> Manifest:
        failures = {failure.path: failure.reason for failure in unreadable}
        failures.update(self.unread)
        described = []
        for place, (tracks, held, windows), stretch in zip(places, counts, self.stretches):
            with Index(place) as shard:
                failures.update({failure.path: failure.reason for failure in shard.failures()})
            ends = (stretch[0].path, stretch[-1].path) if stretch else (None, None)
            described.append(Shard(place.name, tracks, held, windows, *ends))
        checksum = None
        if centroids is not None:
            with Index(centroids) as index:
                checksum = bytes(_refrain.centroids(index._index) or b"").hex()
        ordered = sorted(failures.items(), key=lambda each: sources.order(os.fspath(each[0])))
        return Manifest(
            self.out, self.version, checksum, tuple(described), tuple(Failure(*each) for each in ordered)
        )
