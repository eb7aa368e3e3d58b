"""The list that a scan answers with: the best of all chains, as far as its caps allow."""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Final

from strikedesk.scan.definition import Caps
from strikedesk.scan.picks import Pick

RETURNS: Final = 120
RETURNS_LEAST: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Closes:
    """Daily closes of underlyings. Units: USD a share, by session."""

    of: Mapping[str, Mapping[date, float]] = field(default_factory=dict[str, Mapping[date, float]])

    def correlation(self, one: str, other: str) -> float | None:
        """Return that of the newest daily log returns of both; None with fewer than 60."""
        first, second = self.of.get(one, {}), self.of.get(other, {})
        days = sorted(first.keys() & second.keys())[-RETURNS - 1 :]
        if len(days) <= RETURNS_LEAST:
            return None
        logs = [
            [math.log(b / a) for a, b in pairwise([each[day] for day in days])]
            for each in (first, second)
        ]
        try:
            return statistics.correlation(*logs)
        except statistics.StatisticsError:  # One of them never moved.
            return None


@dataclass(slots=True, kw_only=True)
class Listing:
    """The list while it is made, and how many each cap kept out.

    Law: a cap that lacks its fact keeps out.
    """

    caps: Caps
    closes: Closes
    top: int
    picks: list[Pick] = field(default_factory=list[Pick])
    removed: Counter[str] = field(default_factory=Counter[str])

    def offer(self, pick: Pick) -> None:
        """Take a pick, unless the list is full or a cap says no."""
        if len(self.picks) >= self.top:
            return
        cap = self._sector(pick) or self._correlation(pick)
        if cap:
            self.removed[cap] += 1
        else:
            self.picks.append(pick)

    def _sector(self, pick: Pick) -> str | None:
        if self.caps.per_sector is None:
            return None
        sectors = self.caps.sectors
        own = sectors.get(pick.underlying.ticker)
        same = sum(sectors.get(each.underlying.ticker) == own for each in self.picks)
        return None if own and same < self.caps.per_sector else "per_sector"

    def _correlation(self, pick: Pick) -> str | None:
        most = self.caps.correlation
        others = {each.underlying.ticker for each in self.picks} - {pick.underlying.ticker}
        if most is None:
            return None
        for other in others:
            found = self.closes.correlation(pick.underlying.ticker, other)
            if found is None or found > most:
                return "correlation"
        return None


def listed(picks: Iterable[Pick], caps: Caps, closes: Closes, top: int) -> Listing:
    """Return the list of the best, whose first is never kept out by another."""
    listing = Listing(caps=caps, closes=closes, top=top)
    for pick in best_first(picks):
        listing.offer(pick)
    return listing


def best_first(picks: Iterable[Pick]) -> Sequence[Pick]:
    """Return picks by score; equal ones by name."""
    return sorted(picks, key=lambda pick: (-pick.score, pick.underlying.ticker, pick.words))
