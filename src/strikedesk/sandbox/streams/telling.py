"""What goes out to one client, in order, and through what the faults make of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.websockets import WebSocket

from strikedesk.sandbox.streams.faults import Mangle, StreamFaults


@dataclass(slots=True)
class Outlet:
    """Sends texts; what was handed over together is sent together."""

    socket: WebSocket
    faults: StreamFaults
    _mangle: Mangle = field(init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    def __post_init__(self) -> None:
        """Hold what comes late for this client alone."""
        self._mangle = Mangle(self.faults)

    async def say(self, texts: Sequence[str]) -> None:
        """Send answers."""
        async with self._turn:
            await self._send(texts)

    async def tell(self, texts: Sequence[str]) -> None:
        """Send news."""
        async with self._turn:
            await self._send(self._mangle(texts))

    async def _send(self, texts: Sequence[str]) -> None:
        for text in () if self.faults.silent else texts:
            await self.socket.send_text(text)
