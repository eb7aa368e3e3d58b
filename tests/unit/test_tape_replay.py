"""A tape replayed: the same trades at any speed, over sessions, underlyings and gaps."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.brokers.paper.keeper import WorldKeeper
from strikedesk.brokers.paper.opening import Opening
from strikedesk.brokers.paper.stepping import Stepper
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import OrderRequest, TimeInForce
from strikedesk.domain.symbols import EquitySymbol, parse_option
from strikedesk.exchange import orders
from strikedesk.exchange.clock import VenueClock
from strikedesk.exchange.steps import read_step
from strikedesk.exchange.tape.market import TapeMarket
from strikedesk.exchange.tape.reader import read_tape
from strikedesk.exchange.world import World
from tests.fakes.clock import CountingEntropy, StoppedClock
from tests.fakes.world import MemoryWorldStore
from tests.unit.exchange_floor import an_order

HEADER = "session,time,expiry,strike,right,bid,ask,last,volume,open_interest,underlying"
CALL = "AAA261218C00010000"

# Wednesday, no Thursday, Friday, Monday; BBB is silent on Friday, AAA's call has no ask at 10:30.
ROWS = (
    "2026-11-18,09:31:00,,,,10.00,10.10,,,,AAA",
    "2026-11-18,10:30:00,,,,10.20,10.30,,,,AAA",
    "2026-11-18,15:00:00,,,,9.80,9.90,,,,AAA",
    "2026-11-20,09:31:00,,,,9.40,9.50,,,,AAA",
    "2026-11-20,15:00:00,,,,9.00,9.10,,,,AAA",
    "2026-11-23,11:00:00,,,,8.00,8.10,,,,AAA",
    "2026-11-18,09:31:00,,,,50.00,50.20,,,,BBB",
    "2026-11-18,12:00:00,,,,49.00,49.20,,,,BBB",
    "2026-11-23,12:00:00,,,,47.00,47.20,,,,BBB",
    "2026-11-18,09:31:00,2026-12-18,10,C,1.00,1.10,,,,AAA",
    "2026-11-18,10:30:00,2026-12-18,10,C,0.50,,,,,AAA",
    "2026-11-18,15:00:00,2026-12-18,10,C,0.60,0.70,,,,AAA",
    "2026-11-20,09:31:00,2026-12-18,10,C,,0.40,,,,AAA",
)
ORDERS = (
    an_order("buy 10 AAA", net="9.50", tif=TimeInForce.GTC),
    an_order("buy 10 BBB", net="48.00", tif=TimeInForce.GTC),
    an_order(f"buy_to_open 1 {CALL}", net="0.70", tif=TimeInForce.GTC),
    an_order("buy 5 AAA", net="9.90"),
)
WHOLE = timedelta(days=7)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Return an instant of November 2026 as clocks in New York show it."""
    return datetime(2026, 11, day, hour + 5, minute, tzinfo=UTC)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> TapeMarket:
    path = tmp_path_factory.mktemp("tape") / "a.csv"
    path.write_text("\n".join((HEADER, *ROWS)) + "\n")
    return TapeMarket(read_tape(path))


@dataclass
class Replay:
    """A world on a tape, its clock beginning with the tape."""

    market: TapeMarket
    speed: int | None
    store: MemoryWorldStore = field(default_factory=MemoryWorldStore)
    wall: StoppedClock = field(default_factory=StoppedClock)

    def __post_init__(self) -> None:
        begins = self.market.tape.begins_at
        clock = (
            VenueClock.stepped(begins)
            if self.speed is None
            else VenueClock.accelerated(begins, self.wall.at, self.speed)
        )
        self.keeper = WorldKeeper(
            store=self.store,
            market=self.market,
            clock=self.wall,
            entropy=CountingEntropy(),
            name="tape",
            opening=Opening(clock=clock),
        )

    async def place(self, requests: Sequence[OrderRequest] = ORDERS) -> None:
        def place(world: World, at: datetime) -> list[BrokerOrder]:
            return [
                orders.place(world, self.market, at, each, client_order_id=f"c{n}")
                for n, each in enumerate(requests)
            ]

        await self.keeper.act(place)

    async def look_after(self, shares: Sequence[float]) -> None:
        """Let the wall go on to the tape's end, looking in between."""
        assert self.speed is not None
        begins = self.wall.at
        seconds = WHOLE.total_seconds() / self.speed
        for share in (*sorted(shares), 1.0):
            self.wall.at = begins + timedelta(seconds=seconds * share)
            await self.keeper.snapshot()

    async def step(self, words: Sequence[str]) -> None:
        for word in words:
            stepper = Stepper(keeper=self.keeper)
            way = await stepper.begin(read_step(word))
            while not way.done:
                way = await stepper.go_on(way)

    def came_of_it(self) -> tuple[dict[str, str], dict[str, str], list[str]]:
        """Return accounts, working orders, and every line of every book in order."""
        kept = self.store.worlds["tape"]
        return kept.accounts, kept.orders, sorted(line.text for line in kept.book.values())


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 3600), st.lists(st.floats(0, 1), max_size=6))
async def test_a_tape_makes_the_same_trades_at_any_speed_and_however_often_one_looks(
    market: TapeMarket, speed: int, shares: list[float]
) -> None:
    """Practice at sixty times the speed is practice on the same market."""
    fast, stepped = Replay(market, speed), Replay(market, None)
    for replay in (fast, stepped):
        await replay.place()

    await fast.look_after(shares)
    await stepped.step(["next-close", "next-open", "15m", "1d", "2026-11-25T14:31:00+00:00"])

    assert fast.came_of_it() == stepped.came_of_it()


async def test_orders_fill_where_their_own_underlying_was_quoted(market: TapeMarket) -> None:
    """Two underlyings on one tape, each at its own instants, over a missing session."""
    replay = Replay(market, 60)
    await replay.place()

    await replay.look_after([])

    lines = [json.loads(text) for text in replay.came_of_it()[2]]
    trades = sorted(
        (line["at"], line["symbol"], line["price"]) for line in lines if line.get("symbol")
    )
    assert [(when[:16], symbol, Decimal(price)) for when, symbol, price in trades] == [
        ("2026-11-18T20:00", "AAA", Decimal("9.90")),
        ("2026-11-18T20:00", CALL, Decimal("0.70")),
        ("2026-11-20T14:31", "AAA", Decimal("9.50")),
        ("2026-11-23T17:00", "BBB", Decimal("48.00")),
    ]


def test_a_missing_ask_is_missing_and_not_the_one_before(market: TapeMarket) -> None:
    quote = market.quotes([parse_option(CALL)], at(18, 10, 30))[parse_option(CALL)]

    assert (quote.bid, quote.ask, quote.mid) == (Decimal("0.50"), None, None)


def test_a_session_without_a_row_of_a_symbol_has_no_quote_of_it(market: TapeMarket) -> None:
    """BBB's of Wednesday is no quote for Friday."""
    bbb = EquitySymbol("BBB")

    assert bbb not in market.quotes([bbb], at(20, 12))
    assert market.quotes([bbb], at(19, 12))[bbb].at == at(18, 12)


def test_a_close_of_before_a_gap_is_not_the_previous_close(market: TapeMarket) -> None:
    """Thursday is missing: Friday does not know where Thursday ended."""
    aaa = EquitySymbol("AAA")

    assert market.quotes([aaa], at(20, 10))[aaa].previous_close is None
    assert market.quotes([aaa], at(23, 11))[aaa].previous_close == Decimal("9.05")


async def test_nothing_is_matched_in_a_session_that_nobody_recorded(market: TapeMarket) -> None:
    assert list(market.ticks([EquitySymbol("AAA")], at(18, 15), at(20, 9, 30))) == []
    assert not market.is_open(at(19, 12))


async def test_after_its_end_a_tape_trades_no_more(market: TapeMarket) -> None:
    """Time goes on, orders wait, and nothing fills at a price of last week."""
    replay = Replay(market, None)
    await replay.step(["2026-12-01T15:00:00+00:00"])

    with pytest.raises(Denied):
        await replay.step(["next-open"])
    assert not market.is_open(at(30, 12))
