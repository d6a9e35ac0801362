"""Prints the golden table of the tests in src/align/score.rs: `python eval/score_golden.py`.

The formula is written down here once more, from ARCHITECTURE.md and the coefficients that `calibrate.py` fitted, so that
the table does not come from the code that it tests.
"""

import math

AT_1_S = {"intercept": -10.337, "ratio": 6.025, "density": 6.907, "similarity": 7.516}
AT_10_S = {"intercept": -14.946, "ratio": 11.717, "density": 2.433, "similarity": 0.0}

# evidence, similarity, pairs, query pairs, variants, runner-up, windows
CASES = {
    "1 s": (2.2, 0.5, 4, 4.4, 1, 1.5, 100_000),
    "shorter than 1 s": (1.5, 0.4, 2, 2.0, 1, 1.2, 100_000),
    "3 s": (5.0, 0.5, 12, 15, 1, 2.2, 100_000),
    "3 s, less similar": (5.0, 0.35, 12, 15, 1, 2.2, 100_000),
    "10 s": (9.0, 0.4, 40, 53, 1, 4.0, 100_000),
    "30 s, not extrapolated": (16.0, 0.4, 100, 160, 1, 7.5, 100_000),
    "a minute": (20.0, 0.4, 250, 320, 1, 9.0, 100_000),
    "ten minutes count as one": (20.0, 0.4, 250, 3_200, 1, 9.0, 100_000),
    "246 variants": (10.0, 0.4, 40, 53, 246, 4.0, 100_000),
    "no variant counts as one": (9.0, 0.4, 40, 53, 0, 4.0, 100_000),
    "a library of 15 minutes": (9.0, 0.4, 40, 53, 1, 4.0, 1_250),
    "a library of one window": (10.0, 0.4, 40, 53, 1, 4.0, 1),
    "no window counts as one": (10.0, 0.4, 40, 53, 1, 4.0, 0),
    "exactly four hours": (9.0, 0.4, 40, 53, 1, 4.0, 20_000),
    "no runner-up: chance": (3.2, 0.4, 20, 53, 1, 0.0, 100_000),
    "a runner-up below chance": (3.2, 0.4, 20, 53, 1, 1.0, 100_000),
    "a long range, tracks alike": (12.0, 0.2, 250, 320, 1, 0.0, 100_000),
    "a range longer than the query": (4.0, 0.8, 90, 15, 1, 1.9, 100_000),
    "a range without a pair": (4.0, 0.6, 0, 15, 1, 1.3, 100_000),
    "a query without a pair": (0.6, 0.4, 1, 0.3, 1, 0.5, 100_000),
    "negative evidence is none": (-3.0, 0.9, 4, 4.4, 1, 0.0, 100_000),
    "no evidence": (0.0, 0.9, 4, 4.4, 1, 0.0, 100_000),
    "a negative cosine": (2.2, -0.1, 4, 4.4, 1, 0.9, 100_000),
}


def probability(evidence, similarity, pairs, query_pairs, variants, runner_up, windows):
    query_pairs = max(query_pairs, 1)
    query_within_a_minute = min(query_pairs, 320)
    pairs = min(max(pairs, 1), query_within_a_minute)
    if query_pairs <= 4.4:
        long = 0
    elif query_pairs >= 53:
        long = 1
    else:
        long = (math.log(query_pairs) - math.log(4.4)) / (math.log(53) - math.log(4.4))
    weight = {name: (1 - long) * AT_1_S[name] + long * AT_10_S[name] for name in AT_1_S}
    evidence = max(evidence, 0)
    deviation = math.sqrt(query_within_a_minute)
    runner_up = max(runner_up, 0.16 * deviation, 0.022 * pairs)
    logit = weight["intercept"]
    logit += weight["ratio"] * (math.log(evidence + 0.3) - math.log(runner_up + 0.3))
    logit += weight["density"] * (evidence - runner_up) / deviation
    logit += weight["similarity"] * similarity
    logit += 5.299 * pairs / query_within_a_minute
    logit -= 0.473 * math.log(max(variants, 1))
    if query_pairs < 4.4:
        logit -= 3 * (math.log(4.4) - math.log(query_pairs))
    if windows < 20_000:
        logit -= 0.473 * (math.log(20_000) - math.log(max(windows, 1)))
    return 1 / (1 + math.exp(-logit))


for name, case in CASES.items():
    evidence, similarity, pairs, query_pairs, variants, runner_up, windows = case
    row = [float(evidence), float(similarity), float(pairs), float(query_pairs), variants, float(runner_up)]
    values = ", ".join(f"{v}" for v in row)
    print(f'        ("{name}", ({values}, {windows:_}), {probability(*case):.7f}),')
