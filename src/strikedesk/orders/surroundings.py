"""What an order meets in its account: positions, and orders at work that may still change them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from strikedesk.domain.accounts import Position
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import Denied, Fact
from strikedesk.domain.orders import Action, Leg, OrderRequest
from strikedesk.domain.payoff import Holding, holdings_of
from strikedesk.domain.ports import Broker
from strikedesk.domain.reasons import Reason
from strikedesk.domain.worst_case import risk_added


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is held, and what works beside the order; `replaced` is the order it takes over from."""

    positions: Sequence[Position]
    working: Sequence[BrokerOrder]
    replaced: BrokerOrder | None = None

    def held(self, underlying: str) -> list[Holding]:
        """Return what is held in an underlying now."""
        return [
            Holding(symbol=position.symbol, quantity=position.quantity)
            for position in self.positions
            if position.symbol.underlying == underlying
        ]

    def only_closes(self, order: OrderRequest) -> bool:
        """Whether each leg takes back what is held, and what is left can lose no more than before.

        Prices have no part in it: a close at any price is a close. Selling the long leg out of a
        spread, or a put that protects shares, is none.
        """
        held = {holding.symbol: holding.quantity for holding in self.held(order.underlying)}
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
        selling = [_rest(o) for o in self.working if o.order.underlying == underlying and _sells(o)]
        books = [held, *([*held, *rest] for rest in selling)]
        if len(selling) > 1:
            books.append([*held, *(holding for rest in selling for holding in rest)])
        return books

    def check_closes(self, order: OrderRequest) -> None:
        """Refuse a leg that gives back more than is held and not promised to others already.

        Raises:
            Denied: CLOSE_EXCEEDS_POSITION with what is held.
        """
        for leg in order.legs:
            if _gives_back(leg):
                self._check_available(leg)

    def _check_available(self, leg: Leg) -> None:
        held = sum(p.quantity for p in self.positions if p.symbol == leg.symbol)
        promised = sum(_promised(order, leg) for order in self.working)
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


async def surroundings_of(
    broker: Broker, order: OrderRequest, *, replaces: str | None
) -> Surroundings:
    """Read what `order` meets, without the order that it is to replace.

    Raises:
        Denied: ORDER_NOT_WORKING, when there is nothing to replace any more.
        Unavailable: the broker cannot be asked.
    """
    # Orders first: what fills between the two looks is counted twice then, and never not at all.
    orders = [o for o in await broker.orders(order.account_id) if o.state.is_open]
    positions = await broker.positions(order.account_id)
    replaced = next((o for o in orders if o.broker_order_id == replaces), None)
    if replaces is not None and replaced is None:
        raise Denied(Reason.ORDER_NOT_WORKING, broker_order_id=replaces)
    others = tuple(o for o in orders if o.broker_order_id != replaces)
    return Surroundings(positions=positions, working=others, replaced=replaced)


def _rest(order: BrokerOrder) -> list[Holding]:
    """Return what an order at work may still add to what is held."""
    left = order.order.units - order.filled_units
    return [
        Holding(symbol=leg.symbol, quantity=leg.signed_quantity // order.order.units * left)
        for leg in order.order.legs
    ]


def _sells(order: BrokerOrder) -> bool:
    return any(leg.action.sign < 0 for leg in order.order.legs)


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
