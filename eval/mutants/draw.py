#!/usr/bin/env python3
"""Draws mutants by lot from `cargo mutants --list`.

usage: draw.py [--tree DIR] [--seed N] [--n N] [--file GLOB]... > sample.jsonl

Prints one mutant a line, as `cargo mutants --list --json` gives it, its change included. The list is sorted by file, line, column
and replacement before the draw: the same tree and seed give the same lots. A module that is declared twice (public with a feature
and private without it) is listed twice; each mutant is in the draw once. Functions of test modules are not.
Needs `cargo install cargo-mutants --locked`.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FILES = [f"src/{room}/**" for room in ("align", "query", "ann", "fingerprint", "store", "build")]
SEED = 20261126


def place(mutant: dict) -> tuple:
    start = mutant["span"]["start"]
    return mutant["file"], start["line"], start["column"], mutant["replacement"]


def of_tests(mutant: dict) -> bool:
    """Whether it is in a test module. `cargo mutants` knows `cfg(test)`, but not `cfg(all(test, …))`."""
    return (mutant["function"] or {}).get("function_name", "").startswith("tests::")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tree", default=ROOT, type=pathlib.Path, help="the source tree (this one)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--file", action="append", metavar="GLOB", help=f"files to mutate ({' '.join(FILES)})")
    args = parser.parse_args()
    command = ["cargo", "mutants", "--list", "--json"]
    command += [part for glob in args.file or FILES for part in ("--file", glob)]
    listed = subprocess.run(command, cwd=args.tree, check=True, stdout=subprocess.PIPE)
    mutants = list({place(m): m for m in json.loads(listed.stdout) if not of_tests(m)}.values())
    mutants.sort(key=place)
    print(f"{min(args.n, len(mutants))} of {len(mutants)} mutants", file=sys.stderr)
    for mutant in random.Random(args.seed).sample(mutants, min(args.n, len(mutants))):
        print(json.dumps(mutant))


if __name__ == "__main__":
    main()
