"""Balance snapshots: what accounts were worth when sessions closed, and what they are worth now."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strikedesk.brokers.paper.past_books import closing_balances
from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.ledger import Json
from strikedesk.exchange.accounts import PaperAccount
from strikedesk.exchange.closes import Close
from strikedesk.sandbox import query
from strikedesk.sandbox.money import worth_now
from strikedesk.sandbox.refusal import Refusal
from strikedesk.sandbox.wire import page_of, paged
from strikedesk.sandbox.world import SandboxWorld
from strikedesk.sandbox.worth import Worth, told_worth

_PAGE: Final = 250
_PAGE_MAX: Final = 2000
_AT_THE_END: Final = "EOD"
_AS_IT_STANDS: Final = "Intraday"
_TIMES: Final = ("BOD", _AT_THE_END, _AS_IT_STANDS)


@dataclass(frozen=True, slots=True)
class SnapshotRoutes:
    """The balances of days."""

    world: SandboxWorld

    def routes(self) -> list[Route]:
        """Return them."""
        return [Route("/accounts/{number}/balance-snapshots", self.snapshots)]

    async def snapshots(self, request: Request) -> Response:
        """Tell the days that are wanted, oldest first, by page.

        At the end of a day: every close since the world opened of which all figures are known. In
        its course: today as it stands. Of mornings the venue keeps nothing.
        """
        page = page_of(request, size=_PAGE, most=_PAGE_MAX)
        time_of_day = query.text(request, "time-of-day")
        if time_of_day not in _TIMES:
            raise Refusal.of_parameter("time-of-day", f"is one of {', '.join(_TIMES)}")
        found = await self._found(request.path_params["number"], time_of_day, *_days(request))
        return paged(request, page.cut(found), page, len(found))

    async def _found(
        self, number: str, time_of_day: str, first: date, last: date
    ) -> list[dict[str, Json]]:
        _, account, at = await self.world.account(number)
        if time_of_day == _AT_THE_END:
            closes = await self.world.office.past.closes(number, first, last)
            known = ((close.day, _worth(account, close)) for close in closes)
        else:
            today = exchange_date(at)
            wanted = time_of_day == _AS_IT_STANDS and first <= today <= last
            known = ((today, await worth_now(self.world, number)),) if wanted else ()
        return [_told(number, worth, day, time_of_day) for day, worth in known if worth is not None]


def _worth(account: PaperAccount, close: Close) -> Worth | None:
    """Return what an account came to at a close; None where one figure of it is not known."""
    told = closing_balances(account, close)
    figures = (
        told.net_liquidation,
        told.option_buying_power,
        told.stock_buying_power,
        told.maintenance_margin,
        told.maintenance_excess,
    )
    known = [figure for figure in figures if figure is not None]
    if close.values is None or len(known) < len(figures):
        return None
    in_all, option_power, stock_power, required, excess = known
    return Worth(
        cash=close.cash,
        in_all=in_all,
        option_power=option_power,
        stock_power=stock_power,
        required=required,
        excess=excess,
        accrued=close.accrued,
        values=close.values,
    )


def _told(number: str, worth: Worth, day: date, time_of_day: str) -> dict[str, Json]:
    beside: dict[str, Json] = {"snapshot-date": day.isoformat(), "time-of-day": time_of_day}
    return told_worth(number, worth) | beside


def _days(request: Request) -> tuple[date, date]:
    """Return the first and the last day that are wanted."""
    only = query.day(request, "snapshot-date")
    first, last = query.day(request, "start-date"), query.day(request, "end-date")
    return only or first or date.min, only or last or date.max
