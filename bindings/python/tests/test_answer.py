"""Answers and other records: sequences, dictionaries, tables."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any, List

import pytest

import refrain
from conftest import ROOT


def match(**other: Any) -> refrain.Match:
    fields: Any = dict(
        path=Path("/m/a.ogg"),
        also_paths=(Path("/m/b.ogg"),),
        copies=(Path("/m/c.mp3"),),
        missing=False,
        id=7,
        score=0.99,
        query_start=0.0,
        query_end=5.0,
        ref_start=3785.24,
        ref_end=3790.24,
        also_at=(80.5,),
        tempo=1.0,
        pitch=0.0,
    )
    return refrain.Match(**{**fields, **other})


ANSWER = refrain.Answer("clip.wav", 5.0, (match(title="A < B", artist="C & D"), match(id=8)))
NOTHING = refrain.Answer("hum.wav", 1.5, ())


def test_an_answer_is_a_sequence_of_its_matches() -> None:
    assert len(ANSWER) == 2 and list(ANSWER) == list(ANSWER.matches)
    assert ANSWER[0] is ANSWER.best and ANSWER[-1].id == 8 and ANSWER[1:] == ANSWER.matches[1:]
    assert match(id=8) in ANSWER and match(id=9) not in ANSWER
    assert not NOTHING and len(NOTHING) == 0 and list(NOTHING) == []
    with pytest.raises(IndexError):
        NOTHING[0]


def test_a_repr_is_a_line() -> None:
    assert repr(ANSWER) == "<refrain.Answer 'clip.wav': 2 matches, A < B at 1:03:05.2>"
    assert repr(refrain.Answer("x", 1.0, (match(ref_start=-1.25),))) == "<refrain.Answer 'x': 1 match, a.ogg at -0:01.2>"
    assert repr(NOTHING) == "<refrain.Answer 'hum.wav': no match>"


def test_html_is_a_table_in_which_nothing_is_markup() -> None:
    table = ANSWER._repr_html_()
    assert table.count("<tr>") == 3 and "C &amp; D – A &lt; B" in table and "A < B" not in table
    assert "0:00.0–0:05.0" in table and "1:03:05.2–1:03:10.2" in table and 'title="/m/a.ogg"' in table
    hostile = refrain.Answer("<script>", 1.0, (match(name='/"><script>', path=Path("/x")),))
    assert "<script>" not in hostile._repr_html_()
    assert "no match" in NOTHING._repr_html_() and "<tr>" not in NOTHING._repr_html_()


def documented(heading: str, page: str = "output.md") -> List[str]:
    """The fields in the first table below this heading of a page of the manual."""
    text = (ROOT / "docs" / page).read_text().split(f"\n### {heading}\n", 1)[1].split("\n|---", 1)[1]
    return [name for row in text.split("\n\n")[0].splitlines()[1:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]


def test_a_dictionary_is_the_document_of_the_command(built: Path, clip: Path, fixtures: Path) -> None:
    with refrain.Index(built) as index:
        answer, nothing = index.query(clip, explain=True), index.query(fixtures / "audio/clips/hum.flac")
    told = answer.to_dict()
    assert list(told) == ["query", "status", "matches", "candidates", "duration", "warnings"]
    assert set(told) == set(documented("query")) - {"error"}
    # Only an answer of several indexes names them.
    assert list(told["matches"][0]) == [name for name in documented("A match") if name != "shard"]
    # Plain values only.
    assert json.loads(json.dumps(told)) == told
    assert (told["query"], told["status"], told["duration"]) == (str(clip), "match", 8.0)
    best = told["matches"][0]
    assert best["path"] == str(answer[0].path) and best["also_paths"] == [] == best["copies"] and best["title"] == "Second Orbit"
    assert list(nothing.to_dict()) == ["query", "status", "matches", "duration", "warnings"]
    assert nothing.to_dict()["status"] == "no_match"
    assert match(name="radio://x").to_dict()["path"] == "radio://x" and "name" not in match().to_dict()
    assert match().to_dict()["copies"] == ["/m/c.mp3"]
    # What is not UTF-8 in a path, as the command writes it.
    assert match(name=os.fsdecode(b"/m/\xff")).to_dict()["path"] == "/m/\ufffd"


def test_copies_are_paths_and_warnings_are_text(built: Path, clip: Path, tmp_path: Path) -> None:
    songs = [tmp_path / "a.wav", tmp_path / "b.wav"]
    y, sr = refrain.load(clip, sr=None)
    with refrain.Index(tmp_path / "i.refrain", "a") as index:
        for song, level in zip(songs, (1.0, 0.5)):
            index.add(y * level, sr, name=str(song))
        answer = index.query(y[sr : 6 * sr], sr)
        assert len(answer) == 1 and sorted([answer[0].path, *answer[0].copies]) == songs
        assert answer.warnings == () == answer[0].also_paths
        assert index.query(y * 0, sr).to_dict()["warnings"] == ["the clip is silent"]


def test_names_are_kept_where_paths_would_change_them(built: Path, clip: Path, tmp_path: Path) -> None:
    y, sr = refrain.load(clip, sr=None)
    with refrain.Index(tmp_path / "i.refrain", "a") as index:
        index.add(y, sr, name="radio://~one/./x")
        best = index.query(clip)[0]
        assert best.name == "radio://~one/./x" == index.tracks()[0].name == best.to_dict()["path"]
        assert index.remove(best.name) == [best.name]


def test_tables(built: Path, clip: Path, fixtures: Path) -> None:
    pandas = pytest.importorskip("pandas")
    hum = fixtures / "audio/clips/hum.flac"
    with refrain.Index(built) as index:
        answers, failures = index.query_many([clip, hum, "none.wav"])
        tracks = index.tracks()
    table = refrain.to_dataframe(answers)
    assert isinstance(table, pandas.DataFrame) and len(table) == 1
    assert table["query"].tolist() == [str(clip)] and table["path"].tolist() == [answers[0][0].path]
    assert answers[0].to_dataframe().equals(table)
    assert answers[1].to_dataframe().columns.tolist() == table.columns.tolist() and len(answers[1].to_dataframe()) == 0
    assert "name" not in table.columns and refrain.to_dataframe(answers[0]).equals(table)
    assert refrain.to_dataframe(tracks)["title"].tolist() == [track.title for track in tracks]
    assert refrain.to_dataframe(failures)["path"].tolist() == ["none.wav"]
    assert refrain.to_dataframe(answers[0].matches)["id"].tolist() == [answers[0][0].id]
    with pytest.raises(refrain.ParameterError, match="str"):
        refrain.to_dataframe(["text"])  # type: ignore[list-item]


def test_without_pandas_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    # None in the table of modules makes an import fail.
    monkeypatch.setitem(sys.modules, "pandas", None)
    for call in (ANSWER.to_dataframe, lambda: refrain.to_dataframe([])):
        with pytest.raises(ImportError, match=r"to_dataframe\(\) needs pandas, .* pip install pandas"):
            call()


def test_pandas_is_not_imported_before_it_is_needed() -> None:
    import subprocess

    code = "import sys, refrain; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def play(**other: Any) -> refrain.Play:
    fields: Any = dict(
        start=0.25,
        end=30.0,
        path=Path("/m/a.ogg"),
        ref_start=0.0,
        ref_end=29.75,
        tempo=1.0,
        pitch=0.0,
        score=0.99,
        id=7,
        also_paths=(),
        copies=(Path("/m/c.ogg"),),
    )
    return refrain.Play(**{**fields, **other})


TIMELINE = refrain.Timeline("show.wav", 90.0, (play(title="A"), play(start=25.0, id=8)), overlap=((25.0, 30.0),))


def test_a_timeline_is_its_plays() -> None:
    assert len(TIMELINE) == 2 and list(TIMELINE) == list(TIMELINE.plays) and TIMELINE
    assert repr(TIMELINE) == "<refrain.Timeline 'show.wav': 2 plays>"
    nothing = refrain.Timeline("x", 1.0, ())
    assert not nothing and repr(nothing) == "<refrain.Timeline 'x': no play>"


def test_a_timeline_has_the_fields_of_the_document() -> None:
    told = json.loads(json.dumps(TIMELINE.to_dict()))
    assert list(told) == ["file", "duration", "plays", "unknown", "silent", "overlap", "warnings"]
    assert told["overlap"] == [[25.0, 30.0]] and told["plays"][0]["copies"] == ["/m/c.ogg"]
    assert "name" not in told["plays"][0] and told["plays"][0]["path"] == "/m/a.ogg"


def test_a_timeline_is_a_table() -> None:
    pytest.importorskip("pandas")
    table = TIMELINE.to_dataframe()
    assert table["start"].tolist() == [0.25, 25.0] and "name" not in table
    assert refrain.Timeline("x", 1.0, ()).to_dataframe().columns.tolist() == table.columns.tolist()
