"""How the replica that answers a query asks the others."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Tuple

from ..errors import RefrainError
from .workers import cause, ray

#: The replicas of each shard.
Peers = Dict[int, List[Any]]

#: Seconds after which a request goes to another replica.
REPLY_WITHIN = 10.0


class Behind(RefrainError):
    """A replica that has not heard of the last change yet, or is not that far."""


class Unreachable(RefrainError):
    """No replica of a shard replied."""


class Traffic(NamedTuple):
    """What was sent to other shards for one query."""

    requests: int
    sent: int
    received: int


class Round:
    """The way from one replica to the other shards, for one query."""

    def __init__(self, peers: Peers, epoch: int, turn: int) -> None:
        self._peers, self._epoch, self._turn = peers, epoch, turn
        self.traffic = Traffic(0, 0, 0)

    def __call__(self, requests: List[Tuple[int, bytes]]) -> _Sent:
        """Sends the requests. Waits for nothing."""
        return _Sent(self, [_Request(self, shard, request) for shard, request in requests])

    def replicas(self, shard: int) -> List[Any]:
        """The replicas of a shard, another one first for each query."""
        known = self._peers.get(shard, [])
        first = self._turn % max(1, len(known))
        return known[first:] + known[:first]

    def ask(self, replica: Any, request: bytes) -> Any:
        """Ray's reference to the reply."""
        return replica.reply.remote(self._epoch, request)

    def count(self, sent: int, received: int) -> None:
        """Counts a request and its reply."""
        before = self.traffic
        self.traffic = Traffic(before.requests + 1, before.sent + sent, before.received + received)


class _Request:
    """A request to one shard."""

    def __init__(self, way: Round, shard: int, request: bytes) -> None:
        self._way, self._shard, self._request = way, shard, request
        self._left = way.replicas(shard)
        self._reference = way.ask(self._left.pop(0), request) if self._left else None

    def reply(self) -> bytes:
        """Waits for the reply. Tries the other replicas if one does not answer."""
        why = "it has none now"
        while self._reference is not None:
            try:
                reply = ray.get(self._reference, timeout=REPLY_WITHIN)
            except ray.exceptions.RayTaskError as error:
                reason = cause(error)
                if not isinstance(reason, Behind):
                    raise reason from None
                why = str(reason)
            except ray.exceptions.RayError as error:
                why = type(error).__name__
            else:
                self._way.count(len(self._request), len(reply))
                return bytes(reply)
            self._reference = self._way.ask(self._left.pop(0), self._request) if self._left else None
        raise Unreachable(f"no replica of shard {self._shard} replied: {why}")


class _Sent(NamedTuple):
    """Requests that are on their way."""

    way: Round
    requests: List[_Request]

    def replies(self) -> List[bytes]:
        """Waits for the replies, in the order of the requests."""
        return [request.reply() for request in self.requests]
