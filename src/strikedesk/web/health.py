"""Health: is the process alive, and can it do its work. Nothing here needs a token.

Strangers may ask, so the answers name what failed and never say why.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from strikedesk.domain.errors import DeskError

if TYPE_CHECKING:
    from strikedesk.wiring import Desk

_UNCACHED: Final = {"Cache-Control": "no-store"}


class DeskSource(Protocol):
    """Where the desk is had from."""

    async def desk(self) -> "Desk":
        """Return the desk, opening it the first time."""
        ...


def health_routes(source: DeskSource) -> Sequence[BaseRoute]:
    """Return /health/live, which answers while the process runs, and /health/ready.

    Ready means that the desk could be opened and its store was read just now; /health says the
    same. 200 is yes, 503 is no.
    """

    async def live(_: Request) -> JSONResponse:
        return _answer("live", {})

    async def ready(_: Request) -> JSONResponse:
        return _answer("ready", await _checks(source))

    return (
        Route("/health", ready),
        Route("/health/live", live),
        Route("/health/ready", ready),
    )


async def _checks(source: DeskSource) -> dict[str, str]:
    try:
        desk = await source.desk()
        halt = await desk.halt.engaged()
    except DeskError as error:
        return {"desk": error.reason.name}
    return {"desk": "ok", "trading": "allowed" if halt is None else "halted"}


def _answer(good: str, checks: dict[str, str]) -> JSONResponse:
    fine = checks.get("desk", "ok") == "ok"
    body = {"status": good if fine else f"not {good}", "checks": checks}
    return JSONResponse(body, status_code=200 if fine else 503, headers=_UNCACHED)
