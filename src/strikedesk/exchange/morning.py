"""The morning: what the night before a session brings to orders and holdings.

First, what was taken from quotes is counted anew. Then, in this order: shorts that were exercised
against learn of it, splits change what is held, then whoever holds shares is owed the dividends
that go ex, and those whose day has come are paid.
"""

from collections.abc import Iterator

from strikedesk.domain.events import Dividend, MarketEvent, Split
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.exchange.assignment import assign_early
from strikedesk.exchange.days import Morning, next_morning
from strikedesk.exchange.dividends import go_ex, pay
from strikedesk.exchange.market import Market
from strikedesk.exchange.splits import divide
from strikedesk.exchange.world import World


def coming_morning(world: World) -> Morning | None:
    """Return the next morning that could bring something; None for a world with nothing in it."""
    counted = world.taken or world.served
    held = any(a.stakes or a.pieces or a.receivables for a in world.accounts.values())
    return next_morning(world.advanced_to) if counted or held or len(world.orders) else None


def rise(world: World, market: Market, morning: Morning) -> None:
    """Let a morning happen."""
    world.begin_day()
    events = tuple(_events(world, market, morning))
    dividends = tuple(event for event in events if isinstance(event, Dividend))
    assign_early(world, market, dividends, morning)
    divide(world, market, (event for event in events if isinstance(event, Split)), morning)
    go_ex(world, dividends, morning.opens_at)
    pay(world, morning)


def _events(world: World, market: Market, morning: Morning) -> Iterator[MarketEvent]:
    """Yield what is scheduled for the underlyings of everything held and ordered."""
    touched = {symbol.underlying for symbol in world.orders.symbols}
    for account in world.accounts.values():
        touched |= {symbol.underlying for symbol in (*account.stakes, *account.pieces)}
    for ticker in sorted(touched):
        yield from market.events(EquitySymbol(ticker), morning.first_day, morning.day)
