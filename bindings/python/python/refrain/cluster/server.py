"""The HTTP API of a cluster, by Ray Serve."""

from __future__ import annotations

import asyncio
import json
import logging
from types import TracebackType
from typing import Any, Callable, Dict, Optional, Tuple, Type

from .. import _checks
from ..errors import AudioError, ParameterError
from .cluster import Cluster
from .line import ClusterError

#: The most bytes of audio in one request.
MOST_BYTES = 64 << 20
#: Requests that are worked on at a time, and that wait.
AT_ONCE, WAITING = 16, 64

log = logging.getLogger(__name__)


def _flag(text: str) -> bool:
    if text not in ("0", "1", "true", "false"):
        raise ValueError(text)
    return text in ("1", "true")


#: What may stand in the query of a URL, for each path.
PARAMETERS: Dict[str, Dict[str, Callable[[str], Any]]] = {
    "/api/v1/query": {
        "name": str,
        "top": int,
        "min_score": float,
        "pitch": float,
        "tempo": float,
        "fast": _flag,
        "exact": _flag,
        "explain": _flag,
    },
    "/api/v1/timeline": {"name": str, "min_length": float, "min_score": float},
}

#: A status and a document.
Reply = Tuple[int, Dict[str, Any]]


class Api:
    """Answers requests. Ray Serve runs it."""

    def __init__(self, cluster: Cluster, most_bytes: int) -> None:
        self._cluster, self._most = cluster, most_bytes

    async def __call__(self, request: Any) -> Any:
        from starlette.responses import Response

        try:
            status, document = await self._reply(request)
        except Exception:
            # What went wrong inside is nobody else's business.
            log.exception("a request failed")
            status, document = 500, {"error": "internal error"}
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        headers = {"Allow": "POST"} if status == 405 else {}
        return Response(text, status, headers, "application/json")

    async def _reply(self, request: Any) -> Reply:
        known = PARAMETERS.get(request.url.path)
        if known is None:
            return 404, {"error": "there are /api/v1/query and /api/v1/timeline"}
        if request.method != "POST":
            return 405, {"error": "POST the audio"}
        options: Dict[str, Any] = {"name": "-"}
        for name, text in request.query_params.items():
            try:
                options[name] = known[name](text)
            except KeyError:
                return 400, {"error": f"no parameter {name}; there are {', '.join(known)}"}
            except ValueError:
                return 400, {"error": f"{name} cannot be {text!r}"}
        body = await self._body(request)
        if body is None:
            return 413, {"error": f"more than {self._most} bytes"}
        return await asyncio.to_thread(self._answer, request.url.path, body, options)

    async def _body(self, request: Any) -> Optional[bytes]:
        """The body; None if it is too long. Reads no more than is allowed."""
        length = request.headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._most:
            return None
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > self._most:
                return None
            parts.append(part)
        return b"".join(parts)

    def _answer(self, path: str, body: bytes, options: Dict[str, Any]) -> Reply:
        is_query = path == "/api/v1/query"
        try:
            answer: Any = (self._cluster.query if is_query else self._cluster.timeline)(body, **options)
            return 200, answer.to_dict()
        except AudioError as error:
            name, what = ("query", "matches") if is_query else ("file", "plays")
            return 422, {name: options["name"], "status": "error", what: [], "error": error.reason}
        except ParameterError as error:
            return 400, {"error": str(error)}
        except ClusterError as error:
            return 503, {"error": str(error)}


class Server:
    """An HTTP API that runs. Close it, or use it in a ``with`` statement.

    Attributes
    ----------
    host : str
    port : int

    Examples
    --------
    >>> with refrain.cluster.serve(cluster) as server:  # doctest: +SKIP
    ...     print(server.url)
    http://127.0.0.1:8000
    """

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port

    @property
    def url(self) -> str:
        """Where it answers.

        Returns
        -------
        str

        Examples
        --------
        >>> refrain.cluster.serve(cluster).url  # doctest: +SKIP
        'http://127.0.0.1:8000'
        """
        return f"http://{self.host}:{self.port}"

    def close(self) -> None:
        """Ends Ray Serve.

        Examples
        --------
        >>> refrain.cluster.serve(cluster).close()  # doctest: +SKIP
        """
        from ray import serve as ray_serve

        ray_serve.shutdown()

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()


def serve(
    cluster: Cluster,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    most_bytes: int = MOST_BYTES,
) -> Server:
    """Serves a cluster over HTTP: ``POST /api/v1/query`` and ``POST /api/v1/timeline``. The body of a request is the content of
    an audio file. The answers are the documents of ``refrain query --json`` and ``refrain timeline --json``.

    The query of the URL can have ``name``, which the document calls the clip by, and the options of :meth:`Cluster.query` and
    :meth:`Cluster.timeline`, such as ``top=3``. It listens on the head node of Ray. There is no access control: put a proxy
    before it, or keep it on the loopback interface, as by default.

    Parameters
    ----------
    cluster : Cluster
        It must stay open.
    host : str
    port : int
        Where to listen.
    most_bytes : int
        The longest body that is accepted.

    Returns
    -------
    Server

    Raises
    ------
    ImportError
        If Ray Serve is not installed.

    Examples
    --------
    >>> server = refrain.cluster.serve(cluster, port=8080)  # doctest: +SKIP
    """
    try:
        from ray import serve as ray_serve
    except ImportError:
        raise ImportError("the HTTP API needs Ray Serve; install it with: pip install 'refrain-audio[serve]'") from None
    port = _checks.whole("port", port, 1)
    ray_serve.start(proxy_location="HeadOnly", http_options={"host": host, "port": port})
    deployment = ray_serve.deployment(Api).options(
        max_ongoing_requests=AT_ONCE, max_queued_requests=WAITING, ray_actor_options={"num_cpus": 0}
    )
    ray_serve.run(deployment.bind(cluster, most_bytes), name="refrain", route_prefix="/")
    return Server(host, port)
