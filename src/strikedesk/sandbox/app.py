"""The app: every route of the protocol behind one door."""

from collections.abc import Sequence
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from strikedesk.domain.errors import DeskError
from strikedesk.sandbox.alert_routes import AlertRoutes
from strikedesk.sandbox.chains import ChainRoutes
from strikedesk.sandbox.door import Door
from strikedesk.sandbox.faults.line import Line
from strikedesk.sandbox.faults.panel import Panel
from strikedesk.sandbox.future_options import FutureOptionRoutes
from strikedesk.sandbox.futures import FutureRoutes
from strikedesk.sandbox.history import HistoryRoutes
from strikedesk.sandbox.instruments import InstrumentRoutes
from strikedesk.sandbox.margin import MarginRoutes
from strikedesk.sandbox.market_data import MarketDataRoutes
from strikedesk.sandbox.market_time import MarketTimeRoutes
from strikedesk.sandbox.metrics import MetricRoutes
from strikedesk.sandbox.money import MoneyRoutes
from strikedesk.sandbox.oauth import OAuthRoutes
from strikedesk.sandbox.orders.groups import GroupRoutes
from strikedesk.sandbox.orders.margin_dry_run import MarginDryRun
from strikedesk.sandbox.orders.pairs import PairWatch
from strikedesk.sandbox.orders.routes import OrderRoutes
from strikedesk.sandbox.people import PeopleRoutes
from strikedesk.sandbox.refusal import Refusal, answer_desk_error, answer_refusal
from strikedesk.sandbox.snapshots import SnapshotRoutes
from strikedesk.sandbox.transactions import TransactionRoutes
from strikedesk.sandbox.watchlists import WatchlistRoutes
from strikedesk.sandbox.wire import maybe, one, zulu
from strikedesk.sandbox.world import SandboxWorld

DXLINK_PATH: Final = "/dxlink"


def build_app(
    world: SandboxWorld,
    hosts: Sequence[str],
    streams: Sequence[BaseRoute] = (),
    panel: Panel | None = None,
) -> Starlette:
    """Return the app. `hosts` are the names it may be called by; `streams` its websocket routes.

    `panel` has what goes wrong on the way in and out; without one nothing does.
    The websocket of market data is announced at `DXLINK_PATH`; whoever serves `streams` looks at
    `world.access` for who may open them.
    """
    public = [*OAuthRoutes(world.access).routes(), *_Beside(world).routes()]
    rooms = (
        PeopleRoutes(world),
        MoneyRoutes(world),
        SnapshotRoutes(world),
        OrderRoutes(world),
        GroupRoutes(world),
        TransactionRoutes(world),
        MarginRoutes(world),
        MarginDryRun(world),
        HistoryRoutes(world),
        MetricRoutes.of(world),
        WatchlistRoutes(world),
        AlertRoutes(world),
        ChainRoutes(world),
        InstrumentRoutes(world),
        FutureRoutes(world),
        FutureOptionRoutes(world),
        MarketDataRoutes(world),
        MarketTimeRoutes(world),
    )
    return Starlette(
        routes=[*streams, *public, *(route for room in rooms for route in room.routes())],
        middleware=[
            Middleware(Line, panel=panel or Panel(), clock=world.access.clock),
            Middleware(TrustedHostMiddleware, allowed_hosts=[*hosts]),
            Middleware(Door, access=world.access, now=world.now),
            Middleware(PairWatch, world=world),
        ],
        exception_handlers={
            Refusal: answer_refusal,
            DeskError: answer_desk_error,
            HTTPException: _answer_http,
            Exception: _answer_crash,
        },
    )


class _Beside:
    """What belongs to no room."""

    def __init__(self, world: SandboxWorld) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        return [
            Route("/", self.about),
            Route("/api-quote-tokens", self.quote_token),
            Route("/margin-requirements-public-configuration", self.rate),
        ]

    async def about(self, _: Request) -> Response:
        """Say what this is, to whoever opens the address in a browser."""
        return JSONResponse(
            {
                "name": "strikedesk sandbox",
                "simulated": True,
                "market-time": zulu(self._world.now()),
            }
        )

    async def quote_token(self, request: Request) -> Response:
        """Give a token for the market-data websocket, and its address."""
        token, issued_at, expires_at = self._world.access.quote_token()
        issuer = self._world.access.issuer
        address = issuer.replace("http", "ws", 1) + DXLINK_PATH
        return one(
            request,
            {
                "dxlink-url": address,
                "level": "demo",
                "token": token,
                "issued-at": zulu(issued_at),
                "expires-at": zulu(expires_at),
            },
        )

    async def rate(self, request: Request) -> Response:
        """Tell the rate that the venue reckons with; this needs no token."""
        return one(request, {"risk-free-rate": maybe(await self._world.broker.risk_free_rate())})


async def _answer_crash(_: Request, __: Exception) -> Response:
    """Tell a bug of ours as the broker tells its own; what it was is for the log."""
    return Refusal(500, "internal_server_error", "Something went wrong here.").answer()


async def _answer_http(_: Request, error: Exception) -> Response:
    """Tell what no route serves in the protocol's envelope."""
    if not isinstance(error, HTTPException):
        raise error
    return Refusal(error.status_code, "not_found", f"{error.detail}.").answer()
