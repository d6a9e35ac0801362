"""Fingerprints, and figures of files."""

from __future__ import annotations

import os
import sqlite3
import struct
from pathlib import Path

import numpy as np
import pytest

import refrain


def test_a_fingerprint_is_what_an_index_keeps(songs: Path, built: Path) -> None:
    song = songs / "second-orbit.flac"
    print_ = refrain.fingerprint(song)
    frames, windows = len(print_.frames), len(print_.windows)
    assert print_.frames.shape == (frames, 30) and print_.frames.dtype == np.uint8
    assert print_.windows.shape == (windows, 96) and print_.windows.dtype == np.int8
    assert print_.positions.shape == (windows,) and print_.positions.dtype == np.uint32
    assert np.all(np.diff(print_.positions.astype(int)) > 0) and print_.positions[-1] + 16 <= frames
    assert print_.times[1] == pytest.approx(2048 / 11025) and len(print_.times) == frames
    with refrain.Index(built) as index:
        track = next(track for track in index.tracks() if track.title == "Second Orbit")
    assert (track.frames, track.windows, track.duration) == (frames, windows, print_.duration)
    frames_kept, positions_kept, windows_kept = b"", b"", b""
    with sqlite3.connect(f"file:{built}?mode=ro", uri=True) as db:
        for (data,) in db.execute("SELECT data FROM frame_blocks WHERE track_id = ? ORDER BY block", (track.id,)):
            frames_kept += data
        for (data,) in db.execute("SELECT data FROM window_blocks WHERE track_id = ? ORDER BY block", (track.id,)):
            (count,) = struct.unpack_from("<Q", data)
            positions_kept += data[8 : 8 + 4 * count]
            windows_kept += data[16 + 4 * count :]
    assert print_.frames.tobytes() == frames_kept
    assert print_.positions.astype("<u4").tobytes() == positions_kept
    assert print_.windows.tobytes() == windows_kept
    unpacked, exact = print_.chroma(), refrain.octave_chroma(song)
    assert unpacked.shape == exact.shape == (60, frames) and exact.dtype == np.float32
    # Four bits a value lose little.
    assert np.linalg.norm(unpacked - exact) < 0.2 * np.linalg.norm(exact)


def test_samples_have_the_same_fingerprint_as_their_file(clip: Path) -> None:
    y, sr = refrain.load(clip, sr=None)
    of_file, of_samples = refrain.fingerprint(clip), refrain.fingerprint(y, sr)
    assert np.array_equal(of_file.frames, of_samples.frames)
    assert np.array_equal(of_file.windows, of_samples.windows)
    assert np.array_equal(refrain.octave_chroma(clip.read_bytes()), refrain.octave_chroma(y, sr))
    with pytest.raises(refrain.NoFingerprintError):
        refrain.fingerprint(np.zeros(40_000, np.float32), 8000)


def test_figures_of_a_file(songs: Path, tmp_path: Path) -> None:
    figures = refrain.analyze(
        songs / "copper-rain.m4a",
        frames=tmp_path / "a.npz",
        harmonic=tmp_path / "h.wav",
        percussive=os.fsencode(tmp_path / "p.wav"),
        plot=tmp_path / "a.svg",
    )
    assert (figures.key, figures.mode, figures.sample_rate, figures.channels) == ("F minor", "minor", 44100, 2)
    assert (figures.key_name, figures.camelot) == ("F minor", "4A")
    assert len(figures.chroma) == 12 and figures.path == str(songs / "copper-rain.m4a")
    with np.load(tmp_path / "a.npz") as arrays:
        assert arrays["cqt"].shape == (252, figures.frames)
    y = refrain.load(tmp_path / "h.wav")[0] + refrain.load(tmp_path / "p.wav")[0]
    assert len(y) == pytest.approx(figures.duration * 22050, abs=2)
    assert (tmp_path / "a.svg").read_text().startswith("<svg")


def test_figures_of_many(songs: Path, fixtures: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp3"
    bad.write_text("not audio")
    analyses, failures = refrain.analyze_all([songs, bad, tmp_path / "none.wav"], threads=2)
    assert [os.path.basename(a.path) for a in analyses] == sorted(p.name for p in songs.iterdir())
    assert [failure.path for failure in failures] == [str(bad), str(tmp_path / "none.wav")]
    assert failures[0].reason == "not an audio file of a known format"
    y, sr = refrain.load(songs / "copper-rain.m4a", sr=None)
    of_samples, of_file = refrain.analyze(y, sr, name="rain"), refrain.analyze(songs / "copper-rain.m4a")
    assert of_samples.path == "rain" and (of_samples.key, of_samples.tuning) == (of_file.key, of_file.tuning)
    assert refrain.analyze((songs / "copper-rain.m4a").read_bytes()).chroma == of_file.chroma
    with pytest.raises(refrain.AudioError, match="not an audio file"):
        refrain.analyze(bad)
    with pytest.raises(FileNotFoundError):
        refrain.analyze(tmp_path / "none.wav")
    with pytest.raises(IsADirectoryError):
        refrain.analyze(songs)
