"""Calls that only look something up are answered by the task that their request came in.

For any call the SDK starts two more tasks and a stream: for what a tool might tell meanwhile, for a
sign of life after fifteen seconds, and to hear that the client has gone. That is a fifth of the
price of a quote. At the embedded broker a tool that only looks something up tells nothing meanwhile
and is done long before; that the client has gone is listened for here, once an answer takes long.
Beside a broker on the network that price is nothing, and an answer may take a while.
"""

import asyncio
from types import TracebackType
from typing import Final, Self

from mcp.types.version import LATEST_MODERN_VERSION
from starlette.types import ASGIApp, Receive, Scope, Send

from strikedesk.server.app import DeskServer

UNHEARD_S: Final = 0.25
_PATH: Final = "/mcp"
_VERSION, _METHOD, _NAME = b"mcp-protocol-version", b"mcp-method", b"mcp-name"
_CURRENT: Final = LATEST_MODERN_VERSION.encode()


class QuickCalls:
    """Answers such calls at once, and lets everything else through.

    What a request says of itself in its headers decides only how it is answered: the SDK holds
    them to the body either way.
    """

    def __init__(self, others: ASGIApp, at_once: ASGIApp, server: DeskServer) -> None:
        """Send the quick calls of `server` to `at_once`, and all else to `others`."""
        self._others = others
        self._at_once = at_once
        self._server = server
        self._near = server.door.settings.broker == "paper"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if not self._is_quick(scope):
            await self._others(scope, receive, send)
            return
        async with WhileHeard(receive):
            await self._at_once(scope, receive, send)

    def _is_quick(self, scope: Scope) -> bool:
        if not self._near or scope["type"] != "http" or scope["method"] != "POST":
            return False
        said = dict(reversed(scope["headers"]))  # The first of two alike, as the SDK reads them.
        if said.get(_VERSION) != _CURRENT or said.get(_METHOD) != b"tools/call":
            return False
        return (
            scope["path"] == _PATH
            and said.get(_NAME, b"").decode("latin-1") in self._server.toolbox.quick
        )


class WhileHeard:
    """Ends what is done inside once the client has gone."""

    def __init__(self, receive: Receive) -> None:
        """Hear of it by `receive`, which nobody else asks any more by then."""
        self._receive = receive
        self._bound = asyncio.timeout(None)
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._bound.__aenter__()
        self._later = asyncio.get_running_loop().call_later(UNHEARD_S, self._begin)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._later.cancel()
        if self._listener is not None:
            self._listener.cancel()
        try:
            await self._bound.__aexit__(kind, error, trace)
        except TimeoutError:
            return True
        return False

    def _begin(self) -> None:
        self._listener = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._bound.reschedule(asyncio.get_running_loop().time())
