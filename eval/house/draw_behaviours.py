#!/usr/bin/env python3
"""Draws behaviours by lot from the sentences of README.md and docs/, for the test of whether names alone lead to the code.

usage: draw_behaviours.py [--seed N] [--n N] [PAGE...]

Prints the drawn sentences as a numbered list. Code blocks, tables, headings and links alone are left out; a sentence counts
when it has a verb's worth of words (8 or more). The same pages and seed give the same lots.
"""

import argparse
import pathlib
import random
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def sentences(markdown: str) -> list[str]:
    text = re.sub(r"```.*?```", "", markdown, flags=re.S)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    lines = [line for line in text.splitlines() if not re.match(r"\s*(#|\||>)", line)]
    paragraphs = re.split(r"\n\s*\n|\n(?=- )", "\n".join(lines))
    found = []
    for paragraph in paragraphs:
        flat = re.sub(r"\s+", " ", paragraph).strip().removeprefix("- ")
        found += [s.strip() for s in re.split(r"(?<=[.:])\s+(?=[A-Z`*])", flat)]
    return [s for s in found if len(s.split()) >= 8]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    parser.add_argument("pages", nargs="*", default=pages, type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--n", type=int, default=10)
    args = parser.parse_args()
    lots = random.Random(args.seed).sample([s for page in args.pages for s in sentences(page.read_text())], args.n)
    for number, sentence in enumerate(lots, 1):
        print(f"{number}. {sentence}")


if __name__ == "__main__":
    main()
