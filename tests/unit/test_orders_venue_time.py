"""The order path on a market whose time is not the wall's: each age is counted on its own clock.

A nonce lives by the wall, a quote by the venue; neither grows old nor young by the other's hand.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strikedesk.brokers.paper.broker import PaperBroker
from strikedesk.brokers.paper.keeper import WorldKeeper
from strikedesk.brokers.paper.opening import Opening
from strikedesk.brokers.paper.stepping import Stepper
from strikedesk.domain.errors import Denied
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import OrderType
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import parse_symbol
from strikedesk.exchange.clock import VenueClock
from strikedesk.market.pace import Pace
from strikedesk.orders.draft import Draft
from strikedesk.orders.preview import Preview
from strikedesk.settings import load
from strikedesk.wiring import Desk, assemble
from tests.builders import NOON, a_leg
from tests.fakes.alerts import MemoryAlerts
from tests.fakes.clock import CountingEntropy, StoppedClock
from tests.fakes.halt import MemoryHalt
from tests.fakes.ledger import MemoryLedger
from tests.fakes.market import ScriptedMarket
from tests.fakes.scans import MemorySavedScans
from tests.fakes.tokens import MemoryTokens
from tests.fakes.watchlists import MemoryWatchlists
from tests.fakes.work import MemoryLeases, MemoryScanRuns
from tests.fakes.world import MemoryWorldStore
from tests.unit.exchange_floor import CALL

ME = "stdio"
SYMBOL = parse_symbol(CALL)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path))


@dataclass
class Venue:
    """A whole desk on a paper world that keeps this clock; the wall is moved by hand."""

    clock: VenueClock
    wall: StoppedClock = field(default_factory=StoppedClock)
    market: ScriptedMarket = field(default_factory=ScriptedMarket)
    store: MemoryWorldStore = field(default_factory=MemoryWorldStore)

    def __post_init__(self) -> None:
        self.market.tell("AAPL", "199.90", "200.10")
        self.market.tell(CALL, "1.10", "1.20")
        self.opening = Opening(clock=self.clock)
        self.broker = PaperBroker(
            store=self.store,
            market=self.market,
            clock=self.wall,
            world="default",
            entropy=CountingEntropy(),
            opening=self.opening,
        )
        self.desk: Desk = assemble(
            load(),
            broker=self.broker,
            ledger=MemoryLedger(),
            halt=MemoryHalt(),
            watchlists=MemoryWatchlists(),
            alerts=MemoryAlerts(),
            scans=MemorySavedScans(),
            runs=MemoryScanRuns(),
            leases=MemoryLeases(),
            tokens=MemoryTokens(),
            clock=self.wall,
            entropy=CountingEntropy(),
        )

    async def preview(self) -> Preview:
        draft = Draft(
            account="paper-margin",
            legs=(a_leg(CALL),),
            order_type=OrderType.LIMIT,
            price=Decimal("1.20"),
            price_effect=PriceEffect.DEBIT,
        )
        return await self.desk.previewer.place(draft, caller=ME)

    async def confirm(self, preview: Preview) -> OrderState:
        assert preview.nonce is not None
        made = await self.desk.confirm(preview.record.preview_id, preview.nonce, caller=ME)
        return made.state

    async def step(self, step: timedelta) -> None:
        """Move the world from another process."""
        keeper = WorldKeeper(
            store=self.store,
            market=self.market,
            clock=self.wall,
            entropy=CountingEntropy(),
            name="default",
            opening=self.opening,
        )
        way = await Stepper(keeper=keeper).begin(step)
        while not way.done:
            way = await Stepper(keeper=keeper).go_on(way)


async def test_hours_of_an_accelerated_market_make_no_nonce_old() -> None:
    """At sixty times the wall's speed two minutes of it are gone in two seconds."""
    venue = Venue(VenueClock.accelerated(NOON, NOON, 60))
    preview = await venue.preview()
    venue.market.tell(CALL, "1.10", "1.20", at=NOON + timedelta(minutes=100))

    venue.wall.move(100)

    assert await venue.confirm(preview) is OrderState.FILLED
    assert preview.expires_at == NOON + timedelta(seconds=120)


async def test_a_nonce_grows_old_by_the_wall_while_the_world_stands() -> None:
    """A frozen or stepped market must not make a nonce that lives for ever."""
    venue = Venue(VenueClock.stepped(NOON))
    preview = await venue.preview()

    venue.wall.move(121)

    with pytest.raises(Denied) as denied:
        await venue.confirm(preview)
    assert denied.value.reason is Reason.PREVIEW_EXPIRED


async def test_a_quote_is_as_old_as_the_venue_says_and_not_the_wall() -> None:
    """In a world that stands nothing grows old, however long a person thinks."""
    venue = Venue(VenueClock.stepped(NOON))
    venue.wall.move(7200)

    preview = await venue.preview()

    assert await venue.confirm(preview) is OrderState.FILLED


@pytest.mark.parametrize("clock", ["stepped", "speed"])
async def test_a_quote_that_the_venues_time_made_old_is_denied(clock: str) -> None:
    """A preview of before the step, or of a second ago on a fast market, meets today's quotes."""
    stepped = clock == "stepped"
    venue = Venue(VenueClock.stepped(NOON) if stepped else VenueClock.accelerated(NOON, NOON, 600))
    preview = await venue.preview()

    if stepped:
        await venue.step(timedelta(minutes=10))
    else:
        venue.wall.move(1)

    with pytest.raises(Denied) as denied:
        await venue.confirm(preview)
    assert denied.value.reason is Reason.QUOTE_STALE


async def test_a_step_voids_no_preview_whose_quotes_are_fresh_again() -> None:
    """What counts is the market of now: the order goes out at the limit that was shown."""
    venue = Venue(VenueClock.stepped(NOON))
    preview = await venue.preview()
    venue.market.tell(CALL, "1.05", "1.15", at=NOON + timedelta(minutes=10))

    await venue.step(timedelta(minutes=10))

    assert await venue.confirm(preview) is OrderState.FILLED


async def test_what_is_remembered_of_the_market_ages_with_the_faster_clock() -> None:
    """Five minutes of a chain's life on the wall are five hours of an accelerated market."""
    venue = Venue(VenueClock.accelerated(NOON, NOON, 60))
    await venue.desk.market.quotes({SYMBOL})
    venue.market.tell(CALL, "2.10", "2.20", at=NOON + timedelta(seconds=60))

    venue.wall.move(1)

    assert (await venue.desk.market.quotes({SYMBOL}))[SYMBOL].ask == Decimal("2.20")


async def test_after_a_step_elsewhere_the_next_look_that_asks_the_venue_forgets_the_rest() -> None:
    venue = Venue(VenueClock.stepped(NOON))
    market = venue.desk.market
    await market.quotes({SYMBOL})
    venue.market.tell(CALL, "2.10", "2.20", at=NOON + timedelta(minutes=5))
    await venue.step(timedelta(minutes=10))

    await venue.broker.advance()  # As a server does every few seconds.

    assert (await market.quotes({SYMBOL}))[SYMBOL].ask == Decimal("2.20")


async def test_in_a_world_that_stands_the_wall_still_makes_old() -> None:
    """Other processes trade in it: balances are read again."""
    venue = Venue(VenueClock.stepped(NOON))
    pace = Pace(wall=venue.wall, venue=venue.broker)
    before = pace.now()

    venue.wall.move(30)

    assert pace.now() - before == timedelta(seconds=30)


async def test_a_wall_that_went_back_takes_the_pace_back() -> None:
    """A cache then takes everything for stale, as it does without a venue."""
    venue = Venue(VenueClock.stepped(NOON))
    pace = Pace(wall=venue.wall, venue=venue.broker)
    before = pace.now()

    venue.wall.move(-30)

    assert pace.now() == before - timedelta(seconds=30)
