"""The chance that the share is at the strike of an option before it ends, for all of an expiration.

It is kept with the expiration. How a column is rounded in its last digit depends on whether it is
short, so that none is: what a contract has does not depend on what it is worked out with.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from strikedesk.quant.candidates.axis import side
from strikedesk.quant.candidates.chain import Slice
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.likelihoods import touch
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.legs import Kind

_LONG: Final = 100  # Columns of as many numbers are rounded alike, and longer ones too.


def touch_chances(spot: float, slices: Sequence[Slice], kind: Kind) -> list[FloatArray]:
    """Return the chances of all contracts of a kind, a column for each expiration."""
    key = "touch", kind, spot
    known = [each.kept.get(key) for each in slices]
    new = [each for each, column in zip(slices, known, strict=True) if column is None]
    columns = iter(_together(spot, new, kind) if new else ())
    return [
        each.kept.keep(key, next(columns)) if column is None else column
        for each, column in zip(slices, known, strict=True)
    ]


def _together(spot: float, slices: Sequence[Slice], kind: Kind) -> list[FloatArray]:
    """Return the column of each expiration, worked out as one."""
    strikes = [each.strikes for each in slices]
    volatility = np.concatenate([side(each, kind).iv for each in slices])
    found = touched(spot, slices, kind, strikes, volatility)
    return np.split(found, np.cumsum([each.size for each in strikes])[:-1])


def touched(
    spot: float,
    slices: Sequence[Slice],
    kind: Kind,
    strikes: Sequence[FloatArray],
    volatility: FloatArray,
) -> FloatArray:
    """Return the chance at some strikes of each expiration, one after another; 1 in the money."""
    prices, sizes = np.concatenate(strikes), [each.size for each in strikes]
    size, called = prices.size, kind is Kind.CALL
    contracts = Contracts.of(
        spot=spot,
        strike=_long(prices),
        years=_long(np.repeat([each.years for each in slices], sizes)),
        rate=_long(np.repeat([np.log(e.forward / spot) / e.years for e in slices], sizes)),
        is_call=called,
    )
    inside = prices <= spot if called else prices >= spot
    return np.where(inside, 1.0, touch(contracts, _long(volatility))[:size])


def _long(column: FloatArray) -> FloatArray:
    """Return a column that is not short."""
    return np.concatenate((column, np.ones(max(_LONG - column.size, 0))))
