"""What the options of each expiration say: volatility, skew, and the move they charge for.

The straddle: the mid price of the call and the put at the strike nearest the spot. It is what the
market charges for the distance from that strike, up or down; one standard deviation is about 1.25
times as far. One sigma: spot * volatility * square root of the years to the end, ACT/365.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from strikedesk.domain.calendar import expiration_instant
from strikedesk.domain.quotes import ChainRow, Expiration, Quote
from strikedesk.domain.symbols import Symbol
from strikedesk.domain.volatility import Pair, TermPoint, at_the_money
from strikedesk.market.implied import skew
from strikedesk.market.slices import ChainSlice

_SECONDS_A_YEAR: Final = 365 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One expiration and root with what its chain says; `pair` is that nearest the money."""

    listed: Expiration
    rows: tuple[ChainRow, ...]
    pair: Pair | None

    @property
    def point(self) -> TermPoint | None:
        """Its at-the-money volatility, if one is known."""
        volatility = self.pair.volatility if self.pair else None
        if volatility is None:
            return None
        return TermPoint(days=self.listed.days, volatility=volatility)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One line of the term structure.

    Units: `strike`, `straddle` and `one_sigma` USD per share; `move` the straddle as a fraction of
    the spot; `iv` and `skew` annual fractions. `why` says of what is None why it is.
    """

    root: str
    expiration: date
    days: int
    strike: Decimal | None
    iv: float | None
    skew: float | None
    straddle: Decimal | None
    move: float | None
    one_sigma: float | None
    why: str | None


def listing(listed: Expiration, piece: ChainSlice | None, spot: Decimal | None) -> Listing:
    """Return what a slice of the chain says of one listing."""
    rows = tuple(r for r in piece.rows if r.contract.root == listed.root) if piece else ()
    pair = None if spot is None else at_the_money(rows, spot)
    return Listing(listed=listed, rows=rows, pair=pair)


def term(
    each: Listing, quotes: Mapping[Symbol, Quote], spot: Decimal | None, now: datetime
) -> Term:
    """Return the line of one listing; `quotes` are those of its pair."""
    iv = each.pair.volatility if each.pair else None
    bent = skew(each.rows)
    straddle, no_straddle = _straddle(each.pair, quotes)
    missing = [
        no_straddle,
        "no implied volatility at the money" if each.pair and iv is None else None,
        "no 25-delta put and call" if each.pair and bent is None else None,
    ]
    whys = ["the underlying has no quote"] if spot is None else [why for why in missing if why]
    return Term(
        root=each.listed.root,
        expiration=each.listed.day,
        days=each.listed.days,
        strike=each.pair.strike if each.pair else None,
        iv=iv,
        skew=bent,
        straddle=straddle,
        move=float(straddle / spot) if straddle is not None and spot else None,
        one_sigma=_one_sigma(each.listed, iv, spot, now),
        why="; ".join(whys) or None,
    )


def _straddle(
    pair: Pair | None, quotes: Mapping[Symbol, Quote]
) -> tuple[Decimal | None, str | None]:
    if pair is None:
        return None, "no strike lists both a call and a put"
    total = Decimal(0)
    for contract in (pair.call.contract, pair.put.contract):
        quote = quotes.get(contract)
        if quote is None or quote.mid is None:
            return None, f"no two-sided quote of {contract.compact}"
        total += quote.mid
    return total, None


def _one_sigma(
    listed: Expiration, iv: float | None, spot: Decimal | None, now: datetime
) -> float | None:
    left = (expiration_instant(listed.day, listed.settlement) - now).total_seconds()
    if iv is None or spot is None or left <= 0:
        return None
    return float(spot) * iv * math.sqrt(left / _SECONDS_A_YEAR)


def contracts_of(listings: Sequence[Listing]) -> tuple[Symbol, ...]:
    """Return what needs a price of now: both contracts of each pair."""
    pairs = (each.pair for each in listings)
    return tuple(row.contract for pair in pairs if pair for row in (pair.call, pair.put))
