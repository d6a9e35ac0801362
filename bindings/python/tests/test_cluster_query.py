"""A cluster answers as one index does, whatever dies meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import numpy as np
import pytest

import refrain
from conftest import melody

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install -r tests/requirements-cluster.txt")

import refrain.cluster  # noqa: E402
from refrain.cluster import Cluster, MixedShardsError, placement, versions, writes  # noqa: E402
from refrain.cluster.__main__ import main  # noqa: E402
from refrain.cluster.workers import Workers  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def workers() -> Iterator[None]:
    """One Ray for all tests."""
    with Workers(2, None):
        yield


@pytest.fixture(scope="module")
def music(songs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Songs, and a copy of the first that is in another shard."""
    folder = tmp_path_factory.mktemp("music").resolve()
    for song in songs.iterdir():
        shutil.copy2(song, folder)
    first = min(songs.iterdir())
    shutil.copy2(first, folder / f"z copy{first.suffix}")
    return folder


@pytest.fixture(scope="module")
def libraries(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Dict[int, Path]:
    """The same library in 1, 2 and 3 shards, which tests only read."""
    folder = tmp_path_factory.mktemp("libraries")
    for shards in (1, 2, 3):
        assert refrain.cluster.build(music, folder / str(shards), shards=shards).tracks == 10
    return {shards: folder / str(shards) for shards in (1, 2, 3)}


@pytest.fixture(scope="module")
def one(libraries: Dict[int, Path]) -> Iterator[refrain.Index]:
    """The library as one file."""
    with refrain.Index(libraries[1] / "shard-000.refrain") as index:
        yield index


@pytest.fixture
def library(libraries: Dict[int, Path], tmp_path: Path) -> Path:
    """The library in two shards, for tests that change it."""
    shutil.copytree(libraries[2], tmp_path / "library")
    return tmp_path / "library"


@pytest.fixture(scope="module")
def clips(fixtures: Path, music: Path, tmp_path_factory: pytest.TempPathFactory) -> List[Path]:
    """All clips of the project, two songs one after the other, and something that no song has."""
    folder = tmp_path_factory.mktemp("clips")
    y, sr = refrain.load(music / "quiet-engines.wav", sr=11_025, duration=9)
    z, _ = refrain.load(music / "second-orbit.flac", sr=11_025, offset=5, duration=9)
    wav(folder / "two.wav", np.concatenate([y, z]))
    melody(folder / "nothing.wav", 8, 99)
    clips = fixtures / "audio" / "clips"
    return [*sorted(path for path in clips.iterdir() if path.is_file()), *sorted(folder.iterdir())]


def wav(path: Path, y: Any) -> None:
    import wave

    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, 11_025, 0, "NONE", ""))
        out.writeframes((y * 32767).round().astype("<i2").tobytes())


def plain(told: Any) -> str:
    """A document without what is a file's own."""

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: without(each) for name, each in value.items() if name not in ("id", "shard")}
        return [without(each) for each in value] if isinstance(value, list) else value

    return json.dumps(without(told if isinstance(told, dict) else told.to_dict()))


def processes(cluster: Cluster) -> List[Tuple[int, str, int]]:
    found: List[Tuple[int, str, int]] = ray.get(cluster._keeper.processes.remote())
    return found


def wait_for(what: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def state(process: int) -> str:
    """How the system has a process: R, S, T; X if there is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "X"


@pytest.mark.parametrize("shards", [1, 2, 3])
def test_the_answers_are_those_of_one_index(
    libraries: Dict[int, Path], one: refrain.Index, clips: List[Path], shards: int
) -> None:
    with Cluster(libraries[shards], replicas=1) as cluster:
        assert len(cluster.shards) == shards
        found = 0
        for clip in clips:
            expected = one.query(clip, explain=True)
            found += bool(expected)
            # Every shard once as the one that answers.
            for _ in range(shards):
                answer = cluster.query(clip, explain=True)
                assert plain(answer) == plain(expected), clip
                assert answer.partial == ()
                for match in answer:
                    assert match.shard is not None and Path(match.shard).parent == libraries[shards]
        assert found >= 3
        y, sr = refrain.load(clips[0], sr=None)
        assert plain(cluster.query(y, sr)) == plain(one.query(y, sr))
        with open(clips[0], "rb") as file:
            assert cluster.query(file, name="x").query == "x"
        mix = next(clip for clip in clips if clip.name == "two.wav")
        assert plain(cluster.timeline(mix, min_score=0.9)) == plain(one.timeline(mix, min_score=0.9))
        assert len(cluster.timeline(mix, min_score=0.9)) == 2
        answers, failures = cluster.query_many([*clips, "none.wav"])
        assert [plain(answer) for answer in answers] == [plain(answer) for answer in one.query_many(clips)[0]]
        assert [failure.path for failure in failures] == ["none.wav"]
        assert (cluster.query(clips[0]) is not None and cluster.traffic.requests > 0) == (shards > 1)


def test_a_clip_that_is_no_audio_is_refused(libraries: Dict[int, Path]) -> None:
    with Cluster(libraries[2], replicas=1) as cluster:
        with pytest.raises(refrain.AudioError, match="not an audio file"):
            cluster.query(b"text")
        with pytest.raises(FileNotFoundError):
            cluster.query("none.wav")
        with pytest.raises(refrain.ParameterError, match="top"):
            cluster.query(b"text", top=0)


def test_a_replica_that_dies_changes_no_answer(
    libraries: Dict[int, Path], one: refrain.Index, clip: Path
) -> None:
    expected = plain(one.query(clip))
    with Cluster(libraries[2], replicas=2) as cluster:
        assert sorted(shard for shard, _, _ in processes(cluster)) == [0, 0, 1, 1]
        for shard in (0, 1):
            ray.kill(cluster._line.map.replicas[shard][0])
            began = time.monotonic()
            for _ in range(4):
                answer = cluster.query(clip)
                assert plain(answer) == expected and answer.partial == ()
            assert time.monotonic() - began < 10
        # Both are replaced.
        wait_for(lambda: sorted(shard for shard, _, _ in processes(cluster)) == [0, 0, 1, 1])
        before = {process for _, _, process in processes(cluster)}
        # A process that is killed comes back on its node.
        os.kill(next(iter(before)), signal.SIGKILL)
        assert plain(cluster.query(clip)) == expected
        wait_for(lambda: len({process for _, _, process in processes(cluster)} & before) == 3)
        wait_for(lambda: len(processes(cluster)) == 4)
        assert all(plain(cluster.query(clip)) == expected for _ in range(4))


def test_a_shard_without_replica_makes_the_answer_partial(
    libraries: Dict[int, Path], one: refrain.Index, clip: Path
) -> None:
    best = one.query(clip).best
    assert best is not None
    with Cluster(libraries[2], replicas=1, patience=2, rebalance=False) as cluster:
        match = cluster.query(clip).best
        assert match is not None and match.shard is not None
        name = Path(match.shard).name
        ray.kill(cluster._line.map.replicas[cluster.shards.index(name)][0])
        for _ in range(3):
            answer = cluster.query(clip)
            assert answer.partial == (name,) and answer.to_dict()["partial"] == [name]
            assert all(found.shard != match.shard for found in answer)
        # Once it is known that it is gone, nobody waits.
        began = time.monotonic()
        assert cluster.timeline(clip).to_dict()["partial"] == [name]
        assert time.monotonic() - began < 2
        for replicas in cluster._line.map.replicas.values():
            for replica in replicas:
                ray.kill(replica)
        with pytest.raises(refrain.cluster.ClusterError, match="no replica"):
            cluster.query(clip)


def test_what_is_added_is_found_until_it_is_removed(library: Path, music: Path, tmp_path: Path) -> None:
    new = tmp_path.resolve() / "new"
    new.mkdir()
    for number in range(3):
        melody(new / f"{number}.wav", 20, 50 + number)
    (new / "broken.mp3").write_bytes(b"not audio")
    with Cluster(library, replicas=2) as cluster:
        assert not cluster.query(new / "1.wav")
        written = cluster.add(new)
        assert sorted(written.files) == [str(new / f"{number}.wav") for number in range(3)]
        assert [Path(failure.path).name for failure in written.failed] == ["broken.mp3"]
        # All replicas have it.
        for _ in range(8):
            best = cluster.query(new / "1.wav").best
            assert best is not None and best.path == new / "1.wav"
        # Another content under the same name.
        melody(new / "1.wav", 20, 77)
        assert cluster.add(new / "1.wav").files == (str(new / "1.wav"),)
        best = cluster.query(new / "1.wav").best
        assert best is not None and best.path == new / "1.wav"
        removed = cluster.remove(new / "1.wav", "*second-orbit*")
        assert sorted(removed.files) == sorted([str(new / "1.wav"), str(music / "second-orbit.flac")])
        for _ in range(4):
            assert not cluster.query(new / "1.wav") and not cluster.query(music / "second-orbit.flac")
        with pytest.raises(refrain.NotInIndexError, match="nothing in the library"):
            cluster.remove(new / "1.wav")
        # The cluster answers as its files do, which last.
        expected = [plain(cluster.query(path)) for path in sorted(new.glob("*.wav"))]
    with Cluster(library, replicas=1) as cluster:
        assert [plain(cluster.query(path)) for path in sorted(new.glob("*.wav"))] == expected
    refrain.cluster.Manifest.load(library).check()
    assert not list((library / "writes").iterdir())
    paths = [str(file.path) for shard in range(2) for file in files_of(library, shard)]
    assert len(paths) == 12 and len(set(paths)) == 12


def files_of(library: Path, shard: int) -> List[refrain.records.File]:
    with refrain.Index(library / f"shard-{shard:03}.refrain") as index:
        index.verify()
        return [file for track in index.tracks() for file in track.files]


def test_queries_during_writes_see_all_or_nothing(library: Path, one: refrain.Index, clip: Path, tmp_path: Path) -> None:
    expected = plain(one.query(clip))
    new = tmp_path.resolve() / "new.wav"
    melody(new, 20, 60)
    with Cluster(library, replicas=2) as cluster:
        answers: List[str] = []
        ended = threading.Event()

        def ask() -> None:
            while not ended.is_set():
                answers.append(plain(cluster.query(clip)))

        askers = [threading.Thread(target=ask) for _ in range(3)]
        for asker in askers:
            asker.start()
        for _ in range(3):
            cluster.add(new)
            assert cluster.query(new)
            cluster.remove(new)
            assert not cluster.query(new)
        ended.set()
        for asker in askers:
            asker.join()
        assert len(answers) > 3 and set(answers) == {expected}


def test_a_write_that_is_cut_off_between_two_replicas_is_whole(library: Path, tmp_path: Path) -> None:
    new = tmp_path.resolve() / "new.wav"
    melody(new, 20, 61)
    with Cluster(library, replicas=2, patience=60) as cluster:
        keeper = cluster._keeper
        first = ray.get(keeper.smallest.remote())
        of_shard = [process for shard, _, process in processes(cluster) if shard == first]
        # One replica of the shard stands still, so that the write comes no further than to the other one.
        os.kill(of_shard[1], signal.SIGSTOP)
        wait_for(lambda: state(of_shard[1]) == "T")
        replicas = ray.get(keeper.map.remote()).replicas[first]
        outcome: List[Any] = []
        writer = threading.Thread(target=lambda: outcome.append(cluster.add(new)))
        writer.start()
        waiting = [replica.look.remote() for replica in replicas]
        (answering,), _ = ray.wait(waiting, num_returns=1, timeout=30)
        running = replicas[waiting.index(answering)]
        wait_for(lambda: ray.get(running.look.remote()).generation == 1)
        # The keeper dies in the middle, and the replica that stood still too.
        os.kill(ray.get(keeper_process(keeper)), signal.SIGKILL)
        os.kill(of_shard[1], signal.SIGKILL)
        writer.join(120)
        assert not writer.is_alive() and outcome[0].files == (str(new),)
        for _ in range(8):
            best = cluster.query(new).best
            assert best is not None and best.path == new
        wait_for(lambda: len(processes(cluster)) == 4)
        assert all(cluster.query(new) for _ in range(8))
    assert sum(str(file.path) == str(new) for shard in range(2) for file in files_of(library, shard)) == 1


def keeper_process(keeper: Any) -> Any:
    return keeper.process.remote()


def test_a_change_is_noted_before_it_begins(library: Path, tmp_path: Path) -> None:
    """Killed at any point, the file of a shard has all of a change or nothing of it."""
    added = tmp_path / "added.refrain"
    melody(tmp_path / "new.wav", 20, 62)
    name = str((tmp_path / "new.wav").resolve())
    with refrain.Index(added, "a") as index:
        index.build(name)
    gone = files_of(library, 0)[0]
    change = writes.Change([str(gone.path)], added.read_bytes())

    def has(path: str) -> bool:
        return path in [str(file.path) for file in files_of(library, 0)]

    # Without the note, there was nothing.
    note = writes.begin(library, "shard-000.refrain", change)
    note.rename(tmp_path / "note")
    assert writes.recover(library) == 0 and not has(name) and has(str(gone.path))
    # With it, everything: before the file has changed, half-way, and after.
    for steps in (0, 1, 2):
        shutil.copy2(added, tmp_path / "copy.refrain")
        shutil.copy2(library / "shard-000.refrain", tmp_path / "before.refrain")
        writes.begin(library, "shard-000.refrain", change)
        if steps == 1:
            writes.apply(library / "shard-000.refrain", change._replace(add=b""))
        if steps == 2:
            writes.apply(library / "shard-000.refrain", change)
        assert writes.recover(library) == 1
        assert has(name) and not has(str(gone.path)) and not list((library / "writes").iterdir())
        shutil.copy2(tmp_path / "before.refrain", library / "shard-000.refrain")


def test_shards_and_nodes_that_do_not_belong_together_are_refused(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "others").mkdir()
    for number in range(3):
        melody(tmp_path / "others" / f"{number}.wav", 20, number)
    with Cluster(library, replicas=1):
        with pytest.raises(refrain.IndexBusyError, match="another cluster serves"):
            Cluster(library, replicas=1)
    other = refrain.cluster.build(tmp_path / "others", tmp_path / "other", shards=1)
    aside = (library / "shard-001.refrain").rename(tmp_path / "aside")
    shutil.copy(other.manifest.paths[0], library / "shard-001.refrain")
    with pytest.raises(MixedShardsError, match="shard-001.refrain has the centroids"):
        Cluster(library)
    shutil.copy(aside, library / "shard-001.refrain")
    document = json.loads((library / "manifest.json").read_text())
    (library / "manifest.json").write_text(json.dumps({**document, "refrain": "99.0"}))
    with pytest.raises(MixedShardsError, match="was made by refrain 99.0"):
        Cluster(library)
    # A driver of another version than the actors.
    monkeypatch.setattr(versions, "here", lambda: versions.Version("99.0", *document_version(document)))
    with pytest.raises(MixedShardsError, match="the driver has refrain 99.0"):
        Cluster(library)


def document_version(document: Dict[str, Any]) -> Tuple[int, int]:
    return document["format"], document["parameter_set"]


def test_the_http_api_answers_with_the_documents(
    libraries: Dict[int, Path], one: refrain.Index, clips: List[Path]
) -> None:
    pytest.importorskip("ray.serve", reason="Ray Serve is not installed")
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Cluster(libraries[3], replicas=1) as cluster:
        with refrain.cluster.serve(cluster, port=port, most_bytes=4 << 20) as server:

            def post(path: str, body: bytes, method: str = "POST") -> Tuple[int, Any]:
                request = urllib.request.Request(server.url + path, body, method=method)
                try:
                    with urllib.request.urlopen(request, timeout=60) as reply:
                        return reply.status, json.loads(reply.read())
                except urllib.error.HTTPError as error:
                    return error.code, json.loads(error.read())

            for clip in clips:
                body = clip.read_bytes()
                status, document = post("/api/v1/query?name=clip&explain=1", body)
                assert status == 200 and plain(document) == plain(one.query(body, name="clip", explain=True))
            mix = next(clip for clip in clips if clip.name == "two.wav").read_bytes()
            status, document = post("/api/v1/timeline?name=mix&min_score=0.9", mix)
            assert status == 200 and plain(document) == plain(one.timeline(mix, name="mix", min_score=0.9))
            assert post("/api/v1/query", b"text") == (
                422,
                {"query": "-", "status": "error", "matches": [], "error": "not an audio file of a known format"},
            )
            assert post("/api/v1/query?top=x", mix)[0] == 400
            assert post("/api/v1/query?top=0", mix) == (400, {"error": "top is 0, must be a whole number of at least 1"})
            assert post("/api/v1/query?what=1", mix)[1]["error"].startswith("no parameter what; there are name, top")
            assert post("/api/v1/query", bytes(5 << 20)) == (413, {"error": f"more than {4 << 20} bytes"})
            assert post("/api/v2/query", mix)[0] == 404
            assert post("/api/v1/query", mix, "PUT")[0] == 405


def test_the_command_prints_documents(
    libraries: Dict[int, Path], one: refrain.Index, clip: Path, clips: List[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = next(path for path in clips if path.name == "nothing.wav")
    assert main(["query", str(libraries[2]), str(clip), str(nothing)]) == 0
    printed = [plain(json.loads(line)) for line in capsys.readouterr().out.splitlines()]
    assert printed == [plain(one.query(clip)), plain(one.query(nothing))]
    assert main(["query", str(libraries[2]), str(nothing)]) == 1
    assert main(["query", str(libraries[2]), str(clip), "none.wav"]) == 2
    document = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (document["query"], document["status"]) == ("none.wav", "error")
    assert main(["query", "nowhere", str(clip)]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_the_command_says_that_an_answer_is_partial(
    libraries: Dict[int, Path], clip: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(self: Cluster, *_: Any) -> None:
        wait(self, *_)
        ray.kill(self._line.map.replicas[0][0])

    wait = Cluster._wait
    monkeypatch.setattr(Cluster, "_wait", gone)
    init = Cluster.__init__
    monkeypatch.setattr(Cluster, "__init__", lambda self, *a, **k: init(self, *a, **k, rebalance=False))
    assert main(["query", str(libraries[3]), str(clip), "--patience", "1"]) == 2
    assert json.loads(capsys.readouterr().out)["partial"] == ["shard-000.refrain"]


def test_the_module_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "refrain.cluster", "query", "--help"], capture_output=True, text=True, check=True
    )
    assert "Exit status: 0 if a clip matched" in done.stdout


def settle(nodes: List[str], shards: int, replicas: int, placed: List[placement.Placed]) -> List[placement.Placed]:
    """What the plans lead to."""
    for _ in range(100):
        plan = placement.plan(placed, nodes, shards, replicas)
        if plan == placement.Plan([], []):
            return placed
        placed = [each for number, each in enumerate(placed) if number not in plan.stop]
        placed += [placement.Placed(shard, node, True) for shard, node in plan.start]
        # Every shard keeps a replica that answers.
        assert {each.shard for each in placed} == set(range(shards))
    raise AssertionError("the plans never end")


@pytest.mark.parametrize("shards", [1, 3, 7])
@pytest.mark.parametrize("replicas", [1, 2, 3])
def test_replicas_spread_over_the_nodes(shards: int, replicas: int) -> None:
    nodes = ["a"]
    placed = settle(nodes, shards, replicas, [])
    assert len(placed) == shards * replicas
    for change in ("+b", "+c", "-a", "+d", "+e", "-b", "-c"):
        nodes = [*nodes, change[1]] if change[0] == "+" else [node for node in nodes if node != change[1]]
        placed = settle(nodes, shards, replicas, [each for each in placed if each.node in nodes])
        assert len(placed) == shards * replicas
        for shard in range(shards):
            assert len({each.node for each in placed if each.shard == shard}) == min(replicas, len(nodes))
        load = [sum(each.node == node for each in placed) for node in nodes]
        assert max(load) - min(load) <= 1


def test_a_replica_that_is_not_ready_replaces_nobody() -> None:
    placed = [placement.Placed(0, "a", True), placement.Placed(0, "b", False), placement.Placed(0, "c", True)]
    assert placement.plan(placed, ["a", "b", "c"], 1, 2) == placement.Plan([], [])
    assert placement.plan([], [], 2, 2) == placement.Plan([], [])
