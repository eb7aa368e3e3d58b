"""The routes of quote alerts."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strikedesk.sandbox.door import body_of
from strikedesk.sandbox.orders.reading import read_document
from strikedesk.sandbox.refusal import Refusal
from strikedesk.sandbox.wire import many, one
from strikedesk.sandbox.world import SandboxWorld

_CREATED: Final = 201
_GONE: Final = 204


@dataclass(frozen=True, slots=True)
class AlertRoutes:
    """Alerts by the ids that they are given."""

    world: SandboxWorld

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/quote-alerts", self.every, methods=["GET"]),
            Route("/quote-alerts", self.create, methods=["POST"]),
            Route("/quote-alerts/{alert}", self.remove, methods=["DELETE"]),
        ]

    async def every(self, request: Request) -> Response:
        """Tell all alerts, those that have fired by now too."""
        alerts = await self.world.alerts_now()
        return many(request, [alert.told() for alert in alerts])

    async def create(self, request: Request) -> Response:
        """Keep an alert."""
        document = read_document(await body_of(request))
        external_id = self.world.access.entropy.identifier()
        alert = self.world.alerts.add(document, external_id=external_id, at=self.world.now())
        return one(request, alert.told(), _CREATED)

    async def remove(self, request: Request) -> Response:
        """Take an alert away."""
        if self.world.alerts.known.pop(request.path_params["alert"], None) is None:
            raise Refusal.not_found("that alert")
        return Response(status_code=_GONE)
