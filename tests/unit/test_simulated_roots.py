"""What is listed on the simulated market, under which root, and what each settles at."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from strikedesk.domain import calendar
from strikedesk.domain.quotes import Expiration, Settlement
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.terms import ON_AN_INDEX, ON_SHARES
from strikedesk.exchange.simulated import SimulatedMarket
from strikedesk.exchange.simulated.catalogue import UNDERLYINGS
from tests.builders import NOON, a_contract

MARKET = SimulatedMarket(seed=7)
SPX, SPY, VIX, RUT, F = (EquitySymbol(t) for t in ("SPX", "SPY", "VIX", "RUT", "F"))
THIRD_FRIDAY = date(2026, 12, 18)


def listed(symbol: EquitySymbol, at: datetime = NOON) -> dict[tuple[str, date], Expiration]:
    return {(each.root, each.day): each for each in MARKET.expirations(symbol, at)}


def test_a_day_can_carry_a_morning_and_an_evening_root() -> None:
    """SPX settles at the opening, SPXW at the close: two contracts that a desk must not confuse."""
    found = listed(SPX)
    morning, evening = (found[root, THIRD_FRIDAY] for root in ("SPX", "SPXW"))
    chain = MARKET.chain(SPX, [THIRD_FRIDAY], NOON)

    assert (morning.settlement, evening.settlement) == (Settlement.AM, Settlement.PM)
    assert (morning.standard, evening.standard) == (True, False)
    assert [root for root, day in found if day == THIRD_FRIDAY] == ["SPX", "SPXW"]
    assert len(chain.rows) == 2 * len(morning.strikes) + 2 * len(evening.strikes)
    assert [row.contract.root for row in chain.rows[:1] + chain.rows[-1:]] == ["SPX", "SPXW"]


def test_the_longer_life_of_an_evening_contract_is_worth_more() -> None:
    spot = MARKET.quotes([SPX], NOON)[SPX].last
    assert spot is not None
    strike = str(round(spot / 25) * 25)
    morning, evening = (a_contract(root, THIRD_FRIDAY, strike=strike) for root in ("SPX", "SPXW"))

    quotes = MARKET.quotes([morning, evening], NOON)

    assert (quotes[evening].mid or 0) > (quotes[morning].mid or 0) > 0


def test_a_morning_contract_trades_until_the_session_before() -> None:
    """Its last trade is on Thursday; on Friday's opening it is worth what it settles at."""
    opens = datetime(2026, 12, 18, 14, 30, tzinfo=UTC)
    night = opens - timedelta(minutes=1)

    assert ("SPX", THIRD_FRIDAY) in listed(SPX, night)
    assert ("SPX", THIRD_FRIDAY) not in listed(SPX, opens)
    assert ("SPXW", THIRD_FRIDAY) in listed(SPX, opens)
    assert ("SPXW", THIRD_FRIDAY) not in listed(SPX, opens + timedelta(hours=6.5))


def test_morning_roots_settle_at_the_opening_and_others_at_the_close() -> None:
    opens = datetime(2026, 12, 18, 14, 30, tzinfo=UTC)
    level = {at: MARKET.quotes([SPX], at)[SPX].last for at in (opens, opens + timedelta(hours=6.5))}

    assert MARKET.settlement(a_contract("SPX", THIRD_FRIDAY)) == level[opens]
    assert (
        MARKET.settlement(a_contract("SPXW", THIRD_FRIDAY)) == level[opens + timedelta(hours=6.5)]
    )
    assert level[opens] != level[opens + timedelta(hours=6.5)]


@pytest.mark.parametrize(
    ("root", "settlement"),
    [
        ("SPX", Settlement.AM),
        ("SPXW", Settlement.PM),
        ("RUT", Settlement.AM),
        ("RUTW", Settlement.PM),
        ("VIX", Settlement.AM),
    ],
)
def test_index_options_are_european_and_settle_in_cash(root: str, settlement: Settlement) -> None:
    terms = MARKET.terms(a_contract(root, THIRD_FRIDAY))

    assert terms is not None
    assert terms == replace(
        ON_AN_INDEX, settlement=settlement, tick=terms.tick, coarse_tick=terms.coarse_tick
    )
    assert (terms.tick_at(Decimal("2.95")), terms.tick_at(Decimal(3))) == (
        (Decimal("0.01"), Decimal("0.05")) if root == "VIX" else (Decimal("0.05"), Decimal("0.10"))
    )
    assert MARKET.terms(a_contract("SPY", THIRD_FRIDAY)) == replace(
        ON_SHARES, coarse_tick=Decimal("0.01")
    )
    assert MARKET.terms(a_contract("ZZZZ", THIRD_FRIDAY)) is None


def test_the_volatility_index_is_what_the_index_is_expected_to_do() -> None:
    """One world: its level is thirty-day volatility of SPX, in points, at every close.

    The index takes it at the forward, a chain is read at the spot: a little lower, a little dearer.
    """
    for days in range(0, 400, 23):
        session = calendar.previous_session(NOON.date() - timedelta(days=days))
        expected = MARKET.implied_volatility(SPX, session.day)
        level = MARKET.quotes([VIX], session.closes_at)[VIX]
        assert expected is not None
        assert level.last is not None
        assert 0 <= 100 * expected - float(level.last) < 0.03 * 100 * expected
        assert (level.bid, level.ask) == (None, None)


def test_the_volatility_index_rises_when_the_market_falls() -> None:
    """Within the day too: the fear gauge that stands still all day measures nothing."""
    opens = datetime(2026, 11, 19, 14, 30, tzinfo=UTC)
    instants = [opens + timedelta(minutes=5 * n) for n in range(78)]
    market, fear = (
        [float(MARKET.quotes([s], at)[s].last or 0) for at in instants] for s in (SPX, VIX)
    )
    moves = [
        (market[n + 1] - market[n]) * (fear[n + 1] - fear[n]) for n in range(len(instants) - 1)
    ]

    assert len(set(fear)) > 10
    assert sum(moves) < 0


def test_options_on_the_volatility_index_end_on_wednesdays() -> None:
    """Thirty days before the next month's third Friday; on a Tuesday where that is a holiday."""
    days = [day for _, day in listed(VIX, datetime(2026, 4, 1, 15, tzinfo=UTC))]

    assert days[:3] == [date(2026, 4, 15), date(2026, 5, 19), date(2026, 6, 17)]
    assert {each.standard for each in listed(VIX).values()} == {True}
    assert {each.settlement for each in listed(VIX).values()} == {Settlement.AM}


def test_options_on_the_volatility_index_are_priced_on_where_it_is_going() -> None:
    """It returns to its mean: parity holds with a forward between the level and that mean."""
    at = NOON - timedelta(days=120)
    level = float(MARKET.quotes([VIX], at)[VIX].last or 0)
    for each in MARKET.expirations(VIX, at)[1:5]:
        rows = MARKET.chain(VIX, [each.day], at).rows
        pairs = list(zip(rows[::2], rows[1::2], strict=True))
        call, put = min(
            pairs, key=lambda p: abs(float((p[0].quote.mid or 0) - (p[1].quote.mid or 0)))
        )
        forward = float(call.contract.strike + (call.quote.mid or 0) - (put.quote.mid or 0))
        assert min(level, 16.0) - 0.5 <= forward <= max(level, 16.0) + 0.5


def test_what_the_largest_list() -> None:
    """Dailies, quarter ends and far Januaries, as real ones have them."""
    weekdays = {each.day.weekday() for each in MARKET.expirations(SPY, NOON) if each.days <= 7}
    small = {each.day.weekday() for each in MARKET.expirations(F, NOON)}

    assert weekdays == {0, 1, 2, 4}  # Thursday is Thanksgiving.
    assert small == {4, 3}  # 2027-06-17 is the eve of a holiday on a Friday.
    assert ("SPY", date(2027, 3, 31)) in listed(SPY)
    assert ("SPXW", date(2027, 9, 30)) in listed(SPX)
    assert ("F", date(2027, 3, 31)) not in listed(F)
    assert ("F", date(2029, 1, 19)) in listed(F)
    assert ("RUT", date(2029, 1, 19)) in listed(RUT)


@pytest.mark.parametrize(
    ("ticker", "steps"),
    [
        ("F", {Decimal("0.5")}),
        ("SPY", {Decimal(1)}),
        ("SPX", {Decimal(5)}),
        ("TSLA", {Decimal("2.5")}),
    ],
)
def test_strikes_lie_on_the_grid_of_their_price(ticker: str, steps: set[Decimal]) -> None:
    """Near the money: half a dollar for cheap shares, five for an index."""
    symbol = EquitySymbol(ticker)
    quote = MARKET.quotes([symbol], NOON)[symbol]
    month = next(each for each in MARKET.expirations(symbol, NOON) if each.standard and each.days)
    assert quote.mark is not None
    near = [each for each in month.strikes if abs(each / quote.mark - 1) < Decimal("0.06")]

    assert {b - a for a, b in pairwise(near)} == steps


def test_the_catalogue_is_lawful() -> None:
    """A correlation above one, or a surface that bends too much, would break what is proved."""
    assert 28 <= len(UNDERLYINGS) <= 34
    for each in UNDERLYINGS:
        assert each.market**2 + each.of_sector**2 <= 1.0
        assert abs(each.skew) < 1
        assert each.bend**2 * (1 + abs(each.skew)) <= 4
        assert each.spread % 2 == 0
        assert all(band.wide % band.fine == 0 for band in each.bands)
        assert each.splits is None or each.splits.year in {2025, 2026, 2027}
        assert each.reports is None or each.kind == "equity"
