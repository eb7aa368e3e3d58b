"""What an account was worth at each close, told from its book."""

from datetime import date, datetime
from decimal import Decimal

from strikedesk.domain.calendar import sessions_between
from strikedesk.exchange.equity import EquityDay, equity_by_day
from tests.unit.exchange_floor import CALL, Floor, an_order

FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)
SESSIONS = sessions_between(date(2026, 11, 19), MONDAY)


def worth(floor: Floor) -> list[EquityDay]:
    return list(equity_by_day(floor.lines(), floor.market, SESSIONS))


def floor_with_a_call() -> Floor:
    """Return a floor on which a call was bought at 2.00 on Friday, fees of 1.14 or so."""
    floor = Floor()
    floor.quote("AAPL", "200.00", "200.10")
    floor.quote(CALL, "1.90", "2.00")
    floor.place(an_order(f"buy_to_open 1 {CALL}", net="2.00"))
    return floor


def test_a_day_counts_cash_and_what_is_held_at_the_mark_of_its_close() -> None:
    """The close before the account was opened knows nothing of it; after it, marks move it."""
    floor = floor_with_a_call()
    (fill,) = [line for line in floor.lines() if line.symbol is not None]
    floor.market.tell(CALL, "2.40", "2.60", at=datetime.fromisoformat("2026-11-23T20:00:00+00:00"))

    cash = Decimal(100_000) + fill.cash_effect
    assert worth(floor) == [
        EquityDay(day=date(2026, 11, 19), cash=Decimal(0), value=Decimal(0)),
        EquityDay(day=FRIDAY, cash=cash, value=cash + Decimal(195)),
        EquityDay(day=MONDAY, cash=cash, value=cash + Decimal(250)),
    ]


def test_a_day_on_which_nobody_quoted_what_was_held_is_unknown() -> None:
    """A guess in an equity curve looks like a result."""
    floor = floor_with_a_call()
    floor.market.tell(CALL, None, None, at=datetime.fromisoformat("2026-11-23T20:00:00+00:00"))

    assert [day.value is None for day in worth(floor)] == [False, False, True]


def test_what_was_sold_again_is_cash() -> None:
    """Nothing held needs no quote."""
    floor = floor_with_a_call()
    floor.place(an_order(f"sell_to_close 1 {CALL}", net="-1.90"))

    friday = worth(floor)[1]
    assert friday.value == friday.cash == floor.account().cash
