"""A strategy from words to its report, on the warm paper market, beside its European half alone.

Run: `python -m benchmarks.strategy`. Prints a table and writes it under `benchmarks/results`. The
floor is the same legs as if options on the share were European: what reading them as American
costs, with and without a dividend before their end. Processor time: the market answers from memory.
"""

import asyncio
import statistics
import time
from typing import Final

from benchmarks.report import Figure, report
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.terms import ExerciseStyle
from strikedesk.market.room import MarketRoom
from strikedesk.portfolio.from_words import legs_from_words
from strikedesk.portfolio.proposal import strategy_report
from tests.tools.paper_desk import PaperDesk

ROUNDS: Final = 41
HELD_TO: Final = "<= 5 ms"
CASES: Final = (
    ("index: European", "SPX", "iron condor, 35 DTE, 16 delta, 25 wide"),
    ("share, no dividend before the end", "AAPL", "iron condor, 35 DTE, 16 delta, 5 wide"),
    ("fund, a dividend before the end", "SPY", "iron condor, 35 DTE, 16 delta, 5 wide"),
    ("share, two expirations", "AAPL", "double diagonal, 30/90 DTE, 16 delta, 5 wide"),
)


class European(MarketRoom):
    """The same market, where nobody exercises early."""

    async def exercise_style(self, underlying: EquitySymbol) -> ExerciseStyle | None:
        """Say so of every underlying."""
        del underlying
        return ExerciseStyle.EUROPEAN


async def main() -> None:
    """Measure every case once and keep it."""
    market = (await PaperDesk().desk()).market
    european = European(data=market.data, cache=market.cache)
    figures = [await measured(*case, market, european) for case in CASES]
    report("strategy", figures, floor="the same report with European figures alone")


async def measured(
    name: str, ticker: str, words: str, market: MarketRoom, european: MarketRoom
) -> Figure:
    """Return the medians of both sides, which take turns."""
    underlying = EquitySymbol(ticker)
    ours: list[float] = []
    floor: list[float] = []
    for _ in range(ROUNDS):
        for side, kept in ((market, ours), (european, floor)):
            begun = time.process_time()
            await strategy_report(side, await legs_from_words(side, underlying, words))
            kept.append(1e3 * (time.process_time() - begun))
    return Figure(
        name=name,
        ours=statistics.median(ours),
        floor=statistics.median(floor),
        held_to=HELD_TO,
    )


if __name__ == "__main__":
    asyncio.run(main())
