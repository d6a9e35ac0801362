#!/usr/bin/env python3
"""Whether a cluster of three nodes answers as one index while a node is killed and another one comes, and what a query costs.

usage: cluster_nodes.py MUSIC WORK [--clips 200] [--json FILE]

Needs the Python package of refrain with its extra `ray`. MUSIC is a folder of audio files. WORK gets indexes. Starts three nodes
of Ray on 127.0.0.2, .3 and .4, which must be free, each with one core.

1. Builds the library in three shards and as one file with the same centroids. Opens a cluster with two replicas of each shard.
2. Asks clips of 6 to 9 s, cut from the files at random, and noise. Counts the time, the CPU of the calling process, and the
   bytes between replicas.
3. Asks all clips, two at a time. After a third of them, kills one node and everything on it with SIGKILL.
4. Waits until each shard has two replicas again, then starts a node and asks until it has its share of replicas.

All answers must be those of the one file, but for `id` and `shard`. Prints the figures as JSON. Exit status 1 if an answer was
wrong, partial or missing, or if one took longer than 10 s.
"""

import argparse
import io
import json
import os
import pathlib
import random
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import wave
from concurrent.futures import ThreadPoolExecutor

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
# Ray lets only those in who have the token. This one is made for the run.
os.environ["RAY_AUTH_MODE"], os.environ["RAY_AUTH_TOKEN"] = "token", secrets.token_hex(32)

LONGEST = 10.0
HEAD = "127.0.0.2:6390"


def descendants(of):
    """A process and everything below it."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            children.setdefault(int(stat[1]), []).append(int(entry.name))
    todo, found = [of], []
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


class Node:
    """A node of Ray."""

    def __init__(self, number, log):
        ip = f"127.0.0.{number}"
        first = 20_000 + 400 * number
        ray = pathlib.Path(sys.executable).with_name("ray")
        command = [str(ray), "start", "--block", "--num-cpus=1", f"--node-ip-address={ip}"]
        command += [f"--min-worker-port={first}", f"--max-worker-port={first + 399}", "--object-store-memory=200000000"]
        command += ["--head", "--port=6390", "--include-dashboard=false"] if number == 2 else [f"--address={HEAD}"]
        out = open(log, "w")
        self.process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)

    def kill(self):
        """Kills all of its processes."""
        for process in descendants(self.process.pid):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()


def until(what, seconds=180):
    """How long it takes until something is so."""
    start = time.perf_counter()
    while not what():
        if time.perf_counter() - start > seconds:
            raise SystemExit("waited too long")
        time.sleep(0.1)
    return time.perf_counter() - start


def cut(music, count):
    """Clips as WAV files: the name and the content."""
    import numpy as np

    import refrain

    rng = random.Random(18)
    songs = []
    for path in sorted(path for path in music.rglob("*") if path.is_file()):
        try:
            songs.append((path.name, refrain.load(path, sr=11_025)[0]))
        except (refrain.RefrainError, OSError):
            continue
    clips = []
    for number in range(count):
        name, y = rng.choice(songs)
        length = rng.randrange(6 * 11_025, 9 * 11_025)
        start = rng.randrange(max(1, len(y) - length))
        part = np.array(y[start : start + length])
        noise = np.random.default_rng(number).standard_normal(len(part))
        part = noise / 10 if number % 10 == 9 else part + noise * 0.1 * np.std(part)
        out = io.BytesIO()
        with wave.open(out, "wb") as file:
            file.setparams((1, 2, 11_025, 0, "NONE", ""))
            file.writeframes((np.clip(part, -1, 1) * 32_767).astype("<i2").tobytes())
        clips.append((f"{number:03} {name}", out.getvalue()))
    return clips


def plain(answer):
    """A document without what is a file's own."""
    told = answer.to_dict()
    for match in told["matches"]:
        match.pop("id"), match.pop("shard", None)
    return json.dumps(told)


class Asked:
    """What became of the clips."""

    def __init__(self, cluster, clips, expected):
        self.cluster, self.clips, self.expected = cluster, clips, expected
        self.lock, self.seconds, self.bytes, self.requests = threading.Lock(), [], [], []
        self.wrong, self.partial, self.missing = [], [], []

    def ask(self, number):
        name, content = self.clips[number]
        start = time.perf_counter()
        try:
            answer = self.cluster.query(content, name=name)
        except Exception as error:
            with self.lock:
                self.missing.append(f"{name}: {type(error).__name__}: {error}")
            return
        with self.lock:
            self.seconds.append(time.perf_counter() - start)
            self.bytes.append(self.cluster.traffic.sent + self.cluster.traffic.received)
            self.requests.append(self.cluster.traffic.requests)
            if answer.partial:
                self.partial.append(name)
            elif plain(answer) != self.expected[number]:
                self.wrong.append(name)

    def figures(self):
        return {
            "queries": len(self.seconds) + len(self.missing),
            "wrong": len(self.wrong),
            "partial": len(self.partial),
            "missing": self.missing,
            "seconds_median": round(statistics.median(self.seconds), 3),
            "seconds_most": round(max(self.seconds), 3),
        }

    def is_right(self):
        return not (self.wrong or self.partial or self.missing) and max(self.seconds) <= LONGEST


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n")[2][7:])
    parser.add_argument("music", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    nodes = {2: Node(2, options.work / "node-2.log")}
    try:
        figures, is_right = measured(options, nodes, start)
    finally:
        for node in reversed(list(nodes.values())):
            node.kill()
    text = json.dumps(figures, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n")
    return 0 if is_right else 1


def measured(options, nodes, start):
    import ray

    import refrain
    import refrain.cluster

    until(lambda: connected(ray))
    # One after the other: nodes that start at the same time on one machine take the same names of sockets.
    for number in (3, 4):
        nodes[number] = Node(number, options.work / f"node-{number}.log")
        until(lambda: sum(node["Alive"] for node in ray.nodes()) == len(nodes))
    figures = {"nodes_up_seconds": round(time.perf_counter() - start, 1), "cores": os.cpu_count()}
    one = refrain.cluster.build(options.music, options.work / "one", shards=1)
    assert refrain.cluster.build(options.music, options.work / "three", shards=3).tracks == one.tracks
    clips = cut(options.music, options.clips)
    with refrain.Index(one.manifest.paths[0]) as index:
        before = time.process_time()
        answers = [index.query(content, name=name) for name, content in clips]
        figures["tracks"], figures["found"] = one.tracks, sum(map(bool, answers))
        figures["one_file_cpu_ms_a_query"] = round(1000 * (time.process_time() - before) / len(clips), 1)
    expected = [plain(answer) for answer in answers]
    before = time.perf_counter()
    with refrain.cluster.Cluster(options.work / "three", replicas=2) as cluster:
        figures["cluster_up_seconds"] = round(time.perf_counter() - before, 1)
        where = lambda: ray.get(cluster._keeper.processes.remote())
        spread = lambda: sorted(sum(node == each for _, node, _ in where()) for each in {n for _, n, _ in where()})

        # Undisturbed.
        warm = Asked(cluster, clips, expected)
        for number in range(min(20, len(clips))):
            warm.ask(number)
        calm = Asked(cluster, clips, expected)
        before = time.process_time()
        for number in range(len(clips) // 2):
            calm.ask(number)
        caller = (time.process_time() - before) / len(calm.seconds)
        figures["undisturbed"] = {
            **calm.figures(),
            "caller_cpu_ms_a_query": round(1000 * caller, 2),
            "clip_bytes_a_query": round(statistics.mean(len(content) for _, content in clips)),
            "requests_a_query": round(statistics.mean(calm.requests), 1),
            "bytes_between_shards_a_query": round(statistics.mean(calm.bytes)),
            "bytes_between_shards_most": max(calm.bytes),
        }

        # A node dies.
        killed = Asked(cluster, clips, expected)
        died = threading.Event()

        def ask(number):
            if number == len(clips) // 3:
                nodes.pop(3).kill()
                died.set()
            killed.ask(number)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(ask, range(len(clips))))
        assert died.is_set()
        figures["one_node_killed"] = killed.figures()
        figures["replicas_back_seconds_after_the_queries"] = round(until(lambda: len(where()) == 6 and len(spread()) == 2), 1)

        # A node comes.
        come = Asked(cluster, clips, expected)
        nodes[5] = Node(5, options.work / "node-5.log")
        before = time.perf_counter()
        number = 0
        while spread() != [2, 2, 2] or number < 50:
            come.ask(number % len(clips))
            number += 1
            if spread() == [2, 2, 2]:
                figures.setdefault("spread_again_seconds", round(time.perf_counter() - before, 1))
            if time.perf_counter() - before > 180:
                break
        figures["one_node_added"] = {**come.figures(), "replicas_by_node": spread()}
    ray.shutdown()
    is_even = figures["one_node_added"]["replicas_by_node"] == [2, 2, 2]
    return figures, is_even and all(each.is_right() for each in (warm, calm, killed, come))


def connected(ray):
    if not listens(HEAD):
        return False
    try:
        ray.init(address=HEAD, _node_ip_address="127.0.0.2", log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError):
        return False
    return True


def listens(address):
    host, port = address.split(":")
    with socket.socket() as line:
        return line.connect_ex((host, int(port))) == 0


if __name__ == "__main__":
    sys.exit(main())
