"""Implied volatility of an American chain: contracts a second and error, beside QuantLib.

Run: `python -m benchmarks.american_kernel`. Prints a table and writes it under
`benchmarks/results`. Both sides run in one process, on one core. The quotes are the values of
QuantLib's most exact engine, on a sample of the chain's quotable contracts for the errors and for
its own time; its search is Brent's over its fast engine. With cash dividends, the quotes of the
sample are those of a tree of 801 steps. Times are medians of processor time.
"""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

import numpy as np

from benchmarks.report import Figure, report
from strikedesk.quant import american, american_vol, cash_dividends, cash_dividends_vol
from strikedesk.quant.cash_dividends import CashDividends
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.early_exercise import schedule
from strikedesk.quant.frontier import frontier
from strikedesk.quant.normal import FloatArray
from tests import quantlib, tree
from tests.oracles import Case
from tests.quantlib import ql

SPOT, RATE, YIELD = 230.0, 0.042, 0.015
DAYS = (7, 14, 30, 45, 60, 90, 180, 270, 365, 730)
SAMPLE = 300
QUOTABLE = 0.005  # USD above whatever exercise would bring: half a cent, the least a mid can show.
ROUNDS = 7


def a_chain(
    days: tuple[int, ...] = DAYS, held: float = YIELD
) -> tuple[list[Case], Contracts, FloatArray]:
    """Return some expirations, 500 strikes, both rights, with a smile."""
    cases = [
        Case(
            spot=SPOT,
            strike=float(round(SPOT * np.exp(far * 0.28 * np.sqrt(count / 365)), 1)),
            years=count / 365,
            rate=RATE,
            dividend_yield=held,
            volatility=0.28 - 0.02 * far + 0.006 * far * far,
            is_call=is_call,
        )
        for count in days
        for far in np.linspace(-3.5, 3.0, 500).tolist()
        for is_call in (True, False)
    ]
    contracts = Contracts.of(
        spot=SPOT,
        strike=np.array([case.strike for case in cases]),
        years=np.array([case.years for case in cases]),
        rate=RATE,
        dividend_yield=held,
        is_call=np.array([case.is_call for case in cases]),
    )
    return cases, contracts, np.array([case.volatility for case in cases])


def each_us(run: Callable[[], object], count: int) -> float:
    """Return the median processor time of a contract, in microseconds."""
    times: list[float] = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        run()
        times.append(time.process_time() - begun)
    return median(times) / count * 1e6


def quotable(contracts: Contracts, quotes: FloatArray) -> FloatArray:
    """Return the numbers of the contracts whose price tells a volatility."""
    sign = np.where(contracts.is_call, 1.0, -1.0)
    gain = np.maximum(sign * (contracts.spot - contracts.strike), 0.0)
    floor = np.maximum(gain, american.price(contracts, 0.01))
    return np.flatnonzero(quotes - floor >= QUOTABLE)


def quantlib_search(cases: list[Case], quotes: FloatArray) -> list[float]:
    """Return QuantLib's volatilities: its fast engine within its Brent's method."""
    one = quantlib.OneProcess(rate=RATE, dividend_yield=YIELD)
    engine = ql.QdFpAmericanEngine(one.process, ql.QdFpAmericanEngine.fastScheme())
    found: list[float] = []
    for case, quote in zip(cases, quotes.tolist(), strict=True):
        option = quantlib.american_option(case)
        option.setPricingEngine(engine)
        one.at(case)

        def excess(
            sigma: float, option: object = option, case: Case = case, quote: float = quote
        ) -> float:
            one.at(Case(spot=case.spot, volatility=sigma))
            return option.NPV() - quote

        found.append(ql.Brent().solve(excess, 1e-8, 0.3, 0.02, 3.0))
    return found


def with_dividends() -> list[Figure]:
    """Measure the kernel of cash dividends: a quarter's dollar each, the first in five weeks."""
    cases, contracts, sigma = a_chain(days=(45, 60, 90, 180, 270, 365, 730), held=0.0)
    quarterly = [(0.1 + 0.25 * quarter, 1.0) for quarter in range(8)]
    paid = CashDividends.of(*zip(*quarterly, strict=True))
    quotes = cash_dividends.price(contracts, paid, sigma)
    numbers = np.random.default_rng(2).choice(len(cases), 120, replace=False)
    sample = [cases[n] for n in numbers.tolist()]
    exact = np.array([tree.price(case, quarterly) for case in sample])
    calm = [tree.price(replace(case, volatility=0.02), quarterly) for case in sample]
    found = cash_dividends_vol.implied_volatility(contracts.part(numbers), paid, exact).volatility
    errors = np.abs(found - sigma[numbers])[exact - calm >= QUOTABLE]

    def run() -> None:
        cash_dividends_vol.implied_volatility(contracts, paid, quotes)

    us = each_us(run, len(cases))
    return [
        Figure(name="IV, cash dividends", ours=us, unit="us", held_to="20 us"),
        Figure(
            name="largest error of that, 1e-3",
            ours=float(np.max(errors)) * 1e3,
            unit="",
            held_to="3",
        ),
    ]


def without_tables(contracts: Contracts, quotes: FloatArray) -> None:
    """Solve as the first time."""
    schedule.cache_clear()
    frontier.cache_clear()
    american_vol.implied_volatility(contracts, quotes)


def main() -> None:
    """Measure, print and keep."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    cases, contracts, sigma = a_chain()
    quotes = american.price(contracts, sigma)
    chosen = np.random.default_rng(1).choice(quotable(contracts, quotes), SAMPLE, replace=False)
    sample = [cases[n] for n in chosen.tolist()]
    exact = np.array(quantlib.american(sample))
    theirs_us = each_us(lambda: quantlib_search(sample, exact), SAMPLE)
    cold_us = each_us(lambda: without_tables(contracts, quotes), len(cases))
    warm_us = each_us(lambda: american_vol.implied_volatility(contracts, quotes), len(cases))
    greeks_us = each_us(lambda: american.greeks(contracts, sigma), len(cases))
    ours = american_vol.implied_volatility(contracts.part(chosen), exact).volatility
    theirs = np.array(quantlib_search(sample, exact))
    errors = [float(np.max(np.abs(found - sigma[chosen]))) * 1e4 for found in (ours, theirs)]
    report(
        "american_kernel",
        [
            Figure(
                name="IV, tables kept", ours=warm_us, floor=theirs_us, unit="us", held_to="0.02"
            ),
            Figure(name="IV, tables made", ours=cold_us, floor=theirs_us, unit="us"),
            Figure(name="five Greeks", ours=greeks_us, unit="us"),
            Figure(
                name="largest error of IV, 1e-4",
                ours=errors[0],
                floor=errors[1],
                unit="",
                held_to="1 and no worse",
            ),
            *with_dividends(),
        ],
        floor="QuantLib's QdFp engine (fast scheme) within Brent's method, a contract at a time",
    )
    print(f"ours is {theirs_us / warm_us:.0f} x as fast, {1e6 / warm_us:,.0f} contracts a second")


if __name__ == "__main__":
    main()
