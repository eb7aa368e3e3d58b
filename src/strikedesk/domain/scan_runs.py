"""What a scan that runs by itself came to, from one time to the next."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A trade that a scan found, and since when every run has.

    Units: `underlying` a ticker, `legs` its contracts in a line; `mid` USD per share of a unit,
    + paid, as it stood when it was first seen.
    """

    underlying: str
    legs: str
    since: datetime
    mid: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """What a scan found at `at`, best first; kept when it is not what it found before."""

    at: datetime
    sightings: tuple[Sighting, ...]

    @property
    def fresh(self) -> tuple[Sighting, ...]:
        """Those that the run before did not find."""
        return tuple(each for each in self.sightings if each.since == self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRun:
    """How a scan stands: when it last ran, what went wrong then, and the newest result.

    `ran_at` and all instants beside it are the venue's.
    """

    scan: str
    ran_at: datetime
    problem: str | None
    result: ScanResult | None


def compared(
    found: Iterable[Sighting],
    before: ScanResult | None,
    *,
    unseen: Collection[str] = frozenset(),
) -> tuple[Sighting, ...] | None:
    """Return what there is, each trade with since when it is known; None where that is no news.

    Law: two results are the same when they hold the same trades, in whatever order and at whatever
    prices. What was known of an `unseen` underlying is still there: nobody saw it go.
    """
    known = {each.legs: each for each in before.sightings} if before else {}
    told = [known.get(each.legs, each) for each in found]
    told += [each for each in known.values() if each.underlying in unseen]
    same = before is not None and {each.legs for each in told} == known.keys()
    return None if same else tuple(told)
