"""Long recordings: what was played when, in mixes whose every second is known.

Two flavours, both FLAC, all excerpts at the same level, no track in more than three plays, two plays in seven of a track that
is not indexed (there are as many tracks of that kind as it takes):

  today   four mixes of 10 min: 14 excerpts each of 25 to 75 s, crossfades of 4 s; a quarter at 3 or 6 % more or less speed;
          every sixth under speech of the same level
  bar     twelve mixes of 60 min: excerpts of 45 to 180 s, crossfades of 4 to 15 s; a third at a speed of +-8 %, a third at a
          tempo of +-8 % alone (Rubber Band); every fifth under speech as loud, or 3 dB louder; one track comes twice, from two
          places; in every ninth play an insert of 30 s (speech, or music that is not indexed) takes its place: the play goes on
          as if it had not stopped, or from where it stopped, by turns; both parts are plays of their own

The truth of a mix: {"file", "duration", "plays": [{"start", "end", "clear_start", "clear_end", "path", "ref_start", "ref_end",
"tempo", "pitch", "level", "known"}], "unknown": [[start, end]]}. start and end include crossfades, clear_start and clear_end do
not. tempo is the recording's speed over the track's. level is music over speech in dB, null without speech. Plays that are not
known are in `plays` too, with a path that is not indexed; `unknown` has them and the inserts, without the crossfades.

Scores (the text of `score` says the same in code):
- A play of 20 s and more (clear) is found if plays of the answer that name its track (path, also_paths, copies) cover at
  least half of its clear part. `found` counts also the shorter ones if there are any.
- A play of the answer is a wrong track if its track does not sound, crossfades included, during half of it.
- By the second: each second has a set of right labels, taken at its middle: the known tracks that sound, crossfades included,
  and "unknown" if a track that is not indexed, an insert or silence sounds. A second is right if the answer names one of the
  right tracks, or names nothing and "unknown" is a right label. Accuracy is the share of seconds that are right; crossfades
  so credit either side. Beside it: known seconds right (the share of seconds with nothing but known tracks), wrong seconds
  (something is named and none of it sounds, where something known sounds), unknown seconds claimed (something is named and
  none of it sounds, where nothing known sounds).
- Start and end errors are those of the answer's play that overlaps a found play most, as a distance to the crossfade there
  (0 inside it), or to the edge where there is none.
- Place: where in the track the middle of that overlap lies by the answer, against the truth; the nearest of also_at counts.
  Speed: tempo over the true one, less 1.
- CPU is user and system time of the process, memory its peak, as the kernel counts them; an hour is one of recordings.
"""

import pathlib

import numpy as np
import soundfile as sf

from make_queries import rubberband, sox
from scenes.tools import RATE, Cost, Scene, Track, ask, excerpt, levelled, library_index, mix, names, outside, share
from scenes.tools import speech, spread

MOST_PLAYS = 3
LONG = 20.0  # seconds of a play that counts
INSERT = 30.0


# ---- making ------------------------------------------------------------------------------------------


class Deck:
    """Deals tracks: each once before any comes again, none more than three times."""

    def __init__(self, tracks: list[Track], rng: np.random.Generator):
        self.tracks, self.rng, self.left, self.dealt = tracks, rng, [], {}

    def next(self, seconds: float) -> Track:
        """A track that is long enough."""
        for _ in range(MOST_PLAYS + 1):
            track = next((t for t in self.left if t.dur >= seconds + 4), None)
            if track:
                self.left.remove(track)
                return self.again(track)
            order = [self.tracks[i] for i in self.rng.permutation(len(self.tracks))]
            self.left += [t for t in order if self.dealt.get(t.path, 0) + self.left.count(t) < MOST_PLAYS]
        raise SystemExit(f"mixes: no track of {seconds:.0f} s is left; name more music")

    def again(self, track: Track) -> Track:
        """The track, which counts as dealt once more."""
        self.dealt[track.path] = self.dealt.get(track.path, 0) + 1
        if self.dealt[track.path] == MOST_PLAYS:
            self.left = [t for t in self.left if t.path != track.path]
        return track


def split(scene: Scene) -> tuple[list[Track], list[Track]]:
    """Tracks to index and tracks not to index: one in four, and never versions of the same recording on both sides."""
    order = scene.shuffled(50)
    count = len(order) // 4
    return order[count:], order[:count]


def changed(x: np.ndarray, tempo: float, alone: bool) -> np.ndarray:
    """Music at another speed, or at another tempo with its pitch kept."""
    if tempo == 1:
        return x
    return rubberband(x, "-T", str(tempo)) if alone else sox(x, "speed", str(tempo))


def play(track: Track, seconds: float, tempo: float, alone: bool, known: bool, rng: np.random.Generator) -> dict:
    """An excerpt that lasts `seconds` at `tempo`, with its truth but for the place in the mix."""
    start, x = excerpt(track, seconds * tempo, rng)
    y = levelled(changed(x, tempo, alone))
    pitch = 0.0 if alone else 12 * float(np.log2(tempo))
    about = {"path": str(track.path), "ref_start": start, "tempo": tempo, "pitch": pitch, "level": None, "known": known}
    return about | {"audio": y}


def under_speech(y: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Music with a voice over it, at `level` dB of music over voice; both together at the common level."""
    return levelled(mix(y, speech(len(y) / RATE, rng), level))


def today(scene: Scene, number: int, known: Deck, unknown: Deck) -> tuple[list[dict], list[float]]:
    """The plays of a mix of 10 min and the crossfades between them."""
    rng = scene.rng("today", number)
    plays = []
    for k in range(scene.size(14, 7)):
        new = k % 7 in (2, 5)
        seconds = round(float(rng.uniform(25, 75)), 1)
        tempo = float(rng.choice([0.94, 0.97, 1.03, 1.06])) if k % 4 == 1 else 1.0
        deck = unknown if new else known
        p = play(deck.next(seconds * tempo), seconds, tempo, False, not new, rng)
        if k % 6 == 3:
            p["audio"], p["level"] = under_speech(p["audio"], 0, rng), 0
        plays.append(p)
    return plays, [4.0] * (len(plays) - 1)


def bar(scene: Scene, number: int, known: Deck, unknown: Deck) -> tuple[list[dict], list[float]]:
    """The plays of a mix of an hour and the crossfades between them."""
    rng = scene.rng("bar", number)
    wanted = scene.size(3600, 600)
    parts, fades, length, k, first = [], [], 0.0, 0, None
    while length < wanted:
        new, kind = k % 7 in (2, 5), k % 3
        seconds = round(float(rng.uniform(45, 180)), 1)
        tempo = round(float(rng.uniform(0.92, 1.08)), 3) if kind else 1.0
        twice = k == 9
        track = known.again(first) if twice else (unknown if new else known).next(min(seconds, 120) * tempo)
        seconds = min(seconds, round((track.dur - 5) / tempo, 1))
        p = play(track, seconds, tempo, kind == 2, twice or not new, rng)
        if k == 0:
            first = track
        if k % 5 == 3:
            level = int(rng.choice([0, -3]))
            p["audio"], p["level"] = under_speech(p["audio"], level, rng), level
        fade = round(float(rng.uniform(4, 15)), 1)
        some = [p]
        if k % 9 == 4 and seconds > 110:
            some = interrupted(scene, p, k % 2 == 0, unknown, rng)
        if parts:
            fades.append(fade)
            length -= fade
        fades += [0.0] * (len(some) - 1)
        parts += some
        length += sum(len(q["audio"]) for q in some) / RATE
        k += 1
    return parts, fades


def interrupted(scene: Scene, p: dict, goes_on: bool, unknown: Deck, rng: np.random.Generator) -> list[dict]:
    """A play with an insert in its middle: two plays and what comes between."""
    n, gap = len(p["audio"]) // 2 - int(15 * RATE), int(INSERT * RATE)
    skipped = gap if goes_on else 0
    x = p["audio"]
    if goes_on:
        text = speech(INSERT, rng)
        between = {"path": None, "ref_start": 0.0, "tempo": 1.0, "pitch": 0.0, "level": None, "known": False, "audio": text}
    else:
        between = play(unknown.next(INSERT), INSERT, 1.0, False, False, rng)
    later = p["ref_start"] + (n + skipped) / RATE * p["tempo"]
    return [p | {"audio": x[:n]}, between, p | {"audio": x[n + skipped :], "ref_start": later}]


def laid_out(plays: list[dict], fades: list[float]) -> tuple[np.ndarray, dict]:
    """The samples of a mix, and its truth."""
    fades = [min(f, len(a["audio"]) / RATE / 2.5, len(b["audio"]) / RATE / 2.5) for f, a, b in zip(fades, plays, plays[1:])]
    total = sum(len(p["audio"]) for p in plays) - sum(int(f * RATE) for f in fades)
    samples, at, rows = np.zeros(total, np.float32), 0, []
    for i, p in enumerate(plays):
        x = p.pop("audio").copy()
        before = int(fades[i - 1] * RATE) if i else 0
        after = int(fades[i] * RATE) if i < len(fades) else 0
        if before:
            x[:before] *= np.sqrt(np.linspace(0, 1, before, dtype=np.float32))
        if after:
            x[-after:] *= np.sqrt(np.linspace(1, 0, after, dtype=np.float32))
        samples[at : at + len(x)] += x
        start, end = at / RATE, (at + len(x)) / RATE
        clear = {"clear_start": start + before / RATE, "clear_end": end - after / RATE}
        rows.append({"start": start, "end": end, **clear, **p, "ref_end": p["ref_start"] + (end - start) * p["tempo"]})
        at += len(x) - after
    unknown = [[r["clear_start"], r["clear_end"]] for r in rows if not r["known"]]
    truth = {"duration": total / RATE, "plays": [r for r in rows if r["path"]], "unknown": unknown}
    return samples, truth


def make(scene: Scene, flavour: str) -> dict:
    """All mixes of a flavour."""
    indexed, others = split(scene)
    known, unknown = Deck(indexed, scene.rng("known")), Deck(others, scene.rng("unknown"))
    count = scene.size(4, 2) if flavour == "today" else scene.size(12, 1)
    mixes = []
    for number in range(count):
        samples, truth = laid_out(*(today if flavour == "today" else bar)(scene, number, known, unknown))
        file = scene.folder / f"mix{number:02d}.flac"
        sf.write(file, np.clip(samples, -1, 1), RATE, subtype="PCM_16")
        mixes.append({"file": str(file)} | truth)
        print(f"{file.name}: {truth['duration']:.0f} s, {len(truth['plays'])} plays", flush=True)
    return {"library": [str(t.path) for t in indexed], "mixes": mixes}


# ---- scoring -----------------------------------------------------------------------------------------


def plays_of(document: dict) -> list[dict]:
    """What an answer says was played: the plays of a timeline, or the matches of a query."""
    if "plays" in document:
        return [p | {"names": set(names(p))} for p in document["plays"]]
    matches = document.get("matches", [])
    return [m | {"start": m["query_start"], "end": m["query_end"], "names": set(names(m))} for m in matches]


def common(a: dict, b: dict, low: str = "start", high: str = "end") -> float:
    """Seconds in which a play of the answer and one of the truth overlap."""
    return max(0.0, min(a["end"], b[high]) - max(a["start"], b[low]))


def covered(plays: list[dict], low: float, high: float) -> float:
    """Seconds of a stretch in which at least one of the plays sounds."""
    total = 0.0
    for p in sorted(plays, key=lambda p: p["start"]):
        start, end = max(low, p["start"]), min(high, p["end"])
        if end > start:
            total, low = total + end - start, end
    return total


def place_error(found: dict, true: dict) -> float:
    """How far apart the places in the track are, at the middle of what both plays have in common."""
    at = (max(found["start"], true["start"]) + min(found["end"], true["end"])) / 2
    right = true["ref_start"] + (at - true["start"]) * true["tempo"]
    into = (at - found["start"]) * (found.get("tempo") or 1.0)
    starts = [found["ref_start"], *found.get("also_at", [])]
    return min((start + into - right for start in starts), key=abs)


def judge(truth: dict, document: dict, kin: dict[str, list[str]]) -> dict:
    """Verdicts on one mix: a row for each known play, lists of errors, counts of seconds."""
    # A track that is not indexed may be a version of one that is. A play of that one is neither right nor wrong.
    others = [p | {"names": set(kin.get(p["path"], []))} for p in truth["plays"] if not p["known"]]
    answer = []
    for a in plays_of(document):
        same = [p for p in others if p["names"] & a["names"]]
        if covered(same, a["start"], a["end"]) < (a["end"] - a["start"]) / 2:
            answer.append(a)
    known = [p | {"names": {p["path"], *kin.get(p["path"], [])}} for p in truth["plays"] if p["known"]]
    verdicts = []
    for p in known:
        mine = [a for a in answer if a["names"] & p["names"] and common(a, p) > 0]
        clear = p["clear_end"] - p["clear_start"]
        row = {"long": clear >= LONG, "speech": p["level"], "tempo": p["tempo"]}
        row["found"] = covered(mine, p["clear_start"], p["clear_end"]) >= clear / 2
        if row["found"]:
            best = max(mine, key=lambda a: common(a, p))
            row["start_error"] = outside(best["start"], p["start"], p["clear_start"])
            row["end_error"] = outside(best["end"], p["clear_end"], p["end"])
            row["place_error"] = place_error(best, p)
            row["speed_error"] = (best.get("tempo") or 1.0) / p["tempo"] - 1
        verdicts.append(row)
    wrong = 0
    for a in answer:
        same = [p for p in known if p["names"] & a["names"]]
        wrong += covered(same, a["start"], a["end"]) < (a["end"] - a["start"]) / 2
    return {"plays": verdicts, "wrong": wrong, "seconds": by_second(truth, known, answer)}


def by_second(truth: dict, known: list[dict], answer: list[dict]) -> dict:
    """Counts of seconds, as the head of this file defines them."""
    counts = dict.fromkeys(("all", "right", "known", "known_right", "wrong", "unknown", "claimed"), 0)
    others = [p for p in truth["plays"] if not p["known"]]
    for second in range(int(truth["duration"])):
        t = second + 0.5
        sounding = [p for p in known if p["start"] <= t < p["end"]]
        right_names = {n for p in sounding for n in p["names"]}
        strange = not sounding or any(p["start"] <= t < p["end"] for p in others)
        named = [a for a in answer if a["start"] <= t < a["end"]]
        hit = any(a["names"] & right_names for a in named)
        counts["all"] += 1
        counts["right"] += hit or (strange and not named)
        counts["known"] += not strange
        counts["known_right"] += hit and not strange
        counts["wrong"] += bool(sounding) and bool(named) and not hit
        counts["unknown"] += not sounding
        counts["claimed"] += not sounding and bool(named)
    return counts


def score(judged: list[dict], cost: Cost, duration: float) -> dict:
    """Figures of all mixes together."""
    plays = [p for j in judged for p in j["plays"]]
    long = [p for p in plays if p["long"]]
    found = [p for p in plays if p["found"]]
    total = {k: sum(j["seconds"][k] for j in judged) for k in judged[0]["seconds"]}
    some = lambda chosen: [sum(p["found"] for p in chosen), len(chosen)]
    return {
        "recordings": len(judged),
        "duration_s": round(duration, 1),
        "plays_found": some(long),
        "short_plays_found": some([p for p in plays if not p["long"]]),
        "found_under_speech": some([p for p in long if p["speech"] is not None]),
        "found_at_other_speed": some([p for p in long if p["tempo"] != 1]),
        "wrong_tracks": sum(j["wrong"] for j in judged),
        "accuracy": share(total["right"], total["all"]),
        "known_right": share(total["known_right"], total["known"]),
        "wrong_seconds": total["wrong"],
        "unknown_seconds": total["unknown"],
        "unknown_claimed": total["claimed"],
        "seconds": total,
        "start_error": spread(p["start_error"] for p in found),
        "end_error": spread(p["end_error"] for p in found),
        "place_error": spread(p["place_error"] for p in found),
        "speed_error_percent": spread(100 * p["speed_error"] for p in found),
        "cpu_s_per_hour": round(cost.cpu_s / duration * 3600, 1),
        "peak_mib": round(cost.peak_mib, 1),
    }


def measure(scene: Scene, truth: dict, temporary: pathlib.Path, command: str = "query") -> dict:
    """Ask each recording in a process of its own."""
    db = library_index(scene, truth["library"], temporary)
    options = ("--top", str(scene.top)) if command == "query" else ()
    judged, cost, kin = [], Cost(), scene.kin
    for mixed in truth["mixes"]:
        (document,), one = ask(scene, db, [pathlib.Path(mixed["file"])], *options, command=command)
        cost.add(one)
        judged.append(judge(mixed, document, kin))
    return score(judged, cost, sum(m["duration"] for m in truth["mixes"])) | {"asked": command}


def rows(figures: dict) -> tuple[list[str], list[list[str]]]:
    """A table."""
    f = figures
    error = lambda key, unit: f"{f[key]['median']} / {f[key]['p95']} {unit}"
    of = lambda pair: f"{pair[0]} of {pair[1]}"
    return ["what", f"{f['recordings']} recordings, {f['duration_s'] / 60:.0f} min"], [
        ["plays of 20 s and more found", of(f["plays_found"])],
        ["shorter plays found", of(f["short_plays_found"])],
        ["found of those under speech", of(f["found_under_speech"])],
        ["found of those at another speed", of(f["found_at_other_speed"])],
        ["wrong tracks", str(f["wrong_tracks"])],
        ["accuracy by the second", str(f["accuracy"])],
        ["known seconds right", str(f["known_right"])],
        ["wrong seconds", str(f["wrong_seconds"])],
        ["unknown seconds claimed", f"{f['unknown_claimed']} of {f['unknown_seconds']}"],
        ["start error, median / 95th percentile", error("start_error", "s")],
        ["end error", error("end_error", "s")],
        ["error of the place in the track", error("place_error", "s")],
        ["error of the speed", error("speed_error_percent", "%")],
        ["CPU for an hour of recording", f"{f['cpu_s_per_hour']} s"],
        ["peak memory", f"{f['peak_mib']} MiB"],
    ]
