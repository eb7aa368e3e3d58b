"""Ends: a contract that is settled in the morning stops trading on the day before."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.errors import Rejected
from strikedesk.domain.orders import TimeInForce
from strikedesk.domain.quotes import Settlement
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import parse_option
from strikedesk.domain.terms import ON_AN_INDEX, ExerciseStyle, Terms
from strikedesk.exchange.ends import settles_at, trades_until
from tests.fakes.market import ScriptedMarket
from tests.unit.exchange_floor import CALL, Floor, an_order

AM_CALL = "SPX261218C05000000"
ON_AN_OPENING = Terms(style=ExerciseStyle.EUROPEAN, settlement=Settlement.AM, in_cash=True)
THURSDAYS_CLOSE = datetime(2026, 12, 17, 21, 0, tzinfo=UTC)
FRIDAYS_OPENING = datetime(2026, 12, 18, 14, 30, tzinfo=UTC)
FRIDAYS_CLOSE = datetime(2026, 12, 18, 21, 0, tzinfo=UTC)


@pytest.fixture
def floor() -> Floor:
    floor = Floor(market=ScriptedMarket(indices=frozenset({"SPX"})))
    floor.market.promised[parse_option(AM_CALL)] = ON_AN_OPENING
    floor.market.tell("SPX", None, None, last="5000")
    floor.market.settle("SPX", date(2026, 12, 18), "5012.34")
    floor.quote(AM_CALL, "6.00", "6.20")
    return floor


@pytest.mark.parametrize(
    ("symbol", "terms", "until", "settled"),
    [
        (AM_CALL, ON_AN_OPENING, THURSDAYS_CLOSE, FRIDAYS_OPENING),
        ("SPXW261218C05000000", ON_AN_INDEX, FRIDAYS_CLOSE, FRIDAYS_CLOSE),
        (CALL, Terms(), FRIDAYS_CLOSE, FRIDAYS_CLOSE),
    ],
)
def test_terms_say_when_trading_ends_and_when_it_is_settled(
    symbol: str, terms: Terms, until: datetime, settled: datetime
) -> None:
    contract = parse_option(symbol)

    assert (trades_until(contract, terms), settles_at(contract, terms)) == (until, settled)


def test_a_morning_contract_of_a_closed_day_counts_as_the_session_before() -> None:
    """Christmas 2026 is a Friday, and the day before closes early."""
    contract = parse_option("SPX261225C05000000")

    assert settles_at(contract, ON_AN_OPENING) == datetime(2026, 12, 24, 14, 30, tzinfo=UTC)
    assert trades_until(contract, ON_AN_OPENING) == datetime(2026, 12, 23, 21, 0, tzinfo=UTC)


def test_a_morning_contract_is_settled_in_cash_at_the_opening(floor: Floor) -> None:
    floor.place(an_order(f"buy_to_open 1 {AM_CALL}", net="6.20"))
    cash = floor.account().cash

    floor.to(FRIDAYS_OPENING - timedelta(seconds=1))
    assert floor.held() == {AM_CALL: 1}
    floor.to(FRIDAYS_OPENING)

    assert floor.held() == {}
    assert floor.account().cash == cash + Decimal("1234.00") - 5
    assert floor.lines()[-1].at == FRIDAYS_OPENING


def test_no_order_for_a_morning_contract_stands_after_the_close_before(floor: Floor) -> None:
    order = floor.place(an_order(f"buy_to_open 1 {AM_CALL}", net="1.00", tif=TimeInForce.GTC))

    floor.to(FRIDAYS_OPENING)

    ended = floor.order(order.broker_order_id)
    assert (ended.state, ended.updated_at) == (OrderState.EXPIRED, THURSDAYS_CLOSE)


def test_a_morning_contract_is_not_taken_on_the_evening_before(floor: Floor) -> None:
    """Its quote may still stand; nobody will ever trade it again."""
    floor.to(THURSDAYS_CLOSE)

    with pytest.raises(Rejected) as rejected:
        floor.place(an_order(f"buy_to_open 1 {AM_CALL}", net="6.20"))

    assert rejected.value.reason is Reason.CONTRACT_ENDED


def test_an_adjusted_contract_can_only_be_closed(floor: Floor) -> None:
    """Margin reckons with a hundred shares behind each contract."""
    odd = "AAPL1261218C00200000"
    floor.quote("AAPL", "199.90", "200.10")
    floor.quote(odd, "6.00", "6.20")
    floor.market.promised[parse_option(odd)] = Terms(shares=150)

    with pytest.raises(Rejected) as rejected:
        floor.place(an_order(f"buy_to_open 1 {odd}", net="6.20"))

    assert rejected.value.facts["rule"] == "an_adjusted_contract_can_only_be_closed"


class Forgetful(ScriptedMarket):
    """A market that quotes contracts and does not say what they promise."""

    def terms(self, contract: object) -> None:
        return None


def test_a_contract_of_unknown_terms_is_not_taken() -> None:
    floor = Floor(market=Forgetful())
    floor.quote("AAPL", "199.90", "200.10")
    floor.quote(CALL, "6.00", "6.20")

    with pytest.raises(Rejected) as rejected:
        floor.place(an_order(f"buy_to_open 1 {CALL}", net="6.20"))

    assert rejected.value.reason is Reason.CONTRACT_NOT_FOUND


def test_a_held_contract_of_unknown_terms_waits(floor: Floor) -> None:
    floor.place(an_order(f"buy_to_open 1 {AM_CALL}", net="6.20"))
    floor.market = Forgetful()

    floor.to(FRIDAYS_CLOSE + timedelta(days=3))

    assert floor.held() == {AM_CALL: 1}
