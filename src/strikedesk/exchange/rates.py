"""Rates: what one short option, one lot of shares and one hedged lot require by themselves.

Units: USD per contract or lot of 100 shares where not said otherwise.
Source: FINRA rule 4210, paragraphs (c) for shares and (f)(2) for options; the strategies by the
names that Cboe's margin manual gives them; index rates as a retail broker publishes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.symbols import OptionSymbol, Right
from strikedesk.domain.value_class import value_class
from strikedesk.exchange.accounts import NOTHING

UNKNOWN: Final = Decimal("Infinity")

# Regulation T: half of the price of long shares, half on top of the proceeds of short ones.
STOCK_INITIAL: Final = Decimal("0.50")
LONG_STOCK: Final = Decimal("0.25")
SHORT_STOCK: Final = Decimal("0.30")
_SHORT_STOCK_LEAST: Final = Decimal("5.00")
_CHEAP_STOCK_LEAST: Final = Decimal("2.50")

# Of an option with more than nine months to live a quarter of the price is lent.
LONG_OPTION_LENT: Final = Decimal("0.25")
_LONG_MONTHS: Final = 9
_MONTHS: Final = 12

_HEDGED: Final = Decimal("0.10")
_COLLAR_CAP: Final = Decimal("0.25")


@dataclass(frozen=True, slots=True, kw_only=True)
class NakedRates:
    """Fractions of the price that a naked short requires, and the least of it, USD per share."""

    fraction: Decimal
    minimum: Decimal
    floor: Decimal = Decimal("2.50")


EQUITY_RATES: Final = NakedRates(fraction=Decimal("0.20"), minimum=Decimal("0.10"))
INDEX_RATES: Final = NakedRates(fraction=Decimal("0.25"), minimum=Decimal("0.15"))

# FINRA asks 15 % of a broad index; this is the list of those for which brokers ask more.
_BROAD: Final = frozenset({"SPX", "XSP", "OEX", "XEO", "NDX", "MNX", "RUT", "DJX", "RVX"})


@value_class
class Prices:
    """Marks of one underlying and of its contracts, USD per share; None or absent = unknown."""

    spot: Decimal | None
    marks: Mapping[OptionSymbol, Decimal]


def rates_of(underlying: str) -> NakedRates:
    """Return the rates of an underlying's naked shorts: a broad index asks more than the rest.

    Source: 4210(f)(2)(E): 20 % and 10 % for shares, narrow and volatility indices; 25 % and 15 %
    for broad ones is a broker's own table (tastytrade support, read 2026).
    """
    return INDEX_RATES if underlying in _BROAD else EQUITY_RATES


def naked(
    contract: OptionSymbol, mark: Decimal | None, spot: Decimal | None, rates: NakedRates
) -> Decimal:
    """Return what one short contract requires by itself, its premium included.

    A put can never cost more than its strike, whatever the formula or a missing price says.
    Source: 4210(f)(2)(E); "Short Put or Short Call".
    """
    bound = UNKNOWN if contract.right is Right.CALL else contract.strike * SHARES_PER_CONTRACT
    if mark is None or spot is None:
        return bound
    least = rates.minimum * (spot if contract.right is Right.CALL else contract.strike)
    base = rates.fraction * spot - outside(contract, spot)
    return min(max(base + mark, least + mark, rates.floor) * SHARES_PER_CONTRACT, bound)


def secured(contract: OptionSymbol, spot: Decimal | None) -> Decimal:
    """Return what stands in cash behind one short: the strike of a put, what a call's shares cost.

    Source: Regulation T, 12 CFR 220.8; "Short Put or Short Call", cash account.
    """
    price = contract.strike if contract.right is Right.PUT else spot
    return UNKNOWN if price is None else price * SHARES_PER_CONTRACT


def inside(contract: OptionSymbol, spot: Decimal) -> Decimal:
    """Return by how much a contract is in the money, USD per share."""
    call = contract.right is Right.CALL
    return max(spot - contract.strike if call else contract.strike - spot, NOTHING)


def outside(contract: OptionSymbol, spot: Decimal) -> Decimal:
    """Return by how much a contract is out of the money, USD per share."""
    call = contract.right is Right.CALL
    return max(contract.strike - spot if call else spot - contract.strike, NOTHING)


def stock_maintenance(spot: Decimal, *, short: bool) -> Decimal:
    """Return the USD that one share requires, for a short one beyond what it would cost to buy.

    Source: 4210(c)(1) to (3).
    """
    if not short:
        return LONG_STOCK * spot
    if spot < _SHORT_STOCK_LEAST:
        return max(_CHEAP_STOCK_LEAST, spot)
    return max(_SHORT_STOCK_LEAST, SHORT_STOCK * spot)


def hedged_maintenance(long: OptionSymbol, spot: Decimal, *, short: bool) -> Decimal:
    """Return the USD that one share requires with a long put behind it, or a call behind a short.

    Source: 4210(f)(2)(H)(v); "Long Put and Long Underlying", "Long Call and Short Underlying".
    """
    hedged = _HEDGED * long.strike + outside(long, spot)
    return min(hedged, stock_maintenance(spot, short=short))


def collared_maintenance(
    long: OptionSymbol, sold: OptionSymbol, spot: Decimal, *, short: bool
) -> Decimal | None:
    """Return the USD that one share requires between a long and a sold option that end together.

    The same strike is a conversion (a reverse one of short shares), a put below the call a collar;
    None where the two are neither.
    Source: 4210(f)(2)(H)(v); "Conversion", "Reverse Conversion", "Collar".
    """
    if long.expiration != sold.expiration:
        return None
    if long.strike == sold.strike:
        return _HEDGED * long.strike + inside(sold, spot)
    if short or long.strike > sold.strike:
        return None
    hedged = _HEDGED * long.strike + outside(long, spot)
    return min(hedged, _COLLAR_CAP * sold.strike) + inside(sold, spot)


def lends(contract: OptionSymbol, day: date) -> bool:
    """Whether a long option has a loan value on `day`: with more than nine months to its end.

    Source: 4210(f)(2)(D); "Long Put or Long Call (more than 9 months until expiration)".
    """
    years, month = divmod(day.month - 1 + _LONG_MONTHS, _MONTHS)
    # A day that the month lacks counts as its next: (month, day) are compared, no date is made.
    later = (day.year + years, month + 1, day.day)
    ends = contract.expiration
    return (ends.year, ends.month, ends.day) > later
