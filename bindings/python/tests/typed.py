"""A program as users write it, for `mypy --strict`; it is not run."""

from pathlib import Path
from typing import List, Optional, Union

import numpy as np
import numpy.typing as npt

import refrain


def found(index: refrain.Index, clips: List[Path]) -> List[str]:
    titles: List[str] = []
    for clip in clips:
        answer: refrain.Answer = index.query(clip, top=1)
        best: Optional[refrain.Match] = answer.best
        if best is not None:
            titles.append(f"{best.title or best.path} at {best.ref_start:.1f} s")
    return titles


def told(event: refrain.BuildEvent) -> None:
    print(event.kind, event.path, event.duration)


def shown(outcome: Union[refrain.Answer, refrain.Failure]) -> None:
    print(outcome.reason if isinstance(outcome, refrain.Failure) else outcome.best)


def main() -> None:
    with refrain.Index.open_or_create("music.refrain") as index:
        summary = index.build(["music", Path("more")], threads=2, callback=told)
        for path, reason in summary.failed:
            print(path, reason)
        print(summary.added + summary.moved, found(index, [Path("clip.wav")]))
        answers, failures = index.query_many(["a.wav", Path("b.wav")], callback=shown)
        print([match.path.stem for answer in answers for match in answer], failures, answers[0].to_dict())
        added: refrain.Added = index.add("song.mp3")
        similar: refrain.Answer = index.query_track(added.track)
        print(len(similar), similar[0].title, similar[:2], similar.to_dataframe())
        timeline: refrain.Timeline = index.timeline("show.mp3", min_length=20, done=lambda play: print(play.title))
        starts: List[float] = [play.start for play in timeline]
        print(starts, len(timeline), timeline.unknown, timeline.to_dataframe(), timeline.to_dict())
        groups: List[refrain.DuplicateGroup] = index.duplicates(only=["same_audio"], below=Path("music"), min_free=10**6)
        spare: List[Path] = [file.path for group in groups for file in group if not file.keep]
        print(spare, sum(group.bytes for group in groups), refrain.to_dataframe(groups), groups[0].to_dict())
        versions: refrain.Versions = index.versions("song.mp3", top=3, min_score=0.8, copies=True)
        keys: List[int] = [version.transposition for version in versions]
        print(keys, versions[0].alignment[0][1], versions.to_dataframe(), index.versions_of_track(added.track).to_dict())
        alike: refrain.Similar = index.similar(added.track, top=5)
        print([track.score for track in alike], alike[:2], refrain.to_dataframe([alike, index.similar(1)]))
        samples: npt.NDArray[np.float32] = np.zeros(22050, np.float32)
        print(index.query(samples, 22050).matches)
        with index.listen(fast=True) as listener:
            heard: List[refrain.Match] = listener.push(np.zeros(100, np.int16), 8000)
            print(heard + listener.finish())
        index.verify(callback=lambda done, total: print(done / total))
    y, sr = refrain.load("song.mp3", sr=None, offset=1.0)
    harmonic, percussive = refrain.effects.hpss(y, margin=(1.0, 2.0))
    f0, voiced, probability = refrain.pyin(y, fmin=65.0, fmax=2000.0, sr=sr)
    print(refrain.feature.chroma_cqt(y=harmonic, sr=sr).shape, percussive.shape, f0[voiced], probability.mean())
    figures = refrain.analyze("song.mp3")
    print(figures.key or "no key", figures.path)
    fingerprint: refrain.Fingerprint = refrain.fingerprint("song.mp3")
    print(fingerprint.frames.shape)
