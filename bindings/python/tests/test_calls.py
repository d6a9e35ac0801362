"""Calls that take long: callbacks, Ctrl-C, and calls made from within a call."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Callable, List

import numpy as np
import pytest

import refrain


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


class Enough(Exception):
    pass


def stop(*told: object) -> None:
    raise Enough(told)


@pytest.mark.parametrize("on_main_thread", [True, False])
def test_what_a_callback_raises_ends_every_call(
    built: Path, clip: Path, songs: Path, melodies: Path, tmp_path: Path, on_main_thread: bool
) -> None:
    """On another thread the library runs on the thread that called; on the main thread it has one of its own."""
    hour = np.random.default_rng(1).standard_normal(8000 * 3600).astype(np.float32) / 8
    ended: List[str] = []

    def work() -> None:
        with refrain.Index(built) as index, refrain.Index(tmp_path / "other.refrain", "a") as other:
            calls: List[Callable[[], Any]] = [
                lambda: index.query(hour, 8000, callback=stop),
                lambda: index.query_many([melodies / "1.wav"] * 1000, callback=stop),
                lambda: index.verify(callback=stop),
                lambda: other.merge(index, callback=stop),
                lambda: other.build(melodies, callback=stop),
                lambda: refrain.analyze_all([songs] * 1000, callback=stop),
            ]
            for call in calls:
                try:
                    call()
                except Enough as error:
                    ended.append(repr(error))
            # Nothing is left over of them.
            other.verify()
            assert index.query(clip)

    if on_main_thread:
        work()
    else:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert len(ended) == 6, ended


def test_callbacks_say_how_far_a_call_has_come(built: Path, tmp_path: Path) -> None:
    minutes = np.random.default_rng(1).standard_normal(8000 * 200).astype(np.float32) / 8
    with refrain.Index(built) as index, refrain.Index(tmp_path / "other.refrain", "a") as other:
        heard: List[float] = []
        duration = index.query(minutes, 8000, fast=True, callback=heard.append).duration
        assert len(heard) > 2 and heard == sorted(heard) and heard[-1] == pytest.approx(duration, abs=10)
        verified: List[Any] = []
        index.verify(callback=lambda done, total: verified.append((done, total)))
        assert verified == [(done, 10) for done in range(10)]
        merged: List[Any] = []
        other.merge(index, callback=lambda done, total: merged.append((done, total)))
        assert merged == [(0, 10)]


def test_a_callback_reads_and_may_not_write(songs: Path, clip: Path, tmp_path: Path) -> None:
    seen: List[int] = []
    with refrain.Index(tmp_path / "i.refrain", "a") as index:

        def look(event: refrain.BuildEvent) -> None:
            seen.append(index.info().tracks)
            for write in (lambda: index.add(clip), index.close, lambda: index.build(songs), index.compact):
                with pytest.raises(refrain.IndexBusyError):
                    write()  # type: ignore[operator]

        index.build(songs / "second-orbit.flac", callback=look)
        assert seen and len(index) == 1
        # What only reads leaves the index to others that write.
        index.query_many([clip], callback=lambda answer: seen.append(index.add(clip).track))
        assert seen[-1] == 2


INTERRUPTED = """
import io, os, signal, sys, threading, time
import numpy as np, refrain
what, file, music = sys.argv[1:]
# Who is started in the background by a shell begins with Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
index = refrain.Index(file, "a")
begun = threading.Event()
def interrupt():
    begun.wait()
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
hour = np.random.default_rng(1).standard_normal(11025 * 3600).astype(np.float32) / 8
pipe = open(os.pipe()[0], "rb", buffering=0)
calls = dict(
    build=lambda: index.build(music, threads=1, callback=lambda event: begun.set()),
    add=lambda: index.add(hour, 11025, name="noise"),
    add_file=lambda: index.add(music + "/long.wav"),
    query=lambda: index.query(hour, 11025),
    query_many=lambda: index.query_many([music] * 10 + [music + "/1.wav"] * 10000),
    listen=lambda: index.listen().push(hour, 11025),
    read=lambda: index.query(pipe),
    fingerprint=lambda: refrain.fingerprint(hour, 11025),
    load=lambda: refrain.load(music + "/long.wav", sr=44100),
    analyze=lambda: refrain.analyze(hour, 11025),
    analyze_all=lambda: refrain.analyze_all([music] * 1000),
)
if what != "build":
    begun.set()
try:
    calls[what]()
except KeyboardInterrupt:
    count = len(index)
    index.close()
    print("interrupted", count)
"""

CALLS = "build add add_file query query_many listen read fingerprint load analyze analyze_all".split()


@pytest.fixture(scope="module")
def long_music(melodies: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The melodies, and a file of 8 hours."""
    import wave

    folder = tmp_path_factory.mktemp("long")
    for file in melodies.iterdir():
        os.link(file, folder / file.name)
    with wave.open(str(folder / "long.wav"), "wb") as out:
        out.setparams((1, 2, 11_025, 0, "NONE", ""))
        noise = (np.random.default_rng(3).standard_normal(11_025 * 600) * 4000).astype("<i2").tobytes()
        for _ in range(48):
            out.writeframes(noise)
    return folder


@pytest.mark.parametrize("what", CALLS)
def test_ctrl_c_ends_it_in_order(built: Path, long_music: Path, tmp_path: Path, what: str) -> None:
    file = tmp_path / "i.refrain"
    if what.startswith(("query", "listen")):
        shutil.copy(built, file)
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, what, str(file), str(long_music)], stdout=subprocess.PIPE, timeout=300
    )
    word, count = done.stdout.decode().split()
    assert word == "interrupted" and done.returncode == 0
    if what == "build":
        assert int(count) < 24
    with refrain.Index(file) as index:
        index.verify()
    assert os.listdir(tmp_path) == ["i.refrain"]


CLOSES = """
import io, os, signal, sys, threading
import numpy as np, refrain
where, file, clip = sys.argv[1:]
index = refrain.Index(file, "r+")
class Closing(io.BytesIO):
    def read(self, size=-1):
        index.close()
        return super().read(size)
def handler(*_):
    index.close()
def query():
    source = Closing(open(clip, "rb").read())
    for call in (lambda: index.query(source), lambda: index.add(source, name="x")):
        try:
            call()
        except refrain.IndexBusyError as error:
            print(error)
if where == "thread":
    thread = threading.Thread(target=query)
    thread.start()
    thread.join()
elif where == "main":
    query()
else:
    hour = np.random.default_rng(1).standard_normal(11025 * 3600).astype(np.float32) / 8
    signal.signal(signal.SIGVTALRM, handler)
    # Counts what the process computes, so that the query has begun however busy the machine is.
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.3)
    try:
        index.query(hour, 11025)
    except refrain.IndexBusyError as error:
        print(error)
# It is open, works, and can be closed.
assert index.query(clip)
index.close()
print("closed", index.closed)
"""


@pytest.mark.parametrize("where", ["main", "thread", "signal"])
def test_closing_from_within_a_query_does_not_hang(built: Path, clip: Path, tmp_path: Path, where: str) -> None:
    file = tmp_path / "i.refrain"
    shutil.copy(built, file)
    done = subprocess.run(
        [sys.executable, "-c", CLOSES, where, str(file), str(clip)], stdout=subprocess.PIPE, timeout=120
    )
    lines = done.stdout.decode().splitlines()
    refused = "a call on the index cannot close it before it has ended"
    assert lines == [refused] * (1 if where == "signal" else 2) + ["closed True"]


def test_readers_run_on_the_thread_that_called(built: Path, clip: Path) -> None:
    threads: List[int] = []

    class Noting(io.BytesIO):
        def read(self, size: object = -1) -> bytes:
            threads.append(threading.get_ident())
            return super().read(size)  # type: ignore[arg-type]

    here: List[int] = []

    def work() -> None:
        here.append(threading.get_ident())
        with refrain.Index(built) as index:
            assert index.query(Noting(clip.read_bytes()))
            assert refrain.load(Noting(clip.read_bytes()))[1] == 22050
            # A file object may use the index itself.
            class Nested(io.BytesIO):
                def read(self, size: object = -1) -> bytes:
                    assert index.query(clip)
                    return super().read(size)  # type: ignore[arg-type]

            assert index.query(Nested(clip.read_bytes()))

    work()
    assert set(threads) == {here[0]}
    threads.clear()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert set(threads) == {here[1]} and here[0] != here[1]


def test_closing_ends_what_listens_on_other_threads(built: Path) -> None:
    index = refrain.Index(built)
    listener = index.listen()
    begun = threading.Event()
    hour = np.random.default_rng(1).standard_normal(8000 * 1200).astype(np.float32) / 8

    def push() -> None:
        begun.set()
        for start in range(0, len(hour), 8000 * 60):
            try:
                listener.push(hour[start : start + 8000 * 60], 8000)
            except ValueError:
                return

    thread = threading.Thread(target=push)
    thread.start()
    begun.wait()
    index.close()
    assert listener.closed and index.closed
    thread.join()
