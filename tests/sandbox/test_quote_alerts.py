"""Quote alerts of the sandbox, as any client and as the independent SDK meets them."""

import asyncio
from collections.abc import AsyncGenerator
from operator import attrgetter
from typing import Any

import httpx2
import pytest
import pytest_asyncio
import tastytrade.streamer
from tastytrade import Account, AlertStreamer, Session
from tastytrade.streamer import QuoteAlert

from strikedesk.sandbox.alerts import ALERTS_MAX
from strikedesk.sandbox.streams.routes import STREAMER_PATH
from tests.patience import PATIENCE_S
from tests.sandbox.served import Served, served

pytestmark = pytest.mark.asyncio(loop_scope="module")

HIGH = {"symbol": "AAPL", "field": "Last", "operator": "<", "threshold": "100000.00"}
FAR = HIGH | {"operator": ">"}


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Served]:
    """A world of its own for each test: alerts stay in it."""
    async with served(tmp_path_factory.mktemp("sandbox")) as here:
        yield here


async def alerts(http: httpx2.AsyncClient) -> list[dict[str, Any]]:
    return (await http.get("/quote-alerts")).json()["data"]["items"]


async def test_an_alert_is_kept_until_it_is_taken_away(http: httpx2.AsyncClient) -> None:
    made = await http.post("/quote-alerts", json=FAR | {"expires-at": 1_800_000_000_000})

    told = made.json()["data"]
    assert made.status_code == 201
    assert (told["dx-symbol"], told["threshold"], told["expires-at"]) == (
        "AAPL",
        "100000.0",
        1_800_000_000_000,
    )
    assert "triggered-at" not in told
    assert await alerts(http) == [told]
    path = f"/quote-alerts/{told['alert-external-id']}"
    gone = [(await http.delete(path)).status_code for _ in range(2)]
    assert gone == [204, 404]
    assert await alerts(http) == []


async def test_an_alert_fires_once_and_stays_as_it_fired(http: httpx2.AsyncClient) -> None:
    for operator in "<>":
        await http.post("/quote-alerts", json=HIGH | {"operator": operator})

    first, then = await alerts(http), await alerts(http)

    assert ["triggered-at" in each for each in first] == [True, False]
    assert first == then


async def test_an_alert_that_has_expired_is_gone(http: httpx2.AsyncClient) -> None:
    await http.post("/quote-alerts", json=HIGH | {"expires-at": "2026-11-20T15:59:00Z"})

    assert await alerts(http) == []


@pytest.mark.parametrize(
    "odd",
    [
        {"symbol": "AA PL"},
        {"symbol": None},
        {"field": "IV"},
        {"operator": "="},
        {"threshold": "NaN"},
        {"threshold": True},
        {"threshold": "-1"},
        {"threshold": []},
        {"expires-at": "tomorrow"},
        {"expires-at": 10**30},
        {"expires-at": False},
    ],
)
async def test_an_alert_that_says_nothing_sensible_is_refused(
    http: httpx2.AsyncClient, odd: dict[str, object]
) -> None:
    refused = await http.post("/quote-alerts", json=HIGH | odd)

    assert refused.status_code in {400, 404}
    assert await alerts(http) == []


async def test_there_are_so_many_alerts_at_most(http: httpx2.AsyncClient) -> None:
    made = [await http.post("/quote-alerts", json=FAR) for _ in range(ALERTS_MAX + 1)]

    assert [each.status_code for each in made[-2:]] == [201, 422]


async def test_the_sdk_hears_of_what_fires_while_it_listens(
    http: httpx2.AsyncClient,
    session: Session,
    sandbox: Served,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What fired before is no news; its own model accepts the notice."""
    await http.post("/quote-alerts", json=HIGH | {"symbol": "SPY"})
    assert "triggered-at" in (await alerts(http))[0]
    url = sandbox.address.replace("http", "ws") + STREAMER_PATH
    monkeypatch.setattr(tastytrade.streamer, "STREAMER_URL", url)
    streamer = AlertStreamer(session)
    try:
        async with asyncio.timeout(PATIENCE_S), streamer:
            await streamer.subscribe_accounts([account])
            await streamer.subscribe_quote_alerts()
            await http.post("/quote-alerts", json=HIGH)
            heard = await anext(streamer.listen(QuoteAlert))
    finally:
        for queue in attrgetter("_queues")(streamer).values():
            await queue.aclose()

    assert (heard.symbol, heard.field, heard.operator) == ("AAPL", "Last", "<")
    assert heard.triggered_at == heard.completed_at
