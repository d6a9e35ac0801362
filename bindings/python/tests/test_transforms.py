"""What goes into the transforms, and what is refused."""

from __future__ import annotations

import threading
from typing import Any, Callable, List

import numpy as np
import pytest

import refrain

Y = np.random.default_rng(1).standard_normal(30_000).astype(np.float32) / 8
NOTES = dict(fmin=65.4, fmax=2093.0)


def test_arrays_of_any_layout_and_type_are_read() -> None:
    expected = refrain.stft(Y)
    wide = np.zeros((len(Y), 3), np.float32)
    wide[:, 1] = Y
    frozen = Y.copy()
    frozen.flags.writeable = False
    unaligned = np.frombuffer(b"\0" + Y.tobytes(), np.uint8)[1:].view(np.float32)
    for y in (wide[:, 1], frozen, unaligned, Y.astype(">f4"), Y[::-1][::-1]):
        assert np.array_equal(refrain.stft(y), expected)
    double = refrain.stft(Y.astype(np.float64))
    assert double.dtype == np.complex128 and np.array_equal(double, expected)
    assert refrain.stft(Y.astype(np.float16)).dtype == np.complex64


def test_contiguous_arrays_are_not_copied() -> None:
    from refrain import _checks

    assert _checks.singles(Y) is Y
    spectrum = refrain.stft(Y)
    # Frame after frame, as librosa has it: its transpose is read where it is.
    assert spectrum.flags.f_contiguous
    turned = np.require(np.swapaxes(spectrum, -1, -2), np.complex64, ("C", "A"))
    assert np.shares_memory(turned, spectrum)


def test_results_are_the_callers_own() -> None:
    first, second = refrain.cqt(Y), refrain.cqt(Y)
    first[:] = 0
    assert first.flags.writeable and np.abs(second).max() > 0
    assert np.array_equal(refrain.cqt(Y), second)


def test_an_empty_signal_has_a_frame() -> None:
    nothing = np.zeros(0, np.float32)
    assert refrain.stft(nothing).shape == (1025, 1)
    assert refrain.cqt(nothing).shape == (84, 1)
    assert refrain.feature.chroma_cqt(y=nothing).shape == (12, 1)
    assert refrain.yin(nothing, **NOTES).shape == (1,)
    assert [part.shape for part in refrain.effects.hpss(nothing)] == [(0,), (0,)]
    assert refrain.estimate_tuning(y=nothing) == 0.0


@pytest.mark.parametrize(
    "call, name",
    [
        (lambda: refrain.stft(Y, window="hamming"), "window"),
        (lambda: refrain.stft(Y, window=np.hanning(2048)), "window"),
        (lambda: refrain.stft(Y, win_length=1024), "win_length"),
        (lambda: refrain.stft(Y, center=False), "center"),
        (lambda: refrain.stft(Y, pad_mode="reflect"), "pad_mode"),
        (lambda: refrain.stft(Y, out=np.zeros(3)), "out"),  # type: ignore[arg-type]
        (lambda: refrain.istft(refrain.stft(Y), window="boxcar"), "window"),
        (lambda: refrain.cqt(Y, filter_scale=2), "filter_scale"),
        (lambda: refrain.cqt(Y, norm=None), "norm"),
        (lambda: refrain.cqt(Y, sparsity=0), "sparsity"),
        (lambda: refrain.cqt(Y, scale=False), "scale"),
        (lambda: refrain.cqt(Y, res_type="polyphase"), "res_type"),
        (lambda: refrain.feature.chroma_cqt(y=Y, n_chroma=24), "n_chroma"),
        (lambda: refrain.feature.chroma_cqt(y=Y, cqt_mode="hybrid"), "cqt_mode"),
        (lambda: refrain.feature.chroma_stft(y=Y, octwidth=None), "octwidth"),
        (lambda: refrain.effects.hpss(Y, mask=True), "mask"),
        (lambda: refrain.yin(Y, center=False, **NOTES), "center"),
        (lambda: refrain.pyin(Y, n_thresholds=50, **NOTES), "n_thresholds"),
        (lambda: refrain.pyin(Y, beta_parameters=(1, 18), **NOTES), "beta_parameters"),
        (lambda: refrain.pyin(Y, fill_na=None, **NOTES), "fill_na"),
        (lambda: refrain.estimate_tuning(y=Y, resolution=0.1), "resolution"),
        (lambda: refrain.estimate_tuning(y=Y, fmin=100), "fmin"),
    ],
)
def test_what_is_not_supported_is_named(call: Callable[[], Any], name: str) -> None:
    with pytest.raises(NotImplementedError, match=f"^{name}="):
        call()


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: refrain.stft([0.0] * 5000), "NumPy array"),  # type: ignore[arg-type]
        (lambda: refrain.stft(np.zeros(5000, np.int16)), "floating-point"),
        (lambda: refrain.stft(np.float32(1.0)), "NumPy array"),  # type: ignore[arg-type]
        (lambda: refrain.stft(np.array(1.0)), "dimension"),
        (lambda: refrain.stft(np.zeros((0, 9))), "channel"),
        (lambda: refrain.stft(np.array([0.0, np.nan])), "sample 1 is NaN"),
        (lambda: refrain.stft(Y, n_fft=1023), "frame_length is 1023"),
        (lambda: refrain.stft(Y, hop_length=0), "hop_length is 0"),
        (lambda: refrain.istft(np.zeros((5, 5))), "complex"),
        (lambda: refrain.istft(np.zeros((5, 5), complex), n_fft=16), "5 bins"),
        (lambda: refrain.cqt(Y, n_bins=0), "n_bins is 0"),
        (lambda: refrain.cqt(Y, n_bins=120), "half the sample rate"),
        (lambda: refrain.cqt(Y, sr=float("nan")), "sr is NaN"),
        (lambda: refrain.feature.chroma_cqt(), "y and C"),
        (lambda: refrain.feature.chroma_cqt(y=Y, bins_per_octave=35), "bins_per_octave is 35"),
        (lambda: refrain.feature.chroma_cqt(y=Y, norm=-2), "norm is -2"),
        (lambda: refrain.feature.chroma_stft(), "y and S"),
        (lambda: refrain.effects.hpss(Y, kernel_size=30), "kernel_size is 30"),
        (lambda: refrain.effects.hpss(Y, kernel_size=(3, 3, 3)), "kernel_size must be one number or two"),
        (lambda: refrain.effects.hpss(Y, margin=0.5), "margin is 0.5"),
        (lambda: refrain.decompose.hpss(np.full((9, 9), np.nan)), "finite"),
        (lambda: refrain.decompose.hpss(np.zeros(9)), "two dimensions"),
        (lambda: refrain.yin(Y, fmin=1, fmax=100), "fmin is 1"),
        (lambda: refrain.yin(Y, fmin=100, fmax=1e5), "fmax is 100000"),
        (lambda: refrain.yin(Y, difference="other", **NOTES), "difference is 'other'"),
        (lambda: refrain.note_to_hz("H4"), "no note"),
    ],
)
def test_what_cannot_be_is_a_parameter_error(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(refrain.ParameterError, match=message):
        call()


def test_threads_give_the_same() -> None:
    expected = refrain.cqt(Y), refrain.effects.hpss(Y), refrain.pyin(Y, **NOTES)
    wrong: List[str] = []

    def work() -> None:
        for _ in range(3):
            got = refrain.cqt(Y), refrain.effects.hpss(Y), refrain.pyin(Y, **NOTES)
            if not np.array_equal(got[0], expected[0]):
                wrong.append("cqt")
            for one, other in zip(got[1] + got[2], expected[1] + expected[2]):
                if not np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
                    wrong.append("hpss or pyin")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
