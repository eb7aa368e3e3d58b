"""Chains made by the formula, for the tests of candidates."""

from collections.abc import Callable

import numpy as np

from strikedesk.quant import black_scholes
from strikedesk.quant.candidates.chain import Chain, Quotes, Slice
from strikedesk.quant.contracts import Contracts

SPOT = 100.0
RATE = 0.03


def a_chain(
    *days: float,
    strikes: int = 9,
    step: float = 2.5,
    forecast: float | None = None,
    seed: int | None = None,
) -> Chain:
    """Return expirations around the spot; a seed makes quotes, interest and volumes uneven."""
    middle = SPOT - step * (strikes // 2)
    column = middle + step * np.arange(strikes)
    return Chain(
        spot=SPOT, slices=tuple(a_slice(each, column, seed) for each in days), forecast=forecast
    )


def a_slice(days: float, strikes: np.ndarray, seed: int | None = None) -> Slice:
    """Return one expiration on a smile."""
    years = days / 365.0
    rng = np.random.default_rng(None if seed is None else [seed, int(days)])
    noise: Callable[[float, float], np.ndarray] = (
        (lambda low, high: rng.uniform(low, high, strikes.size))
        if seed is not None
        else (lambda low, high: np.full(strikes.size, 0.5 * (low + high)))
    )
    forward = SPOT * float(np.exp(RATE * years))
    sigma = 0.25 - 0.2 * np.log(strikes / forward) + 0.002 * noise(-1.0, 1.0)
    sides: list[Quotes] = []
    for is_call in (True, False):
        contracts = Contracts.of(spot=SPOT, strike=strikes, years=years, rate=RATE, is_call=is_call)
        mid = black_scholes.price(contracts, sigma)
        at = black_scholes.greeks(contracts, sigma)
        half = np.round(0.02 + 0.02 * mid * noise(0.0, 1.0), 2)
        bid = np.round(mid - half, 2)
        sides.append(
            Quotes(
                bid=np.maximum(bid, 0.0),
                ask=np.round(np.maximum(bid, 0.0) + 2.0 * half, 2),
                iv=sigma,
                delta=at.delta,
                gamma=at.gamma,
                theta=at.theta,
                vega=at.vega,
                open_interest=np.round(noise(0.0, 2000.0)),
                volume=np.round(noise(0.0, 500.0)),
            )
        )
    return Slice(
        days=days,
        years=years,
        forward=forward,
        discount=float(np.exp(-RATE * years)),
        strikes=strikes,
        calls=sides[0],
        puts=sides[1],
    )
