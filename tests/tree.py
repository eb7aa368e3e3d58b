"""A slow binomial tree, as the textbooks draw it, for American options on shares that pay cash."""

import numpy as np

from tests.oracles import Case

STEPS = 801


def price(case: Case, dividends: list[tuple[float, float]], *, steps: int = STEPS) -> float:
    """Return the value of `case`, given (years to the ex-date, USD) of each dividend.

    The spot less what is still to be paid is what branches; exercise is weighed at every step.
    Source: J. C. Hull, Options, Futures, and Other Derivatives, chapter 21.
    """
    step = case.years / steps
    up = float(np.exp(case.volatility * np.sqrt(step)))
    growth = float(np.exp((case.rate - case.dividend_yield) * step))
    chance = (growth - 1.0 / up) / (up - 1.0 / up)
    discount = float(np.exp(-case.rate * step))
    stripped = case.spot - held(case, dividends, 0.0)
    sign = 1.0 if case.is_call else -1.0
    values = np.empty(0)
    for level in range(steps, -1, -1):
        shares = stripped * up ** (2.0 * np.arange(level + 1) - level)
        shares += held(case, dividends, level * step)
        gain = np.maximum(sign * (shares - case.strike), 0.0)
        if level == steps:
            values = gain
        else:
            waiting = discount * (chance * values[1:] + (1.0 - chance) * values[:-1])
            values = np.maximum(waiting, gain)
    return float(values[0])


def held(case: Case, dividends: list[tuple[float, float]], now: float) -> float:
    """Return what the dividends from `now` to the end are worth then, USD."""
    return sum(
        amount * float(np.exp(-case.rate * (years - now)))
        for years, amount in dividends
        if now < years <= case.years
    )
