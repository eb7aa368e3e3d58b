"""What an account was worth at each close, told from its book."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from strikedesk.domain.calendar import Session, sessions_between
from strikedesk.domain.events import Dividend
from strikedesk.exchange.equity import EquityDay, equity_by_day
from tests.unit.exchange_floor import CALL, Floor, an_order

FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)
SESSIONS = sessions_between(date(2026, 11, 19), MONDAY)


def worth(floor: Floor, sessions: Sequence[Session] = SESSIONS) -> list[EquityDay]:
    due = floor.account().receivables
    return list(equity_by_day(floor.lines(), due, floor.market, sessions))


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


def a_dividend(amount: str, ex: date, paid: date) -> Dividend:
    return Dividend(underlying="AAPL", day=ex, pay_day=paid, amount=Decimal(amount))


@pytest.mark.parametrize(
    ("words", "net", "sign"),
    [("buy 100 AAPL", "200.10", 1), ("sell_to_open 100 AAPL", "-199.90", -1)],
)
@pytest.mark.parametrize("until", [date(2026, 11, 30), date(2026, 12, 4), date(2026, 12, 11)])
def test_a_dividend_counts_from_the_day_on_which_it_goes_ex(
    words: str, net: str, sign: int, until: date
) -> None:
    """Whether it has been paid since or not: a past day comes out the same whenever it is asked.

    Two are due at once at the end of November; who is short owes them.
    """
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10", size=1_000)
    floor.market.scheduled = (
        a_dividend("0.26", date(2026, 11, 24), date(2026, 12, 3)),
        a_dividend("1.00", date(2026, 11, 25), date(2026, 12, 10)),
    )
    floor.place(an_order(words, net=net))
    cash = floor.account().cash
    floor.to(datetime(until.year, until.month, until.day, 22, tzinfo=UTC))

    days = worth(floor, sessions_between(MONDAY, date(2026, 11, 30)))

    assert {day.cash for day in days} == {cash}
    assert [sign * (day.value - cash) - 20_000 for day in days if day.value is not None] == [
        0,
        26,
        126,
        126,
        126,
    ]
