"""Balance snapshots: what the sandbox tells of days that are over, and who can read it."""

from collections.abc import AsyncGenerator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from tastytrade import Account, Session

from tests.sandbox.linked import linked
from tests.sandbox.served import Served, served

pytestmark = pytest.mark.asyncio(loop_scope="module")

SNAPSHOTS = "/accounts/5WS00001/balance-snapshots"
BALANCES = "/accounts/5WS00001/balances/USD"
ORDERS = "/accounts/5WS00001/orders"
AT_THE_END = {"time-of-day": "EOD"}
FRIDAY, MONDAY, TUESDAY = date(2026, 11, 20), date(2026, 11, 23), date(2026, 11, 24)
LASTING = "2026-11-25"  # The day at whose close an order was at work.


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Served]:
    """A Friday on which the margin account trades; time waits until it is moved."""
    folder = tmp_path_factory.mktemp("sandbox")
    async with served(folder, "stepped:2026-11-20T20:00:00Z") as here:
        yield here


async def step(sandbox: Served, how_far: str) -> None:
    transport = httpx2.ASGITransport(sandbox.control)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as control:
        answer = await control.post("/market/step", json={"step": how_far})
    assert answer.status_code == 200, answer.text


async def place(http: httpx2.AsyncClient, symbol: str, action: str, **order: str) -> None:
    kind = "Equity Option" if " " in symbol else "Equity"
    leg = {"instrument-type": kind, "symbol": symbol, "action": action, "quantity": 1}
    document = {name.replace("_", "-"): value for name, value in order.items()} | {"legs": [leg]}
    answer = await http.post(ORDERS, json=document)
    assert answer.status_code == 201, answer.text


async def told(http: httpx2.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    answer = await http.get(
        SNAPSHOTS, params={name.replace("_", "-"): value for name, value in params.items()}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["items"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at_closes(sandbox: Served) -> dict[str, dict[str, Any]]:
    """Trade, let days go by, and return the balances as they stood at each close."""
    token = sandbox.world.access.issue(sandbox.world.access.full).token
    headers = {"Authorization": f"Bearer {token}"}
    found: dict[str, dict[str, Any]] = {}
    market = {"order_type": "Market", "time_in_force": "Day"}
    async with httpx2.AsyncClient(
        base_url=sandbox.address, headers=headers, trust_env=False
    ) as http:
        await place(http, "AAPL", "Buy to Open", **market)
        await place(http, "SPY   261218P00509000", "Sell to Open", **market)
        for _ in range(4):
            await step(sandbox, "next-close")
            balances = (await http.get(BALANCES)).json()["data"]
            found[balances["snapshot-date"]] = balances
            if balances["snapshot-date"] == TUESDAY.isoformat():
                await step(sandbox, "next-open")
                await place(
                    http,
                    "AAPL",
                    "Buy to Open",
                    order_type="Limit",
                    time_in_force="GTC",
                    price="1.00",
                    price_effect="Debit",
                )
        await step(sandbox, "next-open")
    return found


async def test_a_day_is_told_as_it_was_when_its_session_closed(
    http: httpx2.AsyncClient, at_closes: Mapping[str, Mapping[str, Any]]
) -> None:
    """Figure for figure what the balances were then; nothing is added, and no later field."""
    days = await told(http, **AT_THE_END)

    assert [each["snapshot-date"] for each in days] == [f"{FRIDAY}", f"{MONDAY}", f"{TUESDAY}"]
    for day in days:
        then = {**at_closes[day["snapshot-date"]], "time-of-day": "EOD"}
        assert day == {name: then[name] for name in day}
    assert {"long-equity-value", "used-derivative-buying-power", "pending-cash"} <= days[0].keys()
    assert not {"maintenance-excess", "reg-t-margin-requirement", "updated-at"} & days[0].keys()
    assert Decimal(days[0]["short-derivative-value"]) > 0


async def test_a_day_of_which_one_figure_is_not_known_is_left_out(
    sandbox: Served, http: httpx2.AsyncClient, at_closes: Mapping[str, Any]
) -> None:
    """What an order at work held back is kept nowhere, and so nobody knows what was left."""
    last = date.fromisoformat(LASTING)
    (close,) = await sandbox.world.broker.closing_balances("5WS00001", last, last)

    assert LASTING in at_closes
    assert await told(http, snapshot_date=LASTING, **AT_THE_END) == []
    assert (close.option_buying_power, close.stock_buying_power) == (None, None)
    assert close.net_liquidation == Decimal(at_closes[LASTING]["net-liquidating-value"])


@pytest.mark.usefixtures("at_closes")
async def test_days_are_told_by_day_by_range_and_by_page(http: httpx2.AsyncClient) -> None:
    async def days(**params: Any) -> list[str]:
        return [each["snapshot-date"] for each in await told(http, **AT_THE_END, **params)]

    assert await days(snapshot_date=f"{MONDAY}") == [f"{MONDAY}"]
    assert await days(start_date=f"{MONDAY}") == [f"{MONDAY}", f"{TUESDAY}"]
    assert await days(end_date=f"{MONDAY}") == [f"{FRIDAY}", f"{MONDAY}"]
    assert await days(per_page=2, page_offset=1) == [f"{TUESDAY}"]
    assert await days(start_date=f"{TUESDAY}", end_date=f"{MONDAY}") == []


@pytest.mark.usefixtures("at_closes")
async def test_of_a_day_that_is_not_over_the_course_is_told_and_no_morning(
    http: httpx2.AsyncClient,
) -> None:
    (now,) = await told(http, time_of_day="Intraday")
    balances = (await http.get(BALANCES)).json()["data"]

    assert now == {name: ({**balances, "time-of-day": "Intraday"})[name] for name in now}
    assert await told(http, time_of_day="Intraday", end_date=f"{FRIDAY}") == []
    assert await told(http, time_of_day="BOD") == []
    assert (await http.get(SNAPSHOTS, params={"time-of-day": "Noon"})).status_code == 400


@pytest.mark.promise("sandbox")
async def test_the_sdk_reads_the_days(
    session: Session, account: Account, at_closes: Mapping[str, Mapping[str, Any]]
) -> None:
    days = await account.get_balance_snapshots(session, start_date=FRIDAY, end_date=TUESDAY)
    (one,) = await account.get_balance_snapshots(session, snapshot_date=MONDAY)

    assert [each.snapshot_date for each in days] == [FRIDAY, MONDAY, TUESDAY]
    assert one == days[1]
    assert [(str(each.net_liquidating_value), each.time_of_day) for each in days] == [
        (str(Decimal(at_closes[f"{each.snapshot_date}"]["net-liquidating-value"])), "EOD")
        for each in days
    ]


@pytest.mark.usefixtures("at_closes")
async def test_the_days_reach_the_desk_as_they_are_here(sandbox: Served) -> None:
    """By the adapter, over the wire: what it has no field for is unknown at the desk."""
    broker, wire = linked(sandbox)
    (account, *_) = await broker.accounts()
    arrived = await broker.closing_balances(account.account_id, FRIDAY, TUESDAY)
    await wire.close()
    here = await sandbox.world.broker.closing_balances("5WS00001", FRIDAY, TUESDAY)

    assert [
        (each.day, each.net_liquidation, each.cash, each.option_buying_power, each.short_value)
        for each in arrived
    ] == [
        (each.day, each.net_liquidation, each.cash, each.option_buying_power, each.short_value)
        for each in here
    ]
    assert {(each.maintenance_excess, each.dividends_accrued) for each in arrived} == {(None, None)}
