"""What must be the same on every machine and in every shard, so that answers are the same."""

from __future__ import annotations

import functools
import os
import tempfile
from typing import NamedTuple

from .. import _refrain
from ..errors import RefrainError
from ..index import Index


class MixedShardsError(RefrainError):
    """Shards or machines that do not belong together.

    Examples
    --------
    >>> raise refrain.cluster.MixedShardsError("shard-001.refrain has other centroids than the manifest")
    Traceback (most recent call last):
    refrain.cluster.versions.MixedShardsError: shard-001.refrain has other centroids than the manifest
    """


class Version(NamedTuple):
    """A version of refrain, as far as it decides what fingerprints and files are."""

    refrain: str
    format: int
    parameter_set: int


@functools.lru_cache(maxsize=1)
def here() -> Version:
    """The version in this process."""
    with tempfile.TemporaryDirectory(prefix="refrain-") as folder:
        with Index(os.path.join(folder, "empty.refrain"), "a") as index:
            info = index.info()
    return Version(_refrain.__version__, info.format, info.parameter_set)


def require(expected: Version) -> None:
    """Refuses to work for a driver of another version.

    Raises
    ------
    MixedShardsError
    """
    found = here()
    if found != expected:
        raise MixedShardsError(
            f"this worker has {told(found)}, the driver has {told(expected)}; install the same version everywhere"
        )


def told(version: Version) -> str:
    """A version in words."""
    return f"refrain {version.refrain} (format {version.format}, parameter set {version.parameter_set})"
