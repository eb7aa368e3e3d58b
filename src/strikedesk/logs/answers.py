"""What leaves over HTTP is searched for secrets: headers, bodies and events, whoever wrote them."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final, TypeAlias

from strikedesk.logs.scrubber import Scrubber

# ASGI's own types; this room needs no web framework to speak it.
Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_JSON: Final = (b"application/json", b"text/event-stream")


class ScrubbedApp:
    """An ASGI app around another that lets no known secret through."""

    def __init__(
        self, app: App, scrubber: Scrubber, apart: Mapping[str, Scrubber] | None = None
    ) -> None:
        """Search with `scrubber`, except on the paths that have one of their own."""
        self._app = app
        self._scrubber = scrubber
        self._apart = apart or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            send = _Answer(self._apart.get(scope["path"], self._scrubber), send).send
        await self._app(scope, receive, send)


class _Answer:
    """One response. Each of its chunks is searched by itself: a message never spans two."""

    def __init__(self, scrubber: Scrubber, send: Send) -> None:
        self._scrubber = scrubber
        self._send = send
        self._held: Message | None = None
        self._is_json = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._start(message)
        elif message["type"] == "http.response.body":
            await self._body(message)
        else:
            await self._send(message)

    async def _start(self, message: Message) -> None:
        """Let the head go, unless it tells the length of a body that may get another one."""
        said = {name.lower(): value for name, value in message["headers"]}
        self._is_json = said.get(b"content-type", b"").startswith(_JSON)
        if b"content-length" in said:
            self._held = message
        else:
            await self._send(self._headed(message))

    async def _body(self, message: Message) -> None:
        body: bytes = message.get("body", b"")
        held, self._held = self._held, None
        if held is not None and self._is_clean(held, message):
            await self._send(held)
            await self._send(message)
            return
        scrubbed = self._scrubber.json(body) if self._is_json else self._scrubber.plain(body)
        if held is not None:
            held = self._headed(held)
            length = None if message.get("more_body", False) else len(scrubbed)
            if length is None or scrubbed is not body:
                held = {**held, "headers": _measured(held["headers"], length)}
            await self._send(held)
        await self._send({**message, "body": scrubbed})

    def _is_clean(self, head: Message, body: Message) -> bool:
        """Look through a whole answer at once, which is what nearly every one needs."""
        if body.get("more_body", False):
            return False
        values = [value for _, value in head["headers"]]
        return self._scrubber.is_clean(b"\n".join([*values, body.get("body", b"")]))

    def _headed(self, head: Message) -> Message:
        headers = [(name, self._scrubber.plain(value)) for name, value in head["headers"]]
        return {**head, "headers": headers}


def _measured(headers: list[tuple[bytes, bytes]], length: int | None) -> list[tuple[bytes, bytes]]:
    """Return the headers with this length, or with none where nobody knows it yet."""
    rest = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    return rest if length is None else [*rest, (b"content-length", b"%d" % length)]
