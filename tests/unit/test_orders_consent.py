"""Consent: an order that waits for a person leaves on that person's word, once, or never."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from strikedesk.domain.accounts import Environment
from strikedesk.domain.approvals import PENDING_MAX, ConsentPolicy, Voice
from strikedesk.domain.errors import Denied, OutcomeUnknown, Unavailable
from strikedesk.domain.ledger import Halt, NonceState, OrderRecord
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import parse_symbol
from strikedesk.orders.approve import Approver, Said
from strikedesk.orders.confirm import Confirmer
from strikedesk.orders.preview import Preview
from tests.builders import NOON, a_leg, a_note
from tests.fakes.broker import Day
from tests.unit.order_desk import CALL, OrderDesk

OWNER = Said(voice=Voice.OWNER, actor="owner", path="cli")
CLIENT = Said(voice=Voice.CLIENT, actor="stdio", path="tool:confirm_order")
CODE = Said(voice=Voice.CODE, actor="stdio", path="tool:confirm_order")
ASKING = (ConsentPolicy.ASK, ConsentPolicy.CODE, ConsentPolicy.CLICK)
HALT = Halt(since=NOON, actor="owner", why="lunch")


def desk(policy: ConsentPolicy = ConsentPolicy.ASK, **told: Any) -> OrderDesk:
    return OrderDesk(policy=policy, **told)


async def waiting(orders: OrderDesk, **told: Any) -> OrderRecord:
    """Return an order that waits: confirmed, or under `click` previewed."""
    preview = await orders.preview(**told)
    return preview.record if preview.pending else await orders.confirm(preview)


async def denied(orders: OrderDesk, record: OrderRecord, said: Said = OWNER) -> Reason:
    with pytest.raises(Denied) as told:
        await orders.approver.approve(record, said)
    return told.value.reason


async def state_of(orders: OrderDesk, record: OrderRecord) -> OrderState:
    return orders.ledger.records[record.order_id].state


def approver_of(orders: OrderDesk, kind: type[Confirmer]) -> Approver:
    """Return the desk's approver, with another kind of confirmer behind it."""
    sound = orders.confirmer
    confirmer = kind(
        ledger=sound.ledger,
        clock=sound.clock,
        appraise=sound.appraise,
        consent=sound.consent,
        approvals=sound.approvals,
        submit=sound.submit,
    )
    return replace(orders.approver, confirmer=confirmer)


@pytest.mark.promise("owner-asked")
@pytest.mark.parametrize("policy", [ConsentPolicy.ASK, ConsentPolicy.CODE])
async def test_a_confirm_that_wants_a_person_spends_the_nonce_and_sends_nothing(
    policy: ConsentPolicy,
) -> None:
    """The claim and the waiting are one fact, as the claim and the intent are."""
    orders = desk(policy)
    preview = await orders.preview()

    row = await orders.confirm(preview)
    again = await orders.confirm(preview)

    assert row.state is OrderState.AWAITING_CONSENT
    assert again == row
    assert orders.ledger.previews[row.preview_id].nonce_state is NonceState.SPENT
    assert [event.kind for event in orders.ledger.trail] == ["previewed", "consent_asked"]
    assert orders.broker.tickets == []


@pytest.mark.promise("owner-asked")
async def test_under_click_a_preview_has_no_nonce_and_waits_at_once() -> None:
    """An assistant that will not press the last button is no dead end, nor has it one to press."""
    orders = desk(ConsentPolicy.CLICK)

    preview = await orders.preview()

    assert preview.nonce is None
    assert preview.pending is not None
    assert preview.record.state is OrderState.AWAITING_CONSENT
    assert preview.expires_at == preview.pending.approval.expires_at
    assert orders.broker.tickets == []
    lines = await orders.ledger.events(preview.record.order_id)
    assert {line.path for line in lines} == {"preview:place"}


@pytest.mark.promise("owner-asked")
@pytest.mark.parametrize("policy", ASKING)
async def test_an_approval_sends_by_itself_and_a_repeat_tells_what_came_of_it(
    policy: ConsentPolicy,
) -> None:
    orders = desk(policy)
    record = await waiting(orders)

    first = await orders.approver.approve(record, OWNER)
    orders.restart()
    second = await orders.approver.approve(record, OWNER)

    assert first.state is OrderState.FILLED
    assert second == first
    assert len(orders.broker.tickets) == 1


@pytest.mark.promise("once")
async def test_fifty_approvals_at_once_are_one_submission() -> None:
    """The page, the command line and the client may all say yes in one moment."""
    orders = desk()
    record = await waiting(orders)
    said = [OWNER, CLIENT] * 25

    told = await asyncio.gather(*(orders.approver.approve(record, each) for each in said))

    assert {row.state for row in told} == {OrderState.FILLED}
    assert len(orders.broker.tickets) == 1


@pytest.mark.promise("once")
async def test_two_processes_that_approve_are_one_submission() -> None:
    """Nothing but the ledger is shared between the owner's command line and a server."""
    one = desk()
    record = await waiting(one)
    other = OrderDesk(
        clock=one.clock, ledger=one.ledger, halt=one.halt, policy=one.policy, entropy=one.entropy
    )
    other.broker = one.broker
    other.restart()

    told = await asyncio.gather(
        one.approver.approve(record, OWNER),
        other.approver.approve(record, OWNER),
        return_exceptions=True,
    )

    assert len(one.broker.tickets) == 1
    assert OrderState.FILLED in {getattr(each, "state", None) for each in told}


@pytest.mark.promise("once")
async def test_an_approval_that_another_process_was_faster_with_sends_nothing() -> None:
    """Both looked, both were content: the ledger lets one of them move the row."""
    one = desk()
    record = await waiting(one)
    other = OrderDesk(
        clock=one.clock, ledger=one.ledger, halt=one.halt, policy=one.policy, entropy=one.entropy
    )
    other.broker = one.broker
    other.restart()

    class Slower(type(one.confirmer)):
        async def limits_again(self, record: OrderRecord, others: object = ()) -> None:
            await other.approver.approve(record, OWNER)

    slower = approver_of(one, Slower)

    assert (await slower.approve(record, OWNER)).state is OrderState.FILLED
    assert len(one.broker.tickets) == 1


@pytest.mark.promise("owner-asked")
@pytest.mark.parametrize("policy", ASKING)
async def test_a_declined_order_is_never_sent(policy: ConsentPolicy) -> None:
    orders = desk(policy)
    record = await waiting(orders)

    row = await orders.approver.decline(record, OWNER)

    assert row.state is OrderState.DECLINED
    assert await denied(orders, record) is Reason.CONSENT_DECLINED
    assert orders.broker.tickets == []


@pytest.mark.promise("owner-asked")
@pytest.mark.parametrize(
    ("seconds", "reason"),
    [(300, Reason.CONSENT_EXPIRED), (9_999, Reason.CONSENT_EXPIRED), (-1, Reason.CLOCK_WENT_BACK)],
)
async def test_an_approval_out_of_its_time_sends_nothing_for_good(
    seconds: float, reason: Reason
) -> None:
    """What the owner was shown has a date; a clock set back must not stretch it."""
    orders = desk()
    record = await waiting(orders)

    orders.clock.move(seconds)
    assert await denied(orders, record) is reason
    orders.clock.move(-seconds)

    assert await denied(orders, record) is reason
    assert orders.broker.tickets == []


async def test_an_approval_holds_to_its_last_moment() -> None:
    orders = desk()
    record = await waiting(orders)
    orders.clock.move(299.999)

    assert (await orders.approver.approve(record, OWNER)).state is OrderState.FILLED


@pytest.mark.promise("owner-asked")
@pytest.mark.parametrize("what", ["order", "figures", "binding", "target"])
async def test_what_was_altered_after_the_question_is_not_sent(what: str) -> None:
    """The owner agreed to a text; rows that say another thing by now have nobody's word."""
    orders = desk()
    record = await waiting(orders)
    kept = orders.ledger.previews[record.preview_id]
    row = orders.ledger.records[record.order_id]
    if what == "order":
        row = replace(row, order=replace(row.order, limit_net=Decimal("1.25")))
    elif what == "figures":
        kept = replace(kept, shown={**kept.shown, "max_loss": "1.00"})
    elif what == "binding":
        kept = replace(kept, binding="another")
    else:
        row = replace(row, client_order_id="another")
    orders.ledger.records[record.order_id] = row
    orders.ledger.previews[record.preview_id] = kept

    assert await denied(orders, record) is Reason.APPROVAL_CHANGED
    assert orders.broker.tickets == []
    assert await state_of(orders, record) is OrderState.LAPSED


@pytest.mark.promise("owner-asked")
async def test_figures_that_were_altered_before_the_question_are_not_asked_with() -> None:
    """Whoever can write the row could make a large order look small, to the policy as well."""
    orders = desk(click_above_usd=Decimal(500))
    preview = await orders.preview()
    kept = orders.ledger.previews[preview.record.preview_id]
    smaller = {**kept.shown, "max_loss": "1.00", "cash_effect": "-1.00"}
    orders.ledger.previews[preview.record.preview_id] = replace(kept, shown=smaller)

    for _ in range(2):
        with pytest.raises(Denied) as told:
            await orders.confirm(preview)
        assert told.value.reason is Reason.APPROVAL_CHANGED

    assert await state_of(orders, preview.record) is OrderState.LAPSED
    assert orders.ledger.approvals == {}


async def test_a_page_that_shows_another_text_approves_nothing() -> None:
    """The button stands under a text: it counts for that text alone."""
    orders = desk()
    record = await waiting(orders)

    assert await denied(orders, record, replace(OWNER, digest="0" * 64)) is Reason.APPROVAL_CHANGED
    assert orders.broker.tickets == []
    assert (await orders.approver.approve(record, OWNER)).state is OrderState.FILLED


@pytest.mark.promise("owner-asked")
@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (ConsentPolicy.CODE, CLIENT),
        (ConsentPolicy.CLICK, CLIENT),
        (ConsentPolicy.ASK, CODE),
        (ConsentPolicy.CLICK, CODE),
    ],
)
async def test_a_voice_that_is_too_weak_sends_nothing(policy: ConsentPolicy, said: Said) -> None:
    """An elicitation answer proves what the client program said, and no more."""
    orders = desk(policy)
    record = await waiting(orders)

    assert await denied(orders, record, said) is Reason.CONSENT_DECLINED
    assert orders.broker.tickets == []
    assert await state_of(orders, record) is OrderState.AWAITING_CONSENT


async def test_a_policy_that_was_tightened_holds_for_what_waits_already() -> None:
    orders = desk(ConsentPolicy.ASK)
    record = await waiting(orders)
    orders.policy = ConsentPolicy.CLICK
    orders.restart()

    assert await denied(orders, record, CLIENT) is Reason.CONSENT_DECLINED
    assert orders.broker.tickets == []
    assert (await orders.approver.approve(record, OWNER)).state is OrderState.FILLED


@pytest.mark.promise("owner-asked")
async def test_a_client_that_was_not_heard_cannot_say_yes_afterwards() -> None:
    """Several decline by themselves what they cannot show; a second answer is no person's."""
    orders = desk(ConsentPolicy.ASK)
    record = await waiting(orders)

    await orders.approver.pass_over(record, "decline", CLIENT)

    assert await denied(orders, record, CLIENT) is Reason.CONSENT_DECLINED
    assert orders.broker.tickets == []
    assert (await orders.approver.approve(record, OWNER)).state is OrderState.FILLED


@pytest.mark.promise("limits")
async def test_limits_are_asked_again_when_the_owner_agrees() -> None:
    """Five minutes are long for a price."""
    orders = desk()
    record = await waiting(orders)
    orders.quote(CALL, "0.50", "0.60")

    with pytest.raises(Denied) as told:
        await orders.approver.approve(record, OWNER)

    assert told.value.reason is Reason.PRICE_OUTSIDE_COLLAR
    assert told.value.facts["worst_allowed_net"] == "0.6600"
    assert orders.broker.tickets == []
    assert await state_of(orders, record) is OrderState.LAPSED


@pytest.mark.promise("limits")
async def test_what_others_used_up_meanwhile_is_counted_when_the_owner_agrees() -> None:
    """Two orders that wait may each fit the day; together they need not."""
    orders = desk()
    orders.limits = replace(orders.limits, orders_day_max=1)
    orders.restart()
    one = await waiting(orders)
    other = await waiting(orders, price="1.19")

    sent = await orders.approver.approve(one, OWNER)
    with pytest.raises(Denied) as told:
        await orders.approver.approve(other, OWNER)

    assert sent.state is OrderState.FILLED
    assert told.value.reason is Reason.DAY_ORDERS_ABOVE_LIMIT
    assert len(orders.broker.tickets) == 1
    assert await state_of(orders, other) is OrderState.LAPSED


@pytest.mark.promise("halt")
async def test_a_halt_stops_what_the_owner_agrees_to() -> None:
    orders = desk()
    record = await waiting(orders)
    await orders.halt.engage(HALT)

    assert await denied(orders, record) is Reason.TRADING_HALTED
    assert orders.broker.tickets == []


async def test_a_broker_that_cannot_be_asked_lets_the_order_wait_on() -> None:
    """Nothing was decided: the owner may try again."""
    orders = desk()
    record = await waiting(orders)

    class Away(type(orders.confirmer)):
        async def limits_again(self, record: OrderRecord, others: object = ()) -> None:
            raise Unavailable(Reason.BROKER_UNAVAILABLE)

    with pytest.raises(Unavailable):
        await approver_of(orders, Away).approve(record, OWNER)
    assert orders.broker.tickets == []
    assert (await orders.approver.approve(record, OWNER)).state is OrderState.FILLED


async def test_a_lost_answer_after_an_approval_is_a_doubt_and_no_second_send() -> None:
    orders = desk()
    orders.broker.day = Day.LOST
    record = await waiting(orders)

    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await orders.approver.approve(record, OWNER)
        orders.restart()

    assert len(orders.broker.tickets) == 1


@pytest.mark.promise("owner-asked")
async def test_the_sixth_order_that_would_wait_is_denied_and_its_preview_stays_good() -> None:
    """Whoever is asked too often stops reading."""
    orders = desk()
    rows = [await waiting(orders) for _ in range(PENDING_MAX)]
    sixth = await orders.preview()

    with pytest.raises(Denied) as told:
        await orders.confirm(sixth)
    await orders.approver.decline(rows[0], OWNER)

    assert told.value.reason is Reason.APPROVALS_FULL
    assert (await orders.confirm(sixth)).state is OrderState.AWAITING_CONSENT


async def test_under_click_the_sixth_preview_is_denied_and_leaves_nothing_open() -> None:
    orders = desk(ConsentPolicy.CLICK)
    for _ in range(PENDING_MAX):
        await orders.preview()

    with pytest.raises(Denied) as told:
        await orders.preview()

    states = [row.state for row in orders.ledger.records.values()]
    assert told.value.reason is Reason.APPROVALS_FULL
    assert states == [OrderState.AWAITING_CONSENT] * PENDING_MAX + [OrderState.LAPSED]
    (lapsed,) = [row for row in orders.ledger.records.values() if row.state is OrderState.LAPSED]
    line = (await orders.ledger.events(lapsed.order_id))[-1]
    assert lapsed.reason == "APPROVALS_FULL"
    assert (line.kind, line.path) == ("not_sent", "preview:place")
    assert {name: told for name, told in line.body.items() if name != "row"} == {
        "reason": "APPROVALS_FULL"
    }


async def test_what_has_expired_makes_room() -> None:
    orders = desk()
    for _ in range(PENDING_MAX):
        await waiting(orders)
    orders.clock.move(300)

    assert (await waiting(orders)).state is OrderState.AWAITING_CONSENT


@pytest.mark.promise("owner-asked")
async def test_a_start_lapses_what_nobody_agreed_to_in_time_and_sends_nothing() -> None:
    """A restart in between changes nothing: what still holds waits on, what is over ends."""
    orders = desk()
    record = await waiting(orders)
    orders.restart()

    assert await orders.reconciler(path="start-up") == 0
    orders.clock.move(300)
    assert await orders.reconciler(path="start-up") == 1

    row = orders.ledger.records[record.order_id]
    assert (row.state, row.reason) == (OrderState.LAPSED, "CONSENT_EXPIRED")
    assert orders.broker.tickets == []


async def test_a_confirm_that_comes_back_too_late_hears_that_nobody_agreed() -> None:
    orders = desk()
    preview = await orders.preview()
    await orders.confirm(preview)
    orders.clock.move(301)

    with pytest.raises(Denied) as told:
        await orders.confirm(preview)

    assert told.value.reason is Reason.CONSENT_EXPIRED
    assert orders.broker.tickets == []


@pytest.mark.promise("owner-asked")
async def test_the_right_code_sends_and_is_kept_nowhere() -> None:
    orders = desk(ConsentPolicy.CODE)
    record = await waiting(orders)

    code = await orders.approvals.read_out(record, actor="owner", path="cli")
    assert code is not None
    row = await orders.approver.redeem(record, f"{code[:4]} {code[4:]}", CODE)

    assert (len(code), code.isdigit()) == (8, True)
    assert row.state is OrderState.FILLED
    assert code not in repr((orders.ledger.trail, orders.ledger.approvals))


@pytest.mark.promise("owner-asked")
async def test_a_code_that_is_guessed_at_is_worth_nothing_after_five_tries() -> None:
    """The right one neither: only the owner's own act is left then."""
    orders = desk(ConsentPolicy.CODE)
    record = await waiting(orders)
    code = await orders.approvals.read_out(record, actor="owner", path="cli")
    assert code is not None

    left: list[object] = []
    for _ in range(6):
        with pytest.raises(Denied) as told:
            await orders.approver.redeem(record, "0", CODE)
        left.append(told.value.facts["tries_left"])
    with pytest.raises(Denied) as told:
        await orders.approver.redeem(record, code, CODE)

    assert left == [4, 3, 2, 1, 0, 0]
    assert told.value.reason is Reason.CODE_WRONG
    assert orders.broker.tickets == []
    assert (await orders.approver.approve(record, OWNER)).state is OrderState.FILLED


async def test_a_code_opens_the_order_it_was_read_out_for_and_no_other() -> None:
    orders = desk(ConsentPolicy.CODE)
    one, other = await waiting(orders), await waiting(orders)
    code = await orders.approvals.read_out(one, actor="owner", path="cli")
    assert code is not None
    approval = orders.ledger.approvals[one.order_id]
    await orders.ledger.set_code(other.order_id, approval.code_hash or "", a_note())

    with pytest.raises(Denied):
        await orders.approver.redeem(other, code, CODE)

    assert orders.broker.tickets == []


async def test_a_code_that_was_read_out_again_is_the_only_one() -> None:
    orders = desk(ConsentPolicy.CODE)
    record = await waiting(orders)
    first = await orders.approvals.read_out(record, actor="owner", path="cli")
    second = await orders.approvals.read_out(record, actor="owner", path="cli")
    assert first is not None
    assert second is not None

    with pytest.raises(Denied):
        await orders.approver.redeem(record, first, CODE)

    assert (await orders.approver.redeem(record, second, CODE)).state is OrderState.FILLED


@pytest.mark.parametrize("policy", [ConsentPolicy.ASK, ConsentPolicy.CLICK])
async def test_no_code_is_read_out_where_none_is_asked_for(policy: ConsentPolicy) -> None:
    orders = desk(policy)

    assert await orders.approvals.read_out(await waiting(orders), actor="o", path="cli") is None


@pytest.mark.promise("owner-asked")
@pytest.mark.parametrize(
    ("most", "state"),
    [
        ("120.00", OrderState.PREVIEWED),
        ("119.99", OrderState.AWAITING_CONSENT),
    ],
)
async def test_an_order_above_the_owners_amount_waits_for_a_click(
    most: str, state: OrderState
) -> None:
    """The call costs 120 dollars: at the amount the client may ask, above it the owner acts."""
    orders = desk(ConsentPolicy.ASK, click_above_usd=Decimal(most))

    preview = await orders.preview()

    assert preview.record.state is state
    assert (preview.nonce is None) == (state is OrderState.AWAITING_CONSENT)


async def test_an_order_whose_stake_nobody_knows_waits_for_a_click() -> None:
    orders = desk(ConsentPolicy.ASK, click_above_usd=Decimal(10**9))
    orders.limits = replace(orders.limits, allow_undefined_risk=True)
    orders.restart()

    preview = await short_call(orders)

    assert preview.nonce is None


async def short_call(orders: OrderDesk) -> Preview:
    return await orders.preview(
        a_leg(CALL, Action.SELL_TO_OPEN), price="1.10", effect=PriceEffect.CREDIT
    )


async def test_a_cancel_asks_as_the_policy_says_whatever_the_order_is_worth() -> None:
    """Stopping something must not be harder than starting it; it can remove protection, though."""
    orders = desk(ConsentPolicy.ASK, click_above_usd=Decimal(1000))
    orders.broker.day = Day.WORKING
    working = await orders.approver.approve(await waiting(orders), OWNER)
    cancel = await orders.previewer.cancel(working.order_id, caller="stdio")

    row = await orders.confirm(cancel)

    assert cancel.nonce is not None
    assert row.state is OrderState.AWAITING_CONSENT
    assert len(orders.broker.tickets) == 1
    done = await orders.approver.approve(row, CLIENT)
    assert done.state is OrderState.CANCELLED


async def test_outside_paper_somebody_is_asked() -> None:
    orders = desk(ConsentPolicy.ASK)
    orders.broker.environment = Environment.LIVE
    orders.restart()

    row = await waiting(orders)

    assert row.state is OrderState.AWAITING_CONSENT
    assert (await orders.approver.approve(row, OWNER)).environment is Environment.LIVE


async def test_an_order_of_another_broker_is_not_approved_here() -> None:
    orders = desk()
    record = replace(await waiting(orders), broker="another")
    orders.ledger.records[record.order_id] = record

    assert await denied(orders, record) is Reason.APPROVAL_UNKNOWN
    assert orders.broker.tickets == []


async def test_two_calls_approved_at_once_are_not_both_covered_by_the_same_shares() -> None:
    """Approvals that sell go one after the other, as confirmations do."""
    orders = desk()
    orders.broker.day = Day.WORKING
    orders.broker.held[parse_symbol("AAPL")] = 100
    other = "AAPL261218C00210000"
    orders.quote(other, "0.40", "0.50")
    rows: list[OrderRecord] = []
    for symbol, price in ((CALL, "1.20"), (other, "0.45")):
        preview = await orders.preview(
            a_leg(symbol, Action.SELL_TO_OPEN), price=price, effect=PriceEffect.CREDIT
        )
        rows.append(await orders.confirm(preview))
    orders.broker.answer = asyncio.Event()
    calls = [asyncio.create_task(orders.approver.approve(row, OWNER)) for row in rows]
    await orders.broker.heard.wait()
    orders.broker.answer.set()

    told = await asyncio.gather(*calls, return_exceptions=True)

    assert [getattr(each, "reason", None) for each in told] == [None, Reason.LOSS_UNDEFINED]
    assert len(orders.broker.tickets) == 1


async def test_the_owner_may_call_an_order_by_its_code_or_its_id() -> None:
    orders = desk()
    record = await waiting(orders)
    (pending,) = await orders.approvals.pending()

    for name in (pending.name, pending.name.lower().replace("-", ""), record.order_id):
        assert await orders.approvals.named(name) == record
    for name in ("", "0000-0000-0000", "nobody"):
        with pytest.raises(Denied) as told:
            await orders.approvals.named(name)
        assert told.value.reason is Reason.APPROVAL_UNKNOWN


async def test_the_trail_names_who_agreed_to_which_text() -> None:
    orders = desk()
    record = await waiting(orders)
    (pending,) = await orders.approvals.pending()
    await orders.approver.approve(record, OWNER)

    asked, agreed = orders.ledger.trail[1:3]

    assert (asked.kind, asked.body["shown"]) == ("consent_asked", pending.approval.digest)
    assert (agreed.kind, agreed.actor, agreed.path) == ("submitting", "owner", "cli")
    assert agreed.body["shown"] == pending.approval.digest
    assert agreed.body["order"] == record.order.canonical
    assert (agreed.body["voice"], agreed.body["limits"]) == ("owner", orders.limits.as_told)
    assert await orders.ledger.verify() is None
