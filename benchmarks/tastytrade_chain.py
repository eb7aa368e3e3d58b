"""A nested chain of 20,000 contracts, from the broker's bytes to what the desk knows as listed.

Run: `python -m benchmarks.tastytrade_chain`. The chain is made here, of the size of SPX's.
"""

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta

from benchmarks.report import Figure, report
from strikedesk.brokers.tastytrade.listing import CHAINS, Listing, listing_of

ROOTS, EXPIRATIONS, STRIKES, TURNS = ("SPX", "SPXW"), 25, 200, 21
CONTRACTS = len(ROOTS) * EXPIRATIONS * STRIKES * 2
TODAY = date(2026, 11, 20)
MAKE = "make"
# `ru_maxrss` counts kibibytes, and bytes on macOS.
RSS_UNIT = 1 if sys.platform == "darwin" else 1024


def main() -> None:
    """Measure memory first, before anything else has grown the process, then time."""
    body = made_elsewhere()
    resting = peak_mb()
    listing = listed(body)
    grown = peak_mb() - resting
    if sum(len(each.strikes) * 2 for each in listing.expirations) != CONTRACTS:
        raise RuntimeError("the chain was not read whole")
    figures = [
        Figure(
            name=f"decode and normalise {CONTRACTS:,} contracts",
            ours=median_ms(lambda: listed(body)),
            floor=median_ms(lambda: json.loads(body)),
            held_to="<= 80 ms",
        ),
        Figure(name="memory above rest", ours=grown, unit="MB", held_to="<= 60 MB"),
        Figure(name="name every contract", ours=median_ms(lambda: named(listing))),
    ]
    report("tastytrade_chain", figures, floor="json.loads of the same bytes")


def made_elsewhere() -> bytes:
    """Return the chain, made in another process: what making it takes is none of ours."""
    made = [sys.executable, "-m", "benchmarks.tastytrade_chain", MAKE]
    return subprocess.run(made, capture_output=True, check=True).stdout


def listed(body: bytes) -> Listing:
    """Return what the desk makes of the bytes."""
    return listing_of(CHAINS.validate_json(body).data.items, TODAY)


def named(listing: Listing) -> int:
    """Make the symbol of every contract, as a question about the whole chain would."""
    return sum(1 for each in listing.expirations for _ in listing.contracts(each))


def median_ms(run: Callable[[], object]) -> float:
    """Return the middle of many runs, in milliseconds."""
    times: list[float] = []
    for _ in range(TURNS):
        begun = time.perf_counter()
        run()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


def peak_mb() -> float:
    """Return the most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT / 1_000_000


def a_chain() -> bytes:
    """Return a nested chain as the broker writes it."""
    items = [
        {
            "underlying-symbol": "SPX",
            "root-symbol": root,
            "option-chain-type": "Standard",
            "shares-per-contract": 100,
            "tick-sizes": [{"threshold": "3.0", "value": "0.05"}, {"value": "0.1"}],
            "deliverables": [],
            "expirations": [an_expiration(root, place) for place in range(1, EXPIRATIONS + 1)],
        }
        for root in ROOTS
    ]
    return json.dumps({"data": {"items": items}, "context": "/option-chains/SPX/nested"}).encode()


def an_expiration(root: str, place: int) -> dict[str, object]:
    """Return one expiration of a root."""
    day = TODAY + timedelta(days=7 * place)
    return {
        "expiration-type": "Regular" if place % 4 == 0 else "Weekly",
        "expiration-date": day.isoformat(),
        "days-to-expiration": 7 * place,
        "settlement-type": "AM" if root == "SPX" else "PM",
        "strikes": [a_strike(root, day, 5000 + 10 * step) for step in range(STRIKES)],
    }


def a_strike(root: str, day: date, strike: int) -> dict[str, str]:
    """Return one strike with its call and its put."""
    told = {"strike-price": f"{strike}.0"}
    for side, right in (("call", "C"), ("put", "P")):
        told[side] = f"{root:<6}{day:%y%m%d}{right}{strike * 1000:08d}"
        told[f"{side}-streamer-symbol"] = f".{root}{day:%y%m%d}{right}{strike}"
    return told


if __name__ == "__main__":
    if MAKE in sys.argv:
        sys.stdout.buffer.write(a_chain())
    else:
        main()
