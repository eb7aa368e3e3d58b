"""Implied volatility and five Greeks of a chain: contracts a second, beside peers and a floor.

Run: `python -m benchmarks.quant_kernel [--sizes 10000 1000000] [--rounds 40]`. Prints a table and
writes it under `benchmarks/results`. All sides run in one process, on one core, on the same chain.
The floor is what the transcendental functions alone cost. The scalar loop is in this file; vollib
and QuantLib are timed on a sample, fast-vollib (the fastest vectorised package that is right to
1e-7 and needs no compiler) on the whole chain, where they are installed; the error is measured
where mpmath is. For all of them: `uv run --with vollib --with fast-vollib python -m
benchmarks.quant_kernel`. A time is the median of several, in seconds of this process's own: other
work on the machine does not count.
"""

import argparse
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from strikedesk.quant.black_scholes import greeks, price
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.implied_vol import NoVolatility, implied_greeks, implied_volatility
from strikedesk.quant.normal import FloatArray, erfcx_nonnegative

if TYPE_CHECKING:
    from tests.oracles import Real

RESULT = Path(__file__).parent / "results" / "quant_kernel.json"
SPOT, RATE, YIELD = 5000.0, 0.042, 0.013
DAYS = (2, 7, 14, 30, 45, 60, 90, 180, 365, 730)
STRIKES = 500
SAMPLE = 400  # Contracts that a scalar loop is timed on.
QUOTABLE = 0.005  # USD of time value: half a cent, the least that a mid can show.


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. `times` says how many times as fast ours is at the same job."""

    job: str
    contracts: int
    per_second: float
    ns_each: float
    times: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """An index chain with a smile: contracts, the volatilities they were priced with, quotes."""

    contracts: Contracts
    volatility: FloatArray
    quotes: FloatArray

    def quotable(self) -> FloatArray:
        """Return the numbers of the contracts whose time value a quote can show."""
        held = self.contracts.spot * np.exp(-self.contracts.dividend_yield * self.contracts.years)
        owed = self.contracts.strike * np.exp(-self.contracts.rate * self.contracts.years)
        sign = np.where(self.contracts.is_call, 1.0, -1.0)
        intrinsic = np.maximum(sign * (held - owed), 0.0)
        return np.flatnonzero(self.quotes - intrinsic >= QUOTABLE)


def a_chain(size: int) -> Chain:
    """Return `size` contracts: ten expirations, 500 strikes out to four deviations, both rights."""
    years, far, calls = (
        axis.ravel()
        for axis in np.meshgrid(
            np.array(DAYS) / 365.0,
            np.linspace(-4.2, 3.6, STRIKES),
            np.array([True, False]),
            indexing="ij",
        )
    )
    strike = np.round(SPOT * np.exp((RATE - YIELD) * years + far * 0.17 * np.sqrt(years)))
    volatility = 0.17 - 0.02 * far + 0.004 * far * far
    copies = -(-size // years.size)
    contracts = Contracts.of(
        spot=SPOT,
        strike=np.tile(strike, copies)[:size],
        years=np.tile(years, copies)[:size],
        rate=RATE,
        dividend_yield=YIELD,
        is_call=np.tile(calls, copies)[:size],
    )
    volatility = np.tile(volatility, copies)[:size]
    return Chain(contracts=contracts, volatility=volatility, quotes=price(contracts, volatility))


def typical_s(run: Callable[[], object], rounds: int) -> float:
    """Return the median of several runs after one to warm up, in seconds of processor time."""
    run()
    times: list[float] = []
    for _ in range(rounds):
        begun = time.process_time()
        run()
        times.append(time.process_time() - begun)
    return median(times)


def row(job: str, contracts: int, seconds: float, ours: float | None = None) -> Row:
    """Return a line; `ours` is our seconds per contract at the same job, if that is to compare."""
    each = seconds / contracts
    return Row(
        job=job,
        contracts=contracts,
        per_second=round(1.0 / each),
        ns_each=round(each * 1e9, 1),
        times=None if ours is None else round(each / ours, 1),
    )


def our_rows(chain: Chain, rounds: int) -> Iterator[Row]:
    """Time our four jobs and the floor under them."""
    contracts, size = chain.contracts, len(chain.contracts)
    jobs: dict[str, Callable[[], object]] = {
        "IV + five Greeks": lambda: implied_greeks(contracts, chain.quotes),
        "IV": lambda: implied_volatility(contracts, chain.quotes),
        "five Greeks": lambda: greeks(contracts, chain.volatility),
        "price": lambda: price(contracts, chain.volatility),
        "floor: 3 ln, 1 exp, 2 tails": lambda: transcendentals(chain),
    }
    return (row(job, size, typical_s(run, rounds)) for job, run in jobs.items())


def transcendentals(chain: Chain) -> None:
    """Evaluate the functions that a solved contract needs at least, block by block."""
    for piece in chain.contracts.blocks():
        x = chain.contracts.strike[piece]
        np.exp(chain.volatility[piece])
        for _ in range(3):
            np.log(x)
        erfcx_nonnegative(np.stack((x, x)))


def peer_rows(chain: Chain, ours: float) -> Iterator[Row]:
    """Time loops over single contracts on a sample; only what is installed."""
    numbers = np.random.default_rng(1).choice(chain.quotable(), SAMPLE, replace=False)
    columns = chain.contracts
    sample = [
        (
            float(chain.quotes[n]),
            float(columns.strike[n]),
            float(columns.years[n]),
            bool(columns.is_call[n]),
        )
        for n in numbers
    ]
    for name, one in peers():
        seconds = typical_s(lambda one=one: [one(*contract) for contract in sample], 7)
        yield row(name, SAMPLE, seconds, ours)


def peers() -> Iterator[tuple[str, Callable[[float, float, float, bool], object]]]:
    """Yield each peer's way to the volatility and the five Greeks of one contract."""
    yield "scalar loop (math.erfc)", scalar
    if find_spec("vollib"):
        yield "vollib loop", vollib_contract()
    if find_spec("QuantLib"):
        yield "QuantLib BlackCalculator loop", quantlib_calculator()
        yield "QuantLib engine loop", quantlib_engine()


def vector_rows(chain: Chain, rounds: int, ours: float) -> Iterator[Row]:
    """Time the best vectorised package on the whole chain, if it is installed."""
    if not find_spec("fast_vollib"):
        return
    import fast_vollib  # noqa: PLC0415 -- optional peer

    of = chain.contracts
    flags = np.where(of.is_call, "c", "p")
    model = {"model": "black_scholes_merton", "backend": "numpy"}

    def run() -> None:
        sigma = fast_vollib.fast_implied_volatility(
            chain.quotes,
            of.spot,
            of.strike,
            of.years,
            of.rate,
            flags,
            of.dividend_yield,
            on_error="ignore",
            return_as="numpy",
            **model,
        )
        fast_vollib.get_all_greeks(
            flags,
            of.spot,
            of.strike,
            of.years,
            of.rate,
            sigma,
            of.dividend_yield,
            return_as="dict",
            **model,
        )

    yield row("fast-vollib, vectorised", len(of), typical_s(run, rounds), ours)


def scalar(quote: float, strike: float, years: float, is_call: bool) -> tuple[float, ...]:
    """Solve by Newton's method with halving, then differentiate; all in the math module."""
    low, high, sigma = 1e-6, 10.0, 0.3
    for _ in range(100):
        value, _, _, _, vega, _ = scalar_greeks(strike, years, sigma, is_call)
        low, high = (sigma, high) if value < quote else (low, sigma)
        if abs(value - quote) <= 1e-13 * quote:
            break
        step = sigma - (value - quote) / vega if vega > 0.0 else 0.0
        sigma = step if low < step < high else 0.5 * (low + high)
        if high - low <= 1e-15:
            break
    return sigma, *scalar_greeks(strike, years, sigma, is_call)


def scalar_greeks(strike: float, years: float, sigma: float, is_call: bool) -> tuple[float, ...]:
    """Return value, delta, gamma, theta, vega, rho of one contract, per 1 and per year."""
    sign = 1.0 if is_call else -1.0
    root = sigma * math.sqrt(years)
    d1 = (math.log(SPOT / strike) + (RATE - YIELD) * years) / root + 0.5 * root
    held = SPOT * math.exp(-YIELD * years)
    owed = strike * math.exp(-RATE * years)
    n1 = sign * 0.5 * math.erfc(-sign * d1 * math.sqrt(0.5))
    n2 = sign * 0.5 * math.erfc(-sign * (d1 - root) * math.sqrt(0.5))
    density = held * math.exp(-0.5 * d1 * d1) / math.sqrt(2.0 * math.pi)
    theta = YIELD * held * n1 - RATE * owed * n2 - 0.5 * density * sigma / math.sqrt(years)
    vega = density * math.sqrt(years)
    gamma = density / (SPOT * SPOT * root)
    return held * n1 - owed * n2, held * n1 / SPOT, gamma, theta, vega, years * owed * n2


def vollib_contract() -> Callable[[float, float, float, bool], object]:
    """Return vollib's implied volatility and analytical Greeks of one contract."""
    from vollib.black_scholes_merton.greeks import analytical  # noqa: PLC0415 -- optional peer
    from vollib.black_scholes_merton.implied_volatility import (  # noqa: PLC0415 -- optional peer
        implied_volatility as solve,
    )

    functions = [getattr(analytical, name) for name in ("delta", "gamma", "theta", "vega", "rho")]

    def one(quote: float, strike: float, years: float, is_call: bool) -> list[float]:
        flag = "c" if is_call else "p"
        sigma = solve(quote, SPOT, strike, years, RATE, YIELD, flag)
        return [f(flag, SPOT, strike, years, RATE, sigma, YIELD) for f in functions]

    return one


def quantlib_calculator() -> Callable[[float, float, float, bool], object]:
    """Return QuantLib's fastest way: its rational solver and its closed-form calculator."""
    import QuantLib as ql  # noqa: PLC0415, N813 -- optional peer, by its customary name

    def one(quote: float, strike: float, years: float, is_call: bool) -> list[float]:
        right = ql.Option.Call if is_call else ql.Option.Put
        forward, discount = SPOT * math.exp((RATE - YIELD) * years), math.exp(-RATE * years)
        s = ql.blackFormulaImpliedStdDevLiRS(right, strike, forward, quote, discount)
        payoff = ql.PlainVanillaPayoff(right, strike)
        at = ql.BlackCalculator(payoff, forward, s, discount)
        return [
            at.delta(SPOT),
            at.gamma(SPOT),
            at.theta(SPOT, years),
            at.vega(years),
            at.rho(years),
        ]

    return one


def quantlib_engine() -> Callable[[float, float, float, bool], object]:
    """Return QuantLib's usual way: an option, an engine, `impliedVolatility`, the Greeks."""
    import QuantLib as ql  # noqa: PLC0415, N813 -- optional peer, by its customary name

    today, count = ql.Date(2, 1, 2026), ql.Actual365Fixed()
    ql.Settings.instance().evaluationDate = today
    spot, sigma = ql.SimpleQuote(SPOT), ql.SimpleQuote(0.2)
    curves = [
        ql.YieldTermStructureHandle(ql.FlatForward(today, rate, count)) for rate in (YIELD, RATE)
    ]
    flat = ql.BlackConstantVol(today, ql.NullCalendar(), ql.QuoteHandle(sigma), count)
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(spot), *curves, ql.BlackVolTermStructureHandle(flat)
    )
    engine = ql.AnalyticEuropeanEngine(process)

    def one(quote: float, strike: float, years: float, is_call: bool) -> list[float]:
        right = ql.Option.Call if is_call else ql.Option.Put
        expiry = ql.EuropeanExercise(today + round(years * 365))
        option = ql.VanillaOption(ql.PlainVanillaPayoff(right, strike), expiry)
        option.setPricingEngine(engine)
        sigma.setValue(option.impliedVolatility(quote, process, 1e-12, 200, 1e-4, 4.0))
        return [option.delta(), option.gamma(), option.theta(), option.vega(), option.rho()]

    return one


def worst_error(chain: Chain) -> float | None:
    """Return the largest relative error of a sample, against the volatility of the exact quote."""
    if find_spec("mpmath") is None:
        return None
    from tests.oracles import relative_error  # noqa: PLC0415 -- only where its library is

    found = implied_volatility(chain.contracts, chain.quotes).volatility
    numbers = np.random.default_rng(2).choice(chain.quotable(), SAMPLE, replace=False)
    return max(relative_error(float(found[n]), exact(chain, int(n))) for n in numbers)


def exact(chain: Chain, n: int) -> "Real":
    """Return the volatility at which contract `n` is worth its quote, to many digits."""
    from tests.oracles import Case, exact_volatility  # noqa: PLC0415 -- only where its library is

    case = Case(
        spot=SPOT,
        strike=float(chain.contracts.strike[n]),
        years=float(chain.contracts.years[n]),
        rate=RATE,
        dividend_yield=YIELD,
        volatility=float(chain.volatility[n]),
        is_call=bool(chain.contracts.is_call[n]),
    )
    return exact_volatility(case, float(chain.quotes[n]))


def measured(size: int, rounds: int) -> dict[str, object]:
    """Measure one size; the peers' rates do not depend on it, ours do."""
    chain = a_chain(size)
    found, _ = implied_greeks(chain.contracts, chain.quotes)
    ours = list(our_rows(chain, rounds))
    each = 1.0 / ours[0].per_second
    rows = [*ours, *vector_rows(chain, max(3, rounds // 4), each), *peer_rows(chain, each)]
    return {
        "contracts": size,
        "unsolved": int(np.count_nonzero(found.reason != NoVolatility.NONE)),
        "quotable": int(chain.quotable().size),
        "worst_relative_error": worst_error(chain),
        "rows": [asdict(line) for line in rows],
    }


def show(table: dict[str, object], rows: list[dict[str, object]]) -> None:
    """Print one size."""
    facts = {name: value for name, value in table.items() if name != "rows"}
    print("  ".join(f"{name}={value}" for name, value in facts.items()))
    print(f"{'job':32} {'contracts':>9} {'per second':>12} {'ns each':>10} {'ours faster':>12}")
    for line in rows:
        times = "" if line["times"] is None else f"{line['times']:,.1f} x"
        print(
            f"{line['job']:32} {line['contracts']:>9,} {line['per_second']:>12,}"
            f" {line['ns_each']:>10,} {times:>12}"
        )


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000])
    parser.add_argument("--rounds", type=int, default=40)
    wanted = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    tables = [measured(size, wanted.rounds) for size in wanted.sizes]
    for table in tables:
        show(table, table["rows"])
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(tables, indent=2) + "\n")
    print(f"kept in {RESULT}")


if __name__ == "__main__":
    main()
