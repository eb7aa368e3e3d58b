"""Market time: sessions and holidays of the equity market; of others there are none here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strikedesk.domain.calendar import (
    MarketStatus,
    Session,
    current_or_next_session,
    holiday_on,
    next_session,
    previous_session,
    session_on,
    sessions_between,
    status,
)
from strikedesk.domain.ledger import Json
from strikedesk.sandbox import query
from strikedesk.sandbox.refusal import Refusal
from strikedesk.sandbox.spelling import EQUITY
from strikedesk.sandbox.wire import instant, many, one
from strikedesk.sandbox.world import SandboxWorld

_RANGE_MAX: Final = timedelta(days=276)
_STATES: Final = {
    MarketStatus.OPEN: "Open",
    MarketStatus.CLOSED: "Closed",
    MarketStatus.PRE_MARKET: "Pre-market",
    MarketStatus.AFTER_HOURS: "Extended",
}


@dataclass(frozen=True, slots=True)
class MarketTimeRoutes:
    """When the market is open, by the venue's clock."""

    world: SandboxWorld

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/market-time/sessions", self.sessions),
            Route("/market-time/sessions/current", self.current),
            Route("/market-time/equities/sessions/current", self.equities_current),
            Route("/market-time/equities/sessions/next", self.neighbour(next_session)),
            Route("/market-time/equities/sessions/previous", self.neighbour(previous_session)),
            Route("/market-time/equities/holidays", self.holidays),
            Route("/market-time/futures/holidays/{collection}", self.no_holidays),
        ]

    async def sessions(self, request: Request) -> Response:
        """Tell the sessions of a range."""
        until = query.day(request, "to-date")
        if until is None:
            raise Refusal.of_parameter("to-date", "is a date, as 2026-05-01")
        start = query.day(request, "from-date") or self.world.today()
        if until - start > _RANGE_MAX:
            raise Refusal.of_parameter("to-date", "is at most nine months after from-date")
        return many(request, [_session(each) for each in sessions_between(start, until)])

    async def current(self, request: Request) -> Response:
        """Tell how the market stands, for each collection asked for that is traded here."""
        asked = query.listed(request, "instrument-collections")
        return many(request, [self._current()] if EQUITY in asked else [])

    async def equities_current(self, request: Request) -> Response:
        """Tell the same of the equity market alone."""
        return one(request, self._current())

    def neighbour(self, of: Callable[[date], Session]) -> Callable[[Request], object]:
        """Return the route that tells the session before or after a day."""

        async def told(request: Request) -> Response:
            day = query.day(request, "date") or self.world.today()
            return one(request, _session(of(day)))

        return told

    async def holidays(self, request: Request) -> Response:
        """Tell the holidays and half days of this year and the next."""
        start = self.world.today().replace(month=1, day=1)
        days = [start + timedelta(days=n) for n in range(2 * 365 + 1)]
        closed = [day.isoformat() for day in days if holiday_on(day) is not None]
        sessions = sessions_between(days[0], days[-1])
        half = [session.day.isoformat() for session in sessions if session.early_close]
        return one(request, {"market-holidays": closed, "market-half-days": half})

    async def no_holidays(self, request: Request) -> Response:
        """Tell that the futures markets have none here: nothing is traded on them."""
        return one(request, {"market-holidays": [], "market-half-days": []})

    def _current(self) -> dict[str, Json]:
        at = self.world.now()
        session = current_or_next_session(at)
        today = session_on(self.world.today())
        return {
            **_session(today or session),
            "state": _STATES[status(at)],
            "next-session": _session(next_session(self.world.today())),
            "previous-session": _session(previous_session(self.world.today())),
        }


def _session(session: Session) -> dict[str, Json]:
    return {
        "instrument-collection": EQUITY,
        "session-date": session.day.isoformat(),
        "start-at": instant(session.extended_from),
        "open-at": instant(session.opens_at),
        "close-at": instant(session.closes_at),
        "close-at-ext": instant(session.extended_until),
    }
