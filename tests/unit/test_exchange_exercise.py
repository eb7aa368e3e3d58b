"""Exercise before the end: a holder's right, within what the account can deliver and carry."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from strikedesk.domain.errors import Denied, Rejected
from strikedesk.domain.orders import TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import parse_option
from strikedesk.exchange.exercise import exercise
from tests.builders import NOON
from tests.fakes.market import ScriptedMarket
from tests.unit.exchange_floor import CALL, CASH, MARGIN, PUT, Floor, an_order

INDEX_CALL = "SPXW261218C05000000"


@pytest.fixture
def floor() -> Floor:
    """AAPL at 210: the 200 call is in the money, the 200 put is not."""
    floor = Floor(market=ScriptedMarket(indices=frozenset({"SPX"})))
    floor.quote("AAPL", "209.90", "210.10", size=1_000)
    floor.market.tell("SPX", None, None, last="5100")
    floor.quote(CALL, "10.00", "10.20")
    floor.quote(PUT, "0.10", "0.12")
    floor.quote(INDEX_CALL, "100.00", "101.00")
    return floor


def use(floor: Floor, symbol: str, quantity: int = 1, account: str = MARGIN) -> None:
    at = floor.world.advanced_to
    contract = parse_option(symbol)
    exercise(floor.world, floor.market, at, account, contract=contract, quantity=quantity)


def refused(floor: Floor, symbol: str, quantity: int = 1, account: str = MARGIN) -> Rejected:
    """Return why an exercise is refused, having changed nothing."""
    before = floor.account(account), len(floor.lines(account))
    with pytest.raises(Rejected) as rejected:
        use(floor, symbol, quantity, account)
    assert (floor.account(account), len(floor.lines(account))) == before
    return rejected.value


def test_a_call_becomes_shares_at_its_strike(floor: Floor) -> None:
    floor.place(an_order(f"buy_to_open 3 {CALL}", net="10.20"))
    cash = floor.account().cash

    use(floor, CALL, 2)

    assert floor.held() == {CALL: 1, "AAPL": 200}
    assert floor.account().cash == cash - 40_000 - 5
    assert floor.account().imbalance == 0
    assert [line.description for line in floor.lines()[-2:]] == [
        "Exercised 2 AAPL 2026-12-18 200 call, before it expires, AAPL at 210.00",
        "Received 200 AAPL for AAPL 2026-12-18 200 call",
    ]
    assert sum(line.realized or 0 for line in floor.lines()) == floor.account().realized == -2_040


def test_a_put_gives_its_shares(floor: Floor) -> None:
    floor.place(an_order("buy 100 AAPL", net="210.10"))
    floor.place(an_order(f"buy_to_open 1 {PUT}", net="0.12"))
    floor.later("AAPL", "189.90", "190.10")

    use(floor, PUT)

    assert floor.held() == {}
    assert floor.account().realized == Decimal("-1010.00") - 12


def test_only_what_is_in_the_money(floor: Floor) -> None:
    floor.place(an_order(f"buy_to_open 1 {PUT}", net="0.12"))

    assert refused(floor, PUT).facts["rule"] == "only_what_is_in_the_money_is_exercised"


def test_only_what_is_held_and_promised_to_no_order(floor: Floor) -> None:
    floor.place(an_order(f"buy_to_open 3 {CALL}", net="10.20"))
    floor.place(an_order(f"sell_to_close 2 {CALL}", net="-99.00", tif=TimeInForce.GTC))

    refusal = refused(floor, CALL, 2)

    assert refusal.reason is Reason.CLOSE_EXCEEDS_POSITION
    use(floor, CALL, 1)
    assert floor.held() == {CALL: 2, "AAPL": 100}


def test_a_short_option_is_not_its_writers_to_exercise(floor: Floor) -> None:
    floor.place(an_order(f"sell_to_open 1 {CALL}", net="-10.00"))

    assert refused(floor, CALL).reason is Reason.CLOSE_EXCEEDS_POSITION


def test_a_european_contract_waits_for_its_end(floor: Floor) -> None:
    floor.place(an_order(f"buy_to_open 1 {INDEX_CALL}", net="101.00"))

    assert refused(floor, INDEX_CALL).facts["rule"] == "a_european_contract_waits_for_its_end"


def test_after_its_last_trade_a_contract_only_settles(floor: Floor) -> None:
    floor.place(an_order(f"buy_to_open 1 {CALL}", net="10.20"))
    floor.to(datetime(2026, 12, 18, 21, 0, tzinfo=UTC))

    assert refused(floor, CALL).reason is Reason.CONTRACT_ENDED


def test_until_its_last_second_it_can_be_exercised(floor: Floor) -> None:
    floor.place(an_order(f"buy_to_open 1 {CALL}", net="10.20"))
    floor.to(datetime(2026, 12, 18, 20, 59, 59, tzinfo=UTC))

    use(floor, CALL)

    assert floor.held() == {"AAPL": 100}


@pytest.mark.parametrize(
    "closed",
    [datetime(2026, 11, 20, 21, 0, tzinfo=UTC), datetime(2026, 11, 23, 14, 29, 59, tzinfo=UTC)],
    ids=["at the close", "a second before the opening"],
)
def test_nothing_is_exercised_while_the_market_is_closed(floor: Floor, closed: datetime) -> None:
    """Overnight nobody knows what the shares are worth, and the books of the day are made."""
    floor.place(an_order(f"buy_to_open 1 {CALL}", net="10.20"))
    floor.to(closed)

    assert refused(floor, CALL).reason is Reason.MARKET_CLOSED


def test_a_cash_account_needs_the_cash(floor: Floor) -> None:
    floor.place(an_order(f"buy_to_open 6 {CALL}", net="10.20", account=CASH))

    refusal = refused(floor, CALL, 6, CASH)

    assert refusal.reason is Reason.INSUFFICIENT_BUYING_POWER
    use(floor, CALL, 4, CASH)
    assert floor.held(CASH) == {CALL: 2, "AAPL": 400}


def test_a_margin_account_must_carry_what_it_becomes(floor: Floor) -> None:
    """Half of 420,000 dollars is more than there is."""
    floor.place(an_order(f"buy_to_open 20 {CALL}", net="10.20"))

    assert refused(floor, CALL, 20).reason is Reason.INSUFFICIENT_BUYING_POWER


def test_without_a_price_of_the_shares_nothing_is_exercised(floor: Floor) -> None:
    floor.place(an_order(f"buy_to_open 1 {CALL}", net="10.20"))
    floor.market.tell("AAPL", None, None, at=NOON)

    assert refused(floor, CALL).facts["check"] == "price_of_the_underlying"


def test_without_a_price_of_something_else_it_is_not_known_what_can_be_carried(
    floor: Floor,
) -> None:
    floor.quote("MSFT", "400.00", "400.10")
    floor.place(an_order("buy 10 MSFT", net="400.10"))
    floor.place(an_order(f"buy_to_open 1 {CALL}", net="10.20"))
    floor.market.tell("MSFT", None, None, at=NOON)

    assert refused(floor, CALL).facts["check"] == "buying_power"


def test_an_account_or_a_quantity_that_is_none_is_denied(floor: Floor) -> None:
    for account, quantity in (("nobody", 1), (MARGIN, 0)):
        with pytest.raises(Denied):
            use(floor, CALL, quantity, account)
