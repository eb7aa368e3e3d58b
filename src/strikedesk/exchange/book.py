"""Orders that the exchange holds: what they ask for, how far they got, how they ended."""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property
from typing import Final

from strikedesk.domain.broking import BrokerOrder, Fill
from strikedesk.domain.money import to_cents
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import Symbol
from strikedesk.domain.value_class import value_class
from strikedesk.exchange.accounts import COST_STEP, NOTHING
from strikedesk.exchange.membership import Membership, Pending, Wish

_PENDING: Final = {
    Wish.CANCEL: OrderState.CANCEL_PENDING,
    Wish.REPLACE: OrderState.REPLACE_PENDING,
}


@value_class
class Part:
    """One leg as the matching sees it.

    `sign` is + bought; `ratio` the quantity in one unit; `weight` its signed share in the net
    price; `closes` whether it may only take back what is held.
    """

    symbol: Symbol
    sign: int
    ratio: int
    weight: Decimal
    closes: bool


def parts_of(request: OrderRequest, closing: tuple[bool, ...]) -> tuple[Part, ...]:
    """Return the parts of an order, given which of its legs close."""
    return tuple(
        Part(
            symbol=leg.symbol,
            sign=leg.action.sign,
            ratio=leg.quantity // request.units,
            weight=request.weight(leg),
            closes=closes,
        )
        for leg, closes in zip(request.legs, closing, strict=True)
    )


@value_class
class WorkingOrder:
    """An order that may still fill.

    Units: `filled` whole units; `net_sum` the net price summed over filled units; `reserved` USD
    of buying power held back for the rest. `arrived` = it has met an open market; `triggered` =
    its stop was touched; `expires_at` None = never. `number` is its place in the queue.

    `waits_for` names the order that must fill first, or give way to this replacement.
    `cut` = units that the other side of its group has filled in its stead. Of the orders of one
    `slot` no more than one can fill: together they hold back what the dearest of them does.
    """

    order_id: str
    number: int
    client_order_id: str
    request: OrderRequest
    parts: tuple[Part, ...]
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    reserved: Decimal
    arrived: bool = False
    triggered: bool = False
    filled: int = 0
    net_sum: Decimal = NOTHING
    fees: Decimal = NOTHING
    fills: tuple[Fill, ...] = field(default=())
    replaces: str | None = None
    group: Membership | None = None
    waits_for: str | None = None
    cut: int = 0
    slot: str | None = None
    pending: Pending | None = None

    @property
    def account_id(self) -> str:
        """Whose order it is."""
        return self.request.account_id

    @property
    def remaining(self) -> int:
        """Units that are still to be filled."""
        return self.request.units - self.filled - self.cut

    @property
    def limit(self) -> Decimal | None:
        """The worst net price it takes, signed; None = whatever the market gives."""
        return self.request.limit_net

    @property
    def is_replacement_to_be(self) -> bool:
        """Whether it waits for the order that it is to replace."""
        return self.waits_for is not None and self.waits_for == self.replaces

    @property
    def rests_at(self) -> Decimal | None:
        """The price at which it stands in line, positive; None for what stands in none."""
        if self.limit is None or len(self.parts) > 1 or self.waits_for_stop or not self.arrived:
            return None
        return abs(self.limit)

    @property
    def waits_for_stop(self) -> bool:
        """Whether its trigger has not been touched yet."""
        return self.request.stop_trigger is not None and not self.triggered

    @property
    def closes_only(self) -> bool:
        """Whether every leg takes back something held."""
        return all(part.closes for part in self.parts)

    @property
    def state(self) -> OrderState:
        """Where it stands while it can still fill."""
        if self.pending is not None:
            return _PENDING[self.pending.wish]
        if self.filled:
            return OrderState.PARTIALLY_FILLED
        return OrderState.WORKING if self.arrived else OrderState.SUBMITTED

    @property
    def reserved_left(self) -> Decimal:
        """USD of buying power held back for what is still to be filled."""
        if self.remaining == self.request.units:
            return self.reserved
        return to_cents(self.reserved * self.remaining / self.request.units)

    def after_fill(self, units: int, net: Decimal, fills: tuple[Fill, ...]) -> "WorkingOrder":
        """Return the order after `units` more were filled at `net`."""
        return replace(
            self,
            filled=self.filled + units,
            net_sum=self.net_sum + net * units,
            fees=self.fees + sum((fill.known_fees for fill in fills), NOTHING),
            fills=(*self.fills, *fills),
            updated_at=fills[-1].at,
        )

    @cached_property
    def shown(self) -> BrokerOrder:
        """The order as a broker tells it; an account's are all told at every look at it."""
        return self._told(self.state, self.updated_at)

    def ended(
        self,
        state: OrderState,
        at: datetime,
        *,
        code: str | None = None,
        replaced_by: str | None = None,
    ) -> BrokerOrder:
        """Return the order as it ended at `at`."""
        return self._told(state, at, code=code, replaced_by=replaced_by)

    def _told(
        self,
        state: OrderState,
        at: datetime,
        *,
        code: str | None = None,
        replaced_by: str | None = None,
    ) -> BrokerOrder:
        return BrokerOrder(
            broker_order_id=self.order_id,
            client_order_id=self.client_order_id,
            order=self.request,
            state=state,
            filled_units=self.filled,
            average_net=_average(self.net_sum, self.filled),
            fees=self.fees,
            fills=self.fills,
            replaces=self.replaces,
            replaced_by=replaced_by,
            reject_code=code,
            message=_says(code),
            created_at=self.created_at,
            updated_at=at,
            group_id=None if self.group is None else self.group.group_id,
            waits_for=self.waits_for,
        )


def filled_of(order: WorkingOrder, symbol: Symbol) -> tuple[int, Decimal, Decimal]:
    """Return the quantity, the sum of price x quantity, and the fees that a leg has had so far.

    Of whole contracts and shares: an order by value has all it ever gets at once.
    """
    mine = [fill for fill in order.fills if fill.symbol == symbol]
    quantity = sum(int(abs(fill.signed_quantity)) for fill in mine)
    value = sum((fill.price * abs(fill.signed_quantity) for fill in mine), NOTHING)
    return quantity, value, sum((fill.known_fees for fill in mine), NOTHING)


def net_of(parts: tuple[Part, ...], prices: Mapping[Symbol, Decimal]) -> Decimal:
    """Return the net price of one unit at these leg prices."""
    return sum((part.weight * prices[part.symbol] for part in parts), NOTHING)


def _average(net_sum: Decimal, units: int) -> Decimal | None:
    if not units:
        return None
    exact = net_sum / units
    rounded = exact.quantize(COST_STEP, rounding=ROUND_HALF_EVEN)
    return exact if exact == rounded else rounded


def _says(code: str | None) -> str | None:
    return None if code is None else f"Ended by the exchange: {code}."
