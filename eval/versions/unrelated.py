"""What `refrain versions` says about real recordings and tracks of other collections, which have nothing to do with them.

    python3 eval/versions/unrelated.py PROGRAM INDEX [--out UNRELATED.jsonl] [--limit .5]

INDEX has real music of several collections, one in a folder each, some levels below a common one. Tracks of one collection may
share tunes, so only versions in another collection count. Prints those that the limit lets through.
"""
import argparse
import json
import sqlite3
import subprocess
from pathlib import Path

COLLECTIONS = ("ufoai", "alien", "warzone", "wesnoth", "supertuxkart", "fretsonfire", "hedgewars", "drascula", "hyperrogue", "scummvm")


def collection(path: str) -> str:
    return next((name for name in COLLECTIONS if name in path), str(Path(path).parent))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("index", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--limit", type=float, default=.5)
    args = parser.parse_args()
    database = sqlite3.connect(f"file:{args.index}?mode=ro", uri=True)
    tracks = [str(n) for n, in database.execute("SELECT id FROM track WHERE duration > 21")]
    command = [args.program, "versions", "--quiet", "--json", "--min-score", "0", "--top", "8", "--db", args.index, *tracks]
    answers = [json.loads(line) for line in subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.splitlines()]
    kept, over = [], 0
    for answer in answers:
        others = [v for v in answer["versions"] if collection(v["path"]) != collection(answer["query"])]
        if others:
            kept.append({key: others[0][key] for key in ("evidence", "chance", "score")})
            if others[0]["score"] >= args.limit:
                over += 1
                print(f"{others[0]['score']:.2f} {answer['query'][-60:]} | {others[0]['path'][-60:]}")
    print(f"{over} of {len(answers)} recordings have a version in another collection at {args.limit}")
    if args.out:
        args.out.write_text("".join(json.dumps(row) + "\n" for row in kept))
