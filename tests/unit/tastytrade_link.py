"""A client of tastytrade that is linked to a server on this machine."""

import base64
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from strikedesk.brokers.tastytrade.client import Client, Patience
from strikedesk.brokers.tastytrade.grants import Grant
from strikedesk.brokers.tastytrade.pace import Pace
from strikedesk.brokers.tastytrade.session import Session
from strikedesk.brokers.tastytrade.sites import on_this_machine
from strikedesk.brokers.tastytrade.token_desk import TOKEN_PATH, TokenDesk
from strikedesk.brokers.tastytrade.wire import Wire
from strikedesk.domain.secret import Secret
from tests.fakes.clock import StoppedClock
from tests.fakes.loopback import Loopback, Reply, a_loopback, told

RECORDED = Path(__file__).parents[3] / "shared" / "payloads"

REFRESH_TOKEN = "a-refresh-token-that-nobody-may-see"  # noqa: S105 -- of nobody
CLIENT_SECRET = "a-client-secret-that-nobody-may-see"  # noqa: S105 -- of nobody


def recorded(name: str) -> dict[str, Any]:
    """Return a recorded answer in its envelope; skip the test where there is none."""
    path = RECORDED / f"tastytrade_{name}.json"
    if not path.exists():
        pytest.skip("the recorded answers lie beside the project")
    return {"data": json.loads(path.read_text(encoding="utf-8")), "context": "/recorded"}


def a_token_reply(access: str = "access-token-1", **told_too: Any) -> Reply:
    """Return what the token endpoint says."""
    return told({"access_token": access, "token_type": "Bearer", "expires_in": 900} | told_too)


def a_jwt(**claims: Any) -> str:
    """Return a token that makes claims; nobody signed it."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{body}.c2ln"


def a_grant(refresh_token: str = REFRESH_TOKEN) -> Grant:
    return Grant(client_secret=Secret(CLIENT_SECRET), refresh_token=Secret(refresh_token))


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The far end, and everything that leads to it."""

    there: Loopback
    wire: Wire
    clock: StoppedClock
    desk: TokenDesk
    session: Session
    client: Client


@asynccontextmanager
async def a_link(
    *, grant: Grant | None = None, deadline_s: float = 20.0, attempts: int = 3
) -> AsyncGenerator[Link]:
    """Link to a server that gives a token; quotas are of a thousandth of their length."""
    async with a_loopback() as there:
        there.answers(TOKEN_PATH, a_token_reply())
        site, clock = on_this_machine(there.origin), StoppedClock()
        wire = Wire(site, deadline_s=deadline_s)
        desk = TokenDesk(site=site, wire=wire, clock=clock)
        session = Session(grant=grant or a_grant(), desk=desk, clock=clock)
        client = Client(
            wire=wire,
            session=session,
            pace=Pace(scale=1000),
            patience=Patience(attempts=attempts, first_wait_s=0.001, in_all_s=10),
        )
        try:
            yield Link(
                there=there, wire=wire, clock=clock, desk=desk, session=session, client=client
            )
        finally:
            await wire.close()
