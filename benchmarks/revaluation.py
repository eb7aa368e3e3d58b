"""A book of 500 legs in 10,000 scenarios, beside a plain loop over the scenarios.

Run: `python -m benchmarks.revaluation`. Prints a table and writes it under `benchmarks/results`.
The floor prices all legs of one scenario at a time by the general kernel; a second line prices one
leg at a time with `math.erfc`, on a sample. All sides are pinned to one core and take turns.
"""

import math
import os
import statistics
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np

from benchmarks.report import Figure, report
from strikedesk.domain.accounts import Position
from strikedesk.domain.symbols import OptionSymbol, Right
from strikedesk.portfolio.holdings import Holding
from strikedesk.portfolio.priced import priced
from strikedesk.portfolio.stress import stress
from strikedesk.quant.black_scholes import price
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.revaluation import Book, Scenarios, worth
from strikedesk.quant.scenarios import grid

LEGS: Final = 500
UNDERLYINGS: Final = 10
SCENARIOS: Final = 10_000
SAMPLE: Final = 20  # Scenarios priced leg by leg.
ROUNDS: Final = 9
STEPS: Final = np.linspace(0.75, 1.25, 21).tolist()


def main() -> None:
    """Measure everything once and keep it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    book, drawn, steps = a_book(), some_scenarios(), grid(UNDERLYINGS, STEPS, STEPS)
    sample = Scenarios(spot=drawn.spot[:, :SAMPLE], volatility=drawn.volatility[:, :SAMPLE])
    report(
        "revaluation",
        [
            beside(f"{LEGS} legs, {SCENARIOS:,} scenarios", book, drawn, "<= 150 ms"),
            beside(f"{LEGS} legs, a grid of 21 x 21", book, steps, "<= 50 ms"),
            against_scalars(book, drawn, sample),
            whole_portfolio(),
        ],
        floor="a loop over scenarios, all legs of each by the general kernel; last, leg by leg",
    )


def a_book() -> Book:
    """Return options of several underlyings, a day to a year, near and far."""
    rng = np.random.default_rng(1)
    which = rng.integers(0, UNDERLYINGS, LEGS)
    spot = np.linspace(50.0, 500.0, UNDERLYINGS)
    return Book(
        spot=spot,
        shares=np.zeros(UNDERLYINGS),
        contracts=Contracts.of(
            spot=spot[which],
            strike=spot[which] * np.exp(rng.normal(0.0, 0.1, LEGS)),
            years=rng.uniform(0.01, 1.0, LEGS),
            rate=0.04,
            dividend_yield=0.01,
            is_call=rng.random(LEGS) < 0.5,
        ),
        volatility=rng.uniform(0.1, 0.6, LEGS),
        shares_each=100.0 * rng.integers(-5, 6, LEGS).astype(np.float64),
        underlying=which,
    )


def some_scenarios() -> Scenarios:
    """Return moves of prices and of volatilities."""
    rng = np.random.default_rng(2)
    shape = (UNDERLYINGS, SCENARIOS)
    return Scenarios(
        spot=np.exp(rng.normal(0.0, 0.02, shape)), volatility=np.exp(rng.normal(0.0, 0.05, shape))
    )


def beside(name: str, book: Book, scenarios: Scenarios, held_to: str) -> Figure:
    """Time both in turns."""
    ours: list[float] = []
    floor: list[float] = []
    worth(book, scenarios)
    for _ in range(ROUNDS):
        ours.append(ms(lambda: worth(book, scenarios)))
        floor.append(ms(lambda: by_scenario(book, scenarios)))
    return Figure(
        name=name, ours=statistics.median(ours), floor=statistics.median(floor), held_to=held_to
    )


def against_scalars(book: Book, scenarios: Scenarios, sample: Scenarios) -> Figure:
    """Time a million values by both, from what a sample takes leg by leg."""
    every = LEGS * scenarios.spot.shape[1]
    ours = [ms(lambda: worth(book, scenarios)) / every for _ in range(ROUNDS)]
    loop = [ms(lambda: leg_by_leg(book, sample)) / (LEGS * SAMPLE) for _ in range(ROUNDS)]
    return Figure(
        name="a million values, leg by leg",
        ours=statistics.median(ours) * 1e6,
        floor=statistics.median(loop) * 1e6,
    )


def whole_portfolio() -> Figure:
    """Time the risk of holdings: volatilities from marks, and the grid of 21 x 21."""
    held = holdings()
    stress(priced(held))
    return Figure(
        name=f"{LEGS} holdings: volatilities, grid of 21 x 21",
        ours=statistics.median(ms(lambda: stress(priced(held))) for _ in range(ROUNDS)),
        held_to="<= 50 ms",
    )


def holdings() -> list[Holding]:
    """Return contracts of several underlyings, marked at a volatility of a quarter."""
    rng = np.random.default_rng(3)
    strikes = np.tile(np.arange(80, 130), UNDERLYINGS)
    contracts = Contracts.of(spot=100.0, strike=strikes, years=0.1, rate=0.0, is_call=True)
    marks = price(contracts, rng.uniform(0.2, 0.3, strikes.size))
    return [
        Holding(
            position=Position(
                account_id="",
                symbol=OptionSymbol(
                    f"U{n // 50}U", date(2026, 12, 18), Right.CALL, Decimal(strike)
                ),
                quantity=1 if n % 2 else -1,
                multiplier=100,
                average_price=Decimal(1),
                mark=Decimal(str(round(mark, 4))),
            ),
            spot=Decimal(100),
            volatility=0.25,
            years=0.1,
        )
        for n, (strike, mark) in enumerate(zip(strikes.tolist(), marks.tolist(), strict=True))
    ]


def by_scenario(book: Book, scenarios: Scenarios) -> FloatArray:
    """Return the worth of the book in each scenario, one scenario after another."""
    legs, total = book.contracts, np.empty(scenarios.spot.shape[1])
    for column in range(total.size):
        moved = Contracts.of(
            spot=legs.spot * scenarios.spot[book.underlying, column],
            strike=legs.strike,
            years=legs.years,
            rate=legs.rate,
            dividend_yield=legs.dividend_yield,
            is_call=legs.is_call,
        )
        sigma = book.volatility * scenarios.volatility[book.underlying, column]
        total[column] = price(moved, sigma) @ book.shares_each
    return total


def leg_by_leg(book: Book, scenarios: Scenarios) -> list[float]:
    """Return the same, with the math module."""
    legs, totals = book.contracts, list[float]()
    columns = [
        column.tolist()
        for column in (
            book.underlying, legs.spot, legs.strike, legs.years, legs.rate, legs.dividend_yield,
            legs.is_call, book.volatility, book.shares_each,
        )
    ]  # fmt: skip
    spots, factors = scenarios.spot.tolist(), scenarios.volatility.tolist()
    for column in range(scenarios.spot.shape[1]):
        total = 0.0
        for row, spot, strike, years, rate, dividends, is_call, sigma, shares in zip(
            *columns, strict=True
        ):
            s = sigma * factors[row][column] * math.sqrt(years)
            held = spot * spots[row][column] * math.exp(-dividends * years)
            owed = strike * math.exp(-rate * years)
            near = math.log(held / owed) / s + 0.5 * s
            sign = 1.0 if is_call else -1.0
            total += shares * sign * (held * chance(sign * near) - owed * chance(sign * (near - s)))
        totals.append(total)
    return totals


def chance(x: float) -> float:
    """Return the normal distribution."""
    return 0.5 * math.erfc(-x * math.sqrt(0.5))


def ms(run: Callable[[], object]) -> float:
    """Return the processor time of one run, milliseconds."""
    begun = time.process_time()
    run()
    return 1000.0 * (time.process_time() - begun)


if __name__ == "__main__":
    main()
