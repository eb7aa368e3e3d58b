"""Shows a token for a client that cannot: it puts one header in, and passes everything else on."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

CHUNK = 64 * 1024
HOP_BY_HOP = (b"connection:", b"authorization:")


@dataclass(slots=True)
class BearerProxy:
    """Host and Origin pass as they are. One request a connection."""

    port: int
    token: str
    _relays: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[str]:
        """Listen while the block runs; yield the address."""
        proxy = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        async with proxy:
            try:
                yield f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
            finally:
                for relay in self._relays:
                    relay.cancel()
                await asyncio.gather(*self._relays, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relay = asyncio.create_task(self._relay(reader, writer))
        self._relays.add(relay)
        relay.add_done_callback(self._relays.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with _closing(writer):
            behind, ahead = await asyncio.open_connection("127.0.0.1", self.port)
            async with _closing(ahead):
                ahead.write(self._shown(await reader.readuntil(b"\r\n\r\n")))
                body = asyncio.create_task(_pump(reader, ahead))
                try:
                    await _pump(behind, writer)
                finally:
                    body.cancel()

    def _shown(self, head: bytes) -> bytes:
        """Return a request's head with the token in it, and no second request after it."""
        line, *headers = head.rstrip(b"\r\n").split(b"\r\n")
        kept = [header for header in headers if not header.lower().startswith(HOP_BY_HOP)]
        added = [f"Authorization: Bearer {self.token}".encode(), b"Connection: close", b"", b""]
        return b"\r\n".join([line, *kept, *added])


@asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncGenerator[None]:
    """Close it at the end. Either side may hang up whenever it likes."""
    try:
        with suppress(OSError, asyncio.IncompleteReadError):
            yield
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await source.read(CHUNK):
            sink.write(chunk)
            await sink.drain()
