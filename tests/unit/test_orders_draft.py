"""Drafts and changes: the rules of the trade that need no market."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from strikedesk.domain.errors import Denied
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType, TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import parse_symbol
from strikedesk.orders.draft import Change, Draft, changed, order_of
from tests.builders import a_leg, an_order

CALL, PUT, FAR = "AAPL261218C00200000", "AAPL261218P00190000", "AAPL270115C00200000"


def shares(action: Action, quantity: int = 100) -> Leg:
    return Leg(symbol=parse_symbol("AAPL"), action=action, quantity=quantity)


def drafted(*legs: Leg, price: str, effect: PriceEffect) -> OrderRequest:
    draft = Draft(
        account="paper-margin",
        legs=legs,
        order_type=OrderType.LIMIT,
        price=Decimal(price),
        price_effect=effect,
    )
    return order_of(draft, "PAPER0001")


@pytest.mark.parametrize(
    ("legs", "effect"),
    [
        ((a_leg(CALL),), PriceEffect.CREDIT),
        ((a_leg(CALL, Action.SELL_TO_OPEN),), PriceEffect.DEBIT),
        ((a_leg(CALL), a_leg(PUT)), PriceEffect.CREDIT),
        ((a_leg(CALL, Action.SELL_TO_OPEN), a_leg(PUT, Action.SELL_TO_OPEN)), PriceEffect.DEBIT),
        ((shares(Action.SELL),), PriceEffect.DEBIT),
    ],
)
def test_what_only_buys_is_paid_for_and_what_only_sells_is_paid_out(
    legs: tuple[Leg, ...], effect: PriceEffect
) -> None:
    """A short strangle for a debit is a slip of one word that gives the premium away twice."""
    with pytest.raises(Denied) as denied:
        drafted(*legs, price="1.20", effect=effect)

    assert denied.value.facts["rule"] == "one_way_effect"


@pytest.mark.parametrize(
    ("action", "effect", "expected"),
    [
        (Action.BUY_TO_OPEN, PriceEffect.CREDIT, "debit"),
        (Action.SELL_TO_OPEN, PriceEffect.DEBIT, "credit"),
    ],
)
def test_the_way_that_was_meant_is_told(action: Action, effect: PriceEffect, expected: str) -> None:
    with pytest.raises(Denied) as denied:
        drafted(a_leg(CALL, action), price="1.20", effect=effect)

    assert denied.value.facts["expected"] == expected


def test_nothing_is_no_price_of_what_only_buys() -> None:
    """It would rest for ever, as if it were an order."""
    with pytest.raises(Denied) as denied:
        drafted(a_leg(CALL), price="0", effect=PriceEffect.EVEN)

    assert denied.value.facts["rule"] == "one_way_effect"


@pytest.mark.parametrize("effect", PriceEffect)
def test_a_spread_may_go_either_way(effect: PriceEffect) -> None:
    price = "0" if effect is PriceEffect.EVEN else "0.40"

    order = drafted(a_leg(CALL, Action.SELL_TO_OPEN), a_leg(FAR), price=price, effect=effect)

    assert order.limit_net == {"debit": Decimal("0.40"), "credit": Decimal("-0.40")}.get(effect, 0)


@pytest.mark.parametrize(
    ("action", "effect"), [(Action.BUY, PriceEffect.DEBIT), (Action.SELL, PriceEffect.CREDIT)]
)
def test_shares_from_one_dollar_up_trade_on_the_cent_both_ways(
    action: Action, effect: PriceEffect
) -> None:
    """A sale's net is negative: its size decides, not its sign."""
    assert drafted(shares(action), price="0.1234", effect=effect).limit_net in {
        Decimal("0.1234"),
        Decimal("-0.1234"),
    }
    with pytest.raises(Denied) as denied:
        drafted(shares(action), price="200.1234", effect=effect)

    assert denied.value.reason is Reason.INVALID_TICK


def test_a_share_of_little_more_than_a_dollar_trades_on_the_cent_and_that_is_told() -> None:
    with pytest.raises(Denied) as denied:
        drafted(shares(Action.SELL), price="1.0001", effect=PriceEffect.CREDIT)

    facts = denied.value.facts
    assert (facts["price"], facts["tick"]) == (Decimal("1.0001"), Decimal("0.01"))


def test_a_stop_off_the_tick_is_refused_beside_a_limit_that_is_on_it() -> None:
    draft = Draft(
        account="paper-margin",
        legs=(shares(Action.SELL),),
        order_type=OrderType.STOP_LIMIT,
        price=Decimal("190.00"),
        price_effect=PriceEffect.CREDIT,
        stop_trigger=Decimal("190.0001"),
    )

    with pytest.raises(Denied) as denied:
        order_of(draft, "PAPER0001")

    assert denied.value.facts["price"] == Decimal("190.0001")


def test_a_stop_at_nothing_is_refused_and_not_taken_for_no_change() -> None:
    """A change that is quietly left out moves an order its owner thinks protected."""
    order = an_order(a_leg(CALL, Action.SELL_TO_CLOSE), net="-0.80")
    stop = OrderRequest(
        account_id=order.account_id,
        legs=order.legs,
        order_type=OrderType.STOP_LIMIT,
        limit_net=Decimal("-0.80"),
        stop_trigger=Decimal("0.90"),
    )
    change = Change(price=Decimal("0.70"), price_effect=PriceEffect.CREDIT, stop_trigger=Decimal(0))

    with pytest.raises(Denied) as denied:
        changed(stop, change)

    assert denied.value.facts["rule"] == "stop_trigger_is_positive"


def test_a_change_of_the_price_leaves_the_stop_where_it_was() -> None:
    """A protection whose trigger is lost protects nothing."""
    stop = OrderRequest(
        account_id="PAPER0001",
        legs=(a_leg(CALL, Action.SELL_TO_CLOSE),),
        order_type=OrderType.STOP_LIMIT,
        limit_net=Decimal("-0.80"),
        stop_trigger=Decimal("0.90"),
    )

    after = changed(stop, Change(price=Decimal("0.70"), price_effect=PriceEffect.CREDIT))

    assert (after.stop_trigger, after.limit_net) == (Decimal("0.90"), Decimal("-0.70"))


@pytest.mark.parametrize(
    ("force", "day"),
    [(None, date(2026, 12, 4)), (TimeInForce.GTD, date(2026, 12, 4)), (TimeInForce.DAY, None)],
)
def test_a_last_day_goes_with_its_time_in_force(
    force: TimeInForce | None, day: date | None
) -> None:
    """An order that lasts until a day keeps it, unless it is to last otherwise."""
    order = replace(
        an_order(a_leg(CALL)), time_in_force=TimeInForce.GTD, gtd_date=date(2026, 12, 4)
    )
    change = Change(price=Decimal("1.30"), price_effect=PriceEffect.DEBIT, time_in_force=force)

    assert changed(order, change).gtd_date == day


@pytest.mark.parametrize(("price", "effect"), [(Decimal("1.20"), None), (None, PriceEffect.DEBIT)])
def test_a_price_and_its_effect_go_together(
    price: Decimal | None, effect: PriceEffect | None
) -> None:
    """One of them alone may mean either way."""
    with pytest.raises(Denied) as denied:
        changed(an_order(a_leg(CALL)), Change(price=price, price_effect=effect))

    assert denied.value.facts == {"rule": "price_and_price_effect_go_together"}
