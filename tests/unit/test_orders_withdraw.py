"""What a halt may still send: cancels of what opens something, where the owner said so."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.broking import CancelTicket, Receipt, Ticket
from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.groups import GroupKind
from strikedesk.domain.ledger import (
    Halt,
    NonceState,
    Note,
    OrderRecord,
    PreviewRecord,
    Progress,
    TicketKind,
)
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action, Leg
from strikedesk.domain.reasons import Reason
from strikedesk.domain.replay import ROW
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import parse_symbol
from strikedesk.orders.binding import binding_of
from strikedesk.orders.preview import Preview
from strikedesk.orders.tickets import payload_of
from strikedesk.orders.watch import Watcher
from strikedesk.orders.withdraw import Withdrawal
from tests.builders import NOON, a_leg, an_order_record
from tests.fakes.broker import Day, ScriptedBroker
from tests.unit.group_desk import ENTRY, preview_of, rows_of
from tests.unit.order_desk import CALL, OrderDesk

HALT = Halt(since=NOON, actor="owner", why="lunch")
PUT = "AAPL261218P00180000"


@pytest.fixture
def orders() -> OrderDesk:
    desk = OrderDesk()
    desk.broker.day = Day.WORKING
    desk.broker.held = {parse_symbol(CALL): 5, parse_symbol("AAPL"): 500}
    desk.quote(PUT, "1.10", "1.20")
    desk.quote("AAPL", "199.90", "200.00")
    return desk


async def working(orders: OrderDesk, *legs: Leg, price: str = "1.20") -> OrderRecord:
    sells = bool(legs) and all(leg.action in {Action.SELL, Action.SELL_TO_CLOSE} for leg in legs)
    effect = PriceEffect.CREDIT if sells else PriceEffect.DEBIT
    return await orders.confirm(await orders.preview(*legs, price=price, effect=effect))


async def withdrawn(orders: OrderDesk, *, again: bool = False) -> Withdrawal:
    return await orders.withdrawer(actor="owner", path="cli", again=again)


async def states(orders: OrderDesk, rows: Sequence[OrderRecord]) -> list[OrderState]:
    found = [await orders.ledger.order(row.order_id) for row in rows]
    return [row.state for row in found if row is not None]


@pytest.mark.promise("halt")
async def test_a_halt_takes_back_what_opens_and_leaves_what_may_protect(orders: OrderDesk) -> None:
    """A plain `sell` of shares may close them: it stays too."""
    opening = await working(orders)
    closing = await working(orders, a_leg(CALL, Action.SELL_TO_CLOSE), price="1.15")
    selling = await working(orders, a_leg("AAPL", Action.SELL), price="199.95")
    roll = await working(orders, a_leg(CALL, Action.SELL_TO_CLOSE), a_leg(PUT), price="0.10")
    await orders.halt.engage(HALT)

    done = await withdrawn(orders)

    (cancel,) = done.cancels
    assert (cancel.kind, cancel.target_order_id) == (TicketKind.CANCEL, opening.order_id)
    assert (cancel.state, done.failed) == (OrderState.CANCELLED, ())
    assert {row.order_id for row in done.kept} == {
        closing.order_id,
        selling.order_id,
        roll.order_id,
    }
    assert await states(orders, [opening, closing, selling, roll]) == [
        OrderState.CANCELLED,
        OrderState.WORKING,
        OrderState.WORKING,
        OrderState.WORKING,
    ]
    assert isinstance(orders.broker.tickets[-1], CancelTicket)
    assert len(orders.broker.tickets) == 5


async def test_what_was_taken_back_is_in_the_trail_like_any_order(orders: OrderDesk) -> None:
    await working(orders)
    await orders.halt.engage(HALT)

    (cancel,) = (await withdrawn(orders)).cancels

    lines = await orders.ledger.events(cancel.order_id)
    assert [line.kind for line in lines] == ["previewed", "submitting", "broker:cancelled"]
    assert {(line.actor, line.path) for line in lines} == {("owner", "cli")}
    assert await orders.ledger.verify() is None


@pytest.mark.promise("one-door")
async def test_without_a_halt_nothing_is_taken_back(orders: OrderDesk) -> None:
    opening = await working(orders)

    assert await withdrawn(orders) == Withdrawal()
    assert await states(orders, [opening]) == [OrderState.WORKING]


@pytest.mark.promise("halt")
async def test_a_cancel_that_was_previewed_before_the_halt_is_refused_like_any_order(
    orders: OrderDesk,
) -> None:
    """Only the owner's own act, or setting, sends anything in a halt."""
    opening = await working(orders)
    preview = await orders.previewer.cancel(opening.order_id, caller="stdio")
    await orders.halt.engage(HALT)

    with pytest.raises(Denied) as denied:
        await orders.confirm(preview)

    assert denied.value.reason is Reason.TRADING_HALTED
    assert await states(orders, [opening]) == [OrderState.WORKING]


async def cancelling(orders: OrderDesk, target: OrderRecord) -> Preview:
    return await orders.previewer.cancel(target.order_id, caller="stdio")


@pytest.mark.promise("halt")
@pytest.mark.parametrize("kind", ["place", "cancel a close", "cancel a roll", "cancel a sale"])
async def test_the_door_lets_nothing_else_out_of_a_halt(kind: str, orders: OrderDesk) -> None:
    """Whoever asked it to: it looks at the row itself."""
    legs = {
        "cancel a close": (a_leg(CALL, Action.SELL_TO_CLOSE),),
        "cancel a roll": (a_leg(CALL, Action.SELL_TO_CLOSE), a_leg(PUT)),
        "cancel a sale": (a_leg("AAPL", Action.SELL),),
    }
    if kind == "place":
        preview = await orders.preview()
    else:
        price = {"cancel a roll": "0.10", "cancel a sale": "199.95"}.get(kind, "1.15")
        preview = await cancelling(orders, await working(orders, *legs[kind], price=price))
    note = Note(at=NOON, actor="stdio", path="test", kind="submitting")
    intent = await orders.ledger.advance(
        preview.record.order_id,
        Progress(state=OrderState.SUBMITTING),
        only_from={OrderState.PREVIEWED},
        note=note,
    )
    assert intent is not None
    sent = len(orders.broker.tickets)
    await orders.halt.engage(HALT)

    row = await orders.submit(intent, binding=binding_of(intent), path="test", withdraws=True)

    assert (row.state, row.reason) == (OrderState.LAPSED, "TRADING_HALTED")
    assert len(orders.broker.tickets) == sent


@pytest.mark.promise("once")
async def test_a_cancel_that_was_refused_is_tried_again_by_the_owner_alone(
    orders: OrderDesk,
) -> None:
    """A watcher that tried each round would fill the trail, and the broker's log."""
    await working(orders)
    await orders.halt.engage(HALT)
    orders.broker.day = Day.REJECTED

    first = await withdrawn(orders)
    second = await withdrawn(orders)
    orders.broker.day = Day.WORKING
    third = await withdrawn(orders, again=True)

    assert [row.state for row in first.failed] == [OrderState.REJECTED]
    assert second.cancels == ()
    assert [row.state for row in third.cancels] == [OrderState.CANCELLED]


@pytest.mark.promise("once")
async def test_a_cancel_in_doubt_is_not_sent_again(orders: OrderDesk) -> None:
    await working(orders)
    await orders.halt.engage(HALT)
    orders.broker.day = Day.LOST

    first = await withdrawn(orders)
    sent = len(orders.broker.tickets)
    second = await withdrawn(orders, again=True)

    assert [row.state for row in first.failed] == [OrderState.UNKNOWN]
    assert (second.cancels, len(orders.broker.tickets)) == ((), sent)


async def test_what_was_tried_in_an_earlier_halt_is_tried_in_this_one(orders: OrderDesk) -> None:
    await working(orders)
    await orders.halt.engage(HALT)
    orders.broker.day = Day.REJECTED
    await withdrawn(orders)
    orders.clock.move(60)
    orders.halt.halt = replace(HALT, since=NOON + timedelta(seconds=60))
    orders.broker.day = Day.WORKING

    done = await withdrawn(orders)

    assert [row.state for row in done.cancels] == [OrderState.CANCELLED]


async def test_more_cancels_than_a_page_of_the_ledger_are_all_remembered(
    orders: OrderDesk,
) -> None:
    orders.limits = replace(orders.limits, orders_minute_max=1_000, orders_day_max=1_000)
    for _ in range(105):
        await working(orders)
    await orders.halt.engage(HALT)
    orders.broker.day = Day.REJECTED

    first, second = await withdrawn(orders), await withdrawn(orders)

    assert (len(first.failed), len(second.cancels)) == (105, 0)


async def test_one_that_breaks_keeps_no_other_from_being_taken_back(orders: OrderDesk) -> None:
    class Weak(ScriptedBroker):
        async def submit(self, ticket: Ticket) -> Receipt:
            if isinstance(ticket, CancelTicket) and ticket.broker_order_id == "b-2":
                raise Unavailable(Reason.BROKER_UNAVAILABLE)
            return await ScriptedBroker.submit(self, ticket)

    orders.broker = Weak(clock=orders.clock, quoted=orders.broker.quoted, day=Day.WORKING)
    orders.restart()
    rows = [await working(orders) for _ in range(3)]
    await orders.halt.engage(HALT)

    done = await withdrawn(orders)

    assert [row.target_order_id for row in done.failed] == [rows[1].order_id]
    assert await states(orders, rows) == [
        OrderState.CANCELLED,
        OrderState.WORKING,
        OrderState.CANCELLED,
    ]


@pytest.mark.promise("halt")
@pytest.mark.parametrize("wanted", [True, False])
async def test_the_worker_takes_back_after_any_halt_where_the_owner_set_it(
    orders: OrderDesk, *, wanted: bool
) -> None:
    """The breaker and the file have nobody else to do it."""
    orders.cancels_opening = wanted
    orders.restart()
    opening = await working(orders)
    watcher = Watcher(
        broker=orders.broker, reconciler=orders.reconciler, safety=orders.safety, every_s=60
    )
    await watcher.once()
    assert await states(orders, [opening]) == [OrderState.WORKING]
    await orders.halt.engage(HALT)

    await watcher.once()

    after = OrderState.CANCELLED if wanted else OrderState.WORKING
    assert await states(orders, [opening]) == [after]
    cancels = [row for row in orders.ledger.records.values() if row.kind is TicketKind.CANCEL]
    lines = [line for row in cancels for line in await orders.ledger.events(row.order_id)]
    assert {(line.actor, line.path) for line in lines} == (
        {("strikedesk", "worker")} if wanted else set()
    )


@pytest.mark.promise("halt")
async def test_a_ledger_that_fails_does_not_make_a_halt_look_failed(orders: OrderDesk) -> None:
    class Weak(type(orders.ledger)):
        async def orders(self, **_: object) -> tuple[Sequence[OrderRecord], int]:
            raise Unavailable(Reason.DATABASE_UNAVAILABLE)

    orders.ledger, orders.cancels_opening = Weak(), True
    orders.restart()
    await orders.safety.stop("lunch", caller="stdio", path="test")

    assert await orders.safety.take_back(actor="stdio", path="test") == Withdrawal()


async def test_a_cancel_of_the_desk_is_a_row_of_its_own_with_all_that_its_target_has(
    orders: OrderDesk,
) -> None:
    opening = await working(orders)
    orders.clock.move(5)
    await orders.halt.engage(replace(HALT, since=orders.clock.now()))

    (cancel,) = (await withdrawn(orders)).cancels

    now = orders.clock.now()
    assert cancel == replace(
        opening,
        order_id=cancel.order_id,
        preview_id=cancel.preview_id,
        client_order_id=cancel.client_order_id,
        kind=TicketKind.CANCEL,
        state=OrderState.CANCELLED,
        caller="owner",
        created_at=now,
        updated_at=now,
        target_order_id=opening.order_id,
        target_broker_order_id=opening.broker_order_id,
    )
    assert len({cancel.order_id, cancel.preview_id, cancel.client_order_id}) == 3
    ticket = orders.broker.tickets[-1]
    assert ticket == CancelTicket(
        client_order_id=cancel.client_order_id,
        account_id=opening.account_id,
        broker_order_id=opening.broker_order_id or "",
    )


async def test_a_cancel_of_the_desk_is_bound_like_any_order_and_its_nonce_is_nobodys(
    orders: OrderDesk,
) -> None:
    await working(orders)
    await orders.halt.engage(HALT)

    (cancel,) = (await withdrawn(orders)).cancels

    kept = orders.ledger.previews[cancel.preview_id]
    assert kept.nonce_state is NonceState.SPENT
    assert kept.binding == binding_of(cancel)
    assert len(kept.nonce_hash) == 64
    assert (kept.created_at, kept.expires_at) == (
        cancel.created_at,
        cancel.created_at + timedelta(seconds=10),
    )
    previewed, submitting, _ = await orders.ledger.events(cancel.order_id)
    told = {name: fact for name, fact in previewed.body.items() if name != ROW}
    assert told == {"order": cancel.order.canonical, "binding": kept.binding, "shown": {}}
    assert {**submitting.body, **payload_of(cancel)} == submitting.body


@pytest.mark.promise("halt")
async def test_a_cancel_that_cannot_be_written_down_has_failed_and_is_named_in_the_log(
    orders: OrderDesk, caplog: pytest.LogCaptureFixture
) -> None:
    opening = await working(orders)
    await orders.halt.engage(HALT)
    sent = len(orders.broker.tickets)

    class Full(type(orders.ledger)):
        async def open_preview(self, preview: PreviewRecord, note: Note) -> None:
            raise Unavailable(Reason.DATABASE_UNAVAILABLE)

    old = orders.ledger
    orders.ledger = Full(previews=old.previews, records=old.records, trail=old.trail)
    orders.restart()

    done = await withdrawn(orders)

    (failed,) = done.failed
    assert (failed.state, failed.reason) == (OrderState.LAPSED, "DATABASE_UNAVAILABLE")
    assert failed.target_order_id == opening.order_id
    assert len(orders.broker.tickets) == sent
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"order {opening.order_id} was not taken back"]


@pytest.mark.promise("nothing-lost")
async def test_a_cancel_whose_outcome_cannot_be_written_is_told_as_doubt(
    orders: OrderDesk,
) -> None:
    await working(orders)
    await orders.halt.engage(HALT)

    class Full(type(orders.ledger)):
        async def advance(self, *_: object, **__: object) -> OrderRecord | None:
            raise OSError("disk full")

    old = orders.ledger
    orders.ledger = Full(previews=old.previews, records=old.records, trail=old.trail)
    orders.restart()

    (failed,) = (await withdrawn(orders)).failed

    assert (failed.state, failed.reason) == (OrderState.UNKNOWN, "OUTCOME_UNKNOWN")
    assert isinstance(orders.broker.tickets[-1], CancelTicket)


async def test_a_cancel_of_the_very_moment_of_the_halt_counts_as_tried(orders: OrderDesk) -> None:
    await working(orders)
    orders.broker.day = Day.REJECTED
    await orders.halt.engage(HALT)
    await withdrawn(orders)

    orders.halt.halt = replace(HALT, since=NOON)
    same = await withdrawn(orders)
    orders.halt.halt = replace(HALT, since=NOON + timedelta(microseconds=1))

    assert same.cancels == ()
    assert len((await withdrawn(orders)).cancels) == 1


async def test_a_cancel_that_was_not_sent_is_no_try(orders: OrderDesk) -> None:
    await working(orders)
    orders.broker.day = Day.NEVER_LEFT
    await orders.halt.engage(HALT)

    first = await withdrawn(orders)
    orders.broker.day = Day.WORKING
    second = await withdrawn(orders)

    assert [row.state for row in first.failed] == [OrderState.LAPSED]
    assert (len(second.cancels), second.failed) == (1, ())


@pytest.mark.parametrize("state", [OrderState.CANCELLED, OrderState.CANCEL_PENDING])
def test_a_cancel_that_the_broker_took_has_not_failed(state: OrderState) -> None:
    took = an_order_record(1, kind=TicketKind.CANCEL, state=state)
    not_yet = an_order_record(2, kind=TicketKind.CANCEL, state=OrderState.UNKNOWN)

    assert Withdrawal(cancels=(took, not_yet)).failed == (not_yet,)


async def test_what_filled_while_another_was_taken_back_is_not_cancelled(
    orders: OrderDesk,
) -> None:
    """A cancel of it would be refused, and told and counted as one that failed."""
    second = replace(ENTRY, price=Decimal("1.10"))
    preview = await preview_of(orders, ENTRY, second, kind=GroupKind.OCO)
    await orders.confirm(preview)
    ledger = orders.ledger
    (_, beside) = await rows_of(orders, preview)
    ledger.records[beside.order_id] = replace(beside, state=OrderState.FILLED)
    await orders.halt.engage(HALT)

    class Stale(type(orders.reconciler)):
        async def at_work(self) -> tuple[OrderRecord, ...]:
            return (await orders.row(preview), beside)

    withdrawer = replace(
        orders.withdrawer,
        reconciler=Stale(
            broker=orders.broker, ledger=ledger, clock=orders.clock, preview_ttl_s=120
        ),
    )
    withdrawal = await withdrawer(actor="owner", path="cli")

    assert [row.target_order_id for row in withdrawal.cancels] == [preview.record.order_id]


# The stop itself


@pytest.mark.promise("halt")
async def test_a_stop_is_a_line_of_the_trail_that_is_about_no_order(orders: OrderDesk) -> None:
    await orders.safety.stop("lunch", caller="stdio", path="tool:halt")

    line = orders.ledger.trail[-1]
    assert (line.order_id, line.kind, line.actor, line.path) == (
        None,
        "halted",
        "stdio",
        "tool:halt",
    )
    assert await orders.halt.engaged() == Halt(since=NOON, actor="stdio", why="lunch")


@pytest.mark.promise("halt")
async def test_who_halts_what_is_halted_is_told_of_the_first_halt(orders: OrderDesk) -> None:
    await orders.safety.stop("lunch", caller="stdio", path="test")

    told = await orders.safety.stop("news", caller="owner", path="test")

    assert told == Halt(since=NOON, actor="stdio", why="lunch")


@pytest.mark.promise("halt")
async def test_a_halt_that_the_owner_lifts_at_that_moment_is_told_as_it_was(
    orders: OrderDesk,
) -> None:
    """Between its line in the trail and the last look at it; it did hold."""
    ledger, halt = orders.ledger, orders.halt

    class Lifted(type(ledger)):
        async def append(self, order_id: str | None, note: Note) -> None:
            await halt.release(note)

    orders.ledger = Lifted()
    orders.restart()

    told = await orders.safety.stop("lunch\n", caller="stdio", path="test")

    assert told == Halt(since=NOON, actor="stdio", why="lunch ")
    assert await orders.halt.engaged() is None


async def test_a_stop_that_cannot_be_written_down_is_named_in_the_log(
    orders: OrderDesk, caplog: pytest.LogCaptureFixture
) -> None:
    class Full(type(orders.ledger)):
        async def append(self, order_id: str | None, note: Note) -> None:
            raise OSError("disk full")

    orders.ledger = Full()
    orders.restart()

    halt = await orders.safety.stop("lunch", caller="stdio", path="test")

    assert halt == await orders.halt.engaged()
    said = [record.getMessage() for record in caplog.records]
    assert said == ["the halt by stdio is missing from the trail"]


async def test_the_state_tells_what_was_used_here_and_what_waits(orders: OrderDesk) -> None:
    await working(orders)
    row = orders.ledger.records["id-0001"]
    orders.ledger.records["elsewhere"] = replace(row, order_id="elsewhere", broker="another")

    state = await orders.safety.state()

    assert state.halt is None
    assert state.used.orders_today == 1
    assert (state.unsettled, state.pending) == ((), ())


async def test_a_taking_back_that_breaks_is_named_in_the_log(
    orders: OrderDesk, caplog: pytest.LogCaptureFixture
) -> None:
    class Weak(type(orders.ledger)):
        async def orders(self, **_: object) -> tuple[Sequence[OrderRecord], int]:
            raise Unavailable(Reason.DATABASE_UNAVAILABLE)

    orders.ledger, orders.cancels_opening = Weak(), True
    orders.restart()
    await orders.halt.engage(HALT)

    assert await orders.safety.take_back(actor="stdio", path="test") == Withdrawal()
    said = [record.getMessage() for record in caplog.records]
    assert said == ["what opens something was not taken back"]
