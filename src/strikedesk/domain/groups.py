"""Groups of orders that the venue itself holds together: OCO, OTO and OTOCO."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import OrderRequest, OrderType, TimeInForce
from strikedesk.domain.reasons import Reason


class GroupKind(StrEnum):
    """How the orders of a group depend on each other.

    `oco`: two sides, of which one cancels the other. `oto`: the first triggers the second.
    `otoco`: the first triggers two sides, of which one cancels the other.
    """

    OCO = "oco"
    OTO = "oto"
    OTOCO = "otoco"

    @property
    def has_trigger(self) -> bool:
        """Whether its first order sets the others to work."""
        return self is not GroupKind.OCO


_SIZE: Final = {GroupKind.OCO: 2, GroupKind.OTO: 2, GroupKind.OTOCO: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderGroup:
    """Orders of one account that are placed, held and taken back together, the trigger first.

    Law: as many orders as the kind has, of one account and one underlying. The sides of an OCO ask
    for the same number of units, stand equally long and wait for a price: none is a market order
    and none is immediate. Nor is a trigger immediate. All keep to regular hours, and none is by
    value. Raises `Denied` with the rule's name otherwise.
    """

    # How many orders an OTO may set to work. A desk's limits are reckoned for one.
    CHILDREN_MAX: ClassVar[int] = 1

    kind: GroupKind
    orders: tuple[OrderRequest, ...]

    def __post_init__(self) -> None:
        """Apply the rules that need no market."""
        self._check_number()
        if len({(order.account_id, order.underlying) for order in self.orders}) != 1:
            raise Denied(Reason.INVALID_ORDER, rule="a_group_has_one_account_and_underlying")
        if any(order.by_value for order in self.orders):
            raise Denied(Reason.INVALID_ORDER, rule="an_order_by_value_is_of_no_group")
        if any(order.time_in_force is TimeInForce.IOC for order in self.orders):
            raise Denied(Reason.INVALID_TIME_IN_FORCE, rule="orders_of_a_group_wait")
        if any(order.time_in_force.extended for order in self.orders):
            raise Denied(
                Reason.INVALID_TIME_IN_FORCE, rule="orders_of_a_group_keep_to_regular_hours"
            )
        self._check_sides()

    @property
    def account_id(self) -> str:
        """Whose orders they are."""
        return self.orders[0].account_id

    @property
    def trigger(self) -> OrderRequest | None:
        """The order that sets the others to work, if the kind has one."""
        return self.orders[0] if self.kind.has_trigger else None

    @property
    def sides(self) -> tuple[OrderRequest, ...]:
        """The orders of which one cancels the other; none for an OTO."""
        if self.kind is GroupKind.OTO:
            return ()
        return self.orders[1:] if self.kind.has_trigger else self.orders

    def _check_number(self) -> None:
        least = _SIZE[self.kind]
        most = 1 + self.CHILDREN_MAX if self.kind is GroupKind.OTO else least
        if not least <= len(self.orders) <= most:
            raise Denied(
                Reason.INVALID_ORDER,
                rule="orders_of_a_group",
                kind=self.kind.value,
                orders=len(self.orders),
            )

    def _check_sides(self) -> None:
        if len({order.units for order in self.sides}) > 1:
            raise Denied(Reason.INVALID_QUANTITY, rule="sides_have_one_size")
        if any(order.order_type is OrderType.MARKET for order in self.sides):
            raise Denied(Reason.INVALID_ORDER, rule="sides_wait_for_a_price")
        if len({(order.time_in_force, order.gtd_date) for order in self.sides}) > 1:
            raise Denied(Reason.INVALID_TIME_IN_FORCE, rule="sides_stand_equally_long")


def member_id(client_order_id: str, place: int) -> str:
    """Return the client order id of a group's member, counted from 1: one per order."""
    return f"{client_order_id}-{place}"


def whole_id(member: str) -> str:
    """Return the client order id of the group that a member's was made from."""
    return member.rpartition("-")[0]
