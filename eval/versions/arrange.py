"""Makes pieces of tunes for one voice: chords that fit the tune, and an accompaniment.

Chords are chosen by the best path: how long the tune sounds notes of a chord, and how usual one chord is after another.
A piece over a *loop* has a given cycle of chords instead. Generators of accompaniment:

| name | chords | bass | used for |
|---|---|---|---|
| held | held, three notes close together | root on each strong beat | tuning and test |
| broken | broken in eighths over an octave | root held | tuning and test |
| stride | struck off the beat | root and fifth by turns | tuning and test |
| counter | none: a second voice in thirds and sixths under the tune, a drone | runs by steps from root to root | test only |
"""
import numpy as np

GENERATORS = {"tuning": ("held", "broken", "stride"), "test": ("held", "broken", "stride", "counter")}
MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.6, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
KEYS = np.array([np.roll((np.array(p) - np.mean(p)) / np.std(p), t) for p in (MAJOR_PROFILE, MINOR_PROFILE) for t in range(12)])
# Chords of a key: the root above the tonic, and whether the third is minor.
CHORDS = {"major": ((0, 0), (5, 0), (7, 0), (9, 1), (2, 1), (4, 1)), "minor": ((0, 1), (5, 1), (7, 0), (8, 0), (3, 0), (10, 0))}
USUAL = np.array([  # from a row's chord to a column's, both in the order of CHORDS
    [.5, .9, 1, .6, .5, .3], [.8, .4, 1, .2, .5, .1], [1.1, .4, .5, .6, .1, .1],
    [.3, .8, .6, .3, .8, .3], [.3, .2, 1.1, .2, .3, .2], [.2, .7, .2, .8, .3, .2]])
LOOPS = {"major": ((0, 2, 3, 1), (0, 3, 1, 2), (0, 1, 2, 1), (3, 1, 0, 2), (0, 1, 0, 2)),
         "minor": ((0, 3, 4, 5), (0, 5, 3, 2), (0, 1, 5, 4), (0, 1, 0, 2), (0, 3, 1, 2))}
LEADS = (0, 40, 56, 65, 68, 71, 73, 21, 22, 52, 24, 80)
BACKINGS = (0, 4, 24, 25, 19, 16, 48, 89, 6, 11)
BASSES = (32, 33, 34, 43, 38)


def key_of(notes):
    """The tonic's pitch class and the mode that fit the notes best."""
    weights = np.zeros(12)
    for _, length, pitch in notes:
        weights[pitch % 12] += length
    weights[notes[-1][2] % 12] += 0.2 * weights.sum()
    best = int((KEYS @ (weights - weights.mean())).argmax())
    return best % 12, "major" if best < 12 else "minor"


def slots_of(meter: str) -> float:
    """Quarters that a chord lasts: a bar, half a bar of four beats."""
    try:
        above, below = (int(n) for n in meter.split("/"))
    except ValueError:
        return 2.0
    bar = 4 * above / below
    while bar > 3.01:
        bar /= 2
    return max(bar, 1.0)


def triad(key, chord):
    root, minor = CHORDS[key[1]][chord]
    return [(key[0] + root + step) % 12 for step in (0, 4 - minor, 7)]


def fits(notes, key, slot):
    """How well each chord fits the notes of each slot."""
    count = int(np.ceil((notes[-1][0] + notes[-1][1]) / slot - 1e-6))
    fit = np.zeros((count, 6))
    classes = [triad(key, c) for c in range(6)]
    for onset, length, pitch in notes:
        at = onset
        while at < onset + length - 1e-6:
            n = min(int(at / slot + 1e-6), count - 1)
            end = min(onset + length, (n + 1) * slot)
            strong = 1.5 if abs(at - n * slot) < 1e-6 else 1
            for c, sounding in enumerate(classes):
                fit[n, c] += strong * (end - at) / slot * (1 if pitch % 12 in sounding else -0.6)
            at = max(end, at + 1e-3)
    return fit


def harmony(notes, key, slot, rng, taste=0.0, loop=None):
    """A chord for each slot. `taste` adds chance, so that two harmonies of one tune differ."""
    fit = fits(notes, key, slot)
    if loop is not None:
        return [loop[n % len(loop)] for n in range(len(fit))]
    fit += taste * rng.normal(size=fit.shape)
    fit[-1, 0] += 1
    best, back = fit[0] + USUAL[0], []
    for row in fit[1:]:
        step = best[:, None] + 0.6 * USUAL
        back.append(step.argmax(0))
        best = step.max(0) + row
    path = [int(best.argmax())]
    for came in reversed(back):
        path.append(int(came[path[-1]]))
    return path[::-1]


def best_loop(notes, key, slot):
    fit = fits(notes, key, slot)
    return max(LOOPS[key[1]], key=lambda loop: sum(fit[n, loop[n % len(loop)]] for n in range(len(fit))))


def near(pitch_class, low):
    return low + (pitch_class - low) % 12


def accompany(kind, notes, key, chords, slot, total):
    """Notes of the backing and of the bass: (onset, length, pitch, loudness), for `total` quarters."""
    backing, bass = [], []
    beat = 1.0 if abs(slot / round(slot) - 1) < 1e-6 else slot / 2
    for n in range(int(np.ceil(total / slot - 1e-6))):
        classes, start = triad(key, chords[n % len(chords)]), n * slot
        root = near(classes[0], 36)
        following = near(triad(key, chords[(n + 1) % len(chords)])[0], 36)
        close = sorted(near(c, 55) for c in classes)
        if kind == "held":
            backing += [(start, slot, p, 62) for p in close]
            bass += [(start, slot, root, 80)]
        elif kind == "broken":
            figure = [near(classes[0], 48), near(classes[2], 48), near(classes[0], 60), near(classes[1], 55)]
            steps = int(round(slot / 0.5))
            backing += [(start + 0.5 * s, 0.5, figure[s % 4], 66) for s in range(steps)]
            bass += [(start, slot, root, 76)]
        elif kind == "stride":
            steps = max(int(round(slot / beat)), 1)
            for s in range(steps):
                bass += [(start + s * beat, beat * .6, root if s % 2 == 0 else root + 7 - 12 * (root > 43), 84)]
                backing += [(start + (s + .5) * beat, beat * .4, p, 64) for p in close]
        elif kind == "counter":
            steps = max(int(round(slot)), 1)
            for s in range(steps):
                bass += [(start + s, 1.0, int(round(root + (following - root) * s / steps)), 78)]
            backing += [(start, slot, near(key[0], 48), 50), (start, slot, near((key[0] + 7) % 12, 48), 50)]
    if kind == "counter":
        scale = [(key[0] + s) % 12 for s in ((0, 2, 4, 5, 7, 9, 11) if key[1] == "major" else (0, 2, 3, 5, 7, 8, 10))]
        for onset, length, pitch in notes:
            below = [pitch - d for d in (3, 4, 8, 9) if (pitch - d) % 12 in scale]
            if below:
                backing.append((onset, length, below[0], 70))
    return backing, bass


def piece(tune, rng, seconds=60.0, generators=GENERATORS["tuning"], loop=None, key=None, avoid=None, taste=0.15, kind=None,
          harmony_rng=None):
    """A piece of about `seconds` s: parts with programs and notes in quarters, and its tempo in quarters a minute.

    `loop` is True for the loop that fits best, or the loop itself; `avoid` is a generator not to be used.
    """
    notes = [tuple(n) for n in tune["notes"]]
    first = notes[0][0]
    slot = slots_of(tune["meter"])
    notes = [(o - slot * int(first / slot), l, p) for o, l, p in notes]
    own = key_of(notes)
    if key is not None:  # the nearest way to another tonic
        shift = (key[0] - own[0] + 6) % 12 - 6
        notes, own = [(o, l, p + shift) for o, l, p in notes], (key[0], own[1])
    middle = np.median([p for _, _, p in notes])
    notes = [(o, l, int(p + 12 * round((72 - middle) / 12))) for o, l, p in notes]
    if loop is True:
        loop = best_loop(notes, own, slot)
    chords = harmony(notes, own, slot, harmony_rng or rng, taste, loop)
    length = slot * len(chords)
    rate = len(notes) / (notes[-1][0] + notes[-1][1])  # notes a quarter
    bpm = float(np.clip(60 * rng.uniform(1.8, 3.0) / rate, 60, 200))
    verses = max(1, int(round(seconds * bpm / 60 / length)))
    kind = kind or rng.choice([g for g in generators if g != avoid])
    melody = [(o + v * length, l, p, 96) for v in range(verses) for o, l, p in notes]
    backing, bass = accompany(kind, [n[:3] for n in melody], own, chords, slot, verses * length)
    parts = [{"role": "lead", "program": int(rng.choice(LEADS)), "notes": melody},
             {"role": "backing", "program": int(rng.choice(BACKINGS)), "notes": backing},
             {"role": "bass", "program": int(rng.choice(BASSES)), "notes": bass}]
    if rng.random() < 0.5:
        parts.append({"role": "drums", "program": 0, "notes": drums(slot, verses * length, rng)})
    return {"parts": parts, "bpm": bpm, "slot": slot, "length": verses * length, "verse": length, "kind": str(kind), "key": own,
            "chords": chords, "loop": loop}


def drums(slot, total, rng):
    busy, notes = rng.random() < 0.5, []
    for n in range(int(total / slot)):
        notes += [(n * slot, .2, 36, 90), (n * slot + slot / 2, .2, 38, 80)]
        notes += [(n * slot + s * .5, .1, 42, 60) for s in range(int(slot / .5))] if busy else []
    return notes
