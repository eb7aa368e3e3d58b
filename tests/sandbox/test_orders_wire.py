"""Orders over the bare wire: what a client could send wrong, and what the SDK never asks for."""

from collections.abc import AsyncGenerator, Mapping
from decimal import Decimal
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from tests.sandbox.served import Served, served

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORDERS = "/accounts/5WS00001/orders"
COMPLEX = "/accounts/5WS00001/complex-orders"
LEG = {"instrument-type": "Equity", "symbol": "AAPL", "action": "Buy to Open", "quantity": 1}
OPTION = {
    "instrument-type": "Equity Option",
    "symbol": "AAPL  261218C00200000",
    "action": "Buy to Open",
    "quantity": 1,
}
RESTING = {
    "order-type": "Limit",
    "time-in-force": "GTC",
    "price": "226.50",
    "price-effect": "Debit",
    "legs": [LEG],
}
SELL = {**LEG, "action": "Sell to Close"}
EXIT = {**RESTING, "price": "300", "price-effect": "Credit", "legs": [SELL]}
STOP = {"order-type": "Stop", "time-in-force": "GTC", "stop-trigger": "200", "legs": [SELL]}
NEWEST = {"Accept-Version": "20261012"}


async def order(http: httpx2.AsyncClient, document: Mapping[str, Any] = RESTING) -> dict[str, Any]:
    answer = await http.post(ORDERS, json=document)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["order"]


@pytest.mark.parametrize(
    ("wrong", "status", "named"),
    [
        ({"order-type": "Best"}, 400, "order-type"),
        ({"order-type": None}, 400, "order-type"),
        ({"time-in-force": "day"}, 400, "time-in-force"),
        ({"price": "-1"}, 400, "price"),
        ({"price": "NaN"}, 400, "price"),
        ({"price": True}, 400, "price"),
        ({"price": [1]}, 400, "price"),
        ({"price": "1e400"}, 422, "invalid_price"),
        ({"price-effect": "Up"}, 400, "price-effect"),
        ({"price-effect": None}, 422, "price_effect_required"),
        ({"price": None}, 422, "invalid_price"),
        ({"stop-trigger": "1"}, 422, "invalid_price"),
        ({"gtc-date": "2026-12-01"}, 422, "invalid_time_in_force"),
        ({"time-in-force": "GTD", "gtc-date": "soon"}, 400, "gtc-date"),
        ({"legs": []}, 422, "invalid_legs"),
        ({"legs": "AAPL"}, 400, "legs"),
        ({"legs": [LEG] * 5}, 422, "invalid_legs"),
        ({"legs": [LEG, LEG]}, 422, "invalid_legs"),
        ({"legs": [{**LEG, "quantity": 0}]}, 422, "invalid_quantity"),
        ({"legs": [{**LEG, "quantity": "1.5"}]}, 422, "invalid_quantity"),
        ({"legs": [{**LEG, "quantity": "1_0x"}]}, 400, "quantity"),
        ({"legs": [{**LEG, "action": "Buy"}]}, 400, "action"),
        ({"legs": [{**LEG, "instrument-type": "Equity Option"}]}, 400, "instrument-type"),
        ({"legs": [{**LEG, "instrument-type": "Cryptocurrency"}]}, 400, "instrument-type"),
        (
            {"legs": [{**LEG, "instrument-type": "Future", "symbol": "/ESZ6"}]},
            400,
            "instrument-type",
        ),
        ({"legs": [{**LEG, "symbol": "\u202eAAPL"}]}, 422, "invalid_symbol"),
        ({"legs": [{**LEG, "symbol": "SPX"}]}, 422, "invalid_order"),
        ({"rules": {"conditions": []}}, 422, "not_supported"),
        ({"external-identifier": "x" * 201}, 400, "external-identifier"),
        ({"time-in-force": "Ext", "legs": [OPTION]}, 422, "invalid_time_in_force"),
        ({"time-in-force": "GTC Ext", "legs": [LEG, OPTION]}, 422, "invalid_time_in_force"),
        (
            {"time-in-force": "Ext", "order-type": "Market", "price": None, "price-effect": None},
            422,
            "invalid_time_in_force",
        ),
    ],
)
async def test_an_order_that_cannot_be_read_is_refused_by_its_field(
    http: httpx2.AsyncClient, wrong: dict[str, Any], status: int, named: str
) -> None:
    """Dry or not, with the same words, and nothing is kept."""
    document = {**RESTING, **wrong}
    dry, placed = [await http.post(path, json=document) for path in (f"{ORDERS}/dry-run", ORDERS)]

    assert dry.status_code == placed.status_code == status, placed.text
    assert named in placed.text
    assert dry.json() == placed.json() | {}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"price": NaN}', b"\xff\xfe", b"[" * 9000]
)
async def test_a_body_that_is_no_object_is_refused(http: httpx2.AsyncClient, body: bytes) -> None:
    for path in (ORDERS, COMPLEX, "/watchlists"):
        answer = await http.post(path, content=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "validation_error")


async def test_a_change_names_only_what_changes(http: httpx2.AsyncClient) -> None:
    first = await order(http)
    path = f"{ORDERS}/{first['id']}"
    dry = await http.post(f"{path}/dry-run", json={"price": "226.40"})
    changed = (await http.patch(path, json={"price": "226.40", "external-identifier": "b"})).json()

    assert dry.status_code == 201
    assert dry.json()["data"]["buying-power-effect"]["effect"] == "Debit"
    now = (await http.get(f"{ORDERS}/{changed['data']['id']}")).json()["data"]
    assert (now["price"], now["price-effect"], now["status"]) == ("226.4", "Debit", "Live")
    assert (now["replaces-order-id"], now["external-identifier"]) == (first["id"], "b")
    assert now["legs"] == [{**LEG, "remaining-quantity": 1, "fills": []}]


async def test_a_replacement_keeps_its_legs(http: httpx2.AsyncClient) -> None:
    path = f"{ORDERS}/{(await order(http))['id']}"
    same = await http.put(path, json={**RESTING, "price": "226.30"})
    other = await http.put(
        f"{ORDERS}/{same.json()['data']['id']}",
        json={**RESTING, "legs": [{**LEG, "symbol": "MSFT"}]},
    )

    assert (same.status_code, other.status_code) == (200, 400)


@pytest.mark.parametrize("number", ["0", "999999", "abc", "1e3", "٣", "9" * 30, "-1"])
async def test_a_number_of_no_order_is_not_found(http: httpx2.AsyncClient, number: str) -> None:
    for path in (f"{ORDERS}/{number}", f"{COMPLEX}/{number}"):
        for method in ("GET", "DELETE"):
            assert (await http.request(method, path)).status_code == 404


async def test_an_order_is_seen_in_its_own_account_alone(http: httpx2.AsyncClient) -> None:
    number = (await order(http))["id"]

    assert (await http.get(f"/accounts/5WS00002/orders/{number}")).status_code == 404
    assert (await http.delete(f"/accounts/5WS00002/orders/{number}")).status_code == 404
    assert (await http.get(f"{ORDERS}/{number}")).json()["data"]["status"] == "Live"


async def test_the_newest_version_wants_a_beginning_and_pages_what_is_live(
    http: httpx2.AsyncClient,
) -> None:
    for _ in range(2):
        await order(http)
    without = await http.get(ORDERS, headers=NEWEST)
    with_one = await http.get(ORDERS, headers=NEWEST, params={"start-date": "2026-11-20"})
    live = (await http.get(f"{ORDERS}/live", headers=NEWEST, params={"per-page": 1})).json()

    assert (without.status_code, with_one.status_code) == (400, 200)
    assert live["pagination"]["total-items"] == with_one.json()["pagination"]["total-items"] > 1
    assert len(live["data"]["items"]) == 1


async def test_orders_of_several_accounts_come_together(http: httpx2.AsyncClient) -> None:
    await order(http)
    elsewhere = await http.post("/accounts/5WS00002/orders", json=RESTING)
    assert elsewhere.status_code == 201
    path = "/customers/me/orders/live"
    asked = {"account-numbers[]": ["5WS00001", "5WS00002"], "status[]": ["Live"]}
    told = (await http.get(path, params=asked)).json()["data"]["items"]

    assert {each["account-number"] for each in told} == {"5WS00001", "5WS00002"}
    assert (await http.get(path)).status_code == 400
    stranger = {"account-numbers[]": ["5WX99999"]}
    assert (await http.get(path, params=stranger)).status_code == 403


@pytest.mark.parametrize(
    ("document", "status", "code"),
    [
        ({"type": "OCO", "orders": [EXIT, EXIT]}, 422, "invalid_oco_order_type_combo"),
        ({"type": "OCO", "orders": [EXIT]}, 422, "invalid_oco_order_type_combo"),
        ({"type": "OCO", "trigger-order": RESTING, "orders": [EXIT, STOP]}, 400, "trigger-order"),
        ({"type": "OTO", "orders": [EXIT]}, 400, "trigger-order"),
        (
            {"type": "OTO", "trigger-order": RESTING, "orders": [EXIT] * 4},
            422,
            "invalid_order",
        ),
        ({"type": "OTO", "trigger-order": RESTING, "orders": []}, 422, "invalid_order"),
        ({"type": "OTO", "trigger-order": STOP, "orders": [EXIT]}, 422, "combo"),
        (
            {
                "type": "OTOCO",
                "trigger-order": {
                    "order-type": "Market",
                    "time-in-force": "Day",
                    "legs": [LEG],
                },
                "orders": [EXIT, STOP],
            },
            422,
            "invalid_oco_order_type_combo",
        ),
        ({"type": "OCO", "orders": [EXIT, STOP]}, 422, "close_exceeds_position"),
        ({"type": "OCO"}, 400, "orders"),
        ({"type": "OCO", "orders": [1, 2]}, 400, "orders"),
    ],
)
async def test_a_complex_order_that_does_not_hold_together_is_refused(
    http: httpx2.AsyncClient, document: dict[str, Any], status: int, code: str
) -> None:
    for path in (f"{COMPLEX}/dry-run", COMPLEX):
        answer = await http.post(path, json=document)
        assert answer.status_code == status, answer.text
        assert code in answer.text
    assert (await http.get(f"{COMPLEX}/live")).json()["data"]["items"] == []


async def test_one_order_releases_another(http: httpx2.AsyncClient) -> None:
    """The second waits, its number is the group's own, and one cancel takes both."""
    document = {"type": "OTO", "trigger-order": RESTING, "orders": [EXIT]}
    told = (await http.post(COMPLEX, json=document)).json()["data"]["complex-order"]
    path = f"{COMPLEX}/{told['id']}"

    assert told["trigger-order"]["complex-order-tag"] == "OTO::trigger-order"
    (waiting,) = told["orders"]
    assert (waiting["status"], waiting["contingent-status"]) == ("Contingent", "Pending Order")
    assert waiting["complex-order-id"] == told["id"]
    assert (await http.get(path)).json()["data"]["orders"][0]["status"] == "Contingent"
    assert (await http.delete(path)).status_code == 200
    after = (await http.get(path)).json()["data"]
    assert after["trigger-order"]["status"] == after["orders"][0]["status"] == "Cancelled"
    assert (await http.delete(path)).status_code == 422


async def test_one_order_releases_up_to_three_of_which_none_cancels_another(
    http: httpx2.AsyncClient,
) -> None:
    """They begin together; an end of one leaves the others, and a cancel takes what is left."""
    at_once = {**RESTING, "price": "247", "legs": [{**LEG, "quantity": 3}]}
    document = {"type": "OTO", "trigger-order": at_once, "orders": [EXIT, EXIT, STOP]}
    dry = (await http.post(f"{COMPLEX}/dry-run", json=document)).json()["data"]["complex-order"]
    told = (await http.post(COMPLEX, json=document)).json()["data"]["complex-order"]
    path = f"{COMPLEX}/{told['id']}"

    assert [each["preflight-id"] for each in dry["orders"]] == [1, 2, 3]
    assert {each["complex-order-tag"] for each in told["orders"]} == {"OTO::order"}
    assert await statuses(http, path) == ("Filled", ["Live"] * 3)
    await http.delete(f"{ORDERS}/{told['orders'][1]['id']}")
    assert await statuses(http, path) == ("Filled", ["Live", "Cancelled", "Live"])
    assert (await http.delete(path)).status_code == 200
    assert await statuses(http, path) == ("Filled", ["Cancelled"] * 3)
    back = {**at_once, "price": "246", "price-effect": "Credit"}
    await order(http, {**back, "legs": [{**SELL, "quantity": 3}]})


async def test_the_buying_power_of_one_that_releases_several_is_that_of_all(
    http: httpx2.AsyncClient,
) -> None:
    """All of them may fill."""
    effects = [
        (await http.post(f"{COMPLEX}/dry-run", json=document)).json()["data"]["buying-power-effect"]
        for document in (
            {"type": "OTO", "trigger-order": RESTING, "orders": [RESTING]},
            {"type": "OTO", "trigger-order": RESTING, "orders": [RESTING, RESTING]},
        )
    ]
    one, two = (Decimal(each["change-in-buying-power"]) for each in effects)

    assert two == one / 2 * 3


async def statuses(http: httpx2.AsyncClient, path: str) -> tuple[str, list[str]]:
    told = (await http.get(path)).json()["data"]
    return told["trigger-order"]["status"], [each["status"] for each in told["orders"]]


@pytest_asyncio.fixture(loop_scope="module")
async def closed(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client of a sandbox whose market is closed."""
    folder = tmp_path_factory.mktemp("closed")
    async with served(folder, "frozen:2026-11-21T16:00:00Z") as here:
        token = here.world.access.issue(here.world.access.full).token
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(
            base_url=here.address, headers=headers, trust_env=False
        ) as client:
            yield client


async def test_while_the_market_is_closed_an_order_waits_and_says_so(
    closed: httpx2.AsyncClient,
) -> None:
    answer = (await closed.post(ORDERS, json={**RESTING, "time-in-force": "Day"})).json()["data"]
    market = {"order-type": "Market", "time-in-force": "Day", "legs": [LEG]}

    assert answer["order"]["status"] == "Received"
    assert answer["order"]["cancellable"]
    assert [warning["code"] for warning in answer["warnings"]] == ["tif.next_valid_session"]
    assert (await closed.post(ORDERS, json=market)).status_code == 422
    session = (await closed.get("/market-time/equities/sessions/current")).json()["data"]
    assert session["state"] == "Closed"


async def test_dry_runs_leave_no_trace(sandbox: Served, http: httpx2.AsyncClient) -> None:
    before = (await sandbox.world.office.keeper.snapshot()).world
    await http.post(f"{ORDERS}/dry-run", json=RESTING)
    await http.post(f"{COMPLEX}/dry-run", json={"type": "OCO", "orders": [EXIT, STOP]})

    assert (await sandbox.world.office.keeper.snapshot()).world is before


async def test_a_replacement_stands_in_the_place_of_the_old_one_in_its_group(
    http: httpx2.AsyncClient,
) -> None:
    """And a cancel of the group takes it."""
    document = {"type": "OTO", "trigger-order": RESTING, "orders": [EXIT]}
    told = (await http.post(COMPLEX, json=document)).json()["data"]["complex-order"]
    old = told["trigger-order"]["id"]
    new = (await http.patch(f"{ORDERS}/{old}", json={"price": "226.00"})).json()["data"]
    path = f"{COMPLEX}/{told['id']}"
    now = (await http.get(path)).json()["data"]

    assert new["complex-order-tag"] == "OTO::trigger-order"
    assert now["trigger-order"]["id"] == new["id"] != old
    assert now["orders"][0]["status"] == "Contingent"
    assert (await http.delete(path)).status_code == 200
    after = (await http.get(path)).json()["data"]
    assert after["trigger-order"]["status"] == after["orders"][0]["status"] == "Cancelled"
