"""How much of a long proof is run, and how its figure is told."""

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

PROVING: Final = os.environ.get("STRIKEDESK_TEST_PROOF") == "1"  # noqa: TID251 -- no setting of the desk
# A line for each proof of a whole run. Lines are added, so that many processes may report.
RESULTS: Final = Path(__file__).parents[1] / "proof-results.jsonl"


def examples(short: int, whole: int) -> int:
    """Return how many examples to try: `whole` with STRIKEDESK_TEST_PROOF=1."""
    return whole if PROVING else short


def seconds(short: int, whole: int) -> int:
    """Return how long a proof may take."""
    return whole if PROVING else short


@dataclass(frozen=True)
class Figure:
    """What a proof came to: `n` trials, how many failed, and what was tried."""

    proof: str
    n: int
    failures: int
    what: str

    @property
    def bound(self) -> str:
        """The share of failures that N trials without one leave room for, with 95 % confidence.

        It is the rule of three, 3/N.
        """
        return "none" if self.failures else f"{3 / self.n:.2g}"


def report(proof: str, n: int, failures: int, what: str) -> None:
    """Print a proof's figure.

    `proof` is its name in the table (`S11`), `what` one short phrase of what was tried and what a
    failure is. A whole run keeps the figure in `RESULTS` too. Call it before asserting that nothing
    failed: a figure that is bad has to be told as well.
    """
    told = Figure(proof, n, failures, what)
    print(f"{proof}: N={n:,} failures={failures:,} 95 % bound={told.bound}: {what}")  # noqa: T201 -- its figure
    if not PROVING:
        return
    with RESULTS.open("a", encoding="utf-8") as results:
        results.write(f"{json.dumps(asdict(told))}\n")


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as a table in Markdown, one line for each proof, by name."""
    head = ["| proof | N | failures | 95 % bound | what was tried; what would be a failure |"]
    head.append("|---|---|---|---|---|")
    lines = sorted(figures, key=lambda f: (len(f.proof.split()[0]), f.proof))
    return "\n".join(
        [
            *head,
            *(f"| {f.proof} | {f.n:,} | {f.failures:,} | {f.bound} | {f.what} |" for f in lines),
        ]
    )


def main() -> int:
    """Print the table of the last whole run; 1 where a proof failed or told nothing."""
    lines = RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.exists() else []
    figures = [Figure(**json.loads(line)) for line in lines]
    print(table(figures))  # noqa: T201 -- what it is for
    return int(not figures or any(figure.failures for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
