"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Writes a file beside its place, then moves it there."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    with open(beside, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    move(beside, path)


def move(beside: Path, path: Path) -> None:
    """Moves a finished file to its place, and makes that last."""
    os.replace(beside, path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def remove_parts(folder: Path) -> None:
    """Removes what a run that was killed has left half done."""
    for left in folder.glob(".*.part*"):
        left.unlink()
