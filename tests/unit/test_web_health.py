"""Health: what a supervisor may know without a token."""

from typing import Any

import anyio
import httpx2
import pytest
from starlette.applications import Starlette

from strikedesk.domain.errors import DeskError, Misconfigured, Unavailable
from strikedesk.domain.ledger import Halt
from strikedesk.domain.reasons import Reason
from strikedesk.web.health import health_routes
from tests.builders import NOON
from tests.fakes.desks import MemoryDesk
from tests.tools.core_door import settings


async def asked(desk: MemoryDesk, path: str) -> tuple[int, Any]:
    app = Starlette(routes=[*health_routes(desk)])
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://localhost"
    ) as http:
        answer = await http.get(path)
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, answer.json()


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
async def test_ready_means_that_the_store_was_read(path: str) -> None:
    body = {"status": "ready", "checks": {"desk": "ok", "trading": "allowed"}}

    assert await asked(MemoryDesk(settings()), path) == (200, body)


async def test_a_halt_is_told_and_is_no_fault() -> None:
    """Restarting the server would not end it."""
    desk = MemoryDesk(settings())
    await desk.halt.engage(Halt(since=NOON, actor="owner", why="lunch"))

    status, body = await asked(desk, "/health/ready")

    assert (status, body["checks"]["trading"]) == (200, "halted")


@pytest.mark.parametrize(
    "error",
    [
        Misconfigured(Reason.DATABASE_UNREADABLE, file="/home/owner/desk.db"),
        Unavailable(Reason.BROKER_UNAVAILABLE),
    ],
)
async def test_not_ready_names_the_reason_and_no_figures(error: DeskError) -> None:
    """Strangers may ask."""
    desk = MemoryDesk(settings())
    desk.fails_with = error

    body = {"status": "not ready", "checks": {"desk": error.reason.name}}
    assert await asked(desk, "/health") == (503, body)


async def test_alive_asks_nobody() -> None:
    desk = MemoryDesk(settings())
    desk.fails_with = Misconfigured(Reason.DATABASE_UNREADABLE)

    with anyio.fail_after(5):
        assert await asked(desk, "/health/live") == (200, {"status": "live", "checks": {}})
    assert desk.opened == 0
