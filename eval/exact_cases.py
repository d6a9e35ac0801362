"""The files of exact_decode.py, and how each is made."""

import array
import dataclasses
import math
import pathlib
import random
import struct
import subprocess
import sys
from typing import Callable


def signal(rate: int, channels: int, seconds: float) -> bytes:
    """Tones, noise and clicks, 16 bits, whose every moment is like no other."""
    noise = random.Random(rate + channels)
    samples = array.array("h")
    for i in range(round(rate * seconds)):
        t = i / rate
        for c in range(channels):
            tone = 0.3 * math.sin(2 * math.pi * (220 * (c + 2) * t + 40 * t * t)) + 0.15 * math.sin(2 * math.pi * 1234.5 * t * (1 + c))
            click = 0.4 if i % (rate // 3) == 100 else 0.0
            samples.append(round(32767 * max(-1, min(1, tone + click + 0.03 * noise.gauss(0, 1)))))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


@dataclasses.dataclass
class Case:
    """A file. `first` and `count` say which of ffmpeg's frames are right, where it does not trim itself."""

    name: str
    options: list[str]
    rate: int = 44100
    channels: int = 2
    seconds: float = 2.3
    exact: bool = False
    first: int = 0
    count: int | None = None
    truth: str = "ffmpeg"
    # Where ffmpeg has our channels.
    order: list[int] | None = None
    edit: Callable[[bytes], bytes] | None = None
    read: list[str] = dataclasses.field(default_factory=list)

    def make(self, work: pathlib.Path) -> pathlib.Path:
        path = work / self.name
        raw = ["-f", "s16le", "-ar", str(self.rate), "-ac", str(self.channels), "-i", "-"]
        command = ["ffmpeg", "-v", "error", "-y", *raw, *self.options, str(path)]
        subprocess.run(command, input=signal(self.rate, self.channels, self.seconds), check=True)
        if self.edit:
            path.write_bytes(self.edit(path.read_bytes()))
        return path


def with_edits(scale: int, edits: list[tuple[int, int]]) -> Callable[[bytes], bytes]:
    """Gives an MP4 file whose movie header comes last this edit list, and the movie this time scale."""

    def edit(file: bytes) -> bytes:
        out, sizes = bytearray(file), []
        moov = out.rindex(b"moov")
        out[moov + 24 : moov + 28] = struct.pack(">I", scale)
        old = out.rindex(b"edts")
        content = struct.pack(">II", 0, len(edits)) + b"".join(struct.pack(">IiI", *entry, 0x10000) for entry in edits)
        atom = struct.pack(">I4sI4s", len(content) + 16, b"edts", len(content) + 8, b"elst") + content
        out[old : old + 4] = b"free"
        for name in b"moov", b"trak":
            at = out.rindex(name) - 4
            out[at : at + 4] = struct.pack(">I", struct.unpack(">I", out[at : at + 4])[0] + len(atom))
        out[old - 4 : old - 4] = atom
        return bytes(out)

    return edit


def then(name: str) -> Callable[[bytes], bytes]:
    """Puts the file behind itself, with a tag between."""
    return lambda file: file + b"ID3\x04\0\0\0\0\0\x40" + bytes(64) + file


def pcm(codec: str, *more: str) -> list[str]:
    return ["-c:a", codec, *more]


# ffmpeg's own decoder of Opus is not exact.
LIBOPUS = ["-c:a", "libopus"]

CASES = [
    Case("16.wav", pcm("pcm_s16le"), exact=True),
    Case("24.wav", pcm("pcm_s24le"), 48000, 1, exact=True),
    Case("float.wav", pcm("pcm_f32le"), 8000, 6, exact=True),
    Case("u8.wav", pcm("pcm_u8"), 11025, exact=True),
    Case("16.aiff", pcm("pcm_s16be"), exact=True),
    Case("24.aiff", pcm("pcm_s24be"), 96000, exact=True),
    Case("16.caf", pcm("pcm_s16le"), exact=True),
    Case("24.caf", pcm("pcm_s24be"), 48000, exact=True),
    Case("16.flac", pcm("flac"), exact=True),
    Case("24.flac", pcm("flac", "-sample_fmt", "s32"), 96000, 1, exact=True),
    Case("small-blocks.flac", pcm("flac", "-frame_size", "192"), 22050, exact=True),
    Case("surround.flac", pcm("flac"), 48000, 6, exact=True),
    Case("ogg.oga", pcm("flac"), exact=True),
    Case("matroska-flac.mka", pcm("flac"), exact=True),
    Case("alac.m4a", pcm("alac"), exact=True),
    Case("alac-24.m4a", pcm("alac", "-sample_fmt", "s32p"), 96000, 1, exact=True),
    Case("alac-mono.m4a", pcm("alac"), 22050, 1, exact=True),
    Case("alac.mov", pcm("alac"), 48000, exact=True),
    Case("alac.mka", pcm("alac"), 48000, exact=True),
    Case("16.mov", pcm("pcm_s16le"), 48000, exact=True),
    Case("192k.mp3", pcm("libmp3lame", "-b:a", "192k")),
    Case("vbr.mp3", pcm("libmp3lame", "-q:a", "4"), 48000),
    Case("mono-22050.mp3", pcm("libmp3lame", "-b:a", "48k"), 22050, 1),
    Case("8000.mp3", pcm("libmp3lame", "-b:a", "24k"), 8000, 1),
    Case("no-tag.mp3", pcm("libmp3lame", "-b:a", "128k", "-write_xing", "0"), 32000),
    Case("id3.mp3", pcm("libmp3lame", "-b:a", "128k", "-metadata", "title=a", "-id3v2_version", "4", "-write_id3v1", "1")),
    Case("no-reservoir.mp3", pcm("libmp3lame", "-b:a", "160k", "-reservoir", "0"), 22050),
    Case("mp3.mp4", pcm("libmp3lame", "-b:a", "128k"), count=101430, truth="edit list"),
    Case("mp3-22050.mp4", pcm("libmp3lame", "-b:a", "64k"), 22050, 1, count=51267, truth="edit list"),
    Case("mp3.mov", pcm("libmp3lame", "-b:a", "128k"), 48000, count=110400, truth="edit list"),
    Case("mp3.mka", pcm("libmp3lame", "-b:a", "128k")),
    Case("mp3-22050.mka", pcm("libmp3lame", "-b:a", "64k"), 22050, 1),
    Case("mp3.mkv", pcm("libmp3lame", "-b:a", "128k"), 48000),
    Case("layer2.mp2", pcm("mp2", "-b:a", "192k")),
    Case("layer2-mono.mp2", pcm("mp2", "-b:a", "64k"), 24000, 1),
    Case("layer2-48000.mp2", pcm("mp2", "-b:a", "160k"), 48000),
    Case("layer2.mka", pcm("mp2", "-b:a", "192k")),
    Case("aac.m4a", pcm("aac", "-b:a", "128k"), count=101430, truth="edit list"),
    Case("aac-48000.m4a", pcm("aac", "-b:a", "96k"), 48000, 1, count=110400, truth="edit list"),
    Case("aac-22050.mov", pcm("aac", "-b:a", "64k"), 22050, count=50715, truth="edit list"),
    Case("aac-fragmented.m4a", pcm("aac", "-b:a", "96k", "-movflags", "frag_keyframe+empty_moov", "-frag_duration", "500000")),
    Case("aac-start.mp4", pcm("aac", "-b:a", "96k", "-movflags", "+faststart"), 32000, count=73600, truth="edit list"),
    Case("aac.mka", pcm("aac", "-b:a", "128k")),
    Case("aac-mono.mka", pcm("aac", "-b:a", "64k"), 24000, 1),
    Case("aac.aac", pcm("aac", "-b:a", "128k")),
    Case("aac-mono.aac", pcm("aac", "-b:a", "64k"), 16000, 1),
    Case("aac-96000.aac", pcm("aac", "-b:a", "128k"), 96000),
    Case("vorbis.ogg", pcm("libvorbis", "-q:a", "5")),
    Case("vorbis-mono.ogg", pcm("libvorbis", "-q:a", "0"), 22050, 1),
    Case("vorbis-short.ogg", pcm("libvorbis", "-q:a", "3"), seconds=0.05, count=2205, truth="granule position"),
    Case("vorbis.mka", pcm("libvorbis", "-q:a", "5")),
    Case("vorbis.webm", pcm("libvorbis", "-q:a", "2"), 48000, 1),
    Case("vorbis-3.ogg", pcm("libvorbis", "-q:a", "5"), 44100, 3),
    Case("vorbis-4.ogg", pcm("libvorbis", "-q:a", "3"), 48000, 4),
    Case("vorbis-5.mka", pcm("libvorbis", "-q:a", "5"), 44100, 5),
    Case("vorbis-6.ogg", pcm("libvorbis", "-q:a", "5"), 48000, 6),
    Case("vorbis-6.mka", pcm("libvorbis", "-q:a", "2"), 44100, 6),
    Case("vorbis-7.ogg", pcm("libvorbis", "-q:a", "4"), 44100, 7),
    Case("vorbis-8.ogg", pcm("libvorbis", "-q:a", "5"), 48000, 8),
    Case("opus.opus", pcm("libopus", "-b:a", "96k"), 48000, read=LIBOPUS),
    Case("opus-mono.opus", pcm("libopus", "-b:a", "32k"), 48000, 1, read=LIBOPUS),
    Case("opus-60ms.opus", pcm("libopus", "-b:a", "48k", "-frame_duration", "60"), 48000, read=LIBOPUS),
    Case("opus-short.opus", pcm("libopus", "-b:a", "64k"), 48000, seconds=0.031, read=LIBOPUS),
    Case("opus.mp4", pcm("libopus", "-b:a", "96k"), 48000, read=LIBOPUS, count=110400, truth="edit list"),
    Case("opus.webm", pcm("libopus", "-b:a", "96k"), 48000, read=LIBOPUS),
    Case("opus.mka", pcm("libopus", "-b:a", "64k"), 48000, 1, read=LIBOPUS),
    # 0.8 s from 0.25 s on; the same in other units; a pause in front; all of it.
    Case("aac-edit.m4a", pcm("aac", "-b:a", "96k"), edit=with_edits(1000, [(800, 11025)]), count=35280, truth="edit list"),
    Case("aac-edit-600.m4a", pcm("aac", "-b:a", "96k"), edit=with_edits(600, [(480, 11025)]), count=35280, truth="edit list"),
    Case("aac-pause.m4a", pcm("aac", "-b:a", "96k"), edit=with_edits(1000, [(500, -1), (2300, 1024)]), count=101430, truth="edit list"),
    Case("aac-all.m4a", pcm("aac", "-b:a", "96k"), edit=with_edits(1000, [(2323, 0)]), count=102445, truth="edit list"),
    Case("aac-no-list.m4a", pcm("aac", "-b:a", "96k", "-use_editlist", "0")),
    Case("alac-edit.m4a", pcm("alac"), exact=True, edit=with_edits(1000, [(500, 1000)]), count=22050, truth="edit list"),
]
