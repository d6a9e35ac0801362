"""Shards that Ray builds hold what one index holds, whatever dies meanwhile."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest

import refrain
from conftest import ROOT, melody

# Ray's workers are nice to all other programs, and wait for long while a machine also compiles.
os.environ["RAY_worker_niceness"] = "0"
ray = pytest.importorskip("ray", reason="Ray is not installed: pip install -r tests/requirements-cluster.txt")

import refrain.cluster  # noqa: E402
from refrain.cluster import MixedShardsError, sources, versions  # noqa: E402
from refrain.cluster.analyse import Analysed, analyse  # noqa: E402
from refrain.cluster.workers import Workers  # noqa: E402

#: The module, whose name the function has too.
BUILD = sys.modules["refrain.cluster.build"]


@pytest.fixture(scope="module", autouse=True)
def workers() -> Iterator[None]:
    """One Ray for all tests."""
    with Workers(2, None):
        yield


@pytest.fixture(scope="module")
def music(songs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Songs in folders, two files with the same content far apart, a file that is no audio and one without sound."""
    folder = tmp_path_factory.mktemp("music").resolve()
    for number, song in enumerate(sorted(songs.iterdir())):
        (folder / f"disc {number % 3}").mkdir(exist_ok=True)
        shutil.copy2(song, folder / f"disc {number % 3}")
    first = min((folder / "disc 0").iterdir())
    shutil.copy2(first, folder / f"z copy{first.suffix}")
    (folder / "disc 1" / "broken.mp3").write_bytes(b"not audio")
    (folder / "disc 2" / "notes.txt").write_text("not looked at")
    melody(folder / "a-melody.wav", 20, 7)
    return folder


@pytest.fixture(scope="module")
def single(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index that `Index.build` makes of the same folder."""
    file = tmp_path_factory.mktemp("single") / "all.refrain"
    with refrain.Index(file, "a") as index:
        summary = index.build(music, threads=1)
        assert (summary.added, len(summary.failed), summary.copies) == (11, 1, 1)
    return file


Content = Tuple[List[Any], Dict[str, Any]]


def content(*indexes: Path) -> Content:
    """All tracks in order with their blocks, and all files."""
    tracks: List[Any] = []
    files: Dict[str, Any] = {}
    for path in indexes:
        db = sqlite3.connect(path)
        for row in db.execute("SELECT * FROM track ORDER BY id").fetchall():
            blocks = [
                db.execute(
                    f"SELECT id & 1048575, data FROM {table} WHERE id >> 20 = ? ORDER BY id", row[:1]
                ).fetchall()
                for table in ("frame_block", "window_block", "level_block")
            ]
            assert blocks[0] and blocks[1]
            tracks.append((row[1:], blocks))
        listed = db.execute(
            "SELECT path, size, mtime_ns, hash, missing, reason, refused_by FROM file LEFT JOIN track ON track = id"
        )
        for row in listed.fetchall():
            assert row[0] not in files
            files[row[0]] = row[1:]
        db.close()
    return tracks, files


def postings(path: Path) -> List[List[Tuple[int, int, bytes]]]:
    """The windows of each list: the number of the track, the frame, the vector."""
    db = sqlite3.connect(path)
    dims = int(db.execute("SELECT value FROM meta WHERE key = 'window_dims'").fetchone()[0])
    (count,) = db.execute("SELECT centroid_count FROM neighbour_index").fetchone()
    lists: List[List[Tuple[int, int, bytes]]] = [[] for _ in range(count)]
    for id_, data in db.execute("SELECT id, data FROM posting ORDER BY id"):
        length = int.from_bytes(data[:8], "little")
        numbers = [int.from_bytes(data[8 + 4 * i : 12 + 4 * i], "little") for i in range(length)]
        at = 8 + 4 * length + 8
        frames = [int.from_bytes(data[at + 4 * i : at + 4 * i + 4], "little") for i in range(length)]
        at += 4 * length + 8
        for i in range(length):
            vector = data[at + i * dims : at + (i + 1) * dims]
            lists[id_ >> 20].append((numbers[i], frames[i], vector))
    db.close()
    return lists


def is_valid(result: refrain.cluster.BuildResult) -> None:
    result.manifest.check()
    for path in result.manifest.paths:
        with refrain.Index(path) as index:
            index.verify()
            assert index.centroids == result.manifest.centroids
    # Nothing else is left.
    names = {path.name for path in result.manifest.folder.iterdir()}
    assert names == {".built", "manifest.json", *(shard.file for shard in result.manifest.shards)}


@pytest.mark.parametrize("shards", [1, 3])
def test_shards_hold_what_one_index_holds(music: Path, single: Path, tmp_path: Path, shards: int) -> None:
    done: List[Tuple[int, int]] = []
    result = refrain.cluster.build(
        music, tmp_path / "library", shards=shards, callback=lambda *told: done.append(told)
    )
    assert (result.found, result.analysed, result.tracks) == (13, 13, 11)
    assert done[-1] == (13, 13)
    assert [failure.path for failure in result.failed] == [str(music / "disc 1" / "broken.mp3")]
    assert len(result.manifest.shards) == shards and all(shard.tracks for shard in result.manifest.shards)
    is_valid(result)
    assert content(*result.manifest.paths) == content(single)
    # Again: there is nothing to do.
    again = refrain.cluster.build(music, tmp_path / "library", shards=shards)
    assert (again.analysed, again.manifest) == (0, result.manifest)


def test_the_lists_of_shards_are_parts_of_the_lists_of_one_file(music: Path, single: Path, tmp_path: Path) -> None:
    result = refrain.cluster.build(music, tmp_path / "library", shards=3)
    whole = tmp_path / "whole.refrain"
    shutil.copy(single, whole)
    with refrain.Index(whole, "r+") as index, refrain.Index(result.manifest.paths[0]) as shard:
        assert index.centroids is None
        index.set_centroids(shard)
        assert index.centroids == result.manifest.centroids
    joined: List[List[Tuple[int, int, bytes]]] = [[] for _ in postings(whole)]
    before = 0
    for path, told in zip(result.manifest.paths, result.manifest.shards):
        for all_, own in zip(joined, postings(path)):
            all_.extend((track + before, frame, vector) for track, frame, vector in own)
        before += told.tracks
    assert joined == postings(whole)
    assert sum(map(len, joined)) == sum(shard.windows for shard in result.manifest.shards)


def test_a_worker_that_is_killed_is_replaced(
    music: Path, single: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, victim = tmp_path / "killed", "second-orbit.flac"

    def dies_once(files: List[sources.Source], *rest: Any) -> Analysed:
        if any(source.path.endswith(victim) for source in files) and not mark.exists():
            mark.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        return analyse(files, *rest)

    monkeypatch.setattr(BUILD, "analyse", dies_once)
    result = refrain.cluster.build(music, tmp_path / "library", shards=2)
    assert mark.exists()
    is_valid(result)
    assert content(*result.manifest.paths) == content(single)


def test_a_file_that_kills_each_worker_is_named_and_the_others_are_indexed(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(files: List[sources.Source], *rest: Any) -> Analysed:
        if any(source.path.endswith("second-orbit.flac") for source in files):
            os.kill(os.getpid(), signal.SIGKILL)
        return analyse(files, *rest)

    monkeypatch.setattr(BUILD, "analyse", dies)
    monkeypatch.setattr(BUILD, "TASKS", 1)
    monkeypatch.setattr("refrain.cluster.workers.RETRIES", 0)
    result = refrain.cluster.build(music, tmp_path / "library", shards=2)
    assert result.tracks == 10
    assert [Path(failure.path).name for failure in result.failed] == ["broken.mp3", "second-orbit.flac"]
    assert "the worker died" in result.failed[1].reason
    result.manifest.check()
    # The next run tries it again.
    monkeypatch.setattr(BUILD, "analyse", analyse)
    assert refrain.cluster.build(music, tmp_path / "library", shards=2).tracks == 11


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_build_whose_driver_is_killed_goes_on(music: Path, single: Path, tmp_path: Path) -> None:
    program = """
        import os, signal, sys
        import refrain.cluster

        def kill(done, of):
            if done >= 4:
                os.kill(os.getpid(), signal.SIGKILL)

        refrain.cluster.build(sys.argv[1], sys.argv[2], shards=3, workers=1, callback=kill)
    """
    out = tmp_path / "library"
    run = [sys.executable, "-c", textwrap.dedent(program), str(music), str(out)]
    assert subprocess.run(run, timeout=300).returncode == -signal.SIGKILL
    with pytest.raises(FileNotFoundError):
        refrain.cluster.Manifest.load(out)
    result = refrain.cluster.build(music, out, shards=3)
    assert 0 < result.analysed <= 13 - 4
    is_valid(result)
    assert content(*result.manifest.paths) == content(single)


@pytest.mark.parametrize("last", ["assemble", "train", "finish", "save"])
def test_a_build_that_dies_while_it_writes_shards_goes_on(
    music: Path, single: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    """The driver dies after it has started, or had, the last step."""

    class Died(Exception):
        pass

    def here(self: Workers, function: Any, *arguments: Any) -> Any:
        reference = started(self, function, *arguments)
        if function.__name__ == last:
            ray.wait([reference])
            raise Died
        return reference

    def save(self: refrain.cluster.Manifest) -> None:
        raise Died

    started = Workers.here
    out = tmp_path / "library"
    with monkeypatch.context() as patched:
        if last == "save":
            patched.setattr(refrain.cluster.Manifest, "save", save)
        else:
            patched.setattr(Workers, "here", here)
        with pytest.raises(Died):
            refrain.cluster.build(music, out, shards=3)
    assert not (out / "manifest.json").exists()
    result = refrain.cluster.build(music, out, shards=3)
    assert result.analysed == 0, "the analysis is kept"
    is_valid(result)
    assert content(*result.manifest.paths) == content(single)


def test_a_file_that_goes_while_it_is_read_is_named_and_tried_again(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "music"
    shutil.copytree(music, folder)
    gone, aside = folder / "a-melody.wav", tmp_path / "aside.wav"
    find = sources.find

    def finds(*arguments: Any) -> Any:
        found = find(*arguments)
        gone.rename(aside)
        return found

    monkeypatch.setattr(sources, "find", finds)
    result = refrain.cluster.build(folder, tmp_path / "library", shards=2)
    assert result.tracks == 10
    assert [Path(failure.path).name for failure in result.failed] == ["a-melody.wav", "broken.mp3"]
    assert "No such file" in result.failed[0].reason
    monkeypatch.setattr(sources, "find", find)
    aside.rename(gone)
    again = refrain.cluster.build(folder, tmp_path / "library", shards=2)
    assert (again.tracks, len(again.failed)) == (11, 1)
    is_valid(again)


def test_other_files_make_another_library(music: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "music", tmp_path / "library"
    shutil.copytree(music, folder)
    assert refrain.cluster.build(folder, out, shards=3).tracks == 11
    melody(folder / "new.wav", 20, 8)
    result = refrain.cluster.build(folder, out, shards=2)
    assert (result.tracks, result.analysed) == (12, 14)
    is_valid(result)


def test_an_empty_library_has_empty_shards(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    result = refrain.cluster.build(tmp_path / "music", tmp_path / "library", shards=2)
    assert (result.found, result.tracks, result.manifest.centroids) == (0, 0, None)
    is_valid(result)


def test_objects_behind_urls_are_indexed_by_their_urls(music: Path, single: Path, tmp_path: Path) -> None:
    server_of = pytest.importorskip("moto.server", reason="moto is not installed")
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    import fsspec

    server = server_of.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        storage = {
            "key": "test",
            "secret": "test",
            "client_kwargs": {"endpoint_url": f"http://{host}:{port}"},
        }
        s3 = fsspec.filesystem("s3", **storage)
        s3.mkdir("archive")
        for path in sorted(path for path in music.rglob("*") if path.is_file()):
            s3.put_file(str(path), f"archive/music/{path.relative_to(music)}")
        result = refrain.cluster.build(
            "s3://archive/music", tmp_path / "library", shards=3, storage_options=storage
        )
    finally:
        server.stop()
    is_valid(result)
    assert (result.found, result.tracks) == (13, 11)
    assert [failure.path for failure in result.failed] == ["s3://archive/music/disc 1/broken.mp3"]
    (tracks, files), (expected, local) = content(*result.manifest.paths), content(single)
    assert tracks == expected
    # All but the dates, which are those of the objects.
    named = {f"s3://archive/music/{Path(path).relative_to(music)}": row for path, row in local.items()}
    undated = {path: (row[0], *row[2:]) for path, row in files.items()}
    assert undated == {path: (row[0], *row[2:]) for path, row in named.items()}


def test_a_mix_of_shards_is_refused(music: Path, single: Path, songs: Path, tmp_path: Path) -> None:
    result = refrain.cluster.build(music, tmp_path / "library", shards=2)
    other = refrain.cluster.build(songs, tmp_path / "other", shards=1)
    manifest = result.manifest
    with pytest.raises(MixedShardsError, match="has the centroids .* it is not a shard of this library"):
        manifest.check_shard(other.manifest.paths[0])
    with pytest.raises(MixedShardsError, match="has no centroids, the manifest has the centroids"):
        manifest.check_shard(single)
    shutil.copy(other.manifest.paths[0], manifest.paths[1])
    with pytest.raises(MixedShardsError, match="shard-001.refrain has the centroids"):
        refrain.cluster.Manifest.load(manifest.folder).check()
    newer = dataclasses.replace(other.manifest, version=other.manifest.version._replace(refrain="99.0"))
    newer.save()
    with pytest.raises(MixedShardsError, match="was made by refrain 99.0 .* install that version"):
        refrain.cluster.Manifest.load(other.manifest.folder).check()
    set_2 = dataclasses.replace(other.manifest, version=other.manifest.version._replace(parameter_set=2))
    with pytest.raises(MixedShardsError, match="has parameter set 1, the manifest has 2"):
        set_2.check_shard(other.manifest.paths[0])
    with pytest.raises(MixedShardsError, match="parameter set 2"):
        set_2.check()


def test_a_worker_of_another_version_is_refused(music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = versions.here()._replace(refrain="99.0")
    monkeypatch.setattr(versions, "here", lambda: other)
    with pytest.raises(MixedShardsError, match="the driver has refrain 99.0 .* install the same version"):
        refrain.cluster.build(music, tmp_path / "library")


def test_what_is_no_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(MixedShardsError, match="not a manifest"):
        refrain.cluster.Manifest.load(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"manifest": 2}))
    with pytest.raises(MixedShardsError, match="layout 2"):
        refrain.cluster.Manifest.load(tmp_path)


def test_the_page_of_the_manual_runs(
    songs: Path, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All but what needs other machines."""
    (tmp_path / "music").symlink_to(songs)
    (tmp_path / "clip.wav").symlink_to(clip)
    (tmp_path / "show.mp3").symlink_to(next(songs.glob("*.mp3")))
    (tmp_path / "new").mkdir()
    melody(tmp_path / "new" / "a.wav", 20, 9)
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs/cluster.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    blocks = [block for block in blocks if "address=" not in block]
    assert len(blocks) == 4
    for block in blocks:
        exec(compile(block, "cluster.md", "exec"), {})
    assert len(list((tmp_path / "library").glob("shard-*.refrain"))) == 3
    printed = capsys.readouterr().out
    assert "Second Orbit" in printed and printed.count("new/a.wav") == 2


@pytest.mark.parametrize(
    ("sizes", "count", "expected"),
    [
        ([1, 1, 1, 1], 2, [2, 2]),
        ([9, 1, 1, 1], 2, [1, 3]),
        ([1, 1, 1, 9], 2, [3, 1]),
        ([5], 3, [0, 1, 0]),
        ([], 2, [0, 0]),
        ([0, 0], 2, [2, 0]),
    ],
)
def test_stretches_are_balanced_by_bytes(sizes: List[int], count: int, expected: List[int]) -> None:
    files = [sources.Source(f"/{number}", size, 0) for number, size in enumerate(sizes)]
    cut = sources.stretches(files, count)
    assert [len(stretch) for stretch in cut] == expected
    assert [source for stretch in cut for source in stretch] == files


def test_paths_are_sorted_as_a_build_sorts_them(tmp_path: Path) -> None:
    for name in ("a-b.wav", "a/z.wav", "a.b/c.wav", "B.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"RIFF")
    found, _ = sources.find(str(tmp_path), BUILD._take(1, True, False, None, None), {})
    with refrain.Index(tmp_path / "i.refrain", "a") as index:
        seen: List[str] = []
        index.build(tmp_path, callback=lambda event: seen.append(str(event.path)) if event.path else None)
    assert [source.path for source in found] == seen
    assert [source.path for source in found] == sorted(
        (source.path for source in found), key=sources.order
    )
