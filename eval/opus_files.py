"""Makes Opus files of every kind with libopus: through ffmpeg, and through the library itself for what ffmpeg cannot ask for.

`make(folder, music)` writes some 250 files of 4 s each, the same each time, and returns their paths. What it covers:

- `ffmpeg-…`: voip, audio and lowdelay; frames of 2.5 to 120 ms; mono and stereo; 6 to 256 kbit/s; input of 8 to 48 kHz
- `surround-…`: 3 to 8 channels in mapping family 1, and 1 to 16 channels in family 255
- `forced-…`: one coding mode and bandwidth, every frame size that it has
- `switched-…`: mode, bandwidth, channels, frame size and bitrate change every few packets, with FEC and DTX
- `packed-…`: packets that were joined, padded and split
- `gain-…`: headers with a gain
- `damaged-…`: packets of all of these with wrong bits, cut, doubled, left out, or made up
"""

import array
import ctypes
import pathlib
import random
import struct
import subprocess

SECONDS = 4
MODES = {"silk": 1000, "hybrid": 1001, "celt": 1002}
BANDWIDTHS = {"narrow": 1101, "medium": 1102, "wide": 1103, "superwide": 1104, "full": 1105}
OF_MODE = {"silk": ["narrow", "medium", "wide"], "hybrid": ["superwide", "full"], "celt": ["narrow", "wide", "superwide", "full"]}
# In samples at 48 kHz.
FRAMES = {"silk": [480, 960, 1920, 2880], "hybrid": [480, 960], "celt": [120, 240, 480, 960]}
LAYOUTS = {3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
VOIP, AUDIO, LOWDELAY = 2048, 2049, 2051
BITRATE, BANDWIDTH, VBR, COMPLEXITY, FEC, LOSS, DTX, CONSTRAINED, CHANNELS, MODE = (
    4002, 4008, 4006, 4010, 4012, 4014, 4016, 4020, 4022, 11002)
MAX_BYTES = 12_000

library = ctypes.CDLL("libopus.so.0")
for name in ["opus_encoder_create", "opus_repacketizer_create", "opus_multistream_surround_encoder_create",
             "opus_multistream_decoder_create"]:
    getattr(library, name).restype = ctypes.c_void_p


def pcm(source: pathlib.Path, channels: int, rate=48_000, start=0) -> bytes:
    """The beginning of a file as 16 bit samples."""
    command = ["ffmpeg", "-v", "error", "-ss", str(start), "-i", source, "-t", str(SECONDS), "-ac", str(channels), "-ar", str(rate)]
    return subprocess.run([*command, "-f", "s16le", "-"], check=True, capture_output=True).stdout


def several(music: list[pathlib.Path], channels: int, rate=48_000) -> bytes:
    """So many channels, each with other music."""
    planes = [array.array("h", pcm(music[i % len(music)], 1, rate, start=i % 4)) for i in range(channels)]
    together = array.array("h", [0]) * (min(map(len, planes)) * channels)
    for i, plane in enumerate(planes):
        together[i::channels] = plane[: len(together) // channels]
    return together.tobytes()


class Encoder:
    """libopus's encoder; the surround encoder for more than two channels."""

    def __init__(self, channels: int, application=AUDIO):
        error = ctypes.c_int()
        self.channels, self.coded = channels, ctypes.create_string_buffer(MAX_BYTES)
        if channels <= 2:
            made = library.opus_encoder_create(48_000, channels, application, ctypes.byref(error))
            self.call, self.control = library.opus_encode, library.opus_encoder_ctl
            self.mapping = bytes([0])
        else:
            streams, coupled, table = ctypes.c_int(), ctypes.c_int(), ctypes.create_string_buffer(channels)
            made = library.opus_multistream_surround_encoder_create(
                48_000, channels, 1, ctypes.byref(streams), ctypes.byref(coupled), table, application, ctypes.byref(error))
            self.call, self.control = library.opus_multistream_encode, library.opus_multistream_encoder_ctl
            self.mapping = bytes([1, streams.value, coupled.value]) + table.raw
        assert error.value == 0
        self.handle = ctypes.c_void_p(made)

    def set(self, what: int, value: int):
        self.control(self.handle, ctypes.c_int(what), ctypes.c_int(value))

    def encode(self, samples: bytes, frame: int) -> bytes:
        made = self.call(self.handle, samples, frame, self.coded, MAX_BYTES)
        assert made > 0, made
        return self.coded.raw[:made]


def encode(samples: bytes, encoder: Encoder, frames, before=lambda i: None) -> list[bytes]:
    """Packets of the frame sizes that `frames(i)` names; `before` may change the encoder."""
    packets, at = [], 0
    while True:
        frame = frames(len(packets))
        size = 2 * encoder.channels * frame
        if at + size > len(samples):
            return packets
        before(len(packets))
        packets.append(encoder.encode(samples[at : at + size], frame))
        at += size


def duration(packet: bytes) -> int:
    """Samples at 48 kHz; 960 if the packet does not say."""
    if not packet:
        return 960
    toc = packet[0] >> 3
    frame = [480, 960, 1920, 2880][toc & 3] if toc < 12 else [480, 960][toc & 1] if toc < 16 else 120 << (toc & 3)
    count = [1, 2, 2, (packet[1] & 63) if len(packet) > 1 else 1][packet[0] & 3]
    return frame * count


CRC = []
for byte in range(256):
    value = byte << 24
    for _ in range(8):
        value = (value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)) & 0xFFFFFFFF
    CRC.append(value)


def page(packet: bytes, number: int, position: int, kind: int) -> bytes:
    """An Ogg page with one packet."""
    lengths = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    head = b"OggS" + struct.pack("<BBqIII", 0, kind, position, 7, number, 0) + bytes([len(lengths)]) + lengths
    check = 0
    for byte in head + packet:
        check = (check << 8 & 0xFFFFFFFF) ^ CRC[check >> 24 ^ byte]
    return head[:22] + struct.pack("<I", check) + head[26:] + packet


def write(path: pathlib.Path, packets: list[bytes], channels: int, mapping=bytes([0]), gain=0):
    """An Ogg file. Empty packets are left out."""
    head = b"OpusHead" + struct.pack("<BBHIh", 1, channels, 312, 48_000, gain) + mapping
    tags = b"OpusTags" + struct.pack("<I", 4) + b"none" + struct.pack("<I", 0)
    pages, position = [page(head, 0, 0, 2), page(tags, 1, 0, 0)], 0
    packets = [packet for packet in packets if packet]
    for i, packet in enumerate(packets):
        position += duration(packet)
        pages.append(page(packet, i + 2, position, 4 if i == len(packets) - 1 else 0))
    path.write_bytes(b"".join(pages))


def read(path: pathlib.Path) -> tuple[list[bytes], int, bytes]:
    """Packets, channels and mapping of an Ogg file."""
    data, at, packets, part = path.read_bytes(), 0, [], b""
    while at + 27 <= len(data):
        count = data[at + 26]
        lengths, at = data[at + 27 : at + 27 + count], at + 27 + count
        for length in lengths:
            part, at = part + data[at : at + length], at + length
            if length < 255:
                packets.append(part)
                part = b""
    return packets[2:], packets[0][9], packets[0][18:]


def decoded(packets, channels, mapping):
    """Interleaved samples of all packets. A refused packet gives none."""
    streams, coupled, table = (mapping[1], mapping[2], mapping[3:]) if mapping[0] else (1, channels - 1, bytes([0, 1]))
    error, out = ctypes.c_int(), (ctypes.c_float * (5760 * channels))()
    made = library.opus_multistream_decoder_create(48_000, channels, streams, coupled, table, ctypes.byref(error))
    samples = array.array("f")
    for packet in packets:
        count = library.opus_multistream_decode_float(ctypes.c_void_p(made), packet, len(packet), out, 5760, 0)
        samples.extend(out[: max(count, 0) * channels])
    return samples


def join(packets: list[bytes]) -> bytes:
    """Several packets of one kind as one."""
    handle = ctypes.c_void_p(library.opus_repacketizer_create())
    # The repacketizer keeps pointers.
    kept = [ctypes.create_string_buffer(packet, len(packet)) for packet in packets]
    for packet in kept:
        assert library.opus_repacketizer_cat(handle, packet, len(packet)) == 0
    out = ctypes.create_string_buffer(MAX_BYTES)
    made = library.opus_repacketizer_out(handle, out, MAX_BYTES)
    library.opus_repacketizer_destroy(handle)
    assert made > 0, made
    return out.raw[:made]


def padded(packet: bytes, more: int, streams=1) -> bytes:
    out = ctypes.create_string_buffer(packet, len(packet) + more)
    args = (streams,) if streams > 1 else ()
    pad = library.opus_multistream_packet_pad if streams > 1 else library.opus_packet_pad
    assert pad(out, len(packet), len(packet) + more, *args) == 0
    return out.raw


def damaged(packets: list[bytes], draw: random.Random) -> list[bytes]:
    """One packet in ten is not what it was."""
    out = []
    for packet in packets:
        kind = draw.randrange(70)
        if kind == 0:  # wrong bits
            wrong = bytearray(packet)
            for _ in range(draw.randint(1, 8)):
                wrong[draw.randrange(len(wrong))] ^= 1 << draw.randrange(8)
            packet = bytes(wrong)
        elif kind == 1:  # the rest is missing
            packet = packet[: draw.randint(1, len(packet))]
        elif kind == 2:  # left out
            packet = b""
        elif kind == 3:  # twice
            out.append(packet)
        elif kind == 4:  # made up, but for the first byte
            packet = packet[:1] + draw.randbytes(draw.randint(0, 200))
        elif kind == 5:  # made up
            packet = draw.randbytes(draw.randint(1, 200))
        elif kind == 6:  # of another kind
            packet = bytes([packet[0] ^ 1 << draw.randrange(8)]) + packet[1:]
        out.append(packet)
    return out


def make(folder: pathlib.Path, music: list[pathlib.Path]) -> list[pathlib.Path]:
    """All files. Those that are there already are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []

    def wanted(name: str) -> pathlib.Path | None:
        made.append(folder / name)
        return None if made[-1].exists() else made[-1]

    turn = 0
    for application in ["voip", "audio", "lowdelay"]:
        for frame in ["2.5", "5", "10", "20", "40", "60", "80", "100", "120"]:
            for channels in [1, 2]:
                for third in range(2):
                    turn += 1
                    bitrate = [6, 10, 16, 20, 24, 32, 40, 64, 96, 128, 192, 256][(turn * 5 + third) % 12]
                    rate = [48_000, 24_000, 16_000, 12_000, 8_000][turn % 5]
                    source = music[turn % len(music)]
                    if path := wanted(f"ffmpeg-{application}-{frame}-{channels}-{bitrate}k-{rate}.opus"):
                        samples = pcm(source, channels, rate)
                        ffmpeg(path, samples, channels, rate, "-application", application, "-frame_duration", frame,
                               "-b:a", f"{bitrate}k", "-vbr", ["on", "off", "constrained"][turn % 3])
    for channels in range(3, 9):
        for i, (frame, each) in enumerate([("20", 48), ("10", 16), ("60", 12), ("2.5", 64)]):
            if path := wanted(f"surround-{channels}-{frame}-{each}k.opus"):
                layout = LAYOUTS[channels] + "".join(f"|c{c}=c{c}" for c in range(channels))
                ffmpeg(path, several(music, channels), channels, 48_000, "-af", f"pan={layout}", "-mapping_family", "1", "-frame_duration", frame,
                       "-b:a", f"{each * channels}k", "-application", ["audio", "voip"][i % 2])
    for channels in [1, 2, 3, 5, 8, 12, 16]:
        if path := wanted(f"surround-255-{channels}.mka"):
            ffmpeg(path, several(music, channels), channels, 48_000, "-mapping_family", "255", "-b:a", f"{40 * channels}k")

    draw = random.Random(15)
    for mode, bandwidths in OF_MODE.items():
        for bandwidth in bandwidths:
            for frame in FRAMES[mode]:
                channels, source, bitrate = draw.choice([1, 2]), draw.choice(music), draw.choice([14, 20, 28, 40, 64])
                if path := wanted(f"forced-{mode}-{bandwidth}-{frame}-{channels}.opus"):
                    encoder = Encoder(channels, VOIP if mode != "celt" else AUDIO)
                    for what, value in [(MODE, MODES[mode]), (BANDWIDTH, BANDWIDTHS[bandwidth]), (BITRATE, 1000 * bitrate * channels)]:
                        encoder.set(what, value)
                    write(path, encode(pcm(source, channels), encoder, lambda _: frame), channels)
    for i in range(36):
        draw = random.Random(100 + i)
        channels = [1, 2, 2, 6][i % 4]
        if path := wanted(f"switched-{i}-{channels}.opus"):
            encoder, pick = Encoder(channels, draw.choice([VOIP, AUDIO])), {}
            encoder.set(LOSS, 20)

            def change(number, encoder=encoder, draw=draw, pick=pick, channels=channels):
                if number % draw.randint(3, 12) and pick:
                    return
                mode = draw.choice(list(MODES))
                pick["frame"] = draw.choice(FRAMES[mode] + [2880, 5760])
                encoder.set(MODE, draw.choice([MODES[mode], -1000]))
                encoder.set(BANDWIDTH, draw.choice([BANDWIDTHS[draw.choice(OF_MODE[mode])], -1000]))
                encoder.set(BITRATE, channels * draw.choice([7, 12, 16, 24, 32, 64, 128]) * 1000)
                encoder.set(CHANNELS, draw.choice([1, -1000, -1000]) if channels == 2 else -1000)
                for what in [VBR, CONSTRAINED, FEC, DTX]:
                    encoder.set(what, draw.randrange(2))
                encoder.set(COMPLEXITY, draw.randrange(11))

            def size(number, pick=pick, change=change):
                change(number)
                return pick["frame"]

            samples = several(music, channels) if channels > 2 else pcm(draw.choice(music), channels)
            write(path, encode(samples, encoder, size), channels, encoder.mapping)
    for mode, frame, together in [("celt", 120, 2), ("celt", 120, 48), ("celt", 240, 7), ("celt", 480, 12), ("silk", 480, 3),
                                  ("silk", 960, 6), ("hybrid", 480, 5), ("hybrid", 960, 3)]:
        draw = random.Random(frame * together)
        if path := wanted(f"packed-{mode}-{frame}-{together}.opus"):
            encoder = Encoder(2, AUDIO)
            encoder.set(MODE, MODES[mode])
            encoder.set(BITRATE, 48_000)
            encoder.set(BANDWIDTH, BANDWIDTHS[OF_MODE[mode][-1]])
            single = encode(pcm(draw.choice(music), 2), encoder, lambda _: frame)
            packets = [join(single[i : i + together]) for i in range(0, len(single), together) if len({p[0] & 252 for p in single[i : i + together]}) == 1]
            write(path, [padded(p, draw.choice([1, 2, 254, 255, 256, 700])) if draw.randrange(2) else p for p in packets], 2)
    for channels in [3, 4, 6, 8]:
        draw = random.Random(channels)
        if path := wanted(f"packed-surround-{channels}.opus"):
            encoder = Encoder(channels)
            encoder.set(BITRATE, 32_000 * channels)
            frames = [120, 240, 480, 960, 1920, 2880]
            packets = encode(several(music, channels), encoder, lambda _, draw=draw, frames=frames: draw.choice(frames))
            streams = encoder.mapping[1]
            write(path, [padded(p, draw.choice([1, 2, 254, 255, 256, 700]), streams) if draw.randrange(2) else p for p in packets], channels, encoder.mapping)
    for gain, channels in [(-1536, 1), (768, 2), (2000, 6)]:
        if path := wanted(f"gain-{gain}-{channels}.opus"):
            encoder = Encoder(channels)
            write(path, encode(several(music, channels), encoder, lambda _: 960), channels, encoder.mapping, gain)
    whole = [path for path in made if path.suffix == ".opus"]
    for i in range(60):
        draw = random.Random(1000 + i)
        source = draw.choice(whole)
        if path := wanted(f"damaged-{i}-{source.stem}.opus"):
            packets, channels, mapping = read(source)
            write(path, damaged(packets, draw), channels, mapping)
    return made


def ffmpeg(path: pathlib.Path, samples: bytes, channels: int, rate: int, *options: str):
    source = ["-f", "s16le", "-ar", str(rate), "-ac", str(channels), "-i", "-"]
    exact = ["-map_metadata", "-1", "-flags:a", "+bitexact", "-fflags", "+bitexact"]
    command = ["ffmpeg", "-v", "error", "-y", *source, *exact, "-c:a", "libopus", *options, "-serial_offset", "1", path]
    if path.suffix != ".opus":
        command[-3:-1] = []
    subprocess.run(command, input=samples, check=True)


if __name__ == "__main__":
    import sys

    folder, *sources = map(pathlib.Path, sys.argv[1:])
    print(len(make(folder, sources)), "files")
