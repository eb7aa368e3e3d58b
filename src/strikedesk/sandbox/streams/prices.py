"""Events of market data, made of what the venue quotes at an instant."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from strikedesk.domain.calendar import current_or_next_session
from strikedesk.domain.errors import Denied
from strikedesk.domain.greeks import Greeks
from strikedesk.domain.quotes import Bar, ChainRow, Interval
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol
from strikedesk.sandbox.streams.beside import Beside
from strikedesk.sandbox.streams.day import Day, Streamed, number
from strikedesk.sandbox.streams.kinds import Known, Subscription
from strikedesk.sandbox.streams.spelling import read_streamed
from strikedesk.sandbox.wire import epoch_ms
from strikedesk.sandbox.world import SandboxWorld

QUOTED: Final = frozenset({"Quote", "Trade", "Summary", "Profile"})
_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class Prices:
    """Reads the venue. What it does not quote is no event.

    Times of quotes are 0, as the feed itself often has them: the market's clock here need not be
    the reader's. An index has no quote, as there is nobody who trades it.
    """

    world: SandboxWorld
    beside: Beside

    async def events(self, wanted: Collection[Subscription]) -> Mapping[Subscription, Known]:
        """Return what there is to tell of each."""
        quoted = [each for each in wanted if each.kind in QUOTED]
        sensitive = [each for each in wanted if each.kind == "Greeks"]
        contracts = {
            each: symbol
            for each in sensitive
            if isinstance(symbol := read_streamed(each.symbol), OptionSymbol)
        }
        on_futures = self._greeks_beside(sensitive)
        return await self._quoted(quoted) | await self._greeks(contracts) | on_futures

    async def _quoted(self, wanted: Collection[Subscription]) -> dict[Subscription, Known]:
        if not wanted:
            return {}
        day = Day.of(self.world)
        names = {each.symbol for each in wanted}
        streamed = self.beside.of(names) | await self._traded(wanted, day.at)
        told: dict[Subscription, Known] = {}
        for each in wanted:
            found = streamed.get(each.symbol)
            event = None if found is None else day.event(each.kind, found)
            if event is not None:
                told[each] = event
        return told

    async def _traded(self, wanted: Collection[Subscription], at: datetime) -> dict[str, Streamed]:
        """Return what trades here of what is wanted, by how it is streamed."""
        names = {each.symbol for each in wanted}
        read = {name: symbol for name in names if (symbol := read_streamed(name))}
        if not read:
            return {}
        quotes = await self.world.broker.quotes({*read.values()})
        bars = await self._bars([read.get(e.symbol) for e in wanted if e.kind == "Summary"], at)
        listed, indices = self.world.listed(), self.world.indices()
        found: dict[str, Streamed] = {}
        for name, symbol in read.items():
            if symbol in quotes:
                info = listed.get(symbol.compact)
                found[name] = Streamed(
                    quote=quotes[symbol],
                    underlying=symbol.underlying,
                    description=symbol.words if info is None else info.description,
                    is_index=symbol.compact in indices,
                    bar=bars.get(symbol),
                )
        return found

    async def _bars(self, symbols: Iterable[Symbol | None], at: datetime) -> dict[Symbol, Bar]:
        """Return the day so far of the shares; a contract's would take too long."""
        opens_at = current_or_next_session(at).opens_at
        found: dict[Symbol, Bar] = {}
        for symbol in set(symbols):
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

    def _greeks_beside(self, wanted: Collection[Subscription]) -> dict[Subscription, Known]:
        found, at = self.beside.greeks({each.symbol for each in wanted}), self.world.now()
        told = {name: _greeks(greeks, it.quote.mark, at) for name, (it, greeks) in found.items()}
        return {each: told[each.symbol] for each in wanted if each.symbol in told}

    async def _chain(self, underlying: str, days: Collection[date]) -> Iterable[ChainRow]:
        try:
            return (await self.world.broker.chain(EquitySymbol(underlying), days)).rows
        except Denied:
            return ()


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
        "price": number(mark),
        "volatility": number(greeks.implied_volatility),
        "delta": number(greeks.delta),
        "gamma": number(greeks.gamma),
        "theta": number(greeks.theta),
        "rho": number(greeks.rho),
        "vega": number(greeks.vega),
    }
