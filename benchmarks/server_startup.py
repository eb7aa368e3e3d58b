"""Start to `initialize`: ours beside a bare one-tool server of the same SDK in the same venv."""

import statistics

from benchmarks.pipe_client import BARE, OURS, Pipe, a_home, own_home
from benchmarks.report import Figure, report

ROUNDS = 11


def main() -> None:
    """Start both in turn; the first pair warms the file cache and does not count."""
    ours: list[tuple[float, float]] = []
    bare: list[tuple[float, float]] = []
    with a_home() as home:
        for _ in range(ROUNDS + 1):
            bare.append(started(BARE, {}))
            ours.append(started(OURS, own_home(home)))
    figures = [
        Figure(
            name="start to the answer of initialize",
            ours=statistics.median(ms for ms, _ in ours[1:]),
            floor=statistics.median(ms for ms, _ in bare[1:]),
            held_to="<= 1.15",
        ),
        Figure(
            name="peak memory at that answer",
            ours=statistics.median(mb for _, mb in ours[1:]),
            floor=statistics.median(mb for _, mb in bare[1:]),
            unit="MB",
            held_to="<= 1.40",
        ),
    ]
    report("server_startup", figures, floor="a bare one-tool MCPServer")


def started(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Return milliseconds to the answer, and peak MB then."""
    with Pipe(command, environment) as pipe:
        return pipe.initialize(), pipe.peak_mb()


if __name__ == "__main__":
    main()
