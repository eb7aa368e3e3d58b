"""What calls and puts of one expiration agree on: the forward, and the dividends in it."""

from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np
import numpy.typing as npt

NEAREST: Final = 5  # Pairs nearest the money: quoted most closely, exercised early least.


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpliedCarry:
    """What put-call parity says of one expiration.

    Units: `forward` USD at the end; `dividends` today's USD until then, `dividend_yield` the same
    as a continuously compounded fraction a year; `apart` how far the pairs' forwards lie from it in
    the median, USD; `pairs` how many were asked.
    Law: all NaN where no strike has both prices. What looks like a dividend may be the price of
    borrowing the share; and of American options, which parity only bounds, pairs at the money are
    the nearest to it.
    """

    forward: float
    dividends: float
    dividend_yield: float
    apart: float
    pairs: int


def implied_carry(
    *,
    spot: float,
    strike: npt.ArrayLike,
    call: npt.ArrayLike,
    put: npt.ArrayLike,
    years: float,
    rate: float,
) -> ImpliedCarry:
    """Return the forward on which the pairs nearest the money agree, and what it says is paid.

    Units: prices in USD a share, NaN where there is none; `rate` continuously compounded.
    Law: call - put = exp(-rate·years)·(forward - strike), whose median over the pairs is taken.

    Raises:
        ValueError: the columns are of different lengths, or `spot` or `years` is not positive.
    """
    strikes, calls, puts = (np.asarray(each, np.float64) for each in (strike, call, put))
    if strikes.ndim != 1 or not strikes.shape == calls.shape == puts.shape:
        raise ValueError("strike, call and put must be columns of one length")
    if not (spot > 0.0 and years > 0.0):
        raise ValueError("spot and years must be positive")
    discount = float(np.exp(-rate * years))
    forwards = strikes + (calls - puts) / discount
    known = np.flatnonzero(np.isfinite(forwards))
    if not known.size:
        return ImpliedCarry(
            forward=np.nan, dividends=np.nan, dividend_yield=np.nan, apart=np.nan, pairs=0
        )
    nearest = known[np.argsort(np.abs(calls - puts)[known], kind="stable")[:NEAREST]]
    told = forwards[nearest].tolist()
    forward = median(told)
    return ImpliedCarry(
        forward=forward,
        dividends=spot - discount * forward,
        dividend_yield=float(np.log(spot / (discount * forward)) / years)
        if forward > 0
        else np.nan,
        apart=median(abs(each - forward) for each in told),
        pairs=nearest.size,
    )
