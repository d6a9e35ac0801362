"""The index: build, add, query, look after, close."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, List

import numpy as np
import pytest

import refrain


def test_from_nothing_to_an_answer(songs: Path, clip: Path, tmp_path: Path) -> None:
    file = tmp_path / "i.refrain"
    events: List[refrain.BuildEvent] = []
    with refrain.Index(file, "a") as index:
        summary = index.build(songs, callback=events.append)
        assert (summary.added, summary.failed, len(index)) == (10, (), 10)
        assert events[0] == refrain.BuildEvent("found", files=10, new=10, new_bytes=events[0].new_bytes)
        added = [event for event in events if event.kind == "added"]
        assert len(added) == 10 and all(event.path and event.duration > 29 for event in added)
        assert index.build([songs]).unchanged == 10 == index.update().unchanged
    assert index.closed and os.listdir(tmp_path) == ["i.refrain"]
    with refrain.Index.open(os.fsencode(file)) as index:
        answer = index.query(clip)
        assert answer and answer.query == str(clip) and answer.duration == 8.0
        best = answer.best
        assert best is not None and best.path == (songs / "second-orbit.flac").resolve()
        assert (best.title, best.artist) == ("Second Orbit", "Kestrel Array")
        assert best.score > 0.99 and abs(best.ref_start - best.query_start - 12) < 0.1
        assert repr(answer) == f"<refrain.Answer {str(clip)!r}: 1 match, Second Orbit at 0:12.0>"
    with pytest.raises(ValueError, match="closed"):
        index.query(clip)
    index.close()


def test_a_clip_may_be_anything(built: Path, clip: Path) -> None:
    samples, sr = refrain.load(clip, sr=None)
    stereo = np.stack([samples + 0.25, samples - 0.25]).astype(np.float64)
    with refrain.Index(built) as index, open(clip, "rb") as file:
        expected = index.query(clip)
        for answer, name in [
            (index.query(str(clip)), str(clip)),
            (index.query(file), "-"),
            (index.query(clip.read_bytes()), "bytes"),
            (index.query(bytearray(clip.read_bytes()), name="radio"), "radio"),
            (index.query(samples, sr), "samples"),
            (index.query(samples[::-1][::-1], float(sr), name="microphone"), "microphone"),
        ]:
            assert answer.matches == expected.matches and answer.query == name
        assert index.query(stereo, sr).matches[0].id == expected.matches[0].id


def test_no_match_is_an_answer(built: Path, fixtures: Path) -> None:
    with refrain.Index(built) as index:
        answer = index.query(fixtures / "audio/clips/hum.flac", explain=True)
        assert not answer and answer.best is None and answer.candidates
        assert index.query(fixtures / "audio/clips/stranger.ogg", fast=True).matches == ()
        loose = index.query(fixtures / "audio/clips/noisy.mp3", min_score=0.0, top=3, exact=True)
        assert 1 <= len(loose.matches) <= 3
        assert index.query(np.zeros(22050, np.float32), 22050).matches == ()


def test_what_is_told_are_plain_values(built: Path, clip: Path) -> None:
    with refrain.Index(built) as index:
        answer, info, tracks = index.query(clip), index.info(), index.tracks()
    for told in (answer, info, tracks):
        assert pickle.loads(pickle.dumps(told)) == told
    with pytest.raises(AttributeError):
        answer.query = "other"  # type: ignore[misc]
    assert (info.tracks, info.format, info.parameter_set, info.neighbour_lists) == (10, 2, 1, None)
    assert info.version == refrain.__version__ and info.bytes == built.stat().st_size
    assert [track.id for track in tracks] == sorted(track.id for track in tracks)
    orbit = next(track for track in tracks if track.title == "Second Orbit")
    assert (orbit.sample_rate, orbit.channels, orbit.missing, len(orbit.files)) == (16000, 1, False, 1)
    assert orbit.hash is not None and len(orbit.hash) == 64
    assert orbit.files[0].size == Path(orbit.path).stat().st_size


def test_audio_that_is_no_file(songs: Path, clip: Path, tmp_path: Path) -> None:
    samples, sr = refrain.load(songs / "second-orbit.flac", sr=None)
    with refrain.Index(tmp_path / "i.refrain", "a") as index:
        index.add(samples, sr, name="archive:17", title="Orbit", track_number=3)
        index.add(songs / "copper-rain.m4a")
        index.add((songs / "marigold-street.mp3").read_bytes(), name="marigold")
        best = index.query(clip).best
        assert best is not None and (best.path, best.title, best.track_number) == (Path("archive:17"), "Orbit", 3)
        for wrong in (
            lambda: index.add(samples, sr),
            lambda: index.add(samples, name="x"),
            lambda: index.add(songs / "copper-rain.m4a", title="x"),
        ):
            with pytest.raises(refrain.ParameterError):
                wrong()
        with pytest.raises(refrain.NoFingerprintError, match="silence"):
            index.add(np.zeros(100_000, np.float32), 22050, name="silence")
        assert index.remove("archive:17") == ["archive:17"]
        assert not index.query(clip)


def test_looking_after_it(songs: Path, fixtures: Path, tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    for name in ("copper-rain.m4a", "second-orbit.flac", "marigold-street.mp3"):
        shutil.copy(songs / name, music)
    (music / "bad.mp3").write_text("not audio")
    other, file = tmp_path / "other.refrain", tmp_path / "i.refrain"
    with refrain.Index(file, "a") as index:
        summary = index.build(music, threads=1)
        assert summary.added == 3 and len(summary.failed) == 1
        assert index.failures() == list(summary.failed) and index.failures()[0].path.endswith("bad.mp3")
        assert index.retry().failed == summary.failed
        moved = tmp_path / "moved"
        music.rename(moved)
        assert index.relocate(music, moved) == refrain.Relocated(files=4, roots=1)
        assert index.select("marigold*.mp3") == [str(moved / "marigold-street.mp3")]
        (moved / "copper-rain.m4a").unlink()
        assert index.update().missing == 1 and index.info().missing == 1
        assert index.prune(dry_run=True) == index.select("missing") == [str(moved / "copper-rain.m4a")]
        assert index.prune() == [str(moved / "copper-rain.m4a")] and len(index) == 2
        with refrain.Index(other, "a") as second:
            second.build(songs / "copper-rain.m4a")
            assert index.merge(second) == refrain.MergeSummary(added=1, known=0, skipped=0)
        ids = {track.title: track.id for track in index.tracks()}
        assert index.remove(ids["Copper Rain"], dry_run=True) and len(index) == 3
        with pytest.raises(refrain.NotInIndexError, match="nothing here"):
            index.remove("nothing here", moved)
        assert len(index) == 3
        index.remove(moved, ids["Copper Rain"])
        assert len(index) == 0 and index.info().roots == ()
        assert index.compact() >= 0
        index.rebuild()
        index.refresh()
        index.verify()
        index.export(tmp_path / "copy.refrain")
    refrain.Index(tmp_path / "copy.refrain").verify()


def test_errors_name_the_file(built: Path, fixtures: Path, tmp_path: Path) -> None:
    with pytest.raises(refrain.IndexNotFoundError, match="no index here") as missing:
        refrain.Index(tmp_path / "none")
    assert missing.value.path == str(tmp_path / "none")
    assert pickle.loads(pickle.dumps(missing.value)).reason == missing.value.reason
    with pytest.raises(refrain.IndexFileError, match="not an SQLite file"):
        refrain.Index(fixtures / "README.md")
    with pytest.raises(refrain.ParameterError, match="mode"):
        refrain.Index(built, "w")
    with refrain.Index(built) as index:
        with pytest.raises(refrain.IndexReadOnlyError):
            index.build(fixtures)
        with pytest.raises(FileNotFoundError):
            index.query(tmp_path / "none.wav")
        with pytest.raises(refrain.AudioError, match="README.md: not an audio file"):
            index.query(fixtures / "README.md")
        with pytest.raises(refrain.AudioError, match="slow: a sample rate of 10 Hz"):
            index.query(np.zeros(9, np.float32), 10, name="slow")
        for wrong in (dict(pitch=7), dict(tempo=3), dict(top=-1), dict(min_score=2)):
            with pytest.raises(refrain.ParameterError):
                index.query(fixtures / "audio/clips/clean.wav", **wrong)
        with pytest.raises(TypeError, match="not int"):
            index.query(3)  # type: ignore[arg-type]
    damaged = tmp_path / "damaged.refrain"
    content = bytearray(built.read_bytes())
    content[60_000:64_000] = bytes(4000)
    damaged.write_bytes(content)
    with pytest.raises(refrain.IndexFileError):
        refrain.Index(damaged).verify()
    for error in (refrain.AudioError, refrain.IndexFileError, refrain.ParameterError, refrain.NotInIndexError):
        assert issubclass(error, refrain.RefrainError)


def test_what_a_callback_raises_ends_the_build(melodies: Path, tmp_path: Path) -> None:
    def stop(event: refrain.BuildEvent) -> None:
        if event.kind == "added":
            raise KeyError("enough")

    with refrain.Index(tmp_path / "i.refrain", "a") as index:
        with pytest.raises(KeyError, match="enough"):
            index.build(melodies, threads=1, callback=stop)
        assert len(index) < 24
        index.verify()
        # It goes on from there.
        assert index.build(melodies).unchanged < 24
        assert len(index) == 24


def test_a_callback_reads_and_may_not_write(songs: Path, clip: Path, tmp_path: Path) -> None:
    seen: List[int] = []
    with refrain.Index(tmp_path / "i.refrain", "a") as index:

        def look(event: refrain.BuildEvent) -> None:
            seen.append(index.info().tracks)
            for write in (lambda: index.add(clip), index.close, lambda: index.build(songs)):
                with pytest.raises(refrain.IndexBusyError):
                    write()  # type: ignore[no-untyped-call]

        index.build(songs / "second-orbit.flac", callback=look)
        assert seen and len(index) == 1


INTERRUPTED = """
import os, signal, sys, threading, time
import numpy as np, refrain
what, file, music = sys.argv[1:]
# Who is started in the background by a shell begins with Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
index = refrain.Index(file, "a")
def interrupt():
    begun.wait()
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGINT)
begun = threading.Event()
threading.Thread(target=interrupt, daemon=True).start()
try:
    if what == "build":
        index.build(music, threads=1, callback=lambda event: begun.set())
    else:
        noise = np.random.default_rng(1).standard_normal(11025 * 3600).astype(np.float32) / 8
        begun.set()
        index.query(noise, 11025)
except KeyboardInterrupt:
    count = len(index)
    index.close()
    print("interrupted", count)
"""


@pytest.mark.parametrize("what", ["build", "query"])
def test_ctrl_c_ends_it_in_order(built: Path, melodies: Path, tmp_path: Path, what: str) -> None:
    file = tmp_path / "i.refrain"
    if what == "query":
        shutil.copy(built, file)
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, what, str(file), str(melodies)], stdout=subprocess.PIPE, timeout=300
    )
    word, count = done.stdout.decode().split()
    assert word == "interrupted" and done.returncode == 0
    if what == "build":
        assert int(count) < 24
    with refrain.Index(file) as index:
        index.verify()
    assert os.listdir(tmp_path) == ["i.refrain"]


def test_eight_threads_on_one_handle(built: Path, fixtures: Path, clip: Path, songs: Path) -> None:
    noisy = fixtures / "audio/clips/noisy.mp3"
    strange = fixtures / "audio/clips/stranger.ogg"
    with refrain.Index(built) as index:
        expected = {each: index.query(each) for each in (clip, noisy, strange)}
        wrong: List[Any] = []

        def ask(first: int) -> None:
            clips = list(expected)
            for n in range(9):
                each = clips[(first + n) % 3]
                answer = index.query(each)
                if answer != expected[each]:
                    wrong.append(answer)

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong


def test_closing_waits_for_calls(melodies: Path, built: Path) -> None:
    index = refrain.Index(built)
    answers: List[refrain.Answer] = []
    begun = threading.Event()

    read = threading.Event()

    class Slow(io.BytesIO):
        def read(self, size: object = -1) -> bytes:
            begun.set()
            time.sleep(0.05)
            part = super().read(size)  # type: ignore[arg-type]
            if not part:
                read.set()
            return part

    source = Slow((melodies / "0.wav").read_bytes())
    thread = threading.Thread(target=lambda: answers.append(index.query(source)))
    thread.start()
    begun.wait()
    index.close()
    assert read.is_set()
    thread.join()
    assert len(answers) == 1 and index.closed


def test_python_goes_on_meanwhile(built: Path, melodies: Path) -> None:
    """The interpreter's lock is not held: this thread counts while the other asks."""
    with refrain.Index(built) as index:
        thread = threading.Thread(target=lambda: index.query(melodies / "0.wav"))
        thread.start()
        steps = 0
        while thread.is_alive():
            steps += 1
            time.sleep(0.001)
        assert steps > 3
