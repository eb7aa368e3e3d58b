"""Where a position can be rolled to: which places are looked at, and what each comes to."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.accounts import Position
from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.errors import Denied
from strikedesk.domain.quotes import ChainRow, Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import OptionSymbol, Right, Symbol
from strikedesk.market.cache import MemoryCache
from strikedesk.market.room import MarketRoom
from strikedesk.portfolio.rolls import RollProposal, RollTable, roll_table
from tests.builders import NOON
from tests.fakes.data import ScriptedMarket, an_expiration, greeks

TODAY = exchange_date(NOON)
FIRST = TODAY + timedelta(days=14)
LADDER = range(180, 221)  # Of a share at 200: a step is 2 dollars.


def a_contract(strike: int, day: date = FIRST, right: Right = Right.PUT) -> OptionSymbol:
    return OptionSymbol("AAPL", day, right, Decimal(strike))


def holding(contract: OptionSymbol, quantity: int, price: str = "1.00") -> Position:
    return Position(
        account_id="A",
        symbol=contract,
        quantity=quantity,
        multiplier=100,
        average_price=Decimal(price),
    )


@pytest.fixture
def market() -> ScriptedMarket:
    """Return a share at 200 with weekly expirations; a contract costs its distance plus 1."""
    weeks = [
        an_expiration(TODAY + timedelta(days=7 * n), LADDER, today=TODAY) for n in range(1, 20)
    ]
    return ScriptedMarket(spots={"AAPL": Decimal(200)}, listed={"AAPL": tuple(weeks)})


async def proposed(
    market: ScriptedMarket, positions: Sequence[Position], *contracts: OptionSymbol
) -> RollTable:
    room = MarketRoom(data=market, cache=MemoryCache(market.clock))
    return await roll_table(room, positions, contracts or _options(positions))


def _options(positions: Sequence[Position]) -> tuple[OptionSymbol, ...]:
    return tuple(each.symbol for each in positions if isinstance(each.symbol, OptionSymbol))


def at(found: RollTable, days: int, *strikes: int) -> RollProposal:
    (one,) = (
        each
        for each in found.proposals
        if each.days == days and [s.strike for s in each.contracts] == [*strikes]
    )
    return one


async def test_a_short_put_is_offered_later_days_and_strikes_around_its_own(
    market: ScriptedMarket,
) -> None:
    """Its own day for other strikes, then those nearest to a week, two, four, six, nine, 13 on."""
    found = await proposed(market, [holding(a_contract(196), -2)])

    assert sorted({each.days for each in found.proposals}) == [14, 21, 28, 42, 56, 77, 105]
    of_day = [each.contracts[0].strike for each in found.proposals if each.days == 28]
    assert of_day == [192, 194, 196, 198, 200]
    assert [each.contracts[0].strike for each in found.proposals if each.days == 14] == [
        192,
        194,
        198,
        200,
    ]
    assert (found.units, found.spot) == (2, 200)


async def test_a_short_put_rolled_up_pays_by_hand(market: ScriptedMarket) -> None:
    """Bought back for 5 at the mid, sold for 7 (it stands at 194, quoted 0.10 wide), 28 days on.

    It was opened for 1 and brings 2 more: the break-even is 194 - 3.
    """
    found = at(await proposed(market, [holding(a_contract(196), -2)]), 42, 194)

    assert found == RollProposal(
        contracts=(a_contract(194, TODAY + timedelta(days=42)),),
        days=42,
        mid=Decimal(2),
        natural=Decimal("1.90"),
        per_day=Decimal(2) / 28,
        delta=0.5,
        break_evens=(Decimal(191),),
        why=None,
    )


async def test_a_long_call_rolled_up_is_the_other_way_round(market: ScriptedMarket) -> None:
    """Sold at 3 for what was bought at 4, bought at 5: 2 more are paid, and 206 has to be passed.

    On the same day nothing is gained, so that there is nothing a day.
    """
    long = holding(a_contract(202, right=Right.CALL), 1, "4.00")
    found = at(await proposed(market, [long]), 14, 204)

    assert (found.mid, found.natural, found.per_day) == (Decimal(-2), Decimal("-2.10"), None)
    assert (found.delta, found.break_evens) == (0.5, (Decimal(210),))


async def test_both_contracts_of_a_spread_move_by_as_many_dollars(market: ScriptedMarket) -> None:
    """It was opened for a credit of 1.50; what rolls for nothing breaks even where it did."""
    spread = [holding(a_contract(196), -3, "2.00"), holding(a_contract(192), 3, "0.50")]
    found = await proposed(market, spread)

    rolled = at(found, 28, 196, 192)
    assert (rolled.mid, rolled.natural) == (Decimal(0), Decimal("-0.20"))
    assert (rolled.delta, rolled.break_evens) == (0.0, (Decimal("194.5"),))
    assert [[s.strike for s in each.contracts] for each in found.proposals if each.days == 28] == [
        [192, 188],
        [194, 190],
        [196, 192],
        [198, 194],
        [200, 196],
    ]
    assert found.units == 3


async def test_a_spread_that_would_meet_itself_is_left_out(market: ScriptedMarket) -> None:
    """One order cannot close and open one contract: on its own day 4 up would be such a place."""
    spread = [holding(a_contract(196), -1), holding(a_contract(192), 1)]
    found = await proposed(market, spread)

    same_day = [each.contracts[0].strike for each in found.proposals if each.days == 14]
    assert same_day == [194, 198]


async def test_a_ratio_is_kept_and_a_strike_that_is_not_listed_is_left_out(
    market: ScriptedMarket,
) -> None:
    """One sold at 182 against two bought at 180: nothing is listed below."""
    ratio = [holding(a_contract(182), -1), holding(a_contract(180), 2)]
    found = await proposed(market, ratio)

    assert [each.contracts[0].strike for each in found.proposals if each.days == 28] == [
        182,
        184,
        186,
    ]
    assert at(found, 28, 184, 182).mid == -2 + 2 * 2
    assert found.units == 1


async def test_what_has_no_quote_is_named_and_comes_to_nothing_known(
    market: ScriptedMarket,
) -> None:
    gone = a_contract(196, TODAY + timedelta(days=28))
    market.unquoted.add(gone)
    found = at(await proposed(market, [holding(a_contract(196), -1)]), 28, 196)

    assert (found.mid, found.natural, found.per_day, found.break_evens) == (None,) * 4
    assert found.why == f"no bid and ask of {gone.compact}"


async def test_one_side_is_enough_for_the_natural_price(market: ScriptedMarket) -> None:
    """What nobody bids for can still be bought back where somebody asks."""
    room = MarketRoom(data=_OneSided(listed=market.listed, spots=market.spots), cache=_cache())
    put = holding(a_contract(196), -1)
    found = at(await roll_table(room, [put], (a_contract(196),)), 28, 196)

    assert (found.mid, found.natural) == (None, Decimal("-0.10"))


class _OneSided(ScriptedMarket):
    """Nobody bids for what expires first."""

    def quote(self, symbol: Symbol) -> Quote | None:
        found = super().quote(symbol)
        if found and isinstance(symbol, OptionSymbol) and symbol.expiration == FIRST:
            return replace(found, bid=None)
        return found


def _cache() -> MemoryCache:
    return MemoryCache(ScriptedMarket().clock)


async def test_without_a_price_of_the_share_each_strike_is_a_step(market: ScriptedMarket) -> None:
    del market.spots["AAPL"]
    found = await proposed(market, [holding(a_contract(196), -1)])

    assert found.spot is None
    assert [each.contracts[0].strike for each in found.proposals if each.days == 28] == [
        194,
        195,
        196,
        197,
        198,
    ]


async def test_a_delta_that_nobody_tells_is_unknown(market: ScriptedMarket) -> None:
    """None is no 0, and NaN is none either."""
    day = TODAY + timedelta(days=28)
    rows = (
        _row(a_contract(196, day), None),
        _row(a_contract(194, day), float("nan")),
        _row(a_contract(198, day), -0.4),
    )
    market.chain_rows["AAPL"] = rows
    found = await proposed(market, [holding(a_contract(196), -1)])

    assert [at(found, 28, strike).delta for strike in (194, 196, 198, 200)] == [
        None,
        None,
        0.4,
        None,
    ]


def _row(contract: OptionSymbol, delta: float | None) -> ChainRow:
    quote = ScriptedMarket(spots={"AAPL": Decimal(200)}).quote(contract)
    assert quote is not None
    return ChainRow(contract=contract, quote=quote, greeks=greeks(delta, 0.25))


async def test_an_adjusted_contract_has_no_break_even_of_ours(market: ScriptedMarket) -> None:
    odd = replace(holding(a_contract(196), -1), multiplier=150)

    assert at(await proposed(market, [odd]), 28, 196).break_evens is None


async def test_the_last_that_is_listed_has_only_other_strikes(market: ScriptedMarket) -> None:
    last = market.listed["AAPL"][-1]
    found = await proposed(market, [holding(a_contract(196, last.day), -1)])

    assert {each.days for each in found.proposals} == {last.days}


async def test_a_position_that_nobody_lists_any_more_has_nowhere_to_go(
    market: ScriptedMarket,
) -> None:
    gone = a_contract(196, TODAY + timedelta(days=400))

    assert (await proposed(market, [holding(gone, -1)])).proposals == ()


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ((a_contract(190),), Reason.POSITION_UNKNOWN),
        ((a_contract(196), a_contract(196)), Reason.INVALID_LEGS),
        ((a_contract(196), a_contract(196, FIRST + timedelta(days=7))), Reason.INVALID_LEGS),
    ],
)
async def test_what_is_not_held_or_does_not_move_together_is_denied(
    market: ScriptedMarket, asked: tuple[OptionSymbol, ...], reason: Reason
) -> None:
    with pytest.raises(Denied) as denied:
        await proposed(market, [holding(a_contract(196), -1)], *asked)

    assert denied.value.reason is reason
