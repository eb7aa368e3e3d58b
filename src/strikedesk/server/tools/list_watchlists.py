"""list_watchlists: the lists of symbols, and what the symbols of one of the owner's cost now."""

from collections.abc import Sequence
from typing import Annotated, Final, TypeAlias

from mcp.types import CallToolResult

from strikedesk.domain.broking import BrokerWatchlist
from strikedesk.domain.pages import PageSpan
from strikedesk.domain.ports import Watchlist
from strikedesk.domain.quotes import Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol
from strikedesk.market.room import MarketRoom
from strikedesk.portfolio.list_shelf import AnyList
from strikedesk.portfolio.watchlists import NAME_MAX, SYMBOLS_MAX
from strikedesk.server.arguments import Page, text
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import TEXT, maybe, table_schema
from strikedesk.server.shaping import Cell, clean, table

COLUMNS: Final = (
    "name",
    "untrusted_name",
    "kept_by",
    "count",
    "not_shown",
    "symbols",
    "updated_at",
)
QUOTES: Final = ("symbol", "bid", "ask", "last", "change", "feed", "no_quote_because")
RETURNS: Final = table_schema(
    quotes_of=maybe(TEXT), as_of=maybe(TEXT), broker_lists_unseen=maybe(TEXT)
)

ListName: TypeAlias = Annotated[str, text(NAME_MAX)]


async def list_watchlists(
    call: Call, quotes_of: ListName | None = None, page: Page = 1
) -> Annotated[CallToolResult, RETURNS]:
    """List watchlists and, read-only, the broker's; or, for quotes_of, the quotes of one of yours.

    change is a fraction of the previous close; prices are USD per share.
    """
    desk = await desk_of(call)
    if quotes_of is not None:
        return await _quoted(desk.market, await desk.watchlists.named(quotes_of), page)
    found = await desk.list_shelf.page(page)
    unseen = None if found.unseen is None else found.unseen.name
    about = {"quotes_of": None, "as_of": None, "broker_lists_unseen": unseen}
    return table(COLUMNS, [_row(each) for each in found.rows], found.span, about)


def _row(each: AnyList) -> list[Cell]:
    if isinstance(each, BrokerWatchlist):
        return _brokers(each)
    name, count = clean(each.name, NAME_MAX), len(each.symbols)
    return [name, None, "owner", count, 0, _spelled(each.symbols), each.updated_at]


def _brokers(each: BrokerWatchlist) -> list[Cell]:
    """Show no more symbols than one call of get_quotes takes; the rest is counted."""
    shown = each.symbols[:SYMBOLS_MAX]
    kept_by = "broker_public" if each.public else "broker"
    missing = each.entries - len(shown)
    return [None, each.name, kept_by, each.entries, missing, _spelled(shown), None]


def _spelled(symbols: Sequence[Symbol]) -> str:
    return " ".join(symbol.compact for symbol in symbols)


async def _quoted(market: MarketRoom, watchlist: Watchlist, page: int) -> CallToolResult:
    """Return one page, however long the list: a list holds no more than a page can."""
    found = await market.quotes(watchlist.symbols)
    rows = [
        _quote(quote)
        if (quote := found.get(symbol))
        else _gap(symbol, await market.why_unquoted(symbol))
        for symbol in watchlist.symbols
    ]
    span = PageSpan(page=page, size=max(1, len(rows)), total=len(rows))
    about = {
        "quotes_of": clean(watchlist.name, NAME_MAX),
        "as_of": market.now(),
        "broker_lists_unseen": None,
    }
    return table(QUOTES, rows, span, about)


def _quote(quote: Quote) -> list[Cell]:
    mark, before = quote.mark, quote.previous_close
    change = None if mark is None or not before else round(float(mark / before) - 1, 4)
    return [
        quote.symbol.compact, quote.bid, quote.ask, quote.last, change, quote.feed, None,
    ]  # fmt: skip


def _gap(symbol: Symbol, why: Reason) -> list[Cell]:
    return [symbol.compact, None, None, None, None, None, why.name]
