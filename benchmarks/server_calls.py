"""Calls over stdio: a cached quote, and a table of 100 rows, beside a bare server's."""

from benchmarks.pipe_client import BARE, OURS, Pipe, a_home, interleaved, own_home
from benchmarks.report import Figure, report

ROUNDS = 400


def main() -> None:
    """Warm both, then take turns."""
    with (
        a_home() as home,
        Pipe([*BARE, "--table"]) as bare,
        Pipe(OURS, own_home(home)) as ours,
    ):
        bare.initialize()
        ours.initialize()
        page = {"underlying": "SPY", "days_min": 0, "days_max": 365}
        for _ in range(20):
            ours.call("get_quotes", symbols=["SPY"])
            ours.call("get_option_chain", **page)
            bare.call("ping")
            bare.call("table")
        empty, quote, table, chain = interleaved(
            ROUNDS,
            lambda: bare.call("ping"),
            lambda: ours.call("get_quotes", symbols=["SPY"]),
            lambda: bare.call("table"),
            lambda: ours.call("get_option_chain", **page),
        )
    figures = [
        Figure(name="cached get_quotes, one symbol", ours=quote, floor=empty, held_to="<= 1.5"),
        Figure(name="chain page / 100 rows prebuilt", ours=chain, floor=table),
    ]
    report("server_calls", figures, floor="an empty tool, and 100 rows prebuilt, on a bare server")


if __name__ == "__main__":
    main()
