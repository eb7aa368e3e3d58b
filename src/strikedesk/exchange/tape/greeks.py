"""Greeks of a tape's contracts, from their own quotes and nothing else.

Each contract's volatility is the one that its mid implies, given the forward on which the calls and
puts of its expiration agree. So no rate and no dividend is assumed: what they do to the price is in
the forward, and what is left, the discounting of a small time value, is left out. Delta and gamma
are per $1 of that forward.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import isnan
from typing import Final

import numpy as np

from strikedesk.domain.calendar import expiration_instant
from strikedesk.domain.greeks import Greeks
from strikedesk.domain.quotes import Quote, Settlement
from strikedesk.domain.symbols import OptionSymbol, Right
from strikedesk.exchange.tape.parity import parity_price
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.implied_vol import implied_greeks

MODEL: Final = "model"
_SECONDS_PER_YEAR: Final = 365.0 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lane:
    """One contract that can be solved. Units: USD per share; `years` to its end."""

    contract: OptionSymbol
    price: float
    forward: float
    years: float


def greeks_of(
    quotes: Sequence[tuple[OptionSymbol, Quote]], at: datetime
) -> Mapping[OptionSymbol, Greeks]:
    """Return the Greeks of those contracts that have any.

    Law: a contract is absent without a two-sided quote, without a pair of its expiration that tells
    the forward, at or after its end, or where no volatility explains its price. As European ones:
    deep in the money, an American price may have none.
    """
    lanes = _lanes(quotes, at)
    if not lanes:
        return {}
    contracts = Contracts.of(
        spot=np.array([lane.forward for lane in lanes]),
        strike=np.array([float(lane.contract.strike) for lane in lanes]),
        years=np.array([lane.years for lane in lanes]),
        rate=0.0,
        is_call=np.array([lane.contract.right is Right.CALL for lane in lanes]),
    )
    implied, found = implied_greeks(contracts, np.array([lane.price for lane in lanes]))
    columns = (implied.volatility, found.delta, found.gamma, found.theta, found.vega, found.rho)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return {
        lane.contract: _greeks(row, at)
        for lane, row in zip(lanes, rows, strict=True)
        if not isnan(row[0])
    }


def _greeks(row: Sequence[float], at: datetime) -> Greeks:
    implied, delta, gamma, theta, vega, rho = row
    return Greeks(
        implied_volatility=implied,
        delta=delta,
        gamma=gamma,
        theta=theta,
        vega=vega,
        rho=rho,
        source=MODEL,
        at=at,
    )


def _lanes(quotes: Sequence[tuple[OptionSymbol, Quote]], at: datetime) -> list[_Lane]:
    mids: defaultdict[tuple[str, date], dict[OptionSymbol, float]] = defaultdict(dict)
    for contract, quote in quotes:
        if quote.mid:
            mids[contract.root, contract.expiration][contract] = float(quote.mid)
    return [lane for (_, day), same in mids.items() for lane in _expiration(day, same, at)]


def _expiration(day: date, mids: Mapping[OptionSymbol, float], at: datetime) -> list[_Lane]:
    """Return the contracts of one expiration, if it tells its forward."""
    end = expiration_instant(day, Settlement.PM)
    years = (end - at).total_seconds() / _SECONDS_PER_YEAR
    forward = parity_price(_pairs(mids))
    if years <= 0 or forward is None or forward <= 0:
        return []
    return [
        _Lane(contract=contract, price=mid, forward=forward, years=years)
        for contract, mid in mids.items()
    ]


def _pairs(mids: Mapping[OptionSymbol, float]) -> list[tuple[float, float, float]]:
    calls = {each.strike: mid for each, mid in mids.items() if each.right is Right.CALL}
    puts = {each.strike: mid for each, mid in mids.items() if each.right is Right.PUT}
    return [(float(k), calls[k], puts[k]) for k in calls.keys() & puts.keys()]
