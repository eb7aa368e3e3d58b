"""`strikedesk quote`: what symbols cost now, also those that the desk does not trade."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from rich.console import RenderableType
from rich.text import Text

from strikedesk.cli.showing import figures
from strikedesk.domain.quotes import Quote
from strikedesk.domain.symbols import parse_symbol
from strikedesk.domain.untraded import untraded_name
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.market.on_futures import FutureOptionReading
from strikedesk.market.room import QuoteSheet
from strikedesk.settings import load
from strikedesk.wiring import open_desk


async def quotes(symbols: Sequence[str]) -> QuoteSheet:
    """Ask the broker of the settings.

    Raises:
        Denied: INVALID_SYMBOL, INVALID_ARGUMENT; where not one is quoted, why the first is not.
        Unavailable: it does not answer.
    """
    named = [untraded_name(symbol) or parse_symbol(symbol) for symbol in symbols]
    async with open_desk(load()) as desk:
        return await desk.market.quote_sheet(named)


def shown(sheet: QuoteSheet) -> list[RenderableType]:
    """Return what to show: what is quoted, then what is not traded here, then what has no quote."""
    return [part for symbol, told in _told(sheet) for part in (Text(symbol, "bold"), figures(told))]


def _told(sheet: QuoteSheet) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for quote in sheet.quotes:
        yield quote.symbol.compact, [*_figures(quote, sheet.now)]
    for quote in sheet.beside:
        kind = f"a {quote.name.kind.replace('_', ' ')}: it cannot be ordered"
        told = _implied(sheet.readings.get(quote.name))
        yield quote.name.compact, [*_figures(quote, sheet.now), *told, ("not traded here", kind)]
    for symbol, why in sheet.missing.items():
        yield symbol.compact, [("no quote because", why.name)]


def _implied(reading: FutureOptionReading | None) -> Iterator[tuple[str, str]]:
    """Yield what the price of an option on a future implies, where that is known."""
    if reading is not None:
        yield "future", f"{reading.future:f}"
        yield "implied volatility", f"{reading.volatility:.4f}"
        yield "delta", f"{reading.delta:.4f}"


def _figures(quote: Quote | UntradedQuote, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield what is known, a line each."""
    known = {
        "bid": quote.bid,
        "ask": quote.ask,
        "last": quote.last,
        "mark": quote.mark,
        "volume": quote.volume,
        "open interest": quote.open_interest,
    }
    for name, value in known.items():
        if value is not None:
            yield name, f"{Decimal(value):f}"
    yield "told at", f"{quote.at:%Y-%m-%d %H:%M:%S} UTC, {quote.age(now).total_seconds():.0f} s ago"
    yield "feed", quote.feed.value
