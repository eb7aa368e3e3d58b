"""The question travels over both network transports, in both eras; without a way back, it waits."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from strikedesk.server.app import DeskServer
from strikedesk.server.call import Door
from strikedesk.server.guard import names
from strikedesk.server.http import WebServer, build_app, listen
from tests.fakes.tokens import MemoryTokens
from tests.tools.core_door import Era
from tests.tools.paper_desk import PaperDesk, facts_of
from tests.tools.test_consent_tools import YES, Person, held, previewed, says, spent
from tests.tools.web_door import TRADER, Kind, a_token, bearing


@asynccontextmanager
async def served(desk: PaperDesk) -> AsyncGenerator[str]:
    tokens = desk.opened.tokens
    assert isinstance(tokens, MemoryTokens)
    tokens.tokens = {"id-trader": a_token(TRADER, "trade")}
    server = DeskServer(Door(settings=desk.settings, lazy=desk, network=True))
    listener = listen("127.0.0.1", 0)
    web = WebServer.of(build_app(server, names("127.0.0.1", (), ()), ()))
    async with anyio.create_task_group() as group:
        group.start_soon(web.serve, [listener])
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            web.should_exit = True


@asynccontextmanager
async def client_at(
    address: str, kind: Kind, era: Era, person: Person | None
) -> AsyncGenerator[Client]:
    if kind == "sse":
        stream = sse_client(f"{address}/sse", bearing(TRADER))
        async with Client(stream, mode=era, elicitation_callback=person) as client:
            yield client
        return
    async with httpx2.AsyncClient(headers=bearing(TRADER)) as http:
        stream = streamable_http_client(f"{address}/mcp", http_client=http)
        async with Client(stream, mode=era, elicitation_callback=person) as client:
            yield client


@pytest.mark.promise("owner-asked")
@pytest.mark.parametrize(
    ("kind", "era"), [("http", "auto"), ("http", "legacy"), ("sse", "auto"), ("sse", "legacy")]
)
async def test_a_yes_over_the_network_sends_and_a_no_does_not(kind: Kind, era: Era) -> None:
    desk, person = PaperDesk(consent="ask"), says("accept", **YES)
    async with served(desk) as address, client_at(address, kind, era, person) as client:
        done = facts_of(await client.call_tool("confirm_order", spent(await previewed(client))))
        desk.opened.books.forget("paper-margin")
        after_yes = await held(client)
        person.answer = says("cancel").answer
        other = await previewed(client, quantity=2)
        waits = facts_of(await client.call_tool("confirm_order", spent(other)))
        orders = facts_of(await client.call_tool("list_orders", {"account": "paper-margin"}))

    state = orders["columns"].index("state")
    assert (done["state"], after_yes) == ("filled", 1)
    assert (waits["state"], len(person.asked)) == ("awaiting_consent", 2)
    assert sorted(row[state] for row in orders["rows"]) == ["awaiting_consent", "filled"]
