"""What may happen to a strategy before its end, and what it costs to trade."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from strikedesk.quant.cash_dividends import CashDividends
from strikedesk.quant.strategies.legs import Kind, Leg
from strikedesk.quant.strategies.payoffs import Market


class Assignment(StrEnum):
    """Why a sold option may be exercised early. `UNLIKELY`: nothing speaks for it."""

    UNLIKELY = "unlikely"
    DIVIDEND = "dividend"
    INTEREST = "interest"
    NO_TIME_VALUE = "no_time_value"


def assignments(
    legs: Sequence[Leg],
    market: Market,
    *,
    price: npt.ArrayLike,
    dividends: CashDividends,
    rate: npt.ArrayLike | None = None,
) -> tuple[Assignment, ...]:
    """Tell for each leg whether its holder would gain by exercising early.

    Units: `price` USD a share, one for each leg; `rate` that of each leg's expiration, the market's
    for all if none is given.
    Law: a call in the money whose time value is below the dividends before its end; a put in the
    money whose time value is below the interest on its strike; either without time value. Bought
    legs, shares and what is out of the money are unlikely; a price that is NaN tells nothing.

    Raises:
        ValueError: there is not one price for each leg.
    """
    prices = np.asarray(price, np.float64)
    if prices.shape != (len(legs),):
        raise ValueError("give one price for each leg")
    rates = np.broadcast_to(np.asarray(market.rate if rate is None else rate), prices.shape)
    return tuple(
        _assignment(leg, market.spot, own, each, dividends)
        for leg, each, own in zip(legs, prices.tolist(), rates.tolist(), strict=True)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquidity:
    """What crossing the market would cost.

    Units: `to_cross` USD, half of all spreads, in and not out again; `of_mid` that as a fraction of
    the mid of all legs together, without sign; `widest` the widest spread as a fraction of its mid.
    Law: NaN where a leg is not quoted on both sides; infinite beside a mid of 0.
    """

    to_cross: float
    of_mid: float
    widest: float


def liquidity(legs: Sequence[Leg], *, bid: npt.ArrayLike, ask: npt.ArrayLike) -> Liquidity:
    """Return what the quotes of the legs, USD a share, say of trading them together.

    Raises:
        ValueError: there is not one bid and one ask for each leg.
    """
    low, high = (np.asarray(each, np.float64) for each in (bid, ask))
    if not low.shape == high.shape == (len(legs),):
        raise ValueError("give one bid and one ask for each leg")
    shares = np.array([float(leg.shares) for leg in legs])
    spread, mid = high - low, 0.5 * (high + low)
    to_cross = float(np.sum(np.abs(shares) * 0.5 * spread))
    with np.errstate(divide="ignore", invalid="ignore"):  # A mid of 0 makes it infinite.
        of_mid = float(np.divide(to_cross, abs(float(shares @ mid))))
        widest = float(np.max(spread / mid))
    return Liquidity(to_cross=to_cross, of_mid=of_mid, widest=widest)


def _assignment(
    leg: Leg, spot: float, rate: float, price: float, dividends: CashDividends
) -> Assignment:
    call = leg.kind is Kind.CALL
    gain = (spot - leg.strike) * (1.0 if call else -1.0)
    if leg.quantity > 0 or leg.kind is Kind.SHARE or gain <= 0.0:
        return Assignment.UNLIKELY
    time_value = price - gain
    ahead = dividends.until(leg.years)
    if time_value <= 0.0:
        return Assignment.NO_TIME_VALUE
    if call and ahead.amounts.size and time_value < ahead.worth(rate):
        return Assignment.DIVIDEND
    interest = leg.strike * -float(np.expm1(-rate * leg.years))
    return Assignment.INTEREST if not call and time_value < interest else Assignment.UNLIKELY
