"""Scans that run by themselves: those that are due, in market hours, by one process at a time.

A scan with `every` is due when it never ran, or so long after its last run in the venue's time; one
that runs once a day, on the next exchange date. Another process that looks at the same moment finds
nothing to do: a lease lets one act, and a run begins only where nobody else began it.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from strikedesk.domain.calendar import exchange_date, is_open
from strikedesk.domain.errors import DeskError
from strikedesk.domain.ports import Clock, Leases, ScanRuns
from strikedesk.domain.reasons import Reason
from strikedesk.domain.scan_runs import ScanResult, ScanRun, Sighting, compared
from strikedesk.scan.book import ScanBook
from strikedesk.scan.definition import Scan
from strikedesk.scan.picks import Pick
from strikedesk.scan.scanner import ScanReport
from strikedesk.scan.sources import ScanMarket

LEASE: Final = "scans"
TERM: Final = timedelta(seconds=60)
RESULTS_KEPT: Final = 50

_DAY: Final = timedelta(days=1)
_UNSEEN_NAMED: Final = 5

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A scan that should run now, and how it stands."""

    scan: Scan
    before: ScanRun | None

    @property
    def last(self) -> datetime | None:
        """When it last ran."""
        return self.before.ran_at if self.before else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """Runs what is due. `holder` names this process, `broker` whose market is meant.

    Law: a scan that fails, in whatever way, costs its own run alone.
    """

    book: ScanBook
    scanner: Callable[[Scan], Awaitable[ScanReport]]
    market: ScanMarket
    runs: ScanRuns
    leases: Leases
    clock: Clock
    holder: str
    broker: str

    async def __call__(self) -> int:
        """Run what is due, one after the other; return how many ran.

        Raises:
            Unavailable: the market or the store cannot be asked.
        """
        due = await self._due()
        if not due or not await self._may_act():
            return 0
        try:
            return await self._all(due)
        finally:
            await self.leases.give_back(LEASE, self.holder)

    async def _all(self, due: Sequence[Due]) -> int:
        ran = 0
        for each in due:
            # Asked again before each: the one before it may have taken longer than the term.
            if await self._may_act():
                ran += await self._run(each)
        return ran

    async def standing(self) -> tuple[ScanRun, ...]:
        """Return how each scan stands that ever ran by itself, by name."""
        return await self.runs.all(self.broker)

    async def results(self, name: str) -> tuple[ScanResult, ...]:
        """Return what is kept of a scan, newest first."""
        return await self.runs.results(self.broker, name.casefold())

    async def _may_act(self) -> bool:
        return await self.leases.take(LEASE, self.holder, self.clock.now(), TERM)

    async def _due(self) -> Sequence[Due]:
        await self.market.ready()
        now = self.market.now()
        if not is_open(now):
            return ()
        scans = {each.name: each.scan for each in await self.book.saved()}
        runs = {run.scan: run for run in await self.runs.all(self.broker)}
        for gone in runs.keys() - scans.keys():
            await self.runs.forget(self.broker, gone)
        return [
            Due(scan=scan, before=runs.get(name))
            for name, scan in scans.items()
            if scan is not None and is_due(scan.every_s, runs.get(name), now)
        ]

    async def _run(self, due: Due) -> bool:
        now, name = self.market.now(), due.scan.name
        if not await self.runs.begin(self.broker, name, now, last=due.last):
            return False
        problem, result = await self._outcome(due, now)
        kept = await self.runs.end(
            self.broker, name, now, problem=problem, result=result, most=RESULTS_KEPT
        )
        if kept and result is not None:
            _log.info("scan %s found %d new of %d", name, len(result.fresh), len(result.sightings))
        return True

    async def _outcome(self, due: Due, now: datetime) -> tuple[str | None, ScanResult | None]:
        """Run one scan; return what went wrong, and what it found if that is news."""
        try:
            report = await self.scanner(due.scan)
        except DeskError as error:
            return error.reason.name, None
        except Exception:  # noqa: BLE001 -- the others shall run all the same; the log has it
            _log.exception("scan %s failed", due.scan.name)
            return Reason.DESK_FAULT.name, None
        told = compared(
            (_sighting(pick, now) for pick in report.picks),
            _still_ahead(due.before, now),
            unseen=frozenset(each.symbol for each in report.unseen),
        )
        return _blind(report), None if told is None else ScanResult(at=now, sightings=told)


def is_due(every_s: int | None, run: ScanRun | None, now: datetime) -> bool:
    """Whether a scan should run; one that ran in a time still to come, in another world, should."""
    if every_s is None:
        return False
    if run is None or run.ran_at > now:
        return True
    every = timedelta(seconds=every_s)
    if every >= _DAY:
        return exchange_date(run.ran_at) < exchange_date(now)
    return now - run.ran_at >= every


def _still_ahead(run: ScanRun | None, now: datetime) -> ScanResult | None:
    """Return what was found before; nothing of a time that is still to come."""
    result = run.result if run else None
    return None if result is None or result.at > now else result


def _sighting(pick: Pick, now: datetime) -> Sighting:
    return Sighting(
        underlying=pick.underlying.ticker,
        legs=pick.words,
        since=now,
        mid=pick.mid,
    )


def _blind(report: ScanReport) -> str | None:
    """Say of which symbols nothing is known, in a line."""
    unseen = [f"{each.symbol} {each.rule}" for each in report.unseen]
    if not unseen:
        return None
    more = len(unseen) - _UNSEEN_NAMED
    return f"unseen: {', '.join(unseen[:_UNSEEN_NAMED])}{f' and {more} more' if more > 0 else ''}"
