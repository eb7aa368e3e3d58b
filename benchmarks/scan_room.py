"""Whole scans through the room: facts, chains, search, prices to the cent, and the report.

Run: `python -m benchmarks.scan_room`. Prints a table and writes it under `benchmarks/results`. The
paper market's underlyings, of real-size chains, are scanned again and again by starter rule sets,
chains warm, until 500 symbols were looked at: with every chain laid out anew, as the first scan of
it finds it, and with what an earlier scan laid out. Processor time of this process with all its
threads: the room searches within one, so a second core helps little. It is more than a scan of 500
takes, which leaves out what nearly passed; scans of as few as are listed here tell it. A line tells
what a symbol takes whose chain was searched; others were ruled out before, which costs next to
nothing.
"""

import asyncio
import time
from dataclasses import replace
from typing import Final

from benchmarks.report import Figure, report
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.exchange.simulated.catalogue import UNDERLYINGS
from strikedesk.scan.definition import Scan
from strikedesk.scan.library import starters
from strikedesk.scan.pieces import Pieces
from strikedesk.scan.scanner import Scanner
from strikedesk.scan.verdicts import Verdict
from tests.tools.paper_desk import PaperDesk

WATCHED: Final = 500
NAMES: Final = ("put-spread-third", "iron-condor-45", "call-spread-debit")
HELD_TO: Final = "<= 10 s on two cores"


async def main() -> None:
    """Measure every rule set twice and keep it."""
    scanner = (await PaperDesk().desk()).scanner
    figures = [
        figure
        for name in NAMES
        for anew in (True, False)
        for figure in await measured(scanner, name, starters()[name], anew=anew)
    ]
    report("scan_room", figures, floor="none: what is asked is a time")


async def measured(scanner: Scanner, name: str, scan: Scan, *, anew: bool) -> tuple[Figure, Figure]:
    """Return what so many symbols take, and what one takes whose chain is searched."""
    listed = [EquitySymbol(each.ticker) for each in UNDERLYINGS]
    await scanner(scan, symbols=listed)
    spent, searched, left = 0.0, 0, WATCHED
    while left > 0:
        some = listed[:left]
        looking = replace(scanner, pieces=Pieces()) if anew else scanner
        begun = time.process_time()
        found = await looking(scan, symbols=some)
        spent += time.process_time() - begun
        searched += sum(each.verdict is Verdict.SCANNED for each in found.verdicts)
        left -= len(some)
    told = f"{name}, {'laid out anew' if anew else 'laid out before'}"
    whole = Figure(name=f"{WATCHED} symbols: {told}", ours=spent, unit="s", held_to=HELD_TO)
    one = Figure(name=f"one of the {searched} searched", ours=1e3 * spent / max(searched, 1))
    return whole, one


if __name__ == "__main__":
    asyncio.run(main())
