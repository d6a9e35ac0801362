"""The way from a program to the replicas of a library."""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any, Callable, List, Tuple

from ..errors import RefrainError
from .keeper import Map
from .replica import Answered
from .round import Behind, Traffic, Unreachable
from .workers import cause, ray


class ClusterError(RefrainError):
    """A cluster cannot be asked at all.

    Examples
    --------
    >>> raise refrain.cluster.ClusterError("no replica of any shard answers")
    Traceback (most recent call last):
    refrain.cluster.line.ClusterError: no replica of any shard answers
    """


class Line:
    """Asks replicas, and others if they do not answer. Any number of threads and processes may have one."""

    def __init__(self, keeper: Any, names: List[str], patience: float) -> None:
        self.keeper, self.names, self.patience = keeper, names, patience
        self.map = Map(-1, {}, frozenset())
        self._turns = itertools.count()
        self._last = threading.local()

    def __reduce__(self) -> Tuple[Any, ...]:
        return Line, (self.keeper, self.names, self.patience)

    @property
    def traffic(self) -> Traffic:
        """What was sent between replicas for the last query of this thread."""
        last: Traffic = getattr(self._last, "traffic", Traffic(0, 0, 0))
        return last

    def ask(self, described: Any, content: Any, call: Callable[..., Any]) -> Tuple[Any, Tuple[str, ...]]:
        """Has a replica answer, and goes to another one while that fails. Returns the answer, and the shards that it lacks."""
        deadline = time.monotonic() + self.patience
        if getattr(content, "nbytes", len(content)) > 1 << 16:
            content = ray.put(content)
        if self.map.lost:
            # It may have come back.
            self.refresh()
        why: BaseException = Unreachable("a shard has no replica")
        while True:
            known, left = self.map, deadline - time.monotonic()
            missing = [shard for shard in range(len(self.names)) if shard not in known.replicas]
            out = missing if left <= 0 else [shard for shard in missing if shard in known.lost]
            if len(out) == len(self.names):
                raise ClusterError("no replica of any shard answers")
            if left < -self.patience:
                raise ClusterError(f"no answer after {2 * self.patience:g} s: {why}")
            if len(missing) == len(out):
                try:
                    answered: Answered = ray.get(call(self._home(known), known.epoch, described, content, out))
                    self._last.traffic = answered.traffic
                    return answered.told, tuple(self.names[shard] for shard in out)
                except ray.exceptions.RayTaskError as error:
                    why = cause(error)
                    if not isinstance(why, (Behind, Unreachable)):
                        raise why from None
                except ray.exceptions.RayError as error:
                    why = error
                self.refresh()
            if self.map is known or self.map.epoch == known.epoch:
                time.sleep(0.05)
            if missing:
                self.refresh()

    def _home(self, known: Map) -> Any:
        """The replica that answers: another shard each time, so that all nodes have about as much to do."""
        turn, shards = next(self._turns), sorted(known.replicas)
        replicas = known.replicas[shards[turn % len(shards)]]
        return replicas[turn // len(shards) % len(replicas)]

    def refresh(self, *, look: bool = True) -> None:
        """Asks where to ask."""
        try:
            self.map = self.get(self.keeper.map.remote(look))
        except ray.exceptions.ActorUnavailableError:
            time.sleep(0.1)

    def get(self, reference: Any) -> Any:
        """What a call of the keeper returned."""
        try:
            return ray.get(reference)
        except ray.exceptions.ActorDiedError as error:
            raise ClusterError(f"the keeper of the library has ended: {error}") from None
        except ray.exceptions.RayTaskError as error:
            raise cause(error) from None
