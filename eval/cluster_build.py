#!/usr/bin/env python3
"""How much faster two workers of refrain.cluster build a library than one, and what that costs.

usage: cluster_build.py MUSIC WORK [--turns 5] [--most FILES] [--json FILE]

Needs the Python package of refrain with its extra `ray`, in a release build. MUSIC is a folder. WORK gets the indexes.

By turns: Ray with one worker, Ray with two, and `Index.build` with one thread, which is what `refrain index build -j1` runs. Each
is a process of its own. The order changes from turn to turn. All files are read once before.

The time is that of the call. The start of Ray and its workers has a figure of its own. CPU is user plus system time of the
process and of all its descendants, which are the workers and Ray's own processes: with the start of Ray, and without it.

Exit status 1 if the median of the ratios of time is below 1.7, or that of CPU above 1.15.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import time

LEAST_SPEED, MOST_CPU = 1.7, 1.15


def descendants(of):
    """This process and everything below it."""
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


def cpu():
    """Seconds of CPU of this process, of all that are below it, and of those of them that have ended."""
    ticks = 0
    for process in descendants(os.getpid()):
        try:
            stat = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        ticks += sum(int(value) for value in stat[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def nothing(_):
    """Makes a worker start and load the package."""
    import refrain.cluster.versions

    refrain.cluster.versions.here()
    time.sleep(0.5)
    return os.getpid()


def once(kind, files, out):
    """One build in this process: seconds, CPU of the call, CPU of all."""
    import refrain

    began = cpu()
    if kind == "alone":
        start, before = time.perf_counter(), cpu()
        with refrain.Index(out, "a") as index:
            tracks = index.build(files, threads=1).added
    else:
        # Otherwise the workers are nicer than the process without Ray, and slower wherever anything else runs.
        os.environ["RAY_worker_niceness"] = "0"
        import refrain.cluster
        from refrain.cluster.workers import Workers, ray

        workers = int(kind)
        with Workers(workers, None):
            ready = set()
            while len(ready) < workers:
                ready |= set(ray.get([ray.remote(nothing).remote(n) for n in range(workers)]))
            start, before = time.perf_counter(), cpu()
            tracks = refrain.cluster.build(files, out, shards=2).tracks
            seconds, spent, all_ = time.perf_counter() - start, cpu() - before, cpu() - began
        return {"kind": kind, "tracks": tracks, "seconds": seconds, "cpu": spent, "cpu_with_start": all_}
    seconds, spent = time.perf_counter() - start, cpu() - before
    return {"kind": kind, "tracks": tracks, "seconds": seconds, "cpu": spent, "cpu_with_start": spent}


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n")[2][7:])
    parser.add_argument("music", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--most", type=int)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--once", help=argparse.SUPPRESS)
    options = parser.parse_args()
    from refrain import _refrain
    from refrain.index import _take

    found, _ = _refrain.scan([str(options.music)], _take(None, True, False, None, None))
    files = [path for path, _, _ in found]
    if options.most and len(files) > options.most:
        files = sorted(random.Random(1).sample(files, options.most))
    if options.once:
        print(json.dumps(once(options.once, files, str(options.work / options.once))))
        return 0
    options.work.mkdir(parents=True, exist_ok=True)
    size = sum(len(pathlib.Path(path).read_bytes()) for path in files)
    print(f"{len(files)} files, {size / 1e6:.0f} MB, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    kinds, turns = ["1", "2", "alone"], []
    for turn in range(options.turns):
        results = {}
        for kind in kinds[turn % 3 :] + kinds[: turn % 3]:
            out = options.work / kind
            shutil.rmtree(out, ignore_errors=True)
            out.unlink(missing_ok=True)
            command = [sys.executable, __file__, str(options.music), str(options.work), "--once", kind]
            command += ["--most", str(options.most)] if options.most else []
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            results[kind] = json.loads(done.stdout.splitlines()[-1])
        assert len({result["tracks"] for result in results.values()}) == 1, results
        turns.append(results)
        told = "  ".join(
            f"{kind}: {r['seconds']:.1f} s, CPU {r['cpu']:.1f} s ({r['cpu_with_start']:.1f} with start)"
            for kind, r in sorted(results.items())
        )
        print(f"turn {turn + 1}: {told}  load {os.getloadavg()[0]:.1f}", flush=True)
    median = lambda value: statistics.median(map(value, turns))
    speed = median(lambda r: r["1"]["seconds"] / r["2"]["seconds"])
    cost = {kind: median(lambda r: r[kind]["cpu"] / r["alone"]["cpu"]) for kind in "12"}
    whole = median(lambda r: r["2"]["cpu_with_start"] / r["alone"]["cpu"])
    print(f"two workers are {speed:.2f} times as fast as one (at least {LEAST_SPEED})")
    print(f"CPU, of one thread without Ray: one worker {cost['1']:.3f}, two {cost['2']:.3f} (at most {MOST_CPU})")
    print(f"with the start of Ray and of its workers: {whole:.3f}")
    if options.json:
        options.json.write_text(json.dumps({"files": len(files), "bytes": size, "turns": turns}, indent=1) + "\n")
    return 0 if speed >= LEAST_SPEED and cost["2"] <= MOST_CPU else 1


if __name__ == "__main__":
    sys.exit(main())
