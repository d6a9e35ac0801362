#!/usr/bin/env python3
"""Prints the path of refrain-c's unit tests out of what `cargo build --message-format=json` said."""
import json
import sys

for line in open(sys.argv[1]):
    message = json.loads(line) if line.startswith("{") else {}
    is_ours = "refrain-c" in message.get("package_id", "") or "/bindings/c" in message.get("package_id", "")
    if is_ours and message.get("executable") and message["profile"]["test"]:
        print(message["executable"])
