"""Keeps a library in order while it is asked: where the replicas are, what they know, and one change after another."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from pathlib import Path
from typing import Any, Dict, FrozenSet, List, NamedTuple, Optional, Set, Tuple

from .. import _refrain
from ..errors import IndexBusyError
from ..index import Index
from . import analyse, placement, replica, versions, writes
from .manifest import Manifest
from .replica import Seen
from .round import Behind, Peers
from .workers import NodeAffinitySchedulingStrategy, cause, ray

#: How often replicas and nodes are looked at.
OFTEN = 1.0
#: How long a round of looking waits for answers.
ANSWER_WITHIN = 1.0

log = logging.getLogger(__name__)


class Map(NamedTuple):
    """Where to ask."""

    #: How many changes there were.
    epoch: int
    #: The replicas that answer, of each shard.
    replicas: Peers
    #: Shards that had no replica for some time.
    lost: FrozenSet[int]


class _Held:
    """A replica and what is known about it."""

    def __init__(self, shard: int, node: str, actor: Any) -> None:
        self.shard, self.node, self.actor = shard, node, actor
        self.ready = False
        #: A call that it has not answered yet, and since when.
        self.asked: Optional[Tuple[Any, float]] = None
        self.seen: Optional[Seen] = None
        #: What it was told last.
        self.told: Optional[Tuple[int, Any]] = None


class Keeper:
    """An actor on the machine that has the folder of the library. If it dies, Ray starts it again, and it starts new replicas."""

    def __init__(
        self,
        library: str,
        replicas: int,
        where: Optional[str],
        patience: float,
        rebalance: bool,
        expected: versions.Version,
    ) -> None:
        analyse.one_thread()
        self._library, self._replicas, self._where = Path(library), replicas, where
        self._patience, self._rebalance, self._version = patience, rebalance, expected
        self._me = ray.get_runtime_context().current_actor
        #: Why it cannot serve.
        self._refused: Optional[BaseException] = None
        #: Nodes that have another version of refrain.
        self._unfit: Set[str] = set()
        try:
            self._start()
        except Exception as error:
            # Told to who asks. An actor that raises here is only dead.
            self._refused = error

    def _start(self) -> None:
        versions.require(self._version)
        self._manifest = Manifest.load(self._library)
        self._in_use = self._take()
        writes.recover(self._library)
        self._manifest.check()
        #: Held while shards and what is known about replicas change.
        self._lock = threading.RLock()
        #: Held while the file of a shard changes.
        self._files = threading.Lock()
        shards = len(self._manifest.shards)
        self._generations = [0] * shards
        self._facts: List[Any] = [None] * shards
        self._epoch = 0
        self._held: List[_Held] = []
        self._last = [time.monotonic()] * shards
        self._map = Map(0, {}, frozenset())
        #: Whether all replicas have answered once.
        self._begun = False
        self._wake, self._ended = threading.Event(), threading.Event()
        for shard in range(shards):
            self._facts_of(shard)
        self._check()
        if not self._rebalance:
            self._place()
        threading.Thread(target=self._watch, daemon=True).start()

    def _take(self) -> int:
        lock = os.open(self._library / ".cluster", os.O_CREAT | os.O_RDWR)
        for _ in range(100):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return lock
            except OSError:
                # One that was killed just now may take a moment to end.
                time.sleep(0.1)
        os.close(lock)
        raise IndexBusyError(str(self._library), "another cluster serves this library")

    def _facts_of(self, shard: int) -> None:
        self._facts[shard] = ray.put(_refrain.Shard(str(self._manifest.paths[shard])).facts())

    def _check(self) -> None:
        """Refuses shards that do not go together."""
        if self._manifest.shards:
            facts = [ray.get(facts) for facts in self._facts]
            _refrain.Shard(str(self._manifest.paths[0])).know(facts, 0)

    # What clients and replicas ask.

    def names(self) -> List[str]:
        """The names of the shards, in order. Raises if it cannot serve."""
        if self._refused is not None:
            raise self._refused
        return [shard.file for shard in self._manifest.shards]

    def map(self, look: bool = False) -> Map:
        """Where to ask. Looks at the replicas soon if somebody met one that did not answer."""
        if self._refused is not None:
            raise self._refused
        if look:
            self._wake.set()
        return self._map

    def size(self, shard: int) -> Tuple[int, int]:
        """How many changes a shard has had, and the bytes of its file."""
        with self._files:
            return self._generations[shard], self._manifest.paths[shard].stat().st_size

    def read(self, shard: int, generation: int, at: int, most: int) -> bytes:
        """A part of the file of a shard."""
        with self._files:
            if self._generations[shard] != generation:
                raise Behind("the shard was changed")
            with open(self._manifest.paths[shard], "rb") as file:
                file.seek(at)
                return file.read(most)

    def process(self) -> int:
        """The number of its own process."""
        return os.getpid()

    def processes(self) -> List[Tuple[int, str, int]]:
        """The shard, the node and the number of the process of each replica that answers."""
        with self._lock:
            return [(held.shard, held.node, held.seen.process) for held in self._held if held.ready and held.seen]

    def find(self, chosen: List[str]) -> List[List[str]]:
        """For each shard, which of its files are chosen, as :meth:`refrain.Index.select` chooses."""
        with self._files:
            found = []
            for path in self._manifest.paths:
                with Index(path) as index:
                    found.append(sorted({name for each in chosen for name in index.select(each)}))
            return found

    def smallest(self) -> int:
        """The shard with the fewest windows, which gets what is added."""
        with self._files:
            sizes = []
            for path in self._manifest.paths:
                with Index(path) as index:
                    sizes.append(index.info().windows)
        return sizes.index(min(sizes))

    def write(self, shard: int, remove: List[str], add: bytes) -> None:
        """Changes a shard, wherever it is. It returns when all replicas have the change."""
        change = writes.Change(remove, bytes(add))
        with self._lock:
            with self._files:
                note = writes.begin(self._library, self._manifest.shards[shard].file, change)
                writes.apply(self._manifest.paths[shard], change)
                self._generations[shard] += 1
                writes.end(note)
            self._epoch += 1
            self._facts_of(shard)
            generation, put = self._generations[shard], ray.put(change.add)
            told = [held for held in self._held if held.shard == shard and held.seen is not None]
            self._call(told, "apply", lambda _: (generation, remove, put), self._patience)
            self._spread()

    def stop(self) -> None:
        """Ends all replicas and removes their copies."""
        self._ended.set()
        with self._lock:
            leaving = [held.actor.leave.remote() for held in self._held if held.seen is not None]
            if leaving:
                ray.wait(leaving, num_returns=len(leaving), timeout=ANSWER_WITHIN)
            for held in self._held:
                ray.kill(held.actor)
            self._held = []

    # Looking after the replicas.

    def _watch(self) -> None:
        while not self._ended.is_set():
            try:
                with self._lock:
                    if not self._ended.is_set():
                        self._look()
            except Exception as error:
                log.exception("looking after the replicas failed")
                if not self._begun:
                    self._refused = error
            self._wake.wait(OFTEN if all(held.ready for held in self._held) else OFTEN / 5)
            self._wake.clear()

    def _look(self) -> None:
        """Sees which replicas live, places those that are missing, and tells all what they have to know."""
        now = time.monotonic()
        for held in self._held:
            if held.asked is None:
                held.asked = held.actor.look.remote(), now
        # One that starts copies its file first, and is not waited for.
        waited_for = [held.asked[0] for held in self._held if held.ready and held.asked]
        if waited_for:
            ray.wait(waited_for, num_returns=len(waited_for), timeout=ANSWER_WITHIN)
        alive = {node["NodeID"] for node in ray.nodes() if node["Alive"]}
        kept = []
        for held in self._held:
            if held.node in alive and self._seen(held):
                kept.append(held)
            else:
                self._kill(held)
        self._held = kept
        if self._rebalance:
            self._place()
        self._spread()

    def _seen(self, held: _Held) -> bool:
        """Hears what a replica has said. False if it is dead for good."""
        assert held.asked is not None
        reference, since = held.asked
        done, _ = ray.wait([reference], timeout=0)
        if not done:
            # One that has never answered copies its file.
            if held.seen is not None and time.monotonic() - since > self._patience:
                log.warning("the replica of shard %d on node %s does not answer", held.shard, held.node[:8])
                return False
            return True
        held.asked = None
        try:
            held.seen = ray.get(reference)
        except (ray.exceptions.ActorUnavailableError, ray.exceptions.ObjectLostError):
            # Ray starts it again on its node.
            held.ready, held.seen, held.told = False, None, None
            return True
        except ray.exceptions.RayTaskError as error:
            log.warning("the replica of shard %d on node %s is refused: %s", held.shard, held.node[:8], error)
            self._unfit.add(held.node)
            if not self._begun:
                self._refused = cause(error)
            return False
        except ray.exceptions.RayError as error:
            log.warning("the replica of shard %d on node %s ended: %s", held.shard, held.node[:8], error)
            return False
        if held.told is not None and held.seen.epoch is None:
            # It was started again.
            held.told = None
        return True

    def _kill(self, held: _Held) -> None:
        held.ready = False
        ray.kill(held.actor)

    def _place(self) -> None:
        nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"] and node["NodeID"] not in self._unfit]
        placed = [placement.Placed(held.shard, held.node, held.ready) for held in self._held]
        todo = placement.plan(placed, sorted(nodes), len(self._manifest.shards), self._replicas)
        for number in sorted(todo.stop, reverse=True):
            held = self._held.pop(number)
            # Nobody asks it any more once the others have heard.
            self._spread()
            ray.wait([held.actor.leave.remote()], timeout=ANSWER_WITHIN)
            self._kill(held)
        for shard, node in todo.start:
            there = replica.on(NodeAffinitySchedulingStrategy(node_id=node, soft=False))
            name = self._manifest.shards[shard].file
            actor = there.remote(self._me, shard, name, self._where, self._version)
            self._held.append(_Held(shard, node, actor))

    def _spread(self) -> None:
        """Tells replicas what they do not know, and publishes where to ask."""
        while True:
            alive = [held for held in self._held if held.seen is not None]
            peers: Peers = {}
            for held in alive:
                peers.setdefault(held.shard, []).append(held.actor)
            news = self._epoch, [id(held) for held in alive]
            behind = [held for held in alive if held.told != news]
            failed = self._call(
                behind,
                "know",
                lambda held: (self._epoch, self._generations[held.shard], peers, *self._facts),
                self._patience,
            )
            for held in behind:
                held.ready = held not in failed
                held.told = news if held.ready else None
            if not failed:
                break
        now = time.monotonic()
        ready: Dict[int, List[Any]] = {}
        for held in self._held:
            if held.ready:
                ready.setdefault(held.shard, []).append(held.actor)
                self._last[held.shard] = now
        lost = [shard for shard, last in enumerate(self._last) if now - last >= self._patience]
        self._begun = self._begun or sum(map(len, ready.values())) >= self._replicas * len(self._last)
        self._map = Map(self._epoch, ready, frozenset(lost))

    def _call(self, called: List[_Held], method: str, arguments: Any, within: float) -> List[_Held]:
        """Calls replicas, all at once. One that fails is no longer asked, and starts again with a new copy."""
        references = [getattr(held.actor, method).remote(*arguments(held)) for held in called]
        if references:
            ray.wait(references, num_returns=len(references), timeout=within)
        failed = []
        for held, reference in zip(called, references):
            try:
                ray.get(reference, timeout=0)
            except Exception as error:
                log.warning("%s failed at a replica of shard %d: %s", method, held.shard, error)
                failed.append(held)
                held.ready, held.seen, held.told, held.asked = False, None, None, None
                ray.kill(held.actor, no_restart=False)
        return failed
