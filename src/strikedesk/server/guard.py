"""What is looked at before a request reaches anything: its Host, its Origin, its size and form.

A page in the owner's browser can send requests to 127.0.0.1 under a name of its own (DNS
rebinding), and one such hole was once left open beside a fixed one: so everything is guarded here,
before any route, and not by each transport.
"""

import asyncio
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from mcp.types import INVALID_REQUEST, ErrorData, JSONRPCError
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from strikedesk.server.envelope import Fault, read_message
from strikedesk.server.json_text import request_id
from strikedesk.server.speech import refused_message

BODY_MAX: Final = 256 * 1024
BODY_S: Final = 30.0
LOOPBACK_NAMES: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 -- names it to leave it out
_HOST: Final = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::\d{1,5})?", re.ASCII)
_ORIGIN: Final = re.compile(r"https?://(.+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Names:
    """By which names this server may be called, and whose pages may call it.

    Law: a host is given as a name, which holds for every port, or as name:port. A page is allowed
    when its origin is one of `origins`, or is itself on one of the hosts.
    """

    hosts: frozenset[str]
    origins: frozenset[str]

    def admits_host(self, given: str) -> bool:
        """Tell whether a Host header names us."""
        host = given.lower()
        match = _HOST.fullmatch(host)
        return match is not None and bool({host, match.group(1)} & self.hosts)

    def admits_origin(self, given: str) -> bool:
        """Tell whether a page of this origin may call."""
        origin = given.lower()
        page = _ORIGIN.fullmatch(origin)
        return origin in self.origins or (page is not None and self.admits_host(page.group(1)))


def names(bind: str, hosts: Collection[str], origins: Collection[str]) -> Names:
    """Return the names of a server bound to `bind`: the loopback's, its own, and the owner's."""
    own = {f"[{bind}]" if ":" in bind else bind} if bind not in _EVERYWHERE else set[str]()
    return Names(
        hosts=LOOPBACK_NAMES | {name.lower() for name in {*own, *hosts}},
        origins=frozenset(origin.lower().rstrip("/") for origin in origins),
    )


class NameGuard:
    """Refuses what was not addressed to us (421), or comes from a page that may not call (403)."""

    def __init__(self, app: ASGIApp, known: Names) -> None:
        """Guard `app`."""
        self._app = app
        self._known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at the headers, then let the request in or answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif not self._is_ours(_header(scope, b"host")):
            await Response("this server has another name", 421)(scope, receive, send)
        elif not self._may_call(_header(scope, b"origin")):
            await Response("pages of this origin may not call", 403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_ours(self, hosts: Sequence[str]) -> bool:
        return len(hosts) == 1 and self._known.admits_host(hosts[0])

    def _may_call(self, origins: Sequence[str]) -> bool:
        """No origin is no browser; two are nobody's."""
        return not origins or (len(origins) == 1 and self._known.admits_origin(origins[0]))


class BodyGuard:
    """Takes a body in whole, in time, and passes on what is a message and not too long."""

    def __init__(self, app: ASGIApp) -> None:
        """Guard `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body of a POST; anything else has none that we would read."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(BODY_S):
                body = await _body(receive)
        except TimeoutError:
            await _refusal(408, Fault(INVALID_REQUEST, "too slow"))(scope, receive, send)
            return
        if body is None:
            return
        if len(body) > BODY_MAX:
            await _refusal(413, Fault(INVALID_REQUEST, "too long"), body)(scope, receive, send)
        elif isinstance(read := read_message(body), Fault):
            await _refusal(400, read, body)(scope, receive, send)
        else:
            await self._app(scope, _replayed(body, receive), send)


async def _body(receive: Receive) -> bytes | None:
    """Return the body, or its beginning once that is longer than we take; None of who has left."""
    body = bytearray()
    more = True
    while more and len(body) <= BODY_MAX:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again


def _header(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _refusal(status: int, fault: Fault, body: bytes = b"") -> Response:
    error: ErrorData = refused_message(fault.code, fault.problem)
    answer = JSONRPCError(jsonrpc="2.0", id=request_id(body), error=error)
    return Response(
        answer.model_dump_json(by_alias=True), status_code=status, media_type="application/json"
    )
