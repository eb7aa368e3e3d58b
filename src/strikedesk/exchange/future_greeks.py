"""What moves the price of an option on a future, by Black's model of 1976."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from math import isfinite
from typing import Final

import numpy as np

from strikedesk.domain.greeks import Greeks
from strikedesk.domain.symbols import Right
from strikedesk.domain.untraded import UntradedName
from strikedesk.exchange.assignment import RATE
from strikedesk.exchange.future_options import FutureOption, Series, by_series, worths
from strikedesk.exchange.market import Market
from strikedesk.quant import black_76
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.implied_vol import implied_volatility

_SOURCE: Final = "model"
_SECONDS_PER_YEAR: Final = 365.0 * 86_400.0


def greeks(
    market: Market, options: Collection[FutureOption], at: datetime
) -> dict[UntradedName, Greeks]:
    """Return the sensitivities of options on futures, per point of the future.

    They can be exercised early, which is not priced: where exercise at once is all that one is
    worth no volatility explains its price, and nothing is told of it.
    """
    return {
        option.name: told
        for series, some in by_series(options).items()
        for option, told in _of_series(market, series, some, at)
    }


def _of_series(
    market: Market, series: Series, some: Sequence[FutureOption], at: datetime
) -> Iterator[tuple[FutureOption, Greeks]]:
    future = market.forward(series.future.product.underlying, series.future.ends_at, at)
    prices = worths(market, series, some, at)
    if future is None or prices is None:
        return
    contracts = _contracts(series, some, float(future), at)
    volatility = implied_volatility(contracts, np.array([float(p) for p in prices])).volatility
    found = black_76.greeks(contracts, volatility)
    names = ("delta", "gamma", "theta", "vega", "rho")
    columns = (volatility, *(getattr(found, name) for name in names))
    for option, row in zip(some, zip(*(c.tolist() for c in columns), strict=True), strict=True):
        if all(map(isfinite, row)):
            told = dict(zip(names, row[1:], strict=True))
            yield option, Greeks(implied_volatility=row[0], source=_SOURCE, at=at, **told)


def _contracts(
    series: Series, some: Sequence[FutureOption], future: float, at: datetime
) -> Contracts:
    return black_76.on_futures(
        future=np.full(len(some), future),
        strike=[float(option.strike) for option in some],
        years=(series.ends_at - at).total_seconds() / _SECONDS_PER_YEAR,
        rate=float(RATE),
        is_call=np.array([option.right is Right.CALL for option in some], dtype=np.bool_),
    )
