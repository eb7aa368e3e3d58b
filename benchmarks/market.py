"""Quotes, chains and bars of the simulated market, beside building the same rows from constants.

Run: `python -m benchmarks.market`. Prints a table and writes it under `benchmarks/results`.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from benchmarks.report import Figure, report
from strikedesk.domain.greeks import Greeks
from strikedesk.domain.quotes import Bar, ChainRow, Feed, Interval, Quote
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol
from strikedesk.exchange.simulated import SimulatedMarket
from strikedesk.exchange.simulated.catalogue import UNDERLYINGS
from strikedesk.exchange.simulated.moments import STEP

AT: Final = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
TWO_YEARS: Final = timedelta(days=730)
SPY: Final = EquitySymbol("SPY")
CONTRACTS: Final = 10_000


def main() -> None:
    """Measure everything once and keep it."""
    market = SimulatedMarket(seed=7)
    figures = [four_legs(market), *chains(market), *bars(), one_day_of_minutes(market)]
    report("market", figures, floor="the same domain objects built from constants")


def four_legs(market: SimulatedMarket) -> Figure:
    """Quote an iron condor, at a new step each time, as matching does."""
    listed = market.expirations(SPY, AT)
    day = [each.day for each in listed if each.standard][1]
    shape = (480, Right.PUT), (490, Right.PUT), (530, Right.CALL), (540, Right.CALL)
    legs = [OptionSymbol("SPY", day, right, Decimal(strike)) for strike, right in shape]
    market.quotes(legs, AT)
    instants = iter(market.ticks(legs, AT, AT + timedelta(days=1)))
    ours = median_ms(lambda: market.quotes(legs, next(instants)), rounds=201)
    built = median_ms(lambda: build_quotes(legs), rounds=201)
    return Figure(name="quotes of 4 legs, warm", ours=ours, floor=built, held_to="<= 0.5 ms")


def chains(market: SimulatedMarket) -> list[Figure]:
    """Build the rows of some 10,000 contracts with quotes and Greeks, first and again."""
    days, count = list[date](), 0
    for each in market.expirations(SPY, AT):
        if count + 2 * len(each.strikes) <= CONTRACTS:
            days.append(each.day)
            count += 2 * len(each.strikes)
    begun = time.perf_counter()
    chain = market.chain(SPY, days, AT)
    cold = (time.perf_counter() - begun) * 1000
    symbols = [row.contract for row in chain.rows]
    steps = iter(range(1, 100))
    warm = median_ms(lambda: market.chain(SPY, days, AT + STEP * next(steps)), rounds=15)
    built = median_ms(lambda: build_rows(symbols), rounds=15)
    name = f"chain of {count:,} contracts"
    return [
        Figure(name=f"{name}, warm", ours=warm, floor=built, held_to="<= 150 ms"),
        Figure(name=f"{name}, first of the session", ours=cold, floor=built),
    ]


def bars() -> list[Figure]:
    """Return daily bars of every underlying, in a market that has never been asked anything."""
    market = SimulatedMarket(seed=8)
    symbols = [EquitySymbol(each.ticker) for each in UNDERLYINGS]
    begun = time.perf_counter()
    found = [market.bars(symbol, Interval.DAY, AT - TWO_YEARS, AT) for symbol in symbols]
    cold = (time.perf_counter() - begun) * 1000
    built = median_ms(lambda: build_bars(sum(map(len, found))), rounds=9)
    name = f"two years of daily bars, {len(symbols)} underlyings, cold"
    return [Figure(name=name, ours=cold, floor=built, held_to="<= 1000 ms")]


def one_day_of_minutes(market: SimulatedMarket) -> Figure:
    """Return a session's minute bars of one contract: 1,560 quotes summed up."""
    day = market.expirations(SPY, AT)[8].day
    contract = OptionSymbol("SPY", day, Right.CALL, Decimal(520))
    opens = AT - timedelta(minutes=90)
    closes = opens + timedelta(hours=6.5)
    found = market.bars(contract, Interval.MINUTE, opens, closes)
    ours = median_ms(lambda: market.bars(contract, Interval.MINUTE, opens, closes), rounds=15)
    built = median_ms(lambda: build_bars(len(found)), rounds=15)
    return Figure(name=f"{len(found)} minute bars of a contract", ours=ours, floor=built)


def build_quotes(symbols: Sequence[Symbol]) -> list[Quote]:
    """Return quotes made of constants."""
    price, wide, at = Decimal("1.05"), Decimal("1.10"), AT
    return [
        Quote(
            symbol=symbol,
            at=at,
            feed=Feed.SIMULATED,
            bid=price,
            ask=wide,
            bid_size=10,
            ask_size=12,
            last=price,
            previous_close=wide,
            volume=100,
            open_interest=1000,
        )
        for symbol in symbols
    ]


def build_rows(symbols: Sequence[OptionSymbol]) -> list[ChainRow]:
    """Return chain rows made of constants."""
    return [
        ChainRow(
            contract=symbol,
            quote=quote,
            greeks=Greeks(
                implied_volatility=0.2,
                delta=0.5,
                gamma=0.01,
                theta=-0.02,
                vega=0.3,
                rho=0.1,
                source="model",
                at=AT,
            ),
        )
        for symbol, quote in zip(symbols, build_quotes(symbols), strict=True)
    ]


def build_bars(count: int) -> list[Bar]:
    """Return bars made of constants."""
    price = Decimal("512.34")
    return [
        Bar(at=AT, open=price, high=price, low=price, close=price, volume=1000)
        for _ in range(count)
    ]


def median_ms(run: Callable[[], object], *, rounds: int) -> float:
    """Return the middle of many runs, in milliseconds."""
    times: list[float] = []
    for _ in range(rounds):
        begun = time.perf_counter()
        run()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    main()
