"""Transforms, times and frequencies, as ``librosa.core`` has them."""

from .audio import get_duration, load, to_mono
from .constantq import cqt
from .convert import (
    cqt_frequencies,
    fft_frequencies,
    frames_to_samples,
    frames_to_time,
    hz_to_midi,
    midi_to_hz,
    note_to_hz,
    note_to_midi,
    samples_like,
    samples_to_frames,
    samples_to_time,
    time_to_frames,
    time_to_samples,
    times_like,
)
from .pitch import estimate_tuning, pyin, yin
from .spectrum import istft, stft

__all__ = [
    "load",
    "to_mono",
    "get_duration",
    "stft",
    "istft",
    "cqt",
    "yin",
    "pyin",
    "estimate_tuning",
    "frames_to_samples",
    "frames_to_time",
    "samples_to_frames",
    "samples_to_time",
    "time_to_frames",
    "time_to_samples",
    "times_like",
    "samples_like",
    "note_to_hz",
    "note_to_midi",
    "midi_to_hz",
    "hz_to_midi",
    "fft_frequencies",
    "cqt_frequencies",
]
