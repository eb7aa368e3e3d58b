"""What an account was worth: at the close of every session since the world opened, and now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.ledger import Json
from strikedesk.exchange.accounts import NOTHING
from strikedesk.sandbox import query
from strikedesk.sandbox.refusal import Refusal
from strikedesk.sandbox.wire import decimal, many
from strikedesk.sandbox.world import SandboxWorld

_BACK: Final = {
    "1d": 1,
    "1w": 7,
    "1m": 31,
    "3m": 92,
    "6m": 183,
    "1y": 366,
    "all": 36_500,
}


@dataclass(frozen=True, slots=True)
class HistoryRoutes:
    """The worth of an account over time."""

    world: SandboxWorld

    def routes(self) -> list[Route]:
        """Return them."""
        return [Route("/accounts/{number}/net-liq/history", self.net_liq)]

    async def net_liq(self, request: Request) -> Response:
        """Tell a point for each close that is over, and one for now."""
        number = request.path_params["number"]
        _, _, at = await self.world.account(number)
        start = _start(request, at)
        closes = await self.world.broker.worth_history(number, exchange_date(start))
        balances = await self.world.broker.balances(number)
        now = balances.net_liquidation if balances.net_liquidation is not None else NOTHING
        points = [(each.at, each.amount) for each in closes if each.at >= start]
        return many(request, [_point(when, worth) for when, worth in [*points, (at, now)]])


def _start(request: Request, at: datetime) -> datetime:
    start = query.instant(request, "start-time")
    if start is not None:
        return start
    back = query.text(request, "time-back")
    if back not in _BACK:
        raise Refusal.of_parameter("time-back", f"is one of {', '.join(_BACK)}")
    return at - timedelta(days=_BACK[back])


def _point(at: datetime, worth: Decimal) -> dict[str, Json]:
    """Return a point: of the way between closes nothing is kept, so that all four are one."""
    figures = dict.fromkeys(("open", "high", "low", "close"), decimal(worth))
    pending = {f"pending-cash-{name}": decimal(NOTHING) for name in figures}
    totals = {f"total-{name}": worth_told for name, worth_told in figures.items()}
    return {**figures, **pending, **totals, "time": f"{at:%Y-%m-%d %H:%M:%S}+00"}
