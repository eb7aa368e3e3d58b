"""PAIRS over the bare wire: two orders that wait for the ratio of two prices."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tastytrade import Account, Session
from tastytrade.order import ComplexOrderType, OrderStatus

from tests.sandbox.served import served

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORDERS = "/accounts/5WS00001/orders"
COMPLEX = "/accounts/5WS00001/complex-orders"
LONG = {
    "order-type": "Market",
    "time-in-force": "Day",
    "legs": [
        {"instrument-type": "Equity", "symbol": "AAPL", "action": "Buy to Open", "quantity": 16}
    ],
}
SHORT = {
    "order-type": "Market",
    "time-in-force": "Day",
    "legs": [
        {"instrument-type": "Equity", "symbol": "MSFT", "action": "Sell to Open", "quantity": 10}
    ],
}
# AAPL is at 246.36 and MSFT at 391.95: 0.6286 by price, 1.0057 by notional.
PAIR = {
    "type": "PAIRS",
    "orders": [LONG, SHORT],
    "ratio-price-comparator": "lte",
    "ratio-price-threshold": "0.62",
    "ratio-price-is-threshold-based-on-notional": False,
}


async def placed(http: httpx2.AsyncClient, **other: Any) -> dict[str, Any]:
    answer = await http.post(COMPLEX, json={**PAIR, **other})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["complex-order"]


async def statuses(http: httpx2.AsyncClient, told: dict[str, Any]) -> list[str]:
    now = (await http.get(f"{COMPLEX}/{told['id']}")).json()["data"]
    return [each["status"] for each in now["orders"]]


async def test_both_orders_wait_until_the_ratio_has_come(http: httpx2.AsyncClient) -> None:
    """They can be found as any order, and one changed threshold sets both to work."""
    told = await placed(http)
    number = told["orders"][0]["id"]
    alone = (await http.get(f"{ORDERS}/{number}")).json()["data"]

    assert (told["type"], told["ratio-price-threshold"]) == ("PAIRS", "0.62")
    assert await statuses(http, told) == ["Contingent", "Contingent"]
    assert alone["complex-order-id"] == told["id"]
    assert alone["complex-order-tag"] == "PAIRS::order"
    path = f"{COMPLEX}/{told['id']}"
    changed = (await http.patch(path, json={"ratio-price-threshold": 0.63})).json()["data"]
    assert [each["status"] for each in changed["orders"]] == ["Filled", "Filled"]
    assert changed["ratio-price-comparator"] == "lte"
    assert (await http.patch(path, json={"ratio-price-threshold": 1})).status_code == 422


@pytest.mark.parametrize(
    ("ratio", "status"),
    [
        ({"ratio-price-comparator": "gte"}, "Filled"),
        ({"ratio-price-threshold": "0.63"}, "Filled"),
        ({"ratio-price-is-threshold-based-on-notional": True}, "Contingent"),
        (
            {
                "ratio-price-threshold": "1.006",
                "ratio-price-is-threshold-based-on-notional": True,
            },
            "Filled",
        ),
        (
            {
                "ratio-price-comparator": "gte",
                "ratio-price-threshold": "1.006",
                "ratio-price-is-threshold-based-on-notional": True,
            },
            "Contingent",
        ),
    ],
)
async def test_a_ratio_is_of_prices_or_of_dollars(
    http: httpx2.AsyncClient, ratio: dict[str, Any], status: str
) -> None:
    told = await placed(http, **ratio)

    assert await statuses(http, told) == [status, status]
    await http.delete(f"{COMPLEX}/{told['id']}")


@pytest.mark.parametrize("by", ["the pair", "the first", "the second"])
async def test_an_end_of_one_order_that_waits_ends_both(http: httpx2.AsyncClient, by: str) -> None:
    told = await placed(http)
    path = {
        "the pair": f"{COMPLEX}/{told['id']}",
        "the first": f"{ORDERS}/{told['orders'][0]['id']}",
        "the second": f"{ORDERS}/{told['orders'][1]['id']}",
    }[by]

    assert (await http.delete(path)).status_code == 200
    assert await statuses(http, told) == ["Cancelled", "Cancelled"]
    again = f"{COMPLEX}/{told['id']}"
    assert (await http.delete(again)).status_code == 422
    assert (await http.patch(again, json={"ratio-price-threshold": 9})).status_code == 422


async def test_an_order_of_a_pair_can_be_replaced_while_it_waits(
    http: httpx2.AsyncClient,
) -> None:
    limit = {**LONG, "order-type": "Limit", "price": "240", "price-effect": "Debit"}
    told = await placed(http, orders=[limit, SHORT])
    new = await http.patch(f"{ORDERS}/{told['orders'][0]['id']}", json={"price": "241"})
    now = (await http.get(f"{COMPLEX}/{told['id']}")).json()["data"]

    assert new.status_code == 200
    assert [each["status"] for each in now["orders"]] == ["Contingent", "Contingent"]
    assert now["orders"][0]["price"] == "241.0"
    path = f"{COMPLEX}/{told['id']}"
    await http.patch(path, json={"ratio-price-threshold": 0.63})
    assert await statuses(http, told) == ["Live", "Filled"]
    assert (await http.delete(path)).status_code == 200


async def test_a_dry_run_of_a_pair_tells_both_and_keeps_nothing(http: httpx2.AsyncClient) -> None:
    told = (await http.post(f"{COMPLEX}/dry-run", json=PAIR)).json()["data"]
    each = [
        (await http.post(f"{ORDERS}/dry-run", json=order)).json()["data"]["buying-power-effect"]
        for order in (LONG, SHORT)
    ]
    whole = told["complex-order"]

    assert whole["ratio-price-comparator"] == "lte"
    assert [order["status"] for order in whole["orders"]] == ["Contingent", "Contingent"]
    assert "id" not in whole
    both = told["buying-power-effect"]
    assert float(both["impact"]) == pytest.approx(sum(float(one["impact"]) for one in each))


@pytest.mark.parametrize(
    ("wrong", "status", "named"),
    [
        ({"ratio-price-comparator": None}, 400, "ratio-price-comparator"),
        ({"ratio-price-comparator": "lt"}, 400, "ratio-price-comparator"),
        ({"ratio-price-threshold": None}, 400, "ratio-price-threshold"),
        ({"ratio-price-threshold": 0}, 400, "ratio-price-threshold"),
        ({"ratio-price-threshold": "much"}, 400, "ratio-price-threshold"),
        ({"ratio-price-is-threshold-based-on-notional": "no"}, 400, "based-on-notional"),
        ({"trigger-order": LONG}, 400, "trigger-order"),
        ({"orders": None}, 400, "orders"),
        ({"orders": [LONG]}, 422, "invalid_pairs_order"),
        ({"orders": [LONG, SHORT, LONG]}, 422, "invalid_pairs_order"),
        (
            {"orders": [LONG, {**SHORT, "legs": [*SHORT["legs"], *LONG["legs"]]}]},
            422,
            "pairs_order",
        ),
        ({"type": "BLAST"}, 422, "not_supported"),
    ],
)
async def test_a_pair_that_does_not_hold_together_is_refused(
    http: httpx2.AsyncClient, wrong: dict[str, Any], status: int, named: str
) -> None:
    for path in (f"{COMPLEX}/dry-run", COMPLEX):
        answer = await http.post(path, json={**PAIR, **wrong})
        assert answer.status_code == status, answer.text
        assert named in answer.text


async def test_the_sdk_reads_a_pair(
    session: Session, account: Account, http: httpx2.AsyncClient
) -> None:
    """It has no helper to place one, and models for what comes of it."""
    told = await placed(http)
    seen = await account.get_complex_order(session, told["id"])

    assert (seen.type, seen.ratio_price_comparator) == (ComplexOrderType.PAIRS, "lte")
    assert seen.ratio_price_threshold == Decimal("0.62")
    assert {order.status for order in seen.orders} == {OrderStatus.CONTINGENT}
    await account.delete_complex_order(session, told["id"])
    assert await statuses(http, told) == ["Cancelled", "Cancelled"]


async def test_a_pair_of_a_day_ends_with_it(tmp_path: Path) -> None:
    async with served(tmp_path, "stepped:2026-11-20T16:00:00Z") as here:
        token = here.world.access.issue(here.world.access.full).token
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(
            base_url=here.address, headers=headers, trust_env=False
        ) as client:
            told = await placed(client, **{"ratio-price-threshold": "0.1"})
            transport = httpx2.ASGITransport(here.control)
            async with httpx2.AsyncClient(
                transport=transport, base_url="http://127.0.0.1:8771"
            ) as control:
                stepped = await control.post("/market/step", json={"step": "1d"})
            assert stepped.status_code == 200, stepped.text
            assert await statuses(client, told) == ["Expired", "Cancelled"]
