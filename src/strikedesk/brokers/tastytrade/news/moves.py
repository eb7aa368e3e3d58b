"""How often accounts moved, as the streamer tells it: what was read before is old."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Moves:
    """Counts the moves of each account, by the desk's id; one that never moved has none."""

    _counts: Counter[str] = field(default_factory=Counter[str])

    def of(self, account_id: str) -> int:
        """Return how often the account moved."""
        return self._counts[account_id]

    def note(self, accounts: Iterable[str]) -> None:
        """Note that these moved."""
        for account in accounts:
            self._counts[account] += 1
