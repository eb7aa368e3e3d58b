"""A warm chain of 10,000 contracts filtered to one page, beside one bare pass over its rows.

Run: `python -m benchmarks.chain_page`. Prints a table and writes it under `benchmarks/results`;
says what it costs a model too, by the pieces that usual tokenizers cut text into before they merge.
"""

import asyncio
import json
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.quotes import ChainRow, Expiration
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.market.cache import MemoryCache
from strikedesk.market.chain_page import ChainPage, frame, written
from strikedesk.market.chain_query import ChainQuery
from strikedesk.market.listing import choose_expirations
from strikedesk.market.room import MarketRoom
from strikedesk.market.slices import ChainSlice
from tests.builders import NOON
from tests.fakes.data import ScriptedMarket, StepClock, a_quote, an_expiration, greeks

EXPIRATIONS, STRIKES, ROUNDS = 25, 200, 41
UNDERLYING = EquitySymbol("AAPL")
RESULT = Path(__file__).parent / "results" / "chain_page.json"
PIECES = re.compile(r"[^\r\n\w]?[A-Za-z_]+|\d{1,3}| ?[^\sA-Za-z\d]+|\s+")

QUERIES = {
    "default": ChainQuery(underlying=UNDERLYING),
    "all expirations, 16-30 delta puts, OI >= 100": ChainQuery(
        underlying=UNDERLYING,
        days_min=0,
        right=Right.PUT,
        delta_min=0.16,
        delta_max=0.30,
        open_interest_min=100,
    ),
    "all expirations, |delta| 0.2-0.4": ChainQuery(
        underlying=UNDERLYING, days_min=0, delta_min=0.2, delta_max=0.4
    ),
    "all 10,000, ten columns, 60 rows": ChainQuery(
        underlying=UNDERLYING,
        days_min=0,
        strike_min=Decimal(0),
        page_size=60,
        columns=("symbol", "bid", "ask", "last", "volume", "iv", "delta", "gamma", "theta", "vega"),
    ),
}


def a_market() -> ScriptedMarket:
    """Return a market of 25 expirations, 200 strikes, two rights; deltas as a smile would have."""
    today = exchange_date(NOON)
    listed = tuple(
        an_expiration(
            today + timedelta(days=7 * (week + 1)),
            range(102, 102 + STRIKES),
            today=today,
            standard=week % 4 == 3,
        )
        for week in range(EXPIRATIONS)
    )
    rows = tuple(
        a_row(OptionSymbol("AAPL", each.day, right, strike))
        for each in listed
        for strike in each.strikes
        for right in (Right.CALL, Right.PUT)
    )
    return ScriptedMarket(
        clock=StepClock(),
        spots={"AAPL": Decimal("201.37")},
        listed={"AAPL": listed},
        chain_rows={"AAPL": rows},
    )


def a_row(contract: OptionSymbol) -> ChainRow:
    """Return a contract whose delta falls with its strike."""
    call = min(1.0, max(0.0, 0.5 + (201.37 - float(contract.strike)) / 80))
    delta = call if contract.right is Right.CALL else call - 1
    mid = str(round(Decimal("0.35") + abs(contract.strike - 201) / 3, 2))
    interest = int(contract.strike) * 37 % 4001
    quote = replace(a_quote(contract, mid), open_interest=interest, last=Decimal(mid), volume=25)
    return ChainRow(contract=contract, quote=quote, greeks=greeks(delta, 0.2 + abs(0.5 - call) / 5))


def median_ms(run: Callable[[], object]) -> float:
    """Return the middle of many runs, in milliseconds."""
    times: list[float] = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        run()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


def as_json(page: ChainPage) -> str:
    """Return a page as a tool would send it."""
    return json.dumps(asdict(page), default=str, separators=(",", ":"))


async def measured() -> list[dict[str, object]]:
    """Measure every query beside a bare pass over all rows."""
    market = a_market()
    room = a_room(market)
    listed = await room.expirations(UNDERLYING)
    slices = await room.slices(UNDERLYING, {each.day for each in listed})
    rows = [row for piece in slices for row in piece.rows]
    floor = median_ms(lambda: [row for row in rows if row.contract.right is Right.PUT])
    return [
        {"query": name, **await measure(query, market, listed, slices, floor)}
        for name, query in QUERIES.items()
    ]


async def measure(
    query: ChainQuery,
    market: ScriptedMarket,
    listed: tuple[Expiration, ...],
    slices: tuple[ChainSlice, ...],
    floor: float,
) -> dict[str, object]:
    """Measure one query: warm through a room of its own, and its pure part."""
    days = choose_expirations(query, listed)
    wanted = [piece for piece in slices if piece.day in days]
    pure = median_ms(lambda: written(frame(query, listed, wanted), {}))
    page, warm = await through_the_room(a_room(market), market.clock, query)
    text = as_json(page)
    return {
        "contracts": sum(len(piece) for piece in wanted),
        "total": page.total,
        "returned": page.returned,
        "warm_ms": round(warm, 2),
        "pure_ms": round(pure, 2),
        "bare_pass_ms": round(floor, 2),
        "ratio": round(warm / floor, 1),
        "bytes": len(text),
        "tokens": len(PIECES.findall(text)),
    }


def a_room(market: ScriptedMarket) -> MarketRoom:
    """Return a market room that remembers nothing yet."""
    return MarketRoom(data=market, cache=MemoryCache(market.clock))


async def through_the_room(
    room: MarketRoom, clock: StepClock, query: ChainQuery
) -> tuple[ChainPage, float]:
    """Return a page and the median milliseconds it takes, quotes asked again each time."""
    times: list[float] = []
    page = await room.chain_page(query)
    for _ in range(ROUNDS):
        clock.step(5.5)
        begun = time.perf_counter()
        page = await room.chain_page(query)
        times.append((time.perf_counter() - begun) * 1000)
    return page, statistics.median(times)


def main() -> None:
    """Print the table and keep it."""
    table = asyncio.run(measured())
    for line in table:
        print("  ".join(f"{name}={value}" for name, value in line.items()))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
