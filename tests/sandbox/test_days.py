"""Days go by on the sandbox: what expires, what ends, and what the books say afterwards."""

from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from tests.sandbox.linked import linked
from tests.sandbox.served import Served, served

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORDERS = "/accounts/5WS00001/orders"
LEG = {"instrument-type": "Equity", "symbol": "AAPL", "action": "Buy to Open", "quantity": 1}
EVERY = {"per-page": 200}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Served]:
    """A Friday afternoon on which something expires; time waits until it is moved."""
    folder = tmp_path_factory.mktemp("sandbox")
    async with served(folder, "stepped:2026-11-20T20:00:00Z") as here:
        yield here


async def step(sandbox: Served, how_far: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(sandbox.control)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as control:
        return await control.post("/market/step", json={"step": how_far})


async def told(http: httpx2.AsyncClient, path: str, **params: Any) -> list[dict[str, Any]]:
    answer = await http.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["items"]


async def place(http: httpx2.AsyncClient, document: dict[str, Any]) -> int:
    answer = await http.post(ORDERS, json=document)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["order"]["id"]


async def test_a_weekend_ends_orders_and_contracts_and_the_books_tell_it(
    sandbox: Served, http: httpx2.AsyncClient
) -> None:
    """One contract of each kind: worthless, and exercised into shares."""
    names = [f"SPY   261120C{strike:08d}" for strike in (450_000, 600_000)]
    kind = {"instrument-type": "Equity Option", "action": "Buy to Open", "quantity": 1}
    day = {"order-type": "Limit", "time-in-force": "Day"}
    for name in names:
        legs = [{**kind, "symbol": name}]
        price = {"price": "90.00" if name == names[0] else "0.05", "price-effect": "Debit"}
        await place(http, {**day, **price, "legs": legs})
    limit = {**day, "price": "226.50", "price-effect": "Debit", "legs": [LEG]}
    for_the_day = await place(http, limit)
    for_longer = await place(http, {**limit, "time-in-force": "GTC"})
    held = {position["symbol"] for position in await told(http, "/accounts/5WS00001/positions")}
    assert names[0] in held

    moved = (await step(sandbox, "2026-11-23T16:00:00Z")).json()

    assert moved == {"began": "2026-11-20T20:00:00.000Z", "at": "2026-11-23T16:00:00.000Z"}
    states = {order["id"]: order["status"] for order in await told(http, ORDERS, **EVERY)}
    assert (states[for_the_day], states[for_longer]) == ("Expired", "Live")
    live = [order["id"] for order in await told(http, f"{ORDERS}/live")]
    assert live == [for_longer]
    (shares,) = await told(http, "/accounts/5WS00001/positions")
    assert (shares["symbol"], shares["quantity"]) == ("SPY", 100)
    book = "/accounts/5WS00001/transactions"
    lines = await told(http, book, type="Receive Deliver")
    assert {line["transaction-sub-type"] for line in lines} <= {"Exercise", "Expiration"}
    exercised = [line for line in lines if line["transaction-sub-type"] == "Exercise"]
    assert {line["instrument-type"] for line in exercised} == {"Equity", "Equity Option"}
    since = await told(http, book, **{"start-at": "2026-11-20T20:30:00Z"})
    assert {line["id"] for line in since} == {line["id"] for line in lines}


async def test_the_worth_has_a_point_for_each_close(
    sandbox: Served, http: httpx2.AsyncClient
) -> None:
    history = "/accounts/5WS00001/net-liq/history"
    points = await told(http, history, **{"time-back": "1w"})
    later = await told(http, history, **{"start-time": "2026-11-21T00:00:00.000+00:00[UTC]"})

    assert [point["time"][:10] for point in points] == ["2026-11-20", "2026-11-23"]
    assert later == points[1:]
    assert (await http.get(history)).status_code == 400


async def test_the_worth_at_closes_reaches_the_desk_as_it_is_here(sandbox: Served) -> None:
    """By the adapter, over the wire: of the two points the close, and not the one of now."""
    broker, wire = linked(sandbox)
    start = date(2026, 11, 16)
    (account, *_) = await broker.accounts()
    told = await broker.worth_history(account.account_id, start)
    await wire.close()

    assert told == await sandbox.world.broker.worth_history("5WS00001", start)
    assert [f"{each.at:%Y-%m-%d}" for each in told] == ["2026-11-20"]


async def test_orders_are_found_by_the_instant_they_came_in(http: httpx2.AsyncClient) -> None:
    every = await told(http, ORDERS)
    friday = await told(http, ORDERS, **{"end-at": "2026-11-21T00:00:00+00:00"})
    monday = await told(http, ORDERS, **{"start-at": "2026-11-23T00:00:00Z"})
    by_day = await told(http, ORDERS, **{"start-date": "2026-11-20", "end-date": "2026-11-20"})

    assert friday == every == by_day
    assert monday == []
    assert (await http.get(ORDERS, params={"start-at": "2026-11-23"})).status_code == 400


async def test_sessions_are_told_by_range_and_neighbour(http: httpx2.AsyncClient) -> None:
    """Thanksgiving is none, and the day after it is half of one."""
    path = "/market-time/sessions"
    week = await told(http, path, **{"from-date": "2026-11-23", "to-date": "2026-11-27"})
    after = (await http.get("/market-time/equities/sessions/next")).json()["data"]
    before = await http.get(
        "/market-time/equities/sessions/previous", params={"date": "2026-11-27"}
    )

    days = [date.fromisoformat(each["session-date"]).day for each in week]
    assert days == [23, 24, 25, 27]
    assert week[-1]["close-at"] == "2026-11-27T18:00:00.000+00:00"
    assert after["session-date"] == "2026-11-24"
    assert before.json()["data"]["session-date"] == "2026-11-25"
    too_far = {"from-date": "2026-01-01", "to-date": "2026-12-31"}
    assert (await http.get(path, params=too_far)).status_code == 400


async def test_a_chain_is_told_in_three_forms_that_agree(http: httpx2.AsyncClient) -> None:
    nested, full, compact = [
        await told(http, f"/option-chains/SPX{form}") for form in ("/nested", "", "/compact")
    ]

    in_nested = {
        strike[side]
        for root in nested
        for expiration in root["expirations"]
        for strike in expiration["strikes"]
        for side in ("call", "put")
    }
    in_compact = [symbol for item in compact for symbol in item["symbols"]]
    assert in_nested == {option["symbol"] for option in full} == {*in_compact}
    assert len(in_compact) == len(in_nested)
    assert {(item["root-symbol"], item["settlement-type"]) for item in compact} == {
        ("SPX", "AM"),
        ("SPXW", "PM"),
    }
    some = in_compact[:3]
    listed = await told(http, "/instruments/equity-options", **{"symbol[]": some})
    assert [option["symbol"] for option in listed] == some
    assert (await http.get("/option-chains/NOSUCH/nested")).status_code == 404


async def test_what_the_account_may_do_is_told(http: httpx2.AsyncClient) -> None:
    limits = (await http.get("/accounts/5WS00003/position-limit")).json()["data"]
    found = await told(http, "/instruments/search", query="appl")

    assert limits["equity-option-order-size"] == 10_000
    assert [each["symbol"] for each in found] == ["AAPL"]
    assert (await http.get("/market-data/Equity/NOSUCH")).status_code == 404
    assert (await http.get("/market-metrics")).status_code == 400


@pytest.mark.parametrize(
    ("how_far", "status"), [("yesterday", 422), ("", 400), ("2026-11-01T00:00:00Z", 422)]
)
async def test_time_goes_forward_alone(sandbox: Served, how_far: str, status: int) -> None:
    answer = await step(sandbox, how_far)

    assert answer.status_code == status, answer.text
    assert sandbox.world.now() == datetime(2026, 11, 23, 16, tzinfo=UTC)
