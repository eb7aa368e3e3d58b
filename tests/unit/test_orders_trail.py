"""The trail: every step says what it was, who took it, by which way, and of what it was sure."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from strikedesk.domain.approvals import ConsentPolicy
from strikedesk.domain.broking import BrokerOrder, Lookup, LookupStatus
from strikedesk.domain.errors import Denied, OutcomeUnknown, Unavailable
from strikedesk.domain.ledger import Halt, Note, OrderEvent, OrderRecord, Progress
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.reasons import Reason
from strikedesk.domain.replay import ROW
from strikedesk.domain.states import OrderState
from strikedesk.orders.draft import Change
from strikedesk.orders.preview import Preview
from strikedesk.orders.settle import InDoubt
from strikedesk.orders.showing import digest_of_shown
from strikedesk.orders.tickets import payload_of
from strikedesk.orders.wording import digest_of
from tests.builders import NOON
from tests.fakes.broker import Day, ScriptedBroker
from tests.fakes.halt import MemoryHalt
from tests.fakes.ledger import MemoryLedger
from tests.unit.group_desk import preview_of, rows_of
from tests.unit.order_desk import CALL, OrderDesk

DESK, CONFIRM = "strikedesk", "tool:confirm_order"
PATHS = ("worker", "start-up")


async def lines(orders: OrderDesk, preview: Preview, *, after: int = 0) -> list[OrderEvent]:
    """Return the lines about an order, without the first so many."""
    return list(await orders.ledger.events(preview.record.order_id))[after:]


def heads(events: list[OrderEvent]) -> list[tuple[str, str, str]]:
    return [(event.kind, event.actor, event.path) for event in events]


def body(event: OrderEvent) -> Mapping[str, Any]:
    return {name: told for name, told in event.body.items() if name != ROW}


async def lost(orders: OrderDesk, day: Day = Day.LOST) -> Preview:
    orders.broker.day = day
    preview = await orders.preview()
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    return preview


# What was refused before it left


@pytest.mark.parametrize(
    ("nonce", "caller", "reason"),
    [("guessed", "stdio", "NONCE_MISMATCH"), (None, "somebody", "CALLER_MISMATCH")],
)
async def test_a_preview_that_was_voided_names_who_tried_and_why(
    orders: OrderDesk, nonce: str | None, caller: str, reason: str
) -> None:
    preview = await orders.preview()

    with pytest.raises(Denied):
        await orders.confirmer(
            preview.record.preview_id, nonce or preview.nonce or "", caller=caller
        )

    (line,) = await lines(orders, preview, after=1)
    assert heads([line]) == [("void", caller, CONFIRM)]
    assert body(line) == {"reason": reason}


async def test_a_row_that_was_altered_is_voided_in_the_name_of_who_asked(orders: OrderDesk) -> None:
    preview = await orders.preview()
    altered = replace(await orders.row(preview), account_id="another")
    orders.ledger.records[altered.order_id] = altered

    with pytest.raises(Denied, match="NONCE_MISMATCH"):
        await orders.confirm(preview)

    assert heads(await lines(orders, preview, after=1)) == [("void", "stdio", CONFIRM)]


@pytest.mark.parametrize(("after_s", "reason"), [(120, "PREVIEW_EXPIRED"), (-1, "CLOCK_WENT_BACK")])
async def test_a_preview_out_of_its_time_is_voided_in_the_name_of_who_asked(
    orders: OrderDesk, after_s: float, reason: str
) -> None:
    preview = await orders.preview()
    orders.clock.move(after_s)

    with pytest.raises(Denied, match=reason):
        await orders.confirm(preview)

    (line,) = await lines(orders, preview, after=1)
    assert heads([line]) == [("void", "stdio", CONFIRM)]
    assert body(line) == {"reason": reason}


async def test_half_a_letter_in_a_name_is_another_name_and_no_fault(orders: OrderDesk) -> None:
    mine, other = await orders.preview(caller="\ud800"), await orders.preview()

    assert (await orders.confirm(mine, caller="\ud800")).state is OrderState.FILLED
    with pytest.raises(Denied, match="CALLER_MISMATCH"):
        await orders.confirm(other, caller="\ud800")


async def test_an_order_that_was_refused_at_the_last_names_the_caller_and_the_rule(
    orders: OrderDesk,
) -> None:
    preview = await orders.preview()
    orders.quote(CALL, None, None)

    with pytest.raises(Denied) as denied:
        await orders.confirm(preview)

    (line,) = await lines(orders, preview, after=1)
    assert heads([line]) == [("not_sent", "stdio", CONFIRM)]
    kept = dict(body(line))
    assert kept.pop("reason") == denied.value.reason.name
    standing = {"order_id": preview.record.order_id, "state": "lapsed"}
    assert kept
    assert denied.value.facts == {**kept, **standing}
    with pytest.raises(Denied) as again:
        await orders.confirm(preview)
    assert again.value.facts == denied.value.facts


async def test_a_preview_that_nobody_made_is_named_by_no_more_than_an_id_is_long(
    orders: OrderDesk,
) -> None:
    with pytest.raises(Denied) as denied:
        await orders.confirmer("x" * 100, "nonce", caller="stdio")

    assert denied.value.reason is Reason.PREVIEW_UNKNOWN
    assert denied.value.facts == {"preview_id": "x" * 36}


async def test_a_preview_of_another_broker_is_unknown_here(orders: OrderDesk) -> None:
    preview = await orders.preview()
    row = replace(await orders.row(preview), broker="another")
    orders.ledger.records[row.order_id] = row

    with pytest.raises(Denied) as denied:
        await orders.confirm(preview)

    assert denied.value.reason is Reason.PREVIEW_UNKNOWN
    assert (await orders.row(preview)).state is OrderState.PREVIEWED


@pytest.mark.parametrize("policy", [ConsentPolicy.MODEL, ConsentPolicy.ASK])
async def test_a_preview_that_runs_out_while_it_is_looked_at_is_told_as_void(
    policy: ConsentPolicy,
) -> None:
    """Nobody spent its nonce: to be told as sent would be wrong, and as lapsed too early."""
    orders = OrderDesk(policy=policy)
    preview = await orders.preview()

    class Slow(ScriptedBroker):
        async def positions(self, account_id: str) -> Any:
            orders.clock.move(21)
            return await ScriptedBroker.positions(self, account_id)

    orders.broker = Slow(clock=orders.clock, quoted=orders.broker.quoted)
    orders.restart()
    orders.clock.move(100)

    with pytest.raises(Denied) as denied:
        await orders.confirm(preview)

    assert denied.value.reason is Reason.PREVIEW_VOID
    assert denied.value.facts["preview_id"] == preview.record.preview_id
    assert orders.broker.tickets == []


async def test_a_confirm_that_is_repeated_asks_nobody(orders: OrderDesk) -> None:
    """What came of it is in the ledger, also while the broker is away."""
    preview = await orders.preview()
    first = await orders.confirm(preview)

    class Away(ScriptedBroker):
        async def positions(self, account_id: str) -> Any:
            raise Unavailable(Reason.BROKER_UNAVAILABLE)

    orders.broker = Away(clock=orders.clock, quoted={})
    orders.restart()

    assert await orders.confirm(preview) == first


async def test_an_answer_that_comes_too_late_is_a_line_of_its_order(orders: OrderDesk) -> None:
    orders.broker.answer = asyncio.Event()
    preview = await orders.preview()
    call = asyncio.create_task(orders.confirm(preview))
    await orders.broker.heard.wait()
    note = Note(at=NOON, actor="other", path="test", kind="settled")
    gone = Progress(state=OrderState.LAPSED, reason="BROKER_UNAVAILABLE")
    for progress in (Progress(state=OrderState.UNKNOWN), gone):
        row = await orders.row(preview)
        await orders.ledger.advance(row.order_id, progress, only_from={row.state}, note=note)
    orders.broker.answer.set()

    with pytest.raises(OutcomeUnknown) as unknown:
        await call

    assert unknown.value.client_order_id == preview.record.client_order_id
    assert heads(await lines(orders, preview))[-1] == ("late_answer", "stdio", CONFIRM)


# What was sent, and what kept it here at the last moment


async def test_a_confirmed_order_says_what_was_agreed_to_and_what_came_of_it(
    orders: OrderDesk,
) -> None:
    preview = await orders.preview()
    record = await orders.confirm(preview)

    agreed, came_of_it = await lines(orders, preview, after=1)

    assert heads([agreed, came_of_it]) == [
        ("submitting", "stdio", CONFIRM),
        ("broker:filled", "stdio", CONFIRM),
    ]
    shown = orders.ledger.previews[record.preview_id].shown
    assert body(agreed) == {
        "voice": "model",
        "shown": digest_of_shown(shown),
        "limits": orders.limits.as_told,
        **payload_of(record),
    }
    assert body(came_of_it) == {}


async def test_a_group_was_agreed_to_under_the_limits_of_that_moment(orders: OrderDesk) -> None:
    preview = await preview_of(orders)
    await orders.confirm(preview)

    (agreed, *_) = await lines(orders, preview, after=1)

    assert (agreed.kind, body(agreed)["limits"]) == ("submitting", orders.limits.as_told)


async def test_a_cancel_is_held_to_no_limits_and_says_so(orders: OrderDesk) -> None:
    orders.broker.day = Day.WORKING
    old = await orders.preview()
    await orders.confirm(old)
    cancel = await orders.previewer.cancel(old.record.order_id, caller="stdio")
    await orders.confirm(cancel)

    agreed, came_of_it = await lines(orders, cancel, after=1)
    followed = (await lines(orders, old))[-1]

    assert body(agreed)["limits"] is None
    cancelled = ("broker:cancelled", "stdio", CONFIRM)
    assert heads([came_of_it, followed]) == [cancelled, cancelled]


class LateHalt(MemoryHalt):
    """Is engaged by the time of the last look, which alone asks this one."""

    async def engaged(self) -> Halt | None:
        return Halt(since=NOON, actor="owner", why="lunch")


async def test_what_was_kept_here_at_the_last_moment_says_by_what(orders: OrderDesk) -> None:
    preview = await orders.preview()
    orders.confirmer = replace(orders.confirmer, submit=replace(orders.submit, halt=LateHalt()))

    with pytest.raises(Denied) as denied:
        await orders.confirm(preview)

    assert denied.value.reason is Reason.TRADING_HALTED
    assert denied.value.facts == {
        "held_by": "switch",
        "order_id": preview.record.order_id,
        "state": "lapsed",
    }
    line = (await lines(orders, preview))[-1]
    assert heads([line]) == [("not_sent", "stdio", CONFIRM)]
    assert body(line) == {"held_by": "switch"}


async def test_a_send_that_breaks_is_named_in_the_log_and_left_in_doubt(
    orders: OrderDesk, caplog: pytest.LogCaptureFixture
) -> None:
    preview = await lost(orders, Day.CRASHED_AFTER_ACCEPTING)

    said = f"submission of {preview.record.client_order_id} broke"
    assert [record.getMessage() for record in caplog.records] == [said]
    line = (await lines(orders, preview))[-1]
    assert heads([line]) == [("broker:unknown", "stdio", CONFIRM)]
    assert body(line) == {}
    assert (await orders.row(preview)).reason == "OUTCOME_UNKNOWN"


async def test_an_outcome_that_is_not_written_is_named_in_the_log(
    orders: OrderDesk, caplog: pytest.LogCaptureFixture
) -> None:
    preview = await orders.preview()

    class Full(MemoryLedger):
        async def advance(self, *_: object, **__: object) -> None:
            raise OSError("disk full")

    old = orders.ledger
    full = Full(previews=old.previews, records=old.records, trail=old.trail)
    orders.confirmer = replace(orders.confirmer, submit=replace(orders.submit, ledger=full))

    with pytest.raises(OutcomeUnknown) as unknown:
        await orders.confirm(preview)

    client_order_id = preview.record.client_order_id
    assert unknown.value.client_order_id == client_order_id
    said = f"outcome of {client_order_id} was not recorded"
    assert [record.getMessage() for record in caplog.records] == [said]


async def test_a_target_that_cannot_be_read_is_named_in_the_log_by_its_act(
    orders: OrderDesk, caplog: pytest.LogCaptureFixture
) -> None:
    orders.broker.day = Day.WORKING
    old = await orders.confirm(await orders.preview())
    cancel = await orders.previewer.cancel(old.order_id, caller="stdio")

    class Mute(ScriptedBroker):
        async def order(self, account_id: str, broker_order_id: str) -> BrokerOrder:
            raise RuntimeError("half an answer")

    mute = Mute(clock=orders.clock, quoted={}, placed=orders.broker.placed)
    orders.confirmer = replace(orders.confirmer, submit=replace(orders.submit, broker=mute))
    await orders.confirm(cancel)

    said = f"the order that {cancel.record.client_order_id} acted on was not followed"
    assert [record.getMessage() for record in caplog.records] == [said]


# What the reconciler wrote, whoever had it look


@pytest.mark.parametrize("path", PATHS)
async def test_two_scans_without_the_order_are_told_one_by_one(
    orders: OrderDesk, path: str
) -> None:
    preview = await lost(orders)

    for after_s in (0, 119, 1):
        orders.clock.move(after_s)
        await orders.reconciler(path=path)

    told = heads(await lines(orders, preview, after=3))
    assert told == [("absent", DESK, path), ("not_placed", DESK, path)]
    assert (await orders.row(preview)).reason == "BROKER_UNAVAILABLE"


@pytest.mark.parametrize("path", PATHS)
async def test_a_scan_that_breaks_the_row_is_a_line(orders: OrderDesk, path: str) -> None:
    preview = await lost(orders)
    await orders.reconciler(path=path)
    orders.broker.lookups = LookupStatus.INCOMPLETE

    await orders.reconciler(path=path)

    told = heads(await lines(orders, preview, after=3))
    assert told == [("absent", DESK, path), ("scan_not_complete", DESK, path)]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("complete", [True, False])
async def test_what_a_dead_process_left_is_told_as_doubt_with_its_reason(
    orders: OrderDesk, path: str, *, complete: bool
) -> None:
    preview = await orders.left_submitting()
    orders.broker.lookups = None if complete else LookupStatus.INCOMPLETE
    orders.clock.move(61)

    await orders.reconciler(path=path)

    told = heads(await lines(orders, preview, after=2))
    assert told[-1] == ("unknown", DESK, path)
    assert (await orders.row(preview)).reason == "OUTCOME_UNKNOWN"


async def test_a_row_that_was_seen_missing_long_before_is_put_in_doubt_by_whoever_looks(
    orders: OrderDesk,
) -> None:
    """Too soon for the second scan: it is doubt, and says by which way."""
    preview = await orders.left_submitting()
    orders.clock.move(61)
    absent = Note(at=orders.clock.now(), actor=DESK, path="worker", kind="absent")
    await orders.ledger.append(preview.record.order_id, absent)

    await orders.reconciler(path="start-up")

    told = heads(await lines(orders, preview, after=3))
    assert told == [("unknown", DESK, "start-up")]


@pytest.mark.parametrize("path", PATHS)
async def test_an_order_that_was_found_again_says_who_found_it(
    orders: OrderDesk, path: str
) -> None:
    preview = await lost(orders, Day.ACCEPTED_IN_SILENCE)

    await orders.reconciler(path=path)

    assert heads(await lines(orders, preview, after=3)) == [("adopted", DESK, path)]


@pytest.mark.parametrize("path", PATHS)
async def test_an_order_that_is_followed_says_who_saw_it_end(orders: OrderDesk, path: str) -> None:
    orders.broker.day = Day.WORKING
    preview = await orders.preview()
    await orders.confirm(preview)
    orders.broker.placed[0] = replace(
        orders.broker.placed[0], state=OrderState.FILLED, filled_units=1
    )

    await orders.reconciler(path=path)

    assert heads(await lines(orders, preview, after=3)) == [("broker:filled", DESK, path)]


@pytest.mark.parametrize("path", PATHS)
async def test_a_preview_that_lapses_says_why(orders: OrderDesk, path: str) -> None:
    preview = await orders.preview()
    orders.clock.move(180)

    await orders.reconciler(path=path)

    assert heads(await lines(orders, preview, after=1)) == [("lapsed", DESK, path)]
    assert (await orders.row(preview)).reason == "PREVIEW_EXPIRED"


@pytest.mark.parametrize("path", PATHS)
async def test_what_nobody_agreed_to_lapses_with_a_line_that_says_so(path: str) -> None:
    orders = OrderDesk(policy=ConsentPolicy.ASK)
    preview = await orders.preview()
    await orders.confirm(preview)
    orders.clock.move(300)

    await orders.reconciler(path=path)

    assert heads(await lines(orders, preview))[-1] == ("lapsed", DESK, path)
    assert (await orders.row(preview)).reason == "CONSENT_EXPIRED"


async def test_what_was_asked_a_minute_ahead_of_our_clock_waits_on() -> None:
    """The clocks of two machines may differ by as much."""
    orders = OrderDesk(policy=ConsentPolicy.ASK)
    preview = await orders.preview()
    await orders.confirm(preview)

    orders.clock.move(-60)
    await orders.reconciler(path="worker")
    state = (await orders.row(preview)).state
    orders.clock.move(-0.000001)
    await orders.reconciler(path="worker")

    assert state is OrderState.AWAITING_CONSENT
    assert (await orders.row(preview)).state is OrderState.LAPSED


@pytest.mark.parametrize("day", [Day.LOST, Day.ACCEPTED_IN_SILENCE])
async def test_a_look_at_one_order_says_by_which_way_it_was_looked_at(
    orders: OrderDesk, day: Day
) -> None:
    preview = await lost(orders, day)

    await orders.reconciler.refresh(await orders.row(preview), path="tool:get_order")

    kind = "absent" if day is Day.LOST else "adopted"
    assert heads(await lines(orders, preview, after=3)) == [(kind, DESK, "tool:get_order")]


async def test_a_look_at_an_order_of_a_group_says_by_which_way_too(orders: OrderDesk) -> None:
    orders.broker.day = Day.ACCEPTED_IN_SILENCE
    preview = await preview_of(orders)
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    last = (await rows_of(orders, preview))[-1]

    await orders.reconciler.refresh(last, path="tool:get_order")

    found = (await orders.ledger.events(last.order_id))[-1]
    assert (found.kind, found.actor, found.path) == ("adopted", DESK, "tool:get_order")


async def test_an_order_at_work_is_asked_for_by_its_number(orders: OrderDesk) -> None:
    """A scan by our own id may be incomplete: that must not put in doubt what is known."""
    orders.broker.day = Day.WORKING
    preview = await orders.preview()
    record = await orders.confirm(preview)
    orders.broker.lookups = LookupStatus.INCOMPLETE

    same = await orders.reconciler.refresh(record, path="tool:get_order")
    orders.broker.placed[0] = replace(
        orders.broker.placed[0], state=OrderState.FILLED, filled_units=1
    )
    row = await orders.reconciler.refresh(record, path="tool:get_order")

    assert same == record
    assert row.state is OrderState.FILLED
    told = heads(await lines(orders, preview))[-1]
    assert told == ("broker:filled", DESK, "tool:get_order")


async def test_a_round_over_rows_that_stand_writes_nothing(orders: OrderDesk) -> None:
    """Neither what is over nor what is well at work is looked for, or put in doubt."""
    await orders.confirm(await orders.preview())
    orders.broker.day = Day.WORKING
    await orders.confirm(await orders.preview())
    await orders.preview()
    before = list(orders.ledger.trail)

    assert await orders.reconciler(path="worker") == 0

    assert orders.ledger.trail == before


async def test_a_doubt_that_is_still_one_is_no_news(orders: OrderDesk) -> None:
    preview = await lost(orders)
    orders.broker.lookups = LookupStatus.INCOMPLETE
    before = await lines(orders, preview)

    assert await orders.reconciler(path="worker") == 0

    assert await lines(orders, preview) == before


# Which rows are in doubt, and which at work


async def test_only_what_nobody_knows_of_is_unsettled(orders: OrderDesk) -> None:
    orders.broker.day = Day.WORKING
    await orders.confirm(await orders.preview())
    await orders.preview()
    sending = await orders.left_submitting()

    orders.clock.move(10)
    assert await orders.reconciler.unsettled() == ()
    orders.clock.move(0.000001)

    rows = await orders.reconciler.unsettled()
    assert [row.order_id for row in rows] == [sending.record.order_id]


async def test_at_work_is_what_the_broker_holds_and_no_cancel(orders: OrderDesk) -> None:
    await orders.confirm(await orders.preview())
    orders.broker.day = Day.WORKING
    working = await orders.confirm(await orders.preview())
    cancel = await orders.previewer.cancel(working.order_id, caller="stdio")
    await orders.confirm(cancel)
    pending = replace(await orders.row(cancel), state=OrderState.CANCEL_PENDING)
    unnumbered = replace(
        working, order_id="without", state=OrderState.SUBMITTED, broker_order_id=None
    )
    for row in (working, pending, unnumbered):
        orders.ledger.records[row.order_id] = row

    assert await orders.reconciler.at_work() == (working,)


async def test_more_rows_than_a_page_of_the_ledger_are_all_gone_over(orders: OrderDesk) -> None:
    orders.broker.day = Day.WORKING
    row = await orders.confirm(await orders.preview())
    names = {f"more-{number}" for number in range(200)}
    orders.ledger.records |= {name: replace(row, order_id=name) for name in names}

    rows = await orders.reconciler.at_work()

    assert {each.order_id for each in rows} == names | {row.order_id}


@pytest.mark.promise("nothing-lost")
async def test_a_replacement_whose_answer_was_lost_is_found_by_its_own_id(
    orders: OrderDesk,
) -> None:
    """Its target tells that it was replaced, and not by which order."""
    orders.broker.day = Day.WORKING
    old = await orders.confirm(await orders.preview())
    change = Change(price=Decimal("1.19"), price_effect=PriceEffect.DEBIT)
    preview = await orders.previewer.replace(old.order_id, change, caller="stdio")
    orders.broker.day = Day.ACCEPTED_IN_SILENCE
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)

    await orders.reconciler(path="worker")

    row = await orders.row(preview)
    assert (row.state, row.broker_order_id) == (OrderState.WORKING, "b-2")


async def test_a_group_that_was_not_placed_leaves_its_scans_in_the_first_row_alone(
    orders: OrderDesk,
) -> None:
    """The others end with the first: to look for them once more would tell of them after that."""
    orders.broker.day = Day.LOST
    preview = await preview_of(orders)
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)

    for after_s in (0, 120):
        orders.clock.move(after_s)
        await orders.reconciler(path="worker")

    first, *others = await rows_of(orders, preview)
    kinds = [event.kind for event in await orders.ledger.events(first.order_id)]
    assert kinds[-2:] == ["absent", "not_placed"]
    for other in others:
        assert other.state is OrderState.LAPSED
        assert [e.kind for e in await orders.ledger.events(other.order_id)][3:] == ["not_placed"]


async def test_a_look_at_a_row_that_ended_with_its_group_meanwhile_writes_nothing(
    orders: OrderDesk,
) -> None:
    """Whoever looks may hold the row as it was a moment before."""
    orders.broker.day = Day.LOST
    preview = await preview_of(orders)
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    stale = (await rows_of(orders, preview))[-1]
    for after_s in (0, 120):
        orders.clock.move(after_s)
        await orders.reconciler(path="worker")
    before = list(orders.ledger.trail)

    row = await orders.reconciler.refresh(stale, path="tool:get_order")

    assert (stale.state, row.state) == (OrderState.UNKNOWN, OrderState.LAPSED)
    assert orders.ledger.trail == before


async def test_a_group_that_is_found_in_part_is_a_scan_that_was_not_complete(
    orders: OrderDesk,
) -> None:
    orders.broker.day = Day.LOST
    preview = await preview_of(orders)
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    await orders.reconciler(path="worker")
    first = preview.record
    orders.broker.placed.append(
        BrokerOrder(
            broker_order_id="b-1",
            client_order_id=first.client_order_id,
            order=first.order,
            state=OrderState.WORKING,
            filled_units=0,
        )
    )

    await orders.reconciler(path="start-up")

    told = heads(await lines(orders, preview, after=3))
    assert told == [("absent", DESK, "worker"), ("scan_not_complete", DESK, "start-up")]


# What breaks over one row


@pytest.mark.parametrize("error", [Denied(Reason.ACCOUNT_UNKNOWN), KeyError("status")])
async def test_a_row_that_breaks_has_not_moved_and_is_named_in_the_log_alone(
    orders: OrderDesk, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    preview = await lost(orders)

    class Broken(ScriptedBroker):
        async def find(self, account_id: str, client_order_id: str) -> Lookup:
            raise error

    orders.broker = Broken(clock=orders.clock, quoted={})
    orders.restart()

    with caplog.at_level(logging.ERROR):
        assert await orders.reconciler(path="worker") == 0

    expected = isinstance(error, Denied)
    said = f"order {preview.record.order_id} could not be reconciled"
    assert [record.getMessage() for record in caplog.records] == ([] if expected else [said])


async def test_a_row_that_somebody_else_settled_meanwhile_is_told_as_they_left_it(
    orders: OrderDesk,
) -> None:
    preview = await lost(orders)
    found = Progress(state=OrderState.WORKING, broker_order_id="b-9")
    note = Note(at=NOON, actor="other", path="test", kind="adopted")

    class Raced(ScriptedBroker):
        async def find(self, account_id: str, client_order_id: str) -> Lookup:
            order_id = preview.record.order_id
            unknown = {OrderState.UNKNOWN}
            await orders.ledger.advance(order_id, found, only_from=unknown, note=note)
            order = BrokerOrder(
                broker_order_id="b-1",
                client_order_id=client_order_id,
                order=preview.record.order,
                state=OrderState.FILLED,
                filled_units=1,
            )
            return Lookup(status=LookupStatus.FOUND, broker_order=order)

    orders.broker = Raced(clock=orders.clock, quoted={})
    orders.restart()

    row = await orders.reconciler.refresh(await orders.row(preview), path="worker")

    assert (row.state, row.broker_order_id) == (OrderState.WORKING, "b-9")


# The owner's word


async def in_doubt(orders: OrderDesk, preview: Preview) -> InDoubt:
    found = await orders.settler.look(preview.record.order_id)
    assert isinstance(found, InDoubt)
    return found


@pytest.mark.parametrize("placed", [True, False])
async def test_the_owners_word_is_kept_with_what_was_shown(
    orders: OrderDesk, *, placed: bool
) -> None:
    preview = await lost(orders, Day.ACCEPTED_IN_SILENCE)
    orders.broker.lookups = LookupStatus.INCOMPLETE
    doubt = await in_doubt(orders, preview)

    settler = orders.settler
    await (settler.placed(doubt, "b-1") if placed else settler.not_placed(doubt))

    line = (await lines(orders, preview))[-1]
    assert heads([line]) == [("settled_by_owner", "owner", "cli")]
    assert body(line) == {
        "was": "unknown",
        "now": "working" if placed else "lapsed",
        "broker_order_id": "b-1" if placed else None,
        "shown": digest_of(doubt.text),
    }


async def test_a_look_by_the_owner_is_told_as_the_owners_way(orders: OrderDesk) -> None:
    preview = await lost(orders)

    await in_doubt(orders, preview)

    assert heads(await lines(orders, preview, after=3)) == [("absent", DESK, "cli")]


async def test_an_order_by_itself_is_not_asked_about_as_one_of_a_group(orders: OrderDesk) -> None:
    preview = await lost(orders)

    assert "Asked about" not in (await in_doubt(orders, preview)).text


async def test_what_is_not_in_doubt_is_named_with_how_it_stands(orders: OrderDesk) -> None:
    preview = await orders.left_submitting()
    order_id = preview.record.order_id

    with pytest.raises(Denied) as early:
        await orders.settler.look(order_id)
    orders.clock.move(61)
    orders.broker.lookups = LookupStatus.INCOMPLETE
    doubt = await in_doubt(orders, preview)
    await orders.settler.not_placed(doubt)
    with pytest.raises(Denied) as late:
        await orders.settler.not_placed(doubt)

    assert early.value.facts == {"order_id": order_id, "state": "submitting"}
    assert late.value.facts == {"order_id": order_id}


async def test_an_order_whose_preview_is_gone_is_unknown_to_the_owner(orders: OrderDesk) -> None:
    """Without it nobody can be shown what was sent."""
    preview = await lost(orders)
    orders.ledger.previews.clear()

    with pytest.raises(Denied) as denied:
        await orders.settler.look(preview.record.order_id)
    with pytest.raises(Denied) as long:
        await orders.settler.look("x" * 100)

    assert denied.value.reason is Reason.ORDER_UNKNOWN
    assert denied.value.facts == {"order_id": preview.record.order_id}
    assert long.value.facts == {"order_id": "x" * 36}


async def test_an_order_whose_group_has_lost_its_first_is_unknown_to_the_owner(
    orders: OrderDesk,
) -> None:
    preview = await preview_of(orders)
    last = (await rows_of(orders, preview))[-1]
    del orders.ledger.records[preview.record.order_id]

    with pytest.raises(Denied, match="ORDER_UNKNOWN"):
        await orders.settler.look(last.order_id)


async def test_another_order_is_refused_by_the_option_that_named_it(orders: OrderDesk) -> None:
    orders.broker.day = Day.WORKING
    known: OrderRecord = await orders.confirm(await orders.preview())
    preview = await lost(orders)
    number = "9" * 100
    orders.ledger.records[known.order_id] = replace(known, broker_order_id=number)

    with pytest.raises(Denied) as denied:
        await orders.settler.placed(await in_doubt(orders, preview), number)

    assert denied.value.facts == {
        "argument": "--placed",
        "rule": "it_is_another_order",
        "broker_order_id": "9" * 36,
    }
