"""Regulation T by itself: by hand, from the rules that the margin page names."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.margin import Bound
from strikedesk.domain.symbols import Symbol, parse_symbol
from strikedesk.exchange.reg_t import bound_alone

TODAY = date(2026, 11, 20)
NEAR, FAR, LONG_LIVED = "2026-12-18", "2027-01-15", "2027-12-17"


def bound(
    positions: Mapping[str, tuple[int, str]], *, spot: str | None = "100", index: bool = False
) -> Bound | None:
    """Return what positions bind; by symbol as it is said, how many at which price."""
    holdings: dict[Symbol, int] = {parse_symbol(name): n for name, (n, _) in positions.items()}
    prices = {parse_symbol(name): Decimal(price) for name, (_, price) in positions.items()}
    if spot is not None:
        prices |= {parse_symbol(next(iter(holdings)).underlying): Decimal(spot)}
    return bound_alone(holdings, prices, on=TODAY, settles_in_cash=index)


@pytest.mark.parametrize(
    ("positions", "requirement", "taken"),
    [
        # A long is paid for, and asks for nothing.
        ({f"XYZ {NEAR} 100 C": (2, "3.00")}, "0", "600"),
        # Of one that lives for more than nine months a quarter is lent: 75 % of 3,000.
        ({f"XYZ {LONG_LIVED} 100 C": (2, "15.00")}, "2250", "2250"),
        # A spread: its width, 500, less a credit of 150.
        ({f"XYZ {NEAR} 95 P": (-1, "2.00"), f"XYZ {NEAR} 90 P": (1, "0.50")}, "500", "350"),
        # A naked put: 20 % of 100, less 5 out of the money, and the premium that was taken in.
        ({f"XYZ {NEAR} 95 P": (-1, "2.00")}, "1700", "1500"),
        # A strangle: the dearer side, 20 % less 4, its premium, and that of the other.
        (
            {f"XYZ {NEAR} 94 P": (-1, "2.00"), f"XYZ {NEAR} 104 C": (-1, "1.00")},
            "1900",
            "1600",
        ),
        # Half of a hundred shares, less the premium of the call that they cover.
        ({"XYZ": (100, "100"), f"XYZ {NEAR} 105 C": (-1, "1.00")}, "5000", "4900"),
        # A calendar: its longer side covers, and is paid for.
        ({f"XYZ {NEAR} 100 C": (-1, "3.00"), f"XYZ {FAR} 100 C": (1, "4.00")}, "0", "100"),
    ],
)
def test_a_strategy_alone_binds_what_the_rules_say(
    positions: dict[str, tuple[int, str]], requirement: str, taken: str
) -> None:
    assert bound(positions) == Bound(requirement=Decimal(requirement), taken=Decimal(taken))


def test_what_settles_in_cash_lends_no_cover_across_days() -> None:
    """The short call is naked: 20 % of 100 and its premium; the longer one is paid for besides."""
    calendar = {f"XYZ {NEAR} 100 C": (-1, "3.00"), f"XYZ {FAR} 100 C": (1, "4.00")}

    assert bound(calendar, index=True) == Bound(
        requirement=Decimal(2300), taken=Decimal(2100) + 300
    )


def test_a_broad_index_lends_none_either_however_it_is_exercised() -> None:
    """OEX is American, and settles in cash all the same; it asks for 25 %."""
    calendar = {f"OEX {NEAR} 100 C": (-1, "3.00"), f"OEX {FAR} 100 C": (1, "4.00")}

    assert bound(calendar) == Bound(requirement=Decimal(2800), taken=Decimal(2900))


@pytest.mark.parametrize("right", ["C", "P"])
def test_a_naked_short_without_the_underlyings_price_binds_nobody_knows_what(right: str) -> None:
    found = bound({f"XYZ {NEAR} 100 {right}": (-1, "3.00")}, spot=None)

    assert (
        found is None
        if right == "C"
        else found == Bound(requirement=Decimal(10_000), taken=Decimal(9_700))
    )


def test_without_the_price_of_a_leg_nothing_is_known() -> None:
    call = parse_symbol(f"XYZ {NEAR} 100 C")

    assert bound_alone({call: 1}, {}, on=TODAY, settles_in_cash=False) is None


@given(
    lower=st.integers(50, 99),
    width=st.integers(1, 50),
    credit=st.decimals("0.01", "0.99", places=2),
    count=st.integers(1, 20),
)
def test_a_credit_spread_binds_its_greatest_loss_to_the_cent(
    lower: int, width: int, credit: Decimal, count: int
) -> None:
    """Law: width less credit, unless a naked short would ask for less."""
    short, long = f"XYZ {NEAR} {lower + width} P", f"XYZ {NEAR} {lower} P"
    spot = str(lower + width)  # At the money a naked put asks for a fifth and its premium.

    found = bound({short: (-count, str(credit + 1)), long: (count, "1.00")}, spot=spot)

    assert found is not None
    loss = (width - credit) * 100 * count
    naked = (Decimal("0.2") * (lower + width) + 1) * 100 * count
    assert found.taken == min(loss, naked)
