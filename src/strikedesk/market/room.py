"""The market room: every question about the market, asked through one cache."""

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Final, TypeVar

from strikedesk.domain.calendar import Session, exchange_date
from strikedesk.domain.errors import Denied, Fact, Unavailable
from strikedesk.domain.events import MarketEvent
from strikedesk.domain.future_chains import FutureExpiration, product_code
from strikedesk.domain.holidays import Holidays
from strikedesk.domain.instruments import Instrument
from strikedesk.domain.ports import Cache, MarketData
from strikedesk.domain.quotes import Bar, Expiration, Interval, Quote, SymbolInfo
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol
from strikedesk.domain.terms import ExerciseStyle
from strikedesk.domain.untraded import UntradedName
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.domain.volatility import ImpliedHistory
from strikedesk.market import ttl
from strikedesk.market.bars import BarRange, Width
from strikedesk.market.beside import Beside
from strikedesk.market.chain_page import ChainPage, frame, written
from strikedesk.market.chain_query import ChainQuery
from strikedesk.market.hours import DayHours, MarketHours, asked_day, day_hours, market_hours
from strikedesk.market.listing import choose_expirations
from strikedesk.market.on_futures import FutureOptionReading, OnFutures
from strikedesk.market.slices import ChainSlice, cut

T = TypeVar("T")

SYMBOLS_MAX: Final = 100
WATCHED_MAX: Final = 2_000
SEARCH_TEXT_MAX: Final = 40
SEARCH_ROWS_MAX: Final = 50
INDEX: Final = "index"
AMERICAN_INDICES: Final = frozenset({"OEX"})  # Its European sister is XEO.

_SYMBOLS_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteSheet:
    """Quotes in the order asked, and for each symbol without one the reason why.

    `now` is the venue's time: a quote's age is `quote.age(now)`. `beside` are those of futures,
    options on them and coins, and `readings` what those options' prices imply, where it is known.
    """

    now: datetime
    quotes: tuple[Quote, ...]
    missing: Mapping[Symbol | UntradedName, Reason]
    beside: tuple[UntradedQuote, ...] = ()
    readings: Mapping[UntradedName, FutureOptionReading] = field(
        default_factory=dict[UntradedName, FutureOptionReading]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRoom:
    """Answers about the market, each no older than `market.ttl` says; the port `Quotes` too.

    Ages are counted on the wall clock. Keys carry the venue's date, so that what belongs to a
    trading day ends with it, also where a simulated clock is moved: its time is learnt anew before
    what is remembered is shown. Of an `embedded` market a fresh quote is asked for as it is: there
    is no request that several could share.
    Raises (all methods): what `MarketData` raises.
    """

    data: MarketData
    cache: Cache
    embedded: bool = False

    def now(self) -> datetime:
        """Return the venue's time, as it was last learnt."""
        return self.data.now()

    async def ready(self) -> None:
        """See `MarketData.ready`."""
        await self.data.ready()

    async def quotes(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        """Return a quote not older than five seconds of each symbol that has one.

        Those that nobody quotes are absent, and are not asked for again within the five seconds.
        """
        await self.ready()
        return await self._quotes(symbols, ttl.QUOTES_S)

    async def fresh(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        """See `ports.Quotes.fresh`: whatever is remembered is passed over."""
        if self.embedded:
            return await self.data.quotes(symbols)
        return await self._quotes(symbols, 0.0)

    async def quote_sheet(self, symbols: Sequence[Symbol | UntradedName]) -> QuoteSheet:
        """Return quotes of up to `SYMBOLS_MAX` symbols, and why others have none.

        What the desk does not trade may be among them: see `MarketData.quotes_beside`.

        Raises:
            Denied: INVALID_ARGUMENT for none or too many; when not one symbol has a quote, the
                reason of the first, with the first few symbols.
        """
        if not 1 <= len(symbols) <= SYMBOLS_MAX:
            raise _no("symbols", given=len(symbols), between=f"1 and {SYMBOLS_MAX}")
        names = [each for each in symbols if isinstance(each, UntradedName)]
        found = await self.quotes([each for each in symbols if not isinstance(each, UntradedName)])
        beside = await self._beside.quotes(names, needed=not found)
        gaps = dict.fromkeys(s for s in symbols if s not in found and s not in beside)
        missing = {symbol: await self._why_missing(symbol) for symbol in gaps}
        if not found and not beside:
            named = " ".join(symbol.compact for symbol in islice(missing, _SYMBOLS_NAMED))
            raise Denied(next(iter(missing.values())), symbols=named, without_quote=len(missing))
        return QuoteSheet(
            now=self.now(),
            quotes=tuple(found.values()),
            missing=missing,
            beside=tuple(beside.values()),
            readings=await self._on_futures.readings(beside, self.now()),
        )

    async def why_unquoted(self, symbol: Symbol) -> Reason:
        """Say why a symbol has no quote: not listed, or (also when in doubt) nobody quotes it."""
        try:
            if isinstance(symbol, EquitySymbol):
                found = await self.search(symbol.ticker, SEARCH_ROWS_MAX)
                listed = any(info.symbol == symbol for info in found)
                return Reason.NO_QUOTE if listed else Reason.SYMBOL_NOT_FOUND
            return _why_unquoted(symbol, await self.expirations(EquitySymbol(symbol.underlying)))
        except Denied as denied:
            unlisted = denied.reason is Reason.SYMBOL_NOT_FOUND
            return Reason.SYMBOL_NOT_FOUND if unlisted else Reason.NO_QUOTE
        except Unavailable:  # The quotes that were found are worth more than this reason.
            return Reason.NO_QUOTE

    async def expirations(self, underlying: EquitySymbol) -> tuple[Expiration, ...]:
        """Return the listed expirations, ascending; two entries a day where two roots expire."""
        await self.ready()
        key = f"expirations:{self._today}:{underlying.compact}"
        return await self.cache.get(key, ttl.CHAINS_S, lambda: self.data.expirations(underlying))

    async def slices(
        self, underlying: EquitySymbol, days: Collection[date]
    ) -> tuple[ChainSlice, ...]:
        """Return the whole chain of `days`, ascending; those not remembered in one call."""
        prefix = f"chain:{self._today}:{underlying.compact}:"
        keys = {f"{prefix}{day.isoformat()}": day for day in sorted(days)}

        async def load(missing: Collection[str]) -> Mapping[str, ChainSlice]:
            wanted = [keys[key] for key in missing]
            pieces = cut(await self.data.chain(underlying, wanted), wanted)
            return {f"{prefix}{day.isoformat()}": piece for day, piece in pieces.items()}

        return tuple((await self.cache.get_many(keys, ttl.CHAINS_S, load)).values())

    async def chain_page(self, query: ChainQuery) -> ChainPage:
        """Return a page of a chain with prices not older than five seconds.

        Raises:
            Denied: EXPIRATION_NOT_FOUND, PAGE_PAST_END, or NO_QUOTE when strikes around the money
                are asked for and the underlying has no price.
        """
        listed = await self.expirations(query.underlying)
        slices = await self.slices(query.underlying, choose_expirations(query, listed))
        framed = frame(query, listed, slices)
        if framed.younger_than(timedelta(seconds=ttl.QUOTES_S), self.now()):
            return written(framed, framed.own_quotes)
        return written(framed, await self.quotes(framed.to_quote))

    async def bars(
        self, symbol: Symbol, interval: Interval, start: datetime, end: datetime
    ) -> tuple[Bar, ...]:
        """Return the bars that start in `[start, end)`, oldest first.

        Raises:
            Denied: INVALID_ARGUMENT for a range that is empty or holds too many bars.
        """
        return await self._bars(symbol, BarRange(interval=interval, start=start, end=end))

    async def bars_of(
        self, symbol: Symbol, width: Width, start: datetime, end: datetime
    ) -> tuple[Bar, ...]:
        """Return the bars of any width that start in `[start, end)`, whole as far as time has come.

        Raises:
            Denied: INVALID_ARGUMENT for a range that is empty or needs too many bars.
        """
        if width.own:
            return await self.bars(symbol, width.interval, start, end)
        parts = await self._bars(symbol, BarRange.covering(width, start, end))
        return tuple(bar for bar in width.summed(parts) if start <= bar.at < end)

    @asynccontextmanager
    async def watch(self, symbols: Collection[Symbol]) -> AsyncGenerator[AsyncIterator[Quote]]:
        """Read quotes as they change while the block runs. See `MarketData.quote_stream`.

        Raises:
            Denied: INVALID_ARGUMENT for none or more than `WATCHED_MAX`.
        """
        if not 1 <= len(symbols) <= WATCHED_MAX:
            raise _no("symbols", given=len(symbols), between=f"1 and {WATCHED_MAX}")
        async with self.data.quote_stream(symbols) as quotes:
            yield quotes

    async def hours(self, day: date | None = None) -> MarketHours:
        """Return what the market is doing now, and the hours of `day` (else of this session).

        Raises:
            Denied: INVALID_ARGUMENT for a day outside 2005 to 2099.
        """
        await self.ready()
        now = self.now()
        wanted = asked_day(now, day)

        async def load() -> DayHours:
            return day_hours(wanted)

        hours = await self.cache.get(f"hours:{wanted.isoformat()}", ttl.HOURS_S, load)
        return market_hours(now, hours)

    async def holidays(self) -> Holidays | None:
        """See `MarketData.holidays`."""
        return await self.data.holidays()

    async def sessions(self, start: date, end: date) -> tuple[Session, ...] | None:
        """See `MarketData.sessions`."""
        return await self.data.sessions(start, end)

    async def instrument(self, name: str) -> Instrument:
        """See `MarketData.instrument`."""
        await self.ready()
        return await self.data.instrument(name)

    async def future_chain(self, product: str) -> tuple[FutureExpiration, ...]:
        """See `MarketData.future_chain`."""
        code = product_code(product)
        key = f"future-chain:{code}"
        return await self.cache.get(key, ttl.CHAINS_S, lambda: self.data.future_chain(code))

    async def search(self, text: str, limit: int = 10) -> tuple[SymbolInfo, ...]:
        """Return listed symbols that begin with or are described by `text`, best first.

        Raises:
            Denied: INVALID_ARGUMENT for an empty or long text, or a limit outside 1 to 50.
        """
        words = " ".join(text.split())
        if not 1 <= len(words) <= SEARCH_TEXT_MAX:
            raise _no("query", characters=len(words), between=f"1 and {SEARCH_TEXT_MAX}")
        if not 1 <= limit <= SEARCH_ROWS_MAX:
            raise _no("limit", between=f"1 and {SEARCH_ROWS_MAX}")
        key = f"search:{limit}:{words.casefold()}"
        return await self.cache.get(key, ttl.SEARCH_S, lambda: self.data.search(words, limit))

    async def daily_bars(self, symbol: EquitySymbol, start: datetime) -> tuple[Bar, ...]:
        """Return the daily bars from `start` to now; a feed that keeps none has none."""
        now = self.now()
        return await _or_nothing(self.bars(symbol, Interval.DAY, start, now), ())

    async def implied_history(
        self, underlying: EquitySymbol, sessions: Sequence[date]
    ) -> ImpliedHistory:
        """Return implied volatility at the close of sessions (one or more), ascending and over.

        A feed that keeps none has none.
        """
        first, last = sessions[0], sessions[-1]
        key = f"implied:{underlying.compact}:{first.isoformat()}:{last.isoformat()}"
        load = partial(self.data.implied_history, underlying, first, last)
        return await self.cache.get(
            key, ttl.HISTORY_S, lambda: _or_nothing(load(), ImpliedHistory())
        )

    async def events(self, underlying: EquitySymbol, days: int) -> tuple[MarketEvent, ...]:
        """Return what is known of today and so many days after it; nothing of a feed without it."""
        await self.ready()
        today = exchange_date(self.now())
        load = partial(self.data.events, underlying, today, today + timedelta(days=days))
        key = f"events:{today.isoformat()}:{underlying.compact}:{days}"
        return await self.cache.get(key, ttl.HISTORY_S, lambda: _or_nothing(load(), ()))

    async def exercise_style(self, underlying: EquitySymbol) -> ExerciseStyle | None:
        """Return when options on it may be exercised; None where nobody lists it.

        Indices are told apart from shares by what the market calls them.
        """
        found = await _or_nothing(self.search(underlying.ticker, SEARCH_ROWS_MAX), ())
        kinds = [info.kind for info in found if info.symbol == underlying]
        if not kinds:
            return None
        european = kinds[0] == INDEX and underlying.ticker not in AMERICAN_INDICES
        return ExerciseStyle.EUROPEAN if european else ExerciseStyle.AMERICAN

    @property
    def _on_futures(self) -> OnFutures:
        return OnFutures(beside=self._beside, chain=self.future_chain)

    @property
    def _beside(self) -> Beside:
        return Beside(data=self.data, cache=self.cache)

    async def _why_missing(self, symbol: Symbol | UntradedName) -> Reason:
        if isinstance(symbol, UntradedName):
            return await self._beside.why_unquoted(symbol)
        return await self.why_unquoted(symbol)

    @property
    def _today(self) -> str:
        return exchange_date(self.now()).isoformat()

    async def _bars(self, symbol: Symbol, asked: BarRange) -> tuple[Bar, ...]:
        await self.ready()
        first, last = asked.widened
        interval = asked.interval
        key = f"bars:{symbol.compact}:{interval.value}:{first.isoformat()}:{last.isoformat()}"
        bars = await self.cache.get(
            key, asked.ttl_s(self.now()), lambda: self.data.bars(symbol, interval, first, last)
        )
        return asked.cut(bars)

    async def _quotes(self, symbols: Collection[Symbol], ttl_s: float) -> dict[Symbol, Quote]:
        keys = {f"quote:{symbol.compact}": symbol for symbol in symbols}

        async def load(missing: Collection[str]) -> Mapping[str, Quote | None]:
            answer = await self.data.quotes([keys[key] for key in missing])
            return {key: answer.get(keys[key]) for key in missing}

        found = await self.cache.get_many(tuple(keys), ttl_s, load)
        return {keys[key]: quote for key, quote in found.items() if quote is not None}


async def _or_nothing(asked: Awaitable[T], nothing: T) -> T:
    """Return an answer; a feed that has no such data gives `nothing`."""
    try:
        return await asked
    except Denied as denied:
        if denied.reason in {Reason.DATA_UNAVAILABLE, Reason.NOT_SUPPORTED}:
            return nothing
        raise


def _why_unquoted(symbol: OptionSymbol, listed: Iterable[Expiration]) -> Reason:
    same_day = [
        each for each in listed if (each.root, each.day) == (symbol.root, symbol.expiration)
    ]
    if not same_day:
        return Reason.EXPIRATION_NOT_FOUND
    if not any(symbol.strike in each.strikes for each in same_day):
        return Reason.CONTRACT_NOT_FOUND
    return Reason.NO_QUOTE


def _no(argument: str, **facts: Fact) -> Denied:
    return Denied(Reason.INVALID_ARGUMENT, argument=argument, **facts)
