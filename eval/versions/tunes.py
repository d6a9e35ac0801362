"""Reads tunes for one voice out of the folk songs of Essen, as music21 ships them (ABC).

    python3 eval/versions/tunes.py CORPUS OUT.json

CORPUS is music21's folder `corpus`. Never read: `oneills1850`, `ryansMammoth`, `airdsAirs`, which nobody tunes on.
Only what these files use is understood: notes, rests, lengths, ties, tuplets, accidentals that hold to the bar line.
"""
import dataclasses
import json
import re
import sys
from fractions import Fraction
from pathlib import Path

CLASSES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SHARPS, FLATS = "FCGDAEB", "BEADGCF"
FIFTHS = {
    "C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "F#": 6, "C#": 7, "F": -1, "Bb": -2, "Eb": -3, "Ab": -4, "Db": -5, "Gb": -6,
}
MODES = {"": 0, "maj": 0, "ion": 0, "m": -3, "min": -3, "aeo": -3, "dor": -2, "mix": -1, "phr": -4, "lyd": 1, "loc": -5}
TOKEN = re.compile(r"\((\d)|([\^_=]*)([A-Ga-gzx])([,']*)(\d*)(/*)(\d*)(-?)|(\|)|\[([A-Z]):([^\]]*)\]")
FORBIDDEN = ("oneills1850", "ryansMammoth", "airdsAirs")


@dataclasses.dataclass
class Tune:
    """A melody: its notes are (onset, length, pitch); times in quarters, pitches as in MIDI."""

    name: str
    title: str
    meter: str
    notes: list

    @property
    def quarters(self) -> float:
        return self.notes[-1][0] + self.notes[-1][1]


def key_signature(text: str) -> dict:
    found = re.match(r"\s*([A-G][#b]?)\s*([a-zA-Z]*)", text)
    if not found:
        return {}
    fifths = FIFTHS.get(found[1], 0) + MODES.get(found[2].lower()[:3], 0)
    return {c: 1 for c in SHARPS[:max(fifths, 0)]} | {c: -1 for c in FLATS[:max(-fifths, 0)]}


def melody(body: str, unit: Fraction, key: dict) -> list:
    notes, now, held, tuplet, tied = [], Fraction(0), {}, 0, False
    for token in TOKEN.finditer(body):
        count, signs, letter, octave, times, slashes, over, tie, bar, field, value = token.groups()
        if bar:
            held = {}
        elif field:
            if field == "L":
                unit = Fraction(value.strip()) * 4
            elif field == "K":
                key = key_signature(value)
        elif count:
            tuplet = int(count) if count == "3" else 0
        if not letter:
            continue
        length = unit * int(times or 1)
        if slashes:
            length /= int(over) if over else 2 ** len(slashes)
        if tuplet:
            length, tuplet = length * Fraction(2, 3), tuplet - 1
        if letter in "zx":
            now, tied = now + length, False
            continue
        place = (letter, octave)
        if signs:
            held[place] = signs.count("^") - signs.count("_")
        alter = held.get(place, key.get(letter.upper(), 0))
        pitch = 60 + CLASSES[letter.upper()] + 12 * letter.islower() + 12 * (octave.count("'") - octave.count(",")) + alter
        if tied and notes and notes[-1][2] == pitch and notes[-1][0] + notes[-1][1] == now:
            notes[-1][1] += length
        else:
            notes.append([now, length, pitch])
        now, tied = now + length, tie == "-"
    return [(float(a), float(b), p) for a, b, p in notes]


def read_abc(path: Path) -> list:
    assert not any(name in str(path) for name in FORBIDDEN), path
    found = []
    for number, text in enumerate(re.split(r"(?m)^(?=X:)", path.read_text(encoding="utf-8", errors="replace"))[1:]):
        fields, body = {}, []
        for line in text.splitlines():
            head = re.match(r"([A-Za-z]):(.*)", line)
            if head and not body or head and head[1] in "WwN":
                fields.setdefault(head[1], head[2].strip())
            elif head:
                body.append(f"[{head[1]}:{head[2].strip()}]")
            elif not line.startswith("%"):
                body.append(line)
        unit = re.match(r"\d+/\d+", fields.get("L", "1/8"))
        notes = melody(" ".join(body), Fraction(unit[0]) * 4, key_signature(fields.get("K", "C")))
        if notes:
            name = f"{path.stem}-{number}"
            found.append(Tune(name, fields.get("T", ""), fields.get("M", "4/4"), notes))
    return found


def essen(corpus: Path) -> list:
    """All folk songs long enough to be a piece: at least 24 notes of at least four pitch classes."""
    tunes = []
    for path in sorted((corpus / "essenFolksong").glob("*.abc")):
        if not path.stem.startswith("test"):
            tunes += read_abc(path)
    return [t for t in tunes if len(t.notes) >= 24 and len({p % 12 for _, _, p in t.notes}) >= 4]


if __name__ == "__main__":
    tunes = essen(Path(sys.argv[1]))
    Path(sys.argv[2]).write_text(json.dumps([dataclasses.asdict(t) for t in tunes]))
    print(f"{len(tunes)} tunes")
