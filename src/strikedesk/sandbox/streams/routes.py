"""Where the websockets are, and how each connection begins and ends."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Final

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketState

from strikedesk.sandbox.app import DXLINK_PATH
from strikedesk.sandbox.streams.accounts import AccountConnection
from strikedesk.sandbox.streams.action import ActionDesk
from strikedesk.sandbox.streams.faults import StreamFaults
from strikedesk.sandbox.streams.quotes import QuoteConnection
from strikedesk.sandbox.streams.telling import Outlet
from strikedesk.sandbox.world import SandboxWorld

STREAMER_PATH: Final = "/streamer"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRoutes:
    """The websockets of one world, all under the same faults."""

    world: SandboxWorld
    faults: StreamFaults

    def routes(self) -> list[WebSocketRoute]:
        """Return them."""
        return [
            WebSocketRoute(DXLINK_PATH, self.quotes),
            WebSocketRoute(STREAMER_PATH, self.accounts),
        ]

    async def quotes(self, socket: WebSocket) -> None:
        """Serve market data to one client."""
        if not await self._let_in(socket):
            return
        outlet = Outlet(socket, self.faults)
        connection = QuoteConnection(world=self.world, socket=socket, outlet=outlet)
        await self._serve(socket, connection.run())

    async def accounts(self, socket: WebSocket) -> None:
        """Serve the news of accounts to one client."""
        if not await self._let_in(socket):
            return
        access = self.world.access
        seen = await self.world.office.keeper.snapshot()
        desk = ActionDesk(
            session_id=access.entropy.identifier(),
            may_read=lambda token: access.holder(token) is not None,
            known=seen.world.accounts.__contains__,
        )
        connection = AccountConnection(
            world=self.world, socket=socket, outlet=Outlet(socket, self.faults), desk=desk
        )
        await self._serve(socket, connection.run())

    async def _let_in(self, socket: WebSocket) -> bool:
        """Take the connection, unless nobody is taken: that is refused before it is a websocket."""
        if self.faults.away:
            await socket.close()
            return False
        await socket.accept()
        return True

    async def _serve(self, socket: WebSocket, connection: Coroutine[None, None, int]) -> None:
        """Serve until the connection's own end, which is told, or a reset, which is not."""
        with self.faults.connected() as ended:
            serving = asyncio.ensure_future(connection)
            reset = asyncio.ensure_future(ended.wait())
            try:
                await asyncio.wait({serving, reset}, return_when=asyncio.FIRST_COMPLETED)
                if not serving.done():
                    return
                if _is_open(socket):
                    await socket.close(serving.result())
            finally:
                serving.cancel()
                reset.cancel()
                await asyncio.wait({serving, reset})


def _is_open(socket: WebSocket) -> bool:
    """Whether neither side has gone: a send that failed says so of the other one too."""
    return socket.client_state is socket.application_state is WebSocketState.CONNECTED
