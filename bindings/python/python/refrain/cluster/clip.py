"""A clip as it travels to the replica that answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, Optional, Tuple

from .. import _checks
from ..analysis import Audio


class Clip(NamedTuple):
    """Audio: what it is, its rate and its name; and its content."""

    described: Tuple[str, int, Optional[str]]
    content: Any


def clip_of(source: Audio, sr: Optional[float], name: Optional[_checks.Path]) -> Clip:
    """The clip in what users name. The content of a file goes instead of its path, which other machines may not see."""
    kind, audio, rate = _checks.audio(source, sr)
    content: Any = audio
    called = None if name is None else _checks.name(name)
    if kind == "path":
        return Clip(("bytes", rate, called or content), Path(content).read_bytes())
    if kind == "reader":
        return Clip(("bytes", rate, called), content.read())
    return Clip((kind, rate, called), content)
