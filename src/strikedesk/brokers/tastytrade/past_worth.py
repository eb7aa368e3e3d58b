"""What an account was worth at closes that are over, as tastytrade keeps it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

from pydantic import TypeAdapter

from strikedesk.brokers.tastytrade.calls import Call, path_of, plain
from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.directory import Directory
from strikedesk.brokers.tastytrade.payloads.accounts import WorthTold
from strikedesk.brokers.tastytrade.payloads.envelopes import Listed
from strikedesk.brokers.tastytrade.sites import SANDBOX, Site
from strikedesk.domain.accounts import NetWorth
from strikedesk.domain.calendar import exchange_date, sessions_between
from strikedesk.domain.ports import Clock

_WORTHS: Final = TypeAdapter(Listed[WorthTold])


@dataclass(frozen=True, slots=True, kw_only=True)
class PastWorth:
    """Reads the history of one account at a time. The broker's own sandbox keeps none."""

    client: Client
    directory: Directory
    site: Site
    clock: Clock

    async def history(self, account_id: str, start: date) -> tuple[NetWorth, ...]:
        """See `Broker.worth_history`."""
        number = await self.directory.number(account_id)
        if self.site == SANDBOX:
            return ()
        begins = datetime.combine(start, time(), UTC)
        call = Call(
            path=path_of("accounts", number.reveal(), "net-liq", "history"),
            query=plain(start_time=f"{begins:%Y-%m-%dT%H:%M:%SZ}"),
        )
        points = _read(await self.client.every(call, _WORTHS))
        return tuple(_closes(points, start, self.clock.now()))


def _read(told: Iterable[WorthTold]) -> list[NetWorth]:
    """Return the points that can be read, in order; one without a figure or a time is none."""
    points = (
        NetWorth(at=at, amount=each.total_close)
        for each in told
        if each.total_close is not None and (at := _instant(each.time)) is not None
    )
    return sorted(points, key=lambda point: point.at)


def _instant(text: str | None) -> datetime | None:
    """Read a time as the history writes it, `2026-05-01 14:30:00+00`."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _closes(points: list[NetWorth], start: date, now: datetime) -> Iterator[NetWorth]:
    """Yield the last point of each session that is over, however fine the history is.

    A day that is no session has none: what is told of a weekend is what Friday ended with.
    """
    by_day = {exchange_date(point.at): point for point in points}
    for session in sessions_between(start, exchange_date(now)):
        if session.day in by_day and session.closes_at <= now:
            yield by_day[session.day]
