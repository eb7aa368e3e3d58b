"""What the mids around a strategy imply: of its own legs, and of the options beside the nearest.

Both are solved as one column: of a few contracts it is the calls that cost, not the contracts.
numpy is imported when this is first called.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from strikedesk.domain.symbols import OptionSymbol, Right
from strikedesk.portfolio.holdings import Holding
from strikedesk.portfolio.on_forwards import Mids, or_told

if TYPE_CHECKING:
    from strikedesk.quant.black_scholes import GreekArrays
    from strikedesk.quant.contracts import Contracts
    from strikedesk.quant.normal import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The options of one expiration that are out of the money: their mids are all time value.

    Units: USD a share; `forward` that of the expiration, `years` ACT/365 to it. Strikes and mids
    that were read at another spot are scaled to that of now: a volatility is the same there.
    """

    forward: float
    years: float
    strikes: Sequence[float]
    mids: Sequence[float]
    is_call: Sequence[bool]

    @classmethod
    def of(cls, mids: Mids, *, forward: float, years: float, moved: float) -> "Outside":
        """Take of each strike the option that is out of the money."""
        edge = forward / moved
        puts = {strike: mid for strike, mid in mids.puts.items() if strike < edge}
        calls = {strike: mid for strike, mid in mids.calls.items() if strike >= edge}
        return cls(
            forward=forward,
            years=years,
            strikes=[strike * moved for strike in (*puts, *calls)],
            mids=[mid * moved for mid in (*puts.values(), *calls.values())],
            is_call=[False] * len(puts) + [True] * len(calls),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Implied:
    """Volatilities and European sensitivities; shares are rows of nonsense, answered with NaN.

    Units: `contracts` and `greeks` of the legs on their forwards, undiscounted, at `volatilities`:
    what each mid implies, else what the feed tells. `outside` and `vega` those of the options
    outside, whose volatilities are `around`.
    """

    contracts: "Contracts"
    volatilities: Sequence[float]
    greeks: "GreekArrays"
    outside: Outside
    around: "FloatArray"
    vega: "FloatArray"


def implied(
    holdings: Sequence[Holding],
    forwards: Sequence[float],
    prices: Sequence[Decimal],
    outside: Outside,
) -> Implied:
    """Return what the price of each holding and the mids of the options outside imply."""
    from strikedesk.quant import black_scholes  # noqa: PLC0415 -- imports numpy
    from strikedesk.quant.implied_vol import implied_greeks  # noqa: PLC0415 -- imports numpy

    every = _contracts(holdings, forwards, outside)
    found, at = implied_greeks(every, [*(float(price) for price in prices), *outside.mids])
    legs = slice(0, len(holdings))
    contracts, solved = every.part(legs), found.volatility[legs].tolist()
    volatilities = or_told(holdings, solved)
    # What the feed tells has sensitivities of its own.
    asked = any(map(math.isnan, solved))
    return Implied(
        contracts=contracts,
        volatilities=volatilities,
        greeks=black_scholes.greeks(contracts, volatilities) if asked else at.part(legs),
        outside=outside,
        around=found.volatility[legs.stop :],
        vega=at.vega[legs.stop :],
    )


def _contracts(
    holdings: Sequence[Holding], forwards: Sequence[float], outside: Outside
) -> "Contracts":
    from strikedesk.quant.contracts import Contracts  # noqa: PLC0415 -- imports numpy

    symbols = [each.symbol for each in holdings]
    options = [each if isinstance(each, OptionSymbol) else None for each in symbols]
    more = len(outside.mids)
    return Contracts.of(
        spot=[*forwards, *[outside.forward] * more],
        strike=[*(float(each.strike) if each else math.nan for each in options), *outside.strikes],
        years=[*(each.years or 0.0 for each in holdings), *[outside.years] * more],
        rate=0.0,
        is_call=[
            *(each is not None and each.right is Right.CALL for each in options),
            *outside.is_call,
        ],
    )
