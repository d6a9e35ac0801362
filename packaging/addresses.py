#!/usr/bin/env python3
"""Writes the addresses of packaging/addresses.ini wherever a package or a document shows them.

usage: packaging/addresses.py [--check | --get NAME] [--root FOLDER]

Each place is marked by two lines, `addresses: written by packaging/addresses.py` and `end of addresses`. An address that is
empty leaves its line out. --check writes nothing, and fails if a place differs. --get prints one address.
"""
import argparse
import configparser
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
BLOCK = re.compile(r"(addresses: written by packaging/addresses\.py[^\n]*\n)(.*?)([^\n]*end of addresses)", re.S)


def cargo(at):
    return [f'{key} = "{at[key]}"' for key in ("repository", "homepage") if at[key]]


def python(at):
    names = (("Homepage", "homepage"), ("Repository", "repository"), ("Issues", "issues"))
    urls = [f'{name} = "{at[key]}"' for name, key in names if at[key]]
    return ["[project.urls]", *urls] if urls else []


def citation(at):
    names = (("repository-code", "repository"), ("url", "homepage"))
    return [f'{name}: "{at[key]}"' for name, key in names if at[key]]


def pkg_config(at):
    url = at["homepage"] or at["repository"]
    return [f"URL: {url}"] if url else []


def contributing(at):
    if at["issues"]:
        return [f"Report a bug at <{at['issues']}>."]
    return ["The project has no public place for bug reports yet."]


def security(at):
    if at["security"]:
        return [f"Report it to <{at['security']}>."]
    return ["The project has no public address yet. Report it to the people that you got refrain from."]


PLACES = {
    "Cargo.toml": cargo,
    "crates/analysis/Cargo.toml": cargo,
    "crates/fft/Cargo.toml": cargo,
    "bindings/python/pyproject.toml": python,
    "bindings/c/refrain.pc.in": pkg_config,
    "CITATION.cff": citation,
    "CONTRIBUTING.md": contributing,
    "SECURITY.md": security,
}


def filled(text, lines, name):
    body = "".join(line + "\n" for line in lines)
    text, count = BLOCK.subn(lambda match: match[1] + body + match[3], text)
    if count != 1:
        sys.exit(f"{name}: expected one marked place for addresses, got {count}")
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--get", metavar="NAME")
    parser.add_argument("--root", type=pathlib.Path, default=HERE.parent)
    args = parser.parse_args()
    config = configparser.ConfigParser()
    config.read(args.root / "packaging" / "addresses.ini")
    addresses = config["addresses"]
    if args.get:
        print(addresses[args.get])
        return
    different = []
    for name, lines in PLACES.items():
        path = args.root / name
        before = path.read_text(encoding="utf-8")
        after = filled(before, lines(addresses), name)
        if after != before:
            different.append(name)
            if not args.check:
                path.write_text(after, encoding="utf-8")
    if args.check and different:
        sys.exit(f"run packaging/addresses.py: addresses are out of date in {', '.join(different)}")


if __name__ == "__main__":
    main()
