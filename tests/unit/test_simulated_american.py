"""How far the quick value of early exercise is from the whole right to choose, by a tree."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from strikedesk.domain import calendar
from strikedesk.exchange.simulated.american import values
from strikedesk.exchange.simulated.catalogue import UNDERLYINGS, Underlying
from strikedesk.exchange.simulated.outlook import SECONDS_PER_YEAR, Outlooks
from strikedesk.exchange.simulated.pricing import Book, european
from strikedesk.exchange.simulated.schedule import Schedule
from strikedesk.exchange.simulated.surface import RATE

OUTLOOKS = Outlooks(schedule=Schedule(seed=7))
STEPS = 400


def flat(ticker: str) -> Underlying:
    """Return an underlying with one volatility for all strikes and days: what a tree can price."""
    (known,) = (each for each in UNDERLYINGS if each.ticker == ticker)
    return replace(known, skew=0.0, bend=1e-4, reports=None)


def a_book(underlying: Underlying, *, years: float, moneyness: float, call: bool) -> Book:
    session = calendar.session_on(date(2025, 1, 6))
    assert session is not None
    now = np.array([session.opens_at.timestamp()])
    spot = np.array([float(underlying.start)])
    return Book(
        underlying=underlying,
        outlook=OUTLOOKS.of(underlying, session),
        spot=spot,
        mood=np.ones(1),
        strike=spot * moneyness,
        now=now,
        ends=now + years * SECONDS_PER_YEAR,
        is_call=np.array([call]),
        scale=np.ones(1),
    )


def by_tree(book: Book) -> float:
    """Return the value of an American option in a tree of what the escrow leaves of the price."""
    years, sign = float(book.years[0]), 1.0 if book.is_call[0] else -1.0
    step = years / STEPS
    up = np.exp(book.underlying.volatility * np.sqrt(step))
    chance = (np.exp(RATE * step) - 1.0 / up) / (up - 1.0 / up)
    strike, start = float(book.strike[0]), float(book.spot[0] - escrow(book, 0.0))
    value = np.maximum(sign * (start * up ** np.arange(-STEPS, STEPS + 1.0, 2.0) - strike), 0.0)
    for n in range(STEPS - 1, -1, -1):
        held = np.exp(-RATE * step) * ((1.0 - chance) * value[:-1] + chance * value[1:])
        left = start * up ** np.arange(-n, n + 1.0, 2.0)
        value = np.maximum(held, sign * (left + escrow(book, n * step) - strike))
    return float(value[0])


def escrow(book: Book, years: float) -> float:
    """Return what the dividends after a time in the option's life are worth then."""
    then = book.now + years * SECONDS_PER_YEAR
    return float(book.outlook.escrow(then, book.ends)[0])


@pytest.mark.parametrize("ticker", ["KO", "TLT", "F", "TSLA"])
@pytest.mark.parametrize("call", [True, False])
@pytest.mark.parametrize(("years", "most"), [(0.1, 0.003), (0.5, 0.007), (2.0, 0.023)])
def test_early_exercise_is_worth_nearly_what_a_tree_says(
    ticker: str, call: bool, years: float, most: float
) -> None:
    """A fraction of the spot less, and never more than by the tree's own error."""
    for moneyness in (0.7, 0.85, 1.0, 1.15, 1.3):
        book = a_book(flat(ticker), years=years, moneyness=moneyness, call=call)
        spot = float(book.spot[0])

        missing = (by_tree(book) - float(values(book)[0])) / spot

        assert -0.002 <= missing <= most, (moneyness, missing)


def test_the_right_to_exercise_early_is_worth_something() -> None:
    """Deep calls before a dividend and deep puts are worth more than European ones."""
    call = a_book(flat("F"), years=0.5, moneyness=0.6, call=True)
    put = a_book(flat("KO"), years=1.0, moneyness=1.4, call=False)

    for book in (call, put):
        assert values(book)[0] > european(book)[0] * 1.001


def test_without_dividends_a_call_is_never_exercised_early() -> None:
    book = a_book(flat("TSLA"), years=2.0, moneyness=0.6, call=True)

    assert values(book)[0] == european(book)[0]
