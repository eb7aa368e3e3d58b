"""The option level that an order needs: what it opens, and what stands behind it."""

from decimal import Decimal
from typing import Literal

import pytest

from strikedesk.domain.accounts import OptionLevel
from strikedesk.domain.orders import Action, Leg
from strikedesk.domain.payoff import Holding
from strikedesk.domain.symbols import parse_symbol
from strikedesk.orders.level import level_needed
from tests.builders import a_leg, an_order

CALL, HIGHER, PUT = "AAPL261218C00200000", "AAPL261218C00210000", "AAPL261218P00190000"
SHORT_CALL, SHORT_PUT = a_leg(CALL, Action.SELL_TO_OPEN), a_leg(PUT, Action.SELL_TO_OPEN)


@pytest.mark.parametrize(
    ("legs", "shares", "risk", "level"),
    [
        ((a_leg(CALL, Action.BUY_TO_CLOSE),), 0, Decimal(0), OptionLevel.NONE),
        ((a_leg(CALL), a_leg(PUT)), 0, Decimal(100), OptionLevel.LONG),
        ((SHORT_PUT,), 0, Decimal(18_880), OptionLevel.COVERED),
        ((SHORT_CALL,), 100, Decimal(0), OptionLevel.COVERED),
        ((SHORT_CALL,), 99, Decimal(0), OptionLevel.SPREADS),
        ((SHORT_CALL, a_leg(HIGHER)), 0, Decimal(880), OptionLevel.SPREADS),
        ((SHORT_CALL,), 0, "unlimited", OptionLevel.NAKED),
    ],
    ids=[
        "closing",
        "long options",
        "a short put, behind which there is cash",
        "a call that shares cover",
        "a call that one share too few covers",
        "a spread",
        "a loss without bound",
    ],
)
def test_an_order_needs_the_level_of_what_it_opens(
    legs: tuple[Leg, ...],
    shares: int,
    risk: Decimal | Literal["unlimited"],
    level: OptionLevel,
) -> None:
    held = [Holding(symbol=parse_symbol("AAPL"), quantity=shares)]

    assert level_needed(an_order(*legs), held, risk) is level
