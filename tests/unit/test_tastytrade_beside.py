"""Quotes at tastytrade of what the desk does not trade."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from strikedesk.domain.quotes import Feed
from strikedesk.domain.untraded import UntradedName, untraded_name
from strikedesk.domain.untraded_quotes import UntradedQuote
from tests.unit.tastytrade_desk import Desk, a_desk, listed

QUOTES = "/market-data/by-type"
FUTURE = UntradedName("/ESZ6", "future")
OPTION = UntradedName("./ESZ6 ESZ6  261218P6300", "future_option")
COIN = UntradedName("BTC/USD", "cryptocurrency")
TYPES = {FUTURE: "Future", OPTION: "Future Option", COIN: "Cryptocurrency"}


@pytest.fixture
async def desk() -> AsyncGenerator[Desk]:
    async with a_desk() as desk:
        yield desk


def a_quote(name: UntradedName, **more: Any) -> dict[str, Any]:
    plain = {"symbol": name.compact, "instrument-type": TYPES[name]}
    given = {key.replace("_", "-"): value for key, value in more.items()}
    return plain | {"updated-at": "2026-11-20T15:59:00.5Z"} | given


async def test_each_kind_is_asked_for_by_its_own_argument_and_told_as_the_broker_tells_it(
    desk: Desk,
) -> None:
    """Names are singular: another is dropped in silence."""
    full = a_quote(
        FUTURE,
        bid="6800.25",
        bid_size="12.0",
        ask="6800.5",
        ask_size="3.0",
        last="6800.25",
        mark="6800.375",
        prev_close="6790.0",
        volume="1234567.5",
        open_interest="2000000.0",
    )
    desk.answers(QUOTES, listed(a_quote(COIN), a_quote(OPTION, bid="1.5"), full))

    found = await desk.broker.quotes_beside([FUTURE, OPTION, COIN])

    (heard,) = desk.asked(QUOTES)
    assert heard.target == (
        f"{QUOTES}?future-option=.%2FESZ6%20ESZ6%20%20261218P6300"
        "&future=%2FESZ6&cryptocurrency=BTC%2FUSD"
    )
    at = datetime(2026, 11, 20, 15, 59, 0, 500_000, tzinfo=UTC)
    assert found[FUTURE] == UntradedQuote(
        name=FUTURE,
        at=at,
        feed=Feed.SIMULATED,
        bid=Decimal("6800.25"),
        ask=Decimal("6800.5"),
        bid_size=Decimal(12),
        ask_size=Decimal(3),
        last=Decimal("6800.25"),
        mark=Decimal("6800.375"),
        previous_close=Decimal(6790),
        volume=Decimal("1234567.5"),
        open_interest=Decimal(2_000_000),
    )
    assert (found[OPTION].bid, found[OPTION].ask, found[OPTION].mid) == (Decimal("1.5"), None, None)
    assert found[COIN] == UntradedQuote(name=COIN, at=at, feed=Feed.SIMULATED)


async def test_a_future_may_cost_less_than_nothing_and_a_crossed_market_has_no_middle(
    desk: Desk,
) -> None:
    """Oil did, in April 2020: told as unknown it would have looked like no market at all."""
    oil = a_quote(FUTURE, bid="-37.65", ask="-37.60", volume="-1", bid_size="NaN")
    crossed = a_quote(COIN, bid="2.0", ask="1.0", ask_size="0.25")
    desk.answers(QUOTES, listed(oil, crossed))

    found = await desk.broker.quotes_beside([FUTURE, COIN])

    assert (found[FUTURE].mid, found[FUTURE].volume) == (Decimal("-37.625"), None)
    assert (found[FUTURE].bid_size, found[COIN].ask_size) == (None, Decimal("0.25"))
    assert found[COIN].mid is None


async def test_what_was_not_asked_for_or_has_no_time_is_no_answer(desk: Desk) -> None:
    """A share that is called like a coin somewhere must not lend it its price."""
    desk.answers(
        QUOTES,
        listed(
            a_quote(OPTION, bid="1.0"),
            a_quote(COIN, instrument_type="Equity"),
            a_quote(FUTURE, updated_at=None),
            {"symbol": None},
        ),
    )

    assert await desk.broker.quotes_beside([FUTURE, COIN]) == {}


async def test_a_hundred_go_into_a_call_and_none_into_none(desk: Desk) -> None:
    names = [untraded_name(f"/A{n}Z6") for n in range(150)]
    desk.answers(QUOTES, listed())

    await desk.broker.quotes_beside([name for name in names if name is not None])
    await desk.broker.quotes_beside([])

    assert [heard.target.count("future=") for heard in desk.asked(QUOTES)] == [100, 50]
