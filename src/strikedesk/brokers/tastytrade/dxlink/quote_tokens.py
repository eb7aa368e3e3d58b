"""The token that opens the market-data websocket, and the address of that."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from pydantic import TypeAdapter

from strikedesk.brokers.tastytrade.calls import Call
from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.payloads.envelopes import Told
from strikedesk.brokers.tastytrade.payloads.fields import Payload
from strikedesk.brokers.tastytrade.sites import Site
from strikedesk.brokers.tastytrade.sockets import check_address
from strikedesk.domain.ports import Clock
from strikedesk.domain.quotes import Feed
from strikedesk.domain.secret import Secret

# It is good for a day; a conversation that begins with an old one could end with it.
FRESH_FOR: Final = timedelta(hours=20)
_REALTIME: Final = "api"
_PATH: Final = "/api-quote-tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteToken:
    """Where to connect, what to show there, and how far what is told can be believed."""

    url: str
    token: Secret
    feed: Feed


class QuoteTokens(Protocol):
    """Gives tokens for the market-data websocket."""

    async def current(self) -> QuoteToken:
        """Return a token that lives a while yet. Raises `Misconfigured`, `Unavailable`."""
        ...

    def drop(self, token: QuoteToken) -> None:
        """Give no more the one that was refused."""
        ...


class _Given(Payload):
    dxlink_url: str
    token: Secret
    level: str | None = None


_READ: Final = TypeAdapter(Told[_Given])


class RestQuoteTokens:
    """Asks REST for a token, and keeps it for as long as it is fresh."""

    def __init__(self, *, client: Client, site: Site, clock: Clock) -> None:
        """Begin without one."""
        self._client = client
        self._site = site
        self._clock = clock
        self._kept: tuple[QuoteToken, datetime] | None = None

    async def current(self) -> QuoteToken:
        """See `QuoteTokens.current`.

        Raises:
            Misconfigured: BROKER_LINK_ELSEWHERE too, for an address that is not the feed's.
        """
        now = self._clock.now()
        if self._kept is not None and now - self._kept[1] < FRESH_FOR:
            return self._kept[0]
        told = await self._client.one(Call(path=_PATH), _READ)
        check_address(told.dxlink_url, self._site)
        token = QuoteToken(url=told.dxlink_url, token=told.token, feed=self._feed(told.level))
        self._kept = token, now
        return token

    def drop(self, token: QuoteToken) -> None:
        """See `QuoteTokens.drop`."""
        if self._kept is not None and self._kept[0] is token:
            self._kept = None

    def _feed(self, level: str | None) -> Feed:
        """Call delayed what does not say that it is not: fifteen minutes matter."""
        if self._site.is_here:
            return Feed.SIMULATED
        return Feed.REALTIME if level == _REALTIME else Feed.DELAYED
