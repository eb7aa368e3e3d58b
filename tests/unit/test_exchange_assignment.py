"""Early assignment: when the other side gains by it, and never otherwise."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.accounts import TransactionKind
from strikedesk.domain.events import Dividend
from strikedesk.domain.symbols import parse_option
from strikedesk.domain.terms import ExerciseStyle, Terms
from strikedesk.exchange.world import Frame, open_world
from tests.builders import NOON
from tests.unit.exchange_floor import CALL, CASH, FAR_CALL, MARGIN, PUT, SPECS, Floor, an_order

EX_DAY = date(2026, 11, 24)
EX_OPENING = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
MONDAY_OPENING = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


def a_dividend(amount: str, day: date = EX_DAY) -> Dividend:
    return Dividend(underlying="AAPL", day=day, pay_day=date(2026, 12, 7), amount=Decimal(amount))


def a_floor(spot: int, *, call: str, put: str, tag: str = "w") -> Floor:
    """Return a floor with AAPL at `spot` and these bids, a few cents below what is asked."""
    frame = Frame(name="floor", tag=tag, opened_at=NOON)
    floor = Floor(world=open_world(frame, SPECS))
    floor.quote("AAPL", f"{spot - 1}.95", f"{spot}.05", size=1_000)
    for symbol, bid in ((CALL, call), (PUT, put)):
        floor.quote(symbol, bid, str(Decimal(bid) + Decimal("0.02")))
    return floor


@pytest.fixture
def deep_call() -> Floor:
    """The 200 call 30 dollars in the money, written at 30.00; its put is worth three cents."""
    floor = a_floor(230, call="30.00", put="0.02")
    floor.place(an_order(f"sell_to_open 1 {CALL}", net="-30.00"))
    return floor


@pytest.fixture
def deep_put() -> Floor:
    """The 200 put 50 dollars in the money, written at 50.00; its call is worth two cents."""
    floor = a_floor(150, call="0.01", put="50.00")
    floor.place(an_order(f"sell_to_open 1 {PUT}", net="-50.00"))
    return floor


def test_a_deep_short_call_is_assigned_before_a_dividend(deep_call: Floor) -> None:
    """A dollar is more than the put's three cents and 53 cents of interest until December."""
    deep_call.market.scheduled = (a_dividend("1.00"),)

    deep_call.to(EX_OPENING - timedelta(minutes=1))
    assert deep_call.held() == {CALL: -1}
    deep_call.to(EX_OPENING)

    assert deep_call.held() == {"AAPL": -100}
    assert [line.kind for line in deep_call.lines()[-3:]] == [
        TransactionKind.ASSIGNMENT,
        TransactionKind.ASSIGNMENT,
        TransactionKind.DIVIDEND,
    ]


def test_the_assigned_learn_of_it_in_the_morning(deep_call: Floor) -> None:
    """And who was to deliver shares that it did not have owes their dividend at once."""
    deep_call.market.scheduled = (a_dividend("1.00"),)

    deep_call.to(EX_OPENING)

    assert [(line.at, line.description) for line in deep_call.lines()[-3:]] == [
        (
            EX_OPENING,
            "Assigned on 1 AAPL 2026-12-18 200 call, before it expires, AAPL at 230.00",
        ),
        (EX_OPENING, "Delivered 100 AAPL for AAPL 2026-12-18 200 call"),
        (
            EX_OPENING,
            "Dividend 1.00 a share on 100 short AAPL, 100.00 USD, to be paid on 2026-12-07",
        ),
    ]
    assert deep_call.account().accrued == -100


def test_covered_shares_are_called_away_without_their_dividend() -> None:
    floor = a_floor(230, call="30.00", put="0.02")
    floor.market.scheduled = (a_dividend("1.00"),)
    floor.place(an_order("buy 100 AAPL", f"sell_to_open 1 {CALL}", net="201.00", account=CASH))

    floor.to(EX_OPENING)

    assert (floor.held(CASH), floor.account(CASH).accrued) == ({}, 0)
    assert floor.account(CASH).imbalance == 0


@pytest.mark.parametrize("dividend", ["0.30", "0.55"])
def test_a_dividend_of_less_than_is_given_up_assigns_nobody(
    deep_call: Floor, dividend: str
) -> None:
    deep_call.market.scheduled = (a_dividend(dividend),)

    deep_call.to(EX_OPENING)

    assert deep_call.held() == {CALL: -1}


def test_without_a_dividend_a_call_is_worth_more_alive(deep_call: Floor) -> None:
    deep_call.to(EX_OPENING)

    assert deep_call.held() == {CALL: -1}


def test_a_call_that_somebody_pays_more_for_is_sold_and_not_exercised() -> None:
    floor = a_floor(230, call="31.20", put="0.02")
    floor.market.scheduled = (a_dividend("1.00"),)
    floor.place(an_order(f"sell_to_open 1 {CALL}", net="-31.20"))

    floor.to(EX_OPENING)

    assert floor.held() == {CALL: -1}


def test_a_call_out_of_the_money_is_left_alone() -> None:
    floor = a_floor(190, call="0.10", put="0.02")
    floor.market.scheduled = (a_dividend("9.00"),)
    floor.place(an_order(f"sell_to_open 1 {CALL}", net="-0.10"))

    floor.to(EX_OPENING)

    assert floor.held() == {CALL: -1}


def test_a_deep_short_put_is_assigned_for_the_interest(deep_put: Floor) -> None:
    """55 cents on 200 dollars in 25 days are more than the call of the same strike."""
    deep_put.to(MONDAY_OPENING)

    assert deep_put.held() == {"AAPL": 100}
    assert deep_put.account().imbalance == 0


def test_a_dividend_to_come_keeps_a_put_alive(deep_put: Floor) -> None:
    """Its holder waits until the shares have lost it."""
    deep_put.market.scheduled = (a_dividend("1.00", day=date(2026, 12, 10)),)

    deep_put.to(MONDAY_OPENING)

    assert deep_put.held() == {PUT: -1}


def test_a_put_with_time_value_left_is_not_exercised() -> None:
    floor = a_floor(150, call="0.01", put="50.10")
    floor.place(an_order(f"sell_to_open 1 {PUT}", net="-50.10"))

    floor.to(MONDAY_OPENING)

    assert floor.held() == {PUT: -1}


def test_a_long_option_is_its_holders_to_exercise(deep_put: Floor) -> None:
    deep_put.place(an_order(f"buy_to_open 1 {PUT}", net="50.02", account=CASH))

    deep_put.to(MONDAY_OPENING)

    assert deep_put.held(CASH) == {PUT: 1}


def test_a_european_contract_is_never_assigned_early(deep_put: Floor) -> None:
    deep_put.market.promised[parse_option(PUT)] = Terms(style=ExerciseStyle.EUROPEAN)

    deep_put.to(EX_OPENING)

    assert deep_put.held() == {PUT: -1}


def test_a_contract_that_waits_for_its_price_is_not_assigned_early() -> None:
    """It ended on Friday; only at what price is not known yet."""
    floor = Floor()
    ended = "AAPL261120P00200000"
    floor.quote("AAPL", "149.95", "150.05")
    floor.quote(ended, "50.00", "50.02")
    floor.quote("AAPL261120C00200000", "0.01", "0.02")
    floor.place(an_order(f"sell_to_open 1 {ended}", net="-50.00"))

    floor.to(EX_OPENING)

    assert floor.held() == {ended: -1}


@pytest.mark.parametrize("missing", ["AAPL", CALL, PUT])
def test_where_a_price_is_missing_nobody_is_assigned(deep_put: Floor, missing: str) -> None:
    """What nobody can reckon nobody does."""
    deep_put.market.tell(missing, None, None, at=NOON + timedelta(minutes=1))

    deep_put.to(MONDAY_OPENING)

    assert deep_put.held() == {PUT: -1}


def test_what_is_not_quoted_at_all_assigns_nobody() -> None:
    floor = Floor()
    floor.market.scheduled = (a_dividend("9.00"),)
    floor.quote("AAPL", "229.95", "230.05")
    floor.quote(FAR_CALL, "19.00", "19.02")
    floor.place(an_order(f"sell_to_open 1 {FAR_CALL}", net="-19.00"))

    floor.to(EX_OPENING)

    assert floor.held() == {FAR_CALL: -1}


def test_a_small_gain_is_taken_by_some_and_the_world_decides() -> None:
    """Two cents of gain: about two worlds in five, the same ones on every machine."""
    taken = 0
    for number in range(50):
        floor = a_floor(230, call="30.00", put="0.02", tag=f"w{number}")
        floor.market.scheduled = (a_dividend("0.576"),)
        floor.place(an_order(f"sell_to_open 1 {CALL}", net="-30.00"))
        floor.to(EX_OPENING)
        taken += floor.held(MARGIN) != {CALL: -1}

    assert taken == 23
