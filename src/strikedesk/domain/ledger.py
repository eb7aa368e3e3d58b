"""What the desk writes down about an order: previews, orders, events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from strikedesk.domain.accounts import Environment
from strikedesk.domain.canonical import Json
from strikedesk.domain.groups import GroupKind
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.states import OrderState
from strikedesk.domain.value_class import value_class


class TicketKind(StrEnum):
    """What confirming does at the broker."""

    PLACE = "place"
    REPLACE = "replace"
    CANCEL = "cancel"


class NonceState(StrEnum):
    """A nonce is live until its first use or its first misuse."""

    LIVE = "live"
    SPENT = "spent"
    VOID = "void"


@value_class
class OrderRecord:
    """One act towards a broker, from preview to end. `order_id` is the desk's own.

    `order` is what is placed, or what the replacement becomes, or what the cancel takes back.
    `target_order_id` names the desk's order that a replace or a cancel acts on. `average_net` has
    the sign of `limit_net`. `caller` is who previewed (a principal, never a secret). `group_id` is
    that of the first order of the group that it was previewed in, `group_place` counts from 1.
    """

    order_id: str
    preview_id: str
    client_order_id: str
    kind: TicketKind
    state: OrderState
    account_id: str = field(repr=False)
    account_handle: str
    broker: str
    environment: Environment
    caller: str
    order: OrderRequest = field(repr=False)
    created_at: datetime
    updated_at: datetime
    target_order_id: str | None = None
    target_broker_order_id: str | None = None
    broker_order_id: str | None = None
    filled_units: int = 0
    average_net: Decimal | None = None
    fees: Decimal | None = None
    reason: str | None = None
    replaced_by: str | None = None
    group_id: str | None = None
    group_kind: GroupKind | None = None
    group_place: int | None = None

    @property
    def leads(self) -> bool:
        """Whether it is the first of a group: previewed, sent and settled for all of it."""
        return self.group_id == self.order_id

    @property
    def goes_along(self) -> bool:
        """Whether it is another of a group, which leaves the desk with the first of it."""
        return self.group_id is not None and not self.leads

    def is_side_of(self, other: "OrderRecord") -> bool:
        """Whether the two are the sides of one group, of which one cancels the other."""
        if self.group_id is None or self.group_id != other.group_id:
            return False
        return self.is_side and other.is_side and self.order_id != other.order_id

    @property
    def is_side(self) -> bool:
        """Whether another order of its group cancels it, and it that one."""
        if self.group_kind is GroupKind.OTOCO:
            return self.group_place != 1
        return self.group_kind is GroupKind.OCO


@value_class
class PreviewRecord:
    """A preview as stored: its order row, what its nonce is bound to, and what was shown.

    `nonce_hash` and `binding` are SHA-256 in hex; the nonce itself is stored nowhere. Of a group,
    `record` is the first order and `others` are the rest, in their order.
    """

    record: OrderRecord
    nonce_hash: str = field(repr=False)
    binding: str
    created_at: datetime
    expires_at: datetime
    shown: Mapping[str, Json]
    nonce_state: NonceState = NonceState.LIVE
    others: tuple[OrderRecord, ...] = ()


@value_class
class Progress:
    """What changed about an order. `None` = leave as it is.

    `others` is what became of the others of its group, in their order. Without it they end, or stay
    in doubt, as the first does; of one that the broker took nothing follows for them.
    """

    state: OrderState
    broker_order_id: str | None = None
    filled_units: int | None = None
    average_net: Decimal | None = None
    fees: Decimal | None = None
    reason: str | None = None
    replaced_by: str | None = None
    others: tuple["Progress", ...] = ()


@value_class
class OrderEvent:
    """One line of the audit trail; `digest` chains it to the line before.

    `actor` is who (a principal), `path` is how (`tool:confirm_order`, `start-up`, `worker`, ...).
    """

    sequence: int
    order_id: str | None
    at: datetime
    actor: str
    path: str
    kind: str
    body: Mapping[str, Json]
    previous_digest: str
    digest: str


@value_class
class Note:
    """What a step wants written into the audit trail beside its change."""

    at: datetime
    actor: str
    path: str
    kind: str
    body: Mapping[str, Json] = field(default_factory=dict[str, Json])


class HeldBy(StrEnum):
    """What holds a halt: the desk's switch, a file HALT beside the settings, or both."""

    SWITCH = "switch"
    FILE = "file"
    BOTH = "switch_and_file"


_REMOVE: Final = "remove the file HALT from the desk's home folder"
_WAY_OUT: Final = MappingProxyType(
    {
        HeldBy.SWITCH: "`strikedesk resume`",
        HeldBy.FILE: _REMOVE,
        HeldBy.BOTH: f"{_REMOVE}, then `strikedesk resume`",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """Trading is stopped: since when, by whom, why, and what holds it."""

    since: datetime
    actor: str
    why: str
    held_by: HeldBy = HeldBy.SWITCH

    @property
    def way_out(self) -> str:
        """What the owner has to do to let trading go on."""
        return _WAY_OUT[self.held_by]
