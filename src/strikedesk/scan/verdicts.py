"""What became of each symbol of a scan."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Whether a symbol's trades were looked at."""

    SCANNED = "scanned"
    RULED_OUT = "ruled_out"  # A rule about the underlying, the account or the list speaks first.
    UNSEEN = "unseen"  # Its data cannot be had: nothing is known of its trades.


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolVerdict:
    """One symbol's verdict. `rule` is what ruled it out, or the reason why it is not seen.

    Units: `enumerated` and `passed` count combinations.
    """

    symbol: str
    verdict: Verdict
    rule: str | None = None
    why: str | None = None
    enumerated: int = 0
    passed: int = 0


class RuledOutError(Exception):
    """A symbol has no trade for this scan, whatever its chain says."""

    def __init__(self, rule: str, why: str) -> None:
        """Keep the rule's name and its figures."""
        super().__init__(rule, why)
        self.rule = rule
        self.why = why
