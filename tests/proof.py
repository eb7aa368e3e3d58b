"""How much of a long proof is run, and how its figure is told."""

import json
import os
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


def report(proof: str, n: int, failures: int, what: str) -> None:
    """Print a proof's figure: `n` trials, how many failed, and the most that may fail in truth.

    `proof` is its name in the table (`S11`), `what` one short phrase of what was tried and what a
    failure is. A whole run keeps the figure in `RESULTS` too. Call it before asserting that nothing
    failed: a figure that is bad has to be told as well.
    """
    bound = f"{3 / n:.2g}" if not failures else "none"
    # 0 of n leaves room for 3/n with 95 % confidence (the rule of three).
    print(f"{proof}: N={n:,} failures={failures:,} 95 % bound={bound}: {what}")  # noqa: T201 -- its figure
    if not PROVING:
        return
    line = json.dumps({"proof": proof, "n": n, "failures": failures, "what": what})
    with RESULTS.open("a", encoding="utf-8") as results:
        results.write(f"{line}\n")
