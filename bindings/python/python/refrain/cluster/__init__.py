"""A library over several machines: index files that together hold one library, built and asked by Ray.

:func:`build` fingerprints files on all workers of a Ray cluster and writes *shards*: ordinary index files with common
centroids, and a manifest that names them. :class:`Cluster` holds the shards on the machines, twice each, and answers clips as
one index does. :func:`serve` gives it an HTTP API. Install Ray with ``pip install 'refrain-audio[ray]'``.

>>> import refrain.cluster
>>> result = refrain.cluster.build("music", "library", shards=3, workers=2)  # doctest: +SKIP
>>> result.tracks, [shard.file for shard in result.manifest.shards]  # doctest: +SKIP
(10, ['shard-000.refrain', 'shard-001.refrain', 'shard-002.refrain'])
>>> with refrain.cluster.Cluster("library") as cluster:  # doctest: +SKIP
...     cluster.query("clip.wav").best.title
'Second Orbit'
"""

from .build import BuildResult, build
from .cluster import Cluster, Written
from .line import ClusterError
from .manifest import Manifest, Shard
from .round import Traffic
from .server import Server, serve
from .versions import MixedShardsError

__all__ = [
    "BuildResult",
    "Cluster",
    "ClusterError",
    "Manifest",
    "MixedShardsError",
    "Server",
    "Shard",
    "Traffic",
    "Written",
    "build",
    "serve",
]
