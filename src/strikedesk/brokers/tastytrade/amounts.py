"""Amounts: a magnitude with an effect beside it becomes one number with a sign."""

from decimal import Decimal
from typing import Final

CREDIT: Final = "Credit"
DEBIT: Final = "Debit"
_SIGNS: Final = {CREDIT: 1, DEBIT: -1}


def cash(amount: Decimal | None, effect: str | None) -> Decimal | None:
    """Return what it does to cash, + in; None where the amount, or the way it goes, is unknown."""
    if amount is None:
        return None
    if amount == 0:
        return Decimal(0)
    sign = _SIGNS.get(effect or "")
    return None if sign is None else abs(amount) * sign


def cost(amount: Decimal | None, effect: str | None) -> Decimal | None:
    """Return what it costs, + paid: the other sign of `cash`."""
    received = cash(amount, effect)
    return None if received is None else -received


def total(*amounts: Decimal | None) -> Decimal | None:
    """Return the sum; None where one of them is unknown: a part is never told for all."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(amounts) else None
