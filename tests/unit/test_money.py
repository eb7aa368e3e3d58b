"""Money and signs: what a caller says in words, the house keeps as one signed number."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.errors import Denied
from strikedesk.domain.money import (
    PRICE_MAX,
    PriceEffect,
    limit_net,
    on_tick,
    price_and_effect,
    to_cents,
)

prices = st.integers(1, 10**10).map(lambda steps: Decimal(steps) / 10_000)


@given(prices, st.sampled_from([PriceEffect.DEBIT, PriceEffect.CREDIT]))
def test_words_to_sign_and_back_changes_nothing(price: Decimal, effect: PriceEffect) -> None:
    """A sign lost on the way turns a credit into a debit."""
    assert price_and_effect(limit_net(price, effect)) == (price, effect)


def test_even_is_zero_and_zero_is_even() -> None:
    assert limit_net(Decimal(0), PriceEffect.EVEN) == 0
    assert price_and_effect(Decimal("-0.00")) == (0, PriceEffect.EVEN)


@pytest.mark.parametrize(
    ("price", "effect"),
    [
        ("-1", PriceEffect.DEBIT),
        ("0", PriceEffect.CREDIT),
        ("1", PriceEffect.EVEN),
        ("NaN", PriceEffect.DEBIT),
        ("Infinity", PriceEffect.DEBIT),
        ("1e400", PriceEffect.DEBIT),
        ("0.00001", PriceEffect.DEBIT),
        (str(PRICE_MAX + 1), PriceEffect.DEBIT),
    ],
)
def test_a_price_that_means_nothing_is_denied(price: str, effect: PriceEffect) -> None:
    with pytest.raises(Denied):
        limit_net(Decimal(price), effect)


def test_cents_round_half_to_even_and_ticks_divide() -> None:
    assert (to_cents(Decimal("0.125")), to_cents(Decimal("0.135"))) == (
        Decimal("0.12"),
        Decimal("0.14"),
    )
    assert on_tick(Decimal("1.25"), Decimal("0.05"))
    assert not on_tick(Decimal("1.26"), Decimal("0.05"))
