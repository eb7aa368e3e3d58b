"""get_quotes: what symbols cost now."""

from datetime import datetime
from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.pages import PageSpan
from strikedesk.domain.quotes import Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol
from strikedesk.server.arguments import Symbols
from strikedesk.server.call import Call, desk_of
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
_NOTHING: Final = (None,) * (len(COLUMNS) - 2)


async def get_quotes(
    call: Call, symbols: Symbols
) -> Annotated[CallToolResult, table_schema(as_of=TEXT)]:
    """Quote shares, indexes and options, in the order asked; USD per share.

    Takes AAPL or AAPL261218C00200000. null is unknown; a bid of 0 is real. age_s: seconds since
    the quote. feed: simulated and tape are no market of today.
    """
    desk = await desk_of(call)
    sheet = await desk.market.quote_sheet(symbols)
    found = {quote.symbol: quote for quote in sheet.quotes}
    rows = [
        _row(found[symbol], sheet.now) if symbol in found else _gap(symbol, sheet.missing[symbol])
        for symbol in symbols
    ]
    return table(COLUMNS, rows, PageSpan.whole(len(rows)), {"as_of": sheet.now})


def _row(quote: Quote, now: datetime) -> list[Cell]:
    return [
        quote.symbol.compact,
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


def _gap(symbol: Symbol, why: Reason) -> list[Cell]:
    return [symbol.compact, *_NOTHING, why.name]
