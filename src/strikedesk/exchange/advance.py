"""Time: let working orders meet every tick, end what has ended, settle what has expired.

Law: advancing in one step or in many leaves the same world.
Each morning brings what its night did, before the first order of the day is matched.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from strikedesk.domain.states import OrderState
from strikedesk.exchange import calls
from strikedesk.exchange.book import WorkingOrder
from strikedesk.exchange.days import Morning
from strikedesk.exchange.expiry import settle, settlements
from strikedesk.exchange.market import Market
from strikedesk.exchange.morning import coming_morning, rise
from strikedesk.exchange.orders import carry_out
from strikedesk.exchange.placing import begin
from strikedesk.exchange.reach import stirred
from strikedesk.exchange.screen import Screen, look
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
        morning = coming_morning(world)
        end_of_step = min(_next_of(world, market, morning) or until, until)
        effort -= _match_until(world, market, end_of_step, effort) or 1
        _close_out(world, market, world.advanced_to)
        if calls.look_at_close(world, market, world.advanced_to):
            effort -= _A_CLOSE
        if morning is not None and world.advanced_to == morning.eve:
            rise(world, market, morning)
            effort -= _A_TICK
    return True


def is_due(world: World, market: Market, until: datetime, end: datetime | None) -> bool:
    """Whether anything could happen to the world by `until`; cheap where the answer is no.

    `end` is its next end: see `next_end`. As long as the world does not change, it does not.
    """
    if until <= world.advanced_to:
        return False
    if end is not None and end <= until:
        return True
    return any(True for _ in _ticks(world, market, until))


def next_end(world: World, market: Market) -> datetime | None:
    """Return when the next order, held contract or night ends, of those that have not ended yet."""
    return _next_of(world, market, coming_morning(world))


def _match_until(world: World, market: Market, until: datetime, effort: int) -> int:
    """Match at ticks until the books change, the effort is spent or time is up.

    Return the effort. Whoever called looks again at what ends next: a fill may have changed it.
    """
    spent, before = 0, None
    for tick in _ticks(world, market, until):
        # How the market stood when the orders were last looked at: the same whoever asks, and when.
        before = before or _look(world, market, world.advanced_to)
        screen = replace(_look(world, market, tick), before=before)
        orders = stirred(world, screen)
        spent += _A_TICK + _A_QUOTE * len(screen.quotes) + len(orders)
        world.advanced_to = tick
        if _match(world, market, screen, orders) or spent >= effort:
            return spent
        before = replace(screen, before=None)
    world.advanced_to = until
    return spent


def _ticks(world: World, market: Market, until: datetime) -> Iterator[datetime]:
    """Yield the ticks up to `until` at which an order could fill: none where none works."""
    if not len(world.orders):
        return iter(())
    extended = bool(world.orders.extended)
    symbols = frozenset(world.orders.symbols)
    return market.ticks(symbols, world.advanced_to, until, extended=extended)


def _look(world: World, market: Market, at: datetime) -> Screen:
    """Ask the market for what may trade: outside regular hours, for a few shares alone."""
    if market.is_open(at) or not world.orders.extended:
        return look(market, world.orders.symbols, at)
    late = {part.symbol for order in world.orders.extended for part in order.parts}
    return look(market, late, at)


def _match(world: World, market: Market, screen: Screen, orders: Iterable[WorkingOrder]) -> bool:
    """Give orders their chance, oldest first; return whether the books changed."""
    before = len(world.changes.lines) + len(world.changes.ended)
    for seen in orders:
        # An earlier one may have ended it, or taken a part of it.
        order = world.orders.get(seen.order_id)
        if order is not None:
            attempt(world, order, screen)
            begin(world, market, screen.at)
    return len(world.changes.lines) + len(world.changes.ended) > before


def _next_of(world: World, market: Market, morning: Morning | None) -> datetime | None:
    ends = _ends(world, market, morning)
    return min((instant for instant in ends if instant > world.advanced_to), default=None)


def _ends(world: World, market: Market, morning: Morning | None) -> Iterator[datetime]:
    yield from world.orders.ends
    yield from settlements(world, market)
    yield from calls.closes(world)
    if morning is not None:
        yield morning.eve


def _close_out(world: World, market: Market, at: datetime) -> None:
    """Do what was asked for, end the orders whose time is up, settle contracts that have ended."""
    if any(instant <= at for instant in world.orders.ends):
        for seen in world.orders:
            order = world.orders.get(seen.order_id)
            if order is None:
                continue
            if order.expires_at is not None and order.expires_at <= at:
                end(world, order, OrderState.EXPIRED, order.expires_at)
            elif order.pending is not None and order.pending.due <= at:
                carry_out(world, market, order)
    settle(world, market, at)
