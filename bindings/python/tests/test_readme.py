"""The examples of the README, run."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from conftest import ROOT


def test_the_examples_do_what_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    monkeypatch.chdir(tmp_path)
    outcome = doctest.testfile(str(ROOT / "bindings/python/README.md"), module_relative=False)
    assert outcome.attempted > 15 and outcome.failed == 0
