"""What passes between the desk and a broker: tickets, receipts, orders as the broker sees them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from strikedesk.domain.accounts import Account, Environment, Position
from strikedesk.domain.errors import Fact
from strikedesk.domain.groups import GroupKind, OrderGroup, member_id
from strikedesk.domain.orders import OrderRequest, OrderType, TimeInForce
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import Symbol
from strikedesk.domain.value_class import value_class


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a broker can do, said once. `order_types` and `times_in_force` hold for options too.

    `groups` are the kinds of order groups that it holds together itself; none = it has none.
    `tells_orders`: it says by itself, and at once, what becomes of orders. `embedded`: it answers
    out of this process, so that nothing is won by asking for two things at the same time.
    """

    name: str
    environment: Environment
    simulated: bool
    order_types: frozenset[OrderType]
    times_in_force: frozenset[TimeInForce]
    legs_max: int
    shares_with_options: bool
    deduplicates_client_ids: bool
    groups: frozenset[GroupKind] = frozenset()
    tells_orders: bool = False
    embedded: bool = False


@value_class
class PlaceTicket:
    """Put a new order to work."""

    client_order_id: str
    order: OrderRequest

    @property
    def account_id(self) -> str:
        """Whose order it is."""
        return self.order.account_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceTicket:
    """Change a working order; the broker gives the successor a number of its own."""

    client_order_id: str
    order: OrderRequest
    broker_order_id: str

    @property
    def account_id(self) -> str:
        """Whose order it is."""
        return self.order.account_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTicket:
    """Take a working order back. `client_order_id` names the act of cancelling, not the order."""

    client_order_id: str
    account_id: str = field(repr=False)
    broker_order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTicket:
    """Put a group of orders to work, all or none.

    `client_order_id` names the group; each member has one of its own, made from it.
    """

    client_order_id: str
    group: OrderGroup

    @property
    def account_id(self) -> str:
        """Whose orders they are."""
        return self.group.account_id

    @property
    def member_ids(self) -> tuple[str, ...]:
        """The client order ids of the members, in their order."""
        places = range(1, len(self.group.orders) + 1)
        return tuple(member_id(self.client_order_id, place) for place in places)


Ticket: TypeAlias = PlaceTicket | ReplaceTicket | CancelTicket | GroupTicket


@value_class
class Fill:
    """One execution of one leg. Units: USD per share, positive; fees USD, None = not told.

    `signed_quantity` counts whole contracts or shares, and parts of shares of an order by value.
    """

    fill_id: str
    at: datetime
    symbol: Symbol
    signed_quantity: int | Decimal
    price: Decimal
    fees: Decimal | None

    @property
    def known_fees(self) -> Decimal:
        """What it is known to have cost, for sums: nothing where nobody tells."""
        return Decimal(0) if self.fees is None else self.fees


@value_class
class BrokerOrder:
    """An order as the broker has it. `average_net` has the sign of `limit_net`.

    `filled_units` counts whole units; `message` is the broker's text: untrusted. `group_id` is
    that of the group it belongs to: the id of the group's first order; cancelling by it cancels
    what still works of the group. `waits_for` names the order that must fill, or give way to this
    one as its replacement, before this one begins to work.
    """

    broker_order_id: str
    client_order_id: str | None
    order: OrderRequest
    state: OrderState
    filled_units: int = 0
    average_net: Decimal | None = None
    fees: Decimal | None = None
    fills: tuple[Fill, ...] = ()
    replaces: str | None = None
    replaced_by: str | None = None
    reject_code: str | None = None
    message: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    group_id: str | None = None
    waits_for: str | None = None


@value_class
class Receipt:
    """The broker took the ticket: the order it made or changed, as it stands now.

    Of a group, `broker_order` is the first and `members` are all of them, in their order.
    """

    client_order_id: str
    broker_order: BrokerOrder
    members: tuple[BrokerOrder, ...] = ()


@value_class
class Preflight:
    """What the broker says an order would do, without sending it. Units: USD.

    `fees` and `buying_power_*` are None where the broker did not say. `refusals` are reasons for
    which it would not take the order, in our words, and `because` what a single one rests on;
    `warnings` are the broker's text: untrusted.
    """

    fees: Decimal | None
    buying_power_before: Decimal | None
    buying_power_after: Decimal | None
    margin_change: Decimal | None
    refusals: tuple[str, ...] = ()
    because: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
    warnings: tuple[str, ...] = ()


@value_class
class Survey:
    """What a ticket meets: its account as it is now, what is held, what works, the pre-flight.

    `account` None = the broker has none of this id any more. `working` are the orders that may
    still fill, newest first.
    `fractions` are the parts of shares held, by ticker: None = nobody asked, or nobody tells.
    Law: what fills during the look is counted twice, or once, and never not at all.
    """

    account: Account | None
    positions: tuple[Position, ...]
    working: tuple[BrokerOrder, ...]
    preflight: Preflight
    fractions: Mapping[str, Decimal] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerWatchlist:
    """A list of symbols that the broker keeps. `name` is somebody's text there: untrusted.

    `symbols` are those that the desk has a word for, in the list's order; `entries` counts all of
    them, futures and whatever else too. `public`: the broker's, the same for all of its users.
    """

    name: str
    symbols: tuple[Symbol, ...]
    entries: int
    public: bool


class LookupStatus(StrEnum):
    """How sure a search for a client order id is."""

    FOUND = "found"
    ABSENT = "absent"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """The answer to "did you get the order with this client order id?".

    ABSENT only after every page was read; anything less is INCOMPLETE.
    """

    status: LookupStatus
    broker_order: BrokerOrder | None = None
