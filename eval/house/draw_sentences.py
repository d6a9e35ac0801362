#!/usr/bin/env python3
"""Draws sentences by lot from what people read: README, manual, help texts and messages. Readers mark those that they read twice.

usage: draw_sentences.py [--refrain PATH] [--n 100] [--seed TEXT]

The seed is the hash of the commit unless given, so a new commit draws anew and the same one draws the same. A sentence has five
words or more beside code and addresses. Cells of tables count. Messages are the texts in the source of the command and of
`error.rs` that nothing is put into, and what the tests keep of messages as they are printed. Pages for those who make releases
do not count.
"""

import argparse
import pathlib
import random
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGES = ["README.md", "docs/*.md", "bindings/*/README.md"]
MESSAGES = ["src/bin/refrain/**/*.rs", "src/error.rs"]
PRINTED = "tests/it/*.rs"
LEAST_WORDS = 5


def parts(text: str) -> list[str]:
    """Sentences of a paragraph."""
    flat = re.sub(r"\s+", " ", text).strip(" -*")
    # Help states what is the default, or the variable, in brackets.
    flat = re.sub(r" \[(?:default|env|possible values): [^]]*\]", "", flat)
    return re.split(r"(?<=[.:;!?])\s+(?=[A-Z`*\[]|refrain\b)", flat)


def of_page(markdown: str) -> list[str]:
    text = re.sub(r"```.*?```|<!--.*?-->|(?<!`)\*\*(?!`)", "", markdown, flags=re.S)
    rows = [cell for line in text.splitlines() if line.startswith("|") for cell in line.strip("|").split(" | ")]
    lines = [line for line in text.splitlines() if not re.match(r"\s*(#|\|)", line)]
    paragraphs = re.split(r"\n\s*\n|\n(?=\s*(?:- |\d+\. ))", "\n".join(lines))
    return [s for paragraph in [*paragraphs, *rows] for s in parts(paragraph)]


def helps(program: pathlib.Path, above: list[str]) -> list[str]:
    text = subprocess.run([program, *above, "--help"], capture_output=True, text=True, check=True).stdout
    body = re.split(r"\nExamples:", text)[0]
    # Descriptions are indented; options stand in front of theirs.
    paragraphs = re.split(r"\n\s*\n|\n(?=\s{2,10}(?:-|<|\[|[a-z]+ {2,}))", body)
    plain = [re.sub(r"^\s*(?:- \w+:\s|-\S+,?\s|--\S+\s|<\S+>\s|\[?<?[A-Z]+>?\]?\.*\s|[a-z]+ {2,})+", "", p) for p in paragraphs]
    found = [s for p in plain if not p.startswith("Usage") for s in parts(p)]
    commands = re.search(r"\nCommands:\n(.*?)\n\n", text, re.S)
    for name in re.findall(r"^ {2}([a-z]+) ", commands[1], re.M) if commands else []:
        if name != "help":
            found += helps(program, [*above, name])
    return found


def messages(source: str) -> list[str]:
    source = source.split("#[cfg(test)]\nmod ")[0]
    code = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith("//"))
    texts = re.findall(r'"((?:[^"\\]|\\.)*)"', code)
    # What spans lines without a backslash is code between two texts.
    plain = [re.sub(r"\\\n\s*", "", text) for text in texts if not text.startswith("\\")]
    # A text with holes is no sentence yet; one with code in it is none at all.
    return [text.replace("\\n", " ") for text in plain if not re.search(r"[\n{}\x1b]|=>|::|\(\)|^refrain [a-z]|FILE |'self'|^arecord |-src |^\w+$|^\s*(?:\?|\)|\.|,)", text)]


def printed(test: str) -> list[str]:
    """Messages that a test keeps word for word."""
    return [line for text in re.findall(r'@r?#*"(refrain: [^"]*)"', test) for line in text.splitlines()]


def words(sentence: str) -> int:
    plain = re.sub(r"`[^`]*`|\[([^]]*)\]\([^)]*\)|https?://\S+|\S*[/\\]\S*", r" \1 ", sentence)
    return len(re.findall(r"[A-Za-z]{2,}", plain))


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--refrain", type=pathlib.Path, default=ROOT / "target/debug/refrain")
    p.add_argument("--n", type=int, default=100)
    p.add_argument("--seed")
    a = p.parse_args()
    git = ["git", "rev-parse", "HEAD"]
    seed = a.seed or subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    of = {
        "manual": [s for pattern in PAGES for f in sorted(ROOT.glob(pattern)) for s in of_page(f.read_text())],
        "help": helps(a.refrain.resolve(), []),
        "message": [s for pattern in MESSAGES for f in sorted(ROOT.glob(pattern)) for s in messages(f.read_text())]
        + [s for f in sorted(ROOT.glob(PRINTED)) for s in printed(f.read_text())],
    }
    all_of_them = [(kind, s) for kind, found in of.items() for s in dict.fromkeys(found) if words(s) >= LEAST_WORDS]
    drawn = random.Random(seed).sample(sorted(all_of_them), min(a.n, len(all_of_them)))
    print(f"{len(drawn)} of {len(all_of_them)} sentences, seed {seed}\n")
    for number, (kind, sentence) in enumerate(drawn, 1):
        print(f"{number}. [{kind}] {sentence}")


if __name__ == "__main__":
    main()
