"""Dividends: owed to whoever holds shares when the ex-day opens, paid on the day that was named."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.accounts import TransactionKind
from strikedesk.domain.events import Dividend
from strikedesk.domain.orders import TimeInForce
from tests.unit.exchange_floor import CASH, MARGIN, Floor, an_order

EX_DAY, PAY_DAY = date(2026, 11, 24), date(2026, 12, 5)
EX_OPENING = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
PAID_AT = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)  # The fifth is a Saturday.


def a_dividend(amount: str = "0.26", day: date = EX_DAY, pay_day: date = PAY_DAY) -> Dividend:
    return Dividend(underlying="AAPL", day=day, pay_day=pay_day, amount=Decimal(amount))


@pytest.fixture
def floor() -> Floor:
    floor = Floor()
    floor.market.scheduled = (a_dividend(),)
    floor.quote("AAPL", "199.90", "200.10", size=1_000)
    return floor


def test_a_holder_is_owed_on_the_ex_day_and_paid_on_the_pay_day(floor: Floor) -> None:
    """What nobody has paid yet is no cash, and is part of what the account is worth."""
    floor.place(an_order("buy 100 AAPL", net="200.10"))
    cash = floor.account().cash

    floor.to(EX_OPENING)
    assert (floor.account().cash, floor.account().accrued) == (cash, Decimal("26.00"))
    floor.to(PAID_AT)

    account = floor.account()
    assert (account.cash, account.accrued) == (cash + 26, 0)
    assert (account.dividends, account.realized, account.imbalance) == (26, 0, 0)


def test_the_book_tells_both_days(floor: Floor) -> None:
    floor.place(an_order("buy 100 AAPL", net="200.10"))

    floor.to(PAID_AT)

    assert [(line.at, line.kind, line.cash_effect) for line in floor.lines()[-2:]] == [
        (EX_OPENING, TransactionKind.DIVIDEND, 0),
        (PAID_AT, TransactionKind.DIVIDEND, 26),
    ]
    assert [line.description for line in floor.lines()[-2:]] == [
        "Dividend 0.26 a share on 100 AAPL, 26.00 USD, to be paid on 2026-12-05",
        "Dividend 0.26 a share on 100 AAPL, 26.00 USD of 2026-11-24: received",
    ]


def test_who_sells_on_the_ex_day_keeps_the_dividend(floor: Floor) -> None:
    floor.place(an_order("buy 100 AAPL", net="200.10"))
    floor.to(EX_OPENING)
    floor.place(an_order("sell 100 AAPL", net="-199.90"))

    floor.to(PAID_AT)

    assert floor.account().dividends == 26


def test_who_buys_on_the_ex_day_gets_none(floor: Floor) -> None:
    """Not even an order that was waiting and fills with the first trade of the day."""
    floor.to(EX_OPENING - timedelta(hours=1))
    floor.place(an_order("buy 100 AAPL", net="200.10", tif=TimeInForce.GTC))

    floor.to(PAID_AT)

    assert floor.held() == {"AAPL": 100}
    assert floor.account().dividends == 0


def test_a_short_pays_the_lender(floor: Floor) -> None:
    floor.place(an_order("sell 100 AAPL", net="-199.90"))
    cash = floor.account().cash

    floor.to(PAID_AT)

    assert (floor.account().cash, floor.account().dividends) == (cash - 26, -26)
    assert floor.account().imbalance == 0
    assert floor.lines()[-1].description == (
        "Dividend 0.26 a share on 100 short AAPL, 26.00 USD of 2026-11-24: paid to the lender"
    )


def test_accounts_are_paid_apart(floor: Floor) -> None:
    floor.place(an_order("buy 100 AAPL", net="200.10"))
    floor.place(an_order("buy 10 AAPL", net="200.10", account=CASH))

    floor.to(PAID_AT)

    assert floor.account(MARGIN).dividends == 26
    assert floor.account(CASH).dividends == Decimal("2.60")


def test_a_dividend_of_a_closed_day_goes_ex_on_the_next_session(floor: Floor) -> None:
    floor.market.scheduled = (a_dividend(day=date(2026, 11, 22)),)
    floor.place(an_order("buy 100 AAPL", net="200.10"))

    floor.to(datetime(2026, 11, 23, 14, 30, tzinfo=UTC))

    assert floor.account().accrued == 26


def test_what_is_paid_on_its_ex_day_is_paid_that_morning(floor: Floor) -> None:
    floor.market.scheduled = (a_dividend(pay_day=EX_DAY),)
    floor.place(an_order("buy 100 AAPL", net="200.10"))

    floor.to(EX_OPENING)

    assert (floor.account().dividends, floor.account().accrued) == (26, 0)


def test_a_receivable_alone_keeps_the_world_awake(floor: Floor) -> None:
    """The account is empty; its dividend must still arrive, and a read must know that it is due."""
    floor.place(an_order("buy 100 AAPL", net="200.10"))
    floor.to(EX_OPENING)
    floor.place(an_order("sell 100 AAPL", net="-199.90"))
    floor.to(PAID_AT - timedelta(minutes=1))

    assert floor.held() == {}
    assert floor.is_due(PAID_AT)
    floor.to(PAID_AT)
    assert floor.account().receivables == ()
