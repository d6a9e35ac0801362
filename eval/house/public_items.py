#!/usr/bin/env python3
"""Counts the public items of the library: what a program can name without the feature `unstable`.

usage: public_items.py [--list] [--hidden] [--target-dir DIR] [--features LIST] [TREE]

Reads the JSON that rustdoc writes for the crate and, where there is one, for `refrain-analysis`, whose items are re-exported.
Counts modules, types, traits, functions, methods, constants, fields and variants that can be reached from the root. An item
with several paths counts once, in the module with the shortest path. Implementations of traits do not count. Items
with `#[doc(hidden)]` count only with `--hidden`. `--list` also prints each item. TREE is a checkout of any age; the default is this one.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
KINDS = ["module", "struct", "enum", "union", "trait", "function", "method", "constant", "type", "macro", "field", "variant"]
RENAMED = {"assoc_const": "constant", "static": "constant", "assoc_type": "type", "type_alias": "type", "struct_field": "field",
           "proc_macro": "macro", "trait_alias": "trait"}


def rustdoc_json(tree: pathlib.Path, package: str, target: pathlib.Path, features: str | None, hidden: bool) -> dict:
    """What rustdoc says of one package of `tree`."""
    with tempfile.TemporaryDirectory() as folder:
        # JSON is not stable yet. The variable that allows it reaches rustdoc alone, so that nothing is compiled anew for it.
        wrapper = pathlib.Path(folder, "rustdoc")
        wrapper.write_text('#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc "$@"\n')
        wrapper.chmod(0o755)
        command = ["cargo", "rustdoc", "--quiet", "--locked", "--lib", "--package", package]
        if features is not None:
            command += ["--no-default-features", "--features", features]
        command += ["--", "-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"]
        if hidden:
            command.append("--document-hidden-items")
        environment = os.environ | {"RUSTDOC": str(wrapper), "CARGO_TARGET_DIR": str(target)}
        subprocess.run(command, cwd=tree, env=environment, check=True)
    return json.loads((target / "doc" / f"{package.replace('-', '_')}.json").read_text())


class Counter:
    """Walks from the root of the first crate through modules and re-exports, the shortest paths first."""

    def __init__(self, crates: dict[str, dict]):
        self.crates = crates
        self.found: dict[tuple[str, int], tuple[str, str, str]] = {}
        self.queue: collections.deque = collections.deque()

    def elsewhere(self, crate: str, item_id: int) -> tuple[str, int] | None:
        """Where an item is described: in this crate, or in another one that was read."""
        data = self.crates[crate]
        if str(item_id) in data["index"] and data["index"][str(item_id)]["crate_id"] == 0:
            return crate, item_id
        summary = data["paths"].get(str(item_id))
        if summary is None:
            return None
        name = summary["path"][0]
        if name not in self.crates:
            return None
        for other_id, other in self.crates[name]["paths"].items():
            if other["crate_id"] == 0 and other["path"] == summary["path"] and other["kind"] == summary["kind"]:
                return name, int(other_id)
        return None

    def add(self, crate: str, item_id: int, kind: str, module: str, name: str) -> bool:
        if (crate, item_id) in self.found:
            return False
        self.found[crate, item_id] = (kind, module, name)
        return True

    def run(self) -> None:
        first = next(iter(self.crates))
        root = self.crates[first]["root"]
        self.found[first, root] = ("module", first, "")
        self.queue.append((first, root, first))
        while self.queue:
            crate, module_id, path = self.queue.popleft()
            (kind, inner), = self.crates[crate]["index"][str(module_id)]["inner"].items()
            for child in inner["items" if kind == "module" else "variants"]:
                self.visit(crate, child, path, None)

    def visit(self, crate: str, item_id: int, path: str, name: str | None) -> None:
        """One item within the module `path`, under `name` if it is re-exported by another one."""
        place = self.elsewhere(crate, item_id)
        if place is None:
            return
        crate, item_id = place
        item = self.crates[crate]["index"][str(item_id)]
        (kind, inner), = item["inner"].items() if isinstance(item["inner"], dict) else ((item["inner"], {}),)
        if kind == "use":
            if item["visibility"] != "public" or inner["id"] is None:
                return
            if inner["is_glob"]:
                target = self.elsewhere(crate, inner["id"])
                if target is not None:
                    self.queue.append((*target, path))
            else:
                self.visit(crate, inner["id"], path, inner["name"])
            return
        name = name or item["name"]
        if kind == "impl" or item["visibility"] not in ("public", "default") or (
            item["visibility"] == "default" and kind != "variant"
        ):
            return
        if kind == "module":
            if self.add(crate, item_id, kind, f"{path}::{name}", ""):
                self.queue.append((crate, item_id, f"{path}::{name}"))
            return
        if not self.add(crate, item_id, RENAMED.get(kind, kind), path, name):
            return
        self.members(crate, kind, inner, path, name)

    def members(self, crate: str, kind: str, inner: dict, path: str, name: str) -> None:
        """The fields, variants, methods and constants of a type or trait."""
        index = self.crates[crate]["index"]

        def member(member_id: int | None, always: bool, owner: str) -> dict | None:
            item = index.get(str(member_id))
            if item is None or not (always or item["visibility"] == "public"):
                return None
            (member_kind, inside), = item["inner"].items() if isinstance(item["inner"], dict) else ((item["inner"], {}),)
            counted = "method" if member_kind == "function" else RENAMED.get(member_kind, member_kind)
            self.add(crate, member_id, counted, path, f"{owner}::{item['name']}")
            return inside

        def fields(shape: object, always: bool, owner: str) -> None:
            if isinstance(shape, dict):
                for value in shape.values():
                    for field in value["fields"] if isinstance(value, dict) else value:
                        member(field, always, owner)

        if kind in ("struct", "union"):
            fields(inner["kind"] if kind == "struct" else {"plain": inner}, False, name)
        for variant in inner.get("variants", []) if kind == "enum" else []:
            inside = member(variant, True, name)
            if inside is not None:
                fields(inside["kind"], True, f"{name}::{index[str(variant)]['name']}")
        for associated in inner.get("items", []) if kind == "trait" else []:
            member(associated, True, name)
        for implementation in inner.get("impls", []):
            block = index.get(str(implementation), {}).get("inner", {}).get("impl")
            if block and block["trait"] is None:
                for associated in block["items"]:
                    member(associated, False, name)


def table(title: str, rows: list[tuple[str, collections.Counter]]) -> None:
    kinds = [kind for kind in KINDS if any(counts[kind] for _, counts in rows)]
    width = max(len(title), *(len(label) for label, _ in rows))
    print(f"{title:{width}}  {'all':>5}  " + "  ".join(f"{kind:>8}" for kind in kinds))
    for label, counts in rows:
        print(f"{label:{width}}  {counts.total():5}  " + "  ".join(f"{counts[kind] or '.':>8}" for kind in kinds))
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tree", nargs="?", default=ROOT, type=pathlib.Path)
    parser.add_argument("--list", action="store_true", help="also print each item")
    parser.add_argument("--hidden", action="store_true", help="also count what the documentation hides")
    parser.add_argument("--target-dir", type=pathlib.Path, help="where cargo compiles; default: target/ of TREE")
    parser.add_argument("--features", help="in place of the default ones")
    args = parser.parse_args()
    tree = args.tree.resolve()
    target = (args.target_dir or pathlib.Path(os.environ.get("CARGO_TARGET_DIR", tree / "target"))).resolve()

    crates = {"refrain": rustdoc_json(tree, "refrain", target, args.features, args.hidden)}
    if (tree / "crates" / "analysis").is_dir():
        crates["refrain_analysis"] = rustdoc_json(tree, "refrain-analysis", target, None, args.hidden)
    counter = Counter(crates)
    counter.run()

    modules: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
    types: collections.Counter = collections.Counter()
    for kind, module, name in counter.found.values():
        modules[module][kind] += 1
        types[f"{module}::{name.split('::')[0]}" if name else module] += 1
    total = sum(modules.values(), collections.Counter())
    table("module", sorted(modules.items()) + [("all", total)])
    print("types with the most:")
    for name, count in types.most_common(25):
        print(f"{count:5}  {name}")
    if args.list:
        print()
        for kind, module, name in sorted(counter.found.values(), key=lambda item: item[1:]):
            print(f"{kind:9} {module}{'::' if name else ''}{name}")
    within = total["field"] + total["variant"]
    print(f"\n{total.total()} public items: {total.total() - within}, and {within} fields and variants of theirs")


if __name__ == "__main__":
    main()
