"""What a client wrote on an order beside what the venue trades by, and how groups hang together.

The venue knows neither tags nor the protocol's numbers of complex orders; they live as long as the
sandbox does, as its world.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from strikedesk.domain.broking import BrokerOrder
from strikedesk.sandbox.ratio import Ratio

# Numbers of complex orders are a series of their own: nobody can take one for an order's.
COMPLEX_FROM: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is echoed of an order. `price_effect` is what was said of a price of zero."""

    order_type: str | None = None
    time_in_force: str | None = None
    external_identifier: str | None = None
    source: str | None = None
    price_effect: str | None = None
    place: int | None = None


class ComplexKind(StrEnum):
    """What kinds of complex orders there are, by the protocol's names."""

    OCO = "OCO"
    OTO = "OTO"
    OTOCO = "OTOCO"
    PAIRS = "PAIRS"

    @property
    def has_trigger(self) -> bool:
        """Whether its first order sets the others to work."""
        return self in {ComplexKind.OTO, ComplexKind.OTOCO}


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupNote:
    """A complex order: its kind and the venue's ids of its orders as they are now.

    `ratio` is what the orders of a pair wait for while it `is_held`.
    """

    kind: ComplexKind
    account_id: str
    members: tuple[str, ...]
    ratio: Ratio | None = None
    is_held: bool = False

    def renamed(self, old: str, new: str) -> "GroupNote":
        """Return the group with a replacement in the place of what it replaced."""
        members = tuple(new if member == old else member for member in self.members)
        return replace(self, members=members)


@dataclass(slots=True)
class Notes:
    """Notes by the venue's order id, and groups by the venue's id of their first order."""

    orders: dict[str, Note] = field(default_factory=dict[str, Note])
    groups: dict[str, GroupNote] = field(default_factory=dict[str, GroupNote])

    def of(self, order: BrokerOrder) -> Note:
        """Return what was written on an order."""
        return self.orders.get(order.broker_order_id, Note())

    def group_of(self, order: BrokerOrder) -> GroupNote | None:
        """Return the group that an order belongs to."""
        return None if order.group_id is None else self.groups.get(order.group_id)

    def replaced(self, old: BrokerOrder, new: BrokerOrder) -> None:
        """Let a replacement stand in its predecessor's group."""
        group = self.group_of(old)
        if group is not None and old.group_id is not None:
            self.groups[old.group_id] = group.renamed(old.broker_order_id, new.broker_order_id)

    @property
    def pairs_held(self) -> tuple[str, ...]:
        """The pairs that wait for their ratio."""
        return tuple(name for name, note in self.groups.items() if note.is_held)

    def released(self, group_id: str) -> None:
        """Note that a pair waits no more."""
        self.groups[group_id] = replace(self.groups[group_id], is_held=False)


def number_of(order_id: str) -> int:
    """Return the number that the protocol knows an order, a fill or a line by."""
    return int(order_id.rpartition("-")[2])


def complex_number(group_id: str) -> int:
    """Return the number of a complex order."""
    return COMPLEX_FROM + number_of(group_id)
