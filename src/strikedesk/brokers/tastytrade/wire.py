"""The wire to tastytrade: pooled connections, bounded in time and in bytes, and no redirects."""

import asyncio
import ssl
import zlib
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import certifi
import httpcore2

from strikedesk.brokers.tastytrade.sites import Site
from strikedesk.brokers.tastytrade.unpacking import Unreadable, unpacked

USER_AGENT: Final = f"strikedesk/{version('strikedesk')}"
ERROR_MAX: Final = 64_000  # bytes of an error that are looked at; the rest stays with the broker
CONNECTIONS: Final = 16
MARKET_TIME: Final = "x-market-time"

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

_KEPT_ALIVE_S: Final = 5.0
_RETRY_AFTER_MAX: Final = 3600
_FINE: Final = range(200, 300)
_JSON: Final[Headers] = ((b"Content-Type", b"application/json"),)
# What says that no connection came about; the rest may have come after the request had left.
_UNCONNECTED: Final = (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.PoolTimeout)
_LOST: Final = (
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.TimeoutException,
    TimeoutError,
    Unreadable,
    zlib.error,
)


class NotSent(Exception):
    """The request never left this machine."""


class NoAnswer(Exception):
    """It may have arrived, and nothing came back that can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `body` of an error is cut off; `after_s` is the `Retry-After` in seconds."""

    status: int
    body: bytes
    after_s: float | None = None

    @property
    def fine(self) -> bool:
        """Whether it is a 2xx."""
        return self.status in _FINE


class Wire:
    """Speaks to one site. For one event loop; close it at the end.

    It is a pool of connections and nothing else: nobody follows a redirect, which would carry the
    token to another host, keeps a cookie, or looks for a proxy that a variable names.
    """

    def __init__(self, site: Site, *, deadline_s: float = 20.0) -> None:
        """Name the site; a connection is made when the first request is."""
        self._site = site
        self._deadline_s = deadline_s
        self._origin = urlsplit(site.origin)
        self._headers = _headers(site)
        # Reading and writing end with the deadline of the whole.
        self._waits = {"timeout": {"connect": deadline_s, "pool": deadline_s}}
        self._kept: httpcore2.AsyncConnectionPool | None = None
        self._market_time: datetime | None = None

    @property
    def market_time(self) -> datetime | None:
        """The time of its market, as a sandbox on this machine told it last; None for a broker."""
        return self._market_time

    async def close(self) -> None:
        """Let the connections go."""
        kept, self._kept = self._kept, None
        if kept is not None:
            await kept.aclose()

    async def exchange(
        self,
        method: str,
        target: str,
        *,
        bearer: str | None = None,
        body: bytes | None = None,
        bytes_max: int,
    ) -> Answer:
        """Send one request and read its answer to the end, all within the deadline.

        Raises:
            NotSent: no connection came about.
            NoAnswer: the deadline, a reset, or an answer that is too long or cannot be unpacked.
        """
        sent = self._headers if body is None else self._headers + _JSON
        if bearer is not None:
            sent += ((b"Authorization", f"Bearer {bearer}".encode()),)
        try:
            async with (
                asyncio.timeout(self._deadline_s),
                self._pool().stream(
                    method,
                    self._url(target),
                    headers=sent,
                    content=body,
                    extensions=self._waits,
                ) as response,
            ):
                return await self._read(response, bytes_max)
        except _UNCONNECTED:
            raise NotSent from None  # What the library says may quote what was sent.
        except _LOST:
            raise NoAnswer from None

    async def _read(self, response: httpcore2.Response, bytes_max: int) -> Answer:
        told = _told(response)
        at = market_time_of(self._site, told.get(MARKET_TIME))
        self._market_time = at or self._market_time
        fine = response.status in _FINE
        packing, most = told.get("content-encoding", ""), bytes_max if fine else ERROR_MAX
        async with aclosing(response.aiter_stream()) as chunks:
            body = await unpacked(chunks, packing, most, cut=not fine)
        return Answer(status=response.status, body=body, after_s=_seconds(told.get("retry-after")))

    def _url(self, target: str) -> httpcore2.URL:
        """Return where a target lies at this site, whatever else it says."""
        at = self._origin
        return httpcore2.URL(scheme=at.scheme, host=at.hostname or "", port=at.port, target=target)

    def _pool(self) -> httpcore2.AsyncConnectionPool:
        if self._kept is None:
            self._kept = httpcore2.AsyncConnectionPool(
                ssl_context=ssl.create_default_context(cafile=certifi.where()),
                max_connections=CONNECTIONS,
                max_keepalive_connections=CONNECTIONS,
                keepalive_expiry=_KEPT_ALIVE_S,
            )
        return self._kept


def _headers(site: Site) -> Headers:
    version_of = () if site.version is None else ((b"Accept-Version", site.version.encode()),)
    return (
        (b"Host", urlsplit(site.origin).netloc.encode()),
        (b"User-Agent", USER_AGENT.encode()),
        (b"Accept", b"application/json"),
        (b"Accept-Encoding", b"gzip"),  # The one packing that is unpacked here, with a bound.
        *version_of,
    )


def _told(response: httpcore2.Response) -> Mapping[str, str]:
    """Return the headers by their lower names; one that comes twice is both, as a list."""
    told = dict[str, str]()
    for name, value in response.headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        told[key] = f"{told[key]}, {text}" if key in told else text
    return told


def market_time_of(site: Site, told: str | None) -> datetime | None:
    """Return the time that a site's market says it is, aware; None for no time.

    A sandbox on this machine is believed, a broker elsewhere is not: it could call new what is old.
    """
    if told is None or not site.is_here:
        return None
    try:
        at = datetime.fromisoformat(told)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _seconds(text: str | None) -> float | None:
    """Read `Retry-After` where it is a number; a date would need a clock that agrees."""
    if text is None or not text.strip().isascii() or not text.strip().isdigit():
        return None
    return float(min(int(text.strip()[:9]), _RETRY_AFTER_MAX))
