"""get_price_history: bars as rows, and as a picture where a person wants to look."""

import asyncio
from base64 import b64encode
from dataclasses import replace
from typing import Annotated, Final, TypeAlias

from mcp.types import CallToolResult, ImageContent

from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.quotes import Bar, Feed
from strikedesk.market.bars import width
from strikedesk.market.history import HistoryQuery, PriceHistory, Summary, price_history
from strikedesk.server.arguments import Flag, MarketDay, OneSymbol, Page, text
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import INTEGER, OBJECT, TEXT, maybe, table_schema
from strikedesk.server.shaping import Cell, Value, table

COLUMNS: Final = ("open", "high", "low", "close", "volume")
RETURNS: Final = table_schema(
    symbol=TEXT,
    interval=TEXT,
    first_day=TEXT,
    last_day=TEXT,
    feed=maybe(TEXT),
    summary=maybe(OBJECT),
    pictures=INTEGER,
)

# Its bounds are told by a refusal, with all that are possible.
WidthText: TypeAlias = Annotated[str, replace(text(8), schema=TEXT)]


async def get_price_history(
    call: Call,
    symbol: OneSymbol,
    interval: WidthText = "1d",
    start: MarketDay | None = None,
    end: MarketDay | None = None,
    page: Page = 1,
    chart: Flag = False,
) -> Annotated[CallToolResult, RETURNS]:
    """Return price bars, oldest first, with a summary of the whole range; USD per share.

    interval: 1m 2m 5m 10m 15m 30m 1h 2h 4h 1d 1w 1mo and others. start and end are days, both
    included; without start: 90 days of 1d, 1 day of 1m. chart adds a picture of the whole range,
    for a person. Times are UTC, a day is New York's.
    """
    query = HistoryQuery(symbol=symbol, width=width(interval), start=start, end=end)
    desk = await desk_of(call)
    found = await price_history(desk.market, query, page=page)
    pictures = [await _picture(found, desk.capabilities.simulated)] if chart and found.bars else []
    daily = not query.width.intraday
    rows = [_row(bar, daily=daily) for bar in found.page]
    columns = ("day" if daily else "at", *COLUMNS)
    told = table(columns, rows, found.span, _about(found) | {"pictures": len(pictures)})
    return told.model_copy(update={"content": [*told.content, *pictures]})


async def _picture(found: PriceHistory, simulated: bool) -> ImageContent:
    """Draw beside the event loop: it takes a while, and the first time a long one."""
    feed = found.feed or (Feed.SIMULATED if simulated else None)
    png = await asyncio.to_thread(_drawn, found, feed)
    return ImageContent(type="image", data=b64encode(png).decode(), mime_type="image/png")


def _drawn(found: PriceHistory, feed: Feed | None) -> bytes:
    from strikedesk.server.pictures.prices import price_chart  # noqa: PLC0415 -- brings in matplotlib

    return price_chart(found, feed)


def _about(found: PriceHistory) -> dict[str, Value]:
    return {
        "symbol": found.query.symbol.compact,
        "interval": str(found.query.width),
        "first_day": found.first_day,
        "last_day": found.last_day,
        "feed": found.feed,
        "summary": _summary(found.summary),
    }


def _summary(summary: Summary | None) -> dict[str, Value] | None:
    if summary is None:
        return None
    return {
        "open": summary.open,
        "high": summary.high,
        "low": summary.low,
        "close": summary.close,
        "change": None if summary.change is None else round(summary.change, 4),
    }


def _row(bar: Bar, *, daily: bool) -> list[Cell]:
    at = exchange_date(bar.at) if daily else bar.at
    return [at, bar.open, bar.high, bar.low, bar.close, bar.volume]
