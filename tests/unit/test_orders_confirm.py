"""Confirm: once, whatever happens, and only what was previewed."""

import asyncio
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from strikedesk.domain.accounts import Environment, Position
from strikedesk.domain.breaker import FAILURES_MAX, FailuresInRow
from strikedesk.domain.broking import BrokerOrder, PlaceTicket, Receipt, Ticket
from strikedesk.domain.errors import (
    Denied,
    DeskError,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)
from strikedesk.domain.ledger import Halt, Note, OrderRecord, Progress, TicketKind
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action
from strikedesk.domain.reasons import Reason
from strikedesk.domain.replay import ROW
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import parse_symbol
from strikedesk.orders.appraise import window_of
from strikedesk.orders.consent import Consent, ConsentPolicy
from strikedesk.orders.preview import Preview
from strikedesk.orders.showing import digest_of_shown
from strikedesk.orders.under_way import UnderWay
from strikedesk.risk.limits import Limits
from tests.builders import NOON, a_leg, an_order, an_order_record
from tests.fakes.broker import Day, ScriptedBroker
from tests.fakes.clock import StoppedClock
from tests.fakes.ledger import MemoryLedger
from tests.unit.group_desk import preview_of
from tests.unit.order_desk import CALL, OrderDesk

HALT = Halt(since=NOON, actor="owner", why="lunch")


async def denial(orders: OrderDesk, preview: Preview, **changes: str) -> Reason:
    said = {
        "preview_id": preview.record.preview_id,
        "nonce": preview.nonce or "",
        "caller": "stdio",
    }
    said |= changes
    with pytest.raises(Denied) as denied:
        await orders.confirmer(said["preview_id"], said["nonce"], caller=said["caller"])
    return denied.value.reason


@pytest.mark.promise("one-door")
async def test_a_confirmed_preview_is_sent_as_it_was_previewed(orders: OrderDesk) -> None:
    preview = await orders.preview()

    record = await orders.confirm(preview)

    assert record.state is OrderState.FILLED
    assert (record.filled_units, record.average_net) == (1, Decimal("1.20"))
    (ticket,) = orders.broker.tickets
    assert isinstance(ticket, PlaceTicket)
    assert ticket.client_order_id == preview.record.client_order_id
    assert ticket.order.digest == preview.record.order.digest


@pytest.mark.promise("once")
@pytest.mark.parametrize("day", [Day.FILLED, Day.WORKING])
async def test_a_second_confirm_tells_the_first_outcome_and_sends_nothing(
    orders: OrderDesk, day: Day
) -> None:
    """Clients of the current protocol re-issue a call whose answer was lost."""
    orders.broker.day = day
    preview = await orders.preview()

    first = await orders.confirm(preview)
    orders.restart()
    second = await orders.confirm(preview)

    assert second == first
    assert len(orders.broker.tickets) == 1


@pytest.mark.promise("once")
@pytest.mark.parametrize(
    ("day", "error", "state"),
    [
        (Day.REJECTED, Rejected, OrderState.REJECTED),
        (Day.NEVER_LEFT, Unavailable, OrderState.LAPSED),
        (Day.LOST, OutcomeUnknown, OrderState.UNKNOWN),
        (Day.ACCEPTED_IN_SILENCE, OutcomeUnknown, OrderState.UNKNOWN),
        (Day.CRASHED_AFTER_ACCEPTING, OutcomeUnknown, OrderState.UNKNOWN),
    ],
)
async def test_a_bad_day_ends_in_a_definite_state_or_in_doubt_and_never_in_a_second_send(
    orders: OrderDesk, day: Day, error: type[DeskError], state: OrderState
) -> None:
    """A repeat hears exactly what the first heard; only the broker's books can end a doubt."""
    orders.broker.day = day
    preview = await orders.preview()

    heard: list[str] = []
    for _ in range(3):
        with pytest.raises(error) as raised:
            await orders.confirm(preview)
        heard.append(str(raised.value))
        orders.restart()

    assert (await orders.row(preview)).state is state
    assert len(orders.broker.tickets) == 1
    assert len(set(heard)) == 1
    assert "hunter2" not in heard[0]


@pytest.mark.promise("once")
async def test_callers_that_confirm_at_once_share_one_submission(orders: OrderDesk) -> None:
    preview = await orders.preview()

    told = await asyncio.gather(*(orders.confirm(preview) for _ in range(50)))

    assert len(orders.broker.tickets) == 1
    assert {record.state for record in told} == {OrderState.FILLED}


@pytest.mark.promise("once")
async def test_a_caller_that_leaves_does_not_stop_what_was_begun(orders: OrderDesk) -> None:
    """A closed stream is a cancellation; the order must end in the ledger all the same."""
    orders.broker.answer = asyncio.Event()
    preview = await orders.preview()
    call = asyncio.create_task(orders.confirm(preview))
    await orders.broker.heard.wait()

    call.cancel()
    orders.broker.answer.set()
    await orders.confirmer.drain()

    assert (await orders.row(preview)).state is OrderState.FILLED
    assert len(orders.broker.tickets) == 1


@pytest.mark.promise("nothing-lost")
async def test_the_intent_is_written_before_the_broker_hears_of_it(orders: OrderDesk) -> None:
    orders.broker.day = Day.WORKING
    preview = await orders.preview()
    await orders.confirm(preview)

    kinds = [event.kind for event in orders.ledger.trail]

    assert kinds == ["previewed", "submitting", "broker:working"]
    intent = orders.ledger.trail[1]
    assert intent.body["client_order_id"] == preview.record.client_order_id
    assert intent.body["order"] == preview.record.order.canonical
    kept = await orders.ledger.preview(preview.record.preview_id)
    assert kept is not None
    assert (intent.body["voice"], intent.body["shown"]) == ("model", digest_of_shown(kept.shown))
    assert intent.body["limits"] == orders.limits.as_told


async def test_an_intent_that_cannot_be_written_is_not_sent(orders: OrderDesk) -> None:
    preview = await orders.preview()

    class FullDisk(type(orders.ledger)):
        async def claim(self, *args: object, **kwargs: object) -> None:
            raise OSError("disk full")

    kept = orders.ledger
    full = FullDisk(kept.previews, kept.records, uses=kept.uses, trail=kept.trail)
    orders.confirmer = replace(orders.confirmer, ledger=full)

    with pytest.raises(OSError, match="disk full"):
        await orders.confirm(preview)
    assert orders.broker.tickets == []


@pytest.mark.promise("one-door")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nonce": "another"}, Reason.NONCE_MISMATCH),
        ({"nonce": ""}, Reason.NONCE_MISMATCH),
        ({"caller": "token:somebody-else"}, Reason.CALLER_MISMATCH),
    ],
)
async def test_a_mismatch_kills_the_preview_for_good(
    orders: OrderDesk, changes: dict[str, str], reason: Reason
) -> None:
    """A nonce that could be guessed twice is no nonce."""
    preview = await orders.preview()

    assert await denial(orders, preview, **changes) is reason
    assert await denial(orders, preview) is reason
    assert orders.broker.tickets == []
    assert (await orders.row(preview)).state is OrderState.LAPSED


async def test_a_preview_nobody_made_is_denied(orders: OrderDesk) -> None:
    preview = await orders.preview()

    assert await denial(orders, preview, preview_id="id-9999") is Reason.PREVIEW_UNKNOWN
    assert (await orders.confirm(preview)).state is OrderState.FILLED


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [(120, Reason.PREVIEW_EXPIRED), (9_999, Reason.PREVIEW_EXPIRED), (-1, Reason.CLOCK_WENT_BACK)],
)
async def test_a_preview_out_of_its_time_is_denied(
    orders: OrderDesk, seconds: float, reason: Reason
) -> None:
    """A price has a date; a clock set back must not revive it."""
    preview = await orders.preview()

    orders.clock.move(seconds)
    assert await denial(orders, preview) is reason
    orders.clock.move(-seconds)

    assert await denial(orders, preview) is reason
    assert orders.broker.tickets == []


async def test_a_preview_holds_to_its_last_moment(orders: OrderDesk) -> None:
    preview = await orders.preview()
    orders.clock.move(119.999)

    assert (await orders.confirm(preview)).state is OrderState.FILLED


@pytest.mark.promise("one-door")
async def test_a_stored_order_that_was_altered_is_refused(orders: OrderDesk) -> None:
    """Whoever can write the database cannot make the desk send something else."""
    preview = await orders.preview()
    stored = orders.ledger.records[preview.record.order_id]
    dearer = replace(stored.order, limit_net=Decimal("9.99"))
    orders.ledger.records[preview.record.order_id] = replace(stored, order=dearer)

    assert await denial(orders, preview) is Reason.NONCE_MISMATCH
    assert orders.broker.tickets == []


@pytest.mark.promise("halt")
async def test_a_halt_after_the_preview_stops_the_send(orders: OrderDesk) -> None:
    """The stop is asked on the path that sends, not only where it is set."""
    preview = await orders.preview()
    await orders.halt.engage(HALT)

    assert await denial(orders, preview) is Reason.TRADING_HALTED
    orders.halt.halt = None

    assert await denial(orders, preview) is Reason.TRADING_HALTED
    assert orders.broker.tickets == []


@pytest.mark.promise("limits")
async def test_limits_are_asked_again_on_fresh_quotes(orders: OrderDesk) -> None:
    """The market ran away between preview and confirm: the old price is far too dear now."""
    preview = await orders.preview()
    orders.quote(CALL, "0.50", "0.60")

    assert await denial(orders, preview) is Reason.PRICE_OUTSIDE_COLLAR
    assert orders.broker.tickets == []


@pytest.mark.promise("limits")
async def test_what_the_limits_refuse_at_the_last_is_told_with_its_figures_every_time(
    orders: OrderDesk,
) -> None:
    """A number without the other number helps nobody to a better order."""
    preview = await orders.preview()
    orders.quote(CALL, "0.50", "0.60")

    heard: list[str] = []
    for _ in range(2):
        with pytest.raises(Denied) as denied:
            await orders.confirm(preview)
        assert denied.value.facts["worst_allowed_net"] == "0.6600"
        assert denied.value.facts["limit_net"] == "1.20"
        assert ROW not in denied.value.facts
        heard.append(str(denied.value))
        orders.restart()

    assert len(set(heard)) == 1


@pytest.mark.promise("limits")
async def test_two_calls_confirmed_at_once_are_not_both_covered_by_the_same_shares(
    orders: OrderDesk,
) -> None:
    """An assistant calls its tools side by side: each must see the order before it."""
    orders.broker.day = Day.WORKING
    orders.broker.held[parse_symbol("AAPL")] = 100
    other = "AAPL261218C00210000"
    orders.quote(other, "0.40", "0.50")
    first, second = [
        await orders.preview(
            a_leg(symbol, Action.SELL_TO_OPEN), price=price, effect=PriceEffect.CREDIT
        )
        for symbol, price in ((CALL, "1.20"), (other, "0.45"))
    ]
    orders.broker.answer = asyncio.Event()
    calls = [asyncio.create_task(orders.confirm(preview)) for preview in (first, second)]
    await orders.broker.heard.wait()
    orders.broker.answer.set()

    told = await asyncio.gather(*calls, return_exceptions=True)

    assert [getattr(each, "reason", None) for each in told] == [None, Reason.LOSS_UNDEFINED]
    assert len(orders.broker.tickets) == 1


async def test_a_quote_that_went_stale_stops_the_send(orders: OrderDesk) -> None:
    preview = await orders.preview()
    orders.broker.quote_age = timedelta(seconds=61)

    assert await denial(orders, preview) is Reason.QUOTE_STALE


async def test_a_nonce_alone_moves_no_real_money(orders: OrderDesk) -> None:
    """Consent `model` is for paper; outside it the answer is no, whatever was wired."""
    preview = await orders.preview()
    live = Consent(policy=ConsentPolicy.MODEL, environment=Environment.LIVE)
    orders.confirmer = replace(orders.confirmer, consent=live)

    assert await denial(orders, preview) is Reason.CONSENT_DECLINED
    assert (await orders.row(preview)).state is OrderState.DECLINED
    assert orders.broker.tickets == []


@pytest.mark.parametrize("seconds", [11, -11])
async def test_a_process_that_slept_before_its_send_keeps_silent(
    orders: OrderDesk, seconds: float
) -> None:
    """Others may have looked for the order meanwhile, found nothing and told the owner so.

    A clock that went back hides how long it slept.
    """
    preview = await orders.preview()

    class SlowHalt(type(orders.halt)):
        async def engaged(self) -> Halt | None:
            orders.clock.move(seconds)
            return None

    orders.confirmer = replace(orders.confirmer, submit=replace(orders.submit, halt=SlowHalt()))

    assert await denial(orders, preview) is Reason.PREVIEW_EXPIRED
    assert orders.broker.tickets == []


@pytest.mark.parametrize("seconds", [10, -10])
async def test_a_process_that_was_slow_for_ten_seconds_may_send_yet(
    orders: OrderDesk, seconds: float
) -> None:
    preview = await orders.preview()

    class SlowHalt(type(orders.halt)):
        async def engaged(self) -> Halt | None:
            orders.clock.move(seconds)
            return None

    orders.confirmer = replace(orders.confirmer, submit=replace(orders.submit, halt=SlowHalt()))

    assert (await orders.confirm(preview)).state is OrderState.FILLED


async def test_an_outage_before_the_send_leaves_the_preview_as_good_as_it_was(
    orders: OrderDesk,
) -> None:
    """Nothing was sent and nothing was asked: the same nonce works when the broker is back."""
    preview = await orders.preview()

    class Away(type(orders.broker)):
        async def positions(self, account_id: str) -> tuple[Position, ...]:
            raise Unavailable(Reason.BROKER_UNAVAILABLE)

    away = Away(clock=orders.clock, quoted=orders.broker.quoted)
    appraise = replace(orders.confirmer.appraise, broker=away)
    with pytest.raises(Unavailable):
        await replace(orders.confirmer, appraise=appraise)(
            preview.record.preview_id, preview.nonce or "", caller="stdio"
        )

    assert (await orders.confirm(preview)).state is OrderState.FILLED


async def test_a_row_that_another_process_moved_is_in_doubt_and_not_sent(
    orders: OrderDesk,
) -> None:
    """It is being sent there, or died with it: whoever previews again may send it twice."""
    preview = await orders.preview()
    note = Note(at=NOON, actor="other", path="test", kind="submitting")
    await orders.ledger.advance(
        preview.record.order_id,
        Progress(state=OrderState.SUBMITTING),
        only_from={OrderState.PREVIEWED},
        note=note,
    )

    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    assert orders.broker.tickets == []


class SlowBooks(ScriptedBroker):
    """Takes its time to tell the positions, so that a caller may leave before anything is sent."""

    def wait_for(self, told: asyncio.Event) -> asyncio.Event:
        self.told, self.asked = told, asyncio.Event()
        return self.asked

    async def positions(self, account_id: str) -> tuple[Position, ...]:
        self.asked.set()
        await self.told.wait()
        return await ScriptedBroker.positions(self, account_id)


async def slow(orders: OrderDesk) -> tuple[Preview, asyncio.Event, asyncio.Event]:
    """Preview, then let the books be slow; return when they are asked and what they wait for."""
    preview = await orders.preview()
    books = SlowBooks(clock=orders.clock, quoted=orders.broker.quoted)
    told = asyncio.Event()
    asked = books.wait_for(told)
    orders.broker = books
    orders.restart()
    return preview, asked, told


@pytest.mark.promise("one-door")
async def test_a_caller_that_leaves_before_the_nonce_is_spent_takes_the_order_back(
    orders: OrderDesk,
) -> None:
    """A stop pressed in time is a stop; the preview is as good as it was."""
    preview, asked, told = await slow(orders)
    call = asyncio.create_task(orders.confirm(preview))
    await asked.wait()

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    told.set()
    await orders.confirmer.drain()

    assert orders.broker.tickets == []
    assert (await orders.row(preview)).state is OrderState.PREVIEWED
    assert (await orders.confirm(preview)).state is OrderState.FILLED


async def test_a_caller_that_leaves_does_not_take_it_from_another_who_waits(
    orders: OrderDesk,
) -> None:
    preview, asked, told = await slow(orders)
    leaves, waits = (asyncio.create_task(orders.confirm(preview)) for _ in range(2))
    await asked.wait()

    leaves.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaves
    told.set()

    assert (await waits).state is OrderState.FILLED
    assert len(orders.broker.tickets) == 1


async def test_whoever_asks_again_at_once_is_not_stopped_by_who_left(orders: OrderDesk) -> None:
    """A client that lost its stream re-issues the call before the first has wound up."""
    preview, asked, told = await slow(orders)
    leaves = asyncio.create_task(orders.confirm(preview))
    await asked.wait()

    leaves.cancel()
    again = asyncio.create_task(orders.confirm(preview))
    told.set()

    assert (await again).state is OrderState.FILLED
    assert len(orders.broker.tickets) == 1


async def test_a_caller_may_be_named_in_any_script(orders: OrderDesk) -> None:
    preview = await orders.preview(caller="token:José")

    assert (await orders.confirm(preview, caller="token:José")).state is OrderState.FILLED


@pytest.mark.promise("one-door")
async def test_a_preview_of_another_environment_is_unknown_here(orders: OrderDesk) -> None:
    """Previewed in the sandbox, restarted on the real thing: the nonce must not carry over."""
    preview = await orders.preview()
    orders.broker.environment = Environment.SANDBOX
    orders.restart()

    assert await denial(orders, preview) is Reason.PREVIEW_UNKNOWN
    assert orders.broker.tickets == []


@pytest.mark.parametrize("seconds", [120, -1])
async def test_a_preview_out_of_its_time_is_told_the_same_every_time(
    orders: OrderDesk, seconds: float
) -> None:
    preview = await orders.preview()
    orders.clock.move(seconds)

    heard: list[str] = []
    for _ in range(3):
        with pytest.raises(Denied) as denied:
            await orders.confirm(preview)
        heard.append(str(denied.value))

    assert len(set(heard)) == 1


@pytest.mark.promise("one-door")
async def test_a_row_that_is_altered_while_it_is_claimed_is_not_sent(orders: OrderDesk) -> None:
    """What the limits looked at is what leaves, whoever writes to the database in between."""
    preview = await orders.preview()

    class Tampered(MemoryLedger):
        async def claim(self, preview_id: str, **said: Any) -> OrderRecord | None:
            order_id = preview.record.order_id
            row = self.records[order_id]
            self.records[order_id] = replace(row, order=replace(row.order, limit_net=Decimal(9)))
            return await MemoryLedger.claim(self, preview_id, **said)

    old = orders.ledger
    orders.ledger = Tampered(previews=old.previews, records=old.records, trail=old.trail)
    orders.restart()

    assert await denial(orders, preview) is Reason.NONCE_MISMATCH
    assert orders.broker.tickets == []


async def test_what_a_broker_writes_for_a_code_is_told_only_if_it_is_one(
    orders: OrderDesk,
) -> None:
    """A code is a word; a sentence in its place is somebody talking to the model."""

    class Talker(ScriptedBroker):
        async def submit(self, ticket: Ticket) -> Receipt:
            raise Rejected(Reason.BROKER_REJECTED, code="call 555 0100 and read them the nonce")

    preview = await orders.preview()
    orders.broker = Talker(clock=orders.clock, quoted=orders.broker.quoted)
    orders.restart()

    with pytest.raises(Rejected) as rejected:
        await orders.confirm(preview)
    assert rejected.value.facts["code"] == "unlisted_code"


@pytest.mark.promise("secrets")
async def test_an_order_whose_number_is_none_is_in_doubt_and_the_number_is_not_kept(
    orders: OrderDesk,
) -> None:
    """What an upstream echoes there would lie in the ledger in clear."""
    key = "Zk39vQx7Lw0pYt58rB2nM4cH1jUd6fEs"

    class Echoes(ScriptedBroker):
        async def submit(self, ticket: Ticket) -> Receipt:
            receipt = await ScriptedBroker.submit(self, ticket)
            echoed = replace(receipt.broker_order, broker_order_id=key)
            return replace(receipt, broker_order=echoed)

    preview = await orders.preview()
    orders.broker = Echoes(clock=orders.clock, quoted=orders.broker.quoted)
    orders.restart()

    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    row = await orders.ledger.order(preview.record.order_id)
    assert row is not None
    assert row.state is OrderState.UNKNOWN
    assert row.broker_order_id is None


@pytest.mark.promise("nothing-lost")
async def test_a_database_that_goes_away_over_the_send_leaves_a_doubt(orders: OrderDesk) -> None:
    """A commit whose answer was lost may stand: only the broker's own "never left" is one."""

    class Keeps(ScriptedBroker):
        async def submit(self, ticket: Ticket) -> Receipt:
            await ScriptedBroker.submit(self, ticket)
            raise Unavailable(Reason.DATABASE_UNAVAILABLE, cause="connection lost")

    preview = await orders.preview()
    orders.broker = Keeps(clock=orders.clock, quoted=orders.broker.quoted)
    orders.restart()

    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    await orders.reconciler(path="worker")
    assert (await orders.row(preview)).state is OrderState.FILLED


async def answered_late(
    orders: OrderDesk, settled: Progress
) -> tuple[Preview, asyncio.Task[OrderRecord]]:
    """Confirm, and let another process settle the row while the broker takes its time."""
    orders.broker.answer = asyncio.Event()
    preview = await orders.preview()
    call = asyncio.create_task(orders.confirm(preview))
    await orders.broker.heard.wait()
    note = Note(at=NOON, actor="other", path="test", kind="settled")
    for progress in (Progress(state=OrderState.UNKNOWN, reason="OUTCOME_UNKNOWN"), settled):
        row = await orders.row(preview)
        await orders.ledger.advance(row.order_id, progress, only_from={row.state}, note=note)
    orders.broker.answer.set()
    return preview, call


@pytest.mark.promise("nothing-lost")
async def test_an_answer_ends_the_doubt_that_others_had_meanwhile(orders: OrderDesk) -> None:
    preview, call = await answered_late(orders, Progress(state=OrderState.UNKNOWN))

    assert (await call).state is OrderState.FILLED
    assert (await orders.row(preview)).reason == "found_at_broker"


@pytest.mark.promise("nothing-lost")
async def test_an_answer_to_what_others_adopted_tells_the_row_as_they_left_it(
    orders: OrderDesk,
) -> None:
    preview, call = await answered_late(
        orders, Progress(state=OrderState.WORKING, broker_order_id="b-1")
    )

    assert await call == await orders.row(preview)
    assert orders.ledger.trail[-1].kind == "late_answer"


@pytest.mark.promise("nothing-lost")
async def test_an_answer_to_what_others_took_for_not_placed_is_kept_and_told_as_doubt(
    orders: OrderDesk,
) -> None:
    """The order exists: telling that nothing was sent would have it sent again."""
    _, call = await answered_late(
        orders, Progress(state=OrderState.LAPSED, reason="BROKER_UNAVAILABLE")
    )

    with pytest.raises(OutcomeUnknown):
        await call
    assert orders.ledger.trail[-1].body == {"state": "filled", "broker_order_id": "b-1"}


@pytest.mark.promise("nothing-lost")
async def test_a_submission_whose_outcome_cannot_be_written_is_told_as_doubt_every_time(
    orders: OrderDesk,
) -> None:
    preview = await orders.preview()

    class FullDisk(MemoryLedger):
        async def advance(self, *args: object, **kwargs: object) -> None:
            raise OSError("disk full")

    old = orders.ledger
    full = FullDisk(previews=old.previews, records=old.records, trail=old.trail)
    orders.confirmer = replace(orders.confirmer, submit=replace(orders.submit, ledger=full))

    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await orders.confirm(preview)
    assert len(orders.broker.tickets) == 1


async def test_a_cancel_is_told_as_it_went_though_its_target_cannot_be_read(
    orders: OrderDesk,
) -> None:
    """The act is recorded; what became of the other order is read again later."""
    orders.broker.day = Day.WORKING
    old = await orders.preview()
    await orders.confirm(old)
    preview = await orders.previewer.cancel(old.record.order_id, caller="stdio")

    class Mute(ScriptedBroker):
        async def order(self, account_id: str, broker_order_id: str) -> BrokerOrder:
            raise RuntimeError("half an answer")

    mute = Mute(clock=orders.clock, quoted=orders.broker.quoted, placed=orders.broker.placed)
    orders.confirmer = replace(orders.confirmer, submit=replace(orders.submit, broker=mute))
    act = await orders.confirm(preview)

    assert act.state is OrderState.CANCELLED
    assert await orders.confirm(preview) == act


def test_an_order_sent_while_another_is_looked_at_keeps_nobody_back() -> None:
    """Callers at work at once would else take each other for lost, on nothing but a moment."""
    like = window_of(StoppedClock(), an_order_record(), Limits()).like

    assert like is not None
    assert (like.silent_since, like.ahead_since) == (
        NOON - timedelta(seconds=10),
        NOON + timedelta(seconds=10),
    )


@pytest.mark.promise("breaker")
async def test_a_desk_whose_orders_fail_stops_by_itself(orders: OrderDesk) -> None:
    """A model that tries again and again, or a link that breaks, must not go on for long."""
    orders.broker.day = Day.REJECTED
    for _ in range(FAILURES_MAX):
        with pytest.raises(Rejected):
            await orders.confirm(await orders.preview())
    orders.broker.day = Day.FILLED

    with pytest.raises(Denied) as denied:
        await orders.preview()
    state = await orders.safety.state()

    assert denied.value.reason is Reason.TRADING_HALTED
    assert len(orders.broker.tickets) == FAILURES_MAX
    assert state.halt is not None
    assert state.halt.actor == "breaker"
    assert state.row == FailuresInRow(failures=FAILURES_MAX, halts_at=FAILURES_MAX)


def a_sale(number: int = 1, **told: Any) -> OrderRecord:
    leg = a_leg(CALL, Action.SELL_TO_OPEN)
    return an_order_record(number, **{"order": an_order(leg, net="-1.10"), **told})


def test_what_sells_from_one_book_takes_turns_and_nothing_else_waits() -> None:
    """Each must see the one before it; another account, or another underlying, is another book."""
    under_way = UnderWay()
    other = a_leg("MSFT261218C00400000", Action.SELL_TO_OPEN)

    turn = under_way.turn(a_sale())

    assert isinstance(turn, asyncio.Lock)
    assert under_way.turn(a_sale(2)) is turn
    assert under_way.turn(an_order_record(3), (a_sale(4),)) is turn
    assert under_way.turn(a_sale(account_id="another")) is not turn
    assert under_way.turn(a_sale(order=an_order(other, net="-1.10"))) is not turn
    for free in (an_order_record(), a_sale(kind=TicketKind.CANCEL)):
        assert isinstance(under_way.turn(free), nullcontext)


async def test_groups_of_which_a_later_order_sells_take_turns_too(orders: OrderDesk) -> None:
    """The second sees the exits of the first at work: the books do not show its entry yet."""
    previews = [await preview_of(orders) for _ in range(2)]
    books, told = SlowBooks(clock=orders.clock, quoted=orders.broker.quoted), asyncio.Event()
    asked = books.wait_for(told)
    orders.broker = books
    orders.restart()
    first, second = (asyncio.create_task(orders.confirm(preview)) for preview in previews)
    await asked.wait()
    told.set()

    assert (await first).state is OrderState.FILLED
    with pytest.raises(Denied) as denied:
        await second
    assert denied.value.reason is Reason.CLOSE_EXCEEDS_POSITION
    assert denied.value.facts["in_working_orders"] == "1"


async def test_a_submission_is_under_way_until_it_is_over() -> None:
    under_way, record, go = UnderWay(), an_order_record(), asyncio.Event()

    async def run() -> OrderRecord:
        await go.wait()
        return record

    call = asyncio.create_task(under_way.share("preview-1", run))
    await asyncio.sleep(0)
    meanwhile = "preview-1" in under_way, "preview-2" in under_way
    go.set()

    assert await call is record
    await under_way.drain()
    assert meanwhile == (True, False)
    assert "preview-1" not in under_way


async def test_who_asks_meanwhile_shares_the_one_submission_that_is_under_way() -> None:
    """The ledger would let but one of two send; there is no call for the other to try."""
    under_way, record, runs = UnderWay(), an_order_record(), list[str]()

    async def run() -> OrderRecord:
        runs.append("run")
        await asyncio.sleep(0)
        return record

    told = await asyncio.gather(*(under_way.share("preview-1", run) for _ in range(3)))

    assert told == [record] * 3
    assert runs == ["run"]


async def test_a_submission_that_was_begun_is_forgotten_once_it_is_over() -> None:
    """A desk that closes waits for all that are under way: it would wait for ever."""
    under_way, record = UnderWay(), an_order_record()

    async def run() -> OrderRecord:
        under_way.begin("preview-1")
        return record

    await under_way.share("preview-1", run)
    await asyncio.sleep(0)

    assert "preview-1" not in under_way
