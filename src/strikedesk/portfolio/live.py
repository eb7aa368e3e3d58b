"""Positions as they stand: prices, profit, Greeks of this moment, and what they make together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from strikedesk.portfolio.books import Books, PositionPage, total
from strikedesk.portfolio.exposures import Sum, known_sum
from strikedesk.portfolio.holdings import Holding
from strikedesk.portfolio.market_view import MarketView
from strikedesk.portfolio.readings import seen_holdings
from strikedesk.portfolio.strategies import Group, grouped
from strikedesk.quant.strategies.patterns import PATTERNS, Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePage:
    """A page of positions with their Greeks, and sums over all pages.

    Law: `rows` run beside those of the page, and `groups` are the strategies that they are in, by
    their number among all of the account's, from 1. Units: `dollar_delta` USD of shares that move
    alike, `theta` USD a calendar day, `vega` USD a volatility point.
    """

    page: PositionPage
    rows: tuple[Holding, ...]
    groups: dict[int, Group]
    dollar_delta: Sum
    theta: Sum
    vega: Sum

    def numbers_of(self, holding: Holding) -> tuple[int, ...]:
        """Return the numbers of the groups that a holding is in."""
        return tuple(
            number
            for number, group in self.groups.items()
            if any(part.holding.symbol == holding.symbol for part in group.parts)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a strategy stands, USD; a figure is None as soon as one of its positions lacks it."""

    value: Decimal | None
    open_profit: Decimal | None
    dollar_delta: float | None
    theta: float | None
    vega: float | None


async def live_positions(
    books: Books,
    market: MarketView,
    handle: str,
    *,
    page: int,
    patterns: Sequence[Pattern] = PATTERNS,
) -> LivePage:
    """Return a page of what an account holds; strategies have the names of `patterns`.

    Raises:
        Denied: ACCOUNT_UNKNOWN, PAGE_PAST_END.
    """
    found = await books.positions(handle, page=page)
    held = await seen_holdings(market, await books.held(handle))
    by_symbol = {each.symbol: each for each in held}
    bare = [Holding(position=position, spot=None) for position in found.rows]
    exposures = [each.exposure for each in held]
    rows = tuple(by_symbol.get(each.symbol, each) for each in bare)
    return LivePage(
        page=found,
        rows=rows,
        groups=_shown(grouped(held, patterns), rows),
        dollar_delta=known_sum(each and each.dollar_delta for each in exposures),
        theta=known_sum(each.moves and each.moves.theta for each in held),
        vega=known_sum(each.moves and each.moves.vega for each in held),
    )


def standing(group: Group) -> Standing:
    """Add up the positions of a strategy, each by the share of it that belongs there."""
    parts = group.parts
    exposures = [(part.share, part.holding.exposure) for part in parts]
    moves = [(part.share, part.holding.moves) for part in parts]
    return Standing(
        value=_money((part.quantity, part.holding.unit_value) for part in parts),
        open_profit=_money((part.quantity, part.holding.unit_profit) for part in parts),
        dollar_delta=known_sum(
            each and part * each.dollar_delta for part, each in exposures
        ).amount,
        theta=known_sum(each and part * each.theta for part, each in moves).amount,
        vega=known_sum(each and part * each.vega for part, each in moves).amount,
    )


def _shown(groups: Iterable[Group], rows: Iterable[Holding]) -> dict[int, Group]:
    on_page = {each.symbol for each in rows}
    return {
        number: group
        for number, group in enumerate(groups, start=1)
        if any(part.holding.symbol in on_page for part in group.parts)
    }


def _money(parts: Iterable[tuple[int, Decimal | None]]) -> Decimal | None:
    amounts = [None if each is None else quantity * each for quantity, each in parts]
    return total(amounts).amount
