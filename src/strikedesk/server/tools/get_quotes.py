"""get_quotes: what symbols cost now."""

from datetime import datetime
from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.pages import PageSpan
from strikedesk.domain.quotes import Quote
from strikedesk.domain.symbols import Symbol
from strikedesk.domain.untraded import UntradedName
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.market.numbers import decimals
from strikedesk.market.on_futures import FutureOptionReading
from strikedesk.market.room import QuoteSheet
from strikedesk.server.call import Call, desk_of
from strikedesk.server.quotables import Quotables
from strikedesk.server.schemas import TEXT, table_schema
from strikedesk.server.shaping import Cell, table

COLUMNS: Final = (
    "symbol",
    "bid",
    "ask",
    "mid",
    "last",
    "previous_close",
    "bid_size",
    "ask_size",
    "volume",
    "open_interest",
    "age_s",
    "feed",
    "no_quote_because",
)
# Told where something is quoted that the desk does not trade: a mark of each, and of which kind.
BESIDE: Final = ("mark", "untraded")
# Told where what options on futures cost implies something.
IMPLIED: Final = ("iv", "delta")
_NOTHING: Final = (None,) * (len(COLUMNS) - 2)
_UNTOLD: Final = (None,) * (len(BESIDE) + len(IMPLIED))


async def get_quotes(
    call: Call, symbols: Quotables
) -> Annotated[CallToolResult, table_schema(as_of=TEXT)]:
    """Quote shares, indexes, options, futures, coins in the order asked; USD per share.

    Takes AAPL, AAPL261218C00200000, /ESZ6, BTC/USD. null is unknown; a bid of 0 is real. age_s:
    its age. feed: simulated, tape: no market of today. untraded: a kind this desk
    cannot order. iv, delta: of options on futures.
    """
    desk = await desk_of(call)
    sheet = await desk.market.quote_sheet(symbols)
    known = _rows(sheet)
    beside = BESIDE if sheet.beside else ()
    columns = (*COLUMNS, *beside, *(IMPLIED if sheet.readings else ()))
    rows = [known[symbol][: len(columns)] for symbol in symbols]
    return table(columns, rows, PageSpan.whole(len(rows)), {"as_of": sheet.now})


def _rows(sheet: QuoteSheet) -> dict[Symbol | UntradedName, list[Cell]]:
    """Return a row of each symbol, with all columns."""
    now, rows = sheet.now, dict[Symbol | UntradedName, list[Cell]]()
    for symbol, why in sheet.missing.items():
        rows[symbol] = [symbol.compact, *_NOTHING, why.name, *_UNTOLD]
    for quote in sheet.quotes:
        rows[quote.symbol] = [*_row(quote.symbol.compact, quote, now), quote.mark, *_UNTOLD[1:]]
    for quote in sheet.beside:
        told = [quote.mark, quote.name.kind, *_implied(sheet.readings.get(quote.name))]
        rows[quote.name] = [*_row(quote.name.compact, quote, now), *told]
    return rows


def _implied(reading: FutureOptionReading | None) -> tuple[Cell, Cell]:
    if reading is None:
        return None, None
    return decimals(reading.volatility, 4), decimals(reading.delta, 4)


def _row(symbol: str, quote: Quote | UntradedQuote, now: datetime) -> list[Cell]:
    return [
        symbol,
        quote.bid,
        quote.ask,
        quote.mid,
        quote.last,
        quote.previous_close,
        quote.bid_size,
        quote.ask_size,
        quote.volume,
        quote.open_interest,
        round(quote.age(now).total_seconds(), 1),
        quote.feed,
        None,
    ]
