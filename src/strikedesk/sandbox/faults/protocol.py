"""HTTP over a connection that an app may reset, as a network does.

What arrived whole is carried out, as at a broker, also where its sender has gone meanwhile.
"""

import asyncio
import socket
import struct
from typing import Final

from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

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
            if transport.is_closing():  # The client has gone already, and its socket with it.
                return
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            transport.abort()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope["extensions"] = {**scope.get("extensions", {}), ABORT: abort}
            await served(scope, _whole(self.cycle, receive), send)

        self.app = app


def _whole(cycle: RequestResponseCycle, receive: Receive) -> Receive:
    """Tell a body that has come before telling that its sender has gone; uvicorn drops it."""

    async def told() -> Message:
        message = await receive()
        gone = message["type"] == "http.disconnect"
        if not gone or cycle.more_body or not cycle.body:
            return message
        body, cycle.body = bytes(cycle.body), bytearray()
        return {"type": "http.request", "body": body, "more_body": False}

    return told
