"""Answers: what the trail keeps of a question to a person, of the answer, and of their lack."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from strikedesk.domain.accounts import Environment
from strikedesk.domain.approvals import Approval, ConsentPolicy, Voice
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Json, NonceState, OrderEvent, OrderRecord, TicketKind
from strikedesk.domain.reasons import Reason
from strikedesk.domain.replay import ROW
from strikedesk.domain.states import OrderState
from strikedesk.orders.approve import Said
from strikedesk.orders.binding import binding_of, hash_nonce
from strikedesk.orders.tickets import payload_of, ticket_of
from strikedesk.orders.wording import digest_of
from tests.builders import NOON, an_order, an_order_record
from tests.unit.group_desk import preview_of, rows_of
from tests.unit.order_desk import CALL, OrderDesk

OWNER = Said(voice=Voice.OWNER, actor="owner", path="cli")
CLIENT = Said(voice=Voice.CLIENT, actor="stdio", path="tool:confirm_order")
CODE = Said(voice=Voice.CODE, actor="stdio", path="tool:confirm_order")
BINDING = "53556c51fbdf9ede30b17fddf339b420ad335303fe7a97aed5b8e2e661b98f00"


def desk(policy: ConsentPolicy = ConsentPolicy.ASK) -> OrderDesk:
    return OrderDesk(policy=policy)


async def waiting(orders: OrderDesk) -> OrderRecord:
    preview = await orders.preview()
    return preview.record if preview.pending else await orders.confirm(preview)


async def last_line(orders: OrderDesk, record: OrderRecord) -> OrderEvent:
    return (await orders.ledger.events(record.order_id))[-1]


def head(event: OrderEvent) -> tuple[str, str, str]:
    return event.kind, event.actor, event.path


def body(event: OrderEvent) -> Mapping[str, Any]:
    return {name: told for name, told in event.body.items() if name != ROW}


# The question


@pytest.mark.promise("owner-asked")
async def test_a_question_is_kept_with_its_policy_its_text_and_its_time() -> None:
    orders = desk()
    record = await waiting(orders)

    (pending,) = await orders.approvals.pending()
    line = await last_line(orders, record)

    assert head(line) == ("consent_asked", "stdio", "tool:confirm_order")
    shown = digest_of(pending.text)
    assert body(line) == {"policy": "ask", "shown": shown, **payload_of(record)}
    assert orders.ledger.approvals[record.order_id] == Approval(
        order_id=record.order_id,
        policy=ConsentPolicy.ASK,
        digest=shown,
        requested_at=NOON,
        expires_at=NOON + timedelta(seconds=300),
    )


async def test_what_waits_is_listed_oldest_first_without_what_is_over() -> None:
    orders = desk()
    over = await waiting(orders)
    orders.clock.move(200)
    first = await waiting(orders)
    orders.clock.move(50)
    second = await waiting(orders)
    orders.clock.move(50)

    rows = [pending.record.order_id for pending in await orders.approvals.pending()]

    assert rows == [first.order_id, second.order_id]
    line = await last_line(orders, over)
    assert head(line) == ("not_sent", "strikedesk", "clock")
    assert body(line) == {"reason": "CONSENT_EXPIRED"}


async def test_a_clock_that_went_back_behind_the_question_is_named() -> None:
    orders = desk()
    record = await waiting(orders)
    still = await orders.approvals.current(record)
    orders.clock.move(-0.000001)

    row = await orders.approvals.current(record)

    assert still == record
    assert (row.state, row.reason) == (OrderState.LAPSED, "CLOCK_WENT_BACK")
    assert body(await last_line(orders, record)) == {"reason": "CLOCK_WENT_BACK"}


async def test_a_row_whose_question_is_lost_is_not_waited_for() -> None:
    orders = desk()
    record = await waiting(orders)
    approval = orders.ledger.approvals.pop(record.order_id)
    none = await orders.approvals.of(record)
    orders.ledger.approvals[record.order_id] = approval
    orders.ledger.previews.clear()

    assert (none, await orders.approvals.of(record)) == (None, None)


async def test_any_order_of_a_group_names_the_first_that_was_asked_about() -> None:
    orders = desk()
    preview = await preview_of(orders)
    await orders.confirm(preview)
    rows = await rows_of(orders, preview)

    for row in rows:
        assert await orders.approvals.named(f" {row.order_id} ") == rows[0]


async def test_an_order_that_was_never_asked_about_has_no_name() -> None:
    orders = OrderDesk()
    record = await orders.confirm(await orders.preview())

    with pytest.raises(Denied) as denied:
        await orders.approvals.named(record.order_id)

    assert denied.value.reason is Reason.APPROVAL_UNKNOWN


# The answer


async def test_an_order_that_was_declined_says_who_declined_it() -> None:
    orders = desk()
    record = await waiting(orders)

    row = await orders.approver.decline(record, OWNER)

    assert (row.state, row.reason) == (OrderState.DECLINED, "CONSENT_DECLINED")
    line = await last_line(orders, record)
    assert head(line) == ("not_sent", "owner", "cli")
    assert body(line) == {"reason": "CONSENT_DECLINED"}


async def test_a_question_that_nobody_saw_says_why_and_goes_on_waiting() -> None:
    orders = desk()
    record = await waiting(orders)

    row = await orders.approver.pass_over(record, "cancel", CLIENT)

    assert row == record
    assert orders.ledger.approvals[record.order_id].unheard == "cancel"
    line = await last_line(orders, record)
    assert head(line) == ("client_unheard", "stdio", "tool:confirm_order")
    assert body(line) == {"why": "cancel"}


async def test_a_code_that_is_read_out_or_wrong_is_a_line_without_it() -> None:
    orders = desk(ConsentPolicy.CODE)
    record = await waiting(orders)

    code = await orders.approvals.read_out(record, actor="owner", path="cli")
    read_out = await last_line(orders, record)
    with pytest.raises(Denied):
        await orders.approver.redeem(record, "0", CODE)
    wrong = await last_line(orders, record)

    assert head(read_out) == ("code_read_out", "owner", "cli")
    assert head(wrong) == ("code_wrong", "stdio", "tool:confirm_order")
    assert (body(read_out), body(wrong)) == ({}, {})
    told = hashlib.sha256(f"token-{orders.entropy.count:04d}-of-a-test".encode()).digest()
    assert code == f"{int.from_bytes(told) % 100_000_000:08d}"
    kept = orders.ledger.approvals[record.order_id].code_hash
    assert kept == hashlib.sha256(f"{record.order_id}:{code}".encode()).hexdigest()


async def test_no_code_is_read_out_once_the_order_is_over() -> None:
    orders = desk(ConsentPolicy.CODE)
    record = await waiting(orders)
    await orders.approver.decline(record, OWNER)

    assert await orders.approvals.read_out(record, actor="owner", path="cli") is None


async def test_an_order_that_was_changed_after_the_question_ends_by_name() -> None:
    orders = desk()
    record = await waiting(orders)
    orders.ledger.records[record.order_id] = replace(record, account_handle="another")

    with pytest.raises(Denied) as denied:
        await orders.approver.approve(record, OWNER)

    assert denied.value.reason is Reason.APPROVAL_CHANGED
    line = await last_line(orders, record)
    assert head(line) == ("not_sent", "owner", "cli")
    assert body(line) == {"reason": "APPROVAL_CHANGED"}


async def test_what_the_limits_refuse_at_the_answer_is_kept_with_its_figures() -> None:
    orders = desk()
    record = await waiting(orders)
    orders.quote(CALL, "0.50", "0.60")

    with pytest.raises(Denied) as denied:
        await orders.approver.approve(record, OWNER)

    line = await last_line(orders, record)
    assert head(line) == ("not_sent", "owner", "cli")
    assert body(line)["reason"] == "PRICE_OUTSIDE_COLLAR"
    told = {name: fact for name, fact in denied.value.facts.items() if name in line.body}
    assert told == {name: fact for name, fact in body(line).items() if name != "reason"}
    assert "worst_allowed_net" in told


async def test_what_others_used_up_is_kept_with_its_figures_too() -> None:
    orders = desk()
    one, other = await waiting(orders), await waiting(orders)
    orders.limits = replace(orders.limits, orders_day_max=1)
    orders.restart()
    await orders.approver.approve(one, OWNER)

    with pytest.raises(Denied):
        await orders.approver.approve(other, OWNER)

    line = await last_line(orders, other)
    assert head(line) == ("not_sent", "owner", "cli")
    assert body(line)["limit"] == "1"


async def test_a_voice_that_is_too_weak_is_told_whose_word_is_needed() -> None:
    orders = desk(ConsentPolicy.CLICK)
    record = await waiting(orders)

    with pytest.raises(Denied) as denied:
        await orders.approver.approve(record, CLIENT)

    assert denied.value.facts == {"needs": "click", "by": "client"}


async def test_the_text_that_was_asked_may_be_named_with_the_answer() -> None:
    orders = desk()
    record = await waiting(orders)
    shown = orders.ledger.approvals[record.order_id].digest

    row = await orders.approver.approve(record, replace(CLIENT, digest=shown))

    assert row.state is OrderState.FILLED
    agreed = [e for e in await orders.ledger.events(record.order_id) if e.kind == "submitting"]
    assert [head(line) for line in agreed] == [("submitting", "stdio", "tool:confirm_order")]
    assert body(agreed[0]) == {
        "voice": "client",
        "shown": shown,
        "limits": orders.limits.as_told,
        **payload_of(record),
    }
    assert head(await last_line(orders, record)) == (
        "broker:filled",
        "stdio",
        "tool:confirm_order",
    )


async def test_an_order_of_another_broker_is_refused_by_its_name() -> None:
    orders = desk()
    record = replace(await waiting(orders), broker="another")

    with pytest.raises(Denied) as denied:
        await orders.approver.approve(record, OWNER)

    assert denied.value.reason is Reason.APPROVAL_UNKNOWN
    assert denied.value.facts == {"waits_at": "another", "this_desk_is_at": "scripted"}


async def test_whoever_answers_second_is_told_how_the_first_left_it() -> None:
    orders = desk()
    record = await waiting(orders)
    first = await orders.approver.decline(record, OWNER)

    assert await orders.approver.decline(record, CLIENT) == first
    assert await orders.approver.pass_over(record, "cancel", CLIENT) == first
    assert first.state is OrderState.DECLINED


async def test_a_code_that_is_passed_on_twice_tells_what_came_of_it() -> None:
    orders = desk(ConsentPolicy.CODE)
    record = await waiting(orders)
    code = await orders.approvals.read_out(record, actor="owner", path="cli") or ""

    first = await orders.approver.redeem(record, code, CODE)

    assert first.state is OrderState.FILLED
    assert await orders.approver.redeem(first, code, CODE) == first
    assert len(orders.broker.tickets) == 1


async def test_what_waits_is_found_behind_any_number_of_others() -> None:
    orders = desk()
    record = await waiting(orders)
    later = NOON + timedelta(seconds=1)
    for number in range(60):
        other = replace(record, order_id=f"more-{number}", state=OrderState.FILLED)
        orders.ledger.records[other.order_id] = replace(other, created_at=later, updated_at=later)

    (pending,) = await orders.approvals.pending()

    assert pending.record == record


async def test_groups_that_are_approved_at_once_take_turns_where_a_later_order_sells() -> None:
    """The second sees the exits of the first at work."""
    orders = desk()
    firsts: list[OrderRecord] = []
    for _ in range(2):
        preview = await preview_of(orders)
        await orders.confirm(preview)
        firsts.append(await orders.row(preview))
    orders.broker.answer = asyncio.Event()
    calls = [asyncio.create_task(orders.approver.approve(row, OWNER)) for row in firsts]
    await orders.broker.heard.wait()
    orders.broker.answer.set()

    told = await asyncio.gather(*calls, return_exceptions=True)

    assert [getattr(each, "reason", None) for each in told] == [None, Reason.CLOSE_EXCEEDS_POSITION]
    assert len(orders.broker.tickets) == 1


async def test_a_group_that_was_agreed_to_is_kept_with_every_order_of_it() -> None:
    orders = desk()
    preview = await preview_of(orders)
    await orders.confirm(preview)
    first, *others = await rows_of(orders, preview)

    await orders.approver.approve(first, OWNER)

    told = payload_of(first, others)["group"]
    lines = {e.kind: e for e in await orders.ledger.events(first.order_id)}
    assert lines["consent_asked"].body["group"] == told
    assert lines["submitting"].body["group"] == told


# Whose word is needed


async def test_an_order_of_another_environment_is_refused_by_its_name() -> None:
    orders = desk()
    preview = await orders.preview()
    kept = await orders.ledger.preview(preview.record.preview_id)
    assert kept is not None
    live = replace(kept, record=replace(kept.record, environment=Environment.LIVE))

    with pytest.raises(Denied) as denied:
        orders.confirmer.consent.policy_for(live)

    assert denied.value.reason is Reason.CONSENT_DECLINED
    assert denied.value.facts == {"environment": "live"}


@pytest.mark.parametrize(
    ("shown", "click"),
    [
        ({"cash_effect": "-120.00", "risk_added": "100.00"}, False),
        ({"cash_effect": "120.01", "risk_added": "100.00"}, True),
        ({"cash_effect": "-120.01", "risk_added": "100.00"}, True),
        ({"cash_effect": "-100.00", "risk_added": "120.01"}, True),
        ({"cash_effect": None, "risk_added": "100.00"}, True),
        ({"cash_effect": "-100.00", "risk_added": None}, True),
        ({"cash_effect": "-100.00", "risk_added": "unlimited"}, True),
    ],
)
async def test_the_larger_of_cash_and_risk_decides_who_is_asked(
    shown: dict[str, Any], *, click: bool
) -> None:
    orders = OrderDesk(policy=ConsentPolicy.ASK, click_above_usd=Decimal(120))
    preview = await orders.preview()
    kept = await orders.ledger.preview(preview.record.preview_id)
    assert kept is not None

    assert orders.confirmer.consent.wants_click(replace(kept, shown=shown)) is click


async def test_a_group_whose_figures_are_not_all_shown_is_a_large_one() -> None:
    orders = OrderDesk(policy=ConsentPolicy.ASK, click_above_usd=Decimal(10**6))
    preview = await preview_of(orders)
    kept = await orders.ledger.preview(preview.record.preview_id)
    assert kept is not None
    short: dict[str, Json] = {**kept.shown, "beside": []}

    assert not orders.confirmer.consent.wants_click(kept)
    assert orders.confirmer.consent.wants_click(replace(kept, shown=short))


# What a word is tied to


def test_a_nonce_is_kept_as_its_plain_hash() -> None:
    """A preview from before an update must still be confirmed after it."""
    assert hash_nonce("nonce") == hashlib.sha256(b"nonce").hexdigest()
    assert hash_nonce("\ud800") != hash_nonce("\ud801")


def test_the_binding_of_a_row_stays_the_same_over_updates() -> None:
    """What waits for its owner over an update would else look changed."""
    record = an_order_record(order=an_order(net="1.20", account_id="PAPER0001"))

    assert binding_of(record) == BINDING


def test_the_trail_keeps_everything_that_the_broker_is_told() -> None:
    record = an_order_record(
        kind=TicketKind.REPLACE, target_order_id="order-9", target_broker_order_id="b-9"
    )

    assert payload_of(record) == {
        "kind": "replace",
        "client_order_id": "client-1",
        "target_broker_order_id": "b-9",
        "order": record.order.canonical,
        "order_digest": record.order.digest,
    }


@pytest.mark.parametrize("kind", [TicketKind.REPLACE, TicketKind.CANCEL])
def test_a_change_without_its_target_is_refused_by_the_order_s_name(kind: TicketKind) -> None:
    record = an_order_record(kind=kind, target_order_id="order-9")

    with pytest.raises(Denied) as denied:
        ticket_of(record)

    assert denied.value.reason is Reason.ORDER_UNKNOWN
    assert denied.value.facts == {"order_id": "order-9"}


async def test_a_spent_nonce_is_spent_by_the_question_already() -> None:
    orders = desk()
    record = await waiting(orders)

    assert orders.ledger.previews[record.preview_id].nonce_state is NonceState.SPENT
