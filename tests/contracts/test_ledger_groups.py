"""What every ledger promises of orders that leave together: one fact, a row and lines for each."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.accounts import Environment
from strikedesk.domain.approvals import Approval, ConsentPolicy
from strikedesk.domain.errors import Denied
from strikedesk.domain.groups import GroupKind
from strikedesk.domain.ledger import OrderEvent, OrderRecord, Progress
from strikedesk.domain.ports import Ledger
from strikedesk.domain.replay import differing, rebuilt, row_of
from strikedesk.domain.states import OrderState
from strikedesk.domain.usage import Allowance, Use, Used, Window
from tests.builders import NOON, a_group_preview, a_note, a_preview

GROUP = ("order-1", "order-1-2", "order-1-3")
SUBMITTING = Progress(state=OrderState.SUBMITTING)
WORKING, FILLED = OrderState.WORKING, OrderState.FILLED
DOUBT = Progress(state=OrderState.UNKNOWN, reason="OUTCOME_UNKNOWN")


async def previewed(ledger: Ledger) -> None:
    preview = a_group_preview(kind=GroupKind.OTOCO)
    await ledger.open_preview(preview, a_note("previewed", said="once"))


async def claimed(
    ledger: Ledger, progress: Progress = SUBMITTING, allowance: Allowance | None = None
) -> OrderRecord | None:
    note = a_note("claimed", seconds=1, said="once")
    return await ledger.claim(
        "preview-1",
        nonce_hash="hash-1",
        binding="binding-1",
        progress=progress,
        now=note.at,
        note=note,
        allowance=allowance,
    )


async def advanced(ledger: Ledger, progress: Progress, order_id: str = "order-1") -> None:
    moved = await ledger.advance(
        order_id, progress, only_from=set(OrderState), note=a_note("broker:any", seconds=2)
    )
    assert moved is not None


async def states(ledger: Ledger) -> list[OrderState]:
    rows = [await ledger.order(order_id) for order_id in GROUP]
    return [row.state for row in rows if row is not None]


async def test_a_group_is_read_back_whole_and_each_order_by_itself(ledger: Ledger) -> None:
    preview = a_group_preview(kind=GroupKind.OTOCO)

    await ledger.open_preview(preview, a_note("previewed"))

    assert await ledger.preview("preview-1") == preview
    assert tuple(await ledger.others("order-1")) == preview.others
    assert await ledger.order("order-1-3") == preview.others[1]
    assert await ledger.order_by_client_id("client-1-2") == preview.others[0]
    _, total = await ledger.orders(account_id=None, states=None, limit=9, offset=0)
    assert total == 3


async def test_who_leads_no_group_has_no_others(ledger: Ledger) -> None:
    await previewed(ledger)
    await ledger.open_preview(a_preview(2), a_note())

    assert await ledger.others("order-2") == ()
    assert await ledger.others("order-1-2") == ()
    assert await ledger.others("order-9") == ()


async def test_an_id_that_is_taken_keeps_the_whole_group_out(ledger: Ledger) -> None:
    await ledger.open_preview(a_preview(2), a_note())
    preview = a_group_preview()
    (other,) = preview.others
    clash = replace(preview, others=(replace(other, client_order_id="client-2"),))

    with pytest.raises(Denied):
        await ledger.open_preview(clash, a_note())

    assert await ledger.order("order-1") is None
    assert await ledger.preview("preview-1") is None


@pytest.mark.promise("once")
async def test_one_claim_moves_every_order_and_a_second_none(ledger: Ledger) -> None:
    """Half a group in `submitting` could not be told from half a group that was sent."""
    await previewed(ledger)

    first, again = await claimed(ledger), await claimed(ledger)

    assert first is not None
    assert (first.order_id, again) == ("order-1", None)
    assert await states(ledger) == [OrderState.SUBMITTING] * 3


async def test_a_voided_group_never_left(ledger: Ledger) -> None:
    await previewed(ledger)
    lapsed = Progress(state=OrderState.LAPSED, reason="PREVIEW_EXPIRED")

    await ledger.void("preview-1", lapsed, a_note("void"))

    assert await states(ledger) == [OrderState.LAPSED] * 3
    assert await claimed(ledger) is None
    other = await ledger.order("order-1-3")
    assert other is not None
    assert other.reason == "PREVIEW_EXPIRED"


async def test_a_group_awaits_one_consent_and_leaves_with_it(ledger: Ledger) -> None:
    await previewed(ledger)
    approval = Approval(
        order_id="order-1",
        policy=ConsentPolicy.CLICK,
        digest="text",
        requested_at=NOON,
        expires_at=NOON + timedelta(seconds=300),
    )
    note = a_note("asked", seconds=1)
    await ledger.claim(
        "preview-1",
        nonce_hash="hash-1",
        binding="binding-1",
        progress=Progress(state=OrderState.AWAITING_CONSENT),
        now=note.at,
        note=note,
        approval=approval,
    )
    waiting = await states(ledger)

    at = NOON + timedelta(seconds=2)
    agreed = await ledger.consent(
        "order-1", digest="text", progress=SUBMITTING, now=at, note=a_note("agreed", seconds=2)
    )

    assert waiting == [OrderState.AWAITING_CONSENT] * 3
    assert agreed is not None
    assert await states(ledger) == [OrderState.SUBMITTING] * 3


async def test_an_answer_tells_of_each_order_in_its_place(ledger: Ledger) -> None:
    await previewed(ledger)
    await claimed(ledger)
    others = (
        Progress(state=WORKING, broker_order_id="b-2"),
        Progress(state=OrderState.CANCELLED, broker_order_id="b-3"),
    )

    await advanced(ledger, Progress(state=FILLED, broker_order_id="b-1", others=others))

    assert await states(ledger) == [FILLED, WORKING, OrderState.CANCELLED]
    row = await ledger.order_by_broker_id("paper", "b-2")
    assert row is not None
    assert row.order_id == "order-1-2"


@pytest.mark.parametrize("ends", [OrderState.REJECTED, OrderState.LAPSED, OrderState.UNKNOWN])
async def test_what_is_true_of_a_group_is_true_of_each_of_its_orders(
    ledger: Ledger, ends: OrderState
) -> None:
    """It is taken whole or not at all."""
    await previewed(ledger)
    await claimed(ledger)

    await advanced(ledger, Progress(state=ends, reason="WHY"))

    assert await states(ledger) == [ends] * 3


@pytest.mark.promise("nothing-lost")
async def test_an_order_that_nobody_told_of_stays_in_doubt(ledger: Ledger) -> None:
    """A broker that took the first tells nothing of the others by that."""
    await previewed(ledger)
    await claimed(ledger)

    await advanced(ledger, Progress(state=WORKING, broker_order_id="b-1"))

    assert await states(ledger) == [WORKING, OrderState.UNKNOWN, OrderState.UNKNOWN]


async def test_an_answer_that_tells_of_too_few_writes_nothing(ledger: Ledger) -> None:
    await previewed(ledger)
    await claimed(ledger)

    with pytest.raises(ValueError, match="zip"):
        await advanced(ledger, Progress(state=WORKING, others=(Progress(state=WORKING),)))

    assert await states(ledger) == [OrderState.SUBMITTING] * 3


async def test_at_work_each_order_goes_its_own_way(ledger: Ledger) -> None:
    await previewed(ledger)
    await claimed(ledger)
    taken = Progress(state=WORKING)
    await advanced(ledger, replace(taken, others=(taken, taken)))

    await advanced(ledger, Progress(state=FILLED))
    await advanced(ledger, Progress(state=OrderState.CANCELLED), "order-1-3")

    assert await states(ledger) == [FILLED, WORKING, OrderState.CANCELLED]


async def test_what_was_settled_by_itself_stays_so(ledger: Ledger) -> None:
    await previewed(ledger)
    await claimed(ledger)
    await advanced(ledger, DOUBT)
    await advanced(ledger, Progress(state=FILLED, broker_order_id="b-3"), "order-1-3")

    await advanced(ledger, Progress(state=OrderState.LAPSED, reason="GONE"))

    assert await states(ledger) == [OrderState.LAPSED, OrderState.LAPSED, FILLED]


async def test_the_lines_of_each_order_tell_its_row(ledger: Ledger) -> None:
    """The trail alone gives all rows back; what was shown and sent it tells once."""
    await previewed(ledger)
    await claimed(ledger)
    await advanced(ledger, Progress(state=FILLED, others=(Progress(state=WORKING),) * 2))

    lines: Sequence[OrderEvent] = ()
    for order_id in GROUP:
        lines = await ledger.events(order_id)
        row, told = await ledger.order(order_id), rebuilt(lines)
        assert row is not None
        assert told is not None
        assert differing(row_of(row), told) == ()
    assert [line.kind for line in lines] == ["previewed", "claimed", "broker:working"]
    assert [line.body["with"] for line in lines] == ["order-1"] * 3
    assert not any("said" in line.body for line in lines)
    assert await ledger.verify() is None


def an_allowance(*beside: Use, window: Window) -> Allowance:
    return Allowance(
        window=window,
        use=Use(loss_usd=Decimal(100), notional_usd=Decimal(120)),
        admit=_admit,
        beside=beside,
    )


def _admit(_: Used) -> None:
    """Let it pass."""


NOTHING = Use(loss_usd=Decimal(0), notional_usd=Decimal(0))
WINDOW = Window.at(NOON + timedelta(seconds=2), "paper", Environment.PAPER)


async def test_a_group_counts_as_many_orders_as_it_has(ledger: Ledger) -> None:
    await previewed(ledger)

    await claimed(ledger, allowance=an_allowance(NOTHING, NOTHING, window=WINDOW))

    used = await ledger.used(WINDOW)
    assert (used.orders_today, used.loss_usd_today) == (3, Decimal(100))


async def test_a_use_is_told_of_every_order_or_nothing_is_claimed(ledger: Ledger) -> None:
    await previewed(ledger)

    with pytest.raises(ValueError, match="zip"):
        await claimed(ledger, allowance=an_allowance(NOTHING, window=WINDOW))

    assert await states(ledger) == [OrderState.PREVIEWED] * 3


async def test_an_order_like_any_of_a_group_is_its_twin(ledger: Ledger) -> None:
    await previewed(ledger)
    await claimed(ledger, allowance=an_allowance(NOTHING, NOTHING, window=WINDOW))
    preview = a_group_preview(kind=GroupKind.OTOCO)
    digests = [preview.record.order.digest, *(row.order.digest for row in preview.others)]
    minute = replace(WINDOW, twins_from=NOON - timedelta(seconds=60))

    for digest, order_id in zip(digests, GROUP, strict=True):
        asked = replace(minute, digest="of another", digests_beside=(digest,))
        assert (await ledger.used(asked)).twin == order_id
