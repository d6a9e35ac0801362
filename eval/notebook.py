#!/usr/bin/env python3
"""Runs examples/research.ipynb and compares the text of each cell's output with the one that is kept in it.

usage: notebook.py [--write] [NOTEBOOK]

--write keeps the new outputs instead. Exit status 1 if a cell fails or its text changed. Needs the Python package of this
repository, nbformat, nbclient, ipykernel and matplotlib.
"""
import argparse
import os
import sys
import tempfile
from pathlib import Path

import nbclient
import nbformat

ROOT = Path(__file__).resolve().parents[1]
MOST_BYTES = 200_000  # outputs stay small, as every change of them stays in the repository's history


def texts(cell) -> list[str]:
    """What a cell printed and returned, without pictures."""
    plain = [o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.get("outputs", [])]
    return ["".join(t for t in plain if not t.startswith("<Figure"))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebook", nargs="?", type=Path, default=ROOT / "examples/research.ipynb")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    kept, run = nbformat.read(args.notebook, 4), nbformat.read(args.notebook, 4)
    with tempfile.TemporaryDirectory() as folder:
        # The notebook writes its index into the working folder's temporary files.
        os.environ["TMPDIR"] = folder
        client = nbclient.NotebookClient(run, timeout=600, kernel_name="python3", record_timing=False)
        client.resources = {"metadata": {"path": str(ROOT)}}
        try:
            client.execute()
        except nbclient.exceptions.CellExecutionError as error:
            print(error, file=sys.stderr)
            return 1
    if args.write:
        run.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
        nbformat.write(run, args.notebook)
        size = args.notebook.stat().st_size
        print(f"{args.notebook.name}: {size} bytes")
        return int(size > MOST_BYTES)
    changed = [n for n, (a, b) in enumerate(zip(kept.cells, run.cells, strict=True)) if texts(a) != texts(b)]
    for n in changed:
        print(f"cell {n}: expected {texts(kept.cells[n])}, got {texts(run.cells[n])}", file=sys.stderr)
    print(f"{len(run.cells)} cells run, {len(changed)} with another output")
    return int(bool(changed))


if __name__ == "__main__":
    sys.exit(main())
