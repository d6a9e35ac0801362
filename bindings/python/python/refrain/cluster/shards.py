"""How shards are put together from the indexes of the tasks, and get their centroids."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np
import numpy.typing as npt

from .. import _refrain
from ..index import Index
from . import analyse, files, versions


class Part(NamedTuple):
    """What a shard takes from the index of a task: all files, or those that it names."""

    path: str
    names: Optional[Dict[str, str]]


def plan(chunks: List[List[Path]]) -> List[List[Part]]:
    """What each shard takes. `chunks` has the indexes of each shard, in order of the paths of their files.

    A content that several files have becomes one track, as in one index: the shard of its first file has it, with all paths.
    """
    owner: Dict[bytes, int] = {}
    parts: List[List[Part]] = [[] for _ in chunks]
    copies: List[List[Part]] = [[] for _ in chunks]
    for shard, indexes in enumerate(chunks):
        for path in indexes:
            elsewhere: Dict[int, Dict[str, str]] = {}
            own: Dict[str, str] = {}
            with Index(path) as index:
                for name, content in _refrain.contents(index._index):
                    of = shard if content is None else owner.setdefault(bytes(content), shard)
                    (own if of == shard else elsewhere.setdefault(of, {}))[name] = name
                if elsewhere:
                    own.update({failure.path: failure.path for failure in index.failures()})
            parts[shard].append(Part(str(path), own if elsewhere else None))
            for of, names in elsewhere.items():
                copies[of].append(Part(str(path), names))
    # Copies last: they are no new tracks.
    return [of_shard + copied for of_shard, copied in zip(parts, copies)]


def assemble(parts: List[Part], to: str, expected: versions.Version) -> Tuple[int, int, int]:
    """Writes a shard without centroids. Returns how many tracks, files and windows it has."""
    analyse.one_thread()
    versions.require(expected)
    beside = Path(to).with_name(f".{Path(to).name}.part")
    for left in beside.parent.glob(beside.name + "*"):
        left.unlink()
    with Index(beside, "a") as shard:
        for part in parts:
            with Index(part.path) as index:
                if part.names is None:
                    shard.merge(index)
                else:
                    _refrain.merge_as(shard._index, index._index, part.names)
        info = shard.info()
    files.move(beside, Path(to))
    return info.tracks, info.files, info.windows


def sample(shard: str, before: int, total: int) -> npt.NDArray[np.int8]:
    """What a shard has of the sample of the whole library."""
    analyse.one_thread()
    with Index(shard) as index:
        return _refrain.sample_windows(index._index, before, total)


def train(to: str, total: int, *samples: npt.NDArray[np.int8]) -> str:
    """Trains the centroids that one index of all files would have. Returns their checksum."""
    analyse.one_thread()
    beside = Path(to).with_name(f".{Path(to).name}.part")
    for left in beside.parent.glob(beside.name + "*"):
        left.unlink()
    with Index(beside, "a") as index:
        _refrain.train_centroids(index._index, np.concatenate(samples), total)
        checksum = _refrain.centroids(index._index)
    assert checksum is not None
    files.move(beside, Path(to))
    return bytes(checksum).hex()


def finish(raw: str, centroids: Optional[str], to: str) -> Tuple[int, int, int]:
    """Gives a shard its centroids and moves it to its place. Returns how many tracks, files and windows it has."""
    analyse.one_thread()
    # A run that was killed in between has moved it already.
    path = raw if os.path.exists(raw) else to
    with Index(path, "r+") as shard:
        if centroids is not None:
            with Index(centroids) as other:
                _refrain.set_centroids(shard._index, other._index)
        info = shard.info()
    if path == raw:
        files.move(Path(raw), Path(to))
    return info.tracks, info.files, info.windows
