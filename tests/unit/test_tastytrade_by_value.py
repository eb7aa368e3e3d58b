"""Orders by an amount of dollars at tastytrade: asked of the shares first, told and found again."""

from collections.abc import AsyncGenerator
from decimal import Decimal
from typing import Any

import pytest

from strikedesk.brokers.tastytrade.orders.decoding import decoded
from strikedesk.brokers.tastytrade.orders.encoding import encoded
from strikedesk.brokers.tastytrade.orders.rules import check_replacement
from strikedesk.brokers.tastytrade.payloads.orders import OrderTold
from strikedesk.domain.broking import BrokerOrder, LookupStatus, PlaceTicket
from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.orders import Action, OrderRequest
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from tests.builders import an_order, an_order_by_value
from tests.fakes.loopback import Reply
from tests.fakes.loopback import told as told_json
from tests.unit.tastytrade_desk import (
    LIVE,
    NUMBER,
    ORDERS,
    OWN,
    Desk,
    a_desk,
    listed,
    placed,
    rehearsed,
    told_order,
)

POST = f"POST {ORDERS}"
DRY = f"{ORDERS}/dry-run"
SHARES = "/instruments/equities/AAPL"
POSITIONS = f"/accounts/{NUMBER}/positions"
QUOTES = "/market-data/by-type"
SIZES = f"/accounts/{NUMBER}/position-limit"
ACCOUNT = "tt-0123456789ab-0001"
FILL = {
    "fill-id": "f-1",
    "quantity": "0.24987",
    "fill-price": "200.1",
    "filled-at": "2026-11-20T15:00:01Z",
}


@pytest.fixture
async def desk() -> AsyncGenerator[Desk]:
    async with a_desk() as desk:
        quote = {"symbol": "AAPL", "instrument-type": "Equity", "bid": "199.9", "ask": "200.1"}
        desk.answers(QUOTES, listed(quote | {"updated-at": "2026-11-20T15:59:00Z"}))
        desk.answers(SHARES, told_one({"is-fractional-quantity-eligible": True}))
        yield desk


def told_one(data: dict[str, Any]) -> Reply:
    """Return the answer that is one thing."""
    return told_json({"data": data})


def an_amount(desk: Desk, value: str = "50", action: Action = Action.BUY_TO_OPEN) -> OrderRequest:
    return an_order_by_value(value, "AAPL", action, desk.account_id)


def to_place(order: OrderRequest) -> PlaceTicket:
    return PlaceTicket(client_order_id=OWN, order=order)


def read(**more: Any) -> BrokerOrder:
    """Return what is told of an order that this desk placed for 50 dollars."""
    order = an_order_by_value("50", "AAPL", Action.BUY_TO_OPEN, ACCOUNT)
    told = told_order(order, **more)
    found = decoded(OrderTold.model_validate(told), ACCOUNT)
    assert found is not None
    return found


def filled(**more: Any) -> dict[str, Any]:
    """Return the legs of it with what has filled."""
    leg = {"instrument-type": "Equity", "symbol": "AAPL", "action": "Buy to Open"}
    return {"legs": [leg | {"fills": [FILL | more]}]}


@pytest.mark.parametrize(
    ("action", "effect"), [(Action.BUY_TO_OPEN, "Debit"), (Action.SELL_TO_CLOSE, "Credit")]
)
def test_it_is_written_with_its_amount_and_without_a_quantity(action: Action, effect: str) -> None:
    body = encoded(an_order_by_value("50.00", "AAPL", action, ACCOUNT), OWN)

    assert body == {
        "order-type": "Notional Market",
        "time-in-force": "Day",
        "external-identifier": OWN,
        "advanced-instructions": {"strict-position-effect-validation": True},
        "value": "50.00",
        "value-effect": effect,
        "legs": [
            {
                "instrument-type": "Equity",
                "symbol": "AAPL",
                "action": "Buy to Open" if effect == "Debit" else "Sell to Close",
            }
        ],
    }


@pytest.mark.parametrize("quantity", [0, "0.24987", 3])
def test_whatever_quantity_the_broker_tells_it_is_one_amount(quantity: object) -> None:
    (leg,) = filled()["legs"]

    order = read(legs=[leg | {"quantity": quantity, "remaining-quantity": 0}])

    assert order.order == an_order_by_value("50", "AAPL", Action.BUY_TO_OPEN, ACCOUNT)


def test_what_filled_of_it_is_told_in_parts_of_shares() -> None:
    order = read(status="Filled", **filled())

    assert (order.state, order.filled_units) == (OrderState.FILLED, 1)
    assert order.average_net == Decimal("200.1")
    assert [fill.signed_quantity for fill in order.fills] == [Decimal("0.24987")]


def test_one_without_its_fills_has_no_price_yet() -> None:
    order = read(status="Filled")

    assert (order.filled_units, order.average_net, order.fills) == (1, None, ())


@pytest.mark.parametrize(
    ("status", "state", "units"),
    [
        ("Live", OrderState.WORKING, 0),
        ("Cancelled", OrderState.CANCELLED, 1),
        ("Expired", OrderState.EXPIRED, 1),
    ],
)
def test_what_filled_of_one_that_ended_early_is_not_lost(
    status: str, state: OrderState, units: int
) -> None:
    """Nobody knows how much of the amount is left while it works: none has filled until it ends."""
    order = read(status=status, **filled(quantity="1.5"))

    assert (order.state, order.filled_units) == (state, units)
    assert [fill.signed_quantity for fill in order.fills] == [Decimal("1.5")]


def test_nothing_filled_of_one_that_was_cancelled_before_it_did() -> None:
    assert read(status="Cancelled").filled_units == 0


@pytest.mark.parametrize("effect", ["Credit", "None", "Sideways"])
def test_an_amount_that_goes_against_its_leg_is_none_of_ours(effect: str) -> None:
    order = an_order_by_value("50", "AAPL", Action.BUY_TO_OPEN, ACCOUNT)
    told = told_order(order) | {"value-effect": effect}

    assert decoded(OrderTold.model_validate(told), ACCOUNT) is None


@pytest.mark.parametrize(
    ("told_of_parts", "refusal"),
    [(True, ()), (False, ("invalid_order",)), (None, ("check_impossible",))],
)
async def test_it_is_for_shares_of_which_parts_are_traded(
    desk: Desk, told_of_parts: bool | None, refusal: tuple[str, ...]
) -> None:
    """Where the broker does not say, nobody knows: the order is not even rehearsed."""
    desk.answers(SHARES, told_one({"is-fractional-quantity-eligible": told_of_parts}))
    order = an_amount(desk)
    desk.answers(DRY, rehearsed(order))

    found = await desk.broker.preflight(to_place(order))

    assert found.refusals == refusal
    assert bool(desk.asked(DRY)) is (not refusal)


@pytest.mark.parametrize("told_of_parts", [False, None])
async def test_the_shares_are_asked_again_before_it_is_sent(
    desk: Desk, told_of_parts: bool | None
) -> None:
    desk.answers(SHARES, told_one({"is-fractional-quantity-eligible": told_of_parts}))

    with pytest.raises(Denied):
        await desk.broker.submit(to_place(an_amount(desk)))

    assert desk.acts == []


async def test_nothing_is_sent_where_the_shares_cannot_be_asked(desk: Desk) -> None:
    desk.answers(SHARES, Reply(status=503))

    with pytest.raises(Unavailable):
        await desk.broker.submit(to_place(an_amount(desk)))

    assert desk.acts == []


async def test_it_is_placed_once_with_our_id(desk: Desk) -> None:
    order = an_amount(desk)
    desk.answers(POST, placed(order, status="Routed"))

    receipt = await desk.broker.submit(to_place(order))

    assert desk.acts == [POST]
    assert desk.body(POST)["value"] == "50"
    assert desk.body(POST)["external-identifier"] == OWN
    assert receipt.broker_order.order == order
    assert receipt.broker_order.state is OrderState.SUBMITTED


async def test_a_rehearsal_of_another_amount_proves_nothing(desk: Desk) -> None:
    desk.answers(DRY, rehearsed(an_amount(desk, "51")))

    with pytest.raises(Denied) as denied:
        await desk.broker.preflight(to_place(an_amount(desk)))

    assert denied.value.reason is Reason.CHECK_IMPOSSIBLE


async def test_one_whose_answer_was_lost_is_found_by_our_id(desk: Desk) -> None:
    order = an_amount(desk)
    desk.answers(LIVE, listed(told_order(order, status="Filled", **filled())))

    found = await desk.broker.find(desk.account_id, OWN)

    assert found.status is LookupStatus.FOUND
    assert found.broker_order is not None
    assert found.broker_order.order == order


async def test_a_plain_buy_against_a_short_is_none_by_value(desk: Desk) -> None:
    """It would cover a part of it, and nobody asked for that."""
    short = {"symbol": "AAPL", "instrument-type": "Equity", "quantity": 10}
    short |= {"quantity-direction": "Short", "average-open-price": "190"}
    desk.answers(POSITIONS, listed(short))

    found = await desk.broker.preflight(to_place(an_amount(desk, action=Action.BUY)))

    assert found.because == {"rule": "a_short_is_not_traded_by_value"}


@pytest.mark.parametrize(("most", "refusals"), [(2, ("quantity_above_venue_limit",)), (3, ())])
async def test_the_largest_order_is_held_in_whole_shares(
    desk: Desk, most: int, refusals: tuple[str, ...]
) -> None:
    order = an_amount(desk, "401")
    desk.answers(SIZES, told_one({"equity-order-size": most}))
    desk.answers(DRY, rehearsed(order))

    assert (await desk.broker.preflight(to_place(order))).refusals == refusals


async def test_without_a_quote_nobody_knows_how_many_shares_it_is(desk: Desk) -> None:
    desk.answers(QUOTES, listed())

    found = await desk.broker.preflight(to_place(an_amount(desk)))

    assert found.refusals == ("quote_missing",)


async def test_a_survey_tells_the_parts_of_shares_that_are_held(desk: Desk) -> None:
    """By the same answer as the positions: one is asked for."""
    plain = {"instrument-type": "Equity", "quantity-direction": "Long", "average-open-price": "9"}
    held = [
        plain | {"symbol": "AAPL", "quantity": "10.5"},
        plain | {"symbol": "BRK/B", "quantity": "0.25"},
    ]
    desk.answers(POSITIONS, listed(*held))
    order = an_amount(desk, action=Action.SELL_TO_CLOSE)
    desk.answers(DRY, rehearsed(order))

    seen = await desk.broker.survey(to_place(order))

    assert seen.fractions == {"AAPL": Decimal("0.5"), "BRK.B": Decimal("0.25")}
    assert len(desk.asked(POSITIONS)) == 1
    by_number = an_order(account_id=desk.account_id)
    desk.answers(DRY, rehearsed(by_number))
    assert (await desk.broker.survey(to_place(by_number))).fractions is None


def test_it_is_not_replaced() -> None:
    order = an_order_by_value("50", "AAPL", Action.BUY_TO_OPEN, ACCOUNT)

    with pytest.raises(Denied) as denied:
        check_replacement(order, read())

    assert denied.value.facts["rule"] == "an_order_by_value_is_not_replaced"


@pytest.mark.parametrize(
    ("quantity", "action", "expected"),
    [
        ("1.25", "Buy to Open", (1, Decimal("0.25"), Decimal("1.25"))),
        ("0.25", "Sell to Close", (0, Decimal("-0.25"), Decimal("-0.25"))),
        ("2.0", "Sell to Close", (-2, None, -2)),
    ],
)
async def test_the_book_tells_parts_of_shares(
    desk: Desk, quantity: str, action: str, expected: tuple[object, ...]
) -> None:
    line = {
        "id": 1,
        "transaction-type": "Trade",
        "symbol": "AAPL",
        "instrument-type": "Equity",
        "action": action,
        "quantity": quantity,
        "net-value": "50.0",
        "net-value-effect": "Debit",
        "executed-at": "2026-11-20T15:00:00Z",
    }
    desk.answers(f"/accounts/{NUMBER}/transactions", listed(line))

    page = await desk.broker.transactions(desk.account_id, start=None, end=None, limit=10, offset=0)

    (told,) = page.rows
    assert (told.quantity, told.fraction, told.moved) == expected
