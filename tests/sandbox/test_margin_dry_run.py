"""The margin dry run over the bare wire: what an order does to what its underlying requires."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from tests.sandbox.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/margin/accounts/5WS00001/dry-run"
ORDERS = "/accounts/5WS00001/orders"
SHARES = {"instrument-type": "Equity", "symbol": "AAPL", "action": "Buy to Open", "quantity": 10}
BUY = {
    "account-number": "5WS00001",
    "underlying-symbol": "AAPL",
    "underlying-instrument-type": "Equity",
    "order-type": "Limit",
    "time-in-force": "Day",
    "price": "226.50",
    "price-effect": "Debit",
    "legs": [SHARES],
}


def amount(told: Mapping[str, Any], name: str) -> Decimal:
    """Return an amount of the account's view: what is required or paid is negative."""
    return Decimal(told[name]) * {"Debit": -1, "Credit": 1, "None": 0}[told[f"{name}-effect"]]


async def dry(http: httpx2.AsyncClient, document: Mapping[str, Any] = BUY) -> dict[str, Any]:
    answer = await http.post(PATH, json=document)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def test_the_order_is_told_with_what_it_adds_to_its_underlying(
    http: httpx2.AsyncClient,
) -> None:
    """Half of the shares' price is required, and the change is the one that a dry run tells."""
    told = await dry(http)
    base, new = told["base-results"], told["new-order-results"]
    (order,) = told["orders"]

    assert (order["id"], order["size"], order["legs"][0]["quantity"]) == ("dry-run-0", "0", "10")
    assert told["order-ids"] == ["dry-run-0"]
    assert amount(base, "margin-requirement") == 0
    assert amount(new, "margin-requirement") < 0
    assert new["marks"].keys() == {"AAPL"}
    assert base["marks"] == {}
    assert new["calculated-at"].endswith("-05:00")
    change = amount(told, "change-in-buying-power")
    assert amount(new, "buying-power-impact") - amount(base, "buying-power-impact") == change
    plain = (await http.post(f"{ORDERS}/dry-run", json=BUY)).json()["data"]["buying-power-effect"]
    assert change == amount(plain, "change-in-buying-power")


async def test_an_order_at_work_is_counted_beside_it(http: httpx2.AsyncClient) -> None:
    placed = await http.post(ORDERS, json={**BUY, "time-in-force": "GTC"})
    number = placed.json()["data"]["order"]["id"]
    told = await dry(http)

    assert told["base-results"]["order-ids"] == [str(number)]
    assert told["new-order-results"]["order-ids"] == [str(number), "dry-run-0"]
    assert amount(told["base-results"], "working-margin") < 0
    assert (await http.delete(f"{ORDERS}/{number}")).status_code == 200


async def test_a_dry_run_of_margin_leaves_no_trace(
    sandbox: Served, http: httpx2.AsyncClient
) -> None:
    before = (await sandbox.world.office.keeper.snapshot()).world
    await dry(http)

    assert (await sandbox.world.office.keeper.snapshot()).world is before


@pytest.mark.parametrize(
    ("wrong", "status", "named"),
    [
        ({"account-number": None}, 400, "account-number"),
        ({"account-number": "5WS00002"}, 400, "account-number"),
        ({"underlying-symbol": None}, 400, "underlying-symbol"),
        ({"underlying-symbol": "MSFT"}, 400, "underlying-symbol"),
        ({"order-type": None}, 400, "order-type"),
        ({"time-in-force": None}, 400, "time-in-force"),
        ({"legs": None}, 400, "legs"),
        ({"legs": []}, 422, "invalid_legs"),
        ({"legs": [SHARES, SHARES]}, 422, "invalid_legs"),
        ({"legs": [SHARES] * 5}, 422, "invalid_legs"),
    ],
)
async def test_a_body_that_lacks_what_it_must_carry_is_refused(
    http: httpx2.AsyncClient, wrong: dict[str, Any], status: int, named: str
) -> None:
    answer = await http.post(PATH, json={**BUY, **wrong})

    assert answer.status_code == status, answer.text
    assert named in answer.text


async def test_another_s_account_is_not_looked_at(http: httpx2.AsyncClient) -> None:
    document = {**BUY, "account-number": "5WX99999"}
    answer = await http.post("/margin/accounts/5WX99999/dry-run", json=document)

    assert answer.status_code == 403


async def test_a_short_option_requires_more_than_its_premium(http: httpx2.AsyncClient) -> None:
    """What comes in is cash, and the requirement stands against it."""
    symbol = "AAPL  261218P00200000"
    leg = {"instrument-type": "Equity Option", "symbol": symbol, "action": "Sell to Open"}
    sell = {**BUY, "price": "1.00", "price-effect": "Credit", "legs": [{**leg, "quantity": 1}]}
    told = (await dry(http, sell))["new-order-results"]

    assert amount(told, "cash-adjustment") > 0
    assert -amount(told, "margin-requirement") > amount(told, "cash-adjustment")
    assert told["group-results"][0]["group"]["position-entries"][0]["quantity"] == "-1.0"
    assert set(told["marks"]) == {symbol}
