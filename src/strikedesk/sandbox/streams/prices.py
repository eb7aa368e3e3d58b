"""Events of market data, made of what the venue quotes at an instant."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from strikedesk.domain.calendar import current_or_next_session, exchange_date, previous_session
from strikedesk.domain.errors import Denied
from strikedesk.domain.greeks import Greeks
from strikedesk.domain.quotes import Bar, ChainRow, Interval, Quote
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol
from strikedesk.sandbox.streams.kinds import NO_NUMBER, Cell, Known, Subscription
from strikedesk.sandbox.streams.spelling import read_streamed
from strikedesk.sandbox.wire import epoch_ms
from strikedesk.sandbox.world import SandboxWorld

QUOTED: Final = frozenset({"Quote", "Trade", "Summary", "Profile"})
_EPOCH: Final = date(1970, 1, 1)
_EXCHANGE: Final = "Q"
_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class Prices:
    """Reads the venue. What it does not quote is no event.

    Times of quotes are 0, as the feed itself often has them: the market's clock here need not be
    the reader's. An index has no quote, as there is nobody who trades it.
    """

    world: SandboxWorld

    async def events(self, wanted: Collection[Subscription]) -> Mapping[Subscription, Known]:
        """Return what there is to tell of each."""
        read = {each: symbol for each in wanted if (symbol := read_streamed(each.symbol))}
        told = await self._quoted({e: s for e, s in read.items() if e.kind in QUOTED})
        options = {
            each: symbol
            for each, symbol in read.items()
            if each.kind == "Greeks" and isinstance(symbol, OptionSymbol)
        }
        return told | await self._greeks(options)

    async def _quoted(self, wanted: Mapping[Subscription, Symbol]) -> dict[Subscription, Known]:
        if not wanted:
            return {}
        quotes = await self.world.broker.quotes({*wanted.values()})
        day = _Day.of(self.world)
        bars = await self._bars(wanted, day.at)
        told: dict[Subscription, Known] = {}
        for each, symbol in wanted.items():
            quote = quotes.get(symbol)
            event = None if quote is None else day.event(each.kind, quote, bars.get(symbol))
            if event is not None:
                told[each] = event
        return told

    async def _bars(self, wanted: Mapping[Subscription, Symbol], at: datetime) -> dict[Symbol, Bar]:
        """Return the day so far of the shares; a contract's would take too long."""
        opens_at = current_or_next_session(at).opens_at
        found: dict[Symbol, Bar] = {}
        for symbol in {s for each, s in wanted.items() if each.kind == "Summary"}:
            if isinstance(symbol, EquitySymbol) and opens_at < at:
                bars = await self.world.broker.bars(symbol, Interval.DAY, opens_at, at)
                if bars:
                    found[symbol] = bars[-1]
        return found

    async def _greeks(
        self, wanted: Mapping[Subscription, OptionSymbol]
    ) -> dict[Subscription, Known]:
        """Ask for whole expirations at once: what is dear is the underlying, not the contract."""
        days = defaultdict[str, set[date]](set)
        for contract in wanted.values():
            days[contract.underlying].add(contract.expiration)
        rows: dict[Symbol, ChainRow] = {}
        for underlying, expirations in days.items():
            rows |= {row.contract: row for row in await self._chain(underlying, expirations)}
        at = self.world.now()
        told: dict[Subscription, Known] = {}
        for each, contract in wanted.items():
            row = rows.get(contract)
            if row is not None and row.greeks is not None:
                told[each] = _greeks(row.greeks, row.quote.mark, at)
        return told

    async def _chain(self, underlying: str, days: Collection[date]) -> Iterable[ChainRow]:
        try:
            return (await self.world.broker.chain(EquitySymbol(underlying), days)).rows
        except Denied:
            return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    """The venue's day, as every event of it has it."""

    at: datetime
    day_id: int
    before_id: int
    halted: frozenset[str]
    indices: frozenset[str]
    described: Mapping[str, str]

    @classmethod
    def of(cls, world: SandboxWorld) -> "_Day":
        at = world.now()
        day = exchange_date(at)
        return cls(
            at=at,
            day_id=_day_id(day),
            before_id=_day_id(previous_session(day).day),
            halted=world.office.market.halted(at),
            indices=world.indices(),
            described={ticker: info.description for ticker, info in world.listed().items()},
        )

    def event(self, kind: str, quote: Quote, bar: Bar | None) -> Known | None:
        match kind:
            case "Quote":
                return self._quote(quote)
            case "Trade":
                return self._trade(quote)
            case "Summary":
                return self._summary(quote, bar)
            case _:
                return self._profile(quote.symbol)

    def _quote(self, quote: Quote) -> Known | None:
        if quote.symbol.compact in self.indices:
            return None
        return {
            "sequence": 0,
            "timeNanoPart": 0,
            "bidTime": 0,
            "bidExchangeCode": _EXCHANGE,
            "bidPrice": _number(quote.bid),
            "bidSize": _number(quote.bid_size),
            "askTime": 0,
            "askExchangeCode": _EXCHANGE,
            "askPrice": _number(quote.ask),
            "askSize": _number(quote.ask_size),
        }

    def _trade(self, quote: Quote) -> Known | None:
        if quote.last is None:
            return None
        before = quote.previous_close
        return {
            "time": epoch_ms(self.at),
            "timeNanoPart": 0,
            "sequence": 0,
            "exchangeCode": _EXCHANGE,
            "price": _number(quote.last),
            "change": NO_NUMBER if before is None else _number(quote.last - before),
            "dayId": self.day_id,
            "dayVolume": _number(quote.volume),
            "tickDirection": "UNDEFINED",
            "extendedTradingHours": False,
        }

    def _summary(self, quote: Quote, bar: Bar | None) -> Known:
        return {
            "dayId": self.day_id,
            "dayOpenPrice": _number(None if bar is None else bar.open),
            "dayHighPrice": _number(None if bar is None else bar.high),
            "dayLowPrice": _number(None if bar is None else bar.low),
            "dayClosePriceType": "REGULAR",
            "prevDayId": self.before_id,
            "prevDayClosePrice": _number(quote.previous_close),
            "prevDayClosePriceType": "REGULAR",
            "openInterest": quote.open_interest or 0,
        }

    def _profile(self, symbol: Symbol) -> Known:
        halted = symbol.underlying in self.halted
        return {
            "description": self.described.get(symbol.compact, symbol.words),
            "shortSaleRestriction": "INACTIVE",
            "tradingStatus": "HALTED" if halted else "ACTIVE",
            "statusReason": None,
            "haltStartTime": 0,
            "haltEndTime": 0,
            "exDividendDayId": 0,
        }


def index_of(at: datetime, sequence: int = 0) -> int:
    """Return the number that orders an indexed event: its second, millisecond and sequence."""
    seconds, ms = divmod(epoch_ms(at), _MS)
    return seconds << 32 | ms << 22 | sequence


def _greeks(greeks: Greeks, mark: Decimal | None, at: datetime) -> Known:
    return {
        "eventFlags": 0,
        "index": index_of(at),
        "time": epoch_ms(at),
        "sequence": 0,
        "price": _number(mark),
        "volatility": _number(greeks.implied_volatility),
        "delta": _number(greeks.delta),
        "gamma": _number(greeks.gamma),
        "theta": _number(greeks.theta),
        "rho": _number(greeks.rho),
        "vega": _number(greeks.vega),
    }


def _number(value: Decimal | float | None) -> Cell:
    return NO_NUMBER if value is None else float(value) if isinstance(value, Decimal) else value


def _day_id(day: date) -> int:
    return (day - _EPOCH).days
