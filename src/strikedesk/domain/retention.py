"""Retention: which lines of the audit trail may go once they are old enough.

The trail goes from its beginning on and never out of its middle, so that what stays is a chain. An
order's lines go with its row, all of them or none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

KEEP_YEARS: Final = 7
# The kind of the line that a pruning leaves: in it, the last line that it took.
PRUNED: Final = "pruned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An order by the numbers of its first and last line; None = no line tells of it.

    `is_over`: nothing can follow. `needs` is the order that it replaces or cancels, or that stands
    for its group.
    """

    order_id: str
    first: int | None
    last: int | None
    is_over: bool
    needs: str | None = None

    def begins_before(self, line: int) -> bool:
        """Whether one of its lines has a lower number."""
        return self.first is not None and self.first < line

    def ends_before(self, line: int) -> bool:
        """Whether it is over, and every line of it has a lower number."""
        return self.is_over and self.last is not None and self.last < line


def years_before(now: datetime, years: int) -> datetime:
    """Return the instant so many years ago; of the 29th of February, the 28th."""
    try:
        return now.replace(year=now.year - years)
    except ValueError:
        return now.replace(year=now.year - years, day=28)


def first_kept(first_young: int, spans: Iterable[Span]) -> int:
    """Return the first line that stays, where all before `first_young` are old enough.

    Law: no order begins before it that ends behind it, is not over, or is needed by an order that
    stays.
    """
    orders = tuple(spans)
    kept, before = first_young, None
    while kept != before:
        kept, before = min([kept, *_held(orders, kept)]), kept
    return kept


def _held(orders: Sequence[Span], kept: int) -> Iterable[int]:
    """Yield the first lines of orders that would lose some of theirs, and may not."""
    needed = {order.needs for order in orders if not order.begins_before(kept)}
    for order in orders:
        stays = not order.ends_before(kept) or order.order_id in needed
        if order.first is not None and order.first < kept and stays:
            yield order.first
