"""Reach: which working orders a tick could do something to, without a look at all the others.

Law: what is not found here, `trading.attempt` would leave as it is; in the line it moves up here.
Where nothing was quoted anew since the last tick of the session, or quotes stay away from where an
order rests, nothing happens to it.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from strikedesk.domain.quotes import Quote
from strikedesk.domain.symbols import Symbol
from strikedesk.exchange.accounts import NOTHING
from strikedesk.exchange.book import Part, WorkingOrder
from strikedesk.exchange.line import Side, side_of
from strikedesk.exchange.screen import Screen
from strikedesk.exchange.shelves import Shelf
from strikedesk.exchange.world import World


def stirred(world: World, screen: Screen) -> list[WorkingOrder]:
    """Return the orders that something could happen to, oldest first; others move up in line.

    Outside regular hours those alone that may trade then and that the market has come to: nobody
    moves up in a line.
    """
    if not screen.is_open:
        late = (order for order in world.orders.extended if _reached_late(screen, order))
        return sorted(late, key=lambda order: order.number)
    found = {order.order_id: order for order in world.orders.to_arrive}
    looked_at = set[str]()
    for symbol in _moved(world, screen):
        for name, shelf in world.orders.shelves.of(symbol):
            if len(shelf.parts) == 1:
                orders = _near(world, screen, shelf)
            elif name not in looked_at:
                looked_at.add(name)
                orders = _within(screen, shelf)
            else:
                continue
            for order in orders:
                found[order.order_id] = order
    return sorted(found.values(), key=lambda order: order.number)


def _reached_late(screen: Screen, order: WorkingOrder) -> bool:
    if not screen.lets(order.request):
        return False
    net = _net(order.parts, screen.quotes)
    return not order.arrived or (net is not None and order.limit is not None and net <= order.limit)


def _moved(world: World, screen: Screen) -> Iterator[Symbol]:
    """Yield the symbols that are quoted anew, all of them when a session opens."""
    opens = screen.opens
    for symbol in world.orders.symbols:
        if symbol not in screen.quotes or symbol.underlying in screen.halted:
            continue
        if opens or not screen.is_still(symbol):
            yield symbol


def _within(screen: Screen, shelf: Shelf) -> Iterator[WorkingOrder]:
    """Yield the spreads of a shelf whose legs could trade within their limits."""
    net = _net(shelf.parts, screen.quotes)
    if net is not None:
        yield from shelf.unpriced
        yield from shelf.at_or_above(net)


def _net(parts: tuple[Part, ...], quotes: Mapping[Symbol, Quote]) -> Decimal | None:
    """Return what the market wants for one unit; None where nobody stands on a leg's side."""
    net = NOTHING
    for part in parts:
        quote = quotes.get(part.symbol)
        price = None if quote is None else quote.natural(part.sign)
        if price is None:
            return None
        net += part.weight * price
    return net


def _near(world: World, screen: Screen, shelf: Shelf) -> Iterator[WorkingOrder]:
    """Yield orders of one leg that the market has come to, or that had their turn in line."""
    yield from shelf.unpriced
    part = shelf.parts[0]
    quote = screen.quotes[part.symbol]
    near = shelf.at_or_above(_nearest(quote, part.sign))
    if not near:
        return
    side = side_of(quote, part.sign, screen.traded(part.symbol))
    for order in near:
        if _has_its_turn(world, order, side):
            yield order


def _nearest(quote: Quote, sign: int) -> Decimal:
    """Return the price, signed, from which on a quote could mean something to an order."""
    shown = [price for price in (quote.bid, quote.ask, quote.last) if price is not None]
    return min(shown, default=NOTHING) if sign > 0 else -max(shown, default=NOTHING)


def _has_its_turn(world: World, order: WorkingOrder, side: Side) -> bool:
    """Whether the other side came to a resting order, or a trade; else it moves up in its line."""
    price = order.rests_at
    if price is None or side.is_met(price):
        return True
    ahead, served = side.turn(price, world.line.get(order.order_id))
    if not served:
        world.stand(order.order_id, ahead)
    return served > 0
