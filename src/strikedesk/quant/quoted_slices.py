"""Expirations as a feed tells them, made into the columns that a search reads.

Each option's volatility is the one that its mid implies on the forward that calls and puts agree
on, undiscounted: no rate and no dividend is assumed. Where no volatility explains the mid, the
feed's stands in. Sensitivities are the feed's where it tells all four, else those of that
volatility. All contracts of all expirations go through the formulas at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np

from strikedesk.quant.black_scholes import greeks
from strikedesk.quant.candidates.chain import Quotes, Slice
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.implied_vol import implied_volatility
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.parity import implied_carry

Told: TypeAlias = Decimal | float | None


class Quoted(NamedTuple):
    """A contract's figures; None or NaN = unknown. Units: as `candidates.chain.Quotes`."""

    bid: Told
    ask: Told
    iv: Told
    delta: Told
    gamma: Told
    theta: Told
    vega: Told
    open_interest: Told
    volume: Told


# A contract that is not listed: every figure of it is unknown.
_NOTHING = Quoted(*(None,) * 9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One expiration of a feed.

    Units: as `Slice`. Law: strikes ascend; `calls` and `puts` have one for each, None where none is
    listed.
    """

    days: float
    years: float
    strikes: Sequence[Decimal | float]
    calls: Sequence[Quoted | None]
    puts: Sequence[Quoted | None]


def slices_of(spot: float, listings: Sequence[Listing]) -> tuple[Slice, ...]:
    """Return expirations of one underlying.

    Law: beyond the last digits none depends on what is made beside it.

    Raises:
        ValueError: `spot` or a listing's years is not positive, or its strikes do not ascend.
    """
    if not listings:
        return ()
    ladders = [np.array(each.strikes, np.float64) for each in listings]
    columns = [_columns(side) for each in listings for side in (each.calls, each.puts)]
    mids = [_mid(each) for each in columns]
    forwards = [
        _forward(spot, each.years, ladder, mids[2 * place], mids[2 * place + 1])
        for place, (each, ladder) in enumerate(zip(listings, ladders, strict=True))
    ]
    contracts = _contracts(forwards, ladders, [each.years for each in listings])
    quotes = _parted(np.concatenate(columns, axis=1), np.concatenate(mids), contracts, ladders)
    return tuple(
        Slice(
            days=each.days,
            years=each.years,
            forward=forward,
            strikes=ladder,
            calls=next(quotes),
            puts=next(quotes),
        )
        for each, ladder, forward in zip(listings, ladders, forwards, strict=True)
    )


def _columns(side: Sequence[Quoted | None]) -> FloatArray:
    rows = [_NOTHING if each is None else each for each in side]
    return np.array(rows, np.float64).reshape(len(rows), len(_NOTHING)).T


def _mid(columns: FloatArray) -> FloatArray:
    """Return half way between bid and ask, NaN where they cross or one is missing."""
    bid, ask = columns[0], columns[1]
    with np.errstate(invalid="ignore"):
        return np.where((bid <= ask) & (ask > 0.0), 0.5 * (bid + ask), np.nan)


def _forward(
    spot: float, years: float, ladder: FloatArray, call: FloatArray, put: FloatArray
) -> float:
    """Return the forward that calls and puts agree on, the spot where they do not."""
    carry = implied_carry(spot=spot, strike=ladder, call=call, put=put, years=years, rate=0.0)
    return carry.forward if carry.forward > 0.0 else spot


def _contracts(
    forwards: Sequence[float], ladders: Sequence[FloatArray], years: Sequence[float]
) -> Contracts:
    """Return the calls and then the puts of each expiration, one after another."""
    sizes = [each.size for each in ladders]
    twice = np.repeat(sizes, 2)
    return Contracts.of(
        spot=np.repeat(np.repeat(forwards, 2), twice),
        strike=np.concatenate([each for each in ladders for _ in (True, False)]),
        years=np.repeat(np.repeat(years, 2), twice),
        rate=0.0,
        is_call=np.repeat(np.tile([True, False], len(sizes)), twice),
    )


def _parted(
    columns: FloatArray, mids: FloatArray, contracts: Contracts, ladders: Sequence[FloatArray]
) -> Iterator[Quotes]:
    """Yield the calls and then the puts of each expiration."""
    told = columns[2]
    solved = implied_volatility(contracts, mids).volatility
    iv = np.where(solved > 0.0, solved, np.where(told > 0.0, told, np.nan))
    own = greeks(contracts, iv)
    feeds = np.isfinite(columns[3:7]).all(axis=0)
    whole = columns.copy()
    whole[2] = iv
    for row, ours in enumerate((own.delta, own.gamma, own.theta, own.vega), start=3):
        whole[row] = np.where(feeds, columns[row], ours)
    edges = np.cumsum([0, *(each.size for each in ladders for _ in (True, False))]).tolist()
    for start, stop in pairwise(edges):
        yield Quotes(**dict(zip(Quoted._fields, whole[:, start:stop], strict=True)))
