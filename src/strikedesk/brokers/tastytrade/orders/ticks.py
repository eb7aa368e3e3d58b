"""Ticks, by the broker's own tables: what it takes off them it refuses only at the venue."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from strikedesk.brokers.tastytrade.payloads.chains import TickTold
from strikedesk.domain.errors import Denied
from strikedesk.domain.money import CENT, PRICE_STEP, on_tick
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.reasons import Reason


def tick_at(table: Sequence[TickTold], price: Decimal) -> Decimal | None:
    """Return the step of prices at `price`: of the first line whose threshold lies above it."""
    for line in table:
        if line.value and (line.threshold is None or abs(price) < line.threshold):
            return line.value
    return None


def finest(tables: Iterable[Sequence[TickTold]]) -> Decimal | None:
    """Return the smallest step of several tables, which is that of a net price over them."""
    steps = [line.value for table in tables for line in table if line.value]
    return min(steps, default=None)


def check_ticks(
    order: OrderRequest, tables: Sequence[Sequence[TickTold]], *, penny: bool = False
) -> None:
    """Refuse prices off the tick. `tables` are those of the option legs; none for shares alone.

    A net price is held to the finest step of its legs, one leg's to the step at that price, shares
    to a cent; only `penny` ones, which trade below a dollar, have finer steps.

    Raises:
        Denied: INVALID_TICK; CHECK_IMPOSSIBLE where a contract's steps are not known.
    """
    for price in (order.limit_net, order.stop_trigger):
        if price is None:
            continue
        tick = _tick(order, tables, price, penny=penny)
        if tick is None:
            raise Denied(Reason.CHECK_IMPOSSIBLE, check="ticks")
        if not on_tick(abs(price), tick):
            raise Denied(Reason.INVALID_TICK, rule="price_on_tick", price=abs(price), tick=tick)


def _tick(
    order: OrderRequest, tables: Sequence[Sequence[TickTold]], price: Decimal, *, penny: bool
) -> Decimal | None:
    if not order.has_options:
        return PRICE_STEP if penny and abs(price) < 1 else CENT
    if not tables or not all(tables):
        return None
    return tick_at(tables[0], price) if len(order.legs) == 1 else finest(tables)
