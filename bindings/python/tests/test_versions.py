"""Other performances of a piece, and tracks of similar harmony."""

from __future__ import annotations

import json
import random
import shutil
import wave
from pathlib import Path
from typing import List

import numpy as np
import numpy.typing as npt
import pytest

import refrain
from test_answer import documented

RATE = 11_025
TUNES = 6


def performed(tune: int, player: int, semitones: int = 0, note: float = 0.5) -> npt.NDArray[np.float32]:
    """A tune of 60 notes over chords that the player makes up, with `note` seconds a note."""
    notes, chords = random.Random(tune), random.Random(1000 + player)
    length = round(note * RATE)
    time = np.arange(length) / RATE
    fade = np.minimum(1, np.minimum(time, time[::-1]) * 50)
    parts: List[npt.NDArray[np.float64]] = []
    for _ in range(60):
        high = 440 * 2 ** ((notes.choice([0, 2, 4, 5, 7, 9, 11]) + semitones) / 12)
        low = 110 * 2 ** ((chords.choice([0, 4, 7]) + semitones) / 12)
        parts.append(fade * (0.3 * np.sin(2 * np.pi * high * time) + 0.15 * np.sin(2 * np.pi * low * time)))
    return np.concatenate(parts).astype(np.float32)


def written(file: Path, samples: npt.NDArray[np.float32]) -> Path:
    with wave.open(str(file), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes((samples * 32767).astype("<i2").tobytes())
    return file


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with six tunes, another performance of the first one, 5 s of sound, and their index."""
    folder = tmp_path_factory.mktemp("library")
    for tune in range(TUNES):
        written(folder / f"{tune}.wav", performed(tune, tune))
    written(folder / "cover.wav", performed(0, 50, 3, 0.6))
    written(folder / "short.wav", performed(9, 9)[: 5 * RATE])
    with refrain.Index.open_or_create(folder / "i.refrain") as index:
        assert index.build(folder).added == TUNES + 2
    return folder


def id_of(index: refrain.Index, name: str) -> int:
    return next(track.id for track in index.tracks() if track.path.name == name)


def test_another_performance_is_found_with_its_key_and_tempo(library: Path) -> None:
    cover = library / "cover.wav"
    with refrain.Index(library / "i.refrain") as index:
        found = index.versions(cover)
        version = found[0]
        assert [each.path.name for each in found] == ["0.wav"] and found and len(found) == 1
        assert (version.transposition, version.same_recording, version.missing) == (3, False, False)
        assert version.score > 0.5 and version.evidence > version.chance and abs(version.tempo - 0.5 / 0.6) < 0.03
        assert len(version.alignment) > 3 and version.alignment == tuple(sorted(version.alignment))
        query, track = version.alignment[-1]
        assert abs(query / track - 1.2) < 0.1
        assert found.query == str(cover) and abs(found.duration - 36) < 0.1 and found.warnings == ()
        assert found.versions[:1] == found[:1] == (version,)
        samples, rate = refrain.load(cover, sr=None)
        with cover.open("rb") as stream:
            others = [
                index.versions(samples, rate, name="cover"),
                index.versions(cover.read_bytes()),
                index.versions(stream),
                index.versions_of_track(id_of(index, "cover.wav")),
            ]
        assert [[each.id for each in other] for other in others] == [[version.id]] * 4
        assert others[0].query == "cover" and others[3].query == str(cover)


def test_a_copy_is_a_version_only_if_asked_for(library: Path) -> None:
    with refrain.Index(library / "i.refrain") as index:
        found = index.versions(library / "cover.wav", copies=True)
        same = {version.path.name: version.same_recording for version in found}
        assert same == {"cover.wav": True, "0.wav": False}
        assert [each.path.name for each in index.versions(library / "cover.wav", copies=True, top=1)] == ["cover.wav"]
        nothing = index.versions(library / "5.wav")
    assert not nothing and nothing.versions == () and repr(nothing).endswith("5.wav': no version>")


def test_similar_tracks_come_in_order(library: Path) -> None:
    with refrain.Index(library / "i.refrain") as index:
        asked = id_of(index, "cover.wav")
        found = index.similar(asked)
        assert found.query == str(library / "cover.wav") and found[0].path.name == "0.wav"
        scores = [track.score for track in found]
        assert scores == sorted(scores, reverse=True) and all(0 <= score <= 1 for score in scores)
        assert asked not in [track.id for track in found] and abs(found[0].duration - 30) < 0.1
        assert index.similar(asked, top=2).similar == found[:2] and len(found) > 2
    assert repr(found) == f"<refrain.Similar {found.query!r}: {len(found)} similar tracks>"


def test_what_cannot_be_asked_is_an_error(library: Path) -> None:
    with refrain.Index(library / "i.refrain") as index:
        short = id_of(index, "short.wav")
        for call in (index.versions_of_track, index.similar):
            with pytest.raises(refrain.NotInIndexError, match="has no track 999"):
                call(999)
            with pytest.raises(refrain.NotInIndexError, match="has no track 4294967296"):
                call(2**32)
            with pytest.raises(refrain.ParameterError, match="track"):
                call(-1)
            with pytest.raises(refrain.ParameterError, match="top"):
                call(short, top=0)
            with pytest.raises(refrain.NoFingerprintError, match="too short"):
                call(short)
        with pytest.raises(refrain.NoFingerprintError, match="too short"):
            index.versions(library / "short.wav")
        with pytest.raises(refrain.ParameterError, match="min_score is 1.5"):
            index.versions(library / "cover.wav", min_score=1.5)
        with pytest.raises(FileNotFoundError):
            index.versions(library / "none.wav")
        silence = index.versions(np.zeros(30 * RATE, np.float32), RATE)
        assert not silence and len(silence.warnings) == 1 and abs(silence.duration - 30) < 0.1
    with pytest.raises(ValueError, match="closed"):
        index.similar(short)


def test_an_older_index_says_that_it_is_incomplete(library: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.refrain"
    shutil.copy(Path(__file__).parents[3] / "fixtures/index/format_4.refrain", old)
    with refrain.Index.open_or_create(old) as index:
        track = index.tracks()[0].id
        assert index.similar(track).incomplete and index.versions_of_track(track).to_dict()["incomplete"] is True
        index.rebuild()
        assert not index.similar(track).incomplete and not index.versions_of_track(track).incomplete
    with refrain.Index(library / "i.refrain") as index:
        assert not index.versions(library / "cover.wav").incomplete


def test_a_dictionary_is_the_document_of_the_command(library: Path) -> None:
    with refrain.Index(library / "i.refrain") as index:
        found = index.versions(library / "cover.wav")
        alike = index.similar(id_of(index, "cover.wav"))
    told = found.to_dict()
    assert [*told, "error"] == documented("versions", "versions.md") and told["status"] == "match"
    assert json.loads(json.dumps(told)) == told
    version = told["versions"][0]
    assert version["path"] == str(library / "0.wav") and "name" not in version
    assert version["alignment"][0] == list(found[0].alignment[0])
    assert list(alike.to_dict()) == documented("similar", "versions.md")
    assert json.loads(json.dumps(alike.to_dict())) == alike.to_dict()
    assert list(alike.to_dict()["similar"][0])[:4] == ["path", "score", "id", "duration"]


def test_both_are_tables(library: Path) -> None:
    pytest.importorskip("pandas")
    with refrain.Index(library / "i.refrain") as index:
        found, nothing = index.versions(library / "cover.wav"), index.versions(library / "5.wav")
        alike = index.similar(id_of(index, "cover.wav"))
    table = refrain.to_dataframe([found, nothing])
    assert table["query"].tolist() == [str(library / "cover.wav")] and table["transposition"].tolist() == [3]
    assert table.columns[:2].tolist() == ["query", "path"] and "name" not in table
    assert nothing.to_dataframe().columns.tolist() == table.columns.tolist()
    assert found.to_dataframe().equals(refrain.to_dataframe(found))
    assert refrain.to_dataframe(found.versions)["id"].tolist() == table["id"].tolist()
    assert alike.to_dataframe()["id"].tolist() == [track.id for track in alike]
    assert refrain.to_dataframe(alike).columns[:3].tolist() == ["query", "path", "score"]
