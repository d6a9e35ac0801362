"""Files that hold the same recording."""

from __future__ import annotations

import dataclasses
import json
import shutil
import wave
from pathlib import Path
from typing import List, Tuple

import pytest

import refrain
from conftest import melody
from test_answer import documented


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> Tuple[Path, Path]:
    """A folder with a song, its copy, a quieter version, an excerpt and another song twice; and its index."""
    folder = tmp_path_factory.mktemp("messy")
    melody(folder / "song.wav", 50, 3)
    shutil.copy(folder / "song.wav", folder / "copy.wav")
    with wave.open(str(folder / "song.wav")) as song:
        rate, samples = song.getframerate(), memoryview(song.readframes(song.getnframes())).cast("h")
    for name, part, loud in (("quiet", samples, 3), ("excerpt", samples[10 * rate : 32 * rate], 1)):
        with wave.open(str(folder / f"{name}.wav"), "wb") as out:
            out.setparams((1, 2, rate, 0, "NONE", ""))
            out.writeframes(b"".join((each // loud).to_bytes(2, "little", signed=True) for each in part))
    (folder / "zoo").mkdir()
    melody(folder / "zoo" / "other.wav", 20, 4)
    shutil.copy(folder / "zoo" / "other.wav", folder / "zoo" / "another.wav")
    file = folder / "i.refrain"
    with refrain.Index.open_or_create(file) as index:
        assert index.build(folder).added == 4
    return folder, file


def names(group: refrain.DuplicateGroup) -> List[str]:
    return sorted(file.path.stem for file in group)


def test_groups_say_what_each_file_is_to_the_first(messy: Tuple[Path, Path]) -> None:
    folder, file = messy
    calls: List[Tuple[int, int]] = []
    with refrain.Index(file) as index:
        groups = index.duplicates(callback=lambda done, total: calls.append((done, total)))
    assert [names(group) for group in groups] == [["copy", "excerpt", "quiet", "song"], ["another", "other"]]
    of = {each.path.stem: each for each in groups[0]}
    first = groups[0].files[0]
    assert (first.relation, first.keep, first.speed, first.agrees) == ("reference", True, 1.0, ((0.0, first.duration, 0.0),))
    assert sorted(each.relation for each in groups[0]) == ["excerpt", "reference", "same_audio", "same_bytes"]
    excerpt = of["excerpt"]
    assert excerpt.keep and excerpt.why == "another version" and excerpt.path == folder / "excerpt.wav"
    assert abs(excerpt.agrees[0][2] - 10) < 0.4 and excerpt.score > 0.9
    assert groups[0].bytes == sum(each.size for each in groups[0] if not each.keep) > 0
    assert (excerpt.sample_rate, excerpt.channels, excerpt.title) == (11025, 1, None)
    assert calls and calls[-1][0] == calls[-1][1] > 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        groups[0].bytes = 1  # type: ignore[misc]


def test_options_choose_what_is_kept_and_listed(messy: Tuple[Path, Path]) -> None:
    folder, file = messy
    with refrain.Index(file) as index:

        def kept(group: refrain.DuplicateGroup) -> List[str]:
            return sorted(each.path.stem for each in group if each.keep)

        assert len(kept(index.duplicates(relations=["same_bytes"])[0])) == 3
        assert kept(index.duplicates(relations="same_bytes, same_audio,excerpt", keep="path")[0]) in (["copy"], ["song"])
        assert kept(index.duplicates(prefer=folder / "zoo")[1]) == ["another", "other"]
        assert [names(group) for group in index.duplicates(below=[folder / "zoo"])] == [["another", "other"]]
        excerpts = index.duplicates(only=["excerpt"])
        assert len(excerpts) == 1 and len(excerpts[0]) == 2 and excerpts[0].bytes == 0
        assert index.duplicates(only="remaster") == [] == index.duplicates(min_free=10**9)
        assert len(index.duplicates(min_free=(folder / "zoo" / "other.wav").stat().st_size)) == 2
        with pytest.raises(refrain.ParameterError, match="the relations are same_bytes"):
            index.duplicates(only="same")
        with pytest.raises(refrain.ParameterError, match="the rules are lossless"):
            index.duplicates(keep=["size"])
        with pytest.raises(refrain.ParameterError, match="never spare"):
            index.duplicates(relations=["shared_backing"])
        with pytest.raises(refrain.ParameterError, match="min_free"):
            index.duplicates(min_free=-1)


def test_an_exception_in_the_callback_ends_the_call(messy: Tuple[Path, Path]) -> None:
    def stop(done: int, total: int) -> None:
        raise RuntimeError("enough")

    with refrain.Index(messy[1]) as index:
        with pytest.raises(RuntimeError, match="enough"):
            index.duplicates(callback=stop)
        assert len(index.duplicates()) == 2


def test_quality_is_measured_if_asked_for(messy: Tuple[Path, Path]) -> None:
    with refrain.Index(messy[1]) as index:
        assert all(each.quality is None for group in index.duplicates() for each in group)
        group = index.duplicates(measure=True)[0]
    of = {each.path.stem: each for each in group}
    assert of["excerpt"].quality is None, "nothing has to be chosen"
    song, quiet = of["song"].quality, of["quiet"].quality
    assert song is not None and quiet is not None
    assert 0 < song.bandwidth <= 5513 and song.peak > 2 * quiet.peak > 0 and 0 <= song.clipped < 1
    assert of["quiet"].to_dict()["quality"] == quiet._asdict()
    copies = {of["song"], of["copy"]}
    second = next(each for each in copies if each.relation == "same_bytes")
    assert {second.same_bytes_as} == {each.path for each in copies - {second}}
    assert second.to_dict()["same_bytes_as"] == str(second.same_bytes_as)


def test_a_library_without_duplicates_gives_an_empty_list(built: Path) -> None:
    with refrain.Index(built) as index:
        assert index.duplicates() == []


def test_a_dictionary_is_the_document_of_the_command(messy: Tuple[Path, Path]) -> None:
    with refrain.Index(messy[1]) as index:
        group = index.duplicates()[0]
    told = group.to_dict()
    assert list(told) == ["files", "bytes"] == documented("duplicates")
    assert json.loads(json.dumps(told)) == told
    best = told["files"][0]
    assert best["path"] == str(group.files[0].path) and "name" not in best
    assert best["agrees"] == [[0.0, best["duration"], 0.0]]
    assert repr(group) == f"<refrain.DuplicateGroup {best['path']!r}: 4 files, {group.bytes} bytes can be freed>"


def test_groups_are_a_table(messy: Tuple[Path, Path]) -> None:
    pytest.importorskip("pandas")
    with refrain.Index(messy[1]) as index:
        groups = index.duplicates()
    table = refrain.to_dataframe(groups)
    assert table["group"].tolist() == [1, 1, 1, 1, 2, 2]
    assert table.columns[-4:].tolist() == ["bandwidth", "cut", "peak", "clipped"] and "quality" not in table
    assert table["relation"].tolist() == [each.relation for group in groups for each in group]
    assert table.columns[:3].tolist() == ["group", "path", "relation"] and "name" not in table
    assert table[~table["keep"]].groupby("group")["size"].sum().tolist() == [group.bytes for group in groups]
    assert refrain.to_dataframe(groups[1]).equals(groups[1].to_dataframe())
    assert groups[1].to_dataframe()["group"].tolist() == [1, 1]
    assert "group" not in refrain.to_dataframe(groups[0].files)
