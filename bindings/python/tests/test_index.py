"""The index: build, add, query, look after, close."""

from __future__ import annotations

import errno
import io
import os
import pickle
import shutil
import sqlite3
import struct
import threading
import time
import wave
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
        assert repr(answer) == f"<refrain.Answer {str(clip)!r}: 1 match, Second Orbit at 0:12.1>"
    with pytest.raises(ValueError, match="closed"):
        index.query(clip)
    index.close()


def test_samples_of_a_wrong_shape_are_named(built: Path, clip: Path) -> None:
    samples, sr = refrain.load(clip, sr=None)
    stereo = np.stack([samples, samples])
    with refrain.Index(built) as index:
        assert index.query(stereo, sr)
        with pytest.raises(refrain.ParameterError, match=r"channels; pass samples\.T if they are of \(n, channels\)"):
            index.query(stereo.T, sr)
    with pytest.raises(refrain.ParameterError, match="pass samples.T"):
        refrain.fingerprint(stereo.T, sr)


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
    assert (info.tracks, info.format, info.parameter_set, info.neighbour_lists) == (10, 5, 1, None)
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
    content[65_536:262_144] = bytes(196_608)
    damaged.write_bytes(content)
    with pytest.raises(refrain.IndexFileError):
        refrain.Index(damaged).verify()
    for error in (refrain.AudioError, refrain.IndexFileError, refrain.ParameterError, refrain.NotInIndexError):
        assert issubclass(error, refrain.RefrainError)


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


def test_a_missing_index_is_a_missing_file(tmp_path: Path, clip: Path) -> None:
    file = tmp_path / "none.refrain"
    with pytest.raises(FileNotFoundError) as missing:
        refrain.Index(file)
    error = missing.value
    assert isinstance(error, refrain.IndexNotFoundError) and isinstance(error, refrain.IndexFileError)
    assert (error.errno, error.filename, error.path) == (errno.ENOENT, str(file), str(file))
    assert str(error) == f'{file}: no index here; refrain.Index("{file}", "a") makes one'
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.errno, again.filename, again.reason) == (str(error), 2, str(file), error.reason)
    # What the message says helps.
    exec(error.reason.split("; ")[1].split(" makes")[0], {"refrain": refrain})
    assert len(refrain.Index(file)) == 0


def test_messages_have_no_words_of_the_command(fixtures: Path, tmp_path: Path) -> None:
    foreign, newer = tmp_path / "foreign", tmp_path / "newer"
    with sqlite3.connect(foreign) as other:
        other.execute("CREATE TABLE a (b)")
    refrain.Index(newer, "a").close()
    with sqlite3.connect(newer) as other:
        other.execute("PRAGMA user_version = 99")
    for file in (tmp_path, fixtures / "README.md", foreign, newer, tmp_path / "none"):
        with pytest.raises(refrain.IndexFileError) as wrong:
            refrain.Index(file)
        assert "--" not in wrong.value.reason and "`" not in wrong.value.reason
    with refrain.Index(tmp_path / "i", "a") as index:
        index.add(np.random.default_rng(1).standard_normal(99_999).astype(np.float32), 22050, name="/a/x")
        index.add(np.random.default_rng(2).standard_normal(99_999).astype(np.float32), 22050, name="/b/x")
        with pytest.raises(refrain.IndexFileError, match=r"already holds /b/x; Index.remove\(\) takes it out"):
            index.relocate("/a", "/b")


def test_a_tilde_is_the_home_folder(
    songs: Path, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    music = tmp_path / "music"
    music.mkdir()
    shutil.copy(songs / "second-orbit.flac", music)
    shutil.copy(clip, tmp_path / "clip.wav")
    with refrain.Index("~/i.refrain", "a") as index:
        assert index.path == str(tmp_path / "i.refrain") and index.build(Path("~/music")).added == 1
        assert index.query("~/clip.wav").query == str(tmp_path / "clip.wav")
        assert index.query_many(["~/clip.wav", b"~/clip.wav"])[0][1].best == index.query("~/clip.wav").best
        assert index.select("~/music") == index.select("~/mus*/*.flac") == [str(music / "second-orbit.flac")]
        assert not index.add("~/music/second-orbit.flac").new and index.add("~/clip.wav").new
        index.export("~/copy.refrain")
        assert index.relocate("~/music", b"~/other").files == 1
        assert index.remove("~/other", "~/clip.wav") == [str(tmp_path / "clip.wav"), str(tmp_path / "other/second-orbit.flac")]
    with refrain.Index(b"~/copy.refrain") as copy:
        assert len(copy) == 2
    assert refrain.load("~/clip.wav", duration=1)[1] == 22050 and refrain.get_duration(path="~/clip.wav") == 8.0
    assert len(refrain.fingerprint("~/clip.wav").windows) and refrain.octave_chroma("~/clip.wav").size
    assert refrain.analyze("~/clip.wav", frames="~/frames.npz").path == str(tmp_path / "clip.wav")
    assert refrain.analyze_all("~/music")[0][0].path == str(music / "second-orbit.flac")
    assert (tmp_path / "frames.npz").exists()


def test_integer_samples_are_scaled_as_those_of_files(built: Path, clip: Path, fixtures: Path, tmp_path: Path) -> None:
    with wave.open(str(clip)) as file:
        sr, exact = file.getframerate(), np.frombuffer(file.readframes(10**9), "<i2")
    given = {
        "i2": exact,
        ">i2": exact.astype(">i2"),
        "i4": exact.astype(np.int32) << 16,
        "u1": ((exact >> 8) + 128).astype(np.uint8),
    }
    for kind, samples in given.items():
        file, width = tmp_path / f"{np.dtype(kind).itemsize}.wav", np.dtype(kind).itemsize
        with wave.open(str(file), "wb") as out:
            out.setparams((1, width, sr, 0, "NONE", ""))
            out.writeframes(samples.astype(samples.dtype.newbyteorder("<")).tobytes())
        of_file, of_samples = refrain.fingerprint(file), refrain.fingerprint(samples, sr)
        assert of_file.frames.tobytes() == of_samples.frames.tobytes()
        assert of_file.windows.tobytes() == of_samples.windows.tobytes()
        with refrain.Index(built) as index:
            assert index.query(samples, sr).matches == index.query(file).matches != ()
    stereo = np.stack([exact, np.zeros_like(exact)])
    half = refrain.octave_chroma((exact / 65536).astype(np.float32), sr)
    assert np.array_equal(refrain.octave_chroma(stereo, sr), half)
    for wrong in (np.uint16, np.int64, np.int8, bool):
        with pytest.raises(refrain.ParameterError):
            refrain.fingerprint(exact.astype(wrong), sr)


def test_adding_says_which_track_and_whether_it_is_new(songs: Path, tmp_path: Path) -> None:
    y, sr = refrain.load(songs / "second-orbit.flac", sr=None)
    with refrain.Index(tmp_path / "i.refrain", "a") as index:
        first = index.add(songs / "copper-rain.m4a")
        assert first == refrain.Added(track=index.tracks()[0].id, new=True)
        assert index.add(songs / "copper-rain.m4a") == refrain.Added(first.track, new=False)
        second = index.add(y, sr, name="orbit")
        assert second.new and second.track != first.track
        assert index.add(y, sr, name="orbit") == refrain.Added(second.track, new=False)
        # Another sound under the same name.
        assert index.add(y[: len(y) // 2], sr, name="orbit").new


def test_many_clips(built: Path, clip: Path, fixtures: Path, tmp_path: Path) -> None:
    noisy, hum, none = fixtures / "audio/clips/noisy.mp3", fixtures / "audio/clips/hum.flac", tmp_path / "none.wav"
    told: List[Any] = []
    for threads in (1, 2, None):
        told.clear()
        with refrain.Index(built) as index:
            answers, failures = index.query_many([clip, none, str(noisy), hum], threads=threads, callback=told.append)
            assert answers == [index.query(each) for each in (clip, noisy, hum)]
            assert index.query_many(clip)[0] == answers[:1] and index.query_many([]) == ([], [])
        assert [failure.path for failure in failures] == [str(none)]
        # In the order of the clips.
        assert told == [answers[0], failures[0], answers[1], answers[2]]
    with refrain.Index(built) as index:
        for wrong in (dict(threads=0), dict(pitch=7), dict(top=0)):
            with pytest.raises(refrain.ParameterError):
                index.query_many([clip], **wrong)
    with pytest.raises(ValueError, match="closed"):
        index.query_many([clip])


def test_tracks_that_sound_like_another(songs: Path, tmp_path: Path) -> None:
    y, sr = refrain.load(songs / "second-orbit.flac", sr=None)
    with refrain.Index(tmp_path / "i.refrain", "a") as index:
        index.build(songs)
        orbit = next(track for track in index.tracks() if track.title == "Second Orbit")
        assert index.query_track(orbit.id).matches == ()
        sample = index.add(y[10 * sr : 20 * sr], sr, name="sample").track
        answer = index.query_track(sample)
        assert [match.id for match in answer] == [orbit.id] and answer.query == "sample"
        assert abs(answer[0].ref_start - answer[0].query_start - 10) < 0.2
        assert [match.id for match in index.query_track(orbit.id, min_score=0.5, top=1)] == [sample]
        for unknown in (10_000, 2**32):
            with pytest.raises(refrain.NotInIndexError, match=f"no track {unknown}"):
                index.query_track(unknown)
        for wrong in (-1, "first", 1.5):
            with pytest.raises(refrain.ParameterError):
                index.query_track(wrong)  # type: ignore[arg-type]


def test_listening(built: Path, songs: Path) -> None:
    first, sr = refrain.load(songs / "second-orbit.flac", sr=None)
    second, _ = refrain.load(songs / "quiet-engines.wav", sr=sr)
    quiet = np.zeros(60 * sr, np.float32)
    sound = np.concatenate([first[: 15 * sr], quiet, second[5 * sr : 20 * sr], quiet])
    with refrain.Index(built) as index:
        expected = index.query(sound, sr)
        listener, heard, early = index.listen(), [], 0
        for start in range(0, len(sound), sr // 3):
            block = sound[start : start + sr // 3]
            # Any type of samples will do, and a buffer that is used again.
            heard += listener.push(np.round(block * 32768).astype(np.int16) if start % 2 else block, sr)
            early += bool(heard) and start < 100 * sr
        assert early, "matches come before the end"
        heard += listener.finish()
        assert [match.title for match in heard] == ["Second Orbit", "Quiet Engines"]
        assert {match.id for match in heard} == {match.id for match in expected}
        assert abs(heard[1].ref_start - heard[1].query_start - (5 - 75)) < 0.2 and heard[1].query_start > 70
        for call in (listener.finish, lambda: listener.push(sound, sr)):
            with pytest.raises(ValueError, match="ended"):
                call()
        with index.listen(fast=True, min_score=0.5) as listener:
            with pytest.raises(refrain.AudioError, match="sample rate"):
                listener.push(sound[:100], 10)
            assert listener.push(sound[: 8 * sr], sr) == [] and not listener.closed
            with pytest.raises(refrain.ParameterError):
                listener.push([0.0], sr)  # type: ignore[arg-type]
        assert listener.closed
        listener = index.listen()
    # Closing the index has ended it, and has not waited for it.
    assert listener.closed
    with pytest.raises(ValueError, match="ended"):
        listener.push(sound, sr)


def test_a_timeline_is_made_of_any_audio(built: Path, clip: Path) -> None:
    plays: List[refrain.Play] = []
    samples, sr = refrain.load(clip, sr=None)
    with refrain.Index(built) as index:
        timeline = index.timeline(clip, done=plays.append)
        assert timeline.file == str(clip) and timeline.duration == 8.0
        assert [play.title for play in timeline] == ["Second Orbit"] and list(timeline) == plays
        assert pickle.loads(pickle.dumps(timeline)) == timeline
        assert index.timeline(samples, sr, name="radio").plays == timeline.plays
        # A file that ends early.
        assert not timeline.warnings and len(index.timeline(clip.read_bytes()[:-64_000]).warnings) == 1
        for limits in ({"min_length": -1.0}, {"min_score": 1.5}):
            with pytest.raises(refrain.ParameterError):
                index.timeline(clip, **limits)
        with pytest.raises(ZeroDivisionError):
            index.timeline(clip, done=lambda play: 1 / 0)


@pytest.mark.skipif(os.name == "nt", reason="stands in for ffmpeg with a shell script")
def test_an_installed_ffmpeg_helps_with_clips(built: Path, clip: Path, tmp_path: Path) -> None:
    y, sr = refrain.load(clip, sr=None)
    sound = tmp_path / "out.au"
    sound.write_bytes(b".snd" + struct.pack(">5I", 24, 0xFFFFFFFF, 6, sr, 1) + y.astype(">f4").tobytes())
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\ncat '{sound}'\n")
    program.chmod(0o755)
    packed = tmp_path / "clip.wv"
    packed.write_bytes(b"wvpk\x10\0\0\0\x10\x04")
    with refrain.Index(built) as index:
        for call in index.query, index.timeline:
            with pytest.raises(refrain.AudioError, match="WavPack"):
                call(packed)
        assert len(index.query_many([packed])[1]) == 1
        best = index.query(packed, ffmpeg=program).best
        assert best is not None and best.title == "Second Orbit"
        answers, failures = index.query_many([packed], ffmpeg=program)
        assert [answer.best.title for answer in answers if answer.best] == ["Second Orbit"] and not failures
        assert [play.title for play in index.timeline(packed, ffmpeg=str(program)).plays] == ["Second Orbit"]


def test_several_files_are_read_as_one(built: Path, clip: Path, songs: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.refrain"
    with refrain.Index(other, "a") as index:
        index.add(songs / "second-orbit.flac")
    with refrain.Index(built) as one:
        alone = one.query(clip)
    with refrain.Index([str(other), built]) as index:
        # The content of the song is in both files. The first one has the track.
        assert (index.path, index.mode) == (str(other), "r")
        best = index.query(clip).best
        assert best is not None and alone.best is not None and best.shard == str(other)
        assert (best.score, best.ref_start, best.path) == (alone.best.score, alone.best.ref_start, alone.best.path)
        assert index.timeline(clip).plays[0].shard == str(other)
        with pytest.raises(refrain.IndexFileError):
            index.build(songs)
    with refrain.Index((built,)) as index:
        assert index.query(clip).best == alone.best and len(index) == 10
    for paths, mode in (([], "r"), ([built, other], "a")):
        with pytest.raises(refrain.ParameterError):
            refrain.Index(paths, mode)
    with pytest.raises(refrain.IndexNotFoundError):
        refrain.Index([built, tmp_path / "none.refrain"])
