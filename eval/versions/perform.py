"""Performs a piece again at a level of difference, and turns it into events in seconds.

| level | what differs from the piece in the library |
|---|---|
| v1 | another soundfont and other loudness of the parts; tempo up to 10 % |
| v2 | v1, another key (1 to 6 semitones), all instruments other, no drums; tempo up to 25 % |
| v3 | another soundfont; a third of the sections cut or played twice; tempo drifts by up to 8 % around one up to 10 % off; another
       accompaniment under the melody (other generator, other chords); half of the time another key |
| v4 | another setting of the same tune: another variant of the folk song or another harmonisation of the chorale, arranged anew; any
       key, tempo of its own |
"""
import numpy as np

import arrange

FONTS = ("FluidR3", "TimGM6mb", "MuseScore")
PERCUSSIVE = 9


def louder(rng, spread=5.0):
    return float(rng.uniform(-spread, spread))


def played(piece, rng, font, transpose=0, tempo=1.0, others=False, without_drums=False, mix=0.0, drift=0.0, order=None):
    """Events of a piece: (second, second of its end, channel, pitch, loudness), with programs and gains of channels."""
    sections = order or [(0.0, piece["length"])]
    total = sum(b - a for a, b in sections)
    grid = np.linspace(0, total, max(int(total / 4), 2) + 1)
    walk = np.cumsum(rng.normal(size=len(grid)))
    walk -= np.linspace(walk[0], walk[-1], len(grid)) * 0.5
    walk = walk / max(np.abs(walk).max(), 1e-9) * drift
    rates = piece["bpm"] * tempo / 60 * (1 + walk)
    clock = np.concatenate([[0], np.cumsum(np.diff(grid) / ((rates[1:] + rates[:-1]) / 2))])
    seconds = lambda q: float(np.interp(q, grid, clock))
    events, programs, gains, channel = [], {}, {}, 0
    for part in piece["parts"]:
        drum = part["role"] == "drums"
        if drum and without_drums:
            continue
        at = PERCUSSIVE if drum else channel
        if not drum:
            channel += 1 + (channel == PERCUSSIVE - 1)
            if channel > 15:
                break
        program = part["program"]
        if others and not drum:
            pool = {"lead": arrange.LEADS, "bass": arrange.BASSES}.get(part["role"], arrange.BACKINGS + arrange.LEADS)
            program = int(rng.choice([p for p in pool if p // 8 != program // 8]))
        programs[at], gains[at] = program, louder(rng, mix) if mix else 0.0
        start = 0.0
        for a, b in sections:
            for onset, length, pitch, velocity in part["notes"]:
                if a - 1e-6 <= onset < b - 1e-6:
                    q = start + onset - a
                    move = 0 if drum else transpose
                    events.append((seconds(q), seconds(min(q + length, total)), at, pitch + move, velocity))
            start += b - a
    return {"font": font, "programs": programs, "gains": gains, "events": events}


def other_font(rng, font):
    return str(rng.choice([f for f in FONTS if f != font]))


def sections_changed(piece, rng):
    """Sections of about four chords. Some are cut, and some are played twice."""
    size = 4 * piece["slot"]
    count = max(int(round(piece["length"] / size)), 3)
    edges = np.round(np.linspace(0, piece["length"] / piece["slot"], count + 1)) * piece["slot"]
    sections = [(float(a), float(b)) for a, b in zip(edges, edges[1:]) if b > a]
    changed = []
    for section in sections:
        fate = rng.random()
        if fate < 1 / 6 and len(sections) > 3:
            continue
        changed += [section] * (2 if fate > 5 / 6 else 1)
    # Beginning elsewhere is a cut, too.
    start = int(rng.integers(0, max(len(changed) // 3, 1)))
    return changed[start:] if len(changed) - start >= 3 else sections


def performed(level, piece, rng, font, generators, tune=None, lead=None):
    """A query of `level`, played. `tune` is the tune as notes for one voice (v3, v4); for v4 of another variant."""
    off = lambda limit: float(np.exp(rng.uniform(-np.log1p(limit), np.log1p(limit))))
    font = other_font(rng, font)
    if level == "v1":
        tempo = off(.10)
        return played(piece, rng, font, tempo=tempo, mix=6.0), {"tempo": tempo}
    if level == "v2":
        move = int(rng.choice([-6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6]))
        tempo = off(.25)
        return played(piece, rng, font, move, tempo, True, True, 3.0), {"transpose": move, "tempo": tempo}
    move = int(rng.integers(-6, 7)) if rng.random() < .5 else 0
    if level == "v3":
        again = arrange.piece(tune, rng, generators=generators, avoid=piece.get("kind"), key=(piece["key"][0], 0), taste=.5)
        tempo = off(.10)
        again["bpm"] = piece["bpm"]
        return (played(again, rng, font, move, tempo, True, False, 3.0, .08, sections_changed(again, rng)),
                {"transpose": move, "tempo": tempo, "kind": again["kind"]})
    again = tune if "parts" in tune else arrange.piece(tune, rng, generators=generators, taste=.3)
    move = int(rng.integers(-6, 7))
    return played(again, rng, font, move, 1.0, False, False, 3.0), {"kind": again.get("kind")}
