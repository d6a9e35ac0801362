#!/usr/bin/env python3
"""Damages audio files at random and watches what a program makes of them: no panic, no hang, bounded memory.

    python3 eval/mutate.py target/release/refrain [--files 10000] [--seconds 10] [--mib 300] [--seed 1] [--keep DIR] [FILE ...]

Without FILE, takes every file of fixtures/formats and makes small files of the other containers. Half of the damage goes to
numbers: bytes that hold lengths, counts and offsets, found as the numbers of a file that fit into it or stand behind the name
of a part. The rest is flipped bits, noise, zeros, cuts, and parts that are moved, repeated or taken from another file.
The program fingerprints each file in a process of its own. Prints the outcomes, the slowest file and the most memory, and
exits with 1 if a limit is broken. Uses only Python's own modules.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import random

import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXTREMES = [0, 1, 2, 3, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1]


def tone(frames=8000):
    return [int(i * 3 * ((i * 37 % 101) / 50 - 1)) % 65536 for i in range(frames)]


def made():
    """Small files of the containers of samples that fixtures/formats does not have."""
    little = struct.pack(f"<{8000}H", *tone())
    big = struct.pack(f">{8000}H", *tone())
    fmt = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)

    def chunk(name, content):
        return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)

    ds64 = struct.pack("<QQQI", 0, len(little), 8000, 0)
    rest = bytes.fromhex("f3acd3118cd100c04f8edb8a")

    def wide(name, content):
        part = name + rest + struct.pack("<Q", len(content) + 24) + content
        return part + b"\0" * (-len(part) % 8)

    size = 0xFFFFFFFF
    rate = bytes.fromhex("400bfa00000000000000")
    comm = struct.pack(">HIH", 1, 8000, 16) + rate
    comc = comm + b"sowt\x03abc"
    desc = struct.pack(">d4sIIIIIHH", 8000.0, b"lpcm", 2, 2, 1, 1, 16, 0, 0)[:32]
    info = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"Title") + chunk(b"IART", b"Artist"))
    return {
        "made.rf64": b"RF64" + struct.pack("<I", size) + b"WAVE" + chunk(b"ds64", ds64) + chunk(b"fmt ", fmt)
        + b"data" + struct.pack("<I", size) + little + info,
        "made.wav": b"RIFF" + struct.pack("<I", 0) + b"WAVE" + info + chunk(b"fmt ", fmt) + chunk(b"data", little),
        "made.w64": b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0" + struct.pack("<Q", 0) + b"wave" + rest
        + wide(b"fmt ", fmt) + wide(b"data", little),
        "made.au": b".snd" + struct.pack(">IIIII", 24, len(big), 3, 8000, 1) + big,
        "made.aiff": b"FORM" + struct.pack(">I", 0) + b"AIFF" + b"COMM" + struct.pack(">I", len(comm)) + comm
        + b"SSND" + struct.pack(">I", len(big) + 8) + bytes(8) + big,
        "made.aifc": b"FORM" + struct.pack(">I", 0) + b"AIFC" + b"COMM" + struct.pack(">I", len(comc)) + comc
        + b"SSND" + struct.pack(">I", len(little) + 8) + bytes(8) + little,
        "made.caf": b"caff\0\1\0\0desc" + struct.pack(">q", 32) + desc + b"data" + struct.pack(">q", len(little) + 4) + bytes(4) + little,
    }


def numbers(data):
    """Places that hold a number which seems to be a length, a count or an offset: (offset, bytes, order)."""
    places = []
    # Audio in the middle of a long file has few such numbers.
    near = [i for i in range(len(data) - 8) if i < 6000 or i > len(data) - 3000]
    for i in near:
        name = data[i:i + 4]
        if len(name) == 4 and all(32 <= b < 127 for b in name):
            places += [(i + 4, 4, "little"), (i + 4, 4, "big"), (i + 4, 8, "big"), (max(i - 4, 0), 4, "big")]
        for width, order in ((2, "big"), (2, "little"), (4, "big"), (4, "little")):
            value = int.from_bytes(data[i:i + width], order)
            if 3 < value <= len(data) and (width == 2 or value > 255):
                places.append((i, width, order))
    return places or [(0, 4, "big")]


def number_damage(data, places, rng):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        at, width, order = rng.choice(places)
        old = int.from_bytes(data[at:at + width], order)
        new = rng.choice([
            rng.choice(EXTREMES), old + rng.choice([-8, -4, -2, -1, 1, 2, 4, 8]), old * rng.choice([2, 16, 256]), old // 2,
            len(data), len(data) - at, rng.getrandbits(8 * width), rng.randrange(0, 4096),
        ])
        data[at:at + width] = (new % 256**width).to_bytes(width, order)
    return bytes(data)


def other_damage(data, other, rng):
    data = bytearray(data)
    kind = rng.randrange(7)
    size = max(len(data), 1)
    at = rng.randrange(min(size, 4000)) if rng.random() < 0.5 else rng.randrange(size)
    count = rng.choice([1, 4, 64, 1000])
    if kind == 0:
        for _ in range(rng.randint(1, 16)):
            i = min(at + rng.randrange(64), size - 1)
            data[i] ^= 1 << rng.randrange(8)
    elif kind == 1:
        data[at:at + count] = rng.randbytes(len(data[at:at + count]))
    elif kind == 2:
        data[at:at + count] = bytes(len(data[at:at + count]))
    elif kind == 3:
        del data[at:]
    elif kind == 4:
        del data[at:at + count]
    elif kind == 5:
        data[at:at] = data[at:at + count] * rng.choice([1, 2, 50])
    else:
        i = rng.randrange(max(len(other), 1))
        data[at:at + count] = other[i:i + count]
    return bytes(data)


TABLE = []
for byte in range(256):
    crc = byte << 24
    for _ in range(8):
        crc = (crc << 1 ^ (0x04C11DB7 if crc >> 31 else 0)) & 0xFFFFFFFF
    TABLE.append(crc)


def with_checksums(data):
    """The same with the checksums of its Ogg pages as they should be, so that the damage reaches what is within."""
    data = bytearray(data)
    at = data.find(b"OggS")
    while at >= 0 and at + 27 <= len(data):
        segments = data[at + 27:at + 27 + data[at + 26]]
        end = at + 27 + data[at + 26] + sum(segments)
        page, crc = data[at:end], 0
        page[22:26] = bytes(4)
        for byte in page:
            crc = (crc << 8 & 0xFFFFFFFF) ^ TABLE[crc >> 24 ^ byte]
        data[at + 22:at + 26] = struct.pack("<I", crc)
        at = data.find(b"OggS", end)
    return bytes(data)


def run(program, path, seconds):
    """Outcome, seconds of wall clock, MiB of peak memory."""
    began = time.monotonic()
    child = subprocess.Popen([program, "fingerprint", "-length", "0", str(path)],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    timer = threading.Timer(seconds * 3, child.kill)
    timer.start()
    error = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    timer.cancel()
    took = usage.ru_utime + usage.ru_stime
    if b"a fault of refrain" in error or b"panicked" in error:
        outcome = "PANIC"
    elif child.returncode < 0:
        outcome = "HANG" if time.monotonic() - began > seconds * 2.9 else f"SIGNAL {-child.returncode}"
    elif b"the decoder failed" in error:
        outcome = "a caught panic"
    elif child.returncode == 0 or b"too short" in error:
        outcome = "read" if not error or b"too short" in error else "read with a warning"
    elif child.returncode == 2:
        outcome = "refused"
    else:
        outcome = f"STATUS {child.returncode}"
    if took > seconds:
        outcome = "SLOW"
    return outcome, took, usage.ru_maxrss / 1024, error.decode(errors="replace").strip()[-200:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("inputs", nargs="*", type=pathlib.Path)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=10, help="the most CPU time of a file")
    parser.add_argument("--mib", type=float, default=300, help="the most memory")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for files that break a limit, or make a decoder panic")
    args = parser.parse_intermixed_args()
    inputs = args.inputs or sorted((ROOT / "fixtures/formats").iterdir())
    whole = {path.name: path.read_bytes() for path in inputs if path.is_file()}
    if not args.inputs:
        whole.update(made())
    names = sorted(whole)
    places = {name: numbers(whole[name]) for name in names}
    outcomes, by_name = collections.Counter(), collections.defaultdict(collections.Counter)
    slowest, largest, bad = (0, ""), (0, ""), []
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        def case(n):
            rng = random.Random(args.seed * 1_000_003 + n)
            name = names[n // 2 % len(names)]
            data = whole[name]
            if n % 2 == 0:
                data = number_damage(data, places[name], rng)
            else:
                data = other_damage(data, whole[rng.choice(names)], rng)
            if data.startswith(b"OggS") and rng.random() < 0.7:
                data = with_checksums(data)
            path = pathlib.Path(folder) / f"{n}-{name}"
            path.write_bytes(data)
            result = run(args.program, path, args.seconds)
            is_worth_a_look = result[0].split()[0].isupper() or result[2] > args.mib or "panic" in result[0]
            if is_worth_a_look and args.keep:
                args.keep.mkdir(exist_ok=True)
                (args.keep / path.name).write_bytes(data)
            path.unlink()
            return n, name, result

        for n, name, (outcome, took, mib, error) in pool.map(case, range(args.files)):
            outcomes[outcome] += 1
            by_name[name][outcome] += 1
            slowest, largest = max(slowest, (took, f"{n}-{name}")), max(largest, (mib, f"{n}-{name}"))
            if outcome.split()[0].isupper() or mib > args.mib:
                bad.append(f"{n}-{name}: {outcome}, {took:.1f} s, {mib:.0f} MiB: {error}")
                print(bad[-1], flush=True)
    for name in names:
        print(f"{name:16}", ", ".join(f"{count} {what}" for what, count in sorted(by_name[name].items())))
    print(f"{args.files} files:", ", ".join(f"{count} {what}" for what, count in sorted(outcomes.items())))
    print(f"slowest {slowest[0]:.2f} s of CPU ({slowest[1]}), at most {largest[0]:.0f} MiB ({largest[1]}), {len(bad)} beyond a limit")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
