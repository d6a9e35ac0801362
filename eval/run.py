#!/usr/bin/env python3
"""Measure refrain on any folder of music: make clips, index, query, score, report.

usage: run.py MUSIC --work DIR [--name NAME] [--n 24] [--seed 1] [--lib-out 20%] [--neg N] [--noise DIR]
              [--queries DIR] [--db INDEX] [--refrain PATH] [--fpcalc] [--results DIR]

MUSIC is a folder of audio files, a corpus folder or a manifest.json. A fifth of the tracks stays out of the
index and serves for negatives. With --queries, clips that exist are used and MUSIC is left out.

DIR gets queries/ (the clips and the truth), index.refrain, and for each system NAME.jsonl with one row a
clip. The scores go to eval/results/NAME.json and .md and to standard output. Clips are reused when the same
set is asked for again; the index is always built anew.
"""

import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import subprocess
import sys
import time

import make_queries
import peer_fpcalc
import score

HERE = pathlib.Path(__file__).resolve().parent
BATCH = 400  # clips a process, so that a command line stays short
ALONE = 20  # clips that are also timed in a process of their own


@dataclasses.dataclass
class Cost:
    """What a child process took, as the kernel counts it."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mib: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        peak = max(self.peak_mib, other.peak_mib)
        return Cost(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s, peak)


def measured(command: list[str], out: pathlib.Path, err: pathlib.Path) -> tuple[int, Cost]:
    """Run a command with its streams in files; return exit code and cost."""
    begun = time.monotonic()
    with out.open("wb") as o, err.open("wb") as e:
        child = subprocess.Popen(command, stdout=o, stderr=e, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    cost = Cost(time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    return child.returncode, cost


def tail(path: pathlib.Path) -> str:
    """The end of an error stream, for a message."""
    return path.read_text(errors="replace")[-2000:]


def build_index(refrain: str, db: pathlib.Path, library: list[str], work: pathlib.Path) -> dict:
    """Index the library; return what it cost."""
    for old in db.parent.glob(db.name + "*"):
        old.unlink()
    command = [refrain, "index", "build", "--db", str(db), *library]
    code, cost = measured(command, work / "build.out", work / "build.err")
    if code != 0 or not db.exists():
        raise SystemExit(f"{refrain} index build ended with {code}:\n{tail(work / 'build.err')}")
    size = sum(p.stat().st_size for p in db.parent.glob(db.name + "*"))
    return dataclasses.asdict(cost) | {"bytes": size}


def to_row(line: dict) -> dict:
    """A row for scoring from one line of `refrain query --json`.

    `tempo` is the speed of the clip over that of the track: one second of the clip covers `tempo` seconds of
    the track, so the clip as a whole begins `query_start * tempo` before `ref_start`.
    """
    row = {"q": pathlib.Path(line["query"]).name, "track": None, "status": line["status"]}
    if line.get("candidates"):
        best = max(line["candidates"], key=lambda m: m["score"])
        row |= {"cand": best["path"], "cscore": best["score"]}
    if line.get("matches"):
        best = line["matches"][0]
        start = best["ref_start"] - best["query_start"] * best.get("tempo", 1.0)
        row |= {"cand": best["path"], "cscore": best["score"], "score": best["score"], "off": start}
        row |= {"tempo": best.get("tempo"), "pitch": best.get("pitch")}
        row["also"] = [start + at - best["ref_start"] for at in best.get("also_at", [])]
        row["track"] = best["path"] if line["status"] == "match" else None
    if line["status"] == "error":
        row["error"] = line.get("error")
    return row


def ask(
    refrain: str, db: pathlib.Path, clips: list[pathlib.Path], work: pathlib.Path
) -> tuple[list[dict], Cost]:
    """Query some clips in one process; answers may come in any order."""
    command = [refrain, "query", "--json", "--explain", "--db", str(db), *map(str, clips)]
    code, cost = measured(command, work / "query.out", work / "query.err")
    lines = [json.loads(s) for s in (work / "query.out").read_text().splitlines() if s.strip()]
    if len(lines) < len(clips):
        missing = f"{len(clips) - len(lines)} of {len(clips)} clips without an answer"
        print(f"{missing} (exit code {code})\n{tail(work / 'query.err')}", file=sys.stderr)
    return [to_row(line) for line in lines], cost


def run_refrain(
    refrain: str,
    queries: pathlib.Path,
    work: pathlib.Path,
    rows_file: pathlib.Path,
    given: pathlib.Path | None = None,
) -> dict:
    """Index the library of a query set, ask every clip, write the rows; return cost and method.

    With `given`, that index is asked instead: a larger one that holds the same library.
    """
    truth = json.loads((queries / "truth.json").read_text())
    library = (queries / "library.txt").read_text().splitlines()
    if given:
        db = given
        index_cost = {"cpu_s": 0.0, "wall_s": 0.0, "bytes": db.stat().st_size}
    else:
        db = work / "index.refrain"
        index_cost = build_index(refrain, db, library, work)
    clips = [(queries / t["q"]).resolve() for t in truth]
    rows, total = [], Cost()
    for i in range(0, len(clips), BATCH):
        some, cost = ask(refrain, db, clips[i : i + BATCH], work)
        rows, total = rows + some, total + cost
        print(f"{min(i + BATCH, len(clips))} of {len(clips)} clips asked", file=sys.stderr)
    alone = Cost()
    single = clips[:: max(1, len(clips) // ALONE)][:ALONE]
    for clip in single:
        alone += ask(refrain, db, [clip], work)[1]
    rows_file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    version = subprocess.run([refrain, "--version"], capture_output=True, text=True).stdout.strip()
    return {
        "method": f"{version or refrain}, its own acceptance rule",
        "errors": sum(row["status"] == "error" for row in rows),
        "index": index_cost,
        "query": {
            "n": len(clips),
            "cpu_ms": 1000 * total.cpu_s / len(clips),
            "wall_ms": 1000 * total.wall_s / len(clips),
            "peak_mib": total.peak_mib,
            "alone_cpu_ms": 1000 * alone.cpu_s / len(single),
            "alone_wall_ms": 1000 * alone.wall_s / len(single),
        },
    }


# ---- the query set -----------------------------------------------------------------------------------


def query_set(args: argparse.Namespace) -> pathlib.Path:
    """The folder of clips: the one given, or WORK/queries, made now unless it is there."""
    if args.queries:
        return args.queries
    if args.music is None:
        raise SystemExit("give a folder of music, or --queries with clips that exist")
    if not args.music.exists():
        raise SystemExit(f"{args.music}: no such folder or manifest")
    folder = args.work / "queries"
    wish = [str(folder), "--n", str(args.n), "--seed", str(args.seed), "--lib-out", args.lib_out]
    wish += ["--neg", str(args.neg)] if args.neg is not None else []
    wish += ["--noise", str(args.noise.resolve())] if args.noise else []
    wish = [str(args.music.resolve()), *wish]
    note = folder / "request.json"
    if note.exists() and json.loads(note.read_text()) != wish:
        raise SystemExit(f"{folder} holds clips of another request; remove it or choose another --work")
    if not (folder / "truth.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps(wish))
        make_queries.make(make_queries.parser().parse_args(wish))
    return folder


def about(queries: pathlib.Path) -> dict:
    """What make_queries noted about the set; counts only where it is an older set without a note."""
    note = queries / "about.json"
    if note.exists():
        return json.loads(note.read_text())
    return {"library": len((queries / "library.txt").read_text().splitlines())}


def commit() -> str:
    """The commit that the harness stands on, with a mark where files differ from it."""
    git = ["git", "-C", str(HERE)]
    head = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True)
    changed = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True).stdout
    return (head.stdout.strip() or "unknown") + (" with changes" if changed.strip() else "")


# ---- the report --------------------------------------------------------------------------------------


def cost_table(systems: dict[str, dict], seconds: float | None) -> str:
    """Index and query cost of each system."""
    hours = seconds / 3600 if seconds else None

    def row(name: str, run: dict) -> list[str]:
        index, query = run["index"], run["query"]
        speed = seconds / index["cpu_s"] if seconds and index["cpu_s"] else None
        size = index["bytes"] / 1e6 / hours if hours else None
        return [
            name,
            score.number(speed),
            score.number(index["cpu_s"], 1),
            score.number(index["wall_s"], 1),
            score.number(size, 2),
            score.number(index.get("peak_mib")),
            score.number(query["cpu_ms"], 1),
            score.number(query.get("alone_cpu_ms"), 1),
            score.number(query.get("alone_wall_ms"), 1),
            score.number(query.get("peak_mib")),
        ]

    head = ["", "index, x real time a CPU s", "index CPU s", "wall s", "MB an hour of audio", "peak MiB"]
    head += ["query CPU ms, in batches", "alone, CPU ms", "alone, wall ms", "peak MiB"]
    return "## Cost\n\n" + score.table(head, [row(name, run) for name, run in systems.items()])


def heading(name: str, facts: dict, report: dict) -> str:
    """Title, date, commit, what was measured and how each system decides."""
    hours = facts.get("library_seconds")
    size = f"{facts['library']} tracks" + (f", {hours / 3600:.2f} h" if hours else "")
    lines = [
        f"# {name}",
        "",
        f"{report['date']}, commit {report['commit']}. Library: {size}.",
        "",
    ]
    lines += [f"- {system}: {run['method']}" for system, run in report["systems"].items()]
    return "\n".join(lines)


def report(args: argparse.Namespace, queries: pathlib.Path, systems: dict[str, dict]) -> str:
    """Score all systems, store JSON and Markdown under NAME, return the Markdown."""
    truth = json.loads((queries / "truth.json").read_text())
    scores = {n: score.score(truth, score.read_rows(args.work / f"{n}.jsonl")) for n in systems}
    facts = about(queries)
    result = {"date": datetime.date.today().isoformat(), "commit": commit(), "queries": facts}
    result["systems"] = {n: run | {"scores": scores[n]} for n, run in systems.items()}
    costs = cost_table(systems, facts.get("library_seconds"))
    text = heading(args.name, facts, result) + "\n\n" + costs + "\n\n" + score.markdown(scores)
    args.results.mkdir(parents=True, exist_ok=True)
    (args.results / f"{args.name}.json").write_text(json.dumps(result, indent=1) + "\n")
    (args.results / f"{args.name}.md").write_text(text)
    return text


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("music", type=pathlib.Path, nargs="?")
    p.add_argument("--work", type=pathlib.Path, required=True, help="where clips, index and rows go")
    p.add_argument("--queries", type=pathlib.Path, help="a folder made by make_queries.py")
    p.add_argument("--name", help="of the result files (default: the name of the music or query folder)")
    p.add_argument("--n", type=int, default=24)
    p.add_argument("--neg", type=int)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--lib-out", default="20%")
    p.add_argument("--noise", type=pathlib.Path)
    p.add_argument("--refrain", default=str(HERE.parent / "target/release/refrain"))
    p.add_argument("--db", type=pathlib.Path, help="ask this index, which holds the library and more, as it is")
    p.add_argument("--fpcalc", action="store_true", help="measure Chromaprint on the same clips too")
    p.add_argument("--fpcalc-limit", type=float, help="bit error below which it counts (default: fitted)")
    p.add_argument("--results", type=pathlib.Path, default=HERE / "results")
    return p


def main() -> None:
    """Do it all."""
    args = parser().parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    queries = query_set(args)
    source = args.queries or (args.music if args.music.is_dir() else args.music.parent)
    args.name = args.name or source.resolve().name
    systems = {"refrain": run_refrain(args.refrain, queries, args.work, args.work / "refrain.jsonl", args.db)}
    if args.fpcalc:
        systems["fpcalc"] = peer_fpcalc.run(queries, args.work / "fpcalc.jsonl", args.fpcalc_limit)
    print(report(args, queries, systems))


if __name__ == "__main__":
    main()
