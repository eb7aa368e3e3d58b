"""Orders by an amount of dollars over the wire, and by the independent SDK with its own models."""

from collections.abc import AsyncGenerator, Mapping
from decimal import Decimal
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from tastytrade import Account, Session
from tastytrade.instruments import Equity
from tastytrade.market_data import get_market_data_by_type
from tastytrade.order import (
    InstrumentType,
    Leg,
    NotionalOrder,
    OrderAction,
    OrderStatus,
    OrderTimeInForce,
    OrderType,
)

from tests.sandbox.served import Served, served

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    # It hands its JSON to httpx in a way that httpx has left behind.
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]

ORDERS = "/accounts/5WS00001/orders"
COMPLEX = "/accounts/5WS00001/complex-orders"
MARGIN = "/margin/accounts/5WS00001/dry-run"
LEG = {"instrument-type": "Equity", "symbol": "AAPL", "action": "Buy to Open"}
SELL = {**LEG, "action": "Sell to Close"}
BUY = {
    "order-type": "Notional Market",
    "time-in-force": "Day",
    "value": "50.0",
    "value-effect": "Debit",
    "legs": [LEG],
}
SALE = {**BUY, "value-effect": "Credit", "legs": [SELL]}
LIMIT = {
    "order-type": "Limit",
    "time-in-force": "Day",
    "price": "200",
    "price-effect": "Debit",
    "legs": [{**LEG, "quantity": 1}],
}


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Served]:
    """A world of its own for each test, at noon."""
    async with served(tmp_path_factory.mktemp("noon"), "frozen:2026-11-20T16:00:00Z") as here:
        yield here


def for_dollars(value: str, action: OrderAction = OrderAction.BUY_TO_OPEN) -> NotionalOrder:
    """Return the SDK's own order: what is paid is negative there."""
    leg = Leg(instrument_type=InstrumentType.EQUITY, symbol="AAPL", action=action)
    return NotionalOrder(time_in_force=OrderTimeInForce.DAY, legs=[leg], value=Decimal(value))


async def placed(http: httpx2.AsyncClient, document: Mapping[str, Any]) -> dict[str, Any]:
    answer = await http.post(ORDERS, json=document)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["order"]


async def told(http: httpx2.AsyncClient, number: int) -> dict[str, Any]:
    return (await http.get(f"{ORDERS}/{number}")).json()["data"]


async def test_the_sdk_buys_for_dollars_and_reads_what_came_of_it(
    session: Session, account: Account
) -> None:
    (quoted,) = await get_market_data_by_type(session, equities=["AAPL"])
    rehearsed = await account.place_order(session, for_dollars("-50"), dry_run=True)
    new = await account.place_order(session, for_dollars("-50"), dry_run=False)

    order = await account.get_order(session, new.order.id)
    (held,) = await account.get_positions(session)
    assert quoted.ask is not None
    assert rehearsed.buying_power_effect.change_in_buying_power == Decimal(-50)
    assert (order.status, order.order_type) == (OrderStatus.FILLED, OrderType.NOTIONAL_MARKET)
    assert order.value == Decimal(-50)
    (fill,) = order.legs[0].fills or []
    assert fill.fill_price == quoted.ask
    assert fill.quantity == (50 / quoted.ask).quantize(Decimal("0.00001"), "ROUND_DOWN")
    assert order.legs[0].quantity is None
    assert (held.symbol, held.quantity) == ("AAPL", fill.quantity)


async def test_the_sdk_sells_for_dollars_out_of_whole_shares(
    session: Session, account: Account, http: httpx2.AsyncClient
) -> None:
    whole = {**BUY, "order-type": "Market", "legs": [{**LEG, "quantity": 2}]}
    await placed(http, {k: v for k, v in whole.items() if not k.startswith("value")})
    sale = for_dollars("50", OrderAction.SELL_TO_CLOSE)
    new = await account.place_order(session, sale, dry_run=False)

    order = await account.get_order(session, new.order.id)
    (held,) = await account.get_positions(session)
    assert (order.status, order.value) == (OrderStatus.FILLED, Decimal(50))
    (fill,) = order.legs[0].fills or []
    assert held.quantity == 2 - Decimal(fill.quantity)


async def test_the_sdk_reads_which_shares_can_be_traded_so(session: Session) -> None:
    shares = await Equity.get(session, "AAPL")

    assert shares.is_fractional_quantity_eligible is True


async def test_the_book_tells_the_part_of_a_share(http: httpx2.AsyncClient) -> None:
    number = (await placed(http, BUY))["id"]
    fill = (await told(http, number))["legs"][0]["fills"][0]

    lines = (await http.get("/accounts/5WS00001/transactions")).json()["data"]["items"]

    (line,) = [each for each in lines if each.get("order-id") == number]
    assert (line["quantity"], line["price"]) == (fill["quantity"], fill["fill-price"])
    assert (line["value"], line["value-effect"]) == ("50.0", "Debit")
    assert line["action"] == "Buy to Open"


async def test_part_and_whole_shares_are_told_as_one_position(http: httpx2.AsyncClient) -> None:
    whole = {**BUY, "order-type": "Market", "legs": [{**LEG, "quantity": 1}]}
    await placed(http, {k: v for k, v in whole.items() if not k.startswith("value")})
    number = (await placed(http, BUY))["id"]
    fill = Decimal((await told(http, number))["legs"][0]["fills"][0]["quantity"])

    path = "/accounts/5WS00001/positions?include-marks=true"
    (held,) = (await http.get(path)).json()["data"]["items"]
    balances = (await http.get("/accounts/5WS00001/balances/USD")).json()["data"]

    assert Decimal(held["quantity"]) == 1 + fill
    assert Decimal(balances["long-equity-value"]) == Decimal(held["mark-price"]) * (1 + fill)
    assert Decimal(balances["net-liquidating-value"]) == (
        Decimal(balances["cash-balance"]) + Decimal(balances["long-equity-value"])
    )


@pytest.mark.parametrize(
    ("wrong", "status", "named"),
    [
        ({"legs": [{**LEG, "quantity": 1}]}, 422, "invalid_quantity"),
        ({"value": None, "value-effect": None}, 422, "invalid_order"),
        ({"value": "4.99"}, 422, "value_out_of_bounds"),
        ({"value": "-50"}, 400, "value"),
        ({"value-effect": None}, 422, "value_effect_required"),
        ({"value-effect": "Credit"}, 422, "cant_buy_for_credit"),
        ({"legs": [SELL]}, 422, "cant_sell_for_debit"),
        ({"value-effect": "Credit", "legs": [SELL]}, 422, "close_exceeds_position"),
        (
            {"legs": [{**LEG, "action": "Sell to Open"}], "value-effect": "Credit"},
            422,
            "a_short_is_not_traded_by_value",
        ),
        ({"legs": [LEG, {**LEG, "symbol": "MSFT"}]}, 422, "invalid_legs"),
        ({"legs": []}, 422, "invalid_legs"),
        ({"time-in-force": "GTC"}, 422, "an_order_by_value_is_for_the_day"),
        ({"price": "1", "price-effect": "Debit"}, 422, "invalid_price"),
        ({"order-type": "Market", "legs": [{**LEG, "quantity": 1}]}, 422, "invalid_order"),
        ({"value": "100000000"}, 422, "value_out_of_bounds"),
    ],
)
async def test_an_amount_that_says_nothing_lawful_is_refused(
    http: httpx2.AsyncClient, wrong: dict[str, Any], status: int, named: str
) -> None:
    for path in (f"{ORDERS}/dry-run", ORDERS):
        answer = await http.post(path, json={**BUY, **wrong})
        assert answer.status_code == status, answer.text
        assert named in answer.text


async def test_a_dry_run_tells_the_amount_and_no_quantity(http: httpx2.AsyncClient) -> None:
    answer = (await http.post(f"{ORDERS}/dry-run", json=BUY)).json()["data"]

    order = answer["order"]
    assert (order["value"], order["value-effect"]) == ("50.0", "Debit")
    assert not {"quantity", "remaining-quantity"} & order["legs"][0].keys()
    assert answer["buying-power-effect"]["change-in-buying-power"] == "50.0"


async def test_what_has_filled_is_neither_replaced_nor_held_in_a_group(
    http: httpx2.AsyncClient,
) -> None:
    number = (await placed(http, BUY))["id"]
    changed = await http.put(f"{ORDERS}/{number}", json={**BUY, "value": "60"})
    pair = {
        "type": "PAIRS",
        "ratio-price-comparator": "lte",
        "ratio-price-threshold": "0.62",
        "orders": [BUY, {**BUY, "legs": [{**LEG, "symbol": "MSFT"}]}],
    }
    waits = {"type": "OTO", "trigger-order": LIMIT, "orders": [SALE]}

    assert (changed.status_code, "cannot_update_order" in changed.text) == (422, True)
    for document, named in ((pair, "invalid_pairs_order"), (waits, "of_no_group")):
        answer = await http.post(COMPLEX, json=document)
        assert (answer.status_code, named in answer.text) == (422, True), answer.text


async def test_the_margin_of_it_is_none_beyond_its_amount(http: httpx2.AsyncClient) -> None:
    """Nothing is lent on a part of a share: it takes its amount of what can be spent."""
    body = {**BUY, "account-number": "5WS00001", "underlying-symbol": "AAPL"}
    answer = await http.post(MARGIN, json=body)

    assert answer.status_code == 201, answer.text
    found = answer.json()["data"]
    assert found["change-in-buying-power"] == "50.0"
    assert found["change-in-margin-requirement"] == "0.0"
