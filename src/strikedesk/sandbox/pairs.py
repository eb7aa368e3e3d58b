"""Pairs at the venue: two orders that wait for each other until their ratio sets both to work.

The venue knows no ratio. Where each waits for the other neither begins, and an end of one ends
both. Once they are released each stands by itself: if the venue refuses one, the other works on.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.groups import GroupKind
from strikedesk.domain.orders import OrderRequest
from strikedesk.exchange.assess import Assessment
from strikedesk.exchange.market import Market
from strikedesk.exchange.membership import Membership
from strikedesk.exchange.placing import begin, made
from strikedesk.exchange.world import World

# The id of no order: what waits for it begins.
_NOBODY: Final = "-"


def hold(
    world: World, pair: Sequence[tuple[OrderRequest, Assessment]], tag: str
) -> tuple[BrokerOrder, ...]:
    """Take two orders that are not to work yet; the first names the pair."""
    orders = [made(world.next_number(), world, found, request, tag) for request, found in pair]
    held: list[BrokerOrder] = []
    for place, (order, other) in enumerate(zip(orders, reversed(orders), strict=True), start=1):
        # Of the venue's kinds, the one whose orders do not cancel each other when they fill.
        member = Membership(group_id=orders[0].order_id, kind=GroupKind.OTO, place=place)
        waiting = replace(order, group=member, waits_for=other.order_id)
        world.put_order(waiting)
        held.append(waiting.shown)
    return tuple(held)


def release(world: World, at: datetime, *, market: Market, members: Sequence[str]) -> None:
    """Set the orders of a pair to work, those that have not ended meanwhile."""
    for order_id in members:
        order = world.orders.get(order_id)
        if order is not None:
            world.put_order(replace(order, waits_for=_NOBODY))
    begin(world, market, at)
