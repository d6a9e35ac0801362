"""Pieces of game music as notes (MIDI files from Debian packages), and several renderings of each with fluidsynth."""

import pathlib
import struct
import subprocess
from collections.abc import Callable

import numpy as np

from corpus import unpack
from make_queries import rms
from scenes.tools import decode

PACKAGES = ("planetblupi-music-midi", "openttd-openmsx", "freedoom")
FONT, OTHER_FONT = "/usr/share/sounds/sf2/FluidR3_GM.sf2", "/usr/share/sounds/sf2/TimGM6mb.sf2"
SHORTEST, LONGEST = 30, 60  # seconds of a rendering
EVENT_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}
DRUMS = 9

Event = tuple[int, bytes]  # tick, and the event with its status


def pieces(folder: pathlib.Path, packages: tuple[str, ...] = PACKAGES) -> list[bytes]:
    """The MIDI files in the packages, also those within WAD archives, without those of the same bytes."""
    found = {}
    for package in packages:
        target = folder / package
        if not target.exists():
            debs = folder / "deb"
            debs.mkdir(parents=True, exist_ok=True)
            if not list(debs.glob(f"{package}_*.deb")):
                subprocess.run(["apt-get", "-q", "download", package], cwd=debs, check=True)
            unpack(next(debs.glob(f"{package}_*.deb")), target, ("*.mid", "*.midi", "*.wad"))
        for path in sorted(p for p in target.rglob("*") if p.is_file() and not p.is_symlink()):
            content = path.read_bytes()
            for midi in lumps(content) if path.suffix == ".wad" else [content]:
                if midi[:4] == b"MThd":
                    found.setdefault(midi, f"{package}/{path.name}")
    return list(found)


def lumps(wad: bytes) -> list[bytes]:
    """The entries of a WAD archive."""
    count, at = struct.unpack_from("<II", wad, 4)
    entries = [struct.unpack_from("<II", wad, at + 16 * i) for i in range(count)]
    return [wad[start : start + size] for start, size in entries]


# ---- MIDI files --------------------------------------------------------------------------------------


def number(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends."""
    value = 0
    while True:
        value = value << 7 | data[at] & 0x7F
        at += 1
        if not data[at - 1] & 0x80:
            return value, at


def as_number(value: int) -> bytes:
    """A number of variable length."""
    out = bytes([value & 0x7F])
    while value := value >> 7:
        out = bytes([value & 0x7F | 0x80]) + out
    return out


def parse(midi: bytes) -> tuple[bytes, list[list[Event]]]:
    """The header and the events of each track."""
    size = struct.unpack_from(">I", midi, 4)[0]
    header, at, tracks = midi[8 : 8 + size], 8 + size, []
    while at + 8 <= len(midi):
        kind, size = midi[at : at + 4], struct.unpack_from(">I", midi, at + 4)[0]
        if kind == b"MTrk":
            tracks.append(events(midi[at + 8 : at + 8 + size]))
        at += 8 + size
    return header, tracks


def events(data: bytes) -> list[Event]:
    """The events of a track; each with its status byte, also where the file leaves it out."""
    at, tick, status, found = 0, 0, 0, []
    while at < len(data):
        wait, at = number(data, at)
        tick += wait
        first = at
        if data[at] == 0xFF:
            size, end = number(data, at + 2)
            at = end + size
            found.append((tick, data[first:at]))
        elif data[at] in (0xF0, 0xF7):
            size, end = number(data, at + 1)
            at = end + size
            found.append((tick, data[first:at]))
        else:
            if data[at] & 0x80:
                status, at = data[at], at + 1
            size = EVENT_BYTES[status >> 4]
            found.append((tick, bytes([status]) + data[at : at + size]))
            at += size
    return found


def written(header: bytes, tracks: list[list[Event]]) -> bytes:
    """A MIDI file."""
    out = b"MThd" + struct.pack(">I", len(header)) + header
    for track in tracks:
        body, before = b"", 0
        for tick, event in track:
            body, before = body + as_number(tick - before) + event, tick
        out += b"MTrk" + struct.pack(">I", len(body)) + body
    return out


# ---- renderings --------------------------------------------------------------------------------------


def other_instruments(midi: bytes, rng: np.random.Generator) -> bytes:
    """The same notes 3 % slower with other instruments; drums stay."""
    header, tracks = parse(midi)
    shape = {channel: int(rng.integers(1, 6)) * 16 + int(rng.integers(8)) for channel in range(16)}

    def changed(event: bytes) -> bytes:
        if event[0] >> 4 != 0xC or event[0] & 15 == DRUMS:
            return event
        return bytes([event[0], (event[1] + shape[event[0] & 15]) % 96])

    begin = [(0, bytes([0xC0 | c, shape[c] % 96])) for c in range(16) if c != DRUMS]
    tracks = [[(tick, changed(e)) for tick, e in track] for track in tracks]
    division = struct.unpack_from(">H", header, 4)[0]
    header = header[:4] + struct.pack(">H", max(1, round(division / 1.03)))
    return written(header, [begin + tracks[0], *tracks[1:]])


def uneven(midi: bytes, rng: np.random.Generator) -> bytes:
    """The same notes with a tempo that wanders by up to 5 % within some beats, as a player's does."""
    header, tracks = parse(midi)
    beat = struct.unpack_from(">H", header, 4)[0]
    waves = [(float(rng.uniform(4, 24)) * beat, float(rng.uniform(0, 6.28))) for _ in range(3)]

    def moved(tick: int) -> int:
        return round(tick + sum(0.017 * length / 6.28 * (np.sin(6.28 * tick / length + p) - np.sin(p)) for length, p in waves))

    return written(header, [[(max(0, moved(tick)), e) for tick, e in track] for track in tracks])


RENDERINGS: dict[str, tuple[str, Callable]] = {
    "soundfont": (OTHER_FONT, lambda midi, rng: midi),
    "instruments, 3 % slower": (FONT, other_instruments),
    "uneven": (OTHER_FONT, uneven),
}


def render(midi: bytes, font: str, target: pathlib.Path) -> float:
    """Write the first minute of a rendering as FLAC; return its length, 0 if it failed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    notes = target.with_suffix(".mid")
    notes.write_bytes(midi)
    fluidsynth = ["fluidsynth", "-ni", "-q", "-g", "0.5", "-r", "44100", "-O", "s16", "-T", "raw", "-F", "/dev/stdout"]
    source = subprocess.Popen([*fluidsynth, font, str(notes)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    ffmpeg = ["ffmpeg", "-v", "error", "-y", "-f", "s16le", "-ar", "44100", "-ac", "2", "-i", "-", "-bitexact"]
    subprocess.run([*ffmpeg, "-t", str(LONGEST), "-ac", "1", str(target)], stdin=source.stdout, check=False)
    source.stdout.close()
    source.kill()
    source.wait()
    if not target.exists() or target.stat().st_size < 10_000:
        return 0.0
    x = decode(target, 0, LONGEST)
    return len(x) / 44_100 if rms(x) > 1e-3 else 0.0
