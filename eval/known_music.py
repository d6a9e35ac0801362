#!/usr/bin/env python3
"""Makes pieces of music whose tempo and key are known, from MIDI files and tunes in freely licensed packages.

usage: known_music.py DEST --set dev|test

Each piece lasts 60 s at most, or as long as it is. DEST/truth.json lists {"path", "source", "bpm", "key"}; `bpm` or
`key` is null where it is not known. The sets share no piece, no style and no soundfont.

| source | set | what it is | tempo from | key from |
|---|---|---|---|---|
| freedoom | test | music of a game, MIDI | the file | |
| openmsx | test | music of a game, MIDI | the file | |
| fretsonfire | test | recordings of metal songs with their notes | the notes | |
| nottingham | test | folk tunes with chords, ABC | chosen | K: of the tune |
| oneill | test | Irish tunes, one voice, ABC | chosen | K: of the tune |
| styles-test, styles-dev | both | accompaniments in the styles of MMA over chords of this script | chosen | chosen |
| chorales | test | chorales by Bach | | the score |
| planetblupi, pianobooster | dev | MIDI | the file | |
| ryan | dev | fiddle tunes, one voice, ABC | chosen | K: of the tune |

A beat is the denominator of the time signature, or three of them in 6/8, 9/8 and 12/8. A MIDI file is taken if one tempo
holds for 90 % of its part, 70 % of the notes begin on a quarter or third of a beat, and there are 20 s and 40 notes.
Where a tempo is chosen, it is drawn from the range in which the style or the dance is played (RANGES, DANCES).

Needs Debian's packages mma, abcmidi, fluidsynth, sox, fluid-soundfont-gm and timgm6mb-soundfont, and from PyPI mido and
music21 (its corpus has the tunes and chorales).
"""
import argparse
import gzip
import hashlib
import json
import random
import re
import shutil
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import midi_files

SECONDS = 60.0
FONTS = {"dev": "TimGM6mb.sf2", "test": "FluidR3_GM.sf2"}
PACKAGES = {
    "dev": ("planetblupi-music-midi", "pianobooster"),
    "test": ("freedoom", "openttd-openmsx", "fretsonfire-songs-muldjord", "fretsonfire-songs-sectoid"),
}
STYLES = Path("/usr/share/mma/lib/stdlib")
NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
FLATS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")

# Tempi by words in a style's name; the first that fits counts.
RANGES = (
    ("slow|ballad|lullaby|hymn|spiritual|bolero|desert|nitejazz|mellow", 60, 90),
    ("viennese|viena|vienese|fastwaltz|fastjazzwaltz", 150, 190),
    ("fast|bebop|quickstep|jive|charleston|dixie|bluegrass|twist|ska|gypsy|boggie", 150, 200),
    ("polka|samba|merengue|mambo|zydeco|march|ragtime|foxtrot|swing|modernjazz|jazzcombo", 110, 160),
    ("waltz", 90, 150),
    ("", 85, 140),
)
# Tempi of dances in beats a minute.
DANCES = (
    ("reel", 90, 115),
    ("hornpipe|clog|strathspey|fling", 70, 95),
    ("slip", 100, 125),
    ("jig", 95, 125),
    ("", 80, 120),
)
MAJOR = ("I VIm IIm V7", "I IV V7 I", "I IIIm IV V7", "I V7 VIm IV", "I I IV IV", "IIm V7 I I", "I VIm IV V7")
MINOR = ("Im IVm V7 Im", "Im VI VII Im", "Im IVm VII III", "Im VI IVm V7", "Im Im V7 V7", "IVm V7 Im Im")
DEGREES = {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 11}
DEGREES_MINOR = {"I": 0, "II": 2, "III": 3, "IV": 5, "V": 7, "VI": 8, "VII": 10}


def drawn(name: str) -> random.Random:
    return random.Random(int.from_bytes(hashlib.sha1(name.encode()).digest()[:8], "big"))


def half(name: str) -> str:
    """The set that a style belongs to."""
    return "dev" if hashlib.sha1(name.encode()).digest()[0] % 2 else "test"


def tempo_of(name: str, ranges, draw: random.Random) -> float:
    low, high = next((low, high) for words, low, high in ranges if re.search(words, name.lower()))
    return round(draw.uniform(low, high), 1)


def unpacked(package: str, work: Path) -> Path:
    folder = work / "x" / package
    if not folder.exists():
        debs = work / "deb"
        debs.mkdir(parents=True, exist_ok=True)
        if not list(debs.glob(f"{package}_*.deb")):
            subprocess.run(["apt-get", "-q", "download", package], cwd=debs, check=True)
        subprocess.run(["dpkg-deb", "-x", str(next(debs.glob(f"{package}_*.deb"))), str(folder)], check=True)
    return folder


def wad_music(wad: Path, out: Path) -> list[Path]:
    """Writes the MIDI files in an archive of the game Doom's format."""
    data = wad.read_bytes()
    count, directory = struct.unpack("<ii", data[4:12])
    files = []
    for n in range(count):
        at, size, name = struct.unpack("<ii8s", data[directory + 16 * n : directory + 16 * n + 16])
        if name.startswith(b"D_") and data[at : at + 4] == b"MThd":
            files.append(out / f"{wad.stem}-{name.rstrip(bytes(1)).decode()[2:].lower()}.mid")
            files[-1].write_bytes(data[at : at + size])
    return files


def game_files(package: str, work: Path, out: Path) -> list[Path]:
    """The MIDI files of a package, each content once."""
    folder = unpacked(package, work)
    found = [p for p in sorted(folder.rglob("*")) if p.suffix in (".mid", ".midi") and not p.is_symlink()]
    for packed in sorted(folder.rglob("*.mid.gz")):
        found.append(out / packed.stem)
        found[-1].write_bytes(gzip.decompress(packed.read_bytes()))
    for wad in sorted(folder.rglob("*.wad")):
        found += wad_music(wad, out)
    seen: set[bytes] = set()
    return [p for p in found if not (h := p.read_bytes()) in seen and not seen.add(h)]


def usable(score: midi_files.Score) -> bool:
    return score.held >= 0.9 and score.on_grid >= 0.7 and score.seconds >= 20 and len(score.onsets) >= 40


def of_games(which: str, work: Path, out: Path):
    for package in PACKAGES[which]:
        if package.startswith("frets"):
            continue
        for n, path in enumerate(game_files(package, work, out)):
            try:
                score = midi_files.read(path, SECONDS)
            except (OSError, EOFError, ValueError, KeyError, IndexError) as error:
                print(f"{path.name}: {error!r}")
                continue
            if usable(score):
                source = {"openttd-openmsx": "openmsx", "planetblupi-music-midi": "planetblupi"}.get(package, package)
                yield {"source": source, "midi": path, "name": f"{source}-{n:02}-{path.stem}", "bpm": score.bpm}


def of_recordings(which: str, work: Path, out: Path):
    """Songs of Frets on Fire. Their notes are timed to the recording."""
    for package in (p for p in PACKAGES[which] if p.startswith("frets")):
        for notes in sorted(unpacked(package, work).rglob("notes.mid")):
            score = midi_files.read(notes, SECONDS)
            if score.held >= 0.9:
                name = "fretsonfire-" + re.sub(r"\W+", "_", notes.parent.name)
                yield {"source": "fretsonfire", "audio": notes.with_name("song.ogg"), "name": name, "bpm": score.bpm}


def chords(key: int, minor: bool, draw: random.Random, bars: int) -> list[str]:
    degrees, lines = (DEGREES_MINOR, MINOR) if minor else (DEGREES, MAJOR)
    names = []
    while len(names) < bars:
        for chord in draw.choice(lines).split():
            root, kind = re.fullmatch(r"([IV]+)(.*)", chord).groups()
            names.append(FLATS[(key + degrees[root]) % 12] + kind)
    return names[:bars]


def of_styles(which: str, work: Path, out: Path):
    """Accompaniments: one for each style of MMA, over chords that this script draws."""
    for style in sorted(STYLES.glob("*.mma")):
        grooves = re.findall(r"^DefGroove\s+(\S+)", style.read_text(errors="replace"), re.M)
        if half(style.stem) != which or not grooves or style.stem.startswith(("metronome", "none")):
            continue
        text = style.read_text(errors="replace")
        signature = re.search(r"^\s*TimeSig\s+(\d+)[ /]+(\d+)", text, re.M | re.I)
        top, bottom = map(int, signature.groups()) if signature else (4, 4)
        draw = drawn(style.stem)
        bpm, key, minor = tempo_of(style.stem, RANGES, draw), draw.randrange(12), draw.random() < 0.4
        beat = midi_files.beat_in_quarters(top, bottom)
        bars = int(SECONDS * bpm * beat / 60 / (4 * top / bottom)) + 1
        song, midi = out / f"{style.stem}.mma", out / f"style-{style.stem}.mid"
        # The key signature spells nothing here; the chords decide.
        lines = [f"Tempo {bpm * beat:.3f}", f"Groove {grooves[0]}", *chords(key, minor, draw, bars)]
        song.write_text("\n".join(lines) + "\n")
        done = subprocess.run(["mma", "-f", str(midi), str(song)], capture_output=True, text=True)
        if done.returncode or not midi.exists():
            print(f"{style.stem}: {done.stdout.strip().splitlines()[-1:]}")
            continue
        name = f"{NAMES[key]} {'minor' if minor else 'major'}"
        yield {"source": f"styles-{which}", "midi": midi, "name": f"style-{style.stem}", "bpm": bpm, "key": name}


def tune_key(text: str) -> str | None:
    """The key of a tune whose only K: names a major or minor key."""
    keys = re.findall(r"^K: *([A-G])([#b]?) *(m|min|minor|maj|major)?\s*(?:%.*)?$", text, re.M)
    if len(keys) != 1 or len(re.findall(r"\[?K:", text)) != 1:
        return None
    letter, accidental, mode = keys[0]
    tonic = (NAMES.index(letter) + {"#": 1, "b": -1, "": 0}[accidental]) % 12
    return f"{NAMES[tonic]} {'minor' if mode in ('m', 'min', 'minor') else 'major'}"


def of_tunes(which: str, corpus: Path, out: Path):
    """Tunes in ABC, three times over, at a tempo of this script's choice."""
    # A folder of tunes, and every how many tunes one is taken.
    of_sets = {
        "dev": {"ryan": ("ryansMammoth", 20)},
        "test": {"nottingham": ("nottingham-dataset", 1), "oneill": ("oneills1850", 15)},
    }
    tunes = []
    for source, (folder, step) in of_sets[which].items():
        books = [p.read_text(errors="replace") for p in sorted((corpus / folder).glob("*.abc"))]
        every = [tune for book in books for tune in re.split(r"\n(?=X:)", book)]
        tunes += [(source, n, every[n]) for n in range(0, len(every), step)]
    for source, n, tune in tunes:
        meter, title = re.search(r"^M: *(\d+)/(\d+)", tune, re.M), re.search(r"^T: *(.*)", tune, re.M)
        key = tune_key(tune)
        if not (meter and title and key):
            continue
        kind = " ".join(re.findall(r"^[TR]: *(.*)", tune, re.M)) + (" jig" if meter.group(2) == "8" else "")
        top, bottom = map(int, meter.groups())
        draw = drawn(f"{source}{n}{title.group(1)}")
        bpm, beat = tempo_of(kind, DANCES, draw), midi_files.beat_in_quarters(top, bottom)
        # The tune's own tempo, if it has one, would win over the chosen one.
        lines = [line for line in tune.splitlines() if not line.startswith(("Q:", "P:"))]
        at = next(i for i, line in enumerate(lines) if line.startswith("K:"))
        program = draw.choice((1, 7, 22, 25, 41, 74, 106))
        lines[at:at] = [f"Q:1/4={bpm * beat:.0f}"]
        lines.insert(at + 2, f"%%MIDI program {program}")
        bpm = round(bpm * beat) / beat
        abc, midi = out / f"{source}-{n}.abc", out / f"{source}-{n}.mid"
        abc.write_text("\n".join(lines) + "\n")
        subprocess.run(["abc2midi", str(abc), "-o", str(midi), "-silent"], capture_output=True)
        if midi.exists() and usable(midi_files.read(midi, SECONDS)):
            yield {"source": source, "midi": midi, "name": f"{source}-{n:04}", "bpm": bpm, "key": key}


def of_chorales(which: str, corpus: Path, out: Path):
    """Chorales by Bach whose score names the mode. Their tempo is not known."""
    if which != "test":
        return
    import music21

    for path in sorted((corpus / "bach").glob("bwv*.mxl"))[::8]:
        score = music21.converter.parse(path)
        keys = {str(k.name) for k in score.recurse().getElementsByClass(music21.key.Key)}
        if len(keys) != 1:
            continue
        tonic, mode = keys.pop().split()
        if mode not in ("major", "minor"):
            continue
        midi = out / f"{path.stem}.mid"
        score.write("midi", midi)
        name = f"{NAMES[music21.pitch.Pitch(tonic).pitchClass]} {mode}"
        yield {"source": "chorales", "midi": midi, "name": f"chorale-{path.stem}", "key": name}


def corpus_folder() -> Path:
    import music21

    return Path(music21.__file__).parent / "corpus"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dest", type=Path)
    parser.add_argument("--set", choices=FONTS, required=True)
    parser.add_argument("--fonts", type=Path, default=Path("/usr/share/sounds/sf2"))
    args = parser.parse_args()
    which, notes, audio = args.set, args.dest / "notes", args.dest / "audio"
    for folder in (notes, audio):
        folder.mkdir(parents=True, exist_ok=True)
    pieces, corpus = [], corpus_folder()
    pieces += of_games(which, args.dest, notes)
    pieces += of_recordings(which, args.dest, notes)
    pieces += of_styles(which, args.dest, notes)
    pieces += of_tunes(which, corpus, notes)
    pieces += of_chorales(which, corpus, notes)

    def make(piece: dict) -> dict:
        target = audio / f"{piece['name']}.wav"
        if target.exists():
            pass
        elif "midi" in piece:
            midi_files.render(piece["midi"], target, args.fonts / FONTS[which], SECONDS)
        else:
            part = target.with_suffix(".part.wav")
            command = ["ffmpeg", "-v", "error", "-y", "-i", str(piece["audio"]), "-t", str(SECONDS), "-ac", "1"]
            subprocess.run([*command, str(part)], check=True)
            shutil.move(part, target)
        return {
            "path": str(target.relative_to(args.dest)),
            "source": piece["source"],
            "bpm": piece.get("bpm"),
            "key": piece.get("key"),
        }

    with ThreadPoolExecutor(2) as pool:
        truth = list(pool.map(make, pieces))
    (args.dest / "truth.json").write_text(json.dumps(truth, indent=1) + "\n")
    for source in dict.fromkeys(p["source"] for p in truth):
        of_source = [p for p in truth if p["source"] == source]
        known = [sum(p[what] is not None for p in of_source) for what in ("bpm", "key")]
        print(f"{source}: {len(of_source)} pieces, {known[0]} of known tempo, {known[1]} of known key")


if __name__ == "__main__":
    main()
