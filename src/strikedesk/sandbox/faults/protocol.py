"""HTTP over a connection that an app may reset, as a network does."""

import asyncio
import socket
import struct
from typing import Final

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

ABORT: Final = "strikedesk.abort"
# Nothing that is left is sent, and the other side is told so at once.
_NO_LINGER: Final = struct.pack("ii", 1, 0)


class AbortableProtocol(H11Protocol):
    """Gives every request the means to reset its connection, among the scope's extensions."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Put the means into the scope of whatever comes over this connection."""
        super().connection_made(transport)
        served = self.app
        own: socket.socket = transport.get_extra_info("socket")
        # asyncio leaves it off where the listener was made without naming TCP, and every answer
        # then waits 40 ms for the other side to confirm its first half.
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def abort() -> None:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            transport.abort()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope["extensions"] = {**scope.get("extensions", {}), ABORT: abort}
            await served(scope, receive, send)

        self.app = app
