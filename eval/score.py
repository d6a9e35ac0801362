#!/usr/bin/env python3
"""Score result rows against a query set, and render the scores as Markdown.

usage: score.py QUERIES NAME=ROWS.jsonl [NAME=ROWS.jsonl ...]

QUERIES is a folder made by make_queries.py. A row is one JSON object a line:
  q      file name of the clip
  track  absolute path of the accepted best match, or null
  score  its score, higher = surer
  off    where the start of the clip lies in that track, seconds
  also   other such places that sound the same (default: none)
  cand, cscore   the best candidate and its score also where it was not accepted (default: track, score)
A clip without a row counts as not found and is reported as missing.

right            accepted, and the track is the one that the clip was cut from
false positive   any accepted match of a clip whose track is not in the library
wrong track      an accepted match of another track, for a clip whose own track is in the library
tempo, pitch     of right matches, how far they are from the truth, where a row has fields of these names
calibration      of the best candidate of every clip, accepted or not, negatives included: the share that is right,
                 by ten bins of score. A clip of the library and one that is not in it weigh such that each kind
                 weighs one half in all, which is what the score assumes
offset error     |off - truth| of right matches, or that of the nearest of the places that sound the same
kin              other versions of the recording in the library (field `kin` of the truth): a match of one is
                 right, without an offset error; for a negative it is left out of the count
"""

import argparse
import json
import math
import pathlib
from collections.abc import Callable, Iterable

GROUPS = {
    "clean, codecs": ("clean", "mp3_48k", "aac_32k", "opus_16k", "gsm_8k"),
    "noise >= 5 dB": ("ambient_10dB", "ambient_5dB", "babble_10dB", "babble_5dB", "pink_5dB"),
    "noise <= 0 dB": ("ambient_0dB", "ambient_-5dB", "babble_0dB", "babble_-5dB", "pink_0dB", "speech_0dB"),
    "room, phone": ("phone", "reverb", "mic_room", "echo"),
    "effects": ("overdrive", "compand", "eq_bass", "flanger", "chorus", "tremolo"),
    "tempo 5 %": ("tempo_0.95", "tempo_1.05"),
    "tempo 10..20 %": ("tempo_0.8", "tempo_0.9", "tempo_1.1", "tempo_1.2"),
    "pitch 1 semitone": ("pitch_-1", "pitch_+1"),
    "pitch 2..3 semitones": ("pitch_-3", "pitch_-2", "pitch_+2", "pitch_+3"),
    "speed 2 %": ("speed_0.98", "speed_1.02"),
    "speed 4 %": ("speed_0.96", "speed_1.04"),
    "speed 10 %": ("speed_0.9", "speed_1.1"),
}


def mean(values: Iterable[float]) -> float | None:
    """Mean, or None of nothing."""
    values = list(values)
    return sum(values) / len(values) if values else None


def quantile(values: Iterable[float], q: float) -> float | None:
    """Linear interpolation between order statistics; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    place = (len(ordered) - 1) * q
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def read_rows(path: pathlib.Path) -> dict[str, dict]:
    """Result rows by clip name."""
    return {row["q"]: row for row in map(json.loads, path.read_text().splitlines())}


def pitch(t: dict) -> float:
    """How many semitones a clip was raised."""
    kind, _, amount = t["dist"].partition("_")
    if kind == "pitch":
        return float(amount)
    return 12 * math.log2(float(amount)) if kind == "speed" else 0.0


def off_by(found: float | None, true: float) -> float | None:
    """The distance of what was found from the truth."""
    return None if found is None else abs(found - true)


def nearest(row: dict, truth: float) -> float:
    """How far the nearest place of a row is from the true one, seconds."""
    return min(abs(off - truth) for off in [row["off"], *row.get("also", [])])


def judge(truth: list[dict], rows: dict[str, dict]) -> list[dict]:
    """Join truth and results: a verdict a clip."""
    verdicts = []
    for t in truth:
        row, kin = rows.get(t["q"], {}), t.get("kin", [])
        positive = t["path"] is not None
        track = row.get("track")
        candidate, score = row.get("cand", track), row.get("cscore", row.get("score"))
        if not positive and track in kin:
            track = None
        if not positive and candidate in kin:
            candidate = None
        exact = positive and track == t["path"]
        verdicts.append(
            {
                "dist": t["dist"],
                "len": t["len"],
                "positive": positive,
                "missing": t["q"] not in rows,
                "accepted": track is not None,
                "right": exact or (positive and track in kin),
                "error": nearest(row, t["off"]) if exact and row.get("off") is not None else None,
                "score": row.get("score"),
                "candidate_score": score if candidate is not None else None,
                "candidate_right": positive and (candidate == t["path"] or candidate in kin),
                "tempo_error": off_by(row.get("tempo"), t["tempo"]) if exact else None,
                "pitch_error": off_by(row.get("pitch"), pitch(t)) if exact else None,
            }
        )
    return verdicts


def percentages(
    verdicts: list[dict], key: Callable[[dict], bool], lengths: list[int]
) -> dict[int, float | None]:
    """Share in % of `key` among the clips of each length."""
    shares = {n: mean(key(v) for v in verdicts if v["len"] == n) for n in lengths}
    return {n: None if s is None else round(100 * s, 2) for n, s in shares.items()}


def right_by(
    verdicts: list[dict], names: Iterable[str] | None, lengths: list[int]
) -> dict[int, float | None]:
    """Right answers in % for positives of some distortions (None: of all)."""
    chosen = [v for v in verdicts if v["positive"] and (names is None or v["dist"] in names)]
    return percentages(chosen, lambda v: v["right"], lengths)


def offsets(verdicts: list[dict], names: Iterable[str] | None = None) -> dict:
    """Median, 95th percentile (ms) and the share of errors above 1 s (%) of right matches."""
    errors = [
        v["error"] for v in verdicts if v["error"] is not None and (names is None or v["dist"] in names)
    ]
    far = mean(e > 1 for e in errors)
    return {
        "n": len(errors),
        "median_ms": None if not errors else round(1000 * quantile(errors, 0.5), 1),
        "p95_ms": None if not errors else round(1000 * quantile(errors, 0.95), 1),
        "over_1s_percent": None if far is None else round(100 * far, 2),
    }


def close(verdicts: list[dict], names: Iterable[str] | None = None) -> dict:
    """Share of right matches (%) whose tempo is within 0.5 %, and pitch within 0.1 semitone, and 95th percentiles."""
    chosen = [v for v in verdicts if names is None or v["dist"] in names]
    tempo = [v["tempo_error"] for v in chosen if v["tempo_error"] is not None]
    semitones = [v["pitch_error"] for v in chosen if v["pitch_error"] is not None]
    within = {"tempo_percent": mean(e <= 0.005 for e in tempo), "pitch_percent": mean(e <= 0.1 for e in semitones)}
    shares = {name: None if share is None else round(100 * share, 2) for name, share in within.items()}
    return shares | {"tempo_p95": quantile(tempo, 0.95), "pitch_p95": quantile(semitones, 0.95)}


def calibration(verdicts: list[dict]) -> dict:
    """The best candidates in ten bins of score between 0 and 1: how many, mean score, share right; and the mean
    difference of the two over bins and over clips."""
    scored = [v for v in verdicts if v["candidate_score"] is not None]
    kinds = [sum(v["positive"] == kind for v in scored) for kind in (False, True)]
    bins = []
    for i in range(10):
        inside = [v for v in scored if min(9, max(0, int(v["candidate_score"] * 10))) == i]
        weights = [1 / kinds[v["positive"]] for v in inside]
        total = sum(weights)
        middle = share = None
        if total:
            middle = sum(w * v["candidate_score"] for w, v in zip(weights, inside)) / total
            share = sum(w * v["candidate_right"] for w, v in zip(weights, inside)) / total
        bins.append({"from": i / 10, "n": len(inside), "weight": total, "mean_score": middle, "right": share})
    filled = [b for b in bins if b["n"]]
    gaps = [abs(b["mean_score"] - b["right"]) for b in filled]
    weight = sum(b["weight"] for b in filled)
    return {
        "bins": bins,
        "over_bins": mean(gaps),
        "over_clips": sum(g * b["weight"] for g, b in zip(gaps, filled)) / weight if weight else None,
    }


def without_false_positives(verdicts: list[dict], lengths: list[int]) -> dict:
    """What would be right if just those candidates counted that score above every negative's, per length."""
    scores, result = {}, {}
    for n in lengths:
        reached = [
            v["candidate_score"]
            for v in verdicts
            if v["len"] == n and not v["positive"] and v["candidate_score"] is not None
        ]
        limit = scores[n] = max(reached, default=0.0)
        chosen = [v for v in verdicts if v["len"] == n and v["positive"]]
        share = mean(v["candidate_right"] and (v["candidate_score"] or 0) > limit for v in chosen)
        result[n] = None if share is None else round(100 * share, 2)
    return {"limit": scores, "right_percent": result}


def score(truth: list[dict], rows: dict[str, dict]) -> dict:
    """Every figure of one system, as plain data for JSON."""
    verdicts = judge(truth, rows)
    lengths = sorted({t["len"] for t in truth})
    positives = [v for v in verdicts if v["positive"]]
    negatives = [v for v in verdicts if not v["positive"]]
    return {
        "lengths": lengths,
        "clips": {"positive": len(positives), "negative": len(negatives)},
        "missing": sum(v["missing"] for v in verdicts),
        "groups": {name: right_by(verdicts, members, lengths) for name, members in GROUPS.items()},
        "distortions": {
            name: right_by(verdicts, (name,), lengths) for name in dict.fromkeys(t["dist"] for t in truth)
        },
        "all": right_by(verdicts, None, lengths),
        "no_false_positive": without_false_positives(verdicts, lengths),
        "false_positives_percent": percentages(negatives, lambda v: v["accepted"], lengths),
        "false_positives": sum(v["accepted"] for v in negatives),
        "false_positives_by_distortion": {
            name: sum(v["accepted"] for v in negatives if v["dist"] == name)
            for name in dict.fromkeys(v["dist"] for v in negatives)
        },
        "wrong_track_percent": percentages(positives, lambda v: v["accepted"] and not v["right"], lengths),
        "wrong_track": sum(v["accepted"] and not v["right"] for v in positives),
        "offset": {"all": offsets(verdicts)} | {name: offsets(verdicts, m) for name, m in GROUPS.items()},
        "close": {"all": close(verdicts)} | {name: close(verdicts, m) for name, m in GROUPS.items()},
        "calibration": calibration(verdicts),
    }


# ---- rendering ---------------------------------------------------------------------------------------


def number(value: float | None, digits: int = 0) -> str:
    """A figure for a table; a dash for none."""
    return "-" if value is None else f"{value:.{digits}f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table, the first column to the left, the others to the right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def by_length(scores: dict[str, dict], pick: Callable[[dict], dict], digits: int = 0) -> list[str]:
    """The cells of one row: for each system one figure per clip length."""
    return [" / ".join(number(v, digits) for v in pick(s).values()) for s in scores.values()]


def accuracy_tables(scores: dict[str, dict]) -> list[str]:
    """Right answers per group and per distortion, then the two kinds of error."""
    first = next(iter(scores.values()))
    head = ["", *scores]
    groups = [[name, *by_length(scores, lambda s, n=name: s["groups"][n])] for name in GROUPS]
    groups.append(["**all**", *by_length(scores, lambda s: s["all"])])
    groups.append(
        [
            "all, above every negative's score",
            *by_length(scores, lambda s: s["no_false_positive"]["right_percent"]),
        ]
    )
    names = first["distortions"]
    each = [[name, *by_length(scores, lambda s, n=name: s["distortions"][n])] for name in names]
    errors = [
        ["false positives, %", *by_length(scores, lambda s: s["false_positives_percent"], 1)],
        [
            "false positives, clips",
            *(f"{s['false_positives']} of {s['clips']['negative']}" for s in scores.values()),
        ],
        ["wrong track, %", *by_length(scores, lambda s: s["wrong_track_percent"], 1)],
        ["wrong track, clips", *(f"{s['wrong_track']} of {s['clips']['positive']}" for s in scores.values())],
        ["clips without an answer", *(str(s["missing"]) for s in scores.values())],
    ]
    seconds = " / ".join(str(n) for n in first["lengths"])
    return [
        f"Figures apart by slashes are for clips of {seconds} s; a dash: no clips of that length.",
        "## Accepted and right, %, by group\n\n" + table(head, groups),
        "## Errors\n\n" + table(head, errors),
        "## Accepted and right, %, by distortion\n\n" + table(head, each),
    ]


def offset_table(scores: dict[str, dict]) -> str:
    """Offset errors per group."""

    def cell(o: dict) -> str:
        return f"{number(o['median_ms'])} / {number(o['p95_ms'])} / {number(o['over_1s_percent'], 1)}"

    rows = [[name, *(cell(s["offset"][name]) for s in scores.values())] for name in ("all", *GROUPS)]
    return (
        "## Offset error of right matches\n\nMedian and 95th percentile in ms, share above 1 s in %.\n\n"
        + table(["", *scores], rows)
    )


def close_table(scores: dict[str, dict]) -> str:
    """How near tempo and pitch come."""

    def cell(c: dict) -> str:
        percent = number(None if c["tempo_p95"] is None else 100 * c["tempo_p95"], 2)
        near = f"{number(c['tempo_percent'], 1)} / {number(c['pitch_percent'], 1)}"
        return f"{near} / {percent} / {number(c['pitch_p95'], 3)}"

    rows = [[name, *(cell(s["close"][name]) for s in scores.values())] for name in ("all", *GROUPS)]
    return (
        "## Tempo and pitch of right matches\n\n% with the tempo within 0.5 %, % with the pitch within 0.1 semitone, "
        "95th percentile of the tempo's error in %, of the pitch's in semitones.\n\n" + table(["", *scores], rows)
    )


def calibration_table(scores: dict[str, dict]) -> str:
    """Share right in each bin of score, with the number of clips."""

    def cell(b: dict) -> str:
        return (
            "-" if b["n"] == 0 else f"{100 * b['right']:.1f} % of {b['n']} (mean score {b['mean_score']:.3f})"
        )

    rows = [
        [f"{i / 10:.1f} to {(i + 1) / 10:.1f}", *(cell(s["calibration"]["bins"][i]) for s in scores.values())]
        for i in range(10)
    ]
    for kind in ("over_bins", "over_clips"):
        name = f"mean difference {kind.replace('_', ' ')}"
        rows.append([name, *(number(s["calibration"][kind], 4) for s in scores.values())])
    return (
        "## Share right of the best candidates, by score\n\nClips of the library and others weigh one half each in all.\n\n"
        + table(["score", *scores], rows)
    )


def markdown(scores: dict[str, dict]) -> str:
    """All tables."""
    return "\n\n".join([*accuracy_tables(scores), offset_table(scores), close_table(scores), calibration_table(scores)]) + "\n"


def main() -> None:
    """Score the row files on the command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("queries", type=pathlib.Path)
    p.add_argument("rows", nargs="+", metavar="NAME=ROWS.jsonl")
    args = p.parse_args()
    truth = json.loads((args.queries / "truth.json").read_text())
    named = (item.partition("=") for item in args.rows)
    print(markdown({name: score(truth, read_rows(pathlib.Path(path))) for name, _, path in named}))


if __name__ == "__main__":
    main()
