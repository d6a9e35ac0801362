"""Changes of a shard's file: each one is noted before it begins, so that it is whole or gone after a crash."""

from __future__ import annotations

import json
import tempfile
import uuid
from pathlib import Path
from typing import List, NamedTuple

from ..index import Index
from . import files

#: The folder of the notes, in the folder of the library.
NOTES = "writes"


class Change(NamedTuple):
    """What one shard loses, and what it gets."""

    remove: List[str]
    #: An index file with the files that it gets, or nothing.
    add: bytes


def apply(shard: Path, change: Change) -> None:
    """Changes the file of a shard. A second time, it changes nothing more."""
    with Index(shard, "r+") as index:
        known = {path: index.select(path) for path in change.remove}
        gone = [path for path, found in known.items() if path in found]
        if gone:
            index.remove(*gone)
        if change.add:
            with tempfile.TemporaryDirectory(prefix="refrain-") as folder:
                added = Path(folder) / "added.refrain"
                added.write_bytes(change.add)
                with Index(added) as other:
                    index.merge(other)


def begin(library: Path, shard: str, change: Change) -> Path:
    """Notes a change of a shard. From here on it happens, whatever dies."""
    notes = library / NOTES
    notes.mkdir(exist_ok=True)
    note = notes / f"{uuid.uuid4().hex}.json"
    if change.add:
        files.write(note.with_suffix(".refrain"), change.add)
    document = {"shard": shard, "remove": change.remove}
    # Paths that are not UTF-8 are escaped.
    files.write(note, json.dumps(document).encode("ascii"))
    return note


def end(note: Path) -> None:
    """Forgets a change that the shard has."""
    note.unlink()
    note.with_suffix(".refrain").unlink(missing_ok=True)


def recover(library: Path) -> int:
    """Makes the change that was noted when its program died. Returns how many there were: one writes at a time."""
    notes = library / NOTES
    if not notes.exists():
        return 0
    files.remove_parts(notes)
    found = sorted(notes.glob("*.json"))
    for note in found:
        document = json.loads(note.read_bytes())
        added = note.with_suffix(".refrain")
        change = Change(document["remove"], added.read_bytes() if added.exists() else b"")
        apply(library / document["shard"], change)
        end(note)
    # What was added without a note never began.
    for left in notes.glob("*.refrain"):
        left.unlink()
    return len(found)
