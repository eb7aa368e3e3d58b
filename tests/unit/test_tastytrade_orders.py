"""Orders at tastytrade on good days and bad: once, in our words, and found again."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from strikedesk.brokers.tastytrade.orders.finding import PAST
from strikedesk.brokers.tastytrade.orders.groups import check_group, encoded_group
from strikedesk.domain.broking import (
    CancelTicket,
    GroupTicket,
    Lookup,
    LookupStatus,
    PlaceTicket,
    ReplaceTicket,
)
from strikedesk.domain.errors import Denied, DeskError, OutcomeUnknown, Rejected, Unavailable
from strikedesk.domain.groups import GroupKind, OrderGroup
from strikedesk.domain.ledger import Json
from strikedesk.domain.orders import Action, OrderRequest, OrderType, TimeInForce
from strikedesk.domain.ports import Broker
from strikedesk.domain.quotes import Interval
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from tests.builders import a_leg, an_order
from tests.fakes.loopback import Reply, told
from tests.unit.tastytrade_desk import (
    GROUPS,
    LIVE,
    NUMBER,
    ORDERS,
    OWN,
    Desk,
    a_desk,
    an_error,
    listed,
    placed,
    rehearsed,
    told_order,
)

POST = f"POST {ORDERS}"
DRY = f"{ORDERS}/dry-run"
ONE = f"{ORDERS}/7"
EMPTY: Json = {}


@pytest.fixture
async def desk() -> AsyncGenerator[Desk]:
    async with a_desk() as desk:
        yield desk


def an_own_order(desk: Desk, *legs: Any, net: str | None = "1.20") -> OrderRequest:
    return an_order(*legs, net=net, account_id=desk.account_id)


def to_place(desk: Desk, order: OrderRequest | None = None) -> PlaceTicket:
    return PlaceTicket(client_order_id=OWN, order=order or an_own_order(desk))


def to_replace(desk: Desk, net: str = "1.10") -> ReplaceTicket:
    order = an_own_order(desk, net=net)
    return ReplaceTicket(client_order_id=OWN, order=order, broker_order_id="7")


def to_cancel(desk: Desk, order_id: str = "7") -> CancelTicket:
    return CancelTicket(
        client_order_id="cancel-1", account_id=desk.account_id, broker_order_id=order_id
    )


def one(order: dict[str, Any]) -> Reply:
    return told({"data": order})


async def test_it_is_a_broker(desk: Desk) -> None:
    broker: Broker = desk.broker

    assert broker.capabilities.name == "tastytrade-here"
    assert broker.capabilities.simulated
    desk.answers("/", told({"name": "a sandbox"}))
    await broker.ready()
    await broker.advance()


# Beforehand


async def test_a_dry_run_tells_the_figures(desk: Desk) -> None:
    order = an_own_order(desk)
    warned = [{"code": "tif.next_valid_session", "message": "It waits for the next session"}]
    desk.answers(DRY, rehearsed(order, warnings=warned))

    found = await desk.broker.preflight(to_place(desk))

    assert (found.fees, found.margin_change) == (Decimal("2.302"), Decimal("300.0"))
    assert found.buying_power_before == Decimal("1000000.0")
    assert found.buying_power_after == Decimal("999897.698")
    assert (found.refusals, found.warnings) == ((), ("It waits for the next session",))
    assert desk.acts == []


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("margin_check_failed", "insufficient_buying_power"),
        ("cant_buy_for_credit", "invalid_price"),
        ("close_exceeds_position", "close_exceeds_position"),
        ("desk_fault", "broker_rejected"),
        ("something_new", "broker_rejected"),
    ],
)
async def test_what_the_broker_would_refuse_is_told_beforehand(
    desk: Desk, code: str, refusal: str
) -> None:
    wrapped = {"code": "preflight_check_failure", "errors": [{"code": code, "message": "Prose"}]}
    desk.answers(DRY, told({"error": wrapped}, status=422))

    found = await desk.broker.preflight(to_place(desk))

    assert (found.refusals, found.because) == ((refusal,), {"code": code})


@pytest.mark.parametrize(
    "beside",
    [
        {"warnings": [{"code": "closing_with_no_position", "message": "It would open"}]},
        {"errors": [{"code": "closing_with_no_position"}]},
    ],
)
async def test_a_close_that_would_become_an_opening_is_refused(desk: Desk, beside: Any) -> None:
    order = an_own_order(desk, a_leg(action=Action.SELL_TO_CLOSE), net="-1.20")
    desk.answers(DRY, rehearsed(order, **beside))

    found = await desk.broker.preflight(to_place(desk, order))

    assert found.refusals == ("close_exceeds_position",)


def proves_nothing(desk: Desk) -> dict[str, Reply]:
    order = an_own_order(desk)
    flipped = an_own_order(desk, a_leg(action=Action.BUY_TO_CLOSE))
    return {
        "nothing": Reply(status=201),
        "html": Reply(status=201, body=b"<html>OK</html>"),
        "half": Reply(status=201, body=b'{"data": {"order": {'),
        "a list": told([1]),
        "no data": told({"data": EMPTY}),
        "no order": rehearsed(order, order=None),
        "no figures": rehearsed(order, **{"buying-power-effect": None}),
        "another price": rehearsed(an_own_order(desk, net="1.21")),
        "another action": rehearsed(flipped),
        "another quantity": rehearsed(an_own_order(desk, a_leg(quantity=2))),
    }


@pytest.mark.parametrize(
    "kind",
    [
        "nothing",
        "html",
        "half",
        "a list",
        "no data",
        "no order",
        "no figures",
        "another price",
        "another action",
        "another quantity",
    ],
)
async def test_a_dry_run_that_proves_nothing_lets_nothing_through(desk: Desk, kind: str) -> None:
    """A preview that rests on it would carry a nonce for an order that nobody looked at."""
    desk.answers(DRY, proves_nothing(desk)[kind])

    with pytest.raises(Denied) as denied:
        await desk.broker.preflight(to_place(desk))

    assert denied.value.reason is Reason.CHECK_IMPOSSIBLE


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=422, body=b"<html>"),
        Reply(status=503),
        an_error(429),
        an_error(401),
        Reply(reset=True),
    ],
)
async def test_an_answer_that_is_not_the_broker_s_is_no_refusal(desk: Desk, reply: Reply) -> None:
    desk.answers(DRY, reply)

    with pytest.raises(Unavailable):
        await desk.broker.preflight(to_place(desk))


async def test_a_grant_that_may_not_trade_is_said_to_be_so(desk: Desk) -> None:
    desk.answers(DRY, an_error(403, "not_permitted"))

    with pytest.raises(Denied) as denied:
        await desk.broker.preflight(to_place(desk))

    assert denied.value.reason is Reason.BROKER_SCOPE_MISSING


@pytest.mark.parametrize(
    ("net", "refusal", "rule"),
    [("-1", "invalid_price", "cannot_buy_for_a_credit"), ("3.01", "invalid_tick", "price_on_tick")],
)
async def test_a_rule_refuses_before_the_wire(
    desk: Desk, net: str, refusal: str, rule: str
) -> None:
    found = await desk.broker.preflight(to_place(desk, an_own_order(desk, net=net)))

    assert (found.refusals, found.because["rule"]) == ((refusal,), rule)
    assert desk.asked(DRY) == []


SIZES = f"/accounts/{NUMBER}/position-limit"


async def test_more_than_one_order_may_ask_for_is_refused_before_the_wire(desk: Desk) -> None:
    """Read once an hour: it is the account's, and changes as seldom as its kind."""
    desk.answers(SIZES, told({"data": {"equity-option-order-size": 2, "equity-order-size": 50}}))
    contract, shares = "AAPL261218C00200000", "AAPL"
    asked = [(contract, 2), (contract, 3), (shares, 50), (shares, 51)]
    desk.answers(f"POST {DRY}", an_error(422))

    told_of = list[object]()
    for symbol, quantity in asked:
        leg = a_leg(symbol, quantity=quantity)
        seen = await desk.broker.preflight(to_place(desk, an_own_order(desk, leg)))
        told_of.append(seen.because.get("limit"))

    assert told_of == [None, 2, None, 50]
    assert len(desk.asked(SIZES)) == 1
    assert len(desk.asked(f"POST {DRY}")) == 2


@pytest.mark.parametrize(("status", "goes"), [(403, True), (404, True), (503, False)])
async def test_a_limit_that_may_not_be_asked_for_is_left_to_the_broker(
    desk: Desk, status: int, goes: bool
) -> None:
    """One that could not be read in time is none: then nothing is said of the order at all."""
    order = an_own_order(desk)
    desk.answers(SIZES, an_error(status))
    desk.answers(f"POST {DRY}", rehearsed(order))

    if goes:
        assert (await desk.broker.preflight(to_place(desk, order))).refusals == ()
    else:
        with pytest.raises(Unavailable):
            await desk.broker.preflight(to_place(desk, order))


async def test_a_root_without_steps_cannot_be_checked(desk: Desk) -> None:
    order = an_own_order(desk, a_leg("AAPL1261218C00200000", Action.SELL_TO_CLOSE), net="-1")

    found = await desk.broker.preflight(to_place(desk, order))

    assert found.refusals == ("check_impossible",)


@pytest.mark.parametrize(("bid", "refusals"), [("0.49", ()), ("2.00", ("invalid_tick",))])
async def test_shares_are_priced_finer_where_they_trade_below_a_dollar(
    desk: Desk, bid: str, refusals: tuple[str, ...]
) -> None:
    order = an_own_order(desk, a_leg("F", Action.BUY_TO_OPEN), net="0.5001")
    quote = {"symbol": "F", "instrument-type": "Equity", "updated-at": "2026-11-20T15:59:00Z"}
    desk.answers("/market-data/by-type", listed(quote | {"bid": bid, "ask": bid}))
    desk.answers(DRY, rehearsed(order))

    assert (await desk.broker.preflight(to_place(desk, order))).refusals == refusals


# Placing


@pytest.mark.parametrize(
    ("told_of_nights", "refusal"),
    [(True, ()), (False, ("invalid_time_in_force",)), (None, ("check_impossible",))],
)
async def test_an_overnight_order_is_for_shares_that_trade_overnight(
    desk: Desk, told_of_nights: bool | None, refusal: tuple[str, ...]
) -> None:
    """Where the broker does not say, nobody knows: the order is not even rehearsed."""
    order = replace(
        an_own_order(desk, a_leg("AAPL", Action.BUY_TO_OPEN, 10), net="187.50"),
        time_in_force=TimeInForce.EXT_OVERNIGHT,
    )
    desk.answers("/instruments/equities/AAPL", one({"overnight-trading-permitted": told_of_nights}))
    desk.answers(DRY, rehearsed(order))

    found = await desk.broker.preflight(to_place(desk, order))

    assert found.refusals == refusal
    assert bool(desk.asked(DRY)) is (not refusal)


async def test_by_day_nobody_asks_whether_shares_trade_overnight(desk: Desk) -> None:
    order = replace(
        an_own_order(desk, a_leg("AAPL", Action.BUY_TO_OPEN, 10), net="187.50"),
        time_in_force=TimeInForce.GTC_EXT,
    )
    desk.answers(DRY, rehearsed(order))

    found = await desk.broker.preflight(to_place(desk, order))

    assert found.refusals == ()
    assert desk.asked("/instruments/equities/AAPL") == []


async def test_an_order_is_placed_once_with_our_id(desk: Desk) -> None:
    order = an_own_order(desk)
    desk.answers(POST, placed(order, status="Routed"))

    receipt = await desk.broker.submit(to_place(desk))

    assert desk.acts == [POST]
    assert desk.body(POST)["external-identifier"] == OWN
    assert receipt.client_order_id == receipt.broker_order.client_order_id == OWN
    assert (receipt.broker_order.broker_order_id, receipt.broker_order.order) == ("7", order)
    assert receipt.broker_order.state is OrderState.SUBMITTED


async def test_what_is_held_decides_what_a_buy_of_shares_is(desk: Desk) -> None:
    order = an_own_order(desk, a_leg("AAPL", Action.BUY, 10), net="190")
    short = {"symbol": "AAPL", "instrument-type": "Equity", "quantity": 10}
    short |= {"quantity-direction": "Short", "average-open-price": "200", "multiplier": 1}
    desk.answers(f"/accounts/{NUMBER}/positions", listed(short))
    desk.answers(POST, told({"data": {"order": {"id": 7}}}, status=201))

    receipt = await desk.broker.submit(to_place(desk, order))

    assert desk.body(POST)["legs"][0]["action"] == "Buy to Close"
    assert receipt.broker_order.order == order


OUTCOMES: list[tuple[Reply, type[DeskError], Reason]] = [
    (an_error(400), Rejected, Reason.BROKER_REJECTED),
    (an_error(403, "not_permitted"), Rejected, Reason.BROKER_SCOPE_MISSING),
    (an_error(404), Rejected, Reason.BROKER_REJECTED),
    (an_error(422, "margin_check_failed"), Rejected, Reason.INSUFFICIENT_BUYING_POWER),
    (an_error(401), Unavailable, Reason.BROKER_UNAVAILABLE),
    (an_error(429), Unavailable, Reason.BROKER_UNAVAILABLE),
    (Reply(status=429), OutcomeUnknown, Reason.OUTCOME_UNKNOWN),
    (Reply(status=403, body=b"<html>"), OutcomeUnknown, Reason.OUTCOME_UNKNOWN),
    (an_error(409), OutcomeUnknown, Reason.OUTCOME_UNKNOWN),
    (an_error(500), OutcomeUnknown, Reason.OUTCOME_UNKNOWN),
    (Reply(status=502, body=b"<html>"), OutcomeUnknown, Reason.OUTCOME_UNKNOWN),
    (
        Reply(status=307, headers={"Location": "https://example.org/orders"}),
        OutcomeUnknown,
        Reason.OUTCOME_UNKNOWN,
    ),
    (Reply(reset=True), OutcomeUnknown, Reason.OUTCOME_UNKNOWN),
    (Reply(status=201, body=b"{", length=99), OutcomeUnknown, Reason.OUTCOME_UNKNOWN),
    (Reply(status=201, body=b"<html>"), OutcomeUnknown, Reason.OUTCOME_UNKNOWN),
    (Reply(status=200), OutcomeUnknown, Reason.OUTCOME_UNKNOWN),
    (told({"data": {"order": None}}), OutcomeUnknown, Reason.OUTCOME_UNKNOWN),
    (told({"data": {"order": {"status": "Live"}}}), OutcomeUnknown, Reason.OUTCOME_UNKNOWN),
    (
        told({"data": {"order": {"id": 7, "external-identifier": "another"}}}),
        OutcomeUnknown,
        Reason.OUTCOME_UNKNOWN,
    ),
]


@pytest.mark.parametrize(("reply", "kind", "reason"), OUTCOMES)
async def test_an_answer_to_an_order_is_a_refusal_a_not_sent_or_a_doubt(
    desk: Desk, reply: Reply, kind: type[DeskError], reason: Reason
) -> None:
    """Whatever it is, the order was sent once: what is in doubt is looked for, never sent again."""
    desk.answers(POST, reply)

    with pytest.raises(DeskError) as error:
        await desk.broker.submit(to_place(desk))

    assert (type(error.value), error.value.reason) == (kind, reason)
    assert "Their prose" not in str(error.value)
    assert desk.acts == [POST]


async def test_a_refusal_that_stands_for_one_of_ours_is_told_by_our_code(desk: Desk) -> None:
    """Whoever reads the trail knows one word for one thing, whatever the broker."""
    codes: list[object] = []
    for code in ("margin_check_failed", "some_code"):
        desk.answers(POST, an_error(422, code))
        with pytest.raises(Rejected) as rejected:
            await desk.broker.submit(to_place(desk))
        codes.append(rejected.value.facts["code"])

    assert codes == ["insufficient_buying_power", "some_code"]


async def test_silence_after_an_order_is_doubt() -> None:
    async with a_desk(deadline_s=0.2) as desk:
        desk.answers(POST, Reply(silent=True))

        with pytest.raises(OutcomeUnknown) as doubt:
            await desk.broker.submit(to_place(desk))

        assert doubt.value.client_order_id == OWN
        assert desk.acts == [POST]


async def test_a_broker_that_cannot_be_reached_got_nothing(desk: Desk) -> None:
    await desk.link.there.close()
    await desk.link.wire.close()

    with pytest.raises(Unavailable):
        await desk.broker.submit(to_place(desk))


async def test_a_rule_refuses_the_send_as_well(desk: Desk) -> None:
    with pytest.raises(Denied):
        await desk.broker.submit(to_place(desk, an_own_order(desk, net="-1")))

    assert desk.acts == []


async def test_an_account_of_nobody_gets_no_order(desk: Desk) -> None:
    ticket = PlaceTicket(client_order_id=OWN, order=an_order(account_id="NOBODY"))
    for act in (desk.broker.submit, desk.broker.preflight):
        with pytest.raises(Denied) as denied:
            await act(ticket)
        assert denied.value.reason is Reason.ACCOUNT_UNKNOWN


# Replacing


def successors(desk: Desk) -> dict[str, tuple[Reply, list[dict[str, Any]]]]:
    """Return the ways in which the new number is told: the answer, and what is live after it."""
    new = told_order(an_own_order(desk, net="1.10"), id=8)
    old = told_order(an_own_order(desk), status="Replace Requested", external_identifier="first")
    asked = one(old)
    return {
        "as the answer": (one(new), []),
        "inside of an envelope": (told({"data": {"order": new}}), []),
        "named by the old one": (one(old | {"replacing-order-id": 8}), []),
        "live, the old one names it": (asked, [old | {"replacing-order-id": 8}]),
        "live, it names the old one": (asked, [new | {"replaces-order-id": 7}]),
        "live, with our id": (asked, [new]),
    }


@pytest.mark.parametrize(
    "place",
    [
        "as the answer",
        "inside of an envelope",
        "named by the old one",
        "live, the old one names it",
        "live, it names the old one",
        "live, with our id",
    ],
)
async def test_the_number_of_a_replacement_is_found_wherever_it_is(desk: Desk, place: str) -> None:
    reply, live = successors(desk)[place]
    desk.answers(f"GET {ONE}", one(told_order(an_own_order(desk), external_identifier="first")))
    desk.answers(f"GET {ORDERS}/8", one(told_order(an_own_order(desk, net="1.10"), id=8)))
    desk.answers(f"PUT {ONE}", reply)
    desk.answers(LIVE, listed(*live))

    receipt = await desk.broker.submit(to_replace(desk))

    assert receipt.broker_order.broker_order_id == "8"
    assert receipt.broker_order.client_order_id == OWN
    assert receipt.broker_order.order.limit_net == Decimal("1.10")
    assert desk.acts == [f"PUT {ONE}"]
    body = desk.body(f"PUT {ONE}")
    assert (body["price"], body["external-identifier"], "legs" in body) == ("1.10", OWN, False)


async def test_a_replacement_whose_number_nobody_tells_is_in_doubt(desk: Desk) -> None:
    old = told_order(an_own_order(desk), external_identifier="first")
    desk.answers(f"GET {ONE}", one(old))
    desk.answers(f"PUT {ONE}", one(old))

    with pytest.raises(OutcomeUnknown):
        await desk.broker.submit(to_replace(desk))

    assert desk.acts == [f"PUT {ONE}"]


async def test_a_replacement_is_rehearsed_too(desk: Desk) -> None:
    desk.answers(f"GET {ONE}", one(told_order(an_own_order(desk))))
    desk.answers(f"{ONE}/dry-run", rehearsed(an_own_order(desk, net="1.10")))

    found = await desk.broker.preflight(to_replace(desk))

    assert found.refusals == ()
    assert desk.acts == []


async def test_what_is_over_is_not_replaced(desk: Desk) -> None:
    desk.answers(f"GET {ONE}", one(told_order(an_own_order(desk), status="Filled")))

    assert (await desk.broker.preflight(to_replace(desk))).refusals == ("order_not_working",)
    with pytest.raises(Rejected):
        await desk.broker.submit(to_replace(desk))
    assert desk.acts == []


# Cancelling


async def test_a_cancel_is_a_request(desk: Desk) -> None:
    """It may still fill: what came of it is told by the order. Before it is one look, not two."""
    working = told_order(an_own_order(desk))
    desk.answers(f"GET {ONE}", one(working))
    desk.answers(f"DELETE {ONE}", one(working | {"status": "Cancel Requested"}))

    receipt = await desk.broker.submit(to_cancel(desk))

    assert receipt.broker_order.state is OrderState.CANCEL_PENDING
    assert desk.acts == [f"DELETE {ONE}"]
    named = [heard.named for heard in desk.link.there.heard]
    assert named[: named.index(f"DELETE {ONE}")].count(f"GET {ONE}") == 1


async def test_a_cancel_that_came_at_once_is_told(desk: Desk) -> None:
    working = told_order(an_own_order(desk))
    gone = one(working | {"status": "Cancelled"})
    desk.answers(f"GET {ONE}", one(working), gone)
    desk.answers(f"DELETE {ONE}", Reply(status=204))

    receipt = await desk.broker.submit(to_cancel(desk))

    assert receipt.broker_order.state is OrderState.CANCELLED


async def test_what_is_over_is_not_cancelled(desk: Desk) -> None:
    desk.answers(f"GET {ONE}", one(told_order(an_own_order(desk), status="Filled")))

    with pytest.raises(Rejected) as rejected:
        await desk.broker.submit(to_cancel(desk))

    assert rejected.value.facts["state"] == "filled"
    assert (await desk.broker.preflight(to_cancel(desk))).refusals == ("order_not_working",)
    assert desk.acts == []


async def test_an_order_that_ended_meanwhile_is_a_refusal(desk: Desk) -> None:
    desk.answers(f"GET {ONE}", one(told_order(an_own_order(desk))))
    desk.answers(f"DELETE {ONE}", an_error(422, "cannot_update_order"))

    with pytest.raises(Rejected) as rejected:
        await desk.broker.submit(to_cancel(desk))

    assert rejected.value.reason is Reason.ORDER_NOT_WORKING


@pytest.mark.parametrize("order_id", ["..", "7/../8", "", "x", "\uff18"])
async def test_a_number_that_is_none_is_no_path(desk: Desk, order_id: str) -> None:
    with pytest.raises(Denied) as denied:
        await desk.broker.submit(to_cancel(desk, order_id))

    assert denied.value.reason is Reason.ORDER_UNKNOWN
    assert desk.acts == []


async def test_a_cancel_beforehand_costs_nothing(desk: Desk) -> None:
    desk.answers(f"GET {ONE}", one(told_order(an_own_order(desk))))

    found = await desk.broker.preflight(to_cancel(desk))

    assert (found.fees, found.margin_change, found.refusals) == (Decimal(0), Decimal(0), ())


# Finding


async def test_our_order_is_found_at_work(desk: Desk) -> None:
    desk.answers(
        LIVE,
        listed(
            told_order(an_own_order(desk), external_identifier="x", id=6),
            told_order(an_own_order(desk)),
        ),
    )

    found = await desk.broker.find(desk.account_id, OWN)

    assert found.status is LookupStatus.FOUND
    assert found.broker_order is not None
    assert found.broker_order.broker_order_id == "7"


async def test_our_order_is_found_on_a_later_page_of_the_past(desk: Desk) -> None:
    mine = told_order(an_own_order(desk), status="Filled")
    desk.answers(
        f"GET {ORDERS}",
        listed({"id": 1}, page_offset=0, total_pages=2),
        listed(mine, page_offset=1, total_pages=2),
    )

    found = await desk.broker.find(desk.account_id, OWN)

    assert found.status is LookupStatus.FOUND
    since = (desk.link.clock.now() - PAST).date().isoformat()
    assert f"start-at={since}" in desk.asked(f"GET {ORDERS}")[0].target


async def test_an_order_is_absent_after_every_page(desk: Desk) -> None:
    desk.answers(
        f"GET {ORDERS}",
        listed({"id": 1}, page_offset=0, total_pages=2),
        listed({"id": 2}, page_offset=1, total_pages=2),
    )

    assert await desk.broker.find(desk.account_id, OWN) == Lookup(status=LookupStatus.ABSENT)
    assert len(desk.asked(f"GET {ORDERS}")) == 2


@pytest.mark.parametrize("path", [LIVE, f"GET {ORDERS}"])
@pytest.mark.parametrize(
    "replies",
    [
        (Reply(status=503),),
        (told({"data": EMPTY}),),
        (listed({"id": 1}, page_offset=0, total_pages=2), Reply(status=502)),
        (listed({"id": 1}, page_offset=0, total_pages=2), listed(page_offset=1, total_pages=3)),
    ],
)
async def test_a_look_that_did_not_see_everything_is_incomplete(
    desk: Desk, path: str, replies: tuple[Reply, ...]
) -> None:
    """It never counts as proof that nothing was placed."""
    desk.answers(path, *replies)

    assert (await desk.broker.find(desk.account_id, OWN)).status is LookupStatus.INCOMPLETE


@pytest.mark.parametrize("more", [{"order-type": "Notional Market"}, None])
async def test_what_is_ours_and_cannot_be_told_is_incomplete(
    desk: Desk, more: dict[str, Any] | None
) -> None:
    """One that has no words here, or two that carry one id."""
    mine = told_order(an_own_order(desk))
    orders = [mine, mine | {"id": 8}] if more is None else [mine | more]
    desk.answers(LIVE, listed(*orders))

    assert (await desk.broker.find(desk.account_id, OWN)).status is LookupStatus.INCOMPLETE


async def test_an_edit_that_kept_our_id_leaves_the_first_ours(desk: Desk) -> None:
    first = told_order(an_own_order(desk), status="Cancelled", replacing_order_id=8)
    second = told_order(an_own_order(desk), id=8, replaces_order_id=7)
    desk.answers(LIVE, listed(second, first))

    found = await desk.broker.find(desk.account_id, OWN)

    assert found.broker_order is not None
    assert found.broker_order.broker_order_id == "7"
    assert found.broker_order.state is OrderState.REPLACED


async def test_orders_are_those_at_work_and_those_touched_since(desk: Desk) -> None:
    filled = told_order(an_own_order(desk), id=5, status="Filled", updated_at=1_795_190_400_000)
    future = {"id": 6, "legs": [{"instrument-type": "Future", "symbol": "/ESZ6"}]}
    desk.answers(LIVE, listed(filled, told_order(an_own_order(desk)), future))
    desk.answers(f"GET {ORDERS}", listed(told_order(an_own_order(desk), id=3)))
    now = desk.link.clock.now()

    working = await desk.broker.orders(desk.account_id)
    both = await desk.broker.orders(desk.account_id, since=now.replace(hour=0))
    none = await desk.broker.orders(desk.account_id, since=now.replace(hour=23))

    assert [order.broker_order_id for order in working] == ["7", "3"]
    assert [order.broker_order_id for order in both] == ["7", "5", "3"]
    assert [order.broker_order_id for order in none] == ["7", "3"]


async def test_an_order_that_nobody_knows_is_denied(desk: Desk) -> None:
    with pytest.raises(Denied) as denied:
        await desk.broker.order(desk.account_id, "99")
    assert denied.value.reason is Reason.ORDER_UNKNOWN

    desk.answers(f"GET {ORDERS}/98", one({"id": 98, "order-type": "Notional Market"}))
    with pytest.raises(Denied) as denied:
        await desk.broker.order(desk.account_id, "98")
    assert denied.value.reason is Reason.NOT_SUPPORTED


# Groups


def a_group(desk: Desk, kind: GroupKind = GroupKind.OTOCO, **sides: Any) -> GroupTicket:
    limit = an_own_order(desk, a_leg(action=Action.SELL_TO_CLOSE), net="-2.00")
    stop = OrderRequest(
        account_id=desk.account_id,
        legs=limit.legs,
        order_type=OrderType.STOP,
        stop_trigger=Decimal("0.50"),
    )
    orders = {
        GroupKind.OCO: (limit, stop),
        GroupKind.OTO: (an_own_order(desk), limit),
        GroupKind.OTOCO: (an_own_order(desk), limit, sides.get("second", stop)),
    }
    group = OrderGroup(kind=kind, orders=orders[kind])
    return GroupTicket(client_order_id="group-1", group=group)


def told_group(ticket: GroupTicket, *, echo: bool = True) -> dict[str, Any]:
    """Return a group as the broker tells it: numbers from 21 on, all but the trigger waiting."""
    group, tag = ticket.group, ticket.group.kind.value.upper()
    members = [
        told_order(
            order,
            id=21 + place,
            external_identifier=own if echo else None,
            complex_order_id=3,
            complex_order_tag=f"{tag}::order",
            status="Contingent",
        )
        for place, (order, own) in enumerate(zip(group.orders, ticket.member_ids, strict=True))
    ]
    data: dict[str, Any] = {"id": 3, "type": tag}
    if group.trigger is not None:
        first = members.pop(0)
        tagged = {"complex-order-tag": f"{tag}::trigger-order", "status": "Live"}
        data["trigger-order"] = first | tagged
    return data | {"orders": members}


@pytest.mark.parametrize("kind", GroupKind)
@pytest.mark.parametrize("echo", [True, False])
async def test_a_group_is_placed_in_one_act(desk: Desk, kind: GroupKind, echo: bool) -> None:
    ticket = a_group(desk, kind)
    desk.answers(f"POST {GROUPS}", told({"data": {"complex-order": told_group(ticket, echo=echo)}}))

    receipt = await desk.broker.submit(ticket)

    assert desk.acts == [f"POST {GROUPS}"]
    body = desk.body(f"POST {GROUPS}")
    sent = [*([body["trigger-order"]] if kind.has_trigger else []), *body["orders"]]
    assert body["type"] == kind.value.upper()
    assert [each["external-identifier"] for each in sent] == list(ticket.member_ids)
    assert [each.client_order_id for each in receipt.members] == list(ticket.member_ids)
    assert [each.order for each in receipt.members] == list(ticket.group.orders)
    assert {each.group_id for each in receipt.members} == {"21"}
    assert receipt.broker_order == receipt.members[0]


@pytest.mark.parametrize("lacks", ["an order", "ours", "everything"])
async def test_a_group_of_others_is_doubt(desk: Desk, lacks: str) -> None:
    ticket = a_group(desk)
    group = told_group(ticket)
    if lacks == "an order":
        group["orders"].pop()
    if lacks == "ours":
        group["orders"][0]["external-identifier"] = "another"
    data: Json = None if lacks == "everything" else group
    desk.answers(f"POST {GROUPS}", told({"data": {"complex-order": data}}))

    with pytest.raises(OutcomeUnknown) as doubt:
        await desk.broker.submit(ticket)

    assert doubt.value.client_order_id == "group-1"


async def test_a_group_is_rehearsed_as_one(desk: Desk) -> None:
    """The fees that are told of it are those of one of its orders."""
    ticket = a_group(desk)
    figures = {"current-buying-power": "10.0", "current-buying-power-effect": "Credit"}
    data = {"complex-order": told_group(ticket), "buying-power-effect": figures}
    desk.answers(
        f"{GROUPS}/dry-run", told({"data": data | {"fee-calculation": {"total-fees": "1"}}})
    )

    found = await desk.broker.preflight(ticket)

    assert (found.buying_power_before, found.fees, found.refusals) == (Decimal(10), None, ())
    assert desk.acts == []


async def test_a_combination_that_the_broker_refuses_is_refused_here(desk: Desk) -> None:
    again = an_own_order(desk, a_leg(action=Action.SELL_TO_CLOSE), net="-3.00")

    found = await desk.broker.preflight(a_group(desk, second=again))

    assert found.because["rule"] == "one_side_is_a_limit_and_one_a_stop"


def test_a_marketable_limit_may_trigger_a_group(desk: Desk) -> None:
    trigger = replace(an_own_order(desk), order_type=OrderType.MARKETABLE_LIMIT)
    exit_of_it = an_own_order(desk, a_leg(action=Action.SELL_TO_CLOSE), net="-2.00")
    group = OrderGroup(kind=GroupKind.OTO, orders=(trigger, exit_of_it))

    check_group(group)

    told = encoded_group(group, ("a", "b"))["trigger-order"]
    assert isinstance(told, dict)
    assert told["order-type"] == "Marketable Limit"


async def test_a_trigger_has_a_limit(desk: Desk) -> None:
    group = OrderGroup(
        kind=GroupKind.OTO,
        orders=(
            an_own_order(desk, net=None),
            an_own_order(desk, a_leg(action=Action.SELL_TO_CLOSE), net="-2.00"),
        ),
    )
    found = await desk.broker.preflight(GroupTicket(client_order_id="group-1", group=group))

    assert found.because["rule"] == "a_trigger_is_a_limit_order"


@pytest.mark.parametrize(("order_id", "act"), [("21", f"{GROUPS}/3"), ("22", f"{ORDERS}/22")])
async def test_a_cancel_of_the_first_takes_its_group_along(
    desk: Desk, order_id: str, act: str
) -> None:
    group = told_group(a_group(desk))
    members = {"21": group["trigger-order"], "22": group["orders"][0]}
    desk.answers(f"GET {GROUPS}/3", one(group))
    desk.answers(f"GET {ORDERS}/{order_id}", one(members[order_id]))
    desk.answers(f"DELETE {act}", one(group))

    receipt = await desk.broker.submit(to_cancel(desk, order_id))

    assert desk.acts == [f"DELETE {act}"]
    assert receipt.broker_order.state is OrderState.CANCEL_PENDING


# Streams by asking


async def test_an_account_s_orders_are_told_as_they_change(desk: Desk) -> None:
    working = told_order(an_own_order(desk))
    desk.answers(LIVE, listed(working))

    async with asyncio.timeout(10), desk.broker.account_stream(desk.account_id) as orders:
        assert (await anext(orders)).broker_order_id == "7"

    with pytest.raises(Denied):
        async with desk.broker.account_stream("NOBODY"):
            pass


async def test_quotes_are_told_while_they_are_read(desk: Desk) -> None:
    quote = {"symbol": "AAPL", "instrument-type": "Equity", "updated-at": "2026-11-20T15:59:00Z"}
    desk.answers("/market-data/by-type", listed(quote | {"bid": "1", "ask": "2"}))

    async with asyncio.timeout(10), desk.broker.quote_stream([a_leg("AAPL").symbol]) as quotes:
        assert (await anext(quotes)).bid == Decimal(1)


async def test_bars_are_not_told_by_asking(desk: Desk) -> None:
    now = desk.broker.now()
    with pytest.raises(Denied) as denied:
        await desk.broker.bars(a_leg().symbol, Interval.DAY, now, now)

    assert denied.value.reason is Reason.NOT_SUPPORTED
