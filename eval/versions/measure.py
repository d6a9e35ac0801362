"""Measures `refrain versions` on a rendered set.

    python3 eval/versions/measure.py PROGRAM WORK [--held] [--alone 1000] [--out FEATURES.jsonl]

Builds WORK/library.refrain out of the library's files, and asks for the versions of each query, of each negative, and of
`--alone` tracks of the library that have no version in it. `--held` leaves out the queries that the matrix was trained on; that
matters for the tuning half only. Prints recall at 1 and mean average precision by level, what the limit lets through, and the
CPU. A right track that was not aligned counts as missed.
"""
import argparse
import json
import os
import random
import resource
import subprocess
from pathlib import Path


def library_of(program: str, work: Path, rows: list) -> Path:
    """The index of the library's files."""
    index, folder = work / "library.refrain", work / "library"
    if not index.exists():
        folder.mkdir(exist_ok=True)
        for row in rows:
            if row["role"] == "library" and not (folder / f"{row['name']}.wav").exists():
                os.link(work / "wav" / f"{row['name']}.wav", folder / f"{row['name']}.wav")
        subprocess.run([program, "index", "build", "--quiet", "--db", index, folder], check=True)
    return index


def asked(program: str, index: Path, pieces: list, top: int) -> list:
    """The documents of the pieces, in order."""
    out = []
    for at in range(0, len(pieces), 50):
        command = [program, "versions", "--quiet", "--json", "--min-score", "0", "--copies", "--top", str(top), "--db", index, *pieces[at:at + 50]]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode not in (0, 1, 2):
            raise SystemExit(f"{program} ended with {done.returncode}")
        out += [json.loads(line) for line in done.stdout.splitlines()]
    return out


def stem(path: str) -> str:
    return Path(path).stem


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("work", type=Path)
    parser.add_argument("--held", action="store_true")
    parser.add_argument("--alone", type=int, default=0)
    parser.add_argument("--limit", type=float, default=.5)
    parser.add_argument("--top", type=int, default=50)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    rows = [json.loads(line) for line in (args.work / "manifest.jsonl").read_text().splitlines()]
    rows = [r for r in rows if (args.work / "wav" / f"{r['name']}.wav").exists()]
    index = library_of(args.program, args.work, rows)
    there = {r["name"] for r in rows if r["role"] == "library"}
    queries = [r for r in rows if r["role"] == "query" and r["library"] in there]
    if args.held:
        queries = [r for r in queries if int(r["library"][1:5]) % 2]
    negatives = [r for r in rows if r["role"] == "negative"]
    fillers = [r for r in rows if r["role"] == "library" and r["name"].startswith("x")]
    alone = random.Random(1).sample(fillers, min(args.alone, len(fillers)))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    files = [str(args.work / "wav" / f"{r['name']}.wav") for r in queries + negatives]
    tracks = [str((args.work / "library" / f"{r['name']}.wav").resolve()) for r in alone]
    answers = asked(args.program, index, files, args.top) + asked(args.program, index, tracks, args.top)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / max(len(answers), 1)
    print(f"{len(there)} tracks, {len(queries)} queries, {len(negatives)} negatives, {len(alone)} tracks alone, {cpu * 1000:.0f} ms of CPU each")
    features, false, no = [], 0, len(negatives) + len(alone)
    by_level: dict = {}
    for n, (row, answer) in enumerate(zip(queries + negatives + alone, answers)):
        found = answer["versions"]
        right = row.get("library")
        for place, v in enumerate(found):
            features.append(dict(query=row["name"], level=row.get("level"), place=place, right=stem(v["path"]) == right,
                                 of=row.get("of"), found=stem(v["path"]),
                                 **{k: v[k] for k in ("evidence", "chance", "score", "tempo", "transposition")}))
        if right is None:
            false += bool(found) and found[0]["score"] >= args.limit
            continue
        # Scores that are equal to the last bit are no order: the evidence decides.
        ranked = sorted(found, key=lambda v: (-v["score"], -v["evidence"]))
        rank = next((i + 1 for i, v in enumerate(ranked) if stem(v["path"]) == right), None)
        sure = [stem(v["path"]) for v in found if v["score"] >= args.limit]
        by_level.setdefault(row["level"], []).append((rank == 1, 1 / rank if rank else 0, right in sure,
                                                     any(name != right for name in sure)))
    for level, of in sorted(by_level.items()):
        means = [sum(column) / len(of) for column in zip(*of)]
        print(f"{level}: {len(of)} queries, recall at 1 {means[0]:.3f}, average precision {means[1]:.3f}, "
              f"found at the limit {means[2]:.3f}, with a wrong version {means[3]:.3f}")
    print(f"unrelated music with a version: {false} of {no}")
    if args.out:
        args.out.write_text("".join(json.dumps(f) + "\n" for f in features))
