"""Time: let working orders meet every tick, end what has ended, settle what has expired.

Law: advancing in one step or in many leaves the same world.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import OptionSymbol
from strikedesk.exchange import calls
from strikedesk.exchange.expiry import ends_at, settle
from strikedesk.exchange.market import Market
from strikedesk.exchange.screen import look
from strikedesk.exchange.trading import attempt, end
from strikedesk.exchange.world import World

# One unit is an order looked at, a few microseconds. A call takes a few hundredths of a second, for
# whoever holds the only writer; asking the market costs as much as looking at many orders.
EFFORT: Final = 10_000
_A_TICK: Final = 100
_A_QUOTE: Final = 10
_A_CLOSE: Final = 1_000


def advance(world: World, market: Market, until: datetime, *, effort: int = EFFORT) -> bool:
    """Bring the world to `until`; False when the effort was used up before, and it is to go on.

    Time never runs back: a world that is ahead stays where it is.
    """
    while world.advanced_to < until:
        if effort <= 0:
            world.changes.header = True
            return False
        end_of_step = min(_next_end(world) or until, until)
        effort -= _match_until(world, market, end_of_step, effort)
        _close_out(world, market, world.advanced_to)
        if calls.look_at_close(world, market, world.advanced_to):
            effort -= _A_CLOSE
    return True


def is_due(world: World, market: Market, until: datetime) -> bool:
    """Whether anything could happen to the world by `until`; cheap where the answer is no."""
    if until <= world.advanced_to:
        return False
    next_end = _next_end(world)
    if next_end is not None and next_end <= until:
        return True
    return any(True for _ in _ticks(world, market, until))


def _match_until(world: World, market: Market, until: datetime, effort: int) -> int:
    """Match at ticks until the books change, the effort is spent or time is up.

    Return the effort. Whoever called looks again at what ends next: a fill may have changed it.
    """
    spent = 0
    for tick in _ticks(world, market, until):
        spent += _A_TICK + _A_QUOTE * len(world.orders.symbols) + len(world.orders)
        world.advanced_to = tick
        if _match_at(world, market, tick) or spent >= effort:
            return spent
    world.advanced_to = until
    return spent


def _ticks(world: World, market: Market, until: datetime) -> Iterator[datetime]:
    """Yield the ticks up to `until` at which an order could fill: none where none works."""
    if not len(world.orders):
        return iter(())
    return market.ticks(frozenset(world.orders.symbols), world.advanced_to, until)


def _match_at(world: World, market: Market, tick: datetime) -> bool:
    """Give every working order its chance, oldest first; return whether the books changed."""
    screen = look(market, world.orders.symbols, tick)
    before = len(world.changes.lines) + len(world.changes.ended)
    for order in world.orders:
        attempt(world, order, screen)
    return len(world.changes.lines) + len(world.changes.ended) > before


def _next_end(world: World) -> datetime | None:
    """Return when the next order or held contract ends, of those that have not ended yet."""
    return min((instant for instant in _ends(world) if instant > world.advanced_to), default=None)


def _ends(world: World) -> Iterator[datetime]:
    yield from world.orders.ends
    yield from calls.closes(world)
    for account in world.accounts.values():
        for symbol in account.stakes:
            if isinstance(symbol, OptionSymbol):
                yield ends_at(symbol)


def _close_out(world: World, market: Market, at: datetime) -> None:
    """End the orders whose time is up, then settle the contracts that have ended."""
    if any(instant <= at for instant in world.orders.ends):
        for order in world.orders:
            if order.expires_at is not None and order.expires_at <= at:
                end(world, order, OrderState.EXPIRED, order.expires_at)
    settle(world, market, at)
