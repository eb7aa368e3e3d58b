"""Which of the listed expirations a question means, and what lies beyond them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from strikedesk.domain.errors import Denied
from strikedesk.domain.quotes import Expiration
from strikedesk.domain.reasons import Reason
from strikedesk.market.chain_query import ChainQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class RestOfChain:
    """What is listed beyond the expirations of a page: how many, how far, how many contracts."""

    expirations: int
    contracts: int
    first: date | None
    last: date | None


def choose_expirations(query: ChainQuery, listed: Sequence[Expiration]) -> tuple[date, ...]:
    """Return the days that a query means, ascending.

    Raises:
        Denied: EXPIRATION_NOT_FOUND, with the nearest that is listed.
    """
    days = {each.day for each in listed}
    if query.expirations:
        return tuple(sorted({_listed(day, days) for day in query.expirations}))
    if query.by_days:
        return _by_days(query, listed)
    return (nearest_monthly(listed),)


def nearest_monthly(listed: Sequence[Expiration]) -> date:
    """Return the first standard expiration after today, else the first of any kind.

    Raises:
        Denied: EXPIRATION_NOT_FOUND when nothing is listed.
    """
    monthly = (each.day for each in listed if each.standard and each.days > 0)
    day = next(monthly, None) or next((each.day for each in listed), None)
    if day is None:
        raise Denied(Reason.EXPIRATION_NOT_FOUND, listed=0)
    return day


def rest_of(listed: Sequence[Expiration], shown: Collection[date]) -> RestOfChain:
    """Sum up the expirations that are not shown: two contracts a strike."""
    rest = [each for each in listed if each.day not in shown]
    days = sorted({each.day for each in rest})
    return RestOfChain(
        expirations=len(days),
        contracts=sum(2 * len(each.strikes) for each in rest),
        first=days[0] if days else None,
        last=days[-1] if days else None,
    )


def _listed(day: date, days: Collection[date]) -> date:
    if day in days:
        return day
    nearest = min(sorted(days), key=lambda other: abs(other - day), default=None)
    shown = nearest.isoformat() if nearest else None
    raise Denied(Reason.EXPIRATION_NOT_FOUND, expiration=day.isoformat(), nearest=shown)


def _by_days(query: ChainQuery, listed: Sequence[Expiration]) -> tuple[date, ...]:
    low = query.days_min or 0
    high = query.days_max
    inside = {
        each.day for each in listed if low <= each.days and (high is None or each.days <= high)
    }
    if inside:
        return tuple(sorted(inside))
    nearest = min((each.days for each in listed), key=lambda days: abs(days - low), default=None)
    raise Denied(Reason.EXPIRATION_NOT_FOUND, days_min=low, days_max=high, nearest_days=nearest)
