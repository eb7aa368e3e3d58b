"""64 clients at once on streamable HTTP: ours, with its tokens and checks, beside a bare server."""

import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pipe_client import BARE, OURS, a_home, own_home
from benchmarks.report import Figure, report

CLIENTS, SECONDS, TURNS = 64, 3.0, 3
PORT_BARE, PORT_OURS = 18_931, 18_932
MODERN = "2026-07-28"
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """A server, and the call that is made of it."""

    port: int
    tool: str
    arguments: Mapping[str, object]
    token: str = ""

    def request(self) -> bytes:
        """Return the whole HTTP request, the same each time."""
        body = json.dumps(
            {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {
                    "name": self.tool,
                    "arguments": self.arguments,
                    "_meta": {
                        "io.modelcontextprotocol/protocolVersion": MODERN,
                        "io.modelcontextprotocol/clientCapabilities": {},
                        "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
                    },
                },
            }
        ).encode()
        head = (
            f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
            f"MCP-Protocol-Version: {MODERN}\r\nMcp-Method: tools/call\r\nMcp-Name: {self.tool}\r\n"
            f"Authorization: Bearer {self.token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def main() -> None:
    """Load each in turn, several times, and compare medians."""
    with a_home() as home, ExitStack() as servers:
        token = made_token(home)
        bare = Target(PORT_BARE, "ping", {})
        ours = Target(PORT_OURS, "get_quotes", {"symbols": ["SPY"]}, token)
        command = [*OURS, "--transport", "http", "--port", str(PORT_OURS)]
        for target, words in ((bare, [*BARE, str(PORT_BARE)]), (ours, command)):
            servers.callback(stop, start(words, home))
            asyncio.run(until_up(target))
        rates: tuple[list[float], list[float]] = ([], [])
        for _ in range(TURNS):
            for kept, target in zip(rates, (bare, ours), strict=True):
                kept.append(asyncio.run(load(target)))
    figures = [
        Figure(
            name=f"{CLIENTS} clients, calls a second",
            ours=statistics.median(rates[1]),
            floor=statistics.median(rates[0]),
            unit="/s",
            held_to=">= 0.8",
        )
    ]
    report("http_clients", figures, floor="an empty tool on a bare server without auth")


def made_token(home: str) -> str:
    """Make a token as the owner does, and return it."""
    told = subprocess.run(
        [sys.executable, "-m", "strikedesk", "token", "create", "bench", "--scope", "trade"],
        env=os.environ | own_home(home),  # noqa: TID251 -- a bench hands its own on
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return max(told.split(), key=len)


def start(command: list[str], home: str) -> "subprocess.Popen[bytes]":
    """Start a server."""
    return subprocess.Popen(
        command,
        env=os.environ | own_home(home),  # noqa: TID251 -- a bench hands its own on
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[1],
    )


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a server."""
    process.terminate()
    process.wait(timeout=20)


async def until_up(target: Target) -> None:
    """Wait until a call succeeds."""
    for _ in range(200):
        try:
            await one_call(target)
        except (OSError, RuntimeError, EOFError):
            await asyncio.sleep(0.1)
        else:
            return
    raise RuntimeError(f"nothing answers on port {target.port}")


async def one_call(target: Target) -> None:
    """Make one call on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    try:
        await exchange(reader, writer, target.request())
    finally:
        writer.close()


async def exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> None:
    """Send a request and read its answer; anything but a good one stops the bench."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = LENGTH.search(head)
    if length is None:
        raise RuntimeError("an answer without a length")
    body = await reader.readexactly(int(length.group(1)))
    if b" 200 " not in head.split(b"\r\n", 1)[0] or b'"isError":true' in body.replace(b" ", b""):
        raise RuntimeError(body[:200].decode(errors="replace"))


async def load(target: Target) -> float:
    """Return the calls a second of all clients together."""
    counts = await asyncio.gather(*(client(target) for _ in range(CLIENTS)))
    return sum(counts) / SECONDS


async def client(target: Target) -> int:
    """Call for as long as the load lasts; return how often."""
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    request, ends, count = target.request(), time.perf_counter() + SECONDS, 0
    while time.perf_counter() < ends:
        await exchange(reader, writer, request)
        count += 1
    writer.close()
    return count


if __name__ == "__main__":
    main()
