"""The files of a library: local ones as every build finds them, and objects behind URLs through fsspec."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any, Dict, Iterable, List, NamedTuple, Tuple

from .. import _checks, _refrain
from ..index import _Take
from ..records import Failure


class Source(NamedTuple):
    """A file: its absolute path or its URL, its size, and when it was changed (nanoseconds since 1970)."""

    path: str
    size: int
    mtime_ns: int

    @property
    def is_url(self) -> bool:
        """Whether fsspec reads it."""
        return is_url(self.path)


def is_url(path: str) -> bool:
    """Whether a path is a URL of fsspec, such as ``s3://bucket/folder``."""
    return "://" in path


def order(path: str) -> List[bytes]:
    """The key by which a build sorts paths: name by name, as bytes."""
    return os.fsencode(path).split(b"/")


def find(paths: _checks.Paths, take: _Take, storage: Dict[str, Any]) -> Tuple[List[Source], List[Failure]]:
    """All files, sorted by path, each once; and what could not be read."""
    roots = [paths] if isinstance(paths, (str, bytes, os.PathLike)) else list(paths)
    urls = [root for root in roots if isinstance(root, str) and is_url(root)]
    local = _checks.paths([root for root in roots if not (isinstance(root, str) and is_url(root))])
    found, unreadable = _refrain.scan(local, take) if local else ([], [])
    sources = [Source(*each) for each in found]
    for url in urls:
        sources.extend(_objects(url, take, storage))
    unique = {source.path: source for source in sources}
    return sorted(unique.values(), key=lambda source: order(source.path)), [Failure(*each) for each in unreadable]


def _objects(url: str, take: _Take, storage: Dict[str, Any]) -> Iterable[Source]:
    """The objects below a URL that are named like audio, or the object itself."""
    fs, root = _file_system(url, storage)
    if fs.isfile(root):
        return [_described(fs, root, fs.info(root))]
    listed = fs.find(root, maxdepth=take.max_depth, detail=True)
    if not listed:
        raise FileNotFoundError(2, "no such object, and no objects below it", url)
    endings = tuple("." + extension for extension in _refrain.extensions())
    chosen = []
    for name, info in listed.items():
        inside = name[len(root) :].strip("/").split("/")
        hidden = not take.hidden and any(part.startswith(".") for part in inside)
        if info.get("type", "file") == "file" and name.lower().endswith(endings) and not hidden:
            chosen.append(_described(fs, name, info))
    return chosen


def _described(fs: Any, name: str, info: Dict[str, Any]) -> Source:
    try:
        changed = fs.modified(name) if "LastModified" not in info else info["LastModified"]
        mtime_ns = int(changed.timestamp() * 1e9)
    except (AttributeError, NotImplementedError, OSError):
        mtime_ns = 0
    return Source(fs.unstrip_protocol(name), int(info.get("size") or 0), mtime_ns)


def fetch(url: str, to: str, storage: Dict[str, Any]) -> None:
    """Copies an object into a local file."""
    fs, name = _file_system(url, storage)
    fs.get_file(name, to)


def _file_system(url: str, storage: Dict[str, Any]) -> Tuple[Any, str]:
    try:
        import fsspec
    except ImportError:
        raise ImportError(f"{url}: URLs need fsspec; install it with: pip install fsspec") from None
    fs, name = fsspec.core.url_to_fs(url, **storage)
    return fs, str(name)


def stamp(sources: Iterable[Source], salt: List[Any]) -> str:
    """A name for what the analysis of these files gives: another one if a file has changed, or anything in `salt`."""
    text = json.dumps([salt, [list(source) for source in sources]])
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).hexdigest()


def stretches(sources: List[Source], count: int) -> List[List[Source]]:
    """Cuts the files into `count` stretches of about as many bytes, in order. The last ones are empty if there are few files."""
    cut: List[List[Source]] = [[] for _ in range(count)]
    total, before = sum(source.size for source in sources), 0
    for source in sources:
        # By the middle of the file, so that each file is in the stretch that has most of it.
        middle = before + source.size / 2
        cut[min(count - 1, int(count * middle / total)) if total else 0].append(source)
        before += source.size
    return cut


def chunks(sources: List[Source], most_bytes: int, most_files: int) -> List[List[Source]]:
    """Cuts files into the parts that one task analyses."""
    cut: List[List[Source]] = []
    size = 0
    for source in sources:
        if not cut or len(cut[-1]) >= most_files or size + source.size > most_bytes:
            cut.append([])
            size = 0
        cut[-1].append(source)
        size += source.size
    return cut
