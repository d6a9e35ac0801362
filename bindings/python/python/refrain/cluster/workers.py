"""Ray, as this package uses it: without reports on its use and without a dashboard."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple, TypeVar

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

try:
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ImportError as error:
    raise ImportError(
        "refrain.cluster needs Ray; install it with: pip install 'refrain-audio[ray]'"
    ) from error

__all__ = ["NodeAffinitySchedulingStrategy", "Workers", "cause", "in_group", "ray"]

F = TypeVar("F", bound=Callable[..., Any])

#: How often Ray does a task again whose worker died.
RETRIES = 3


class Workers:
    """A Ray cluster: the one that the program is connected to, the one at `address`, or a new one on this machine."""

    def __init__(self, workers: Optional[int], address: Optional[str]) -> None:
        self._started = not ray.is_initialized()
        self._most = workers
        if self._started:
            # Anybody who reaches Ray can run programs, so Ray listens on the loopback interface only. Ray replaces 127.0.0.1 by
            # an address that other machines reach. Linux has further loopback addresses.
            alone: Dict[str, Any] = {
                "num_cpus": workers,
                "include_dashboard": False,
                "_node_ip_address": "127.0.0.2" if sys.platform == "linux" else "127.0.0.1",
            }
            ray.init(
                address=address or "local",
                log_to_driver=False,
                logging_level=logging.ERROR,
                **(alone if address is None else {}),
            )
        self._here = ray.get_runtime_context().get_node_id()
        self._writing: List[Any] = []

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        # After an error, tasks may still write. The next run must not meet them.
        for reference in self._writing:
            ray.cancel(reference, force=True)
        if self._writing:
            ray.wait(self._writing, num_returns=len(self._writing), timeout=60)
        if self._started:
            ray.shutdown()

    def most(self) -> int:
        """How many tasks can run at a time. It changes when a node comes or goes."""
        cores = max(1, int(ray.cluster_resources().get("CPU", 1)))
        return cores if self._most is None else min(cores, self._most)

    def each(
        self, function: Callable[..., Any], calls: List[Tuple[Any, ...]]
    ) -> Iterator[Tuple[int, Any, Optional[str]]]:
        """Runs a function with each of these arguments, on any node. Yields the number of the call, and its result or why
        its workers died, as they come."""
        task = ray.remote(function).options(num_cpus=1, max_retries=RETRIES)
        todo = list(reversed(range(len(calls))))
        running: Dict[Any, int] = {}
        try:
            while todo or running:
                # Some more than can run, so that no worker waits for the driver.
                while todo and len(running) < self.most() + self._ahead():
                    number = todo.pop()
                    running[task.remote(*calls[number])] = number
                done, _ = ray.wait(list(running), num_returns=1)
                for ref in done:
                    number = running.pop(ref)
                    try:
                        yield number, ray.get(ref), None
                    except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError) as error:
                        yield number, None, str(error).strip().splitlines()[0]
                    except ray.exceptions.RayTaskError as error:
                        raise cause(error) from None
        finally:
            for ref in running:
                ray.cancel(ref, force=True)

    def _ahead(self) -> int:
        # A limit below what the cluster has is kept by starting no more.
        return 0 if self._most is not None and not self._started else max(2, self.most())

    def here(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Starts a function on this machine, where the shards are. Returns Ray's reference to the result."""
        strategy = NodeAffinitySchedulingStrategy(node_id=self._here, soft=False)
        task = ray.remote(function).options(num_cpus=1, max_retries=RETRIES, scheduling_strategy=strategy)
        reference = task.remote(*arguments)
        self._writing.append(reference)
        return reference

    def results(self, references: List[Any]) -> List[Any]:
        """The results of :meth:`here`."""
        try:
            done = list(ray.get(references))
        except ray.exceptions.RayTaskError as error:
            raise cause(error) from None
        self._writing = [reference for reference in self._writing if reference not in references]
        return done


def cause(error: Any) -> BaseException:
    """What a task raised."""
    raised = error.cause
    return raised if isinstance(raised, BaseException) else error


def in_group(name: str) -> Callable[[F], F]:
    """Has a method of an actor run on the threads of a group."""
    decorator: Callable[[F], F] = ray.method(concurrency_group=name)
    return decorator
