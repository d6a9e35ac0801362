"""The manifest: which shards belong together, and what they have in common."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Dict, Optional, Tuple, Union

from .. import _checks, _refrain
from ..index import Index
from ..records import Failure
from . import files, versions
from .versions import MixedShardsError, Version

#: The name of the manifest in the folder of the shards.
NAME = "manifest.json"

#: The version of the manifest's own layout.
LAYOUT = 1


@dataclass(frozen=True)
class Shard:
    """One index file of a library.

    Attributes
    ----------
    file : str
        Its name, in the folder of the manifest.
    tracks, files, windows : int
        What it held when it was built.
    first, last : str or None
        The first and the last path that was given to it.

    Examples
    --------
    >>> refrain.cluster.Shard("shard-000.refrain", 10, 10, 900, "/music/a.mp3", "/music/z.mp3").tracks
    10
    """

    file: str
    tracks: int
    files: int
    windows: int
    first: Optional[str]
    last: Optional[str]


@dataclass(frozen=True)
class Manifest:
    """Which shards belong together, in the order of their tracks.

    Attributes
    ----------
    folder : pathlib.Path
        Where the shards are.
    version : Version
        The version of refrain that built them, with its format and parameter set.
    centroids : str or None
        The checksum of the centroids, in hexadecimal. None if the library has no track.
    shards : tuple of Shard
    failures : tuple of Failure
        Files that gave no fingerprint.

    Examples
    --------
    >>> manifest = refrain.cluster.Manifest.load("library")  # doctest: +SKIP
    >>> manifest.check()  # doctest: +SKIP
    """

    folder: Path
    version: Version
    centroids: Optional[str]
    shards: Tuple[Shard, ...]
    failures: Tuple[Failure, ...]

    @property
    def paths(self) -> Tuple[Path, ...]:
        """The paths of the shards.

        Returns
        -------
        tuple of pathlib.Path

        Examples
        --------
        >>> refrain.cluster.Manifest.load("library").paths[0].name  # doctest: +SKIP
        'shard-000.refrain'
        """
        return tuple(self.folder / shard.file for shard in self.shards)

    def save(self) -> None:
        """Writes the manifest into its folder, at once or not at all.

        Examples
        --------
        >>> refrain.cluster.Manifest.load("library").save()  # doctest: +SKIP
        """
        document = {
            "manifest": LAYOUT,
            "refrain": self.version.refrain,
            "format": self.version.format,
            "parameter_set": self.version.parameter_set,
            "centroids": self.centroids,
            "shards": [asdict(shard) for shard in self.shards],
            "failures": [{"path": failure.path, "reason": failure.reason} for failure in self.failures],
        }
        # Paths that are not UTF-8 are escaped, as in Python's own texts.
        text = json.dumps(document, indent=1) + "\n"
        files.write(self.folder / NAME, text.encode("ascii"))

    @classmethod
    def load(cls, path: _checks.Path) -> Manifest:
        """Reads a manifest.

        Parameters
        ----------
        path : str, bytes or os.PathLike
            The manifest, or the folder of the shards.

        Returns
        -------
        Manifest

        Raises
        ------
        MixedShardsError
            If it is no manifest, or one that this version does not know.
        OSError
            If it cannot be read.

        Examples
        --------
        >>> refrain.cluster.Manifest.load("nowhere")
        Traceback (most recent call last):
        FileNotFoundError: [Errno 2] No such file or directory: 'nowhere'
        """
        where = Path(_checks.path(path))
        if where.is_dir():
            where = where / NAME
        if not where.exists() and where.parent.name != "" and where.name == NAME:
            raise FileNotFoundError(2, "there is no manifest; the build has not ended", str(where))
        document = _document(where)
        version = Version(document["refrain"], document["format"], document["parameter_set"])
        shards = tuple(Shard(**shard) for shard in document["shards"])
        failures = tuple(Failure(each["path"], each["reason"]) for each in document["failures"])
        return cls(where.parent, version, document["centroids"], shards, failures)

    def check(self) -> None:
        """Checks that the shards belong together and that this version of refrain built them.

        Raises
        ------
        MixedShardsError
            If the versions of refrain, the parameter sets or the centroids differ.
        IndexFileError
            If a shard cannot be opened.

        Examples
        --------
        >>> refrain.cluster.Manifest.load("library").check()  # doctest: +SKIP
        """
        here = versions.here()
        if self.version != here:
            raise MixedShardsError(
                f"{self.folder / NAME} was made by {versions.told(self.version)}, this is {versions.told(here)}; "
                "install that version, or build the shards again"
            )
        for path in self.paths:
            self.check_shard(path)

    def check_shard(self, path: Union[str, os.PathLike[str]]) -> None:
        """Checks that one file is a shard of this library.

        Parameters
        ----------
        path : str or os.PathLike

        Raises
        ------
        MixedShardsError
            If it has another parameter set or other centroids.

        Examples
        --------
        >>> manifest = refrain.cluster.Manifest.load("library")  # doctest: +SKIP
        >>> manifest.check_shard("music.refrain")  # doctest: +SKIP
        Traceback (most recent call last):
        refrain.cluster.versions.MixedShardsError: music.refrain has no centroids, the manifest has 3b0c…
        """
        with Index(path) as index:
            parameter_set = index.info().parameter_set
            found = _refrain.centroids(index._index)
        if parameter_set != self.version.parameter_set:
            raise MixedShardsError(
                f"{path} has parameter set {parameter_set}, the manifest has {self.version.parameter_set}; "
                "build the shards again with one version of refrain"
            )
        centroids = None if found is None else bytes(found).hex()
        if centroids != self.centroids:
            raise MixedShardsError(
                f"{path} has {_called(centroids)}, the manifest has {_called(self.centroids)}; "
                "it is not a shard of this library"
            )


def _called(centroids: Optional[str]) -> str:
    return "no centroids" if centroids is None else f"the centroids {centroids[:12]}"


def _document(where: Path) -> Dict[str, Any]:
    text = where.read_bytes()
    try:
        document = json.loads(text)
        layout = document["manifest"]
    except (ValueError, KeyError, TypeError):
        raise MixedShardsError(f"{where} is not a manifest of refrain.cluster") from None
    if layout != LAYOUT:
        raise MixedShardsError(f"{where} has layout {layout}; this version of refrain knows layout {LAYOUT}")
    assert isinstance(document, dict)
    return document
