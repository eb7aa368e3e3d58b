"""Scans that run by themselves: at their time, once, and each for itself."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.errors import Unavailable
from strikedesk.domain.orders import Action, Leg
from strikedesk.domain.ports import SavedScan
from strikedesk.domain.reasons import Reason
from strikedesk.domain.scan_runs import ScanResult, ScanRun, Sighting, compared
from strikedesk.domain.symbols import EquitySymbol, parse_option
from strikedesk.market.cache import MemoryCache
from strikedesk.market.room import MarketRoom
from strikedesk.quant.strategies.patterns import PATTERNS
from strikedesk.scan.book import ScanBook
from strikedesk.scan.definition import Scan
from strikedesk.scan.picks import Pick
from strikedesk.scan.rounds import LEASE, RESULTS_KEPT, TERM, Rounds, is_due
from strikedesk.scan.scanner import ScanReport
from strikedesk.scan.verdicts import SymbolVerdict, Verdict
from tests.builders import NOON
from tests.fakes.data import ScriptedMarket, StepClock
from tests.fakes.scans import MemorySavedScans
from tests.fakes.work import MemoryLeases, MemoryScanRuns

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def a_pick(put: int, ticker: str = "AAPL") -> Pick:
    contract = parse_option(f"{ticker}261218P00{put}000")
    return Pick(
        underlying=EquitySymbol(ticker),
        legs=(Leg(symbol=contract, action=Action.SELL_TO_OPEN, quantity=1),),
        score=1.5,
        mid=Decimal("-1.25"),
        natural=Decimal("-1.20"),
        price=Decimal("-1.225"),
        max_profit=Decimal("122.5"),
        max_loss=None,
        exact=True,
        quoted_at=NOON,
        measures={},
    )


def a_run(ran_at: datetime) -> ScanRun:
    return ScanRun(scan="s", ran_at=ran_at, problem=None, result=None)


@dataclass
class Desk:
    """What processes share: scans, their runs, leases, one market, and what scans would find.

    `found` is what the next runs find, `fails` which scans raise what, `ran` which ran.
    """

    clock: StepClock = field(default_factory=StepClock)
    wall: StepClock = field(default_factory=StepClock)
    scans: MemorySavedScans = field(default_factory=MemorySavedScans)
    runs: MemoryScanRuns = field(default_factory=MemoryScanRuns)
    leases: MemoryLeases = field(default_factory=MemoryLeases)
    found: Sequence[Pick] = ()
    unseen: Sequence[str] = ()
    fails: dict[str, Exception] = field(default_factory=dict[str, Exception])
    ran: list[str] = field(default_factory=list[str])
    started: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event | None = None

    def save(self, name: str, every: str | None = "1m") -> None:
        schedule = f'every = "{every}"' if every else ""
        text = f'name = "{name}"\nstrategy = "bull put spread"\nsymbols = ["AAPL"]\n{schedule}'
        self.scans.scans[name] = SavedScan(name=name, definition=text, updated_at=NOON)

    def process(self, holder: str = "one") -> Rounds:
        market = ScriptedMarket(clock=self.clock)
        return Rounds(
            book=ScanBook(scans=self.scans, clock=self.wall, patterns=lambda: PATTERNS),
            scanner=self.scan,
            market=MarketRoom(data=market, cache=MemoryCache(self.wall)),
            runs=self.runs,
            leases=self.leases,
            clock=self.wall,
            holder=holder,
            broker="paper",
        )

    async def scan(self, scan: Scan) -> ScanReport:
        self.ran.append(scan.name)
        self.started.set()
        if self.gate is not None:
            await self.gate.wait()
        if scan.name in self.fails:
            raise self.fails[scan.name]
        unseen = tuple(
            SymbolVerdict(symbol=each, verdict=Verdict.UNSEEN, rule="NO_QUOTE")
            for each in self.unseen
        )
        return ScanReport(
            scan=scan,
            as_of=self.clock.now(),
            picks=tuple(self.found),
            near=(),
            enumerated=9,
            passed=len(self.found),
            removed={},
            flaws={},
            verdicts=(*unseen, SymbolVerdict(symbol="SPY", verdict=Verdict.SCANNED)),
            distribution="",
        )

    async def standing(self) -> ScanRun:
        (run,) = await self.process().standing()
        return run


@pytest.fixture
def desk() -> Desk:
    """Return a desk at noon of a session, with one scan that runs every minute."""
    desk = Desk(found=[a_pick(150)])
    desk.save("condor")
    return desk


async def test_a_scan_runs_at_its_time_and_not_before(desk: Desk) -> None:
    """First at once, then a minute after it last ran, in the venue's time."""
    rounds = desk.process()

    counts: list[int] = []
    for seconds in (0, 0, 59, 1, 30, 30):
        desk.clock.step(seconds)
        counts.append(await rounds())

    assert counts == [1, 0, 0, 1, 0, 1]
    assert desk.ran == ["condor"] * 3


async def test_nothing_runs_while_the_market_is_closed(desk: Desk) -> None:
    """Quotes of the night find nothing that can be traded; the opening finds it due."""
    desk.clock.at = NOON + timedelta(hours=5)  # 16:00 in New York.
    rounds = desk.process()
    assert await rounds() == 0

    desk.clock.at += timedelta(hours=65)  # 09:00 on Monday.
    assert await rounds() == 0
    desk.clock.at += timedelta(minutes=30)
    assert await rounds() == 1


@pytest.mark.parametrize(
    ("every_s", "last", "due"),
    [
        (None, None, False),
        (30, None, True),
        (30, NOON - timedelta(seconds=29), False),
        (30, NOON - timedelta(seconds=30), True),
        (86_400, NOON - timedelta(hours=2), False),
        (86_400, NOON - timedelta(hours=20), True),
        (3_600, NOON + MINUTE, True),
    ],
)
def test_what_is_due(every_s: int | None, last: datetime | None, due: bool) -> None:
    """Daily means each exchange date: a run just before one close must not miss the next day.

    A run in a time that has not come was in another world.
    """
    assert is_due(every_s, a_run(last) if last else None, NOON) is due


async def test_what_is_not_scheduled_or_does_not_load_never_runs(desk: Desk) -> None:
    desk.save("on request", every=None)
    desk.scans.scans["broken"] = SavedScan(name="broken", definition="every =", updated_at=NOON)

    assert await desk.process()() == 1
    assert desk.ran == ["condor"]


async def test_two_workers_run_it_once(desk: Desk) -> None:
    """Both look at one moment; the second finds the lease taken, and later nothing to do."""
    desk.gate = asyncio.Event()
    one = asyncio.create_task(desk.process("one")())
    await asyncio.wait_for(desk.started.wait(), 5)

    assert await desk.process("two")() == 0
    desk.gate.set()

    assert await one == 1
    assert await desk.process("two")() == 0
    assert desk.ran == ["condor"]


async def test_a_worker_that_died_leaves_its_work_to_another(desk: Desk) -> None:
    """Its lease ends, and what it began counts as run: the next run is another's."""
    assert await desk.leases.take(LEASE, "dead", desk.wall.now(), TERM)
    living = desk.process("living")
    assert await living() == 0

    desk.wall.step(TERM.total_seconds())

    assert await living() == 1
    assert desk.leases.held == {}


@dataclass(slots=True)
class Meanwhile(MemoryLeases):
    """Lets something else happen before the lease is asked for the so-many-th time."""

    happens: dict[int, Callable[[], Awaitable[object]]] = field(
        default_factory=dict[int, Callable[[], Awaitable[object]]]
    )
    asked: int = 0

    async def take(self, name: str, holder: str, now: datetime, term: timedelta) -> bool:
        self.asked += 1
        if (other := self.happens.get(self.asked)) is not None:
            await other()
        return await MemoryLeases.take(self, name, holder, now, term)


async def test_who_looked_too_long_ago_begins_nothing(desk: Desk) -> None:
    """Between what a process read and its turn another may have run the scan."""
    desk.leases = Meanwhile(happens={1: desk.process("two")})

    assert await desk.process("one")() == 0
    assert desk.ran == ["condor"]


async def test_a_lease_that_is_lost_on_the_way_ends_the_round(desk: Desk) -> None:
    """A scan may take longer than the term; who took over goes on with what is left."""
    lost = Meanwhile()
    desk.save("wheel")

    async def another_takes_over() -> None:
        lost.held[LEASE] = "two", desk.wall.now() + TERM

    lost.happens[3] = another_takes_over
    desk.leases = lost

    assert await desk.process("one")() == 1
    assert desk.ran == ["condor"]
    assert lost.held[LEASE][0] == "two"


async def test_one_scan_that_fails_stops_no_other(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told by its reason, or as a fault of ours; what it found before stays."""
    desk.save("down")
    desk.save("faulty")
    await desk.process()()
    desk.clock.step(60)
    desk.fails = {
        "down": Unavailable(Reason.BROKER_UNAVAILABLE),
        "faulty": RuntimeError("somebody else's words"),
    }

    assert await desk.process()() == 3

    runs = {run.scan: run for run in await desk.process().standing()}
    assert {name: run.problem for name, run in runs.items()} == {
        "condor": None,
        "down": "BROKER_UNAVAILABLE",
        "faulty": "DESK_FAULT",
    }
    assert all(run.result and run.result.at == NOON for run in runs.values())
    assert [each.message for each in caplog.records if each.levelno >= logging.ERROR] == [
        "scan faulty failed"
    ]


async def test_the_same_trades_are_stored_and_told_once(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """In another order and at other prices they are no news; one more is, and it alone is new."""
    caplog.set_level(logging.INFO)
    rounds = desk.process()
    for found in ([150, 155], [155, 150], [155, 150, 160]):
        desk.found = [a_pick(put) for put in found]
        await rounds()
        desk.clock.step(60)

    newest, first = await rounds.results("Condor")
    since = {each.legs[3:]: each.since for each in newest.sightings}
    assert since == {
        "AAPL261218P00155000": NOON,
        "AAPL261218P00150000": NOON,
        "AAPL261218P00160000": NOON + 2 * MINUTE,
    }
    assert [each.legs for each in newest.fresh] == ["-1 AAPL261218P00160000"]
    assert len(first.fresh) == 2
    assert [each.message for each in caplog.records] == [
        "scan condor found 2 new of 2",
        "scan condor found 1 new of 3",
    ]


async def test_a_run_that_was_overtaken_tells_of_nothing(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Its figures are kept nowhere; a line that says "found" would lead to none."""
    caplog.set_level(logging.INFO)
    desk.found, desk.gate = [a_pick(150)], asyncio.Event()
    slow = asyncio.create_task(desk.process("one")())
    await desk.started.wait()
    await desk.runs.begin("paper", "condor", NOON + MINUTE, last=NOON)
    desk.gate.set()

    assert await slow == 1
    assert [each.message for each in caplog.records] == []


async def test_what_could_not_be_seen_has_not_gone(desk: Desk) -> None:
    """A feed that fails for a minute must not make old trades new again."""
    rounds = desk.process()
    desk.found = [a_pick(150), a_pick(300, "MSFT")]
    await rounds()
    desk.clock.step(60)
    desk.found, desk.unseen = [a_pick(150)], ["MSFT"]
    await rounds()

    run = await desk.standing()
    assert run.problem == "unseen: MSFT NO_QUOTE"
    assert run.result is not None
    assert (run.result.at, len(run.result.sightings)) == (NOON, 2)

    desk.clock.step(60)
    desk.unseen = [f"S{n}" for n in range(8)]
    await rounds()

    run = await desk.standing()
    assert run.result is not None
    assert [each.underlying for each in run.result.sightings] == ["AAPL"]
    assert run.problem == (
        "unseen: S0 NO_QUOTE, S1 NO_QUOTE, S2 NO_QUOTE, S3 NO_QUOTE, S4 NO_QUOTE and 3 more"
    )


async def test_a_scan_that_is_removed_is_forgotten(desk: Desk) -> None:
    rounds = desk.process()
    await rounds()
    del desk.scans.scans["condor"]

    assert await rounds() == 0
    assert await rounds.standing() == ()


async def test_a_world_that_begins_anew_finds_everything_new(desk: Desk) -> None:
    """What was found in a time that has not come is not what was found before."""
    desk.clock.at = NOON + 10 * DAY
    await desk.process()()
    desk.clock.at = NOON

    assert await desk.process()() == 1

    run = await desk.standing()
    assert (run.ran_at, run.result and len(run.result.fresh)) == (NOON, 1)


async def test_no_more_results_are_kept_than_may(desk: Desk) -> None:
    rounds = desk.process()
    for n in range(RESULTS_KEPT + 2):
        desk.found = [a_pick(100 + n)]
        await rounds()
        desk.clock.step(60)

    assert len(await rounds.results("condor")) == RESULTS_KEPT


def a_sighting(legs: str, since: datetime = NOON) -> Sighting:
    return Sighting(underlying="AAPL", legs=legs, since=since, mid=Decimal(1))


def test_a_first_run_that_finds_nothing_is_news_and_the_second_is_not() -> None:
    """That a scan ran and found nothing is worth knowing once."""
    assert compared((), None) == ()
    assert compared((), ScanResult(at=NOON, sightings=())) is None


def test_a_trade_that_comes_back_is_new_again() -> None:
    gone = compared((), ScanResult(at=NOON, sightings=(a_sighting("-1 A"),)))
    again = a_sighting("-1 A", NOON + MINUTE)

    assert gone == ()
    assert compared((again,), ScanResult(at=NOON, sightings=())) == (again,)
