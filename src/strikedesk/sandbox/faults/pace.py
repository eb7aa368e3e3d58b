"""How many requests a second the broker takes of each kind, where the panel says to hold to it.

Source: the limits that the broker's own MCP server publishes, for one token; that of orders is its
authors' guess.
"""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final

_SECOND: Final = timedelta(seconds=1)
_EVERYTHING: Final = "*"

# The first that fits counts, and then the limit of all together. None = any method.
LIMITS: Final[tuple[tuple[str | None, str, int], ...]] = (
    ("GET", "/market-data/by-type", 2),
    ("GET", "/option-chains/*", 2),
    ("GET", "/futures-option-chains/*", 2),
    ("GET", "/instruments/equities", 2),
    ("GET", "/instruments/equities/active", 2),
    ("GET", "/instruments/equities/*", 3),
    ("GET", "/instruments/futures*", 1),
    ("GET", "/instruments/future-products*", 1),
    ("GET", "/instruments/future-option-products*", 1),
    ("GET", "/instruments/equity-options/*", 3),
    ("GET", "/instruments/future-options*", 3),
    ("GET", "/accounts/*/positions", 1),
    ("GET", "/accounts/*/balances*", 1),
    ("GET", "/accounts/*/trading-status", 1),
    ("GET", "/customers/*/accounts", 1),
    ("POST", "/accounts/*/orders", 20),
    ("PUT", "/accounts/*/orders/*", 20),
    ("PATCH", "/accounts/*/orders/*", 20),
    ("DELETE", "/accounts/*/orders/*", 20),
)
ALL_TOGETHER: Final = (None, _EVERYTHING, 50)


@dataclass(slots=True)
class Pace:
    """Counts requests by token and kind over the last second. Off at first."""

    held_to: bool = False
    _recent: defaultdict[tuple[str, str], deque[datetime]] = field(
        default_factory=lambda: defaultdict[tuple[str, str], deque[datetime]](deque)
    )

    def hold(self, wanted: bool) -> None:
        """Begin or end to hold clients to the limits; what was counted is forgotten."""
        self.held_to = wanted
        self._recent.clear()

    def admits(self, token: str, method: str, path: str, now: datetime) -> bool:
        """Whether a request comes slowly enough; one that does not counts for nothing."""
        if not self.held_to:
            return True
        own = next((each for each in LIMITS if _fits(each, method, path)), None)
        limits = [limit for limit in (own, ALL_TOGETHER) if limit is not None]
        queues = [self._of(token, pattern, now) for _, pattern, _ in limits]
        if any(len(q) >= most for q, (_, _, most) in zip(queues, limits, strict=True)):
            return False
        for queue in queues:
            queue.append(now)
        return True

    def _of(self, token: str, pattern: str, now: datetime) -> deque[datetime]:
        queue = self._recent[token, pattern]
        while queue and now - queue[0] >= _SECOND:
            queue.popleft()
        return queue


def _fits(limit: tuple[str | None, str, int], method: str, path: str) -> bool:
    return limit[0] in {None, method} and fnmatchcase(path, limit[1])
