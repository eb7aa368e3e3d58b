"""Two processes, a broker with every bad day, clocks that jump, callers that leave.

Each seed is one storm: a random run of previews, confirms, changes, halts and restarts, the
invariants looked at after every step; then the broker gets well, and its books and ours agree.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from strikedesk.domain.broking import BrokerOrder, GroupTicket, Lookup, PlaceTicket, Receipt, Ticket
from strikedesk.domain.errors import Denied, DeskError, OutcomeUnknown, Rejected, Unavailable
from strikedesk.domain.ledger import Halt, TicketKind
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.reasons import Reason
from strikedesk.domain.replay import rebuilt, row_of
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import parse_symbol
from strikedesk.orders.draft import Change
from strikedesk.orders.preview import Preview
from tests.builders import NOON, a_leg
from tests.fakes.broker import Day, ScriptedBroker
from tests.unit.order_desk import CALL, OrderDesk

SEEDS = 150
CALLS = (CALL, "MSFT261218C00400000", "SPY261218C00600000", "QQQ261218C00500000")
# A ticket that seemed lost arrives within a minute, or never.
LATE_S = 60
NEVER_LEFT = {OrderState.PREVIEWED, OrderState.LAPSED, OrderState.DECLINED, OrderState.REJECTED}


class Sea(ScriptedBroker):
    """Answers out of turn; takes some of the tickets that seemed lost after all, later."""

    def sail(self, random: Random, halted: Callable[[], object]) -> None:
        self.random, self.halted = random, halted
        self.late: list[tuple[datetime, Ticket]] = []
        self.sent_after_the_halt = 0

    async def drift(self) -> None:
        for _ in range(self.random.randint(0, 3)):
            await asyncio.sleep(0)

    async def submit(self, ticket: Ticket) -> Receipt:
        self.sent_after_the_halt += bool(self.halted())
        await self.drift()
        if self.day is Day.LOST and self.random.random() < 0.5:
            self.tickets.append(ticket)
            self.late.append((self.clock.now(), ticket))
            raise OutcomeUnknown(ticket.client_order_id)
        if not self.would_act(ticket):
            raise Rejected(Reason.ORDER_NOT_WORKING, code="order_not_working")
        return await ScriptedBroker.submit(self, ticket)

    def would_act(self, ticket: Ticket) -> bool:
        """Whether there is something for the ticket to act on."""
        if isinstance(ticket, PlaceTicket | GroupTicket):
            return True
        return self.works(ticket.broker_order_id)

    def works(self, broker_order_id: str) -> bool:
        return any(o.broker_order_id == broker_order_id and o.state.is_open for o in self.placed)

    def let_arrive(self, *, all_of_them: bool = False) -> None:
        """Carry out late tickets, as far as there is still something to act on."""
        day, self.day = self.day, Day.WORKING
        for sent_at, ticket in list(self.late):
            due = (self.clock.now() - sent_at).total_seconds() >= LATE_S
            if due or all_of_them or self.random.random() < 0.1:
                self.late.remove((sent_at, ticket))
                if self.would_act(ticket):
                    self._carry_out(ticket)
        self.day = day

    async def order(self, account_id: str, broker_order_id: str) -> BrokerOrder:
        await self.drift()
        return await ScriptedBroker.order(self, account_id, broker_order_id)

    async def find(self, account_id: str, client_order_id: str) -> Lookup:
        await self.drift()
        return await ScriptedBroker.find(self, account_id, client_order_id)

    async def positions(self, account_id: str) -> tuple[Any, ...]:
        await self.drift()
        return await ScriptedBroker.positions(self, account_id)


class Storm:
    """Two desks over one ledger, one broker, one halt and one clock."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 -- a storm must come again as it was
        one = OrderDesk()
        self.sea = Sea(
            clock=one.clock, quoted={parse_symbol(call): ("1.10", "1.20") for call in CALLS}
        )
        self.sea.sail(self.random, lambda: one.halt.halt)
        two = OrderDesk(clock=one.clock, entropy=one.entropy, ledger=one.ledger, halt=one.halt)
        self.desks = (one, two)
        for desk in self.desks:
            desk.broker = self.sea
            desk.restart()
        self.clock, self.ledger, self.halt = one.clock, one.ledger, one.halt
        self.previews: list[Preview] = []

    @property
    def desk(self) -> OrderDesk:
        return self.random.choice(self.desks)

    async def step(self) -> None:
        acts: dict[Callable[[], Awaitable[None]], int] = {
            self.preview: 25,
            self.preview_change: 15,
            self.confirm: 30,
            self.change_the_day: 6,
            self.let_time_pass: 8,
            self.halt_or_resume: 4,
            self.reconcile: 15,
            self.fill: 4,
            self.restart: 2,
        }
        self.sea.let_arrive()
        (act,) = self.random.choices(list(acts), weights=list(acts.values()))
        with suppress(DeskError):
            await act()
        for desk in self.desks:
            await desk.confirmer.drain()

    async def preview(self) -> None:
        """Of several underlyings: while one order is in doubt, none like it is opened."""
        leg = a_leg(self.random.choice(CALLS), quantity=self.random.randint(1, 4))
        self.previews.append(await self.desk.preview(leg))

    async def preview_change(self) -> None:
        rows = [row for row in self.ledger.records.values() if row.state.is_open]
        if not rows:
            return
        previewer, row = self.desk.previewer, self.random.choice(rows)
        change = Change(
            units=self.random.randint(1, 6),
            price=Decimal(self.random.randint(100, 120)) / 100,
            price_effect=PriceEffect.DEBIT,
        )
        cancels = self.random.random() < 0.5
        self.previews.append(
            await previewer.cancel(row.order_id, caller="stdio")
            if cancels
            else await previewer.replace(row.order_id, change, caller="stdio")
        )

    async def confirm(self) -> None:
        """Confirm from one to three callers at once, some of whom leave."""
        if not self.previews:
            return
        preview = self.random.choice(self.previews[-4:])
        calls = [
            asyncio.create_task(self.desk.confirm(preview))
            for _ in range(self.random.choice([1, 1, 1, 2, 3]))
        ]
        for _ in range(self.random.randint(0, 8)):
            await asyncio.sleep(0)
        for call in calls:
            if self.random.random() < 0.2:
                call.cancel()
        for told in await asyncio.gather(*calls, return_exceptions=True):
            self.believe(preview, told)

    def believe(self, preview: Preview, told: object) -> None:
        """Whoever hears that nothing was sent may send it again: it must be so."""
        if isinstance(told, Denied | Unavailable):
            ids = {order.client_order_id for order in self.sea.placed}
            ids |= {ticket.client_order_id for _, ticket in self.sea.late}
            assert preview.record.client_order_id not in ids
        assert not isinstance(told, Exception) or isinstance(told, DeskError), told

    async def change_the_day(self) -> None:
        self.sea.day = self.random.choice(list(Day))

    async def let_time_pass(self) -> None:
        """Nothing is late for longer than it takes to be found missing twice."""
        jumps = [1, 10, 30] if self.sea.late else [1, 10, 59, 61, 119, 121, 300, -5, -70]
        self.clock.move(self.random.choice(jumps))

    async def halt_or_resume(self) -> None:
        self.halt.halt = None if self.halt.halt else Halt(since=NOON, actor="owner", why="lunch")

    async def reconcile(self) -> None:
        await asyncio.gather(*(desk.reconciler(path="worker") for desk in self.desks))

    async def fill(self) -> None:
        for index, order in enumerate(self.sea.placed):
            if order.state.is_open and self.random.random() < 0.5:
                filled = self.random.randint(order.filled_units, order.order.units)
                state = OrderState.PARTIALLY_FILLED if filled else OrderState.WORKING
                state = OrderState.FILLED if filled == order.order.units else state
                self.sea.placed[index] = replace(order, filled_units=filled, state=state)

    async def restart(self) -> None:
        self.desk.restart()

    async def calm(self) -> None:
        """The broker gets well and time passes: whatever was in doubt must end."""
        self.sea.let_arrive(all_of_them=True)
        for seconds in (61, 1, 121, 121, 400, 1):
            self.clock.move(seconds)
            await self.desk.reconciler(path="worker")

    def check(self) -> None:
        assert self.sea.sent_after_the_halt == 0
        sent = Counter(ticket.client_order_id for ticket in self.sea.tickets)
        assert max(sent.values(), default=0) <= 1, "sent twice"
        placed = {order.client_order_id for order in self.sea.placed}
        assert len(placed) == len(self.sea.placed), "placed twice"
        for row in self.ledger.records.values():
            if row.kind is not TicketKind.CANCEL and row.state in NEVER_LEFT:
                assert row.client_order_id not in placed, "told as not placed"

    def check_books(self) -> None:
        rows = {row.client_order_id: row for row in self.ledger.records.values()}
        for order in self.sea.placed:
            row = rows[order.client_order_id or ""]
            assert (row.broker_order_id, row.state) == (order.broker_order_id, order.state)
            assert row.filled_units == order.filled_units
        unsettled = {OrderState.SUBMITTING, OrderState.UNKNOWN, OrderState.PREVIEWED}
        assert [row for row in rows.values() if row.state in unsettled] == []


@pytest.mark.promise("once")
@pytest.mark.promise("nothing-lost")
async def test_no_storm_doubles_an_order_loses_one_or_tells_one_wrongly() -> None:
    """What no single bad day brings about, several at once may."""
    tickets = 0
    for seed in range(SEEDS):
        storm = Storm(seed)
        for _ in range(storm.random.randint(5, 40)):
            await storm.step()
            storm.check()
        await storm.calm()
        storm.check()
        storm.check_books()
        assert await storm.ledger.verify() is None
        for row in storm.ledger.records.values():
            assert rebuilt(await storm.ledger.events(row.order_id)) == row_of(row)
        tickets += len(storm.sea.tickets)

    assert tickets > SEEDS
