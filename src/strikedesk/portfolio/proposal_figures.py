"""What is told of each leg of a strategy: volatility, delta, chances, and what may befall it.

Options of the American style are looked at as such: with the dividends that are known, and the
carry that their forward tells beyond these. numpy is imported when this is first called.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from strikedesk.domain.orders import Leg
from strikedesk.domain.terms import ExerciseStyle
from strikedesk.portfolio.proposal_legs import Priced

if TYPE_CHECKING:
    from strikedesk.quant.cash_dividends import CashDividends
    from strikedesk.quant.strategies import legs as numerics
    from strikedesk.quant.strategies.early import Early

_DAYS_PER_YEAR: Final = 365.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyLeg:
    """A leg with its figures; None = unknown, or none of shares.

    Units: `price` USD a share; `volatility` a fraction; `delta` per $1; `in_the_money` and `touch`
    the market's probabilities of ending beyond the strike, and of ever reaching it.
    """

    leg: Leg
    price: Decimal
    volatility: float | None
    delta: float | None
    in_the_money: float | None
    touch: float | None
    assignment: str | None


def seen_early(
    priced: Priced, legs: Sequence["numerics.Leg"], dividends: "CashDividends"
) -> "Early":
    """Return the legs as American ones."""
    from strikedesk.quant.strategies.early import early  # noqa: PLC0415 -- imports numpy

    return early(
        legs,
        spot=float(priced.spot),
        forward=priced.forwards,
        price=[float(price) for price in priced.prices],
        volatility=priced.volatilities,
        dividends=dividends,
    )


def told_legs(
    priced: Priced,
    legs: Sequence["numerics.Leg"],
    *,
    dividends: "CashDividends",
    style: ExerciseStyle | None,
    seen: "Early | None",
) -> tuple[StrategyLeg, ...]:
    """Return the figures of each leg: European ones, or those that were `seen`."""
    from strikedesk.quant import likelihoods  # noqa: PLC0415 -- imports numpy

    contracts = priced.implied.contracts
    sigma = seen.volatility if seen else priced.volatilities
    columns = (
        contracts.flat(sigma),
        seen.delta if seen else priced.implied.greeks.delta,
        likelihoods.in_the_money(contracts, sigma),
        likelihoods.touch(contracts, sigma),
    )
    rows = zip(*(column.tolist() for column in columns), strict=True)
    risks = _risks(priced, legs, dividends, style, seen)
    return tuple(
        StrategyLeg(
            leg=leg,
            price=price,
            volatility=_known(row[0]),
            delta=_known(row[1]) if leg.is_option else 1.0,
            in_the_money=_known(row[2]),
            touch=_known(row[3]),
            assignment=risk if leg.is_option else None,
        )
        for leg, price, row, risk in zip(priced.legs, priced.prices, rows, risks, strict=True)
    )


def _risks(
    priced: Priced,
    legs: Sequence["numerics.Leg"],
    dividends: "CashDividends",
    style: ExerciseStyle | None,
    seen: "Early | None",
) -> Sequence[str]:
    """Return why each leg may be exercised early; a European one waits for its end."""
    from strikedesk.quant.strategies.hazards import Assignment, assignments  # noqa: PLC0415 -- imports numpy
    from strikedesk.quant.strategies.payoffs import Market  # noqa: PLC0415 -- imports numpy

    if style is ExerciseStyle.EUROPEAN:
        return [Assignment.UNLIKELY.value for _ in legs]
    found = assignments(
        legs,
        Market(spot=float(priced.spot), rate=0.0),
        price=[float(price) for price in priced.prices],
        dividends=dividends,
        rate=seen.rate if seen else None,
    )
    return [each.value for each in found]


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
