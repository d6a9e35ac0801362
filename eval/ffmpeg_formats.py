"""Checks every format that refrain reads through an installed ffmpeg: each is indexed, found by a clip, and named without it.

    python3 eval/ffmpeg_formats.py target/release/refrain WORK [--out eval/results/ffmpeg_formats.md] [--more DIR]

Makes the files with ffmpeg from the songs in fixtures/, Musepack with mpcenc (musepack-tools), AMR with libopencore-amrnb0 and
libvo-amrwbenc0, DSD by itself. `--more` adds files of formats that nothing here can encode (Monkey's Audio): each must be
indexed and find itself. Then it tries hostile files, each named song.wma.
"""
import argparse
import ctypes
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

SONGS = Path(__file__).resolve().parent.parent / "fixtures/audio/songs"
SONG, OTHERS = "paper-lanterns.mp3", ["second-orbit.flac", "quiet-engines.wav", "harbour-lights.ogg"]

# Name of the file, the name that refrain must give its format, and the arguments of ffmpeg.
FORMATS = [
    ("a.wv", "WavPack", ""),
    ("a.tta", "TTA", ""),
    ("wma1.wma", "WMA", "-c:a wmav1 -b:a 128k"),
    ("wma2.wma", "WMA", "-c:a wmav2 -b:a 128k"),
    ("a.ac3", "AC-3", "-b:a 192k"),
    ("five.ac3", "AC-3", "-ac 6 -b:a 448k"),
    ("a.eac3", "E-AC-3", "-b:a 192k"),
    ("a.dts", "DTS", "-c:a dca -strict -2 -ar 48000 -b:a 768k"),
    ("a.spx", "Speex", "-c:a libspeex -ar 32000 -b:a 40k"),
    ("narrow.spx", "Speex", "-c:a libspeex -ar 16000 -ac 1"),
    ("mp3.avi", "AVI", "-c:a libmp3lame"),
    ("ac3.avi", "AVI", "-c:a ac3"),
    ("pcm.avi", "AVI", "-c:a pcm_s16le"),
    ("aac.ts", "MPEG transport stream", "-c:a aac -f mpegts"),
    ("mp2.ts", "MPEG transport stream", "-c:a mp2 -f mpegts"),
    ("ac3.m2ts", "MPEG transport stream", "-c:a ac3 -f mpegts -mpegts_m2ts_mode 1"),
    ("a.mpg", "MPEG program stream", "-c:a mp2 -f mpeg"),
    ("a.vob", "MPEG program stream", "-c:a ac3 -f vob"),
    ("a.latm", "AAC in LATM", "-c:a aac -f latm"),
    ("main.aac", "AAC Main profile", "-c:a aac -profile:a aac_main -f adts"),
    ("ltp.aac", "AAC LTP profile", "-c:a aac -profile:a aac_ltp -f adts"),
    ("main.m4a", "AAC Main profile", "-c:a aac -profile:a aac_main"),
    ("ac3.mp4", "AC-3", "-c:a ac3"),
    ("eac3.mp4", "E-AC-3", "-c:a eac3"),
    ("ac3.mov", "AC-3", "-c:a ac3"),
    ("ac3.mka", "AC-3", "-c:a ac3"),
    ("dts.mka", "DTS", "-c:a dca -strict -2 -ar 48000 -b:a 768k"),
    ("wv.mka", "WavPack", "-c:a wavpack"),
    ("tta.mka", "TTA", "-c:a tta"),
    ("truehd.mka", "TrueHD", "-c:a truehd -strict -2 -ar 48000"),
    ("wma.mka", "a codec of ACM", "-c:a wmav2"),
    ("gsm.wav", "GSM 6.10", "-c:a libgsm_ms -ar 8000 -ac 1"),
    ("g726.wav", "G.721 or G.726 ADPCM", "-c:a g726 -ar 8000 -ac 1 -b:a 32k"),
    ("wma.wav", "WMA", "-c:a wmav2 -f wav"),
    ("ac3.rm", "RealMedia", "-c:a ac3 -f rm"),
    ("r144.ra", "RealMedia", "-c:a real_144 -ar 8000 -ac 1 -f rm"),
    ("mp3.flv", "FLV", "-c:a libmp3lame -ar 44100"),
    ("nelly.flv", "FLV", "-c:a nellymoser -ar 22050 -ac 1"),
    ("a.voc", "VOC", "-c:a pcm_u8 -ar 22050 -ac 1"),
    ("a.mxf", "MXF", "VIDEO -c:a pcm_s16le -ar 48000"),
    ("a.wmv", "WMA", "VIDEO -c:v wmv2 -c:a wmav2"),
    ("video.ts", "MPEG transport stream", "VIDEO -c:v mpeg2video -c:a aac -f mpegts"),
]


def run(*args, **kw):
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, errors="replace", **kw)


def ffmpeg(*args):
    done = run("ffmpeg", "-nostdin", "-v", "error", "-y", *args)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "ffmpeg failed")


def dsd(samples):
    """Bits of sigma-delta modulation of the first order: the differences of the rounded sum."""
    up = np.interp(np.arange(len(samples) * 64) / 64, np.arange(len(samples)), samples)
    return np.diff(np.floor(np.cumsum((up * 0.5 + 1) / 2)), prepend=0).astype(np.uint8)


def write_dsf(path, samples):
    data = np.packbits(dsd(samples), bitorder="little").tobytes()
    count = len(data) * 8
    data += b"\x69" * (-len(data) % 4096)
    fmt = struct.pack("<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 1, 1, 2822400, 1, count, 4096, 0)
    body = fmt + struct.pack("<4sQ", b"data", 12 + len(data)) + data
    path.write_bytes(struct.pack("<4sQQQ", b"DSD ", 28, 28 + len(body), 0) + body)


def write_dff(path, samples):
    chunk = lambda kind, content: kind + struct.pack(">Q", len(content)) + content + b"\0" * (len(content) % 2)
    data = np.packbits(dsd(samples)).tobytes()
    compression = b"DSD \x0enot compressed\0"
    prop = b"SND " + chunk(b"FS  ", struct.pack(">I", 2822400)) + chunk(b"CHNL", struct.pack(">H", 1) + b"C   ")
    body = b"DSD " + chunk(b"FVER", b"\x01\x05\0\0") + chunk(b"PROP", prop + chunk(b"CMPR", compression)) + chunk(b"DSD ", data)
    path.write_bytes(b"FRM8" + struct.pack(">Q", len(body)) + body)


def write_amr(path, wav, library, prefix, rate, mode, head):
    """Encodes with a library of C: 20 ms at a time."""
    try:
        encoder = ctypes.CDLL(library)
    except OSError:
        return f"no {library}"
    init, encode = (getattr(encoder, prefix + name) for name in (("init", "Encode") if "Encoder" in prefix else ("init", "encode")))
    init.restype = ctypes.c_void_p
    encode.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
    raw = path.with_suffix(".raw")
    ffmpeg("-i", wav, "-ac", "1", "-ar", str(rate), "-f", "s16le", raw)
    samples, state, out, size = raw.read_bytes(), init(0), bytearray(head), rate // 25
    for at in range(0, len(samples) - size + 1, size):
        frame = ctypes.create_string_buffer(128)
        length = encode(state, mode, samples[at : at + size], frame, 0)
        out += frame.raw[:length]
    path.write_bytes(out)
    return None


def make(folder):
    """Makes a file of each format. Yields its path, the expected name, and why it could not be made."""
    song, wav = SONGS / SONG, folder / "song.wav"
    ffmpeg("-i", song, "-map_metadata", "-1", wav)
    for name, expected, args in FORMATS:
        path, args = folder / name, args.split()
        inputs = ["-i", wav]
        if args[:1] == ["VIDEO"]:
            inputs, args = ["-f", "lavfi", "-i", "testsrc=size=128x96:rate=25", *inputs], ["-shortest", *args[1:]]
        try:
            ffmpeg(*inputs, *args, path)
            yield path, expected, None
        except RuntimeError as error:
            yield path, expected, str(error)
    ffmpeg("-i", wav, "-ac", "1", "-ar", "44100", "-f", "f32le", folder / "raw")
    samples = np.fromfile(folder / "raw", np.float32)[: 16 * 44100]
    for name, write in (("a.dsf", write_dsf), ("a.dff", write_dff)):
        write(folder / name, samples)
        yield folder / name, "DSD", None
    for name, *how in (
        ("narrow.amr", "libopencore-amrnb.so.0", "Encoder_Interface_", 8000, 7, b"#!AMR\n"),
        ("wide.awb", "libvo-amrwbenc.so.0", "E_IF_", 16000, 8, b"#!AMR-WB\n"),
    ):
        yield folder / name, "AMR", write_amr(folder / name, wav, *how)
    path = folder / "a.mpc"
    if shutil.which("mpcenc"):
        ffmpeg("-i", wav, "-ar", "44100", folder / "44100.wav")
        done = run("mpcenc", "--overwrite", folder / "44100.wav", path)
        yield path, "Musepack", None if path.exists() else done.stderr[-80:]
    else:
        yield path, "Musepack", "no mpcenc"


def check(refrain, path, expected, folder, clip):
    """What happens to one file: problems, if any."""
    place = folder / "check"
    shutil.rmtree(place, ignore_errors=True)
    (place / "m").mkdir(parents=True)
    shutil.copy(path, place / "m")
    for other in OTHERS:
        shutil.copy(SONGS / other, place / "m")
    without = run(refrain, "index", "build", "--db", place / "without.refrain", "--ffmpeg", "never", place / "m")
    problems = []
    if f"{path.name}: {expected} is not supported;" not in without.stderr or without.returncode:
        problems.append(f"named {without.stderr.splitlines()[0]!r}, status {without.returncode}")
    if f"1 file needs ffmpeg: 1 {expected};" not in without.stderr:
        problems.append("not counted")
    db = place / "with.refrain"
    began = time.time()
    built = run(refrain, "index", "build", "--db", db, "--ffmpeg", "auto", place / "m")
    took = time.time() - began
    if built.returncode or "cannot read" in built.stderr:
        problems.append(f"build: {built.stderr.splitlines()[:2]}")
    info = json.loads(run(refrain, "index", "info", "--json", "--db", db).stdout or "{}")
    if info.get("through_ffmpeg") != 1:
        problems.append(f"{info.get('through_ffmpeg')} tracks through ffmpeg")
    answer = run(refrain, "query", "--json", "--ffmpeg", "auto", "--db", db, clip or path)
    found = json.loads(answer.stdout or "{}").get("matches") or [{"path": "nothing"}]
    if Path(found[0]["path"]).name != path.name:
        problems.append(f"found {found[0]['path']}")
    return problems, f"{found[0].get('score', 0):.3f} at {found[0].get('ref_start', 0):.2f} s", took


def mov_with_reference(folder, secret):
    """A MOV whose samples are in another file, which it names in three ways. Returns its bytes."""
    whole = folder / "whole.mov"
    ffmpeg("-i", secret, "-c:a", "ac3", "-b:a", "192k", whole)
    data = whole.read_bytes()
    (folder / "secret.bin").write_bytes(data)
    volume, name, path = b"disk", b"secret.bin", str(folder / "secret.bin").encode()
    alias = b"\0" * 10 + bytes([len(volume)]) + volume.ljust(27, b"\0") + b"\0" * 12
    alias += bytes([len(name)]) + name.ljust(63, b"\0") + b"\0" * 16 + struct.pack(">hh", 1, 1) + b"\0" * 16
    for kind, text in ((0, b"dir"), (2, path), (18, path), (-1, b"")):
        alias += struct.pack(">hH", kind, len(text)) + text + b"\0" * (len(text) % 2)
    entry = b"alis" + b"\0\0\0\0" + alias
    entry = struct.pack(">I", 4 + len(entry)) + entry
    at = data.index(b"dref")
    old = struct.unpack(">I", data[at - 4 : at])[0]
    new = struct.pack(">I", 16 + len(entry)) + b"dref\0\0\0\0\0\0\0\1" + entry
    out = bytearray(data[: at - 4] + new + data[at - 4 + old :])
    # The boxes around it grow. The table is at the end, so that no offset of a sample changes.
    grown = len(new) - old
    for kind in (b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        place = out.rindex(kind, 0, at) - 4
        out[place : place + 4] = struct.pack(">I", struct.unpack(">I", out[place : place + 4])[0] + grown)
    start = out.index(b"mdat") + 4
    end = start - 8 + struct.unpack(">I", out[start - 8 : start - 4])[0]
    out[start:end] = bytes(end - start)
    return bytes(out)


def hostile(refrain, folder):
    """Files that would lead ffmpeg elsewhere. Yields a name, what refrain said, and problems."""
    secret = folder / "secret.wav"
    ffmpeg("-i", SONGS / SONG, secret)
    calls = []
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]

    def listen():
        while True:
            client, _ = server.accept()
            calls.append(1)
            client.close()

    threading.Thread(target=listen, daemon=True).start()
    mov = mov_with_reference(folder, secret)
    (folder / "control.mov").write_bytes(mov)
    control = run("ffmpeg", "-v", "error", "-enable_drefs", "1", "-use_absolute_path", "1", "-i", folder / "control.mov", "-f", "s16le", "-t", "2", folder / "control.raw")
    heard = (folder / "control.raw").exists() and np.fromfile(folder / "control.raw", np.int16).any()
    yield "control: ffmpeg with references on follows the MOV's", str(control.stderr.strip()[-60:]), [] if heard else ["the reference is not one"]
    scripts = {
        "HLS playlist of a file": f"#EXTM3U\n#EXT-X-TARGETDURATION:30\n#EXTINF:30,\nfile://{secret}\n#EXT-X-ENDLIST\n".encode(),
        "HLS playlist of an address": f"#EXTM3U\n#EXT-X-TARGETDURATION:30\n#EXTINF:30,\nhttp://127.0.0.1:{port}/a.ts\n".encode(),
        "ffconcat script": f"ffconcat version 1.0\nfile '{secret}'\n".encode(),
        "endless ffconcat script": "ffconcat version 1.0\n".encode() + f"file '{secret}'\n".encode() * 20000,
        "session description": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP 0\n".encode(),
        "DASH manifest": f"<?xml version='1.0'?><MPD><BaseURL>http://127.0.0.1:{port}/</BaseURL></MPD>".encode(),
        "ASX reference": f"<asx version='3.0'><entry><ref href='http://127.0.0.1:{port}/'/></entry></asx>".encode(),
        "MOV with a reference": mov,
        "WMA header, then a playlist": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + f"\n#EXTM3U\nfile://{secret}\n".encode(),
        "transport stream header, then a playlist": (b"G@\0\x10" + bytes(184)) * 6 + f"\n#EXTM3U\nhttp://127.0.0.1:{port}/\n".encode(),
    }
    db = folder / "secret.refrain"
    run(refrain, "index", "build", "--db", db, secret)
    for name, content in scripts.items():
        place = folder / "hostile"
        shutil.rmtree(place, ignore_errors=True)
        (place / "tmp").mkdir(parents=True)
        (place / "song.wma").write_bytes(content)
        began = time.time()
        env = {**os.environ, "TMPDIR": str(place / "tmp")}
        done = run(refrain, "query", "--json", "--ffmpeg", "auto", "--db", db, place / "song.wma", cwd=place, env=env, timeout=150)
        took, problems = time.time() - began, []
        answer = json.loads(done.stdout or "{}")
        if answer.get("matches"):
            problems.append("it read the other file")
        if took > 60:
            problems.append(f"it took {took:.0f} s")
        left = sorted(str(p.relative_to(place)) for p in place.rglob("*"))
        if left != ["song.wma", "tmp"]:
            problems.append(f"it left {left}")
        if calls:
            problems.append("it called the network")
            calls.clear()
        yield name, str(answer.get("error") or answer.get("status")).replace(str(place), ""), problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("refrain", type=lambda text: Path(text).resolve(strict=True))
    parser.add_argument("work", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--more", type=Path)
    args = parser.parse_args()
    if not shutil.which("ffmpeg"):
        sys.exit("skipped: ffmpeg is not installed")
    work = args.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    clip = work / "clip.wav"
    ffmpeg("-ss", "5", "-t", "8", "-i", SONGS / SONG, clip)
    lines, failed = [], 0
    version = run("ffmpeg", "-version").stdout.split()[2]
    lines += [f"Formats through ffmpeg {version}. Each file was indexed with three other songs, and looked for with a clip of 8 s", "from 5 s on.", ""]
    lines += ["| file | format | score, place of the clip | build | problems |", "|---|---|---|---|---|"]
    more = [(path, name, None) for name, path in read_more(args.more)]
    for path, expected, unmade in [*make(work), *more]:
        if unmade:
            lines.append(f"| {path.name} | {expected} | | | not made: {unmade} |")
            continue
        itself = path.parent != work
        problems, found, took = check(args.refrain, path, expected, work, None if itself else clip)
        failed += bool(problems)
        lines.append(f"| {path.name} | {expected} | {found}{' (itself)' if itself else ''} | {took:.1f} s | {'; '.join(problems) or 'none'} |")
        print(lines[-1], flush=True)
    lines += ["", "Hostile files, each named song.wma:", "", "| file | what refrain said | problems |", "|---|---|---|"]
    for name, said, problems in hostile(args.refrain, work):
        failed += bool(problems)
        lines.append(f"| {name} | {said} | {'; '.join(problems) or 'none'} |")
        print(lines[-1], flush=True)
    lines += ["", f"{failed} with problems."]
    if args.out:
        args.out.write_text("# Formats through an installed ffmpeg\n\n" + "\n".join(lines) + "\n")
    print(lines[-1])
    sys.exit(bool(failed))


def read_more(folder):
    names = {".amr": "AMR", ".awb": "AMR", ".ape": "Monkey's Audio", ".wma": "WMA Pro", ".mpc": "Musepack", ".tak": "TAK", ".shn": "Shorten"}
    if folder:
        yield from ((names[path.suffix], path.resolve()) for path in sorted(folder.iterdir()) if path.suffix in names)


main()
