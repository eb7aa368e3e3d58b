"""The wire to tastytrade: pooled connections, bounded in time and in bytes, and no redirects."""

import asyncio
import sys
import zlib
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from importlib.util import find_spec
from typing import Final

import httpx

from strikedesk.brokers.tastytrade.sites import Site

USER_AGENT: Final = f"strikedesk/{version('strikedesk')}"
ERROR_MAX: Final = 64_000  # bytes of an error that are looked at; the rest stays with the broker
CONNECTIONS: Final = 16
MARKET_TIME: Final = "X-Market-Time"

_GZIP: Final = 16 + zlib.MAX_WBITS
_RETRY_AFTER_MAX: Final = 3600
_FINE: Final = range(200, 300)


def no_search_for_sniffio() -> None:
    """Let what is not installed be not found at once.

    httpcore imports it four times a request to learn what it runs on, takes its absence for an
    answer, and has the whole path searched for it each time: a sixth of what a request takes.
    """
    if "sniffio" not in sys.modules and find_spec("sniffio") is None:
        sys.modules["sniffio"] = None  # pyright: ignore[reportArgumentType] -- as the import system has it


no_search_for_sniffio()


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
    """Speaks to one site. For one event loop; close it at the end."""

    def __init__(self, site: Site, *, deadline_s: float = 20.0) -> None:
        """Name the site; a connection is made when the first request is."""
        self._site = site
        self._deadline_s = deadline_s
        self._kept: httpx.AsyncClient | None = None
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
        headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with (
                asyncio.timeout(self._deadline_s),
                self._client().stream(method, target, headers=headers, content=body) as response,
            ):
                self._note_time(response)
                return await _read(response, bytes_max)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise NotSent from None  # What the library says may quote what was sent.
        except (httpx.HTTPError, TimeoutError, zlib.error):
            raise NoAnswer from None

    def _note_time(self, response: httpx.Response) -> None:
        told = market_time_of(self._site, response.headers.get(MARKET_TIME))
        self._market_time = told or self._market_time

    def _client(self) -> httpx.AsyncClient:
        if self._kept is None:
            self._kept = httpx.AsyncClient(
                base_url=self._site.origin,
                headers=_headers(self._site),
                follow_redirects=False,  # A redirect would carry the token to another host.
                trust_env=False,  # No proxy that a variable names sees what is sent.
                timeout=httpx.Timeout(self._deadline_s),
                limits=httpx.Limits(
                    max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS
                ),
            )
        return self._kept


def _headers(site: Site) -> dict[str, str]:
    told = {
        "User-Agent": USER_AGENT,
        "Accept": "application/json",
        "Accept-Encoding": "gzip",  # The one packing that is unpacked here, with a bound.
    }
    return told if site.version is None else told | {"Accept-Version": site.version}


async def _read(response: httpx.Response, bytes_max: int) -> Answer:
    fine = response.status_code in _FINE
    body = await _body(response, bytes_max if fine else ERROR_MAX, cut=not fine)
    return Answer(
        status=response.status_code,
        body=body,
        after_s=_seconds(response.headers.get("Retry-After")),
    )


async def _body(response: httpx.Response, bytes_max: int, *, cut: bool) -> bytes:
    """Return the unpacked body; one that is longer is cut off, or no answer."""
    unpack = _Unpacking(response.headers.get("Content-Encoding", ""))
    parts, left = list[bytes](), bytes_max
    async for chunk in response.aiter_raw():
        part = unpack.some_of(chunk, left + 1)
        parts.append(part[:left])
        if len(part) > left:
            if cut:
                break
            raise NoAnswer
        left -= len(part)
    return b"".join(parts)


class _Unpacking:
    """Takes gzip apart and never makes more of it than is asked for: a bomb stays small."""

    def __init__(self, packing: str) -> None:
        self._gzip = zlib.decompressobj(_GZIP) if packing.lower() == "gzip" else None
        if self._gzip is None and packing.lower() not in {"", "identity"}:
            raise NoAnswer

    def some_of(self, chunk: bytes, most: int) -> bytes:
        """Return what `chunk` says, `most` bytes of it at most."""
        return chunk[:most] if self._gzip is None else self._gzip.decompress(chunk, most)


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
