"""Alerts: what they wait for, that they fire once, and that the unknown fires nothing."""

import asyncio
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.accounts import Position
from strikedesk.domain.alerts import Alert, Measure, Side
from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, Symbol
from strikedesk.market.cache import MemoryCache
from strikedesk.market.room import MarketRoom
from strikedesk.portfolio.alerts import ALERTS_MAX, AlertBook
from strikedesk.portfolio.books import Books
from tests.builders import NOON
from tests.fakes.alerts import MemoryAlerts
from tests.fakes.clock import CountingEntropy
from tests.fakes.data import ScriptedKeeper, ScriptedMarket
from tests.unit.test_portfolio_risk import CALL, a_market, a_position

AAPL = EquitySymbol("AAPL")
UP, DOWN = Side.AT_OR_ABOVE, Side.AT_OR_BELOW


@dataclass
class Watch:
    """An alert book over what a test sets; nothing is remembered for longer than a look."""

    market: ScriptedMarket = field(default_factory=a_market)
    keeper: ScriptedKeeper = field(default_factory=ScriptedKeeper)
    alerts: MemoryAlerts = field(default_factory=MemoryAlerts)
    entropy: CountingEntropy = field(default_factory=CountingEntropy)

    @property
    def book(self) -> AlertBook:
        return AlertBook(
            alerts=self.alerts,
            books=Books(broker=self.keeper, cache=MemoryCache(self.keeper.clock)),
            market=MarketRoom(data=self.market, cache=MemoryCache(self.market.clock)),
            clock=self.keeper.clock,
            entropy=self.entropy,
            broker="paper",
        )

    def holds(self, *held: Position) -> None:
        self.keeper.holdings = {"ID-main": held}


def an_alert(measure: Measure, symbol: Symbol | None, account: str | None) -> Alert:
    return Alert(
        alert_id="a", broker="paper", measure=measure, side=UP, level=Decimal(1),
        symbol=symbol, account=account, note="", created_at=NOON,
    )  # fmt: skip


@pytest.mark.parametrize("measure", Measure)
def test_a_price_is_a_symbols_and_everything_else_an_accounts(measure: Measure) -> None:
    of_price = measure is Measure.PRICE
    right = (AAPL, None) if of_price else (None, "main")
    wrong = [(None, None), (AAPL, "main"), (None, "main") if of_price else (AAPL, None)]

    assert an_alert(measure, *right).measure is measure
    for symbol, account in wrong:
        with pytest.raises(Denied) as denied:
            an_alert(measure, symbol, account)
        assert denied.value.reason is Reason.INVALID_ARGUMENT


@given(st.decimals(-1000, 1000, places=2), st.decimals(-1000, 1000, places=2))
def test_a_level_is_passed_where_it_is_reached(value: Decimal, level: Decimal) -> None:
    alert = an_alert(Measure.PRICE, AAPL, None)
    above = replace(alert, level=level)
    below = replace(above, side=DOWN)

    assert above.passed_by(value) == (value >= level)
    assert below.passed_by(value) == (value <= level)


async def test_an_alert_fires_when_its_price_gets_there_and_never_again() -> None:
    watch = Watch()
    await watch.book.add(Measure.PRICE, UP, Decimal(105), symbol=AAPL, note="roll")

    assert await watch.book.look() == 0
    watch.market.spots["AAPL"] = Decimal("105.50")
    assert await watch.book.look() == 1
    watch.market.spots["AAPL"] = Decimal(120)
    assert await watch.book.look() == 0
    (fired,) = (await watch.book.page()).rows
    assert (fired.alert.fired_at, fired.alert.fired_value) == (NOON, Decimal("105.50"))
    assert (fired.value, fired.alert.note) == (Decimal(120), "roll")


async def test_of_two_who_look_at_once_one_fires_it() -> None:
    """Every MCP client starts a server of its own."""
    watch = Watch()
    await watch.book.add(Measure.PRICE, UP, Decimal(50), symbol=AAPL)

    assert sorted(await asyncio.gather(watch.book.look(), watch.book.look())) == [0, 1]


async def test_accounts_are_watched_by_what_they_hold() -> None:
    """100 shares at 100, a contract of 46.7 delta: 14,670 dollars of delta."""
    watch = Watch()
    watch.holds(a_position("AAPL", 100, "100"), a_position(CALL, 1, "3.10"))
    book = watch.book
    for measure, side, level in (
        (Measure.DOLLAR_DELTA, UP, "14669"),
        (Measure.THETA, DOWN, "-4"),
        (Measure.VEGA, UP, "12"),
        (Measure.OPEN_PROFIT, UP, "10110"),
    ):
        await book.add(measure, side, Decimal(level), account="main")

    values = {each.alert.measure: each.value for each in (await book.page()).rows}

    assert values == {
        Measure.DOLLAR_DELTA: Decimal("14669.70"),
        Measure.THETA: Decimal("-5.04"),
        Measure.VEGA: Decimal("11.13"),
        Measure.OPEN_PROFIT: Decimal(10_110),
    }
    assert await book.look() == 3


async def test_what_is_unknown_fires_nothing() -> None:
    """A price that nobody quotes is not below every level; nor is a sum that lacks a part."""
    watch = Watch()
    watch.market.unquoted = {AAPL}
    watch.holds(a_position("AAPL", 100, None))
    book = watch.book
    await book.add(Measure.PRICE, DOWN, Decimal(1_000_000), symbol=AAPL)
    for measure in Measure:
        if measure is not Measure.PRICE:
            await book.add(measure, DOWN, Decimal(1_000_000), account="main")

    assert await book.look() == 0
    rows = (await book.page()).rows
    assert {each.value for each in rows if each.alert.measure is not Measure.THETA} == {None}


async def test_an_account_that_cannot_be_read_costs_only_its_own_alerts() -> None:
    """One link that is down must not silence the prices."""
    watch = Watch()

    class Down(ScriptedKeeper):
        async def positions(self, account_id: str) -> tuple[Position, ...]:
            raise Unavailable(Reason.BROKER_UNAVAILABLE)

    await watch.book.add(Measure.PRICE, UP, Decimal(50), symbol=AAPL)
    await watch.book.add(Measure.OPEN_PROFIT, DOWN, Decimal(50), account="main")
    watch.keeper = Down()

    assert await watch.book.look() == 1


async def test_an_alert_on_an_account_that_is_nobodys_is_refused() -> None:
    """It would be waited for in vain."""
    with pytest.raises(Denied) as denied:
        await Watch().book.add(Measure.THETA, UP, Decimal(1), account="somebody")

    assert denied.value.reason is Reason.ACCOUNT_UNKNOWN


async def test_alerts_end_at_fifty_and_are_removed_by_their_id() -> None:
    watch = Watch()
    book = watch.book
    first = await book.add(Measure.PRICE, UP, Decimal(500), symbol=AAPL)
    for _ in range(ALERTS_MAX - 1):
        await book.add(Measure.PRICE, UP, Decimal(500), symbol=AAPL)

    with pytest.raises(Denied) as full:
        await book.add(Measure.PRICE, UP, Decimal(500), symbol=AAPL)
    await book.remove(first.alert.alert_id)
    with pytest.raises(Denied) as gone:
        await book.remove(first.alert.alert_id)

    assert full.value.facts["problem"] == "50 alerts are set: remove one"
    assert gone.value.facts == {"argument": "remove", "problem": "no such alert"}
    assert (await book.page(3)).span.total == ALERTS_MAX - 1
