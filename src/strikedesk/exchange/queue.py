"""The queue of working orders, with what is asked of it often kept at hand."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias, TypeVar

from strikedesk.domain.symbols import Symbol
from strikedesk.exchange.accounts import NOTHING
from strikedesk.exchange.book import WorkingOrder

K = TypeVar("K")

Lane: TypeAlias = tuple[str, str]


@dataclass(slots=True)
class OrderQueue:
    """Working orders in the order of their acceptance.

    An order keeps its place while it changes. Looking one up, and asking what an account's orders
    hold back, which of them weigh on a new order, and when the next one ends, takes the same time
    however many there are.
    """

    _orders: dict[str, WorkingOrder] = field(default_factory=dict[str, WorkingOrder])
    _reserved: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    _lanes: dict[Lane, dict[str, WorkingOrder]] = field(
        default_factory=dict[Lane, dict[str, WorkingOrder]]
    )
    _symbols: dict[Symbol, int] = field(default_factory=dict[Symbol, int])
    _ends: dict[datetime, int] = field(default_factory=dict[datetime, int])

    def __len__(self) -> int:
        return len(self._orders)

    def __iter__(self) -> Iterator[WorkingOrder]:
        return iter(tuple(self._orders.values()))

    def __contains__(self, order_id: str) -> bool:
        return order_id in self._orders

    def get(self, order_id: str) -> WorkingOrder | None:
        """Return a working order, or None."""
        return self._orders.get(order_id)

    @property
    def symbols(self) -> AbstractSet[Symbol]:
        """The symbols of all legs."""
        return self._symbols.keys()

    @property
    def ends(self) -> AbstractSet[datetime]:
        """The instants at which orders end by themselves."""
        return self._ends.keys()

    def reserved(self, account_id: str) -> Decimal:
        """Return the USD of buying power that an account's orders hold back."""
        return self._reserved.get(account_id, NOTHING)

    def weighing(self, account_id: str, underlying: str) -> tuple[WorkingOrder, ...]:
        """Return the orders that sell or close something of an underlying."""
        return tuple(self._lanes.get((account_id, underlying), {}).values())

    def fork(self) -> "OrderQueue":
        """Return a copy that can change without this one changing."""
        return OrderQueue(
            dict(self._orders),
            dict(self._reserved),
            dict(self._lanes),
            dict(self._symbols),
            dict(self._ends),
        )

    def put(self, order: WorkingOrder) -> None:
        """Add an order at the end, or change one where it stands."""
        before = self._orders.get(order.order_id)
        if before is not None:
            self._count(before, -1)
        self._orders[order.order_id] = order
        self._count(order, 1)

    def remove(self, order_id: str) -> None:
        """Take an order out."""
        self._count(self._orders.pop(order_id), -1)

    def _count(self, order: WorkingOrder, sign: int) -> None:
        change = order.reserved_left * sign
        self._reserved[order.account_id] = self.reserved(order.account_id) + change
        for part in order.parts:
            _tally(self._symbols, part.symbol, sign)
        if order.expires_at is not None:
            _tally(self._ends, order.expires_at, sign)
        if any(part.sign < 0 or part.closes for part in order.parts):
            self._move(order, sign)

    def _move(self, order: WorkingOrder, sign: int) -> None:
        """Put an order into its lane or out of it; lanes are shared with forks, so copied first."""
        key = (order.account_id, order.request.underlying)
        lane = dict(self._lanes.get(key, {}))
        if sign > 0:
            lane[order.order_id] = order
        else:
            del lane[order.order_id]
        if lane:
            self._lanes[key] = lane
        else:
            del self._lanes[key]


def _tally(counts: dict[K, int], key: K, by: int) -> None:
    total = counts.get(key, 0) + by
    if total:
        counts[key] = total
    else:
        del counts[key]
