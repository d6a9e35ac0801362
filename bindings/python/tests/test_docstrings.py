"""The examples in docstrings, run; and that every public thing has types and an example."""

from __future__ import annotations

import doctest
import inspect
import io
import re
import shutil
import types
import wave
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import numpy as np
import pytest

import refrain
from conftest import ROOT

MODULES = [
    refrain,
    refrain.analysis,
    refrain.core.audio,
    refrain.core.constantq,
    refrain.core.convert,
    refrain.core.pitch,
    refrain.core.spectrum,
    refrain.decompose,
    refrain.effects,
    refrain.errors,
    refrain.feature.spectral,
    refrain.index,
    refrain.records,
]


def examples_of(module: types.ModuleType) -> List[doctest.DocTest]:
    return [test for test in doctest.DocTestFinder().find(module) if test.examples]


TESTS = [test for module in MODULES for test in examples_of(module)]


@pytest.fixture(scope="module")
def folder(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the examples name: an index of a folder of ten songs, two clips, and 5 s of a song."""
    folder = tmp_path_factory.mktemp("examples")
    audio = ROOT / "fixtures/audio"
    shutil.copytree(audio / "songs", folder / "music")
    shutil.copy(audio / "clips/clean.wav", folder / "clip.wav")
    shutil.copy(audio / "clips/hum.flac", folder)
    y, sr = refrain.load(audio / "songs/quiet-engines.wav", duration=5)
    with wave.open(str(folder / "song.wav"), "wb") as out:
        out.setparams((1, 2, int(sr), 0, "NONE", ""))
        out.writeframes((y * 32767).round().astype("<i2").tobytes())
    with refrain.Index(folder / "music.refrain", "a") as index:
        assert index.build(folder / "music").added == 10
    return folder


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.name)
def test_the_examples_do_what_they_say(
    test: doctest.DocTest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    for left_over in ("new.refrain", "one.refrain", "both.refrain", "copy.refrain"):
        (folder / left_over).unlink(missing_ok=True)
    output: List[str] = []
    with refrain.Index("music.refrain") as index:
        names = {"refrain": refrain, "np": np, "io": io, "index": index}
        test = doctest.DocTest(test.examples, names, test.name, test.filename, test.lineno, test.docstring)
        outcome = doctest.DocTestRunner().run(test, out=output.append)
    assert outcome.failed == 0, "".join(output)


def public() -> Iterator[Tuple[str, Any]]:
    """Everything that a program can name, with its dotted name."""
    holders: Dict[str, Any] = {
        "refrain": refrain,
        "refrain.effects": refrain.effects,
        "refrain.decompose": refrain.decompose,
        "refrain.feature": refrain.feature,
    }
    for prefix, holder in holders.items():
        for name in holder.__all__:
            thing = getattr(holder, name)
            if inspect.ismodule(thing) or isinstance(thing, str):
                continue
            yield f"{prefix}.{name}", thing
            if inspect.isclass(thing):
                for method, member in vars(thing).items():
                    if not method.startswith("_") and isinstance(member, (types.FunctionType, property, classmethod)):
                        yield f"{prefix}.{name}.{method}", member


PUBLIC = dict(public())


def parameters(thing: Any) -> List[str]:
    if inspect.isclass(thing):
        return []
    function = thing.fget if isinstance(thing, property) else getattr(thing, "__func__", thing)
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_thing_has_types_and_an_example(name: str) -> None:
    thing = PUBLIC[name]
    text = inspect.getdoc(thing.fget if isinstance(thing, property) else thing)
    assert text and ">>>" in text
    # `a, b : type` on a line of its own.
    typed: Dict[str, str] = {}
    for names, kind in re.findall(r"^([\w*, ]+?) : (.+)$", text, re.MULTILINE):
        typed.update({each.strip().lstrip("*"): kind for each in names.split(",")})
    for parameter in parameters(thing):
        if parameter != "kwargs":
            assert parameter in typed, f"{parameter} has no type"
    if inspect.isclass(thing):
        for attribute in getattr(thing, "__dataclass_fields__", {}):
            assert attribute in typed, f"{attribute} has no type"
    else:
        function = thing.fget if isinstance(thing, property) else getattr(thing, "__func__", thing)
        if inspect.signature(function).return_annotation != "None":
            assert "Returns\n-------\n" in text


def test_there_are_examples() -> None:
    assert len(TESTS) > 60 and len(PUBLIC) > 70
