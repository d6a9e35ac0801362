"""One copy of one shard, which answers queries for all shards and replies to the copies that do."""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

from .. import _refrain
from ..index import _Ask
from . import analyse, versions, writes
from .round import Behind, Peers, Round, Traffic
from .workers import in_group, ray

#: Bytes of a shard that travel at a time.
CHUNK = 32 << 20

#: How the folders of copies begin.
PREFIX = "refrain-replica-"

#: How many calls of each kind run at a time. Replies wait for nobody, so queries that wait for replies never block them.
GROUPS = {"control": 2, "query": 8, "reply": 8}


class Seen(NamedTuple):
    """What a replica says about itself."""

    node: str
    #: How many changes of its shard it has, and of all shards it knows of; None until it was told.
    generation: int
    epoch: Optional[int]
    process: int


class Answered(NamedTuple):
    """An answer as a dictionary, and what it took."""

    told: Any
    traffic: Traffic


class _Known(NamedTuple):
    epoch: int
    peers: Peers


class Replica:
    """An actor. It copies the file of its shard to its node when it starts."""

    def __init__(self, keeper: Any, shard: int, name: str, where: Optional[str], expected: versions.Version) -> None:
        analyse.one_thread()
        self._refused: Optional[versions.MixedShardsError] = None
        try:
            versions.require(expected)
        except versions.MixedShardsError as error:
            # Told to the keeper when it looks. An actor that raises here is only dead.
            self._refused = error
            return
        self._keeper, self._number = keeper, shard
        _sweep(where)
        self._folder = tempfile.mkdtemp(prefix=PREFIX, dir=where)
        self._lock = _locked(Path(self._folder))
        self._file = Path(self._folder) / name
        self._known: Optional[_Known] = None
        self._turns = itertools.count()
        self._generation = -1
        self._load()

    def _load(self) -> None:
        """Copies the file of the shard from where the library is."""
        part = self._file.with_suffix(".part")
        while True:
            generation, size = ray.get(self._keeper.size.remote(self._number))
            chunks = (self._keeper.read.remote(self._number, generation, at, CHUNK) for at in range(0, size, CHUNK))
            try:
                with open(part, "wb") as out:
                    for chunk in chunks:
                        out.write(ray.get(chunk))
            except Behind:
                # It was changed meanwhile.
                continue
            break
        for left in self._file.parent.glob(self._file.name + "-*"):
            left.unlink()
        os.replace(part, self._file)
        self._open(generation)

    def _open(self, generation: int) -> None:
        self._shard = _refrain.Shard(str(self._file))
        self._generation = generation

    @in_group("control")
    def look(self) -> Seen:
        """Says how it is. Raises if it cannot serve."""
        if self._refused is not None:
            raise self._refused
        epoch = self._known.epoch if self._known is not None else None
        return Seen(ray.get_runtime_context().get_node_id(), self._generation, epoch, os.getpid())

    @in_group("control")
    def know(self, epoch: int, generation: int, peers: Peers, *facts: bytes) -> None:
        """Hears what all shards hold, and where their replicas are."""
        known = self._known
        if self._generation != generation:
            self._known = known = None
            self._load()
            if self._generation != generation:
                raise Behind("the shard was changed while it was copied")
        if known is None or known.epoch != epoch:
            self._known = None
            self._shard.know(list(facts), self._number)
        self._known = _Known(epoch, peers)

    @in_group("control")
    def apply(self, generation: int, remove: List[str], add: bytes) -> None:
        """Changes the shard. The replica answers again once it knows what all shards hold."""
        self._known = None
        if self._generation == generation:
            return
        if self._generation != generation - 1:
            raise Behind("it lacks an earlier change")
        writes.apply(self._file, writes.Change(remove, bytes(add)))
        self._open(generation)

    @contextmanager
    def _at(self, epoch: int) -> Iterator[Tuple[_refrain.Shard, _Known]]:
        """What the shard is at this time. Refuses if it is at another one, before or after."""
        known, shard = self._known, self._shard
        if known is None or known.epoch != epoch:
            raise Behind("it does not know of the last change yet" if known is None else "another change came between")
        yield shard, known
        now = self._known
        if now is None or now.epoch != epoch:
            raise Behind("the library was changed meanwhile")

    @in_group("reply")
    def reply(self, epoch: int, request: bytes) -> bytes:
        """The reply to a request of another shard."""
        with self._at(epoch) as (shard, _):
            return shard.reply(request)

    @in_group("query")
    def query(
        self,
        epoch: int,
        clip: Tuple[str, int, Optional[str]],
        audio: Any,
        ask: _Ask,
        left_out: List[int],
    ) -> Answered:
        """Answers a clip out of all shards that are not left out."""
        kind, rate, name = clip
        with self._at(epoch) as (shard, known):
            way = Round(known.peers, epoch, next(self._turns))
            told: Any = shard.query(kind, audio, rate, name, ask, way, left_out)
        return Answered(told, way.traffic)

    @in_group("query")
    def timeline(
        self,
        epoch: int,
        clip: Tuple[str, int, Optional[str]],
        audio: Any,
        limits: Tuple[float, float, Optional[str]],
        left_out: List[int],
    ) -> Answered:
        """Tells what was played when, out of all shards that are not left out."""
        kind, rate, name = clip
        min_length, min_score, ffmpeg = limits
        with self._at(epoch) as (shard, known):
            way = Round(known.peers, epoch, next(self._turns))
            told: Any = shard.timeline(kind, audio, rate, name, (min_length, min_score), ffmpeg, way, left_out)
        return Answered(told, way.traffic)

    @in_group("control")
    def leave(self) -> None:
        """Removes its copy. The actor ends after it."""
        self._known = None
        shutil.rmtree(self._folder, ignore_errors=True)


def _locked(folder: Path) -> int:
    """Holds a lock for as long as the process lives."""
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return lock


def _sweep(where: Optional[str]) -> None:
    """Removes copies of replicas that were killed."""
    for folder in Path(where or tempfile.gettempdir()).glob(PREFIX + "*"):
        try:
            lock = os.open(folder / "lock", os.O_RDWR)
        except OSError:
            # It belongs to another user, or has just been made.
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            pass
        finally:
            os.close(lock)


def on(strategy: Any) -> Any:
    """Replicas as Ray starts them: they come back on their node when their process dies, and take no core for themselves."""
    actor = ray.remote(concurrency_groups=GROUPS)(Replica)
    return actor.options(num_cpus=0, max_restarts=-1, max_task_retries=0, scheduling_strategy=strategy)
