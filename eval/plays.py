#!/usr/bin/env python3
"""Make scenes of one kind, ask refrain, score the answers against the truth.

usage: plays.py KIND MUSIC... --work DIR [--seed 1] [--refrain PATH] [--quick] [--json FILE] [options of a kind]

MUSIC is a corpus folder (with manifest.json) or any folder of music files; several may be named. KIND is one of

  copies   the library holds some recordings two to a hundred times, each copy changed a little
  two      two songs in one clip
  jingle   many tracks begin with the same sound
  mixes    long recordings with crossfades, other speeds, speech, music that is not indexed
  short    sounds of 3 to 6 s within 15 minutes
  exact    tempo and pitch of clips whose tempo and pitch are known
  other    what must not match, or must be told apart: reversed and tiny clips, inverse channels, gaps, other
           renderings of the same notes
  duplicates  a messy library: what is in it more than once

Audio and truth.json go to DIR/KIND-SEED (DIR/KIND-SEED-quick) and are made once: the same arguments give the same
files. The index is made anew for each run. Prints a table; the figures go to FILE, by default result.json beside the
truth. --quick takes 100 tracks and makes a few of each, in a few minutes. Needs what make_queries.py needs; `other`
also needs apt-get, fluidsynth and the packages fluid-soundfont-gm and timgm6mb-soundfont.
"""

import argparse
import importlib
import json
import pathlib
import random
import tempfile

from make_queries import load_tracks
from score import table
from scenes.tools import Scene

HERE = pathlib.Path(__file__).resolve().parent
QUICK_TRACKS = 100
KINDS = ("copies", "two", "jingle", "mixes", "short", "exact", "other", "duplicates")


def made(scene: Scene, module, options: dict) -> dict:
    """The truth of a scene, which is made unless it is there."""
    scene.folder.mkdir(parents=True, exist_ok=True)
    origin = {"music": [str(m.resolve()) for m in scene.music], "seed": scene.seed, **options}
    file = scene.folder / "truth.json"
    if file.exists():
        truth = json.loads(file.read_text())
        if truth["made_from"] != origin:
            raise SystemExit(f"{file} was made with other arguments: {truth['made_from']}; name another --work")
        return truth
    truth = {"made_from": origin} | module.make(scene, **options)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(truth, indent=1))
    part.rename(file)
    return truth


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("kind", choices=KINDS)
    p.add_argument("music", type=pathlib.Path, nargs="+")
    p.add_argument("--work", type=pathlib.Path, required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--refrain", default=str(HERE.parent / "target/release/refrain"))
    p.add_argument("--quick", action="store_true")
    p.add_argument("--json", type=pathlib.Path)
    p.add_argument("--flavour", choices=("today", "bar"), default="today", help="mixes: which recordings")
    p.add_argument("--db", type=pathlib.Path, help="mixes, short: an index that holds the library already")
    p.add_argument("--among", type=pathlib.Path, help="mixes, short: an index; the library is added to a copy of it")
    p.add_argument("--command", choices=("query", "timeline"), default="query", help="mixes, short: what to ask")
    p.add_argument("--top", type=int, default=1000, help="mixes, short: the most matches that a query may list")
    p.add_argument("--make-only", action="store_true", help="make audio and truth, ask nothing")
    args = p.parse_args()

    module = importlib.import_module(f"scenes.{args.kind}")
    makes = {"flavour": args.flavour} if args.kind == "mixes" else {}
    asks = {"command": args.command} if args.kind in ("mixes", "short") else {}
    name = "-".join([args.kind, *makes.values(), str(args.seed), *(["quick"] if args.quick else [])])
    tracks = [t for music in args.music for t in load_tracks(music)]
    if args.quick:
        tracks = random.Random(args.seed).sample(tracks, min(QUICK_TRACKS, len(tracks)))
    folder = (args.work / name).resolve()
    index = {"db": args.db, "among": args.among, "top": args.top}
    scene = Scene(args.kind, tracks, args.music, folder, args.seed, args.quick, args.refrain, **index)
    truth = made(scene, module, makes)
    if args.make_only:
        print(f"{folder}: {len(list(folder.rglob('*.*')))} files")
        return
    with tempfile.TemporaryDirectory(dir=folder, prefix="index-") as temporary:
        figures = module.measure(scene, truth, pathlib.Path(temporary), **asks)
    out = args.json or folder / "result.json"
    out.write_text(json.dumps({"kind": name, **figures}, indent=1))
    head, rows = module.rows(figures)
    print(table(head, rows))


if __name__ == "__main__":
    main()
