"""Positions as they stand: prices, profit, and Greeks of this moment."""

from dataclasses import dataclass

from strikedesk.portfolio.books import Books, PositionPage
from strikedesk.portfolio.exposures import Sum, known_sum
from strikedesk.portfolio.holdings import Holding, seen_holdings
from strikedesk.portfolio.market_view import MarketView


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePage:
    """A page of positions with their Greeks, and sums over all pages.

    Law: `rows` run beside those of the page. Units: `dollar_delta` USD of shares that move alike,
    `theta` USD a calendar day, `vega` USD a volatility point.
    """

    page: PositionPage
    rows: tuple[Holding, ...]
    dollar_delta: Sum
    theta: Sum
    vega: Sum


async def live_positions(books: Books, market: MarketView, handle: str, *, page: int) -> LivePage:
    """Return a page of what an account holds.

    Raises:
        Denied: ACCOUNT_UNKNOWN, PAGE_PAST_END.
    """
    found = await books.positions(handle, page=page)
    held = await seen_holdings(market, await books.held(handle))
    by_symbol = {each.symbol: each for each in held}
    bare = [Holding(position=position, spot=None) for position in found.rows]
    exposures = [each.exposure for each in held]
    return LivePage(
        page=found,
        rows=tuple(by_symbol.get(each.symbol, each) for each in bare),
        dollar_delta=known_sum(each and each.dollar_delta for each in exposures),
        theta=known_sum(each.moves and each.moves.theta for each in held),
        vega=known_sum(each.moves and each.moves.vega for each in held),
    )
