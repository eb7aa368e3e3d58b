"""Any order of previews, confirms, retries, deaths, clock jumps, outages and halts, shrunk.

Two desks over one ledger, one broker, one switch and one clock. What is found to break one of the
invariants is told as the shortest run of steps that does.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from strikedesk.domain.broking import LookupStatus, Receipt, Ticket
from strikedesk.domain.errors import Denied, DeskError, Unavailable
from strikedesk.domain.ledger import Halt, OrderRecord, Progress
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import parse_symbol
from strikedesk.orders.preview import Preview
from strikedesk.orders.reconcile import SECOND_SCAN_AFTER
from tests.builders import NOON, a_leg
from tests.fakes.broker import Day, ScriptedBroker
from tests.fakes.ledger import MemoryLedger
from tests.proof import PROVING, examples, report, seconds
from tests.unit.order_desk import OrderDesk

T = TypeVar("T")

CALLS: Final = ("AAPL261218C00200000", "MSFT261218C00400000", "SPY261218C00600000")
NEVER_LEFT: Final = {
    OrderState.PREVIEWED,
    OrderState.LAPSED,
    OrderState.DECLINED,
    OrderState.REJECTED,
}
POINTS: Final = ("before claim", "after claim", "before send", "after send", "before advance")
STEPS: Final = 50


class Death(BaseException):
    """The process is gone: nothing of its own runs after this."""


class Fate:
    """At which point the process dies next, if at all."""

    point: str | None = None

    def reach(self, point: str) -> None:
        """Come to a point."""
        if self.point == point:
            self.point = None
            raise Death


class MortalLedger(MemoryLedger):
    """A ledger whose process may die before and after it writes."""

    fate: Fate

    async def claim(self, preview_id: str, **told: Any) -> OrderRecord | None:
        """See `Ledger.claim`."""
        self.fate.reach("before claim")
        claimed = await MemoryLedger.claim(self, preview_id, **told)
        self.fate.reach("after claim")
        return claimed

    async def advance(self, order_id: str, progress: Progress, **told: Any) -> OrderRecord | None:
        """See `Ledger.advance`."""
        self.fate.reach("before advance")
        return await MemoryLedger.advance(self, order_id, progress, **told)


class LateLedger(MortalLedger):
    """A ledger that says the intent is there, and writes nothing."""

    async def claim(self, preview_id: str, **told: Any) -> OrderRecord | None:
        """See `Ledger.claim`."""
        preview = await self.preview(preview_id)
        return preview and replace(preview.record, state=OrderState.SUBMITTING)


class MortalBroker(ScriptedBroker):
    """A broker whose caller may die before and after it is heard; it counts what comes late."""

    fate: Fate
    desk: OrderDesk
    in_halt: int = 0

    async def submit(self, ticket: Ticket) -> Receipt:
        """See `Broker.submit`."""
        self.fate.reach("before send")
        self.in_halt += self.desk.halt.halt is not None
        receipt = await ScriptedBroker.submit(self, ticket)
        self.fate.reach("after send")
        return receipt


class Desks(RuleBasedStateMachine):
    """The model is short: what was previewed, and what each confirm was told."""

    kind: type[MortalLedger] = MortalLedger

    def __init__(self) -> None:
        """Open two desks on one floor."""
        RuleBasedStateMachine.__init__(self)
        self.runner = asyncio.Runner()
        ledger, self.fate = self.kind(), Fate()
        one = OrderDesk(ledger=ledger)
        two = OrderDesk(ledger=ledger, clock=one.clock, entropy=one.entropy, halt=one.halt)
        self.broker = MortalBroker(
            clock=one.clock, quoted={parse_symbol(call): ("1.10", "1.20") for call in CALLS}
        )
        self.broker.fate = ledger.fate = self.fate
        self.broker.desk = one
        self.ledger, self.clock, self.halt, self.desks = ledger, one.clock, one.halt, (one, two)
        for desk in self.desks:
            desk.broker = self.broker
            desk.restart()
        self.previews: list[Preview] = []

    @rule(which=st.integers(0, 1), call=st.sampled_from(CALLS), quantity=st.integers(1, 3))
    def preview(self, which: int, call: str, quantity: int) -> None:
        """Preview calls; while trading is halted or another is in doubt, none is minted."""
        leg = a_leg(call, quantity=quantity)
        with suppress(DeskError):
            self.previews.append(self.run(self.desks[which].preview(leg)))

    @rule(
        which=st.integers(0, 1),
        back=st.integers(1, 4),
        clicks=st.integers(1, 3),
        dies_at=st.sampled_from((None, None, None, *POINTS)),
    )
    def confirm(self, which: int, back: int, clicks: int, dies_at: str | None) -> None:
        """Confirm one of the last previews, perhaps again, perhaps to death."""
        if len(self.previews) < back:
            return
        preview, self.fate.point = self.previews[-back], dies_at
        for told in self.run(self._clicked(which, preview, clicks)):
            assert isinstance(told, OrderRecord | DeskError | Death), told
            if isinstance(told, Denied | Unavailable):
                ids = {order.client_order_id for order in self.broker.placed}
                assert preview.record.client_order_id not in ids, "sent, and told as not sent"
        died, self.fate.point = dies_at is not None and self.fate.point is None, None
        if died:
            self.desks[which].restart()

    async def _clicked(self, which: int, preview: Preview, clicks: int) -> list[Any]:
        desk = self.desks[which]
        calls = [desk.confirm(preview) for _ in range(clicks)]
        told = await asyncio.gather(*calls, return_exceptions=True)
        await desk.confirmer.drain()
        return told

    @rule(step=st.sampled_from((1, 9, 11, 59, 61, 119, 121, 600, 3_600, -5, -70, -600, -3_600)))
    def jump(self, step: int) -> None:
        """Let the clock jump, as after a sleep or the end of summer time."""
        self.clock.at += timedelta(seconds=step)

    @rule(day=st.sampled_from([day for day in Day if day is not Day.LOST]))
    def change_the_day(self, day: Day) -> None:
        """Let the broker be well, or not. What it loses for good is never late here."""
        self.broker.day = day

    @rule(incomplete=st.booleans())
    def cut_the_books_short(self, incomplete: bool) -> None:
        """Let its books be read in part only, or whole again."""
        self.broker.lookups = LookupStatus.INCOMPLETE if incomplete else None

    @rule(stops=st.booleans())
    def halt_or_resume(self, stops: bool) -> None:
        """Let the owner stop trading, or go on."""
        self.halt.halt = Halt(since=NOON, actor="owner", why="lunch") if stops else None

    @rule(which=st.integers(0, 1))
    def reconcile(self, which: int) -> None:
        """Let the worker of one of them look."""
        self.run(self.desks[which].reconciler(path="worker"))

    @rule(which=st.integers(0, 1))
    def restart(self, which: int) -> None:
        """Start one of them anew, which reconciles."""
        self.desks[which].restart()
        self.reconcile(which)

    @invariant()
    def nothing_is_sent_twice_or_in_a_halt(self) -> None:
        """The two that an owner would never forgive."""
        assert self.broker.in_halt == 0
        sent = Counter(ticket.client_order_id for ticket in self.broker.tickets)
        assert max(sent.values(), default=0) <= 1

    @invariant()
    def nothing_that_was_placed_is_told_as_not_placed(self) -> None:
        """Whatever died, jumped or was out of reach."""
        placed = {order.client_order_id for order in self.broker.placed}
        for row in self.ledger.records.values():
            assert not (row.state in NEVER_LEFT and row.client_order_id in placed), row.state

    def teardown(self) -> None:
        """Let all get well, and close the loop whatever that comes to."""
        try:
            self.get_well()
        finally:
            self.runner.close()
        Desks.runs += 1

    def get_well(self) -> None:
        """What was in doubt ends, and both books agree."""
        self.halt.halt, self.broker.lookups, self.broker.day = None, None, Day.FILLED
        for _ in range(4):
            self.clock.at += SECOND_SCAN_AFTER + timedelta(seconds=3_600)
            self.run(self.desks[0].reconciler(path="worker"))
        self.nothing_that_was_placed_is_told_as_not_placed()
        rows = {row.client_order_id: row for row in self.ledger.records.values()}
        for order in self.broker.placed:
            assert rows[order.client_order_id or ""].state is order.state, "lost"
        waiting = {OrderState.SUBMITTING, OrderState.UNKNOWN, OrderState.PREVIEWED}
        assert not [row for row in rows.values() if row.state in waiting], "never settled"
        assert self.run(self.ledger.verify()) is None

    runs: int = 0

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run on the loop that this run of steps shares."""
        return self.runner.run(coroutine)


class LateDesks(Desks):
    """The same, over a ledger that writes down nothing before it sends."""

    kind = LateLedger


def tried(runs: int) -> settings:
    """Return how many runs are made, the same ones each time unless it is a whole proof."""
    return settings(
        max_examples=runs,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=not PROVING,
        database=None,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much),
    )


@pytest.mark.timeout(seconds(600, 14_400))
@pytest.mark.promise("once")
@pytest.mark.promise("nothing-lost")
@pytest.mark.promise("halt")
def test_no_run_of_steps_breaks_the_order_path() -> None:
    runs, Desks.runs = examples(40, 5_000), 0
    run_state_machine_as_test(Desks, settings=tried(runs))

    report("stateful", Desks.runs, 0, f"runs of up to {STEPS} steps; an invariant broken")
    assert Desks.runs >= runs


@pytest.mark.promise("once")
def test_a_desk_that_writes_down_after_it_sent_does_not_get_through() -> None:
    """Otherwise a machine that never gets anywhere would have passed."""
    once = settings(tried(100), phases=(Phase.generate,), report_multiple_bugs=False)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(LateDesks, settings=once)
