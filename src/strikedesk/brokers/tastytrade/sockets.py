"""Websockets to tastytrade and to the feed behind it: bounded, silent in the log, no redirects.

httpx-ws would have been the first choice. It puts fragments of a message together without an end
to it, so that one frame of a server's could fill the memory; `websockets` has a bound.
"""

import logging
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, Protocol, TypeAlias
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from strikedesk.brokers.tastytrade.sites import Site
from strikedesk.brokers.tastytrade.wire import USER_AGENT
from strikedesk.domain.accounts import Environment
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason

MESSAGE_MAX: Final = 4_000_000  # bytes; a full frame of events is a hundredth of it
OPEN_S: Final = 10.0
_CLOSE_S: Final = 1.0
_PLAIN_PORTS: Final = frozenset({None, 443})
# Where quotes are told, by a token that REST gives; and where an account's news are.
_FEEDS: Final = ".dxfeed.com"
_STREAMERS: Final = {
    Environment.LIVE: "wss://streamer.tastyworks.com",
    Environment.SANDBOX: "wss://streamer.cert.tastyworks.com",
}
STREAMER_HERE: Final = "/streamer"


class Gone(Exception):
    """The connection did not come about, or is over. It says nothing in the other side's words."""


class Socket(Protocol):
    """One connection. For one reader and one writer at a time."""

    async def send(self, text: str) -> None:
        """Send a text. Raises `Gone`."""
        ...

    async def receive(self) -> bytes:
        """Return the next message. Raises `Gone`."""
        ...


Dial: TypeAlias = Callable[[str], AbstractAsyncContextManager[Socket]]


def streamer_of(site: Site) -> str:
    """Return where a site tells the news of accounts."""
    if site.is_here:
        return site.origin.replace("http", "ws", 1) + STREAMER_HERE
    return _STREAMERS[site.environment]


def check_address(url: str, site: Site) -> None:
    """Refuse an address to which no token of this site may go: it comes from an answer.

    Raises:
        Misconfigured: BROKER_LINK_ELSEWHERE.
    """
    if not _is_allowed(url, site):
        raise Misconfigured(
            Reason.BROKER_LINK_ELSEWHERE, broker="tastytrade", here=site.environment.value
        )


def _is_allowed(url: str, site: Site) -> bool:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if "@" in parts.netloc:
        return False
    if site.is_here:
        return parts.scheme in {"ws", "wss"} and host == site.host
    own = host.endswith(_FEEDS) or url == _STREAMERS[site.environment]
    return parts.scheme == "wss" and own and port in _PLAIN_PORTS


@asynccontextmanager
async def dial(url: str) -> AsyncGenerator[Socket]:
    """Connect, and close at the end of the block.

    Raises:
        Gone: no connection came about within `OPEN_S`.
    """
    try:
        connection = await _Straight(
            url,
            compression=None,  # A core reads far more than the feed sends; unpacking is not free.
            user_agent_header=USER_AGENT,
            proxy=None,  # No proxy that a variable names sees what is sent.
            open_timeout=OPEN_S,
            close_timeout=_CLOSE_S,
            ping_interval=None,  # The protocols have their own signs of life.
            max_size=MESSAGE_MAX,
            logger=_SILENT,
        )
    except (OSError, WebSocketException, ValueError, ssl.SSLError):
        raise Gone from None
    try:
        yield _Wired(connection)
    finally:
        await connection.close()


class _Wired:
    """A connection that says `Gone` for every way in which it can be over."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        try:
            await self._connection.send(text)
        except WebSocketException:
            raise Gone from None

    async def receive(self) -> bytes:
        try:
            return await self._connection.recv(decode=False)
        except WebSocketException:
            raise Gone from None


class _Straight(connect):
    """Follows no redirect: what is said first is a token."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Keep it an error."""
        return exc


# At its lowest level the library writes down whole frames, tokens too.
_SILENT: Final = logging.getLogger("strikedesk.silent.websockets")
_SILENT.disabled = True
