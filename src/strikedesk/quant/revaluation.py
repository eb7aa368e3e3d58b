"""Full revaluation: what a book is worth in each of many scenarios, every leg priced anew.

A value here is one term of a sum over a book, so an error is told beside the spot: each is within
2e-12 of it of `black_scholes.price`, at half its price. A right to exercise early cannot be priced
millions of times within a breath: what has it is worth the closed formula's value and what the
right adds today, and never less than exercise brings.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

from strikedesk.quant.contracts import BLOCK, BoolArray, Contracts
from strikedesk.quant.lognormal import SMALLEST
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.normal_table import ndtr_near

IntArray: TypeAlias = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenarios:
    """What may become of each underlying: rows are underlyings, columns scenarios.

    Units: `spot` and `volatility` factors on those of now (1 = unchanged); `later` years that pass.
    Law: both have one shape; factors are above 0.
    """

    spot: FloatArray
    volatility: FloatArray
    later: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what does not fit together."""
        if self.spot.ndim != 2 or self.spot.shape != self.volatility.shape:  # noqa: PLR2004 -- rows and columns
            raise ValueError("spot and volatility must be of one shape, underlyings by scenarios")


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What is held, by underlying.

    Units: `spot` USD a share and `shares` signed, one of each underlying; `contracts` the options,
    with `volatility` a fraction a year, `shares_each` the signed number of shares that they stand
    for (quantity times multiplier), and `underlying` the row of each in the scenarios; `premium`
    is what the right to early exercise adds to each today, USD a share, NaN where there is none.
    Law: the spots of `contracts` may differ from `spot` (a forward); they move by the same factors.
    """

    spot: FloatArray
    shares: FloatArray
    contracts: Contracts
    volatility: FloatArray
    shares_each: FloatArray
    underlying: IntArray
    premium: FloatArray | None = None

    @classmethod
    def of(
        cls,
        contracts: Contracts,
        *,
        spot: npt.ArrayLike,
        shares: npt.ArrayLike,
        volatility: npt.ArrayLike,
        shares_each: npt.ArrayLike,
        underlying: npt.ArrayLike,
        premium: npt.ArrayLike,
    ) -> Self:
        """Make arrays of columns."""
        return cls(
            spot=np.asarray(spot, dtype=np.float64),
            shares=np.asarray(shares, dtype=np.float64),
            contracts=contracts,
            volatility=np.asarray(volatility, dtype=np.float64),
            shares_each=np.asarray(shares_each, dtype=np.float64),
            underlying=np.asarray(underlying, dtype=np.intp),
            premium=np.asarray(premium, dtype=np.float64),
        )


def worth(book: Book, scenarios: Scenarios) -> FloatArray:
    """Return what is held of each underlying is worth in each scenario, USD: rows, columns.

    Law: without volatility or time left a contract is worth its intrinsic value at the scenario's
    spot, and one that may be exercised early never less than that; what makes no sense is NaN, and
    so is its row.

    Raises:
        ValueError: the scenarios are not of as many underlyings as the book.
    """
    if scenarios.spot.shape[0] != book.spot.size:
        raise ValueError("the scenarios are of other underlyings than the book")
    total = (book.shares * book.spot)[:, None] * scenarios.spot
    terms = _Terms.of(book, scenarios.later)
    logs = np.log(scenarios.spot)
    with np.errstate(all="ignore"):  # What makes no sense becomes NaN, which is the answer.
        for rows, columns in _tiles(len(book.contracts), scenarios.spot.shape[1]):
            values = _values(terms, scenarios, logs, rows, columns)
            for which, row in zip(book.underlying[rows], values, strict=True):
                total[which, columns] += row
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What of each leg is the same in every scenario: columns that broadcast against them.

    `held` and `owed` are the discounted spot and strike, USD of the position; `put` is what parity
    takes of both for a put; `log_money` = ln(forward / strike). `premium` is USD of the
    position, as `gained` less `paid`, which exercise brings: a value is at least that where it is
    `bought`, at most where `sold`.
    """

    underlying: IntArray
    total_volatility: FloatArray
    log_money: FloatArray
    held: FloatArray
    owed: FloatArray
    put: FloatArray
    premium: FloatArray
    gained: FloatArray
    paid: FloatArray
    bought: BoolArray
    sold: BoolArray

    @classmethod
    def of(cls, book: Book, later: float) -> "_Terms":
        legs = book.contracts
        premium = np.full(len(legs), np.nan) if book.premium is None else book.premium
        early = ~np.isnan(premium)
        exercised = np.where(legs.is_call, book.shares_each, -book.shares_each)
        years = np.where(legs.years >= 0.0, np.maximum(legs.years - later, 0.0), np.nan)
        carry = (legs.rate - legs.dividend_yield) * years
        with np.errstate(all="ignore"):  # See `worth`.
            log_money = np.log(legs.spot / legs.strike) + carry
        volatility = np.where(book.volatility >= 0.0, book.volatility, np.nan)
        columns = (
            volatility * np.sqrt(years),
            log_money,
            book.shares_each * legs.spot * np.exp(-legs.dividend_yield * years),
            book.shares_each * legs.strike * np.exp(-legs.rate * years),
            np.where(legs.is_call, 0.0, 1.0),
            book.shares_each * np.nan_to_num(premium),
            exercised * book.spot[book.underlying],
            exercised * legs.strike,
        )
        s, money, held, owed, put, more, gained, paid = (column[:, None] for column in columns)
        return cls(
            underlying=book.underlying,
            total_volatility=s,
            log_money=money,
            held=held,
            owed=owed,
            put=put,
            premium=more,
            gained=gained,
            paid=paid,
            bought=(early & (book.shares_each > 0.0))[:, None],
            sold=(early & (book.shares_each < 0.0))[:, None],
        )


def _values(
    terms: _Terms, scenarios: Scenarios, logs: FloatArray, rows: slice, columns: slice
) -> FloatArray:
    """Return the value of each leg of `rows` in each scenario of `columns`, USD.

    A call is held·N(d1) - owed·N(d2); a put is that less (held - owed), by parity.
    """
    which = terms.underlying[rows]
    s = scenarios.volatility[which, columns]
    s *= terms.total_volatility[rows]
    np.maximum(s, SMALLEST, out=s)
    arguments = np.empty((2, *s.shape))
    near, far = arguments[0], arguments[1]
    np.add(logs[which, columns], terms.log_money[rows], out=near)
    near /= s
    s *= 0.5
    np.subtract(near, s, out=far)
    near += s
    chances = ndtr_near(arguments)
    chances -= terms.put[rows]
    held = scenarios.spot[which, columns]
    held *= terms.held[rows]
    held *= chances[0]
    chances[1] *= terms.owed[rows]
    held -= chances[1]
    bought, sold = terms.bought[rows], terms.sold[rows]
    if bought.any() or sold.any():
        held += terms.premium[rows]
        brings = scenarios.spot[which, columns]
        brings *= terms.gained[rows]
        brings -= terms.paid[rows]
        np.maximum(held, brings, out=held, where=bought)
        np.minimum(held, brings, out=held, where=sold)
    return held


def _tiles(legs: int, scenarios: int) -> Iterator[tuple[slice, slice]]:
    """Return slices of legs and of scenarios that cover all pairs, at most `BLOCK` at a time."""
    wide = max(1, min(scenarios, BLOCK))
    high = max(1, BLOCK // wide)
    for top in range(0, legs, high):
        for left in range(0, scenarios, wide):
            yield slice(top, top + high), slice(left, left + wide)


def profits(book: Book, scenarios: Scenarios) -> FloatArray:
    """Return what is held of each underlying gains over its worth of now, USD: rows, columns."""
    as_it_is = np.ones((book.spot.size, 1))
    now = worth(book, Scenarios(spot=as_it_is, volatility=as_it_is))
    return worth(book, scenarios) - now
