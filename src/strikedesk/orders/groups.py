"""Groups of orders that leave together: from a caller's words to rows, and back to the group."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from strikedesk.domain.errors import Denied
from strikedesk.domain.groups import GroupKind, OrderGroup, member_id, whole_id
from strikedesk.domain.ledger import Json, OrderRecord
from strikedesk.domain.ports import Entropy
from strikedesk.domain.reasons import Reason
from strikedesk.orders.draft import Terms, order_of


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDraft:
    """A group in the caller's words: the trigger first, where its kind has one."""

    account: str
    kind: GroupKind
    orders: tuple[Terms, ...]


def group_of(draft: GroupDraft, account_id: str) -> OrderGroup:
    """Return the lawful group behind a draft.

    Raises:
        Denied: the rule that it or one of its orders breaks, by name.
    """
    orders = tuple(order_of(each, account_id) for each in draft.orders)
    return OrderGroup(kind=draft.kind, orders=orders)


def rows_of(
    first: OrderRecord, group: OrderGroup, entropy: Entropy
) -> tuple[OrderRecord, tuple[OrderRecord, ...]]:
    """Return the rows of a group: the first, which stands for all of it, and the others.

    `first` is a row of the first order as if it were alone; its client order id names the group.
    """
    rows = [
        replace(
            first,
            order=order,
            order_id=entropy.identifier() if place > 1 else first.order_id,
            preview_id=entropy.identifier() if place > 1 else first.preview_id,
            client_order_id=member_id(first.client_order_id, place),
            group_id=first.order_id,
            group_kind=group.kind,
            group_place=place,
        )
        for place, order in enumerate(group.orders, start=1)
    ]
    return rows[0], tuple(rows[1:])


def group_in(record: OrderRecord, others: Sequence[OrderRecord]) -> OrderGroup:
    """Return the group that these rows are: all of it, or nothing that could be sent.

    Raises:
        Denied: NONCE_MISMATCH, where they are not all the rows of one group, in their order;
            INVALID_ORDER, where there are too few or too many of them.
    """
    rows, whole = (record, *others), whole_id(record.client_order_id)
    expected = [
        (record.order_id, record.group_kind, place, member_id(whole, place), record.account_id)
        for place in range(1, len(rows) + 1)
    ]
    found = [
        (row.group_id, row.group_kind, row.group_place, row.client_order_id, row.account_id)
        for row in rows
    ]
    if found != expected or record.group_kind is None:
        raise Denied(Reason.NONCE_MISMATCH, rule="rows_of_one_group")
    return OrderGroup(kind=record.group_kind, orders=tuple(row.order for row in rows))


def told_of(record: OrderRecord, others: Sequence[OrderRecord]) -> dict[str, Json]:
    """Return what is told of a group beside its first order; nothing of an order by itself."""
    if record.group_id is None:
        return {}
    rows = [
        {
            "order_id": other.order_id,
            "client_order_id": other.client_order_id,
            "place": other.group_place,
            "order": other.order.canonical,
        }
        for other in others
    ]
    kind = record.group_kind.value if record.group_kind else None
    of, place = record.group_id, record.group_place
    return {"group": {"kind": kind, "group_id": of, "place": place, "others": rows}}
