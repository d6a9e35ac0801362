"""Asks a cluster from the command line: ``python -m refrain.cluster query LIBRARY CLIP…``."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Dict, List, Optional, Union

from ..errors import RefrainError
from ..records import Answer, Failure, _utf8
from . import Cluster

STATUS = """
Exit status: 0 if a clip matched, 1 if none did, 2 after an error or if a shard could not be asked.
"""


def main(arguments: Optional[List[str]] = None) -> int:
    """Runs the command. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m refrain.cluster", description=__doc__.split(":")[0] + ".")
    query = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "query", help="identify clips", description="Identifies clips. Prints one JSON document a line.", epilog=STATUS
    )
    query.add_argument("library", metavar="LIBRARY", help="the folder of the shards")
    query.add_argument("clips", metavar="CLIP", nargs="+", help="an audio file")
    query.add_argument("--address", help="the address of a Ray cluster; default: Ray is started here")
    query.add_argument("--replicas", type=int, default=1, help="replicas of each shard (default: 1)")
    query.add_argument("--patience", type=float, default=10.0, help="seconds to wait for a shard (default: 10)")
    query.add_argument("--top", type=int, default=10, help="the most matches of a clip (default: 10)")
    query.add_argument("--min-score", type=float, default=0.9, help="the least score of a match (default: 0.9)")
    query.add_argument("--explain", action="store_true", help="also print the best places that were looked at")
    given = parser.parse_args(arguments)
    results: List[int] = []

    def done(outcome: Union[Answer, Failure]) -> None:
        print(json.dumps(_document(outcome), ensure_ascii=False), flush=True)
        results.append(_status(outcome))

    try:
        with Cluster(
            given.library, replicas=given.replicas, address=given.address, patience=given.patience
        ) as cluster:
            options: Dict[str, Any] = {"top": given.top, "min_score": given.min_score, "explain": given.explain}
            cluster.query_many(given.clips, callback=done, **options)
    except (RefrainError, OSError) as error:
        print(f"refrain.cluster: {error}", file=sys.stderr)
        return 2
    return 2 if 2 in results else min(results)


def _document(outcome: Union[Answer, Failure]) -> Dict[str, Any]:
    if isinstance(outcome, Answer):
        return outcome.to_dict()
    return {"query": _utf8(outcome.path), "status": "error", "matches": [], "error": outcome.reason}


def _status(outcome: Union[Answer, Failure]) -> int:
    if isinstance(outcome, Failure) or outcome.partial:
        return 2
    return 0 if outcome else 1


if __name__ == "__main__":
    sys.exit(main())
