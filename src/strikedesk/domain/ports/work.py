"""What processes that share a desk tell each other of the work that only one should do."""

from datetime import datetime, timedelta
from typing import Protocol

from strikedesk.domain.scan_runs import ScanResult, ScanRun


class Leases(Protocol):
    """Who may act now, of several that could.

    Law: of those who ask for one name within a term, one gets it. A lease further ahead than its
    term was taken under a clock that has gone back since, and holds nobody off.
    """

    async def take(self, name: str, holder: str, now: datetime, term: timedelta) -> bool:
        """Take it, or keep what one has, for a term; False while another holds it."""
        ...

    async def give_back(self, name: str, holder: str) -> None:
        """Let others have it at once; without it nothing happens."""
        ...


class ScanRuns(Protocol):
    """What scans came to that run by themselves, by broker, shared by every process."""

    async def all(self, broker: str) -> tuple[ScanRun, ...]:
        """Return how each scan stands that ever ran, by name."""
        ...

    async def results(self, broker: str, scan: str) -> tuple[ScanResult, ...]:
        """Return what is kept of a scan, newest first."""
        ...

    async def begin(self, broker: str, scan: str, at: datetime, *, last: datetime | None) -> bool:
        """Keep that it runs now; False where it no longer ran `last` then (None = never)."""
        ...

    async def end(
        self,
        broker: str,
        scan: str,
        began: datetime,
        *,
        problem: str | None,
        result: ScanResult | None,
        most: int,
    ) -> bool:
        """Keep what went wrong, and a result if there is a new one; the newest `most` stay.

        Law: nothing of a run after which another `began`, or whose scan is forgotten. False then.
        """
        ...

    async def forget(self, broker: str, scan: str) -> None:
        """Drop all that is kept of a scan."""
        ...
