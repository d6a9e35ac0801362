#!/usr/bin/env python3
"""Write the output of commands into README.md, below each comment `output of: COMMAND`.

usage: readme_output.py [--refrain PATH] [--check]

Runs the commands in order from the top of the source, with `demo.refrain` removed before and after. The path
of the source is shown as /home/you/refrain. Standard output and standard error are mixed as on a terminal. With --check
nothing is written, and the exit code is 1 where a command now prints other results; times are not compared.
"""

import argparse
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SPOT = re.compile(r"(<!-- output of: (.*?) -->\n```text\n)(.*?)(```\n)", re.DOTALL)
TIMES = re.compile(r"in \d+\.\d s, \d+ x")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--refrain", type=pathlib.Path, default=ROOT / "target/release/refrain")
    p.add_argument("--check", action="store_true")
    a = p.parse_args()

    def output(spot: re.Match) -> str:
        command = shlex.split(spot[2])
        assert command[0] == "refrain", spot[2]
        both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        ran = subprocess.run([a.refrain.resolve(), *command[1:]], cwd=ROOT, text=True, **both)
        text = ran.stdout.replace(str(ROOT), "/home/you/refrain")
        lines = [f"$ {spot[2]}", *(line.rstrip() for line in text.splitlines())]
        return spot[1] + "\n".join(lines) + "\n" + spot[4]

    demo = ROOT / "demo.refrain"
    readme = ROOT / "README.md"
    old = readme.read_text()
    demo.unlink(missing_ok=True)
    try:
        new = SPOT.sub(output, old)
    finally:
        demo.unlink(missing_ok=True)
    if not a.check:
        readme.write_text(new)
    elif TIMES.sub("", old) != TIMES.sub("", new):
        sys.exit("README.md shows other output; run eval/readme_output.py")


if __name__ == "__main__":
    main()
