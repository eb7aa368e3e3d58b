"""Calls over stdio: a cached quote, and a table of 100 rows, beside a bare server's.

The 100 rows of ours are shaped anew for each call, the bare server's were built before. A page of
a chain is there to be seen, and held to nothing: it filters ten thousand contracts first.
"""

import sys
from pathlib import Path

from benchmarks.pipe_client import BARE, OURS, Pipe, a_home, interleaved, own_home
from benchmarks.report import Figure, report

ROUNDS = 400
# The wire and the shaping of the production server, around a tool of the tests.
SHAPED = [sys.executable, "-m", "tests.tools.stdio_server"]


def main() -> None:
    """Warm both, then take turns."""
    with (
        a_home() as home,
        Pipe([*BARE, "--table"]) as bare,
        Pipe(OURS, own_home(home)) as ours,
        Pipe([*SHAPED, str(Path(home) / "closed")]) as shaped,
    ):
        bare.initialize()
        ours.initialize()
        shaped.initialize()
        page = {"underlying": "SPY", "days_min": 0, "days_max": 365}
        for _ in range(20):
            ours.call("get_quotes", symbols=["SPY"])
            ours.call("get_option_chain", **page)
            bare.call("ping")
            bare.call("table")
            shaped.call("rows")
        empty, quote, table, rows, chain = interleaved(
            ROUNDS,
            lambda: bare.call("ping"),
            lambda: ours.call("get_quotes", symbols=["SPY"]),
            lambda: bare.call("table"),
            lambda: shaped.call("rows"),
            lambda: ours.call("get_option_chain", **page),
        )
    figures = [
        Figure(name="cached get_quotes, one symbol", ours=quote, floor=empty, held_to="<= 1.5"),
        Figure(name="100 rows shaped / prebuilt", ours=rows, floor=table, held_to="<= 1.2"),
        Figure(name="chain page / 100 rows prebuilt", ours=chain, floor=table),
    ]
    report("server_calls", figures, floor="an empty tool, and 100 rows prebuilt, on a bare server")


if __name__ == "__main__":
    main()
