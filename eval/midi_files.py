"""Reads what a Standard MIDI File says about tempo, time signature and notes, and renders it to audio.

Used by known_music.py. Needs mido; rendering needs fluidsynth.
"""
import dataclasses
import subprocess
from pathlib import Path

import mido


@dataclasses.dataclass(frozen=True)
class Score:
    """What a MIDI file says: seconds of all note onsets, the tempo that holds longest, and how far it holds."""

    onsets: list[float]
    seconds: float
    bpm: float  # beats a minute of the main tempo
    held: float  # the share of the seconds in which the tempo is within 1 % of it
    on_grid: float  # the share of onsets within a 20th of a beat of a quarter or third of a beat


def beat_in_quarters(numerator: int, denominator: int) -> float:
    """The length of a beat: a dotted note in compound time, else the denominator's note."""
    note = 4 / denominator
    return 3 * note if denominator >= 8 and numerator % 3 == 0 else note


def read(path: Path, limit: float) -> Score:
    """Reads the first `limit` seconds of a file."""
    file = mido.MidiFile(path, clip=True)
    now, ticks, tempo, beat = 0.0, 0, 500_000, 1.0
    stretches, onsets, positions = [], [], []
    for message in mido.merge_tracks(file.tracks):
        seconds = mido.tick2second(message.time, file.ticks_per_beat, tempo)
        stretches.append((seconds, 60e6 / tempo / beat))
        now, ticks = now + seconds, ticks + message.time
        if now > limit:
            break
        if message.type == "set_tempo":
            tempo = message.tempo
        elif message.type == "time_signature":
            beat = beat_in_quarters(message.numerator, message.denominator)
        elif message.type == "note_on" and message.velocity > 0:
            onsets.append(now)
            positions.append(ticks / file.ticks_per_beat / beat)
    total = max(sum(s for s, _ in stretches), 1e-9)
    near = lambda bpm: sum(s for s, b in stretches if abs(b / bpm - 1) < 0.01)
    bpm = max({b for _, b in stretches}, key=near)
    off = lambda p, parts: abs(p * parts - round(p * parts)) / parts
    on_grid = sum(min(off(p, 4), off(p, 3)) < 0.05 for p in positions) / max(len(positions), 1)
    return Score(onsets, now, bpm, near(bpm) / total, on_grid)


def render(midi: Path, wav: Path, soundfont: Path, seconds: float) -> None:
    """Renders the first `seconds` of a MIDI file, mono at 22,050 Hz."""
    command = ["fluidsynth", "-ni", "-q", "-g", "0.5", "-r", "22050", "-T", "raw", "-O", "s16", "-F", "-"]
    synth = subprocess.Popen(
        [*command, str(soundfont), str(midi)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    sox = ["sox", "-q", "-t", "raw", "-r", "22050", "-e", "signed", "-b", "16", "-c", "2", "-", "-c", "1"]
    subprocess.run([*sox, str(wav), "trim", "0", str(seconds)], stdin=synth.stdout, check=True)
    synth.stdout.close()
    synth.kill()
    synth.wait()
