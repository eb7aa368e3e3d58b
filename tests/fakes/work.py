"""Leases and what scans came to, made of memory."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from strikedesk.domain.scan_runs import ScanResult, ScanRun


@dataclass(slots=True)
class MemoryLeases:
    """Knows who holds what, and until when."""

    held: dict[str, tuple[str, datetime]] = field(default_factory=dict[str, tuple[str, datetime]])

    async def take(self, name: str, holder: str, now: datetime, term: timedelta) -> bool:
        """See `Leases.take`."""
        other, until = self.held.get(name, (holder, now))
        if other != holder and now < until <= now + term:
            return False
        self.held[name] = holder, now + term
        return True

    async def give_back(self, name: str, holder: str) -> None:
        """See `Leases.give_back`."""
        if self.held.get(name, ("", None))[0] == holder:
            del self.held[name]


@dataclass(slots=True)
class MemoryScanRuns:
    """Keeps runs for the life of the process."""

    runs: dict[tuple[str, str], ScanRun] = field(default_factory=dict[tuple[str, str], ScanRun])
    kept: dict[tuple[str, str], list[ScanResult]] = field(
        default_factory=dict[tuple[str, str], list[ScanResult]]
    )

    async def all(self, broker: str) -> tuple[ScanRun, ...]:
        """See `ScanRuns.all`."""
        own = sorted(key for key in self.runs if key[0] == broker)
        return tuple(self.runs[key] for key in own)

    async def results(self, broker: str, scan: str) -> tuple[ScanResult, ...]:
        """See `ScanRuns.results`."""
        return tuple(self.kept.get((broker, scan), ()))

    async def begin(self, broker: str, scan: str, at: datetime, *, last: datetime | None) -> bool:
        """See `ScanRuns.begin`."""
        run = self.runs.get((broker, scan))
        if (run.ran_at if run else None) != last:
            return False
        new = ScanRun(scan=scan, ran_at=at, problem=None, result=None)
        self.runs[broker, scan] = replace(run, ran_at=at) if run else new
        return True

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
        """See `ScanRuns.end`."""
        key = (broker, scan)
        if key not in self.runs or self.runs[key].ran_at != began:
            return False
        if result is not None:
            older = [each for each in self.kept.get(key, ()) if each.at < result.at]
            self.kept[key] = [result, *older][:most]
        newest = self.kept.get(key, [None])[0]
        self.runs[key] = replace(self.runs[key], problem=problem, result=newest)
        return True

    async def forget(self, broker: str, scan: str) -> None:
        """See `ScanRuns.forget`."""
        self.runs.pop((broker, scan), None)
        self.kept.pop((broker, scan), None)
