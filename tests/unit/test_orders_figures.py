"""The figures of an order, by hand: several contracts, shares, expirations, and missing sides."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.orders import Action, Leg, OrderRequest
from strikedesk.domain.quotes import Feed, Quote
from strikedesk.domain.symbols import Symbol, parse_symbol
from strikedesk.orders.figures import Bound, Figures, figures_of, quote_age_s
from tests.builders import NOON, a_leg, an_order

NEAR_95, NEAR_100 = "AAPL261218C00095000", "AAPL261218C00100000"
FAR_100, FAR_105 = "AAPL270115C00100000", "AAPL270115C00105000"


def quoted(**asks: str) -> dict[Symbol, Quote]:
    """Return quotes a dime wide, by their asks, two seconds old."""
    return {parse_symbol(name): a_quote(name, ask) for name, ask in asks.items()}


def a_quote(name: str, ask: str) -> Quote:
    return Quote(
        symbol=parse_symbol(name),
        at=NOON - timedelta(seconds=2),
        feed=Feed.SIMULATED,
        bid=Decimal(ask) - Decimal("0.10"),
        ask=Decimal(ask),
    )


def figured(order: OrderRequest, quotes: Mapping[Symbol, Quote]) -> Figures:
    return figures_of(order, quotes, [[]], NOON)


def sold(symbol: str, quantity: int = 1) -> Leg:
    return a_leg(symbol, Action.SELL_TO_OPEN, quantity)


@pytest.mark.parametrize(
    ("legs", "net", "notional"),
    [
        # Three contracts at the offer of 4.00.
        ((a_leg(NEAR_100, quantity=3),), "4.00", "1200"),
        # Two spreads: what is bought at 4.00 and what is sold at 1.90, neither against the other.
        ((a_leg(NEAR_100, quantity=2), sold("AAPL261218C00105000", 2)), "2.10", "1180"),
        # A share is one share.
        ((a_leg("AAPL", Action.BUY, 7),), "100.00", "700"),
        # A price above the offer moves more cash than the offer is worth.
        ((a_leg(NEAR_100, quantity=3),), "5.00", "1500"),
    ],
)
def test_the_notional_is_every_leg_at_the_price_it_meets(
    legs: tuple[Leg, ...], net: str, notional: str
) -> None:
    """So that a limit on it is passed neither by several contracts nor by what is sold."""
    quotes = quoted(**{NEAR_100: "4.00", "AAPL261218C00105000": "2.00", "AAPL": "100.00"})

    assert figured(an_order(*legs, net=net), quotes).notional == Decimal(notional)


@pytest.mark.parametrize(
    ("legs", "net", "worst"),
    [
        # The longer call is worth at least what the nearer one owes: what was paid can be lost.
        ((sold(NEAR_100), a_leg(FAR_100)), "1.20", Decimal(120)),
        # A strike further out owes 500 more, of which 200 were taken in.
        ((sold(NEAR_100), a_leg(FAR_105)), "-2.00", Decimal(300)),
        # Taken in more than can be owed: nothing is lost, and less than nothing is none either.
        ((sold(NEAR_100), a_leg(FAR_105)), "-6.00", Decimal(0)),
        # What ends first stands behind nothing afterwards.
        ((a_leg(NEAR_95), sold(FAR_100)), "1.20", "unlimited"),
    ],
)
def test_of_several_expirations_the_worst_is_told_and_nothing_else(
    legs: tuple[Leg, ...], net: str, worst: Bound
) -> None:
    quotes = quoted(**{NEAR_95: "7.00", NEAR_100: "4.00", FAR_100: "5.20", FAR_105: "2.00"})

    found = figured(an_order(*legs, net=net), quotes)

    assert (found.max_loss, found.max_profit, found.break_evens) == (worst, None, ())


def test_a_leg_stands_beside_its_own_quote() -> None:
    bought, written = a_leg(NEAR_95), sold(NEAR_100)
    quotes = quoted(**{NEAR_95: "7.00", NEAR_100: "4.00"})

    found = figured(an_order(bought, written), quotes)

    assert [(each.leg, each.quote, each.age_s) for each in found.legs] == [
        (leg, quotes[leg.symbol], Decimal(2)) for leg in (bought, written)
    ]
    assert found.quote_age_s == 2


def test_without_one_legs_quote_its_age_is_unknown_and_so_is_the_orders() -> None:
    """An age that is not known is no small one."""
    found = figured(an_order(a_leg(NEAR_95), sold(NEAR_100)), quoted(**{NEAR_95: "7.00"}))

    assert [each.age_s for each in found.legs] == [Decimal(2), None]
    assert (found.quote_age_s, found.notional, found.natural_net) == (None, None, None)


def test_an_age_is_counted_in_milliseconds() -> None:
    quote = a_quote(NEAR_100, "4.00")

    def aged(microseconds: int) -> Decimal:
        return quote_age_s(quote, NOON + timedelta(microseconds=microseconds), closed=False)

    assert (aged(340), aged(760)) == (Decimal("2.0"), Decimal("2.001"))


def test_a_quote_of_this_very_instant_in_a_closed_market_has_no_age() -> None:
    """It is not from the future, and newer than the last close."""
    night = NOON + timedelta(hours=10)
    quote = Quote(symbol=parse_symbol("AAPL"), at=night, feed=Feed.SIMULATED)

    assert quote_age_s(quote, night, closed=True) == 0
