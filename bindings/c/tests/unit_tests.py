#!/usr/bin/env python3
"""Prints the path of refrain-c's unit tests out of what `cargo build --message-format=json` said."""
import json
import pathlib
import sys

LIBRARY = pathlib.Path(__file__).resolve().parent.parent / "src" / "lib.rs"

messages = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]
found = [m["executable"] for m in messages if m.get("executable") and pathlib.Path(m["target"]["src_path"]) == LIBRARY]
if len(found) != 1:
    sys.exit(f"cargo built {len(found)} programs out of {LIBRARY}")
print(found[0])
