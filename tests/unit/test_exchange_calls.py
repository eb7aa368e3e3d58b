"""Margin calls: what a close finds missing is told, and nothing is opened until it is there."""

from dataclasses import replace
from datetime import timedelta

import pytest

from strikedesk.brokers.paper.figures import balances_of, priced_symbols
from strikedesk.domain.accounts import Balances, Transaction, TransactionKind
from strikedesk.domain.errors import Rejected
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.exchange import calls
from strikedesk.exchange.assess import Assessment, assess
from strikedesk.exchange.screen import look
from tests.builders import NOON
from tests.unit.exchange_floor import CALL, FAR_CALL, PUT, Floor, an_order

CLOSE = NOON + timedelta(hours=5)
NEXT_CLOSE = CLOSE + timedelta(days=3)


@pytest.fixture
def floor() -> Floor:
    """A margin account of 100,000 that is short 20 puts on a stock at 200."""
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10", size=1_000)
    for symbol in (CALL, FAR_CALL, PUT):
        floor.quote(symbol, "5.00", "5.10")
    floor.place(an_order(f"sell_to_open 20 {PUT}", net="-5.00"))
    return floor


def called(floor: Floor) -> Floor:
    """Let the stock fall to 190 by the close: 20 puts require 98,000 and cash of 110,000 is short.

    Marks: the put at 20.05, a naked put requires 190 x 20 % + 20.05, and 116,100 in all.
    """
    floor.later("AAPL", "189.90", "190.10", size=1_000)
    floor.later(PUT, "20.00", "20.10")
    floor.to(CLOSE)
    return floor


def balances(floor: Floor) -> Balances:
    account = floor.account()
    screen = look(floor.market, priced_symbols(account), floor.world.advanced_to)
    return balances_of(floor.world, account, screen, {})


def told(floor: Floor) -> list[Transaction]:
    return [line for line in floor.lines() if line.kind is TransactionKind.OTHER]


def refusal(floor: Floor, order: OrderRequest) -> Rejected:
    with pytest.raises(Rejected) as refused:
        floor.place(order)
    return refused.value


def test_an_account_with_enough_margin_is_not_called(floor: Floor) -> None:
    floor.to(CLOSE)

    shown = balances(floor)

    assert told(floor) == []
    assert (shown.maintenance_margin, shown.in_margin_call) == (90_100, False)
    assert shown.maintenance_excess == floor.account().cash - 90_100


def test_a_close_that_finds_margin_missing_calls_with_a_line_and_no_cash(floor: Floor) -> None:
    called(floor)

    missing = 116_100 - floor.account().cash
    assert missing > 0
    assert floor.account().called == missing
    (line,) = told(floor)
    assert (line.at, line.cash_effect, line.symbol) == (CLOSE, 0, None)
    assert line.description == (
        f"Margin call: {missing:f} USD of maintenance margin are missing; close something"
    )
    shown = balances(floor)
    assert (shown.maintenance_excess, shown.in_margin_call) == (-missing, True)


def test_a_day_in_a_call_tells_it_once(floor: Floor) -> None:
    called(floor).to(NEXT_CLOSE + timedelta(days=2))

    assert len(told(floor)) == 1


def test_in_a_call_nothing_is_opened_but_everything_can_be_closed(floor: Floor) -> None:
    """Not even what frees buying power: first the margin has to be there."""
    called(floor)

    refused = refusal(floor, an_order(f"buy_to_open 1 {FAR_CALL}", net="0.01"))
    closing = floor.place(an_order(f"buy_to_close 5 {PUT}", net="20.10"))

    assert refused.reason is Reason.MARGIN_CALL_OPEN
    assert refused.facts["called"] == floor.account().called
    assert closing.state is OrderState.SUBMITTED


def test_a_call_is_over_when_prices_or_closing_have_met_it(floor: Floor) -> None:
    """At once for who wants to open; the book says so at the next close."""
    called(floor)
    floor.to(CLOSE + timedelta(days=2, hours=20))
    floor.later(PUT, "5.00", "5.10")
    floor.later("AAPL", "199.90", "200.10", size=1_000)

    assert balances(floor).in_margin_call is False
    floor.place(an_order(f"buy_to_open 1 {FAR_CALL}", net="5.10"))

    floor.to(NEXT_CLOSE)
    assert floor.account().called is None
    assert [line.description for line in told(floor)][1:] == ["Margin call met"]


def test_without_a_price_a_call_neither_begins_nor_ends(floor: Floor) -> None:
    """Who cannot tell what is missing lets everything stand, and the account in its call."""
    floor.later("AAPL", None, None)
    floor.later(PUT, None, None)
    floor.to(CLOSE)
    assert told(floor) == []

    floor.later("AAPL", "189.90", "190.10", size=1_000)
    floor.later(PUT, "20.00", "20.10")
    floor.to(NEXT_CLOSE)
    assert len(told(floor)) == 1

    floor.later("AAPL", None, None)
    floor.to(NEXT_CLOSE + timedelta(days=1))
    assert balances(floor).in_margin_call is True
    assert refusal(floor, an_order(f"buy_to_open 1 {FAR_CALL}", net="0.01")).reason is (
        Reason.MARGIN_CALL_OPEN
    )


def test_only_what_can_lack_margin_is_looked_at() -> None:
    """Whoever has paid for everything is not asked for more, and time passes quickly for him."""
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10", size=1_000)
    floor.place(an_order("buy 100 AAPL", net="200.10"))
    assert list(calls.closes(floor.world)) == []

    floor.place(an_order("buy 600 AAPL", net="200.10"))
    assert floor.account().cash < 0
    assert list(calls.closes(floor.world)) == [CLOSE]


def test_no_close_is_looked_at_in_between(floor: Floor) -> None:
    assert not calls.look_at_close(floor.world, floor.market, CLOSE - timedelta(minutes=1))
    assert not calls.look_at_close(floor.world, floor.market, CLOSE + timedelta(days=1))
    assert calls.look_at_close(floor.world, floor.market, CLOSE)


# Intraday margin


def assess_in_deficit(floor: Floor, order: OrderRequest, *, intraday: bool) -> Assessment:
    """Let the stock fall within the day, and look at what an order would come to."""
    floor.world.put_account(replace(floor.account(), intraday=intraday))
    floor.later("AAPL", "189.90", "190.10", size=1_000)
    floor.later(PUT, "20.00", "20.10")
    return assess(floor.world, floor.market, floor.world.advanced_to, order)


def test_a_deficit_within_the_day_is_the_closes_business_unless_the_owner_said_so(
    floor: Floor,
) -> None:
    """Shares sold for two more puts: what they lent at first is freed, what they kept is not."""
    floor.place(an_order("buy 100 AAPL", net="200.10"))
    order = an_order("sell 100 AAPL", f"sell_to_open 2 {PUT}")

    by_default = assess_in_deficit(floor, order, intraday=False)
    watched = assess_in_deficit(floor, order, intraday=True)

    assert by_default.consumes is not None
    assert by_default.consumes < 0
    assert by_default.refusal is None
    assert watched.refusal is not None
    assert watched.refusal.facts["rule"] == "intraday_margin_deficit"
    assert watched.refusal.facts["needed"] == -(watched.excess_change or 0)


def test_what_frees_margin_is_taken_in_an_intraday_deficit(floor: Floor) -> None:
    order = an_order(f"buy_to_close 2 {PUT}", f"buy_to_open 2 {FAR_CALL}", net="25.20")

    found = assess_in_deficit(floor, order, intraday=True)

    assert found.excess is not None
    assert found.excess < 0
    assert found.excess_change is not None
    assert found.excess_change > 0
    assert found.refusal is None


def test_without_a_price_the_buying_power_check_refuses_first(floor: Floor) -> None:
    """An account that borrows is asked for a price before anything is said of its margin."""
    floor.place(an_order("buy 100 AAPL", net="200.10"))
    floor.world.put_account(replace(floor.account(), intraday=True))
    floor.later("AAPL", None, None)

    refused = refusal(floor, an_order(f"buy_to_open 1 {FAR_CALL}", net="5.10"))

    assert (refused.reason, refused.facts["check"]) == (Reason.CHECK_IMPOSSIBLE, "buying_power")
