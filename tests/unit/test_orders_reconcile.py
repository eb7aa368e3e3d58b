"""Reconcile: what a crash or a silence left open is found again, and never sent to find out."""

from dataclasses import replace

import pytest

from strikedesk.domain.broking import LookupStatus
from strikedesk.domain.errors import Denied, OutcomeUnknown
from strikedesk.domain.ledger import Note, Progress
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.orders.preview import Preview
from strikedesk.orders.watch import Watcher
from tests.builders import NOON
from tests.fakes.broker import Day
from tests.unit.order_desk import OrderDesk


async def left_in_doubt(orders: OrderDesk, day: Day) -> Preview:
    orders.broker.day = day
    preview = await orders.preview()
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    orders.restart()
    return preview


async def left_submitting(orders: OrderDesk) -> Preview:
    """The process died between its commit and the broker's answer."""
    preview = await orders.preview()
    await orders.ledger.advance(
        preview.record.order_id,
        Progress(state=OrderState.SUBMITTING),
        only_from={OrderState.PREVIEWED},
        note=Note(at=orders.clock.now(), actor="stdio", path="test", kind="submitting"),
    )
    return preview


async def reconcile(orders: OrderDesk, *, after_s: float = 0) -> int:
    orders.clock.move(after_s)
    return await orders.reconciler(path="start-up")


@pytest.mark.promise("nothing-lost")
@pytest.mark.parametrize("day", [Day.ACCEPTED_IN_SILENCE, Day.CRASHED_AFTER_ACCEPTING])
async def test_an_order_whose_answer_was_lost_is_found_by_our_own_id(
    orders: OrderDesk, day: Day
) -> None:
    preview = await left_in_doubt(orders, day)

    assert await reconcile(orders) == 1

    row = await orders.row(preview)
    assert (row.state, row.broker_order_id) == (OrderState.WORKING, "b-1")
    assert len(orders.broker.tickets) == 1


@pytest.mark.promise("nothing-lost")
async def test_an_order_that_never_arrived_is_settled_by_two_scans_apart(
    orders: OrderDesk,
) -> None:
    """One empty look proves nothing: the order may still be on its way."""
    preview = await left_in_doubt(orders, Day.LOST)

    states: list[OrderState] = []
    for after_s in (0, 119, 1):
        await reconcile(orders, after_s=after_s)
        states.append((await orders.row(preview)).state)

    assert states == [OrderState.UNKNOWN, OrderState.UNKNOWN, OrderState.LAPSED]
    assert len(orders.broker.tickets) == 1


async def test_a_scan_that_could_not_read_all_settles_nothing(orders: OrderDesk) -> None:
    preview = await left_in_doubt(orders, Day.LOST)
    orders.broker.lookups = LookupStatus.INCOMPLETE

    for _ in range(5):
        await reconcile(orders, after_s=500)

    assert (await orders.row(preview)).state is OrderState.UNKNOWN


@pytest.mark.promise("nothing-lost")
async def test_what_a_dead_process_was_submitting_becomes_doubt_and_is_shown(
    orders: OrderDesk,
) -> None:
    preview = await left_submitting(orders)

    await reconcile(orders, after_s=61)

    assert [row.order_id for row in (await orders.safety.state()).unsettled] == [
        preview.record.order_id
    ]
    assert (await orders.row(preview)).state is OrderState.UNKNOWN


async def test_what_another_process_is_submitting_now_is_left_alone(orders: OrderDesk) -> None:
    """Two servers start on one desk as a matter of course."""
    preview = await left_submitting(orders)

    assert await reconcile(orders, after_s=59) == 0
    assert (await orders.row(preview)).state is OrderState.SUBMITTING


async def test_a_claimed_preview_whose_process_died_lapses(orders: OrderDesk) -> None:
    preview = await orders.preview()

    assert await reconcile(orders, after_s=179) == 0
    assert await reconcile(orders, after_s=1) == 1

    assert (await orders.row(preview)).state is OrderState.LAPSED
    with pytest.raises(Denied) as denied:
        await orders.confirm(preview)
    assert denied.value.reason is Reason.PREVIEW_EXPIRED


async def test_a_working_order_is_followed_to_its_end(orders: OrderDesk) -> None:
    orders.broker.day = Day.WORKING
    preview = await orders.preview()
    await orders.confirm(preview)
    orders.broker.placed[0] = replace(
        orders.broker.placed[0], state=OrderState.FILLED, filled_units=1
    )
    watcher = Watcher(broker=orders.broker, reconciler=orders.reconciler, every_s=60)

    assert await watcher.once() == 1
    assert await watcher.once() == 0

    row = await orders.row(preview)
    assert (row.state, row.filled_units) == (OrderState.FILLED, 1)


async def test_a_watcher_ends_with_its_desk(orders: OrderDesk) -> None:
    watcher = Watcher(broker=orders.broker, reconciler=orders.reconciler, every_s=60)

    async with watcher.running():
        assert orders.ledger.trail == []


async def test_the_book_shows_what_was_sent_newest_first_and_refuses_a_page_past_the_end(
    orders: OrderDesk,
) -> None:
    await orders.preview()
    orders.clock.move(1)
    first = await orders.preview()
    await orders.confirm(first)
    orders.clock.move(1)
    second = await orders.preview()
    await orders.confirm(second)

    page = await orders.book.page("paper-margin", page=1, page_size=1)

    assert (page.span.total, page.span.pages) == (2, 2)
    assert [row.order_id for row in page.rows] == [second.record.order_id]
    with pytest.raises(Denied) as denied:
        await orders.book.page("paper-margin", page=3, page_size=1)
    assert denied.value.facts == {"page": 3, "last_page": 2}


async def test_an_order_is_found_by_either_of_its_names_with_its_history(
    orders: OrderDesk,
) -> None:
    preview = await orders.preview()
    await orders.confirm(preview)

    by_id, events = await orders.book.get(preview.record.order_id)
    by_client_id, _ = await orders.book.get(preview.record.client_order_id)

    assert by_id == by_client_id
    assert [event.kind for event in events] == [
        "previewed",
        "submitting",
        "broker:filled",
    ]
    with pytest.raises(Denied):
        await orders.book.get("x" * 10_000)


async def test_the_stop_is_written_down_with_who_and_why(orders: OrderDesk) -> None:
    orders.clock.at = NOON

    halt = await orders.safety.stop("news\u202e at noon\n" + "x" * 500, caller="stdio")

    assert (halt.since, halt.actor) == (NOON, "stdio")
    assert halt.why.startswith("news  at noon x")
    assert len(halt.why) == 200
    assert orders.ledger.trail[-1].kind == "halted"
