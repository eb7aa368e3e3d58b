"""Levels and kinds: what each account may open, and what must stand behind it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from strikedesk.domain.accounts import AccountKind, OptionLevel
from strikedesk.domain.errors import Fact, Rejected
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.reasons import Reason
from strikedesk.exchange import power
from strikedesk.exchange.accounts import PaperAccount
from strikedesk.exchange.assess import assess
from strikedesk.exchange.screen import look
from tests.builders import NOON
from tests.fakes.market import ScriptedMarket
from tests.unit.exchange_floor import (
    CALL,
    CASH,
    FAR_CALL,
    FAR_PUT,
    IRA,
    MARGIN,
    PUT,
    Floor,
    an_order,
)

LEAPS = "AAPL280121C00200000"
NEXT_CALL = "AAPL270115C00200000"
INDEX_CALL, NEXT_INDEX_CALL = "SPXW261218C05000000", "SPXW270115C05000000"


@pytest.fixture
def floor() -> Floor:
    floor = Floor(market=ScriptedMarket(indices=frozenset({"SPX"})))
    floor.market.tell("SPX", None, None, last="5000")
    floor.quote("AAPL", "199.90", "200.10", size=1_000)
    for symbol, bid, ask in (
        (CALL, "6.00", "6.20"),
        (FAR_CALL, "2.00", "2.10"),
        (PUT, "5.00", "5.10"),
        (FAR_PUT, "2.00", "2.10"),
        (NEXT_CALL, "9.00", "9.20"),
        (LEAPS, "30.00", "30.40"),
        (INDEX_CALL, "60.00", "60.50"),
        (NEXT_INDEX_CALL, "90.00", "90.50"),
    ):
        floor.quote(symbol, bid, ask)
    return floor


def at_level(floor: Floor, level: OptionLevel, account_id: str = MARGIN) -> None:
    floor.world.put_account(replace(floor.account(account_id), option_level=level))


def refusal(floor: Floor, order: OrderRequest) -> tuple[Reason, dict[str, Fact]]:
    with pytest.raises(Rejected) as refused:
        floor.place(order)
    return refused.value.reason, dict(refused.value.facts)


def free(floor: Floor, account_id: str) -> Decimal:
    account = floor.account(account_id)
    screen = look(floor.market, power.priced_by(account.quantities), NOON)
    left = power.buying_power(floor.world, account, screen)
    assert left is not None
    return left


def test_levels_are_numbered_as_brokers_do() -> None:
    assert [level.rank for level in OptionLevel] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        (AccountKind.CASH, OptionLevel.LONG),
        (AccountKind.IRA, OptionLevel.SPREADS),
        (AccountKind.MARGIN, OptionLevel.NAKED),
    ],
)
def test_an_account_of_which_nothing_else_is_said_has_the_highest_level_of_its_kind(
    kind: AccountKind, level: OptionLevel
) -> None:
    """Accounts that were stored before there were levels could do all that their kind can."""
    account = PaperAccount(account_id="A", handle="a", nickname="a", kind=kind)

    assert account.level is level


SHORT_PUT = (f"sell_to_open 1 {PUT}",)
LONG_CALL = (f"buy_to_open 1 {CALL}",)
CALL_SPREAD = (f"sell_to_open 1 {CALL}", f"buy_to_open 1 {FAR_CALL}")
BUY_WRITE = ("buy 100 AAPL", f"sell_to_open 1 {CALL}")
NAKED_CALL = (f"sell_to_open 1 {CALL}",)


@pytest.mark.parametrize(
    ("legs", "net", "needed"),
    [
        (SHORT_PUT, "-5.00", OptionLevel.COVERED),
        (BUY_WRITE, "194.10", OptionLevel.COVERED),
        (LONG_CALL, "6.20", OptionLevel.LONG),
        (CALL_SPREAD, "-3.90", OptionLevel.SPREADS),
        (NAKED_CALL, "-6.00", OptionLevel.NAKED),
    ],
    ids=["secured put", "covered call", "long call", "call spread", "naked call"],
)
def test_every_level_opens_one_thing_more(
    floor: Floor, legs: tuple[str, ...], net: str, needed: OptionLevel
) -> None:
    for level in OptionLevel:
        at_level(floor, level)
        found = assess(floor.world, floor.market, NOON, an_order(*legs, net=net))

        assert (found.refusal is None) == (level.rank >= needed.rank), level


def test_a_refusal_names_the_level_there_is_and_the_one_that_it_takes(floor: Floor) -> None:
    at_level(floor, OptionLevel.COVERED)

    reason, facts = refusal(floor, an_order(*CALL_SPREAD, net="-3.90"))

    assert reason is Reason.OPTION_LEVEL_TOO_LOW
    assert facts == {
        "code": "option_level_too_low",
        "rule": "buying_options_needs_a_higher_level",
        "level": "covered",
        "needed": "long",
    }


def test_without_options_shares_can_still_be_traded(floor: Floor) -> None:
    at_level(floor, OptionLevel.NONE)

    floor.place(an_order("buy 100 AAPL", net="200.10"))

    assert floor.held() == {"AAPL": 100}
    assert refusal(floor, an_order(*NAKED_CALL, net="-6.00"))[1]["rule"] == (
        "no_options_at_this_level"
    )


def test_what_is_held_can_be_closed_at_any_level(floor: Floor) -> None:
    """A level that was lowered must not lock anybody in."""
    floor.place(an_order(f"sell_to_open 1 {PUT}", net="-5.00"))
    floor.place(an_order(f"buy_to_open 1 {FAR_CALL}", net="2.10"))
    at_level(floor, OptionLevel.NONE)

    floor.place(an_order(f"buy_to_close 1 {PUT}", net="5.10"))
    floor.place(an_order(f"sell_to_close 1 {FAR_CALL}", net="-2.00"))

    assert floor.held() == {}


def test_the_long_side_cannot_be_sold_from_under_a_spread(floor: Floor) -> None:
    at_level(floor, OptionLevel.SPREADS)
    floor.place(an_order(*CALL_SPREAD, net="-3.90"))

    reason, facts = refusal(floor, an_order(f"sell_to_close 1 {FAR_CALL}", net="-2.00"))

    assert reason is Reason.OPTION_LEVEL_TOO_LOW
    assert facts["rule"] == "a_short_call_needs_shares_or_a_long_behind_it"


def test_below_the_highest_level_a_put_on_margin_is_secured_in_cash(floor: Floor) -> None:
    at_level(floor, OptionLevel.SPREADS)
    order = an_order(f"sell_to_open 1 {PUT}", net="-5.00")

    assert assess(floor.world, floor.market, NOON, order).margin_change == 20_000


# A retirement account


def test_a_spread_in_an_ira_has_its_width_in_cash(floor: Floor) -> None:
    order = floor.place(an_order(*CALL_SPREAD, net="-3.90", account=IRA))

    assert free(floor, IRA) == Decimal(100_000) + 390 - 1_000 - (order.fees or 0)


def test_a_put_in_an_ira_has_its_strike_in_cash(floor: Floor) -> None:
    order = floor.place(an_order(f"sell_to_open 4 {PUT}", net="-5.00", account=IRA))

    assert free(floor, IRA) == Decimal(100_000) + 2_000 - 80_000 - (order.fees or 0)
    reason, _ = refusal(floor, an_order(f"sell_to_open 2 {PUT}", net="-5.00", account=IRA))
    assert reason is Reason.INSUFFICIENT_BUYING_POWER


def test_a_strangle_is_no_spread_in_an_ira(floor: Floor) -> None:
    order = an_order(f"sell_to_open 1 {PUT}", f"sell_to_open 1 {CALL}", net="-11.00", account=IRA)

    reason, facts = refusal(floor, order)

    assert (reason, facts["needed"]) == (Reason.OPTION_LEVEL_TOO_LOW, "naked")


def test_a_calendar_in_an_ira_is_covered_by_its_longer_side(floor: Floor) -> None:
    calendar = (f"sell_to_open 1 {CALL}", f"buy_to_open 1 {NEXT_CALL}")
    reverse = (f"buy_to_open 1 {CALL}", f"sell_to_open 1 {NEXT_CALL}")

    order = floor.place(an_order(*calendar, net="3.20", account=IRA))

    assert free(floor, IRA) == Decimal(100_000) - 320 - (order.fees or 0)
    backwards = an_order(*reverse, net="-2.80", account=IRA)
    assert refusal(floor, backwards)[0] is Reason.INVALID_ORDER
    at_level(floor, OptionLevel.SPREADS)
    assert refusal(floor, an_order(*reverse, net="-2.80"))[0] is Reason.OPTION_LEVEL_TOO_LOW


def test_a_calendar_on_an_index_is_covered_by_nothing(floor: Floor) -> None:
    """It settles in cash on its own day."""
    calendar = (f"sell_to_open 1 {INDEX_CALL}", f"buy_to_open 1 {NEXT_INDEX_CALL}")

    reason, facts = refusal(floor, an_order(*calendar, net="30.50", account=IRA))

    assert (reason, facts["needed"]) == (Reason.OPTION_LEVEL_TOO_LOW, "naked")


def test_an_ira_neither_borrows_nor_sells_short(floor: Floor) -> None:
    short = refusal(floor, an_order("sell 1 AAPL", net="-199.90", account=IRA))
    borrowed = refusal(floor, an_order("buy 501 AAPL", net="200.10", account=IRA))

    assert short[1]["rule"] == "no_short_shares_in_an_ira"
    assert borrowed[0] is Reason.INSUFFICIENT_BUYING_POWER


def test_assigned_short_shares_claim_what_they_cost_where_nothing_is_lent(floor: Floor) -> None:
    """They come about by assignment only; the proceeds are not there to be spent."""
    account = floor.account(IRA)
    screen = look(floor.market, power.priced_by({an_order("buy 1 AAPL").legs[0].symbol: 1}), NOON)
    held = {an_order("buy 1 AAPL").legs[0].symbol: -100}

    claim = power.claim_of(held, account, screen)

    assert claim == power.Claim(initial=Decimal(20_000), maintenance=Decimal(20_000))


# Long options of long life


def test_a_quarter_of_a_long_lived_option_is_lent_on_margin_alone(floor: Floor) -> None:
    for account, part in ((MARGIN, Decimal("0.75")), (CASH, Decimal(1)), (IRA, Decimal(1))):
        order = floor.place(an_order(f"buy_to_open 2 {LEAPS}", net="30.40", account=account))

        spent = Decimal(100_000) - free(floor, account) - (order.fees or 0)
        assert spent == 6_080 - (1 - part) * 6_040


def test_a_long_lived_option_nobody_quotes_lends_nothing(floor: Floor) -> None:
    floor.place(an_order(f"buy_to_open 2 {LEAPS}", net="30.40"))
    cash = floor.account().cash
    floor.quote(LEAPS, None, None)

    assert free(floor, MARGIN) == cash


def test_shares_on_margin_without_a_price_claim_nobody_knows_what(floor: Floor) -> None:
    floor.place(an_order("buy 100 AAPL", net="200.10"))
    held = floor.account().quantities
    floor.quote("AAPL", None, None)

    assert power.claim_of(held, floor.account(), look(floor.market, held, NOON)) is None


def test_a_protective_put_lowers_what_must_be_kept_and_not_what_must_be_paid(floor: Floor) -> None:
    """Half of the shares is the Federal Reserve's rule, whatever protects them."""
    floor.place(an_order("buy 100 AAPL", net="200.10"))
    floor.place(an_order(f"buy_to_open 1 {FAR_PUT}", net="2.10"))
    account = floor.account()
    held = account.quantities

    claim = power.claim_of(held, account, look(floor.market, power.priced_by(held), NOON))

    assert claim == power.Claim(
        initial=Decimal(10_000), maintenance=Decimal(2_900), worth=Decimal(20_000)
    )
