"""The chance that the share is at the strike of an option before it ends, for all of an expiration.

It is worked out for whole expirations and kept with them: how a column is rounded in its last digit
depends on how long it is.
"""

import numpy as np

from strikedesk.quant.candidates.axis import side
from strikedesk.quant.candidates.chain import Slice
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.likelihoods import touch
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.legs import Kind


def touch_chances(spot: float, of: Slice, kind: Kind) -> FloatArray:
    """Return the chance of each contract of a kind. Law: kept with the expiration."""
    return of.kept.once(
        ("touch", kind, spot), lambda: touched(spot, of, kind, of.strikes, side(of, kind).iv)
    )


def touched(
    spot: float, of: Slice, kind: Kind, strikes: FloatArray, volatility: FloatArray
) -> FloatArray:
    """Return the chance at each strike; 1 in the money."""
    called = kind is Kind.CALL
    contracts = Contracts.of(
        spot=spot,
        strike=strikes,
        years=of.years,
        rate=np.log(of.forward / spot) / of.years,
        is_call=called,
    )
    inside = strikes <= spot if called else strikes >= spot
    return np.where(inside, 1.0, touch(contracts, volatility))
