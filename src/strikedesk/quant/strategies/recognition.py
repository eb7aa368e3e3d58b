"""What a set of legs is called."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd, isclose
from typing import Final

from strikedesk.quant.strategies.legs import SHARES_PER_CONTRACT, Kind, Leg, merged
from strikedesk.quant.strategies.patterns import PATTERNS, Pattern, Signature, Wings

CUSTOM: Final = "custom"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A name, how many times, and the legs of one. `custom` where nobody named it."""

    name: str
    units: int
    legs: tuple[Leg, ...]


def recognised(legs: Sequence[Leg], patterns: Sequence[Pattern] = PATTERNS) -> Recognised:
    """Return the name of legs of one underlying, whatever their order and size.

    Law: equal contracts are added up first; a name is that of the smallest whole unit. The first
    pattern that fits is taken. Shares that are no multiple of 100 to a unit have no name.

    Raises:
        ValueError: nothing is left of the legs: they close each other.
    """
    known = merged(legs)
    if not known:
        raise ValueError("these legs close each other: nothing is left to name")
    units = _units(known)
    if units is None:
        return Recognised(name=CUSTOM, units=1, legs=known)
    one = tuple(_part(leg, units) for leg in known)
    signature = _signature(one)
    fitting = (pattern for pattern in patterns if pattern.signature == signature)
    names = (pattern.name for pattern in fitting if _wings_fit(pattern.wings, one))
    return Recognised(name=next(names, CUSTOM), units=units, legs=one)


def _units(legs: Sequence[Leg]) -> int | None:
    """Return how many equal parts the legs are; None where shares are no round lots of them."""
    counts: list[int] = []
    for leg in legs:
        lots, rest = divmod(leg.shares, SHARES_PER_CONTRACT)
        if rest:
            return None
        counts.append(lots)
    return gcd(*counts)


def _part(leg: Leg, units: int) -> Leg:
    return Leg(kind=leg.kind, quantity=leg.quantity // units, strike=leg.strike, years=leg.years)


def _signature(legs: Sequence[Leg]) -> Signature:
    """Return the legs as patterns have them: ranks in place of strikes and times."""
    options = [leg for leg in legs if leg.kind is not Kind.SHARE]
    strikes = sorted({leg.strike for leg in options})
    ends = sorted({leg.years for leg in options})
    return tuple(
        sorted(
            (leg.kind, 0, 0, leg.shares // SHARES_PER_CONTRACT)
            if leg.kind is Kind.SHARE
            else (leg.kind, 1 + ends.index(leg.years), 1 + strikes.index(leg.strike), leg.quantity)
            for leg in legs
        )
    )


def _wings_fit(wings: Wings, legs: Sequence[Leg]) -> bool:
    if wings is Wings.ANY:
        return True
    strikes = sorted({leg.strike for leg in legs})
    even = isclose(strikes[1] - strikes[0], strikes[-1] - strikes[-2], rel_tol=1e-9)
    return even == (wings is Wings.EVEN)
