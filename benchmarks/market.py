"""Quotes, chains and bars of the simulated market, each beside the least that it could cost.

Columns stand beside numpy alone: one Black-Scholes value and one set of Greeks for as many
contracts. Rows, quotes and bars stand beside the same domain objects built from constants.

Times are those of the processor, so that a shared machine distorts them less.

Run: `python -m benchmarks.market`. Prints a table and writes it under `benchmarks/results`.
"""

import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

import numpy as np

from benchmarks.report import Figure, report
from strikedesk.domain.greeks import Greeks
from strikedesk.domain.quotes import Bar, ChainRow, Feed, Interval, Quote
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol
from strikedesk.exchange.simulated import SimulatedMarket, pricing
from strikedesk.exchange.simulated.american import values
from strikedesk.exchange.simulated.catalogue import UNDERLYINGS
from strikedesk.exchange.simulated.moments import STEP, Moment, moment_at
from strikedesk.exchange.simulated.pit import Pit, Pits
from strikedesk.exchange.simulated.quoting import sides
from strikedesk.exchange.simulated.selection import Selection, joined
from strikedesk.quant import black_scholes
from strikedesk.quant.contracts import Contracts

AT: Final = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
TWO_YEARS: Final = timedelta(days=730)
SPY: Final = EquitySymbol("SPY")
CONTRACTS: Final = 10_000


def main() -> None:
    """Measure everything once and keep it; memory while there is one world, and it is warm."""
    market = SimulatedMarket(seed=7)
    figures = [
        first_page(market),
        four_legs(market),
        *chains(market),
        one_day_of_minutes(market),
        memory(market),
        columns(),
        *bars(),
    ]
    report("market", figures, floor="see each: numpy alone, or domain objects of constants")


def first_page(market: SimulatedMarket) -> Figure:
    """Return the first chain of a market that has never been asked anything."""
    begun = time.process_time()
    day = next(each.day for each in market.expirations(SPY, AT) if each.standard)
    chain = market.chain(SPY, [day], AT)
    cold = (time.process_time() - begun) * 1000
    symbols = [row.contract for row in chain.rows]
    built = least_ms(lambda: build_rows(symbols), rounds=9)
    name = f"first chain page, {len(symbols)} contracts, cold"
    return Figure(name=name, ours=cold, floor=built, held_to="<= 300 ms")


def columns() -> Figure:
    """Price, quote and differentiate some 10,000 American contracts, a new step each time."""
    pits, known, moment = Pits(seed=7), UNDERLYINGS[0], moment_at(AT)
    assert moment is not None
    pit, parts, count = pits.pit(known, moment.session), list[Selection](), 0
    for ladder in pits.ladders(known, moment).values():
        if count + 2 * len(ladder.strikes) <= CONTRACTS:
            parts.append(pits.selection(pit, ladder))
            count += 2 * len(ladder.strikes)
    selection, steps = joined(parts), iter(range(1, 100))
    ours = least_ms(lambda: quoted_and_priced(pit, moment, next(steps), selection), rounds=25)
    numpy_alone = least_ms(lambda: one_value_each(pit, moment, selection), rounds=25)
    name = f"{count:,} contracts quoted and priced, warm"
    return Figure(name=name, ours=ours, floor=numpy_alone, held_to="<= 30 ms")


def quoted_and_priced(pit: Pit, moment: Moment, later: int, selection: Selection) -> None:
    """Return nothing: it is the time that counts."""
    book = pit.book(moment.step + later, selection)
    sides(book, values(book), selection.volume)
    pricing.greeks(book, pricing.volatilities(book))


def one_value_each(pit: Pit, moment: Moment, selection: Selection) -> None:
    """Evaluate one European value and its Greeks for each, at one volatility."""
    book = pit.book(moment.step, selection)
    contracts = Contracts.of(
        spot=book.spot, strike=book.strike, years=book.years, rate=0.04, is_call=book.is_call
    )
    volatility = np.full(len(contracts), 0.2)
    black_scholes.price(contracts, volatility)
    black_scholes.greeks(contracts, volatility)


def memory(market: SimulatedMarket) -> Figure:
    """Return the most memory that the process held once all of the world has been looked at."""
    symbols = [EquitySymbol(each.ticker) for each in UNDERLYINGS]
    all_days(market, symbols)
    for symbol in symbols:
        market.chain(symbol, [market.expirations(symbol, AT)[5].day], AT)
    units = 1024 if sys.platform == "linux" else 1024 * 1024
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / units
    return Figure(name="memory, most", ours=held, unit="MB", held_to="<= 200 MB")


def four_legs(market: SimulatedMarket) -> Figure:
    """Quote an iron condor, at a new step each time, as matching does."""
    listed = market.expirations(SPY, AT)
    day = [each.day for each in listed if each.standard][1]
    shape = (470, Right.PUT), (480, Right.PUT), (520, Right.CALL), (530, Right.CALL)
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
    begun = time.process_time()
    chain = market.chain(SPY, days, AT)
    cold = (time.process_time() - begun) * 1000
    symbols = [row.contract for row in chain.rows]
    steps = iter(range(1, 100))
    warm = least_ms(lambda: market.chain(SPY, days, AT + STEP * next(steps)), rounds=15)
    built = least_ms(lambda: build_rows(symbols), rounds=15)
    name = f"chain of {count:,} contracts"
    return [
        Figure(name=f"{name} as rows, warm", ours=warm, floor=built, held_to="<= 150 ms"),
        Figure(name=f"{name}, first of the session", ours=cold, floor=built),
    ]


def bars() -> list[Figure]:
    """Return daily bars of every underlying, in markets that have never been asked anything."""
    symbols = [EquitySymbol(each.ticker) for each in UNDERLYINGS]
    seeds = iter(range(100, 200))
    cold = least_ms(lambda: all_days(SimulatedMarket(seed=next(seeds)), symbols), rounds=3)
    count = all_days(SimulatedMarket(seed=7), symbols)
    built = least_ms(lambda: build_bars(count), rounds=9)
    name = f"{count:,} daily bars, {len(symbols)} underlyings, cold"
    return [Figure(name=name, ours=cold, floor=built, held_to="<= 1000 ms")]


def all_days(market: SimulatedMarket, symbols: Sequence[EquitySymbol]) -> int:
    """Read two years of daily bars and count them."""
    return sum(len(market.bars(symbol, Interval.DAY, AT - TWO_YEARS, AT)) for symbol in symbols)


def one_day_of_minutes(market: SimulatedMarket) -> Figure:
    """Return a session's minute bars of one contract: 1,560 quotes summed up."""
    day = market.expirations(SPY, AT)[8].day
    contract = OptionSymbol("SPY", day, Right.CALL, Decimal(500))
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


def least_ms(run: Callable[[], object], *, rounds: int) -> float:
    """Return the best of many runs, in milliseconds: what it takes when nobody disturbs."""
    times: list[float] = []
    for _ in range(rounds):
        begun = time.process_time()
        run()
        times.append((time.process_time() - begun) * 1000)
    return min(times)


def median_ms(run: Callable[[], object], *, rounds: int) -> float:
    """Return the middle of many runs, in milliseconds."""
    times: list[float] = []
    for _ in range(rounds):
        begun = time.process_time()
        run()
        times.append((time.process_time() - begun) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    main()
