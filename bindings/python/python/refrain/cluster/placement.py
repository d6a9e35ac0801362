"""Which node gets which replica."""

from __future__ import annotations

from collections import Counter
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple


class Placed(NamedTuple):
    """A replica."""

    shard: int
    node: str
    #: Whether it answers. It does not while it copies the file of its shard.
    ready: bool


class Plan(NamedTuple):
    """What to do next."""

    #: Shards and the nodes that get a replica of them.
    start: List[Tuple[int, str]]
    #: Places in the list of replicas.
    stop: List[int]


def plan(placed: Sequence[Placed], nodes: Sequence[str], shards: int, replicas: int) -> Plan:
    """Spreads replicas over the nodes: those of one shard on different nodes, and on each node about as many.

    A replica moves in two steps: another one starts, and once it answers, the one that is too many stops. One moves at a time.
    """
    if not nodes:
        return Plan([], [])
    load: Dict[str, int] = {node: 0 for node in nodes}
    load.update(Counter(each.node for each in placed if each.node in load))
    start: List[Tuple[int, str]] = []
    stop: List[int] = []
    for shard in range(shards):
        own = [number for number, each in enumerate(placed) if each.shard == shard]
        holders = [placed[number].node for number in own]
        while len(holders) < replicas:
            node = min(nodes, key=lambda node: (holders.count(node), load[node]))
            start.append((shard, node))
            holders.append(node)
            load[node] += 1
        ready = [number for number in own if placed[number].ready]
        if len(ready) > replicas:
            stop.append(max(ready, key=lambda number: _surplus(placed[number].node, holders, load)))
    if not start and not stop and all(each.ready for each in placed) and len(placed) == shards * replicas:
        move = _move(placed, load, shards)
        if move is not None:
            start.append(move)
    return Plan(start, stop)


def _surplus(node: str, holders: List[str], load: Dict[str, int]) -> Tuple[int, int]:
    return holders.count(node), load.get(node, 0)


def _move(placed: Sequence[Placed], load: Dict[str, int], shards: int) -> Optional[Tuple[int, str]]:
    """A replica that would stand better elsewhere, with the node."""
    holders: List[List[str]] = [[each.node for each in placed if each.shard == shard] for shard in range(shards)]
    for shard, nodes in enumerate(holders):
        free = [node for node in load if node not in nodes]
        if free and len(set(nodes)) < len(nodes):
            return shard, min(free, key=lambda node: load[node])
    fullest, emptiest = max(load, key=lambda node: load[node]), min(load, key=lambda node: load[node])
    if load[fullest] - load[emptiest] >= 2:
        for shard, nodes in enumerate(holders):
            if nodes.count(fullest) > nodes.count(emptiest):
                return shard, emptiest
    return None
