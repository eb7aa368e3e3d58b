"""What a trade that a scan found binds, and what it returns on that."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from strikedesk.domain.margin import Bound
from strikedesk.domain.orders import Action, Leg
from strikedesk.domain.symbols import EquitySymbol, Symbol, parse_option
from strikedesk.exchange.reg_t import bound_alone
from strikedesk.scan.picks import Pick
from tests.builders import NOON

TODAY = date(2026, 11, 20)
AAPL = EquitySymbol("AAPL")
CALL, PUT = parse_option("AAPL261218C00220000"), parse_option("AAPL261218P00180000")
STRANGLE = Pick(
    underlying=AAPL,
    legs=tuple(Leg(symbol=each, action=Action.SELL_TO_OPEN, quantity=1) for each in (PUT, CALL)),
    score=0.0,
    mid=Decimal("-2.50"),
    natural=Decimal("-2.30"),
    price=Decimal("-2.40"),
    max_profit=Decimal(240),
    max_loss=None,
    exact=True,
    quoted_at=NOON,
    measures={},
    marks={AAPL: Decimal(200), CALL: Decimal("1.50"), PUT: Decimal(1)},
)


def test_a_strangle_binds_its_dearer_side_and_returns_its_credit_on_that() -> None:
    """A fifth of the share less what the call is out of it, and both premiums; less the credit."""
    found = STRANGLE.bound_by(bound_alone, TODAY)

    # FINRA 4210: 20 % of 20,000 less 2,000 out of the money, 2,000; the premiums come in again.
    assert found.margin == 2_000 + 10  # Ten are lost beneath the mids.
    assert found.return_on_capital == Decimal(240) / 2_010


def test_a_trade_of_bounded_loss_returns_on_that_and_asks_no_rule() -> None:
    def never(
        holdings: Mapping[Symbol, int],
        prices: Mapping[Symbol, Decimal],
        *,
        on: date,
        settles_in_cash: bool,
    ) -> Bound | None:
        raise AssertionError(holdings, prices, on, settles_in_cash)

    bounded = replace(STRANGLE, max_loss=Decimal(960)).bound_by(never, TODAY)

    assert (bounded.margin, bounded.return_on_capital) == (None, Decimal("0.25"))


@pytest.mark.parametrize(
    "unknown",
    [
        replace(STRANGLE, marks={CALL: Decimal(1), PUT: Decimal(1)}),
        replace(STRANGLE, max_profit=None),
        replace(STRANGLE, max_loss=Decimal(0)),
    ],
    ids=["no price", "endless profit", "nothing to lose"],
)
def test_what_is_not_known_has_no_return(unknown: Pick) -> None:
    assert unknown.bound_by(bound_alone, TODAY).return_on_capital is None
