"""What scans came to that run by themselves."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final, cast

from sqlalchemy import Connection, RowMapping, bindparam, delete, select, update

from strikedesk.domain.ledger import Json
from strikedesk.domain.scan_runs import ScanResult, ScanRun, Sighting
from strikedesk.store.database import Database
from strikedesk.store.schema import scan_results, scan_runs
from strikedesk.store.types import Instant
from strikedesk.store.upsert import put, put_new

_RUN: Final = (scan_runs.c.broker == bindparam("whose"), scan_runs.c.scan == bindparam("wanted"))
_OWN: Final = (
    scan_results.c.broker == bindparam("whose"),
    scan_results.c.scan == bindparam("wanted"),
)
_RUNS: Final = select(scan_runs).where(scan_runs.c.broker == bindparam("whose"))
_RESULTS: Final = select(scan_results).where(*_OWN).order_by(scan_results.c.at.desc())
_NEWEST: Final = _RESULTS.limit(1)
_BEGIN: Final = (
    update(scan_runs)
    .where(*_RUN, scan_runs.c.ran_at == bindparam("last", type_=Instant))
    .values(ran_at=bindparam("instant", type_=Instant))
)
_END: Final = (
    update(scan_runs)
    .where(*_RUN, scan_runs.c.ran_at == bindparam("instant", type_=Instant))
    .values(problem=bindparam("why"))
)
# A world that began anew has its clock behind what an earlier one left.
_AHEAD: Final = delete(scan_results).where(
    *_OWN, scan_results.c.at > bindparam("instant", type_=Instant)
)
_OLD: Final = delete(scan_results).where(
    *_OWN,
    scan_results.c.at.not_in(
        select(scan_results.c.at)
        .where(*_OWN)
        .order_by(scan_results.c.at.desc())
        .limit(bindparam("most"))
    ),
)
_FORGET: Final = (delete(scan_runs).where(*_RUN), delete(scan_results).where(*_OWN))


class SqlScanRuns:
    """See `ScanRuns`."""

    def __init__(self, database: Database) -> None:
        """Read and write this database."""
        self._database = database

    async def all(self, broker: str) -> tuple[ScanRun, ...]:
        """See `ScanRuns.all`."""
        return await self._database.read(partial(_all, broker=broker))

    async def results(self, broker: str, scan: str) -> tuple[ScanResult, ...]:
        """See `ScanRuns.results`."""
        return await self._database.read(partial(_results, broker=broker, scan=scan))

    async def begin(self, broker: str, scan: str, at: datetime, *, last: datetime | None) -> bool:
        """See `ScanRuns.begin`."""
        return await self._database.write(
            partial(_begin, broker=broker, scan=scan, at=at, last=last)
        )

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
        own = {"whose": broker, "wanted": scan}
        work = partial(_end, own=own, began=began, problem=problem, result=result, most=most)
        return await self._database.write(work)

    async def forget(self, broker: str, scan: str) -> None:
        """See `ScanRuns.forget`."""
        await self._database.write(partial(_forget, broker=broker, scan=scan))


def _all(connection: Connection, *, broker: str) -> tuple[ScanRun, ...]:
    rows = connection.execute(_RUNS, {"whose": broker}).mappings()
    found = [
        ScanRun(
            scan=row["scan"],
            ran_at=row["ran_at"],
            problem=row["problem"],
            result=_newest(connection, broker, row["scan"]),
        )
        for row in rows
    ]
    # Databases sort text by the locale they were made in.
    return tuple(sorted(found, key=lambda run: run.scan))


def _newest(connection: Connection, broker: str, scan: str) -> ScanResult | None:
    row = connection.execute(_NEWEST, {"whose": broker, "wanted": scan}).mappings().first()
    return None if row is None else _result_of(row)


def _results(connection: Connection, *, broker: str, scan: str) -> tuple[ScanResult, ...]:
    rows = connection.execute(_RESULTS, {"whose": broker, "wanted": scan}).mappings()
    return tuple(map(_result_of, rows))


def _begin(
    connection: Connection, *, broker: str, scan: str, at: datetime, last: datetime | None
) -> bool:
    if last is None:
        row = {"broker": broker, "scan": scan, "ran_at": at, "problem": None}
        return put_new(connection, scan_runs, row)
    told = {"whose": broker, "wanted": scan, "last": last, "instant": at}
    return connection.execute(_BEGIN, told).rowcount == 1


def _end(
    connection: Connection,
    *,
    own: dict[str, str],
    began: datetime,
    problem: str | None,
    result: ScanResult | None,
    most: int,
) -> bool:
    ran = connection.execute(_END, {**own, "instant": began, "why": problem}).rowcount == 1
    # Meanwhile its scan may have been removed, or another process, while this was slow, begun it.
    if ran and result is not None:
        _keep(connection, own, result, most)
    return ran


def _keep(connection: Connection, own: dict[str, str], result: ScanResult, most: int) -> None:
    connection.execute(_AHEAD, {**own, "instant": result.at})
    told = [_told(each) for each in result.sightings]
    row = {"broker": own["whose"], "scan": own["wanted"], "at": result.at, "candidates": told}
    put(connection, scan_results, [row])
    connection.execute(_OLD, {**own, "most": most})


def _forget(connection: Connection, *, broker: str, scan: str) -> None:
    for statement in _FORGET:
        connection.execute(statement, {"whose": broker, "wanted": scan})


def _told(sighting: Sighting) -> Json:
    since, mid = sighting.since.isoformat(), str(sighting.mid)
    return {
        "underlying": sighting.underlying,
        "legs": sighting.legs,
        "since": since,
        "mid": mid,
    }


def _result_of(row: RowMapping) -> ScanResult:
    found = cast("Sequence[dict[str, Any]]", row["candidates"])
    return ScanResult(at=row["at"], sightings=tuple(map(_sighting_of, found)))


def _sighting_of(told: dict[str, Any]) -> Sighting:
    return Sighting(
        underlying=told["underlying"],
        legs=told["legs"],
        since=datetime.fromisoformat(told["since"]),
        mid=Decimal(told["mid"]),
    )
