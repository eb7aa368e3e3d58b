"""How easily the options of an underlying are traded.

Looked at are the contracts of the five strikes nearest the spot, calls and puts, of the expirations
around 30 days. Each figure is the median over those of which it is known. Units: contracts; the
spread is (ask - bid) / mid, a fraction.

Rating: `good` with a spread of at most 5 % and an open interest of at least 500 a contract, `poor`
with a spread above 15 % or an open interest below 50, else `fair`; none where either is unknown.
"""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from strikedesk.domain.quotes import ChainRow, Quote

STRIKES: Final = 5
RULE: Final = "good: spread <= 0.05 and open interest >= 500; poor: > 0.15 or < 50; else fair"

_TIGHT, _WIDE = 0.05, 0.15
_DEEP, _THIN = 500, 50


class Rating(StrEnum):
    """What it comes to."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquidity:
    """Typical figures of the contracts near the money. `two_sided` of `contracts` had a spread."""

    contracts: int
    two_sided: int
    open_interest: float | None
    volume: float | None
    spread: float | None
    rating: Rating | None
    why: str | None = None


def near_the_money(rows: Iterable[ChainRow], spot: Decimal) -> tuple[ChainRow, ...]:
    """Return the contracts at the strikes nearest the spot, of one expiration and root."""
    found = tuple(rows)
    strikes = sorted({row.contract.strike for row in found}, key=lambda each: abs(each - spot))
    return tuple(row for row in found if row.contract.strike in strikes[:STRIKES])


def liquidity(rows: Sequence[ChainRow]) -> Liquidity:
    """Sum up contracts near the money."""
    spreads = [spread for row in rows if (spread := _spread(row.quote)) is not None]
    interest = _median([row.quote.open_interest for row in rows])
    spread = _median(spreads)
    return Liquidity(
        contracts=len(rows),
        two_sided=len(spreads),
        open_interest=interest,
        volume=_median([row.quote.volume for row in rows]),
        spread=spread,
        rating=_rating(spread, interest),
        why=_why(rows, spread, interest),
    )


def _rating(spread: float | None, interest: float | None) -> Rating | None:
    if spread is None or interest is None:
        return None
    if spread > _WIDE or interest < _THIN:
        return Rating.POOR
    return Rating.GOOD if spread <= _TIGHT and interest >= _DEEP else Rating.FAIR


def _why(rows: Sequence[ChainRow], spread: float | None, interest: float | None) -> str | None:
    if not rows:
        return "no contract near the money is known"
    if spread is None:
        return "no contract near the money is quoted on both sides"
    return "the open interest is unknown" if interest is None else None


def _spread(quote: Quote) -> float | None:
    mid = quote.mid
    if mid is None or quote.bid is None or quote.ask is None:
        return None
    return float((quote.ask - quote.bid) / mid)


def _median(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return statistics.median(there) if there else None
