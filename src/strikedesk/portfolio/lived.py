"""What an account lived through: its worth at closes, and the money that came in and went out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Final, Protocol

from strikedesk.domain.accounts import NetWorth, Transaction, TransactionKind
from strikedesk.domain.errors import Denied
from strikedesk.domain.ports import TransactionPage

_LINES_A_PAGE: Final = 1_000
_LINES_MAX: Final = 10_000
_NOTHING: Final = Decimal(0)
# Lines without a symbol that are none of trading, interest and fees: transfers and the like.
_PAID: Final = frozenset({TransactionKind.DEPOSIT, TransactionKind.OTHER})


class PastKeeper(Protocol):
    """The part of a `Broker` that knows an account's past."""

    async def worth_history(self, account_id: str, start: date) -> tuple[NetWorth, ...]:
        """See `Broker.worth_history`."""
        ...

    async def transactions(
        self, account_id: str, *, start: date | None, end: date | None, limit: int, offset: int
    ) -> TransactionPage:
        """See `Broker.transactions`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """Closes, oldest first, and what was paid in (+) and out (-) when, USD."""

    closes: tuple[NetWorth, ...]
    paid: tuple[tuple[datetime, Decimal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """The largest fall of what an account earned, from a high to a later low; 0 where it had none.

    Units: `usd` positive; `share` of its worth at the high, None where it was worth nothing.
    """

    usd: Decimal
    share: Decimal | None
    high_at: datetime
    low_at: datetime
    closes: int
    since: datetime


async def lived(books: PastKeeper, account_id: str, start: date) -> Lived | None:
    """Return what the broker tells of an account's past; None where that is not all of it.

    Raises:
        Unavailable: it cannot be asked.
    """
    try:
        closes = await books.worth_history(account_id, start)
    except Denied:
        return None
    lines = await _lines(books, account_id, start) if len(closes) > 1 else None
    if lines is None:
        return None
    paid = tuple((line.at, line.cash_effect) for line in lines if _is_paid(line))
    return Lived(closes=closes, paid=paid)


def largest_fall(past: Lived) -> Fall:
    """Return the largest fall of an account. Law: money paid in or out is no gain and no loss."""
    first = past.closes[0]
    earned, high, peak = _NOTHING, _NOTHING, first
    worst = _fall(past, _NOTHING, first, first)
    for before, after in pairwise(past.closes):
        earned += after.amount - before.amount - _paid_between(past.paid, before.at, after.at)
        if earned >= high:
            high, peak = earned, after
        elif high - earned > worst.usd:
            worst = _fall(past, high - earned, peak, after)
    return worst


def _fall(past: Lived, usd: Decimal, high: NetWorth, low: NetWorth) -> Fall:
    return Fall(
        usd=usd,
        share=usd / high.amount if high.amount > 0 else None,
        high_at=high.at,
        low_at=low.at,
        closes=len(past.closes),
        since=past.closes[0].at,
    )


def _paid_between(
    paid: Iterable[tuple[datetime, Decimal]], after: datetime, until: datetime
) -> Decimal:
    return sum((amount for at, amount in paid if after < at <= until), start=_NOTHING)


async def _lines(books: PastKeeper, account_id: str, start: date) -> Sequence[Transaction] | None:
    """Return every line since; None where they are more than anybody reads."""
    lines = list[Transaction]()
    while len(lines) < _LINES_MAX:
        page = await books.transactions(
            account_id, start=start, end=None, limit=_LINES_A_PAGE, offset=len(lines)
        )
        lines += page.rows
        if len(lines) >= page.total or not page.rows:
            return lines
    return None


def _is_paid(line: Transaction) -> bool:
    return line.symbol is None and line.kind in _PAID
