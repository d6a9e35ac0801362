"""What one task does: it fingerprints some files and returns them as an index file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .. import _refrain
from ..index import Index
from . import sources, versions
from .sources import Source

#: Files that could not be read, with the reason. The next run tries them again.
Unread = List[Tuple[str, str]]


class Analysed(NamedTuple):
    """An index of some files."""

    content: bytes
    unread: Unread


def one_thread() -> None:
    """Keeps the library to one thread, because Ray gives a task one core."""
    # The library looks at it once, before its first parallel work.
    os.environ["RAYON_NUM_THREADS"] = "1"


def analyse(
    files: List[Source],
    ffmpeg: Optional[str],
    storage: Dict[str, Any],
    expected: versions.Version,
) -> Analysed:
    """Fingerprints files."""
    one_thread()
    versions.require(expected)
    with tempfile.TemporaryDirectory(prefix="refrain-") as folder:
        where = Path(os.path.realpath(folder))
        unread: Unread = []
        # The names that the index has for files, if these are not their own.
        names: Dict[str, str] = {}
        local: List[str] = []
        for number, source in enumerate(files):
            if not source.is_url:
                local.append(source.path)
                continue
            (where / str(number)).mkdir()
            copy = str(where / str(number) / source.path.rsplit("/", 1)[-1])
            try:
                sources.fetch(source.path, copy, storage)
            except OSError as error:
                unread.append((source.path, error.strerror or str(error)))
                continue
            os.utime(copy, ns=(source.mtime_ns, source.mtime_ns))
            local.append(copy)
            names[copy] = source.path
        built = where / "built.refrain"
        with Index(built, "a") as index:
            unread.extend((names.get(path, path), reason) for path, reason in _build(index, local, ffmpeg))
            if not names:
                index.close()
                return Analysed(built.read_bytes(), unread)
            names.update({path: path for path in local if path not in names})
            named = where / "named.refrain"
            with Index(named, "a") as renamed:
                _refrain.merge_as(renamed._index, index._index, names)
        return Analysed(named.read_bytes(), unread)


def _build(index: Index, paths: List[str], ffmpeg: Optional[str]) -> Unread:
    """Adds files to an index. Returns those that are gone."""
    gone: Unread = []
    while paths:
        try:
            index.build(paths, threads=1, ffmpeg=ffmpeg)
            break
        except OSError as error:
            # The whole call fails if one path is gone since the files were listed.
            if error.filename not in paths:
                raise
            gone.append((error.filename, error.strerror or str(error)))
            paths = [path for path in paths if path != error.filename]
    return gone
