"""A client that can say anything, over pipes and over a port, and still calls tools properly."""

import asyncio
import json
import subprocess
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from subprocess import PIPE
from typing import IO, Any, Final, TypeAlias

import httpx2

from tests.clients.served import COMMAND, Desk, free_port, make_token, settings, wait_until_ready
from tests.proofs.test_killed_servers import Pipes, answer_of

PATIENCE_S: Final = 60
VERSION: Final = "2025-11-25"
HELLO: Final[Mapping[str, Any]] = {
    "protocolVersion": VERSION,
    "capabilities": {},
    "clientInfo": {"name": "a client", "version": "1"},
}
JSON_BODY: Final = {
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
}
# Clients of the later protocol open no session; who sends neither header opens one.
LATER: Final = {"MCP-Protocol-Version": "2026-07-28"}
BROKEN: Final = 500


class Wire(ABC):
    """A server, and one client's connection to it. Every wait ends after a minute."""

    def __init__(self, pid: int) -> None:
        self.pid, self.count = pid, 0

    @abstractmethod
    async def throw(self, message: bytes) -> None:
        """Send a message as it stands.

        Raises:
            OSError, TimeoutError, httpx2.HTTPError: nobody takes it, or it broke the server.
        """

    @abstractmethod
    async def ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result of a request."""

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            return answer_of(await self.ask("tools/call", {"name": tool, "arguments": arguments}))


class PipeWire(Wire):
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        super().__init__(process.pid)
        self.process, self.pipes = process, Pipes(process)

    async def throw(self, message: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(message + b"\n")
        async with asyncio.timeout(PATIENCE_S):
            await self.process.stdin.drain()

    async def ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return await self.pipes.ask(method, params)


class PostWire(Wire):
    """Messages that are posted, and answers that come with the response to each."""

    def __init__(self, pid: int, http: httpx2.AsyncClient) -> None:
        super().__init__(pid)
        self.http = http
        self.session: dict[str, str] = {}

    async def throw(self, message: bytes) -> None:
        """Send it in the session, outside of any, and in the later protocol, in turn."""
        self.count += 1
        headers = (self.session, self.session, {}, LATER)[self.count % 4]
        await post(self.http, "/mcp", message, headers)

    async def ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self.count += 1
        answer = await post(self.http, "/mcp", request(self.count, method, params), self.session)
        if name := answer.headers.get("mcp-session-id"):
            self.session = {"Mcp-Session-Id": name}
        (said,) = filter(None, map(data_of, answer.content.split(b"\n")))
        return json.loads(said)["result"]


class StreamWire(Wire):
    """Messages that are posted, and one long response that all the answers come with."""

    def __init__(self, pid: int, http: httpx2.AsyncClient, stream: httpx2.Response) -> None:
        super().__init__(pid)
        self.http, self.stream = http, stream
        self.address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.reader = asyncio.create_task(self._read())

    async def throw(self, message: bytes) -> None:
        await post(self.http, await self.address, message, {})

    async def ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self.count += 1
        waiting = self.waiting[self.count] = asyncio.get_running_loop().create_future()
        await self.throw(request(self.count, method, params))
        return (await waiting)["result"]

    async def _read(self) -> None:
        unread = b""
        async for chunk in self.stream.aiter_raw():
            *lines, unread = (unread + chunk).split(b"\n")
            for data in filter(None, map(data_of, lines)):
                self._take(data)

    def _take(self, data: bytes) -> None:
        if not self.address.done():
            self.address.set_result(data.decode())
            return
        answer = json.loads(data)
        if (waiting := self.waiting.get(answer.get("id"))) and not waiting.done():
            waiting.set_result(answer)


def request(number: int, method: str, params: Mapping[str, Any]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()


def data_of(line: bytes) -> bytes:
    """Return what a line of an event stream carries, empty if nothing."""
    name, _, data = line.partition(b":")
    return data.strip() if name == b"data" else b""


async def post(
    http: httpx2.AsyncClient, address: str, body: bytes, headers: Mapping[str, str]
) -> httpx2.Response:
    """Post a body; a refusal is an answer, a server that says it is broken is none."""
    answer = await http.post(address, content=body, headers=headers)
    if answer.status_code >= BROKEN:
        answer.raise_for_status()
    return answer


@asynccontextmanager
async def piped(home: Path) -> AsyncGenerator[Wire]:
    with (home / "server.log").open("wb") as log:
        server = await asyncio.create_subprocess_exec(
            *COMMAND, "serve", env=settings(home), stdin=PIPE, stdout=PIPE, stderr=log, limit=2**24
        )
        wire = PipeWire(server)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await wire.ask("initialize", HELLO)
            wire.pipes.write({"jsonrpc": "2.0", "method": "notifications/initialized"})
            yield wire
        finally:
            if server.returncode is None:
                server.kill()
            await asyncio.wait_for(server.wait(), PATIENCE_S)
            await wire.pipes.reader


@asynccontextmanager
async def posted(home: Path) -> AsyncGenerator[Wire]:
    async with on_a_port(home, "http") as (pid, http):
        wire = PostWire(pid, http)
        await wire.ask("initialize", HELLO)
        await wire.throw(b'{"jsonrpc":"2.0","method":"notifications/initialized"}')
        yield wire


@asynccontextmanager
async def streamed(home: Path) -> AsyncGenerator[Wire]:
    endless = httpx2.Timeout(PATIENCE_S, read=None)
    async with (
        on_a_port(home, "sse") as (pid, http),
        http.stream("GET", "/sse", timeout=endless) as stream,
    ):
        wire = StreamWire(pid, http, stream)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await wire.ask("initialize", HELLO)
            await wire.throw(b'{"jsonrpc":"2.0","method":"notifications/initialized"}')
            yield wire
        finally:
            wire.reader.cancel()
            await asyncio.wait([wire.reader])


@asynccontextmanager
async def on_a_port(home: Path, transport: str) -> AsyncGenerator[tuple[int, httpx2.AsyncClient]]:
    """Serve, and yield the server's pid and who may post to it."""
    desk = Desk(home=home, port=free_port(), tokens={"trade": make_token(home, "trade")})
    with (home / "server.log").open("wb") as log:
        server = started(transport, desk, log)
        try:
            await asyncio.to_thread(wait_until_ready, server, desk)
            headers = {"Authorization": f"Bearer {desk.tokens['trade']}", **JSON_BODY}
            async with httpx2.AsyncClient(
                base_url=desk.url, headers=headers, timeout=PATIENCE_S
            ) as http:
                yield server.pid, http
        finally:
            server.kill()
            server.wait(timeout=PATIENCE_S)


def started(transport: str, desk: Desk, log: IO[bytes]) -> "subprocess.Popen[bytes]":
    words = ("serve", "--transport", transport, "--port", str(desk.port))
    return subprocess.Popen([*COMMAND, *words], env=settings(desk.home), stderr=log)


Open: TypeAlias = Callable[[Path], AbstractAsyncContextManager[Wire]]
WIRES: Final[dict[str, Open]] = {"stdio": piped, "http": posted, "sse": streamed}
