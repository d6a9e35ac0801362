#!/usr/bin/env python3
"""Writes the licences of everything that is compiled into a package.

usage: packaging/licences.py --package refrain|refrain-c|refrain-python --target TRIPLE [--zig FOLDER] (--check | OUT)

OUT is a folder. It gets THIRD-PARTY.txt (every crate with its licence, then every text once) and the notices of the Rust
standard library. --zig names the folder of the ziglang package, whose parts a binary made with it contains. --check writes
nothing, and fails if a crate states no licence.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEXTS = re.compile(r"(?i)^(un)?licen[cs]e|^copying|^copyright|^notice|^patents")
# What the crates of this repository are under is beside the file.
OWN = {"refrain", "refrain-analysis", "refrain-c", "refrain-fft", "refrain-python"}

HEAD = """\
Software that is compiled into this package
===========================================

refrain itself is licensed under the MIT licence or the Apache License 2.0, at your option. The crates and libraries below
are compiled into it. The number after each leads to its licence text.

The source of every crate is on crates.io, under its name and version. This includes the crates under the Mozilla Public
License 2.0, which are used without changes.

"""


def run(*command):
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def linked(package, target):
    """Names and versions of the crates that end up in a binary: no build scripts, no macros, nothing of other systems."""
    lines = run("cargo", "tree", "--locked", "-p", package, "--target", target, "-e", "normal,no-proc-macro", "--prefix", "none",
                "--format", "{p}")
    found = set()
    for line in lines.splitlines():
        if match := re.match(r"(\S+) v(\S+)", line):
            found.add((match[1], match[2]))
    return sorted(found)


def packages():
    metadata = json.loads(run("cargo", "metadata", "--locked", "--format-version", "1", "--all-features"))
    return {(p["name"], p["version"]): p for p in metadata["packages"]}


def standard(licence, authors):
    """The text of a licence for crates that state it and do not carry it."""
    if "MIT" in licence:
        holders = ", ".join(re.sub(r" *<.*>", "", a) for a in authors if not a.strip().startswith("<")) or "its authors"
        return re.sub(r"Copyright .*", f"Copyright (c) {holders}", (ROOT / "LICENSE-MIT").read_text(), count=1)
    if "Apache-2.0" in licence:
        return (ROOT / "LICENSE-APACHE").read_text()
    return None


def of_crate(package):
    """The licence texts of a crate."""
    folder = pathlib.Path(package["manifest_path"]).parent
    names = {p for p in folder.iterdir() if p.is_file() and TEXTS.match(p.name)}
    if package["license_file"]:
        names.add(folder / package["license_file"])
    texts = [p.read_text(encoding="utf-8", errors="replace") for p in sorted(names)]
    if not texts:
        texts = [standard(package["license"] or "", package["authors"])]
    return texts


def of_zig(folder, target):
    """What zig links: parts of its own library, LLVM's unwinder, and musl where the binary is static."""
    lib = folder / "lib"
    yield "compiler-rt of zig", "MIT", (folder / "LICENSE").read_text()
    yield "libunwind of LLVM", "Apache-2.0 WITH LLVM-exception", (lib / "libunwind" / "LICENSE.TXT").read_text()
    if target.endswith("musl"):
        yield "musl", "MIT", (lib / "libc" / "musl" / "COPYRIGHT").read_text()


def document(parts):
    """The list of names with the numbers of their texts, and each text once, however its lines are broken."""
    numbers, texts, lines = {}, [], []
    for name, licence, its_texts in parts:
        cited = []
        for text in its_texts:
            key = " ".join(text.split())
            if key not in numbers:
                texts.append(text.strip("\n"))
                numbers[key] = len(texts)
            cited.append(f"[{numbers[key]}]")
        lines.append(f"{name}: {licence} {' '.join(cited)}")
    body = "".join(f"\n{'-' * 80}\n[{n}]\n\n{text}\n" for n, text in enumerate(texts, 1))
    return HEAD + "\n".join(lines) + "\n" + body


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--zig", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("out", nargs="?", type=pathlib.Path)
    args = parser.parse_args()
    if args.check == bool(args.out):
        parser.error("name a folder, or --check")

    known = packages()
    crates = [known[key] for key in linked(args.package, args.target) if key[0] not in OWN]
    parts, missing = [], []
    for crate in crates:
        texts = of_crate(crate)
        if None in texts or not crate["license"]:
            missing.append(f"{crate['name']} {crate['version']} ({crate['license']})")
            continue
        parts.append((f"{crate['name']} {crate['version']}", crate["license"], texts))
    if missing:
        sys.exit(f"no licence text for {', '.join(missing)}: add its licence to standard() in {__file__}")
    names = {crate["name"] for crate in crates}
    if "libsqlite3-sys" in names:
        parts.append(("SQLite", "public domain", ["SQLite is in the public domain: https://sqlite.org/copyright.html"]))
    if "resvg" in names:
        parts.append(("Noto Sans, reduced", "OFL-1.1", [(ROOT / "src/draw/font/OFL.txt").read_text(encoding="utf-8")]))
    if args.zig:
        parts += [(name, licence, [text]) for name, licence, text in of_zig(args.zig, args.target)]
    parts.append(("the Rust standard library", "MIT OR Apache-2.0", ["See rust-standard-library.html."]))
    if args.check:
        print(f"{args.package} for {args.target}: {len(crates)} crates, all with their licence")
        return
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "THIRD-PARTY.txt").write_text(document(parts), encoding="utf-8")
    notices = pathlib.Path(run("rustc", "--print", "sysroot").strip()) / "share/doc/rust/COPYRIGHT-library.html"
    (args.out / "rust-standard-library.html").write_bytes(notices.read_bytes())


if __name__ == "__main__":
    main()
