"""What every request meets before its route: its size, its agent, its token, its version."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import unquote

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from strikedesk.sandbox.access import READ, TRADE, Access
from strikedesk.sandbox.refusal import (
    TOO_LARGE,
    TOO_OLD,
    UNAUTHORIZED,
    Refusal,
)
from strikedesk.sandbox.spelling import SLASH
from strikedesk.sandbox.wire import zulu

BODY_MAX: Final = 256 * 1024
SIMULATED: Final = (b"x-simulated", b"true; nothing of this is a market or money")
MARKET_TIME: Final = b"x-market-time"
OPEN_PATHS: Final = frozenset(
    {"/", "/oauth/token", "/auth.html", "/margin-requirements-public-configuration"}
)
_OLDEST: Final = "20240501"
_VERSION: Final = re.compile(r"\d{8}", re.ASCII)
_SLASHES: Final = re.compile(r"%2[fF]")
_CHANGES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# What changes nothing: these want no more than `read`.
_ASKS_ONLY: Final = re.compile(r"/sessions/validate|.*/dry-run")


@dataclass(frozen=True, slots=True)
class Door:
    """Lets a request in, or answers it. Websockets look after themselves."""

    app: ASGIApp
    access: Access
    now: Callable[[], datetime]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["path"] = _route_path(scope)
        labelled = _labelled(send, self.now())
        try:
            self._look(Request(scope))
        except Refusal as refusal:
            await refusal.answer()(scope, receive, labelled)
        else:
            await self.app(scope, receive, labelled)

    def _look(self, request: Request) -> None:
        if not request.headers.get("user-agent"):
            raise Refusal(UNAUTHORIZED, "unauthorized", "Send a User-Agent: product/version.")
        _check_version(request.headers.get("accept-version"))
        if request.url.path not in OPEN_PATHS:
            check_token(request, self.access)


def check_token(request: Request, access: Access) -> None:
    """Refuse who has no token, or one whose scope does not reach that far.

    Raises:
        Refusal: 401, 403.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    grant = access.holder(token) if scheme == "Bearer" else None
    if grant is None:
        raise Refusal(UNAUTHORIZED, "token_invalid", "This token is invalid or has expired")
    changes = request.method in _CHANGES and not _ASKS_ONLY.fullmatch(request.url.path)
    if (TRADE if changes else READ) not in grant.scopes:
        raise Refusal.not_permitted()


def version_of(request: Request) -> str | None:
    """Return the version that a client asked for; None = it did not say, which is the oldest."""
    return request.headers.get("accept-version")


async def body_of(request: Request) -> bytes:
    """Return the body.

    Raises:
        Refusal: 413, where it is longer than anything that is asked here.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX:
            raise Refusal(TOO_LARGE, "request_too_large", "The body is too large.")
    return bytes(body)


def _check_version(given: str | None) -> None:
    if given is None:
        return
    if not _VERSION.fullmatch(given):
        raise Refusal.of_parameter("Accept-Version", "is a date, as 20251101")
    if given < _OLDEST:
        raise Refusal(TOO_OLD, TOO_OLD, "The requested version is not supported.")


def _route_path(scope: Scope) -> str:
    """Return the path, with slashes that were written %2F kept apart from those of the route."""
    raw: bytes | None = scope.get("raw_path")
    if raw is None:
        return scope["path"]
    return unquote(_SLASHES.sub(SLASH, raw.decode("latin-1")))


def _labelled(send: Send, now: datetime) -> Callable[[Message], Awaitable[None]]:
    """Say in every answer that it is simulated, and when it is in this market."""
    time = (MARKET_TIME, zulu(now).encode())

    async def with_label(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), SIMULATED, time]
        await send(message)

    return with_label
