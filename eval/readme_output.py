#!/usr/bin/env python3
"""Write the output of commands into README.md and the pages in docs/, and draw the pictures in them.

usage: readme_output.py [--refrain PATH] [--check]

Below each comment `output of: COMMAND` comes what the command prints. Above each picture stands `picture of: COMMAND`;
a picture .svg is a terminal with the output, a picture .png is what the command itself draws.

The commands run in order from the top of the source. `demo.refrain` is an index of the songs in `fixtures/`, made anew for
every page. The path of the source is shown as /home/you/refrain. With --check nothing is written, and the exit code is 1
where a command now prints other results; times are not compared, nor are pictures that a command draws.
"""

import argparse
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import terminal_picture

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SPOT = re.compile(r"(<!-- output of: (.*?) -->\n```text\n)(.*?)(```\n)", re.DOTALL)
PICTURE = re.compile(r"<!-- picture of: (.*?) -->\n!\[[^]]*\]\(([^)]*)\)")
# What differs from run to run: everything in a line from there on.
TIMES = re.compile(r" of audio in .*")
SONGS = ["index", "build", "fixtures/audio/songs", "--db"]


class Shell:
    """Runs refrain as the pages show it, with their `demo.refrain` in a folder of its own."""

    def __init__(self, refrain: pathlib.Path, folder: pathlib.Path) -> None:
        self.refrain = refrain.resolve()
        self.demo = folder / "demo.refrain"
        self.coloured = "--color" in self.run("refrain query --help")

    def arguments(self, command: str) -> list[str]:
        """What comes after the program's name, with the index of this page, which is made if it is not there."""
        name, *args = shlex.split(command)
        assert name == "refrain", command
        if any("demo.refrain" in arg for arg in args) and args[:2] != SONGS[:2] and not self.demo.exists():
            self.run(shlex.join(["refrain", *SONGS, "demo.refrain"]))
        return [str(self.demo) if arg == "demo.refrain" else arg for arg in args]

    def run(self, command: str, coloured: bool = False) -> str:
        """Both streams as they come: results flow in lines, so that messages stand where a terminal has them."""
        args = self.arguments(command)
        if coloured and self.coloured:
            args.append("--color=always")
        environment = {name: value for name, value in os.environ.items() if name not in ("REFRAIN_DB", "REFRAIN_FFMPEG")}
        ran = subprocess.run(
            [self.refrain, *args], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        text = ran.stdout.replace(str(self.demo), "demo.refrain").replace(str(ROOT), "/home/you/refrain")
        return "".join(line.rstrip() + "\n" for line in text.splitlines())

    def draw(self, command: str, picture: pathlib.Path) -> None:
        """A picture that the command itself draws: its last argument is the picture's name."""
        *args, name = self.arguments(command)
        assert name == picture.name, f"{command} draws no {picture.name}"
        subprocess.run([self.refrain, *args, picture], cwd=ROOT, check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--refrain", type=pathlib.Path, default=ROOT / "target/release/refrain")
    p.add_argument("--check", action="store_true")
    a = p.parse_args()

    other = []

    def put(file: pathlib.Path, new: str) -> None:
        old = file.read_text() if file.exists() else ""
        if not a.check:
            file.write_text(new)
        elif TIMES.sub("", old) != TIMES.sub("", new):
            other.append(str(file.relative_to(ROOT)))

    for page in PAGES:
        with tempfile.TemporaryDirectory() as folder:
            shell = Shell(a.refrain, pathlib.Path(folder))

            def output(spot: re.Match) -> str:
                return f"{spot[1]}$ {spot[2]}\n{shell.run(spot[2])}{spot[4]}"

            put(page, SPOT.sub(output, page.read_text()))
            for command, name in PICTURE.findall(page.read_text()):
                file = page.parent / name
                if file.suffix == ".svg":
                    put(file, terminal_picture.picture(command, shell.run(command, coloured=True)))
                elif not a.check:
                    shell.draw(command, file)
    if other:
        sys.exit(f"other output in {', '.join(other)}; run eval/readme_output.py")


if __name__ == "__main__":
    main()
