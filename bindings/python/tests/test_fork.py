"""Transforms in forked processes, as multiprocessing and data loaders make them."""

import os
import signal
import time

import numpy as np
import pytest

import refrain


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_transforms_after_a_fork() -> None:
    y = np.random.default_rng(1).standard_normal(10 * 22_050).astype(np.float32)
    expected = [refrain.cqt(y), refrain.effects.hpss(y)[0], refrain.feature.chroma_cqt(y=y)]
    child = os.fork()
    if child == 0:
        again = [refrain.cqt(y), refrain.effects.hpss(y)[0], refrain.feature.chroma_cqt(y=y)]
        os._exit(0 if all(np.array_equal(a, b) for a, b in zip(expected, again)) else 1)
    until = time.monotonic() + 60
    ended, status = 0, 0
    while not ended and time.monotonic() < until:
        time.sleep(0.02)
        ended, status = os.waitpid(child, os.WNOHANG)
    if not ended:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert ended and status == 0
