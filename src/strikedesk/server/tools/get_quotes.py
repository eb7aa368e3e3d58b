"""get_quotes: what symbols cost now."""

from datetime import datetime
from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.pages import PageSpan
from strikedesk.domain.quotes import Quote
from strikedesk.domain.symbols import Symbol
from strikedesk.domain.untraded import UntradedName
from strikedesk.domain.untraded_quotes import UntradedQuote
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
_NOTHING: Final = (None,) * (len(COLUMNS) - 2)


async def get_quotes(
    call: Call, symbols: Quotables
) -> Annotated[CallToolResult, table_schema(as_of=TEXT)]:
    """Quote shares, indexes and options, in the order asked; USD per share. Futures and coins too.

    Takes AAPL, AAPL261218C00200000, /ESZ6, BTC/USD. null is unknown; a bid of 0 is real. age_s:
    seconds since the quote. feed: simulated and tape are no market of today. untraded: a kind this
    desk cannot order.
    """
    desk = await desk_of(call)
    sheet = await desk.market.quote_sheet(symbols)
    known = _rows(sheet)
    columns = (*COLUMNS, *BESIDE) if sheet.beside else COLUMNS
    rows = [known[symbol][: len(columns)] for symbol in symbols]
    return table(columns, rows, PageSpan.whole(len(rows)), {"as_of": sheet.now})


def _rows(sheet: QuoteSheet) -> dict[Symbol | UntradedName, list[Cell]]:
    """Return a row of each symbol, with all columns."""
    now, rows = sheet.now, dict[Symbol | UntradedName, list[Cell]]()
    for symbol, why in sheet.missing.items():
        rows[symbol] = [symbol.compact, *_NOTHING, why.name, None, None]
    for quote in sheet.quotes:
        rows[quote.symbol] = [*_row(quote.symbol.compact, quote, now), quote.mark, None]
    for quote in sheet.beside:
        rows[quote.name] = [*_row(quote.name.compact, quote, now), quote.mark, quote.name.kind]
    return rows


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
