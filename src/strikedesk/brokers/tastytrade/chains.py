"""Chains: what is listed, remembered for a while, and the quotes of the days asked for."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from strikedesk.brokers.tastytrade.calls import CHAIN_MAX, Call, path_of
from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.listing import CHAINS, Listing, listing_of
from strikedesk.brokers.tastytrade.quoting import Quoting, feed_of
from strikedesk.brokers.tastytrade.spelling import spelled
from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.errors import Denied
from strikedesk.domain.ports import Clock
from strikedesk.domain.quotes import Chain, ChainRow, Expiration, Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol

REMEMBERED: Final = timedelta(minutes=15)
UNDERLYINGS_MAX: Final = 16


@dataclass(slots=True, kw_only=True)
class Chains:
    """Reads chains. Greeks come by stream alone, so rows have none here."""

    client: Client
    quoting: Quoting
    clock: Clock
    _known: dict[str, tuple[datetime, Listing]] = field(
        default_factory=dict[str, tuple[datetime, Listing]]
    )

    async def listing(self, underlying: EquitySymbol) -> Listing:
        """Return what is listed on an underlying, at most a quarter of an hour ago.

        Raises:
            Denied: SYMBOL_NOT_FOUND.
        """
        now, known = self.clock.now(), self._known.get(underlying.ticker)
        if known is not None and now - known[0] < REMEMBERED:
            return known[1]
        listing = await self._read(underlying, exchange_date(now))
        while len(self._known) >= UNDERLYINGS_MAX:
            self._known.pop(next(iter(self._known)))
        self._known[underlying.ticker] = (now, listing)
        return listing

    async def expirations(self, underlying: EquitySymbol) -> tuple[Expiration, ...]:
        """See `MarketData.expirations`."""
        return (await self.listing(underlying)).expirations

    async def chain(self, underlying: EquitySymbol, days: Collection[date]) -> Chain:
        """See `MarketData.chain`."""
        listing = await self.listing(underlying)
        wanted = [each for each in listing.expirations if each.day in days]
        contracts = [contract for each in wanted for contract in listing.contracts(each)]
        quotes = await self.quoting.quotes([underlying, *contracts])
        rows = [
            ChainRow(contract=contract, quote=quotes[contract], greeks=None)
            for contract in contracts
            if contract in quotes
        ]
        spot = quotes.get(underlying) or self._silent(underlying)
        return Chain(
            underlying=underlying.ticker,
            spot=spot,
            as_of=self.clock.now(),
            rows=tuple(rows),
            complete=len(rows) == len(contracts),
        )

    async def _read(self, underlying: EquitySymbol, today: date) -> Listing:
        unknown = {"symbol": underlying.compact}
        call = Call(
            path=path_of("option-chains", spelled(underlying), "nested"),
            missing=Reason.SYMBOL_NOT_FOUND,
            facts=unknown,
            bytes_max=CHAIN_MAX,
        )
        listing = listing_of(await self.client.every(call, CHAINS), today)
        if not listing.expirations:
            raise Denied(Reason.SYMBOL_NOT_FOUND, **unknown)
        return listing

    def _silent(self, underlying: EquitySymbol) -> Quote:
        """Return a quote of somebody that nobody quotes."""
        feed = feed_of(self.quoting.site)
        return Quote(symbol=underlying, at=self.clock.now(), feed=feed)
