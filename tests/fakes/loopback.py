"""A real HTTP server on this machine that answers what it is told to, also badly."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer; `length` is what it claims to have.

    `silent` never answers, `reset` hangs up before it does.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    length: int | None = None
    silent: bool = False
    reset: bool = False


def told(value: Any, *, status: int = 200, **headers: str) -> Reply:
    """Return an answer of JSON."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status=status, body=json.dumps(value).encode(), headers=named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def named(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(slots=True)
class Loopback:
    """What was heard, and what is answered: by path, in turn, the last one again and again.

    `POST /path` counts for that method alone, before `/path`.
    """

    origin: str = ""
    heard: list[Heard] = field(default_factory=list[Heard])
    replies: dict[str, deque[Reply]] = field(default_factory=lambda: defaultdict(deque))
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    answer: asyncio.Event | None = None
    server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    def answers(self, path: str, *replies: Reply) -> None:
        """Answer `path` with these."""
        self.replies[path] = deque(replies)

    def asked(self, path: str) -> list[Heard]:
        """Return the requests for `path`, or for `METHOD /path`."""
        return [heard for heard in self.heard if path in {heard.path, heard.named}]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self._writers.add(writer)
        try:
            while await self._turn(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def close(self) -> None:
        """Serve no more."""
        if self.server is not None:
            self.server.close()
            self.hang_up()
            await self.server.wait_closed()

    def hang_up(self) -> None:
        """Close every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def _turn(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        heard = await _request(reader)
        self.heard.append(heard)
        self.arrived.set()
        if self.answer is not None:
            await self.answer.wait()
        reply = self._reply(heard)
        if reply.silent:
            await reader.read()
            return False
        if reply.reset:
            writer.transport.abort()
            return False
        writer.write(_written(reply))
        await writer.drain()
        return reply.length is None

    def _reply(self, heard: Heard) -> Reply:
        waiting = self.replies[heard.named] or self.replies[heard.path]
        if not waiting:
            return told({"error": {"code": "record_not_found", "message": "none"}}, status=404)
        return waiting.popleft() if len(waiting) > 1 else waiting[0]


@asynccontextmanager
async def a_loopback() -> AsyncGenerator[Loopback]:
    """Serve on a free port while the block runs."""
    loopback = Loopback()
    loopback.server = await asyncio.start_server(loopback.serve, "127.0.0.1", 0)
    loopback.origin = f"http://127.0.0.1:{loopback.server.sockets[0].getsockname()[1]}"
    try:
        yield loopback
    finally:
        await loopback.close()


async def _request(reader: asyncio.StreamReader) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Heard(method=method, target=target, headers=headers, body=body)


def _written(reply: Reply) -> bytes:
    length = len(reply.body) if reply.length is None else reply.length
    head = [f"HTTP/1.1 {reply.status} Told", f"Content-Length: {length}"]
    head += [f"{name}: {value}" for name, value in reply.headers.items()]
    return "\r\n".join([*head, "", ""]).encode() + reply.body
