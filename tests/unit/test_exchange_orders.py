"""Taking orders: who may trade what, with what money, and what replacing does."""

from datetime import timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.errors import Denied, Rejected
from strikedesk.domain.orders import TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import parse_symbol
from strikedesk.exchange import orders, power
from strikedesk.exchange.assess import assess
from strikedesk.exchange.screen import look
from tests.builders import NOON
from tests.fakes.market import ScriptedMarket
from tests.unit.exchange_floor import (
    CALL,
    CASH,
    FAR_CALL,
    FAR_PUT,
    MARGIN,
    PUT,
    Floor,
    an_order,
    everything,
)


@pytest.fixture
def floor() -> Floor:
    floor = Floor(market=ScriptedMarket(indices=frozenset({"SPX"})))
    floor.quote("AAPL", "199.90", "200.10", size=None)
    floor.market.tell("SPX", None, None, last="5000")
    floor.quote(CALL, "6.00", "6.20", size=None)
    floor.quote(FAR_CALL, "2.00", "2.10", size=None)
    floor.quote(PUT, "5.00", "5.10", size=None)
    floor.quote(FAR_PUT, "2.00", "2.10", size=None)
    return floor


def refused(floor: Floor, *words: str, account: str = MARGIN, **told: str) -> dict[str, object]:
    """Return the facts of the refusal of an order; nothing of it may remain."""
    before = everything(floor.world)
    with pytest.raises(Rejected) as rejected:
        floor.place(an_order(*words, account=account, **told))  # type: ignore[arg-type] -- prices by name
    assert everything(floor.world) == before
    return dict(rejected.value.facts)


def free(floor: Floor, account_id: str = MARGIN) -> Decimal:
    """Return the buying power of an account."""
    account = floor.account(account_id)
    symbols = power.priced_by(account.quantities)
    screen = look(floor.market, symbols, floor.world.advanced_to)
    amount = power.buying_power(floor.world, account, screen)
    assert amount is not None
    return amount


# What an order may say


def test_a_price_off_the_cent_is_refused(floor: Floor) -> None:
    facts = refused(floor, f"buy_to_open 1 {CALL}", net="6.205")

    assert (facts["code"], facts["tick"]) == ("invalid_tick", Decimal("0.01"))


def test_shares_below_a_dollar_trade_in_finer_steps(floor: Floor) -> None:
    floor.quote("CHEAP", "0.5100", "0.5101", size=None)

    assert floor.place(an_order("buy 10 CHEAP", net="0.5101")).state is OrderState.FILLED
    assert refused(floor, "buy 10 AAPL", net="200.105")["tick"] == Decimal("0.01")


@pytest.mark.parametrize(
    ("words", "net", "rule"),
    [
        (f"buy_to_open 1 {CALL}", "-1.00", "cannot_buy_for_a_credit"),
        (f"sell_to_open 1 {CALL}", "1.00", "cannot_sell_for_a_debit"),
    ],
)
def test_paying_to_sell_is_a_slip(floor: Floor, words: str, net: str, rule: str) -> None:
    assert refused(floor, words, net=net)["rule"] == rule


def test_an_index_has_no_shares(floor: Floor) -> None:
    assert refused(floor, "buy 1 SPX", net="5000")["rule"] == "an_index_has_no_shares"


def test_what_is_not_listed_is_refused_by_its_kind(floor: Floor) -> None:
    assert refused(floor, "buy 1 ZZZZ", net="1.00")["code"] == "symbol_not_found"
    unlisted = CALL.replace("C00200000", "C00201000")
    assert refused(floor, f"buy_to_open 1 {unlisted}", net="1.00")["code"] == "contract_not_found"


def test_a_contract_that_has_ended_is_refused_as_ended(floor: Floor) -> None:
    """Whoever names it has an old list, and not a slip of the pen."""
    floor.to(NOON + timedelta(days=40))

    assert refused(floor, f"buy_to_open 1 {CALL}", net="6.20")["code"] == "contract_ended"


def test_a_market_order_needs_a_price_to_reckon_with(floor: Floor) -> None:
    floor.later(CALL, None, None)

    assert refused(floor, f"buy_to_open 1 {CALL}")["code"] == "no_quote"


def test_an_account_that_does_not_exist_is_denied(floor: Floor) -> None:
    with pytest.raises(Denied) as denied:
        floor.place(an_order(f"buy_to_open 1 {CALL}", net="6.20", account="NOBODY"))

    assert denied.value.reason is Reason.ACCOUNT_UNKNOWN


# Opening and closing


def test_opening_against_a_position_is_refused(floor: Floor) -> None:
    """Long and short of one contract cannot be held at once."""
    floor.place(an_order(f"buy_to_open 1 {CALL}", net="6.20"))

    facts = refused(floor, f"sell_to_open 1 {CALL}", net="-6.00")

    assert facts["rule"] == "opening_against_a_position"


@pytest.mark.parametrize("words", [f"sell_to_close 1 {CALL}", f"buy_to_close 1 {PUT}"])
def test_a_close_without_a_position_is_refused(floor: Floor, words: str) -> None:
    net = "-6.00" if words.startswith("sell") else "5.10"

    assert refused(floor, words, net=net)["code"] == "close_exceeds_position"


def test_what_one_order_is_to_close_another_cannot(floor: Floor) -> None:
    """Both would fill, and the second would open the other side."""
    floor.place(an_order(f"buy_to_open 3 {CALL}", net="6.20"))
    floor.place(an_order(f"sell_to_close 2 {CALL}", net="-9.00"))

    facts = refused(floor, f"sell_to_close 2 {CALL}", net="-8.00")

    assert (facts["held"], facts["in_working_orders"]) == (3, 2)
    floor.place(an_order(f"sell_to_close 1 {CALL}", net="-8.00"))


def test_shares_sold_plainly_close_what_is_held_and_no_more(floor: Floor) -> None:
    """A plain sale of more than is held would be a close and a short sale in one."""
    floor.place(an_order("buy 10 AAPL", net="200.10"))

    assert refused(floor, "sell 11 AAPL", net="-199.90")["code"] == "close_exceeds_position"
    floor.place(an_order("sell 10 AAPL", net="-199.90"))
    assert floor.held() == {}


def test_shares_bought_plainly_cover_a_short(floor: Floor) -> None:
    floor.place(an_order("sell 10 AAPL", net="-199.90"))
    assert floor.held() == {"AAPL": -10}

    floor.place(an_order("buy 10 AAPL", net="200.10"))

    assert floor.held() == {}


# A margin account


def test_a_naked_put_takes_its_requirement_less_its_premium(floor: Floor) -> None:
    """20 % of 200 and the mark of 5.05, less 5.00 received: 4,005 and fees."""
    order = floor.place(an_order(f"sell_to_open 1 {PUT}", net="-5.00"))

    assert free(floor) == Decimal(100_000) - (4_505 - 500) - (order.fees or 0)


def test_a_short_vertical_takes_its_width_less_its_credit(floor: Floor) -> None:
    order = floor.place(
        an_order(f"sell_to_open 1 {CALL}", f"buy_to_open 1 {FAR_CALL}", net="-3.90")
    )

    assert free(floor) == Decimal(100_000) - (1_000 - 390) - (order.fees or 0)


def test_a_condor_takes_its_dearer_side_less_its_credit(floor: Floor) -> None:
    order = floor.place(
        an_order(
            f"sell_to_open 1 {CALL}",
            f"buy_to_open 1 {FAR_CALL}",
            f"sell_to_open 1 {PUT}",
            f"buy_to_open 1 {FAR_PUT}",
            net="-6.80",
        )
    )

    assert free(floor) == Decimal(100_000) - (1_000 - 680) - (order.fees or 0)


def test_shares_take_half_of_their_price(floor: Floor) -> None:
    order = floor.place(an_order("buy 100 AAPL", net="200.10"))

    assert free(floor) == Decimal(100_000) - 20_010 + 10_000 - (order.fees or 0)


def test_short_shares_take_half_of_their_price_on_top_of_the_proceeds(floor: Floor) -> None:
    order = floor.place(an_order("sell 100 AAPL", net="-199.90"))

    assert free(floor) == Decimal(100_000) + 19_990 - 30_000 - (order.fees or 0)


def test_a_covered_call_takes_no_more_than_its_shares(floor: Floor) -> None:
    floor.place(an_order("buy 100 AAPL", net="200.10"))
    before = free(floor)

    order = floor.place(an_order(f"sell_to_open 1 {CALL}", net="-6.00"))

    assert free(floor) == before + 600 - (order.fees or 0)


def test_more_than_the_account_can_carry_is_refused(floor: Floor) -> None:
    """Twenty-four naked puts fit into 100,000 dollars, twenty-five do not."""
    assert refused(floor, f"sell_to_open 25 {PUT}", net="-5.00")["code"] == (
        "insufficient_buying_power"
    )
    floor.place(an_order(f"sell_to_open 24 {PUT}", net="-5.00"))


def test_working_orders_hold_buying_power_back(floor: Floor) -> None:
    """Two orders that both could be paid, and together could not."""
    floor.place(an_order(f"buy_to_open 150 {CALL}", net="5.00"))
    assert free(floor) == Decimal(100_000) - 75_000 - Decimal("28.00")

    assert refused(floor, f"buy_to_open 60 {CALL}", net="5.00")["code"] == (
        "insufficient_buying_power"
    )


def test_what_a_cancelled_order_held_back_is_free_again(floor: Floor) -> None:
    working = floor.place(an_order(f"buy_to_open 150 {CALL}", net="5.00"))

    orders.cancel(floor.world, NOON, MARGIN, working.broker_order_id)

    assert free(floor) == Decimal(100_000)


def test_a_part_that_has_filled_is_held_back_no_longer(floor: Floor) -> None:
    floor.later(CALL, "6.00", "6.20", size=50)
    order = floor.place(an_order(f"buy_to_open 100 {CALL}", net="6.20"))

    spent = 50 * 620 + (order.fees or 0)
    assert free(floor) == Decimal(100_000) - spent - (62_000 + Decimal(22)) / 2


def test_shares_do_not_cover_two_working_calls(floor: Floor) -> None:
    """Each alone would be covered; both would leave one naked."""
    floor.place(an_order("buy 100 AAPL", net="200.10"))
    first = an_order(f"sell_to_open 1 {CALL}", net="-9.00")
    second = an_order(f"sell_to_open 1 {FAR_CALL}", net="-9.00")
    alone = assess(floor.world, floor.market, NOON, second)
    floor.place(first)

    beside = assess(floor.world, floor.market, NOON, second)

    assert (alone.margin_change, beside.margin_change) == (0, Decimal("3_205.00"))


def test_nothing_that_is_only_hoped_for_covers_a_short(floor: Floor) -> None:
    """Shares that a working order may yet buy do not cover a call that is sold now."""
    floor.place(an_order("buy 100 AAPL", net="150.00"))

    found = assess(floor.world, floor.market, NOON, an_order(f"sell_to_open 1 {CALL}", net="-6.00"))

    assert found.margin_change == Decimal("4_610.00")


def test_a_closing_order_is_taken_whatever_the_buying_power(floor: Floor) -> None:
    """Who is under water must be let out."""
    floor.place(an_order(f"sell_to_open 20 {PUT}", net="-5.00"))
    floor.later(PUT, "60.00", "61.00", size=None)
    assert free(floor) < 0

    order = floor.place(an_order(f"buy_to_close 20 {PUT}", net="61.00"))

    assert order.state is OrderState.FILLED


def test_an_order_that_frees_buying_power_is_taken_below_zero(floor: Floor) -> None:
    """Buying protection for shorts opens a position, and lowers the requirement."""
    floor.place(an_order(f"sell_to_open 20 {PUT}", net="-5.00"))
    floor.later(PUT, "60.00", "61.00", size=None)

    order = floor.place(an_order(f"buy_to_open 20 {FAR_PUT}", net="2.10"))

    assert order.state is OrderState.FILLED


def test_a_call_sold_without_a_price_to_margin_it_by_is_refused(floor: Floor) -> None:
    """A check that lacks a fact denies."""
    floor.later("AAPL", None, None)

    facts = refused(floor, f"sell_to_open 1 {CALL}", net="-6.00")

    assert (facts["code"], facts["check"]) == ("check_impossible", "buying_power")


# A cash account


def test_a_put_in_a_cash_account_is_secured_in_full(floor: Floor) -> None:
    order = floor.place(an_order(f"sell_to_open 4 {PUT}", net="-5.00", account=CASH))

    assert free(floor, CASH) == Decimal(100_000) + 2_000 - 80_000 - (order.fees or 0)
    facts = refused(floor, f"sell_to_open 2 {PUT}", account=CASH, net="-5.00")
    assert facts["code"] == "insufficient_buying_power"


def test_a_spread_lends_nothing_in_a_cash_account(floor: Floor) -> None:
    found = assess(
        floor.world,
        floor.market,
        NOON,
        an_order(f"sell_to_open 1 {PUT}", f"buy_to_open 1 {FAR_PUT}", net="-2.90", account=CASH),
    )

    assert found.margin_change == 20_000


def test_a_naked_call_is_refused_in_a_cash_account(floor: Floor) -> None:
    facts = refused(floor, f"sell_to_open 1 {CALL}", account=CASH, net="-6.00")

    assert facts["rule"] == "a_short_call_needs_shares_behind_it"


def test_a_long_call_is_no_cover_in_a_cash_account(floor: Floor) -> None:
    facts = refused(
        floor, f"sell_to_open 1 {FAR_CALL}", f"buy_to_open 1 {CALL}", account=CASH, net="4.20"
    )

    assert facts["rule"] == "a_short_call_needs_shares_behind_it"


def test_a_covered_call_is_taken_and_its_shares_cannot_be_sold_from_under_it(
    floor: Floor,
) -> None:
    floor.place(an_order("buy 100 AAPL", net="200.10", account=CASH))
    floor.place(an_order(f"sell_to_open 1 {CALL}", net="-6.00", account=CASH))

    facts = refused(floor, "sell 100 AAPL", account=CASH, net="-199.90")

    assert facts["rule"] == "a_short_call_needs_shares_behind_it"
    floor.place(an_order(f"buy_to_close 1 {CALL}", net="6.20", account=CASH))
    floor.place(an_order("sell 100 AAPL", net="-199.90", account=CASH))
    assert floor.held(CASH) == {}


def test_the_shares_behind_a_working_call_are_spoken_for(floor: Floor) -> None:
    floor.place(an_order("buy 100 AAPL", net="200.10", account=CASH))
    floor.place(an_order(f"sell_to_open 1 {CALL}", net="-9.00", account=CASH))

    facts = refused(floor, f"sell_to_open 1 {FAR_CALL}", account=CASH, net="-9.00")

    assert facts["rule"] == "a_short_call_needs_shares_behind_it"


def test_shares_cannot_be_sold_short_in_a_cash_account(floor: Floor) -> None:
    facts = refused(floor, "sell 1 AAPL", account=CASH, net="-199.90")

    assert facts["rule"] == "no_short_shares_in_a_cash_account"


def test_shares_in_a_cash_account_are_paid_in_full(floor: Floor) -> None:
    floor.place(an_order("buy 400 AAPL", net="200.10", account=CASH))

    assert free(floor, CASH) == floor.account(CASH).cash
    assert refused(floor, "buy 100 AAPL", account=CASH, net="200.10")["code"] == (
        "insufficient_buying_power"
    )


# Replacing and cancelling


def test_a_replacement_works_for_the_rest_of_a_partly_filled_order(floor: Floor) -> None:
    """Its quantity counts what is filled: a fill on the way cannot make it too large."""
    floor.later(CALL, "6.00", "6.20", size=3)
    old = floor.place(an_order(f"buy_to_open 10 {CALL}", net="6.20"))

    new = floor.replace(old.broker_order_id, an_order(f"buy_to_open 10 {CALL}", net="5.00"))

    assert (new.order.units, new.filled_units, new.state) == (7, 0, OrderState.WORKING)
    ended = floor.order(old.broker_order_id)
    assert (ended.state, ended.filled_units) == (OrderState.REPLACED, 3)
    assert (ended.replaced_by, new.replaces) == (new.broker_order_id, old.broker_order_id)


def test_a_replacement_of_no_more_than_is_filled_is_refused(floor: Floor) -> None:
    floor.later(CALL, "6.00", "6.20", size=3)
    old = floor.place(an_order(f"buy_to_open 10 {CALL}", net="6.20"))
    before = everything(floor.world)

    with pytest.raises(Rejected) as rejected:
        floor.replace(old.broker_order_id, an_order(f"buy_to_open 3 {CALL}", net="5.00"))

    assert rejected.value.facts["filled"] == 3
    assert everything(floor.world) == before


@pytest.mark.parametrize(
    "words", [f"buy_to_open 1 {FAR_CALL}", f"sell_to_open 1 {CALL}"], ids=["symbol", "action"]
)
def test_a_replacement_keeps_its_legs(floor: Floor, words: str) -> None:
    old = floor.place(an_order(f"buy_to_open 1 {CALL}", net="5.00"))
    net = "-9.00" if words.startswith("sell") else "5.00"

    with pytest.raises(Rejected) as rejected:
        floor.replace(old.broker_order_id, an_order(words, net=net))

    assert rejected.value.facts["rule"] == "a_replacement_keeps_legs_and_type"


def test_a_replacement_that_is_refused_leaves_the_old_order_standing(floor: Floor) -> None:
    old = floor.place(an_order(f"buy_to_open 1 {CALL}", net="5.00"))

    with pytest.raises(Rejected):
        floor.replace(old.broker_order_id, an_order(f"buy_to_open 900 {CALL}", net="5.00"))

    assert floor.state(old.broker_order_id) is OrderState.WORKING


def test_a_replacement_needs_no_buying_power_for_what_it_replaces(floor: Floor) -> None:
    old = floor.place(an_order(f"buy_to_open 150 {CALL}", net="5.00"))

    new = floor.replace(old.broker_order_id, an_order(f"buy_to_open 170 {CALL}", net="5.00"))

    assert free(floor) == Decimal(100_000) - 85_000 - Decimal("30.40")
    assert new.order.units == 170


def test_a_replacement_of_a_close_may_close_what_the_old_one_would(floor: Floor) -> None:
    floor.place(an_order(f"buy_to_open 2 {CALL}", net="6.20"))
    old = floor.place(an_order(f"sell_to_close 2 {CALL}", net="-9.00"))

    new = floor.replace(old.broker_order_id, an_order(f"sell_to_close 2 {CALL}", net="-6.00"))

    assert (new.state, floor.held()) == (OrderState.FILLED, {})


def test_a_marketable_replacement_arrives_anew_at_the_markets_price(floor: Floor) -> None:
    old = floor.place(an_order(f"buy_to_open 1 {CALL}", net="5.00"))

    new = floor.replace(old.broker_order_id, an_order(f"buy_to_open 1 {CALL}", net="7.00"))

    assert new.average_net == Decimal("6.20")


def test_a_replacement_loses_to_a_fill(floor: Floor) -> None:
    old = floor.place(an_order(f"buy_to_open 1 {CALL}", net="5.00"))
    floor.later(CALL, "4.80", "5.00")

    with pytest.raises(Rejected) as rejected:
        floor.replace(old.broker_order_id, an_order(f"buy_to_open 1 {CALL}", net="5.10"))

    assert rejected.value.reason is Reason.ORDER_NOT_WORKING
    assert floor.held() == {CALL: 1}


def test_time_in_force_can_be_changed(floor: Floor) -> None:
    old = floor.place(an_order(f"buy_to_open 1 {CALL}", net="5.00"))

    new = floor.replace(
        old.broker_order_id, an_order(f"buy_to_open 1 {CALL}", net="5.00", tif=TimeInForce.GTC)
    )
    floor.to(NOON + timedelta(days=3))

    assert floor.state(new.broker_order_id) is OrderState.WORKING


def test_somebody_elses_order_cannot_be_touched(floor: Floor) -> None:
    order = floor.place(an_order(f"buy_to_open 1 {CALL}", net="5.00"))

    with pytest.raises(Rejected):
        orders.cancel(floor.world, NOON, CASH, order.broker_order_id)

    assert floor.state(order.broker_order_id) is OrderState.WORKING


# Where prices are missing


def test_a_stop_whose_market_is_gone_reckons_with_its_trigger(floor: Floor) -> None:
    """Nobody quotes the call at all: the stop holds back what it would cost at its trigger."""
    floor.later(CALL, None, None)

    floor.place(an_order(f"buy_to_open 1 {CALL}", stop="8.00"))

    assert free(floor) == Decimal(100_000) - 800 - Decimal("1.12")


def test_a_call_that_assignment_left_bare_claims_what_buying_the_shares_costs(
    floor: Floor,
) -> None:
    """A cash account cannot open it, but it can be left with it."""
    bare = floor.account(CASH).traded(parse_symbol(CALL), -1, Decimal(6), NOON)
    floor.world.put_account(bare)

    assert free(floor, CASH) == Decimal(100_600) - 20_000
    floor.later("AAPL", None, None)
    found = assess(
        floor.world,
        floor.market,
        floor.world.advanced_to,
        an_order(f"buy_to_open 1 {PUT}", net="5.10", account=CASH),
    )
    assert (found.before, found.refusal is None) == (None, False)


def test_a_cash_account_whose_debts_are_unknown_pays_for_nothing_without_a_limit(
    floor: Floor,
) -> None:
    stop = floor.place(an_order(f"buy_to_open 1 {PUT}", stop="8.00", account=CASH))
    floor.world.put_account(floor.account(CASH).traded(parse_symbol(CALL), -1, Decimal(6), NOON))

    floor.later(PUT, "8.00", "8.10", size=None)

    assert floor.order(stop.broker_order_id).reject_code == "insufficient_buying_power"


def test_an_order_that_never_was_is_not_shown(floor: Floor) -> None:
    floor.place(an_order(f"buy_to_open 1 {CALL}", net="6.20"))

    with pytest.raises(Denied) as denied:
        floor.order("w-99")

    assert denied.value.reason is Reason.ORDER_UNKNOWN
