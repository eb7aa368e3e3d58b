"""Which way a limit loosens: the owner is told, and the audit trail keeps it."""

from decimal import Decimal
from typing import Final

from strikedesk.domain.account_kinds import OptionLevel
from strikedesk.risk.limits import Limits

# Of these a smaller figure, or `False`, lets more pass; of all others a larger one, or `True`.
TIGHTER_WHEN_MORE: Final = frozenset(
    {
        "duplicate_window_s",
        "closing_only",
        "open_market_only",
        "expiring_min",
        "expiring_short_min",
        "intraday_excess_usd_min",
    }
)


def loosened(before: Limits, after: Limits, name: str) -> bool:
    """Whether `after` lets an order pass, by this limit, that `before` would have denied."""
    old, new = getattr(before, name), getattr(after, name)
    if name == "allowed_symbols":
        return bool(old) and (not new or not set(new) <= set(old))
    if name == "forbidden_symbols":
        return not set(old) <= set(new)
    sign = -1 if name in TIGHTER_WHEN_MORE else 1
    return _room(new, sign) > _room(old, sign)


def _room(value: OptionLevel | Decimal | int | None, sign: int) -> Decimal:
    """Return how much a figure lets pass; one that is not set stops nothing."""
    if value is None:
        return Decimal("Infinity")
    return Decimal(value.rank if isinstance(value, OptionLevel) else value) * sign
