"""Legs from a few words: which of what is listed is taken, and what is said where nothing is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from strikedesk.domain.errors import Denied
from strikedesk.domain.quotes import ChainRow, Expiration, Settlement
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.market.cache import MemoryCache
from strikedesk.market.room import MarketRoom
from strikedesk.portfolio.from_words import legs_from_words
from tests.builders import NOON
from tests.fakes.data import ScriptedMarket, StepClock, a_quote, an_expiration

TODAY = date(2026, 11, 20)
AAPL = EquitySymbol("AAPL")


def listed(*days: date, root: str = "AAPL") -> list[Expiration]:
    return [an_expiration(day, range(90, 111), today=TODAY, root=root) for day in days]


async def chosen(words: str, ends: Sequence[Expiration], **told: object) -> list[str]:
    """Return the legs as `-1 AAPL261218C00100000`."""
    market = replace(
        ScriptedMarket(spots={"AAPL": Decimal(100)}, listed={"AAPL": tuple(ends)}), **told
    )
    room = MarketRoom(data=market, cache=MemoryCache(market.clock))
    found = await legs_from_words(room, AAPL, words)
    return [f"{leg.signed_quantity:+d} {leg.symbol.compact}" for leg in found]


async def test_the_nearest_days_are_taken_and_only_their_chain_is_read() -> None:
    """A whole chain of an index is thousands of contracts."""
    market = ScriptedMarket(
        spots={"AAPL": Decimal(100)},
        listed={"AAPL": tuple(listed(date(2026, 12, 18), date(2027, 1, 15), date(2027, 3, 19)))},
    )
    room = MarketRoom(data=market, cache=MemoryCache(market.clock))

    legs = await legs_from_words(room, AAPL, "short put calendar, 30/50 DTE, x 2")

    assert [(leg.signed_quantity, leg.symbol.compact) for leg in legs] == [
        (2, "AAPL261218P00100000"),
        (-2, "AAPL270115P00100000"),
    ]
    assert ("chain", "AAPL", "2026-12-18", "2027-01-15") in market.calls
    assert len([call for call in market.calls if call[0] == "chain"]) == 1


async def test_shares_are_bought_and_sold_by_the_hundred() -> None:
    assert await chosen("collar, 30 DTE, 10 wide", listed(date(2026, 12, 18))) == [
        "-1 AAPL261218C00105000",
        "+1 AAPL261218P00095000",
        "+100 AAPL",
    ]
    assert (await chosen("protective call, 30 DTE", listed(date(2026, 12, 18))))[-1] == "-100 AAPL"


async def test_of_two_roots_of_a_day_the_one_that_ends_with_it_is_taken() -> None:
    """The other's last price is made of openings: it ends before it trades."""
    day = date(2026, 12, 18)
    (morning,) = (replace(each, settlement=Settlement.AM) for each in listed(day))
    (evening,) = listed(day, root="AAPLW")

    for order in ((morning, evening), (evening, morning)):
        assert await chosen("long call, 30 DTE", order) == ["+1 AAPLW261218C00100000"]
    assert await chosen("long call, 30 DTE", [morning]) == ["+1 AAPL261218C00100000"]


async def test_adjusted_contracts_and_those_that_ended_are_left_out() -> None:
    """The first deliver something else than a hundred shares; the others nothing more."""
    today, later = listed(TODAY, date(2026, 12, 18))
    (adjusted,) = listed(date(2026, 12, 11), root="AAPL1")
    evening = StepClock(at=NOON.replace(hour=23))

    assert await chosen("long put, 0 DTE", [today, later]) == ["+1 AAPL261120P00100000"]
    assert await chosen("long put, 0 DTE", [today, later, adjusted], clock=evening) == [
        "+1 AAPL261218P00100000"
    ]
    with pytest.raises(Denied) as denied:
        await chosen("long put, 0 DTE", [adjusted])
    assert denied.value.facts["problem"] == "no expiration is listed: choose another underlying"


async def test_without_a_price_of_the_share_there_is_no_money_to_be_at() -> None:
    with pytest.raises(Denied) as denied:
        await chosen("long put, 30 DTE", listed(date(2026, 12, 18)), unquoted={AAPL})

    assert (denied.value.reason, denied.value.facts) == (Reason.NO_QUOTE, {"symbol": "AAPL"})


async def test_a_delta_that_nobody_tells_is_not_made_up() -> None:
    puts = [OptionSymbol("AAPL", date(2026, 12, 18), Right.PUT, Decimal(90 + n)) for n in range(9)]
    bare = tuple(ChainRow(contract=each, quote=a_quote(each), greeks=None) for each in puts)

    with pytest.raises(Denied) as denied:
        await chosen(
            "long put, 30 DTE, 30 delta", listed(date(2026, 12, 18)), chain_rows={"AAPL": bare}
        )

    assert denied.value.reason is Reason.INVALID_ARGUMENT
    assert "ask for strikes by width" in str(denied.value.facts["problem"])
