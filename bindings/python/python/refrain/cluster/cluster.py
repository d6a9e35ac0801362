"""A library of shards that actors hold on many machines, asked as one index."""

from __future__ import annotations

import dataclasses
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Dict, List, Optional, Tuple, Type, Union

from .. import _checks
from ..analysis import Audio
from ..errors import AudioError, NotInIndexError
from ..index import Index, _Ask, _asked, _take
from ..records import Answer, Failure, Timeline
from . import sources, versions
from .analyse import Analysed, analyse
from .clip import Clip, clip_of
from .keeper import Keeper
from .line import Line
from .manifest import Manifest
from .round import Traffic
from .sources import Source
from .workers import NodeAffinitySchedulingStrategy, Workers, ray

#: The most files that are added at a time. Queries wait while a shard is changed.
AT_ONCE = 64


@dataclass(frozen=True)
class Written:
    """What :meth:`Cluster.add` and :meth:`Cluster.remove` did.

    Attributes
    ----------
    files : tuple of str
        The files that were added or removed.
    failed : tuple of Failure
        Files that gave no fingerprint.

    Examples
    --------
    >>> cluster.remove("/music/a.mp3").files  # doctest: +SKIP
    ('/music/a.mp3',)
    """

    files: Tuple[str, ...]
    failed: Tuple[Failure, ...] = ()


class Cluster:
    """A library of shards, held by actors of Ray and asked as one index.

    Each shard has some *replicas*. A replica is an actor with a copy of the shard's file, on the disk of its node. Any
    replica can answer a query: it asks one replica of each other shard. The answers are those of one index that holds all tracks,
    but for ``id``, which counts in ``shard``.

    A replica that dies is replaced. Until then, the others of its shard answer. Replicas spread over the nodes again when a node
    comes or goes.

    Only one cluster at a time serves a library. Close it, or use it in a ``with`` statement. Any number of threads may use it.

    Parameters
    ----------
    library : str, bytes or os.PathLike
        The folder of the shards and their manifest, on the machine of the caller.
    replicas : int
        How many replicas each shard has.
    address : str, optional
        The address of a Ray cluster, as in :func:`build`.
    patience : float
        How many seconds a query waits for a shard that does not answer before it goes on without it.
    where : str, bytes or os.PathLike, optional
        The folder on each node for copies of shards; the system's folder for temporary files by default.
    rebalance : bool
        Whether replicas that are lost are replaced, and replicas move to nodes that come.

    Raises
    ------
    MixedShardsError
        If the shards do not belong together, or if a node has another version of refrain.
    IndexBusyError
        If another cluster serves the library.

    Examples
    --------
    >>> with refrain.cluster.Cluster("library") as cluster:  # doctest: +SKIP
    ...     cluster.query("clip.wav").best.title
    'Second Orbit'
    """

    def __init__(
        self,
        library: _checks.Path,
        *,
        replicas: int = 2,
        address: Optional[str] = None,
        patience: float = 10.0,
        where: Optional[_checks.Path] = None,
        rebalance: bool = True,
    ) -> None:
        replicas = _checks.whole("replicas", replicas, 1)
        manifest = Manifest.load(Path(_checks.path(library)).absolute())
        manifest.check()
        self._workers: Optional[Workers] = Workers(None, address)
        try:
            here = NodeAffinitySchedulingStrategy(node_id=ray.get_runtime_context().get_node_id(), soft=False)
            options: Dict[str, Any] = {"num_cpus": 0, "max_restarts": -1, "max_concurrency": 32}
            folder = None if where is None else _checks.path(where)
            self._keeper: Any = ray.remote(Keeper).options(**options, scheduling_strategy=here).remote(
                str(manifest.folder), replicas, folder, patience, rebalance, versions.here()
            )
            self._line = Line(self._keeper, [], patience)
            self._line.names = self._line.get(self._keeper.names.remote())
            self._wait(replicas)
        except BaseException:
            self.close()
            raise

    def __reduce__(self) -> Tuple[Any, ...]:
        # A copy in another process, which asks the same actors and does not end them.
        return _attached, (self._line,)

    def _wait(self, replicas: int) -> None:
        """Waits until all replicas answer."""
        while True:
            self._line.refresh(look=False)
            if all(len(self._line.map.replicas.get(shard, ())) >= replicas for shard in range(len(self._line.names))):
                return
            time.sleep(0.05)

    def close(self) -> None:
        """Ends the actors and removes their copies. Closing a second time does nothing.

        Examples
        --------
        >>> cluster.close()  # doctest: +SKIP
        """
        workers, self._workers = self._workers, None
        if workers is None:
            return
        keeper = getattr(self, "_keeper", None)
        if keeper is not None:
            try:
                ray.get(keeper.stop.remote(), timeout=30)
            except ray.exceptions.RayError:
                pass
            ray.kill(keeper)
        workers.__exit__()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    @property
    def shards(self) -> Tuple[str, ...]:
        """The names of the shards, in order.

        Returns
        -------
        tuple of str

        Examples
        --------
        >>> cluster.shards  # doctest: +SKIP
        ('shard-000.refrain', 'shard-001.refrain', 'shard-002.refrain')
        """
        return tuple(self._line.names)

    # Asking.

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
    ) -> Answer:
        """Identifies the recordings that a clip comes from.

        The content of the clip travels to a replica, so only the caller has to see the file. A query whose replica dies is asked
        again. If a shard has no replica for ``patience`` seconds, the answer names it in ``partial``.

        Parameters
        ----------
        source : str, os.PathLike, bytes, binary file object or numpy.ndarray
        sr : float, optional
        name : str, bytes or os.PathLike, optional
        top : int
        min_score, pitch, tempo : float
        fast, exact, explain : bool
        ffmpeg : str, bytes or os.PathLike, optional
            As in :meth:`refrain.Index.query`. The ffmpeg is one on the nodes.

        Returns
        -------
        Answer

        Raises
        ------
        OSError, AudioError
            If the clip cannot be read.

        Examples
        --------
        >>> cluster.query("clip.wav").best.title  # doctest: +SKIP
        'Second Orbit'
        """
        ask = _asked(top, min_score, pitch, tempo, fast, exact, explain, ffmpeg)
        return self._query(clip_of(source, sr, name), ask)

    def _query(self, clip: Clip, ask: _Ask) -> Answer:
        told, partial = self._line.ask(*clip, lambda home, *first: home.query.remote(*first[:3], ask, first[3]))
        return dataclasses.replace(Answer._of(told), partial=partial)

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
        """Identifies many clips, several at a time. A clip that cannot be read does not end the call.

        Parameters
        ----------
        paths : str, bytes or os.PathLike, or an iterable of these
            The clips.
        threads : int, optional
            How many clips are on their way at a time; two for each shard by default.
        top : int
        min_score, pitch, tempo : float
        fast, exact, explain : bool
        ffmpeg : str, bytes or os.PathLike, optional
            As in :meth:`query`.
        callback : callable, optional
            Gets the :class:`Answer` or :class:`Failure` of each clip, in order. An exception in it ends the call.

        Returns
        -------
        answers : list of Answer
            In the order of the clips.
        failures : list of Failure
            Clips that could not be read.

        Examples
        --------
        >>> answers, failures = cluster.query_many(["clip.wav", "none.wav"])  # doctest: +SKIP
        >>> len(answers), len(failures)  # doctest: +SKIP
        (1, 1)
        """
        ask = _asked(top, min_score, pitch, tempo, fast, exact, explain, ffmpeg)

        def one(path: str) -> Union[Answer, Failure]:
            try:
                return self._query(clip_of(path, None, None), ask)
            except AudioError as error:
                return Failure(path, error.reason)
            except OSError as error:
                return Failure(path, error.strerror or str(error))

        at_once = 2 * max(1, len(self._line.names)) if threads is None else _checks.whole("threads", threads, 1)
        answers: List[Answer] = []
        failures: List[Failure] = []
        with ThreadPoolExecutor(at_once) as pool:
            todo = [pool.submit(one, path) for path in _checks.paths(paths)]
            try:
                for outcome in (each.result() for each in todo):
                    if isinstance(outcome, Failure):
                        failures.append(outcome)
                    else:
                        answers.append(outcome)
                    if callback is not None:
                        callback(outcome)
            finally:
                for each in todo:
                    each.cancel()
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
    ) -> Timeline:
        """Tells what was played when in a recording. All of its content travels to a replica.

        Parameters
        ----------
        source : str, os.PathLike, bytes, binary file object or numpy.ndarray
        sr : float, optional
        name : str, bytes or os.PathLike, optional
        min_length, min_score : float
        ffmpeg : str, bytes or os.PathLike, optional
            As in :meth:`refrain.Index.timeline`.

        Returns
        -------
        Timeline

        Examples
        --------
        >>> [play.title for play in cluster.timeline("show.mp3")]  # doctest: +SKIP
        ['Second Orbit', 'Copper Rain']
        """
        limits = min_length, min_score, None if ffmpeg is None else _checks.path(ffmpeg)
        clip = clip_of(source, sr, name)
        told, partial = self._line.ask(*clip, lambda home, *first: home.timeline.remote(*first[:3], limits, first[3]))
        return dataclasses.replace(Timeline._of(told), partial=partial)

    @property
    def traffic(self) -> Traffic:
        """What was sent between replicas for the last query of this thread: requests, bytes sent and bytes received.

        Returns
        -------
        Traffic

        Examples
        --------
        >>> cluster.traffic.requests  # doctest: +SKIP
        4
        """
        return self._line.traffic

    # Changes.

    def add(
        self,
        paths: _checks.Paths,
        *,
        follow_links: bool = True,
        hidden: bool = False,
        max_depth: Optional[int] = None,
        ffmpeg: Optional[_checks.Path] = None,
        storage_options: Optional[Dict[str, Any]] = None,
    ) -> Written:
        """Adds files. Tasks on all nodes fingerprint them, and the smallest shard gets them. A file that is known is replaced.

        Returns when all replicas of the shard have the files. Adds up to 64 files at a time, all of them or none: call it again
        if it was cut off. Queries that come meanwhile wait for a moment.

        Parameters
        ----------
        paths : str, bytes or os.PathLike, or an iterable of these
        follow_links, hidden : bool
        max_depth : int, optional
        ffmpeg : str, bytes or os.PathLike, optional
        storage_options : dict, optional
            As in :func:`build`.

        Returns
        -------
        Written

        Examples
        --------
        >>> cluster.add("/music/new.mp3").files  # doctest: +SKIP
        ('/music/new.mp3',)
        """
        assert self._workers is not None
        take = _take(1, follow_links, hidden, max_depth, ffmpeg)
        storage = dict(storage_options or {})
        found, failed = sources.find(paths, take, storage)
        files: List[str] = []
        chunks = sources.chunks(found, 256 << 20, AT_ONCE)
        calls = [(chunk, take.ffmpeg, storage, versions.here()) for chunk in chunks]
        for number, result, died in self._workers.each(analyse, calls):
            if died is not None:
                failed += [Failure(source.path, f"the worker died on it: {died}") for source in chunks[number]]
                continue
            failed += [Failure(*each) for each in result.unread]
            files += self._put(chunks[number], result, failed)
        return Written(tuple(files), tuple(failed))

    def _put(self, chunk: List[Source], result: Analysed, failed: List[Failure]) -> List[str]:
        """Gives analysed files to their shard, and takes them out of another one that had files of these names."""
        read: List[str]
        read, refused = ray.get(ray.remote(_listed).options(num_cpus=0).remote(result.content))
        failed += refused
        if not read:
            return []
        target = self._line.get(self._keeper.smallest.remote())
        known = self._line.get(self._keeper.find.remote(read))
        for shard, names in enumerate(known):
            gone = [name for name in names if name in set(read)]
            if gone and shard != target:
                self._write(shard, gone, b"")
        self._write(target, [name for name in known[target] if name in set(read)], result.content)
        return read

    def remove(self, *chosen: _checks.Path) -> Written:
        """Removes files from the library. The files themselves stay.

        Each shard loses its files at once or not at all. Returns when all replicas have lost them.

        Parameters
        ----------
        *chosen : str, bytes or os.PathLike
            Files, folders, patterns or ``missing``, as in :meth:`refrain.Index.select`.

        Returns
        -------
        Written

        Raises
        ------
        NotInIndexError
            If there is no such file.

        Examples
        --------
        >>> cluster.remove("/music/old").files  # doctest: +SKIP
        ('/music/old/a.mp3', '/music/old/b.mp3')
        """
        known = self._line.get(self._keeper.find.remote([_meant(each) for each in chosen]))
        files = [name for names in known for name in names]
        if not files:
            raise NotInIndexError(f"nothing in the library is meant by {', '.join(map(_checks.path, chosen))}")
        for shard, names in enumerate(known):
            if names:
                self._write(shard, names, b"")
        return Written(tuple(files))

    def _write(self, shard: int, remove: List[str], add: bytes) -> None:
        deadline = time.monotonic() + self._line.patience
        content = ray.put(add)
        while True:
            try:
                self._line.get(self._keeper.write.remote(shard, remove, content))
                break
            except ray.exceptions.ActorUnavailableError:
                # What the keeper had begun, it ends when it starts again. A second time changes nothing.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        self._line.refresh(look=False)


def _attached(line: Line) -> Cluster:
    cluster = object.__new__(Cluster)
    cluster._keeper, cluster._line, cluster._workers = line.keeper, line, None
    line.refresh(look=False)
    return cluster


def _meant(chosen: _checks.Path) -> str:
    """A choice as the keeper understands it, which has another working folder."""
    text = _checks.path(chosen)
    is_path = text != "missing" and not sources.is_url(text) and not set(text) & set("*?")
    return os.path.abspath(text) if is_path else text


def _listed(content: bytes) -> Tuple[List[str], List[Failure]]:
    """The files in an index that has come as bytes, and those that gave no fingerprint."""
    with tempfile.TemporaryDirectory(prefix="refrain-") as folder:
        path = os.path.join(folder, "added.refrain")
        with open(path, "wb") as out:
            out.write(content)
        with Index(path) as index:
            files = [os.fspath(file.path) for track in index.tracks() for file in track.files]
            return files, index.failures()
