"""Clients and a browser at the one app that serves both HTTP transports and the owner's page."""

import asyncio
import hashlib
import html
import json
import re
from collections.abc import AsyncGenerator, Collection, Mapping, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from starlette.applications import Starlette

from strikedesk.cli.web_door import page_scrubber
from strikedesk.domain.ports import CallerToken
from strikedesk.server.guard import names
from strikedesk.server.http import build_app
from strikedesk.web.approvals import COOKIE, PATH, Keys, approval_routes
from strikedesk.web.health import health_routes
from tests.builders import NOON
from tests.proofs.callers import Caller, Facts, a_word
from tests.proofs.ears import Tally
from tests.proofs.lives import HELLO, PATIENCE_S, Life

HERE: Final = "127.0.0.1:8765"

JSON_BODY: Final = {
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
}
IN_HEAD: Final = frozenset({"page_cookie"})
IN_PAGE: Final = frozenset({"page_form"})


@dataclass
class Exchange:
    """One request, and what came back, each part counted as it came."""

    app: Starlette
    tally: Tally
    kind: str = "body over HTTP"
    may_hold: Collection[str] = ()
    body: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue[bytes])
    head: dict[str, str] = field(default_factory=dict[str, str])
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def make(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> bytes:
        """Return the whole body of the answer."""
        said = [body]
        path, _, query = path.partition("?")
        scope: MutableMapping[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [
                (name.encode(), value.encode("utf-8", "replace"))
                for name, value in ({"host": HERE} | {**headers}).items()
            ],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8765),
        }

        async def receive() -> MutableMapping[str, Any]:
            if said:
                return {"type": "http.request", "body": said.pop(), "more_body": False}
            await self.over.wait()
            return {"type": "http.disconnect"}

        await self.app(scope, receive, self._hear)
        return b"".join(self.body.get_nowait() for _ in range(self.body.qsize()))

    async def _hear(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            told = b"\r\n".join(name + b": " + value for name, value in message["headers"])
            self.tally.hear("headers over HTTP", told, self.may_hold)
            self.head = {n.decode(): v.decode("latin-1") for n, v in message["headers"]}
            return
        chunk = message.get("body", b"")
        if chunk:
            self.tally.hear(self.kind, chunk, self.may_hold)
            self.body.put_nowait(chunk)
        if not message.get("more_body", False):
            self.over.set()


class PostDoor:
    """A client of streamable HTTP: an answer comes with the response to its request."""

    def __init__(self, app: Starlette, life: Life) -> None:
        self.app, self.tally, self.count = app, life.tally, 0
        self.headers = JSON_BODY | {"authorization": f"Bearer {life.canaries.bearer}"}

    async def ask(self, method: str, params: Facts) -> dict[str, Any]:
        self.count += 1
        exchange = Exchange(self.app, self.tally)
        async with asyncio.timeout(PATIENCE_S):
            body = await exchange.make(
                "POST", "/mcp", self.headers, message(self.count, method, params)
            )
        if name := exchange.head.get("mcp-session-id"):
            self.headers = self.headers | {"mcp-session-id": name}
        return answer_in(body)

    async def throw(self, message: bytes) -> None:
        await Exchange(self.app, self.tally).make("POST", "/mcp", self.headers, message)


class StreamDoor:
    """A client of the older transport: all its answers come over one stream."""

    def __init__(self, app: Starlette, life: Life) -> None:
        self.app, self.tally, self.count = app, life.tally, 0
        self.headers = JSON_BODY | {"authorization": f"Bearer {life.canaries.bearer}"}
        self.stream = Exchange(app, life.tally, kind="event over SSE")
        self.task = asyncio.create_task(self.stream.make("GET", "/sse", self.headers))
        self.address = ""

    async def ask(self, method: str, params: Facts) -> dict[str, Any]:
        self.count += 1
        await self.throw(message(self.count, method, params))
        async with asyncio.timeout(PATIENCE_S):
            while (answer := answer_in(await self.stream.body.get())).get("id") != self.count:
                pass
        return answer

    async def throw(self, message: bytes) -> None:
        if not self.address:
            async with asyncio.timeout(PATIENCE_S):
                self.address = data_in(await self.stream.body.get())
        await Exchange(self.app, self.tally).make("POST", self.address, self.headers, message)

    async def leave(self) -> None:
        self.stream.over.set()
        await asyncio.wait([self.task])


@dataclass
class Browser:
    """The owner at the page, and whoever knocks there and elsewhere without being let in."""

    app: Starlette
    life: Life
    keys: Keys

    async def visit(self) -> None:
        """Look, answer, and look at the health; then come as a stranger, with a secret to say."""
        cookie = {"cookie": f"{COOKIE}={self.keys.cookie}"}
        await self._get(self.keys.address(""), {}, IN_HEAD)
        shown = await self._get(PATH, cookie, IN_PAGE)
        for act in ("halt", "resume", "decline", "approve"):
            form = {"token": self.keys.form, "act": act, **hidden_in(shown)}
            headers = cookie | {"origin": f"http://{HERE}"}
            shown = await self._send("POST", PATH, headers, urlencode(form).encode(), IN_PAGE)
        word = a_word(self.life.canaries, self.life.chance)
        safe = "".join(char for char in word if char.isascii() and char.isprintable())
        for path in ("/health", "/health/live", f"{PATH}?key=x", f"/{safe}", "/mcp"):
            await self._get(path, {"authorization": f"Bearer {safe}"}, ())
        await self._get("/mcp", {"host": "evil.example", "origin": f"http://{safe}"}, ())

    async def _get(self, path: str, headers: Mapping[str, str], may_hold: Collection[str]) -> bytes:
        return await self._send("GET", path, headers, b"", may_hold)

    async def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        may_hold: Collection[str],
    ) -> bytes:
        exchange = Exchange(self.app, self.life.tally, kind="page", may_hold=may_hold)
        async with asyncio.timeout(PATIENCE_S):
            return await exchange.make(method, path, headers, body)


@asynccontextmanager
async def networked(life: Life) -> AsyncGenerator[tuple[Starlette, Browser]]:
    """Yield the app as `run_http` serves it, with a token for clients and keys for the owner."""
    theirs = life.canaries
    keys = Keys(link=theirs.page_link, cookie=theirs.page_cookie, form=theirs.page_form)
    async with life.at_the_desk() as desk:
        await desk.tokens.add(a_token(theirs.bearer))
        for key in keys.all() if life.sinks_on else ():
            life.known.learn(key)
        beside = [*health_routes(life), *approval_routes(life, keys)]
        apart = {PATH: page_scrubber(keys, life.known)}
        app = build_app(life.server(), names("127.0.0.1", (), ()), beside, apart)
        async with app.router.lifespan_context(app):
            yield app, Browser(app, life, keys)


async def live_over_http(life: Life, count: int) -> None:
    async with networked(life) as (app, browser):
        door = PostDoor(app, life)
        await door.ask("initialize", HELLO)
        await door.throw(b'{"jsonrpc":"2.0","method":"notifications/initialized"}')
        await life.work(Caller(door, life.canaries, life.chance, life.tally), count, browser.visit)


async def live_over_sse(life: Life, count: int) -> None:
    async with networked(life) as (app, browser):
        door = StreamDoor(app, life)
        await door.ask("initialize", HELLO)
        await door.throw(b'{"jsonrpc":"2.0","method":"notifications/initialized"}')
        await life.work(Caller(door, life.canaries, life.chance, life.tally), count, browser.visit)
        await door.leave()


def a_token(token: str) -> CallerToken:
    digest = hashlib.sha256(token.encode()).hexdigest()
    name = "theirs"
    return CallerToken(
        token_id=f"t-{name}", name=name, scope="trade", digest=digest, created_at=NOON
    )


def message(number: int, method: str, params: Facts) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()


def data_in(event: bytes) -> str:
    """Return what an event of a stream carries."""
    lines = (line.partition(b":") for line in event.splitlines())
    return b"".join(rest.strip() for name, _, rest in lines if name == b"data").decode()


def answer_in(body: bytes) -> dict[str, Any]:
    """Return the message of a body, be it JSON or an event; empty for anything else."""
    text = data_in(body) or body.decode("utf-8", "replace")
    return json.loads(text) if text.startswith("{") else {}


def hidden_in(page: bytes) -> dict[str, str]:
    """Return what the first forms of a page say without showing it, but for the token."""
    said = re.findall(rb'name="(order|digest|since)" value="([^"]*)"', page)
    return {name.decode(): html.unescape(value.decode()) for name, value in reversed(said)}
