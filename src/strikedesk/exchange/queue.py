"""The queue of working orders, with what is asked of it often kept at hand."""

from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias, TypeVar

from strikedesk.domain.symbols import Symbol
from strikedesk.exchange.accounts import NOTHING
from strikedesk.exchange.book import WorkingOrder
from strikedesk.exchange.shelves import Shelves

K = TypeVar("K")
V = TypeVar("V")

Lane: TypeAlias = tuple[str, str]


@dataclass(slots=True)
class OrderQueue:
    """Working orders in the order of their acceptance.

    An order keeps its place while it changes. Looking one up, finding an account's, and asking
    what they hold back, which of them weigh on a new order, and when the next one ends, takes the
    same time however many there are. Those that may trade now stand on `shelves`; orders that
    wait for another are held, and may be asked for, but stand on none yet.
    """

    _orders: dict[str, WorkingOrder] = field(default_factory=dict[str, WorkingOrder])
    _reserved: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    _slots: dict[str, dict[str, Decimal]] = field(default_factory=dict[str, dict[str, Decimal]])
    _lanes: dict[Lane, dict[str, WorkingOrder]] = field(
        default_factory=dict[Lane, dict[str, WorkingOrder]]
    )
    shelves: Shelves = field(default_factory=Shelves)
    _ends: dict[datetime, int] = field(default_factory=dict[datetime, int])
    _of: dict[str, dict[str, WorkingOrder]] = field(
        default_factory=dict[str, dict[str, WorkingOrder]]
    )
    _tied: dict[str, WorkingOrder] = field(default_factory=dict[str, WorkingOrder])
    _to_arrive: dict[str, WorkingOrder] = field(default_factory=dict[str, WorkingOrder])
    _extended: dict[str, WorkingOrder] = field(default_factory=dict[str, WorkingOrder])

    def __len__(self) -> int:
        return len(self._orders)

    def __iter__(self) -> Iterator[WorkingOrder]:
        return iter(tuple(self._orders.values()))

    def __contains__(self, order_id: str) -> bool:
        return order_id in self._orders

    def get(self, order_id: str) -> WorkingOrder | None:
        """Return a working order, or None."""
        return self._orders.get(order_id)

    def of(self, account_id: str) -> Collection[WorkingOrder]:
        """Return an account's orders, oldest first."""
        return self._of.get(account_id, {}).values()

    @property
    def symbols(self) -> AbstractSet[Symbol]:
        """The symbols of all legs that may trade now."""
        return self.shelves.symbols

    @property
    def ends(self) -> AbstractSet[datetime]:
        """The instants at which orders end, or change, by themselves."""
        return self._ends.keys()

    @property
    def tied(self) -> tuple[WorkingOrder, ...]:
        """The orders of groups, and replacements that wait for what they replace."""
        return tuple(self._tied.values())

    @property
    def to_arrive(self) -> Collection[WorkingOrder]:
        """The orders that have met no open market yet, and wait for nothing else."""
        return self._to_arrive.values()

    @property
    def extended(self) -> Collection[WorkingOrder]:
        """The orders that may trade outside regular hours, and wait for nothing else."""
        return self._extended.values()

    def reserved(self, account_id: str) -> Decimal:
        """Return the USD of buying power that an account's orders hold back."""
        return self._reserved.get(account_id, NOTHING)

    def weighing(self, account_id: str, underlying: str) -> tuple[WorkingOrder, ...]:
        """Return the orders that sell or close something of an underlying.

        Two sides of a group with the same legs count once: only one of them can fill.
        """
        found: dict[object, WorkingOrder] = {}
        for order in self._lanes.get((account_id, underlying), {}).values():
            alone = order.slot is None
            found.setdefault(order.order_id if alone else (order.slot, order.parts), order)
        return tuple(found.values())

    def in_slot(self, order: WorkingOrder) -> tuple[str, ...]:
        """Return the ids of the orders of which no more than one can fill, this one included."""
        if order.slot is None:
            return (order.order_id,)
        return tuple(self._slots.get(order.slot, {}))

    def fork(self) -> "OrderQueue":
        """Return a copy that can change without this one changing."""
        return OrderQueue(
            dict(self._orders),
            dict(self._reserved),
            dict(self._slots),
            dict(self._lanes),
            self.shelves.fork(),
            dict(self._ends),
            dict(self._of),
            dict(self._tied),
            dict(self._to_arrive),
            dict(self._extended),
        )

    def put(self, order: WorkingOrder) -> None:
        """Add an order at the end, or change one where it stands."""
        before = self._orders.get(order.order_id)
        if before is not None:
            self._forget(before)
        self._orders[order.order_id] = order
        self._of[order.account_id] = _more(self._of.get(order.account_id), order)
        self._note(order)

    def remove(self, order_id: str) -> None:
        """Take an order out."""
        order = self._orders.pop(order_id)
        left = _less(self._of[order.account_id], order_id)
        _put_or_drop(self._of, order.account_id, left)
        self._forget(order)

    def _note(self, order: WorkingOrder) -> None:
        order_id = order.order_id
        self._hold_back(order, order.reserved_left)
        if order.group is not None or order.waits_for is not None:
            self._tied[order_id] = order
        for instant in _instants(order):
            _tally(self._ends, instant, 1)
        if order.waits_for is not None:
            return
        self.shelves.put(order)
        if not order.arrived:
            self._to_arrive[order_id] = order
        if order.request.time_in_force.extended:
            self._extended[order_id] = order
        if _weighs(order):
            self._lanes[_lane(order)] = _more(self._lanes.get(_lane(order)), order)

    def _forget(self, order: WorkingOrder) -> None:
        order_id = order.order_id
        self._hold_back(order, None)
        self._tied.pop(order_id, None)
        for instant in _instants(order):
            _tally(self._ends, instant, -1)
        if order.waits_for is not None:
            return
        self.shelves.remove(order)
        self._to_arrive.pop(order_id, None)
        self._extended.pop(order_id, None)
        if _weighs(order):
            _put_or_drop(self._lanes, _lane(order), _less(self._lanes[_lane(order)], order_id))

    def _hold_back(self, order: WorkingOrder, amount: Decimal | None) -> None:
        """Count what an order holds back, of a slot the most; None = it holds nothing any more."""
        slot = order.slot or order.order_id
        before = self._slots.get(slot, {})
        after = _less(before, order.order_id)
        if amount is not None:
            after[order.order_id] = amount
        change = max(after.values(), default=NOTHING) - max(before.values(), default=NOTHING)
        self._reserved[order.account_id] = self.reserved(order.account_id) + change
        _put_or_drop(self._slots, slot, after)


def _instants(order: WorkingOrder) -> Iterator[datetime]:
    if order.expires_at is not None:
        yield order.expires_at
    if order.pending is not None:
        yield order.pending.due


def _weighs(order: WorkingOrder) -> bool:
    return any(part.sign < 0 or part.closes for part in order.parts)


def _lane(order: WorkingOrder) -> Lane:
    return order.account_id, order.request.underlying


def _more(lane: dict[str, WorkingOrder] | None, order: WorkingOrder) -> dict[str, WorkingOrder]:
    longer = {} if lane is None else lane.copy()
    longer[order.order_id] = order
    return longer


def _less(lane: dict[str, V], order_id: str) -> dict[str, V]:
    shorter = lane.copy()
    shorter.pop(order_id, None)
    return shorter


def _put_or_drop(lanes: dict[K, dict[str, V]], key: K, lane: dict[str, V]) -> None:
    if lane:
        lanes[key] = lane
    else:
        lanes.pop(key, None)


def _tally(counts: dict[K, int], key: K, by: int) -> None:
    total = counts.get(key, 0) + by
    if total:
        counts[key] = total
    else:
        del counts[key]
