#!/usr/bin/env python3
"""Fetch freely licensed game music from Debian packages and list it as an evaluation corpus.

usage: corpus.py DEST --set test|dev|third [--exclude MANIFEST ...]

Three sets without a package in common: `test` is what published figures are measured on, `dev` is what parameters,
projections and thresholds may be tuned on, `third` is more music for long mixes, on which nothing may be tuned either.

What ends up in DEST:
  deb/            the packages, as `apt-get download` delivers them
  x/PACKAGE/      the audio files of each package, folders kept, .pk3 archives unpacked
  manifest.json   [{"id", "path", "dur", "sha1"}]: the tracks, path relative to DEST, dur in seconds
  noise.json      paths (relative to DEST) of the sound effects that serve as background noise
  versions.json   lists of tracks (relative paths) that are the same recording at another tempo or mix; some of them may be
                  in a corpus that is excluded
  dropped.json    files that are long enough but were left out, each with the reason

A track is an audio file of at least 40 s. Of files with the same bytes one is kept. With --exclude, a
recording that the other corpus holds as well is dropped; the same comparison drops a second version of
a recording inside the set. Needs apt-get, dpkg-deb, tar, ffprobe and, for comparing, fpcalc and numpy.
"""

import argparse
import dataclasses
import fnmatch
import hashlib
import json
import os
import pathlib
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor

ARCHIVE = ".pk3"  # a zip file, in which some games ship their data
AUDIO = (".ogg", ".mp3", ".opus", ".flac", ".wav", ".m4a")
MIN_SECONDS = 40.0
MIN_BYTES = 300_000  # a smaller file cannot be 40 s of music at a usable bit rate
SAME_RECORDING = 0.10  # share of common fingerprint words; see README.md for how it was chosen


@dataclasses.dataclass(frozen=True)
class CorpusSet:
    """Packages of a set, the files in them that are not tracks, and the sounds to use as noise.

    `left_out` and `noise` are patterns over PACKAGE/path; a noise file is never a track. Each of `versions`
    has the patterns for one recording that exists at several tempi, in several mixes or inside a medley. They also hold for
    the tracks of the corpora that are excluded.
    """

    packages: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    noise: tuple[str, ...] = ()
    versions: tuple[tuple[str, ...], ...] = ()
    deduplicate: bool = True


STK_TWO_TEMPI = (
    "celtic cocoa_river farm jumping_to_the_stars_remake landing_in_gran_paradiso "
    "ravenbridge_mansion theGreatFair"
).split()
STK_SOUNDS = (
    "river_loop exotic-birds exotic-birds_2 machine_sound airplane_jetEngine lenautile_restaurant "
    "waterfall_loop_2 rain engine_large engine_small thunder fireworks_show bowling_roll car_revup"
).split()

DEV_NOISE = (
    "btanks-data/*/ambient/city.ogg",
    "btanks-data/*/ambient/country.ogg",
    "btanks-data/*/ambient/forest.ogg",
    "btanks-data/*/ambient/swamp.ogg",
    "btanks-data/*/sounds/helicopter.ogg",
    "btanks-data/*/sounds/train.ogg",
    "extremetuxracer-data/*/sounds/mud_slide.wav",
    "lincity-ng-data/*/sounds/Fire3.wav",
    "lincity-ng-data/*/sounds/IndustryHigh3.wav",
    "lincity-ng-data/*/sounds/MarketFull1.wav",
    "lincity-ng-data/*/sounds/SportsCroud1.wav",
    "lincity-ng-data/*/sounds/TraficHigh1.wav",
    "lincity-ng-data/*/sounds/Water1.wav",
    "unknown-horizons/*/sounds/lumberjack_long.ogg",
    "unknown-horizons/*/sounds/main_square.ogg",
    "unknown-horizons/*/sounds/sheepfield.ogg",
    "unknown-horizons/*/sounds/warehouse.ogg",
    "unknown-horizons/*/sounds/windmill.ogg",
)

THIRD_NOISE = (
    "flare-game/*/music/wind_ambient.ogg",
    "flare-game/*/soundfx/environment/*_loop.ogg",
    "flare-game/*/soundfx/environment/rain.ogg",
    "lugaru-data/*/DesertAmbient.ogg",
    "lugaru-data/*/Wind.ogg",
    "megaglest-data/*/tilesets/*/sounds/day.ogg",
    "megaglest-data/*/tilesets/*/sounds/desertday.ogg",
    "megaglest-data/*/tilesets/*/sounds/night.ogg",
    "redeclipse-data/*/ambience/*rumble*.ogg",
    "redeclipse-data/*/ambience/morph/stormbolts.ogg",
    "scorched3d-data/*/misc/birds1.wav",
)

SETS = {
    "test": CorpusSet(
        packages=("wesnoth-1.16-music", "warzone2100-music", "supertuxkart-data"),
        left_out=("warzone2100-music/*.opus",),  # newer versions of the package have no Ogg files
        noise=tuple(f"supertuxkart-data/*/{name}.ogg" for name in STK_SOUNDS),
        versions=tuple((f"supertuxkart-data/*/{name}*.ogg",) for name in STK_TWO_TEMPI),
        deduplicate=False,  # frozen: earlier figures were measured on all 77 files
    ),
    "dev": CorpusSet(
        packages=(
            "asc-music",
            "btanks-data",
            "drascula-music",
            "extremetuxracer-data",
            "fillets-ng-data",
            "fretsonfire-songs-muldjord",
            "fretsonfire-songs-sectoid",
            "hedgewars-data",
            "hyperrogue-music",
            "lincity-ng-data",
            "marsshooter-data",
            "nexuiz-music",
            "planetblupi-music-ogg",
            "singularity-music",
            "ufoai-music",
            "unknown-horizons",
            "zaz-data",
        ),
        left_out=(
            "fretsonfire-songs-*/guitar.ogg",  # one instrument of the song beside it
            "unknown-horizons/*/sounds/*",
        ),
        noise=DEV_NOISE,
        versions=(
            ("drascula-music/*/track1.ogg", "drascula-music/*/track30.ogg"),
            ("nexuiz-music/*/sixtyfour_*.ogg",),
        ),
    ),
    "third": CorpusSet(
        packages=(
            "a7xpg-data",
            "amoebax-data",
            "ardentryst",
            "asterisk-moh-opsound-wav",
            "caveexpress-data",
            "enigma-data",
            "flare-game",
            "freedroidrpg-data",
            "frozen-bubble-data",
            "gunroar-data",
            "hex-a-hop-data",
            "lugaru-data",
            "megaglest-data",
            "mu-cade-data",
            "naev-data",
            "noiz2sa-data",
            "openclonk-data",
            "parsec47-data",
            "pathological",
            "plee-the-bear-data",
            "powermanga-data",
            "redeclipse-data",
            "rrootage-data",
            "scorched3d-data",
            "starfighter-data",
            "supertux-data",
            "titanion-data",
            "torus-trooper-data",
            "tumiki-fighters-data",
            "tuxmath-data",
            "warmux-data",
            "widelands-data",
            "xmoto-data",
        ),
        left_out=(
            "ardentryst/*/Sounds/*",
            "freedroidrpg-data/*/titles/*",
            "redeclipse-data/*/ambience/*",
        ),
        noise=THIRD_NOISE,
        versions=(
            ("ardentryst/*/Sempridge*.ogg",),
            ("ardentryst/*/World_Map*.ogg",),
            ("ardentryst/*/castle*.ogg",),
            ("ardentryst/*/theme1*.ogg",),
            ("freedroidrpg-data/*/HellFortress*.ogg",),
            # A timeline named one for the other. Their waveforms then turned out to agree to the sample.
            ("freedroidrpg-data/*/AmbientBattle.ogg", "freedroidrpg-data/*/TechBattle.ogg"),
            ("starfighter-data/*/through_space.ogg", "singularity-music/*/Through Space.ogg"),
            ("supertux-data/*/shallow-green.ogg", "supertux-data/*/call_of_the_winding_path.ogg"),
            ("hex-a-hop-data/*/music-game*.ogg",),
            ("naev-data/*/ambient2*.ogg",),
            ("naev-data/*/collective*.ogg",),
            ("scorched3d-data/*/mix3_loop*.ogg",),
            ("supertux-data/*/airship_*.ogg",),
            ("supertux-data/*/cave.ogg", "supertux-data/*/cave_old.ogg"),
            ("supertux-data/*/forest[23.]*", "supertux-data/*/forest_theme.ogg", "supertux-data/*/forest-*.ogg"),
            ("supertux-data/*/fortress*.ogg",),
            ("supertux-data/*/ghostforest*.ogg",),
            ("supertux-data/*/misc/*theme.ogg", "supertux-data/*/credits.ogg", "supertux-data/*/classic.ogg"),
            ("supertux-data/*/voc-*.ogg",),
            ("warmux-data/*.Apnee*.ogg",),
        ),
    ),
}


def fetch(package: str, dest: pathlib.Path) -> pathlib.Path:
    """Download `package` unless it is there already; return the folder with its audio files."""
    folder = dest / "x" / package
    if folder.exists():
        return folder
    debs = dest / "deb"
    debs.mkdir(parents=True, exist_ok=True)
    if not list(debs.glob(f"{package}_*.deb")):
        subprocess.run(["apt-get", "-q", "download", package], cwd=debs, check=True)
    unpack(next(debs.glob(f"{package}_*.deb")), folder)
    return folder


def unpack(
    deb: pathlib.Path, folder: pathlib.Path, wanted: tuple[str, ...] = tuple(f"*{ext}" for ext in (*AUDIO, ARCHIVE))
) -> None:
    """Extract the files of a package that are wanted, by default audio; nothing of it is installed or run."""
    part = folder.with_name(folder.name + ".part")
    part.mkdir(parents=True, exist_ok=True)
    stream = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE)
    # tar reports each pattern without a hit as an error, so its exit code says nothing here.
    subprocess.run(
        ["tar", "-x", "-C", str(part), "--wildcards", *wanted], stdin=stream.stdout, stderr=subprocess.DEVNULL
    )
    if stream.wait() != 0:
        raise SystemExit(f"{deb.name}: dpkg-deb could not read it; delete the file and run again")
    for archive in sorted(part.rglob(f"*{ARCHIVE}")):
        unzip_audio(archive)
    part.rename(folder)


def unzip_audio(archive: pathlib.Path) -> None:
    """Replace a zip archive by a folder NAME.d with the audio files in it."""
    with zipfile.ZipFile(archive) as z:
        names = [n for n in z.namelist() if n.lower().endswith(AUDIO)]
        z.extractall(archive.with_name(archive.name + ".d"), names)
    archive.unlink()


def duration(path: pathlib.Path) -> float:
    """Length in seconds as ffprobe reports it; 0 for a file that it cannot read."""
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(path)]
    out = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    try:
        return float(out)
    except ValueError:
        return 0.0


def audio_files(dest: pathlib.Path, package: str) -> list[pathlib.Path]:
    """Regular audio files of a package in a fixed order."""
    found = (dest / "x" / package).rglob("*")
    return sorted(p for p in found if p.suffix.lower() in AUDIO and p.is_file() and not p.is_symlink())


def matches(dest: pathlib.Path, path: pathlib.Path, patterns: tuple[str, ...]) -> bool:
    """Whether PACKAGE/path of an unpacked file fits one of the patterns."""
    name = str(path.relative_to(dest / "x"))
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def collect(dest: pathlib.Path, wanted: CorpusSet) -> tuple[list[dict], list[str], list[dict]]:
    """Sort the unpacked files into tracks, noise and dropped."""
    tracks, noise, dropped, seen = [], [], [], {}
    for package in wanted.packages:
        for path in audio_files(dest, package):
            relative = str(path.relative_to(dest))
            if matches(dest, path, wanted.noise):
                noise.append(relative)
                continue
            if path.stat().st_size < MIN_BYTES or (seconds := duration(path)) < MIN_SECONDS:
                continue
            if matches(dest, path, wanted.left_out):
                dropped.append({"path": relative, "reason": "left out by pattern"})
                continue
            sha1 = hashlib.sha1(path.read_bytes()).hexdigest()
            if sha1 in seen:
                dropped.append({"path": relative, "reason": f"same bytes as {seen[sha1]}"})
                continue
            seen[sha1] = relative
            tracks.append({"id": f"{package}/{path.name}", "path": relative, "dur": seconds, "sha1": sha1})
    return tracks, noise, dropped


def words(path: pathlib.Path):
    """The distinct Chromaprint words of a whole file, sorted (uint32); empty where fpcalc fails."""
    import numpy as np

    out = subprocess.run(["fpcalc", "-raw", "-length", "0", str(path)], capture_output=True, text=True).stdout
    line = next((line for line in out.splitlines() if line.startswith("FINGERPRINT=")), "FINGERPRINT=")
    return np.unique(np.array([int(w) for w in line[12:].split(",") if w], dtype=np.int64).astype(np.uint32))


def overlap(a, b) -> float:
    """Share of the smaller word set that the other one holds too."""
    import numpy as np

    if min(len(a), len(b)) == 0:
        return 0.0
    return len(np.intersect1d(a, b, assume_unique=True)) / min(len(a), len(b))


def drop_copies(
    dest: pathlib.Path, tracks: list[dict], foreign: list[pathlib.Path]
) -> tuple[list[dict], list[dict]]:
    """Leave out tracks that sound like one of `foreign` or like a longer track of this corpus."""
    with ThreadPoolExecutor(2) as pool:
        other = list(zip((p.name for p in foreign), pool.map(words, foreign)))
        own = dict(zip((t["path"] for t in tracks), pool.map(words, (dest / t["path"] for t in tracks))))
    kept, dropped, nearest = [], [], []
    for track in sorted(tracks, key=lambda t: -t["dur"]):
        mine = own[track["path"]]
        name, share = max(((n, overlap(mine, w)) for n, w in other), key=lambda x: x[1], default=("", 0.0))
        if share >= SAME_RECORDING:
            dropped.append({"path": track["path"], "reason": f"{share:.0%} of the words of {name}"})
            continue
        other.append((track["id"], mine))
        kept.append(track)
        nearest.append((share, track["id"], name))
    for share, track_id, name in sorted(nearest, reverse=True)[:8]:
        print(f"closest pair kept: {share:.1%}  {track_id}  {name}")
    order = {t["path"]: i for i, t in enumerate(tracks)}
    return sorted(kept, key=lambda t: order[t["path"]]), dropped


def foreign_paths(manifests: list[pathlib.Path]) -> list[pathlib.Path]:
    """Every track that the manifests to be excluded list."""
    return [m.parent / t["path"] for m in manifests for t in json.loads(m.read_text())]


def versions(
    dest: pathlib.Path, tracks: list[dict], excluded: list[pathlib.Path], patterns: tuple[tuple[str, ...], ...]
) -> list[list[str]]:
    """Tracks of the same recording, where there are several and one is of this corpus."""
    own = [(dest, dest / t["path"]) for t in tracks]
    foreign = [(m.parent, path) for m in excluded for path in foreign_paths([m])]
    groups = []
    for group in patterns:
        mine, others = ([path for base, path in of if matches(base, path, group)] for of in (own, foreign))
        if mine and len(mine) + len(others) > 1:
            groups.append([os.path.relpath(path, dest) for path in mine + others])
    return groups


def write_json(path: pathlib.Path, value) -> None:
    """Write beside the target first, so that a reader never sees half a file."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, indent=1))
    part.rename(path)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dest", type=pathlib.Path)
    parser.add_argument("--set", choices=SETS, required=True)
    parser.add_argument(
        "--exclude", type=pathlib.Path, nargs="*", default=[], help="manifests of other corpora"
    )
    args = parser.parse_args()
    wanted = SETS[args.set]
    for package in wanted.packages:
        fetch(package, args.dest)
    tracks, noise, dropped = collect(args.dest, wanted)
    if wanted.deduplicate or args.exclude:
        tracks, copies = drop_copies(args.dest, tracks, foreign_paths(args.exclude))
        dropped += copies
    write_json(args.dest / "noise.json", noise)
    write_json(args.dest / "versions.json", versions(args.dest, tracks, args.exclude, wanted.versions))
    write_json(args.dest / "dropped.json", dropped)
    write_json(args.dest / "manifest.json", tracks)
    hours = sum(t["dur"] for t in tracks) / 3600
    print(f"{len(tracks)} tracks, {hours:.2f} h, {len(noise)} noise files, {len(dropped)} files left out")


if __name__ == "__main__":
    main()
