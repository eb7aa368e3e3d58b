"""What an order meets in its account: positions, and orders at work that may still change them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property

from strikedesk.domain.accounts import Position
from strikedesk.domain.broking import BrokerOrder, Survey
from strikedesk.domain.errors import Denied, Fact
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType
from strikedesk.domain.payoff import Holding, holdings_of
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol
from strikedesk.domain.value_class import value_class
from strikedesk.domain.worst_case import risk_added


@value_class
class Surroundings:
    """What is held, and what works beside the order; `replaced` is the order it takes over from.

    `brought` is what an order brings, once it has filled, that the one looked at waits for.
    """

    positions: Sequence[Position]
    working: Sequence[BrokerOrder]
    replaced: BrokerOrder | None = None
    brought: Sequence[Holding] = ()

    def held(self, underlying: str) -> list[Holding]:
        """Return what is held in an underlying by the time the order begins to work."""
        return [
            Holding(symbol=symbol, quantity=quantity)
            for symbol, quantity in self._quantities.items()
            if symbol.underlying == underlying and quantity
        ]

    def quantity(self, symbol: Symbol) -> int:
        """Return how much is held of a symbol by then, + long."""
        return self._quantities.get(symbol, 0)

    def only_closes(self, order: OrderRequest) -> bool:
        """Whether each leg takes back what is held, and what is left can lose no more than before.

        Prices have no part in it: a close at any price is a close. Selling the long leg out of a
        spread, or a put that protects shares, is none.
        """
        held = self._quantities
        for leg in order.legs:
            back = -leg.action.sign * held.get(leg.symbol, 0)
            if leg.action.opens or leg.quantity > back:
                return False
        added = holdings_of(order)
        risks = [risk_added(book, added, Decimal(0)) for book in self.books(order.underlying)]
        return all(risk is not None and risk <= 0 for risk in risks)

    def books(self, underlying: str) -> list[list[Holding]]:
        """Return what may be held when an order fills, now and after others filled before it.

        Only those that sell count, each by itself and all together: they may take the cover away.
        What is merely hoped for covers nothing.
        """
        held = self.held(underlying)
        working = [o for o in self.working if o.order.sells and o.order.underlying == underlying]
        selling = [[*self._triggers_of(o), o] for o in _once(working)]
        if len(selling) > 1:
            every = {o.broker_order_id: o for orders in selling for o in orders}
            selling.append([*every.values()])
        return [held, *([*held, *_rest_of_all(orders)] for orders in selling)]

    def after(self, order: OrderRequest) -> "Surroundings":
        """Return what an order meets that begins to work once this one has filled."""
        return replace(self, brought=[*self.brought, *holdings_of(order)])

    def check_closes(self, order: OrderRequest) -> None:
        """Refuse a leg that gives back more than is held and not promised to others already.

        Raises:
            Denied: CLOSE_EXCEEDS_POSITION with what is held.
        """
        for leg in order.legs:
            if _gives_back(leg):
                self._check_available(leg)

    def _triggers_of(self, order: BrokerOrder) -> list[BrokerOrder]:
        """Return the order at work, if there is one, that has to fill before this one begins."""
        return [o for o in self.working if o.broker_order_id == order.waits_for]

    def _promised(self, order: BrokerOrder, leg: Leg) -> int:
        """Return how much of what is held an order at work gives back of the leg's symbol.

        What its trigger brings first it takes from that.
        """
        brought = _rest_of_all(self._triggers_of(order))
        first = sum(each.quantity for each in brought if each.symbol == leg.symbol)
        return max(_promised(order, leg) - max(-leg.action.sign * first, 0), 0)

    @cached_property
    def _quantities(self) -> Mapping[Symbol, int]:
        found: dict[Symbol, int] = {}
        for each in (*self.positions, *self.brought):
            found[each.symbol] = found.get(each.symbol, 0) + each.quantity
        return found

    def _check_available(self, leg: Leg) -> None:
        held = self._quantities.get(leg.symbol, 0)
        promised = sum(self._promised(order, leg) for order in _once(self.working))
        if leg.quantity <= -leg.action.sign * held - promised:
            return
        facts: dict[str, Fact] = {"in_working_orders": promised} if promised else {}
        if leg.action is Action.SELL:
            facts["rule"] = "a_short_sale_says_sell_to_open"
        raise Denied(
            Reason.CLOSE_EXCEEDS_POSITION,
            symbol=leg.symbol.compact,
            asked=leg.quantity,
            held=held,
            **facts,
        )


def surroundings_of(seen: Survey, *, replaces: str | None) -> Surroundings:
    """Return what an order meets, without the order that it is to replace.

    Raises:
        Denied: ORDER_NOT_WORKING, when there is nothing to replace any more.
    """
    positions, orders = seen.positions, _bounded(seen)
    if replaces is None:
        return Surroundings(positions=positions, working=orders)
    replaced = next((o for o in orders if o.broker_order_id == replaces), None)
    if replaced is None:
        raise Denied(Reason.ORDER_NOT_WORKING, broker_order_id=replaces)
    triggers = [o for o in orders if o.broker_order_id == replaced.waits_for]
    others = [o for o in orders if o not in triggers and not _is_beside(o, replaced)]
    return Surroundings(
        positions=positions, working=others, replaced=replaced, brought=_rest_of_all(triggers)
    )


def _bounded(seen: Survey) -> list[BrokerOrder]:
    """Return what works, a sale by value as one of all the shares that are held.

    How many it takes is only known once it has filled; more it cannot take.
    """
    held = {position.symbol: position.quantity for position in seen.positions}
    return [_of_all_held(o, held) if o.order.by_value else o for o in seen.working]


def _of_all_held(order: BrokerOrder, held: Mapping[Symbol, int]) -> BrokerOrder:
    leg = order.order.legs[0]
    if leg.action.sign > 0:
        return order
    shares = replace(leg, quantity=max(held.get(leg.symbol, 0), 1))
    counted = replace(order.order, order_type=OrderType.MARKET, legs=(shares,), value=None)
    return replace(order, order=counted, filled_units=0)


def _once(working: Sequence[BrokerOrder]) -> list[BrokerOrder]:
    """Return the orders without the second side of an OCO, where both would do the same.

    No more than one of them fills. Sides that differ count both: either may be the one.
    """
    found: dict[object, BrokerOrder] = {}
    for order in working:
        alone = order.group_id is None
        found.setdefault(order.broker_order_id if alone else _side(order), order)
    return [*found.values()]


def _side(order: BrokerOrder) -> object:
    return order.group_id, order.waits_for, tuple(_rest(order))


def _is_beside(order: BrokerOrder, replaced: BrokerOrder) -> bool:
    """Whether an order is the one to be replaced, or its other side: neither fills beside it."""
    same = order.group_id is not None and order.group_id == replaced.group_id
    side = same and order.waits_for == replaced.waits_for
    return side or order.broker_order_id == replaced.broker_order_id


def _rest_of_all(orders: Sequence[BrokerOrder]) -> list[Holding]:
    return [holding for order in orders for holding in _rest(order)]


def _rest(order: BrokerOrder) -> list[Holding]:
    """Return what an order at work may still add to what is held."""
    left = order.order.units - order.filled_units
    return [
        Holding(symbol=leg.symbol, quantity=leg.signed_quantity // order.order.units * left)
        for leg in order.order.legs
    ]


def _gives_back(leg: Leg) -> bool:
    """Whether a leg may only take back what is held; shares that are sold are held."""
    return leg.action.opens is False or leg.action is Action.SELL


def _promised(order: BrokerOrder, leg: Leg) -> int:
    """Return how much of the leg's symbol an order at work gives back on the same side."""
    left = order.order.units - order.filled_units
    return sum(
        other.quantity // order.order.units * left
        for other in order.order.legs
        if other.symbol == leg.symbol
        and other.action.sign == leg.action.sign
        and _gives_back(other)
    )
