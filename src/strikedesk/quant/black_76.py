"""Options on futures: Black's model of 1976, as contracts whose yield is the rate.

Values, implied volatilities and cross Greeks of such contracts are those of the other modules. Rho
is not: a future's price is given, so that the rate discounts and does nothing else.
Source: F. Black, J. Financial Economics 3 (1976) 167.
"""

from dataclasses import replace

import numpy.typing as npt

from strikedesk.quant import black_scholes
from strikedesk.quant.black_scholes import PERCENT, GreekArrays
from strikedesk.quant.contracts import Contracts


def on_futures(
    *,
    future: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    rate: npt.ArrayLike,
    is_call: npt.ArrayLike,
) -> Contracts:
    """Return options on futures as contracts. Units: `future` the future's price, USD.

    Raises:
        TypeError: `is_call` is not boolean; a letter would pass for true.
        ValueError: the shapes do not broadcast.
    """
    return Contracts.of(
        spot=future,
        strike=strike,
        years=years,
        rate=rate,
        dividend_yield=rate,
        is_call=is_call,
    )


def greeks(contracts: Contracts, volatility: npt.ArrayLike) -> GreekArrays:
    """Return the sensitivities of options on futures; delta and gamma are per $1 of the future.

    Raises:
        ValueError: `volatility` does not fit the contracts' shape.
    """
    found = black_scholes.greeks(contracts, volatility)
    years = contracts.years.reshape(contracts.shape)
    return replace(found, rho=-years * black_scholes.price(contracts, volatility) * PERCENT)
