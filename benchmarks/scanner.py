"""Every vertical and iron condor of a chain, and a watchlist of 500, searched on one core.

Run: `python -m benchmarks.scanner [--rounds 5] [--symbols 10]`. Prints a table and writes it under
`benchmarks/results`. The floor is a plain loop over candidates in this file, one after another with
the math module and the same rules, on a sample. `benchmarks.verticals` has the same beside another
package. A time is the smallest of several, in seconds of this process's own: other work on the
machine does not count.
"""

import argparse
import json
import os
import platform
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from math import erf, log, sqrt
from typing import Final

import numpy as np

from benchmarks.report import RESULTS
from strikedesk.quant import black_scholes
from strikedesk.quant.candidates.chain import Chain, Quotes, Slice
from strikedesk.quant.candidates.measures import Measure
from strikedesk.quant.candidates.search import Bound, Search, Window
from strikedesk.quant.candidates.searching import search
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.patterns import PATTERNS, Pattern, signature_of

RATE: Final = 0.04
STRIKES: Final = 500
DAYS: Final = (7, 14, 21, 30, 45, 60, 90, 120, 180, 365)
# The days and strikes of one real chain, AAPL's of 3 June 2014: 13 expirations, 4,532 contracts.
LISTED: Final = {
    3: 86, 10: 154, 18: 216, 24: 136, 30: 100, 38: 104, 46: 250,
    52: 72, 74: 234, 137: 244, 228: 302, 318: 208, 591: 160,
}  # fmt: skip
WATCHED: Final = 500
CORES: Final = 2
SAMPLE: Final = 20_000
NAMED: Final = {pattern.name: pattern for pattern in PATTERNS}
VERTICALS: Final = ("bull call spread", "bear call spread", "bull put spread", "bear put spread")
# The usual name wants wings of one width; these may be of any.
CONDOR: Final = Pattern(name="condor of any wings", signature=signature_of("+P1 -P2 -C3 +C4"))
RULES: Final = (
    Bound(Measure.CREDIT_TO_WIDTH, low=0.25),
    Bound(Measure.PROFIT_PROBABILITY, low=0.6),
    Bound(Measure.EV_TO_RISK, low=0.0),
    Bound(Measure.DELTA, low=-0.1, high=0.1),
    Bound(Measure.OPEN_INTEREST, low=100.0),
    Bound(Measure.SPREAD_SHARE, high=0.3),
    Bound(Measure.ANNUALISED, low=0.1),
)
SHORTS: Final = Window(wing=20, sold=(0.05, 0.4))


def main(rounds: int, symbols: int) -> None:
    """Measure everything once and keep it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    chain = a_chain(5000.0, dict.fromkeys(DAYS, STRIKES), seed=1, step=5.0)
    for each in chain.slices:
        _ = each.market
    rows: dict[str, float] = {}
    for near in (0, 3):
        told = "and near misses" if near else "best and counted"
        rows |= rated(f"verticals, {told}", lambda n=near: every_vertical(chain, n), rounds)
        rows |= rated(f"iron condors, {told}", lambda n=near: condors(chain, n), rounds)
    rows["peak memory, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    rows |= watched(symbols)
    rows |= beside(chain, rows)
    for name, value in rows.items():
        print(f"{name:72}{value:14,.2f}")
    kept = {"benchmark": "scanner", "python": platform.python_version(), "rows": rows}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "scanner.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def a_chain(spot: float, listed: dict[int, int], *, seed: int, step: float) -> Chain:
    """Return expirations of so many strikes each around the spot, on a skewed smile."""
    return Chain(
        spot=spot,
        forecast=0.15,
        slices=tuple(a_slice(spot, days, count, seed, step) for days, count in listed.items()),
    )


def a_slice(spot: float, days: int, count: int, seed: int, step: float) -> Slice:
    """Return one expiration; spreads widen with the price, interest differs by contract."""
    years, rng = days / 365.0, np.random.default_rng([seed, days])
    forward = spot * float(np.exp(RATE * years))
    strikes = spot + step * (np.arange(count) - count // 2)
    moved = np.log(strikes / forward) / sqrt(years)
    sigma = np.clip(0.16 - 0.12 * moved + 0.08 * moved * moved, 0.05, 1.0)
    sides = [
        side(spot, years, strikes, sigma, is_call=is_call, rng=rng) for is_call in (True, False)
    ]
    return Slice(
        days=days,
        years=years,
        forward=forward,
        discount=float(np.exp(-RATE * years)),
        strikes=strikes,
        calls=sides[0],
        puts=sides[1],
    )


def side(
    spot: float,
    years: float,
    strikes: FloatArray,
    sigma: FloatArray,
    *,
    is_call: bool,
    rng: np.random.Generator,
) -> Quotes:
    """Return the calls or the puts."""
    contracts = Contracts.of(spot=spot, strike=strikes, years=years, rate=RATE, is_call=is_call)
    mid, at = black_scholes.price(contracts, sigma), black_scholes.greeks(contracts, sigma)
    half = np.round(0.05 + 0.01 * mid**0.75 * rng.uniform(0.5, 1.5, strikes.size), 2)
    bid = np.maximum(np.round(mid - half, 2), 0.05)
    return Quotes(
        bid=bid,
        ask=bid + 2.0 * half,
        iv=sigma,
        delta=at.delta,
        gamma=at.gamma,
        theta=at.theta,
        vega=at.vega,
        open_interest=np.round(rng.exponential(800.0, strikes.size)),
        volume=np.round(rng.exponential(200.0, strikes.size)),
    )


def every_vertical(chain: Chain, near: int) -> int:
    """Search calls and puts in both directions; return how many there were."""
    sought = [Search(pattern=NAMED[name], bounds=RULES, top=100, near=near) for name in VERTICALS]
    return sum(search(chain, each).enumerated for each in sought)


def condors(chain: Chain, near: int) -> int:
    """Search iron condors of any wings; return how many there were."""
    sought = Search(pattern=CONDOR, bounds=RULES, top=100, near=near, window=SHORTS)
    return search(chain, sought).enumerated


def rated(name: str, run: Callable[[], int], rounds: int) -> dict[str, float]:
    """Return how many candidates and how many of them a second of processor time."""
    count, seconds = run(), [seconds_of(run) for _ in range(rounds)]
    return {
        f"{name}: candidates, millions": count / 1e6,
        f"{name}: millions a second": count / min(seconds) / 1e6,
    }


def seconds_of(run: Callable[[], object]) -> float:
    """Return the processor time of one run, seconds."""
    begun = time.process_time()
    run()
    return time.process_time() - begun


def watched(symbols: int) -> dict[str, float]:
    """Return what a watchlist of real size takes, from a few of its symbols.

    Each symbol is a search of its own and cores share nothing, so that two halve the time.
    """
    chains = [a_chain(600.0, LISTED, seed=2 + n, step=2.1) for n in range(symbols)]
    share = WATCHED / symbols / CORES
    smiles = seconds_of(lambda: [each.market for chain in chains for each in chain.slices])
    found = {f"{WATCHED} symbols on {CORES} cores: fitting all smiles first, s": smiles * share}
    for name, days in (("25-60 days", (25.0, 60.0)), ("all expirations", (0.0, 1000.0))):
        window = replace(SHORTS, days=days)
        best = Search(pattern=CONDOR, bounds=RULES, top=10, near=0, count=False, window=window)
        asked = {
            "the best": best,
            "counted": replace(best, count=True),
            "and near misses": replace(best, count=True, near=3),
        }
        for what, sought in asked.items():
            seconds = seconds_of(lambda each=sought: [search(c, each) for c in chains])
            found[f"{WATCHED} symbols on {CORES} cores, {name}, {what}: s"] = seconds * share
        each = sum(search(c, best).enumerated for c in chains) / symbols / 1e6
        found[f"{WATCHED} symbols on {CORES} cores, {name}: millions a symbol"] = each
    return found


def beside(chain: Chain, rows: dict[str, float]) -> dict[str, float]:
    """Time the plain loop on puts' verticals; return the ratio too."""
    loop = SAMPLE / min(seconds_of(lambda: plain_loop(chain)) for _ in range(3))
    ours = 1e6 * rows["verticals, best and counted: millions a second"]
    found = {"plain loop, verticals: thousands a second": loop / 1e3}
    found["verticals, ratio to the plain loop"] = ours / loop
    return found


def plain_loop(chain: Chain) -> list[tuple[float, float, float]]:
    """Return the best 100 of a sample of short put verticals, one after another."""
    best = [each for each in islice(judged_one_by_one(chain.slices[3]), SAMPLE) if each is not None]
    return sorted(best, reverse=True)[:100]


def judged_one_by_one(of: Slice) -> Iterator[tuple[float, float, float] | None]:
    """Yield each short put vertical: value to risk and strikes, None if it breaks a rule."""
    quotes = of.puts
    columns = [
        column.tolist() for column in (quotes.bid, quotes.ask, quotes.delta, quotes.open_interest)
    ]
    rows = list(zip(of.strikes.tolist(), *columns, strict=True))[STRIKES // 4 :]
    deviation, forecast = of.market.volatility * sqrt(of.years), 0.15 * sqrt(of.years)
    means = [mean_put(row[0], of.forward, forecast) for row in rows]
    for place, (low, bid, ask, delta, interest) in enumerate(rows):
        for far in range(place + 1, len(rows)):
            high, bid_2, ask_2, delta_2, interest_2 = rows[far]
            spread = (ask - bid) + (ask_2 - bid_2)
            credit = 0.5 * (bid_2 + ask_2 - bid - ask) - 0.25 * spread
            width = high - low
            risk = max(width - credit, 0.005)
            chance = 1.0 - below(high - credit, of.forward, deviation)
            value = (credit - of.discount * (means[far] - means[place])) / risk
            kept = (
                credit >= 0.25 * width
                and chance >= 0.6
                and value >= 0.0
                and abs(delta - delta_2) <= 0.1
                and min(interest, interest_2) >= 100.0
                and spread <= 0.3 * credit
                and credit / risk / of.years >= 0.1
            )
            yield (value, low, high) if kept else None


def below(price: float, forward: float, deviation: float) -> float:
    """Return the lognormal chance of ending at or below a price."""
    return normal(log(price / forward) / deviation + 0.5 * deviation)


def mean_put(strike: float, forward: float, deviation: float) -> float:
    """Return what a put ends with on average."""
    far = log(strike / forward) / deviation + 0.5 * deviation
    return strike * normal(far) - forward * normal(far - deviation)


def normal(x: float) -> float:
    """Return the normal distribution."""
    return 0.5 * (1.0 + erf(x * sqrt(0.5)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--symbols", type=int, default=10)
    asked = parser.parse_args()
    main(asked.rounds, asked.symbols)
