"""What is told of each leg: dividends of a day are one, and what is past is none."""

from datetime import date
from decimal import Decimal

from strikedesk.domain.events import Dividend
from strikedesk.portfolio.numeric_legs import cash_ahead
from tests.builders import NOON


def a_dividend(day: date, amount: str) -> Dividend:
    return Dividend(underlying="AAPL", day=day, pay_day=day, amount=Decimal(amount))


def test_a_special_dividend_beside_the_usual_one_is_paid_with_it() -> None:
    """Two on one ex-date would have been a crash."""
    today, soon = date(2026, 11, 20), date(2026, 11, 30)

    found = cash_ahead(
        [
            a_dividend(today, "9.00"),  # Whoever buys today does not get it.
            a_dividend(soon, "0.26"),
            a_dividend(soon, "1.00"),
            a_dividend(date(2026, 12, 1), "0.00"),
        ],
        NOON,
    )

    assert found.years.tolist() == [10 / 365]
    assert found.amounts.tolist() == [1.26]
