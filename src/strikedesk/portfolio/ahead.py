"""What is ahead: contracts that end, and what happens to what is held."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from strikedesk.domain.errors import Denied
from strikedesk.domain.events import MarketEvent
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.portfolio.holdings import Holding
from strikedesk.portfolio.market_view import MarketView

DAYS_AHEAD: Final = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Contracts of one underlying that end on `day`: how many long, and how many short.

    `short_in_the_money` are those of the short that would be assigned at today's price; None where
    it is unknown.
    """

    day: date
    underlying: str
    long: int
    short: int
    short_in_the_money: int | None


def endings(holdings: Iterable[Holding]) -> tuple[Ending, ...]:
    """Return every expiration that something is held of, by day."""
    found: defaultdict[tuple[date, str], list[Holding]] = defaultdict(list)
    for each in holdings:
        if isinstance(each.symbol, OptionSymbol):
            found[each.symbol.expiration, each.underlying].append(each)
    return tuple(_ending(day, name, held) for (day, name), held in sorted(found.items()))


async def events_ahead(market: MarketView, underlyings: Iterable[str]) -> tuple[MarketEvent, ...]:
    """Return what is known of the next 45 days, by day."""
    found = await asyncio.gather(*(_events(market, EquitySymbol(name)) for name in underlyings))
    every = [event for events in found for event in events]
    return tuple(sorted(every, key=lambda event: (event.day, event.underlying)))


async def _events(market: MarketView, underlying: EquitySymbol) -> tuple[MarketEvent, ...]:
    try:
        return await market.events(underlying, DAYS_AHEAD)
    except Denied:  # Not listed any more: nothing is known of it.
        return ()


def _ending(day: date, underlying: str, held: Sequence[Holding]) -> Ending:
    short = [each for each in held if each.position.quantity < 0]
    inside = [_inside(each) for each in short]
    return Ending(
        day=day,
        underlying=underlying,
        long=sum(max(each.position.quantity, 0) for each in held),
        short=-sum(each.position.quantity for each in short),
        short_in_the_money=None if None in inside else sum(each or 0 for each in inside),
    )


def _inside(short: Holding) -> int | None:
    """Return how many of a short position are in the money."""
    symbol, spot = short.symbol, short.spot
    if spot is None or not isinstance(symbol, OptionSymbol):
        return None
    worth_something = spot > symbol.strike if symbol.right is Right.CALL else spot < symbol.strike
    return -short.position.quantity if worth_something else 0
