"""One instrument at a time, of every kind that the broker has a record of."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pydantic import TypeAdapter

from strikedesk.brokers.tastytrade.calls import Call, path_of
from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.payloads.chains import TickTold
from strikedesk.brokers.tastytrade.payloads.envelopes import Told
from strikedesk.brokers.tastytrade.payloads.instruments import InstrumentTold
from strikedesk.brokers.tastytrade.spelling import spelled
from strikedesk.domain.instruments import Instrument, Step
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import OptionSymbol, parse_symbol
from strikedesk.domain.untraded import untraded_name

_INSTRUMENT: Final = TypeAdapter(Told[InstrumentTold])
_SHARE, _OPTION, _COIN = "equity", "option", "cryptocurrency"
_SHELVES: Final = {
    _SHARE: "equities",
    _OPTION: "equity-options",
    "future": "futures",
    "future_option": "future-options",
    _COIN: "cryptocurrencies",
}
_MISSING: Final = {_OPTION: Reason.CONTRACT_NOT_FOUND}
_ODD: Final = re.compile(r"[^A-Za-z0-9 .,:;&'()/%+-]+", re.ASCII)
_WORDS_MAX: Final = 80
STYLES: Final = {"American": "american", "European": "european"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruments:
    """Reads what the broker has on record."""

    client: Client

    async def one(self, name: str) -> Instrument:
        """See `MarketData.instrument`."""
        given = name.strip().upper()
        kind, spelling = _named(given)
        call = Call(
            path=path_of("instruments", _SHELVES[kind], spelling),
            missing=_MISSING.get(kind, Reason.SYMBOL_NOT_FOUND),
            facts={"symbol": given},
        )
        return _instrument(spelling, kind, await self.client.one(call, _INSTRUMENT))


def _named(given: str) -> tuple[str, str]:
    """Return what kind a name is of, and how the broker spells it. Raises INVALID_SYMBOL."""
    named = untraded_name(given)
    if named is not None:
        return named.kind, named.compact
    symbol = parse_symbol(given)
    return (_OPTION if isinstance(symbol, OptionSymbol) else _SHARE), spelled(symbol)


def _instrument(spelling: str, kind: str, told: InstrumentTold) -> Instrument:
    return Instrument(
        symbol=spelling,
        kind=_kind(kind, told),
        description=plain(told.description),
        underlying=plain(told.underlying_symbol),
        multiplier=_multiplier(kind, told),
        steps=steps(told.tick_sizes) or _step(told.tick_size),
        option_steps=steps(told.option_tick_sizes),
        ends_at=told.stops_trading_at,
        style=STYLES.get(told.exercise_style or ""),
        settlement=plain(told.settlement_type),
        closing_only=told.is_closing_only,
        halted=None if told.halted_at is None else True,
        fractions=told.is_fractional_quantity_eligible,
        overnight=told.overnight_trading_permitted,
        lendability=plain(told.lendability),
        borrow_rate=told.borrow_rate,
    )


def _kind(kind: str, told: InstrumentTold) -> str:
    if kind != _SHARE:
        return kind
    return "index" if told.is_index else "etf" if told.is_etf else kind


def _multiplier(kind: str, told: InstrumentTold) -> Decimal | None:
    """Return what a point is worth."""
    if kind == "future_option":
        return point_of(told.notional_value, told.display_factor)
    if kind in {_SHARE, _COIN}:
        return None if told.is_index else Decimal(1)
    return told.shares_per_contract if kind == _OPTION else told.notional_multiplier


def point_of(value: Decimal | None, factor: Decimal | None) -> Decimal | None:
    """Return what a point of an option on a future is worth: its value over its display factor."""
    return None if value is None or not factor else value / factor


def steps(table: Iterable[TickTold]) -> tuple[Step, ...]:
    """Return the steps of prices that are told."""
    return tuple(Step(size=line.value, below=line.threshold) for line in table if line.value)


def _step(size: Decimal | None) -> tuple[Step, ...]:
    return (Step(size=size),) if size else ()


def plain(words: str | None) -> str | None:
    """Return the broker's words as short, plain text."""
    return _ODD.sub("", words)[:_WORDS_MAX].strip() or None if words else None
