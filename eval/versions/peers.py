"""Measures peers on a rendered set: Essentia's Qmax on HPCP, and 2D-DFT magnitudes with PCA as published, beside ours.

    python3 eval/versions/peers.py WORK [--queries 12] [--tracks 100] [--rates 2 5]

Essentia is AGPL and is only measured here (`pip install --pre essentia`). 2DFTM is computed of the same chroma as ours: windows
of 75 frames, the median over the windows of a track, PCA to 50, cosine (after Bertin-Mahieux and Ellis 2012).
"""
import argparse
import time
from pathlib import Path

import numpy as np

from alignment import ALIGNERS, Aligner
from candidates import CASES, Windowed, bands, some, windows
from chroma import FRAME, Set, report


def hpcp(path):
    import essentia.standard as es
    audio = es.MonoLoader(filename=str(path), sampleRate=22050)()
    spectrum, window = es.Spectrum(size=4096), es.Windowing(type="blackmanharris62", size=4096)
    peaks = es.SpectralPeaks(sampleRate=22050, magnitudeThreshold=1e-5, maxFrequency=5000, minFrequency=100, maxPeaks=60)
    profile = es.HPCP(sampleRate=22050, size=12, maxFrequency=5000, minFrequency=100)
    frames = es.FrameGenerator(audio, frameSize=4096, hopSize=2048, startFromZero=True)
    return np.asarray([profile(*peaks(spectrum(window(frame)))) for frame in frames], np.float32)


def essentia_scores(made, queries, tracks, merge):
    import essentia
    import essentia.standard as es
    essentia.log.infoActive = essentia.log.warningActive = False
    x = {n: v[:len(v) // merge * merge].reshape(-1, merge, 12).mean(1) for n, v in made.items()}
    cross = es.ChromaCrossSimilarity(frameStackSize=9, frameStackStride=1, binarizePercentile=.095, oti=True)
    cover = es.CoverSongSimilarity(disOnset=.5, disExtension=.5, alignmentType="serra09", distanceType="asymmetric")
    start = time.process_time()
    scores = np.array([[-cover(cross(x[q], x[t]))[1] for t in tracks] for q in queries])
    return scores.reshape(len(queries), -1), (time.process_time() - start) / scores.size * 1000


def dft_pca(data, queries):
    def vector(n):
        w = windows(bands(data.stored[n], "all"), 75 * FRAME, 1.0, 75)[:, :, 0]
        return np.median(np.abs(np.fft.fft2(w))[..., :7], 0).ravel()

    library = np.array([vector(n) for n in data.library])
    mean = library.mean(0)
    axes = np.linalg.svd(library - mean, full_matrices=False)[2][:50].T
    unit = lambda v: v / np.linalg.norm(v, axis=1, keepdims=True)
    return unit((np.array([vector(q) for q in queries]) - mean) @ axes) @ unit((library - mean) @ axes).T


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("work", type=Path)
    parser.add_argument("--queries", type=int, default=12, help="queries a level")
    parser.add_argument("--tracks", type=int, default=100)
    parser.add_argument("--rates", type=int, nargs="*", default=[2], help="frames of HPCP that become one")
    parser.add_argument("--case", default="+melody, 128 values, keep 15")
    parser.add_argument("--aligner", default="+melody, no jump, offset 2")
    args = parser.parse_args()
    data = Set(args.work)
    queries = some(data, args.queries)
    right = list(dict.fromkeys(data.truth[q] for q in queries))
    places = right + [p for p in range(len(data.library)) if p not in right][:max(args.tracks - len(right), 0)]
    tracks, truth = [data.library[p] for p in places], {q: places.index(data.truth[q]) for q in queries}
    print(len(queries), "queries,", len(tracks), "tracks; recall at 1, 10, 100 and mean average precision")
    space = Windowed(data, **CASES[args.case])
    scores, ratios = space.scores(queries, ratio_too=True)
    report("our vectors", data, scores[:, places], queries, truth=truth)
    aligner, start = Aligner(data, **ALIGNERS[args.aligner]), time.process_time()
    aligned = np.array([[aligner.pair(q, data.library[p], space.ratios[ratios[i, p]]) for p in places]
                        for i, q in enumerate(queries)])
    cost = (time.process_time() - start) / aligned.size * 1000
    report("our alignment of all pairs (Python)", data, aligned, queries, f"| {cost:.1f} ms a pair", truth)
    report("2DFTM + PCA", data, dft_pca(data, queries)[:, places], queries, truth=truth)
    made = {n: hpcp(args.work / "wav" / f"{data.rows[n]['name']}.wav") for n in {*queries, *tracks}}
    for merge in args.rates:
        scores, cost = essentia_scores(made, queries, tracks, merge)
        name = f"Essentia Qmax, {22050 / 2048 / merge:.1f} frames a second"
        report(name, data, scores, queries, f"| {cost:.1f} ms a pair", truth)
