"""The line between a client and the app, with whatever mishap the panel has for a request."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from strikedesk.domain.ports import Clock
from strikedesk.sandbox.faults.panel import Garbling, Kind, Mishap, Panel
from strikedesk.sandbox.faults.protocol import ABORT

HUGE_BYTES: Final = 10 * 1024 * 1024
_BODY_MAX: Final = 1024 * 1024
_TOO_MANY: Final = 429
_SERVER: Final = 500
_WORDS: Final = {_TOO_MANY: "too_many_requests"}
_PAGE: Final = "<html><head><title>Bad Gateway</title></head><body>Bad Gateway</body></html>"
_THROTTLED: Final = Mishap(number=0, kind=Kind.STATUS, status=_TOO_MANY)
_LABEL: Final = {"X-Simulated": "true; a mishap from the panel"}


@dataclass(slots=True)
class _Kept:
    """What an app answered, kept instead of sent."""

    messages: list[Message] = field(default_factory=list[Message])

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return next((m["status"] for m in self.messages if "status" in m), _SERVER)

    @property
    def body(self) -> bytes:
        return b"".join(m.get("body", b"") for m in self.messages)


@dataclass(frozen=True, slots=True)
class Line:
    """Passes requests on, well or badly. Websockets have faults of their own."""

    app: ASGIApp
    panel: Panel
    clock: Clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with self.panel.counting():
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._in_time(Request(scope)):
            await _refusal(_THROTTLED)(scope, receive, send)
            return
        mishap = self.panel.strike(scope["method"], scope["path"])
        if mishap is None:
            await self.app(scope, receive, send)
            return
        if mishap.kind is not Kind.LATE:
            await mishap.wait()
        await self._befall(mishap, scope, receive, send)

    def _in_time(self, request: Request) -> bool:
        token = request.headers.get("authorization", "")
        now = self.clock.now()
        return self.panel.pace.admits(token, request.method, request.url.path, now)

    async def _befall(self, mishap: Mishap, scope: Scope, receive: Receive, send: Send) -> None:
        match mishap.kind:
            case Kind.DELAY:
                await self.app(scope, receive, send)
            case Kind.STATUS:
                await _refusal(mishap)(scope, receive, send)
            case Kind.RESET:
                await _reset(scope, receive)
            case Kind.LOST:
                await self.app(scope, receive, _Kept())
                await _reset(scope, receive)
            case Kind.HANG:
                await self._hang(mishap, scope, receive)
            case Kind.LATE:
                body = await _read(receive)
                self.panel.later(self._late(mishap, scope, body))
                await _reset(scope, receive)
            case Kind.GARBLED:
                await self._garble(mishap, scope, receive, send)

    async def _hang(self, mishap: Mishap, scope: Scope, receive: Receive) -> None:
        """Carry it out and say nothing, until the client has gone or the mishap is taken off."""
        await self.app(scope, receive, _Kept())
        gone = asyncio.ensure_future(_gone(receive))
        held = asyncio.ensure_future(mishap.held())
        await asyncio.wait({gone, held}, return_when=asyncio.FIRST_COMPLETED)
        for waiting in (gone, held):
            waiting.cancel()
        await asyncio.wait({gone, held})
        await _reset(scope, receive)

    async def _late(self, mishap: Mishap, scope: Scope, body: bytes) -> None:
        with self.panel.counting():
            await mishap.wait()
            await self.app(scope, _replayed(body), _Kept())

    async def _garble(self, mishap: Mishap, scope: Scope, receive: Receive, send: Send) -> None:
        asked = await _read(receive)
        kept = _Kept()
        await self.app(scope, _replayed(asked), kept)
        await _garbled(mishap.how, kept, asked)(scope, receive, send)


def _refusal(mishap: Mishap) -> Response:
    """Answer as a gateway does, in HTML, or as the broker does, in its envelope."""
    headers = dict(_LABEL)
    if mishap.retry_after_s is not None:
        headers["Retry-After"] = str(mishap.retry_after_s)
    if mishap.status > _SERVER:
        return HTMLResponse(_PAGE, status_code=mishap.status, headers=headers)
    error = {"code": _WORDS.get(mishap.status, "internal_server_error"), "message": "A mishap."}
    return JSONResponse({"error": error}, status_code=mishap.status, headers=headers)


def _garbled(how: Garbling, kept: _Kept, asked: bytes) -> Response:
    json = "application/json"
    match how:
        case Garbling.EMPTY:
            return Response(b"", kept.status, _LABEL, json)
        case Garbling.HTML:
            return HTMLResponse(_PAGE, kept.status, _LABEL)
        case Garbling.HALF:
            return Response(kept.body[: len(kept.body) // 2], kept.status, _LABEL, json)
        case Garbling.HUGE:
            return Response(b" " * HUGE_BYTES + kept.body, kept.status, _LABEL, json)
        case Garbling.ECHO:
            return Response(asked, kept.status, _LABEL, json)
        case Garbling.REDIRECT:
            return RedirectResponse("/elsewhere", 302, _LABEL)


async def _reset(scope: Scope, receive: Receive) -> None:
    """Cut the connection, and wait until the server has seen it: it would answer for us."""
    abort: Callable[[], None] = scope["extensions"][ABORT]
    abort()
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _read(receive: Receive) -> bytes:
    body, more = bytearray(), True
    while more and len(body) <= _BODY_MAX:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
    return bytes(body)


def _replayed(body: bytes) -> Receive:
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return pending.pop() if pending else {"type": "http.disconnect"}

    return receive
