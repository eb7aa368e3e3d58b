"""`strikedesk margin`: what a broker asks for what an account holds, and its rates."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from strikedesk.cli.showing import table
from strikedesk.domain.margin import MarginHeld, MarginRates
from strikedesk.domain.symbols import parse_equity
from strikedesk.settings import load
from strikedesk.wiring import open_desk

_HELD: Final = ("underlying", "initial USD", "maintenance USD")
_RATES: Final = (
    "rates",
    "long initial",
    "long kept",
    "short initial",
    "short kept",
    "naked",
    "naked, least",
    "floor USD a contract",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the broker told."""

    held: MarginHeld
    risk_free_rate: Decimal | None
    rates: tuple[MarginRates, ...]


async def margin(handle: str, symbols: Sequence[str]) -> Told:
    """Ask the broker of the settings.

    Raises:
        Denied: ACCOUNT_UNKNOWN, INVALID_SYMBOL, SYMBOL_NOT_FOUND, NOT_SUPPORTED, DATA_UNAVAILABLE.
        Unavailable: it does not answer.
    """
    underlyings = [parse_equity(symbol) for symbol in symbols]
    async with open_desk(load()) as desk:
        held = await desk.books.margin_held(handle)
        rates = [await desk.books.margin_rates(handle, each) for each in underlyings]
        free = await desk.books.risk_free_rate()
    return Told(held=held, risk_free_rate=free, rates=tuple(rates))


def shown(told: Told) -> list[RenderableType]:
    """Return what to show; what the broker did not say is a dash."""
    held = told.held
    rows = [(each.underlying, each.initial, each.maintenance) for each in held.groups]
    whole = ("in all", held.initial, held.maintenance)
    first: list[RenderableType] = [
        Text(f"As the broker tells it at {held.as_of:%Y-%m-%d %H:%M:%S} UTC"),
        table(_HELD, [*rows, whole]),
    ]
    free = told.risk_free_rate
    if free is not None:
        first.append(Text(f"It reckons with a risk-free rate of {free:.2%} a year.\n"))
    return [*first, table(_RATES, map(_rates, told.rates))] if told.rates else first


def _rates(told: MarginRates) -> tuple[str | Decimal | None, ...]:
    return (
        told.underlying,
        told.long_initial,
        told.long_maintenance,
        told.short_initial,
        told.short_maintenance,
        told.naked_standard,
        told.naked_minimum,
        told.naked_floor,
    )
