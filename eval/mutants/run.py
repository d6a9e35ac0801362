#!/usr/bin/env python3
"""Runs the tests on mutants and says which of them the tests catch.

usage: run.py TREE SAMPLE... --work DIR [--jobs N] [--timeout S] [--warm TARGET] [--only TEXT] [--again RESULTS]
              [--lib] [--no-slow] [--no-doc]

TREE is a source tree of refrain; a SAMPLE holds a mutant a line, from draw.py or as in kinds.jsonl. All mutants are
planted in one copy of the tree and the tests are built once; the environment variable REFRAIN_MUTANT switches one
mutant on. A mutant that cannot be switched (in a constant, say) is built on its own at the end.

A mutant is caught when a test fails or hangs. The failing test runs once more, alone, and has to fail again. Tests that
fail without a mutant (they read the source, which is not as it was) do not count.

DIR keeps the copy, what was built, and results.json.
"""

import argparse
import concurrent.futures
import dataclasses
import filecmp
import json
import os
import pathlib
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
# A mutant may write or allocate without end.
MEMORY, FILE = 12 << 30, 2 << 30
# A test that takes no longer than this is quick, and runs before those that are not.
QUICK = 0.5
MARK = re.compile(rb"/\*(<?)(\d+)(>?)\*/")


@dataclasses.dataclass
class Mutant:
    id: int
    name: str
    kind: str
    file: str
    data: dict
    status: str = "new"
    by: str = ""
    seconds: float = 0.0


@dataclasses.dataclass
class Binary:
    name: str
    path: str
    folder: str
    order: int
    tests: dict = dataclasses.field(default_factory=dict)  # name -> seconds

    def stage(self, quick: bool, broken: set) -> list[str]:
        return [t for t, s in self.tests.items() if (s <= QUICK) == quick and (self.name, t) not in broken]


# Mutants.


def load(samples: list[pathlib.Path], tree: pathlib.Path) -> list[Mutant]:
    mutants: list[Mutant] = []
    for line in (line for sample in samples for line in sample.read_text().splitlines() if line.strip()):
        data = json.loads(line)
        id = len(mutants) + 1
        if "genre" in data:
            mutants.append(Mutant(id, data["name"], "lot", data["file"], data))
        else:
            mutant = Mutant(id, f"{data['kind']}: {data['what']}", "kind", data["file"], data)
            mutant.status = locate(tree, mutant)
            mutants.append(mutant)
    return mutants


def locate(tree: pathlib.Path, mutant: Mutant) -> str:
    """Finds the text of a hand-made mutant, whatever its line breaks; in another file where the named one has it not."""
    # Of a longer text the part in [[ ]] is meant.
    old = mutant.data["old"] if "[[" in mutant.data["old"] else f"[[{mutant.data['old']}]]"
    parts = [re.escape("".join(part.split())) for part in re.split(r"\[\[|\]\]", old)]
    named = tree / mutant.file
    others = sorted(path for path in tree.glob("src/**/*.rs") if path != named)
    for files in [[named] if named.exists() else [], others]:
        found = [(file, *span) for file in files for span in spans(file.read_text(), *parts)]
        if len(found) > 1:
            return "ambiguous"
        for file, start, end in found:
            raw = file.read_text()
            mutant.file = str(file.relative_to(tree))
            mutant.data["range"] = [len(raw[:at].encode()) for at in (start, end)]
            if mutant.data.get("build"):
                return "unplanted"
            new = mutant.data["new"]
            if not re.search(r"\bOLD\b", new):
                new = f"(if ON {{ {new} }} else {{ OLD }})"
            before, after = re.split(r"\bOLD\b", re.sub(r"\bON\b", f"crate::mutant::on({mutant.id})", new))
            opened, closed = f"/*<{mutant.id}*/", f"/*{mutant.id}>*/"
            mutant.data["before"], mutant.data["after"] = opened + before + closed, opened + after + closed
            return "new"
    return "not found"


def spans(text: str, before: str, part: str, after: str) -> list[tuple[int, int]]:
    """Where a part stands in a text from which white space was taken."""
    places = [at for at, char in enumerate(text) if not char.isspace()]
    dense = "".join(text[at] for at in places)
    found = re.finditer(f"{before}({part}){after}", dense)
    return [(places[match.start(1)], places[match.end(1) - 1] + 1) for match in found]


def equivalents() -> dict[str, str]:
    """What is struck out: `- NAME: reason`, the name between backticks."""
    text = (HERE / "equivalent.md").read_text()
    return dict(re.findall(r"^- `([^`]+)`: (.+)$", text, re.M))


# Copies and builds.


def check_out(tree: pathlib.Path, to: pathlib.Path) -> None:
    """Copies what git knows of, and new files."""
    listed = ["git", "-C", str(tree), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
    shutil.rmtree(to, ignore_errors=True)
    for file in files:
        if file and (tree / file).is_file():
            (to / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(tree / file, to / file)


def sync(source: pathlib.Path, to: pathlib.Path) -> None:
    """Makes `to` the same as `source`; what changes gets a date of now, what does not is not built again."""
    files = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    for path in to.rglob("*"):
        if path.is_file() and path.relative_to(to) not in files:
            path.unlink()
    for file in files:
        if not (to / file).exists() or not filecmp.cmp(source / file, to / file, shallow=False):
            (to / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / file, to / file)


def build(tree: pathlib.Path, target: pathlib.Path, which: list[str]) -> tuple[list[Binary], list[dict]]:
    """The test binaries, or the compiler's errors."""
    command = ["cargo", "test", "--locked", *which, "--no-run", "--message-format=json"]
    env = {**os.environ, "CARGO_TARGET_DIR": str(target)}
    done = subprocess.run(command, cwd=tree, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0:
        said = [m["message"] for m in messages if m["reason"] == "compiler-message"]
        errors = [m for m in said if m["level"] == "error" and m["spans"]]
        if not errors:
            sys.exit(f"cargo test --no-run failed in {tree}:\n{done.stderr[-4000:]}")
        return [], errors
    binaries = []
    for m in messages:
        if m["reason"] == "compiler-artifact" and m["profile"]["test"] and m["executable"]:
            kind = m["target"]["kind"][0]
            # The library's own tests first.
            order = {"lib": 0, "bin": 2}.get(kind, 1)
            folder = str(pathlib.Path(m["manifest_path"]).parent)
            binaries.append(Binary(f"{kind}:{m['target']['name']}", m["executable"], folder, order))
    return sorted(binaries, key=lambda b: (b.order, b.name)), []


def blamed(tree: pathlib.Path, errors: list[dict]) -> set[int]:
    """The mutants within which, or else around which, the compiler found errors."""
    ids = set()
    for error in errors:
        spans = list(error["spans"]) + [s for child in error["children"] for s in child["spans"]]
        inside, within = set(), set()
        for span in spans:
            path = tree / span["file_name"]
            if not path.is_file():
                continue
            opened: dict[int, int] = {}
            for mark in MARK.finditer(path.read_bytes()):
                id = int(mark[2])
                if mark[1]:
                    opened[id] = mark.start()
                elif mark[3] and id in opened:
                    if opened[id] <= span["byte_start"] and span["byte_end"] <= mark.end():
                        inside.add(id)
                    elif span["byte_start"] <= opened[id] and mark.end() <= span["byte_end"]:
                        within.add(id)
        ids |= inside or within
    return ids


def plant(planter: pathlib.Path, work: pathlib.Path, mutants: list[Mutant]) -> None:
    """Plants those that are new; says of each whether it could be planted."""
    sync(work / "pristine", work / "edited")
    lines = [json.dumps({**m.data, "id": m.id, "file": m.file, "diff": ""}) for m in mutants if m.status == "new"]
    done = subprocess.run([planter, work / "edited"], input="\n".join(lines), text=True, stdout=subprocess.PIPE, check=True)
    by_id = {m.id: m for m in mutants}
    for line in done.stdout.splitlines():
        said = json.loads(line)
        if said["status"] != "planted":
            by_id[said["id"]].status, by_id[said["id"]].by = said["status"], said["why"]
    sync(work / "edited", work / "tree")


def build_planted(planter: pathlib.Path, work: pathlib.Path, mutants: list[Mutant], which: list[str]) -> list[Binary]:
    """Builds all mutants at once; leaves out those that do not compile where they were planted."""
    while True:
        plant(planter, work, mutants)
        binaries, errors = build(work / "tree", work / "target", which)
        if binaries:
            return binaries
        bad = blamed(work / "tree", errors)
        if not bad:
            sys.exit("\n".join(error["rendered"] for error in errors))
        for mutant in mutants:
            if mutant.id in bad:
                mutant.status, mutant.by = "unplanted", "it does not compile beside the original"
                print(f"{mutant.id}: {mutant.name}: {mutant.by}", file=sys.stderr)


def replace(tree: pathlib.Path, mutant: Mutant) -> None:
    """Puts a single mutant in place of the original, as `cargo mutants` does."""
    path = tree / mutant.file
    text = path.read_text()
    if "span" in mutant.data:
        lines = [0]
        for line in text.splitlines(keepends=True):
            lines.append(lines[-1] + len(line))
        ends = (mutant.data["span"][end] for end in ("start", "end"))
        start, end = (lines[at["line"] - 1] + at["column"] - 1 for at in ends)
        text = text[:start] + mutant.data["replacement"] + text[end:]
    else:
        start, end = mutant.data["range"]
        raw = text.encode()
        old = raw[start:end].decode()
        new = re.sub(r"\bOLD\b", lambda _: old, re.sub(r"\bON\b", "true", mutant.data["new"]))
        text = raw[:start].decode() + new + raw[end:].decode()
    path.write_text(text)


# Tests.


class Run:
    """One run of tests of one binary, one after the other."""

    def __init__(self, binary: Binary, tests: list[str], mutant: int, work: pathlib.Path, limit: float):
        self.times: dict[str, float] = {}
        self.failed: list[str] = []
        self.how = ""  # "fails", "hangs" or "dies" for the last of the failed
        scratch = work / "tmp" / f"{mutant}-{threading.get_ident()}"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        self.env = {
            **os.environ,
            "REFRAIN_MUTANT": str(mutant),
            "TMPDIR": str(scratch),
            "CARGO_MANIFEST_DIR": binary.folder,
            "INSTA_UPDATE": "no",
            "INSTA_WORKSPACE_ROOT": binary.folder,
            "PROPTEST_MAX_SHRINK_ITERS": "0",
            "PROPTEST_DISABLE_FAILURE_PERSISTENCE": "1",
        }
        self.binary, self.tests, self.limit = binary, tests, limit
        try:
            self.ok = self.go()
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def go(self) -> bool:
        command = [self.binary.path, "--exact", "--test-threads=1", *self.tests]
        process = subprocess.Popen(
            command, cwd=self.binary.folder, env=self.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=limits,
        )  # fmt: skip
        out, text, at, current, began = process.stdout.fileno(), "", 0, "", time.monotonic()
        line = re.compile(r"^test (\S+)(?: - should panic)? \.\.\. (?:(ok|FAILED|ignored).*\n)?", re.M)
        try:
            while True:
                usual = self.binary.tests.get(current, max(self.binary.tests.values(), default=0))
                most = self.limit + 10 * usual
                ready, _, _ = select.select([out], [], [], max(0.1, began + most - time.monotonic()))
                if not ready:
                    self.failed.append(current)
                    self.how = "hangs"
                    return False
                data = os.read(out, 65536)
                if not data:
                    break
                text += data.decode(errors="replace")
                while match := line.search(text, at):
                    if match[1] != current:
                        current, began = match[1], time.monotonic()
                    if not match[2]:
                        break
                    at = match.end()
                    self.times[current] = time.monotonic() - began
                    if match[2] == "FAILED":
                        self.failed.append(current)
                        self.how = "fails"
                        if self.env["REFRAIN_MUTANT"] != "0":
                            return False
                    current, began = "", time.monotonic()
            code = process.wait()
            if code != 0 and not self.failed:
                self.failed.append(current)
                self.how = "dies"
            return code == 0
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
            process.stdout.close()


def limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE, FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Judge:
    def __init__(self, mutants: list[Mutant], broken: set, work: pathlib.Path, args: argparse.Namespace):
        self.mutants, self.broken, self.work, self.args = mutants, broken, work, args
        self.docs, self.kept = threading.Lock(), threading.Lock()

    def judge(self, mutant: Mutant, binaries: list[Binary], on: int, tree: pathlib.Path, target: pathlib.Path) -> None:
        began = time.monotonic()
        mutant.status, mutant.by = "survived", ""
        for quick in (True, False):
            for binary in binaries:
                tests = binary.stage(quick, self.broken)
                while tests and mutant.status == "survived":
                    run = Run(binary, tests, on, self.work, self.args.timeout)
                    if run.ok:
                        break
                    test = run.failed[0]
                    again = Run(binary, [test] if test else tests, on, self.work, self.args.timeout)
                    if not again.ok:
                        mutant.status, mutant.by = "caught", f"{binary.name} {test} {run.how}"
                    else:
                        print(f"{mutant.id}: {test} {run.how} only once", file=sys.stderr)
                        tests = tests[tests.index(test) + 1 :] if test in tests else []
        if mutant.status == "survived" and not self.args.no_doc and self.doc_fails(on, tree, target):
            mutant.status, mutant.by = "caught", "doc"
        mutant.seconds = time.monotonic() - began
        print(f"{mutant.seconds:5.0f} s  {mutant.status:8}  {mutant.id}: {mutant.name}  {mutant.by}".rstrip(), flush=True)
        with self.kept:
            keep(self.mutants, self.work)

    def doc_fails(self, on: int, tree: pathlib.Path, target: pathlib.Path) -> bool:
        command = ["cargo", "test", "--locked", "--doc", "-q"]
        env = {**os.environ, "CARGO_TARGET_DIR": str(target), "REFRAIN_MUTANT": str(on)}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with self.docs:
            process = subprocess.Popen(command, cwd=tree, env=env, start_new_session=True, **quiet)
            try:
                return process.wait(600) != 0
            except subprocess.TimeoutExpired:
                return True
            finally:
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                process.wait()


def baseline(binaries: list[Binary], work: pathlib.Path, limit: float) -> set:
    """How long each test takes, and those that fail without a mutant."""
    broken = set()
    for binary in binaries:
        listed = subprocess.run([binary.path, "--list", "--format=terse"], cwd=binary.folder, stdout=subprocess.PIPE)
        names = re.findall(r"^(.+): test$", listed.stdout.decode(), re.M)
        binary.tests = dict.fromkeys(names, 0.0)
        if not names:
            continue
        run = Run(binary, names, 0, work, 60 * limit)
        binary.tests.update(run.times)
        for test in run.failed:
            if not test:
                sys.exit(f"{binary.name} {run.how} without a mutant")
            if not Run(binary, [test], 0, work, 60 * limit).ok:
                broken.add((binary.name, test))
        took = sum(run.times.values())
        fail = ", ".join(test for name, test in broken if name == binary.name) or "none"
        print(f"{binary.name}: {len(names)} tests, {took:.0f} s; fail: {fail}", flush=True)
    return broken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tree", type=pathlib.Path)
    parser.add_argument("sample", type=pathlib.Path, nargs="+")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder for the copy, the build and the results")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time (2)")
    parser.add_argument("--timeout", type=float, default=30, help="seconds beyond ten times the usual until a test hangs (30)")
    parser.add_argument("--warm", type=pathlib.Path, help="a target folder to begin with")
    parser.add_argument("--only", help="only mutants whose name has this text")
    parser.add_argument("--again", type=pathlib.Path, help="only mutants that survived in this results.json")
    parser.add_argument("--lib", action="store_true", help="only the library's own tests: a first look")
    parser.add_argument("--no-slow", action="store_true", help="do not build those that cannot be switched")
    parser.add_argument("--no-doc", action="store_true", help="leave out the tests in the documentation")
    args = parser.parse_args()
    tree, work = args.tree.resolve(), args.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    if args.warm and not (work / "target").exists():
        shutil.copytree(args.warm, work / "target", symlinks=True, ignore=shutil.ignore_patterns("incremental"))

    mutants = load(args.sample, tree)
    if args.only:
        mutants = [m for m in mutants if args.only in m.name]
    if args.again:
        survived = {m["name"] for m in json.loads(args.again.read_text()) if m["status"] == "survived"}
        mutants = [m for m in mutants if m.name in survived]
    struck = equivalents()
    for mutant in mutants:
        if mutant.name in struck:
            mutant.status, mutant.by = "equivalent", struck[mutant.name]

    planting = {**os.environ, "CARGO_TARGET_DIR": str(work / "planter")}
    manifest = str(HERE / "plant" / "Cargo.toml")
    subprocess.run(["cargo", "build", "--release", "-q", "--locked", "--manifest-path", manifest], env=planting, check=True)
    planter = work / "planter" / "release" / "plant"
    which = ["--lib"] if args.lib else ["--lib", "--bins", "--tests"]
    args.no_doc |= args.lib
    began = time.monotonic()
    check_out(tree, work / "pristine")
    binaries = build_planted(planter, work, mutants, which)
    print(f"built in {time.monotonic() - began:.0f} s", flush=True)
    judge = Judge(mutants, baseline(binaries, work, args.timeout), work, args)
    if not args.no_doc and judge.doc_fails(0, work / "tree", work / "target"):
        print("the tests in the documentation fail without a mutant, and do not count", flush=True)
        args.no_doc = True

    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        planted = [m for m in mutants if m.status == "new"]
        list(pool.map(lambda m: judge.judge(m, binaries, m.id, work / "tree", work / "target"), planted))
    took = time.monotonic() - began

    slow = [m for m in mutants if m.status == "unplanted"]
    if slow and not args.no_slow:
        target = work / "target-slow"
        if not target.exists():
            shutil.copytree(work / "target", target, symlinks=True)
        for mutant in slow:
            single = work / "single"
            sync(work / "pristine", work / "edited")
            replace(work / "edited", mutant)
            sync(work / "edited", single)
            built, _ = build(single, target, which)
            if not built:
                mutant.status, mutant.by = "unviable", "it does not compile"
                print(f"unviable  {mutant.id}: {mutant.name}", flush=True)
                continue
            for binary in built:
                binary.tests = next((b.tests for b in binaries if b.name == binary.name), {})
            judge.judge(mutant, built, mutant.id, single, target)

    report(mutants, took / max(1, len(planted)), work)


def keep(mutants: list[Mutant], work: pathlib.Path) -> None:
    rows = [{k: v for k, v in dataclasses.asdict(m).items() if k != "data"} for m in mutants]
    (work / "results.json").write_text(json.dumps(rows, indent=1) + "\n")


def report(mutants: list[Mutant], each: float, work: pathlib.Path) -> None:
    keep(mutants, work)
    print("\n| mutant | | by |\n|---|---|---|")
    for m in sorted(mutants, key=lambda m: (m.status, m.id)):
        print(f"| {m.name.replace('|', chr(92) + '|')} | {m.status} | {m.by} |")
    print()
    for kind in ("lot", "kind"):
        of_kind = [m.status for m in mutants if m.kind == kind]
        counts = {status: of_kind.count(status) for status in sorted(set(of_kind))}
        caught, judged = counts.get("caught", 0), counts.get("caught", 0) + counts.get("survived", 0)
        if judged:
            print(f"{kind}: {caught} of {judged} caught, {100 * caught / judged:.0f} %; {counts}")
    print(f"{each:.0f} s each")


if __name__ == "__main__":
    main()
