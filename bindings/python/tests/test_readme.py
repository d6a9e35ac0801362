"""The examples of the READMEs and of the manual, run."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
import refrain

from conftest import ROOT


def test_the_examples_do_what_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    monkeypatch.chdir(tmp_path)
    outcome = doctest.testfile(str(ROOT / "bindings/python/README.md"), module_relative=False)
    assert outcome.attempted > 15 and outcome.failed == 0


@pytest.mark.parametrize("page", ["README.md", "docs/python.md", "docs/sql.md"])
def test_the_python_of_the_manual_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    monkeypatch.chdir(tmp_path)
    with refrain.Index("demo.refrain", "a") as index:
        index.build("fixtures/audio/songs")
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), {})
