"""Reconcile: what a crash or a silence left open is found again, and never sent to find out."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from strikedesk.domain.accounts import Environment
from strikedesk.domain.broking import Lookup, LookupStatus
from strikedesk.domain.errors import Denied, OutcomeUnknown, Unavailable
from strikedesk.domain.ledger import Note
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import parse_symbol
from strikedesk.orders.draft import Change, rest_of
from strikedesk.orders.preview import Preview
from strikedesk.orders.watch import Watcher
from tests.builders import NOON, a_leg
from tests.fakes.broker import Day, ScriptedBroker
from tests.fakes.ledger import MemoryLedger
from tests.unit.order_desk import CALL, OrderDesk

OTHER_CALL = "AAPL261218C00210000"
OTHERS = ("MSFT261218C00400000", "SPY261218C00600000")


async def left_in_doubt(orders: OrderDesk, day: Day, of: str = CALL) -> Preview:
    orders.broker.day = day
    orders.quote(of, "1.10", "1.20")
    preview = await orders.preview(a_leg(of))
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    orders.restart()
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
    assert row.reason == "found_at_broker"
    assert len(orders.broker.tickets) == 1


@pytest.mark.promise("nothing-lost")
async def test_whoever_asks_after_a_doubt_has_it_settled_then_and_there(orders: OrderDesk) -> None:
    """OUTCOME_UNKNOWN says to call get_order: that must not wait for somebody's round."""
    preview = await left_in_doubt(orders, Day.ACCEPTED_IN_SILENCE)

    row, _ = await orders.book.get(preview.record.client_order_id)

    assert (row.state, row.broker_order_id) == (OrderState.WORKING, "b-1")


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


@pytest.mark.promise("nothing-lost")
async def test_two_scans_settle_though_no_process_lives_to_see_both(orders: OrderDesk) -> None:
    """Assistants start a server for a question and end it: the first scan must outlive it."""
    preview = await left_in_doubt(orders, Day.LOST)

    states: list[OrderState] = []
    for after_s in (0, 60, 60):
        orders.restart()
        await reconcile(orders, after_s=after_s)
        states.append((await orders.row(preview)).state)

    assert states == [OrderState.UNKNOWN, OrderState.UNKNOWN, OrderState.LAPSED]


async def test_a_scan_that_could_not_read_all_breaks_the_row_of_those_that_did(
    orders: OrderDesk,
) -> None:
    preview = await left_in_doubt(orders, Day.LOST)
    await reconcile(orders)
    orders.broker.lookups = LookupStatus.INCOMPLETE
    await reconcile(orders, after_s=100)
    orders.broker.lookups = None

    states: list[OrderState] = []
    for after_s in (100, 119, 1):
        await reconcile(orders, after_s=after_s)
        states.append((await orders.row(preview)).state)

    assert states == [OrderState.UNKNOWN, OrderState.UNKNOWN, OrderState.LAPSED]


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
    preview = await orders.left_submitting()

    await reconcile(orders, after_s=61)

    assert [row.order_id for row in (await orders.safety.state()).unsettled] == [
        preview.record.order_id
    ]
    assert (await orders.row(preview)).state is OrderState.UNKNOWN


async def test_what_another_process_is_submitting_now_is_left_alone(orders: OrderDesk) -> None:
    """Two servers start on one desk as a matter of course."""
    preview = await orders.left_submitting()

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
    watcher = Watcher(
        broker=orders.broker, reconciler=orders.reconciler, safety=orders.safety, every_s=60
    )

    assert await watcher.once() == 1
    assert await watcher.once() == 0

    row = await orders.row(preview)
    assert (row.state, row.filled_units) == (OrderState.FILLED, 1)
    assert (await orders.ledger.events(row.order_id))[-1].path == "worker"


async def test_a_round_of_watching_has_the_alerts_looked_at_when_orders_are_done(
    orders: OrderDesk,
) -> None:
    """An alert that breaks must not keep an order from being settled."""
    orders.broker.day = Day.WORKING
    preview = await orders.preview()
    await orders.confirm(preview)
    seen(orders, state=OrderState.FILLED, filled_units=1)

    async def looks() -> int:
        assert (await orders.row(preview)).state is OrderState.FILLED
        raise Unavailable(Reason.BROKER_UNAVAILABLE)

    watcher = Watcher(
        broker=orders.broker,
        reconciler=orders.reconciler,
        safety=orders.safety,
        every_s=60,
        alerts=looks,
    )

    with pytest.raises(Unavailable):
        await watcher.once()

    assert (await orders.row(preview)).filled_units == 1


async def test_a_watcher_ends_with_its_desk(orders: OrderDesk) -> None:
    watcher = Watcher(
        broker=orders.broker, reconciler=orders.reconciler, safety=orders.safety, every_s=60
    )

    async with watcher.running():
        assert orders.ledger.trail == []

    assert len(asyncio.all_tasks()) == 1


async def test_a_round_that_breaks_is_named_in_the_log_and_the_next_one_works(
    orders: OrderDesk, caplog: pytest.LogCaptureFixture
) -> None:
    orders.broker.day = Day.WORKING
    preview = await orders.preview()
    await orders.confirm(preview)
    seen(orders, state=OrderState.FILLED, filled_units=1)
    settled = asyncio.Event()

    async def looks() -> int:
        """Break after the first round, in which the order is settled."""
        if settled.is_set():
            again.set()
            return 0
        settled.set()
        raise RuntimeError("somebody else's words")

    again = asyncio.Event()
    watcher = Watcher(
        broker=orders.broker,
        reconciler=orders.reconciler,
        safety=orders.safety,
        every_s=0.001,
        alerts=looks,
    )
    async with watcher.running(), asyncio.timeout(10):
        await again.wait()

    assert (await orders.row(preview)).state is OrderState.FILLED
    assert [each.getMessage() for each in caplog.records] == ["a round of watching failed"]


def seen(orders: OrderDesk, **told: Any) -> None:
    """Let the broker tell something else about its first order from now on."""
    orders.broker.placed[0] = replace(orders.broker.placed[0], **told)


@pytest.mark.parametrize(
    ("first", "then", "state", "filled"),
    [
        # What the table of states forbids is taken for what it can only mean.
        (("partially_filled", 1), ("working", 2), "partially_filled", 2),
        (("partially_filled", 1), ("rejected", 1), "cancelled", 1),
        (("cancel_pending", 0), ("submitted", 0), "cancel_pending", 0),
        (("working", 0), ("submitted", 0), "working", 0),
        # A broker that looked before we did.
        (("partially_filled", 2), ("working", 0), "partially_filled", 2),
        (("partially_filled", 2), ("partially_filled", 1), "partially_filled", 2),
        (("partially_filled", 1), ("cancelled", 1), "cancelled", 1),
    ],
)
async def test_whatever_a_broker_tells_next_the_row_goes_on(
    orders: OrderDesk, first: tuple[str, int], then: tuple[str, int], state: str, filled: int
) -> None:
    """A row that stops at what it does not expect shows an order at work for ever."""
    orders.broker.day = Day.WORKING
    preview = await orders.preview(a_leg(CALL, quantity=3))
    await orders.confirm(preview)

    for told_state, told_filled in (first, then):
        seen(orders, state=OrderState(told_state), filled_units=told_filled)
        await reconcile(orders)

    row = await orders.row(preview)
    assert (row.state, row.filled_units) == (OrderState(state), filled)


async def a_cancel_in_doubt(orders: OrderDesk) -> tuple[Preview, Preview]:
    """Put an order to work and lose the answer to its cancel; nothing arrived."""
    orders.broker.day = Day.WORKING
    old = await orders.preview()
    await orders.confirm(old)
    cancel = await orders.previewer.cancel(old.record.order_id, caller="stdio")
    orders.broker.day = Day.LOST
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(cancel)
    orders.restart()
    return old, cancel


@pytest.mark.promise("nothing-lost")
@pytest.mark.parametrize(
    ("target", "act"),
    [
        ("cancelled", OrderState.CANCELLED),
        ("cancel_pending", OrderState.CANCEL_PENDING),
        ("filled", OrderState.REJECTED),
        ("expired", OrderState.REJECTED),
        ("working", OrderState.UNKNOWN),
    ],
)
async def test_a_cancel_whose_answer_was_lost_ends_by_what_became_of_its_target(
    orders: OrderDesk, target: str, act: OrderState
) -> None:
    """A fill that came first is no fill of the cancel: nobody may count it twice."""
    old, cancel = await a_cancel_in_doubt(orders)
    seen(orders, state=OrderState(target), filled_units=1 if target == "filled" else 0)

    await reconcile(orders)

    assert ((await orders.row(old)).state, (await orders.row(cancel)).state) == (target, act)
    assert (await orders.row(cancel)).filled_units == 0


async def test_a_cancel_that_never_arrived_is_settled_while_its_target_works_on(
    orders: OrderDesk,
) -> None:
    old, cancel = await a_cancel_in_doubt(orders)

    for after_s in (0, 120):
        await reconcile(orders, after_s=after_s)

    assert (await orders.row(cancel)).state is OrderState.LAPSED
    assert (await orders.row(old)).state is OrderState.WORKING


async def test_a_cancel_that_is_under_way_waits_for_the_end_of_its_target(
    orders: OrderDesk,
) -> None:
    """Most brokers answer a cancel with "pending"; a fill may still be first."""
    old, cancel = await a_cancel_in_doubt(orders)
    seen(orders, state=OrderState.CANCEL_PENDING)
    await reconcile(orders)
    seen(orders, state=OrderState.FILLED, filled_units=1, average_net=Decimal("1.20"))
    await reconcile(orders)

    row, act = await orders.row(old), await orders.row(cancel)
    assert (row.state, row.filled_units) == (OrderState.FILLED, 1)
    assert (act.state, act.reason) == (OrderState.REJECTED, "order_not_working")
    assert (act.filled_units, act.average_net, act.fees) == (0, None, None)


async def test_a_replacement_of_a_partly_filled_order_is_never_told_larger_than_it_is(
    orders: OrderDesk,
) -> None:
    """Three of ten are filled and the broker works for seven: not for ten again."""
    orders.broker.day = Day.WORKING
    old = await orders.preview(a_leg(CALL, quantity=10))
    await orders.confirm(old)
    seen(orders, state=OrderState.PARTIALLY_FILLED, filled_units=3)
    change = Change(price=Decimal("1.19"), price_effect=PriceEffect.DEBIT)
    preview = await orders.previewer.replace(old.record.order_id, change, caller="stdio")
    await orders.confirm(preview)
    rest = rest_of(preview.record.order, 3)
    orders.broker.placed[1] = replace(orders.broker.placed[1], order=rest)

    told: list[tuple[str, int]] = []
    for state, filled in (("working", 0), ("partially_filled", 2), ("filled", 7)):
        orders.broker.placed[1] = replace(
            orders.broker.placed[1], state=OrderState(state), filled_units=filled
        )
        await reconcile(orders)
        row = await orders.row(preview)
        told.append((row.state, row.filled_units))

    assert told == [("working", 3), ("partially_filled", 5), ("filled", 10)]


@pytest.mark.promise("nothing-lost")
async def test_a_row_that_breaks_its_settling_keeps_no_other_from_it(orders: OrderDesk) -> None:
    """One answer that no adapter foresaw must not keep the desk from opening."""
    poisoned = await left_in_doubt(orders, Day.ACCEPTED_IN_SILENCE)
    orders.clock.move(1)
    sound = await left_in_doubt(orders, Day.ACCEPTED_IN_SILENCE, OTHERS[0])

    class Half(ScriptedBroker):
        async def find(self, account_id: str, client_order_id: str) -> Lookup:
            if client_order_id == poisoned.record.client_order_id:
                raise KeyError("status")
            return await ScriptedBroker.find(self, account_id, client_order_id)

    orders.broker = Half(clock=orders.clock, quoted={}, placed=orders.broker.placed)
    orders.restart()
    await reconcile(orders)

    assert (await orders.row(sound)).state is OrderState.WORKING
    assert (await orders.row(poisoned)).state is OrderState.UNKNOWN


async def test_a_broker_that_cannot_be_reached_is_not_asked_once_a_row(orders: OrderDesk) -> None:
    """Thirty seconds of waiting for each of fifty rows would keep the desk from opening."""
    for contract in (CALL, *OTHERS):
        await left_in_doubt(orders, Day.ACCEPTED_IN_SILENCE, contract)
    asked: list[str] = []

    class Away(ScriptedBroker):
        async def find(self, account_id: str, client_order_id: str) -> Lookup:
            asked.append(client_order_id)
            raise Unavailable(Reason.BROKER_UNAVAILABLE)

    orders.broker = Away(clock=orders.clock, quoted={})
    orders.restart()

    assert await reconcile(orders) == 0
    assert len(asked) == 1


@pytest.mark.promise("once")
@pytest.mark.parametrize("silent_s", [0, 500])
async def test_an_order_in_doubt_keeps_any_like_it_from_being_opened(
    orders: OrderDesk, silent_s: float
) -> None:
    """It may come to light after its second was sent: the broker would hold both."""
    lost = await left_in_doubt(orders, Day.ACCEPTED_IN_SILENCE)
    orders.clock.move(silent_s)

    orders.quote(OTHER_CALL, "0.40", "0.50")
    with pytest.raises(Denied) as denied:
        await orders.preview(a_leg(OTHER_CALL), price="0.50")

    assert denied.value.reason is Reason.UNSETTLED_ORDER
    assert denied.value.facts["earlier_order_id"] == lost.record.order_id
    assert len(orders.broker.tickets) == 1


@pytest.mark.promise("once")
async def test_a_doubt_that_arose_since_the_preview_is_seen_by_the_claim(
    orders: OrderDesk,
) -> None:
    """Two assistants may hold previews of much the same order; one answer is lost."""
    orders.quote(OTHER_CALL, "0.40", "0.50")
    waiting = await orders.preview(a_leg(OTHER_CALL), price="0.50")
    await left_in_doubt(orders, Day.LOST)

    with pytest.raises(Denied) as denied:
        await orders.confirm(waiting)

    assert denied.value.reason is Reason.UNSETTLED_ORDER
    assert len(orders.broker.tickets) == 1


@pytest.mark.promise("once")
async def test_one_who_is_silent_for_long_is_in_doubt_as_well(orders: OrderDesk) -> None:
    """The process died over it: nobody will ever say that the answer was lost."""
    preview = await orders.left_submitting()
    orders.clock.move(10)
    await orders.preview()

    orders.clock.move(0.000001)

    with pytest.raises(Denied, match="UNSETTLED_ORDER"):
        await orders.preview()
    assert [row.order_id for row in (await orders.safety.state()).unsettled] == [
        preview.record.order_id
    ]


async def test_what_is_no_second_of_an_order_in_doubt_may_leave(orders: OrderDesk) -> None:
    """A close frees risk, and another underlying is another matter."""
    await left_in_doubt(orders, Day.LOST)
    orders.broker.day = Day.FILLED
    orders.quote(OTHERS[0], "1.10", "1.20")
    orders.broker.held = {parse_symbol(CALL): 1}
    close = await orders.preview(
        a_leg(CALL, Action.SELL_TO_CLOSE), price="1.10", effect=PriceEffect.CREDIT
    )
    other = await orders.preview(a_leg(OTHERS[0]))

    assert (await orders.confirm(close)).state is OrderState.FILLED
    assert (await orders.confirm(other)).state is OrderState.FILLED


async def test_a_doubt_that_is_settled_holds_nobody_up(orders: OrderDesk) -> None:
    await left_in_doubt(orders, Day.LOST)
    orders.broker.day = Day.FILLED

    for after_s in (0, 120):
        await reconcile(orders, after_s=after_s)

    assert (await orders.confirm(await orders.preview())).state is OrderState.FILLED


@pytest.mark.promise("nothing-lost")
async def test_a_clock_set_back_hides_no_row_that_nobody_is_at(orders: OrderDesk) -> None:
    """Written an hour from now, it would pass for one being sent until then."""
    preview = await orders.left_submitting()
    orders.clock.move(-3600)

    assert [row.order_id for row in (await orders.safety.state()).unsettled] == [
        preview.record.order_id
    ]
    await reconcile(orders)
    assert (await orders.row(preview)).state is OrderState.UNKNOWN


async def test_a_preview_from_the_future_lapses_too(orders: OrderDesk) -> None:
    preview = await orders.preview()

    await reconcile(orders, after_s=-180)

    assert (await orders.row(preview)).state is OrderState.LAPSED


@pytest.mark.promise("halt")
async def test_a_halt_is_told_though_its_line_cannot_be_written(orders: OrderDesk) -> None:
    """Whoever hears that the stop failed may look for another way, and find none."""

    class Full(MemoryLedger):
        async def append(self, order_id: str | None, note: Note) -> None:
            raise OSError("disk full")

    orders.ledger = Full()
    orders.restart()

    halt = await orders.safety.stop("lunch", caller="stdio", path="test")

    assert await orders.halt.engaged() == halt


@pytest.mark.parametrize("elsewhere", [{"broker": "another"}, {"environment": Environment.SANDBOX}])
@pytest.mark.parametrize("state", [OrderState.UNKNOWN, OrderState.WORKING])
async def test_a_row_of_another_broker_is_not_read_at_this_one(
    orders: OrderDesk, elsewhere: dict[str, Any], state: OrderState
) -> None:
    """Its number is another order's here, and "not found" would be told as "not placed"."""
    orders.broker.day = Day.WORKING
    preview = await orders.preview()
    await orders.confirm(preview)
    row = replace(await orders.row(preview), state=state, **elsewhere)
    orders.ledger.records[row.order_id] = row
    seen(orders, state=OrderState.FILLED, filled_units=1)

    for after_s in (0, 500, 500):
        await reconcile(orders, after_s=after_s)
    told, _ = await orders.book.get(row.order_id)

    assert told == row
    unsettled = (await orders.safety.state()).unsettled
    assert list(unsettled) == ([row] if state is OrderState.UNKNOWN else [])


async def test_a_preview_lapses_whatever_broker_it_was_made_for(orders: OrderDesk) -> None:
    preview = await orders.preview()
    row = replace(await orders.row(preview), broker="another")
    orders.ledger.records[row.order_id] = row

    await reconcile(orders, after_s=180)

    assert (await orders.row(preview)).state is OrderState.LAPSED


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


async def test_the_book_shows_no_order_of_another_paper_world(orders: OrderDesk) -> None:
    """The worlds' accounts have the same names; an order of another cannot be cancelled here."""
    preview = await orders.preview()
    await orders.confirm(preview)
    row = await orders.row(preview)
    orders.ledger.records["elsewhere"] = replace(row, order_id="elsewhere", broker="paper:other")

    page = await orders.book.page("paper-margin", page=1, page_size=9)

    assert [each.order_id for each in page.rows] == [row.order_id]
    assert page.span.total == 1


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

    halt = await orders.safety.stop("news\u202e at noon\n" + "x" * 500, caller="stdio", path="test")

    assert (halt.since, halt.actor) == (NOON, "stdio")
    assert halt.why.startswith("news  at noon x")
    assert len(halt.why) == 200
    assert orders.ledger.trail[-1].kind == "halted"
