"""One user's streams: market data and the news of accounts, opened when somebody reads."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.dxlink.line import Line
from strikedesk.brokers.tastytrade.dxlink.market import StreamedMarket
from strikedesk.brokers.tastytrade.dxlink.quote_tokens import RestQuoteTokens
from strikedesk.brokers.tastytrade.news.line import WAITS, AccountLine
from strikedesk.brokers.tastytrade.patience import TOLD_AFTER_S, Waits
from strikedesk.brokers.tastytrade.quoting import SYMBOLS_MAX, Quoting
from strikedesk.brokers.tastytrade.session import Session
from strikedesk.brokers.tastytrade.sites import Site
from strikedesk.brokers.tastytrade.sockets import streamer_of
from strikedesk.domain.errors import Unavailable
from strikedesk.domain.ports import Clock
from strikedesk.domain.quotes import Chain, Quote
from strikedesk.domain.symbols import OptionSymbol, Symbol

# Of more contracts the feed's Greeks would take longer to come than anybody waits.
GREEKS_MAX: Final = 2_000
_GREEKS_WITHIN_S: Final = 1.5
# As long as somebody looks at one thing: the next page of a chain, the same quotes again.
_LINGER_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """What a broker may read by stream. Close it at the end."""

    line: Line
    market: StreamedMarket
    news: AccountLine
    told_after_s: float = TOLD_AFTER_S

    @classmethod
    def of(
        cls,
        client: Client,
        market_clock: Clock,
        *,
        site: Site,
        session: Session,
        clock: Clock,
        chance: Random,
        waits: Waits | None = None,
        told_after_s: float = TOLD_AFTER_S,
    ) -> "Streams":
        """Return the streams of this session; nothing is opened before somebody reads.

        `clock` is the wall's, which tokens live by; by `market_clock` things are heard. Who reads
        changes hears of trouble that lasts for `told_after_s`.
        """
        tokens = RestQuoteTokens(client=client, site=site, clock=clock)
        line = Line(
            tokens=tokens, clock=market_clock, chance=chance, waits=waits, linger_s=_LINGER_S
        )
        news = AccountLine(
            url=streamer_of(site),
            session=session,
            clock=clock,
            chance=chance,
            waits=waits or WAITS,
        )
        market = StreamedMarket(line=line, clock=market_clock, told_after_s=told_after_s)
        return cls(line=line, market=market, news=news, told_after_s=told_after_s)

    async def close(self) -> None:
        """Let the connection to market data go; the news end with who reads them."""
        await self.line.close()

    async def with_greeks(self, chain: Chain) -> Chain:
        """Return a chain with the feed's Greeks of the contracts that it tells some of in time."""
        if len(chain.rows) > GREEKS_MAX:
            return chain
        contracts = [row.contract for row in chain.rows]
        told = await self.market.greeks(contracts, within_s=_GREEKS_WITHIN_S)
        rows = (replace(row, greeks=told.get(row.contract, row.greeks)) for row in chain.rows)
        return replace(chain, rows=tuple(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamBackedQuoting(Quoting):
    """Reads quotes by REST, and by stream where that is slower or has none.

    Two calls a second of a hundred symbols make a chain a matter of many seconds: of more symbols
    than fit into one call the stream is asked first, and REST once for those that it does not tell,
    what has the underlying first: more calls would find little but contracts that nobody quotes.
    The broker's sandbox serves none by REST.
    """

    market: StreamedMarket

    async def quotes(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        """See `MarketData.quotes`."""
        streamed = dict[Symbol, Quote]()
        if len(symbols) > SYMBOLS_MAX:
            streamed |= (await self.market.quotes(symbols)).quotes
        missing = _shares_first(symbol for symbol in symbols if symbol not in streamed)
        if streamed:
            missing = missing[:SYMBOLS_MAX]
        try:
            return streamed | dict(await Quoting.quotes(self, missing)) if missing else streamed
        except Unavailable:
            told = streamed or (await self.market.quotes(symbols)).quotes
            if not told:
                raise
            return told


def _shares_first(symbols: Iterable[Symbol]) -> list[Symbol]:
    return sorted(symbols, key=lambda symbol: isinstance(symbol, OptionSymbol))
