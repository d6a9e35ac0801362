"""Reads scores of several voices: Bach's chorales (MusicXML, out of music21's corpus) and MIDI files of games (Debian).

    python3 eval/versions/scores.py CORPUS OUT.json

Writes pieces as `arrange.piece` makes them: parts with notes in quarters. The packages openttd-openmsx, freedoom and
planetblupi-music-midi must be installed.
"""
import io
import json
import sys
import xml.etree.ElementTree as xml
import zipfile
from pathlib import Path

import mido
import numpy as np

import arrange

MIDI = ("/usr/share/games/openttd/baseset/openmsx", "/usr/share/planetblupi/music")
WADS = ("/usr/share/games/doom/freedoom1.wad", "/usr/share/games/doom/freedoom2.wad")
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SECONDS = 60


def voices(path: Path) -> list:
    """The parts of a MusicXML file: lists of (onset, length, pitch) in quarters. Repeats are not played."""
    with zipfile.ZipFile(path) as archive:
        inner = next(n for n in archive.namelist() if n.endswith((".xml", ".musicxml")) and "META-INF" not in n)
        root = xml.parse(io.BytesIO(archive.read(inner))).getroot()
    parts = []
    for part in root.iter("part"):
        notes, now, divisions = [], 0.0, 1
        for measure in part.iter("measure"):
            at = furthest = now
            for item in measure:
                if item.tag == "attributes" and item.find("divisions") is not None:
                    divisions = int(item.find("divisions").text)
                elif item.tag in ("backup", "forward"):
                    move = int(item.find("duration").text) / divisions
                    at += move if item.tag == "forward" else -move
                elif item.tag == "note" and item.find("duration") is not None:
                    length = int(item.find("duration").text) / divisions
                    start = notes[-1][0] if item.find("chord") is not None and notes else at
                    pitch = item.find("pitch")
                    if pitch is not None:
                        alter = pitch.find("alter")
                        midi = 12 + 12 * int(pitch.find("octave").text) + STEPS[pitch.find("step").text]
                        midi += int(float(alter.text)) if alter is not None else 0
                        ties = {t.get("type") for t in item.findall("tie")}
                        if "stop" in ties and notes and notes[-1][2] == midi:
                            notes[-1][1] += length
                        else:
                            notes.append([start, length, midi])
                    if item.find("chord") is None:
                        at += length
                furthest = max(furthest, at)
            now = furthest
        parts.append(notes)
    return parts


def chorales(corpus: Path) -> list:
    found = []
    for path in sorted((corpus / "bach").glob("*.mxl")):
        parts = [p for p in voices(path) if len(p) >= 10]
        if len(parts) < 4:
            continue
        tops = sorted(parts, key=lambda p: -np.mean([n[2] for n in p]))
        tune, lower = tops[0], tops[1:4]
        if len(tune) < 24 or len(tune) > 160:
            continue
        end = max(p[-1][0] + p[-1][1] for p in parts)
        bpm = 84.0
        verses = max(1, int(round(SECONDS * bpm / 60 / end)))
        repeated = lambda part, loud: [(o + v * end, l, p, loud) for v in range(verses) for o, l, p in part]
        made = [{"role": "lead", "program": 19, "notes": repeated(tune, 92)}]
        made += [{"role": "backing", "program": 19, "notes": repeated(p, 80)} for p in lower]
        found.append({"name": f"bach-{path.stem}", "parts": made, "bpm": bpm, "slot": 2.0, "length": verses * end, "verse": end,
                      "kind": "chorale", "key": arrange.key_of(tune), "tune": {"meter": "4/4", "notes": tune}})
    return found


def midi_files() -> dict:
    """Name to bytes, each content once."""
    found = {}
    for folder in MIDI:
        for path in sorted(Path(folder).glob("*.mid")):
            found.setdefault(path.read_bytes(), f"midi-{Path(folder).name}-{path.stem}")
    for wad in WADS:
        data = Path(wad).read_bytes()
        count, directory = (int.from_bytes(data[n:n + 4], "little") for n in (4, 8))
        for n in range(count):
            entry = data[directory + 16 * n:directory + 16 * n + 16]
            at, size = int.from_bytes(entry[:4], "little"), int.from_bytes(entry[4:8], "little")
            if data[at:at + 4] == b"MThd":
                found.setdefault(data[at:at + size], f"midi-freedoom-{entry[8:].rstrip(bytes(1)).decode().lower()}")
    return {name: data for data, name in found.items()}


def game_piece(name: str, data: bytes):
    file = mido.MidiFile(file=io.BytesIO(data), clip=True)
    ticks, bpms, programs, sounding, notes = 0, [], {}, {}, {}
    now, tempo = 0.0, 500_000
    for message in mido.merge_tracks(file.tracks):
        now += mido.tick2second(message.time, file.ticks_per_beat, tempo)
        ticks += message.time
        quarter = ticks / file.ticks_per_beat
        if message.type == "set_tempo":
            tempo = message.tempo
        if message.type == "program_change":
            programs.setdefault(message.channel, message.program)
        if message.type in ("note_on", "note_off"):
            key = (message.channel, message.note)
            if key in sounding:
                start, loud = sounding.pop(key)
                notes.setdefault(message.channel, []).append((start, max(quarter - start, .05), message.note, loud))
            if message.type == "note_on" and message.velocity and now < SECONDS:
                sounding[key] = (quarter, message.velocity)
        bpms.append((message.time, 60e6 / tempo))
        if now > SECONDS:
            break
    pitched = {c: sorted(n) for c, n in notes.items() if c != 9 and len(n) >= 8}
    if not pitched or now < 25:
        return None
    total = max(n[-1][0] + n[-1][1] for n in pitched.values())
    bpm = total / min(now, SECONDS) * 60

    def melodic(channel):  # high, one note at a time, and most of the time
        part = pitched[channel]
        alone = len({round(n[0], 2) for n in part}) / len(part)
        return np.mean([n[2] for n in part]) / 12 + 4 * alone + 3 * min(sum(n[1] for n in part) / total, 1)
    lead = max(pitched, key=melodic)
    made = [{"role": "lead" if c == lead else "bass" if np.mean([n[2] for n in part]) < 48 else "backing",
             "program": programs.get(c, 0), "notes": part} for c, part in pitched.items()]
    if 9 in notes:
        made.append({"role": "drums", "program": 0, "notes": sorted(notes[9])})
    top = {}
    for onset, length, pitch, _ in pitched[lead]:
        if pitch > top.get(round(onset, 2), (0, 0))[1]:
            top[round(onset, 2)] = (length, pitch)
    tune = [(o, l, p) for o, (l, p) in sorted(top.items())]
    tune = [(o, min(l, n[0] - o) if n else l, p) for (o, l, p), n in zip(tune, tune[1:] + [None])]
    everything = [(o, l, p) for part in pitched.values() for o, l, p, _ in part]
    return {"name": name, "parts": made, "bpm": bpm, "slot": 2.0, "length": total, "verse": total, "kind": "game",
            "key": arrange.key_of(everything), "tune": {"meter": "4/4", "notes": tune}}


if __name__ == "__main__":
    pieces = chorales(Path(sys.argv[1]))
    print(len(pieces), "chorales")
    for name, data in midi_files().items():
        try:
            piece = game_piece(name, data)
        except (OSError, EOFError, ValueError, KeyError, IndexError) as error:
            print(f"{name}: {error!r}")
            continue
        if piece:
            pieces.append(piece)
    Path(sys.argv[2]).write_text(json.dumps(pieces, default=float))
    print(len(pieces), "pieces")
