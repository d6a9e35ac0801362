"""A library over several machines: index files that together hold one library, built by Ray.

:func:`build` fingerprints files on all workers of a Ray cluster and writes *shards*: ordinary index files with common
centroids, and a manifest that names them. Install Ray with ``pip install 'refrain-audio[ray]'``.

>>> import refrain.cluster
>>> result = refrain.cluster.build("music", "library", shards=3, workers=2)  # doctest: +SKIP
>>> result.tracks, [shard.file for shard in result.manifest.shards]  # doctest: +SKIP
(10, ['shard-000.refrain', 'shard-001.refrain', 'shard-002.refrain'])
"""

from .build import BuildResult, build
from .manifest import Manifest, Shard
from .versions import MixedShardsError

__all__ = ["BuildResult", "Manifest", "MixedShardsError", "Shard", "build"]
